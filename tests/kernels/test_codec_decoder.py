"""The codec decoder in kernels gives the samples of plain PyTorch."""

import pytest
import torch
from torch import Tensor

from benchmarks.random_checkpoint import codec_config, random_tensor
from qwen_tts.checkpoint.codec import Codec
from qwen_tts.checkpoint.weights import derive
from qwen_tts.config.checkpoint import CodecConfig
from qwen_tts.models.codec_decoder import CodecDecoder
from qwen_tts.models.codec_encoder import CodecEncoder
from qwen_tts.runtime.codec_decoder import DecoderBackend, EagerDecoder
from qwen_tts.runtime.codec_decoder_triton import TritonDecoder
from qwen_tts.runtime.cuda_graphs import Graphs
from qwen_tts.runtime.sampling import NOT_FINITE

ROWS = 2
RATES = [3, 2, 2, 2]
"""Short frames: every program of a kernel costs milliseconds in the interpreter."""
SAMPLES = 96


@pytest.fixture
def codec(device: torch.device) -> Codec:
    content = codec_config(tiny=True)
    content["decoder_config"]["upsample_rates"] = RATES
    content["decode_upsample_rate"] = content["encode_downsample_rate"] = SAMPLES
    config = CodecConfig.model_validate(content)
    decoder = CodecDecoder(config.decoder)
    for name, parameter in decoder.named_parameters():
        # Of any other random weights the snakes make noise: a rounding error becomes another sound.
        parameter.data = random_tensor(name, tuple(parameter.shape), 0, torch.device("cpu"), 1.0)
    derive(decoder)
    encoder = CodecEncoder(config.encoder, config.codebooks)
    return Codec(config, decoder.eval().to(device), encoder, device)


def decode(decoder: DecoderBackend, codes: Tensor, active: list[int]) -> Tensor:
    """One frame -> [rows, samples] as integers that can be subtracted."""
    decoder.codes[:ROWS] = codes.to(decoder.codes)
    decoder.active[:ROWS] = torch.tensor(active, device=decoder.active.device)
    decoder.decode(ROWS)
    return decoder.pcm[:ROWS].int().cpu()


def test_frame_for_frame_with_pauses_and_a_reference(codec: Codec, device: torch.device) -> None:
    """Row 0 speaks on and on; row 1 goes on from a reference, speaks, pauses, goes on. At most one bit is off."""
    generator = torch.Generator().manual_seed(0)
    frames = torch.randint(0, 2048, (3, ROWS, 16), generator=generator)
    frames[0, 0, 0] = 2150  # the end of speech: its sound does not count, and nothing breaks
    length = 40 if device.type == "cuda" else 2
    reference = torch.randint(0, 2048, (length, 16), generator=generator)
    with torch.inference_mode():
        ours = TritonDecoder(codec, ROWS, torch.float32, device, Graphs())
        theirs = EagerDecoder(codec, ROWS)
        sounds: list[Tensor] = []
        for decoder in (ours, theirs):
            alone = decoder.decode_alone(reference[-1:], decoder.snapshot_after(reference[:-1]))
            assert alone.is_finite
            decoder.restore_row(1, alone.snapshot)
            sounds.append(alone.pcm.int().cpu())
        assert (sounds[0] - sounds[1]).abs().max() <= 1
        for codes, active in zip(frames, ([1, 1], [1, 0], [1, 1]), strict=True):
            difference = (decode(ours, codes, active) - decode(theirs, codes, active)).abs().amax(dim=1)
            assert all(difference[row] <= 1 for row in range(ROWS) if active[row])
        for decoder in (ours, theirs):
            decoder.reset_row(0)
        fresh = decode(ours, frames[1], [1, 0])[0]
        assert (fresh - decode(theirs, frames[1], [1, 0])[0]).abs().max() <= 1
        assert fresh.abs().max() > 100


@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")  # by the interpreter
@pytest.mark.parametrize("has_kernels", [True, False])
def test_a_row_whose_sound_is_not_finite_is_marked_and_can_be_used_again(
    codec: Codec, device: torch.device, has_kernels: bool
) -> None:
    """One entry of a codebook is broken: who says it is heard no more, until its row begins anew."""
    broken = 7
    codec.decoder.quantizer.rvq_rest.codebooks.entries[broken] = torch.nan
    codes = torch.randint(8, 2048, (ROWS, 16), generator=torch.Generator().manual_seed(0))
    bad = codes.clone()
    bad[1, 1] = broken
    with torch.inference_mode():
        ours, fresh = (
            TritonDecoder(codec, ROWS, torch.float32, device, Graphs()) if has_kernels else EagerDecoder(codec, ROWS)
            for _ in range(2)
        )
        first = decode(ours, bad, [1, 1])[0]
        assert (ours.codes[:ROWS, 0] == NOT_FINITE).tolist() == [False, True]
        for row in range(ROWS):
            ours.reset_row(row)
        expected = decode(fresh, codes, [1, 1])
        assert torch.equal(first, expected[0])
        assert torch.equal(decode(ours, codes, [1, 1]), expected)
        assert (ours.codes[:ROWS, 0] == NOT_FINITE).tolist() == [False, False]
        assert not ours.decode_alone(bad[1:], None).is_finite
