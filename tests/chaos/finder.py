"""Somebody who looks round on a network for daemons, as Home Assistant does."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from zeroconf import ServiceBrowser, ServiceListener, Zeroconf

from qwen3tts_daemon.protocols.discovery import VOICE, WYOMING
from tests.chaos.machines import Machine

KINDS = (VOICE, WYOMING)


@dataclass(frozen=True, slots=True)
class Found:
    """A port that is announced."""

    addresses: frozenset[str]
    port: int
    server: str


class Finder(ServiceListener):
    """Knows what is announced now."""

    def __init__(self, zeroconf: Zeroconf) -> None:
        self._zeroconf = zeroconf
        self._names: dict[str, str] = {}
        """And the kind of each."""

    def add_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        self._names[name] = type_

    def remove_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        self._names.pop(name, None)

    def update_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        self._names[name] = type_

    def found(self, kind: str) -> dict[str, Found]:
        """By name, without the kind; those that do not answer are not there."""
        names = [name for name, type_ in list(self._names.items()) if type_ == kind]
        infos = {name: self._zeroconf.get_service_info(kind, name, 1_000) for name in names}
        return {
            name.removesuffix(f".{kind}"): Found(frozenset(info.parsed_addresses()), info.port or 0, info.server or "")
            for name, info in infos.items()
            if info is not None
        }

    def ports(self, kind: str, name: str) -> dict[str, int]:
        """Of those whose names begin so."""
        return {known: one.port for known, one in self.found(kind).items() if known.startswith(name)}

    def sees(self, *addresses: str, name: str = "kitchen") -> bool:
        """Both doors, at exactly these."""
        doors = [self.found(kind).get(name) for kind in KINDS]
        return all(door is not None and door.addresses == set(addresses) for door in doors)


@contextlib.contextmanager
def finder(machine: Machine, address: str) -> Iterator[Finder]:
    """On this machine, who has that address there."""
    with machine.inside():
        zeroconf = Zeroconf(interfaces=[address])
    with zeroconf:
        someone = Finder(zeroconf)
        browser = ServiceBrowser(zeroconf, [*KINDS], someone)
        try:
            yield someone
        finally:
            browser.cancel()
