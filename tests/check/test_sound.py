"""Made sounds of known level, silence and error."""

import numpy as np
import pytest

from qwen_tts.audio.samples import Samples
from qwen_tts.check.measures.sound import level, silences, snr_db

RATE = 24_000


def tone(seconds: float, amplitude: float = 0.5) -> Samples:
    return (amplitude * np.sin(2 * np.pi * 200 * np.arange(round(RATE * seconds)) / RATE)).astype(np.float32)


def silence(seconds: float) -> Samples:
    return np.zeros(round(RATE * seconds), np.float32)


@pytest.mark.parametrize("amplitude", [0.01, 0.1, 0.5])
@pytest.mark.parametrize("pause_s", [0.0, 3.0])
def test_a_level_is_that_of_what_is_heard_whatever_pauses_there_are(amplitude: float, pause_s: float) -> None:
    found = level(np.concatenate([silence(pause_s), tone(1, amplitude), silence(pause_s)]), RATE)
    assert found.voiced_db == pytest.approx(20 * np.log10(amplitude / 2**0.5), abs=0.1)
    assert found.peak_db == pytest.approx(20 * np.log10(amplitude), abs=0.1)
    assert found.clipped == 0


def test_samples_at_full_scale_are_counted() -> None:
    sound = tone(1)
    sound[100:107] = [1, -1, 1, -1, 1, -1, 32_767 / 32_768]
    assert level(sound, RATE).clipped == 7


@pytest.mark.parametrize("seconds", [0.0, 0.3, 2.0])
def test_silences_are_as_long_as_they_are(seconds: float) -> None:
    sound = np.concatenate([silence(seconds), tone(0.5), silence(0.1), tone(0.5), silence(seconds), tone(0.5)])
    found = silences(np.concatenate([sound, silence(2 * seconds)]), RATE)
    assert found.start_s == pytest.approx(seconds, abs=0.011)
    assert found.longest_inside_s == pytest.approx(max(0.1, seconds), abs=0.011)
    assert found.end_s == pytest.approx(2 * seconds, abs=0.011)


def test_room_tone_is_silence_and_faint_speech_is_not() -> None:
    hum = 0.001 * tone(1, 1.0)
    found = silences(np.concatenate([tone(1, 0.1), hum, tone(1, 0.02)]), RATE)
    assert (found.longest_inside_s, found.end_s) == (pytest.approx(1, abs=0.011), 0)


@pytest.mark.parametrize("sound", [silence(1), silence(0)], ids=["silent", "empty"])
def test_a_sound_without_sound_is_no_special_case(sound: Samples) -> None:
    assert silences(sound, RATE).start_s == len(sound) / RATE
    assert level(sound, RATE).voiced_db == level(sound, RATE).peak_db == -100


@pytest.mark.parametrize("ratio_db", [10, 47, 80])
def test_signal_to_error(ratio_db: int) -> None:
    sound = tone(1)
    error = np.roll(sound, 30) * np.float32(10 ** (-ratio_db / 20))
    assert snr_db(sound, sound + error) == pytest.approx(ratio_db, abs=0.5)
    assert snr_db(sound, sound) == 120
