"""hibari, the fast English voice: phonemes of one sentence -> samples at 24 kHz."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime  # type: ignore[import-untyped]
from hibari import Hibari  # type: ignore[import-untyped]

from qwen3tts_daemon.embedded.cancellation import Cancellation
from qwen3tts_daemon.embedded.shaping import Samples

MAX_PHONEMES = 400
"""Phonemes of one inference, the length hibari itself splits at."""

_DURATIONS = "/Clip_output_0"
"""In the network: for how many frames each token is said"""
_SAMPLES_PER_DURATION = 600


class HibariVoice:
    """The loaded network; `synthesize` is called from one thread at a time."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._hibari = Hibari(threads=threads)
        self._durations: onnxruntime.InferenceSession | None = None

    def synthesize(
        self, phonemes: str, seed: int, cancellation: Cancellation,
        *, on_ends: Callable[[Sequence[int]], None] | None = None,
    ) -> Samples:  # fmt: skip
        """Samples [n] of at most MAX_PHONEMES phonemes; same seed, same noise. Raises Cancelled.

        `on_ends`: told where what stands before the phonemes ends, then each of them, then what stands behind.
        """
        cancellation.check()
        if on_ends is not None:
            on_ends(self._ends(phonemes))
            cancellation.check()
        samples = self._hibari.from_phonemes(phonemes, seed=seed)
        cancellation.check()
        return np.asarray(samples, np.float32)

    def _ends(self, phonemes: str) -> Sequence[int]:
        feeds = {"ids": np.array([self._hibari.ids(phonemes)], np.int64), "speed": np.ones(1, np.float32)}
        if self._durations is None:
            self._durations = _durations_of(self._hibari.model_path, self._threads)
        (durations,) = self._durations.run([_DURATIONS], feeds)
        return [round(end) * _SAMPLES_PER_DURATION for end in np.cumsum(durations)]


def _durations_of(path: str, threads: int) -> onnxruntime.InferenceSession:
    """The part of the network that decides on them: loaded when somebody asks."""
    network = onnx.load_model_from_string(Path(path).read_bytes())
    extractor = onnx.utils.Extractor(network)
    part = extractor.extract_model(["ids", "speed"], [_DURATIONS])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = threads
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(part.SerializeToString(), options, providers=["CPUExecutionProvider"])
