"""The talker: the LM over frames. It reads text and speaks codebook 0."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from qwen_tts.config.checkpoint import TalkerConfig
from qwen_tts.modules.attention import KVCache
from qwen_tts.modules.transformer import Transformer
from qwen_tts.modules.upload import upload_tensor

_BLOCK = 64
"""Words that a card projects at a time"""


class TextProjection(nn.Module):
    """From the width of the text embedding to the talker's."""

    def __init__(self, config: TalkerConfig) -> None:
        super().__init__()
        self.linear_fc1 = nn.Linear(config.text_hidden_size, config.text_hidden_size)
        self.linear_fc2 = nn.Linear(config.text_hidden_size, config.hidden_size)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear_fc2(functional.silu(self.linear_fc1(x)))


class Talker(nn.Module):
    """Every input position is the sum of a text embedding and a codec embedding, both of the talker's width.

    The text embedding is none of its weights: it stays in the checkpoint's file (checkpoint/mapped_table.py).
    """

    def __init__(self, config: TalkerConfig) -> None:
        super().__init__()
        self.config = config
        self.text_projection = TextProjection(config)
        self.text: Callable[[Tensor], Tensor] | None = None
        """What does `project_text` in place of PyTorch; set by whoever runs it"""
        self.codec_embedding = nn.Embedding(config.vocab_size, config.hidden_size)
        self.transformer = Transformer(config, config.rms_norm_eps)
        self.codec_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)

    @property
    def device(self) -> torch.device:
        return self.codec_embedding.weight.device

    @property
    def dtype(self) -> torch.dtype:
        return self.codec_embedding.weight.dtype

    def init_cache(self, rows: int, positions: int) -> KVCache:
        return self.transformer.init_cache(rows, positions)

    def project_text(self, words: Tensor) -> Tensor:
        """words [n, text hidden] on the CPU, in any dtype -> [n, hidden].

        On a card, a word's numbers do not depend on how many come with it.
        """
        if self.text is not None:
            return self.text(words)
        words = upload_tensor(words.to(self.dtype), self.device)
        if words.device.type != "cuda":
            projected: Tensor = self.text_projection(words)
            return projected
        blocks = functional.pad(words, (0, 0, 0, -len(words) % _BLOCK)).split(_BLOCK)
        return torch.cat([self.text_projection(block) for block in blocks])[: len(words)]

    def forward(self, x: Tensor, cache: KVCache, counts: Tensor, span: int) -> Tensor:
        """x [rows, n, hidden] -> hidden [rows, n, hidden]; see Transformer.forward."""
        return self.transformer(x, cache, counts, span)

    def logits(self, hidden: Tensor) -> Tensor:
        """hidden [rows, hidden] -> logits of codebook 0 and the control tokens, [rows, vocab] float32."""
        return self.codec_head(hidden).float()
