"""Checkpoints, fetched into the models directory: only what is missing or wrong, and only if there is room for it."""

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from qwen3tts_daemon.downloads.hub import Hub
from qwen3tts_daemon.downloads.manifest import File, Manifest, SourceName
from qwen3tts_daemon.downloads.modelscope import ModelScope
from qwen3tts_daemon.downloads.progress import Bars, Listener
from qwen3tts_daemon.downloads.source import DownloadFailed, NoRoom, Source, part_of
from qwen3tts_daemon.downloads.verify import config_problem, verify
from qwen3tts_daemon.failures import storage_failed
from qwen3tts_daemon.hosting.checkpoints import CHECKPOINTS, official, short


@dataclass(frozen=True, slots=True)
class _Plan:
    folder: Path
    manifest: Manifest
    missing: tuple[File, ...]

    @property
    def total_bytes(self) -> int:
        return sum(file.size for file in self.manifest.files)

    @property
    def needed_bytes(self) -> int:
        return sum(file.size - _arrived_bytes(self.folder, file) for file in self.missing)


def source_called(name: SourceName, modelscope_endpoint: str) -> Source:
    """The hub's endpoint is its library's to know."""
    return Hub() if name is SourceName.HUGGINGFACE else ModelScope(modelscope_endpoint)


def download(
    names: Sequence[str], directory: Path, source: Source, *, offline: bool = False, listener: Listener | None = None
) -> list[Path]:
    """The folders of whole and verified checkpoints; `offline` fetches nothing. Raises DownloadFailed.

    `listener`: else a terminal shows how far it is.
    """
    listener = listener or Bars()
    folders = [directory / _checkpoint(name) for name in names or CHECKPOINTS[:1]]
    try:
        with listener.reading():
            if offline or source.is_offline:
                return [_whole(folder) for folder in folders]
            plans = [_plan(source, folder) for folder in folders]
        _check_space(directory, plans)
        total_bytes, needed_bytes = sum(plan.total_bytes for plan in plans), sum(plan.needed_bytes for plan in plans)
        listener.planned(total_bytes, total_bytes - needed_bytes)
        for plan in plans:
            _carry_out(plan, source, listener)
    except OSError as error:
        raise NoRoom(storage_failed(directory, error).message) from error
    return folders


def _checkpoint(name: str) -> str:
    checkpoint = official(name)
    if checkpoint is None:
        raise DownloadFailed(f"no checkpoint {name!r}; there are {', '.join(map(short, CHECKPOINTS))}")
    return checkpoint


def _whole(folder: Path) -> Path:
    problems = verify(folder).problems if folder.is_dir() else (f"not in {folder.parent}",)
    if problems:
        raise DownloadFailed(f"{folder.name}: {'; '.join(problems)}; offline, nothing is fetched")
    return folder


def _plan(source: Source, folder: Path) -> _Plan:
    manifest = source.manifest(f"Qwen/{folder.name}")
    return _Plan(folder, manifest, tuple(file for file in manifest.files if file.problem(folder / file.path)))


def _check_space(directory: Path, plans: Iterable[_Plan]) -> None:
    needed = sum(plan.needed_bytes for plan in plans)
    free = shutil.disk_usage(next(path for path in (directory, *directory.absolute().parents) if path.exists())).free
    if needed > free:
        raise NoRoom(
            f"{directory} has {free / 1e9:.1f} GB free, and {needed / 1e9:.1f} GB are needed; "
            "make room, or name another place with --directory"
        )


def _arrived_bytes(folder: Path, file: File) -> int:
    part = part_of(folder / file.path, file)
    return min(part.stat().st_size, file.size) if part.exists() else 0


def _carry_out(plan: _Plan, source: Source, listener: Listener) -> None:
    plan.manifest.write(plan.folder)
    for file in plan.missing:
        source.fetch(plan.manifest, file, plan.folder, listener)
    if problem := config_problem(plan.folder):
        raise DownloadFailed(f"{plan.manifest.repository} is no checkpoint that this version knows: {problem}")
