"""The session of one ElevenLabs socket: decides, and touches neither socket, engine nor clock.

Rules
1. A context opens with its first text that is not blank: its first message has settings and a blank, and some end so.
2. `close_context` behind `flush` ends the text, and what was flushed is spoken to its end; without it, or said once
   more, nothing more of it is heard: so agents are interrupted. Either way its last message is `isFinal`.
3. An id may be used again once its context was closed. To voice.v1 each context has a name of its own.
4. What fails is told once, however much text still comes for it.
5. The socket of one text ends with it: 1000, or the code of what went wrong.
"""

import itertools
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from qwen3tts_daemon.failures import CLOSE_CODES, Refusal
from qwen3tts_daemon.limits import LEAD_MS
from qwen3tts_daemon.protocols.elevenlabs.alignment import Alignment, CharacterTimes
from qwen3tts_daemon.protocols.elevenlabs.client_messages import Address, Message, read_message
from qwen3tts_daemon.protocols.elevenlabs.frames import JsonFramer
from qwen3tts_daemon.protocols.elevenlabs_shape import THEIR_NAMES, is_normalized, output_format
from qwen3tts_daemon.protocols.voice_v1.client_messages import CancelMessage, EndMessage, FlushMessage, SpeakMessage
from qwen3tts_daemon.protocols.voice_v1.context import ContextAction
from qwen3tts_daemon.protocols.voice_v1.daemon_messages import (
    DaemonMessage,
    DoneMessage,
    ErrorMessage,
    SegmentMessage,
    VoiceState,
    WarningMessage,
    WordsMessage,
    error_message,
)
from qwen3tts_daemon.protocols.voice_v1.formats import SoundFormat
from qwen3tts_daemon.protocols.voice_v1.session import Session
from qwen3tts_daemon.settings import WebSocketSettings
from qwen3tts_daemon.voices.catalogue import VoiceCatalogue
from qwen_tts.api import Capabilities

MOST_IDS = 256
"""That a client has begun and not closed; how many speak is `websocket.max_contexts`."""

_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class _Begun:
    """An id that its client has not closed."""

    speed: float | None = None
    name: str = ""
    """Of its context in voice.v1; empty before its first word"""
    is_flushed: bool = False
    """No text came since it was."""
    is_over: bool = False
    """Its context is done: what still comes is for nobody."""


