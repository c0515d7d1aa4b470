"""The store of clips: who may read what, how long, and who makes room for whom."""

import asyncio

import pytest

from qwen3tts_daemon.audio import FILE_FORMATS, wav_header
from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.settings import ClipsSettings
from qwen3tts_daemon.speech.clip import Clip, Encoding, Reader
from qwen3tts_daemon.speech.clips import Clips
from qwen3tts_daemon.speech.request import Caller, Order
from qwen3tts_daemon.speech.service import Speech
from qwen_tts.errors import SynthesisFailed
from tests.fakes import SAMPLE_RATE, Clock, tone
from tests.wire.http_door import GatedEngine, until

TEXT = "The kettle is on and the lamp is lit."
HALF_A_MEBIBYTE = ("word " * 50)[:-1] + "."
"""Speaks for 15 s: 720 kB."""
MEBIBYTE = 1024 * 1024


@pytest.fixture
def engine() -> GatedEngine:
    return GatedEngine()


@pytest.fixture
def clock() -> Clock:
    return Clock()


class Store:
    """The store, and what the routes do with it."""

    def __init__(self, speech: Speech, clock: Clock, **limits: int) -> None:
        self.clips = Clips(ClipsSettings(**limits), clock)
        self._speech = speech

    def make(self, text: str = TEXT, lifetime_s: float = 60, client: str = "") -> Clip:
        utterance = self._speech.utterance(Order(protocol="clips"), Caller(address=client))
        utterance.feed(text)
        utterance.end_text()
        return self.clips.make(utterance, Encoding("wav", SAMPLE_RATE), lifetime_s)

    def has(self, clip: Clip) -> bool:
        try:
            return self.clips.get(clip.id) is clip
        except Refusal:
            return False


@pytest.fixture
def store(speech: Speech, clock: Clock) -> Store:
    return Store(speech, clock)


async def made(clip: Clip) -> Clip:
    assert clip.making is not None
    await asyncio.wait([clip.making])
    return clip


async def read(clip: Clip, name: str = "wav") -> bytes:
    with clip.held():
        reader = Reader(clip, await clip.encoding(name))
        await reader.size()
        parts = []
        while part := await reader.read():
            parts.append(part)
        return b"".join(parts)


async def test_a_clip_that_nobody_reads_is_made(store: Store, engine: GatedEngine) -> None:
    engine.allow()
    clip = await made(store.make())
    assert clip.is_complete
    assert await read(clip) == wav_header(SAMPLE_RATE, len(tone(TEXT))) + tone(TEXT)


@pytest.mark.parametrize("name", FILE_FORMATS)
async def test_whoever_reads_when_gets_the_same(store: Store, engine: GatedEngine, name: str) -> None:
    clip = store.make()
    engine.allow(5)
    early = [asyncio.create_task(read(clip, name)) for _ in range(2)]
    await until(lambda: clip.readers == 2 and engine.frames_made == 5)
    engine.allow()
    bodies = await asyncio.gather(*early)
    late = await read(clip, name)
    header = 44 if name == "wav" else 0
    assert {body[header:] for body in bodies} == {late[header:]}
    assert len(late) > header


async def test_each_format_is_encoded_once(store: Store, engine: GatedEngine) -> None:
    clip = store.make()
    first, second = await asyncio.gather(clip.encoding("flac"), clip.encoding("flac"))
    assert first is second
    assert await clip.encoding("mp3") is not first


async def test_a_reader_that_closes_sees_the_end_and_others_read_on(store: Store, engine: GatedEngine) -> None:
    clip = store.make()
    with clip.held():
        leaving = Reader(clip, await clip.encoding("wav"))
        waiting = asyncio.create_task(leaving.read())
        staying = asyncio.create_task(read(clip))
        await until(lambda: clip.readers == 2)
        leaving.close()
        assert await waiting == b""
    engine.allow()
    assert (await staying)[44:] == tone(TEXT)


