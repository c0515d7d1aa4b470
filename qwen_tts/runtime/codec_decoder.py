"""From codes to sound, frame by frame, for every row: what a backend of the codec decoder does."""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from qwen_tts.audio.samples import PCM_SCALE
from qwen_tts.checkpoint.codec import PIECE_FRAMES, Codec
from qwen_tts.models.codec_decoder import DecoderState
from qwen_tts.runtime.sampling import NOT_FINITE


class DecoderSnapshot(Protocol):
    """What a decoder remembers of the frames before; only the backend that took it knows what is in it."""


@dataclass(frozen=True)
class DecodedAlone:
    """The sound of codes that belong to no row."""

    pcm: Tensor
    """[frames * samples_per_frame] int16"""
    is_finite: Tensor
    """[] bool: if not, the sound means nothing"""
    snapshot: DecoderSnapshot
    """After them"""


class DecoderBackend(Protocol):
    """Rows of a decoder. Calls only enqueue work on the current stream."""

    codes: Tensor
    """[rows, codebooks] int32: what `decode` reads; codebook 0 becomes NOT_FINITE in rows whose sound is not finite"""
    active: Tensor
    """[rows] int32: rows that are 0 stay as they were"""
    pcm: Tensor
    """[rows, samples_per_frame] int16: what `decode` writes"""
    dtype: torch.dtype
    """What flows between its stages"""

    def decode(self, rows: int) -> None:
        """One frame of the first `rows` rows."""

    def reset_row(self, row: int) -> None:
        """It has decoded nothing."""

    def restore_row(self, row: int, snapshot: DecoderSnapshot) -> None:
        """It has decoded what `snapshot` was taken after."""

    def snapshot_after(self, codes: Tensor) -> DecoderSnapshot:
        """Of a row that has decoded codes [frames, codebooks], which may lie on any device; they make no sound."""

    def decode_alone(self, codes: Tensor, snapshot: DecoderSnapshot | None) -> DecodedAlone:
        """Codes [frames, codebooks] that belong to no row, on any device, after `snapshot` or from silence."""

    def prepare_alone(self) -> None:
        """Compile and capture what the last two need; it does nothing the second time."""


class EagerDecoder:
    """See DecoderBackend: plain PyTorch, any device, in the decoder's dtype."""

    def __init__(self, codec: Codec, rows: int) -> None:
        self._codec = codec
        self._state = codec.decoder.init_state(rows)
        device = codec.device
        self.dtype = next(codec.decoder.parameters()).dtype
        self.codes = torch.zeros(rows, codec.config.codebooks, dtype=torch.int32, device=device)
        self.active = torch.zeros(rows, dtype=torch.int32, device=device)
        self.pcm = torch.zeros(rows, codec.config.samples_per_frame, dtype=torch.int16, device=device)

    def decode(self, rows: int) -> None:
        decoder = self._codec.decoder
        # The end of speech and NOT_FINITE are no codes; their rows' sound is not used.
        codes = self.codes[:rows].long().clamp(0, decoder.config.codebook_size - 1)
        samples = decoder(codes[:, :, None], self._state.first(rows), self.active[:rows].bool())
        self._finish(samples)

    def _finish(self, samples: Tensor) -> None:
        """The sound of the first rows, or that it is not finite."""
        rows = len(samples)
        self.pcm[:rows].copy_(_pcm(samples))
        self.codes[:rows, 0].masked_fill_(samples.isnan().any(dim=-1), NOT_FINITE)

    def reset_row(self, row: int) -> None:
        self._state.reset_row(row)

    def restore_row(self, row: int, snapshot: DecoderSnapshot) -> None:
        assert isinstance(snapshot, DecoderState)
        self._state.copy_row(snapshot, 0, row)

    def snapshot_after(self, codes: Tensor) -> DecoderState:
        return self._codec.state_after(codes.long())

    def decode_alone(self, codes: Tensor, snapshot: DecoderSnapshot | None) -> DecodedAlone:
        decoder, device = self._codec.decoder, self._codec.device
        state, active = decoder.init_state(1, PIECE_FRAMES), torch.ones(1, dtype=torch.bool, device=device)
        if snapshot is not None:
            assert isinstance(snapshot, DecoderState)
            state.copy_row(snapshot, 0, 0)
        pieces = codes.T[None].to(device).long().split(PIECE_FRAMES, dim=-1)
        samples = torch.cat([decoder(piece, state, active)[0] for piece in pieces])
        return DecodedAlone(_pcm(samples), samples.isfinite().all(), state)

    def prepare_alone(self) -> None:
        """Nothing needs to be."""


def _pcm(samples: Tensor) -> Tensor:
    return (samples * PCM_SCALE).round().nan_to_num().clamp(-PCM_SCALE, PCM_SCALE - 1).to(torch.int16)
