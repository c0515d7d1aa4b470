"""The Qwen3-TTS checkpoints: the official ones by the names that people type, and those that lie in a directory."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from qwen_tts.api import Capabilities, VoiceKind
from qwen_tts.config.checkpoint import (
    CODEC_DIRECTORY,
    is_codec_directory,
    read_checkpoint_config,
    read_codec_config,
)
from qwen_tts.config.checkpoint_files import check_arrived, text_tokenizer_files, weight_files
from qwen_tts.config.checkpoint_types import CHECKPOINT_TYPES, TypeName
from qwen_tts.config.generation import read_generation_config
from qwen_tts.errors import BadCheckpoint


@dataclass(frozen=True, slots=True)
class OfficialCheckpoint:
    """One that can be downloaded."""

    name: str
    kind: VoiceKind | None
    """Of the voices that it speaks; None: it is a codec alone"""
    bytes: int
    """Of its download, about"""

    @property
    def short_name(self) -> str:
        return short(self.name)


def short(name: str) -> str:
    """1.7B-CustomVoice for Qwen3-TTS-12Hz-1.7B-CustomVoice."""
    return name.removeprefix("Qwen3-TTS-").removeprefix("12Hz-")


OFFICIAL = (
    OfficialCheckpoint("Qwen3-TTS-12Hz-1.7B-CustomVoice", "preset", 4_520_000_000),
    OfficialCheckpoint("Qwen3-TTS-12Hz-1.7B-VoiceDesign", "designed", 4_520_000_000),
    OfficialCheckpoint("Qwen3-TTS-12Hz-1.7B-Base", "cloned", 4_520_000_000),
    OfficialCheckpoint("Qwen3-TTS-12Hz-0.6B-CustomVoice", "preset", 2_500_000_000),
    OfficialCheckpoint("Qwen3-TTS-12Hz-0.6B-Base", "cloned", 2_500_000_000),
    OfficialCheckpoint("Qwen3-TTS-Tokenizer-12Hz", None, 690_000_000),
)
CHECKPOINTS = tuple(one.name for one in OFFICIAL)
"""The official ones, by name."""

DOWNLOAD_QWEN = "qwen3tts-daemon models download"
"""The command that downloads Qwen3-TTS: named wherever the preview voice shows itself."""


def way_to_voices(engine: Capabilities) -> str:
    """What brings kinds of voices that an engine has not."""
    return f"make them on {engine.text_goes_to}, which speaks here" if engine.text_goes_to else DOWNLOAD_QWEN


_SIZES = {"0b6": "0.6B", "1b7": "1.7B"}
_ORDER = [one.name for one in CHECKPOINT_TYPES]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One that can be loaded, as far as its small files tell."""

    path: Path
    kind: TypeName
    size: str
    """0b6 or 1b7; a fine-tune may say something else"""
    weights_per_frame: int
    """How much work it is to speak with it"""

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def size_in_words(self) -> str:
        """As its name has it: 0.6B"""
        return _SIZES.get(self.size, self.size)


@dataclass(frozen=True, slots=True)
class Broken:
    """One that cannot."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Found:
    """What a models directory holds; the best checkpoint first."""

    checkpoints: tuple[Checkpoint, ...]
    broken: tuple[Broken, ...]

    @property
    def best_of_each_kind(self) -> tuple[Checkpoint, ...]:
        return best_of_each_kind(self.checkpoints)


def best_of_each_kind(those: Sequence[Checkpoint]) -> tuple[Checkpoint, ...]:
    """The first of each."""
    return tuple({one.kind: one for one in reversed(those)}.values())[::-1]


def scan(directory: Path) -> Found:
    """Every folder with a config.json; codecs that stand alone are no checkpoints, and not broken either."""
    folders = sorted(path.parent for path in directory.glob("*/config.json"))
    checkpoints, broken = [], []
    for path in folders:
        try:
            if not is_codec_directory(path):
                checkpoints.append(read(path))
        except BadCheckpoint as error:
            broken.append(Broken(path, str(error)))
    checkpoints.sort(key=lambda one: (_ORDER.index(one.kind), one.size != "1b7", one.name))
    return Found(tuple(checkpoints), tuple(broken))


def read(path: Path) -> Checkpoint:
    """Raises BadCheckpoint."""
    config = read_checkpoint_config(path)
    read_codec_config(path / CODEC_DIRECTORY)
    read_generation_config(path)
    text_tokenizer_files(path)
    for file in (*weight_files(path), *weight_files(path / CODEC_DIRECTORY)):
        check_arrived(file)
    return Checkpoint(path, config.kind, config.size, config.weights_per_frame)


def is_arriving(path: Path) -> bool:
    """Whether a download is at it, or has been left."""
    return any(next(folder.glob("*.part"), None) is not None for folder in (path, path / CODEC_DIRECTORY))


def official(name: str) -> str | None:
    """The checkpoint that `name` means: its own name, the hub's, or the short one, in any case; None if it is none."""
    return _NAMES.get(name.removeprefix("Qwen/").lower())


_NAMES = {name.lower(): checkpoint for checkpoint in CHECKPOINTS for name in (checkpoint, short(checkpoint))}
