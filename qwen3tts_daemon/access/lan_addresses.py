"""The machine's addresses: those that others at home can reach, and how it reaches itself."""

import contextlib
import fcntl
import ipaddress
import socket
import struct
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import ifaddr

from qwen3tts_daemon.access.networks import Address, parse_address

_VIRTUAL = (
    "br-", "cni", "docker", "flannel", "lxc", "podman", "veth", "virbr",
    "tailscale", "tun", "utun", "wg", "zt",
)  # fmt: skip
"""Interfaces of containers and tunnels: what they reach is not the home's network."""

_FLAGS_OF_INTERFACE = 0x8913
"""SIOCGIFFLAGS"""
_RUNNING = 0x40
"""IFF_RUNNING: up, with a cable or a network at its other end"""
_IPV6_ADDRESSES = Path("/proc/net/if_inet6")
_PASSING = 0x01 | 0x08 | 0x20 | 0x40
"""IFA_F_TEMPORARY, DADFAILED, DEPRECATED and TENTATIVE"""


def lan_addresses(adapters: Iterable[ifaddr.Adapter] | None = None) -> list[str]:
    """The machine's addresses that others at home can reach, IPv4 first; none of an interface without a network.

    Public IPv6 addresses are left out where there is another, and those that change from day to day where one stays.
    """
    if adapters is None:
        adapters = [adapter for adapter in ifaddr.get_adapters() if _is_running(str(adapter.name))]
    found = [
        address
        for address in all_addresses(adapter for adapter in adapters if not str(adapter.name).startswith(_VIRTUAL))
        if not (address.is_loopback or address.is_link_local or address.is_unspecified)
    ]
    passing = _passing_addresses()
    found = [address for address in found if address not in passing] or found
    at_home = [address for address in found if address.version == 4 or not address.is_global]
    return [str(address) for address in at_home or found]


def all_addresses(adapters: Iterable[ifaddr.Adapter] | None = None) -> list[Address]:
    """IPv4 first."""
    adapters = ifaddr.get_adapters() if adapters is None else adapters
    found = [ipaddress.ip_address(_text(address)) for adapter in adapters for address in adapter.ips]
    return sorted(found, key=lambda address: address.version)


def _text(address: ifaddr.IP) -> str:
    return address.ip if isinstance(address.ip, str) else address.ip[0]


def _is_running(interface: str) -> bool:
    """Whether it has a network; elsewhere than on Linux, and of one that nobody knows, that is taken for granted."""
    if sys.platform != "linux":
        return True
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as anyone, contextlib.suppress(OSError):
        asked = struct.pack("16s24x", interface.encode()[:15])
        (flags,) = struct.unpack_from("H", fcntl.ioctl(anyone, _FLAGS_OF_INTERFACE, asked), 16)
        return bool(flags & _RUNNING)
    return True


def _passing_addresses() -> set[Address]:
    """IPv6 addresses that will not stay, or are not this machine's yet (Linux)."""
    if not _IPV6_ADDRESSES.is_file():
        return set()
    rows = (line.split() for line in _IPV6_ADDRESSES.read_text().splitlines())
    return {ipaddress.ip_address(bytes.fromhex(row[0])) for row in rows if int(row[4], 16) & _PASSING}


def listens(hosts: Iterable[str], address: str) -> bool:
    """Whether a port bound to `hosts` can be reached by `address`."""
    everywhere = "::" if ":" in address else "0.0.0.0"  # noqa: S104  told apart, not bound
    return address in hosts or everywhere in hosts


def address_from_here(hosts: Sequence[str]) -> str:
    """Behind which this machine finds its own server that listens on `hosts`."""
    if "0.0.0.0" in hosts:  # noqa: S104
        return "127.0.0.1"
    return "::1" if "::" in hosts else hosts[0]


def page_from_here(hosts: Sequence[str], port: int, *, is_secure: bool = False) -> str:
    """The URL of the page in a browser of this machine."""
    host = address_from_here(hosts)
    address = parse_address(host)
    if address is not None and address.is_loopback:
        host = "localhost"
    return f"{'https' if is_secure else 'http'}://{f'[{host}]' if ':' in host else host}:{port}/"
