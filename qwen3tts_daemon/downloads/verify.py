"""Are the checkpoints what was downloaded? Reads every byte, and needs no network."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from qwen3tts_daemon.downloads import manifest
from qwen3tts_daemon.downloads.manifest import BadManifest, Manifest, SourceName
from qwen3tts_daemon.hosting import checkpoints
from qwen3tts_daemon.hosting.checkpoints import official, short
from qwen_tts.config.checkpoint import is_codec_directory, read_codec_config
from qwen_tts.config.checkpoint_files import size_by_header, weight_files
from qwen_tts.errors import BadCheckpoint


class NoSuchCheckpoint(Exception):
    """The message names it and the directory."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """On one checkpoint."""

    path: Path
    problems: tuple[str, ...]
    has_hashes: bool
    """Without them only the configuration and the sizes in the weights' headers were looked at."""
    source: SourceName = SourceName.HUGGINGFACE
    """Where the files can be had again."""

    @property
    def line(self) -> str:
        name = self.path.name
        if self.problems:
            return f"{name}: {'; '.join(self.problems)}; {_way_out(name, self.source)}"
        return f"{name}: ok" if self.has_hashes else f"{name}: ok by its sizes; its hashes are unknown"


def folders(names: Sequence[str], directory: Path) -> list[Path]:
    """The folders that `names` mean, or every checkpoint's. Raises NoSuchCheckpoint."""
    if not names:
        marks = ("config.json", manifest.NAME)
        found = sorted({path.parent for mark in marks for path in directory.glob(f"*/{mark}")})
        if not found:
            raise NoSuchCheckpoint(f"no checkpoint in {directory}; `qwen3tts-daemon models download` fetches one")
        return found
    for path in (named := [directory / (official(name) or name) for name in names]):
        if not path.is_dir():
            raise NoSuchCheckpoint(f"no {path.name} in {directory}; `qwen3tts-daemon models list` names what is there")
    return named


def verify(folder: Path) -> Verdict:
    """Against the download's manifest, else against the weights' own headers."""
    try:
        known = Manifest.read(folder)
    except BadManifest as error:
        return Verdict(folder, (str(error),), has_hashes=False)
    problems = list(_header_problems(folder) if known is None else _hash_problems(folder, known))
    if not problems and (problem := config_problem(folder)):
        problems = [problem]
    if known is None:
        return Verdict(folder, tuple(problems), has_hashes=False)
    return Verdict(folder, tuple(problems), has_hashes=True, source=known.source)


def config_problem(folder: Path) -> str | None:
    """Why the engine would not load the checkpoint, or the codec that stands alone, as far as small files tell."""
    try:
        if is_codec_directory(folder):
            read_codec_config(folder)
            weight_files(folder)
        else:
            checkpoints.read(folder)
    except BadCheckpoint as error:
        return str(error)
    return None


def _hash_problems(folder: Path, known: Manifest) -> Iterator[str]:
    return (problem for file in known.files if (problem := file.problem(folder / file.path)))


def _header_problems(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*.safetensors")):
        name, size = path.relative_to(folder), path.stat().st_size
        try:
            if (expected := size_by_header(path)) != size:
                yield f"{name} has {size} bytes of {expected}"
        except (OSError, ValueError) as error:
            yield f"{name} is no safetensors file: {error}"


def _way_out(name: str, source: SourceName) -> str:
    if official(name) is None:
        return "copy it here again"
    elsewhere = "" if source is SourceName.HUGGINGFACE else f" --from {source}"
    return f"`qwen3tts-daemon models download {short(name)}{elsewhere}` mends it"
