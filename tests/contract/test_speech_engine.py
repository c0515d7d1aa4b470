"""What every engine promises, whichever home it has: in this process, in a worker, the fake and the real ones."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import msgspec
import pytest
import pytest_asyncio

from qwen_tts.api import AudioChunk, PresetVoice, Sampling, SynthesisRequest
from qwen_tts.errors import EngineBusy, InvalidRequest, ModelUnavailable, UnknownVoice, UnsupportedLanguage
from qwen_tts.stream import WINDOW_FRAMES, AudioStream, SpeechEngine
from tests.contract.homes import HOMES
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.asyncio(loop_scope="module")

MOST_ROWS = 64
"""More are not opened in a test."""


@dataclass
class Home:
    engine: SpeechEngine
    voice: str
    language: str

    def request(self, text: str = "", *, live: bool = False, client: str = "") -> SynthesisRequest:
        return SynthesisRequest(
            voice=PresetVoice(self.voice), text=text, live=live, language=self.language, sampling=Sampling(seed=5),
            client=client,
        )  # fmt: skip


async def moved_in(name: str) -> Home:
    engine = await HOMES[name]()
    await engine.load()
    voice = engine.capabilities.voices[0]
    return Home(engine, voice.name, voice.languages[0])


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=sorted(HOMES))
async def shared(request: pytest.FixtureRequest) -> AsyncIterator[Home]:
    home = await moved_in(request.param)
    yield home
    await home.engine.close()


@pytest_asyncio.fixture(loop_scope="module")
async def home(shared: Home) -> Home:
    """One for all tests; each finds it with every row free."""
    async with asyncio.timeout(PATIENCE_S):
        while not await has_every_row(shared):
            await asyncio.sleep(0.005)
    return shared


async def has_every_row(home: Home) -> bool:
    """No stream of another test is still on its way out."""

    async def speak() -> None:
        await read(home.engine.stream(home.request("Yes.")))

    rows = min(home.engine.capabilities.rows, MOST_ROWS)
    outcomes = await asyncio.gather(*(speak() for _ in range(rows)), return_exceptions=True)
    return not any(isinstance(outcome, EngineBusy) for outcome in outcomes)


@pytest_asyncio.fixture(loop_scope="module", params=sorted(HOMES))
async def own_home(request: pytest.FixtureRequest) -> AsyncIterator[Home]:
    """Of a test that closes it."""
    home = await moved_in(request.param)
    yield home
    await home.engine.close()


async def read(audio: AudioStream) -> list[AudioChunk]:
    async with audio:
        return [chunk async for chunk in audio]


async def test_words_are_told_in_order_to_who_asks_by_an_engine_that_can(home: Home) -> None:
    text = "Yes, the door is closed."
    plain = await read(home.engine.stream(home.request(text)))
    asked = await read(home.engine.stream(msgspec.structs.replace(home.request(text), word_times=True)))
    assert b"".join(chunk.pcm for chunk in asked) == b"".join(chunk.pcm for chunk in plain)
    assert not any(chunk.words for chunk in plain)
    words = [word for chunk in asked for word in chunk.words]
    told = [text[word.start : word.end].strip(",.") for word in words]
    assert told == (["Yes", "the", "door", "is", "closed"] if home.engine.capabilities.word_times else [])
    ends = 0
    for chunk in asked:
        for word in chunk.words:
            assert ends <= word.first_sample < word.end_sample
            assert word.end_sample > chunk.first_sample
            ends = word.end_sample
    assert ends <= asked[-1].first_sample + asked[-1].samples


def pcm(chunks: list[AudioChunk]) -> bytes:
    return b"".join(chunk.pcm for chunk in chunks)


async def test_chunks_follow_each_other_without_gaps(home: Home) -> None:
    chunks = await read(home.engine.stream(home.request("One sentence. And another one.")))
    position = 0
    for chunk in chunks:
        assert chunk.first_sample == position
        assert chunk.sample_rate == home.engine.capabilities.sample_rate
        position += chunk.samples
    assert position > chunks[0].sample_rate / 2
    assert all(chunk.samples <= home.engine.capabilities.samples_per_frame for chunk in chunks)


async def test_the_same_request_gives_the_same_sound(home: Home) -> None:
    first, second = [await read(home.engine.stream(home.request("Hello there."))) for _ in range(2)]
    assert pcm(first) == pcm(second)


async def test_batched_equals_alone(home: Home) -> None:
    texts = ["Hello there.", "Good morning to you.", "Yes."]
    alone = [pcm(await read(home.engine.stream(home.request(text)))) for text in texts]
    together = await asyncio.gather(*(read(home.engine.stream(home.request(text))) for text in texts))
    assert [pcm(chunks) for chunks in together] == alone


async def test_one_client_may_have_every_row(home: Home) -> None:
    asked, rows = home.request("Hello there.", client="one"), home.engine.capabilities.rows
    assert all(await asyncio.gather(*(read(home.engine.stream(asked)) for _ in range(rows))))


async def test_live_text_is_spoken_piece_by_piece(home: Home) -> None:
    async with home.engine.stream(home.request(live=True)) as audio:
        await audio.feed("Hello there.")
        first = await anext(audio)
        assert first.segment == 0, "sound starts before the text is complete"
        await audio.feed("Good morning.")
        audio.end_text()
        rest = [chunk async for chunk in audio]
    assert {chunk.segment for chunk in rest} == {0, 1}
    assert [chunk.segment for chunk in rest] == sorted(chunk.segment for chunk in rest)
    assert audio.end is not None
    # A model with random weights does not end by itself.
    assert audio.end.reason == ("limit" if home.engine.capabilities.engine == "qwen3-tts" else "complete")


async def test_a_live_stream_that_gets_no_text_ends_without_sound(home: Home) -> None:
    async with home.engine.stream(home.request(live=True)) as audio:
        audio.end_text()
        audio.end_text()
        assert [chunk async for chunk in audio] == []


async def test_text_after_the_end_is_refused(home: Home) -> None:
    async with home.engine.stream(home.request(live=True)) as audio:
        audio.end_text()
        with pytest.raises(InvalidRequest) as caught:
            await audio.feed("too late")
    assert caught.value.param == "text"


async def test_cancelling_delivers_nothing_more(home: Home) -> None:
    audio = home.engine.stream(home.request("One sentence. And another one. And a third."))
    async with audio:
        await anext(audio)
        audio.cancel()
        audio.cancel()
        assert [chunk async for chunk in audio] == []


async def test_leaving_its_block_ends_a_stream(home: Home) -> None:
    async with home.engine.stream(home.request("This is a sentence of some length. " * 3)) as audio:
        await anext(audio)
    assert [chunk async for chunk in audio] == []


async def test_cancelling_from_another_task_ends_a_waiting_reader(home: Home) -> None:
    audio = home.engine.stream(home.request(live=True))
    reader = asyncio.create_task(read(audio))
    await asyncio.sleep(0)
    audio.cancel()
    assert await reader == []


async def test_a_cancelled_stream_disturbs_nobody(home: Home) -> None:
    alone = pcm(await read(home.engine.stream(home.request("Good morning to you."))))
    leaver, stayer = (home.engine.stream(home.request("Good morning to you.")) for _ in range(2))
    async with leaver:
        await anext(leaver)
    assert pcm(await read(stayer)) == alone


async def test_a_reader_that_stops_holds_the_engine_back_and_loses_nothing(home: Home) -> None:
    long_text = "This is a sentence of some length, which is spoken for several seconds. " * 3
    whole = pcm(await read(home.engine.stream(home.request(long_text))))
    capabilities = home.engine.capabilities
    assert len(whole) // 2 > 1.5 * WINDOW_FRAMES * capabilities.samples_per_frame, "long enough to fill a window"
    stopped = home.engine.stream(home.request(long_text))
    async with stopped:
        first = await anext(stopped)
        other = pcm(await read(home.engine.stream(home.request(long_text))))
        rest = [chunk async for chunk in stopped]
    assert other == whole, "nobody else waits for it"
    assert pcm([first, *rest]) == whole


async def test_unknown_voice_and_wrong_language_are_named(home: Home) -> None:
    nobody = SynthesisRequest(voice=PresetVoice("nobody"), text="Hello.", language=home.language)
    with pytest.raises(UnknownVoice) as caught:
        await read(home.engine.stream(nobody))
    assert caught.value.param == "voice"
    foreign = SynthesisRequest(voice=PresetVoice(home.voice), text="Hello.", language="zh")
    with pytest.raises(UnsupportedLanguage) as caught_language:
        await read(home.engine.stream(foreign))
    assert caught_language.value.param == "language"


async def test_closing_the_engine_ends_every_stream_with_a_typed_error(own_home: Home) -> None:
    audio = own_home.engine.stream(own_home.request(live=True))
    reader = asyncio.create_task(read(audio))
    await asyncio.sleep(0)
    await own_home.engine.close()
    with pytest.raises(ModelUnavailable):
        await reader


async def test_a_closed_engine_refuses_at_once(own_home: Home) -> None:
    await own_home.engine.close()
    with pytest.raises(ModelUnavailable):
        own_home.engine.stream(own_home.request("Hello."))


async def test_flush_leaves_no_piece_unspoken(home: Home) -> None:
    async with home.engine.stream(home.request(live=True)) as audio:
        await audio.feed("Hello")
        audio.flush()
        assert (await anext(audio)).segment == 0, "spoken although the text has not ended"
        audio.end_text()
        audio.flush()
        assert [chunk async for chunk in audio]


async def test_rows_are_limited_and_freed(home: Home) -> None:
    rows = home.engine.capabilities.rows
    if rows > MOST_ROWS:
        pytest.skip("more rows than a test should open")
    held = [home.engine.stream(home.request(live=True, client="one")) for _ in range(rows)]
    with pytest.raises(EngineBusy):
        await read(home.engine.stream(home.request("Hello.", client="one")))
    held.pop().cancel()
    assert await read(home.engine.stream(home.request("Hello.", client="one")))
    for audio in held:
        audio.cancel()


async def test_sleep_and_wake_keep_the_voice(home: Home) -> None:
    before = pcm(await read(home.engine.stream(home.request("Hello there."))))
    await home.engine.sleep()
    await home.engine.wake()
    assert pcm(await read(home.engine.stream(home.request("Hello there.")))) == before
