"""What the talker hears of a frame it spoke: the sum of its codec tokens' embeddings."""

import torch
from torch import Tensor

from qwen_tts.models.code_predictor import CodePredictor
from qwen_tts.models.talker import Talker


def embed_frames(talker: Talker, code_predictor: CodePredictor, codes: Tensor) -> Tensor:
    """codes [..., codebooks] -> [..., hidden].

    One sum over the stacked codebooks, so that reduced precision rounds once, as the release's models were trained.
    """
    first = talker.codec_embedding(codes[..., :1])
    return torch.cat((first, code_predictor.embed(codes[..., 1:]).to(first.dtype)), dim=-2).sum(dim=-2)
