"""What one Wyoming client asks for, in the order in which it is answered."""

import asyncio

from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.protocols.wyoming.session import Begin, Fail, MoreText, RequestAction, TextEnd
from qwen3tts_daemon.speech.request import Order
from qwen3tts_daemon.speech.utterance import Utterance
from qwen_tts.api import check_length
from qwen_tts.errors import TextTooLong


class PendingRequest:
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

    def apply(self, action: RequestAction) -> None:
        """What the client adds to it."""
        match action:
            case MoreText(text):
                self.feed(text)
            case TextEnd():
                self.end_text()
            case Fail(error):
                self.fail(error)

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


class RequestQueue:
    """Those of one client; `unanswered` counts the one that is being answered, too."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: asyncio.Queue[PendingRequest] = asyncio.Queue()
        self._latest: PendingRequest | None = None
        self.unanswered = 0

    def add(self, begin: Begin) -> None:
        """Raises Refusal where too many wait already."""
        if self.unanswered >= self._most:
            raise Refusal("queue_full", f"{self.unanswered} requests wait on this connection")
        self.unanswered += 1
        self._latest = PendingRequest(begin)
        self._waiting.put_nowait(self._latest)

    def go_on(self, action: RequestAction) -> None:
        """With the request that was added last."""
        assert self._latest is not None, "text follows the begin of its request"
        self._latest.apply(action)

    async def next(self) -> PendingRequest:
        return await self._waiting.get()
