"""A soak in seconds: its parts run, and what they promise holds. For minutes and hours: python -m benchmarks.soak."""

from collections.abc import Iterator

import pytest

from benchmarks.soak import cost, load, mixed, stalled
from benchmarks.soak.daemons import Soaked, soaked_daemon
from benchmarks.soak.faults import Faults
from benchmarks.soak.growth import Figure, worst_slope_per_hour
from benchmarks.soak.traffic import ACTIONS
from tests.hostile.watched import wait_until
from tests.wire.daemons import forked

CUT_OFF_S = 1.0
KINDS_OF_FAULTS = 6
OF_CLIENTS = ("VoiceConnection", "WyomingConnection", "WebSocketConnection", "Utterance", "AudioStream", "HttpReply")


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Soaked]:
    directory = tmp_path_factory.mktemp("soak")
    config = directory / "config.toml"
    config.write_text(f"websocket.send_timeout_s = {CUT_OFF_S}\n")
    engine = {"frame_s": 0.01, "rows": 64, "preview": False, "kinds": ["preset", "cloned"]}
    with soaked_daemon(directory, "tone", "--config", str(config), start=forked, **engine) as running:
        yield running


def test_listeners_hear_all_and_who_reads_nothing_is_cut_off(daemon: Soaked) -> None:
    found = stalled.stall(daemon, "websocket", 3, CUT_OFF_S, neighbours_s=2.0)
    neighbours = found["neighbours"]
    assert neighbours["failures"] == []
    assert neighbours["lateness"]["n"] > 100
    assert found["gone_s"] >= CUT_OFF_S


def test_the_garbage_collector_looks_at_what_has_come_since_the_start(daemon: Soaked) -> None:
    """Everything waits as long as it looks: what has been imported is none of it."""
    held = daemon.held(with_objects=True)
    assert held["daemon"]["spared"] > 50_000
    assert held["worker"]["spared"] > 20_000


def test_what_a_chunk_costs_is_measured(daemon: Soaked) -> None:
    figures = cost.of_listeners(daemon, ["websocket", "wyoming"], 0.5)
    assert figures["failures"] == []
    assert figures["us_per_chunk"] > 0


def test_many_listeners_come_from_many_addresses(daemon: Soaked) -> None:
    figures = load.heard(load.started(daemon, ["websocket"] * 16 + ["wyoming"] * 4, 1.5))
    assert figures["failures"] == []
    assert figures["first_audio"]["n"] >= 20


def test_after_everything_at_once_with_all_faults_nothing_is_left(daemon: Soaked) -> None:
    with mixed.Households(daemon, "tone", clients=2, seed=1, actions=tuple(ACTIONS)) as households:
        faults = Faults(daemon, households, "tone", seed=1)
        soak = mixed.Soak(daemon, households, faults, mixed.Plan(seconds=600.0, rest_s=0.0))
        for _ in range(KINDS_OF_FAULTS):
            soak.fault()
        wait_until(lambda: soak.done() >= 20)
        soak.rest()
    told, (rest,) = soak.told, soak.told.rests
    assert len({name for name, _, _ in told.faults}) == KINDS_OF_FAULTS
    figures = mixed.figures(told, seconds=0.0)
    assert figures["failed"] == []
    assert figures["left_at_rest"] == []
    assert not [what for what in rest["daemon"] if what.startswith("objects") and what.endswith(OF_CLIENTS)]
    assert mixed.faults_in(daemon.log) == []


@pytest.mark.parametrize(("per_hour", "grows"), [(0.0, False), (30.0, True)])
def test_what_grows_is_found_among_wild_values(per_hour: float, grows: bool) -> None:
    """Of the same process, and not what it takes at first."""
    figures = []
    for second in range(0, 1_200, 5):
        wild = 500.0 if second % 35 == 0 else second % 3
        first = 100.0 * min(second, 100) / 100
        figures.append(Figure(second, first + wild + per_hour * second / 3600, pid=1))
    figures.append(Figure(1_200, 9_000.0, pid=2))
    slope = worst_slope_per_hour(figures)
    assert slope is not None
    assert (slope > 15) is grows