class ElevenLabsSession(Session):
    """What its client said, what it is told, and what is to be done."""

    def __init__(
        self,
        settings: WebSocketSettings,
        voices: Callable[[], VoiceCatalogue],
        capabilities: Callable[[], Capabilities],
        address: Address,
        *,
        voice: str,
        is_multi: bool,
        now: float,
        state: VoiceState = "ready",
    ) -> None:
        """`is_multi`: several contexts, each with its id, else one text. Raises UnsupportedFormat."""
        self._voice, self._address, self._is_multi = voice, address, is_multi
        self._sound = output_format(address.output_format)
        self._begun: dict[str, _Begun] = {}
        self._ids: dict[str, str] = {}
        """By the names of contexts that are not done"""
        self._alignments: dict[str, Alignment] = {}
        self._numbers = itertools.count(1)
        self._is_ending = False
        """The socket ends when no context is open any more."""
        self._end = (1000, "")
        super().__init__(
            settings, voices, capabilities, lambda: (), now=now, state=state,
            write=self._write, make_framer=self._make_framer, context_idle_s=address.inactivity_timeout,
        )  # fmt: skip

    # -- from the client -----------------------------------------------------------------------------------

    def _read(self, text: str, now: float) -> None:
        if self._is_ending:
            return
        try:
            message = read_message(text)
        except Refusal as refusal:
            self._say(error_message(refusal))
            return
        if self._is_multi:
            self._hear_one_of_many(message, now)
        else:
            self._hear(message, "", now)
            if message.text == "":
                self._end_all(now)

    def _hear_one_of_many(self, message: Message, now: float) -> None:
        if message.close_socket:
            self._end_all(now)
        elif message.close_context:
            self._close(message.id, now)
        else:
            self._hear(message, message.id, now)

    def _hear(self, message: Message, id: str, now: float) -> None:
        """Text, or a flush, or a sign of life."""
        if not message.text and id not in self._begun:
            return
        begun = self._begin(id)
        if begun is None or begun.is_over:
            return
        if not begun.name and message.voice_settings is not None:
            begun.speed = message.voice_settings.speed
        if text := message.text or "":
            self._feed(id, begun, text, now)
        elif begun.name and (ctx := self._contexts.get(begun.name)) is not None:
            ctx.text.keep_alive(now)
        if message.flush:
            begun.is_flushed = True
            if begun.name and not begun.is_over:
                self._take(FlushMessage(ctx=begun.name), now)

    def _begin(self, id: str) -> _Begun | None:
        if id not in self._begun:
            if len(self._begun) >= MOST_IDS:
                refusal = Refusal("too_many_contexts", f"{MOST_IDS} contexts are not closed; close_context closes one")
                self._say(error_message(refusal))
                return None
            self._begun[id] = _Begun()
        return self._begun[id]

    def _feed(self, id: str, begun: _Begun, text: str, now: float) -> None:
        begun.is_flushed = False
        if self._address.auto_mode and not text[-1].isspace():
            text += " "
        if begun.name:
            self._take(SpeakMessage(ctx=begun.name, text=text), now)
        elif text := text.lstrip():
            begun.name = f"c{next(self._numbers)}"
            self._ids[begun.name] = id
            self._take(self._opening(begun, text), now)
        if self._address.auto_mode and begun.name and not begun.is_over:
            self._take(FlushMessage(ctx=begun.name), now)

    def _opening(self, begun: _Begun, text: str) -> SpeakMessage:
        """Of a context: with all that its address and its first message ask for."""
        address = self._address
        return SpeakMessage(
            ctx=begun.name, text=text, policy="parallel", words=True, voice=self._voice,
            language=address.language_code, speed=begun.speed, private=not address.enable_logging,
            text_format="ssml" if address.enable_ssml_parsing else None,
            text_normalization=is_normalized(address.apply_text_normalization),
            sampling={"seed": address.seed} if address.seed is not None else {},
            # Who reads one text may write it into a file; agents hear what they get, and interrupt it.
            lead_ms=None if self._is_multi else int(LEAD_MS.high),
        )  # fmt: skip

    def _close(self, id: str, now: float) -> None:
        """Rule 2."""
        begun = self._begun.pop(id, None)
        if begun is None:
            for name in [name for name, of in self._ids.items() if of == id]:
                self._take(CancelMessage(ctx=name), now)
        elif not begun.name:
            self._say_final(id)
        elif not begun.is_over:
            self._take(EndMessage(ctx=begun.name) if begun.is_flushed else CancelMessage(ctx=begun.name), now)

    def _end_all(self, now: float) -> None:
        """What was said is spoken, then the socket ends."""
        self._is_ending = True
        for id, begun in list(self._begun.items()):
            if not begun.name:
                self._say_final(id)
            elif not begun.is_over:
                self._take(EndMessage(ctx=begun.name), now)
        if not self._is_multi and not self._begun:
            self._say_final("")

    def _decided(self) -> list[ContextAction]:
        if self._is_ending and not self._contexts:
            self.outbox.end(*self._end)
        return super()._decided()

    # -- to the client -------------------------------------------------------------------------------------

    def _write(self, message: DaemonMessage) -> str | None:
        """None for what this shape has no words for."""
        match message:
            case ErrorMessage():
                return self._error(message)
            case WarningMessage(code="timeout") if not self._is_multi:
                self._end = (CLOSE_CODES["bad_request"], message.message)
            case SegmentMessage():
                self._alignments[message.ctx].begin(message)
            case WordsMessage():
                alignment = self._alignments[message.ctx].of(message.words)
                return self._packed(message.ctx, b"", alignment)
            case DoneMessage():
                return self._done(message)
        return None

    def _error(self, message: ErrorMessage) -> str:
        told: dict[str, Any] = {"error": message.code, "message": message.message}
        if isinstance(message.param, str):
            told["param"] = THEIR_NAMES.get(message.param, message.param)
        if not self._is_multi:
            self._end = (CLOSE_CODES.get(message.code, CLOSE_CODES["bad_request"]), message.code)
        if isinstance(message.ctx, str):
            told |= self._named(message.ctx)
        return _encode(told).decode()

    def _done(self, message: DoneMessage) -> str | None:
        id = self._ids.pop(message.ctx)
        self._alignments.pop(message.ctx, None)
        begun = self._begun.get(id)
        if begun is not None and begun.name == message.ctx:
            if message.reason == "error":
                begun.is_over = True
            else:
                del self._begun[id]
        if self._is_multi:
            return self._final(id)
        self._is_ending = True
        # Its error was the last word: so its clients look for it.
        return None if message.reason == "error" else self._final(id)

    def _final(self, id: str) -> str:
        return _encode({"audio": None, "isFinal": True, **({"contextId": id} if self._is_multi else {})}).decode()

    def _say_final(self, id: str) -> None:
        """Of one that had no words."""
        self._begun.pop(id, None)
        self.outbox.say_text(self._final(id))

    def _named(self, name: str) -> dict[str, str]:
        """How its client calls a context."""
        return {"contextId": self._ids[name]} if self._is_multi and name in self._ids else {}

    def _packed(self, name: str, sound: bytes, alignment: CharacterTimes | None) -> str:
        told = {
            "audio": b64encode(sound).decode(), "isFinal": None,
            "alignment": alignment, "normalizedAlignment": alignment, **self._named(name),
        }  # fmt: skip
        return _encode(told).decode()

    def _make_framer(self, name: str, format: SoundFormat, channel: int, engine: Capabilities) -> JsonFramer:
        self._alignments[name] = Alignment(format.sample_rate)
        return JsonFramer(
            self._sound.open_encoder(engine.sample_rate), lambda sound: self._packed(name, sound, None),
            source_rate=engine.sample_rate, sample_rate=format.sample_rate,
        )  # fmt: skip


def refusal_message(refusal: Refusal) -> str:
    """The one message of a socket that is not served."""
    told = {"error": refusal.code, "message": refusal.message, "code": CLOSE_CODES.get(refusal.code)}
    return _encode(told).decode()
