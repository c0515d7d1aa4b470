"""The formats of a response body: one table, and an encoder for each that gives bytes as soon as sound comes."""

import io
import struct
import wave
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from qwen3tts_daemon.audio.pcm import Law, Resampler, encode_g711
from qwen_tts.api import PCM_BYTES, Audio
from qwen_tts.audio.bounds import SAMPLE_RATES
from qwen_tts.errors import UnsupportedFormat

UNKNOWN_LENGTH = 0xFFFF_FFFF
"""What a WAV header says of a stream whose end is not known; players then read until the connection ends."""


ENCODE_MS = 500
"""Sound that is encoded at one go, so that others get their turn."""


class _Codec(Protocol):
    """PCM in, one format's bytes out."""

    def encode(self, pcm: bytes) -> bytes:
        """What is ready so far; may be empty."""

    def finish(self) -> bytes:
        """The rest; nothing may follow."""


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
        if file.getframerate() not in SAMPLE_RATES:
            raise wave.Error(f"a sample rate of {file.getframerate()} Hz")
        pcm = file.readframes(file.getnframes())
    return Audio(pcm=pcm[: len(pcm) // PCM_BYTES * PCM_BYTES], sample_rate=file.getframerate())


class _Pcm:
    def encode(self, pcm: bytes) -> bytes:
        return pcm

    def finish(self) -> bytes:
        return b""


class _Wav:
    def __init__(self, sample_rate: int) -> None:
        self._header = wav_header(sample_rate)

    def encode(self, pcm: bytes) -> bytes:
        header, self._header = self._header, b""
        return header + pcm

    def finish(self) -> bytes:
        return self._header


class _Telephone:
    """G.711: one byte a sample, nothing before it."""

    def __init__(self, law: Law) -> None:
        self._law = law

    def encode(self, pcm: bytes) -> bytes:
        return encode_g711(pcm, self._law)

    def finish(self) -> bytes:
        return b""


def _compressed(name: str) -> Callable[[int, int | None], _Codec]:
    def open_codec(sample_rate: int, bit_rate: int | None) -> _Codec:
        from qwen3tts_daemon.audio.ffmpeg import CompressedEncoder  # only who asks for it pays for FFmpeg

        return CompressedEncoder(name, sample_rate, bit_rate)

    return open_codec


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """What a body of sound can be. Whoever adds one adds it to AUDIO_FORMATS, and its encoder."""

    media_type: str
    """With {rate} where the sample rate belongs."""
    open_codec: Callable[[int, int | None], _Codec]
    """By the sample rate, and by the bit rate where the codec has one: None is its own."""
    is_file: bool = True
    """It says itself what is in it, so a player can open it."""

    @property
    def bare_media_type(self) -> str:
        """Without parameters."""
        return self.media_type.partition(";")[0]


DEFAULT_FORMAT = "mp3"
"""What a body of sound is if nobody says; OpenAI's clients expect it."""

AUDIO_FORMATS: Mapping[str, AudioFormat] = {
    "mp3": AudioFormat("audio/mpeg", _compressed("mp3")),
    "opus": AudioFormat("audio/ogg;codecs=opus", _compressed("opus")),
    "aac": AudioFormat("audio/aac", _compressed("aac")),
    "flac": AudioFormat("audio/flac", _compressed("flac")),
    "wav": AudioFormat("audio/wav", lambda sample_rate, bit_rate: _Wav(sample_rate)),
    "pcm": AudioFormat("audio/pcm;rate={rate}", lambda sample_rate, bit_rate: _Pcm(), is_file=False),
}
FILE_FORMATS = tuple(name for name, format in AUDIO_FORMATS.items() if format.is_file)


@dataclass(frozen=True, slots=True)
class Encoder:
    """One stream of sound in one format."""

    media_type: str
    encode: Callable[[bytes], bytes]
    """PCM in; what is ready so far, which may be nothing."""
    finish: Callable[[], bytes]
    """The rest; nothing may follow."""


def open_encoder(
    name: str, sample_rate: int, source_rate: int | None = None, *, bit_rate: int | None = None
) -> Encoder:
    """An encoder for one stream, which comes at `source_rate` if that is another one. Raises UnsupportedFormat."""
    if (format := AUDIO_FORMATS.get(name)) is None:
        known = ", ".join(AUDIO_FORMATS)
        raise UnsupportedFormat(f"no format {name[:32]!r}; there are {known}", param="response_format")
    codec = format.open_codec(sample_rate, bit_rate)
    return _resampled(codec, format.media_type.format(rate=sample_rate), sample_rate, source_rate)


def open_telephone_encoder(law: Law, sample_rate: int, source_rate: int) -> Encoder:
    """As `open_encoder`, for G.711."""
    media_type = f"audio/{'PCMU' if law == 'mulaw' else 'PCMA'};rate={sample_rate}"
    return _resampled(_Telephone(law), media_type, sample_rate, source_rate)


def _resampled(codec: _Codec, media_type: str, sample_rate: int, source_rate: int | None) -> Encoder:
    if source_rate in (None, sample_rate):
        return Encoder(media_type, codec.encode, codec.finish)
    resampler = Resampler(source_rate, sample_rate)
    return Encoder(
        media_type,
        lambda pcm: codec.encode(resampler.process(pcm)),
        lambda: codec.encode(resampler.flush()) + codec.finish(),
    )
