import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qwen3tts_daemon.embedded.cancellation import Cancellation
from qwen3tts_daemon.embedded.engine import EmbeddedEngine
from qwen3tts_daemon.embedded.framing import SAMPLES_PER_FRAME
from qwen3tts_daemon.embedded.shaping import SAMPLE_RATE, Samples
from qwen3tts_daemon.embedded.synthesizer import EmbeddedSynthesizer, PhonemeUnit
from qwen3tts_daemon.embedded.voices import VOICES, EmbeddedVoice
from qwen_tts.api import Audio, AudioChunk, DesignedVoice, Limits, PresetVoice, Sampling, SynthesisRequest
from qwen_tts.errors import (
    EngineBusy,
    InvalidRequest,
    ModelUnavailable,
    OutOfMemory,
    SynthesisFailed,
    TextEmpty,
    TextTooLong,
    UnknownLanguage,
    UnknownVoice,
    UnsupportedLanguage,
)
from qwen_tts.stream import WINDOW_FRAMES, AudioStream

LONG = "This is a sentence of some length, which is spoken for several seconds. " * 4


@pytest.fixture
async def engine(voices: EmbeddedSynthesizer) -> AsyncIterator[EmbeddedEngine]:
    engine = EmbeddedEngine(voices, VOICES, max_streams=4, warm_languages=("en",))
    await engine.load()
    yield engine
    await engine.close()


NO_LIMITS = Limits()


def request(
    text: str = "",
    *,
    live: bool = False,
    voice: str = "heart",
    language: str = "auto",
    limits: Limits = NO_LIMITS,
    client: str = "",
) -> SynthesisRequest:
    return SynthesisRequest(
        voice=PresetVoice(voice), text=text, live=live, language=language, limits=limits, client=client
    )


async def read(audio: AudioStream) -> list[AudioChunk]:
    async with audio:
        return [chunk async for chunk in audio]


def pcm(chunks: list[AudioChunk]) -> bytes:
    return b"".join(chunk.pcm for chunk in chunks)


async def test_chunks_are_frames_and_follow_each_other(engine: EmbeddedEngine) -> None:
    chunks = await read(engine.stream(request("One sentence. And another one.")))
    assert [chunk.samples for chunk in chunks[:-1]] == [SAMPLES_PER_FRAME] * (len(chunks) - 1)
    starts = [0, *np.cumsum([chunk.samples for chunk in chunks])]
    assert [chunk.first_sample for chunk in chunks] == starts[:-1]


@pytest.mark.parametrize("voice", [VOICES[0], VOICES[1]])
async def test_what_is_streamed_is_what_is_spoken(
    engine: EmbeddedEngine, voices: EmbeddedSynthesizer, voice: EmbeddedVoice
) -> None:
    text = "One sentence that is not short at all. And another one."
    streamed = np.frombuffer(pcm(await read(engine.stream(request(text, voice=voice.name)))), "<i2")
    whole = np.concatenate(list(voices.speak(text, voice, Cancellation(), is_first=True, is_last=True)))
    np.testing.assert_array_equal(streamed, np.round(whole * 32_767).astype("<i2"))


async def test_together_equals_alone(engine: EmbeddedEngine) -> None:
    texts = ["Hello there. How are you?", "Good morning to you. Fine?", "Yes. No."]
    alone = [pcm(await read(engine.stream(request(text)))) for text in texts]
    together = await asyncio.gather(*(read(engine.stream(request(text))) for text in texts))
    assert [pcm(chunks) for chunks in together] == alone


async def test_live_pieces_are_segments_and_blank_ones_count(engine: EmbeddedEngine) -> None:
    async with engine.stream(request(live=True)) as audio:
        await audio.feed("Hello there.")
        first = await anext(audio)
        await audio.feed(" ")
        await audio.feed("Good morning.")
        audio.end_text()
        rest = [chunk async for chunk in audio]
    assert first.segment == 0
    assert sorted({chunk.segment for chunk in rest}) == [0, 2]
    assert audio.end is not None
    assert audio.end.synthesis_s > 0


