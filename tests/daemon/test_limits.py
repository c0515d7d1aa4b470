"""A number that bounds what may be asked for stands once: every door, the document and the engine's seam agree."""

import re
from typing import Any

import msgspec
import pytest
from pydantic import ValidationError
from wyoming.event import Event
from wyoming.info import Info

from qwen3tts_daemon.limits import (
    CLIP_LIFETIME_S,
    FRAME_MS,
    GAIN_DB,
    LEAD_MS,
    OUTPUT_SAMPLE_RATES,
    SILENCE_MS,
    SPEED,
    Description,
    Instruct,
    Transcript,
    VoiceName,
)
from qwen3tts_daemon.protocols.http.routes.batch import BatchBody
from qwen3tts_daemon.protocols.http.routes.clips import ClipBody
from qwen3tts_daemon.protocols.http.routes.new_voices import NewClone, NewReference, NewVoice
from qwen3tts_daemon.protocols.http.routes.voices import VoiceChanges
from qwen3tts_daemon.protocols.http.routes.wrapper_speech import CustomVoice, SavePrompt, VoiceClone, VoiceDesign
from qwen3tts_daemon.protocols.http.speech_request import SpeechBody
from qwen3tts_daemon.protocols.voice_v1.client_messages import ConfigureMessage, SpeakMessage
from qwen3tts_daemon.protocols.voice_v1.daemon_messages import SocketLimits
from qwen3tts_daemon.protocols.voice_v1.formats import OfferedFormats, SoundFormat
from qwen3tts_daemon.protocols.wyoming.session import Begin, WyomingSession
from qwen3tts_daemon.settings import ClipsSettings, WebSocketSettings
from qwen3tts_daemon.voices.stored_voice import StoredVoice
from qwen_tts.api import CodePredictorSampling, Sampling, check_length
from qwen_tts.errors import InvalidRequest, TextTooLong
from qwen_tts.limits import (
    MAX_TEXT_CHARS,
    REPETITION_PENALTY,
    SEED,
    TEMPERATURE,
    TOP_K,
    TOP_P,
    Range,
)

ASKED: tuple[type[msgspec.Struct], ...] = (
    SpeechBody, BatchBody, ClipBody, CustomVoice, VoiceDesign, VoiceClone, SavePrompt, NewVoice, NewClone, NewReference,
    VoiceChanges, ConfigureMessage, SpeakMessage, SoundFormat, StoredVoice,
)  # fmt: skip
"""What others write: bodies, messages, files. Events of Wyoming have a test of their own."""
NUMBERS: dict[str, Range] = {
    "speed": SPEED, "seed": SEED, "temperature": TEMPERATURE, "top_k": TOP_K, "top_p": TOP_P,
    "repetition_penalty": REPETITION_PENALTY, "subtalker_temperature": TEMPERATURE, "subtalker_top_k": TOP_K,
    "subtalker_top_p": TOP_P, "expires_in_s": CLIP_LIFETIME_S, "gain_db": GAIN_DB,
    "lead_silence_ms": SILENCE_MS, "tail_silence_ms": SILENCE_MS, "sentence_silence_ms": SILENCE_MS,
    "lead_ms": LEAD_MS, "frame_ms": FRAME_MS,
}  # fmt: skip
TEXTS: dict[str, Any] = {
    "instruct": Instruct, "instructions": Instruct, "design": Description, "description": Description,
    "transcript": Transcript, "ref_text": Transcript, "name": VoiceName,
}  # fmt: skip

LONGEST_INSTRUCT: int = msgspec.json.schema(Instruct)["maxLength"]


def schema_of(kind: Any, name: str) -> dict[str, Any]:
    """Of a field, without null and without the texts that may stand for a number."""
    _, components = msgspec.json.schema_components((kind,))
    field: dict[str, Any] = components[kind.__name__]["properties"][name]
    return next((shape for shape in field.get("anyOf", []) if shape["type"] != "null"), field)


def fields(names: dict[str, Any]) -> list[Any]:
    return [
        pytest.param(kind, name, id=f"{kind.__name__}.{name}")
        for kind in ASKED for name in kind.__struct_fields__ if name in names
    ]  # fmt: skip


