"""From codes to sound, frame by frame, for every row: what a backend of the codec decoder does."""

from typing import Protocol

import torch
from torch import Tensor

from qwen_tts.api import PCM_BYTES
from qwen_tts.checkpoint.codec import PIECE_FRAMES, Codec
from qwen_tts.models.codec_decoder import DecoderState

PCM_SCALE = 2 ** (8 * PCM_BYTES - 1)


class DecoderSnapshot(Protocol):
    """What a decoder remembers after some frames; only the backend that made it knows what it is."""


class DecoderBackend(Protocol):
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

    def restore_row(self, row: int, heard: DecoderSnapshot) -> None:
        """It has heard this."""

    def hear(self, codes: Tensor) -> DecoderSnapshot:
        """codes [frames, codebooks], on any device: what is remembered after them, without their sound."""

    def decode_alone(self, codes: Tensor, heard: DecoderSnapshot | None) -> tuple[Tensor, DecoderSnapshot]:
        """Frames that no row says, after `heard` if anything.

        codes [frames, codebooks], on any device -> PCM [frames * samples_per_frame] int16, and what is remembered.
        """

    def prepare_alone(self) -> None:
        """Compile and capture what the last two need; nothing happens the second time."""


class EagerDecoder:
    """See DecoderBackend: plain PyTorch, any device, in the decoder's dtype."""

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
        self.pcm[:rows].copy_(_pcm(samples))

    def reset_row(self, row: int) -> None:
        self._state.reset_row(row)

    def restore_row(self, row: int, heard: DecoderSnapshot) -> None:
        assert isinstance(heard, DecoderState)
        self._state.copy_row(heard, 0, row)

    def hear(self, codes: Tensor) -> DecoderState:
        return self._codec.heard(codes.long())

    def decode_alone(self, codes: Tensor, heard: DecoderSnapshot | None) -> tuple[Tensor, DecoderState]:
        decoder, device = self._codec.decoder, self._codec.device
        state, active = decoder.init_state(1, PIECE_FRAMES), torch.ones(1, dtype=torch.bool, device=device)
        if heard is not None:
            assert isinstance(heard, DecoderState)
            state.copy_row(heard, 0, 0)
        pieces = codes.T[None].to(device).long().split(PIECE_FRAMES, dim=-1)
        return torch.cat([_pcm(decoder(piece, state, active)[0]) for piece in pieces]), state

    def prepare_alone(self) -> None:
        """Nothing needs to be."""


def _pcm(samples: Tensor) -> Tensor:
    return (samples * PCM_SCALE).round().clamp(-PCM_SCALE, PCM_SCALE - 1).to(torch.int16)