@pytest.mark.parametrize("voice", ["heart", "zf_xiaoxiao", "ff_siwis"])
async def test_the_same_pieces_give_the_same_samples_whether_the_rest_comes_early_or_late(
    engine: EmbeddedEngine, voice: str
) -> None:
    pieces = ["Hello, Anna.", "…", "OK!\n"]
    async with engine.stream(request(live=True, voice=voice)) as early:
        for piece in pieces:
            await early.feed(piece)
        early.end_text()
        at_once = [chunk async for chunk in early]
    async with engine.stream(request(live=True, voice=voice)) as late:
        one_by_one = []
        for piece in pieces:
            await late.feed(piece)
            if any(map(str.isalnum, piece)):
                one_by_one += await until_spoken(late)
        late.end_text()
        one_by_one += [chunk async for chunk in late]
    assert pcm(one_by_one) == pcm(at_once)
    assert {chunk.segment for chunk in one_by_one} == {chunk.segment for chunk in at_once} == {0, 2}


async def until_spoken(audio: AudioStream) -> list[AudioChunk]:
    """All that comes of the pieces fed so far: a part of a frame is handed out when nothing follows yet."""
    chunks = [await anext(audio)]
    while chunks[-1].samples == SAMPLES_PER_FRAME or not np.frombuffer(chunks[-1].pcm, "<i2").any():
        chunks.append(await anext(audio))
    return chunks


async def test_a_seed_is_a_sound_whatever_else_is_spoken(engine: EmbeddedEngine) -> None:
    def one() -> AudioStream:
        return engine.stream(
            SynthesisRequest(voice=PresetVoice("heart"), text="Good morning, Anna. Yes.", sampling=Sampling(seed=7))
        )

    alone = pcm(await read(one()))
    others = [request("Numbers 1 to 20, and so on."), request("明天见。", voice="zf_xiaoxiao")]
    streams = [one(), *(engine.stream(other) for other in others), one()]
    first, *_, last = await asyncio.gather(*map(read, streams))
    assert pcm(first) == pcm(last) == alone


class _Turns(EmbeddedSynthesizer):
    """Remembers whose inferences there were, and how long they sound."""

    def __init__(self, cache_dir: Path) -> None:
        super().__init__(cache_dir, threads=2)
        self.turns: list[tuple[str, float]] = []

    def say(self, unit: PhonemeUnit, voice: EmbeddedVoice, *arguments: Any, **options: Any) -> Iterator[Samples]:
        spoken = 0
        for samples in super().say(unit, voice, *arguments, **options):
            spoken += len(samples)
            yield samples
        self.turns.append((voice.name, spoken / SAMPLE_RATE))


@pytest.fixture(scope="module")
def turns(cache_dir: Path) -> _Turns:
    return _Turns(cache_dir)


@pytest.mark.parametrize(
    ("voice", "text"),
    [
        ("jf_alpha-ko", "가나다라마바사아자차" * 80),
        ("jf_alpha", "きのうのあめはつめたかった" * 600),
        ("zf_xiaoxiao", "明天天气晴朗西边会吹来微风" * 600),
        ("pm_alex", "7" * 8_000),
        ("am_michael", "a" * 8_000),
        ("am_michael", "word " * 1_600),
    ],
)
async def test_a_text_without_stops_lets_others_speak_after_one_short_unit(
    turns: _Turns, voice: str, text: str
) -> None:
    turns.turns.clear()
    engine = EmbeddedEngine(turns, VOICES, max_streams=4, warm_languages=())
    await engine.load()
    long = SynthesisRequest(voice=PresetVoice(voice), text=text[:8_000], client="long")
    async with engine.stream(long) as going_on:
        await anext(going_on)
        before = len(turns.turns)
        await read(engine.stream(request("Yes.", client="short")))
        names = [name for name, _ in turns.turns[before:]]
    await engine.close()
    assert names.index("heart") <= 2, "the unit in hand, and one that began while the request came"
    assert max(sound_s for _, sound_s in turns.turns) < 10


