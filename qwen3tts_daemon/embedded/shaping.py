"""One unit's samples -> what is heard: no dead air, no clicks, even loudness, and a pause that fits the text.

Every unit starts and ends at zero, so units can be put one after the other in any way.
"""

import numpy as np
import numpy.typing as npt

from qwen_tts.text.sentences import Ending

Samples = npt.NDArray[np.float32]

SAMPLE_RATE = 24_000
PEAK = 0.97

_PAUSE_MS = {Ending.WORD: 20, Ending.CLAUSE: 130, Ending.SENTENCE: 320, Ending.PARAGRAPH: 550}
_LAST_PAUSE_MS = 60
_PRE_ROLL_MS = 15
_RELEASE_MS = 45
_FADE_MS = 5
_BLOCK_MS = 5
# The weakest onsets (f, s, h) stay above -46 dB of the peak and releases decay to -52 dB. Some styles breathe
# at -42 dB for a third of a second around the speech, so what is below the loud level counts only near it.
_LOUD_DB = -36
_HEAD_FLOOR_DB, _HEAD_REACH_MS = -46, 80
_TAIL_FLOOR_DB, _TAIL_REACH_MS = -52, 140
# im_nicola breathes out for a quarter of a second after each sentence, at -33 to -42 dB: to a listener this is part of
# the pause. Others fall silent within 120 ms, release included.
_BREATH_DB, _USUAL_TAIL_MS = -30, 120
_LIMITER_MS = 4
# A plosive keeps its burst, which lasts 10 ms and more.
_SILENCE_DB, _RISE_DB_PER_MS = -50, 10


def shape(samples: Samples, gain: float) -> Samples:
    """One unit [n] at 24 kHz: trimmed, levelled, faded in where its sound begins."""
    return fade_edges(soften_onset(limit_peaks(trim(samples) * np.float32(gain))))


def pause_after(unit: Samples, ending: Ending) -> Samples:
    """The silence between a shaped unit and the next."""
    return np.zeros(max(0, _samples(_PAUSE_MS[ending]) - _breath(unit)), np.float32)


def last_pause() -> Samples:
    """The silence after the last unit of an utterance."""
    return np.zeros(_samples(_LAST_PAUSE_MS), np.float32)


def trim(samples: Samples) -> Samples:
    """The samples between the first and the last sound, with a pre-roll and a release."""
    block = _samples(_BLOCK_MS)
    level_db = _levels_db(samples, block)
    if not level_db.size:
        return samples
    loud = np.flatnonzero(level_db > _LOUD_DB)
    head = np.flatnonzero(level_db > _HEAD_FLOOR_DB)[0]
    tail = np.flatnonzero(level_db > _TAIL_FLOOR_DB)[-1] + 1
    start = max(int(head) * block, int(loud[0]) * block - _samples(_HEAD_REACH_MS))
    end = min(int(tail) * block, int(loud[-1] + 1) * block + _samples(_TAIL_REACH_MS))
    return samples[max(0, start - _samples(_PRE_ROLL_MS)) : end + _samples(_RELEASE_MS)]


def _breath(samples: Samples) -> int:
    """Samples at the end that are too quiet for speech, beyond the usual."""
    block = _samples(_BLOCK_MS)
    audible = np.flatnonzero(_levels_db(samples, block) > _BREATH_DB)
    end = (int(audible[-1]) + 1) * block if audible.size else len(samples)
    return max(0, len(samples) - end - _samples(_USUAL_TAIL_MS))


def _levels_db(samples: Samples, block: int) -> Samples:
    """Of every block of that many samples, relative to the loudest."""
    power = np.mean(samples[: len(samples) // block * block].reshape(-1, block) ** 2, axis=1)
    absolute = 10 * np.log10(np.maximum(power, 1e-12))
    relative: Samples = absolute - absolute.max(initial=-np.inf)
    return relative


def limit_peaks(samples: Samples) -> Samples:
    """The same samples with no peak above PEAK: the gain dips smoothly around each peak."""
    if not samples.size or np.abs(samples).max() <= PEAK:
        return samples
    wanted = np.minimum(1.0, PEAK / np.maximum(np.abs(samples), 1e-6))
    reach = _samples(_LIMITER_MS)
    # The lowest gain within reach on both sides, then a mean over the same reach: below `wanted` everywhere.
    padded = np.pad(wanted, reach, constant_values=1.0)
    lowest = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).min(axis=1)
    window = np.hanning(2 * reach + 1)
    smooth = np.convolve(np.pad(lowest, reach, mode="edge"), window / window.sum(), mode="valid")
    return (samples * smooth).astype(np.float32)


def soften_onset(samples: Samples) -> Samples:
    """The same samples, their first sound rising over 5 ms at most: some styles jump out of silence within one."""
    block = _samples(1)
    gains_db, allowed = [], float(_SILENCE_DB)
    for level in _levels_db(samples, block):
        allowed = min(float(level), max(allowed, _SILENCE_DB) + _RISE_DB_PER_MS)
        gains_db.append(allowed - float(level))
        if level > _LOUD_DB and allowed == level:
            break
    if not any(gains_db):
        return samples
    # Each gain holds where its block begins: the step down lies in the silence before the sound.
    begins = np.arange(len(gains_db)) * block
    gain = 10 ** (np.interp(np.arange(begins[-1]), begins, gains_db) / 20)
    return np.concatenate([samples[: len(gain)] * gain.astype(np.float32), samples[len(gain) :]])


def fade_edges(samples: Samples) -> Samples:
    """A raised-cosine fade at both ends; the outermost samples become zero."""
    length = min(_samples(_FADE_MS), len(samples) // 2)
    if not length:
        return np.zeros_like(samples)
    ramp = (0.5 - 0.5 * np.cos(np.pi * np.arange(length) / length)).astype(np.float32)
    faded = samples.copy()
    faded[:length] *= ramp
    faded[-length:] *= ramp[::-1]
    return faded


def level_db(samples: Samples) -> float:
    """Loudness of the speech in dBFS: RMS of the 20 ms blocks within 40 dB of the loudest one."""
    block = _samples(20)
    power = np.mean(samples[: len(samples) // block * block].reshape(-1, block) ** 2, axis=1)
    return float(10 * np.log10(power[power > power.max() * 1e-4].mean()))


def _samples(duration_ms: int) -> int:
    return SAMPLE_RATE * duration_ms // 1000
