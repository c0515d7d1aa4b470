"""What is said again and again: heard as it was spoken, at once, and no engine is asked for it."""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from qwen3tts_daemon.hosting.model_manager import ModelManager
from qwen3tts_daemon.speech.metrics import Metrics
from qwen3tts_daemon.speech.output import Part, SegmentStarted
from qwen3tts_daemon.speech.phrase_cache import Phrase, PhraseCache, PhraseConfig
from qwen3tts_daemon.speech.phrase_files import PhraseFiles
from qwen3tts_daemon.speech.request import Order
from qwen3tts_daemon.speech.service import Speech
from qwen3tts_daemon.speech.utterance import SpeechConfig, Utterance
from qwen3tts_daemon.text.lexicon import Entry
from qwen3tts_daemon.voices.stored_voice import StoredVoice
from qwen_tts.api import AudioChunk, DesignedVoice, Limits, Sampling
from qwen_tts.errors import ModelUnavailable, SynthesisFailed
from tests.fakes import SAMPLES_PER_FRAME, ToneEngine, tone
from tests.wire.http_door import GatedEngine, until

DINNER = "Dinner is ready."
TWO = "Dinner is ready. Come down."
DIALOGUE = "[voice: tone] Who is there? [pause 300ms] Well?\n[voice: gong] 是我。"
ORDER = Order("test", voice="tone", language="en")


def config(*phrases: str, mode: Any = "phrases") -> PhraseConfig:
    return PhraseConfig(mode, tuple(map(Phrase, phrases)), most_bytes=10_000_000, max_age_s=3_600)


@pytest.fixture
def files(tmp_path: Path) -> PhraseFiles:
    return PhraseFiles(tmp_path / "phrases", b"a secret")


@pytest.fixture
def phrases(speech: Speech, files: PhraseFiles) -> PhraseCache:
    speech.phrases = PhraseCache(files, config(DINNER, TWO, DIALOGUE))
    return speech.phrases


async def parts_of(utterance: Utterance) -> list[Part]:
    async with utterance:
        return [part async for part in utterance]


async def said(speech: Speech, text: str = DINNER, order: Order = ORDER) -> Utterance:
    """Spoken to its end; what may be kept of it is kept."""
    utterance = speech.whole_utterance(order, text)
    await parts_of(utterance)
    await speech.phrases.settled()
    return utterance


async def live(speech: Speech, pieces: Sequence[str], order: Order = ORDER) -> Utterance:
    utterance = speech.utterance(order)
    async with utterance:
        for piece in pieces:
            utterance.feed(piece)
        utterance.end_text()
        async for _ in utterance:
            pass
    await speech.phrases.settled()
    return utterance


def sound(parts: Sequence[Part]) -> bytes:
    return b"".join(part.pcm for part in parts if isinstance(part, AudioChunk))


def is_cached(utterance: Utterance) -> bool:
    return utterance.report.measures.is_cached


# -- what is heard ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [DINNER, TWO, DIALOGUE, f"\n{DINNER} "])
@pytest.mark.parametrize(
    "order",
    [
        Order("test"),
        replace(
            Order("test"), speed=1.25, gain_db=-6, lead_silence_ms=250, tail_silence_ms=100, sentence_silence_ms=300
        ),
    ],
    ids=["plain", "styled"],
)
async def test_what_is_kept_is_what_was_spoken(speech: Speech, phrases: PhraseCache, text: str, order: Order) -> None:
    spoken_by = speech.whole_utterance(order, text)
    spoken = await parts_of(spoken_by)
    await phrases.settled()
    heard_from = speech.whole_utterance(order, text)
    heard = await parts_of(heard_from)
    assert (is_cached(spoken_by), is_cached(heard_from)) == (False, True)
    assert sound(heard) == sound(spoken)
    starts = [[part for part in parts if isinstance(part, SegmentStarted)] for parts in (spoken, heard)]
    assert starts[0] == starts[1]
    assert len(starts[0]) == text.strip().count(".") + text.count("?") + text.count("。")
    first_sample = 0
    for chunk in (part for part in heard if isinstance(part, AudioChunk)):
        assert chunk.first_sample == first_sample, "without gaps"
        assert 0 < chunk.samples <= SAMPLES_PER_FRAME, "in frames"
        first_sample += chunk.samples
    told = [(one.end, one.voice, one.language, one.model) for one in (spoken_by, heard_from)]
    assert told[0] == told[1]
    measured = [(one.measures.samples, one.measures.chars) for one in (spoken_by, heard_from)]
    assert measured[0] == measured[1]


