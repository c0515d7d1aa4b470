"""A text that says where it pauses and who speaks: several passages, one utterance, one end."""

import asyncio
import re

import numpy as np
import pytest

from qwen3tts_daemon.speech.output import Part, SegmentStarted
from qwen3tts_daemon.speech.request import Order
from qwen3tts_daemon.speech.service import Speech
from qwen3tts_daemon.speech.utterance import SpeechConfig, Utterance
from qwen3tts_daemon.voices.stored_voice import StoredVoice
from qwen_tts.api import AudioChunk
from qwen_tts.errors import SynthesisFailed
from tests.fakes import SAMPLE_RATE, ToneEngine, tone

ORDER = Order("test", voice="tone", language="en")


async def read(utterance: Utterance) -> list[Part]:
    async with utterance:
        return [part async for part in utterance]


async def say(speech: Speech, pieces: list[str], order: Order = ORDER) -> tuple[np.ndarray, list[SegmentStarted]]:
    async with speech.utterance(order) as utterance:
        for piece in pieces:
            utterance.feed(piece)
        utterance.end_text()
        parts = [part async for part in utterance]
        assert utterance.end == "done"
    chunks = [part for part in parts if isinstance(part, AudioChunk)]
    sample = 0
    for chunk in chunks:
        assert chunk.first_sample == sample, "without gaps"
        sample += chunk.samples
    return np.frombuffer(b"".join(chunk.pcm for chunk in chunks), "<i2"), [
        part for part in parts if isinstance(part, SegmentStarted)
    ]


