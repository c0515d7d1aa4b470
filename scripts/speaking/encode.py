"""Stage: the teacher's sound -> what the talker learns from: codes and speaker embeddings, in files of some blocks."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from qwen_tts.models.speaker_encoder import SpeakerEncoder
from scripts.speaking.codec_encoder import Encoder
from scripts.speaking.dimensions import FRAME, HIDDEN, RATE
from scripts.speaking.log import say
from scripts.speaking.quantizer import Quantizer
from scripts.speaking.sounds import Block, Sounds
from scripts.speaking.speaker_encoder import embed, load_speaker_encoder
from scripts.speaking.stages import Clock, default_device
from scripts.speaking.train_codec import load_codec

RECORDINGS = 8
"""Speaker embeddings of a block"""
_RECORDING = 60  # frames: 4.8 s
_HOURS_AT_A_TIME = 8
_PIECE, _CONTEXT = 100, 25
"""Frames that are encoded at a time, behind others that are only heard"""


@dataclass(frozen=True)
class EncodedBlock:
    """One block of sound, as the talker needs it."""

    number: int
    speaker: int
    pace: int
    rows: np.ndarray
    frames: np.ndarray
    """Of each utterance"""
    codes: np.ndarray
    """uint8 [frames of all, codebooks]"""
    embeddings: np.ndarray
    """float16 [RECORDINGS, hidden]"""


@torch.no_grad()
def codes_of(block: Block, sounds: Sounds, encoder: Encoder, quantizer: Quantizer) -> Tensor:
    """uint8 [frames, codebooks]"""
    pieces = -(-block.length // _PIECE)
    starts = block.start + torch.arange(pieces, device=sounds.audio.device) * _PIECE - _CONTEXT
    starts[0] = block.start  # nothing is heard before it
    vectors = encoder(sounds.samples(starts, _CONTEXT + _PIECE))
    begun, later = vectors[:, :1, :_PIECE], vectors[:, 1:, _CONTEXT:]
    vectors = torch.cat((begun, later), 1).flatten(1, 2)[:, : block.length]
    return quantizer.encode(vectors).to(torch.uint8)


@torch.no_grad()
def embeddings_of(block: Block, sounds: Sounds, encoder: SpeakerEncoder) -> Tensor:
    """[RECORDINGS, hidden], from places all over the block"""
    frames = min(_RECORDING, block.length)
    starts = torch.linspace(block.start, block.start + block.length - frames, RECORDINGS, device=sounds.audio.device)
    return embed(encoder, sounds.samples(starts.long(), frames))


def encode(sound: Path, work: Path, seconds: float, *, removes: bool) -> None:
    """Go on with new sound until the time is over. Needs codec.pt and speaker.pt.

    Codes that another codec wrote are deleted; so is sound that was read, if it `removes`.
    """
    device = default_device()
    encoder, quantizer, _ = load_codec(work / "codec.pt", device)
    speaker_encoder = load_speaker_encoder(work / "speaker.pt", device)
    _delete_codes_before((work / "codec.pt").stat().st_mtime, work / "codes")
    sounds, clock, frames = Sounds(sound, device, _HOURS_AT_A_TIME, removes=removes), Clock(seconds), 0
    written = len(list((work / "codes").glob("*.npz")))
    while True:
        is_last, new = clock.done >= 1, sounds.refresh()
        if new:
            blocks = [
                EncodedBlock(
                    one.number, one.speaker, one.pace, np.array(one.rows), np.array(one.frames),
                    codes_of(one, sounds, encoder, quantizer).cpu().numpy(),
                    embeddings_of(one, sounds, speaker_encoder).half().cpu().numpy(),
                )
                for one in new
            ]  # fmt: skip
            write_blocks(work / "codes" / f"{written:05d}.npz", blocks)
            written, frames = written + 1, frames + sounds.frames
            say("encode", seconds=clock.elapsed, hours=frames * FRAME / RATE / 3600)
            sounds.forget()
        elif is_last:
            return
        else:
            clock.wait(5.0)


def _delete_codes_before(time: float, folder: Path) -> None:
    for path in folder.glob("*.npz"):
        if path.stat().st_mtime < time:
            path.unlink()


def write_blocks(path: Path, blocks: list[EncodedBlock]) -> None:
    path.parent.mkdir(exist_ok=True)
    partial = path.with_suffix(".tmp.npz")
    np.savez(
        partial,
        numbers=np.array([block.number for block in blocks]),
        speakers=np.array([block.speaker for block in blocks]),
        paces=np.array([block.pace for block in blocks]),
        utterances=np.array([len(block.rows) for block in blocks]),
        rows=np.concatenate([block.rows for block in blocks]),
        frames=np.concatenate([block.frames for block in blocks]),
        codes=np.concatenate([block.codes for block in blocks]),
        embeddings=np.stack([block.embeddings for block in blocks]).reshape(-1, RECORDINGS, HIDDEN),
    )
    partial.rename(path)
