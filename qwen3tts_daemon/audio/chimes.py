"""Chimes that stand before an announcement: three of our own, drawn at whatever sample rate is wanted, and files."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qwen3tts_daemon.audio.pcm import Resampler
from qwen_tts.api import PCM_BYTES, Audio

_ATTACK_S = 0.01
"""A strike that does not click"""
_RELEASE_S = 0.06
"""What is left of a tone at its end fades out"""
_GAP_S = 0.2
"""Between the chime and the first word"""
_FULL_SCALE = 32_767

_BELL = ((1.0, 1.0, 1.0), (2.0, 0.35, 0.7), (3.01, 0.16, 0.45), (4.18, 0.07, 0.3))
"""Partials of a small bar: how high, how strong and how long they are, compared with the first"""
_GONG = ((1.0, 1.0, 1.0), (1.51, 0.55, 0.8), (2.02, 0.5, 0.75), (2.67, 0.3, 0.5), (3.43, 0.16, 0.35))


@dataclass(frozen=True, slots=True)
class _Strike:
    """One tone: when, how high, how long until it is a third as loud, and how loud."""

    at_s: float
    hz: float
    decay_s: float
    level: float
    partials: Sequence[tuple[float, float, float]] = _BELL


@dataclass(frozen=True, slots=True)
class _Chime:
    duration_s: float
    level: float
    """Of a full scale of 1, so that all are heard at -16 to -17 LUFS"""
    strikes: tuple[_Strike, ...]


_CHIMES = {
    "ding": _Chime(1.1, 0.6, (_Strike(0.0, 880.0, 0.35, 1.0),)),
    "ding-dong": _Chime(1.9, 0.45, (_Strike(0.0, 659.26, 0.4, 1.0), _Strike(0.55, 523.25, 0.5, 1.0))),
    "gong": _Chime(2.6, 0.4, (_Strike(0.0, 261.63, 1.1, 1.0, _GONG),)),
}

CHIMES = tuple(_CHIMES)
"""Their names"""


def chime(name: str, sample_rate: int) -> bytes:
    """One of CHIMES, and the moment of silence behind it."""
    drawn = _CHIMES[name]
    times = np.arange(round(drawn.duration_s * sample_rate)) / sample_rate
    wave: NDArray[np.float64] = np.sum([_tone(strike, times) for strike in drawn.strikes], axis=0)
    wave *= drawn.level * np.minimum(1.0, (drawn.duration_s - times) / _RELEASE_S)
    return np.rint(wave * _FULL_SCALE).clip(-_FULL_SCALE, _FULL_SCALE).astype("<i2").tobytes() + _gap(sample_rate)


def chime_of(audio: Audio, sample_rate: int) -> bytes:
    """A recording at another sample rate, and the moment of silence behind it."""
    resampler = Resampler(audio.sample_rate, sample_rate)
    return resampler.process(audio.pcm) + resampler.flush() + _gap(sample_rate)


def _tone(strike: _Strike, times: NDArray[np.float64]) -> NDArray[np.float64]:
    since = np.maximum(times - strike.at_s, 0.0)
    attack = 0.5 - 0.5 * np.cos(np.pi * np.minimum(since / _ATTACK_S, 1.0))
    partials = [
        strength * np.exp(-since / (strike.decay_s * length)) * np.sin(2 * np.pi * strike.hz * ratio * since)
        for ratio, strength, length in strike.partials
    ]
    tone: NDArray[np.float64] = strike.level * attack * np.sum(partials, axis=0)
    return tone


def _gap(sample_rate: int) -> bytes:
    return bytes(round(_GAP_S * sample_rate) * PCM_BYTES)
