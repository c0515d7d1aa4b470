"""Laws of an ElevenLabs session: its client's messages in, what is ordered and told out; no sockets, no clock."""

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.protocols.elevenlabs.alignment import Alignment
from qwen3tts_daemon.protocols.elevenlabs.client_messages import Address, read_address
from qwen3tts_daemon.protocols.elevenlabs.session import MOST_IDS, ElevenLabsSession
from qwen3tts_daemon.protocols.voice_v1.context import (
    CancelUtterance,
    Context,
    EndText,
    FeedText,
    FlushText,
    OpenUtterance,
)
from qwen3tts_daemon.protocols.voice_v1.daemon_messages import SegmentMessage, TimedWord
from qwen3tts_daemon.protocols.voice_v1.outbox import Close
from qwen3tts_daemon.settings import WebSocketSettings
from qwen3tts_daemon.voices.catalogue import VoiceCatalogue
from qwen_tts.errors import SynthesisFailed
from tests.fakes import ToneEngine


class Desk:
    """A session with a client on one side and a make-believe engine on the other."""

    def __init__(self, *, is_multi: bool = True, voice: str = "tone", **address: Any) -> None:
        engine = ToneEngine()
        voices = VoiceCatalogue(lambda: engine.capabilities)
        self.now = 1000.0
        asked = Address(**{"output_format": "pcm_24000", **address})
        self.session = ElevenLabsSession(
            WebSocketSettings(max_contexts=64), lambda: voices, lambda: engine.capabilities, asked,
            voice=voice, is_multi=is_multi, now=self.now,
        )  # fmt: skip
        self.contexts: list[Context] = []
        self.text: dict[Context, str] = {}
        self.done: list[tuple[str, Context]] = []
        """What was ordered beside text"""

    def say(self, **fields: Any) -> list[Any]:
        return self.send(json.dumps(fields))

    def send(self, text: str) -> list[Any]:
        self.do(self.session.receive(text, self.now))
        return self.read()

    def do(self, actions: Any) -> None:
        for action in actions:
            match action:
                case OpenUtterance(ctx):
                    self.contexts.append(ctx)
                    self.text[ctx] = ""
                case FeedText(ctx, text):
                    self.text[ctx] += text
                case FlushText() | EndText() | CancelUtterance():
                    self.done.append((type(action).__name__, action.ctx))

    def read(self) -> list[Any]:
        """Messages as dicts, a close as its code."""
        heard: list[Any] = []
        while (entry := self.session.outbox.take()) is not None:
            content = entry.content
            heard.append(content.code if isinstance(content, Close) else json.loads(getattr(content, "data", content)))
        return heard

    def finish(self, ctx: Context) -> list[Any]:
        self.do(self.session.finished(ctx, "complete", self.now))
        return self.read()

    def ordered(self, ctx: Context) -> list[str]:
        return [name for name, of in self.done if of is ctx]

    def wait(self, seconds: float) -> list[Any]:
        self.now += seconds
        self.do(self.session.tick(self.now))
        return self.read()


def final(id: str) -> dict[str, Any]:
    return {"audio": None, "isFinal": True, "contextId": id}


def test_a_context_opens_with_its_first_word() -> None:
    desk = Desk()
    assert desk.say(text=" ", context_id="a", voice_settings={"speed": 1.5, "stability": 0.5}) == []
    assert desk.contexts == []
    desk.say(text=" Hello ", context_id="a")
    desk.say(text="you. ", context_id="a")
    (ctx,) = desk.contexts
    assert (desk.text[ctx], ctx.options.speed, ctx.options.voice) == ("Hello you. ", 1.5, "tone")


def test_what_was_flushed_is_spoken_before_a_context_is_closed() -> None:
    desk = Desk()
    desk.say(text="Hello. ", context_id="a")
    desk.say(context_id="a", flush=True)
    assert desk.say(context_id="a", close_context=True) == []
    assert desk.ordered(desk.contexts[0]) == ["FlushText", "EndText"]
    assert desk.finish(desk.contexts[0]) == [final("a")]


def test_who_closes_without_a_flush_interrupts() -> None:
    desk = Desk()
    desk.say(text="Hello. ", context_id="a", flush=True)
    desk.say(text="And then ", context_id="a")
    assert desk.say(context_id="a", close_context=True) == [final("a")]
    assert desk.ordered(desk.contexts[0]) == ["FlushText", "CancelUtterance"]


def test_who_closes_twice_interrupts_what_was_to_be_spoken_to_its_end() -> None:
    desk = Desk()
    desk.say(text="Hello. ", context_id="a", flush=True)
    assert desk.say(context_id="a", close_context=True) == []
    assert desk.say(context_id="a", close_context=True) == [final("a")]
    assert desk.say(context_id="a", close_context=True) == []


