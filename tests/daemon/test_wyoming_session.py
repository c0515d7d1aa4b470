"""The Wyoming session without sockets: what a client's events mean, and what an answer consists of."""

import logging
from pathlib import Path
from typing import Any

import pytest
from wyoming.event import Event
from wyoming.info import Describe, Info, SelectProgram, TtsVoice
from wyoming.ping import Ping
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop

from qwen3tts_daemon.failures import Failure
from qwen3tts_daemon.protocols.wyoming.answer_events import Answer
from qwen3tts_daemon.protocols.wyoming.info import PROGRAM_NAME, Describer
from qwen3tts_daemon.protocols.wyoming.session import (
    Begin,
    Fail,
    MoreText,
    Reply,
    TextEnd,
    WyomingAction,
    WyomingSession,
)
from qwen3tts_daemon.speech.request import Order
from qwen3tts_daemon.voices.aliases import Aliases
from qwen3tts_daemon.voices.catalogue import VoiceCatalogue, VoiceConfig
from qwen3tts_daemon.voices.library import VoiceLibrary
from qwen3tts_daemon.voices.stored_voice import StoredVoice
from qwen_tts.api import Capabilities, VoiceInfo, VoiceKind
from qwen_tts.config.languages import LANGUAGES
from qwen_tts.errors import InvalidRequest
from tests import fakes
from tests.fakes import ToneEngine

START = SynthesizeStart().event()
STOP = SynthesizeStop().event()


@pytest.fixture
def session() -> WyomingSession:
    return WyomingSession(lambda: Info(), streaming=True)


def receive(session: WyomingSession, *events: Event) -> list[WyomingAction]:
    return [action for event in events for action in session.receive(event)]


def chunk(text: str) -> Event:
    return SynthesizeChunk(text).event()


def order_of(actions: list[WyomingAction]) -> Order:
    begin = actions[0]
    assert isinstance(begin, Begin)
    assert isinstance(begin.order, Order)
    return begin.order


def error_of(actions: list[WyomingAction]) -> InvalidRequest:
    begin = actions[0]
    assert isinstance(begin, Begin)
    assert isinstance(begin.order, InvalidRequest)
    return begin.order


# -- requests ------------------------------------------------------------------------------------------------


def test_a_whole_text_is_one_request(session: WyomingSession) -> None:
    actions = receive(session, Synthesize("Hello.").event())
    assert actions == [Begin(Order(protocol="wyoming"), is_stream=False), MoreText("Hello."), TextEnd()]


def test_a_stream_is_one_request_that_begins_before_its_text(session: WyomingSession) -> None:
    assert receive(session, START) == [Begin(Order(protocol="wyoming"), is_stream=True)]
    assert session.is_live
    assert receive(session, chunk("Hel"), chunk("lo."), STOP) == [MoreText("Hel"), MoreText("lo."), TextEnd()]
    assert not session.is_live


def test_the_copy_of_the_text_inside_a_stream_is_not_spoken_again(session: WyomingSession) -> None:
    receive(session, START, chunk("Hello."))
    assert receive(session, Synthesize("Hello.").event()) == []
    assert receive(session, STOP) == [TextEnd()]


def test_a_whole_text_after_a_stream_is_a_request_again(session: WyomingSession) -> None:
    receive(session, START, chunk("One."), STOP)
    assert isinstance(receive(session, Synthesize("Two.").event())[0], Begin)


def test_a_second_start_ends_the_first_text(session: WyomingSession) -> None:
    actions = receive(session, START, chunk("One."), START)
    assert [type(action) for action in actions] == [Begin, MoreText, TextEnd, Begin]


def test_text_outside_a_stream_is_ignored(session: WyomingSession) -> None:
    assert receive(session, chunk("Hello."), STOP) == []


def test_without_streaming_the_copy_is_the_request() -> None:
    session = WyomingSession(lambda: Info(), streaming=False)
    actions = receive(session, START, chunk("Hello."), Synthesize("Hello.").event(), STOP)
    assert actions == [Begin(Order(protocol="wyoming"), is_stream=False), MoreText("Hello."), TextEnd()]


