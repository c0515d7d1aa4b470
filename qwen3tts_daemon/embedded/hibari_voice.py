"""hibari, the fast English voice: text of one sentence -> samples at 24 kHz."""

import numpy as np
from hibari import Hibari  # type: ignore[import-untyped]

from qwen3tts_daemon.embedded.cancellation import Cancellation
from qwen3tts_daemon.embedded.shaping import Samples

MAX_PHONEMES = 400
"""Phonemes of one inference, the length hibari itself splits at."""


class HibariVoice:
    """The loaded network; `synthesize` is called from one thread at a time."""

    def __init__(self, threads: int) -> None:
        self._hibari = Hibari(threads=threads)

    def synthesize(self, phonemes: str, seed: int, cancellation: Cancellation) -> Samples:
        """Samples [n] of at most MAX_PHONEMES phonemes; same seed, same noise. Raises Cancelled."""
        cancellation.check()
        samples = self._hibari.from_phonemes(phonemes, seed=seed)
        cancellation.check()
        return np.asarray(samples, np.float32)
