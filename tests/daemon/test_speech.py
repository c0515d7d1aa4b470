"""The use case on a ToneEngine: what every protocol may rely on."""

import asyncio
import logging
import re

import msgspec
import pytest

from qwen3tts_daemon.audio import silence
from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.hosting.model_manager import ManagerConfig, ModelManager
from qwen3tts_daemon.speech.metrics import Metrics
from qwen3tts_daemon.speech.output import NOTHING_MS, SegmentStarted
from qwen3tts_daemon.speech.request import Order
from qwen3tts_daemon.speech.service import Speech
from qwen3tts_daemon.speech.utterance import SpeechConfig, Utterance
from qwen3tts_daemon.voices.catalogue import VoiceCatalogue
from qwen_tts.api import AudioChunk
from qwen_tts.errors import (
    OtherVoice,
    SynthesisFailed,
    TextEmpty,
    TextTooLong,
    UnknownLanguage,
    UnknownVoice,
    UnsupportedLanguage,
)
from qwen_tts.limits import MAX_TEXT_CHARS
from tests.fakes import SAMPLE_RATE, ToneEngine, tone

ORDER = Order("test")


async def read(utterance: Utterance) -> tuple[bytes, list[SegmentStarted]]:
    parts = [part async for part in utterance]
    pcm = b"".join(part.pcm for part in parts if isinstance(part, AudioChunk))
    return pcm, [part for part in parts if isinstance(part, SegmentStarted)]


async def say(speech: Speech, text: str, order: Order = ORDER) -> tuple[bytes, list[SegmentStarted]]:
    async with speech.utterance(order) as utterance:
        utterance.feed(text)
        utterance.end_text()
        return await read(utterance)


async def test_every_sentence_is_a_segment_with_its_range_of_characters(speech: Speech) -> None:
    text = "Hello there. How are you?"
    pcm, segments = await say(speech, text)
    assert [text[segment.start : segment.end].strip() for segment in segments] == ["Hello there.", "How are you?"]
    assert segments[0].sample == 0
    assert segments[1].sample == len(tone("Hello there.")) // 2
    assert pcm == tone("Hello there.") + tone("How are you?")


async def test_an_engine_that_reads_sentences_sees_where_a_paragraph_ends(speech: Speech) -> None:
    pcm, _ = await say(speech, "Hello there. Come in.\n\nHow are you?\n\n")
    assert pcm == tone("Hello there.") + tone("Come in.\n") + tone("How are you?\n")


@pytest.mark.parametrize("speed", [0.5, 1.5])
async def test_a_segment_begins_where_its_sound_does_at_any_speed(speech: Speech, speed: float) -> None:
    speech.config = SpeechConfig(lead_silence_s=0.1)
    _, segments = await say(speech, "Hello there. How are you?", Order("test", speed=speed))
    lead, spoken = 2_400, len(tone("Hello there.")) // 2
    assert [segment.sample for segment in segments] == [lead, lead + round(spoken / speed)]


class WordReader(ToneEngine):
    """Reads what it is fed as one text."""

    def __init__(self) -> None:
        super().__init__()
        self._capabilities = msgspec.structs.replace(self._capabilities, live_text="words")


@pytest.mark.parametrize("engine", [WordReader()])
async def test_an_engine_that_reads_words_gets_a_blank_where_there_is_one(speech: Speech) -> None:
    for text, pieces in (
        ("Hello there. How are you?", ["Hello there.", " How are you?"]),
        ("今天天气很好。我们走吧！", ["今天天气很好。", "我们走吧！"]),
        ("今天天气很好。 我们走吧！", ["今天天气很好。", " 我们走吧！"]),
        ("Hello there.\n\n---\nHow are you?", ["Hello there.", " How are you?"]),
    ):
        pcm, _ = await say(speech, text, Order("test", voice="tone"))
        assert pcm == b"".join(map(tone, pieces)), text