@pytest.mark.parametrize(
    ("voice", "name", "language"),
    [
        (None, None, None),
        ({}, None, None),
        ({"name": None, "language": "de"}, None, "de"),
        ({"name": "tone"}, "tone", None),
        ({"name": "tone", "language": "en-GB", "speaker": "x"}, "tone", "en-GB"),
    ],
)
def test_name_and_language_of_the_voice_are_both_kept(
    session: WyomingSession, voice: Any, name: str | None, language: str | None
) -> None:
    order = order_of(receive(session, Event("synthesize", {"text": "Hello.", "voice": voice})))
    assert (order.voice, order.language) == (name, language)
    order = order_of(receive(session, Event("synthesize-start", {"voice": voice})))
    assert (order.voice, order.language) == (name, language)


def test_the_context_may_carry_style_speed_and_seed(session: WyomingSession) -> None:
    context = {"instruct": "whisper", "speed": 2, "seed": 7, "conversation_id": "x"}
    order = order_of(receive(session, Synthesize("Hello.", context=context).event()))
    assert (order.instruct, order.speed, order.sampling.seed) == ("whisper", 2.0, 7)


@pytest.mark.parametrize(
    ("data", "param"),
    [
        ({}, "text"),
        ({"text": 1}, "text"),
        ({"text": "x", "voice": "tone"}, "voice"),
        ({"text": "x", "voice": {"name": 1}}, "voice.name"),
        ({"text": "x", "text_format": []}, "text_format"),
        ({"text": "x", "context": []}, "context"),
        ({"text": "x", "context": {"speed": "fast"}}, "context.speed"),
        ({"text": "x", "context": {"speed": 100}}, "context.speed"),
        ({"text": "x", "context": {"speed": float("nan")}}, "context.speed"),
        ({"text": "x", "context": {"seed": -1}}, "context.seed"),
        ({"text": "x", "context": {"seed": 2**63}}, "context.seed"),
        ({"text": "x", "context": {"instruct": 1}}, "context.instruct"),
    ],
)
def test_a_malformed_field_is_named(session: WyomingSession, data: dict[str, Any], param: str) -> None:
    error = error_of(receive(session, Event("synthesize", data)))
    assert error.param == param
    assert param in error.message
    if "text" in data and param != "text":
        del data["text"]
        assert error_of(receive(session, Event("synthesize-start", data))).param == param


def test_a_stream_that_begins_malformed_stays_a_stream(session: WyomingSession) -> None:
    error_of(receive(session, Event("synthesize-start", {"voice": 1})))
    rest = receive(session, chunk("Hello."), Synthesize("Hello.").event(), STOP)
    assert rest == [MoreText("Hello."), TextEnd()]
    assert not session.is_live


def test_a_malformed_piece_of_text_fails_its_stream(session: WyomingSession) -> None:
    receive(session, START)
    (action,) = receive(session, Event("synthesize-chunk", {"text": None}))
    assert isinstance(action, Fail)
    assert action.error.param == "text"


def test_describe_and_ping_are_answered_inside_a_stream(session: WyomingSession) -> None:
    receive(session, START)
    assert receive(session, Describe().event()) == [Reply(Info().event())]
    assert receive(session, Ping("hi").event()) == [Reply(Event("pong", {"text": "hi"}))]


@pytest.mark.parametrize("live", [False, True])
def test_what_is_not_known_is_ignored(session: WyomingSession, live: bool) -> None:
    if live:
        receive(session, START)
    known_elsewhere = [
        Event("transcribe"),
        Event("audio-chunk", {"rate": "?"}),
        SelectProgram("other").event(),
    ]
    assert receive(session, *known_elsewhere, Event("")) == []


# -- the format of the text -----------------------------------------------------------------------------------


