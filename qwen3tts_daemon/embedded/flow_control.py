"""What a reader may have before it has taken what it has."""

import threading
from collections import deque
from collections.abc import Callable, Iterable

from qwen3tts_daemon.embedded.framing import SAMPLES_PER_FRAME
from qwen_tts.api import AudioChunk
from qwen_tts.stream import WINDOW_FRAMES

_WINDOW_SAMPLES = WINDOW_FRAMES * SAMPLES_PER_FRAME


class ReaderWindow:
    """Chunks on their way to a reader, in order: those beyond a window of samples wait. From any thread."""

    def __init__(self, push: Callable[[AudioChunk], None]) -> None:
        self._push = push
        self._lock = threading.Lock()
        self._waiting: deque[AudioChunk] = deque()
        self._ahead = 0
        """Samples that were pushed and not yet taken"""

    def add(self, chunks: Iterable[AudioChunk]) -> None:
        """Push them, as far as there is room."""
        with self._lock:
            self._waiting += chunks
            self._release()

    def taken(self, samples: int) -> None:
        """The reader took them: push what there is room for now."""
        with self._lock:
            self._ahead -= samples
            self._release()

    @property
    def has_room(self) -> bool:
        """Whether the next chunk would be pushed at once."""
        return not self._waiting and self._ahead < _WINDOW_SAMPLES

    @property
    def is_empty(self) -> bool:
        """Whether everything was pushed."""
        return not self._waiting

    def _release(self) -> None:
        while self._waiting and self._ahead < _WINDOW_SAMPLES:
            chunk = self._waiting.popleft()
            self._ahead += chunk.samples
            self._push(chunk)
