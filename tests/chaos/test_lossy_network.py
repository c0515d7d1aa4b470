"""A guest whose network is bad gets every sample, and one end; nobody else notices."""

from collections.abc import Callable, Iterator

import pytest

from tests.chaos.home import Home, a_home
from tests.chaos.network_clients import DOORS, Say
from tests.chaos.switch import Faults
from tests.hostile.watched import Watched, wait_until
from tests.patience import TEST_S

TEXT = "It is half past seven, and the sun is out."
"""Two and a half seconds, 84 packets"""
BAD_NETWORKS = {
    "a packet in twenty is lost": Faults(loss=0.05),
    "a packet in five is lost": Faults(loss=0.2),
    "late by 200 to 300 ms, in another order": Faults(delay_s=0.1, jitter_s=0.05),
    "three in ten come twice": Faults(doubled=0.3),
    "a trickle": Faults(bytes_per_s=60_000),
    "all of it": Faults(loss=0.03, delay_s=0.05, jitter_s=0.05, doubled=0.1, bytes_per_s=100_000),
}


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    with a_home() as home:
        yield home


@pytest.fixture(scope="module")
def daemon(home: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    with home.daemon(tmp_path_factory.mktemp("lossy"), frame_s=0.04) as daemon:
        for say in DOORS.values():
            home.neighbour.machine.run(say, daemon, TEXT)
        yield daemon


def everybody_hears_it_whole(home: Home, daemon: Watched) -> None:
    """The guest by every door at once, and the neighbour, who gets it all before the guest has."""
    before = daemon.census()
    right = home.neighbour.machine.run(DOORS["wyoming"], daemon, TEXT)
    assert len(right.pcm) > 100_000
    guests = [home.guest.machine.start(say, daemon, TEXT) for say in DOORS.values()]
    neighbours = [home.neighbour.machine.start(say, daemon, TEXT) for say in DOORS.values()]
    for answer in (*neighbours, *guests):
        assert answer.result(TEST_S) == right
    daemon.holds_no_more_than(before)


@pytest.mark.parametrize("network", BAD_NETWORKS)
def test_what_is_lost_late_or_slow_on_the_way_is_heard_whole(home: Home, daemon: Watched, network: str) -> None:
    home.guest.faults = BAD_NETWORKS[network]
    try:
        everybody_hears_it_whole(home, daemon)
    finally:
        home.guest.mend()


def test_tiny_packets(home: Home, daemon: Watched) -> None:
    home.guest.machine.ip("link", "set", "eth0", "mtu", "128")
    try:
        everybody_hears_it_whole(home, daemon)
    finally:
        home.guest.machine.ip("link", "set", "eth0", "mtu", "1500")


CABLES: dict[str, Callable[[Home], tuple[Callable[[], None], Callable[[], None]]]] = {
    "the guest's, which its machine sees": lambda home: (home.guest.pull, home.guest.plug_in),
    "the guest's, on the way, which nobody sees": lambda home: (home.guest.cut, home.guest.mend),
    "the daemon's, on the way": lambda home: (home.server.cut, home.server.mend),
}


@pytest.mark.parametrize("say", DOORS.values(), ids=DOORS)
@pytest.mark.parametrize("cable", CABLES)
def test_a_cable_that_is_soon_back_costs_no_sample(home: Home, daemon: Watched, cable: str, say: Say) -> None:
    """It stays out until packets have been sent in vain, or nothing more was to be sent."""
    text = f"{TEXT} {TEXT}"
    right = home.neighbour.machine.run(say, daemon, text)
    pull, plug_in = CABLES[cable](home)
    is_pulled = False

    def hear(heard: int) -> None:
        nonlocal is_pulled
        if heard > len(right.pcm) / 4 and not is_pulled:
            pull()
            is_pulled = True

    guest = home.guest.machine.start(say, daemon, text, hear)
    wait_until(lambda: is_pulled or guest.done())
    lost = home.guest.lost + home.server.lost
    wait_until(lambda: home.guest.lost + home.server.lost > lost + 2 or guest.done())
    plug_in()
    assert guest.result(TEST_S) == right
