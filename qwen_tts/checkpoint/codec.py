"""The codec: sound <-> codes, whole recordings at a time. What speaks frame by frame uses its decoder directly."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from qwen_tts.api import Audio
from qwen_tts.audio.reference_audio import check_pcm
from qwen_tts.audio.resampling import resample
from qwen_tts.audio.samples import Samples, from_pcm, to_pcm
from qwen_tts.checkpoint.mapped_file import MappedFile
from qwen_tts.checkpoint.precision import not_finite
from qwen_tts.config.checkpoint import CodecConfig
from qwen_tts.errors import InvalidRequest
from qwen_tts.models.codec_decoder import CodecDecoder, DecoderState
from qwen_tts.models.codec_encoder import CodecEncoder

MOST_FRAMES = 32_768
"""Of one recording: 43 min."""

PIECE_FRAMES = 25
"""Frames that go through the decoder at a time where nobody waits for the first: 2 s."""


@dataclass(frozen=True)
class Codec:
    """Both directions, in float32."""

    config: CodecConfig
    decoder: CodecDecoder
    encoder: CodecEncoder
    """In the host's memory, but for as long as a recording takes"""
    device: torch.device
    """Where both compute"""
    mapped: tuple[MappedFile, ...] = ()
    """Where their weights lie, if they stay in files"""

    @torch.inference_mode()
    def encode(self, samples: Samples) -> Tensor:
        """samples [n] at `config.input_sample_rate` -> codes [frames, codebooks] on the CPU.

        Raises SynthesisFailed if what the encoder computes is not finite.
        """
        latents = self.encoder.listen(torch.from_numpy(samples).to(self.device))
        if not latents.isfinite().all():
            raise not_finite(latents.dtype)
        return self.encoder.quantise(latents).cpu()

    @torch.inference_mode()
    def decode(self, codes: Tensor) -> Samples:
        """codes [frames, codebooks] -> samples [frames * samples_per_frame] at `config.output_sample_rate`.

        Raises SynthesisFailed if they are not finite.
        """
        state, active = self._fresh_state()
        pieces = codes.T[None].to(self.device).split(PIECE_FRAMES, dim=-1)
        sound = [self.decoder(piece, state, active)[0].cpu() for piece in pieces]
        samples: Samples = torch.cat(sound).numpy()
        if not np.isfinite(samples).all():
            raise not_finite(torch.float32)
        return samples

    @torch.inference_mode()
    def state_after(self, codes: Tensor) -> DecoderState:
        """codes [frames, codebooks] -> one row's state of a decoder that has decoded them."""
        state, active = self._fresh_state()
        self.decoder.advance(codes.T[None].to(self.device), state, active)
        return state

    def encode_audio(self, audio: Audio) -> list[list[int]]:
        """A recording at any sample rate -> [frames][codebooks]. Raises BadReferenceAudio, SynthesisFailed."""
        check_pcm(audio)
        samples = resample(from_pcm(audio.pcm), audio.sample_rate, self.config.input_sample_rate)
        codes: list[list[int]] = self.encode(samples).tolist()
        return codes

    def decode_audio(self, codes: Sequence[Sequence[int]]) -> Audio:
        """[frames][codebooks] -> sound. Raises InvalidRequest, SynthesisFailed."""
        samples = self.decode(self.checked(codes))
        return Audio(pcm=to_pcm(samples), sample_rate=self.config.output_sample_rate)

    def _fresh_state(self) -> tuple[DecoderState, Tensor]:
        active = torch.ones(1, dtype=torch.bool, device=self.device)
        return self.decoder.init_state(1, PIECE_FRAMES), active

    def checked(self, codes: Sequence[Sequence[int]]) -> Tensor:
        """[frames][codebooks] -> a tensor of them. Raises InvalidRequest."""
        codebooks, size = self.config.codebooks, self.config.decoder.codebook_size
        if not codes:
            raise InvalidRequest("codes has no frame", param="codes")
        if len(codes) > MOST_FRAMES:
            raise InvalidRequest(f"codes has {len(codes)} frames of at most {MOST_FRAMES}", param="codes")
        for index, frame in enumerate(codes):
            if not isinstance(frame, Sequence):
                raise InvalidRequest(f"codes[{index}] is no list of tokens", param="codes")
            if len(frame) != codebooks:
                raise InvalidRequest(f"codes[{index}] has {len(frame)} tokens instead of {codebooks}", param="codes")
        if not all(type(token) is int and 0 <= token < size for frame in codes for token in frame):
            raise InvalidRequest(f"codes holds something else than integers within 0..{size - 1}", param="codes")
        return torch.tensor(codes)
