"""The plain generator: rows of sequences, one frame of all of them at a time, eager.

Life of a row: `open` (prefill), then `step` after `step`, until the talker draws the end, the limit is reached, its
numbers are not finite, or `close`. A frame's audio is returned before the next frame is begun. Opening a row that
another sequence used makes it as good as new.
"""

from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch
from torch import Tensor

from qwen_tts.checkpoint.model import Model
from qwen_tts.checkpoint.prompt import Prompt
from qwen_tts.config.generation import SamplingRules
from qwen_tts.models.frame_embedding import embed_frames
from qwen_tts.runtime.draw_codes import draw_codes
from qwen_tts.runtime.sampling import CounterRandom, Random, Sampler, SamplerState


@dataclass(frozen=True)
class GeneratedFrame:
    """One frame of one row."""

    row: int
    codes: Tensor
    """[codebooks] long"""
    samples: Tensor
    """[samples_per_frame] float32, -1..1"""


@dataclass
class GeneratorRow:
    """The utterance that a row speaks."""

    trailing: Tensor
    """[tokens, hidden]: the text beside frame 0, 1, ..."""
    positions: int
    """That the talker has read"""
    max_frames: int
    frames: int = 0
    end: Literal["complete", "limit", "failed"] | None = None
    """failed: its numbers were not finite"""

    @property
    def has_read_its_text(self) -> bool:
        return self.frames >= self.trailing.shape[0]

    def text_beside(self, pad: Tensor) -> Tensor:
        """[hidden]: what the talker reads together with the frame just spoken."""
        return self.trailing[self.frames] if self.frames < self.trailing.shape[0] else pad


class Generator:
    """Speaks up to `rows` sequences at once. One thread at a time."""

    @torch.inference_mode()
    def __init__(self, model: Model, rows: int, positions: int, random: Random | None = None) -> None:
        """Reserves a cache of `positions` (of the prompt and of frames) for each row."""
        self._model = model
        self._rows: list[GeneratorRow | None] = [None] * rows
        device, talker = model.talker.device, model.config.talker
        self._cache = model.talker.init_cache(rows, positions)
        self._scratch = model.code_predictor.init_cache(rows)
        self._codec_state = model.codec.decoder.init_state(rows)
        self._sampler = Sampler(talker, random or CounterRandom(talker.codebooks), device)
        self._sampling = SamplerState.allocate(rows, talker.vocab_size, device)
        self._hidden = model.prompts.pad.new_zeros(rows, talker.hidden_size)
        self._inputs = torch.zeros_like(self._hidden)

    @torch.inference_mode()
    def open(self, row: int, prompt: Prompt, rules: SamplingRules, seed: int, max_frames: int) -> GeneratorRow:
        """Prefill `row` with `prompt`; no other row is touched."""
        assert self._rows[row] is None, f"row {row} is in use"
        length = prompt.embeddings.shape[0]
        assert length <= self._cache.positions, (length, self._cache.positions)
        cache = self._cache.row(row)
        cache.clear()
        counts = torch.full_like(cache.lengths, length)
        self._hidden[row] = self._model.talker(prompt.embeddings[None], cache, counts, span=length)[0, -1]
        self._sampling.open_row(row, rules, seed)
        self._open_codec(row, prompt.reference_codes)
        # The last frame need not be read.
        room = self._cache.positions - length + 1
        self._rows[row] = sequence = GeneratorRow(prompt.trailing, length, min(max_frames, room))
        return sequence

    def _open_codec(self, row: int, reference_codes: Tensor | None) -> None:
        """The decoder has heard the reference before the first frame, so that the voice goes on without a seam."""
        if reference_codes is None:
            self._codec_state.reset_row(row)
        else:
            self._codec_state.copy_row(self._model.codec.state_after(reference_codes), 0, row)

    def close(self, row: int) -> None:
        """The row is free at once; what it holds is overwritten by the next `open`."""
        self._rows[row] = None

    @torch.inference_mode()
    def step(self) -> list[GeneratedFrame]:
        """One frame of every open row. A sequence that ends gets its `end` and gives its row back."""
        self._read_last_frames()
        talker, predict = self._model.talker, partial(self._model.code_predictor, cache=self._scratch)
        logits = talker.logits(self._hidden)
        codes, is_finite = draw_codes(
            talker, predict, self._sampler, self._sampling, self._hidden, logits, self._active()
        )
        self._fail_where(~is_finite)
        self._end_finished(codes[:, 0])
        if all(sequence is None for sequence in self._rows):
            return []
        active = self._active()
        codes = codes.where(active[:, None], 0)
        samples = self._model.codec.decoder(codes[:, :, None], self._codec_state, active)
        self._fail_where(samples.isnan().any(dim=-1))
        self._inputs = embed_frames(self._model.talker, self._model.code_predictor, codes) + self._text_beside()
        return self._count_frames(codes, samples.cpu())

    def _read_last_frames(self) -> None:
        """Advance the talker over the frame that each row spoke last; a row just opened has none."""
        continuing = [sequence if sequence is not None and sequence.frames else None for sequence in self._rows]
        if not any(continuing):
            return
        for sequence in continuing:
            if sequence is not None:
                sequence.positions += 1
        span = max(sequence.positions for sequence in continuing if sequence is not None)
        counts = self._mask([sequence is not None for sequence in continuing]).long()
        hidden = self._model.talker(self._inputs[:, None], self._cache, counts, span)[:, 0]
        self._hidden = torch.where(counts[:, None] > 0, hidden, self._hidden)

    def _fail_where(self, is_broken: Tensor) -> None:
        """End the rows [rows] whose numbers were not finite."""
        for row in is_broken.nonzero()[:, 0].tolist():
            sequence = self._rows[row]
            if sequence is not None:
                sequence.end = "failed"
                self.close(row)

    def _end_finished(self, first: Tensor) -> None:
        eos = self._model.config.talker.codec_eos_id
        for row, token in enumerate(first.tolist()):
            sequence = self._rows[row]
            if sequence is not None and token == eos:
                sequence.end = "complete"
                self.close(row)

    def _count_frames(self, codes: Tensor, samples: Tensor) -> list[GeneratedFrame]:
        frames = []
        for row, sequence in enumerate(self._rows):
            if sequence is None:
                continue
            frames.append(GeneratedFrame(row, codes[row], samples[row]))
            sequence.frames += 1
            if sequence.frames == sequence.max_frames:
                sequence.end = "limit"
                self.close(row)
        return frames

    def _text_beside(self) -> Tensor:
        """[rows, hidden]"""
        pad = self._model.prompts.pad[0]
        return torch.stack([pad if sequence is None else sequence.text_beside(pad) for sequence in self._rows])

    def _active(self) -> Tensor:
        return self._mask([sequence is not None for sequence in self._rows])

    def _mask(self, rows: list[bool]) -> Tensor:
        return torch.tensor(rows, device=self._hidden.device)
