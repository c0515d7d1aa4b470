"""This machine as figures name it. No torch, no other process: who asks at every start should not wait."""

import hashlib
import os
import platform
from contextlib import suppress
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from pathlib import Path

import msgspec

from qwen_tts.cores import usable_cores

_PACKAGES = ("qwen3tts-daemon", "torch", "openvino", "triton", "flash-attn")
"""That decide on how fast it speaks"""
_COMPUTING = ("checkpoint", "kernels", "models", "modules", "runtime")
_NVIDIA = Path("/proc/driver/nvidia")


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """What figures are of: other figures hold as soon as any of it is another."""

    system: str
    cpu: str
    cores: int
    """Fast ones, that this process may use"""
    memory_gib: int
    cards: tuple[str, ...]
    driver: str
    """Of the cards; empty without any"""
    versions: dict[str, str]
    engine_code: str
    """Another one after each change of what computes, also between two versions"""


def this_machine() -> Machine:
    return Machine(
        system=f"{platform.system()} {platform.machine()}", cpu=cpu_name(), cores=usable_cores().threads,
        memory_gib=_memory_gib(), cards=_cards(), driver=_first_line(_NVIDIA / "version"), versions=versions(_PACKAGES),
        engine_code=_engine_code(),
    )  # fmt: skip


def cpu_name() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def versions(packages: tuple[str, ...]) -> dict[str, str]:
    """Of those that are installed."""
    return {name: found for name in packages if (found := _version(name))}


def _version(package: str) -> str:
    try:
        return installed_version(package)
    except PackageNotFoundError:
        return ""


def _engine_code() -> str:
    package = Path(__file__).parents[1]
    files = (path for room in _COMPUTING for path in sorted((package / room).glob("*.py")))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:16]


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