async def test_sound_starts_before_the_text_is_complete(speech: Speech) -> None:
    async with speech.utterance(ORDER) as utterance:
        utterance.feed("Hello there. How")
        assert isinstance(await anext(utterance), SegmentStarted)
        assert isinstance(await anext(utterance), AudioChunk)
        utterance.feed(" are you?")
        utterance.end_text()
        _, segments = await read(utterance)
    assert [segment.text.strip() for segment in segments] == ["How are you?"]
    assert utterance.end == "done"


async def test_the_engine_hears_which_voice_is_wanted_before_there_is_text(speech: Speech, engine: ToneEngine) -> None:
    async with speech.utterance(Order("test", voice="tone")):
        while not engine.prepared:
            await asyncio.sleep(0)
    assert engine.prepared == ["preset"]


async def test_a_finished_sentence_is_spoken_in_a_pause_of_the_writer(manager: ModelManager, metrics: Metrics) -> None:
    voices = VoiceCatalogue(lambda: manager.capabilities)
    speech = Speech(manager, voices, metrics, SpeechConfig(idle_flush_s=0.001))
    async with speech.utterance(ORDER) as utterance:
        utterance.feed("Hello there.")
        started = await anext(utterance)
    assert isinstance(started, SegmentStarted)
    assert started.text == "Hello there."


@pytest.mark.parametrize("speed", [0.25, 1.3, 3, 4])
@pytest.mark.parametrize("text", ["A.", "Hello there. How are you?"])
async def test_at_every_speed_the_sound_is_whole_and_ends(speech: Speech, text: str, speed: float) -> None:
    """Also where a chunk, spoken faster, is no sound yet."""
    pcm, _ = await say(speech, text, Order("test", speed=speed))
    spoken = sum(len(tone(sentence)) for sentence in re.findall(r"[^.?]+[.?]", text.replace(". ", ".")))
    assert len(pcm) == 2 * round(spoken / 2 / speed)


