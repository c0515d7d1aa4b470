"""Who holds a connection, and who goes where there is no room."""

from dataclasses import dataclass

import pytest

from qwen3tts_daemon.protocols.connection_quota import ConnectionQuota
from qwen3tts_daemon.rates import Rate

RATE = Rate(per_s=100, burst=100)
HOUSE, FLOODER = "192.168.1.2", "192.168.1.66"


@dataclass(eq=False)
class Connection:
    """Holds a place."""

    idle_since: float = 0.0
    has_work: bool = False
    is_closing: bool = False
    dismissed: bool = False

    def dismiss(self) -> None:
        self.dismissed = self.is_closing = True


def taken(quota: ConnectionQuota, address: str | None, count: int, **state: bool) -> list[Connection]:
    """So many connections that were let in."""
    made = [Connection(idle_since=index, **state) for index in range(count)]
    return [one for one in made if quota.acquire(one, address)]


def test_each_address_has_its_places_and_all_have_theirs() -> None:
    quota = ConnectionQuota("http", 10, 4, RATE)
    assert len(taken(quota, HOUSE, 9, has_work=True)) == 4
    assert len(taken(quota, FLOODER, 9, has_work=True)) == 4
    assert len(taken(quota, "192.168.1.3", 9, has_work=True)) == 2


def test_a_request_under_way_is_never_the_one_that_goes() -> None:
    quota = ConnectionQuota("wyoming", 6, 3, RATE)
    working = [*taken(quota, HOUSE, 3, has_work=True), *taken(quota, FLOODER, 3, has_work=True)]
    assert not taken(quota, "192.168.1.3", 5)
    assert not taken(quota, HOUSE, 5)
    assert not any(one.dismissed for one in working)


def test_an_address_that_is_full_gets_the_place_of_its_longest_idle_connection() -> None:
    quota = ConnectionQuota("wyoming", 100, 3, RATE)
    first, second, third = taken(quota, HOUSE, 3)
    first.has_work = True
    assert taken(quota, HOUSE, 1)
    assert [first.dismissed, second.dismissed, third.dismissed] == [False, True, False]


def test_satellites_of_one_house_are_served_whatever_a_flooder_holds() -> None:
    quota = ConnectionQuota("wyoming", 96, 64, RATE)
    flooding = taken(quota, FLOODER, 500)
    satellites = taken(quota, HOUSE, 40)
    for satellite in satellites:
        satellite.has_work = True
    assert len(satellites) == 40
    assert sum(not one.dismissed for one in flooding) == 96 - 40
    taken(quota, FLOODER, 500)
    assert not any(one.dismissed for one in satellites)


def test_where_all_is_taken_only_who_holds_more_gives_up_a_place() -> None:
    quota = ConnectionQuota("http", 4, 4, RATE)
    equals = [*taken(quota, HOUSE, 2), *taken(quota, FLOODER, 2)]
    assert not taken(quota, HOUSE, 1)
    assert not taken(quota, FLOODER, 1)
    assert len(taken(quota, "192.168.1.3", 2)) == 1, "one of two for who has none, not the last ones too"
    assert sum(one.dismissed for one in equals) == 1


def test_who_is_closing_takes_no_place() -> None:
    quota = ConnectionQuota("http", 2, 2, RATE)
    leaving = taken(quota, HOUSE, 2, has_work=True)
    assert not taken(quota, HOUSE, 1)
    leaving[0].is_closing = True
    assert taken(quota, HOUSE, 1, has_work=True)
    leaving[1].is_closing = True
    quota.release(leaving[1], HOUSE)
    assert taken(quota, HOUSE, 1, has_work=True)
    assert not taken(quota, HOUSE, 1)


def test_a_proxy_stands_for_many() -> None:
    quota = ConnectionQuota("http", 10, 2, RATE)
    assert len(taken(quota, None, 99)) == 10


@pytest.mark.parametrize(
    ("addresses", "places_taken"),
    [
        (["2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::3"], 2),  # one far network: one client
        (["2001:db8::1", "2001:db8:0:1::1", "2001:db8:0:2::1"], 3),
        (["fe80::1", "fe80::2%eth0", "fd00::3"], 3),  # neighbours
        (["192.168.1.2", "::ffff:192.168.1.2", "192.168.1.2"], 2),
    ],
)
def test_what_counts_as_one_address(addresses: list[str], places_taken: int) -> None:
    quota = ConnectionQuota("http", 10, 2, RATE)
    assert sum(len(taken(quota, address, 1, has_work=True)) for address in addresses) == places_taken


def test_a_full_house_is_told_with_its_address_and_the_option(caplog: pytest.LogCaptureFixture) -> None:
    quota = ConnectionQuota("wyoming", 3, 2, RATE)
    taken(quota, HOUSE, 100, has_work=True)
    taken(quota, FLOODER, 100, has_work=True)
    assert [record.getMessage() for record in caplog.records] == [
        "wyoming: 2 connections of 192.168.1.2, no more are taken; see wyoming.max_connections_per_address",
        "wyoming: 3 connections, no more are taken; see wyoming.max_connections",
    ]


def test_an_address_has_one_bucket_which_outlives_its_connections() -> None:
    quota = ConnectionQuota("http", 10, 2, RATE)
    bucket = quota.bucket_of(HOUSE)
    assert bucket is quota.bucket_of(HOUSE)
    assert bucket is not quota.bucket_of(FLOODER)
    assert quota.bucket_of(None) is None
    for one in taken(quota, HOUSE, 2):
        quota.release(one, HOUSE)
    assert bucket is quota.bucket_of(HOUSE)
    for number in range(5_000):
        quota.bucket_of(f"10.0.{number // 256}.{number % 256}")
    assert bucket is not quota.bucket_of(HOUSE), "of thousands the oldest are forgotten"
