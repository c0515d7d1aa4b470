"""A recording on its way to a voice: mono, of a usable length, neither silent nor broken, at any sample rate."""

import hashlib
import logging
import math
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from qwen_tts.api import PCM_BYTES, Audio
from qwen_tts.errors import BadReferenceAudio
from qwen_tts.resampling import resample
from qwen_tts.wav import Samples, from_pcm, to_pcm

logger = logging.getLogger(__name__)

SHORTEST_S = 3.0
LONGEST_S = 30.0
SAMPLE_RATES = range(8_000, 192_001)

_SILENCE = 0.001
"""-60 dBFS: a recording that never gets louder has nobody in it."""
_LOUDEST = 4.0
"""Float recordings overshoot -1..1 a little; beyond this they were scaled by something else."""
_CUT_SEARCH_S = 2.0
_CUT_WINDOW_S = 0.05


@dataclass(frozen=True, eq=False)
class ReferenceAudio:
    """What a voice is made of. Raises BadReferenceAudio where it is built."""

    samples: Samples
    """[n] in -1..1, n within SHORTEST_S..LONGEST_S"""
    sample_rate: int
    source_sha256: str
    """Of the whole recording as 16-bit mono PCM, before it was cut"""
    is_cut: bool
    """The recording was longer than LONGEST_S: a transcript of all of it does not fit `samples`."""

    @classmethod
    def from_audio(cls, audio: Audio) -> Self:
        """From what crosses the seam."""
        check_pcm(audio)
        return cls.from_samples(from_pcm(audio.pcm), audio.sample_rate)

    @classmethod
    def from_samples(cls, samples: NDArray[np.floating], sample_rate: int) -> Self:
        """From [n] or [n, channels] in -1..1; the channels are averaged."""
        check_samples(samples, sample_rate)
        mono = samples.astype(np.float32)
        if mono.ndim == 2:
            mono = mono.mean(axis=1)
        _check_length(mono, sample_rate)
        kept = _cut(mono, sample_rate)
        if np.abs(kept).max() < _SILENCE:
            raise _bad("the reference audio is silent: nothing in it is louder than -60 dBFS; record it again, louder")
        digest = hashlib.sha256(to_pcm(mono)).hexdigest()
        return cls(kept, sample_rate, digest, is_cut=len(kept) < len(mono))

    @property
    def duration_s(self) -> float:
        return len(self.samples) / self.sample_rate

    def resampled(self, sample_rate: int) -> Samples:
        """The samples at another rate."""
        return resample(self.samples, self.sample_rate, sample_rate)


def check_pcm(audio: Audio) -> None:
    """Raises BadReferenceAudio if this is no recording."""
    if not audio.pcm:
        raise _bad("the recording is empty; record it again")
    if len(audio.pcm) % PCM_BYTES:
        raise _bad(f"the recording has {len(audio.pcm)} bytes, and a sample takes {PCM_BYTES}; send all of it")
    _check_rate(audio.sample_rate)


def check_samples(samples: NDArray[np.floating], sample_rate: int) -> None:
    """[n] or [n, channels]. Raises BadReferenceAudio if this is no recording."""
    _check_rate(sample_rate)
    _check_values(samples)


def _check_rate(sample_rate: int) -> None:
    if sample_rate not in SAMPLE_RATES:
        first, last = SAMPLE_RATES[0], SAMPLE_RATES[-1]
        raise _bad(f"the recording has a sample rate of {sample_rate} Hz; it must be within {first}..{last}")


def _check_values(samples: NDArray[np.floating]) -> None:
    assert np.issubdtype(samples.dtype, np.floating), samples.dtype
    assert samples.ndim in (1, 2), samples.shape
    if not samples.size:
        raise _bad("the recording is empty; record it again")
    peak = float(np.abs(samples).max())
    if not math.isfinite(peak):
        raise _bad("the recording has samples that are no numbers; export it again")
    if peak > _LOUDEST:
        raise _bad(f"the recording has a sample of {peak:.6g}; they must be within -1..1")


def _check_length(mono: Samples, sample_rate: int) -> None:
    duration_s = len(mono) / sample_rate
    if duration_s < SHORTEST_S:
        raise _bad(
            f"the reference audio is only {duration_s:.4g} s long; a voice needs at least {SHORTEST_S:.0f} s, "
            f"and at most {LONGEST_S:.0f} s are used"
        )


def _cut(mono: Samples, sample_rate: int) -> Samples:
    """At most LONGEST_S, ending where the last _CUT_SEARCH_S of them are quietest: rather between words than in one."""
    longest = round(LONGEST_S * sample_rate)
    if len(mono) <= longest:
        return mono
    first = longest - round(_CUT_SEARCH_S * sample_rate)
    width = round(_CUT_WINDOW_S * sample_rate)
    windows = mono[first:longest][: (longest - first) // width * width].reshape(-1, width)
    quietest = int(np.square(windows).sum(axis=1).argmin())
    end = first + quietest * width + width // 2
    logger.warning(
        "the reference audio is %.1f s long; its first %.1f s are used",
        len(mono) / sample_rate, end / sample_rate,
    )  # fmt: skip
    return mono[:end]


def _bad(message: str) -> BadReferenceAudio:
    return BadReferenceAudio(message, param="audio")
