"""One Wyoming client: a task reads, a task answers request after request, and the first to end ends both.

A client that leaves ends the reading, so the utterance is closed at once. Everything else that ends a
connection early (a malformed event, a client that takes nothing, the daemon stopping) is told in an `error`.

After the `error` to a plain request the connection ends, as it does with the reference server: older versions of Home
Assistant, and others, know no `error` and wait for the end. Not while there is more to answer, though.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import Info

from qwen3tts_daemon.failures import Failure, Refusal, describe, draining
from qwen3tts_daemon.protocols.pace import Pace
from qwen3tts_daemon.protocols.wyoming.info import Describer
from qwen3tts_daemon.protocols.wyoming.session import (
    Action,
    Answer,
    Begin,
    Fail,
    Reply,
    Text,
    TextEnd,
    WyomingSession,
)
from qwen3tts_daemon.protocols.wyoming.wire import encode_event, read_event
from qwen3tts_daemon.sparing_log import SparingLog
from qwen3tts_daemon.speech.service import Caller, Order, Speech, Utterance
from qwen_tts.api import AudioChunk, check_length
from qwen_tts.errors import TextEmpty, TextTooLong


@dataclass(frozen=True, slots=True)
class Limits:
    """What one connection may cost."""

    first_event_s: float = 60.0
    """A connection that never says anything must not keep others out."""
    idle_s: float = 600.0
    """Without an event from the client, while it is the client's turn."""
    message_s: float = 10.0
    """From the first to the last byte of an event."""
    slow_reader_s: float = 30.0
    """A client that takes no sound for this long is cut off."""
    closing_s: float = 0.5
    """For the last event to reach the client."""
    afterthought_s: float = 0.1
    """After the error to a plain request: for the next one, of a client that sends several at once."""
    requests: int = 32
    """Waiting for their answers."""


class SlowReader(Refusal):
    """The client takes nothing."""

    def __init__(self, limit_s: float) -> None:
        super().__init__("slow_consumer", f"nothing was read for {limit_s:g} s")


class _Request:
    """A request whose text may still be coming; until its turn comes, the text waits here."""

    def __init__(self, begin: Begin) -> None:
        self.is_stream = begin.is_stream
        self._order = begin.order
        self._text: list[str] = []
        self._chars = 0
        self._text_ended = False
        self._utterance: Utterance | None = None
        self._error: Exception | None = None

    @property
    def order(self) -> Order:
        """Raises what is wrong with the request."""
        if not isinstance(self._order, Order):
            raise self._order
        self.check()
        return self._order

    def check(self) -> None:
        """Raises what went wrong with the text."""
        if self._error is not None:
            raise self._error

    def feed(self, text: str) -> None:
        if self._error is not None:
            return
        self._chars += len(text)
        try:
            check_length(self._chars)
        except TextTooLong as error:
            self.fail(error)
            return
        if self._utterance is not None:
            self._utterance.feed(text)
        else:
            self._text.append(text)

    def end_text(self) -> None:
        self._text_ended = True
        if self._utterance is not None:
            self._utterance.end_text()

    def fail(self, error: Exception) -> None:
        """What is spoken of it ends now. The first error counts."""
        self._error = self._error or error
        if self._utterance is not None:
            self._utterance.cancel()

    def speak_with(self, utterance: Utterance) -> None:
        """Its turn has come."""
        self._utterance = utterance
        for text in self._text:
            utterance.feed(text)
        self._text.clear()
        if self._text_ended:
            utterance.end_text()

    def over(self) -> None:
        """It is answered; text that still comes is for nobody."""
        self._utterance = None
        self._text.clear()


