"""Announcements, seen by a browser of the same network: the loopback interface."""

import asyncio
import errno
import logging
import re
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address

import ifaddr
import pytest
from zeroconf import ServiceListener, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from qwen3tts_daemon.access.lan_addresses import lan_addresses
from qwen3tts_daemon.protocols import discovery
from qwen3tts_daemon.protocols.discovery import (
    VOICE,
    WYOMING,
    Discovery,
    Service,
    voice_service,
    wyoming_service,
)
from qwen3tts_daemon.settings import ZeroconfSettings
from qwen3tts_daemon.speech.metrics import Metrics
from qwen3tts_daemon.speech.service import Speech
from tests.patience import PATIENCE_S
from tests.wire.http_door import open_door

EVERYWHERE = ("0.0.0.0", "::")
LOOPBACK = ("127.0.0.1",)
OURS = secrets.token_hex(3)
"""In every name announced here: others may announce on this loopback interface too."""


class Browser(ServiceListener):
    """What is on the network, as Home Assistant sees it."""

    def __init__(self) -> None:
        self.zeroconf = AsyncZeroconf(interfaces=[*LOOPBACK])
        self.names: set[str] = set()
        self._changed = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()

    def add_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        if OURS in name:
            self.names.add(name)
            self._tell()

    def update_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        self._tell()

    def remove_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        self.names.discard(name)
        self._tell()

    def _tell(self) -> None:
        async def notify() -> None:
            async with self._changed:
                self._changed.notify_all()

        task = asyncio.create_task(notify())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def sees(self, *names: str) -> None:
        """Wait until exactly these are there."""
        async with asyncio.timeout(PATIENCE_S), self._changed:
            await self._changed.wait_for(lambda: self.names == set(names))

    async def info(self, kind: str, name: str) -> AsyncServiceInfo:
        info = await self.zeroconf.async_get_service_info(kind, name)
        assert info is not None
        return info


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    browser = Browser()
    async with AsyncServiceBrowser(browser.zeroconf.zeroconf, [WYOMING, VOICE], listener=browser):
        yield browser
    await browser.zeroconf.async_close()


@asynccontextmanager
async def announcing(name: str, *services: Service) -> AsyncIterator[Discovery]:
    announcer = Discovery(ZeroconfSettings(name=name, interfaces=LOOPBACK))
    for service in services:
        announcer.announce(service)
    yield announcer
    await announcer.stop()


async def test_both_services_are_found_by_the_name_of_the_machine(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: f"kitchen_{OURS}.home.arpa")
    name = f"qwen3-tts-kitchen-{OURS}"
    wyoming = wyoming_service(EVERYWHERE, 10200, version="1.2")
    voice = voice_service(EVERYWHERE, 8766, version="1.2", auth="lan")
    async with announcing("", wyoming, voice):
        await browser.sees(f"{name}.{WYOMING}", f"{name}.{VOICE}")
        info = await browser.info(WYOMING, f"{name}.{WYOMING}")
        assert (info.port, info.parsed_addresses()) == (10200, ["127.0.0.1"])
        assert (info.server or "").startswith(f"kitchen-{OURS}-")
        info = await browser.info(VOICE, f"{name}.{VOICE}")
        properties = {"path": "/v1/tts", "version": "1.2", "protocol": "voice.v1", "auth": "lan"}
        assert (info.port, info.decoded_properties) == (8766, properties)
    await browser.sees()  # goodbye


@pytest.mark.parametrize("machine", ["Kitchen_{}.home.arpa", "{}", "Küche {}"])
async def test_the_host_that_is_announced_is_one_that_http_takes(
    browser: Browser, speech: Speech, metrics: Metrics, monkeypatch: pytest.MonkeyPatch, machine: str
) -> None:
    name = f"host-{OURS}"
    async with open_door(speech, metrics) as door:
        monkeypatch.setattr(socket, "gethostname", lambda: machine.format(OURS))
        voice = voice_service(LOOPBACK, door.port, version="1", auth="lan")
        async with announcing(name, voice, wyoming_service(LOOPBACK, 10200, version="1")):
            await browser.sees(f"{name}.{VOICE}", f"{name}.{WYOMING}")
            for kind in (VOICE, WYOMING):
                host = (await browser.info(kind, f"{name}.{kind}")).server
                answer = await door.client.get("/health", headers={"Host": f"{host}:{door.port}"})
                assert (answer.status_code, answer.json()["status"]) == (200, "ok"), host
        await browser.sees()


