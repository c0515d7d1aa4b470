"""The logarithmic mel spectrogram that the speaker encoder hears.

The filters are triangles on Slaney's mel scale (Auditory Toolbox, 1998): linear below 1 kHz, logarithmic above. Each
has an area of 1 over hertz, so the wide ones are low.
"""

import functools
import math

import torch
from torch import Tensor
from torch.nn import functional

FFT_SIZE = 1024
HOP = 256

_HZ_PER_MEL = 200 / 3
_LINEAR_HZ = 1000.0
_LINEAR_MELS = _LINEAR_HZ / _HZ_PER_MEL
_LOG_STEP = math.log(6.4) / 27
_POWER_FLOOR = 1e-9
_MEL_FLOOR = 1e-5


def log_mel(samples: Tensor, sample_rate: int, bins: int) -> Tensor:
    """samples [rows, n] in -1..1 -> [rows, frames, bins] float32; a frame is `HOP` samples, not the codec's.

    n must be above (FFT_SIZE - HOP) / 2, which the reflected edges take.
    """
    window = torch.hann_window(FFT_SIZE, device=samples.device, dtype=torch.float32)
    edge = (FFT_SIZE - HOP) // 2
    padded = functional.pad(samples.float()[:, None], (edge, edge), mode="reflect")[:, 0]
    spectrum = torch.stft(padded, FFT_SIZE, HOP, window=window, center=False, return_complex=True)
    magnitude = (torch.view_as_real(spectrum).square().sum(dim=-1) + _POWER_FLOOR).sqrt()
    mel = mel_filters(sample_rate, bins).to(samples.device) @ magnitude
    return mel.clamp(min=_MEL_FLOOR).log().transpose(1, 2)


@functools.cache
def mel_filters(sample_rate: int, bins: int) -> Tensor:
    """[bins, FFT_SIZE / 2 + 1] float32 on the CPU: what a mel bin takes of each FFT bin, 0 to half the sample rate."""
    frequencies = torch.linspace(0, sample_rate / 2, FFT_SIZE // 2 + 1, device="cpu", dtype=torch.float64)
    mels = torch.linspace(0, _mel(sample_rate / 2), bins + 2, device="cpu", dtype=torch.float64)
    edges = _hz(mels)[:, None]
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    rising = (frequencies - low) / (centre - low)
    falling = (high - frequencies) / (high - centre)
    triangles = torch.minimum(rising, falling).clamp(min=0)
    return (triangles * 2 / (high - low)).float()


def _mel(hz: float) -> float:
    """Only for what lies in the logarithmic part."""
    assert hz >= _LINEAR_HZ, hz
    return _LINEAR_MELS + math.log(hz / _LINEAR_HZ) / _LOG_STEP


def _hz(mels: Tensor) -> Tensor:
    logarithmic = _LINEAR_HZ * torch.exp(_LOG_STEP * (mels - _LINEAR_MELS))
    return torch.where(mels < _LINEAR_MELS, mels * _HZ_PER_MEL, logarithmic)
