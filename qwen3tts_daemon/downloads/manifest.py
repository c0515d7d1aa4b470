"""What the files of a checkpoint must be: the hub's sizes and hashes, kept beside the checkpoint by its download."""

import hashlib
import re
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal, Self

import msgspec

from qwen3tts_daemon import durable_files
from qwen_tts.json_decoding import decode_json

NAME = ".qwen3tts-download.json"
"""Of the manifest, in a checkpoint's folder."""


class SourceName(StrEnum):
    """Where a checkpoint comes from; the names of checkpoints are the same at each."""

    HUGGINGFACE = "huggingface"
    MODELSCOPE = "modelscope"


class BadManifest(Exception):
    """It cannot be read; the message says why."""


class File(msgspec.Struct, frozen=True, omit_defaults=True):
    """One file, as the hub describes it. ValueError if it would lie outside the checkpoint or has no hash."""

    path: str
    """Within the checkpoint's folder, with slashes."""
    size: Annotated[int, msgspec.Meta(ge=0)]
    """Bytes."""
    algorithm: Literal["sha256", "git-sha1"]
    """The Hugging Face hub knows the sha256 of large files, and git's own hash of the others; ModelScope all sha256."""
    digest: str
    commit: str | None = None
    """That the source names for this file; None is the manifest's."""

    def __post_init__(self) -> None:
        path = PurePosixPath(self.path)
        if path.is_absolute() or ".." in path.parts:
            raise ValueError(f"{path} is outside the checkpoint")
        if not re.fullmatch("[0-9a-f]{64}" if self.algorithm == "sha256" else "[0-9a-f]{40}", self.digest):
            raise ValueError(f"{path} has no {self.algorithm}")

    def problem(self, path: Path) -> str | None:
        """What is wrong with the copy at `path`, if anything is; reads the whole of it."""
        try:
            if (size := path.stat().st_size) != self.size:
                return f"{self.path} has {size} bytes of {self.size}"
            with path.open("rb") as file:
                found = hashlib.file_digest(file, self._hasher).hexdigest()
        except FileNotFoundError:
            return f"{self.path} is missing"
        except OSError as error:
            return f"{self.path} cannot be read: {error.strerror}"
        return None if found == self.digest else f"{self.path} is corrupt: its {self.algorithm} is not the hub's"

    @property
    def _hasher(self) -> Callable[[], Any]:
        if self.algorithm == "sha256":
            return hashlib.sha256
        return lambda: hashlib.sha1(b"blob %d\0" % self.size, usedforsecurity=False)


class Manifest(msgspec.Struct, frozen=True):
    """A checkpoint's files at one commit of its repository."""

    repository: str
    commit: str
    files: tuple[File, ...]
    source: SourceName = SourceName.HUGGINGFACE

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """None if the checkpoint came here another way. Raises BadManifest."""
        try:
            manifest: Self = decode_json((folder / NAME).read_bytes(), cls)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as error:
            raise BadManifest(f"{NAME} cannot be read: {error}") from error
        return manifest

    def write(self, folder: Path) -> None:
        """In place of what is there. Raises OSError."""
        durable_files.make_folder(folder)
        durable_files.replace(folder / NAME, msgspec.json.format(msgspec.json.encode(self)) + b"\n")
        durable_files.tidy(folder)
