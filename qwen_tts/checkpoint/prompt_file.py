"""The bytes of a voice prompt, read strictly and without PyTorch: whoever keeps one can tell whether it is one.

They are one safetensors file: the tensors, and under one key of its metadata a JSON object with the rest. Where no
engine is installed there is no safetensors library either, so what a voice needs of that format is read here; what is
taken here that library takes too.
"""

import math
import re
from array import array
from collections.abc import Iterable
from typing import Annotated, Any, Literal, NamedTuple

import msgspec

from qwen_tts.errors import InvalidRequest
from qwen_tts.json_decoding import decode_json
from qwen_tts.limits import MAX_TRANSCRIPT_CHARS, MAX_VOICE_PROMPT_BYTES

FORMAT = 1
METADATA_KEY = "qwen_tts.voice"
MAX_CODEBOOK_SIZE = 2_048
"""Of every codec that is released; a checkpoint's own is checked where it is known."""

_TYPES = {"F32": "f", "I64": "q"}
_LARGEST = 65_504.0
"""Of float16"""

_FAMILY = re.compile(r"(\d{1,6})x(\d{1,6})")

PromptKind = Literal["transcribed", "speaker_embedding"]


def prompt_family(hidden_size: int, codebooks: int) -> str:
    """The checkpoints of one family can use each other's prompts; see Capabilities.voice_prompts."""
    return f"{hidden_size}x{codebooks}"


class Card(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A voice without its tensors."""

    format: int
    kind: PromptKind
    transcript: Annotated[str, msgspec.Meta(max_length=MAX_TRANSCRIPT_CHARS)]
    source_sha256: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
    duration_s: Annotated[float, msgspec.Meta(gt=0, le=3600)]


class PromptContent(NamedTuple):
    """A voice as its file says it."""

    card: Card
    speaker_embedding: "array[float]"
    """float32"""
    codes: "array[int] | None"
    """int64, frame by frame"""
    codebooks: int
    """0 if there are no codes"""

    @property
    def family(self) -> str:
        """The checkpoints that it was made by, as far as it can tell."""
        return prompt_family(len(self.speaker_embedding), self.codebooks)

    def suits(self, family: str) -> bool:
        """Whether checkpoints of this family can use it. What is no family of Qwen3-TTS is not judged."""
        if (found := _FAMILY.fullmatch(family)) is None:
            return True
        return len(self.speaker_embedding) == int(found[1]) and self.codebooks in (int(found[2]), 0)


class _Tensor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    dtype: str
    shape: list[Annotated[int, msgspec.Meta(ge=0)]]
    data_offsets: tuple[int, int]

    def __str__(self) -> str:
        return f"{self.dtype[:8]} {self.shape[:4]}"


def read_prompt(data: bytes, codebook_size: int = MAX_CODEBOOK_SIZE) -> PromptContent:
    """Raises InvalidRequest, which says what is wrong."""
    if len(data) > MAX_VOICE_PROMPT_BYTES:
        raise bad(f"has {len(data)} bytes, more than a voice can have ({MAX_VOICE_PROMPT_BYTES})")
    metadata, tensors, body = _read_file(data)
    values = {name: _values(name, tensor, body) for name, tensor in tensors.items()}
    card = _read_card(metadata)
    _check_names(card, tensors)
    embedding, codes = values["speaker_embedding"], values.get("codes")
    _check_embedding(embedding, tensors["speaker_embedding"])
    if codes is None:
        return PromptContent(card, embedding, None, 0)
    _check_codes(codes, tensors["codes"], codebook_size)
    return PromptContent(card, embedding, codes, tensors["codes"].shape[1])


def bad(problem: str) -> InvalidRequest:
    """What is to be raised for a voice prompt that has a problem."""
    return InvalidRequest(f"the voice prompt {problem}; clone the voice again from its reference audio", param="voice")


def _read_file(data: bytes) -> tuple[dict[str, str], dict[str, _Tensor], bytes]:
    """Metadata, tensors, and the bytes of these: the header's length stands in the first 8 bytes."""
    length = int.from_bytes(data[:8], "little")
    if length > len(data) - 8 or data[8:9] != b"{":
        raise _no_safetensors("it has no header")
    body = data[8 + length :]
    try:
        header = decode_json(data[8 : 8 + length], dict[str, Any])
        metadata = msgspec.convert(header.pop("__metadata__", None), dict[str, str] | None) or {}
        tensors = msgspec.convert(header, dict[str, _Tensor])
    except msgspec.DecodeError as error:
        raise _no_safetensors(str(error)) from error
    _check_offsets(tensors, len(body))
    return metadata, tensors, body


def _no_safetensors(reason: str) -> InvalidRequest:
    return bad(f"is not a safetensors file, and nothing else is read ({reason})")


def _check_offsets(tensors: dict[str, _Tensor], size: int) -> None:
    """The tensors follow each other without a gap, and nothing comes after them."""
    end = 0
    for start, next_end in sorted(tensor.data_offsets for tensor in tensors.values()):
        if start != end or next_end < start:
            raise _no_safetensors("its tensors do not follow each other")
        end = next_end
    if end != size:
        raise _no_safetensors(f"it has {size} bytes of tensors, and {end} by its header")


def _values(name: str, tensor: _Tensor, body: bytes) -> "array[Any]":
    if tensor.dtype not in _TYPES or 0 in tensor.shape:
        raise bad(f"has the tensor {name[:32]!r} of {tensor}, which no voice has")
    values: array[Any] = array(_TYPES[tensor.dtype])
    start, end = tensor.data_offsets
    if end - start != math.prod(tensor.shape) * values.itemsize:
        raise _no_safetensors(f"{end - start} bytes cannot be {tensor}")
    values.frombytes(body[start:end])
    return values


def _read_card(metadata: dict[str, str]) -> Card:
    try:
        card = decode_json(metadata.get(METADATA_KEY, ""))
    except msgspec.DecodeError as error:
        raise bad("does not say what it is: it was not made by this engine") from error
    if isinstance(card, dict) and card.get("format") != FORMAT:
        raise bad(f"has format {card.get('format')!r}, and this version reads {FORMAT}; update it")
    try:
        return msgspec.convert(card, Card)
    except msgspec.ValidationError as error:
        raise bad(f"describes itself wrongly ({error})") from error


def _check_names(card: Card, tensors: dict[str, _Tensor]) -> None:
    names = {"speaker_embedding"} if card.kind == "speaker_embedding" else {"speaker_embedding", "codes"}
    if tensors.keys() != names:
        raise bad(f"has the tensors {_listed(tensors)} instead of {_listed(names)}")
    if bool(card.transcript.strip() if "codes" in names else card.transcript) != ("codes" in names):
        raise bad("has codes without a transcript, or a transcript without codes")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(name[:32] for name in names)) or "none"


def _check_embedding(values: "array[float]", tensor: _Tensor) -> None:
    if tensor.dtype != "F32" or len(tensor.shape) != 1:
        raise bad(f"has a speaker embedding of {tensor} instead of F32 [hidden]")
    if not all(abs(value) <= _LARGEST for value in values):
        raise bad("has a speaker embedding that is not finite or far out of range")


def _check_codes(values: "array[int]", tensor: _Tensor, codebook_size: int) -> None:
    if tensor.dtype != "I64" or len(tensor.shape) != 2:
        raise bad(f"has codes of {tensor} instead of I64 [frames, codebooks]")
    low, high = min(values), max(values)
    if low < 0 or high >= codebook_size:
        raise bad(f"has codes within {low}..{high}, and a model's are within 0..{codebook_size - 1}")
