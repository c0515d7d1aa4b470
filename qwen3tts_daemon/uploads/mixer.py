"""Several channels become one that is heard."""

import math
from array import array

import av

from qwen_tts.audio.bounds import CANCELLED, SILENCE

_SILENT_BELOW = math.ceil(SILENCE * 2**15)
"""Of 16 bits"""
_EVERY = 7
"""Of so many samples one is enough to tell which channel is louder."""


class Mixer:
    """The channels of a recording, frame by frame."""

    def __init__(self, channels: int, sample_rate: int) -> None:
        self._mix = av.AudioResampler("s16", "mono", sample_rate)
        self._mixed = bytearray()
        self._separate = av.AudioResampler("s16p", None, sample_rate)
        self._channels = [bytearray() for _ in range(channels if channels > 1 else 0)]

    def add(self, frame: av.AudioFrame | None) -> None:
        """The next, or None after the last."""
        for part in self._mix.resample(frame):
            self._mixed += bytes_of(part)
        for part in self._separate.resample(frame) if self._channels else ():
            for number, channel in enumerate(self._channels):
                channel += bytes_of(part, number)

    @property
    def samples(self) -> int:
        return len(self._mixed) // 2

    @property
    def advice(self) -> str:
        """For a recording that has become too long."""
        is_silent = max(map(abs, array("h", self.mono()))) < _SILENT_BELOW
        return ", first of all the silence that it begins with" if is_silent else ""

    def mono(self) -> bytes:
        """The channels mixed, or where they cancel each other the loudest of them."""
        if not self._channels:
            return bytes(self._mixed)
        loudest = max(self._channels, key=_energy)
        return bytes(loudest if _energy(self._mixed) < CANCELLED * _energy(loudest) else self._mixed)


def _energy(pcm: bytearray) -> int:
    return sum(sample * sample for sample in array("h", bytes(pcm))[::_EVERY])


def bytes_of(frame: av.AudioFrame, plane: int = 0) -> bytes:
    """Without what only fills up its memory."""
    channels = 1 if frame.format.is_planar else frame.layout.nb_channels
    return bytes(frame.planes[plane])[: frame.samples * channels * frame.format.bytes]
