"""Everything at once, for minutes or hours, with a fault a minute: what grows, who noticed.

Figures are taken every few seconds, and what grows in the second half of the time is judged, when all is warm. From
time to time everybody pauses: then nothing may be held that was not held at the pause before. The worker is killed in
the first half alone, so that one worker's memory can be judged over the second.
"""

import json
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from benchmarks.machine import machine
from benchmarks.soak.daemons import Soaked, soaked_daemon
from benchmarks.soak.faults import WORKER_KILLED, Faults
from benchmarks.soak.growth import Figure, worst_slope_per_hour
from benchmarks.soak.traffic import ACTIONS
from tests.hostile.watched import wait_until

SPEAKING = Path(__file__).parents[2] / "tests" / "speaking"
PROCESSES = 2
MOST_GROWTH_PER_HOUR = {
    "rss_mb": 4.0, "anonymous_mb": 4.0, "descriptors": 2.0, "threads": 1.0, "tasks": 2.0, "files": 2.0,
}  # fmt: skip
NOTHING_AT_REST = ("rows", "pages", "text slots")
_CLIPS_EXPIRE_S = 10


@dataclass(frozen=True)
class Plan:
    """When something is done."""

    seconds: float
    fault_every_s: float = 60.0
    rest_every_s: float = 300.0
    sample_every_s: float = 5.0
    rest_s: float = _CLIPS_EXPIRE_S + 2.0
    """At least"""


@dataclass
class Told:
    """What happened."""

    samples: list[dict[str, Any]] = field(default_factory=list)
    rests: list[dict[str, Any]] = field(default_factory=list)
    faults: list[tuple[str, float, float]] = field(default_factory=list)
    """Its name, when it began and when it was over"""
    done: list[dict[str, Any]] = field(default_factory=list)
    """By the clients, one thing each"""
    failed: list[dict[str, Any]] = field(default_factory=list)
    """Faults that had another effect than they must have"""


