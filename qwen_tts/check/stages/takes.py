"""A take -> figures."""

import itertools
import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from qwen_tts.api import StreamEnd
from qwen_tts.audio.samples import Samples, from_pcm
from qwen_tts.check.measures import sound
from qwen_tts.check.measures.first_frames import FRAMES, Opening, first_frames, start_frames
from qwen_tts.check.measures.seams import find_seams
from qwen_tts.check.report import SeamsOf, Start, Utterance
from qwen_tts.check.stages.speaking import Part, Take


def utterance(take: Take, voice: str, expected_s: float, sample_rate: int) -> Utterance:
    samples = from_pcm(take.pcm)
    end = take.end
    planned = take.planned
    quiet = sound.silences(samples, sample_rate)
    audio_s = len(samples) / sample_rate
    heard = sum(unicodedata.category(character)[0] in "LNS" for character in planned.text)
    return Utterance(
        language=planned.language, text=planned.name, mode=planned.mode, voice=voice, seed=planned.seed,
        end=end.reason if isinstance(end, StreamEnd) else end.code,
        guards=tuple(end.guards) if isinstance(end, StreamEnd) else (), parts=len(take.parts),
        audio_s=audio_s, expected_s=expected_s,
        seconds_per_character=max(0.0, audio_s - quiet.start_s - quiet.end_s) / max(1, heard),
        synthesis_s=end.synthesis_s if isinstance(end, StreamEnd) else 0.0,
        level=sound.level(samples, sample_rate), silences=quiet,
    )  # fmt: skip


def start(takes: Sequence[Take], voice: str, samples_per_frame: int) -> Start:
    """Of takes of one voice: each begins a new utterance."""
    openings = [_opening(take.parts[0]) for take in takes if take.parts and len(take.parts[0].codes) >= FRAMES]
    frames = first_frames(openings, samples_per_frame)
    return Start(voice=voice, utterances=len(openings), frames=frames, start_frames=start_frames(frames, len(openings)))


def _opening(part: Part) -> Opening:
    return Opening([int(codes[0]) for codes in part.codes[:FRAMES]], sound_of(part.pcm[:FRAMES]))


def sound_of(frames: Sequence[NDArray[np.int16]]) -> Samples:
    """Frames of PCM -> samples."""
    return from_pcm(np.concatenate(frames).tobytes())


def seams(take: Take, name: str, sample_rate: int) -> SeamsOf | None:
    """Where its parts meet, in what was heard: its parts fade in there; None if it has one part."""
    sounds = [np.concatenate(part.pcm) for part in take.parts if part.pcm]
    starts = list(itertools.accumulate(map(len, sounds)))[:-1]
    if not starts:
        return None
    said = np.concatenate(sounds).tobytes()
    # What was cut short or spoken once more is of another length: then what the device said tells more.
    heard = take.pcm if len(take.pcm) == len(said) else said
    return SeamsOf(utterance=name, seams=find_seams(heard, sample_rate, starts))
