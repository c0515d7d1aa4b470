"""What an engine keeps of a reference audio, as bytes and on disk.

The bytes are one safetensors file: the tensors, and under one key of its metadata a JSON object with the rest (one key,
because safetensors writes several in a random order, and the same voice should be the same bytes). Never pickle.

On disk, prompt.safetensors is what counts. prompt.toml beside it is for people; where the two contradict each other,
the voice is refused.
"""

import json
import os
import struct
import tomllib
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import msgspec
import safetensors
import torch
from safetensors.torch import save
from torch import Tensor

from qwen_tts.api import check_characters
from qwen_tts.errors import InvalidRequest

TENSORS_FILE = "prompt.safetensors"
SUMMARY_FILE = "prompt.toml"

FORMAT = 1
MAX_TRANSCRIPT_CHARS = 2_000
"""Two to three times what is said in the longest reference audio."""
MAX_BYTES = 128 * 1024
"""Twice a voice of the longest reference audio and transcript."""
MAX_SUMMARY_BYTES = 16 * 1024

_METADATA_KEY = "qwen_tts.voice"
_TORCH_DTYPES = {"F32": torch.float32, "I64": torch.int64}
_LARGEST = torch.finfo(torch.float16).max
_SUMMARY_HEAD = f"""\
# A cloned voice, for people to read. The voice itself is {TENSORS_FILE}, and what stands here must agree with it.
"""

Kind = Literal["transcribed", "speaker_embedding"]


