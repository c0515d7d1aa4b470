"""What a chunk costs the daemon, in CPU time, which a machine with other work can tell too.

The engine is in step, as one is that speaks for all its rows at once: the chunks of all listeners come in one moment,
every 80 ms. Texts are long, so that nobody begins or ends while chunks are counted.
"""

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.machine import machine
from benchmarks.soak.daemons import Soaked, share_cores, soaked_daemon
from benchmarks.soak.load import FRAME_S, SPREAD_S, heard, limits, started
from tests.hostile.watched import wait_until

MOST_US = 80.0
"""A chunk; those of 240 listeners take 19 ms then."""
_SETTLING_S = 1.0
_PATIENCE_S = 60.0
"""Until all of them have begun, on a busy machine"""
_SENTENCE_S = 5.5
"""Of `load`'s, at least"""


class _Spent(NamedTuple):
    cpu_s: float
    chunks: int


def measure(websockets: int, wyoming: int, seconds: float) -> dict[str, Any]:
    """With so many listeners, for so long after all have begun."""
    count = websockets + wyoming
    options: dict[str, Any] = {"frame_s": FRAME_S, "rows": count + 64, "preview": False, "in_step": True}
    with (
        tempfile.TemporaryDirectory() as directory,
        soaked_daemon(Path(directory), "tone", *limits(count), **options) as daemon,
    ):
        cores = share_cores(daemon)["clients"]
        heard(started(daemon, ["websocket", "wyoming"], 3.0, cores))  # what is made at its first use is there
        figures = of_listeners(daemon, [*["websocket"] * websockets, *["wyoming"] * wyoming], seconds, cores)
    return {"listeners": {"websocket": websockets, "wyoming": wyoming}, "machine": machine(), **figures}


def of_listeners(
    daemon: Soaked, kinds: Sequence[str], seconds: float, cores: Sequence[int] | None = None
) -> dict[str, Any]:
    """A chunk's cost, and how many there were."""
    listening_s = min(SPREAD_S, seconds) + _SETTLING_S + seconds
    sentences = round((listening_s + _PATIENCE_S) / _SENTENCE_S)
    clients = started(daemon, kinds, listening_s, cores, sentences=sentences)
    wait_until(lambda: daemon.held()["worker"]["rows"] == len(kinds))
    time.sleep(_SETTLING_S)
    begun = _spent(daemon)
    time.sleep(seconds)
    ended = _spent(daemon)
    failures = heard(clients)["failures"]
    chunks = ended.chunks - begun.chunks
    return {
        "chunks": chunks, "us_per_chunk": round(1e6 * (ended.cpu_s - begun.cpu_s) / chunks, 1), "failures": failures,
    }  # fmt: skip


def _spent(daemon: Soaked) -> _Spent:
    """By the thread of the event loop."""
    nanoseconds = Path(f"/proc/{daemon.pid}/schedstat").read_text().split()[0]
    return _Spent(int(nanoseconds) / 1e9, int(daemon.held()["worker"]["chunks"]))


def verdict(figures: dict[str, Any]) -> dict[str, bool]:
    """Whether each bar holds."""
    return {
        f"a chunk costs {MOST_US:g} us at most": figures["us_per_chunk"] <= MOST_US,
        "nobody failed": not figures["failures"],
    }
