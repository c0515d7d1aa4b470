"""The codes of a frame, drawn in plain PyTorch."""

from collections.abc import Callable

import torch
from torch import Tensor

from qwen_tts.models.code_predictor import Choose
from qwen_tts.models.talker import Talker
from qwen_tts.runtime.sampling import Sampler, SamplerState

Predict = Callable[[Tensor, Tensor, Choose], Tensor]
"""The code predictor: (hidden, embedding of codebook 0 [rows, width], what chooses) -> codes [rows, codebooks - 1]."""


def draw_codes(
    talker: Talker, predict: Predict, sampler: Sampler, sampling: SamplerState, hidden: Tensor, logits: Tensor,
    active: Tensor,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """The talker's state hidden [rows, width] and its logits [rows, vocab] float32 -> codes [rows, codebooks], and the
    rows in which all logits that count were finite, [rows] bool; the codes of the others mean nothing.

    Advances the `active` [rows] rows of `sampling`.
    """
    draw, sums = sampler.begin_frame(sampling), []

    def choose_next(logits: Tensor, codebook: int) -> Tensor:
        sums.append(_sum(logits))
        return sampler.choose_next(logits, codebook, sampling, draw)

    first = sampler.choose_first(logits, sampling, draw, active)
    is_finite = _sum(logits).isfinite()
    rest = predict(hidden, talker.codec_embedding(first), choose_next)
    is_finite &= torch.stack(sums).isfinite().all(dim=0) | (first == talker.config.codec_eos_id)
    return torch.cat((first[:, None], rest), dim=1), is_finite


def _sum(logits: Tensor) -> Tensor:
    """[rows, vocab] -> [rows]: not finite if one of them is not."""
    return logits.sum(dim=-1)
