"""Carries the sound of one context from its utterance into the outbox, no faster than its client may have it."""

import asyncio
import contextlib
import math
from collections.abc import Callable

from qwen3tts_daemon.protocols.voice_v1.context import Context
from qwen3tts_daemon.protocols.voice_v1.frames import SoundFrame
from qwen3tts_daemon.speech.output import Part, SegmentStarted
from qwen3tts_daemon.speech.utterance import Utterance
from qwen3tts_daemon.speech.word_times import WordsTold

_TURN_FRAMES = 8
"""Then others have their turn, however many are there and however fast their client takes them."""
_LULL_S = 0.16
"""Sound that does not fill a frame is sent short when no more came for this long: two frames of an engine."""


class Pump:
    """Of a context that has an utterance; it runs in a task of its own."""

    def __init__(
        self,
        ctx: Context,
        utterance: Utterance,
        *,
        clock: Callable[[], float],
        slow_consumer_s: float,
        on_slow: Callable[[Context], None],
    ) -> None:
        """`on_slow` ends the context, of which nothing could be sent for `slow_consumer_s`."""
        self.utterance = utterance
        self.is_running = False
        self._ctx = ctx
        self._clock = clock
        self._slow_consumer_s = slow_consumer_s
        self._on_slow = on_slow
        self._has_all_sent = False
        self._delivered = 0
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """What a frame waits for may have come."""
        self._wake.set()

    def frame_taken(self) -> None:
        """One of its own has left the outbox."""
        if self._has_all_sent:
            self._wake.set()

    async def run(self) -> None:
        """Until the utterance has ended and the writer has all of its frames. Raises what the utterance raises."""
        ctx = self._ctx
        async with self.utterance:
            while await self._carry():
                pass
            if left_out := self.utterance.left_out:
                ctx.warn_of_left_out(left_out)
            for frame in ctx.framer.end():
                await self._deliver(frame)
            await self._drain()

    async def _carry(self) -> bool:
        """The next thing of the utterance; False at its end."""
        framer = self._ctx.framer
        try:
            item = await (self._before_lull() if framer.holds_sound else anext(self.utterance))
        except StopAsyncIteration:
            return False
        if isinstance(item, SegmentStarted):
            self._ctx.segment(item)
            return True
        if isinstance(item, WordsTold):
            self._ctx.words(item)
            return True
        for frame in framer.lull() if item is None else framer.take(item.pcm):
            if not await self._deliver(frame):
                return False
        return True

    async def _before_lull(self) -> Part | None:
        """The next thing, or None if it does not come soon."""
        timeout = asyncio.timeout(_LULL_S)
        try:
            async with timeout:
                return await anext(self.utterance)
        except TimeoutError:
            if not timeout.expired():
                raise
            return None

    async def _deliver(self, frame: SoundFrame) -> bool:
        """Put a frame into the outbox as soon as it may go; False if the context ended meanwhile."""
        ctx = self._ctx
        stuck_until: float | None = None
        while not ctx.is_done:
            now = self._clock()
            delay_s = ctx.delay_s(frame, now)
            is_full = ctx.outbox.is_full
            if delay_s == 0 and not is_full:
                ctx.send(frame)
                self._delivered += 1
                if self._delivered % _TURN_FRAMES == 0:
                    await asyncio.sleep(0)
                return True
            # Waiting for the clock is nobody's fault; waiting for the client is.
            if is_full or delay_s == math.inf:
                stuck_until = stuck_until or now + self._slow_consumer_s
                if now >= stuck_until:
                    self._on_slow(ctx)
                    return False
                delay_s = stuck_until - now
            else:
                stuck_until = None
            await self._sleep(delay_s)
        return False

    async def _sleep(self, delay_s: float) -> None:
        self._wake.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(delay_s):
                await self._wake.wait()

    async def _drain(self) -> None:
        """Until the writer has taken every frame: as long as one waits, the context can be cancelled."""
        self._has_all_sent = True
        while self._ctx.outbox.has_frames_of(self._ctx):
            self._wake.clear()
            await self._wake.wait()
