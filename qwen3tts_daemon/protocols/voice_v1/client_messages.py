"""The JSON messages of a client, and how its text becomes one of them.

Unknown fields are ignored, so that clients may be newer than the daemon; everything else is checked here, and what is
wrong is told with the name of the field and the `id` of the message.
"""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.protocols.strict_json import convert, infinite_field, is_text, load
from qwen3tts_daemon.protocols.voice_v1.options import OptionChanges

MessageId = Annotated[str, Meta(max_length=64)] | Annotated[int, Meta(ge=-(2**53), le=2**53)] | None
ContextName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.:-]{1,64}\Z")]
Milliseconds = Annotated[float, Meta(ge=0, le=1e9)]


def tag_of(name: str) -> str:
    """The `type` on the wire of a class of messages."""
    return name.removesuffix("Message").lower()


class ConfigureMessage(OptionChanges, frozen=True, tag_field="type", tag=tag_of):
    """New defaults for the contexts that are opened from now on."""

    id: MessageId = None


class SpeakMessage(OptionChanges, frozen=True, tag_field="type", tag=tag_of):
    """Text to append; opens its context. Without `ctx` it belongs to the implicit context."""

    id: MessageId = None
    ctx: ContextName | None = None
    text: str = ""
    final: bool = False


class _FromClient(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag=tag_of):
    id: MessageId = None


class FlushMessage(_FromClient, frozen=True, kw_only=True):
    """Speak what is there without waiting for the end of the sentence."""

    ctx: ContextName | None = None


class EndMessage(_FromClient, frozen=True, kw_only=True):
    """No more text."""

    ctx: ContextName | None = None


class CancelMessage(_FromClient, frozen=True, kw_only=True):
    """Stop a context, all of them, or the implicit ones."""

    ctx: ContextName | None = None
    all: bool = False
    played_ms: Milliseconds | None = None


class PlayedMessage(_FromClient, frozen=True, kw_only=True):
    """How much of a context the listener has heard; from then on it replaces the wall clock."""

    ctx: ContextName | None = None
    ms: Milliseconds


class PingMessage(_FromClient, frozen=True, kw_only=True):
    """Answered with `pong`: a page cannot see the pings of the WebSocket itself."""

    t: Annotated[float, Meta(ge=-1e18, le=1e18)] | int | None = None


class WatchMessage(_FromClient, frozen=True, kw_only=True):
    """Be told what the engine holds: now, and when it changes."""

    on: bool = True


ClientMessage = (
    ConfigureMessage | SpeakMessage | FlushMessage | EndMessage | CancelMessage | PlayedMessage | PingMessage
    | WatchMessage
)  # fmt: skip
_MESSAGES: dict[str, type[ClientMessage]] = {
    "configure": ConfigureMessage, "speak": SpeakMessage, "flush": FlushMessage, "end": EndMessage,
    "cancel": CancelMessage, "played": PlayedMessage, "ping": PingMessage, "watch": WatchMessage,
}  # fmt: skip


class BadMessage(Exception):
    """A message that cannot be obeyed, with what is known of it."""

    def __init__(self, refusal: Refusal, *, id: Any = None, opens: str | None = None) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal
        self.id: MessageId = id
        self.opens = opens
        """The context that a `speak` would have opened or continued."""


def parse(text: str) -> ClientMessage:
    """Raises BadMessage."""
    try:
        fields = load(text, allow_infinite=True)
    except Refusal as refusal:
        raise BadMessage(refusal) from None
    if not isinstance(fields, dict):
        raise BadMessage(Refusal("bad_json", "a message is a JSON object"))
    try:
        return _message(fields, may_have_surrogates="\\ud" in text.lower())
    except Refusal as refusal:
        opens = _checked(fields.get("ctx"), ContextName) if fields.get("type") == "speak" else None
        raise BadMessage(refusal, id=_checked(fields.get("id"), MessageId), opens=opens) from None


def _message(fields: dict[str, Any], may_have_surrogates: bool) -> ClientMessage:
    kind = fields.get("type")
    if not isinstance(kind, str):
        raise Refusal("bad_field", "type must be a string", param="type")
    if kind not in _MESSAGES:
        known = ", ".join(_MESSAGES)
        raise Refusal("unknown_type", f"unknown type {kind[:64]!a}; there are {known}", param="type")
    if may_have_surrogates:
        _refuse_half_characters(fields, kind)
    if (name := infinite_field(fields)) is not None:
        raise Refusal("bad_field", f"{name}: NaN and numbers too large are no JSON", param=name)
    message: ClientMessage = convert(fields, _MESSAGES[kind])
    return message


def _refuse_half_characters(fields: dict[str, Any], kind: str) -> None:
    """JSON can spell half of a UTF-16 pair; such a string cannot be sent back nor spoken."""
    for name in _MESSAGES[kind].__struct_fields__:
        if not is_text(fields.get(name)):
            raise Refusal("bad_field", f"{name}: half of a surrogate pair", param=name)


def _checked(value: Any, kind: Any) -> Any:
    try:
        checked = msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return None
    return checked if is_text(checked) else None
