from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from onnxruntime import RunOptions  # type: ignore[import-untyped]

from qwen3tts_daemon.embedded.cancellation import Cancellation, Cancelled
from qwen3tts_daemon.embedded.kokoro import Kokoro
from qwen3tts_daemon.embedded.shaping import PEAK, SAMPLE_RATE, Samples, level_db
from qwen3tts_daemon.embedded.synthesizer import EmbeddedSynthesizer, PhonemeUnit
from qwen3tts_daemon.embedded.voices import VOICES, EmbeddedVoice
from qwen_tts.config.languages import LANGUAGES

BY_NAME = {voice.name: voice for voice in VOICES}
GREETINGS = {
    "en": "Good morning.",
    "zh": "早上好。",
    "ja": "おはようございます。",
    "ko": "안녕하세요.",
    "de": "Guten Morgen.",
    "es": "Buenos días.",
    "fr": "Bonjour à tous.",
    "it": "Buongiorno a tutti.",
    "pt": "Bom dia a todos.",
    "ru": "Доброе утро.",
}


def speak(voices: EmbeddedSynthesizer, text: str, name: str) -> list[Samples]:
    return list(voices.speak(text, BY_NAME[name], Cancellation(), is_first=True, is_last=True))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_speaks_at_an_even_level(voices: EmbeddedSynthesizer, language: str) -> None:
    voice = next(voice for voice in VOICES if voice.language == language)
    spoken = np.concatenate(speak(voices, GREETINGS[language], voice.name))
    assert 0.4 < len(spoken) / SAMPLE_RATE < 3
    assert np.abs(spoken).max() <= PEAK + 1e-6
    assert -25 < level_db(spoken) < -15


@pytest.mark.parametrize("name", ["heart", "af_heart"])
def test_the_same_text_gives_the_same_samples(voices: EmbeddedSynthesizer, name: str) -> None:
    first, second = [np.concatenate(speak(voices, "Hello, Anna.", name)) for _ in range(2)]
    np.testing.assert_array_equal(first, second)


def test_a_voice_of_several_styles_speaks_in_their_mean(cache_dir: Path) -> None:
    kokoro = Kokoro(cache_dir, threads=2)

    def sound(*styles: str) -> Samples:
        (whole,) = kokoro.synthesize("ɡˈuːtən mˈɔɾɡən.", styles, Cancellation())
        return whole

    sara, both = sound("if_sara"), sound("if_sara", "ff_siwis")
    np.testing.assert_array_equal(both, sound("ff_siwis", "if_sara"))
    np.testing.assert_array_equal(sara, sound("if_sara", "if_sara"))
    assert len(both) != len(sara) or np.abs(both - sara).max() > 0.1


def test_units_join_without_a_step(voices: EmbeddedSynthesizer) -> None:
    units = speak(voices, "One sentence. Another one!\nA third?", "heart")
    assert len(units) == 3
    joined = np.concatenate(units)
    at = 0
    for unit in units[:-1]:
        at += len(unit)
        assert np.abs(np.diff(joined[at - 240 : at + 240])).max() < 0.02


def test_a_sentence_too_long_for_one_inference_is_spoken_whole(voices: EmbeddedSynthesizer) -> None:
    text = "Supercalifragilisticexpialidocious " * 30
    assert sum(map(len, speak(voices, text, "heart"))) > 30 * SAMPLE_RATE


@pytest.mark.parametrize("text", ["", "   ", "…", "!?", "\n\n"])
def test_what_has_no_sound_gives_no_samples(voices: EmbeddedSynthesizer, text: str) -> None:
    assert speak(voices, text, "heart") == []


class CancelsInTheRun(Cancellation):
    """Cancels as soon as an inference has begun."""

    @contextmanager
    def run_options(self) -> Iterator[RunOptions]:
        with super().run_options() as options:
            self.cancel()
            yield options


def test_cancelling_ends_the_inference_in_hand(voices: EmbeddedSynthesizer) -> None:
    spoken = voices.speak("Hello, Anna.", BY_NAME["af_heart"], CancelsInTheRun(), is_first=True, is_last=True)
    with pytest.raises(Cancelled):
        next(spoken)


@pytest.mark.parametrize("voice", [BY_NAME["heart"], BY_NAME["af_heart"]])
def test_nothing_is_spoken_after_cancelling(voices: EmbeddedSynthesizer, voice: EmbeddedVoice) -> None:
    cancellation = Cancellation()
    cancellation.cancel()
    with pytest.raises(Cancelled):
        next(voices.speak("Hello.", voice, cancellation, is_first=True, is_last=True))


def test_the_first_unit_comes_window_by_window_and_the_others_whole(voices: EmbeddedSynthesizer) -> None:
    text = "Please remember to take the bread out of the oven soon. Please remember to take it out soon."
    voice = BY_NAME["af_heart"]
    first, second = voices.phoneme_units(text, voice, Cancellation(), is_first=True)
    (third, _) = voices.phoneme_units(text, voice, Cancellation(), is_first=False)

    def pieces(unit: PhonemeUnit) -> int:
        return sum(bool(piece.size) for piece in voices.say(unit, voice, Cancellation(), seed=0))

    assert pieces(first) > 2
    assert pieces(second) == pieces(third) == 2, "all of it, and what is faded out"


def test_cancelling_between_two_windows_ends_the_unit(voices: EmbeddedSynthesizer) -> None:
    voice, cancellation = BY_NAME["jf_alpha"], Cancellation()
    (unit,) = voices.phoneme_units("リビングの電気がついています。", voice, cancellation, is_first=True)
    spoken = voices.say(unit, voice, cancellation, seed=0)
    next(spoken)
    cancellation.cancel()
    with pytest.raises(Cancelled):
        next(spoken)
