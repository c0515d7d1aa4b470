"""Cancelling an utterance from any thread, the inference in hand included."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from onnxruntime import RunOptions  # type: ignore[import-untyped]


class Cancelled(Exception):
    """The utterance was cancelled; what was being computed is lost."""


class Cancellation:
    """One utterance's switch: `cancel` once, from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cancelled = False
        self._running: RunOptions | None = None

    @property
    def is_cancelled(self) -> bool:
        return self._cancelled

    def cancel(self) -> None:
        """Idempotent; ends the inference in hand within one operator of its graph."""
        with self._lock:
            self._cancelled = True
            if self._running is not None:
                self._running.terminate = True

    def check(self) -> None:
        """Raises Cancelled once cancelled."""
        if self._cancelled:
            raise Cancelled

    @contextmanager
    def run_options(self) -> Iterator[RunOptions]:
        """Options for one `InferenceSession.run`, which `cancel` terminates."""
        options = RunOptions()
        with self._lock:
            self.check()
            self._running = options
        try:
            yield options
        finally:
            with self._lock:
                self._running = None
