"""The teacher's sound on the device: files that appear while others are read, in one buffer of whole frames."""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from scripts.speaking.dimensions import FRAME
from scripts.speaking.teacher import HELD_OUT

_FRAMES_PER_HOUR = 45_000
_SLACK = 1_000
"""Frames of silence at the end, so that a piece of fixed length may begin anywhere."""


@dataclass(frozen=True)
class Block:
    """One file: consecutive utterances in one voice."""

    number: int
    start: int
    """Its first frame in the buffer"""
    frames: list[int]
    """Of each utterance"""
    rows: list[int]
    """Their texts"""
    speaker: int
    pace: int
    voice: tuple[float, float]
    """Pitch and formants"""

    @property
    def length(self) -> int:
        return sum(self.frames)

    @property
    def is_held_out(self) -> bool:
        return self.number % HELD_OUT == 0


class Sounds:
    """Grows with `refresh` until `hours` are there. One that `removes` deletes the files that it has read."""

    def __init__(self, folder: Path, device: torch.device, hours: float, *, removes: bool = False) -> None:
        self._folder, self._seen, self._removes = folder, set[str](), removes
        self._capacity = int(hours * _FRAMES_PER_HOUR)
        self.audio = torch.zeros((self._capacity + _SLACK) * FRAME, dtype=torch.int16, device=device)
        self.frames = 0
        self.blocks: list[Block] = []

    @property
    def hours(self) -> float:
        return self.frames / _FRAMES_PER_HOUR

    def refresh(self) -> list[Block]:
        """Read what is new."""
        new = []
        for path in sorted(self._folder.glob("*-[0-9]*[0-9].npz")):
            if path.name in self._seen:
                continue
            content = np.load(path)
            audio, start = torch.from_numpy(content["audio"]), self.frames * FRAME
            if self.frames + len(audio) // FRAME > self._capacity:
                break
            self._seen.add(path.name)
            if self._removes:
                path.unlink()
            self.audio[start : start + len(audio)] = audio.to(self.audio.device)
            fields = (int(content["block"]), self.frames, content["frames"].tolist(), content["rows"].tolist())
            new.append(Block(*fields, int(content["speaker"]), int(content["pace"]), tuple(content["voice"].tolist())))
            self.frames += len(audio) // FRAME
        self.blocks += new
        return new

    def forget(self) -> None:
        """Make room for what is read next; files that were read are not read again."""
        self.frames, self.blocks = 0, []

    def wait_for(self, frames: int, seconds: float) -> None:
        """Raises TimeoutError if there is less sound after so many seconds."""
        until = time.monotonic() + seconds
        while self.frames < frames:
            if self.refresh():
                continue
            if time.monotonic() > until:
                raise TimeoutError(f"{self._folder}: {self.frames} of {frames} frames of sound after {seconds:.0f} s")
            time.sleep(0.5)

    def samples(self, start: Tensor | int, frames: int) -> Tensor:
        """From frame `start`, or from several [rows] -> samples in -1..1, [rows, n] or [n]"""
        offsets = torch.arange(frames * FRAME, device=self.audio.device)
        if isinstance(start, Tensor):
            return self.audio[start[:, None] * FRAME + offsets].float() / 32768
        return self.audio[start * FRAME : (start + frames) * FRAME].float() / 32768

    def draw(self, rows: int, frames: int) -> Tensor:
        """Samples [rows, frames * 1920] from anywhere"""
        return self.samples(torch.randint(0, self.frames - frames, (rows,), device=self.audio.device), frames)