def test_in_auto_mode_each_text_is_a_phrase_that_may_be_interrupted() -> None:
    desk = Desk(auto_mode=True)
    desk.say(text="One.", context_id="a")
    desk.say(text="Two. ", context_id="a")
    (ctx,) = desk.contexts
    assert (desk.text[ctx], desk.ordered(ctx)) == ("One. Two. ", ["FlushText", "FlushText"])
    assert desk.say(context_id="a", close_context=True) == [final("a")]


def test_an_id_is_used_again_and_each_use_has_its_end() -> None:
    desk = Desk()
    for _ in range(2):
        desk.say(text="Hello. ", context_id="a", flush=True)
        desk.say(context_id="a", close_context=True)
    first, second = desk.contexts
    assert desk.finish(second) == desk.finish(first) == [final("a")]


def test_a_context_without_words_ends_without_an_engine() -> None:
    desk = Desk()
    desk.say(text=" ", context_id="a")
    desk.say(text="", context_id="a", flush=True)
    assert desk.say(context_id="a", close_context=True) == [final("a")]
    assert desk.contexts == []


def test_the_socket_ends_when_all_is_spoken() -> None:
    desk = Desk()
    desk.say(text="One ", context_id="a")
    desk.say(text=" ", context_id="b")
    assert desk.say(close_socket=True) == [final("b")]
    desk.say(text="Too late. ", context_id="c")
    (ctx,) = desk.contexts
    assert desk.ordered(ctx) == ["EndText"]
    assert desk.finish(ctx) == [final("a"), 1000]


def test_a_socket_for_one_text_ends_with_it() -> None:
    desk = Desk(is_multi=False)
    desk.say(text=" ")
    desk.say(text="Hello. ", try_trigger_generation=True)
    assert desk.say(text="") == []
    (ctx,) = desk.contexts
    assert desk.ordered(ctx) == ["EndText"]
    assert desk.finish(ctx) == [{"audio": None, "isFinal": True}, 1000]
    assert Desk(is_multi=False).say(text="") == [{"audio": None, "isFinal": True}, 1000]


def test_an_error_is_the_last_word_of_a_socket_for_one_text() -> None:
    desk = Desk(is_multi=False, voice="nobody")
    told, code = desk.say(text="Hello. ")
    assert (told["error"], told["param"], code) == ("unknown_voice", "voice_id", 1008)


def test_what_fails_is_told_once() -> None:
    desk = Desk(voice="nobody")
    told, end = desk.say(text="Hello. ", context_id="a")
    assert (told["error"], told["contextId"], end) == ("unknown_voice", "a", final("a"))
    assert desk.say(text="you. ", context_id="a", flush=True) == []
    assert desk.say(context_id="a", close_context=True) == []
    assert desk.say(text="Hello. ", context_id="a") == [told, end]


def test_what_breaks_later_is_told_with_its_id() -> None:
    desk = Desk()
    desk.say(text="Hello. ", context_id="a")
    desk.do(desk.session.failed(desk.contexts[0], SynthesisFailed("it broke"), desk.now))
    told, end = desk.read()
    assert (told["error"], told["contextId"], end) == ("generation_failed", "a", final("a"))


def test_a_text_that_nobody_goes_on_with_is_ended() -> None:
    desk = Desk(inactivity_timeout=20)
    desk.say(text="Hello ", context_id="a")
    (ctx,) = desk.contexts
    desk.wait(5)
    assert desk.ordered(ctx) == ["FlushText"], "what is unfinished is spoken"
    desk.wait(14)
    desk.say(text="", context_id="a")
    desk.wait(19)
    assert desk.ordered(ctx) == ["FlushText"], "a sign of life"
    desk.wait(2)
    assert desk.ordered(ctx) == ["FlushText", "EndText"]


def test_a_socket_for_one_text_says_that_it_waited_too_long() -> None:
    desk = Desk(is_multi=False, inactivity_timeout=20)
    desk.say(text="Hello. ")
    (ctx,) = desk.contexts
    desk.wait(5)
    desk.wait(20)
    assert desk.ordered(ctx)[-1] == "EndText"
    assert desk.finish(ctx) == [{"audio": None, "isFinal": True}, 1008]


def test_ids_that_are_never_closed_are_bounded() -> None:
    desk = Desk()
    for number in range(MOST_IDS + 1):
        desk.now += 1
        told = desk.say(text=" ", context_id=str(number))
    assert told[0]["error"] == "too_many_contexts"


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "bad_json"), ("[]", "bad_json"), ('{"text":"\\ud800"}', "bad_json"), ('{"text":1}', "bad_field"),
     ('{"context_id":"' + "x" * 300 + '"}', "bad_field"), ('{"voice_settings":{"speed":9}}', "bad_field")],
)  # fmt: skip
def test_what_is_no_message_is_told(text: str, code: str) -> None:
    desk = Desk()
    assert [told["error"] for told in desk.send(text)] == [code]
    assert desk.say(text="Hello. ", context_id="a") == []


