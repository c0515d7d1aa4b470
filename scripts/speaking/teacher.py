"""The teacher: hibari's voice `heart`, as it is, and moved to other voices by pitch and formants.

Its network says separately what the voice's source and what its filter are, so both can be moved before they become
sound. `heart` is a woman's voice at some 190 Hz; `stone` is the same speech 0.56 as high from a throat 1.16 as long: a
man's voice. A recogniser understands both equally well. Between and around the two lie any number of other voices, from
which the speaker encoder learns what makes a voice.
"""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from scripts.speaking.dimensions import FRAME, RATE, SPEAKERS
from scripts.speaking.log import say

Samples = npt.NDArray[np.float32]

BLOCK = 64
"""Texts that follow each other in one voice and at one pace: what becomes one file of sound"""
HELD_OUT = 50
"""One block in so many is for validation: its texts are in no other one."""

PACES = {"": 1.0, "slow": 0.75, "fast": 1.35}
"""Of speech, by what it was asked for with."""

_OTHERS, _PACED = 0.18, 0.2  # of the blocks: voices that nobody named; named voices that were asked for a pace
_LOUDNESS = 0.08
_HEAD_S, _TAIL_S = 0.09, (0.15, 0.35)
_SILENCE = 0.005
_FRAMES = (6, 220)


@dataclass(frozen=True)
class Voice:
    """Pitch and formants beside the teacher's own."""

    pitch: float
    formants: float


NAMED = {"heart": Voice(1.0, 1.0), "stone": Voice(0.56, 0.86)}
assert list(NAMED) == list(SPEAKERS)


@dataclass(frozen=True)
class Delivery:
    """How a block is spoken."""

    voice: Voice
    speaker: int
    """In the order of NAMED; -1 for another one"""
    pace: int
    """In the order of PACES"""

    @staticmethod
    def draw(chance: np.random.Generator) -> "Delivery":
        if chance.random() < _OTHERS:
            formants = float(chance.uniform(0.8, 1.14))
            pitch = float(np.exp(chance.uniform(np.log(0.48), np.log(1.25))))
            return Delivery(Voice(pitch, formants), -1, 0)
        speaker = int(chance.integers(len(NAMED)))
        pace = int(chance.integers(1, len(PACES))) if chance.random() < _PACED else 0
        return Delivery(list(NAMED.values())[speaker], speaker, pace)


class Teacher:
    """One process's own network."""

    def __init__(self) -> None:
        from hibari import Hibari, dsp  # only who synthesises needs it

        self._hibari, self._dsp = Hibari(threads=1), dsp

    def say(self, text: str, voice: Voice, pace: float, chance: np.random.Generator) -> Samples | None:
        """Samples at RATE, silent at both ends, whole frames; None where the text is no single sentence for it."""
        phonemes = self._hibari.phonemize(text)
        if len(phonemes) != 1 or "❓" in phonemes[0]:
            return None
        feeds = {
            "ids": np.asarray([self._hibari.ids(phonemes[0])], np.int64),
            "speed": np.asarray([pace], np.float32),
        }
        *spectra, pitch = (out[0] for out in self._hibari.sess.run(None, feeds))
        spectra = [_stretched(one, voice.formants) for one in spectra]
        return _framed(self._dsp.synth(*spectra, pitch * np.float32(voice.pitch), chance), chance)


def _stretched(spectrum: Samples, factor: float) -> Samples:
    """[bins, n]: what was at a bin lies at `factor` times it."""
    if factor == 1:
        return spectrum
    last = len(spectrum) - 1
    place = np.minimum(np.arange(last + 1) / factor, last)
    low = place.astype(int)
    weight = (place - low)[:, None].astype(np.float32)
    return spectrum[low] * (1 - weight) + spectrum[np.minimum(low + 1, last)] * weight


def _framed(wave: Samples, chance: np.random.Generator) -> Samples | None:
    loud = np.flatnonzero(np.abs(wave) > _SILENCE)
    if not len(loud):
        return None
    wave = wave[max(0, loud[0] - int(_HEAD_S * RATE)) : loud[-1] + 1]
    wave = wave * (_LOUDNESS / float(np.sqrt(np.mean(wave**2))))
    wave = np.pad(wave, (0, int(chance.uniform(*_TAIL_S) * RATE)))
    return np.pad(wave, (0, -len(wave) % FRAME)).clip(-0.99, 0.99)


def speak_block(teacher: Teacher, texts: list[str], block: int, turn: int) -> dict[str, Any] | None:
    """One file's content: `audio` int16, and by utterance its row in `texts` and its `frames`; the block's delivery.

    The `turn`-th time that a block is spoken, it is spoken in another way; the same turn is the same sound.
    """
    chance = np.random.default_rng((block, turn))
    delivery = Delivery.draw(chance)
    audio, rows, frames = [], [], []
    for row in range(block * BLOCK, min(len(texts), (block + 1) * BLOCK)):
        wave = teacher.say(texts[row], delivery.voice, list(PACES.values())[delivery.pace], chance)
        if wave is not None and _FRAMES[0] <= len(wave) // FRAME <= _FRAMES[1]:
            audio.append((wave * 32767).astype(np.int16))
            rows.append(row)
            frames.append(len(wave) // FRAME)
    if not rows:
        return None
    voice = (delivery.voice.pitch, delivery.voice.formants)
    return {
        "audio": np.concatenate(audio), "rows": np.array(rows), "frames": np.array(frames), "block": block,
        "speaker": delivery.speaker, "pace": delivery.pace, "voice": np.array(voice),
    }  # fmt: skip


def turns(texts: int, worker: int, workers: int, turn: int) -> Iterator[tuple[int, int]]:
    """(block, turn) for ever: a worker's share of the blocks, then the same blocks spoken in another way."""
    blocks = -(-texts // BLOCK)
    while True:
        yield from ((block, turn) for block in range(worker, blocks, workers))
        turn += 1


def synthesise(texts_file: Path, folder: Path, worker: int, workers: int, first_turn: int, until: float) -> None:
    """Write files of sound into `folder`, from a turn on and until a time. One process of several."""
    os.nice(10)
    teacher, texts = Teacher(), texts_file.read_text("utf-8").splitlines()
    frames = 0
    for block, turn in turns(len(texts), worker, workers, first_turn):
        if time.time() > until:
            break
        content = speak_block(teacher, texts, block, turn)
        if content is None:
            continue
        frames += int(content["frames"].sum())
        path = folder / f"{turn:03d}-{block:06d}.npz"
        np.savez(partial := path.with_suffix(".tmp.npz"), **content)
        os.rename(partial, path)
    say("sound", worker=worker, hours=frames * FRAME / RATE / 3600)
