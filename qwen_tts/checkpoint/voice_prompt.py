"""What an engine keeps of a reference audio, as bytes and on disk.

The bytes are one safetensors file: the tensors, and under one key of its metadata a JSON object with the rest (one key,
because safetensors writes several in a random order, and the same voice should be the same bytes). Never pickle.
prompt_file.py reads them.

On disk, prompt.safetensors is what counts. prompt.toml beside it is for people; where the two contradict each other,
the voice is refused.
"""

import os
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import msgspec
import torch
from safetensors.torch import save
from torch import Tensor

from qwen_tts.checkpoint.prompt_file import FORMAT, METADATA_KEY, Card, PromptKind, bad, read_prompt
from qwen_tts.limits import MAX_VOICE_PROMPT_BYTES
from qwen_tts.toml import read_toml, toml_value

TENSORS_FILE = "prompt.safetensors"
SUMMARY_FILE = "prompt.toml"

MAX_SUMMARY_BYTES = 16 * 1024

_SUMMARY_HEAD = f"""\
# A cloned voice, for people to read. The voice itself is {TENSORS_FILE}, and what stands here must agree with it.
"""


@dataclass(frozen=True, kw_only=True, eq=False)
class ReferenceVoice:
    """A voice as its reference audio gave it. The tensors are on the CPU."""

    speaker_embedding: Tensor
    """[hidden] float32"""
    codes: Tensor | None
    """[frames, codebooks] long: the reference audio, which speech continues; None: only the speaker embedding counts"""
    transcript: str
    """The words of `codes`; empty exactly if there are none."""
    source_sha256: str
    """Of the recording, as ReferenceAudio has it"""
    duration_s: float
    """Of the reference audio"""

    @classmethod
    def nobody(cls, hidden_size: int) -> Self:
        """A voice without a recording, for speech that nobody hears."""
        embedding = torch.zeros(hidden_size)
        return cls(speaker_embedding=embedding, codes=None, transcript="", source_sha256="0" * 64, duration_s=3.0)

    @property
    def kind(self) -> PromptKind:
        return "speaker_embedding" if self.codes is None else "transcribed"

    def to_bytes(self) -> bytes:
        """For api.VoicePrompt; the same voice gives the same bytes."""
        tensors = {"speaker_embedding": self.speaker_embedding.contiguous()}
        if self.codes is not None:
            tensors["codes"] = self.codes.contiguous()
        return save(tensors, metadata={METADATA_KEY: msgspec.json.encode(self._card()).decode()})

    @classmethod
    def from_bytes(cls, data: bytes, *, hidden_size: int, codebooks: int, codebook_size: int) -> Self:
        """Of `to_bytes`, whoever kept them. Raises InvalidRequest unless a model of this geometry can use it."""
        prompt = read_prompt(data, codebook_size)
        if (found := len(prompt.speaker_embedding)) != hidden_size:
            raise bad(f"has a speaker embedding of {found} numbers, and this model takes {hidden_size}")
        if prompt.codes is not None and prompt.codebooks != codebooks:
            raise bad(f"has {prompt.codebooks} codebooks, and this model takes {codebooks}")
        codes = None if prompt.codes is None else torch.frombuffer(prompt.codes, dtype=torch.int64)
        return cls(
            speaker_embedding=torch.frombuffer(prompt.speaker_embedding, dtype=torch.float32),
            codes=None if codes is None else codes.reshape(-1, codebooks),
            transcript=prompt.card.transcript,
            source_sha256=prompt.card.source_sha256,
            duration_s=prompt.card.duration_s,
        )

    def save(self, directory: Path, *, created_by: str) -> None:
        """Both files, each of them whole or not at all. Raises OSError."""
        summary = _SUMMARY_HEAD + "".join(
            f"{key} = {toml_value(value)}\n" for key, value in {**self._summary(), "created_by": created_by}.items()
        )
        directory.mkdir(parents=True, exist_ok=True)
        # The summary comes last: a voice without one was not finished.
        _replace({directory / TENSORS_FILE: self.to_bytes(), directory / SUMMARY_FILE: summary.encode()})

    @classmethod
    def load(cls, directory: Path, *, hidden_size: int, codebooks: int, codebook_size: int) -> Self:
        """Of `save`. Raises InvalidRequest as `from_bytes` does, and if a file is missing or the two disagree."""
        data = _read(directory / TENSORS_FILE, MAX_VOICE_PROMPT_BYTES)
        voice = cls.from_bytes(data, hidden_size=hidden_size, codebooks=codebooks, codebook_size=codebook_size)
        written = _read_summary(directory / SUMMARY_FILE)
        differing = [key for key, value in voice._summary().items() if written.get(key) != value]
        if differing:
            raise bad(f"in {directory} contradicts its {SUMMARY_FILE} in {', '.join(differing)}")
        return voice

    def _card(self) -> Card:
        return Card(
            format=FORMAT, kind=self.kind, transcript=self.transcript,
            source_sha256=self.source_sha256, duration_s=self.duration_s,
        )  # fmt: skip

    def _summary(self) -> dict[str, Any]:
        frames = 0 if self.codes is None else len(self.codes)
        return {**msgspec.to_builtins(self._card()), "frames": frames}


def _read_summary(path: Path) -> dict[str, Any]:
    try:
        return read_toml(_read(path, MAX_SUMMARY_BYTES).decode())
    except ValueError as error:  # neither text nor TOML
        raise bad(f"has a broken {path}") from error


def _read(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise bad(f"is not whole: {path} cannot be read, {error.strerror}") from error
    if len(data) > limit:
        raise bad(f"cannot be right: {path} is larger than {limit} bytes")
    return data


def _replace(files: dict[Path, bytes]) -> None:
    """Everything is on disk before the first file takes its place: what nothing else needs for several files."""
    partial = {path: path.with_name(f".{path.name}.{uuid.uuid4().hex}") for path in files}
    try:
        for path, content in files.items():
            with partial[path].open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        for path in files:
            partial[path].replace(path)
    finally:
        for leftover in partial.values():
            leftover.unlink(missing_ok=True)
