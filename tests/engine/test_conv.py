"""Laws of the streaming convolutions: any chunks, any mask, always in place."""

import pytest
import torch
from torch import Tensor

from qwen_tts.modules.conv import CausalConv1d, CausalConvTranspose1d
from tests.engine.tiny import randomise

Conv = CausalConv1d | CausalConvTranspose1d
CONVOLUTIONS: dict[str, Conv] = {
    "plain": CausalConv1d(3, 4, 7),
    "dilated": CausalConv1d(3, 4, 7, dilation=9),
    "strided": CausalConv1d(3, 4, 8, stride=4),
    "depthwise": CausalConv1d(3, 3, 7, groups=3),
    "pointwise": CausalConv1d(3, 4, 1),
    "transposed": CausalConvTranspose1d(3, 4, 10, 5),
    "transposed, no overlap": CausalConvTranspose1d(3, 4, 2, 2),
}
EVERYONE = torch.ones(2, dtype=torch.bool)


@pytest.fixture(params=CONVOLUTIONS, scope="module")
def conv(request: pytest.FixtureRequest) -> Conv:
    return randomise(CONVOLUTIONS[request.param])


def sound(n: int = 64, seed: int = 0) -> Tensor:
    return torch.randn(2, 3, n, generator=torch.Generator().manual_seed(seed))


def whole(conv: Conv, x: Tensor) -> Tensor:
    return conv(x, conv.init_state(x.shape[0]), torch.ones(x.shape[0], dtype=torch.bool))


@pytest.mark.parametrize("step", [4, 8, 20, 64])
def test_streamed_equals_whole(conv: Conv, step: int) -> None:
    state = conv.init_state(2)
    streamed = torch.cat([conv(piece, state, EVERYONE) for piece in sound().split(step, dim=-1)], dim=-1)
    torch.testing.assert_close(streamed, whole(conv, sound()), atol=1e-5, rtol=1e-5)


def test_nothing_is_heard_ahead(conv: Conv) -> None:
    changed = sound()
    changed[..., 32:] += 1
    before, after = whole(conv, sound()), whole(conv, changed)
    half = before.shape[-1] // 2
    torch.testing.assert_close(before[..., :half], after[..., :half])
    assert not torch.equal(before[..., half], after[..., half])


def test_an_inactive_row_stays_as_it_was(conv: Conv) -> None:
    state = conv.init_state(2)
    conv(sound(seed=1), state, EVERYONE)
    before = state.tail.clone()
    conv(sound(seed=2), state, torch.tensor([True, False]))
    assert torch.equal(state.tail[1], before[1])
    assert state.tail.numel() == 0 or not torch.equal(state.tail[0], before[0])


def test_the_state_keeps_its_place(conv: Conv) -> None:
    state = conv.init_state(2)
    address = state.tail.data_ptr()
    conv(sound(), state, EVERYONE)
    assert state.tail.data_ptr() == address