class Households:
    """Client processes."""

    def __init__(self, daemon: Soaked, voice: str, clients: int, seed: int, actions: Sequence[str]) -> None:
        self._wanted = {
            "daemon": {"http": daemon.http, "wyoming": daemon.wyoming, "token": daemon.token, "voice": voice},
            "clients": clients, "actions": list(actions),
        }  # fmt: skip
        self._seed = seed
        self._started = 0
        self.told: queue.Queue[dict[str, Any]] = queue.Queue()
        self._resting = threading.Semaphore(0)
        self._processes: list[tuple[subprocess.Popen[str], threading.Thread]] = []
        """And who reads what each says"""

    def __enter__(self) -> Self:
        for _ in range(PROCESSES):
            self._start()
        return self

    def __exit__(self, *_: object) -> None:
        while self._processes:
            self._end(*self._processes.pop())

    def _end(self, process: "subprocess.Popen[str]", reader: threading.Thread) -> None:
        with process:  # its pipes are closed
            process.kill()
            reader.join()

    def _start(self) -> None:
        self._started += 1
        number = self._started
        wanted = self._wanted | {
            "address": f"127.0.{2 + number // 250}.{1 + number % 250}",
            "seed": self._seed + number,
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.soak.traffic", json.dumps(wanted)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        reader = threading.Thread(target=self._read, args=(process,))
        reader.start()
        self._processes.append((process, reader))

    def _read(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        for line in process.stdout:
            if not line.endswith("\n"):
                return  # killed in the middle of it
            said = json.loads(line)
            if "rests" in said:
                self._resting.release()
            else:
                self.told.put(said)

    def kill_one(self) -> None:
        """Another one takes its place."""
        self._end(*self._processes.pop(0))
        self._start()

    def pause(self) -> None:
        """Until everybody holds nothing."""
        self._tell("pause")
        for _ in self._processes:
            self._resting.acquire()

    def go_on(self) -> None:
        self._tell("go on")

    def _tell(self, what: str) -> None:
        for process, _ in self._processes:
            assert process.stdin is not None
            process.stdin.write(f"{what}\n")
            process.stdin.flush()


class Soak:
    """One run."""

    def __init__(
        self, daemon: Soaked, households: Households, faults: Faults, plan: Plan,
        on_sample: Callable[[Any], object] = lambda told: None,
    ) -> None:  # fmt: skip
        self._daemon, self._households, self._faults, self._plan = daemon, households, faults, plan
        self._on_sample = on_sample
        self._began = time.monotonic()
        self.told = Told()

    def run(self) -> Told:
        plan = self._plan
        due = {
            self.sample: plan.sample_every_s, self.fault: plan.fault_every_s, self.rest: plan.rest_every_s,
        }  # fmt: skip
        every = dict(due)
        while self._gone_s < plan.seconds:
            do = min(due, key=lambda one: due[one])
            time.sleep(max(0.0, due[do] - self._gone_s))
            do()
            due[do] = max(due[do] + every[do], self._gone_s)
        self.rest()
        return self.told

    @property
    def _gone_s(self) -> float:
        return time.monotonic() - self._began

    def done(self) -> int:
        """How many things the clients have done."""
        while not self._households.told.empty():
            self.told.done.append(self._households.told.get())
        return len(self.told.done)

    def sample(self) -> None:
        """What is held now."""
        self.done()
        files = sum(1 for path in self._daemon.data.rglob("*") if path.is_file())
        held = self._daemon.held()
        held["daemon"]["files"] = files
        sample = {"at_s": round(self._gone_s, 1), **held}
        self.told.samples.append(sample)
        self._on_sample(sample)

    def fault(self) -> None:
        """The next one of all kinds."""
        began = time.time()
        name = self._faults.name(spare_worker=self._gone_s > self._plan.seconds / 2)
        try:
            self._faults.befall(name)
        except Exception as error:  # noqa: BLE001  what went otherwise than it must is told at the end
            self.told.failed.append({"fault": name, "error": repr(error)})
        self.told.faults.append((name, began, time.time()))
        self._on_sample({"at_s": round(self._gone_s, 1), "fault": name, "took_s": round(time.time() - began, 2)})

    def rest(self) -> None:
        """Nobody asks for anything: what is held then, objects too."""
        self._households.pause()
        self.done()
        self._faults.end()
        time.sleep(self._plan.rest_s)
        self._settle()
        rest = {"at_s": round(self._gone_s, 1), "rest": True, **self._daemon.held(with_objects=True)}
        self.told.rests.append(rest)
        self._on_sample(rest)
        self._households.go_on()

    def _settle(self) -> None:
        """Until nothing changes any more."""
        before: list[dict[str, float]] = [{}]

        def is_still() -> bool:
            time.sleep(1.0)
            now = {name: held["tasks"] + held["descriptors"] for name, held in self._daemon.held().items()}
            was, before[0] = before[0], now
            return now == was

        wait_until(is_still)


def measure(seconds: float, engine: str, device: str, clients: int, seed: int, samples: Path | None) -> dict[str, Any]:
    """`engine`: "tone", "tiny", or a directory with checkpoints, which speak on `device`."""
    with tempfile.TemporaryDirectory() as made, open(samples or "/dev/null", "w", buffering=1) as file:
        directory = Path(made)
        (directory / "config.toml").write_text("")
        kind, options, of_engine = _engine(engine, device)
        options += ["--config", str(directory / "config.toml"), "--clips.max-per-address", "64"]
        with soaked_daemon(directory, kind, *options, **of_engine) as daemon:
            plan = Plan(seconds)
            told = soak(daemon, plan, clients, seed, lambda told: file.write(json.dumps(told) + "\n"))
            return {
                "engine": engine, "minutes": round(seconds / 60, 2), "clients": clients, "machine": machine(),
                **figures(told, seconds), "faults_in_log": faults_in(daemon.log),
            }  # fmt: skip


def soak(
    daemon: Soaked, plan: Plan, clients: int, seed: int, on_sample: Callable[[Any], object] = lambda told: None
) -> Told:
    """Everything at once, with so many clients at once."""
    voice = _first_voice(daemon)
    with Households(daemon, voice, max(1, clients // PROCESSES), seed, tuple(ACTIONS)) as households:
        return Soak(daemon, households, Faults(daemon, households, voice, seed), plan, on_sample).run()


def _engine(engine: str, device: str) -> tuple[str, list[str], dict[str, Any]]:
    """Its kind for `soaked_daemon`, the settings for it, its own options."""
    if engine == "tone":
        return "tone", [], {"frame_s": 0.02, "rows": 16, "preview": False, "kinds": ["preset", "cloned"]}
    models = SPEAKING if engine == "tiny" else Path(engine)
    options = ["--engine", "qwen", "--models.dir", str(models.resolve()), "--qwen.device", device]
    if engine == "tiny":
        options += ["--qwen.threads", "1", "--qwen.rows", "4", "--qwen.kv-positions", "2048"]
    return "chosen", options, {}


def _first_voice(daemon: Soaked) -> str:
    with daemon.client() as client:
        wait_until(daemon.is_ready)
        voices = client.get("/v1/audio/voices").raise_for_status().json()["voices"]
        return str(voices[0]["id"])


# -- what it comes to ------------------------------------------------------------------------------------------------


def figures(told: Told, seconds: float) -> dict[str, Any]:
    late = [sample for sample in told.samples if sample["at_s"] >= seconds / 2]
    return {
        "done": dict(Counter(one["did"] for one in told.done if not one["error"])),
        "cancelled": sum(one["cancelled"] for one in told.done),
        "faults": dict(Counter(name for name, _, _ in told.faults)),
        "worker_back_s": [round(ended - began, 2) for name, began, ended in told.faults if name == WORKER_KILLED],
        "failed_by_a_dead_worker": sum(bool(one["error"]) for one in told.done if _is_hit(one, told)),
        "failed": [*told.failed, *(one for one in told.done if one["error"] and not _is_hit(one, told))][:50],
        "growth_per_hour": growth(late),
        "more_at_rest": more_at_rest(told.rests, seconds / 2),
        "left_at_rest": [
            f"{name} {what}: {held[what]:g}"
            for rest in told.rests
            for name, held in _processes(rest).items()
            for what in NOTHING_AT_REST
            if held.get(what)
        ],
        "each_minute": _each_minute(told.samples),
    }  # fmt: skip


def _is_hit(one: dict[str, Any], told: Told) -> bool:
    """Whether the worker died while it was done."""
    deaths = [(began, ended) for name, began, ended in told.faults if name == WORKER_KILLED]
    return any(one["began"] <= ended and one["ended"] >= began for began, ended in deaths)


def _processes(sample: dict[str, Any]) -> dict[str, dict[str, float]]:
    return {name: sample[name] for name in ("daemon", "worker") if name in sample}


def growth(samples: Sequence[dict[str, Any]]) -> dict[str, float | None]:
    """Per hour, of what is judged; None where no process lived long enough."""
    found = {}
    for name in ("daemon", "worker"):
        for what in MOST_GROWTH_PER_HOUR:
            series = [
                Figure(sample["at_s"], sample[name][what], int(sample[name]["pid"]))
                for sample in samples
                if what in sample.get(name, {})
            ]
            if series:
                slope = worst_slope_per_hour(series)
                found[f"{name} {what}"] = None if slope is None else round(slope, 2)
    return found


def more_at_rest(rests: Sequence[dict[str, Any]], since_s: float) -> dict[str, list[float]]:
    """Counts of the last rest that are higher than at each rest before it, since the one that is asked for; of the
    same processes."""
    judged = [rest for rest in rests if rest["at_s"] >= since_s]
    more = {}
    for name in ("daemon", "worker"):
        if not judged or name not in judged[-1]:
            continue
        last = judged[-1][name]
        others = [rest[name] for rest in judged[:-1] if name in rest and rest[name]["pid"] == last["pid"]]
        for what, count in last.items():
            if others and not what.startswith(("lag", "pid", "rss", "anonymous")):
                earlier = [other.get(what, 0) for other in others]
                if count > max(earlier):
                    more[f"{name} {what}"] = [*earlier, count]
    return more


def _each_minute(samples: Sequence[dict[str, Any]]) -> dict[str, list[float]]:
    """The first figure of each."""
    minutes = {int(sample["at_s"] // 60): sample for sample in reversed(samples)}
    ordered = [minutes[minute] for minute in sorted(minutes)]
    return {
        f"{name} {what}": [sample.get(name, {}).get(what, 0) for sample in ordered]
        for name in ("daemon", "worker")
        for what in ("rss_mb", "anonymous_mb", "descriptors", "threads", "tasks", "lag p99 us")
        if any(what in sample.get(name, {}) for sample in ordered)
    }


def faults_in(log: str) -> list[str]:
    """Lines that tell of a mistake of ours."""
    lines = log.splitlines()
    return [line for line in lines if "Traceback" in line or (" ERROR " in line and "worker pid" not in line)]


def verdict(figures: dict[str, Any]) -> dict[str, bool]:
    """Whether each bar holds."""
    grown = figures["growth_per_hour"]
    return {
        **{
            f"{name} grows by {bar:g} an hour at most": slope <= bar
            for name, slope in grown.items()
            if slope is not None and (bar := MOST_GROWTH_PER_HOUR[name.partition(" ")[2]])
        },
        "nothing more at rest": not figures["more_at_rest"],
        "no row, page or text slot taken at rest": not figures["left_at_rest"],
        "nobody failed but by the worker's death": not figures["failed"],
        "no fault in the log": not figures["faults_in_log"],
    }
