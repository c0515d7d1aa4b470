"""How many threads there are to have, on machines as their files tell of them."""

import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from qwen_tts.cores import Cores, compute_here, cores_among, usable_cores

V2_CONTAINER = {
    "proc/self/cgroup": "0::/\n",
    "proc/self/mountinfo": "1312 1306 0:30 / /sys/fs/cgroup ro,nosuid,nodev,noexec,relatime - cgroup2 cgroup rw\n",
}
V2_SERVICE = {
    "proc/self/cgroup": "0::/system.slice/qwen3tts.service\n",
    "proc/self/mountinfo": (
        "25 31 0:23 / /sys rw,nosuid,nodev,noexec,relatime shared:7 - sysfs sysfs rw\n"
        "35 25 0:30 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
    ),
}
V1_CONTAINER = {  # as Docker does it without namespaces of control groups: the name is the one outside
    "proc/self/cgroup": "11:cpuset:/docker/0f3a\n4:cpu,cpuacct:/docker/0f3a\n1:name=systemd:/docker/0f3a\n0::/\n",
    "proc/self/mountinfo": (
        "711 707 0:33 /docker/0f3a /sys/fs/cgroup/cpuset ro,nosuid - cgroup cgroup rw,cpuset\n"
        "715 707 0:31 /docker/0f3a /sys/fs/cgroup/cpu,cpuacct ro,nosuid - cgroup cgroup rw,cpu,cpuacct\n"
    ),
}
V1_QUOTA = "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us"
V1_PERIOD = {"sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n"}

SIBLINGS = "sys/devices/system/cpu/cpu{}/topology/thread_siblings_list"
CAPACITY = "sys/devices/system/cpu/cpu{}/cpu_capacity"
INTEL_FAST = "sys/devices/cpu_core/cpus"

RYZEN_7 = {SIBLINGS.format(one): f"{one % 8},{one % 8 + 8}\n" for one in range(16)}
CORE_I7_12700 = {SIBLINGS.format(one): f"{one // 2 * 2}-{one // 2 * 2 + 1}\n" for one in range(16)}
CORE_I7_12700 |= {SIBLINGS.format(one): f"{one}\n" for one in range(16, 20)}
CORE_I7_12700 |= {INTEL_FAST: "0-15\n", "sys/devices/cpu_atom/cpus": "16-19\n"}
N100 = {SIBLINGS.format(one): f"{one}\n" for one in range(4)}
PI_5 = {CAPACITY.format(one): "1024\n" for one in range(4)} | N100
RK3588 = {SIBLINGS.format(one): f"{one}\n" for one in range(8)}
RK3588 |= {CAPACITY.format(one): "530\n" if one < 4 else "1024\n" for one in range(8)}


def machine(root: Path, *files: Mapping[str, str]) -> Path:
    for path, text in {path: text for some in files for path, text in some.items()}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


@pytest.mark.parametrize(
    ("files", "processors", "expected"),
    [
        (RYZEN_7, 16, Cores(8, 16)),
        (N100, 4, Cores(4, 4)),
        (PI_5, 4, Cores(4, 4)),
        (CORE_I7_12700, 20, Cores(8, 20, frozenset(range(16)))),
        (RK3588, 8, Cores(4, 8, frozenset(range(4, 8)))),
        ({}, 6, Cores(6, 6)),
    ],
    ids=["Ryzen 7 (siblings)", "N100 (slow cores alone)", "Pi 5", "i7-12700", "RK3588", "nothing is told"],
)
def test_a_thread_for_each_fast_physical_core(
    tmp_path: Path, files: Mapping[str, str], processors: int, expected: Cores
) -> None:
    assert cores_among(set(range(processors)), processors, machine(tmp_path, files)) == expected


