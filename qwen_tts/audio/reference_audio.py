"""A recording on its way to a voice: mono, of a usable length, neither silent nor broken, at any sample rate."""

import hashlib
import logging
import math
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from qwen_tts.api import PCM_BYTES, Audio
from qwen_tts.audio.bounds import CANCELLED, LONGEST_S, LOUDEST, SAMPLE_RATES, SHORTEST_S, SILENCE
from qwen_tts.audio.resampling import resample
from qwen_tts.audio.samples import PCM_SCALE, Samples, from_pcm, to_pcm
from qwen_tts.errors import BadReferenceAudio
from qwen_tts.text.transcript import check_transcript

logger = logging.getLogger(__name__)

_CUT_SEARCH_S = 2.0
_WINDOW_S = 0.05
_QUIET = 0.03
"""30 dB below the loudest: a room before and after somebody speaks in it."""
_MARGIN_S = 0.5
"""Of it that stays: words may begin and end softly."""


@dataclass(frozen=True, eq=False)
class ReferenceAudio:
    """What a voice is made of. Raises BadReferenceAudio where it is built."""

    samples: Samples
    """[n] in -1..1, n within SHORTEST_S..LONGEST_S"""
    sample_rate: int
    source_sha256: str
    """Of the whole recording as 16-bit mono PCM, before it was cut"""
    is_cut: bool
    """More than LONGEST_S are heard: a transcript of all of it does not fit `samples`."""

    @classmethod
    def from_audio(cls, audio: Audio) -> Self:
        """From what crosses the seam."""
        check_pcm(audio)
        return cls.from_samples(from_pcm(audio.pcm), audio.sample_rate)

    @classmethod
    def from_samples(cls, samples: NDArray[np.floating], sample_rate: int) -> Self:
        """From [n] or [n, channels] in -1..1, which are mixed."""
        check_samples(samples, sample_rate)
        mono = mix(samples.astype(np.float32))
        used = _used(mono, sample_rate)
        _log_unused(mono, used, sample_rate)
        digest = hashlib.sha256(to_pcm(mono)).hexdigest()
        return cls(mono[used.first : used.end], sample_rate, digest, used.is_cut)

    @property
    def duration_s(self) -> float:
        return len(self.samples) / self.sample_rate

    def resampled(self, sample_rate: int) -> Samples:
        """The samples at another rate."""
        return resample(self.samples, self.sample_rate, sample_rate)


def check_reference(audio: Audio, transcript: str | None) -> None:
    """Raises BadReferenceAudio, and InvalidRequest for words that are none, unless a voice can be made of these."""
    if transcript is not None:
        check_transcript(transcript)
    check_pcm(audio)
    used = _used(np.frombuffer(audio.pcm, "<i2"), audio.sample_rate, full_scale=PCM_SCALE)
    check_whole(used.is_cut, transcript)


def check_whole(is_cut: bool, transcript: str | None) -> None:
    """Raises BadReferenceAudio for a transcript of more than is used."""
    if is_cut and transcript is not None:
        raise _bad(
            f"the reference audio is longer than {LONGEST_S:.0f} s, and with a transcript all of it is used; "
            "cut both, or leave the transcript out"
        )


def mix(samples: Samples) -> Samples:
    """[n] or [n, channels] -> [n]: their average, or where the channels cancel each other the loudest of them."""
    if samples.ndim == 1 or not samples.size:
        return samples.reshape(-1)
    mono: Samples = samples.mean(axis=1)
    energies = np.square(samples).sum(axis=0)
    return samples[:, energies.argmax()] if np.square(mono).sum() < CANCELLED * energies.max() else mono


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
    if peak > LOUDEST:
        raise _bad(f"the recording has a sample of {peak:.6g}; they must be within -1..1")


class _Used(NamedTuple):
    """Samples [first, end) of a recording."""

    first: int
    end: int
    is_cut: bool
    """Something that is heard is left out"""


def _used(mono: NDArray[Any], sample_rate: int, full_scale: float = 1.0) -> _Used:
    """All of it, and of a recording that is too long what is heard of it. Raises BadReferenceAudio."""
    _check_length(f"is only {len(mono) / sample_rate:.4g} s long", len(mono) / sample_rate)
    first, end = _heard(mono, sample_rate, full_scale)
    if len(mono) <= round(LONGEST_S * sample_rate):
        return _Used(0, len(mono), False)
    _check_length(f"is silent but for {(end - first) / sample_rate:.4g} s", (end - first) / sample_rate)
    kept = _cut(mono[first:end], sample_rate)
    return _Used(first, first + kept, first + kept < end)


def _check_length(what: str, duration_s: float) -> None:
    if duration_s < SHORTEST_S:
        raise _bad(
            f"the reference audio {what}; a voice needs at least {SHORTEST_S:.0f} s, "
            f"and at most {LONGEST_S:.0f} s are used"
        )


def _heard(mono: NDArray[Any], sample_rate: int, full_scale: float) -> tuple[int, int]:
    """Where it is silent before and after, but for a margin. Raises BadReferenceAudio if it is silent throughout."""
    width = round(_WINDOW_S * sample_rate)
    starts = np.arange(0, len(mono), width)
    highest, lowest = (extreme.reduceat(mono, starts) / full_scale for extreme in (np.maximum, np.minimum))
    peaks = np.maximum(highest, -lowest)
    if peaks.max() < SILENCE:
        raise _bad("the reference audio is silent: nothing in it is louder than -60 dBFS; record it again, louder")
    loud = np.flatnonzero(peaks >= max(SILENCE, _QUIET * peaks.max()))
    margin = round(_MARGIN_S * sample_rate)
    return max(0, int(starts[loud[0]]) - margin), min(len(mono), int(starts[loud[-1]]) + width + margin)


def _cut(mono: NDArray[Any], sample_rate: int) -> int:
    """At most LONGEST_S, ending where the last _CUT_SEARCH_S of them are quietest: rather between words than in one."""
    longest = round(LONGEST_S * sample_rate)
    if len(mono) <= longest:
        return len(mono)
    first = longest - round(_CUT_SEARCH_S * sample_rate)
    width = round(_WINDOW_S * sample_rate)
    windows = mono[first:longest][: (longest - first) // width * width].reshape(-1, width)
    quietest = int(np.square(windows, dtype=np.float32).sum(axis=1).argmin())
    return first + quietest * width + width // 2


def _log_unused(mono: Samples, used: _Used, sample_rate: int) -> None:
    if used.end - used.first < len(mono):
        logger.warning(
            "the reference audio is %.1f s long; %.1f..%.1f s of it are used",
            len(mono) / sample_rate, used.first / sample_rate, used.end / sample_rate,
        )  # fmt: skip


def _bad(message: str) -> BadReferenceAudio:
    return BadReferenceAudio(message, param="audio")
