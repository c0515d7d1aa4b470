"""Another sample rate is the same sound; test_official.py compares it with the release's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwen_tts.audio.resampling import resample
from qwen_tts.audio.samples import Samples

RATES = st.sampled_from([8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000, 192_000])
CONVERSIONS = pytest.mark.parametrize(
    ("rate", "target_rate"),
    [(8_000, 24_000), (16_000, 24_000), (44_100, 24_000), (48_000, 24_000), (24_000, 44_100), (192_000, 16_000)],
)


def sine(pitch: float, rate: int) -> Samples:
    """0.25 s of it."""
    return np.sin(2 * np.pi * pitch * np.arange(rate // 4) / rate).astype(np.float32)


def middle(samples: Samples, rate: int) -> Samples:
    """Without the edges, where a filter hears what is not there."""
    return samples[rate // 40 : rate // 4 - rate // 40]


def test_the_same_rate_changes_nothing() -> None:
    samples = sine(440, 24_000)
    assert resample(samples, 24_000, 24_000).tolist() == samples.tolist()


@settings(deadline=None, max_examples=200)
@given(length=st.integers(0, 3_000), rate=RATES, target_rate=RATES)
def test_the_sound_is_as_long_or_at_most_a_sample_longer(length: int, rate: int, target_rate: int) -> None:
    resampled = resample(np.ones(length, np.float32), rate, target_rate)
    surplus = len(resampled) / target_rate - length / rate
    assert -1e-9 < surplus < (1 + 1e-9) / target_rate
    assert resampled.dtype == np.float32
    assert np.isfinite(resampled).all()


@CONVERSIONS
@pytest.mark.parametrize("pitch", [110, 440, 3_000])
def test_a_sine_stays_a_sine(rate: int, target_rate: int, pitch: float) -> None:
    resampled = resample(sine(pitch, rate), rate, target_rate)
    np.testing.assert_allclose(middle(resampled, target_rate), middle(sine(pitch, target_rate), target_rate), atol=1e-3)


@pytest.mark.parametrize(("rate", "target_rate"), [(44_100, 24_000), (48_000, 24_000), (192_000, 16_000)])
def test_what_the_lower_rate_cannot_carry_is_gone(rate: int, target_rate: int) -> None:
    """Folded back, it would be heard as another pitch."""
    resampled = resample(sine(target_rate * 0.6, rate), rate, target_rate)
    assert np.abs(middle(resampled, target_rate)).max() < 1e-3


@CONVERSIONS
def test_silence_stays_silence(rate: int, target_rate: int) -> None:
    assert not resample(np.zeros(1_000, np.float32), rate, target_rate).any()
