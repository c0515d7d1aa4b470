"""Kills a process at each step that a change takes on the disk, lets the disk refuse each, and takes the power away.

python -m tests.chaos.crash_points FOLDER [NAME...]: one line of JSON for each kept thing. Nothing runs in this process
beside, so that it can fork: hundreds of deaths take seconds.
"""

import contextlib
import errno
import gc
import importlib
import json
import logging
import os
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from qwen3tts_daemon import durable_files
from tests.chaos.failpoints import Failpoints, Step
from tests.chaos.kept_things import TOLD, Found, Kept
from tests.chaos.power_loss import put, tree_of, trees_after

REFUSALS = (errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT)
"""One after the other: what is done about them is the same."""
_LATER_S = 2 * 3600


class Broken(Exception):
    """A promise; the message says where."""


class Trial:
    """One change, tried again and again from the same state."""

    def __init__(self, kept: Kept, folder: Path) -> None:
        self.kept = kept
        self._folder = folder
        self._count = 0
        folder.mkdir()
        self._before = folder / "before"
        self._before.mkdir()
        self.kept.prepare(self._before)
        self.old = self._found(self._fresh())
        run = self._fresh()
        outcome = in_child(lambda: self._steps(run))
        self.steps: list[Step] = [tuple(step) for step in outcome["steps"]]  # type: ignore[misc]
        self.count: int = outcome["count"]
        self._run = run
        self.before, self.after = tree_of(self._before), tree_of(run)
        self.new = self._found(run)
        if self.new == self.old:
            raise Broken("nothing has changed")

    def kills(self) -> int:
        """The process is gone at each step."""
        for number in range(self.count):
            run = self._fresh()
            died = in_child(lambda run=run, number=number: self._change(run, number))  # type: ignore[misc]
            if died != {"signal": signal.SIGKILL}:
                raise Broken(f"it was not killed at step {number}: {died}")
            self._check(run, f"killed at step {number} of {self._told()}")
        return self.count

    def refusals(self) -> int:
        """The disk refuses a step."""
        for number in range(self.count):
            run, code = self._fresh(), REFUSALS[number % len(REFUSALS)]
            error = OSError(code, os.strerror(code))
            outcome = in_child(lambda run=run, number=number, error=error: self._change(run, number, error))  # type: ignore[misc]
            where = f"{os.strerror(code)} at step {number} of {self._told()}: {outcome}"
            if "fault" in outcome:
                raise Broken(where)
            if outcome["count"] <= number:
                raise Broken(f"never reached: {where}")
            if outcome["told"] and (left := self._strange(run)) and not self.kept.goes_on.issuperset(left):
                raise Broken(f"{left} are left at once: {where}")
            if self.kept.is_refused and not outcome["told"] and self._found(run) != self.new:
                raise Broken(f"nobody is told: {where}")
            self._check(run, where)
        return self.count

    def power_cuts(self) -> int:
        """The power is gone at each step. What was told to be done is there afterwards."""
        done = trees_after(self._run, self.before, self.steps)
        trees = done.union(
            *(trees_after(self._run, self.before, self.steps[:number]) for number in range(len(self.steps)))
        )
        for tree in trees:
            self._count += 1
            run = self._folder / str(self._count)
            put(tree, run)
            where = f"after a power cut: {sorted(tree, key=str)}"
            if tree in done and not self.kept.can_be_made_again and self._found(run) != self.new:
                raise Broken(f"it was done, and is lost {where}")
            self._check(run, where)
        return len(trees)

    def _check(self, run: Path, where: str) -> None:
        """A new start finds old or new, each thing for itself; nothing is left over; and the change can be made."""
        try:
            found = self._found(run)
        except Exception as error:
            raise Broken(f"a new start fails, {where}") from error
        for name in {*self.old, *self.new, *found}:
            allowed = [self.old.get(name), self.new.get(name), self.kept.between.get(name, self.old.get(name))]
            if self.kept.can_be_made_again:
                allowed.append(None)
            if found.get(name) not in allowed:
                raise Broken(f"{name} is {found.get(name)!r}, neither {allowed}: {where}")
        if found != self.new:
            self._do_again(run, found, where)
        if left := self._strange(run):
            raise Broken(f"{left} are left over, {where}")

    def _do_again(self, run: Path, found: Found, where: str) -> None:
        try:
            with contextlib.suppress(*TOLD):  # what has come of a download is damaged: it says so, and deletes it
                self.kept.change(run)()
            if self._found(run) != self.new:
                self.kept.change(run)()
        except Exception as error:
            raise Broken(f"it cannot be done again, {where}") from error
        again = self._found(run)
        wrong = {name for name in {*again, *self.new} if again.get(name) != self.new.get(name)}
        if self.kept.can_be_made_again:
            wrong -= {name for name in wrong if name not in again and name not in found}
        if wrong:
            raise Broken(f"{wrong} are not there when it is done again, {where}")

    def _strange(self, run: Path) -> set[str]:
        """What should not be there."""
        return {name for name, _ in tree_of(run)} - {name for name, _ in self.before | self.after}

    def _steps(self, run: Path) -> dict[str, Any]:
        do = self.kept.change(run)
        points = Failpoints(run)
        do()
        return {"steps": points.finish(), "count": points.count}

    def _change(self, run: Path, number: int, error: OSError | None = None) -> dict[str, Any]:
        do = self.kept.change(run)
        points = Failpoints(run, number, error)
        told = ""
        try:
            do()
        except TOLD as refusal:
            told = f"{type(refusal).__name__} {getattr(refusal, 'code', '')}: {refusal}"
        return {"count": points.count, "told": told}

    def _fresh(self) -> Path:
        self._count += 1
        run = self._folder / str(self._count)
        shutil.copytree(self._before, run)
        return run

    def _found(self, run: Path) -> Found:
        """By a start some hours later."""
        for partial in run.rglob(f"{durable_files.PARTIAL}*"):
            os.utime(partial, (time.time() - _LATER_S,) * 2)
        durable_files.tidy(run)
        return self.kept.find(run)

    def _told(self) -> str:
        return ", ".join(f"{number} {step[0]} {Path(step[1]).name}" for number, step in enumerate(self.steps))


