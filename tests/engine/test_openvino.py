"""Weights in 8 and 4 bits on the CPU: how near they are, and the laws that hold for every backend."""

from functools import partial
from pathlib import Path
from typing import cast

import pytest
import torch
from torch import Tensor

from qwen_tts.checkpoint.model import Model, load_model
from qwen_tts.config.engine import EngineConfig, Weights
from qwen_tts.errors import ModelUnavailable
from qwen_tts.modules.weight_formats import BITS, GROUPS, Bits, quantise
from qwen_tts.runtime.backends import check_backend
from tests.engine.conftest import Load
from tests.engine.driven import Driven, at_most, endless, request
from tests.engine.test_runner import FRAMES, Rows
from tests.golden.cases import CUSTOM

pytest.importorskip("openvino")

from qwen_tts.runtime.codec_decoder import EagerDecoder
from qwen_tts.runtime.frame_openvino import PredictorSteps
from qwen_tts.runtime.openvino_codec import OpenVinoDecoder
from qwen_tts.runtime.openvino_compiler import Compiler
from qwen_tts.runtime.openvino_layers import PAGE_POSITIONS, PagedLayers, Span

CPU = torch.device("cpu")


@pytest.fixture(params=["int8", "int4"])
def weights(request: pytest.FixtureRequest) -> Weights:
    return cast(Weights, request.param)


@pytest.fixture
def quantised(checkpoints: Path, weights: Weights) -> Model:
    """Of its own: whoever runs it changes it."""
    return load_model(checkpoints / CUSTOM, CPU, torch.float32, pre_tokenizer="mistral", weights=weights)


@pytest.fixture
def model(quantised: Model) -> Model:
    return endless(quantised)


def rows_of(model: Model, weights: Weights) -> Rows:
    return Rows(model, weights=weights, threads=1)