async def test_a_failure_ends_every_reader_and_is_kept(store: Store, engine: GatedEngine) -> None:
    clip = store.make("This goes well. This one will [fail] here.")
    readers = [asyncio.create_task(read(clip)) for _ in range(3)]
    engine.allow()
    ends = await asyncio.gather(*readers, return_exceptions=True)
    assert [type(end) for end in ends] == [SynthesisFailed] * 3
    with pytest.raises(SynthesisFailed):
        await read(clip)
    assert clip.size == 0


async def test_draining_ends_a_clip_as_it_ends_utterances(store: Store, speech: Speech) -> None:
    clip = store.make()
    reading = asyncio.create_task(read(clip))
    await until(lambda: clip.readers)
    await speech.drain(0)
    with pytest.raises(Refusal, match="stopping"):
        await reading
    assert speech.active == 0


class TestEnds:
    async def test_it_expires(self, store: Store, engine: GatedEngine, clock: Clock) -> None:
        engine.allow()
        clip = await made(store.make(lifetime_s=60))
        clock.now += 59.9
        assert store.has(clip)
        clock.now += 0.1
        assert not store.has(clip)
        store.clips.forget_expired()
        assert clip.size == 0

    async def test_who_reads_an_expired_one_reads_to_the_end(
        self, speech: Speech, engine: GatedEngine, clock: Clock
    ) -> None:
        store = Store(speech, clock, max_clips=1)
        clip = store.make(lifetime_s=60)
        reading = asyncio.create_task(read(clip))
        await until(lambda: clip.readers)
        clock.now += 60
        with pytest.raises(Refusal, match="no room"):
            store.make()
        engine.allow()
        assert (await reading)[44:] == tone(TEXT)
        store.make()

    async def test_one_that_expires_unread_is_cancelled(self, store: Store, engine: GatedEngine, clock: Clock) -> None:
        clip = store.make(lifetime_s=60)
        await until(lambda: engine.active)
        clock.now += 60
        store.clips.forget_expired()
        await made(clip)
        assert engine.active == 0

    async def test_a_deleted_one_is_cut_and_cancelled(self, store: Store, speech: Speech, engine: GatedEngine) -> None:
        clip = store.make()
        reading = asyncio.create_task(read(clip))
        await until(lambda: clip.readers)
        store.clips.delete(clip.id)
        with pytest.raises(Refusal, match="gone"):
            await reading
        await made(clip)
        assert (engine.active, speech.active) == (0, 0)
        with pytest.raises(Refusal) as caught:
            store.clips.delete(clip.id)
        assert caught.value.code == "not_found"


class TestBounds:
    async def test_the_oldest_finished_one_that_nobody_reads_makes_room(
        self, speech: Speech, engine: GatedEngine, clock: Clock
    ) -> None:
        store = Store(speech, clock, max_clips=3)
        engine.allow()
        read_on, oldest, newer = [await made(store.make()) for _ in range(3)]
        with read_on.held():
            latest = store.make()
        kept = [store.has(clip) for clip in (read_on, oldest, newer, latest)]
        assert kept == [True, False, True, True]

    async def test_failed_ones_make_room_too(self, speech: Speech, engine: GatedEngine, clock: Clock) -> None:
        store = Store(speech, clock, max_clips=1)
        engine.allow()
        await made(store.make("[fail]"))
        assert store.has(store.make())

    async def test_what_is_being_made_stays(self, speech: Speech, clock: Clock) -> None:
        store = Store(speech, clock, max_clips=2)
        running = [store.make(), store.make()]
        with pytest.raises(Refusal) as caught:
            store.make()
        assert caught.value.code == "queue_full"
        assert all(store.has(clip) for clip in running)

    async def test_growing_sound_takes_the_memory_of_finished_sound(
        self, speech: Speech, engine: GatedEngine, clock: Clock
    ) -> None:
        store = Store(speech, clock, max_bytes=MEBIBYTE)
        engine.allow()
        older = await made(store.make(HALF_A_MEBIBYTE))
        newer = await made(store.make(HALF_A_MEBIBYTE))
        assert (store.has(older), newer.is_complete) == (False, True)
        assert newer.size <= MEBIBYTE

    async def test_one_that_is_too_large_fails_by_itself(
        self, speech: Speech, engine: GatedEngine, clock: Clock
    ) -> None:
        store = Store(speech, clock, max_bytes=MEBIBYTE)
        engine.allow()
        clip = await made(store.make(HALF_A_MEBIBYTE * 2))
        with pytest.raises(Refusal) as caught:
            clip.check()
        assert (caught.value.code, clip.size, engine.active) == ("queue_full", 0, 0)

    async def test_encoded_sound_counts(self, speech: Speech, engine: GatedEngine, clock: Clock) -> None:
        store = Store(speech, clock, max_bytes=MEBIBYTE)
        engine.allow()
        clip = await made(store.make(HALF_A_MEBIBYTE))
        with pytest.raises(Refusal) as caught:
            await read(clip, "wav")
        assert caught.value.code == "queue_full"
        assert clip.size <= MEBIBYTE