async def test_a_name_that_is_taken_gets_a_number(browser: Browser) -> None:
    twin = f"twin-{OURS}"
    async with announcing(twin, wyoming_service(LOOPBACK, 10200, version="1")):
        await browser.sees(f"{twin}.{WYOMING}")
        async with announcing(twin, wyoming_service(LOOPBACK, 10201, version="1")):
            await browser.sees(f"{twin}.{WYOMING}", f"{twin}-2.{WYOMING}")
            assert (await browser.info(WYOMING, f"{twin}.{WYOMING}")).port == 10200
            assert (await browser.info(WYOMING, f"{twin}-2.{WYOMING}")).port == 10201
        await browser.sees(f"{twin}.{WYOMING}")


async def test_a_network_that_comes_later_is_announced_then(browser: Browser) -> None:
    name, network = f"late-{OURS}", list[str]()
    announcer = Discovery(ZeroconfSettings(name=name), find_addresses=lambda: list(network), look_again_s=0.01)
    announcer.announce(wyoming_service(EVERYWHERE, 10200, version="1"))
    await asyncio.sleep(0)
    network.append("127.0.0.1")
    await browser.sees(f"{name}.{WYOMING}")
    network.clear()
    await browser.sees()
    await announcer.stop()


@asynccontextmanager
async def announcing_twice(
    hosts: tuple[str, ...], *, found: list[str] | None = None, interfaces: tuple[str, ...] = ()
) -> AsyncIterator[None]:
    """Both services, of a machine with the addresses `found`; they have looked several times when the block begins."""
    rounds = 0

    def look() -> list[str]:
        nonlocal rounds
        rounds += 1
        return list(found or ())

    announcer = Discovery(
        ZeroconfSettings(name=f"twice-{OURS}", interfaces=interfaces), find_addresses=look, look_again_s=0
    )
    announcer.announce(wyoming_service(hosts, 10200, version="1"))
    announcer.announce(voice_service(hosts, 8766, version="1", auth="lan"))
    for _ in range(100):
        await asyncio.sleep(0)
    assert rounds > 4 or interfaces
    try:
        yield
    finally:
        await announcer.stop()


@pytest.mark.parametrize(
    ("hosts", "found", "interfaces", "why"),
    [
        (LOOPBACK, ["192.168.1.5"], (), "nothing to announce on 127.0.0.1, .*zeroconf.enabled to false"),
        (("::1", "127.0.0.1"), ["192.168.1.5"], (), "nothing to announce on ::1, 127.0.0.1,"),
        (("localhost",), [], (), "nothing to announce on localhost"),
        (EVERYWHERE, [], (), "is the network up"),
        (("192.168.1.6",), ["192.168.1.5"], (), "no network address to announce for 192.168.1.6"),
        (EVERYWHERE, ["192.168.1.5"], ("192.0.2.7",), "zeroconf.interfaces: '192.0.2.7' is no address of this machine"),
        (EVERYWHERE, ["192.168.1.5"], ("2001:db8::7",), "zeroconf.interfaces: '2001:db8::7' is no address"),
        (EVERYWHERE, ["192.168.1.5"], ("eth0",), "zeroconf.interfaces: 'eth0' is no address of this machine"),
        (EVERYWHERE, ["192.168.1.5"], ("127.0.0.1", "lan"), "zeroconf.interfaces: 'lan' is no address"),
        (("192.168.1.5",), [], LOOPBACK, r"on none of zeroconf.interfaces \(127.0.0.1\)"),
    ],
)
async def test_when_nothing_can_be_announced_one_line_says_why(
    hosts: tuple[str, ...],
    found: list[str],
    interfaces: tuple[str, ...],
    why: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with announcing_twice(hosts, found=found, interfaces=interfaces):
        (record,) = caplog.records
        assert record.levelname == "WARNING"
        assert re.search(why, record.getMessage())


async def test_a_network_that_goes_again_is_told_again(browser: Browser, caplog: pytest.LogCaptureFixture) -> None:
    network = list[str]()
    name = f"comes-and-goes-{OURS}"
    announcer = Discovery(ZeroconfSettings(name=name), find_addresses=lambda: list(network), look_again_s=0.01)
    announcer.announce(wyoming_service(EVERYWHERE, 10200, version="1"))
    for times in (1, 2):
        while len(caplog.records) < times:
            await asyncio.sleep(0)
        network.append("127.0.0.1")
        await browser.sees(f"{name}.{WYOMING}")
        network.clear()
        await browser.sees()
    await announcer.stop()


async def test_a_port_that_is_taken_is_told_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: object) -> AsyncZeroconf:
        logging.getLogger("zeroconf").error("Address in use")  # as it does
        raise OSError(errno.EADDRINUSE, "Address already in use")

    monkeypatch.setattr(discovery, "AsyncZeroconf", refuse)
    async with announcing_twice(EVERYWHERE, found=["192.168.1.5"]):
        assert "UDP port 5353" in caplog.text
        assert len(caplog.records) == 1