@pytest.mark.parametrize("is_stream", [False, True])
def test_the_format_of_the_text_goes_with_the_order(session: WyomingSession, is_stream: bool) -> None:
    """Beside the voice, as in Wyoming, or among our own keys; what nobody knows says nothing."""
    type_, text = ("synthesize-start", {}) if is_stream else ("synthesize", {"text": "<s>Hi</s>"})
    for data, text_format in (
        ({}, None),
        ({"text_format": "ssml"}, "ssml"),
        ({"text_format": "text"}, "text"),
        ({"text_format": "unheard-of"}, None),
        ({"context": {"text_format": "ssml"}}, "ssml"),
        ({"text_format": "text", "context": {"text_format": "ssml"}}, "text"),
    ):
        actions = receive(session, Event(type_, text | data), *([chunk("<s>Hi</s>"), STOP] if is_stream else []))
        assert order_of(actions).text_format == text_format
        assert [action.text for action in actions if isinstance(action, MoreText)] == ["<s>Hi</s>"]


# -- answers -------------------------------------------------------------------------------------------------


def types(events: list[Event]) -> list[str]:
    return [event.type for event in events]


def test_an_answer_starts_once_and_counts_its_samples() -> None:
    answer = Answer(is_stream=False, sample_rate=24_000)
    events = [*answer.sound(bytes(3_840), 24_000), *answer.sound(bytes(3_840), 24_000), *answer.finish()]
    assert types(events) == ["audio-start", "audio-chunk", "audio-chunk", "audio-stop"]
    assert [event.data["timestamp"] for event in events] == [0, 0, 80, 160]


def test_a_stream_says_last_that_it_has_stopped() -> None:
    answer = Answer(is_stream=True, sample_rate=24_000)
    events = [*answer.sound(bytes(2), 24_000), *answer.finish()]
    assert types(events)[-2:] == ["audio-stop", "synthesize-stopped"]


@pytest.mark.parametrize("is_stream", [False, True])
def test_a_text_without_words_is_answered_by_a_moment_of_silence(is_stream: bool) -> None:
    events = Answer(is_stream=is_stream, sample_rate=24_000).finish()
    stopped = ["synthesize-stopped"] if is_stream else []
    assert types(events) == ["audio-start", "audio-chunk", "audio-stop", *stopped]
    assert events[1].payload == bytes(2 * 2_400)


@pytest.mark.parametrize("is_stream", [False, True])
def test_a_failure_takes_the_place_of_the_stop(is_stream: bool) -> None:
    answer = Answer(is_stream=is_stream, sample_rate=24_000)
    answer.sound(bytes(2), 24_000)
    events = answer.fail(Failure("queue_full", "all rows are in use", 503))
    assert types(events) == ["error", *(["synthesize-stopped"] if is_stream else [])]
    assert events[0].data == {"text": "all rows are in use", "code": "queue_full"}


# -- what is described ---------------------------------------------------------------------------------------


def voice(name: str, description: str, *languages: str) -> VoiceInfo:
    return VoiceInfo(name=name, languages=languages, description=description)


def capabilities(*voices: VoiceInfo, is_preview: bool = True) -> Capabilities:
    return Capabilities(
        engine="tone", sample_rate=24_000, samples_per_frame=1_920, languages=("en",), rows=1,
        voice_kinds=("preset",), voices=voices, live_text="sentences", is_preview=is_preview,
    )  # fmt: skip


def describer(*languages: str, streaming: bool = True) -> Describer:
    return Describer(languages=languages or tuple(LANGUAGES), streaming=streaming, version="1.2")


def info_of(describer: Describer, capabilities: Capabilities) -> Info:
    return describer.info(capabilities, capabilities.voices)


def test_one_installed_program_of_a_constant_name() -> None:
    for preview in (False, True):
        (program,) = info_of(describer(), ToneEngine(preview=preview).capabilities).tts
        assert (program.name, program.installed, program.version) == (PROGRAM_NAME, True, "1.2")
        assert program.supports_synthesize_streaming
        assert ("preview voice" in (program.description or "")) is preview
        assert ("qwen3tts-daemon models download" in (program.description or "")) is preview
    assert not info_of(describer(streaming=False), ToneEngine().capabilities).tts[0].supports_synthesize_streaming


