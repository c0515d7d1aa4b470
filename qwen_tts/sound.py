"""From codes to sound, frame by frame, for every row: what a backend of the codec decoder does."""

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from qwen_tts.api import PCM_BYTES
from qwen_tts.codec import Codec
from qwen_tts.models.codec_decoder import DecoderState

PCM_SCALE = 2 ** (8 * PCM_BYTES - 1)


class Heard(Protocol):
    """What a decoder remembers after a reference audio; only the backend that made it knows what it is."""


class SoundBackend(Protocol):
    """Rows of a decoder. Calls only enqueue work on the current stream."""

    codes: Tensor
    """[rows, codebooks] int32: what `decode` reads"""
    active: Tensor
    """[rows] int32: rows that are 0 stay as they were"""
    pcm: Tensor
    """[rows, samples_per_frame] int16: what `decode` writes"""

    def decode(self, rows: int) -> None:
        """One frame of the first `rows` rows."""

    def reset_row(self, row: int) -> None:
        """It has heard nothing."""

    def hear(self, codes: Tensor) -> Heard:
        """codes [frames, codebooks], on any device: what a row remembers after them."""

    def restore_row(self, row: int, heard: Heard) -> None:
        """It has heard this."""


class EagerSound:
    """See SoundBackend: plain PyTorch, any device, in the decoder's dtype."""

    def __init__(self, codec: Codec, rows: int) -> None:
        self._codec = codec
        self._state = codec.decoder.init_state(rows)
        device = codec.device
        self.codes = torch.zeros(rows, codec.config.codebooks, dtype=torch.int32, device=device)
        self.active = torch.zeros(rows, dtype=torch.int32, device=device)
        self.pcm = torch.zeros(rows, codec.config.samples_per_frame, dtype=torch.int16, device=device)

    def decode(self, rows: int) -> None:
        decoder = self._codec.decoder
        # The end of speech is no code; its row's sound is not used.
        codes = self.codes[:rows].long().clamp(max=decoder.config.codebook_size - 1)
        samples = decoder(codes[:, :, None], self._state.first(rows), self.active[:rows].bool())
        self.pcm[:rows].copy_((samples * PCM_SCALE).round().clamp(-PCM_SCALE, PCM_SCALE - 1))

    def reset_row(self, row: int) -> None:
        self._state.reset_row(row)

    def hear(self, codes: Tensor) -> DecoderState:
        return self._codec.heard(codes)

    def restore_row(self, row: int, heard: Heard) -> None:
        assert isinstance(heard, DecoderState)
        self._state.copy_row(heard, 0, row)


def steps_of(ratios: Sequence[int]) -> list[int]:
    """Steps of a frame before each stage of upsampling, and after the last."""
    steps = [1]
    for ratio in ratios:
        steps.append(steps[-1] * ratio)
    return steps
