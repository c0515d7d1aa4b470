"""The phrases of the settings: made while nobody speaks, without anybody noticing."""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from qwen3tts_daemon.settings import SettingsError
from qwen3tts_daemon.speech.output import Part
from qwen3tts_daemon.speech.phrase_cache import Phrase, PhraseCache, PhraseConfig
from qwen3tts_daemon.speech.phrase_files import PhraseFiles
from qwen3tts_daemon.speech.phrase_making import PhraseMaker
from qwen3tts_daemon.speech.request import Order
from qwen3tts_daemon.speech.service import Speech
from qwen3tts_daemon.speech.spare_time import SpareTime
from qwen3tts_daemon.speech.utterance import Utterance
from qwen3tts_daemon.speech.voice_samples import VoiceSamples
from qwen3tts_daemon.voices.sample_files import SampleFiles
from qwen3tts_daemon.voices.stored_voice import StoredVoice
from qwen_tts.api import AudioChunk
from tests.fakes import Clock, ToneEngine, tone
from tests.wire.http_door import GatedEngine, until

PHRASES = (Phrase("Dinner is ready."), Phrase("Guten Appetit, alle!", "tone", "de"), Phrase("开饭了。", "gong"))
HOUR_S = 3_600.0


def config(*phrases: Phrase) -> PhraseConfig:
    return PhraseConfig("phrases", phrases, most_bytes=10_000_000, max_age_s=HOUR_S)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def files(speech: Speech, tmp_path: Path, clock: Clock) -> PhraseFiles:
    files = PhraseFiles(tmp_path / "phrases", b"a secret", clock=clock)
    speech.phrases = PhraseCache(files, config(*PHRASES))
    return files


async def making_ahead(speech: Speech) -> None:
    spare_time = SpareTime(speech, quiet_s=0.01)
    await spare_time.share(PhraseMaker(speech, spare_time).make_one)


@pytest.fixture
async def maker(speech: Speech, files: PhraseFiles) -> AsyncIterator[PhraseMaker]:
    maker = PhraseMaker(speech, SpareTime(speech, quiet_s=0.01))
    making = asyncio.create_task(SpareTime(speech, quiet_s=0.01).share(maker.make_one))
    yield maker
    making.cancel()


async def heard(utterance: Utterance) -> list[Part]:
    async with utterance:
        return [part async for part in utterance]