async def test_silence_around_the_speech_is_part_of_the_sound(manager: ModelManager, metrics: Metrics) -> None:
    voices = VoiceCatalogue(lambda: manager.capabilities)
    speech = Speech(manager, voices, metrics, SpeechConfig(lead_silence_s=0.1, tail_silence_s=0.25))
    async with speech.utterance(ORDER) as utterance:
        utterance.feed("Hello there. How are you?")
        utterance.end_text()
        parts = [part async for part in utterance]
    chunks = [part for part in parts if isinstance(part, AudioChunk)]
    spoken = tone("Hello there.") + tone("How are you?")
    assert b"".join(chunk.pcm for chunk in chunks) == bytes(4_800) + spoken + bytes(12_000)
    position = 0
    for chunk in chunks:
        assert chunk.first_sample == position
        position += chunk.samples
    starts = [part.sample for part in parts if isinstance(part, SegmentStarted)]
    assert starts == [2_400, 2_400 + len(tone("Hello there.")) // 2]


async def test_flush_speaks_what_is_unfinished(speech: Speech) -> None:
    async with speech.utterance(ORDER) as utterance:
        utterance.feed("Hello")
        utterance.flush()
        started = await anext(utterance)
    assert isinstance(started, SegmentStarted)
    assert started.text == "Hello"


@pytest.mark.parametrize("text", ["", "   ", " \n\t\u2003"])
async def test_an_empty_text_is_said_so(speech: Speech, text: str) -> None:
    with pytest.raises(TextEmpty):
        await say(speech, text)
    with pytest.raises(TextEmpty):
        speech.whole_utterance(ORDER, text)


WORDLESS = ["👍", "🎉🎉 \n", "...", "…", "—", "!?", "***", "---", "()", "```", "```\ncode\n```", "\u200b", "\x00\x07",
            "\u0301", "¿?", "| - |", "<br>", "。", "\ufeff"]  # fmt: skip


class TestWithoutWords:
    """Frameworks send such pieces one by one, and want an answer to each."""

    @pytest.mark.parametrize("text", WORDLESS)
    async def test_it_is_a_moment_of_silence(self, speech: Speech, text: str, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO)
        speech.config = SpeechConfig(lead_silence_s=0.5, tail_silence_s=0.5)
        assert await say(speech, text) == (silence(NOTHING_MS, SAMPLE_RATE), [])
        assert caplog.messages[-1].endswith("end=done")

    async def test_it_brings_no_engine(self, speech: Speech, manager: ModelManager) -> None:
        states: list[str] = []
        manager.on_state.append(states.append)
        manager.evict()
        while manager.state != "unloaded":
            await asyncio.sleep(0)
        for _ in range(3):
            assert await say(speech, "👍") == (silence(NOTHING_MS, SAMPLE_RATE), [])
        assert (states, manager.leases) == (["unloaded"], 0)

    async def test_it_does_not_wait_for_an_engine_that_loads(self, metrics: Metrics) -> None:
        async def start() -> ToneEngine:
            return ToneEngine(load_s=60)

        manager = ModelManager(start, ManagerConfig(load_timeout_s=60))
        await manager.start(preload=True)
        voices = VoiceCatalogue(lambda: manager.capabilities)
        async with Speech(manager, voices, metrics, SpeechConfig()).utterance(ORDER) as utterance:
            reading = asyncio.create_task(read(utterance))
            while not manager.leases:
                await asyncio.sleep(0)
            utterance.feed("👍")
            utterance.end_text()
            assert await reading == (silence(NOTHING_MS, SAMPLE_RATE), [])
        await manager.close()

    async def test_live_text_is_answered_at_its_end(self, speech: Speech) -> None:
        async with speech.utterance(ORDER) as utterance:
            reading = asyncio.create_task(read(utterance))
            for piece in ("👍", " ", "..."):
                utterance.feed(piece)
                utterance.flush()
                await asyncio.sleep(0)
            assert not reading.done()
            utterance.end_text()
            assert await reading == (silence(NOTHING_MS, SAMPLE_RATE), [])

    async def test_between_sentences_it_changes_nothing(self, speech: Speech) -> None:
        async with speech.utterance(ORDER) as utterance:
            for piece in ("👍", "Hello there. ", "👍👍", "\n\n", "How are you?", " —"):
                utterance.feed(piece)
                utterance.flush()
            utterance.end_text()
            pcm, segments = await read(utterance)
        assert pcm == tone("Hello there.") + tone("How are you?")
        assert len(segments) == 2

    async def test_what_is_cancelled_is_no_sound(self, speech: Speech) -> None:
        async with speech.whole_utterance(ORDER, "👍") as utterance:
            utterance.cancel()
            assert await read(utterance) == (b"", [])
        assert utterance.end == "cancelled"


class TestUnreadable:
    """Words without a sound are never a success."""

    @pytest.mark.parametrize(
        ("text", "order", "way_out"),
        [
            ("[mute] שלום עולם", ORDER, "there are voices for de, en, fr, zh"),
            ("สวัสดี [mute] ครับผม ยินดี", ORDER, "there are voices for de, en, fr, zh"),
            ("[mute] 今天天气很好，我们出去走走。", Order("test", voice="tone"), "voice 'gong' speaks zh"),
            ("[mute] The weather is fine today.", Order("test", voice="gong"), "voice 'tone' speaks en"),
            ("[mute] The weather is fine today.", Order("test", voice="tone"), "there are voices for de, en, fr, zh"),
            ("[mute] One. [mute] Two.", ORDER, "there are voices for de, en, fr, zh"),
        ],
    )
    async def test_it_is_an_error_that_names_the_way_out(
        self, speech: Speech, metrics: Metrics, text: str, order: Order, way_out: str
    ) -> None:
        speech.config = SpeechConfig(lead_silence_s=0.5, tail_silence_s=0.5)
        utterance = speech.whole_utterance(order, text)
        heard = []
        with pytest.raises(UnsupportedLanguage) as caught:
            async with utterance:
                heard += [part async for part in utterance]
        spoken = {"tone": "en, de, fr", "gong": "zh"}[utterance.voice]
        assert caught.value.message == (
            f"voice '{utterance.voice}' can read nothing of this text: it speaks {spoken}; {way_out}"
        )
        assert caught.value.param == "text"
        named = re.fullmatch(r"voice '(\w+)' speaks (\w+)", way_out)
        assert caught.value.instead == (OtherVoice(*named.groups()) if named else None)
        assert heard == []
        assert utterance.end == "unsupported_language"
        assert b'end="unsupported_language"' in metrics.exposition()

    async def test_what_can_be_read_of_a_text_is_spoken(self, speech: Speech) -> None:
        pcm, segments = await say(speech, "[mute] one. Hello there.")
        assert pcm == tone("Hello there.")
        assert [segment.text for segment in segments] == ["Hello there."]

    async def test_what_is_left_out_of_it_is_told_at_the_end(self, speech: Speech) -> None:
        utterance = speech.whole_utterance(Order("test", voice="tone"), "Hello. [mute] 今天天气很好，我们出去走走。")
        async with utterance:
            _ = [part async for part in utterance]
            assert utterance.left_out is not None
            assert utterance.left_out.instead == OtherVoice("gong", "zh")
            assert utterance.left_out.message == "voice 'tone' left out what it cannot read; voice 'gong' speaks zh"
        assert str(utterance.report).endswith("end=done unread=1")
        async with speech.whole_utterance(ORDER, "Hello.") as whole:
            _ = [part async for part in whole]
            assert whole.left_out is None


async def test_a_text_beyond_the_limit_is_refused(speech: Speech) -> None:
    async with speech.utterance(ORDER) as utterance:
        utterance.feed("a" * MAX_TEXT_CHARS)
        with pytest.raises(TextTooLong):
            utterance.feed("a")


@pytest.mark.parametrize(
    ("order", "error", "param"),
    [
        (Order("test", voice="nobody"), UnknownVoice, "voice"),
        (Order("test", language="klingon"), UnknownLanguage, "language"),
        (Order("test", language="ko"), UnsupportedLanguage, "language"),
        (Order("test", voice="gong", language="en"), UnsupportedLanguage, "language"),
    ],
)
async def test_what_cannot_be_spoken_is_refused_before_there_is_text(
    speech: Speech, order: Order, error: type[Exception], param: str
) -> None:
    with pytest.raises(error) as caught:
        speech.utterance(order)
    assert getattr(caught.value, "param", None) == param


@pytest.mark.parametrize(
    ("order", "text", "voice", "language"),
    [
        (ORDER, "The weather is fine today.", "tone", "en"),
        (ORDER, "今天天气很好。", "gong", "zh"),
        (ORDER, "Das Wetter ist heute sehr schön.", "tone", "de"),
        (Order("test", language="zh-CN"), "Hello.", "gong", "zh"),
        (Order("test", voice="GONG"), "Hello, this is English.", "gong", "zh"),
        (Order("test", voice="tone", language="de"), "Hello, this is English.", "tone", "de"),
        (Order("test", voice="tone"), "今天天气很好。", "tone", "en"),
    ],
)
async def test_voice_and_language_are_given_or_found_in_the_text(
    speech: Speech, order: Order, text: str, voice: str, language: str
) -> None:
    async with speech.utterance(order) as utterance:
        utterance.feed(text)
        utterance.end_text()
        await read(utterance)
    assert (utterance.voice, utterance.language) == (voice, language)


async def test_a_failure_reaches_the_reader_and_the_log(
    speech: Speech, caplog: pytest.LogCaptureFixture, metrics: Metrics
) -> None:
    caplog.set_level(logging.INFO)
    with pytest.raises(SynthesisFailed):
        await say(speech, "Please [fail] now.")
    assert "end=generation_failed" in caplog.text
    assert b'end="generation_failed"' in metrics.exposition()


@pytest.mark.parametrize(
    ("error", "end"),
    [
        (Refusal("slow_consumer", "nothing was taken"), "slow_consumer"),
        (KeyError("x"), "internal"),
        (ConnectionResetError(), "cancelled"),
        (ConnectionAbortedError(110, "Connection timed out"), "cancelled"),
    ],
)
async def test_what_fails_in_a_protocol_is_the_end_of_its_utterance(
    speech: Speech, caplog: pytest.LogCaptureFixture, metrics: Metrics, error: Exception, end: str
) -> None:
    caplog.set_level(logging.INFO)
    utterance = speech.whole_utterance(ORDER, "Hello there.")

    async def protocol() -> None:
        async with utterance:
            await anext(utterance)
            raise error

    with pytest.raises(type(error)):
        await protocol()
    assert utterance.end == end
    assert speech.reports[utterance.caller.request_id].end == end
    assert caplog.messages[-1].endswith(f"end={end}")
    assert f'qwen3tts_utterances_total{{end="{end}",protocol="test"}} 1.0'.encode() in metrics.exposition()


async def test_what_fails_behind_the_end_does_not_change_it(speech: Speech) -> None:
    utterance = speech.whole_utterance(ORDER, "Hello there.")

    async def protocol() -> None:
        async with utterance:
            await read(utterance)
            raise ConnectionError

    with pytest.raises(ConnectionError):
        await protocol()
    assert utterance.end == speech.reports[utterance.caller.request_id].end == "done"


async def test_the_time_in_the_engines_line_is_told(
    speech: Speech, engine: ToneEngine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    engine.queue_s = 1.25
    async with speech.whole_utterance(ORDER, "Hello there.") as utterance:
        await read(utterance)
    assert speech.reports[utterance.caller.request_id].measures.queue_s == 1.25
    assert "queue_s=1.25 " in caplog.messages[-1]


async def test_a_failure_while_feeding_reaches_the_reader(speech: Speech) -> None:
    async with speech.utterance(ORDER) as utterance:
        utterance.feed("Hello there. [refuse] this. And")
        with pytest.raises(SynthesisFailed, match="asked to be refused"):
            async for _ in utterance:
                pass
    assert utterance.end == "generation_failed"


async def test_one_line_per_utterance_and_no_text_in_it(speech: Speech, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    await say(speech, "A secret sentence.")
    lines = [record.message for record in caplog.records if record.name == "qwen3tts_daemon.speech.service"]
    assert len(lines) == 1
    assert "protocol=test voice=tone language=en chars=18" in lines[0]
    assert lines[0].endswith("end=done")
    assert "secret" not in caplog.text


async def test_cancelling_from_another_task_ends_the_reader(speech: Speech) -> None:
    async with speech.utterance(ORDER) as utterance:
        reader = asyncio.create_task(read(utterance))
        await asyncio.sleep(0)
        utterance.cancel()
        assert await reader == (b"", [])
    assert utterance.end == "cancelled"


async def test_leaving_frees_the_row_and_the_lease(speech: Speech, manager: ModelManager, engine: ToneEngine) -> None:
    async with speech.utterance(ORDER) as utterance:
        utterance.feed("Hello [hang].")
        utterance.flush()
        while not engine.active:
            await asyncio.sleep(0)
    while engine.active or manager.leases:
        await asyncio.sleep(0)
    assert speech.active == 0


async def test_drain_lets_the_running_end_and_refuses_the_new(speech: Speech) -> None:
    async with speech.utterance(ORDER) as utterance:
        draining = asyncio.create_task(speech.drain(60))
        await asyncio.sleep(0)
        with pytest.raises(Refusal) as caught:
            speech.utterance(ORDER)
        assert caught.value.code == "draining"
        utterance.feed("Hello.")
        utterance.end_text()
        pcm, _ = await read(utterance)
        assert pcm == tone("Hello.")
    await draining


async def test_drain_cancels_what_does_not_end(speech: Speech) -> None:
    async with speech.utterance(ORDER) as utterance:
        utterance.feed("Hello [hang].")
        await speech.drain(0.001)
        assert await read(utterance) == (b"", [])
