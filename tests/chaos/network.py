"""The figures of docs/reliability.md, "Networks": what a bad network costs a guest and a neighbour, with real limits.

python -m tests.chaos.network      as root; takes about four minutes, and touches no network but its own
"""

import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.chaos.finder import finder
from tests.chaos.home import SERVER_ADDRESS, Home, a_home
from tests.chaos.machines import obstacle
from tests.chaos.network_clients import DOORS, Answer, Say
from tests.chaos.switch import Faults, add_address, remove_address
from tests.chaos.test_addresses import ANNOUNCED, GUEST_ADDRESS
from tests.chaos.test_lossy_network import BAD_NETWORKS, TEXT
from tests.chaos.test_vanished_peers import HTTP, WYOMING, talk
from tests.hostile.watched import Watched, wait_until

FRAME_S = 0.08
"""In real time, as an engine that is just fast enough"""
TIMES = 5
"""That the neighbour hears the text meanwhile."""
RESTING_S = 5.0
"""Of a cable that is pulled and put back."""


def timed(function: Callable[..., object], *arguments: object) -> float:
    """Seconds that it takes."""
    began = time.monotonic()
    function(*arguments)
    return time.monotonic() - began


def hears(daemon: Watched, say: Say, right: Answer) -> None:
    """All of it."""
    assert say(daemon, TEXT, lambda _: None) == right


def row(*cells: str) -> None:
    print("|", " | ".join(cells), "|", flush=True)


def seconds(figures: Iterator[float] | list[float]) -> str:
    """The shortest and the longest."""
    low, *_, high = sorted([*figures] * 2)
    return f"{low:.1f} s" if f"{low:.1f}" == f"{high:.1f}" else f"{low:.1f} to {high:.1f} s"


def measure_bad_networks(home: Home, daemon: Watched) -> None:
    right = home.neighbour.machine.run(DOORS["wyoming"], daemon, TEXT)
    say = DOORS["websocket"]
    for name, faults in {"none": Faults(), **BAD_NETWORKS}.items():
        home.guest.faults = faults
        guests = [home.guest.machine.start(timed, hears, daemon, door, right) for door in DOORS.values()]
        neighbour = [home.neighbour.machine.run(timed, hears, daemon, say, right) for _ in range(TIMES)]
        heard = seconds(guest.result() for guest in guests)
        home.guest.mend()
        row(
            name,
            f"{len(right.pcm) // 48_000} s of speech after {seconds(neighbour)}",
            f"every sample, after {heard}",
            "at once",
        )


def measure_vanished_peers(home: Home, daemon: Watched) -> None:
    for port, ways in ((daemon.wyoming, WYOMING), (daemon.http, HTTP)):
        for name, what in ways.items():
            before = daemon.census(with_objects=False)
            guest = talk(home, daemon, port, *what)
            wait_until(lambda before=before: not no_more_than(daemon, before))
            home.guest.cut()
            freed = timed(wait_until, lambda before=before: no_more_than(daemon, before))
            home.guest.mend()
            guest.close()
            row(
                f"gone: {name.removeprefix('websocket: ')}",
                "nothing",
                "",
                f"{freed:.1f} s",
            )


def no_more_than(daemon: Watched, before: dict[str, int]) -> bool:
    time.sleep(0.1)
    now = daemon.census(with_objects=False)
    return all(count <= before[what] for what, count in now.items())


def measure_cables(home: Home, daemon: Watched) -> None:
    right = home.neighbour.machine.run(DOORS["wyoming"], daemon, TEXT)
    for name, say in DOORS.items():
        pulled: list[float] = []

        def hear(heard: int, pulled: list[float] = pulled) -> None:
            if heard > len(right.pcm) / 3 and not pulled:
                home.guest.pull()
                pulled.append(time.monotonic())

        guest = home.guest.machine.start(say, daemon, TEXT, hear)
        wait_until(lambda pulled=pulled: bool(pulled))
        time.sleep(RESTING_S)
        home.guest.plug_in()
        back = time.monotonic()
        assert guest.result() == right
        row(f"cable out for {RESTING_S:g} s: {name}", "nothing", "every sample", f"{time.monotonic() - back:.1f} s")


def measure_addresses(home: Home, daemon: Watched) -> None:
    another = "10.24.0.77"
    with finder(home.guest.machine, GUEST_ADDRESS) as someone:
        wait_until(lambda: someone.sees(SERVER_ADDRESS))
        remove_address(home.server.machine, f"{SERVER_ADDRESS}/24")
        add_address(home.server.machine, f"{another}/24")
        row("another address", "", "", f"announced after {timed(wait_until, lambda: someone.sees(another)):.1f} s")
        remove_address(home.server.machine, f"{another}/24")
        add_address(home.server.machine, f"{SERVER_ADDRESS}/24")
        wait_until(lambda: someone.sees(SERVER_ADDRESS))
    home.server.pull()
    daemon.process.said("not announced on the network")
    with finder(home.guest.machine, GUEST_ADDRESS) as someone:
        home.server.plug_in()
        found = timed(wait_until, lambda: someone.sees(SERVER_ADDRESS))
        row("the daemon's cable is back", "", "", f"announced after {found:.1f} s")


def main() -> int:
    if why := obstacle(with_cables=True):
        print(why, file=sys.stderr)
        return 1
    busy = os.getloadavg()[0] / (os.cpu_count() or 1)
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {busy:.1f} processes wait for each")
    row("fault", "the neighbour", "the guest", "until all is free, or found")
    row(*["---"] * 4)
    with a_home() as home, tempfile.TemporaryDirectory() as directory:
        options = {"kinds": ["preset", "cloned"], "frame_s": FRAME_S}
        with home.daemon(Path(directory), *ANNOUNCED, **options) as daemon:
            for say in DOORS.values():
                home.neighbour.machine.run(say, daemon, TEXT)
            for measure in (measure_bad_networks, measure_cables, measure_vanished_peers, measure_addresses):
                measure(home, daemon)
    return 0


if __name__ == "__main__":
    sys.exit(main())
