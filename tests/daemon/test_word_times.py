"""When each word is heard: of the text as it was sent, in the sound as it is delivered, on an engine that says it and
on one that does not."""

from collections.abc import Sequence
from dataclasses import replace

import msgspec
import pytest

from qwen3tts_daemon.speech.output import Output, Part, SegmentStarted
from qwen3tts_daemon.speech.request import Order
from qwen3tts_daemon.speech.service import Speech
from qwen3tts_daemon.speech.word_times import Word, WordsTold, WordTeller
from qwen3tts_daemon.text.segments import LiveSegmenter
from qwen3tts_daemon.text.written_words import words_in
from qwen_tts.api import AudioChunk, Capabilities, WordTime
from tests.fakes import SAMPLE_RATE, SAMPLES_PER_CHAR, ToneEngine, tone

ORDER = Order("test", voice="tone", language="en", word_times=True)
TEXT = "Come in, please. The kettle is on, and there are 25 biscuits.\n\n**How** are you?"


class GuessingEngine(ToneEngine):
    """Takes text as words, and does not know for sure where a segment begins."""

    @property
    def capabilities(self) -> Capabilities:
        return msgspec.structs.replace(super().capabilities, live_text="words")


ENGINES = {
    "told": lambda: ToneEngine(word_times=True), "estimated": ToneEngine, "estimated at the end": GuessingEngine,
}  # fmt: skip


@pytest.fixture(params=list(ENGINES))
def engine(request: pytest.FixtureRequest) -> ToneEngine:
    return ENGINES[request.param]()


async def say(speech: Speech, pieces: Sequence[str], order: Order = ORDER) -> list[Part]:
    async with speech.utterance(order) as utterance:
        for piece in pieces:
            utterance.feed(piece)
        utterance.end_text()
        return [part async for part in utterance]


def words_of(parts: Sequence[Part]) -> list[Word]:
    return [word for part in parts if isinstance(part, WordsTold) for word in part.words]


def samples_of(parts: Sequence[Part]) -> int:
    return sum(part.samples for part in parts if isinstance(part, AudioChunk))


def check(parts: Sequence[Part], text: str) -> list[Word]:
    """What holds of the words of every text."""
    words, ends = words_of(parts), 0
    for word in words:
        assert word.text == text[word.start : word.end]
        assert ends <= word.start < word.end
        ends = word.end
    times = [time for word in words for time in (word.first_sample, word.end_sample)]
    assert times == sorted(times)
    assert 0 <= times[0] < times[-1] <= samples_of(parts)
    return words


ORDERS = {
    "as it is": ORDER,
    "fast": replace(ORDER, speed=1.5),
    "slow and loud": replace(ORDER, speed=0.75, gain_db=3.0),
    "with silences": replace(ORDER, lead_silence_ms=300, tail_silence_ms=100, sentence_silence_ms=400),
    "by clauses": replace(ORDER, split="clause"),
}


@pytest.mark.parametrize("order", ORDERS.values(), ids=list(ORDERS))
async def test_every_word_is_told_once_in_order_and_inside_the_sound(speech: Speech, order: Order) -> None:
    words = check(await say(speech, [TEXT], order), TEXT)
    assert [(word.start, word.end) for word in words] == words_in(TEXT)


async def test_text_in_pieces_has_the_same_words(speech: Speech) -> None:
    whole = await say(speech, [TEXT])
    for size in (1, 7):
        pieces = [TEXT[at : at + size] for at in range(0, len(TEXT), size)]
        assert words_of(await say(speech, pieces)) == words_of(whole)


async def test_what_is_told_by_the_engine_comes_before_its_sound(speech: Speech, engine: ToneEngine) -> None:
    heard, segment = 0, -1
    for part in await say(speech, [TEXT]):
        match part:
            case SegmentStarted():
                segment = part.index
            case AudioChunk():
                heard += part.samples
            case WordsTold():
                assert part.is_estimated != engine.capabilities.word_times
                if not part.is_estimated:
                    assert part.words[0].end_sample > heard
                if engine.capabilities.live_text == "sentences":
                    assert part.segment == segment
                else:
                    assert segment == 2, "the last of this text"


