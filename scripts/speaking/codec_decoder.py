"""The codec's decoder as it is trained: entries of codebooks -> samples. Named as in the release's speech tokenizer."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from scripts.speaking.dimensions import (
    CODE_WIDTH,
    CODEC_HEAD_DIM,
    CODEC_HEADS,
    CODEC_HIDDEN,
    CODEC_INTERMEDIATE,
    DECODER_LAYERS,
    DECODER_WIDTH,
    LATENT,
    RATES,
    RATIOS,
    WINDOW,
)
from scripts.speaking.layers import FIRST_SCALE, ROPE_THETA, Attention, CausalConv, GatedMLP, RMSNorm, Scale, rope


def snake(x: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
    return x + torch.sin(x * alpha.exp()[:, None]).square() / (beta.exp()[:, None] + 1e-9)


class Snake(nn.Module):
    function = staticmethod(snake)
    """Replaced where it can be compiled."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.alpha, self.beta = nn.Parameter(torch.zeros(channels)), nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        return Snake.function(x, self.alpha, self.beta)


class _Transposed(nn.Module):
    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.conv = nn.ConvTranspose1d(inputs, outputs, kernel, stride)
        self._stride = stride

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)[..., : x.shape[-1] * self._stride]


class _Unit(nn.Module):
    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.act1, self.conv1 = Snake(channels), CausalConv(channels, channels, 7, dilation=dilation)
        self.act2, self.conv2 = Snake(channels), CausalConv(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv2(self.act2(self.conv1(self.act1(x))))


class _Block(nn.Module):
    def __init__(self, inputs: int, outputs: int, rate: int) -> None:
        super().__init__()
        units = (_Unit(outputs, dilation) for dilation in (1, 3, 9))
        self.block = nn.ModuleList([Snake(inputs), _Transposed(inputs, outputs, 2 * rate, rate), *units])

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.block:
            x = layer(x)
        return x


class _ConvNeXt(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.dwconv = CausalConv(width, width, 7, groups=width)
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.pwconv1, self.pwconv2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.gamma = nn.Parameter(torch.full((width,), FIRST_SCALE))

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.dwconv(x).transpose(1, 2))
        return x + (self.gamma * self.pwconv2(functional.gelu(self.pwconv1(y)))).transpose(1, 2)


class _DecoderLayer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.input_layernorm, self.post_attention_layernorm = (RMSNorm(CODEC_HIDDEN, 1e-5) for _ in range(2))
        self.self_attn = Attention(CODEC_HIDDEN, CODEC_HEADS, CODEC_HEAD_DIM)
        self.mlp = GatedMLP(CODEC_HIDDEN, CODEC_INTERMEDIATE)
        self.self_attn_layer_scale, self.mlp_layer_scale = (Scale(CODEC_HIDDEN, FIRST_SCALE) for _ in range(2))

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor) -> Tensor:
        x = x + self.self_attn_layer_scale(self.self_attn(self.input_layernorm(x), cos, sin, mask))
        return x + self.mlp_layer_scale(self.mlp(self.post_attention_layernorm(x)))


class _WindowTransformer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.input_proj = nn.Linear(LATENT, CODEC_HIDDEN)
        self.layers = nn.ModuleList(_DecoderLayer() for _ in range(DECODER_LAYERS))
        self.norm = RMSNorm(CODEC_HIDDEN, 1e-5)
        self.output_proj = nn.Linear(CODEC_HIDDEN, LATENT)

    def forward(self, x: Tensor) -> Tensor:
        place = torch.arange(x.shape[1], device=x.device)
        age = place[:, None] - place
        x = self.input_proj(x)
        cos, sin = rope(x.shape[1], CODEC_HEAD_DIM, ROPE_THETA, x)
        for layer in self.layers:
            x = layer(x, cos, sin, (age >= 0) & (age < WINDOW))
        return self.output_proj(self.norm(x))


class Decoder(nn.Module):
    """entries [2, rows, frames, width] -> samples [rows, frames * 1920]"""

    def __init__(self) -> None:
        super().__init__()
        self.first_proj, self.rest_proj = (nn.Conv1d(CODE_WIDTH, 2 * CODE_WIDTH, 1, bias=False) for _ in range(2))
        self.pre_conv = CausalConv(2 * CODE_WIDTH, LATENT, 3)
        self.pre_transformer = _WindowTransformer()
        self.upsample = nn.ModuleList(
            nn.ModuleList([_Transposed(LATENT, LATENT, ratio, ratio), _ConvNeXt(LATENT)]) for ratio in RATIOS
        )
        widths = [DECODER_WIDTH // 2**index for index in range(len(RATES) + 1)]
        blocks = map(_Block, widths[:-1], widths[1:], RATES)
        self.decoder = nn.ModuleList(
            [CausalConv(LATENT, widths[0], 7), *blocks, Snake(widths[-1]), CausalConv(widths[-1], 1, 7)]
        )

    def forward(self, entries: Tensor) -> Tensor:
        first, rest = entries.transpose(2, 3)
        x = self.pre_conv(self.first_proj(first) + self.rest_proj(rest))
        x = self.pre_transformer(x.transpose(1, 2)).transpose(1, 2)
        for transposed, convnext in self.upsample:
            x = convnext(transposed(x))
        for layer in self.decoder:
            x = layer(x)
        return x[:, 0]
