"""What the talker learns from, laid out as prompts with their frames.

```
              instruct | role | language tag, speaker, pad | the text, then the frames  (whole)
text track    ids      | ids  | pad ...              bos   | text, eos, pad ...
codec track            |      | tag, speaker, pad          | pad ..., bos, frames ...
                                                             streaming: the frames begin beside the first token
```
With a speaker embedding, a row of several sentences is also what a clone with a transcript reads, whose first sentence
a recording has said.
"""

from pathlib import Path

import torch
from torch import Tensor

from scripts.speaking.dimensions import (
    BOS,
    EOS,
    LANGUAGES,
    NOTHINK,
    PAD,
    SPEAKERS,
    THINK,
    THINK_BOS,
    THINK_EOS,
)
from scripts.speaking.encoded_corpus import MOST_SENTENCES, EncodedCorpus, Runs, width_for
from scripts.speaking.teacher import PACES
from scripts.speaking.text_tokens import TokenizedTexts, control_tokens, load_tokenizer

INSTRUCTIONS = {
    "": ("",) * 6,
    "slow": ("Speak slowly.", "slow", "slowly", "Please speak slowly.", "Very slow.", "Say it slowly."),
    "fast": ("Speak fast.", "fast", "quickly", "Please speak fast.", "Very fast.", "Say it quickly."),
}
"""What a pace is asked for with, each as often as the others."""
assert list(INSTRUCTIONS) == list(PACES)

_SPACELESS = 0.15
"""Of the sentences behind another one stand there without a space, as a text does behind a transcript."""
IGNORED = -100


class Batches:
    """Lays out the utterances of a corpus with their texts."""

    def __init__(self, corpus: EncodedCorpus, texts: TokenizedTexts, tokenizer: Path) -> None:
        self._corpus, self.device = corpus, corpus.device
        self.ids = control_tokens(tokenizer)
        self._tokens = torch.from_numpy(texts.ids).to(self.device)
        self._starts = torch.from_numpy(texts.starts).to(self.device)
        self._instructions, self._instruction_lengths = self._read_instructions(tokenizer)
        self._named = torch.tensor([THINK, THINK_BOS, LANGUAGES["english"], THINK_EOS], device=self.device)
        self._unnamed = torch.tensor([NOTHINK, THINK_BOS, THINK_EOS, PAD], device=self.device)
        self._speakers = torch.tensor(list(SPEAKERS.values()), device=self.device)

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

    def lay_out(
        self, runs: Runs, *, streaming: Tensor, unnamed_language: Tensor, by_embedding: Tensor, learning: bool
    ) -> dict[str, Tensor]:
        """Rows [n] bool: their text layout, whether the language is named, where the voice comes from. See the drawing.

        When `learning`, words are cut with dropout, and some sentences stand behind others without a space.
        Where the rows' width is known, nothing here waits for the device; a row that needs more has no end.
        """
        sources, ends_in_text = self._texts(runs, learning)
        n_text = ends_in_text[:, -1]
        instruction, n_instruction = self._instruct(runs, learning)
        speaker = self._corpus.speaker[runs.first]
        by_embedding = by_embedding | (speaker < 0)
        codes, starts = self._corpus.codes, self._corpus.offsets[runs.first]
        n_frames = self._corpus.offsets[runs.first + runs.count] - starts

        tag = torch.where(unnamed_language, 3, 4)
        prefix = 3 + tag + 2  # role, tag, speaker, pad
        begin = torch.where(streaming, prefix, prefix + n_text + 1)  # of codec_bos
        length = n_instruction + begin + 1 + n_frames
        width = runs.width or width_for(int(length.max()))
        place = torch.arange(width, device=self.device)[None] - n_instruction[:, None]

        # The text track
        after = place - prefix[:, None]
        which = torch.searchsorted(ends_in_text, after, right=True).clamp(max=MOST_SENTENCES - 1)
        text = self._tokens[(sources.gather(1, which) + after).clamp(0, len(self._tokens) - 1)].long()
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
        tags = torch.where(unnamed_language[:, None], self._unnamed, self._named)
        is_tag = (place >= 3) & (place < 3 + tag[:, None])
        first = torch.where(is_tag, tags.gather(1, (place - 3).clamp(0, 3)), first)
        is_slot = place == 3 + tag[:, None]
        first = torch.where(is_slot, self._speakers[speaker.clamp(min=0)][:, None], first)
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
        """[rows, MOST_SENTENCES]: where each sentence's tokens lie, less its place in the text; where it ends there."""
        shape = (len(runs.first), MOST_SENTENCES)
        sentence = torch.arange(MOST_SENTENCES, device=self.device)
        row = self._corpus.rows[(runs.first[:, None] + sentence).clamp(max=len(self._corpus.rows) - 1)]
        behind = (sentence > 0).expand(shape)
        if learning:
            behind = behind & (torch.rand(shape, device=self.device) >= _SPACELESS)
        variants = self._starts.shape[1]
        variant = torch.randint(variants, shape, device=self.device) if learning else torch.zeros_like(row)
        starts, ends = (self._starts[behind.long(), variant, row + more] for more in (0, 1))
        counts = torch.where(sentence < runs.count[:, None], ends - starts, 0)
        ends_in_text = counts.cumsum(1)
        return starts - (ends_in_text - counts), ends_in_text

    def _instruct(self, runs: Runs, learning: bool) -> tuple[Tensor, Tensor]:
        pace = self._corpus.pace[runs.first]
        phrases = self._instructions.shape[1]
        phrase = torch.randint(phrases, pace.shape, device=self.device) if learning else torch.zeros_like(pace)
        return self._instructions[pace, phrase], self._instruction_lengths[pace, phrase]

    def _embedding(self, runs: Runs, learning: bool) -> Tensor:
        """[rows, hidden], of a recording from somewhere in the block"""
        block, recordings = self._corpus.block[runs.first], self._corpus.embeddings.shape[1]
        which = torch.randint(recordings, block.shape, device=self.device) if learning else torch.zeros_like(block)
        return self._corpus.embeddings[block, which]
