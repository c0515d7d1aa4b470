"""What the talker learns from, laid out as prompts with their frames.

```
              instruct | role | language tag, speaker, pad | the text, then the frames  (whole)
text track    ids      | ids  | pad ...              bos   | text, eos, pad ...
codec track            |      | tag, speaker, pad          | pad ..., bos, frames ...
                                                             streaming: the frames begin beside the first token
```
An utterance is one sentence; a row of a batch is a run of utterances that follow each other in a block: one text of
several sentences, in one voice, whose frames lie one after the other. With a speaker embedding, that is also what a
clone with a transcript reads, whose first sentence a recording has said.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from scripts.speaking.dimensions import (
    BOS,
    EOS,
    FRAME,
    LANGUAGES,
    NOTHINK,
    PAD,
    RATE,
    SPEAKERS,
    THINK,
    THINK_BOS,
    THINK_EOS,
)
from scripts.speaking.teacher import HELD_OUT, PACES
from scripts.speaking.text_tokens import TokenizedTexts, control_tokens, load_tokenizer

INSTRUCTIONS = {
    "": ("",) * 6,
    "slow": ("Speak slowly.", "slow", "slowly", "Please speak slowly.", "Very slow.", "Say it slowly."),
    "fast": ("Speak fast.", "fast", "quickly", "Please speak fast.", "Very fast.", "Say it quickly."),
}
"""What a pace is asked for with, each as often as the others."""
assert list(INSTRUCTIONS) == list(PACES)

_MOST_TOKENS = 190
"""Of a text: a part of the engine's, with the rest of its last sentence"""
_MOST_SENTENCES = 12
_STEP = 32
"""Lengths are multiples of it: fewer shapes, fewer surprises for allocator and compiler"""
_SPACELESS = 0.15
"""Of the sentences behind another one stand there without a space, as a text does behind a transcript."""
_BY_EMBEDDING = 0.35
"""Of the rows of named voices get an embedding like those of nobody's"""
IGNORED = -100


@dataclass(frozen=True)
class Runs:
    """Rows of a batch: utterances `first` .. `first + count - 1`, [rows] each."""

    first: Tensor
    count: Tensor


