"""The formats of a response body, each an Encoder that gives bytes as soon as sound comes."""

import io
import struct
import wave
from typing import Literal, Protocol, get_args

from qwen3tts_daemon.limits import STORED_SAMPLE_RATES
from qwen_tts.api import PCM_BYTES, Audio
from qwen_tts.errors import UnsupportedFormat

Format = Literal["mp3", "opus", "aac", "flac", "wav", "pcm"]
FORMATS: tuple[Format, ...] = get_args(Format)

UNKNOWN_LENGTH = 0xFFFF_FFFF
"""What a WAV header says of a stream whose end is not known; players then read until the connection ends."""


ENCODE_MS = 500
"""Sound that is encoded at one go, so that others get their turn."""


class Encoder(Protocol):
    """PCM in, one format's bytes out."""

    @property
    def media_type(self) -> str: ...

    def encode(self, pcm: bytes) -> bytes:
        """What is ready so far; may be empty."""

    def finish(self) -> bytes:
        """The rest; nothing may follow."""


def open_encoder(name: str, sample_rate: int) -> Encoder:
    """An encoder for one stream. Raises UnsupportedFormat."""
    match name:
        case "wav":
            return _Wav(sample_rate)
        case "pcm":
            return _Pcm(sample_rate)
        case "mp3" | "opus" | "aac" | "flac":
            from qwen3tts_daemon.audio.ffmpeg import CompressedEncoder  # only who asks for it pays for FFmpeg

            return CompressedEncoder(name, sample_rate)
    known = ", ".join(FORMATS)
    raise UnsupportedFormat(f"no format {name[:32]!r}; there are {known}", param="response_format")


def wav_header(sample_rate: int, pcm_bytes: int | None = None) -> bytes:
    """The 44 bytes before mono PCM; without a length, those of a stream."""
    riff_bytes, data_bytes = UNKNOWN_LENGTH, UNKNOWN_LENGTH
    if pcm_bytes is not None:
        riff_bytes, data_bytes = pcm_bytes + 36, pcm_bytes
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", riff_bytes, b"WAVE", b"fmt ", 16, 1, 1, sample_rate,
        sample_rate * PCM_BYTES, PCM_BYTES, 8 * PCM_BYTES, b"data", data_bytes,
    )  # fmt: skip


def to_wav(audio: Audio) -> bytes:
    """A whole file."""
    return wav_header(audio.sample_rate, len(audio.pcm)) + audio.pcm


def from_wav(data: bytes) -> Audio:
    """Of `to_wav`. Raises wave.Error, EOFError."""
    with wave.open(io.BytesIO(data), "rb") as file:
        if (file.getnchannels(), file.getsampwidth()) != (1, 2):
            raise wave.Error("not mono with 16 bits")
        if file.getframerate() not in STORED_SAMPLE_RATES:
            raise wave.Error(f"a sample rate of {file.getframerate()} Hz")
        pcm = file.readframes(file.getnframes())
    return Audio(pcm=pcm[: len(pcm) // PCM_BYTES * PCM_BYTES], sample_rate=file.getframerate())


class _Pcm:
    def __init__(self, sample_rate: int) -> None:
        self.media_type = f"audio/pcm;rate={sample_rate}"

    def encode(self, pcm: bytes) -> bytes:
        return pcm

    def finish(self) -> bytes:
        return b""


class _Wav:
    media_type = "audio/wav"

    def __init__(self, sample_rate: int) -> None:
        self._header = wav_header(sample_rate)

    def encode(self, pcm: bytes) -> bytes:
        header, self._header = self._header, b""
        return header + pcm

    def finish(self) -> bytes:
        return self._header
