"""The code predictor: the small LM over one frame. Given the talker's state and codebook 0 it speaks the rest."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from qwen_tts.config.checkpoint import CodePredictorConfig
from qwen_tts.modules.attention import KVCache
from qwen_tts.modules.module_list import ModuleList
from qwen_tts.modules.transformer import Transformer

Choose = Callable[[Tensor, int], Tensor]
"""(logits [rows, vocab] float32, codebook) -> codec tokens [rows]."""


class CodebookTables(nn.Module):
    """The embedding of each codebook, stacked: [tables * vocab, width]."""

    def __init__(self, tables: int, vocab_size: int, width: int) -> None:
        super().__init__()
        self.vocab_size = vocab_size
        self.parts = {f"codec_embedding.{table}": vocab_size for table in range(tables)}
        self.weight = nn.Parameter(torch.empty(tables * vocab_size, width))

    def table(self, index: int) -> Tensor:
        """[vocab, width]"""
        return self.weight[index * self.vocab_size : (index + 1) * self.vocab_size]

    def look_up(self, codes: Tensor, table: int) -> Tensor:
        """codes [rows] -> [rows, width], as kept."""
        return functional.embedding(codes, self.table(table))


class CodePredictor(nn.Module):
    """Steps of one position each; its cache lives for one frame and is the caller's scratch."""

    def __init__(self, config: CodePredictorConfig, talker_hidden_size: int) -> None:
        super().__init__()
        self.config = config
        tables = config.codebooks - 1
        self.codec_embedding = CodebookTables(tables, config.vocab_size, talker_hidden_size)
        # The release has no projection where the widths are equal.
        self.projection: nn.Linear | nn.Identity = (
            nn.Linear(talker_hidden_size, config.hidden_size)
            if talker_hidden_size != config.hidden_size
            else nn.Identity()
        )
        self.transformer = Transformer(config, config.rms_norm_eps)
        self.lm_head = ModuleList(nn.Linear(config.hidden_size, config.vocab_size, bias=False) for _ in range(tables))

    def init_cache(self, rows: int) -> KVCache:
        """Scratch for one frame: the talker's hidden state, then every codebook but the last."""
        return self.transformer.init_cache(rows, self.config.codebooks)

    def embed(self, codes: Tensor) -> Tensor:
        """codes [..., codebooks - 1] of the codebooks after the first -> [..., codebooks - 1, talker hidden]."""
        offsets = torch.arange(codes.shape[-1], device=codes.device) * self.config.vocab_size
        return functional.embedding(codes + offsets, self.codec_embedding.weight)

    def logits(self, hidden: Tensor, table: int) -> Tensor:
        """hidden [rows, hidden] -> logits of codebook `table` + 1, [rows, vocab] float32."""
        return self.lm_head[table](hidden).float()

    def forward(self, hidden: Tensor, first: Tensor, choose: Choose, cache: KVCache) -> Tensor:
        """Speak one frame.

        `hidden` [rows, talker hidden] is the talker's state that drew codebook 0, `first` [rows, talker hidden] the
        embedding of what it drew -> codes [rows, codebooks - 1]. The cache starts anew.
        """
        cache.lengths.zero_()
        rows = torch.ones_like(cache.lengths)
        inputs, codes = torch.stack((hidden, first), dim=1), []
        for table in range(self.config.codebooks - 1):
            out = self.transformer(self.projection(inputs), cache, rows * inputs.shape[1], span=table + 2)[:, -1]
            token = choose(self.logits(out, table), table + 1)
            codes.append(token)
            inputs = self.codec_embedding.look_up(token, table)[:, None].to(hidden.dtype)
        return torch.stack(codes, dim=1)
