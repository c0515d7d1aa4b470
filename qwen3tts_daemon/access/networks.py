"""Addresses and networks: who is near."""

import ipaddress
import time
from collections.abc import Callable, Iterable, Sequence

import ifaddr

from qwen3tts_daemon.settings import PRIVATE, SettingsError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LOOPBACK_NAMES = frozenset(("localhost", "localhost.localdomain", "ip6-localhost"))

_PRIVATE_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in (
        "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10",
        "::1/128", "fc00::/7", "fe80::/10",
    )
)  # fmt: skip
_SHORTEST_OWN_PREFIX = 48
"""A home gets a /48 at most; a shorter prefix is a provider's."""
_FAR_PREFIX = 64
_LOOK_AGAIN_S = 60.0


def parse_address(text: str | None) -> Address | None:
    """Also with a port or a scope; None if it is no address. IPv4 mapped into IPv6 is IPv4."""
    text = text or ""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0] if ":" in text else text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


class OwnNetworks:
    """The IPv6 networks of this machine's interfaces: global, but neighbours. Looked up once a minute."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until = -_LOOK_AGAIN_S
        self._networks: list[Network] = []

    def __call__(self) -> Sequence[Network]:
        if self._clock() >= self._until:
            self._until = self._clock() + _LOOK_AGAIN_S
            self._networks = [
                ipaddress.ip_network((ip.ip[0], ip.network_prefix), strict=False)
                for adapter in ifaddr.get_adapters()
                for ip in adapter.ips
                if isinstance(ip.ip, tuple) and ip.network_prefix >= _SHORTEST_OWN_PREFIX
            ]
        return self._networks


class NetworkAllowList:
    """Networks that an option lists; "private" stands for private addresses and this machine's own IPv6 prefixes."""

    def __init__(
        self, entries: Iterable[str], *, option: str = "", own_networks: Callable[[], Sequence[Network]] | None = None
    ) -> None:
        """Raises SettingsError naming `option` for an entry that is no network."""
        named = [entry for entry in entries if entry != PRIVATE]
        self._own_networks = own_networks or OwnNetworks() if PRIVATE in entries else None
        try:
            self._networks: list[Network] = [ipaddress.ip_network(entry, strict=False) for entry in named]
        except ValueError as error:
            raise SettingsError(f"{option}: {error}") from error
        if self._own_networks is not None:
            self._networks += _PRIVATE_NETWORKS

    def __contains__(self, address: Address | None) -> bool:
        if address is None:
            return False
        own = self._own_networks() if self._own_networks is not None else ()
        return any(address in network for network in (*self._networks, *own))


def client_of(address: Address | None, near: NetworkAllowList) -> str:
    """What counts as one client: its address; "" if that is unknown. A far IPv6 client has a whole /64 to choose its
    addresses from, and counts as one; near ones share theirs."""
    if isinstance(address, ipaddress.IPv6Address) and address not in near:
        return str(ipaddress.ip_network((address, _FAR_PREFIX), strict=False))
    return "" if address is None else str(address)
