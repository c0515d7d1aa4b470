"""Puts faults into the guards, one at a time, and tells whether the tests find them.

python -m tests.hostile.mutants [WORDS ...] [--list]      WORDS: only mutations that have all of them in their names

It works in a copy of this tree in the temporary directory. First the tests of the chosen mutations are run as they are,
and must pass; then each mutation is put in, and at least one of its tests must fail. A survivor is a guard that no test
needs: a law is missing, or the guard is. Ends with status 1 if anything survived.
"""

import argparse
import importlib
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.hostile.mutations import MUTATIONS, Mutation

ROOT = Path(__file__).parents[2]
PATIENCE_S = 30
"""Where a guard is missing, some tests wait for what never comes: see tests/patience.py."""
MUTANT_S = 8 * PATIENCE_S
"""A test that has failed may then wait for ever while it is cleaned up."""
LIBRARIES = (
    *("hypothesis", "fastapi", "uvicorn", "httpx", "pydantic_settings", "numpy", "av", "wyoming.client", "zeroconf"),
    *("websockets.sync.client", "websockets.asyncio.client", "prometheus_client", "openai", "tomlkit"),
)
"""Imported once for all mutations, which half of their time would go into"""

OPTIONS = (
    *("-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"),
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),  # of plugins among LIBRARIES
)


def copy_of_the_tree(target: Path) -> None:
    """As it is here, committed or not."""
    listed = subprocess.check_output(["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT, text=True)
    for name in filter(None, listed.split("\0")):
        if os.path.lexists(ROOT / name):  # it may have been deleted
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name, follow_symlinks=False)


def run(tests: Iterable[str], tree: Path, most_s: float | None = None) -> tuple[str, str]:
    """Whether they "pass", "fail", or it is "broken"; and what failed first, or what was said. What takes longer than
    `most_s` has failed."""
    with tempfile.TemporaryFile("w+") as told:
        child = os.fork()
        if child == 0:
            _run_in(tree, list(tests), told.fileno())
        has_ended = _ends_within(child, most_s)
        _, status = os.waitpid(child, 0)
        if not has_ended:
            return "fail", f"hung, and was ended after {most_s:.0f} s"
        told.seek(0)
        said = told.read()
    if found := re.search(r"^(?:FAILED|ERROR) (.+?)(?: - |$)", said, re.MULTILINE):
        return ("broken" if "error during collection" in said else "fail"), found[1]
    return ("pass" if os.waitstatus_to_exitcode(status) == 0 else "broken"), said[-2_000:]


def _ends_within(child: int, most_s: float | None) -> bool:
    """Ends it, and what it has started, if not."""
    watched = os.pidfd_open(child)
    try:
        if select.select([watched], [], [], most_s)[0]:
            return True
        os.killpg(child, signal.SIGKILL)
        return False
    finally:
        os.close(watched)


def _run_in(tree: Path, tests: list[str], told: int) -> None:
    """In a process of its own, which ends here; of our modules it has none yet."""
    os.setpgid(0, 0)
    os.dup2(told, 1)
    os.dup2(told, 2)
    os.chdir(tree)
    sys.path[0] = str(tree)
    for name in [name for name in sys.modules if name.partition(".")[0] in ("tests", "qwen_tts", "qwen3tts_daemon")]:
        del sys.modules[name]
    os.environ |= {"PATIENCE_S": str(PATIENCE_S), "PYTHONDONTWRITEBYTECODE": "1"}
    sys.dont_write_bytecode = True
    try:
        status = int(pytest.main([*OPTIONS, *tests]))
    except BaseException:  # noqa: BLE001  nothing may go on in this copy of the process
        traceback.print_exc()
        status = 2
    sys.stdout.flush()
    os._exit(status)


def try_one(mutation: Mutation, tree: Path) -> tuple[str, str]:
    """As `run`, with the fault in."""
    path = tree / mutation.path
    sound = path.read_text("utf-8")
    path.write_text(mutated(sound, mutation), "utf-8")
    try:
        return run(mutation.tests, tree, MUTANT_S)
    finally:
        path.write_text(sound, "utf-8")


def mutated(text: str, mutation: Mutation) -> str:
    """Raises ValueError where the mutation does not apply."""
    if text.count(mutation.before) != 1:
        raise ValueError(f"{mutation.path} has {mutation.before!r} {text.count(mutation.before)} times")
    return text.replace(mutation.before, mutation.after)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", metavar="WORDS")
    parser.add_argument("--list", action="store_true", help="tell the names and run nothing")
    options = parser.parse_args()
    chosen = {name: one for name, one in MUTATIONS.items() if all(word in name for word in options.words)}
    if options.list or not chosen:
        print(*MUTATIONS, sep="\n")
        return 0 if chosen else 2
    for name in LIBRARIES:
        importlib.import_module(name)
    with tempfile.TemporaryDirectory(prefix="mutants-") as directory:
        tree = Path(directory)
        copy_of_the_tree(tree)
        how, what = run(sorted({test for one in chosen.values() for test in one.tests}), tree)
        if how != "pass":
            print(f"the tests {how} without any mutation: {what}")
            return 2
        verdicts = [tell(name, one, tree) for name, one in chosen.items()]
    print(f"{verdicts.count('killed')} of {len(verdicts)} are found")
    return 0 if set(verdicts) == {"killed"} else 1


def tell(name: str, mutation: Mutation, tree: Path) -> str:
    """Its line of the table."""
    began = time.monotonic()
    how, what = try_one(mutation, tree)
    verdict = {"fail": "killed", "pass": "SURVIVED", "broken": "BROKEN"}[how]
    by = {"killed": what, "SURVIVED": f"{mutation.path}: {mutation.tests}", "BROKEN": what}[verdict]
    print(f"| {name} | {verdict} | {time.monotonic() - began:.0f} s | {by} |", flush=True)
    return verdict


if __name__ == "__main__":
    sys.exit(main())
