"""The stack of layers that the talker and the code predictor share."""

import torch
from torch import Tensor, nn

from qwen_tts.config.checkpoint import TransformerConfig
from qwen_tts.modules.attention import Attention, Cache, KVCache, MaskedStep, RowCache, Step
from qwen_tts.modules.flash_attention import FlashAttention, FlashStep, PackedParts, PackedStep
from qwen_tts.modules.linear import SwiGLU
from qwen_tts.modules.module_list import ModuleList
from qwen_tts.modules.norm import RMSNorm
from qwen_tts.modules.rope import rope


class Layer(nn.Module):
    """Attention, then the feed-forward layer, each over a norm and added to its input."""

    def __init__(self, config: TransformerConfig, rms_norm_eps: float) -> None:
        super().__init__()
        self.attention_norm = RMSNorm(config.hidden_size, rms_norm_eps)
        self.attention = Attention(config, rms_norm_eps)
        self.mlp_norm = RMSNorm(config.hidden_size, rms_norm_eps)
        self.mlp = SwiGLU(config.hidden_size, config.intermediate_size)

    def forward(self, x: Tensor, step: Step, cache: Cache, layer: int) -> Tensor:
        x = x + self.attention(self.attention_norm(x), step, cache, layer)
        return x + self.mlp(self.mlp_norm(x))


class Transformer(nn.Module):
    """Causal layers over a cache: a whole prompt, a part of one, and a single step are the same call."""

    def __init__(self, config: TransformerConfig, rms_norm_eps: float) -> None:
        super().__init__()
        self.config = config
        self.layers = ModuleList(Layer(config, rms_norm_eps) for _ in range(config.layers))
        self.norm = RMSNorm(config.hidden_size, rms_norm_eps)
        self.flash: FlashAttention | None = None
        """What attends in place of PyTorch's own attention; set by whoever runs it"""

    def init_cache(self, rows: int, positions: int) -> KVCache:
        return KVCache.allocate(self.config, rows, positions, self.norm.weight)

    def forward(self, x: Tensor, cache: RowCache, counts: Tensor, span: int) -> Tensor:
        """x [rows, n, hidden] -> hidden [rows, n, hidden], after the final norm; advances `cache`.

        Row r appends its first counts[r] inputs; the others are padding, and what comes out there means nothing. A row
        with count 0 stays as it was. `span` [positions] bounds every row's length after the call: attention reads no
        further, and the host knows it without asking the device.
        """
        x = self._run(x, cache, self._step(x, cache, counts, span))
        cache.lengths.add_(counts)
        return x

    def read_packed(self, x: Tensor, parts: PackedParts) -> Tensor:
        """x [inputs, hidden] of several rows, one after the other -> hidden [inputs, hidden]; needs `flash`."""
        assert self.flash is not None
        cos, sin = rope(parts.positions[None], self.config.head_dim, self.config.rope_theta, x.dtype)
        return self._run(x[None], parts, PackedStep(cos, sin, parts, self.flash))[0]

    def _run(self, x: Tensor, cache: Cache, step: Step) -> Tensor:
        for index, layer in enumerate(self.layers):
            x = layer(x, step, cache, index)
        return self.norm(x)

    def _step(self, x: Tensor, cache: RowCache, counts: Tensor, span: int) -> Step:
        assert span <= cache.positions, (span, cache.positions)
        offsets = torch.arange(x.shape[1], device=x.device)
        positions = cache.lengths[:, None] + offsets
        places = cache.places(positions, offsets < counts[:, None])
        cos, sin = rope(positions, self.config.head_dim, self.config.rope_theta, x.dtype)
        if self.flash is not None:
            # A row that is left out may stand beyond what is read.
            lengths = (positions[:, -1] + 1).clamp(max=span).int()
            return FlashStep(cos, sin, places, span, lengths, self.flash)
        mask = torch.arange(span, device=x.device) <= positions[:, :, None]
        return MaskedStep(cos, sin, places, mask[:, None])