def in_child(do: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What it returns, in a process of its own; `signal`: what killed that, `fault`: what it raised."""
    ours, theirs = os.pipe()
    if (pid := os.fork()) == 0:
        try:
            os.close(ours)
            try:
                outcome = do()
            except BaseException:  # noqa: BLE001  told in the parent
                outcome = {"fault": traceback.format_exc()}
            with os.fdopen(theirs, "w") as told:
                json.dump(outcome, told)
        finally:
            os._exit(0)
    os.close(theirs)
    with os.fdopen(ours) as told:
        text = told.read()
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return {"signal": -status} if status < 0 else json.loads(text)


def main() -> None:
    folder, *names = sys.argv[1:]
    logging.disable()
    gc.freeze()
    for module in ("kept_things", "kept_networks"):  # a process that has imported PyTorch forks slowly
        every: Mapping[str, Kept] = importlib.import_module(f"tests.chaos.{module}").KEPT
        for name, kept in every.items():
            if not names or name in names:
                sys.stdout.write(json.dumps({"name": name, **outcome(kept, Path(folder) / name)}) + "\n")
                sys.stdout.flush()


def outcome(kept: Kept, folder: Path) -> dict[str, object]:
    """How many ways it was tried, or what is broken."""
    try:
        trial = Trial(kept, folder)
        return {"kills": trial.kills(), "refusals": trial.refusals(), "power_cuts": trial.power_cuts()}
    except Exception:  # noqa: BLE001  the test tells it
        return {"broken": traceback.format_exc()}


if __name__ == "__main__":
    main()
