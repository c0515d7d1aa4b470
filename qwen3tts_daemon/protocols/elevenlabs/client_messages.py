"""What a client says: in the address of its socket, and in messages of which each field is an order of its own."""

from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import Meta

from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.protocols.elevenlabs_shape import DEFAULT_OUTPUT_FORMAT, TextNormalization, VoiceSettings
from qwen3tts_daemon.protocols.strict_json import convert, is_text, load
from qwen_tts.limits import SEED

MOST_INACTIVE_S = 180
ContextId = Annotated[str, Meta(max_length=256)]


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """The query of the socket. What is not known is ignored."""

    model_id: Annotated[str, Meta(max_length=256)] | None = None
    language_code: Annotated[str, Meta(max_length=64)] | None = None
    output_format: str = DEFAULT_OUTPUT_FORMAT
    enable_logging: bool = True
    enable_ssml_parsing: bool = False
    auto_mode: bool = False
    """Each text is a sentence or a phrase; its client may leave out the blank behind it."""
    inactivity_timeout: Annotated[int, Meta(ge=1, le=MOST_INACTIVE_S)] = 20
    """Seconds without text after which a text is taken to have ended"""
    apply_text_normalization: TextNormalization | None = None
    seed: Annotated[int, Meta(ge=SEED.low, le=SEED.high)] | None = None


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """Of both kinds of sockets. What is not known is ignored."""

    text: str | None = None
    context_id: ContextId | None = None
    context_id_in_camel_case: ContextId | None = msgspec.field(default=None, name="contextId")
    voice_settings: VoiceSettings | None = None
    flush: bool | None = None
    close_context: bool | None = None
    close_socket: bool | None = None

    @property
    def id(self) -> str:
        """Empty: the context that has no name."""
        return self.context_id or self.context_id_in_camel_case or ""


def read_address(query: Mapping[str, str]) -> Address:
    """Raises Refusal."""
    return convert(dict(query), Address, strict=False)


def read_message(text: str) -> Message:
    """Raises Refusal."""
    fields = load(text)
    if not isinstance(fields, dict):
        raise Refusal("bad_json", "a message is a JSON object")
    if not is_text(fields):
        raise Refusal("bad_json", "not JSON: half of a surrogate pair")
    return convert(fields, Message)
