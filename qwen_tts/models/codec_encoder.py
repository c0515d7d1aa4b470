"""The codec encoder: samples -> codes. Mimi's encoder (Défossez et al., "Moshi", 2024), for whole recordings.

```
samples --layers: convolutions, 24 kHz -> 25 Hz--> --transformer--> --downsample--> 12.5 Hz
        --quantizer: one codebook of its own, the others one after the other on the same vectors--> codes
```
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional

from qwen_tts.config.checkpoint import CodecEncoderConfig
from qwen_tts.modules.conv import CausalConv1d, ConvState
from qwen_tts.modules.linear import FusedLinear
from qwen_tts.modules.module_list import ModuleList
from qwen_tts.modules.quantizer import Codebooks
from qwen_tts.modules.rope import rope, rotate

_DOWNSAMPLING = 2
_PIECE_STRIDES = 250  # at 25 Hz: 10 s go through the convolutions at a time


class Residual(nn.Module):
    """Two convolutions through a narrower layer, added to the input."""

    def __init__(self, channels: int, config: CodecEncoderConfig) -> None:
        super().__init__()
        narrow = channels // config.compress
        self.narrow = CausalConv1d(channels, narrow, config.residual_kernel_size)
        self.widen = nn.Conv1d(narrow, channels, 1)

    def init_state(self, rows: int) -> ConvState:
        return self.narrow.init_state(rows)

    def forward(self, x: Tensor, state: ConvState, active: Tensor) -> Tensor:
        return x + self.widen(functional.elu(self.narrow(functional.elu(x), state, active)))


class _Attention(nn.Module):
    def __init__(self, config: CodecEncoderConfig) -> None:
        super().__init__()
        self.heads, self.kv_heads, self.head_dim = config.heads, config.kv_heads, config.head_dim
        query, key = config.heads * config.head_dim, config.kv_heads * config.head_dim
        self.qkv_proj = FusedLinear(config.hidden_size, {"q_proj": query, "k_proj": key, "v_proj": key})
        self.o_proj = nn.Linear(query, config.hidden_size, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        rows, n, _ = x.shape
        heads = self.qkv_proj(x).view(rows, n, -1, self.head_dim).transpose(1, 2)
        query, key, value = heads.split((self.heads, self.kv_heads, self.kv_heads), dim=1)
        # The release declares a window that its encoder never applies.
        attended = functional.scaled_dot_product_attention(
            rotate(query, cos, sin), rotate(key, cos, sin), value, is_causal=True,
            enable_gqa=self.heads != self.kv_heads,
        )  # fmt: skip
        return self.o_proj(attended.transpose(1, 2).reshape(rows, n, -1))


class _Layer(nn.Module):
    def __init__(self, config: CodecEncoderConfig) -> None:
        super().__init__()
        width = config.hidden_size
        self.attention_norm = nn.LayerNorm(width, eps=config.norm_eps)
        self.attention = _Attention(config)
        self.attention_scale = nn.Parameter(torch.empty(width))
        self.mlp_norm = nn.LayerNorm(width, eps=config.norm_eps)
        self.fc1 = nn.Linear(width, config.intermediate_size, bias=False)
        self.fc2 = nn.Linear(config.intermediate_size, width, bias=False)
        self.mlp_scale = nn.Parameter(torch.empty(width))

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        x = x + self.attention_scale * self.attention(self.attention_norm(x), cos, sin)
        return x + self.mlp_scale * self.fc2(functional.gelu(self.fc1(self.mlp_norm(x))))


class _ProjectedCodebooks(nn.Module):
    def __init__(self, config: CodecEncoderConfig, codebooks: int) -> None:
        super().__init__()
        names = [f"layers.{index}.codebook" for index in range(codebooks)]
        self.input_proj = nn.Conv1d(config.hidden_size, config.codebook_dim, 1, bias=False)
        self.codebooks = Codebooks(names, config.codebook_size, config.codebook_dim)

    def encode(self, x: Tensor) -> Tensor:
        """x [1, hidden, frames] -> codes [frames, codebooks]."""
        return self.codebooks.encode(self.input_proj(x)[0].T)


class CodecEncoder(nn.Module):
    """A recording's codes in the first `codebooks` of the codebooks that the checkpoint has."""

    def __init__(self, config: CodecEncoderConfig, codebooks: int) -> None:
        super().__init__()
        self.config = config
        self.layers = nn.ModuleList(_convolutions(config))
        self.transformer = ModuleList(_Layer(config) for _ in range(config.layers))
        self.downsample = nn.Conv1d(
            config.hidden_size, config.hidden_size, 2 * _DOWNSAMPLING, stride=_DOWNSAMPLING, bias=False
        )
        self.semantic = _ProjectedCodebooks(config, config.semantic_codebooks)
        self.acoustic = _ProjectedCodebooks(config, codebooks - config.semantic_codebooks)

    @property
    def _stride(self) -> int:
        """Samples of a step of the transformer."""
        stride = 1
        for ratio in self.config.ratios:
            stride *= ratio
        return stride

    def forward(self, samples: Tensor) -> Tensor:
        """samples [n] at the codec's rate -> codes [frames, codebooks], where a last frame may be begun."""
        x = self._downsample(self._transform(self._convolve(samples)))
        return torch.cat((self.semantic.encode(x), self.acoustic.encode(x)), dim=1)

    def _convolve(self, samples: Tensor) -> Tensor:
        """[n] -> [1, hidden, n / stride, rounded up], in pieces, so that a long recording takes little memory."""
        stride = self._stride
        # Every layer fills its own last stride with zeros in the release; so the end goes through them at once.
        whole = samples.shape[0] // stride // _PIECE_STRIDES * _PIECE_STRIDES * stride
        pieces = [*samples[:whole].split(_PIECE_STRIDES * stride), samples[whole:]]
        states = [layer.init_state(1) for layer in self.layers if isinstance(layer, CausalConv1d | Residual)]
        active = torch.ones(1, dtype=torch.bool, device=samples.device)
        return torch.cat([self._convolve_piece(piece, states, active) for piece in pieces if len(piece)], dim=-1)

    def _convolve_piece(self, samples: Tensor, states: list[ConvState], active: Tensor) -> Tensor:
        x, memories = samples[None, None], iter(states)
        for layer in self.layers:
            if isinstance(layer, nn.ELU):
                x = layer(x)
                continue
            if isinstance(layer, CausalConv1d):
                x = functional.pad(x, (0, -x.shape[-1] % layer.conv.stride[0]))
            x = layer(x, next(memories), active)
        return x

    def _transform(self, x: Tensor) -> Tensor:
        """[1, hidden, n] -> the same shape."""
        x = x.transpose(1, 2)
        positions = torch.arange(x.shape[1], device=x.device)[None]
        cos, sin = rope(positions, self.config.head_dim, self.config.rope_theta, x.dtype)
        for layer in self.transformer:
            x = layer(x, cos, sin)
        return x.transpose(1, 2)

    def _downsample(self, x: Tensor) -> Tensor:
        """[1, hidden, n] -> [1, hidden, n / 2, rounded up]; the edges are the outermost values again."""
        return self.downsample(functional.pad(x, (_DOWNSAMPLING, x.shape[-1] % _DOWNSAMPLING), mode="replicate"))


def _convolutions(config: CodecEncoderConfig) -> Iterator[nn.Module]:
    """In the order of the release's list, activations included: their places are its names."""
    channels = config.filters
    yield CausalConv1d(config.audio_channels, channels, config.kernel_size)
    for ratio in reversed(config.ratios):
        yield Residual(channels, config)
        yield nn.ELU()
        yield CausalConv1d(channels, 2 * channels, 2 * ratio, stride=ratio)
        channels *= 2
    yield nn.ELU()
    yield CausalConv1d(channels, config.hidden_size, config.last_kernel_size)