def test_who_says_too_much_is_told_and_cut_off() -> None:
    desk = Desk()
    told = [message for _ in range(400) for message in desk.say(text="x", context_id="a")]
    assert told[0]["error"] == "rate_limited"
    assert told[-1] == 1008


@pytest.mark.parametrize(
    ("query", "param"),
    [({"inactivity_timeout": "0"}, "inactivity_timeout"), ({"inactivity_timeout": "x"}, "inactivity_timeout"),
     ({"enable_logging": "perhaps"}, "enable_logging"), ({"seed": "-1"}, "seed")],
)  # fmt: skip
def test_what_an_address_asks_for_wrongly_is_named(query: dict[str, str], param: str) -> None:
    with pytest.raises(Refusal) as caught:
        read_address(query)
    assert caught.value.param == param


MESSAGES = st.fixed_dictionaries(
    {"context_id": st.sampled_from(["a", "b"])},
    optional={
        "text": st.sampled_from(["", " ", "Hi. "]), "flush": st.booleans(), "close_context": st.booleans(),
        "voice_settings": st.just({"speed": 2}),
    },
)  # fmt: skip


@given(st.lists(st.one_of(MESSAGES, st.just("finish"), st.just("fail")), max_size=30))
def test_in_any_order_each_context_is_told_one_end(steps: list[Any]) -> None:
    desk = Desk()
    heard: list[Any] = []
    for step in steps:
        desk.now += 1
        if isinstance(step, dict):
            heard += desk.say(**step)
        elif ctx := next((ctx for ctx in desk.contexts if not ctx.is_done), None):
            end = SynthesisFailed("it broke")
            desk.do(desk.session.failed(ctx, end, desk.now) if step == "fail" else [])
            heard += desk.finish(ctx)
    desk.say(close_socket=True)
    for ctx in desk.contexts:
        heard += desk.finish(ctx)
    heard += desk.read()
    ends = Counter(
        message.get("contextId") for message in heard if isinstance(message, dict) and message.get("isFinal")
    )
    assert all(ctx.is_done for ctx in desk.contexts)
    assert sum(ends.values()) >= len(desk.contexts)
    assert all("error" in message or message["isFinal"] for message in heard if isinstance(message, dict))


def begun(text: str, start: int = 0) -> Alignment:
    """Where nothing is told yet."""
    alignment = Alignment(24_000)
    alignment.begin(segment(text, start))
    return alignment


def segment(text: str, start: int, end: int | None = None) -> SegmentMessage:
    return SegmentMessage(
        ctx="a", index=0, text=text, char_start=start, char_end=start + len(text) if end is None else end, sample=0,
        voice="tone", language="en",
    )  # fmt: skip


def word(text: str, start: int, first_ms: int, end_ms: int) -> TimedWord:
    return TimedWord(
        text=text, char_start=start, char_end=start + len(text), sample=first_ms * 24, sample_end=end_ms * 24
    )


def test_characters_have_their_times_since_what_was_told_before() -> None:
    alignment = begun('Hi, "you".')
    first = alignment.of([word("Hi", 0, 100, 200), word("you", 5, 250, 400)])
    assert "".join(first["chars"]) == 'Hi, "you". '
    assert first["charStartTimesMs"] == [100, 150, 200, 200, 200, 250, 300, 350, 400, 400, 400]
    assert first["charDurationsMs"] == [50, 50, 0, 0, 0, 50, 50, 50, 0, 0, 0]
    alignment.begin(segment("Oh\nno", 11))
    second = alignment.of([word("Oh", 11, 500, 600)])
    assert ("".join(second["chars"]), second["charStartTimesMs"]) == ("Oh ", [100, 150, 200])
    assert "".join(alignment.of([word("no", 14, 600, 700)])["chars"]) == "no "


def test_words_without_blanks_between_them_stay_so() -> None:
    chinese = begun("你好吗？再见")
    assert "".join(chinese.of([word("你好", 0, 0, 100), word("吗", 2, 100, 200)])["chars"]) == "你好吗？"
    assert "".join(chinese.of([word("再见", 4, 300, 400)])["chars"]) == "再见"
    assert "".join(begun("안녕").of([word("안녕", 0, 0, 100)])["chars"]) == "안녕 "


def test_words_between_tags_stand_apart() -> None:
    alignment = Alignment(24_000)
    alignment.begin(segment("Hi you.", 7, 40))
    assert "".join(alignment.of([word("Hi", 7, 0, 100), word("you", 30, 100, 200)])["chars"]) == "Hi you "
