"""Packed prompts and mask-free frames say what PyTorch's attention says; what is missing is told with the way out.

flash-attn itself runs on cards alone (tests/gpu); here its two functions are computed from their definition.
"""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from qwen_tts.checkpoint.model import Model
from qwen_tts.errors import ModelUnavailable
from qwen_tts.modules.flash_attention import FlashAttention
from qwen_tts.runtime.flash import VERSION, load_flash_attention, published_wheel
from qwen_tts.runtime.frame import ACTIVE, NEXT_TOP_K, PENALTY, POSITION, TOP_K, PromptPart, RowTensors
from qwen_tts.runtime.frame_eager import EagerFrame
from tests.engine.conftest import Load
from tests.golden.cases import CUSTOM

ROW_PAGES = 6
PARTS = [(0, 0, 5), (2, 0, 33), (1, 0, 1), (2, 33, 40), (3, 0, 20)]
"""Row, start, end: rows in any order, a part that goes on where another ends, pages that are full and not."""
LATER = [(3, 20, 21), (0, 5, 30)]
"""What is read when the rows have something already."""


def attend(query: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """[n, heads, head_dim] each: the last query sees every key."""
    n, span = len(query), len(keys)
    mask = torch.ones(n, span, dtype=torch.bool).tril(span - n)
    query, keys, values = (heads.transpose(0, 1)[None] for heads in (query, keys, values))
    return functional.scaled_dot_product_attention(query, keys, values, mask, enable_gqa=True)[0].transpose(0, 1)


def varlen(
    query: Tensor, keys: Tensor, values: Tensor, query_starts: Tensor, key_starts: Tensor, most_queries: int,
    most_keys: int, *, causal: bool,
) -> Tensor:  # fmt: skip
    assert causal
    lengths = query_starts.diff(), key_starts.diff()
    assert [most_queries, most_keys] == [int(some.max()) for some in lengths]
    assert [len(query), len(keys)] == [int(query_starts[-1]), int(key_starts[-1])]
    parts = [
        heads.split(some.tolist()) for heads, some in zip((query, keys, values), (*lengths, lengths[1]), strict=True)
    ]
    return torch.cat([attend(*part) for part in zip(*parts, strict=True)])


def with_cache(query: Tensor, keys: Tensor, values: Tensor, *, cache_seqlens: Tensor, causal: bool) -> Tensor:
    assert causal
    assert int(cache_seqlens.max()) <= keys.shape[1], "it would read beyond its cache"
    rows = zip(query, keys, values, cache_seqlens.tolist(), strict=True)
    return torch.stack([attend(q, k[:length], v[:length]) for q, k, v, length in rows])


REFERENCE = FlashAttention(varlen, with_cache)


@pytest.fixture(scope="module")
def model(load: Load) -> Model:
    return load(CUSTOM)


def tensors(model: Model) -> RowTensors:
    talker = model.talker
    state = RowTensors.allocate(talker.config, 4, 24, 16 * ROW_PAGES, 4, talker.device, talker.dtype)
    order = torch.randperm(24, generator=torch.Generator().manual_seed(1)) + 1  # pages lie anywhere
    state.pages[:4] = order.view(4, ROW_PAGES)
    return state


def parts_of(model: Model, spans: list[tuple[int, int, int]]) -> list[PromptPart]:
    random = torch.Generator().manual_seed(7)
    width = model.talker.config.hidden_size
    return [PromptPart(row, start, torch.randn(end - start, width, generator=random)) for row, start, end in spans]


def both(model: Model, run: Any) -> tuple[RowTensors, RowTensors]:
    """What `run` leaves behind with PyTorch's attention, and with flash-attn's."""
    left = []
    for flash in (None, REFERENCE):
        state = tensors(model)
        with torch.inference_mode():
            run(EagerFrame(model.talker, model.code_predictor, state, flash), state)
        left.append(state)
    model.talker.transformer.flash = model.code_predictor.transformer.flash = None
    return left[0], left[1]


def read(model: Model, frame: EagerFrame) -> None:
    frame.prefill(parts_of(model, PARTS))
    frame.prefill(parts_of(model, LATER))


def test_packed_prompts_fill_the_cache_as_each_alone_does(model: Model) -> None:
    alone, packed = both(model, lambda frame, _: read(model, frame))
    assert alone.cache.any()
    torch.testing.assert_close(packed.cache, alone.cache)


def test_frames_of_rows_that_stand_anywhere_draw_the_same_codes(model: Model) -> None:
    """Also beside a row that is left out and stands beyond what is read."""

    def run(frame: EagerFrame, state: RowTensors) -> None:
        read(model, frame)
        state.params[:, POSITION] = torch.tensor([30, 1, 40, 90])
        state.params[:3, ACTIVE] = 1
        state.params[:, [TOP_K, NEXT_TOP_K]] = 1
        state.params.view(torch.float32)[:, PENALTY] = 1
        frame.frame(4, 41)

    masked, flash = both(model, run)
    assert masked.codes[:3].any()
    assert torch.equal(flash.codes[:3], masked.codes[:3])
    torch.testing.assert_close(flash.inputs[:3], masked.inputs[:3])


def test_a_wheel_fits_python_pytorch_cuda_and_abi() -> None:
    wheel = published_wheel("2.9.1+cu128", "12.8", has_cxx11_abi=True, python=(3, 12), machine="x86_64")
    assert wheel is not None
    name = f"flash_attn-{VERSION}+cu12torch2.9cxx11abiTRUE-cp312-cp312-linux_x86_64.whl"
    assert wheel.endswith(f"/v{VERSION}/{name}")
    other = published_wheel("2.5.0", "12.4", has_cxx11_abi=False, python=(3, 11), machine="x86_64")
    assert other is not None
    assert "torch2.5cxx11abiFALSE-cp311-cp311" in other


@pytest.mark.parametrize(
    ("torch_version", "cuda", "machine"),
    [
        ("2.11.0+cu130", "13.0", "x86_64"),
        ("2.10.0", "12.8", "x86_64"),
        ("2.9.0", "", "x86_64"),
        ("2.9.0", "12.8", "aarch64"),
    ],
)
def test_no_wheel_is_named_that_nobody_publishes(torch_version: str, cuda: str, machine: str) -> None:
    assert published_wheel(torch_version, cuda, has_cxx11_abi=True, machine=machine) is None


def test_it_is_never_left_out_silently() -> None:
    with pytest.raises(ModelUnavailable, match=r"attention is 'flash', which needs an NVIDIA card.*use 'sdpa'"):
        load_flash_attention(torch.device("cpu"), torch.bfloat16)
