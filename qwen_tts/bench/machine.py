"""This machine as figures name it. No torch, no other process: who asks at every start should not wait."""

import os
import platform
from contextlib import suppress
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from pathlib import Path

import msgspec

_PACKAGES = ("qwen3tts-daemon", "torch", "openvino", "triton", "flash-attn")
"""That decide on how fast it speaks"""
_NVIDIA = Path("/proc/driver/nvidia")


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """What figures are of: other figures hold as soon as any of it is another."""

    system: str
    cpu: str
    cores: int
    """That this process may use"""
    memory_gib: int
    cards: tuple[str, ...]
    driver: str
    """Of the cards; empty without any"""
    versions: dict[str, str]


def this_machine() -> Machine:
    return Machine(
        system=f"{platform.system()} {platform.machine()}", cpu=cpu_name(), cores=usable_cores(),
        memory_gib=_memory_gib(), cards=_cards(), driver=_first_line(_NVIDIA / "version"), versions=versions(_PACKAGES),
    )  # fmt: skip


def cpu_name() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def usable_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def versions(packages: tuple[str, ...]) -> dict[str, str]:
    """Of those that are installed."""
    return {name: found for name in packages if (found := _version(name))}


def _version(package: str) -> str:
    try:
        return installed_version(package)
    except PackageNotFoundError:
        return ""


def _memory_gib() -> int:
    try:
        return round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30)
    except (ValueError, OSError):
        return 0


def _cards() -> tuple[str, ...]:
    """By what NVIDIA's driver tells in files; other cards are in no figures yet."""
    told = (_first_line(path) for path in sorted(_NVIDIA.glob("gpus/*/information")))
    return tuple(line.partition(":")[2].strip() for line in told)


def _first_line(path: Path) -> str:
    with suppress(OSError):
        return path.read_text().partition("\n")[0].strip()
    return ""
