"""Mimi's encoder as it is trained: samples -> vectors, two for a frame. Named as in the release's speech tokenizer."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from scripts.speaking.dimensions import (
    CODE_WIDTH,
    CODEC_HEAD_DIM,
    CODEC_HEADS,
    CODEC_HIDDEN,
    CODEC_INTERMEDIATE,
    ENCODER_FILTERS,
    ENCODER_LAYERS,
    ENCODER_STRIDES,
)
from scripts.speaking.layers import FIRST_SCALE, ROPE_THETA, Attention, CausalConv, Scale, rope


class _Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        narrow = channels // 2
        self.block = nn.ModuleList(
            [nn.ELU(), CausalConv(channels, narrow, 3), nn.ELU(), CausalConv(narrow, channels, 1)]
        )

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for layer in self.block:
            y = layer(y)
        return x + y


class _Convolutions(nn.Module):
    """samples [rows, 1, n] -> [rows, hidden, n / 960]"""

    def __init__(self) -> None:
        super().__init__()
        channels = ENCODER_FILTERS
        layers: list[nn.Module] = [CausalConv(1, channels, 7)]
        for stride in ENCODER_STRIDES:
            down = CausalConv(channels, 2 * channels, 2 * stride, stride=stride)
            layers += [_Residual(channels), nn.ELU(), down]
            channels *= 2
        self.layers = nn.ModuleList([*layers, nn.ELU(), CausalConv(channels, CODEC_HIDDEN, 3)])

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return x


class _EncoderMLP(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(CODEC_HIDDEN, CODEC_INTERMEDIATE, bias=False)
        self.fc2 = nn.Linear(CODEC_INTERMEDIATE, CODEC_HIDDEN, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(functional.gelu(self.fc1(x)))


class _EncoderLayer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.input_layernorm, self.post_attention_layernorm = (nn.LayerNorm(CODEC_HIDDEN, 1e-5) for _ in range(2))
        self.self_attn, self.mlp = Attention(CODEC_HIDDEN, CODEC_HEADS, CODEC_HEAD_DIM), _EncoderMLP()
        self.self_attn_layer_scale, self.mlp_layer_scale = (Scale(CODEC_HIDDEN, FIRST_SCALE) for _ in range(2))

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        x = x + self.self_attn_layer_scale(self.self_attn(self.input_layernorm(x), cos, sin, None))
        return x + self.mlp_layer_scale(self.mlp(self.post_attention_layernorm(x)))


class _EncoderTransformer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(_EncoderLayer() for _ in range(ENCODER_LAYERS))

    def forward(self, x: Tensor) -> Tensor:
        cos, sin = rope(x.shape[1], CODEC_HEAD_DIM, ROPE_THETA, x)
        for layer in self.layers:
            x = layer(x, cos, sin)
        return x


class _Downsampling(nn.Module):
    """Two steps become a frame; before the first one it is as at the first one."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(CODEC_HIDDEN, CODEC_HIDDEN, 4, 2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(torch.cat((x[..., :1], x[..., :1], x), -1))


class Encoder(nn.Module):
    """samples [rows, frames * 1920] -> [2, rows, frames, width]: what the first codebook and what the others get."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.encoder_transformer = _Convolutions(), _EncoderTransformer()
        self.downsample = _Downsampling()
        self.first_proj, self.rest_proj = (nn.Conv1d(CODEC_HIDDEN, CODE_WIDTH, 1, bias=False) for _ in range(2))

    def forward(self, samples: Tensor) -> Tensor:
        x = self.encoder(samples[:, None])
        x = self.downsample(self.encoder_transformer(x.transpose(1, 2)).transpose(1, 2))
        return torch.stack((self.first_proj(x), self.rest_proj(x))).transpose(2, 3).float()

    @torch.no_grad()
    def even_out(self, samples: Tensor) -> None:
        """Before the training: each convolution's output varies by about one over `samples`, without a bias."""

        def scale(conv: nn.Conv1d, _: object, out: Tensor) -> Tensor:
            if conv.bias is not None:
                out = out - conv.bias[:, None]
                conv.bias.zero_()
            spread = out.std()
            conv.weight.div_(spread)
            return out / spread

        hooks = [part.register_forward_hook(scale) for part in self.modules() if isinstance(part, nn.Conv1d)]
        self(samples)
        for hook in hooks:
            hook.remove()
