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
_CONTEXT_MS = 2 * _LIMITER_MS + _TAIL_REACH_MS + _RELEASE_MS
"""What the limiter and the end of a unit depend on"""
_SPEECH_DB = -26
"""With the voice's gain its speech is at -20 dBFS: where the loudest block is below this, no word has begun."""
_LEAST_MS = 50
"""Of speech, before any is handed out: how loud a sound is and how it begins cannot be told from less."""
# A plosive keeps its burst, which lasts 10 ms and more.
_SILENCE_DB, _RISE_DB_PER_MS = -50, 10


def shape(samples: Samples, gain: float) -> Samples:
    """One unit [n] at 24 kHz: trimmed, levelled, faded in where its sound begins."""
    shaper = UnitShaper(gain)
    return np.concatenate([shaper.add(samples), shaper.end()])


class UnitShaper:
    """Shapes a unit that comes in pieces, as the whole would be if what was heard first is as loud as what follows."""

    def __init__(self, gain: float) -> None:
        self._gain = np.float32(gain)
        self._samples = np.zeros(0, np.float32)
        """Levelled: what the next ones depend on, then what was not handed out yet"""
        self._done = 0
        """How many of them were handed out"""
        self._loudest_db = -np.inf
        self._has_begun = False
        self.trimmed: int | None = None
        """Samples that were left out at its beginning; None as long as nothing was handed out"""

    def add(self, piece: Samples) -> Samples:
        """What can be heard so far: nothing before the first sound, no silence that may be the last."""
        piece = piece * self._gain
        self._samples = np.concatenate([self._samples, piece])
        self._loudest_db = max(self._loudest_db, _loudest_db(piece))
        end = _end(self._samples, self._loudest_db) - _samples(_FADE_MS)
        end = min(end, len(self._samples) - _samples(2 * _LIMITER_MS))
        if not self._has_begun and (self._loudest_db < _SPEECH_DB or end < self._next + _samples(_LEAST_MS)):
            return np.zeros(0, np.float32)
        return self._hand_out(end)

    def end(self) -> Samples:
        """The rest."""
        self._samples = self._samples[: _end(self._samples, self._loudest_db)]
        return fade_out(self._hand_out(len(self._samples)))

    @property
    def _next(self) -> int:
        """The first of them to be handed out."""
        return self._done if self._has_begun else _begin(self._samples, self._loudest_db)

    def _hand_out(self, end: int) -> Samples:
        begin = self._next
        ready = limit_peaks(self._samples[0 if self._has_begun else begin :])[-(len(self._samples) - begin) :]
        ready = ready[: max(0, end - begin)]
        if not self._has_begun and ready.size:
            self._has_begun, self.trimmed = True, begin
            ready = fade_in(soften_onset(ready))
        self._done = begin + len(ready)
        if self._has_begun:
            self._forget(max(0, self._done - _samples(_CONTEXT_MS)) // _samples(_BLOCK_MS) * _samples(_BLOCK_MS))
        return ready

    def _forget(self, samples: int) -> None:
        """Whole blocks, so that the next ones are the same as in the whole."""
        self._samples, self._done = self._samples[samples:], self._done - samples


def pause_after(unit: Samples, ending: Ending) -> Samples:
    """The silence between a shaped unit and the next."""
    return np.zeros(max(0, _samples(_PAUSE_MS[ending]) - _breath(unit)), np.float32)


def last_pause() -> Samples:
    """The silence after the last unit of an utterance."""
    return np.zeros(_samples(_LAST_PAUSE_MS), np.float32)


def trim(samples: Samples) -> Samples:
    """The samples between the first and the last sound, with a pre-roll and a release."""
    loudest_db = _loudest_db(samples)
    return samples[_begin(samples, loudest_db) : _end(samples, loudest_db)]


def _begin(samples: Samples, loudest_db: float) -> int:
    """The first sample of the sound and its pre-roll, in a unit whose loudest block is as loud as that."""
    block = _samples(_BLOCK_MS)
    level_db = _absolute_db(samples, block) - loudest_db
    if not (level_db > _LOUD_DB).any():
        return 0
    head = int(np.argmax(level_db > _HEAD_FLOOR_DB)) * block
    loud = int(np.argmax(level_db > _LOUD_DB)) * block
    return max(0, max(head, loud - _samples(_HEAD_REACH_MS)) - _samples(_PRE_ROLL_MS))


def _end(samples: Samples, loudest_db: float) -> int:
    """One behind the last sample of the sound and its release."""
    block = _samples(_BLOCK_MS)
    level_db = _absolute_db(samples, block) - loudest_db
    if not level_db.size:
        return len(samples)
    tail = _last_above(level_db, _TAIL_FLOOR_DB) * block
    loud = _last_above(level_db, _LOUD_DB) * block
    return min(tail, loud + _samples(_TAIL_REACH_MS)) + _samples(_RELEASE_MS)


def _last_above(level_db: Samples, floor_db: float) -> int:
    """The number of blocks up to the last one that is as loud."""
    return int(np.max(np.flatnonzero(level_db > floor_db), initial=-1)) + 1


def _breath(samples: Samples) -> int:
    """Samples at the end that are too quiet for speech, beyond the usual."""
    block = _samples(_BLOCK_MS)
    audible = np.flatnonzero(_levels_db(samples, block) > _BREATH_DB)
    end = (int(audible[-1]) + 1) * block if audible.size else len(samples)
    return max(0, len(samples) - end - _samples(_USUAL_TAIL_MS))


def _levels_db(samples: Samples, block: int) -> Samples:
    """Of every block of that many samples, relative to the loudest."""
    absolute = _absolute_db(samples, block)
    relative: Samples = absolute - absolute.max(initial=-np.inf)
    return relative


def _absolute_db(samples: Samples, block: int) -> Samples:
    power = np.mean(samples[: len(samples) // block * block].reshape(-1, block) ** 2, axis=1)
    level: Samples = 10 * np.log10(np.maximum(power, 1e-12))
    return level


def _loudest_db(samples: Samples) -> float:
    return float(_absolute_db(samples, _samples(_BLOCK_MS)).max(initial=-np.inf))


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


def fade_in(samples: Samples) -> Samples:
    """A raised-cosine fade; the first sample becomes zero."""
    length = min(_samples(_FADE_MS), len(samples))
    ramp = (0.5 - 0.5 * np.cos(np.pi * np.arange(length) / max(1, length))).astype(np.float32)
    return np.concatenate([samples[:length] * ramp, samples[length:]])


def fade_out(samples: Samples) -> Samples:
    """A raised-cosine fade; the last sample becomes zero."""
    return fade_in(samples[::-1])[::-1]


def level_db(samples: Samples) -> float:
    """Loudness of the speech in dBFS: RMS of the 20 ms blocks within 40 dB of the loudest one."""
    block = _samples(20)
    power = np.mean(samples[: len(samples) // block * block].reshape(-1, block) ** 2, axis=1)
    return float(10 * np.log10(power[power > power.max() * 1e-4].mean()))


def _samples(duration_ms: int) -> int:
    return SAMPLE_RATE * duration_ms // 1000