@pytest.mark.parametrize(
    ("allowed", "expected"),
    [
        (range(16), Cores(8, 16)),  # of a taskset to the fast cores nothing is left to be left out
        (range(2, 6), Cores(2, 4)),
        ((0, 2, 4, 16, 17), Cores(3, 5, frozenset({0, 2, 4}))),
        (range(16, 20), Cores(4, 4)),
        ((1,), Cores(1, 1)),
    ],
)
def test_what_the_process_may_not_use_does_not_count(tmp_path: Path, allowed: range, expected: Cores) -> None:
    assert cores_among(set(allowed), 20, machine(tmp_path, CORE_I7_12700)) == expected


def test_a_container_that_is_shown_fewer_processors_has_no_more(tmp_path: Path) -> None:
    """LXC limits what is online; the affinity is the machine's."""
    assert cores_among(set(range(16)), 3, machine(tmp_path, RYZEN_7)).threads == 3


@pytest.mark.parametrize(
    ("files", "threads"),
    [
        (V2_CONTAINER | {"sys/fs/cgroup/cpu.max": "200000 100000\n"}, 2),
        (V2_CONTAINER | {"sys/fs/cgroup/cpu.max": "max 100000\n"}, 8),
        (V2_CONTAINER | {"sys/fs/cgroup/cpu.max": "370000 100000\n"}, 3),  # a fourth would be stopped again and again
        (V2_CONTAINER | {"sys/fs/cgroup/cpu.max": "50000 100000\n"}, 1),
        (V2_CONTAINER, 8),
        (V2_SERVICE | {"sys/fs/cgroup/system.slice/qwen3tts.service/cpu.max": "300000 100000\n"}, 3),
        (
            V2_SERVICE
            | {"sys/fs/cgroup/system.slice/qwen3tts.service/cpu.max": "max 100000\n"}
            | {"sys/fs/cgroup/system.slice/cpu.max": "800000 200000\n"},
            4,
        ),
        (V2_SERVICE | {"sys/fs/cgroup/other.slice/cpu.max": "100000 100000\n"}, 8),
        (V1_CONTAINER | V1_PERIOD | {V1_QUOTA: "250000\n"}, 2),
        (V1_CONTAINER | V1_PERIOD | {V1_QUOTA: "-1\n"}, 8),
        (V1_CONTAINER, 8),
    ],
)
def test_no_more_threads_than_the_control_groups_give_time_for(
    tmp_path: Path, files: Mapping[str, str], threads: int
) -> None:
    assert cores_among(set(range(16)), 16, machine(tmp_path, RYZEN_7, files)).threads == threads


def test_a_process_of_this_machine_has_some() -> None:
    here = usable_cores()
    assert 1 <= here.threads <= here.processors <= (os.cpu_count() or 1)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="Linux alone says where a thread may run")
def test_a_taskset_is_respected() -> None:
    command = "from qwen_tts.cores import usable_cores; print(usable_cores().threads)"
    one = min(os.sched_getaffinity(0))
    told = subprocess.run(
        [sys.executable, "-c", f"import os; os.sched_setaffinity(0, [{one}]); {command}"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert told.stdout == "1\n"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a process is nice as a whole")
def test_a_thread_that_computes_gives_way_and_so_do_those_it_starts_and_no_other() -> None:
    told: dict[str, tuple[int, set[int]]] = {}
    last = max(os.sched_getaffinity(0))
    before = os.getpriority(os.PRIO_PROCESS, 0)

    def note(name: str) -> None:
        told[name] = os.getpriority(os.PRIO_PROCESS, 0), os.sched_getaffinity(0)

    def compute() -> None:
        compute_here(Cores(1, 2, frozenset({last})), before + 3)
        helper = threading.Thread(target=note, args=("helper",))
        helper.start()
        helper.join()
        note("computes")
        compute_here(Cores(1, 1), before)  # never less nice than it was: who is no superuser may not
        note("again")

    computes = threading.Thread(target=compute)
    computes.start()
    computes.join()
    note("other")
    assert told["computes"] == told["helper"] == told["again"] == (before + 3, {last})
    assert told["other"] == (before, os.sched_getaffinity(0))