async def test_nobody_who_does_not_ask_is_told_and_the_sound_is_the_same(speech: Speech, engine: ToneEngine) -> None:
    asked, not_asked = [await say(speech, [TEXT], replace(ORDER, word_times=wants)) for wants in (True, False)]
    assert [part for part in asked if not isinstance(part, WordsTold)] == not_asked
    assert [request.word_times for request in engine.asked] == [True, False]


async def test_nothing_is_told_of_what_was_cancelled(speech: Speech) -> None:
    async with speech.utterance(ORDER) as utterance:
        utterance.feed(TEXT)
        utterance.end_text()
        async for part in utterance:
            if isinstance(part, AudioChunk):
                utterance.cancel()
                break
        assert [part async for part in utterance] == []


@pytest.mark.parametrize("engine", [ToneEngine(word_times=True)], ids=["told"])
async def test_times_are_those_of_the_sound_that_is_delivered(speech: Speech, engine: ToneEngine) -> None:
    """A character of the stand-in's takes 60 ms."""
    parts = await say(speech, ["Come in. [pause 500ms] Well, hello."], replace(ORDER, lead_silence_ms=100))
    come, inside, well, hello = words_of(parts)
    lead, char = SAMPLE_RATE // 10, SAMPLES_PER_CHAR
    assert (come.first_sample, come.end_sample) == (lead, lead + 4 * char)
    assert (inside.first_sample, inside.end_sample) == (lead + 5 * char, lead + 8 * char)
    begins = lead + 8 * char + SAMPLE_RATE // 2
    assert abs(well.first_sample - begins) < SAMPLE_RATE // 100
    assert abs(hello.end_sample - (begins + 12 * char)) < SAMPLE_RATE // 100
    fast = words_of(await say(speech, ["Come in."], replace(ORDER, speed=2.0)))
    assert [word.first_sample for word in fast] == [0, 5 * char // 2]


SPOKEN_OTHERWISE = {
    "The **kettle** is on 👍 at [home](https://example.org/x).": "The kettle is on at home",
    "It costs 25 €.": "It costs 25",
    "Dr. Miller, 21 °C & rising.": "Dr Miller 21_°C rising",
    '<speak>Hello <sub alias="World Wide Web Consortium">W3C</sub>, <emphasis>well</emphasis> done &amp; good.</speak>':
        "Hello W3C well done good",
    "[voice: gong] 你好吗？": "你好吗",
    "Don't go, it's l'eau-de-vie.": "Don't go it's l'eau-de-vie",
}  # fmt: skip


@pytest.mark.parametrize("text", list(SPOKEN_OTHERWISE))
async def test_words_are_those_of_the_text_that_was_sent(speech: Speech, text: str) -> None:
    words = words_of(await say(speech, [text]))
    told = [text[word.start : word.end].replace(" ", "_") for word in words]
    expected = SPOKEN_OTHERWISE[text]
    assert " ".join(told) in (expected, " ".join(expected))  # of Chinese each character, or what is heard as one


class Written:
    """A text of one segment, spoken as it is written."""

    segments = tuple(LiveSegmenter().feed("Hello there. And"))

    def spoken(self, index: int) -> str:
        return self.segments[index].text


def test_silence_that_is_left_out_behind_a_pause_moves_the_words() -> None:
    """They are told once it is known how much that is."""
    silent, capabilities = SAMPLE_RATE // 5, ToneEngine().capabilities
    output = Output(capabilities, Written.segments)
    words = WordTeller(Written(), sample_rate=SAMPLE_RATE, is_estimated=False)
    output.begin(is_trimmed=True, words=words)
    times = (WordTime(0, 5, silent, silent + 100), WordTime(6, 12, silent + 200, silent + 300))
    first = AudioChunk(pcm=bytes(2 * silent), first_sample=0, sample_rate=SAMPLE_RATE, words=times)
    assert not words_of(output.take(first))
    second = AudioChunk(pcm=tone("Hello there."), first_sample=silent, sample_rate=SAMPLE_RATE)
    hello, there = words_of(output.take(second))
    assert 0 <= hello.first_sample < SAMPLE_RATE // 100
    assert abs(there.first_sample - 200) < SAMPLE_RATE // 100
