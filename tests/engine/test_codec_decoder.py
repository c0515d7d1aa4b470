"""Laws of the codec decoder: any chunks, any batch, any reuse give the samples of one pass."""

import pytest
import torch
from torch import Tensor

from benchmarks.random_checkpoint import codec_config
from qwen_tts.config.checkpoint import CodecConfig
from qwen_tts.models.codec_decoder import CodecDecoder, DecoderState
from tests.engine.conftest import Load
from tests.golden.cases import BASE

FRAMES = 46  # beyond the tiny decoder's window of 10, through all of its layers
WHOLE = 64
EXACT = {"atol": 1e-5, "rtol": 0.0}


@pytest.fixture(scope="module")
def decoder(load: Load) -> CodecDecoder:
    return load(BASE).codec.decoder


def codes(rows: int = 1, frames: int = FRAMES, seed: int = 0) -> Tensor:
    return torch.randint(0, 2048, (rows, 16, frames), generator=torch.Generator().manual_seed(seed))


def everyone(rows: int) -> Tensor:
    return torch.ones(rows, dtype=torch.bool)


@torch.inference_mode()
def decode(decoder: CodecDecoder, state: DecoderState, pieces: list[Tensor], active: Tensor | None = None) -> Tensor:
    mask = everyone(len(pieces[0])) if active is None else active
    return torch.cat([decoder(piece, state, mask) for piece in pieces], dim=-1)


def whole(decoder: CodecDecoder, tokens: Tensor) -> Tensor:
    return decode(decoder, decoder.init_state(len(tokens), WHOLE), [tokens])


@pytest.mark.parametrize("sizes", [[1] * FRAMES, [1, 1, 2, 4, 8, 16, 14], [25, 21], [3, 40, 3]])
def test_streamed_equals_whole(decoder: CodecDecoder, sizes: list[int]) -> None:
    tokens = codes(2)
    state = decoder.init_state(2, max(sizes))
    streamed = decode(decoder, state, list(tokens.split(sizes, dim=-1)))
    assert streamed.shape == (2, FRAMES * 1920)
    torch.testing.assert_close(streamed, whole(decoder, tokens), **EXACT)


def test_a_frame_needs_no_later_frame(decoder: CodecDecoder) -> None:
    tokens = codes()
    changed = tokens.clone()
    changed[..., 20:] = codes(seed=1)[..., 20:]
    before, after = whole(decoder, tokens), whole(decoder, changed)
    torch.testing.assert_close(before[:, : 20 * 1920], after[:, : 20 * 1920], **EXACT)
    assert not torch.allclose(before[:, 20 * 1920 : 21 * 1920], after[:, 20 * 1920 : 21 * 1920], **EXACT)


def test_batched_equals_alone(decoder: CodecDecoder) -> None:
    """Rows that pause while others go on: an inactive row is as if the call had never happened."""
    tokens = codes(3, 12)
    state = decoder.init_state(3)
    heard: list[list[Tensor]] = [[], [], []]
    for step in range(36):
        active = torch.tensor([step % 3 == 0, step % 2 == 0 and step < 24, step >= 24])
        positions = [len(frames) for frames in heard]
        frame = torch.stack([tokens[row, :, min(at, 11)] for row, at in enumerate(positions)])[..., None]
        samples = decode(decoder, state, [frame], active)
        for row in range(3):
            if active[row]:
                heard[row].append(samples[row])
    for row in range(3):
        torch.testing.assert_close(torch.cat(heard[row]), whole(decoder, tokens[row : row + 1])[0], **EXACT)


def test_a_reset_row_equals_a_fresh_one(decoder: CodecDecoder) -> None:
    state = decoder.init_state(2)
    decode(decoder, state, list(codes(2, 20, seed=3).split(1, dim=-1)))
    state.reset_row(1)
    tokens = codes(2, 14)
    again = decode(decoder, state, list(tokens.split(1, dim=-1)))
    torch.testing.assert_close(again[1], whole(decoder, tokens[1:])[0], **EXACT)
    assert not torch.allclose(again[0], whole(decoder, tokens[:1])[0], **EXACT)


@pytest.mark.parametrize("heard", [1, 5, 24, 46])
def test_what_was_only_heard_is_continued_without_a_seam(decoder: CodecDecoder, heard: int) -> None:
    """In another row of another state, for other chunks."""
    tokens = codes(1, 60)
    source = decoder.init_state(1, 7)
    with torch.inference_mode():
        decoder.advance(tokens[..., :heard], source, everyone(1))
    state = decoder.init_state(3)
    decode(decoder, state, list(codes(3, 30, seed=4).split(1, dim=-1)))
    state.copy_row(source, 0, 1)
    rest = tokens[..., heard:].expand(3, -1, -1)
    continued = decode(decoder, state, list(rest.split(1, dim=-1)))[1]
    torch.testing.assert_close(continued, whole(decoder, tokens)[0, heard * 1920 :], **EXACT)


def test_the_state_keeps_its_place(decoder: CodecDecoder) -> None:
    state = decoder.init_state(2)

    def addresses() -> list[int]:
        tensors = [state.transformer.positions, *state.transformer.keys, *state.transformer.values]
        return [tensor.data_ptr() for tensor in (*tensors, *(conv.tail for conv in state.convolutions()))]

    before = addresses()
    decode(decoder, state, [codes(2, 1)])
    state.copy_row(decoder.init_state(1), 0, 1)
    state.reset_row(0)
    assert addresses() == before


def test_true_size_memory_and_context() -> None:
    """5 MB of a row's state in float32, and 10 frames that the convolutions reach back."""
    config = CodecConfig.model_validate(codec_config(tiny=False)).decoder
    with torch.device("meta"):
        decoder = CodecDecoder(config)
        state = decoder.init_state(1)
    assert decoder.convolution_frames == 11
    convolutions = sum(conv.tail.numel() for conv in state.convolutions())
    assert convolutions == 135_232
    ring = sum(tensor.numel() for tensor in (*state.transformer.keys, *state.transformer.values))
    assert ring == 8 * 2 * 16 * 73 * 64
