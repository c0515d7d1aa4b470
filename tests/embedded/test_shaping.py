import numpy as np
import pytest

from qwen3tts_daemon.embedded.shaping import (
    PEAK,
    SAMPLE_RATE,
    Samples,
    UnitShaper,
    fade_in,
    fade_out,
    last_pause,
    level_db,
    limit_peaks,
    pause_after,
    shape,
    soften_onset,
    trim,
)
from qwen_tts.text.sentences import Ending


def tone(duration_s: float, level: float = 0.5, pitch: float = 220) -> Samples:
    time = np.arange(round(duration_s * SAMPLE_RATE)) / SAMPLE_RATE
    return (level * np.sin(2 * np.pi * pitch * time)).astype(np.float32)


def silence(duration_s: float) -> Samples:
    return np.zeros(round(duration_s * SAMPLE_RATE), np.float32)


@pytest.mark.parametrize(("head_s", "tail_s"), [(0.0, 0.0), (0.3, 0.2), (0.05, 1.0)])
def test_trimming_keeps_the_sound_and_little_around_it(head_s: float, tail_s: float) -> None:
    sound = tone(0.5)
    trimmed = trim(np.concatenate([silence(head_s), sound, silence(tail_s)]))
    assert len(sound) <= len(trimmed) <= len(sound) + 0.08 * SAMPLE_RATE
    assert np.sum(trimmed**2) == pytest.approx(np.sum(sound**2), rel=1e-3)


def test_a_weak_onset_and_a_quiet_release_stay() -> None:
    hiss = tone(0.06, level=0.004, pitch=5_000)
    sound = np.concatenate([silence(0.3), hiss, tone(0.5), hiss, silence(0.5)])
    assert len(trim(sound)) >= 0.5 * SAMPLE_RATE + 2 * len(hiss)


def test_a_long_breath_before_and_after_is_cut() -> None:
    breath = tone(0.4, level=0.004, pitch=3_000)
    assert len(trim(np.concatenate([breath, tone(0.5), breath]))) < 0.85 * SAMPLE_RATE


@pytest.mark.parametrize("loudness", [0.5, 1.0, 1.3, 4.0])
def test_no_peak_passes_the_limiter_and_quiet_sound_passes_untouched(loudness: float) -> None:
    sound = np.concatenate([tone(0.3, 0.1), tone(0.3, loudness), tone(0.3, 0.1)])
    limited = limit_peaks(sound)
    assert np.abs(limited).max() <= PEAK + 1e-6
    np.testing.assert_allclose(limited[: len(sound) // 4], sound[: len(sound) // 4], atol=1e-6)


def test_the_limiter_makes_no_clicks() -> None:
    sound = tone(0.5, 1.3)
    assert np.abs(np.diff(limit_peaks(sound))).max() <= np.abs(np.diff(sound)).max()


@pytest.mark.parametrize("samples", [0, 1, 7, 100, 24_000])
def test_edges_end_at_zero(samples: int) -> None:
    faded = fade_out(fade_in(np.ones(samples, np.float32)))
    assert len(faded) == samples
    if samples > 1:
        assert faded[0] == faded[-1] == 0


@pytest.mark.parametrize("head_ms", [0, 3, 7, 200, 201, 202, 203, 204])
@pytest.mark.parametrize("hiss", [0.0, 0.0005])
def test_a_jump_out_of_silence_is_faded_where_it_is_and_what_follows_stays(head_ms: int, hiss: float) -> None:
    noise = np.random.default_rng(0).uniform(-1, 1, SAMPLE_RATE // 2).astype(np.float32)
    shaped = shape(np.concatenate([hiss * noise[: head_ms * SAMPLE_RATE // 1000], 0.5 * noise]), 1.0)
    millisecond = SAMPLE_RATE // 1000
    # What is trimmed away is a whole number of milliseconds.
    begin = next(n for n in range(0, 30) if np.abs(shaped[n * millisecond :][:millisecond]).max() > 0.001)
    levels = np.abs(shaped[begin * millisecond :][: 10 * millisecond]).reshape(10, millisecond).max(axis=1)
    assert (levels[:3] < (0.05, 0.1, 0.25)).all()
    assert (levels[5:] > 0.4).all(), "a consonant of ten milliseconds is still heard"
    assert begin >= min(head_ms, 14), "the pre-roll stays"


def test_a_sound_that_grows_by_itself_is_left_alone() -> None:
    rise = 10 ** np.minimum(0, np.arange(SAMPLE_RATE // 2) / SAMPLE_RATE * 150 - 2.5)
    growing = (tone(0.5, pitch=2_000) * rise).astype(np.float32)
    sound = np.concatenate([0.003 * tone(0.05, pitch=3_000), growing])
    np.testing.assert_array_equal(soften_onset(sound), sound)


@pytest.mark.parametrize("gain", [0.3, 1.0, 3.0])
def test_units_join_without_a_step(gain: float) -> None:
    unit = shape(tone(0.4), gain)
    joined = np.concatenate([unit, unit])
    around = joined[len(unit) - 50 : len(unit) + 50]
    assert np.abs(np.diff(around)).max() < 0.02


def test_pauses_grow_with_what_ends() -> None:
    unit = shape(tone(0.4), 1.0)
    lengths = [len(pause_after(unit, ending)) for ending in Ending]
    assert lengths == sorted(lengths)
    assert lengths[0] < len(last_pause()) < lengths[1]


def test_a_breath_is_part_of_the_pause() -> None:
    breath = tone(0.3, level=0.007, pitch=3_000)
    units = (shape(np.concatenate([tone(0.5), end]), 1.0) for end in (breath, silence(0.3)))
    breathed, held = (len(unit) + len(pause_after(unit, Ending.SENTENCE)) for unit in units)
    assert abs(breathed - held) < 0.12 * SAMPLE_RATE


@pytest.mark.parametrize("samples", [silence(0.0), silence(0.001), silence(0.5)])
def test_silence_is_no_special_case(samples: Samples) -> None:
    assert not shape(samples, 1.0).any()


def test_the_level_does_not_count_pauses() -> None:
    assert level_db(np.concatenate([tone(0.5), silence(2.0)])) == pytest.approx(level_db(tone(0.5)), abs=0.3)


@pytest.mark.parametrize("cuts", [[12_000], [9_000, 20_000], [4_000, 5_000, 30_000], [38_000], [41_000], [46_000]])
@pytest.mark.parametrize("gain", [1.0, 2.5])
def test_a_unit_in_pieces_is_shaped_as_the_whole(cuts: list[int], gain: float) -> None:
    sound = np.concatenate([silence(0.2), tone(0.6), silence(0.3), tone(0.4), tone(0.05, 0.004), silence(0.4)])
    shaper = UnitShaper(gain)
    pieces = [shaper.add(piece) for piece in np.split(sound, cuts)]
    np.testing.assert_allclose(np.concatenate([*pieces, shaper.end()]), shape(sound, gain), atol=1e-6)


def test_nothing_is_handed_out_before_there_is_speech_and_no_silence_after_it() -> None:
    shaper = UnitShaper(1.0)
    assert not shaper.add(silence(0.3)).size
    assert shaper.add(tone(0.5)).size
    assert shaper.add(silence(0.3)).size < 0.2 * SAMPLE_RATE
    assert not shaper.add(silence(0.3)).size
    assert not np.any(shaper.end()[-1:])
