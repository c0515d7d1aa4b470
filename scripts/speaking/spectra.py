"""How far two sounds are from each other, by their spectra and by networks that learn to tell them apart."""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import weight_norm

from scripts.speaking.dimensions import RATE

_MEL_BINS = {256: 20, 512: 40, 1024: 80, 2048: 120}
"""By the length of the Fourier transform"""
_FLOOR = 1e-3


def _mel_filters(bins: int, size: int) -> Tensor:
    """Triangles, evenly spaced in mel: [size // 2 + 1, bins]"""
    top = 2595 * math.log10(1 + RATE / 2 / 700)
    points = 700 * (10 ** (torch.linspace(0, top, bins + 2) / 2595) - 1)
    frequencies = torch.linspace(0, RATE / 2, size // 2 + 1)
    up = (frequencies[:, None] - points[:-2]) / (points[1:-1] - points[:-2])
    down = (points[2:] - frequencies[:, None]) / (points[2:] - points[1:-1])
    return torch.minimum(up, down).clamp(min=0)


class Distance(NamedTuple):
    mel: Tensor
    log: Tensor
    linear: Tensor


class SpectralDistance(nn.Module):
    """Of samples [rows, n], over transforms of four lengths."""

    def __init__(self) -> None:
        super().__init__()
        for size, bins in _MEL_BINS.items():
            self.register_buffer(f"window{size}", torch.hann_window(size))
            self.register_buffer(f"filters{size}", _mel_filters(bins, size))

    def forward(self, fake: Tensor, real: Tensor) -> Distance:
        parts = [self._at(size, fake, real) for size in _MEL_BINS]
        return Distance(*(torch.stack(kind).mean() for kind in zip(*parts, strict=True)))

    def _at(self, size: int, fake: Tensor, real: Tensor) -> Distance:
        window, filters = self.get_buffer(f"window{size}"), self.get_buffer(f"filters{size}")
        spectra = (torch.stft(x, size, size // 4, size, window, return_complex=True) for x in (fake, real))
        a, b = (spectrum.abs().clamp(min=1e-6) for spectrum in spectra)
        mels = [(x.transpose(1, 2) @ filters + _FLOOR).log() for x in (a, b)]
        return Distance(
            (mels[0] - mels[1]).abs().mean(),
            ((a + _FLOOR).log() - (b + _FLOOR).log()).abs().mean(),
            (a - b).norm() / b.norm(),
        )


class _SpectrumDiscriminator(nn.Module):
    def __init__(self, size: int, width: int = 32) -> None:
        super().__init__()
        self.size = size
        self.register_buffer("window", torch.hann_window(size))
        self.layers = nn.ModuleList(
            [
                _conv(2, width, (3, 9), 1, 1),
                *(_conv(width, width, (3, 9), 2, dilation) for dilation in (1, 2, 4)),
                _conv(width, width, (3, 3), 1, 1),
            ]
        )
        self.exit = _conv(width, 1, (3, 3), 1, 1)

    def forward(self, x: Tensor) -> list[Tensor]:
        window = self.get_buffer("window")
        spectrum = torch.stft(x, self.size, self.size // 4, self.size, window, normalized=True, return_complex=True)
        x, said = torch.view_as_real(spectrum).permute(0, 3, 2, 1), []
        for layer in self.layers:
            x = functional.leaky_relu(layer(x), 0.2)
            said.append(x)
        return [*said, self.exit(x)]


def _conv(inputs: int, outputs: int, kernel: tuple[int, int], stride: int, dilation: int) -> nn.Module:
    padding = ((kernel[0] - 1) * dilation // 2, kernel[1] // 2)
    return weight_norm(nn.Conv2d(inputs, outputs, kernel, (1, stride), padding, (dilation, 1)))


class Discriminators(nn.Module):
    """Of samples [rows, n]: for each length, what every layer says; the last one's word is the verdict."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = nn.ModuleList(_SpectrumDiscriminator(size) for size in (512, 1024, 2048))

    def forward(self, x: Tensor) -> list[list[Tensor]]:
        return [part(x) for part in self.parts]


def verdict_loss(real: list[list[Tensor]], fake: list[list[Tensor]]) -> Tensor:
    """For the discriminators."""
    pairs = zip(real, fake, strict=True)
    return torch.stack([(1 - r[-1].float()).relu().mean() + (1 + f[-1].float()).relu().mean() for r, f in pairs]).sum()


def deception_loss(real: list[list[Tensor]], fake: list[list[Tensor]]) -> tuple[Tensor, Tensor]:
    """For what they judge: how little they were deceived, and how far what their layers say lies apart."""
    verdicts = torch.stack([-f[-1].float().mean() for f in fake]).sum()
    pairs = [pair for r, f in zip(real, fake, strict=True) for pair in zip(r[:-1], f[:-1], strict=True)]
    apart = [(a.detach().float() - b.float()).abs().mean() / a.detach().float().abs().mean() for a, b in pairs]
    return verdicts, torch.stack(apart).mean()
