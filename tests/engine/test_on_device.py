"""A network that is on a device only while it computes: there it has all it holds, and afterwards its own again."""

import pytest
import torch
from torch import Tensor, nn

from qwen_tts.modules.on_device import on_device

THERE = torch.device("meta")


class Network(nn.Module):
    """Has every kind of tensor that a network holds."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(3, 2)
        self.register_buffer("count", torch.arange(3))
        self.constant = torch.ones(2)

    def tensors(self) -> list[Tensor]:
        return [self.inner.weight, self.inner.bias, self.get_buffer("count"), self.constant]


def test_everything_is_there_meanwhile_and_back_without_a_copy() -> None:
    network = Network()
    before = [(tensor.data_ptr(), tensor.clone()) for tensor in network.tensors()]
    with on_device(THERE, network):
        assert all(tensor.device == THERE for tensor in network.tensors())
    assert [tensor.data_ptr() for tensor in network.tensors()] == [pointer for pointer, _ in before]
    assert all(torch.equal(tensor, old) for tensor, (_, old) in zip(network.tensors(), before, strict=True))


def test_it_comes_back_from_an_error_too() -> None:
    network, other = Network(), Network()
    with pytest.raises(RuntimeError, match="none left"), on_device(THERE, network, other):
        raise RuntimeError("none left")
    assert all(tensor.device.type == "cpu" for one in (network, other) for tensor in one.tensors())


def test_where_it_is_already_nothing_moves() -> None:
    network = Network()
    pointers = [tensor.data_ptr() for tensor in network.tensors()]
    with on_device(torch.device("cpu"), network):
        assert [tensor.data_ptr() for tensor in network.tensors()] == pointers