async def test_each_is_made_by_its_voice_in_its_language_and_nobody_counts_it(
    maker: PhraseMaker, speech: Speech, files: PhraseFiles, engine: ToneEngine, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        await until(lambda: files.count == len(PHRASES))
    assert not speech.reports
    assert "Dinner" not in caplog.text
    asked = len(engine.asked)
    for phrase, voice, language in zip(PHRASES, ("tone", "tone", "gong"), ("en", "de", "zh"), strict=True):
        utterance = speech.whole_utterance(Order("test", voice, language), phrase.text)
        await heard(utterance)
        assert utterance.report.measures.is_cached, "also by its name"
        assert (utterance.voice, utterance.language) == (voice, language)
    assert len(engine.asked) == asked == len(PHRASES)


@pytest.mark.parametrize("engine", [GatedEngine(rows=1)])
async def test_whoever_speaks_finds_the_row_free(
    maker: PhraseMaker, speech: Speech, files: PhraseFiles, engine: GatedEngine
) -> None:
    await until(lambda: engine.active)
    async with speech.whole_utterance(Order("test", "tone"), "Hello.") as utterance:
        engine.allow()
        assert b"".join([part.pcm async for part in utterance if isinstance(part, AudioChunk)]) == tone("Hello.")
    await until(lambda: files.count == len(PHRASES))


async def test_what_is_too_old_is_made_again(
    maker: PhraseMaker, speech: Speech, files: PhraseFiles, engine: ToneEngine, clock: Clock
) -> None:
    await until(lambda: files.count == len(PHRASES))
    speech.phrases.use(config(*PHRASES, Phrase("Tea.")))
    await until(lambda: files.count == len(PHRASES) + 1)  # the maker is done with the others
    clock.now += HOUR_S + 1
    await until(lambda: len(engine.asked) >= 2 * len(PHRASES) + 1)


async def test_a_voice_that_has_changed_says_it_anew(
    maker: PhraseMaker, speech: Speech, files: PhraseFiles, engine: ToneEngine
) -> None:
    library = speech.voices.library
    assert library is not None
    library.add(StoredVoice(id="anna", name="Anna", kind="profile", base="tone"))
    speech.phrases.use(config(Phrase("Dinner is ready.", "anna")))
    await until(lambda: files.count == 1)
    library.change("anna", speed=1.5)
    await until(lambda: files.count == 2)
    utterance = speech.whole_utterance(Order("test", "anna"), "Dinner is ready.")
    await heard(utterance)
    assert utterance.report.measures.is_cached


class Elsewhere(ToneEngine):
    def __init__(self) -> None:
        super().__init__()
        self._capabilities = msgspec.structs.replace(self._capabilities, text_goes_to="somewhere.example")


@pytest.mark.virtual_time
@pytest.mark.parametrize("engine", [Elsewhere()])
async def test_no_text_leaves_the_machine_for_it(speech: Speech, engine: ToneEngine, tmp_path: Path) -> None:
    speech.phrases.use(config(*PHRASES))
    making = asyncio.create_task(making_ahead(speech))
    await asyncio.sleep(100)
    making.cancel()
    assert engine.asked == []


async def test_nothing_is_loaded_for_it(maker: PhraseMaker, speech: Speech, files: PhraseFiles) -> None:
    await until(lambda: files.count == len(PHRASES))
    speech.manager.evict()
    await until(lambda: speech.manager.state == "unloaded")
    await speech.phrases.clear()
    for _ in range(20):
        await asyncio.sleep(0.01)
    assert (speech.manager.state, files.count) == ("unloaded", 0)


@pytest.mark.parametrize("engine", [ToneEngine(kinds=("preset", "designed"))])
async def test_voices_that_differ_each_time_or_are_gone_are_passed_over(
    speech: Speech, files: PhraseFiles, engine: ToneEngine
) -> None:
    assert speech.voices.library is not None
    speech.voices.library.add(StoredVoice(id="old", name="Old", kind="designed", design="An old man"))
    speech.phrases.use(config(Phrase("Dinner is ready.", "old"), Phrase("Lunch.", "nobody"), Phrase("Tea.", "tone")))
    making = asyncio.create_task(making_ahead(speech))
    await until(lambda: files.count == 1)
    making.cancel()
    assert len(engine.asked) == 1


async def test_what_fails_is_not_tried_for_ever(speech: Speech, files: PhraseFiles, engine: ToneEngine) -> None:
    speech.phrases.use(config(Phrase("This will [fail] now."), Phrase("So [limit] will this."), Phrase("Tea.")))
    making = asyncio.create_task(making_ahead(speech))
    await until(lambda: files.count == 1)
    for _ in range(20):
        await asyncio.sleep(0.01)
    making.cancel()
    assert len(engine.asked) == 3


@pytest.mark.parametrize("phrase", [Phrase("Tea.", "nobody"), Phrase("Tea.", "gong", "en")])
async def test_a_phrase_that_nobody_can_speak_stops_the_start(
    speech: Speech, files: PhraseFiles, phrase: Phrase
) -> None:
    maker = PhraseMaker(speech, SpareTime(speech))
    maker.check()
    speech.phrases.use(config(phrase))
    with pytest.raises(SettingsError, match=r"^phrases\.list: "):
        maker.check()


async def test_phrases_come_before_samples_of_voices(speech: Speech, files: PhraseFiles, tmp_path: Path) -> None:
    spare_time = SpareTime(speech, quiet_s=0.01)
    samples = VoiceSamples(speech, SampleFiles(tmp_path / "samples"), spare_time)
    making = asyncio.create_task(spare_time.share(PhraseMaker(speech, spare_time).make_one, samples.make_one))
    await until(lambda: samples.made > 0)
    assert files.count == len(PHRASES)
    await until(lambda: samples.made == len(speech.voices.known))
    making.cancel()