@pytest.mark.parametrize(("kind", "name"), fields(NUMBERS))
def test_a_number_has_the_same_bounds_wherever_it_is_asked_for(kind: type[msgspec.Struct], name: str) -> None:
    bounds, schema = NUMBERS[name], schema_of(kind, name)
    assert schema.get("exclusiveMinimum" if bounds.above_low else "minimum") == bounds.low
    if name == "seed" and "maximum" not in schema:  # over HTTP the seam refuses what is too large
        assert kind is BatchBody or schema["format"] == "int64"
    else:
        assert schema["maximum"] == bounds.high


@pytest.mark.parametrize(("kind", "name"), fields(TEXTS))
def test_a_text_has_the_same_length_wherever_it_is_asked_for(kind: type[msgspec.Struct], name: str) -> None:
    wanted = msgspec.json.schema(TEXTS[name])
    if kind is VoiceDesign and name == "instruct":  # there it is the description
        wanted = msgspec.json.schema(Description)
    given = schema_of(kind, name)
    assert (given.get("minLength"), given["maxLength"]) == (wanted.get("minLength"), wanted["maxLength"])


@pytest.mark.parametrize("name", ["temperature", "top_k", "top_p", "repetition_penalty", "seed"])
def test_the_seam_refuses_what_is_beyond(name: str) -> None:
    bounds = NUMBERS[name]
    Sampling(**{name: bounds.high})
    for number in (bounds.low if bounds.above_low else bounds.low - 1, bounds.high + 1):
        with pytest.raises(InvalidRequest, match=re.escape(f"{name} must be {bounds}, got")) as caught:
            Sampling(**{name: number})
        assert caught.value.param == name
        if name in CodePredictorSampling.__struct_fields__:
            with pytest.raises(InvalidRequest):
                Sampling(code_predictor=CodePredictorSampling(**{name: number}))


def test_a_request_may_be_so_long_and_every_door_says_so() -> None:
    check_length(MAX_TEXT_CHARS)
    with pytest.raises(TextTooLong, match=str(MAX_TEXT_CHARS)):
        check_length(MAX_TEXT_CHARS + 1)
    assert f"{MAX_TEXT_CHARS:,}" in schema_of(SpeechBody, "input")["description"]
    hello = SocketLimits(contexts=1, message_bytes=1, messages_per_10s=1, idle_s=1)
    assert hello.text_chars == MAX_TEXT_CHARS


@pytest.mark.parametrize(
    ("name", "within", "beyond"),
    [
        ("speed", SPEED.high, SPEED.high + 0.01),
        ("speed", SPEED.low, SPEED.low - 0.01),
        ("gain_db", GAIN_DB.high, GAIN_DB.high + 0.01),
        ("gain_db", GAIN_DB.low, GAIN_DB.low - 0.01),
        ("lead_silence_ms", int(SILENCE_MS.high), int(SILENCE_MS.high) + 1),
        ("tail_silence_ms", 0, -1),
        ("seed", SEED.high, SEED.high + 1),
        ("seed", SEED.low, SEED.low - 1),
        ("instruct", "a" * LONGEST_INSTRUCT, "a" * (LONGEST_INSTRUCT + 1)),
    ],
)
def test_wyoming_takes_what_the_others_take(name: str, within: Any, beyond: Any) -> None:
    session = WyomingSession(lambda: Info(), streaming=True)
    for value, is_taken in ((within, True), (beyond, False)):
        begin = session.receive(Event("synthesize", {"text": "Hello.", "context": {name: value}}))[0]
        assert isinstance(begin, Begin)
        assert isinstance(begin.order, Exception) != is_taken


def test_a_socket_is_told_what_it_may_ask_for() -> None:
    formats = OfferedFormats()
    assert formats.sample_rates == OUTPUT_SAMPLE_RATES
    assert formats.frame_ms == (FRAME_MS.low, FRAME_MS.high)


def test_the_settings_take_what_a_request_may_ask_for() -> None:
    for seconds in (CLIP_LIFETIME_S.low, CLIP_LIFETIME_S.high):
        assert ClipsSettings(expires_s=seconds).expires_s == seconds
    for seconds in (CLIP_LIFETIME_S.low - 0.1, CLIP_LIFETIME_S.high + 1):
        with pytest.raises(ValidationError):
            ClipsSettings(expires_s=seconds)
    with pytest.raises(ValidationError):
        WebSocketSettings(lead_ms=int(LEAD_MS.low) - 1)
