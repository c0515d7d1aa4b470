"""Samples -> chunks of whole frames."""

from collections.abc import Iterator

import msgspec
import numpy as np

from qwen3tts_daemon.embedded.shaping import SAMPLE_RATE, Samples
from qwen_tts.api import AudioChunk, WordTime

SAMPLES_PER_FRAME = SAMPLE_RATE * 80 // 1000


class ChunkFramer:
    """Cuts the samples of one stream into chunks, as many as the stream may have."""

    def __init__(self, max_audio_s: float | None) -> None:
        self._max_samples = None if max_audio_s is None else round(max_audio_s * SAMPLE_RATE)
        self._rest = np.zeros(0, np.float32)
        self._words: list[WordTime] = []
        """That go with the next chunk"""
        self.made_samples = 0
        """In the chunks so far"""
        self.is_cut_off = False
        """There were more samples than the stream may have"""

    @property
    def samples(self) -> int:
        """That have come so far."""
        return self.made_samples + len(self._rest)

    def tell(self, word: WordTime) -> None:
        """The next chunk, which is of its segment, tells where it is: as far as the stream may have it."""
        most = word.end_sample if self._max_samples is None else self._max_samples
        if word.first_sample < most:
            self._words.append(msgspec.structs.replace(word, end_sample=min(word.end_sample, most)))

    def add(self, samples: Samples, segment: int, *, is_end: bool) -> list[AudioChunk]:
        """Whole frames of what has come; with `is_end` also what is left. A chunk belongs to one segment."""
        samples = np.concatenate([self._rest, samples])
        if self._max_samples is not None and self.made_samples + len(samples) > self._max_samples:
            samples = samples[: self._max_samples - self.made_samples]
            self.is_cut_off = is_end = True
        whole = len(samples) if is_end else len(samples) // SAMPLES_PER_FRAME * SAMPLES_PER_FRAME
        self._rest = samples[whole:]
        return list(self._chunks(samples[:whole], segment))

    def _chunks(self, samples: Samples, segment: int) -> Iterator[AudioChunk]:
        pcm = np.round(samples * 32_767).astype("<i2")
        for start in range(0, len(pcm), SAMPLES_PER_FRAME):
            frame = pcm[start : start + SAMPLES_PER_FRAME]
            words, self._words = tuple(self._words), []
            yield AudioChunk(
                pcm=frame.tobytes(), first_sample=self.made_samples, sample_rate=SAMPLE_RATE, segment=segment,
                words=words,
            )  # fmt: skip
            self.made_samples += len(frame)