class TestShares:
    """One client can hoard, and keeps nobody out."""

    async def test_a_client_has_so_many_in_the_making(self, speech: Speech, engine: GatedEngine, clock: Clock) -> None:
        store = Store(speech, clock, max_per_address=3)
        clips = [store.make(client="a") for _ in range(3)]
        with pytest.raises(Refusal, match=r"3 clips .*clips\.max_per_address") as caught:
            store.make(client="a")
        assert caught.value.code == "rate_limited"
        store.make(client="b")
        engine.allow()
        await made(clips[0])
        store.make(client="a")

    async def test_a_newcomer_gets_a_place_of_the_client_with_the_most(self, speech: Speech, clock: Clock) -> None:
        store = Store(speech, clock, max_clips=6)
        clips = [store.make(client=client) for client in "abbbaa"]  # as many: the first to have come
        new = store.make(client="c")
        assert [store.has(clip) for clip in clips] == [True, True, True, True, True, False]
        also_new = store.make(client="d")
        assert [store.has(clip) for clip in clips] == [True, True, True, False, True, False]
        assert store.has(new)
        assert store.has(also_new)

    async def test_what_is_read_goes_last(self, speech: Speech, clock: Clock) -> None:
        store = Store(speech, clock, max_clips=2)
        unread, is_read = store.make(client="a"), store.make(client="a")
        with is_read.held():
            store.make(client="b")
        assert (store.has(unread), store.has(is_read)) == (False, True)

    async def test_even_what_is_read(self, speech: Speech, clock: Clock) -> None:
        store = Store(speech, clock, max_clips=2)
        clips = [store.make(client="a") for _ in range(2)]
        with clips[0].held(), clips[1].held():
            store.make(client="b")
        assert [store.has(clip) for clip in clips] == [True, False]

    async def test_idle_ones_of_the_client_with_the_most_go_first(
        self, speech: Speech, engine: GatedEngine, clock: Clock
    ) -> None:
        store = Store(speech, clock, max_clips=4)
        engine.allow()
        clips = [await made(store.make(client=client)) for client in "baaa"]
        store.make(client="a")
        assert [store.has(clip) for clip in clips] == [True, False, True, True]

    async def test_nobody_loses_one_to_who_has_as_many(self, speech: Speech, clock: Clock) -> None:
        store = Store(speech, clock, max_clips=3)
        clips = [store.make(client=client) for client in "aab"]
        with pytest.raises(Refusal) as caught:
            store.make(client="b")
        assert caught.value.code == "queue_full"
        assert all(store.has(clip) for clip in clips)

    async def test_memory_is_shared_alike(self, speech: Speech, engine: GatedEngine, clock: Clock) -> None:
        store = Store(speech, clock, max_bytes=MEBIBYTE)
        third = ("word " * 24)[:-1] + "."
        engine.allow()
        hoarded = [store.make(f"{third} And now [hang].", client="a") for _ in range(3)]
        await until(lambda: [clip.size for clip in hoarded] == [len(tone(third))] * 3)
        new = await made(store.make(client="b"))
        assert new.is_complete
        assert [store.has(clip) for clip in hoarded] == [True, True, False]