async def test_short_speech_overtakes_long_speech(engine: EmbeddedEngine) -> None:
    """Units are spoken in turn, so a late short text ends before an early long one."""
    order: list[str] = []

    async def follow(name: str, audio: AudioStream) -> None:
        await read(audio)
        order.append(name)

    texts = {"long": "One two three. " * 20, "short": "Yes."}
    streams = {name: engine.stream(request(text)) for name, text in texts.items()}
    await asyncio.gather(*(follow(name, audio) for name, audio in streams.items()))
    assert order == ["short", "long"]


async def test_clients_take_turns_however_many_texts_they_have(engine: EmbeddedEngine) -> None:
    text = "One two three. " * 6
    order: list[str] = []

    async def follow(name: str, audio: AudioStream) -> None:
        await read(audio)
        order.append(name)

    streams = [engine.stream(request(text, client="many")) for _ in range(2)]
    alone = engine.stream(request(text, client="one"))
    await asyncio.gather(*(follow("many", audio) for audio in streams), follow("one", alone))
    assert order == ["one", "many", "many"]


async def test_who_waits_for_a_first_turn_is_told_its_place(engine: EmbeddedEngine) -> None:
    places: dict[str, list[int]] = {"first": [], "second": [], "third": []}
    streams = []
    for client, told in places.items():
        audio = engine.stream(request("One two three. Four five six.", client=client))
        audio.on_queue_position = lambda position, told=told: told.append(position.place)
        streams.append(read(audio))
    await asyncio.gather(*streams)
    assert places["third"] in ([2, 1, 0], [1, 0]), "the thread may have begun before all were there"
    assert places["second"] in ([1, 0], [])
    assert places["first"] == []


async def test_a_client_has_every_row_and_leaves_room_for_others(engine: EmbeddedEngine) -> None:
    streams = [engine.stream(request(live=True, client="many")) for _ in range(engine.capabilities.rows)]
    with pytest.raises(EngineBusy, match="of yours"):
        engine.stream(request(live=True, client="many"))
    streams += [engine.stream(request(live=True, client="one")) for _ in range(2)]
    for audio in streams:
        audio.cancel()


async def test_a_reader_that_stops_gets_one_window_and_loses_nothing(engine: EmbeddedEngine) -> None:
    whole = pcm(await read(engine.stream(request(LONG))))
    stopped = engine.stream(request(LONG))
    stopped.acks_on_read = False
    async with stopped:
        got = [await anext(stopped) for _ in range(WINDOW_FRAMES)]
        assert pcm(await read(engine.stream(request(LONG)))) == whole, "nobody else waits for it"
        reader = asyncio.ensure_future(anext(stopped))
        await asyncio.sleep(0)
        assert not reader.done(), "the window is full"
        for chunk in got:
            stopped.ack(chunk.samples)
        got.append(await reader)
        stopped.acks_on_read = True
        got += [chunk async for chunk in stopped]
    assert pcm(got) == whole


async def test_closing_ends_at_once_and_disturbs_nobody(engine: EmbeddedEngine) -> None:
    alone = pcm(await read(engine.stream(request(LONG))))
    leaver, stayer = (engine.stream(request(LONG)) for _ in range(2))
    async with leaver:
        await anext(leaver)
        leaver.cancel()
        assert [chunk async for chunk in leaver] == []
    assert pcm(await read(stayer)) == alone


async def test_a_limit_cuts_and_says_so(engine: EmbeddedEngine) -> None:
    audio = engine.stream(request(LONG, limits=Limits(max_audio_s=1.5)))
    chunks = await read(audio)
    assert sum(chunk.samples for chunk in chunks) == 36_000
    assert audio.end is not None
    assert audio.end.reason == "limit"


async def test_more_streams_than_there_is_room_for_are_refused_until_one_is_over(engine: EmbeddedEngine) -> None:
    streams = [engine.stream(request(live=True)) for _ in range(2 * engine.capabilities.rows)]
    with pytest.raises(EngineBusy):
        engine.stream(request("Hello."))
    streams.pop().cancel()
    assert await read(engine.stream(request("Hello.")))
    for audio in streams:
        audio.cancel()


