"""Compressed formats, by FFmpeg through PyAV."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import av
import numpy as np
from av.audio.stream import AudioStream


@dataclass(frozen=True, slots=True)
class _Recipe:
    """Names for FFmpeg, and options that let the first bytes out early."""

    container: str
    codec: str
    bit_rate: int = 0
    container_options: Mapping[str, str] = field(default_factory=dict)
    codec_options: Mapping[str, str] = field(default_factory=dict)


_RECIPES: Mapping[str, _Recipe] = {
    # No Xing frame and no ID3 tag: both want to go back to the beginning at the end.
    "mp3": _Recipe("mp3", "libmp3lame", 64_000, {"write_xing": "0", "id3v2_version": "0"}),
    # Pages of 100 ms instead of a second.
    "opus": _Recipe("ogg", "libopus", 48_000, {"page_duration": "100000"}),
    "aac": _Recipe("adts", "aac", 64_000),
    # Level 2 has blocks of 27 ms, level 5 of 105 ms.
    "flac": _Recipe("flac", "flac", codec_options={"compression_level": "2"}),
}


class _Sink:
    """The file that a container is written to. It cannot seek, so FFmpeg writes what a stream needs."""

    def __init__(self) -> None:
        self._written = bytearray()

    def write(self, data: bytes) -> int:
        self._written += data
        return len(data)

    def take(self) -> bytes:
        taken = bytes(self._written)
        self._written.clear()
        return taken


class CompressedEncoder:
    """One stream in a compressed format; see formats.AUDIO_FORMATS."""

    def __init__(self, name: str, sample_rate: int, bit_rate: int | None = None) -> None:
        """`bit_rate`: in place of the format's own."""
        recipe = _RECIPES[name]
        self._sample_rate = sample_rate
        self._samples = 0
        self._sink = _Sink()
        self._container = av.open(
            self._sink, "w", format=recipe.container,
            container_options={"flush_packets": "1", **recipe.container_options},
        )  # fmt: skip
        stream = self._container.add_stream(
            recipe.codec, rate=sample_rate, layout="mono", options=dict(recipe.codec_options)
        )
        assert isinstance(stream, AudioStream)
        self._stream = stream
        if bits := bit_rate or recipe.bit_rate:
            self._stream.bit_rate = bits

    def encode(self, pcm: bytes) -> bytes:
        if pcm:
            frame = audio_frame(pcm, self._sample_rate, self._samples)
            self._samples += frame.samples
            self._container.mux(self._stream.encode(frame))
        return self._sink.take()

    def finish(self) -> bytes:
        self._container.mux(self._stream.encode(None))
        self._container.close()
        return self._sink.take()


def audio_frame(pcm: bytes, sample_rate: int, first_sample: int) -> av.AudioFrame:
    """PCM as FFmpeg takes it."""
    samples = np.frombuffer(pcm, "<i2").reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
    frame.sample_rate = sample_rate
    frame.pts = first_sample
    return frame