async def test_a_network_that_refuses_is_a_warning(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = asyncio.Event()

    def refuse(**_: object) -> AsyncZeroconf:
        refused.set()
        raise OSError("no multicast here")

    monkeypatch.setattr(discovery, "AsyncZeroconf", refuse)
    async with announcing("refused", wyoming_service(LOOPBACK, 10200, version="1")):
        await refused.wait()
    assert "no multicast here" in caplog.text
    assert [record.levelname for record in caplog.records] == ["WARNING"]


async def test_an_announcement_that_failed_is_tried_again(
    browser: Browser, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = [OSError("not yet"), OSError("not yet")]

    def boot(interfaces: list[str]) -> AsyncZeroconf:
        if failures:
            raise failures.pop()
        return AsyncZeroconf(interfaces=[*interfaces])

    monkeypatch.setattr(discovery, "AsyncZeroconf", boot)
    name = f"booting-{OURS}"
    announcer = Discovery(ZeroconfSettings(name=name, interfaces=LOOPBACK), look_again_s=0.01)
    announcer.announce(wyoming_service(LOOPBACK, 10200, version="1"))
    await browser.sees(f"{name}.{WYOMING}")
    await announcer.stop()
    assert [record.levelname for record in caplog.records] == ["WARNING"]  # the same trouble is told once


async def test_stopping_in_the_middle_of_an_announcement_leaves_nothing(browser: Browser) -> None:
    async with announcing(f"hasty-{OURS}", wyoming_service(LOOPBACK, 10200, version="1")):
        await asyncio.sleep(0)
    long_and_odd = f"küche.1 {OURS} " + "x" * 80
    async with announcing(long_and_odd, wyoming_service(LOOPBACK, 10200, version="1")):
        await browser.sees(f"{long_and_odd[:57]}.{WYOMING}")


async def test_switched_off_is_silent() -> None:
    announcer = Discovery(ZeroconfSettings(enabled=False))
    announcer.announce(wyoming_service(EVERYWHERE, 10200, version="1"))
    assert not announcer._tasks
    await announcer.stop()


# -- addresses -----------------------------------------------------------------------------------------------


def adapter(name: str, *addresses: str) -> ifaddr.Adapter:
    ips = [(address, 0, 0) if ip_address(address).version == 6 else address for address in addresses]
    return ifaddr.Adapter(name, name, [ifaddr.IP(ip, 24, name) for ip in ips])


def test_addresses_are_those_that_others_at_home_can_reach() -> None:
    adapters = [
        adapter("lo", "127.0.0.1", "::1"),
        adapter("docker0", "172.17.0.1"),
        adapter("br-0a1b2c", "172.18.0.1"),
        adapter("veth12", "192.168.7.7"),
        adapter("virbr0", "192.168.122.1"),
        adapter("tailscale0", "100.64.0.1"),
        adapter("eth0", "fd00::5", "fe80::5", "2a00:1450::5", "192.168.1.5", "169.254.3.3"),
        adapter("wlan0", "10.0.0.5"),
    ]
    assert lan_addresses(adapters) == ["192.168.1.5", "10.0.0.5", "fd00::5"]


def test_a_house_with_public_addresses_alone_is_reached_by_them() -> None:
    adapters = [adapter("lo", "127.0.0.1", "::1"), adapter("eth0", "fe80::5", "2a00:1450::5")]
    assert lan_addresses(adapters) == ["2a00:1450::5"]


@pytest.mark.parametrize(
    ("hosts", "announced"),
    [
        (("0.0.0.0", "::"), ["192.168.1.5", "fd00::5"]),
        (("0.0.0.0",), ["192.168.1.5"]),
        (("::",), ["fd00::5"]),
        (("192.168.1.5",), ["192.168.1.5"]),
        (("192.168.1.6",), []),
    ],
)
def test_only_addresses_that_are_listened_on_are_announced(hosts: tuple[str, ...], announced: list[str]) -> None:
    announcer = Discovery(ZeroconfSettings(), find_addresses=lambda: ["192.168.1.5", "fd00::5"])
    assert announcer._addresses(wyoming_service(hosts, 1, version="1")) == announced