@pytest.mark.parametrize(
    ("wrong", "error", "param"),
    [
        (request("Hello.", voice="nobody"), UnknownVoice, "voice"),
        (SynthesisRequest(voice=DesignedVoice("warm"), text="Hello."), InvalidRequest, "voice"),
        (request("Hello.", language="zh"), UnsupportedLanguage, "language"),
        (request("Hello.", language="tlh"), UnknownLanguage, "language"),
        (request("… !"), TextEmpty, "text"),
        (request("x" * 8_001), TextTooLong, "text"),
    ],
)
async def test_a_wrong_request_is_refused_at_once(
    engine: EmbeddedEngine, wrong: SynthesisRequest, error: type[InvalidRequest], param: str
) -> None:
    with pytest.raises(error) as caught:
        engine.stream(wrong)
    assert caught.value.param == param


async def test_text_without_sound_is_named(engine: EmbeddedEngine) -> None:
    with pytest.raises(TextEmpty):
        await read(engine.stream(request("ᚠᚢᚦ")))


async def test_closing_the_engine_ends_every_stream(engine: EmbeddedEngine) -> None:
    audio = engine.stream(request(live=True))
    await engine.close()
    with pytest.raises(ModelUnavailable):
        await read(audio)
    with pytest.raises(ModelUnavailable):
        engine.stream(request("Hello."))


async def test_what_needs_qwen_is_refused(engine: EmbeddedEngine) -> None:
    with pytest.raises(InvalidRequest):
        await engine.encode_reference(Audio(pcm=b"", sample_rate=24_000), None)
    with pytest.raises(InvalidRequest):
        await engine.encode(Audio(pcm=b"", sample_rate=24_000))
    with pytest.raises(InvalidRequest):
        await engine.decode([[0]])


def test_the_first_voice_of_a_language_is_its_default(voices: EmbeddedSynthesizer) -> None:
    capabilities = EmbeddedEngine(voices, VOICES, max_streams=4, warm_languages=()).capabilities
    assert capabilities.voices[0].name == "heart"
    assert capabilities.is_preview
    assert capabilities.languages[0] == "en"


async def test_voices_that_have_spoken_rest(engine: EmbeddedEngine) -> None:
    """Threads that wait do not spin: one that did would take all of the second."""
    for voice in ("heart", "af_heart"):
        assert await read(engine.stream(request("Good evening.", voice=voice)))
    await asyncio.sleep(0.1)  # some of hibari's spin for as long as that
    before = time.process_time()
    await asyncio.sleep(1.0)
    assert time.process_time() - before < 0.1


class _Stumbling(EmbeddedSynthesizer):
    """Has a bug that one text finds; another needs more memory than there is, and one ends its thread."""

    def phoneme_units(self, text: str, *arguments: Any, **options: Any) -> Iterator[PhonemeUnit]:
        if "stumble" in text:
            raise ZeroDivisionError
        if "gobble" in text:
            raise MemoryError
        if "faint" in text:
            raise SystemExit
        return super().phoneme_units(text, *arguments, **options)


async def test_a_text_that_finds_a_bug_silences_nobody_else(cache_dir: Path) -> None:
    engine = EmbeddedEngine(
        _Stumbling(cache_dir, threads=2), VOICES[:1], max_streams=4, warm_languages=()
    )  # fmt: skip
    await engine.load()
    with pytest.raises(SynthesisFailed):
        await read(engine.stream(request("Now I stumble.")))
    with pytest.raises(OutOfMemory):
        await read(engine.stream(request("Now I gobble.")))
    assert await read(engine.stream(request("Hello.")))
    await engine.close()
    assert not engine.died.is_set()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_an_engine_whose_thread_has_ended_says_so(cache_dir: Path) -> None:
    """Its process is started again then."""
    engine = EmbeddedEngine(
        _Stumbling(cache_dir, threads=2), VOICES[:1], max_streams=4, warm_languages=()
    )  # fmt: skip
    await engine.load()
    with pytest.raises(ModelUnavailable):
        await read(engine.stream(request("Now I faint.")))
    await engine.died.wait()
    await engine.close()
