"""One Wyoming client: a task reads, a task answers request after request, and the first to end ends both.

A client that leaves ends the reading, so the utterance is closed at once. Everything else that ends a
connection early (a malformed event, a client that takes nothing, the daemon stopping) is told in an `error`.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from typing import Any

from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import Info

from qwen3tts_daemon.failures import Failure, Refusal, describe
from qwen3tts_daemon.protocols.pace import Pace
from qwen3tts_daemon.protocols.wyoming.limits import WyomingLimits
from qwen3tts_daemon.protocols.wyoming.request_queue import RequestQueue
from qwen3tts_daemon.protocols.wyoming.responder import Answerer, SlowReader
from qwen3tts_daemon.protocols.wyoming.session import Begin, Reply, WyomingAction, WyomingSession
from qwen3tts_daemon.protocols.wyoming.wire import encode_event, lost_if_broken, read_event
from qwen3tts_daemon.sparing_log import SparingLog
from qwen3tts_daemon.speech.service import Speech


class WyomingConnection:
    """Serves one client until either side ends it."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        address: str,
        client: str,
        speech: Speech,
        describe_server: Callable[[], Info],
        streaming: bool,
        limits: WyomingLimits,
        pace: Pace,
        may_linger: Callable[[], bool],
        log: SparingLog,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self.address = address
        self._pace = pace
        self._may_linger = may_linger
        self._log = log
        self._limits = limits
        self._session = WyomingSession(describe_server, streaming=streaming)
        self._requests = RequestQueue(limits.requests)
        self._answerer = Answerer(
            self._requests, speech, self._send,
            address=client, afterthought_s=limits.afterthought_s, is_receiving=lambda: self._receiving,
        )  # fmt: skip
        self._receiving = False
        """In the middle of an event."""
        self._is_parting = False
        self._close_reason: asyncio.Future[Refusal] = asyncio.get_running_loop().create_future()

    @property
    def is_busy(self) -> bool:
        """A request waits for its answer or is being answered."""
        return self._requests.unanswered > 0

    @property
    def has_work(self) -> bool:
        return self.is_busy or self._session.is_live

    @property
    def idle_since(self) -> float:
        return self._answerer.idle_since

    @property
    def is_closing(self) -> bool:
        return self._is_parting or self._close_reason.done() or self._writer.is_closing()

    def dismiss(self) -> None:
        """Others need its place: say so, and go at once."""
        self._is_parting = True
        refuse(self._writer, Refusal("rate_limited", "too many connections, and this one asks for nothing"))

    def close(self, reason: Refusal) -> None:
        """End the connection, after telling the client why."""
        if not self._close_reason.done():
            self._close_reason.set_result(reason)

    async def serve(self) -> None:
        tasks = [asyncio.create_task(self._read_all()), asyncio.create_task(self._answerer.run())]
        ends: list[asyncio.Future[Any]] = [*tasks, self._close_reason]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            await self._part(self._reason(results))

    def _reason(self, results: Iterable[BaseException | None]) -> BaseException | None:
        """Why the connection ends; None if the client left."""
        for error in results:
            if error is not None and not isinstance(error, (asyncio.CancelledError, ConnectionError)):
                return error
        return self._close_reason.result() if self._close_reason.done() else None

    async def _part(self, reason: BaseException | None) -> None:
        """Say why, and close so that it arrives: a close with unread input would overtake it."""
        self._is_parting = True
        if reason is not None:
            failure = describe(reason)
            self._log.info("wyoming connection ended: %s: %s", failure.code, failure.message, kind=failure.code)
            self._writer.write(_error(failure))
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(self._limits.closing_s if self._may_linger() else 0):
                self._writer.write_eof()
                while await self._reader.read(64 * 1024):
                    pass
                self._writer.close()
                await self._writer.wait_closed()
        self._writer.transport.abort()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    # -- reading -------------------------------------------------------------------------------------------

    async def _read_all(self) -> None:
        """Until the client leaves. Raises Refusal."""
        limits = self._limits
        idle_s = min(limits.first_event_s, limits.idle_s)
        while True:
            try:
                event = await read_event(
                    self._reader, idle_s=idle_s, message_s=limits.message_s, on_begin=self._begins_to_receive
                )
            except TimeoutError:
                if self.is_busy and not self._session.is_live:
                    continue
                raise Refusal("timeout", f"nothing came for {idle_s:g} s") from None
            if event is None:
                return
            idle_s = limits.idle_s
            for action in self._session.receive(event):
                await self._do(action)
            self._receiving = False
            await self._wait_for_turn()

    async def _wait_for_turn(self) -> None:
        """Events that are here already are read without the others having had their turn."""
        self._pace.count()
        while not self._pace.allows_more:
            await asyncio.sleep(self._pace.wait_s())
            self._pace.begin_turn()

    def _begins_to_receive(self) -> None:
        self._receiving = True

    async def _do(self, action: WyomingAction) -> None:
        match action:
            case Reply(event):
                await self._send([event])
            case Begin():
                self._requests.add(action)
            case _:
                self._requests.go_on(action)

    async def _send(self, events: Iterable[Event]) -> None:
        """Whole events in one write, so that two tasks may send; then wait until the client takes them."""
        self._writer.write(b"".join(map(encode_event, events)))
        if not self._writer.transport.get_write_buffer_size() and not self._writer.is_closing():
            return  # the kernel has it all, as nearly always, and a timer for nothing is a tenth of what a chunk costs
        try:
            async with asyncio.timeout(self._limits.slow_reader_s):
                with lost_if_broken():
                    await self._writer.drain()
        except TimeoutError:
            raise SlowReader(self._limits.slow_reader_s) from None


def refuse(writer: asyncio.StreamWriter, reason: Refusal) -> None:
    """Close a connection that has asked for nothing."""
    writer.write(_error(describe(reason)))
    writer.close()


def _error(failure: Failure) -> bytes:
    return encode_event(Error(failure.message, failure.code).event())