class _Card(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A voice without its tensors."""

    format: int
    kind: Kind
    transcript: Annotated[str, msgspec.Meta(max_length=MAX_TRANSCRIPT_CHARS)]
    source_sha256: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
    duration_s: Annotated[float, msgspec.Meta(gt=0, le=3600)]


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

    @property
    def kind(self) -> Kind:
        return "speaker_embedding" if self.codes is None else "transcribed"

    def to_bytes(self) -> bytes:
        """For api.VoicePrompt; the same voice gives the same bytes."""
        tensors = {"speaker_embedding": self.speaker_embedding.contiguous()}
        if self.codes is not None:
            tensors["codes"] = self.codes.contiguous()
        return save(tensors, metadata={_METADATA_KEY: msgspec.json.encode(self._card()).decode()})

    @classmethod
    def from_bytes(cls, data: bytes, *, hidden_size: int, codebooks: int, codebook_size: int) -> Self:
        """Of `to_bytes`, whoever kept them. Raises InvalidRequest unless a model of this geometry can use it."""
        tensors = _read_tensors(data)
        card = _read_card(data)
        names = {"speaker_embedding"} if card.kind == "speaker_embedding" else {"speaker_embedding", "codes"}
        if tensors.keys() != names:
            raise _bad(f"has the tensors {_listed(tensors)} instead of {_listed(names)}")
        if bool(card.transcript.strip() if "codes" in names else card.transcript) != ("codes" in names):
            raise _bad("has codes without a transcript, or a transcript without codes")
        embedding, codes = tensors["speaker_embedding"], tensors.get("codes")
        _check_embedding(embedding, hidden_size)
        if codes is not None:
            _check_codes(codes, codebooks, codebook_size)
        return cls(
            speaker_embedding=embedding, codes=codes, transcript=card.transcript,
            source_sha256=card.source_sha256, duration_s=card.duration_s,
        )  # fmt: skip

    def save(self, directory: Path, *, created_by: str) -> None:
        """Both files, each of them whole or not at all. Raises OSError."""
        summary = _SUMMARY_HEAD + "".join(
            f"{key} = {_toml(value)}\n" for key, value in {**self._summary(), "created_by": created_by}.items()
        )
        directory.mkdir(parents=True, exist_ok=True)
        # The summary comes last: a voice without one was not finished.
        _replace({directory / TENSORS_FILE: self.to_bytes(), directory / SUMMARY_FILE: summary.encode()})

    @classmethod
    def load(cls, directory: Path, *, hidden_size: int, codebooks: int, codebook_size: int) -> Self:
        """Of `save`. Raises InvalidRequest as `from_bytes` does, and if a file is missing or the two disagree."""
        data = _read(directory / TENSORS_FILE, MAX_BYTES)
        voice = cls.from_bytes(data, hidden_size=hidden_size, codebooks=codebooks, codebook_size=codebook_size)
        written = _read_summary(directory / SUMMARY_FILE)
        differing = [key for key, value in voice._summary().items() if written.get(key) != value]
        if differing:
            raise _bad(f"in {directory} contradicts its {SUMMARY_FILE} in {', '.join(differing)}")
        return voice

    def _card(self) -> _Card:
        return _Card(
            format=FORMAT, kind=self.kind, transcript=self.transcript,
            source_sha256=self.source_sha256, duration_s=self.duration_s,
        )  # fmt: skip

    def _summary(self) -> dict[str, Any]:
        frames = 0 if self.codes is None else len(self.codes)
        return {**msgspec.to_builtins(self._card()), "frames": frames}


def check_transcript(transcript: str) -> None:
    """Raises InvalidRequest if no reference audio can have these words."""
    check_characters(transcript, "transcript")
    if not transcript.strip():
        raise InvalidRequest(
            "the transcript is empty; leave it out to use the speaker embedding only", param="transcript"
        )
    if len(transcript) > MAX_TRANSCRIPT_CHARS:
        raise InvalidRequest(
            f"the transcript has {len(transcript)} characters, and at most {MAX_TRANSCRIPT_CHARS} can be in a "
            "reference audio; give the words that are spoken in it, and no others",
            param="transcript",
        )


def _read_tensors(data: bytes) -> dict[str, Tensor]:
    if len(data) > MAX_BYTES:
        raise _bad(f"has {len(data)} bytes, more than a voice can have ({MAX_BYTES})")
    try:
        found = dict(safetensors.deserialize(data))
    except safetensors.SafetensorError as error:
        raise _bad(f"is not a safetensors file, and nothing else is read ({error})") from error
    return {name: _tensor(name, view) for name, view in found.items()}


def _tensor(name: str, view: dict[str, Any]) -> Tensor:
    dtype = _TORCH_DTYPES.get(view["dtype"])
    if dtype is None or 0 in view["shape"]:
        raise _bad(f"has the tensor {name[:32]!r} of {view['dtype']} {view['shape']}, which no voice has")
    return torch.frombuffer(view["data"], dtype=dtype).reshape(view["shape"])


def _read_card(data: bytes) -> _Card:
    """From the header of a file that safetensors accepted: its length in 8 bytes, then JSON."""
    (length,) = struct.unpack_from("<Q", data)
    metadata = json.loads(data[8 : 8 + length]).get("__metadata__") or {}
    try:
        card = msgspec.json.decode(metadata.get(_METADATA_KEY, ""))
    except (msgspec.DecodeError, RecursionError) as error:  # no JSON, or brackets without end
        raise _bad("does not say what it is: it was not made by this engine") from error
    if isinstance(card, dict) and card.get("format") != FORMAT:
        raise _bad(f"has format {card.get('format')!r}, and this version reads {FORMAT}; update it")
    try:
        return msgspec.convert(card, _Card)
    except msgspec.ValidationError as error:
        raise _bad(f"describes itself wrongly ({error})") from error


def _check_embedding(embedding: Tensor, hidden_size: int) -> None:
    if embedding.dtype != torch.float32 or embedding.ndim != 1:
        raise _bad(f"has a speaker embedding of {embedding.dtype} {list(embedding.shape)} instead of float32 [hidden]")
    if len(embedding) != hidden_size:
        raise _bad(f"has a speaker embedding of {len(embedding)} numbers, and this model takes {hidden_size}")
    if not bool((embedding.abs() <= _LARGEST).all()):
        raise _bad("has a speaker embedding that is not finite or far out of range")


def _check_codes(codes: Tensor, codebooks: int, codebook_size: int) -> None:
    if codes.dtype != torch.int64 or codes.ndim != 2:
        raise _bad(f"has codes of {codes.dtype} {list(codes.shape)} instead of int64 [frames, codebooks]")
    if codes.shape[1] != codebooks:
        raise _bad(f"has {codes.shape[1]} codebooks, and this model takes {codebooks}")
    low, high = int(codes.min()), int(codes.max())
    if low < 0 or high >= codebook_size:
        raise _bad(f"has codes within {low}..{high}, and this model's are within 0..{codebook_size - 1}")


def _read_summary(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_read(path, MAX_SUMMARY_BYTES).decode())
    except (ValueError, RecursionError) as error:  # neither text nor TOML, or brackets without end
        raise _bad(f"has a broken {path}") from error


def _read(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise _bad(f"is not whole: {path} cannot be read, {error.strerror}") from error
    if len(data) > limit:
        raise _bad(f"cannot be right: {path} is larger than {limit} bytes")
    return data


def _replace(files: dict[Path, bytes]) -> None:
    """Everything is on disk before the first file takes its place."""
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


def _toml(value: str | float) -> str:
    """A JSON string or number is one of TOML, but for the character that only TOML wants escaped."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _listed(names: Any) -> str:
    return ", ".join(sorted(name[:32] for name in names)) or "none"


def _bad(problem: str) -> InvalidRequest:
    return InvalidRequest(f"the voice prompt {problem}; clone the voice again from its reference audio", param="voice")
