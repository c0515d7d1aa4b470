"""An event loop whose clock stands still while anything can run, and jumps to the next timer when nothing can.

Tests marked `virtual_time` run on it: hours pass at once, to the moment, on any machine. Not for threads, processes or
sockets: it does not wait for them.
"""

import asyncio
import selectors


class _Jumping(selectors.DefaultSelector):
    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if (ready := super().select(0)) or timeout == 0:
            return ready
        if timeout is None:
            raise AssertionError("everybody waits, and no timer will wake anybody")
        self.now += timeout
        return []


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """See the module."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now
