"""A text through the plain generator, greedy: what every dtype and the official package are compared on."""

from typing import NamedTuple

import torch

from qwen_tts.api import CodePredictorSampling, Sampling, SettledLayout, SynthesisRequest
from qwen_tts.checkpoint.model import Model
from qwen_tts.checkpoint.voice_prompt import ReferenceVoice
from qwen_tts.offline.generator import GeneratedFrame, Generator

GREEDY = Sampling(temperature=0, code_predictor=CodePredictorSampling(temperature=0))


class Text(NamedTuple):
    """What is said, and by whom."""

    name: str
    request: SynthesisRequest
    reference: ReferenceVoice | None


@torch.inference_mode()
def greedy_codes(model: Model, text: Text, frames: int, layout: SettledLayout = "whole") -> list[list[int]]:
    """Up to so many [frames][codebooks]. Raises SynthesisError."""
    prefix = model.prompts.prefix(text.request, text.reference)
    tokens = model.tokenizer.encode(text.request.text.strip())
    prompt = model.prompts.prompt(prefix, tokens, layout)
    generator = Generator(model, 1, len(prompt.embeddings) + frames)
    row = generator.open(0, prompt, model.generation.rules(GREEDY), 0, frames)
    spoken: list[GeneratedFrame] = []
    while row.end is None:
        spoken += generator.step()
    return [frame.codes.tolist() for frame in spoken]
