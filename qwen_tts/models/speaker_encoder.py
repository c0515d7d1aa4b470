"""The speaker encoder: a recording's mel spectrogram -> one vector that says who speaks.

ECAPA-TDNN (Desplanques et al., Interspeech 2020) without batch norm. Every convolution keeps the length, with reflected
edges.
"""

import torch
from torch import Tensor, nn

from qwen_tts.config.checkpoint import SpeakerEncoderConfig

_VARIANCE_FLOOR = 1e-12


def _conv(inputs: int, outputs: int, kernel_size: int = 1, dilation: int = 1) -> nn.Conv1d:
    return nn.Conv1d(inputs, outputs, kernel_size, dilation=dilation, padding="same", padding_mode="reflect")


class TDNN(nn.Module):
    """A dilated convolution and a ReLU: [rows, inputs, frames] -> [rows, outputs, frames]."""

    def __init__(self, inputs: int, outputs: int, kernel_size: int = 1, dilation: int = 1) -> None:
        super().__init__()
        self.conv = _conv(inputs, outputs, kernel_size, dilation)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x).relu()


class Res2Net(nn.Module):
    """Groups of channels in a chain: the first passes, each other one adds the output before it and is convolved."""

    def __init__(self, channels: int, scale: int, kernel_size: int, dilation: int) -> None:
        super().__init__()
        width = channels // scale
        self.blocks = nn.ModuleList(TDNN(width, width, kernel_size, dilation) for _ in range(scale - 1))

    def forward(self, x: Tensor) -> Tensor:
        first, *groups = x.chunk(len(self.blocks) + 1, dim=1)
        outputs = [first]
        for index, (block, group) in enumerate(zip(self.blocks, groups, strict=True)):
            outputs.append(block(group + outputs[-1] if index else group))
        return torch.cat(outputs, dim=1)


class Excitation(nn.Module):
    """Scales each channel by a number in 0..1 that depends on the mean of all of them."""

    def __init__(self, channels: int, squeezed: int) -> None:
        super().__init__()
        self.conv1 = _conv(channels, squeezed)
        self.conv2 = _conv(squeezed, channels)

    def forward(self, x: Tensor) -> Tensor:
        mean = x.mean(dim=-1, keepdim=True)
        return x * self.conv2(self.conv1(mean).relu()).sigmoid()


class SERes2NetBlock(nn.Module):
    """SE-Res2Net, added to its input."""

    def __init__(self, channels: int, kernel_size: int, dilation: int, config: SpeakerEncoderConfig) -> None:
        super().__init__()
        self.tdnn1 = TDNN(channels, channels)
        self.res2net = Res2Net(channels, config.res2net_scale, kernel_size, dilation)
        self.tdnn2 = TDNN(channels, channels)
        self.excitation = Excitation(channels, config.se_channels)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.excitation(self.tdnn2(self.res2net(self.tdnn1(x))))


class AttentivePooling(nn.Module):
    """Mean and deviation over time, each channel weighing the frames by itself: [rows, c, frames] -> [rows, 2 c, 1]."""

    def __init__(self, channels: int, attention_channels: int) -> None:
        super().__init__()
        self.tdnn = TDNN(3 * channels, attention_channels)
        self.conv = _conv(attention_channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        context = torch.cat((x, *(part.expand_as(x) for part in _statistics(x, 1 / x.shape[-1]))), dim=1)
        weights = self.conv(self.tdnn(context).tanh()).softmax(dim=-1)
        return torch.cat(_statistics(x, weights), dim=1)


def _statistics(x: Tensor, weights: Tensor | float) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation over the frames, [rows, channels, 1] each; the weights of all frames sum to 1."""
    mean = (weights * x).sum(dim=-1, keepdim=True)
    variance = (weights * (x - mean).square()).sum(dim=-1, keepdim=True)
    return mean, variance.clamp(min=_VARIANCE_FLOOR).sqrt()


class SpeakerEncoder(nn.Module):
    """mel [rows, frames, bins] -> speaker embedding [rows, embedding_size], not normalised."""

    def __init__(self, config: SpeakerEncoderConfig) -> None:
        super().__init__()
        self.config = config
        entry, *inner, pooled = zip(config.channels, config.kernel_sizes, config.dilations, strict=True)
        self.blocks = nn.ModuleList([TDNN(config.mel_bins, *entry)])
        self.blocks.extend(SERes2NetBlock(*geometry, config) for geometry in inner)
        self.aggregation = TDNN(pooled[0], *pooled)
        self.pooling = AttentivePooling(pooled[0], config.attention_channels)
        self.projection = _conv(2 * pooled[0], config.embedding_size)

    @property
    def device(self) -> torch.device:
        return self.projection.weight.device

    def forward(self, mel: Tensor) -> Tensor:
        x = mel.to(self.projection.weight.dtype).transpose(1, 2)
        outputs = []
        for block in self.blocks:
            x = block(x)
            outputs.append(x)
        x = self.aggregation(torch.cat(outputs[1:], dim=1))
        return self.projection(self.pooling(x)).squeeze(-1)