async def test_each_segment_is_told_before_its_sound(speech: Speech, phrases: PhraseCache) -> None:
    await said(speech, TWO)
    heard = await parts_of(speech.whole_utterance(ORDER, TWO))
    assert isinstance(heard[0], SegmentStarted)
    told = -1
    for part in heard:
        if isinstance(part, SegmentStarted):
            told = part.index
        else:
            assert part.segment == told


async def test_it_is_found_again_after_a_restart(speech: Speech, phrases: PhraseCache, tmp_path: Path) -> None:
    await said(speech)
    speech.phrases = PhraseCache(PhraseFiles(tmp_path / "phrases", b"a secret"), config(DINNER))
    assert is_cached(await said(speech))


async def test_it_is_reported_logged_and_counted(
    speech: Speech, phrases: PhraseCache, metrics: Metrics, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        for _ in range(3):
            utterance = await said(speech)
    lines = [record.message for record in caplog.records if " end=" in record.message]
    assert [line.endswith(" end=done cached=yes") for line in lines] == [False, True, True]
    assert b'qwen3tts_cached_utterances_total{protocol="test"} 2.0' in metrics.exposition()
    assert b'qwen3tts_utterances_total{end="done",protocol="test"} 3.0' in metrics.exposition()
    report = speech.reports[utterance.caller.request_id]
    assert (report.end, report.voice, report.language) == ("done", "tone", "en")
    assert report.measures.rtf is None
    assert report.measures.ttfa_s is not None


async def test_the_silence_and_the_chime_before_it_are_as_this_request_says(
    speech: Speech, phrases: PhraseCache
) -> None:
    await said(speech)
    plain = sound(await parts_of(speech.whole_utterance(ORDER, DINNER)))
    utterance = speech.whole_utterance(replace(ORDER, lead_silence_ms=500), DINNER)
    later = await parts_of(utterance)
    assert is_cached(utterance)
    assert sound(later) == bytes(24_000) + plain
    assert later[0] == SegmentStarted(0, DINNER, 0, len(DINNER), 12_000, "tone", "en")


# -- who is not asked ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pieces", [[DINNER], ["Din", "ner is", " ready", "."], ["", " Dinner is ready.\n"]])
async def test_live_text_finds_it_too(
    speech: Speech, phrases: PhraseCache, engine: ToneEngine, pieces: list[str]
) -> None:
    await said(speech)
    assert is_cached(await live(speech, pieces))
    assert len(engine.asked) == 1


async def test_live_text_that_is_whole_before_it_is_asked_is_kept_as_whole_text_is(
    speech: Speech, phrases: PhraseCache, engine: ToneEngine
) -> None:
    await live(speech, ["Dinner is ", "ready. Come", " down."])
    assert engine.asked[0].fed_at_once
    assert is_cached(await said(speech, TWO))


@pytest.mark.parametrize("engine", [GatedEngine()])
async def test_it_is_heard_while_others_keep_the_engine_busy(
    speech: Speech, phrases: PhraseCache, engine: GatedEngine
) -> None:
    engine.allow(100)
    await said(speech)
    async with speech.whole_utterance(ORDER, "Somebody speaks for a long while. " * 20) as other:
        await anext(other)
        assert is_cached(await said(speech))


class Tracked(ToneEngine):
    """Counts whoever wants it."""

    wakes = 0

    async def wake(self) -> None:
        self.wakes += 1


@pytest.mark.parametrize("engine", [Tracked()])
async def test_a_voice_that_sleeps_is_not_woken(
    speech: Speech, phrases: PhraseCache, manager: ModelManager, engine: Tracked
) -> None:
    await said(speech)
    manager.use(replace(manager._config, sleep_s=0.001))
    await until(lambda: manager.state == "sleeping")
    assert is_cached(await said(speech))
    assert is_cached(await live(speech, ["Dinner ", "is ready."]))
    assert (manager.state, manager.leases, engine.wakes, len(engine.asked)) == ("sleeping", 0, 0, 1)


async def test_a_voice_that_is_unloaded_is_not_loaded(
    speech: Speech, phrases: PhraseCache, manager: ModelManager
) -> None:
    await said(speech)
    manager.evict()
    await until(lambda: manager.state == "unloaded")
    assert is_cached(await said(speech))
    assert (manager.state, manager.leases) == ("unloaded", 0)


async def test_it_is_heard_where_nobody_can_speak(
    speech: Speech, phrases: PhraseCache, manager: ModelManager, engine: ToneEngine
) -> None:
    await said(speech)
    engine._load_fails = "there is no memory"
    await engine.close()
    await until(lambda: manager.state == "failed")
    with pytest.raises(ModelUnavailable):
        await said(speech, "Lunch is ready.")
    assert is_cached(await said(speech))


# -- live text that is something else ------------------------------------------------------------------------------


async def started(speech: Speech, *pieces: str) -> tuple[Utterance, contextlib.AsyncExitStack]:
    stack = contextlib.AsyncExitStack()
    utterance = await stack.enter_async_context(speech.utterance(ORDER))
    for piece in pieces:
        utterance.feed(piece)
    return utterance, stack


@pytest.mark.parametrize(
    ("pieces", "is_asked"),
    [
        ([], False), (["Dinner"], False), (["Dinner is ", "ready. Come"], False), ([DINNER], False),
        (["Dinner at"], True), (["Lunch"], True), (["Dinner is ready. Eat"], True), (["dinner"], True),
        (["[chi"], False), (["[CHIME] Dinner"], False), (["[chime] Lunch"], True), (["[chimes"], True),
    ],
)  # fmt: skip
async def test_the_engine_is_asked_as_soon_as_it_is_no_phrase_any_more(
    speech: Speech, phrases: PhraseCache, manager: ModelManager, pieces: list[str], is_asked: bool
) -> None:
    _, stack = await started(speech, *pieces)
    async with stack:
        await asyncio.sleep(0)
        assert manager.leases == is_asked


async def test_without_phrases_it_is_asked_at_once(speech: Speech, files: PhraseFiles, manager: ModelManager) -> None:
    for cache in (PhraseCache(), PhraseCache(files, config()), PhraseCache(files, config(DINNER, mode="off"))):
        speech.phrases = cache
        _, stack = await started(speech)
        async with stack:
            await asyncio.sleep(0)
            assert manager.leases == 1


async def test_what_was_held_back_is_spoken_whole(speech: Speech, phrases: PhraseCache) -> None:
    async with speech.utterance(ORDER) as utterance:
        for piece in ("Dinner is ready", ". Come", " here."):
            utterance.feed(piece)
        utterance.end_text()
        assert sound([part async for part in utterance]) == tone("Dinner is ready.") + tone("Come here.")
    assert not is_cached(utterance)


async def test_a_writer_who_pauses_is_heard(speech: Speech, phrases: PhraseCache) -> None:
    speech.config = SpeechConfig(idle_flush_s=0.01)
    async with speech.utterance(ORDER) as utterance:
        utterance.feed(DINNER)
        first = await anext(utterance)
        assert isinstance(first, SegmentStarted)
        utterance.feed(" Come here.")
        utterance.end_text()
        assert sound([part async for part in utterance]) == tone(DINNER) + tone("Come here.")


async def test_a_flush_is_heard(speech: Speech, phrases: PhraseCache) -> None:
    speech.config = SpeechConfig(idle_flush_s=60)
    async with speech.utterance(ORDER) as utterance:
        utterance.feed("Dinner is")
        utterance.flush()
        assert isinstance(await anext(utterance), SegmentStarted)


async def test_whoever_leaves_while_it_is_held_back_ends_it(speech: Speech, phrases: PhraseCache) -> None:
    utterance, stack = await started(speech, "Dinner")
    reading = asyncio.create_task(anext(utterance, None))
    await asyncio.sleep(0)
    utterance.cancel()
    assert await reading is None
    await stack.aclose()
    assert utterance.end == "cancelled"


async def test_whoever_leaves_in_the_middle_of_a_kept_one_has_not_heard_it(
    speech: Speech, phrases: PhraseCache
) -> None:
    await said(speech)
    async with speech.whole_utterance(ORDER, DINNER) as utterance:
        await anext(utterance)
    assert (utterance.end, is_cached(utterance)) == ("cancelled", True)


# -- what is kept -------------------------------------------------------------------------------------------------


async def test_only_the_phrases_are_kept_unless_all_is(
    speech: Speech, phrases: PhraseCache, files: PhraseFiles
) -> None:
    assert [is_cached(await said(speech, text)) for text in ("Lunch!", "Lunch!", DINNER)] == [False] * 3
    assert files.count == 1
    phrases.use(config(DINNER, mode="all"))
    assert [is_cached(await said(speech, text)) for text in ("Lunch!", "Lunch!", DINNER)] == [False, True, True]
    assert files.count == 2
    phrases.use(config(DINNER))
    await phrases.tidy()
    assert files.count == 1
    assert is_cached(await said(speech))
    phrases.use(config(DINNER, mode="off"))
    assert not is_cached(await said(speech))
    await phrases.tidy()
    assert files.count == 0


async def test_where_all_is_kept_short_live_text_is_too(speech: Speech, files: PhraseFiles) -> None:
    speech.phrases = PhraseCache(files, config(mode="all"))
    assert [is_cached(await live(speech, ["Lunch ", "is ready."])) for _ in range(2)] == [False, True]


async def test_where_all_is_kept_the_engine_is_asked_with_the_first_sentence(
    speech: Speech, files: PhraseFiles, manager: ModelManager
) -> None:
    speech.phrases = PhraseCache(files, config(mode="all"))
    utterance, stack = await started(speech, "It rains.")
    async with stack:
        await asyncio.sleep(0)
        assert manager.leases == 0
        utterance.feed(" It snows.")
        await asyncio.sleep(0)
        assert manager.leases == 1
    assert files.count == 0


async def test_what_did_not_end_well_is_not_kept(speech: Speech, files: PhraseFiles) -> None:
    speech.phrases = PhraseCache(files, config(mode="all"))
    with pytest.raises(SynthesisFailed):
        await said(speech, "This will [fail] now.")
    await said(speech, "It says too much [limit] for this.")
    await said(speech, "Some words are [mute] here. And some are not.")
    async with speech.whole_utterance(ORDER, DINNER) as utterance:
        await anext(utterance)
    await speech.phrases.settled()
    assert files.count == 0


@pytest.mark.parametrize("engine", [ToneEngine(kinds=("preset", "designed", "cloned"))])
async def test_a_voice_that_differs_each_time_is_not_kept(speech: Speech, phrases: PhraseCache) -> None:
    assert speech.voices.library is not None
    speech.voices.library.add(StoredVoice(id="old", name="Old", kind="designed", design="An old man"))
    speech.voices.library.add(StoredVoice(id="sure", name="Sure", kind="designed", design="An old man", seed=3))
    old, sure, sent = (Order("test", voice, "en") for voice in ("old", "sure", DesignedVoice("A child")))
    seeded = replace(old, sampling=Sampling(seed=1))
    for order, is_kept in ((old, False), (sent, False), (sure, True), (seeded, True)):
        await said(speech, order=order)
        again = await said(speech, order=order)
        assert is_cached(again) == is_kept
        assert again.take is not None, "it may be made a voice all the same"


async def test_what_is_private_is_neither_kept_nor_logged(
    speech: Speech, files: PhraseFiles, caplog: pytest.LogCaptureFixture
) -> None:
    speech.config = SpeechConfig(log_text=True)
    speech.phrases = PhraseCache(files, config(DINNER, mode="all"))
    private = replace(ORDER, private=True)
    with caplog.at_level(logging.DEBUG):
        await said(speech, order=private)
        await said(speech, "Nobody may know of the gift.", private)
        await live(speech, ["Nobody may know ", "of the gift."], private)
    assert files.count == 0
    assert "gift" not in caplog.text
    assert "Dinner" not in caplog.text
    await said(speech)
    assert is_cached(await said(speech, order=private)), "what is kept anyway is heard"


@pytest.mark.parametrize("engine", [ToneEngine(kinds=("preset", "designed"))])
async def test_a_private_take_is_not_remembered(speech: Speech) -> None:
    order = Order("test", DesignedVoice("A child"), "en")
    for is_private in (True, False):
        utterance = await said(speech, order=replace(order, private=is_private))
        assert speech.takes.has(utterance.caller.request_id) != is_private


async def test_nothing_on_the_disk_has_a_word_of_it(
    speech: Speech, phrases: PhraseCache, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        for text in (DINNER, DINNER, TWO, DIALOGUE):
            await said(speech, text, Order("test"))
    kept = [file for file in (tmp_path / "phrases").rglob("*") if file.is_file()]
    assert len(kept) == 3
    for word in ("Dinner", "ready", "there", "是我", "gong"):
        assert not any(word.encode() in file.name.encode() + file.read_bytes() for file in kept)
        assert word == "gong" or word not in caplog.text


# -- what is another sound -----------------------------------------------------------------------------------------

OTHERS: dict[str, Any] = {
    "instruct": "softly", "style": "whisper", "text_style": "Whisper.",
    "words": (Entry(written="ready", say="steady"),), "speed": 1.5, "gain_db": -3.0, "tail_silence_ms": 100,
    "sentence_silence_ms": 100, "split": "none", "text_layout": "streaming", "text_normalization": False,
    "markup": False, "text_format": "text", "sampling": Sampling(seed=7), "limits": Limits(max_audio_s=60),
    "voice": "gong", "language": "fr", "word_times": True,
}  # fmt: skip
SAME: dict[str, Any] = {
    "protocol": "another", "lead_silence_ms": 100, "chime": True, "private": True, "streamed": False,
}  # fmt: skip


def test_each_field_of_an_order_is_known_to_change_the_sound_or_not() -> None:
    assert {one.name for one in fields(Order)} == {*OTHERS, *SAME}


@pytest.mark.parametrize("name", [*OTHERS, *SAME])
async def test_another_order_is_another_sound(speech: Speech, phrases: PhraseCache, name: str) -> None:
    order = Order("test", voice="tone", language="en") if name == "language" else Order("test", voice="tone")
    await said(speech, TWO, order)
    changed = replace(order, **{name: (OTHERS | SAME)[name]})
    assert is_cached(await said(speech, TWO, changed)) == (name in SAME)


@pytest.mark.parametrize(
    "other", [SpeechConfig(tail_silence_s=1), SpeechConfig(sentence_silence_ms=50), SpeechConfig(loudness_lufs=-20)]
)
async def test_other_settings_are_another_sound(speech: Speech, phrases: PhraseCache, other: SpeechConfig) -> None:
    await said(speech, TWO)
    speech.config = other
    await said(speech, TWO)
    assert is_cached(await said(speech, TWO)), "as they are now"
    speech.config = SpeechConfig(lead_silence_s=1, log_text=True)
    assert is_cached(await said(speech, TWO)), "as they were"


@pytest.mark.parametrize(
    "change",
    [{"language": "fr"}, {"speed": 1.5}, {"gain_db": -6.0}, {"seed": 4}, {"instruct": "softly"}, {"name": "Annie"}],
    ids=str,
)
async def test_a_voice_that_was_changed_is_another_sound(
    speech: Speech, phrases: PhraseCache, change: dict[str, Any]
) -> None:
    library = speech.voices.library
    assert library is not None
    library.add(StoredVoice(id="anna", name="Anna", kind="profile", base="tone"))
    order = Order("test", voice="anna")
    await said(speech, order=order)
    assert is_cached(await said(speech, order=order))
    library.change("anna", **change)
    assert not is_cached(await said(speech, order=order))


async def test_another_engine_is_another_sound(
    manager: ModelManager, speech: Speech, phrases: PhraseCache, metrics: Metrics
) -> None:
    await said(speech)
    other = Speech(manager, speech.voices, metrics, SpeechConfig(), phrases=phrases, made_of="other weights")
    assert not is_cached(await said(other))


async def test_a_voice_that_is_changed_while_it_speaks_is_not_kept(
    speech: Speech, phrases: PhraseCache, files: PhraseFiles
) -> None:
    library = speech.voices.library
    assert library is not None
    library.add(StoredVoice(id="anna", name="Anna", kind="profile", base="tone"))
    async with speech.whole_utterance(Order("test", voice="anna"), DINNER) as utterance:
        await anext(utterance)
        library.change("anna", speed=2.0)
        async for _ in utterance:
            pass
    await phrases.settled()
    assert files.count == 0


async def test_what_is_being_spoken_while_all_is_forgotten_is_not_kept(
    speech: Speech, phrases: PhraseCache, files: PhraseFiles
) -> None:
    await said(speech, TWO)
    async with speech.whole_utterance(ORDER, DINNER) as utterance:
        await anext(utterance)
        assert await phrases.clear() == 1
        async for _ in utterance:
            pass
    await phrases.settled()
    assert files.count == 0
    await said(speech)
    assert is_cached(await said(speech))


async def test_a_kept_one_that_is_heard_while_all_is_forgotten_is_heard_to_its_end(
    speech: Speech, phrases: PhraseCache
) -> None:
    await said(speech)
    async with speech.whole_utterance(ORDER, DINNER) as utterance:
        parts = [await anext(utterance)]
        await phrases.clear()
        parts += [part async for part in utterance]
    assert sound(parts) == tone(DINNER)


async def test_damage_is_spoken_anew(speech: Speech, phrases: PhraseCache, tmp_path: Path) -> None:
    await said(speech)
    (kept,) = (tmp_path / "phrases").iterdir()
    kept.write_bytes(kept.read_bytes()[:-1])
    assert not is_cached(await said(speech))
    assert is_cached(await said(speech))
