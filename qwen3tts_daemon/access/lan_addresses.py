"""The machine's addresses: those that others at home can reach, and how it reaches itself."""

import ipaddress
from collections.abc import Iterable, Sequence

import ifaddr

from qwen3tts_daemon.access.networks import Address, parse_address

_VIRTUAL = (
    "br-", "cni", "docker", "flannel", "lxc", "podman", "veth", "virbr",
    "tailscale", "tun", "utun", "wg", "zt",
)  # fmt: skip
"""Interfaces of containers and tunnels: what they reach is not the home's network."""


def lan_addresses(adapters: Iterable[ifaddr.Adapter] | None = None) -> list[str]:
    """The machine's addresses that others at home can reach, IPv4 first.

    Public IPv6 addresses are left out: who connects to one comes from one, and that is not a private network.
    """
    adapters = ifaddr.get_adapters() if adapters is None else adapters
    found = all_addresses(adapter for adapter in adapters if not str(adapter.name).startswith(_VIRTUAL))
    return [str(address) for address in found if _is_reachable(address)]


def all_addresses(adapters: Iterable[ifaddr.Adapter] | None = None) -> list[Address]:
    """IPv4 first."""
    adapters = ifaddr.get_adapters() if adapters is None else adapters
    found = [ipaddress.ip_address(_text(address)) for adapter in adapters for address in adapter.ips]
    return sorted(found, key=lambda address: address.version)


def _text(address: ifaddr.IP) -> str:
    return address.ip if isinstance(address.ip, str) else address.ip[0]


def _is_reachable(address: Address) -> bool:
    if address.is_loopback or address.is_link_local or address.is_unspecified:
        return False
    return address.version == 4 or not address.is_global


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
