"""The codec as it is trained: Mimi's encoder, the codebooks, the decoder; named as in the release's speech tokenizer.

samples -> Encoder -> vectors, two for a frame -> Quantizer -> codes and their entries -> Decoder -> samples

The first codebook quantises one projection of what the encoder says, the others one after the other a second one.
"""

from typing import NamedTuple, Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from scripts.speaking.dimensions import (
    CODE_WIDTH,
    CODEBOOKS,
    CODEC_HEAD_DIM,
    CODEC_HEADS,
    CODEC_HIDDEN,
    CODEC_INTERMEDIATE,
    DECODER_LAYERS,
    DECODER_WIDTH,
    ENCODER_FILTERS,
    ENCODER_LAYERS,
    ENCODER_STRIDES,
    ENTRIES,
    LATENT,
    RATES,
    RATIOS,
    WINDOW,
)
from scripts.speaking.layers import Attention, GatedMLP, RMSNorm, Scale, rope

_THETA = 10_000
_FEWEST = 1e-5
_FIRST_SCALE = 0.3  # of layers added to their input


class CausalConv(nn.Module):
    """[rows, inputs, n] -> [rows, outputs, n / stride]; n is a multiple of the stride."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, *, stride: int = 1, dilation: int = 1, groups: int = 1
    ) -> None:
        super().__init__()
        self.conv = nn.Conv1d(inputs, outputs, kernel, stride, dilation=dilation, groups=groups)
        self._left = (kernel - 1) * dilation + 1 - stride

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(functional.pad(x, (self._left, 0)))


# -- the encoder ------------------------------------------------------------------------------------------------------


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
        self.self_attn_layer_scale, self.mlp_layer_scale = (Scale(CODEC_HIDDEN, _FIRST_SCALE) for _ in range(2))

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        x = x + self.self_attn_layer_scale(self.self_attn(self.input_layernorm(x), cos, sin, None))
        return x + self.mlp_layer_scale(self.mlp(self.post_attention_layernorm(x)))


class _EncoderTransformer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(_EncoderLayer() for _ in range(ENCODER_LAYERS))

    def forward(self, x: Tensor) -> Tensor:
        cos, sin = rope(x.shape[1], CODEC_HEAD_DIM, _THETA, x)
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


# -- the codebooks ----------------------------------------------------------------------------------------------------


class Quantised(NamedTuple):
    entries: Tensor
    """[2, rows, frames, width]: of the first codebook, and the sum of the others'; gradients go to the encoder"""
    commitment: Tensor
    """How far what was quantised is from it"""


