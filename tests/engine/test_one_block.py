"""Memory for many tensors at once: each has its shape and dtype, and none lies in another."""

import torch

from qwen_tts.checkpoint.one_block import empty_like_all, in_one_block

SHAPES = [((3, 5), torch.bfloat16), ((7,), torch.float32), ((), torch.int64), ((0, 4), torch.float32)]


def test_none_lies_in_another() -> None:
    tensors = [torch.empty(shape, dtype=dtype, device="meta") for shape, dtype in SHAPES]
    places = in_one_block(tensors, torch.device("cpu"))
    for number, place in enumerate(places):
        place.fill_(number)
    for number, (place, (shape, dtype)) in enumerate(zip(places, SHAPES, strict=True)):
        assert place.shape == shape
        assert place.dtype == dtype
        assert place.is_contiguous()
        assert place.data_ptr() % 64 == 0 or not place.numel()
        assert (place == number).all()
    assert len({place.untyped_storage().data_ptr() for place in places}) == 1


def test_on_the_host_each_is_free_alone() -> None:
    tensors = [torch.empty(shape, dtype=dtype, device="meta") for shape, dtype in SHAPES]
    places = list(empty_like_all(tensors, torch.device("cpu")))
    assert [(place.shape, place.dtype) for place in places] == [(one.shape, one.dtype) for one in tensors]
    assert len({place.untyped_storage().data_ptr() for place in places if place.numel()}) == 3
