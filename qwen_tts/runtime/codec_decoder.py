"""From codes to sound, frame by frame, for every row: what a backend of the codec decoder does."""

from typing import Protocol

import torch
from torch import Tensor

from qwen_tts.audio.samples import PCM_SCALE
from qwen_tts.checkpoint.codec import PIECE_FRAMES, Codec
from qwen_tts.models.codec_decoder import DecoderState


class DecoderSnapshot(Protocol):
    """What a decoder remembers of the frames before; only the backend that took it knows what is in it."""


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
        """It has decoded nothing."""

    def restore_row(self, row: int, snapshot: DecoderSnapshot) -> None:
        """It has decoded what `snapshot` was taken after."""

    def snapshot_after(self, codes: Tensor) -> DecoderSnapshot:
        """Of a row that has decoded codes [frames, codebooks], which may lie on any device; they make no sound."""

    def decode_alone(self, codes: Tensor, snapshot: DecoderSnapshot | None) -> tuple[Tensor, DecoderSnapshot]:
        """Codes that belong to no row, after `snapshot` or from silence.

        codes [frames, codebooks], on any device -> PCM [frames * samples_per_frame] int16, and the snapshot after them.
        """

    def prepare_alone(self) -> None:
        """Compile and capture what the last two need; it does nothing the second time."""


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

    def restore_row(self, row: int, snapshot: DecoderSnapshot) -> None:
        assert isinstance(snapshot, DecoderState)
        self._state.copy_row(snapshot, 0, row)

    def snapshot_after(self, codes: Tensor) -> DecoderState:
        return self._codec.state_after(codes.long())

    def decode_alone(self, codes: Tensor, snapshot: DecoderSnapshot | None) -> tuple[Tensor, DecoderState]:
        decoder, device = self._codec.decoder, self._codec.device
        state, active = decoder.init_state(1, PIECE_FRAMES), torch.ones(1, dtype=torch.bool, device=device)
        if snapshot is not None:
            assert isinstance(snapshot, DecoderState)
            state.copy_row(snapshot, 0, 0)
        pieces = codes.T[None].to(device).long().split(PIECE_FRAMES, dim=-1)
        return torch.cat([_pcm(decoder(piece, state, active)[0]) for piece in pieces]), state

    def prepare_alone(self) -> None:
        """Nothing needs to be."""


def _pcm(samples: Tensor) -> Tensor:
    return (samples * PCM_SCALE).round().clamp(-PCM_SCALE, PCM_SCALE - 1).to(torch.int16)