class Corpus:
    """Every encoded utterance, on the device; utterances of a block follow each other, texts by row."""

    def __init__(self, folder: Path, texts: TokenizedTexts, tokenizer: Path, device: torch.device) -> None:
        self.folder, self.device = folder, device
        self.ids = control_tokens(tokenizer)
        self._tokens = torch.from_numpy(texts.ids).to(device)
        self._starts = torch.from_numpy(texts.starts).to(device)
        self._instructions, self._instruction_lengths = self._read_instructions(tokenizer)
        self._seen: set[str] = set()
        self._parts: list[dict[str, np.ndarray]] = []

    def _read_instructions(self, tokenizer: Path) -> tuple[Tensor, Tensor]:
        """[paces, phrases, most tokens] and [paces, phrases]; the first pace has none."""
        bpe, ids = load_tokenizer(tokenizer), self.ids

        def said(phrase: str) -> list[int]:
            words = [ids["user"], ids["newline"], *bpe.encode(phrase).ids]
            return [ids["im_start"], *words, ids["im_end"], ids["newline"]] if phrase else []

        tokens = [[said(phrase) for phrase in phrases] for phrases in INSTRUCTIONS.values()]
        most = max(len(one) for of in tokens for one in of)
        padded = [[one + [ids["pad"]] * (most - len(one)) for one in of] for of in tokens]
        lengths = [[len(one) for one in of] for of in tokens]
        return torch.tensor(padded, device=self.device), torch.tensor(lengths, device=self.device)

    def refresh(self) -> bool:
        """Read what encode.py has written since; whether there was something."""
        new = [path for path in sorted(self.folder.glob("[0-9]*[0-9].npz")) if path.name not in self._seen]
        if not new:
            return False
        for path in new:
            self._seen.add(path.name)
            with np.load(path) as content:
                self._parts.append(dict(content))
        self._lay_out({key: np.concatenate([part[key] for part in self._parts]) for key in self._parts[0]})
        return True

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
        lengths = self.offsets.diff() + self.text_lengths(self.rows)
        learned = put(np.flatnonzero(~is_held_out))
        self.by_length = learned[lengths[learned].argsort()]
        """Utterances to learn from, the shortest first"""
        self.ends = torch.cat((lengths.new_zeros(1), lengths.cumsum(0)))
        """Positions of all utterances before one, its text and its frames"""

    def text_lengths(self, rows: Tensor) -> Tensor:
        """Tokens, as the engine cuts them behind another sentence"""
        return self._starts[1, 0][rows + 1] - self._starts[1, 0][rows]

    @property
    def hours(self) -> float:
        return len(self.codes) * FRAME / RATE / 3600

    # -- runs -------------------------------------------------------------------------------------------------------

    def draw_sentences(self, positions: int) -> Runs:
        """Single utterances of about one length, about `positions` in all."""
        centre = int(torch.randint(len(self.by_length), ()))
        longest = self._length(self.by_length[centre])
        rows = max(1, positions // (longest + 16))
        low = max(0, min(centre - rows, len(self.by_length) - 2 * rows))
        window = self.by_length[low : low + 2 * rows]
        first = window[torch.randperm(len(window), device=self.device)[:rows]]
        return Runs(first, torch.ones_like(first))

    def draw_runs(self, positions: int, most: int) -> Runs:
        """Several sentences, up to `most` positions each, about `positions` in all."""
        rows = max(1, positions // most)
        first = self.by_length[torch.randint(len(self.by_length), (rows,), device=self.device)]
        return self.longest_runs(first, most)

    def longest_runs(self, first: Tensor, most: int) -> Runs:
        """From each utterance on as many as fit into `most` positions."""
        count = torch.searchsorted(self.ends, self.ends[first] + most, right=True) - 1 - first
        count = torch.minimum(count, self.block_end[first] - first).clamp(1, _MOST_SENTENCES)
        runs = Runs(first, count)
        fitting = self._run_tokens(runs) <= _MOST_TOKENS
        fitting &= self.ends[first + count] - self.ends[first] <= most
        return Runs(first[fitting], count[fitting]) if fitting.any() else Runs(first[:1], count[:1] * 0 + 1)

    def _run_tokens(self, runs: Runs) -> Tensor:
        frames = self.offsets[runs.first + runs.count] - self.offsets[runs.first]
        return self.ends[runs.first + runs.count] - self.ends[runs.first] - frames

    def _length(self, utterance: Tensor) -> int:
        return int(self.ends[utterance + 1] - self.ends[utterance])

    # -- batches ----------------------------------------------------------------------------------------------------

    def lay_out(
        self, runs: Runs, *, streaming: Tensor, unnamed_language: Tensor, by_embedding: Tensor, learning: bool
    ) -> dict[str, Tensor]:
        """Rows [n] bool: their text layout, whether the language is named, where the voice comes from. See the drawing.

        When `learning`, words are cut with dropout, and some sentences stand behind others without a space.
        """
        tokens, n_text = self._texts(runs, learning)
        instruction, n_instruction = self._instruct(runs, learning)
        speaker = self.speaker[runs.first]
        by_embedding = by_embedding | (speaker < 0)
        codes, starts = self.codes, self.offsets[runs.first]
        n_frames = self.offsets[runs.first + runs.count] - starts

        tag = torch.where(unnamed_language, 3, 4)
        prefix = 3 + tag + 2  # role, tag, speaker, pad
        begin = torch.where(streaming, prefix, prefix + n_text + 1)  # of codec_bos
        length = n_instruction + begin + 1 + n_frames
        width = -(-int(length.max()) // _STEP) * _STEP
        place = torch.arange(width, device=self.device)[None] - n_instruction[:, None]

        # The text track
        after = place - prefix[:, None]
        text = tokens.gather(1, after.clamp(0, tokens.shape[1] - 1))
        text = torch.where((after >= 0) & (after < n_text[:, None]), text, self.ids["pad"])
        text = torch.where(after == n_text[:, None], self.ids["eos"], text)
        text = torch.where(after == -1, self.ids["bos"], text)
        for at, name in enumerate(("im_start", "assistant", "newline")):
            text = torch.where(place == at, self.ids[name], text)
        told = instruction.gather(1, (place + n_instruction[:, None]).clamp(0, instruction.shape[1] - 1))
        text = torch.where(place < 0, told, text)

        # The codec track
        frame = place - begin[:, None] - 1
        is_frame = (frame >= 0) & (frame < n_frames[:, None])
        spoken = codes[(starts[:, None] + frame).clamp(0, len(codes) - 1)].long()
        first = torch.where(is_frame, spoken[..., 0], torch.where(frame == -1, BOS, PAD))
        named = torch.tensor([THINK, THINK_BOS, LANGUAGES["english"], THINK_EOS], device=self.device)
        unnamed = torch.tensor([NOTHINK, THINK_BOS, THINK_EOS, PAD], device=self.device)
        tags = torch.where(unnamed_language[:, None], unnamed, named)
        is_tag = (place >= 3) & (place < 3 + tag[:, None])
        first = torch.where(is_tag, tags.gather(1, (place - 3).clamp(0, 3)), first)
        is_slot = place == 3 + tag[:, None]
        speakers = torch.tensor(list(SPEAKERS.values()), device=self.device)[speaker.clamp(min=0)]
        first = torch.where(is_slot, speakers[:, None], first)
        is_speaker = is_slot & by_embedding[:, None]

        # What the state at each position has to say: the frames from codec_bos on, and the end at the last one
        following = codes[(starts[:, None] + frame + 1).clamp(0, len(codes) - 1)].long()
        speaks = (frame >= -1) & (frame < n_frames[:, None] - 1)
        target = torch.where(speaks, following[..., 0], IGNORED)
        target = torch.where(frame == n_frames[:, None] - 1, EOS, target)
        return {
            "text": text, "first": first, "has_first": (place >= 3) & ~is_speaker, "rest": spoken[..., 1:],
            "is_frame": is_frame, "is_speaker": is_speaker, "embedding": self._embedding(runs, learning),
            "target": target, "target_rest": following[..., 1:], "speaks": speaks,
        }  # fmt: skip

    def _texts(self, runs: Runs, learning: bool) -> tuple[Tensor, Tensor]:
        """Tokens [rows, most], and how many they are [rows]"""
        shape = (len(runs.first), int(runs.count.max()))
        sentence = torch.arange(shape[1], device=self.device)
        row = self.rows[(runs.first[:, None] + sentence).clamp(max=len(self.rows) - 1)]
        behind = (sentence > 0).expand(shape)
        if learning:
            behind = behind & (torch.rand(shape, device=self.device) >= _SPACELESS)
        variants = self._starts.shape[1]
        variant = torch.randint(variants, shape, device=self.device) if learning else torch.zeros_like(row)
        starts, ends = (self._starts[behind.long(), variant, row + more] for more in (0, 1))
        counts = torch.where(sentence < runs.count[:, None], ends - starts, 0)
        ends_in_text = counts.cumsum(1)
        place = torch.arange(int(ends_in_text[:, -1].max()), device=self.device).expand(shape[0], -1).contiguous()
        which = torch.searchsorted(ends_in_text, place, right=True).clamp(max=shape[1] - 1)
        source = starts.gather(1, which) + place - (ends_in_text - counts).gather(1, which)
        return self._tokens[source.clamp(0, len(self._tokens) - 1)].long(), ends_in_text[:, -1]

    def _instruct(self, runs: Runs, learning: bool) -> tuple[Tensor, Tensor]:
        pace = self.pace[runs.first]
        phrases = self._instructions.shape[1]
        phrase = torch.randint(phrases, pace.shape, device=self.device) if learning else torch.zeros_like(pace)
        return self._instructions[pace, phrase], self._instruction_lengths[pace, phrase]

    def _embedding(self, runs: Runs, learning: bool) -> Tensor:
        """[rows, hidden], of a recording from somewhere in the block"""
        block, recordings = self.block[runs.first], self.embeddings.shape[1]
        which = torch.randint(recordings, block.shape, device=self.device) if learning else torch.zeros_like(block)
        return self.embeddings[block, which]


def draw_by_embedding(rows: int, device: torch.device) -> Tensor:
    return torch.rand(rows, device=device) < _BY_EMBEDDING