def test_voices_are_listed_as_a_user_reads_them() -> None:
    described = {"z": "anna", "b": "Zoe", "a": "Zoe", "c": ""}
    voices = [voice(name, description, "en") for name, description in described.items()]
    listed = info_of(describer(), capabilities(*voices)).tts[0].voices
    labels = {"z": "anna", "c": "c", "a": "Zoe (a)", "b": "Zoe (b)"}
    assert [(voice.name, voice.description) for voice in listed] == list(labels.items())


def test_only_the_wanted_languages_are_listed() -> None:
    voices = (voice("a", "A", "en", "de"), voice("b", "B", "fr"), voice("c", "C", "zh", "en"))
    listed = info_of(describer("en", "zh"), capabilities(*voices)).tts[0].voices
    assert {voice.name: voice.languages for voice in listed} == {"a": ["en"], "c": ["en", "zh"]}


def test_languages_that_nobody_speaks_list_everybody_and_say_so_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    wrong, english = describer("ru"), capabilities(voice("a", "A", "en"))
    for _ in range(3):
        assert [voice.name for voice in info_of(wrong, english).tts[0].voices] == ["a"]
    assert len(caplog.messages) == 1
    assert "wyoming.languages (ru)" in caplog.messages[0]


# -- who is first --------------------------------------------------------------------------------------------

AWKWARD = ("!!! first", " \tA", "* A", "#1", "Aaa", "", "(b)", "０", "🎉")
"""Descriptions that people may give a voice."""


class First:
    """What Home Assistant makes of the list: for each language the voices by description, the first is the default."""

    def __init__(self, folder: Path, engine: ToneEngine, default: str | None = None, **aliases: str) -> None:
        library = VoiceLibrary(folder)
        for number, description in enumerate(AWKWARD):
            library.add(StoredVoice(id=f"v{number}", name="x", kind="designed", design="x", description=description))
        self.voices = VoiceCatalogue(
            lambda: engine.capabilities, VoiceConfig(default, aliases=Aliases(aliases)), library=library
        )  # fmt: skip
        info = describer().info(engine.capabilities, self.voices.voices, self.voices.defaults)
        self.listed = info.tts[0].voices

    def of(self, language: str) -> list[TtsVoice]:
        return [voice for voice in self.listed if language in voice.languages]


@pytest.mark.parametrize("table", ["preview", "qwen", "tone"])
@pytest.mark.parametrize("settings", [{}, {"default": "v0"}, {"default": "ryan"}, {"de": "v3", "en": "v6", "zh": "v2"}])
@pytest.mark.parametrize("kinds", [("preset",), ("preset", "designed")])
def test_the_voice_that_speaks_if_none_is_named_is_first_of_its_language(
    tmp_path: Path, table: str, settings: dict[str, str], kinds: tuple[VoiceKind, ...]
) -> None:
    first = First(tmp_path, ToneEngine(table=table, kinds=kinds), **settings)
    for language in first.voices.languages:
        default = first.voices.default_for(language).name
        listed = first.of(language)
        assert len({voice.name for voice in listed}) == len(listed), "each once in a language"
        assert listed[0].name == default
        for key in (lambda text: text, str.casefold):
            assert min(listed, key=lambda voice: key(voice.description or "")).name == default, language
    for language in first.voices.languages:
        speaking = {voice.name for voice in first.voices.voices if language in voice.languages}
        assert {voice.name for voice in first.of(language)} == speaking


def test_a_label_has_no_mark_where_it_is_first_anyway(tmp_path: Path) -> None:
    listed = describer().info(ToneEngine().capabilities, fakes.VOICES, {"en": "tone", "de": "tone", "zh": "gong"})
    assert [voice.description for voice in listed.tts[0].voices] == ["Gong, a test voice", "Tone, a test voice"]


def test_the_two_hearts_are_told_apart_by_what_differs() -> None:
    described = {voice.name: voice.description for voice in fakes.preview_voices()}
    assert described["heart"] == "Heart, English (US), fast, preview voice"
    assert described["af_heart"] == "Heart (Kokoro), English (US), fuller, preview voice"