@pytest.mark.parametrize("bits", [8, 4])
@pytest.mark.parametrize("inputs", [256, 48])
def test_a_weight_is_off_by_at_most_half_a_step(bits: Bits, inputs: int) -> None:
    weight = torch.randn(64, inputs, generator=torch.Generator().manual_seed(1))
    weight[:, 3] *= 8  # a column of outliers
    weight[5] = 0
    kept = quantise(weight, bits)
    off = (kept.dequantised() - weight).abs().view_as(kept.values)
    # Scales are float16, which moves the end of the range by a little.
    assert (off <= kept.scales.float() * (0.5 if bits == 8 else 1) + 0.001).all()
    assert (kept.dequantised()[5] == 0).all()
    assert kept.values.shape[1] == max(1, inputs // GROUPS[bits])


@torch.inference_mode()
def test_the_layers_are_those_of_plain_pytorch(quantised: Model, weights: Weights) -> None:
    """Which multiplies with the same integers: prompts of two rows in a call, then a step of each."""
    talker, compiler = quantised.talker, Compiler(1, BITS[weights], exact=True)
    config = talker.config
    cache = torch.zeros(6, config.layers, 2, config.kv_heads, PAGE_POSITIONS, config.head_dim)
    layers = PagedLayers(talker.transformer, cache, compiler, head=talker.codec_head)
    x = torch.randn(2, PAGE_POSITIONS + 4, config.hidden_size, generator=torch.Generator().manual_seed(0))
    plain, ends = talker.init_cache(2, x.shape[1]), (PAGE_POSITIONS + 3, 3)
    spans = [Span(0, ends[0], [4, 2]), Span(0, ends[1], [1])]
    ours = layers(torch.cat([x[row, : span.end] for row, span in enumerate(spans)]), layers.reading(spans))
    theirs = talker(x, plain, torch.tensor(ends), span=x.shape[1])
    hidden, logits = (tensor.clone() for tensor in ours)
    last = torch.stack([theirs[row, end - 1] for row, end in enumerate(ends)])
    torch.testing.assert_close(hidden, last, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(logits, talker.logits(last), atol=1e-4, rtol=1e-4)
    following = [Span(end, end + 1, span.pages) for end, span in zip(ends, spans, strict=True)]
    inputs = torch.stack([x[row, end] for row, end in enumerate(ends)])
    hidden = layers(inputs, layers.reading(following))[0]
    expected = talker(inputs[:, None], plain, torch.ones(2, dtype=torch.long), span=x.shape[1])[:, 0]
    torch.testing.assert_close(hidden, expected, atol=1e-4, rtol=1e-4)


@torch.inference_mode()
def test_the_code_predictor_is_the_one_of_plain_pytorch(quantised: Model, weights: Weights) -> None:
    predictor, rows = quantised.code_predictor, 2
    steps = PredictorSteps(predictor, 3, Compiler(1, BITS[weights], exact=True))
    hidden, first = torch.randn(2, rows, quantised.talker.config.hidden_size)
    plain: list[Tensor] = []
    for _ in range(2):  # nothing is left of the frame before
        ours: list[Tensor] = []
        for predict, seen in ((steps, ours), (partial(predictor, cache=predictor.init_cache(rows)), plain)):
            seen.clear()

            def choose(logits: Tensor, _: int, seen: list[Tensor] = seen) -> Tensor:
                seen.append(logits.clone())
                return logits.argmax(dim=-1)

            predict(hidden, first, choose)
        torch.testing.assert_close(ours, plain, atol=1e-4, rtol=1e-4)
        hidden = hidden + 1


def test_a_sequence_alone_is_the_one_in_company(model: Model, weights: Weights) -> None:
    alone, together = rows_of(model, weights), rows_of(model, weights)
    alone.open(1, 1)
    alone.step(1, times=FRAMES)
    for row in range(3):
        together.open(row, row)
    together.step(0, 1, 2, times=FRAMES)
    assert alone.codes[1] == together.codes[1]
    assert alone.pcm[1] == together.pcm[1]


def test_a_prompt_in_parts_is_the_whole_prompt(model: Model, weights: Weights) -> None:
    whole, parts = rows_of(model, weights), rows_of(model, weights)
    whole.open(0, 0)
    parts.open(0, 0, at_a_time=3)
    for rows in (whole, parts):
        rows.step(0, times=FRAMES)
    assert whole.codes == parts.codes


async def test_a_beginning_that_is_kept_changes_no_sound(model: Model, weights: Weights) -> None:
    """The second time, the first part of the prompt is in the cache."""
    driven = Driven(model, weights=weights, threads=1)
    said = []
    for _ in range(2):
        heard = driven.open(request(limits=at_most(FRAMES)))
        driven.run()
        said.append(heard.sound.tobytes())
    assert said[0] == said[1]


def test_a_seed_is_a_sound_to_the_bit(model: Model, weights: Weights) -> None:
    rows = rows_of(model, weights)
    said = []
    for _ in range(2):
        rows.open(0, 0)
        rows.step(0, times=FRAMES)
        said.append(rows.pcm[0])
        rows.runner.close_row(0)
        rows.runner.clear_pages(range(1, 7))
    assert said[0] == said[1]


def test_the_codec_makes_the_sound_of_the_plain_one(load: Load) -> None:
    codec, rows = load(CUSTOM).codec, 2
    plain, ours = EagerDecoder(codec, rows), OpenVinoDecoder(codec, rows, Compiler(1, 8, exact=True))
    torch.manual_seed(0)
    for frame in range(codec.decoder.config.window + 2):  # the window is full, and goes on
        for decoder in (plain, ours):
            decoder.active[:] = torch.tensor([1, frame % 2])
        codes = torch.randint(codec.config.decoder.codebook_size, plain.codes.shape, dtype=torch.int32)
        for decoder in (plain, ours):
            decoder.codes.copy_(codes)
            decoder.decode(rows)
        spoken = plain.active.bool()
        assert (plain.pcm[spoken].int() - ours.pcm[spoken].int()).abs().max() <= 1
    for decoder in (plain, ours):
        decoder.codes[:] = 5
        decoder.restore_row(1, codec.state_after(codes[:1].long()))
        decoder.decode(rows)
    assert (plain.pcm[1].int() - ours.pcm[1].int()).abs().max() <= 1


def test_frames_take_no_thread_from_recordings(model: Model, weights: str) -> None:
    """Those go through PyTorch, whose number of threads is the process's."""
    rows, before = rows_of(model, weights), torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        rows.open(0, 0)
        rows.step(0)
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize(
    ("options", "named"),
    [({"device": "cuda"}, "device"), ({"attention": "triton"}, "attention")],
)
def test_what_cannot_run_stops_the_start(checkpoints: Path, options: dict[str, str], named: str) -> None:
    config = EngineConfig.model_validate(
        {"checkpoint": checkpoints / CUSTOM, "weights": "int8", "device": "cpu"} | options
    )
    with pytest.raises(ModelUnavailable, match=named):
        check_backend(config)
