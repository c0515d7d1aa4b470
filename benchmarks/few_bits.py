"""What weights of 8 and 4 bits change of what a checkpoint would say next, on its own speech: a JSON line for each.

    python -m benchmarks.few_bits tests/speaking/Qwen3-TTS-12Hz-tiny-CustomVoice

The checkpoint speaks in float32. Then each network reads the same frames, and its logits are compared with those of
float32, frame by frame: the KL divergence (natural logarithm), and how many of the 50 most likely tokens are the same.
The weights are rounded and the products are of float32: what multiplying as integers adds is not in it.
"""

import argparse
import json
import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from qwen_tts.api import PresetVoice, Sampling, SynthesisRequest
from qwen_tts.checkpoint.model import Model, load_model
from qwen_tts.checkpoint.prompt import Prompt
from qwen_tts.models.frame_embedding import embed_frames
from qwen_tts.offline.generator import Generator

TEXTS = (
    "Good morning, the coffee is ready.", "It will rain this afternoon, so take an umbrella.",
    "Somebody left the garage open.", "The washing machine is done.", "Dinner is at seven.",
    "The lights in the kitchen are off now.", "Your parcel has arrived.", "Tomorrow is a holiday.",
)  # fmt: skip
_MOST_FRAMES = 120
_LIKELY = 50


@dataclass(frozen=True)
class Speech:
    """What a text became, by the network that is compared with."""

    text: str
    codes: Tensor
    """[frames, codebooks]"""


class Reader:
    """A network that reads speech and says what it expects next."""

    def __init__(self, checkpoint: Path, weights: str) -> None:
        self._model = load_model(checkpoint, torch.device("cpu"), torch.float32, weights=weights)

    def speak(self, texts: Sequence[str], seed: int) -> list[Speech]:
        return [Speech(text, _spoken(self._model, self._prompt(text), seed + at)) for at, text in enumerate(texts)]

    @torch.inference_mode()
    def read(self, speech: Speech) -> tuple[Tensor, Tensor]:
        """Logits of the talker [frames, vocab], and of the code predictor [frames, codebooks - 1, vocab]."""
        model, prompt, codes = self._model, self._prompt(speech.text), speech.codes
        heard = embed_frames(model.talker, model.code_predictor, codes[:-1]) + _beside(model, prompt, len(codes) - 1)
        x = torch.cat((prompt.embeddings, heard))[None]
        counts = torch.tensor([x.shape[1]])
        hidden = model.talker(x, model.talker.init_cache(1, x.shape[1]), counts, x.shape[1])[0, -len(codes) :]
        return model.talker.logits(hidden), _predicted(model, hidden, codes)

    def _prompt(self, text: str) -> Prompt:
        model = self._model
        voice = PresetVoice(next(iter(model.config.talker.speakers)))
        prefix = model.prompts.prefix(SynthesisRequest(text=text, voice=voice), None)
        return model.prompts.prompt(prefix, model.tokenizer.encode(text), "whole")


def _spoken(model: Model, prompt: Prompt, seed: int) -> Tensor:
    generator = Generator(model, 1, len(prompt.embeddings) + _MOST_FRAMES)
    row = generator.open(0, prompt, model.generation.rules(Sampling()), seed, _MOST_FRAMES)
    frames = []
    while row.end is None:
        frames += [frame.codes for frame in generator.step()]
    return torch.stack(frames)


def _beside(model: Model, prompt: Prompt, frames: int) -> Tensor:
    """[frames, hidden]: the text that is read with each frame."""
    pads = model.prompts.pad.expand(max(0, frames - len(prompt.trailing)), -1)
    return torch.cat((prompt.trailing[:frames], pads))


def _predicted(model: Model, hidden: Tensor, codes: Tensor) -> Tensor:
    predictor = model.code_predictor
    first = model.talker.codec_embedding(codes[:, 0])
    rest = predictor.embed(codes[:, 1:])[:, :-1].to(first.dtype)
    x = predictor.projection(torch.cat((hidden[:, None], first[:, None], rest), dim=1))
    counts = torch.full((len(codes),), x.shape[1])
    out = predictor.transformer(x, predictor.init_cache(len(codes)), counts, x.shape[1])[:, 1:]
    return torch.stack([predictor.logits(out[:, table], table) for table in range(out.shape[1])], dim=1)


def kl(expected: Tensor, found: Tensor) -> Tensor:
    """logits [..., vocab] twice -> [...]"""
    of_expected, of_found = (functional.log_softmax(one, dim=-1) for one in (expected, found))
    return (of_expected.exp() * (of_expected - of_found)).sum(dim=-1)


def alike(expected: Tensor, found: Tensor) -> Tensor:
    """logits [..., vocab] twice -> [...]: the share of the most likely tokens that both have."""
    likely = [torch.zeros_like(one).scatter(-1, one.topk(_LIKELY).indices, 1) for one in (expected, found)]
    return (likely[0] * likely[1]).sum(dim=-1) / _LIKELY


def compared(exact: Reader, other: Reader, speeches: Sequence[Speech]) -> dict[str, float]:
    """The mean over all frames, for talker and code predictor."""
    found: dict[str, list[float]] = {}
    for speech in speeches:
        for name, expected, logits in zip(
            ("talker", "code_predictor"), exact.read(speech), other.read(speech), strict=True
        ):
            found.setdefault(f"{name}_kl", []).extend(kl(expected, logits).flatten().tolist())
            found.setdefault(f"{name}_top_50", []).extend(alike(expected, logits).flatten().tolist())
    return {name: round(fmean(values), 5) for name, values in found.items()}


def measure(
    checkpoint: Path, weights: Sequence[str], texts: Sequence[str] = TEXTS, seed: int = 1
) -> Iterator[dict[str, Any]]:
    """One for each of `weights`."""
    exact = Reader(checkpoint, "auto")
    speeches = exact.speak(texts, seed)
    for name in weights:
        frames = sum(len(speech.codes) for speech in speeches)
        yield {"weights": name, "frames": frames, **compared(exact, Reader(checkpoint, name), speeches)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--weights", nargs="+", default=["int8", "int4"])
    options = parser.parse_args()
    run = {"checkpoint": options.checkpoint.name, "torch": torch.__version__, "on": platform.machine()}
    for found in measure(options.checkpoint, options.weights):
        print(json.dumps(run | found))


if __name__ == "__main__":
    main()
