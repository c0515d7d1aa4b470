"""What FFmpeg does for us, through PyAV: compressed formats and speed."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import av
import numpy as np
from av.audio.stream import AudioStream
from av.filter import Graph

from qwen_tts.api import PCM_BYTES
from qwen3tts_daemon.limits import SPEED


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

    def __init__(self, name: str, sample_rate: int) -> None:
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
        if recipe.bit_rate:
            self._stream.bit_rate = recipe.bit_rate

    def encode(self, pcm: bytes) -> bytes:
        if pcm:
            frame = _frame(pcm, self._sample_rate, self._samples)
            self._samples += frame.samples
            self._container.mux(self._stream.encode(frame))
        return self._sink.take()

    def finish(self) -> bytes:
        self._container.mux(self._stream.encode(None))
        self._container.close()
        return self._sink.take()


_BLOCK_MS = 20


class SpeedChanger:
    """Plays one stream faster or slower (limits.SPEED) at the same pitch.

    Exactly `round(samples in / speed)` samples come out, so a place in the one is known in the other.
    """

    def __init__(self, sample_rate: int, speed: float) -> None:
        assert speed in SPEED, speed
        self._sample_rate = sample_rate
        self._speed = speed
        self._block_bytes = sample_rate * _BLOCK_MS // 1000 * PCM_BYTES
        self._held = b""
        self._samples_in = 0
        self._samples_out = 0
        self._graph = None if speed == 1 else _tempo_graph(sample_rate, speed)

    def position(self, sample: int) -> int:
        """Where sample `sample` of the input is in the output."""
        return round(sample / self._speed)

    def process(self, pcm: bytes) -> bytes:
        """What is ready so far; some 60 ms are held back."""
        if self._graph is None:
            return pcm
        pcm = self._held + pcm
        whole = len(pcm) - len(pcm) % self._block_bytes
        self._held = pcm[whole:]
        blocks = range(0, whole, self._block_bytes)
        return b"".join([self._changed(pcm[start : start + self._block_bytes]) for start in blocks])

    def flush(self) -> bytes:
        """What the filter still holds; nothing may follow."""
        if self._graph is None:
            return b""
        rest = self._changed(self._held) if self._held else b""
        self._graph.push(None)
        rest += self._counted(b"".join(_pull(self._graph)))
        missing = self.position(self._samples_in) - self._samples_out
        return rest + bytes(max(0, missing) * PCM_BYTES)

    def _changed(self, block: bytes) -> bytes:
        # Blocks of one size, because what the filter makes depends a little on how it is fed.
        assert self._graph is not None
        frame = _frame(block, self._sample_rate, self._samples_in)
        self._samples_in += frame.samples
        self._graph.push(frame)
        return self._counted(b"".join(_pull(self._graph)))

    def _counted(self, pcm: bytes) -> bytes:
        """At most what the input so far is worth: the filter's last window may go beyond it."""
        room = self.position(self._samples_in) - self._samples_out
        pcm = pcm[: max(0, room) * PCM_BYTES]
        self._samples_out += len(pcm) // PCM_BYTES
        return pcm


def _tempo_graph(sample_rate: int, speed: float) -> Graph:
    """Two equal filters: beyond 2 a single one skips samples, below 0.5 there is none."""
    graph = Graph()
    source = graph.add_abuffer(format="s16", sample_rate=sample_rate, layout="mono")
    tempos = [graph.add("atempo", f"{math.sqrt(speed):.9f}") for _ in range(2)]
    graph.link_nodes(source, *tempos, graph.add("abuffersink")).configure()
    return graph


def _pull(graph: Graph) -> Iterator[bytes]:
    while True:
        try:
            frame = graph.pull()
        except (av.BlockingIOError, av.EOFError):
            return
        yield frame.to_ndarray().tobytes()


def _frame(pcm: bytes, sample_rate: int, first_sample: int) -> av.AudioFrame:
    samples = np.frombuffer(pcm, "<i2").reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
    frame.sample_rate = sample_rate
    frame.pts = first_sample
    return frame
