"""The codes of a frame, drawn in plain PyTorch."""

import torch
from torch import Tensor

from qwen_tts.models.code_predictor import CodePredictor
from qwen_tts.models.talker import Talker
from qwen_tts.modules.attention import KVCache
from qwen_tts.runtime.sampling import Sampler, SamplerState


def draw_codes(
    talker: Talker, predictor: CodePredictor, sampler: Sampler, sampling: SamplerState, hidden: Tensor, active: Tensor,
    scratch: KVCache,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """The talker's state hidden [rows, width] -> codes [rows, codebooks], and the rows in which all logits that count
    were finite, [rows] bool; the codes of the others mean nothing.

    Advances the `active` [rows] rows of `sampling`; `scratch` is the code predictor's for so many rows.
    """
    draw, sums = sampler.begin_frame(sampling), []

    def choose_next(logits: Tensor, codebook: int) -> Tensor:
        sums.append(_sum(logits))
        return sampler.choose_next(logits, codebook, sampling, draw)

    logits = talker.logits(hidden)
    first = sampler.choose_first(logits, sampling, draw, active)
    rest = predictor(hidden, talker.codec_embedding(first), scratch, choose_next)
    is_finite = torch.stack(sums).isfinite().all(dim=0) | (first == talker.config.codec_eos_id)
    return torch.cat((first[:, None], rest), dim=1), is_finite & _sum(logits).isfinite()


def _sum(logits: Tensor) -> Tensor:
    """[rows, vocab] -> [rows]: not finite if one of them is not."""
    return logits.sum(dim=-1)