class Quantizer(nn.Module):
    """The codebooks, moved by running means; entries that nothing falls to begin anew."""

    sums: Tensor
    usage: Tensor

    def __init__(self, decay: float = 0.99) -> None:
        super().__init__()
        self._decay, self._begun = decay, 0
        self.register_buffer("sums", torch.randn(CODEBOOKS, ENTRIES, CODE_WIDTH) * 0.1)
        self.register_buffer("usage", torch.ones(CODEBOOKS, ENTRIES))

    def go_on(self) -> Self:
        """Every codebook has begun."""
        self._begun = CODEBOOKS
        return self

    @property
    def tables(self) -> Tensor:
        """[codebooks, entries, width]"""
        return self.sums / self.usage.clamp(min=_FEWEST)[..., None]

    @torch.no_grad()
    def encode(self, x: Tensor) -> Tensor:
        """[2, n, width] -> codes [n, codebooks]"""
        first, *rest = self.tables
        codes, residual = [_nearest(x[0], first)], x[1]
        for table in rest:
            codes.append(_nearest(residual, table))
            residual = residual - table[codes[-1]]
        return torch.stack(codes, 1)

    def look_up(self, codes: Tensor) -> Tensor:
        """codes [rows, frames, codebooks] -> entries [2, rows, frames, width]"""
        entries = [table[codes[..., level]] for level, table in enumerate(self.tables)]
        return torch.stack((entries[0], torch.stack(entries[1:]).sum(0)))

    def forward(self, x: Tensor) -> Quantised:
        """x [2, rows, frames, width]. Half of the rows are spoken with fewer codebooks: the first shall count most."""
        _, rows, frames, width = x.shape
        few = (2 ** (torch.rand(rows, device=x.device) * 4)).long().clamp(1, CODEBOOKS)
        count = torch.where(torch.rand(rows, device=x.device) < 0.5, CODEBOOKS, few).repeat_interleave(frames)
        first, residual = x[0].reshape(-1, width), x[1].reshape(-1, width)
        whole, rest, commitment = residual, torch.zeros_like(residual), x.new_zeros(())
        for level in range(CODEBOOKS):
            target = residual if level else first
            entry = self._entry(level, target.detach())
            used = (count > level)[:, None].float()
            commitment = commitment + ((target - entry).square() * used).mean() / CODEBOOKS
            if level:
                rest, residual = rest + entry * used, residual - entry
            else:
                spoken = first + (entry - first).detach()
        rest = whole + (rest - whole).detach()
        return Quantised(torch.stack((spoken, rest)).view(2, rows, frames, width), commitment)

    @torch.no_grad()
    def _entry(self, level: int, x: Tensor) -> Tensor:
        """The nearest entries to x [n, width], which then move towards it."""
        if self.training and level == self._begun:
            self.sums[level], self.usage[level] = x[torch.randint(len(x), (ENTRIES,), device=x.device)], 1.0
            self._begun += 1
        table = self.tables[level]
        code = _nearest(x, table)
        if self.training:
            hot = functional.one_hot(code, ENTRIES).float()
            self.usage[level].lerp_(hot.sum(0), 1 - self._decay)
            self.sums[level].lerp_(hot.T @ x, 1 - self._decay)
        return table[code]

    @torch.no_grad()
    def revive(self, x: Tensor) -> None:
        """Put entries of little use where vectors of x [2, n, width] are."""
        residual = x[1]
        for level in range(CODEBOOKS):
            target, usage = (residual if level else x[0]), self.usage[level]
            mean = usage.mean()
            unused = usage < 0.03 * mean
            picked = target[torch.randint(len(target), (ENTRIES,), device=x.device)]
            self.sums[level] = torch.where(unused[:, None], picked * mean, self.sums[level])
            self.usage[level] = torch.where(unused, mean, usage)
            if level:
                table = self.tables[level]
                residual = residual - table[_nearest(residual, table)]

    def perplexity(self) -> Tensor:
        """[codebooks]: how many entries are really used"""
        share = self.usage / self.usage.sum(-1, keepdim=True)
        return (-(share * (share + 1e-9).log()).sum(-1)).exp()


def _nearest(x: Tensor, table: Tensor) -> Tensor:
    return (table.square().sum(-1) - 2 * x @ table.T).argmin(-1)


# -- the decoder ------------------------------------------------------------------------------------------------------


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
        self.gamma = nn.Parameter(torch.full((width,), _FIRST_SCALE))

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.dwconv(x).transpose(1, 2))
        return x + (self.gamma * self.pwconv2(functional.gelu(self.pwconv1(y)))).transpose(1, 2)


class _DecoderLayer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.input_layernorm, self.post_attention_layernorm = (RMSNorm(CODEC_HIDDEN, 1e-5) for _ in range(2))
        self.self_attn = Attention(CODEC_HIDDEN, CODEC_HEADS, CODEC_HEAD_DIM)
        self.mlp = GatedMLP(CODEC_HIDDEN, CODEC_INTERMEDIATE)
        self.self_attn_layer_scale, self.mlp_layer_scale = (Scale(CODEC_HIDDEN, _FIRST_SCALE) for _ in range(2))

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
        cos, sin = rope(x.shape[1], CODEC_HEAD_DIM, _THETA, x)
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
