"""Minutes or hours of what the tests try for seconds: sessions in any order, targets under a coverage-guided fuzzer.

python -m tests.hostile.long [NAME ...] [--minutes 10] [--seed N]      NAME is a machine or a target; without: all

The time is shared alike among the names. It ends with status 1 and what broke: a failing session is shrunk, the bytes
that broke a target go into kept.py. Targets want atheris (pip install atheris). Everything stays on 127.0.0.1.
"""

import argparse
import contextlib
import importlib.util
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from benchmarks.text_vocabulary import write_text_tokenizer
from tests.engine.driven import small_checkpoint
from tests.hostile.engine_sessions import EngineSession, Speaking
from tests.hostile.mixed_sessions import MixedSession
from tests.hostile.targets import TARGETS
from tests.hostile.test_sessions import MACHINES, run
from tests.hostile.watched import watched_daemon

SESSIONS_AT_ONCE = 50
ALL_MACHINES = (*MACHINES, "engine", "all doors")


@contextlib.contextmanager
def sessions(name: str, directory: Path) -> Iterator[Callable[[int, settings], None]]:
    """Runs some, with a seed, on what all of them share. Raises for the shortest that breaks a law."""
    if name == "engine":
        write_text_tokenizer(directory / "text")
        speaking = Speaking(directory / "text")
        yield lambda number, many: run_state_machine_as_test(
            partial(seed(number)(EngineSession), speaking), settings=many
        )
        speaking.close()
    elif name == "all doors":
        write_text_tokenizer(directory / "text")
        checkpoint = str(small_checkpoint(directory / "text"))
        with watched_daemon(directory, factory="tests.hostile.watched_qwen:engine", checkpoint=checkpoint) as watched:
            yield lambda number, many: run(seed(number)(MixedSession), watched, many)
    else:
        limits = ("--clips.max-clips", "1000", "--clips.max-per-address", "500")
        with watched_daemon(directory, *limits, kinds=["preset", "cloned", "designed"], preview=False) as watched:
            yield lambda number, many: run(seed(number)(MACHINES[name]), watched, many)


def try_machine(name: str, seconds: float, first_seed: int) -> bool:
    """Whether no session broke a law."""
    many = settings(
        max_examples=SESSIONS_AT_ONCE, stateful_step_count=40, deadline=None, database=None,
        suppress_health_check=list(HealthCheck), print_blob=False,
    )  # fmt: skip
    ends_at = time.monotonic() + seconds
    number = tried = 0
    with tempfile.TemporaryDirectory() as directory, sessions(name, Path(directory)) as run_some:
        while time.monotonic() < ends_at:
            try:
                run_some(first_seed + number, many)
            except Exception as error:  # noqa: BLE001  whatever it is, it is told with its seed
                told = (
                    f"{name}: broken with --seed {first_seed + number}: {error!r}",
                    *getattr(error, "__notes__", ()),
                )
                print(*told, sep="\n")
                return False
            number, tried = number + 1, tried + SESSIONS_AT_ONCE
    print(f"{name}: {tried} sessions, nothing broke")
    return True


def try_target(name: str, seconds: float, first_seed: int) -> bool:
    """Whether no bytes broke its law."""
    program = [sys.executable, "-m", "tests.hostile.coverage_guided", name, str(round(seconds)), str(first_seed)]
    ended = subprocess.run(program, capture_output=True, text=True, errors="replace", check=False)
    told = ended.stdout + ended.stderr
    if ended.returncode:
        print(f"{name}: broken, seed {first_seed}", told[-4_000:], sep="\n")
        return False
    tried = next((line.split()[-1] for line in told.splitlines() if "number_of_executed_units" in line), "?")
    print(f"{name}: {tried} examples, nothing broke")
    return True


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=random.randrange(1, 2**31))
    options = parser.parse_args()
    names = options.names or [*ALL_MACHINES, *TARGETS]
    if unknown := set(names) - set(ALL_MACHINES) - TARGETS.keys():
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join([*ALL_MACHINES, *TARGETS])}")
    if not set(names) <= set(ALL_MACHINES) and importlib.util.find_spec("atheris") is None:
        parser.error(
            "targets are tried by atheris: pip install atheris; or name machines alone: " + ", ".join(ALL_MACHINES)
        )
    print(f"seed {options.seed}", flush=True)
    seconds = options.minutes * 60 / len(names)
    held = [(try_machine if name in ALL_MACHINES else try_target)(name, seconds, options.seed) for name in names]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
