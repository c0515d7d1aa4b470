"""Sound on its way to one reader: handed out in chunks as far as the reader has room, the rest kept, bounded."""

import asyncio
from collections import deque
from collections.abc import Callable

from qwen_tts.api import PCM_BYTES, AudioChunk
from qwen_tts.stream import WINDOW_FRAMES

_MOST_WAITING_S = 40.0
"""Longer than the longest piece of text is spoken: a server has done with one although its listener has not."""


class Outflow:
    """See the module. For one event loop."""

    def __init__(
        self, push: Callable[[AudioChunk], None], sample_rate: int, samples_per_frame: int, max_audio_s: float | None
    ) -> None:
        self._push = push
        self._sample_rate = sample_rate
        self._samples_per_frame = samples_per_frame
        self._most_samples = None if max_audio_s is None else round(max_audio_s * sample_rate)
        self._waiting: deque[AudioChunk] = deque()
        self._waiting_samples = 0
        self._ahead_samples = 0
        """Pushed and not taken yet"""
        self._taken = asyncio.Event()
        self.samples = 0
        """That came in so far"""

    @property
    def is_cut_off(self) -> bool:
        """It has all that it may have."""
        return self._most_samples is not None and self.samples >= self._most_samples

    def add(self, pcm: bytes, segment: int) -> None:
        """More sound. What is more than there may be is left out."""
        if self._most_samples is not None:
            pcm = pcm[: (self._most_samples - self.samples) * PCM_BYTES]
        step = self._samples_per_frame * PCM_BYTES
        for start in range(0, len(pcm), step):
            chunk = AudioChunk(
                pcm=pcm[start : start + step], first_sample=self.samples, sample_rate=self._sample_rate, segment=segment
            )
            self.samples += chunk.samples
            self._waiting.append(chunk)
            self._waiting_samples += chunk.samples
        self._release()

    def taken(self, samples: int) -> None:
        """The reader took so many."""
        self._ahead_samples -= samples
        self._release()
        self._taken.set()

    async def room(self) -> None:
        """Until there is room for more of the same piece of text."""
        await self._until(lambda: self._waiting_samples < _MOST_WAITING_S * self._sample_rate)

    async def drained(self) -> None:
        """Until all of it was handed out."""
        await self._until(lambda: not self._waiting)

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._taken.clear()
            await self._taken.wait()

    def _release(self) -> None:
        while self._waiting and self._ahead_samples < WINDOW_FRAMES * self._samples_per_frame:
            chunk = self._waiting.popleft()
            self._waiting_samples -= chunk.samples
            self._ahead_samples += chunk.samples
            self._push(chunk)
