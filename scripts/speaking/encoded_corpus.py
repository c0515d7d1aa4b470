"""Every encoded utterance on the device, and which of them make the rows of a batch.

An utterance is one sentence; a row of a batch is a run of utterances that follow each other in a block: one text of
several sentences, in one voice, whose frames lie one after the other.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from scripts.speaking.dimensions import FRAME, RATE
from scripts.speaking.teacher import HELD_OUT

_MOST_TOKENS = 205
"""Of a text: a part of the engine's, with the rest of its last sentence"""
MOST_SENTENCES = 12
MOST_AROUND, MOST_INSTRUCTION = 11, 12
"""Positions of a row that are neither text nor frame; those of an instruction"""
_STEP, _LONG_STEP, _LONG = 32, 64, 320
"""Widths are multiples of it, long ones of more: few shapes, which are compiled or recorded once each"""


@dataclass(frozen=True)
class Runs:
    """Rows of a batch: utterances `first` .. `first + count - 1`, [rows] each."""

    first: Tensor
    count: Tensor
    width: int | None = None
    """Positions that every row has room in, where that is known"""


def width_for(positions: int) -> int:
    """The least one."""
    step = _STEP if positions <= _LONG else _LONG_STEP
    return -(-positions // step) * step


class EncodedCorpus:
    """What encode.py wrote and writes into `folder`; `tokens` [texts] are how many each text has."""

    def __init__(self, folder: Path, tokens: Tensor) -> None:
        self.folder, self.device = folder, tokens.device
        self._tokens = tokens
        self._seen: set[str] = set()
        self._parts: list[dict[str, np.ndarray]] = []
        self.held_out = self.by_length = torch.zeros(0, dtype=torch.long, device=self.device)

    @property
    def has_begun(self) -> bool:
        """There is something to learn from and something to validate with."""
        return len(self.held_out) > 0 and len(self.by_length) > 0

    @property
    def hours(self) -> float:
        return len(self.codes) * FRAME / RATE / 3600

    def refresh(self) -> None:
        """Read what is new."""
        new = [path for path in sorted(self.folder.glob("[0-9]*[0-9].npz")) if path.name not in self._seen]
        if not new:
            return
        for path in new:
            self._seen.add(path.name)
            with np.load(path) as content:
                self._parts.append(dict(content))
        self._lay_out({key: np.concatenate([part[key] for part in self._parts]) for key in self._parts[0]})

    def _lay_out(self, content: dict[str, np.ndarray]) -> None:
        def put(array: np.ndarray) -> Tensor:
            return torch.from_numpy(array).to(self.device)

        utterances = content["utterances"]
        block = np.repeat(np.arange(len(utterances)), utterances)
        self.codes = put(content["codes"])
        self.rows = put(content["rows"].astype(np.int64))
        self.offsets = put(np.cumsum([0, *content["frames"]]).astype(np.int64))
        self.block = put(block)
        self.block_end = put(np.cumsum(utterances)[block])
        self.speaker, self.pace = put(content["speakers"][block]), put(content["paces"][block])
        self.embeddings = put(content["embeddings"])
        is_held_out = content["numbers"][block] % HELD_OUT == 0
        self.held_out = put(np.flatnonzero(is_held_out))
        lengths = self.offsets.diff() + self._tokens[self.rows]
        learned = put(np.flatnonzero(~is_held_out))
        needed, order = (lengths + MOST_AROUND + MOST_INSTRUCTION * (self.pace > 0))[learned].sort()
        self.by_length, self._needed = learned[order], needed.cpu()
        """Utterances to learn from, the shortest first; the positions that each needs, where nobody waits for them"""
        self.ends = torch.cat((lengths.new_zeros(1), lengths.cumsum(0)))
        """Positions of all utterances before one, its text and its frames"""

    def draw_sentences(self, positions: int) -> Runs:
        """Single utterances of about one length, as many as fit into `positions`."""
        centre = int(torch.randint(len(self.by_length), ()))
        width = width_for(int(self._needed[centre]))
        rows, fitting = max(1, positions // width), int(torch.searchsorted(self._needed, width, right=True))
        low = max(0, min(centre - rows, fitting - 2 * rows))
        window = self.by_length[low : min(low + 2 * rows, fitting)]
        first = window[torch.randperm(2 * rows, device=self.device)[:rows] % len(window)]
        return Runs(first, torch.ones_like(first), width)

    def draw_runs(self, positions: int, most: int) -> Runs:
        """Several sentences a row, about `most` positions each, as many as fit into `positions`."""
        width = width_for(most)
        first = self.by_length[torch.randint(len(self.by_length), (max(1, positions // width),), device=self.device)]
        runs = self.longest_runs(first, width - MOST_AROUND - MOST_INSTRUCTION)
        return Runs(runs.first, runs.count, width)

    def longest_runs(self, first: Tensor, most: int) -> Runs:
        """From each utterance on as many as fit into `most` positions, at least one."""
        count = torch.searchsorted(self.ends, self.ends[first] + most, right=True) - 1 - first
        count = torch.minimum(count, self.block_end[first] - first).clamp(1, MOST_SENTENCES)
        fitting = self._run_tokens(Runs(first, count)) <= _MOST_TOKENS
        return Runs(first, torch.where(fitting, count, 1))

    def _run_tokens(self, runs: Runs) -> Tensor:
        frames = self.offsets[runs.first + runs.count] - self.offsets[runs.first]
        return self.ends[runs.first + runs.count] - self.ends[runs.first] - frames
