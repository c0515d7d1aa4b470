"""Samples of voices: made while nobody speaks, without anybody noticing, and never of another voice than it is now."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from qwen3tts_daemon.audio import from_wav
from qwen3tts_daemon.speech import spare_time
from qwen3tts_daemon.speech.request import Order
from qwen3tts_daemon.speech.service import Speech
from qwen3tts_daemon.speech.spare_time import SpareTime
from qwen3tts_daemon.speech.voice_samples import VoiceSamples
from qwen3tts_daemon.voices.sample_files import SampleFiles, SampleKey
from qwen3tts_daemon.voices.stored_voice import StoredVoice
from qwen_tts.api import AudioChunk
from qwen_tts.config.languages import LANGUAGES
from tests.fakes import VOICES, ToneEngine, tone
from tests.wire.http_door import GatedEngine, until

ANNA = StoredVoice(id="anna", name="Anna", kind="profile", base="tone", language="de")


@pytest.fixture
def files(tmp_path: Path) -> SampleFiles:
    return SampleFiles(tmp_path / "samples")


@pytest.fixture
async def samples(speech: Speech, files: SampleFiles) -> AsyncIterator[VoiceSamples]:
    samples = VoiceSamples(speech, files, SpareTime(speech, quiet_s=0.01))
    making = asyncio.create_task(SpareTime(speech, quiet_s=0.01).share(samples.make_one))
    yield samples
    making.cancel()


def pcm(samples: VoiceSamples, speech: Speech, name: str) -> bytes:
    wav = samples.read(speech.voices.find(name))
    assert wav is not None
    return from_wav(wav).pcm


async def said(speech: Speech, name: str, language: str) -> bytes:
    """What the voice says if it is asked for the sentence of the language."""
    async with speech.whole_utterance(Order("test", name, language), LANGUAGES[language].sample) as utterance:
        return b"".join([part.pcm async for part in utterance if isinstance(part, AudioChunk)])


def all_made(samples: VoiceSamples, speech: Speech) -> bool:
    return all(samples.has(known) for known in speech.voices.known)


async def test_each_voice_says_the_sentence_of_its_language_and_nobody_counts_it(
    samples: VoiceSamples, speech: Speech
) -> None:
    assert speech.voices.library is not None
    speech.voices.library.add(ANNA)
    await until(lambda: all_made(samples, speech))
    assert samples.made == 3, "whoever watches hears of each"
    assert not speech.reports
    assert speech.active == 0
    for name, language in (("tone", "en"), ("gong", "zh"), ("anna", "de")):
        assert pcm(samples, speech, name) == await said(speech, name, language)


@pytest.mark.parametrize("engine", [GatedEngine(rows=1)])
async def test_whoever_speaks_finds_the_row_free(samples: VoiceSamples, speech: Speech, engine: GatedEngine) -> None:
    await until(lambda: engine.active)
    async with speech.whole_utterance(Order("test", "tone"), "Hello.") as utterance:
        engine.allow()
        assert b"".join([part.pcm async for part in utterance if isinstance(part, AudioChunk)]) == tone("Hello.")
    await until(lambda: all_made(samples, speech))
    assert pcm(samples, speech, "tone") == await said(speech, "tone", "en"), "begun anew, and whole"


async def test_a_voice_that_has_changed_has_no_sample_until_another_is_made(
    samples: VoiceSamples, speech: Speech, files: SampleFiles
) -> None:
    library = speech.voices.library
    assert library is not None
    library.add(ANNA)
    await until(lambda: all_made(samples, speech))
    library.change("anna", language="fr")
    assert not samples.has(speech.voices.find("anna"))
    await until(lambda: all_made(samples, speech))
    assert pcm(samples, speech, "anna") == await said(speech, "anna", "fr")
    samples.forget("anna")
    assert not samples.has(speech.voices.find("anna"))


class Elsewhere(ToneEngine):
    def __init__(self) -> None:
        super().__init__()
        self._capabilities = msgspec.structs.replace(self._capabilities, text_goes_to="somewhere.example")


@pytest.mark.virtual_time
@pytest.mark.parametrize("engine", [Elsewhere()])
async def test_no_text_leaves_the_machine_for_a_sample(samples: VoiceSamples, engine: ToneEngine) -> None:
    await asyncio.sleep(100)
    assert engine.asked == []


@pytest.mark.virtual_time
async def test_nothing_is_loaded_or_woken_for_a_sample(samples: VoiceSamples, speech: Speech) -> None:
    speech.manager.evict()
    await asyncio.sleep(100)
    assert speech.manager.state == "unloaded"
    assert not any(samples.has(known) for known in speech.voices.known)


@pytest.mark.parametrize("engine", [ToneEngine(kinds=("preset", "designed", "cloned"))])
async def test_none_is_made_of_a_voice_whose_checkpoint_is_not_loaded_or_that_differs_each_time(
    samples: VoiceSamples, speech: Speech, engine: ToneEngine
) -> None:
    assert speech.voices.library is not None
    speech.voices.library.add(StoredVoice(id="old", name="Old", kind="designed", design="An old man"))
    speech.voices.library.add(StoredVoice(id="me", name="Me", kind="cloned", transcript="Some words."))
    await until(lambda: all(samples.has(speech.voices.find(voice.name)) for voice in VOICES))
    asked = len(engine.asked)
    speech.voices.library.add(ANNA)
    await until(lambda: samples.has(speech.voices.find("anna")))
    assert len(engine.asked) == asked + 1, "the last in the line, and the others are passed over"
    assert not any(samples.has(speech.voices.find(name)) for name in ("old", "me"))


class Failing(ToneEngine):
    async def work(self, text: str, due: float) -> float:
        return await super().work("[fail]", due)


@pytest.mark.virtual_time
@pytest.mark.parametrize("engine", [Failing()])
async def test_what_fails_is_not_tried_for_ever(samples: VoiceSamples, engine: ToneEngine) -> None:
    await asyncio.sleep(100)
    assert len(engine.asked) == len(VOICES)


async def test_what_the_disk_refused_is_made_when_it_has_room(
    samples: VoiceSamples, speech: Speech, engine: ToneEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spare_time, "TRIED_AGAIN_AFTER_S", 0.05)
    (tmp_path / "samples").rename(tmp_path / "gone")
    await until(lambda: len(engine.asked) > len(VOICES))
    assert samples.made == 0
    (tmp_path / "gone").rename(tmp_path / "samples")
    await until(lambda: all_made(samples, speech))


# -- the files ----------------------------------------------------------------------------------------------------


def test_what_is_kept_is_there_after_a_restart_and_one_of_a_voice(tmp_path: Path) -> None:
    old, new, other = SampleKey("anna", "1"), SampleKey("anna", "2"), SampleKey("Küche/..", "1")
    files = SampleFiles(tmp_path)
    for key in (old, new, other):
        assert files.keep(key, key.revision.encode(), ())
    again = SampleFiles(tmp_path)
    assert [again.read(key) for key in (old, new, other)] == [None, b"2", b"1"]
    again.forget("anna")
    assert [file.name for file in tmp_path.iterdir()] == [other.file_name]


def test_they_are_bounded_and_only_what_nobody_wants_makes_room(tmp_path: Path) -> None:
    files = SampleFiles(tmp_path, most_bytes=10)
    a, b, c = (SampleKey(name, "1") for name in "abc")
    assert files.keep(a, b"12345", (a,))
    assert files.keep(b, b"12345", (a, b))
    assert not files.keep(c, b"1", (a, b, c))
    assert files.keep(c, b"12345", (b, c))
    assert [files.has(key) for key in (a, b, c)] == [False, True, True]


def test_a_sample_that_is_gone_is_made_again(tmp_path: Path) -> None:
    files = SampleFiles(tmp_path)
    key = SampleKey("anna", "1")
    files.keep(key, b"1", ())
    (tmp_path / key.file_name).unlink()
    assert files.read(key) is None
    assert not files.has(key)
