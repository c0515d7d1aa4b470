"""The preview voice tells when it speaks which word, by what its networks decide for each phoneme."""

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from qwen3tts_daemon.embedded.cancellation import Cancellation
from qwen3tts_daemon.embedded.engine import create
from qwen3tts_daemon.embedded.synthesizer import EmbeddedSynthesizer
from qwen3tts_daemon.embedded.voices import available
from qwen3tts_daemon.speech.word_estimate import SpeechPower, estimated_times
from qwen_tts.api import AudioChunk, Limits, PresetVoice, SynthesisRequest, WordTime
from qwen_tts.stream import SpeechEngine
from qwen_tts.text.annotations import annotated

WORDS = {
    "en": "Don't worry, the living-room lights are on, and twenty five of the doors are closed.",
    "de": "Das Wohnzimmer ist in der Nacht geschlossen, weil es kalt ist.",
    "fr": "L'homme est allé à la maison, qu'est-ce qu'il y a là-bas ?",
    "es": "La casa de mi abuela está en el pueblo, y no hay nadie.",
    "it": "L'acqua è nella cucina, c'è anche il pane.",
    "pt": "A casa da minha avó fica na cidade, e não há ninguém.",
    "ru": "В доме на улице никого нет, и я иду к тебе.",
    "ko": "오늘은 날씨가 좋아서 공원에 산책을 갑니다.",
    "zh": "今天天气 很 好， 我们 一起 去 公园 散步 吧。",
    "ja": "今日 は 天気 が いい ので、 公園 を 散歩 し ましょう。",
}
"""Of Chinese and Japanese the blanks say what is one word, and are not spoken."""


MARKS = ".,?、。，"


@pytest.fixture
async def engine(cache_dir: Path) -> AsyncIterator[SpeechEngine]:
    engine = create(str(cache_dir))
    await engine.load()
    yield engine
    await engine.close()


async def speak(engine: SpeechEngine, request: SynthesisRequest) -> list[AudioChunk]:
    async with engine.stream(request) as stream:
        return [chunk async for chunk in stream]


def request(engine: SpeechEngine, text: str, language: str, *, word_times: bool = True) -> SynthesisRequest:
    voice = next(one.name for one in engine.capabilities.voices if language in one.languages)
    return SynthesisRequest(voice=PresetVoice(voice), text=text, language=language, word_times=word_times)


def words_of(chunks: list[AudioChunk]) -> list[WordTime]:
    return [word for chunk in chunks for word in chunk.words]


@pytest.mark.parametrize("language", list(WORDS))
def test_it_is_known_which_phonemes_say_which_word(voices: EmbeddedSynthesizer, language: str) -> None:
    words = WORDS[language]
    text = words.replace(" ", "") if language in ("zh", "ja") else words
    voice = next(one for one in available() if language in one.languages)
    told = []
    for unit in voices.phoneme_units(text, voice, Cancellation(), is_first=True, with_words=True):
        ends = 0
        for word in unit.words:
            assert ends <= word.first < word.last <= len(unit.phonemes)
            assert unit.phonemes[word.first] not in MARKS
            assert unit.phonemes[word.last - 1] not in MARKS
            ends = word.last
        told += [unit.text[word.start : word.end].strip(MARKS) for word in unit.words]
    assert told == [word.strip(MARKS) for word in words.split() if word.strip(MARKS)]


@pytest.mark.parametrize("language", ["en", "it"])
async def test_every_word_is_told_before_it_has_ended(engine: SpeechEngine, language: str) -> None:
    """With either network."""
    text = WORDS[language]
    chunks = await speak(engine, request(engine, text, language))
    assert [text[word.start : word.end] for word in words_of(chunks)] == text.split()
    ends = 0
    for chunk in chunks:
        for word in chunk.words:
            assert ends <= word.first_sample < word.end_sample
            assert word.end_sample > chunk.first_sample
            ends = word.end_sample
    assert ends <= chunks[-1].first_sample + chunks[-1].samples


async def test_the_sound_is_the_same_whether_words_are_told_or_not(engine: SpeechEngine) -> None:
    for language, text in {"en": "The kettle is on.", "it": "Il tè è pronto."}.items():
        told, plain = [
            await speak(engine, request(engine, text, language, word_times=wants)) for wants in (True, False)
        ]
        assert b"".join(chunk.pcm for chunk in told) == b"".join(chunk.pcm for chunk in plain)
        assert words_of(told)
        assert not words_of(plain)


async def test_a_word_whose_sounds_came_with_it_is_told_with_them(engine: SpeechEngine) -> None:
    text = f"Ask {annotated('Siobhan', 'ʃɪˈvɔːn')} now, please."
    words = words_of(await speak(engine, request(engine, text, "en")))
    assert [text[word.start : word.end] for word in words] == ["Ask", text[4:-13], "now,", "please."]


async def test_speech_that_is_cut_off_has_the_words_that_were_heard(engine: SpeechEngine) -> None:
    asked = request(engine, WORDS["en"], "en")
    chunks = await speak(engine, replace(asked, limits=Limits(max_audio_s=1.2)))
    words = words_of(chunks)
    assert 0 < len(words) < 6
    assert words[-1].end_sample <= 1.2 * 24_000


async def test_silence_is_in_no_word(engine: SpeechEngine) -> None:
    """Where sound is loud, a word is told; where it is quiet for long, none."""
    chunks = await speak(engine, request(engine, "One. Two. Three. Four.", "en"))
    sound = np.abs(np.frombuffer(b"".join(chunk.pcm for chunk in chunks), "<i2").astype(np.float32))
    told = np.zeros(len(sound), bool)
    for word in words_of(chunks):
        told[word.first_sample : word.end_sample] = True
    assert sound[told].mean() > 10 * sound[~told].mean()


async def test_what_is_estimated_from_the_sound_is_near_what_is_known(engine: SpeechEngine) -> None:
    text = "The kettle is on, and there are twenty five biscuits. Come in, please, and sit down."
    chunks = await speak(engine, request(engine, text, "en"))
    sound = SpeechPower(24_000)
    for chunk in chunks:
        sound.add(chunk.pcm)
    known, estimated = words_of(chunks), estimated_times(text, sound)
    assert len(estimated) == len(known)
    off_ms = [abs(one.first_sample - word.first_sample) / 24 for one, word in zip(estimated, known, strict=True)]
    assert np.median(off_ms) < 100
    assert max(off_ms) < 500