def pauses(samples: np.ndarray) -> list[int]:
    """Lengths of stretches of zeros longer than 20 ms, in samples."""
    text = "".join("0" if sample == 0 else "1" for sample in samples)
    return [len(run) for run in re.findall("0+", text) if len(run) > SAMPLE_RATE // 50]


@pytest.mark.parametrize("cut", [1, 3, 1_000])
async def test_a_pause_is_exactly_as_long_as_was_asked_for(speech: Speech, cut: int) -> None:
    text = "Wait. [pause 500ms] And [pause: 1.25 s] go on."
    samples, segments = await say(speech, [text[start : start + cut] for start in range(0, len(text), cut)])
    assert pauses(samples) == [12_000, 30_000]
    assert [text[one.start : one.end] for one in segments] == ["Wait.", "And", "go on."]
    lengths = [len(tone(words)) // 2 for words in ("Wait.", "And", "go on.")]
    assert [one.sample for one in segments] == pytest.approx(
        [0, lengths[0] + 12_000, sum(lengths[:2]) + 42_000], abs=SAMPLE_RATE // 50
    )


async def test_a_pause_before_all_and_behind_all(speech: Speech) -> None:
    samples, _ = await say(speech, ["[pause 1s]Hello there.[pause 2s]"])
    assert not samples[:SAMPLE_RATE].any()
    assert not samples[-2 * SAMPLE_RATE :].any()
    assert len(samples) == pytest.approx(3 * SAMPLE_RATE + len(tone("Hello there.")) // 2, abs=SAMPLE_RATE // 50)


async def test_a_text_of_pauses_alone_is_silence(speech: Speech) -> None:
    samples, segments = await say(speech, ["[pause 1s]"])
    assert (len(samples), samples.any(), segments) == (SAMPLE_RATE, False, [])


DIALOGUE = "[voice: tone] Who is there?\n[voice: gong] 是我。\n[voice: tone]\nCome in. [pause 300ms] Sit down."


@pytest.mark.parametrize("cut", [1, 5, 1_000])
async def test_a_dialogue_is_one_utterance(speech: Speech, engine: ToneEngine, cut: int) -> None:
    pieces = [DIALOGUE[start : start + cut] for start in range(0, len(DIALOGUE), cut)]
    samples, segments = await say(speech, pieces, Order("test"))
    assert [(one.voice, one.text) for one in segments] == [
        ("tone", "Who is there?"), ("gong", "是我。"), ("tone", "Come in."), ("tone", "Sit down."),
    ]  # fmt: skip
    assert [one.language for one in segments] == ["en", "zh", "en", "en"]
    assert pauses(samples) == [7_200]
    while engine.active:
        await asyncio.sleep(0)


@pytest.mark.parametrize("cut", [1, 5, 1_000])
async def test_the_text_says_who_begins(speech: Speech, cut: int) -> None:
    text = "[voice: gong] 是我。"
    pieces = [text[start : start + cut] for start in range(0, len(text), cut)]
    utterance = speech.utterance(Order("test", voice="tone"))
    for piece in pieces:
        utterance.feed(piece)
    utterance.end_text()
    assert utterance.settle() == "gong"
    samples, segments = await say(speech, pieces, Order("test", voice="tone"))
    assert [(one.voice, one.language, one.text) for one in segments] == [("gong", "zh", "是我。")]
    assert len(samples) == len(tone("是我。")) // 2


async def test_a_live_text_says_who_begins_after_the_engine_was_asked_for(speech: Speech) -> None:
    async with speech.utterance(Order("test", voice="tone")) as utterance:
        while speech.manager.state != "ready":
            await asyncio.sleep(0)
        utterance.feed("[voice: gong] 是我。")
        utterance.end_text()
        started = [part async for part in utterance if isinstance(part, SegmentStarted)]
    assert [one.voice for one in started] == ["gong"]
    assert utterance.voice == "gong"


@pytest.mark.parametrize("text", ["Hello. \n[voice: gong] 是我。", "[voice: gong] 是我。\n[voice: tone] Hello."])
async def test_a_voice_that_the_text_names_speaks_its_own_language_where_it_cannot_speak_the_wanted_one(
    speech: Speech, text: str
) -> None:
    _, segments = await say(speech, [text], Order("test", voice="tone", language="en"))
    assert {one.voice: one.language for one in segments} == {"tone": "en", "gong": "zh"}


class TestTwoCheckpoints:
    """One for each kind of voice."""

    @pytest.fixture
    def engine(self) -> ToneEngine:
        return ToneEngine(kinds=("preset", "designed"), preview=False)

    async def test_what_the_next_voice_needs_is_loaded_while_the_one_before_speaks(
        self, speech: Speech, engine: ToneEngine
    ) -> None:
        assert speech.voices.library is not None
        speech.voices.library.add(StoredVoice(id="captain", name="Captain", kind="designed", design="An old sailor"))
        text = "[voice: tone] Who is there, in the middle of the night?\n[voice: captain] It is only me."
        async with speech.whole_utterance(Order("test"), text) as utterance:
            async for part in utterance:
                if isinstance(part, AudioChunk):
                    break
            assert engine.prepared == ["preset", "designed"]
            voices = [part.voice async for part in utterance if isinstance(part, SegmentStarted)]
        assert voices == ["captain"]
        assert [type(request.voice).__name__ for request in engine.asked] == ["PresetVoice", "DesignedVoice"]


TEXTS = ["[1] and [sic].", "[pause] here.", "[pause 5 minutes].", "[voice: nobody] hello.", "Not [voice: tone] here."]


@pytest.mark.parametrize("text", TEXTS)
async def test_what_is_no_direction_is_text(speech: Speech, text: str) -> None:
    samples, segments = await say(speech, [text])
    assert [text[one.start : one.end] for one in segments] == [text]
    assert pauses(samples) == []


async def test_brackets_are_text_where_the_settings_or_the_order_say_so(speech: Speech) -> None:
    text = "Wait. [pause 500ms] Go."
    for config, order in (
        (SpeechConfig(markup=False), ORDER),
        (SpeechConfig(), Order("test", voice="tone", language="en", markup=False)),
    ):
        speech.config = config
        samples, _ = await say(speech, [text], order)
        assert pauses(samples) == []
    speech.config = SpeechConfig(markup=False)
    samples, _ = await say(speech, [text], Order("test", voice="tone", language="en", markup=True))
    assert pauses(samples) == [12_000]


async def test_pauses_are_bounded(speech: Speech) -> None:
    samples, _ = await say(speech, ["A.[pause 600s]B.[pause 9s]C.[pause 9s]D.[pause 9s]E."])
    assert pauses(samples) == [240_000, 216_000, 216_000, 48_000]


async def test_what_a_passage_costs_is_told_once_for_all(speech: Speech) -> None:
    async with speech.whole_utterance(ORDER, "Wait. [pause 500ms] Go.") as utterance:
        parts = [part async for part in utterance]
        assert utterance.report.measures.samples == sum(one.samples for one in parts if isinstance(one, AudioChunk))
    assert len(speech.reports) == 1


async def test_who_leaves_in_the_second_passage_leaves_nothing_behind(speech: Speech, engine: ToneEngine) -> None:
    async with speech.whole_utterance(ORDER, "Wait. [pause 500ms] Go on. And on.") as utterance:
        async for part in utterance:
            if isinstance(part, SegmentStarted) and part.index == 1:
                break
    await speech.quiet()
    while engine.active:
        await asyncio.sleep(0)


async def test_a_second_passage_that_fails_ends_the_utterance(speech: Speech) -> None:
    utterance = speech.whole_utterance(ORDER, "Wait. [pause 500ms] [fail] now.")
    with pytest.raises(SynthesisFailed):
        _ = await read(utterance)
    assert utterance.end == "generation_failed"


@pytest.mark.parametrize("cut", [1, 7, 1_000])
async def test_between_sentences_there_is_as_much_silence_as_is_wanted(speech: Speech, cut: int) -> None:
    text = "Wait. And wait.\n\n- More\n- And more [pause 500ms] here."
    pieces = [text[start : start + cut] for start in range(0, len(text), cut)]
    order = Order("test", voice="tone", language="en", sentence_silence_ms=300)
    samples, segments = await say(speech, pieces, order)
    assert len(segments) == 5
    assert pauses(samples) == [7_200, 7_200, 7_200, 12_000]
    speech.config = SpeechConfig(sentence_silence_ms=100)
    assert pauses((await say(speech, ["Wait. And wait."]))[0]) == [2_400]
