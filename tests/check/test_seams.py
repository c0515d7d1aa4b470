"""The measure of seams on made sound: what a listener would mind is found, so the laws about voices can fail."""

import numpy as np
import pytest

from qwen_tts.audio.samples import Samples, to_pcm
from qwen_tts.check.measures.seams import Seam, find_seams

RATE = 24_000


def silence(duration_ms: int) -> Samples:
    return np.zeros(RATE * duration_ms // 1000, np.float32)


def speech(level: float = 0.3) -> Samples:
    """A second of two tones, swelling and fading as syllables do."""
    time = np.arange(RATE) / RATE
    syllables = np.abs(np.sin(2 * np.pi * 2 * time))
    tones = np.sin(2 * np.pi * 180 * time) + 0.3 * np.sin(2 * np.pi * 2_500 * time)
    return (level * syllables * tones).astype(np.float32)


def seam_of(before: Samples, after: Samples) -> Seam:
    (seam,) = find_seams(to_pcm(np.concatenate([before, after])), RATE, [len(before)])
    return seam


def paused(pause_ms: int) -> Samples:
    return np.concatenate([speech(), silence(pause_ms)])


@pytest.mark.parametrize("pause_ms", [0, 200, 400, 1500])
def test_a_pause_is_as_long_as_it_is(pause_ms: int) -> None:
    seam = seam_of(paused(pause_ms), speech())
    assert pause_ms <= seam.silence_ms <= pause_ms + 20, "what fades and swells counts as far as it is quiet"


def test_silence_counts_on_both_sides() -> None:
    assert seam_of(paused(200), np.concatenate([silence(300), speech()])).silence_ms in range(500, 530, 10)


def test_noise_in_a_pause_is_no_silence() -> None:
    hum = (0.1 * np.sin(np.arange(RATE // 5))).astype(np.float32)
    assert seam_of(np.concatenate([speech(), hum]), speech()).silence_ms <= 10


@pytest.mark.parametrize("factor", [0.25, 0.5, 1.0, 2.0])
def test_a_step_in_level_is_found_and_pauses_do_not_count(factor: float) -> None:
    seam = seam_of(paused(800), speech(0.3 * factor))
    assert seam.step_db == pytest.approx(20 * np.log10(factor), abs=0.5)


@pytest.mark.parametrize("pause_ms", [0, 400])
def test_smooth_sound_has_no_click(pause_ms: int) -> None:
    assert not seam_of(paused(pause_ms), speech()).has_click


@pytest.mark.parametrize("offset", [-1, 0, 1])
@pytest.mark.parametrize("height", [0.02, 0.5])
def test_a_click_in_a_pause_is_found_even_a_faint_one(height: float, offset: int) -> None:
    before, after = paused(200), np.concatenate([silence(200), speech()])
    sound = np.concatenate([before, after])
    sound[len(before) + offset] += height
    (seam,) = find_seams(to_pcm(sound), RATE, [len(before)])
    assert seam.has_click
    assert seam.jump == pytest.approx(height, rel=0.01)


def test_a_click_within_speech_is_found() -> None:
    peak = int(speech().argmax())
    assert seam_of(speech()[:peak], -speech()[peak:]).has_click


def test_every_seam_is_measured_between_its_neighbours() -> None:
    pieces = [paused(300), np.concatenate([speech(0.15), silence(600)]), speech()]
    starts = np.cumsum([len(piece) for piece in pieces])[:-1].tolist()
    first, second = find_seams(to_pcm(np.concatenate(pieces)), RATE, starts)
    assert (first.sample, second.sample) == tuple(starts)
    assert first.silence_ms < 350 < 600 <= second.silence_ms
    assert first.after_db == second.before_db == pytest.approx(first.before_db - 6, abs=0.3)


def test_a_piece_without_sound_is_no_special_case() -> None:
    seam = seam_of(speech(), silence(500))
    assert seam.after_db == -100
    assert not seam.has_click