class Connection:
    """Serves one client until either side ends it."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        address: str,
        speech: Speech,
        describer: Describer,
        streaming: bool,
        limits: Limits,
        pace: Pace,
        may_linger: Callable[[], bool],
        log: SparingLog,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self.address = address
        self.idle_since = asyncio.get_running_loop().time()
        self._pace = pace
        self._may_linger = may_linger
        self._log = log
        self._speech = speech
        self._describer = describer
        self._limits = limits
        self._session = WyomingSession(self._info, streaming=streaming)
        self._requests: asyncio.Queue[_Request] = asyncio.Queue()
        self._latest: _Request | None = None
        self._unanswered = 0
        self._receiving = False
        """In the middle of an event."""
        self._is_parting = False
        self._close_reason: asyncio.Future[Refusal] = asyncio.get_running_loop().create_future()

    @property
    def is_busy(self) -> bool:
        """A request waits for its answer or is being answered."""
        return self._unanswered > 0

    @property
    def has_work(self) -> bool:
        return self.is_busy or self._session.is_live

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
        tasks = [asyncio.create_task(self._read_all()), asyncio.create_task(self._answer_all())]
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

    async def _do(self, action: Action) -> None:
        match action:
            case Reply(event):
                await self._send([event])
            case Begin():
                if self._unanswered >= self._limits.requests:
                    raise Refusal("queue_full", f"{self._unanswered} requests wait on this connection")
                self._unanswered += 1
                self._latest = _Request(action)
                self._requests.put_nowait(self._latest)
            case _:
                assert self._latest is not None, "text follows the begin of its request"
                _continue(self._latest, action)

    def _info(self) -> Info:
        voices = self._speech.voices
        return self._describer.info(self._speech.capabilities, voices.voices, voices.defaults)

    # -- answering -----------------------------------------------------------------------------------------

    async def _answer_all(self) -> None:
        """One request after the other, until a plain one failed and nothing follows it.

        Raises ConnectionError, SlowReader.
        """
        has_failed = False
        while (request := await self._next(has_failed=has_failed)) is not None:
            try:
                has_failed = not await self._answer(request) and not request.is_stream
            finally:
                request.over()
            self._unanswered -= 1
            self.idle_since = asyncio.get_running_loop().time()

    async def _next(self, *, has_failed: bool) -> _Request | None:
        """The next request; None if there is none soon after one that failed, and none on its way."""
        while True:
            try:
                async with asyncio.timeout(self._limits.afterthought_s if has_failed else None):
                    return await self._requests.get()
            except TimeoutError:
                if not self.is_busy and not self._receiving:
                    return None

    async def _answer(self, request: _Request) -> bool:
        """Whether it could be spoken."""
        answer = Answer(is_stream=request.is_stream, sample_rate=self._speech.capabilities.sample_rate)
        try:
            await self._speak(request, answer)
            last = answer.finish()
        except TextEmpty:
            last = answer.finish()
        except (ConnectionError, SlowReader):
            raise
        except Exception as error:  # noqa: BLE001  the protocol's edge
            await self._send(answer.fail(describe(error)))
            return False
        await self._send(last)
        return True

    async def _speak(self, request: _Request, answer: Answer) -> None:
        async with self._speech.utterance(request.order, Caller(address=self.address)) as utterance:
            request.speak_with(utterance)
            async for item in utterance:
                if isinstance(item, AudioChunk):
                    await self._send(answer.sound(item.pcm, item.sample_rate))
            request.check()
            if utterance.end == "cancelled":
                raise draining()

    async def _send(self, events: Iterable[Event]) -> None:
        """Whole events in one write, so that two tasks may send; then wait until the client takes them."""
        self._writer.write(b"".join(map(encode_event, events)))
        try:
            async with asyncio.timeout(self._limits.slow_reader_s):
                await self._writer.drain()
        except TimeoutError:
            raise SlowReader(self._limits.slow_reader_s) from None


def refuse(writer: asyncio.StreamWriter, reason: Refusal) -> None:
    """Close a connection that has asked for nothing."""
    writer.write(_error(describe(reason)))
    writer.close()


def _error(failure: Failure) -> bytes:
    return encode_event(Error(failure.message, failure.code).event())


def _continue(request: _Request, action: Text | TextEnd | Fail) -> None:
    match action:
        case Text(text):
            request.feed(text)
        case TextEnd():
            request.end_text()
        case Fail(error):
            request.fail(error)
