"""Addresses that come, go and change: a daemon is found where it is, and serves who is near, without a new start."""

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import httpx
import pytest

from qwen3tts_daemon.protocols.discovery import VOICE, WYOMING, Discovery, voice_service
from qwen3tts_daemon.settings import ZeroconfSettings
from tests.chaos.finder import finder
from tests.chaos.home import SERVER_ADDRESS, Home, a_home
from tests.chaos.machines import Machine
from tests.chaos.network_clients import DOORS, wyoming
from tests.chaos.switch import add_address, remove_address
from tests.hostile.test_http import request
from tests.hostile.watched import Watched, wait_until, watched_daemon
from tests.patience import PATIENCE_S, TEST_S

ANNOUNCED = ("--zeroconf.enabled", "--zeroconf.name", "kitchen")
GUEST_ADDRESS = "10.24.0.2"


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    with a_home() as home:
        yield home


@pytest.fixture(scope="module")
def daemon(home: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    with home.daemon(tmp_path_factory.mktemp("addresses"), *ANNOUNCED) as daemon:
        yield daemon


@contextlib.contextmanager
def reached_at(daemon: Watched, address: str) -> Iterator[None]:
    before, daemon.address = daemon.address, address
    try:
        yield
    finally:
        daemon.address = before


def is_served(home: Home, daemon: Watched) -> bool:
    """The guest, at every door."""
    return all(home.guest.machine.run(say, daemon, "Hello.").ends == 1 for say in DOORS.values())


def test_another_address_is_announced_and_the_old_one_is_withdrawn(home: Home, daemon: Watched) -> None:
    """As DHCP gives it."""
    another = "10.24.0.77"
    with finder(home.guest.machine, GUEST_ADDRESS) as someone:
        wait_until(lambda: someone.sees(SERVER_ADDRESS))
        remove_address(home.server.machine, f"{SERVER_ADDRESS}/24")
        add_address(home.server.machine, f"{another}/24")
        wait_until(lambda: someone.sees(another))
        with reached_at(daemon, another):
            assert is_served(home, daemon)
        remove_address(home.server.machine, f"{another}/24")
        add_address(home.server.machine, f"{SERVER_ADDRESS}/24")
        wait_until(lambda: someone.sees(SERVER_ADDRESS))
    assert is_served(home, daemon)


def test_a_cable_that_is_back_brings_the_announcement_back(home: Home, daemon: Watched) -> None:
    """To whoever has come meanwhile, too, and asks nothing."""
    home.server.pull()
    daemon.process.said("not announced on the network: there is no network address")
    with finder(home.guest.machine, GUEST_ADDRESS) as someone:
        assert not someone.found(VOICE)
        home.server.plug_in()
        wait_until(lambda: someone.sees(SERVER_ADDRESS))
    assert is_served(home, daemon)


def test_an_interface_that_is_down_and_up_again(home: Home, daemon: Watched) -> None:
    home.server.machine.ip("link", "set", "eth0", "down")
    home.server.machine.ip("link", "set", "eth0", "up")
    assert is_served(home, daemon)
    with finder(home.guest.machine, GUEST_ADDRESS) as someone:
        wait_until(lambda: someone.sees(SERVER_ADDRESS))


def asks(home: Home, daemon: Watched, host: str) -> int:
    """The status of the guest's request without a token."""

    def ask() -> int:
        return httpx.get(f"http://{host}:{daemon.http}/v1/audio/voices", timeout=PATIENCE_S).status_code

    return home.guest.machine.run(ask)


def is_refused(home: Home, daemon: Watched) -> bool:
    """The guest, by the Wyoming port, to whose machine `daemon.address` leads."""
    with home.guest.machine.inside(), daemon.connect(daemon.wyoming) as guest:
        try:
            guest.sendall(b'{"type":"describe"}\n')
            return b"forbidden_address" in guest.recv(65_536)
        except ConnectionError:  # a reset has overtaken the reason
            return True


def becomes_near(home: Home, daemon: Watched) -> None:
    """Each port looks at this machine's addresses every few seconds."""
    wait_until(lambda: asks(home, daemon, f"[{daemon.address}]") == 200)
    wait_until(lambda: not is_refused(home, daemon))


def test_who_is_near_is_told_by_the_prefix_of_now(home: Home, daemon: Watched) -> None:
    """The provider gives another one: who keeps the old is a stranger, whoever has the new a neighbour."""
    server, guest = home.server.machine, home.guest.machine
    old, new = "2a0e:2400:1::", "2a0e:2400:2::"
    add_address(server, f"{old}1/64")
    add_address(guest, f"{old}2/64")
    with reached_at(daemon, f"{old}1"):
        becomes_near(home, daemon)
        assert is_served(home, daemon)
    remove_address(server, f"{old}1/64")
    add_address(server, f"{new}1/64")
    server.ip("route", "add", f"{old}/64", "dev", "eth0")
    guest.ip("route", "add", f"{new}/64", "dev", "eth0")
    with reached_at(daemon, f"{new}1"):
        wait_until(lambda: asks(home, daemon, f"[{new}1]") == 401)
        wait_until(lambda: is_refused(home, daemon))
        remove_address(guest, f"{old}2/64")
        guest.ip("route", "del", f"{new}/64", "dev", "eth0")
        add_address(guest, f"{new}2/64")
        becomes_near(home, daemon)
        assert is_served(home, daemon)
    server.ip("route", "del", f"{old}/64", "dev", "eth0")
    remove_address(server, f"{new}1/64")
    remove_address(guest, f"{new}2/64")


def link_local(machine: Machine) -> str:
    found = machine.ip("-6", "-oneline", "address", "show", "dev", "eth0", "scope", "link")
    return found.split("inet6 ")[1].split("/")[0]


def test_a_house_that_has_ipv6_alone(home: Home, daemon: Watched) -> None:
    """Announced by the address that stays, served by that of today and that of the cable as well."""
    server, guest = home.server.machine, home.guest.machine
    with server.inside():
        Path("/proc/sys/net/ipv6/conf/eth0/use_tempaddr").write_text("2")
    remove_address(server, f"{SERVER_ADDRESS}/24")
    remove_address(guest, f"{GUEST_ADDRESS}/24")
    server.ip("address", "add", "2a0e:2400:3::1/64", "dev", "eth0", "nodad", "mngtmpaddr")
    add_address(guest, "2a0e:2400:3::2/64")
    try:
        temporary = server.ip("-6", "-oneline", "address", "show", "dev", "eth0", "temporary")
        of_today = temporary.split("inet6 ")[1].split("/")[0]
        with finder(guest, "2a0e:2400:3::2") as someone:
            wait_until(lambda: someone.sees("2a0e:2400:3::1"))
        for address in ("2a0e:2400:3::1", of_today):
            with reached_at(daemon, address):
                becomes_near(home, daemon)
                assert is_served(home, daemon)
        of_the_cable = link_local(server)
        with reached_at(daemon, f"{of_the_cable}%eth0"):
            assert guest.run(wyoming, daemon, "Hello.").ends == 1
            with guest.inside():
                said = daemon.say(daemon.http, request("/v1/audio/voices", host=f"[{of_the_cable}]"))
            assert said.startswith(b"HTTP/1.1 200")
    finally:
        remove_address(server, "2a0e:2400:3::1/64")
        remove_address(guest, "2a0e:2400:3::2/64")
        add_address(server, f"{SERVER_ADDRESS}/24")
        add_address(guest, f"{GUEST_ADDRESS}/24")


def test_a_daemon_that_is_faster_than_its_network(home: Home, tmp_path: Path) -> None:
    """It was told an address that its machine does not have yet."""
    machine, address = Machine(), "10.24.0.5"
    with contextlib.ExitStack() as stack:
        stack.callback(machine.close)
        with machine.inside():
            daemon = stack.enter_context(watched_daemon(tmp_path, *ANNOUNCED, hosts=address))
        daemon.address = address
        assert f"{address} is no address of this machine, which has 127.0.0.1" in daemon.log
        daemon.process.said("not announced on the network: there is no network address")
        with finder(home.guest.machine, GUEST_ADDRESS) as someone:
            home.switch.connect(machine, f"{address}/24")
            wait_until(lambda: any(address in one.addresses for one in someone.found(VOICE).values()))
            wait_until(lambda: any(address in one.addresses for one in someone.found(WYOMING).values()))
        assert is_served(home, daemon)


def announce(port: int, is_over: Event) -> None:
    """The announcement of a daemon, until `is_over`; it looks round often."""

    async def keep_announced() -> None:
        discovery = Discovery(ZeroconfSettings(name="twin"), look_again_s=0.5)
        discovery.announce(voice_service(("0.0.0.0",), port, version="1", auth="lan"))
        await asyncio.to_thread(is_over.wait)
        await discovery.stop()

    asyncio.run(keep_announced())


def test_three_of_one_name_are_all_found(home: Home) -> None:
    """Two on one machine, begun at once, and one that had the name before it met them."""
    is_over = Event()
    home.neighbour.cut()
    announcing = [home.server.machine.start(announce, port, is_over) for port in (1111, 2222)]
    announcing.append(home.neighbour.machine.start(announce, 3333, is_over))
    try:
        with finder(home.neighbour.machine, "10.24.0.3") as someone:
            wait_until(lambda: someone.ports(VOICE, "twin") == {"twin": 3333})
        home.neighbour.mend()
        with finder(home.guest.machine, GUEST_ADDRESS) as someone:
            wait_until(lambda: set(someone.ports(VOICE, "twin").values()) == {1111, 2222, 3333})
    finally:
        is_over.set()
        for one in announcing:
            one.result(TEST_S)
