"""Speed, level and loudness of a stream of sound, by FFmpeg's filters through PyAV."""

import math
from collections.abc import Iterator, Sequence

import av
from av.filter import Graph

from qwen3tts_daemon.audio.ffmpeg import audio_frame
from qwen3tts_daemon.limits import GAIN_DB, SPEED
from qwen_tts.api import PCM_BYTES

_BLOCK_MS = 20
_PEAK_DB = -1.5
"""Where louder sound is held; up to half a decibel is added by the way back from four times the sample rate."""
_OVERSAMPLING = 4
"""Between the samples a wave is higher than at them (ITU-R BS.1770-5, annex 2)."""

_Step = tuple[str, str]
"""A filter's name and options"""


class SoundFilter:
    """Plays one stream faster or slower (limits.SPEED) at the same pitch, louder or softer (limits.GAIN_DB).

    Exactly `round(samples in / speed)` samples come out, so a place in the one is known in the other. What becomes
    louder stays below a peak of -1 dB: it is limited, not cut.
    """

    def __init__(self, sample_rate: int, *, speed: float = 1.0, gain_db: float = 0.0) -> None:
        assert speed in SPEED, speed
        assert gain_db in GAIN_DB, gain_db
        self._sample_rate = sample_rate
        self._speed = speed
        self._block_bytes = sample_rate * _BLOCK_MS // 1000 * PCM_BYTES
        self._held = b""
        self._samples_in = 0
        self._samples_out = 0
        steps = [*_tempo(speed), *_level(gain_db, sample_rate)]
        self._graph = _graph(sample_rate, steps) if steps else None

    def position(self, sample: int) -> int:
        """Where sample `sample` of the input is in the output."""
        return round(sample / self._speed)

    def process(self, pcm: bytes) -> bytes:
        """What is ready so far; some 60 ms are held back at another speed, 20 ms at another level."""
        if self._graph is None:
            return pcm
        pcm = self._held + pcm
        whole = len(pcm) - len(pcm) % self._block_bytes
        self._held = pcm[whole:]
        blocks = range(0, whole, self._block_bytes)
        return b"".join([self._changed(pcm[start : start + self._block_bytes]) for start in blocks])

    def flush(self) -> bytes:
        """What the filters still hold; nothing may follow."""
        if self._graph is None:
            return b""
        rest = self._changed(self._held) if self._held else b""
        self._graph.push(None)
        rest += self._ready(self._graph)
        missing = self.position(self._samples_in) - self._samples_out
        return rest + bytes(max(0, missing) * PCM_BYTES)

    def _changed(self, block: bytes) -> bytes:
        # Blocks of one size, because what the filters make depends a little on how they are fed.
        assert self._graph is not None
        frame = audio_frame(block, self._sample_rate, self._samples_in)
        self._samples_in += frame.samples
        self._graph.push(frame)
        return self._ready(self._graph)

    def _ready(self, graph: Graph) -> bytes:
        """At most what the input so far is worth: a filter's last window may go beyond it."""
        pcm = b"".join(frame.to_ndarray().tobytes() for frame in _pull(graph))
        room = self.position(self._samples_in) - self._samples_out
        pcm = pcm[: max(0, room) * PCM_BYTES]
        self._samples_out += len(pcm) // PCM_BYTES
        return pcm


class LoudnessMeter:
    """The loudness of one stream, in LUFS, as EBU R128 has it: silence and faint sound do not count."""

    def __init__(self, sample_rate: int) -> None:
        self._sample_rate = sample_rate
        self._samples = 0
        self._lufs = -math.inf
        # It wants sound in float64; what it hands on is of no interest.
        self._graph = _graph(sample_rate, [("ebur128", "metadata=1:framelog=quiet")], ends_in_pcm=False)

    @property
    def duration_s(self) -> float:
        return self._samples / self._sample_rate

    def add(self, pcm: bytes) -> None:
        if pcm:
            frame = audio_frame(pcm, self._sample_rate, self._samples)
            self._samples += frame.samples
            self._graph.push(frame)
            self._look()

    def finish(self) -> float:
        """The loudness; -70 or less of silence. Nothing may follow."""
        self._graph.push(None)
        self._look()
        return self._lufs

    def _look(self) -> None:
        for frame in _pull(self._graph):
            # Told every 100 ms; what is left at the end is shorter.
            self._lufs = float(frame.metadata.get("lavfi.r128.I", self._lufs))


def _tempo(speed: float) -> list[_Step]:
    """Two equal filters: beyond 2 a single one skips samples, below 0.5 there is none."""
    return [] if speed == 1 else [("atempo", f"{math.sqrt(speed):.9f}")] * 2


def _level(gain_db: float, sample_rate: int) -> list[_Step]:
    if gain_db == 0:
        return []
    volume = ("volume", f"{gain_db:.3f}dB:precision=double")
    if gain_db < 0:
        return [volume]
    limiter = ("alimiter", f"limit={10 ** (_PEAK_DB / 20):.6f}:attack=5:release=50:level=false:latency=true")
    up, down = (("aresample", f"{rate}") for rate in (_OVERSAMPLING * sample_rate, sample_rate))
    return [volume, up, limiter, down]


def _graph(sample_rate: int, steps: Sequence[_Step], *, ends_in_pcm: bool = True) -> Graph:
    graph = Graph()
    filters = [graph.add_abuffer(format="s16", sample_rate=sample_rate, layout="mono")]
    filters += [graph.add(name, options) for name, options in steps]
    if ends_in_pcm:
        filters.append(graph.add("aformat", "sample_fmts=s16"))
    graph.link_nodes(*filters, graph.add("abuffersink")).configure()
    return graph


def _pull(graph: Graph) -> Iterator[av.AudioFrame]:
    while True:
        try:
            frame = graph.pull()
        except (av.BlockingIOError, av.EOFError):
            return
        assert isinstance(frame, av.AudioFrame)
        yield frame
