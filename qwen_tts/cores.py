"""Which cores of this machine are there to compute on: nobody else counts them.

A thread for each physical core that is fast and that this process may use. A second thread on a core shares its units,
and one on a slow core keeps the others waiting: they meet after every product.

- What the process may use: its affinity (taskset, a container's cpuset), the processors that are online (a container
  of LXC is shown fewer), and the share of time that its control groups are given (a container's `cpus`).
- Fast: Intel's performance cores, or those that Linux gives at least _FAST of the greatest capacity (ARM); where it may
  use none of them, all are taken. A Mac says itself how many it has.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Set
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

_FAST = 0.6

_PROCESSORS = Path("sys/devices/system/cpu")
_INTEL_FAST = Path("sys/devices/cpu_core/cpus")


@dataclass(frozen=True)
class Cores:
    """What a process has to compute on."""

    threads: int
    """That do not wait for each other"""
    processors: int
    """That it may run on, fast or not, siblings too"""
    fast_only: frozenset[int] | None = None
    """Processors to stay on; None: all are"""


def usable_cores(root: Path = Path("/")) -> Cores:
    """Of this process. `root`: of the machine's files."""
    online = os.cpu_count() or 1
    if sys.platform == "darwin":
        return Cores(_apple_cores(online), online)
    if not hasattr(os, "sched_getaffinity"):
        return Cores(online, online)
    return cores_among(os.sched_getaffinity(0), online, root)


def cores_among(allowed: Set[int], online: int, root: Path) -> Cores:
    """Of a process of Linux that may run on the processors `allowed`, on a machine that shows so many."""
    fast = _fast(allowed, root)
    physical = len({_core(processor, root) for processor in fast})
    threads = max(1, min([physical, online, *map(int, _shares(root))]))
    return Cores(threads, len(allowed), frozenset(fast) if fast < allowed else None)


def compute_here(cores: Cores, nice: int) -> None:
    """The calling thread, and those that it starts from now on, stay on the fast cores and give way to others.

    Of a system that knows niceness of whole processes only, the process does.
    """
    if cores.fast_only is not None:
        os.sched_setaffinity(0, cores.fast_only)
    if hasattr(os, "setpriority"):
        os.setpriority(os.PRIO_PROCESS, 0, max(nice, os.getpriority(os.PRIO_PROCESS, 0)))


def _apple_cores(online: int) -> int:
    command = ["/usr/sbin/sysctl", "-n", "hw.perflevel0.physicalcpu"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return int(answer.stdout) if answer.stdout.strip().isdecimal() else online


# -- processors -------------------------------------------------------------------------------------------------------


def _fast(allowed: Set[int], root: Path) -> Set[int]:
    fast = allowed & _listed(_read(root / _INTEL_FAST))
    if not fast:
        capacities = {one: int(_read(root / _PROCESSORS / f"cpu{one}" / "cpu_capacity") or 0) for one in allowed}
        fast = {one for one, capacity in capacities.items() if capacity >= _FAST * max(capacities.values())}
    return fast


def _core(processor: int, root: Path) -> frozenset[int]:
    """The processors of its core: siblings of simultaneous multithreading."""
    siblings = _listed(_read(root / _PROCESSORS / f"cpu{processor}" / "topology" / "thread_siblings_list"))
    return frozenset(siblings | {processor})


def _listed(text: str) -> set[int]:
    """ "0-2,8" -> 0, 1, 2 and 8."""
    listed: set[int] = set()
    for part in text.split(",") if text else ():
        first, _, last = part.partition("-")
        listed.update(range(int(first), int(last or first) + 1))
    return listed


def _read(path: Path) -> str:
    """Nothing, if it is not there or is not to be read."""
    try:
        return path.read_text().strip()
    except OSError:
        return ""


# -- control groups ---------------------------------------------------------------------------------------------------


def _shares(root: Path) -> Iterator[float]:
    """How many processors' time the process's control groups have, each of them that has a limit."""
    for mounted, group in _control_groups(root):
        for folder in (group, *group.parents):
            if (share := _share(root / mounted / folder)) is not None:
                yield share


def _share(folder: Path) -> float | None:
    """As version 2 says it, else as version 1 does."""
    quota, _, period = _read(folder / "cpu.max").partition(" ")
    if not quota:
        quota, period = _read(folder / "cpu.cfs_quota_us"), _read(folder / "cpu.cfs_period_us")
    return int(quota) / int(period) if quota.isdecimal() and period.isdecimal() and int(period) else None


def _control_groups(root: Path) -> Iterator[tuple[Path, PurePosixPath]]:
    """Where a hierarchy that may limit processors is mounted, and the folder of the process's group in it."""
    own = {}
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, controllers, group = line.split(":", 2)
        own.update(dict.fromkeys(controllers.split(","), group))
    for line in _read(root / "proc/self/mountinfo").splitlines():
        place, _, kind = line.partition(" - ")
        _, _, _, mounted_group, mounted, *_ = place.split()
        system, _, options = kind.split(" ", 2)
        name = "" if system == "cgroup2" else "cpu" if "cpu" in options.split(",") else None
        if system in ("cgroup", "cgroup2") and name in own:
            yield Path(mounted.lstrip("/")), _below(own[name], mounted_group)


def _below(group: str, mounted_group: str) -> PurePosixPath:
    """A container may see its own group alone, under a name that it has outside."""
    path = PurePosixPath(group)
    return path.relative_to(mounted_group) if path.is_relative_to(mounted_group) else PurePosixPath()
