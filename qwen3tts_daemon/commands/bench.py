"""What this machine speaks in real time: checkpoints measured one after the other, each in a process of its own."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, get_args

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from qwen3tts_daemon.downloads.verify import folders
from qwen3tts_daemon.hosting import checkpoints
from qwen3tts_daemon.hosting.checkpoints import DOWNLOAD_QWEN, Checkpoint
from qwen3tts_daemon.hosting.engine_selection import (
    card,
    install_torch,
    is_installed,
    kept_measurements,
    weights_cache,
)
from qwen3tts_daemon.hosting.measurements import Measurements
from qwen3tts_daemon.hosting.measuring import measure
from qwen3tts_daemon.hosting.real_time_words import named
from qwen3tts_daemon.settings import Settings, SettingsError
from qwen_tts.bench.figures import FRAME_MS, Device, Failed, Figures, Measured, MeasureOptions, Way
from qwen_tts.bench.machine import Machine, this_machine
from qwen_tts.config.engine import Weights
from qwen_tts.errors import InvalidRequest

_GIB = 1024
_ON = {"cpu": "CPU", "cuda": "NVIDIA card", "mps": "Apple's GPU"}
_BITS = {"auto": "as they are", "int8": "8 bits", "int4": "4 bits"}


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """Of one checkpoint, run in one way."""

    checkpoint: str
    size: str
    way: Way
    measured: Measured


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be measured."""

    checkpoints: Sequence[Checkpoint]
    ways: Sequence[Way]
    threads: int | None
    measurements: Measurements
    """Where it is kept"""
    cache_dir: str
    """Where weights are kept that are made for it"""


def plan(
    names: Sequence[str], weights: Sequence[str], threads: int | None, settings: Settings, directory: Path | None
) -> Plan:
    """Raises NoSuchCheckpoint, BadCheckpoint, InvalidRequest; SettingsError where nothing can be measured."""
    if not is_installed("torch"):
        raise SettingsError(f"torch is missing, and without it no checkpoint speaks: {install_torch()}")
    for name in weights:
        if name not in get_args(Weights):
            raise InvalidRequest(f"no weights {name!r}; there are {', '.join(get_args(Weights))}", param="weights")
    directory = directory or settings.models_path
    if names:
        chosen = [checkpoints.read(folder) for folder in folders(names, directory)]
    else:
        chosen = _one_of_each_size(checkpoints.scan(directory).checkpoints)
    if not chosen:
        raise SettingsError(f"{directory} holds no checkpoint: {DOWNLOAD_QWEN}")
    threads = threads or settings.qwen.threads
    return Plan(chosen, _ways(weights), threads, kept_measurements(settings, threads), weights_cache(settings))


async def bench(plan: Plan) -> list[Result]:
    """Measured, and kept for `engine = "auto"`."""
    results = []
    for checkpoint, way in product(plan.checkpoints, plan.ways):
        typer.echo(f"measuring {named(checkpoint, way)} on the {_ON[way.device]} ...", err=True)
        options = MeasureOptions(
            checkpoint=str(checkpoint.path.absolute()), way=way, threads=plan.threads, cache_dir=plan.cache_dir
        )
        measured = await measure(options)
        plan.measurements.put(checkpoint, way, measured)
        results.append(Result(checkpoint=checkpoint.name, size=checkpoint.size_in_words, way=way, measured=measured))
    return results


def is_anything_measured(results: Sequence[Result]) -> bool:
    return any(isinstance(one.measured, Figures) for one in results)


def _one_of_each_size(found: Iterable[Checkpoint]) -> list[Checkpoint]:
    """Others of a size take as long; the smallest first."""
    sizes = {one.weights_per_frame: one for one in reversed([*found])}
    return [sizes[size] for size in sorted(sizes)]


def _ways(weights: Sequence[str]) -> list[Way]:
    """Those that `weights` name, or all that make sense on this machine."""
    device = card()
    if weights:
        devices: list[Device] = ["cpu"] if device is None else [device, "cpu"]
        return [Way(one, each) for one in devices for each in get_args(Weights) if each in weights]
    small = [Way("cpu", "int8"), Way("cpu", "int4")] if is_installed("openvino") else [Way("cpu")]
    return small if device is None else [Way(device), *small]


def show(results: Sequence[Result], most_rtf: float) -> None:
    """A table, and rows for docs/hardware.md."""
    table = Table(
        "checkpoint", "runs on", "weights", f"ms for {FRAME_MS:.0f} ms of sound", "RTF", "first sound, ms",
        "memory, GB", "", box=None,
    )  # fmt: skip
    for result in results:
        table.add_row(
            result.size, _ON[result.way.device], _BITS[result.way.weights], *_cells(result.measured, most_rtf)
        )
    Console().print(table)
    if any(isinstance(one.measured, Figures) and one.measured.was_busy for one in results):
        typer.echo("\n* while other programs were at work: measure again when they are not")
    machine = this_machine()
    if rows := [*_rows(machine, results)]:
        figures = next(one.measured for one in results if isinstance(one.measured, Figures))
        typer.echo(f"\n{_told(machine)}; memory is copied at {figures.copy_gb_s:.0f} GB/s")
        typer.echo("\nFor docs/hardware.md, where others look for a machine like theirs:\n")
        typer.echo("\n".join(rows))


def as_json(results: Sequence[Result]) -> str:
    told: dict[str, Any] = {"machine": this_machine(), "results": [_with_rtf(one) for one in results]}
    return msgspec.json.format(msgspec.json.encode(told)).decode()


def _with_rtf(result: Result) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(result)
    if isinstance(result.measured, Figures):
        told["measured"]["rtf"] = round(result.measured.rtf, 3)
    return told


def _cells(measured: Measured, most_rtf: float) -> tuple[str, ...]:
    if isinstance(measured, Failed):
        return "", "", "", "", f"not measured: {measured.reason}"
    verdict = ("in time" if measured.rtf <= most_rtf else "too slow") + "*" * measured.was_busy
    return (
        f"{measured.frame_ms:.1f}", f"{measured.rtf:.2f}", f"{measured.first_audio_ms:.0f}",
        f"{measured.memory_mib / _GIB:.1f}", verdict,
    )  # fmt: skip


def _rows(machine: Machine, results: Iterable[Result]) -> Iterator[str]:
    versions = ", ".join(f"{name} {version}" for name, version in machine.versions.items())
    for result in results:
        if not isinstance(figures := result.measured, Figures):
            continue
        where = machine.cards[0] if result.way.device == "cuda" and machine.cards else machine.cpu
        yield "| " + " | ".join((
            where, str(machine.cores), str(figures.threads), f"{figures.copy_gb_s:.0f}", result.size,
            f"{_backend(result.way)}, {_BITS[result.way.weights]}", f"{figures.frame_ms:.1f}",
            f"{figures.rtf:.2f}", f"{figures.first_audio_ms:.0f}", f"{figures.memory_mib / _GIB:.1f}", versions,
        )) + " |"  # fmt: skip


def _backend(way: Way) -> str:
    if way.device != "cpu":
        return way.device.upper()
    return "PyTorch" if way.weights == "auto" else "OpenVINO"


def _told(machine: Machine) -> str:
    card = f", {machine.cards[0]}" if machine.cards else ""
    return f"{machine.cpu}, {machine.cores} cores, {machine.memory_gib} GB{card}"
