"""Laws of the transformer over its cache: any split, any batch, any reuse gives the same hidden states."""

import pytest
import torch

from qwen_tts.modules.attention import KVCache
from qwen_tts.modules.transformer import Transformer
from tests.engine.tiny import randomise, talker_config

POSITIONS = 24


@pytest.fixture(scope="module")
def transformer() -> Transformer:
    config = talker_config()
    return randomise(Transformer(config, config.rms_norm_eps))


def inputs(rows: int, n: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(rows, n, 32, generator=torch.Generator().manual_seed(seed))


def read(transformer: Transformer, cache: KVCache, x: torch.Tensor, counts: list[int] | None = None) -> torch.Tensor:
    n = torch.tensor(counts or [x.shape[1]] * x.shape[0])
    with torch.no_grad():
        return transformer(x, cache, n, span=min(POSITIONS, int((cache.lengths + n).max())))


def whole(transformer: Transformer, x: torch.Tensor) -> torch.Tensor:
    return read(transformer, transformer.init_cache(x.shape[0], POSITIONS), x)


@pytest.mark.parametrize("sizes", [[1] * 12, [5, 1, 1, 5], [11, 1], [3, 4, 5]])
def test_streamed_equals_whole(transformer: Transformer, sizes: list[int]) -> None:
    x = inputs(2, 12)
    cache = transformer.init_cache(2, POSITIONS)
    pieces = [read(transformer, cache, piece) for piece in x.split(sizes, dim=1)]
    torch.testing.assert_close(torch.cat(pieces, dim=1), whole(transformer, x), atol=1e-5, rtol=0)


def test_padded_rows_equal_each_row_alone(transformer: Transformer) -> None:
    """Prompts of unequal lengths in one call, then a step each."""
    x, lengths = inputs(3, 9), [9, 4, 1]
    cache = transformer.init_cache(3, POSITIONS)
    together = read(transformer, cache, x, lengths)
    step = inputs(3, 1, seed=1)
    after = read(transformer, cache, step)
    for row, length in enumerate(lengths):
        alone = whole(transformer, torch.cat((x[row : row + 1, :length], step[row : row + 1]), dim=1))
        torch.testing.assert_close(together[row, :length], alone[0, :-1], atol=1e-5, rtol=0)
        torch.testing.assert_close(after[row, 0], alone[0, -1], atol=1e-5, rtol=0)


def test_an_inactive_row_stays_as_it_was(transformer: Transformer) -> None:
    cache = transformer.init_cache(2, POSITIONS)
    read(transformer, cache, inputs(2, 6))
    before = cache.keys[:, 1, :, :POSITIONS].clone(), cache.values[:, 1, :, :POSITIONS].clone()
    read(transformer, cache, inputs(2, 3, seed=1), [3, 0])
    assert cache.lengths.tolist() == [9, 6]
    assert torch.equal(cache.keys[:, 1, :, :POSITIONS], before[0])
    assert torch.equal(cache.values[:, 1, :, :POSITIONS], before[1])


def test_a_reused_row_equals_a_fresh_one(transformer: Transformer) -> None:
    cache = transformer.init_cache(1, POSITIONS)
    read(transformer, cache, inputs(1, POSITIONS, seed=9))
    cache.lengths.zero_()
    x = inputs(1, 7)
    torch.testing.assert_close(read(transformer, cache, x), whole(transformer, x), atol=1e-6, rtol=0)


def test_one_row_of_a_cache_is_a_view(transformer: Transformer) -> None:
    """Prefilling through the view is prefilling the batch, and the other rows do not notice."""
    cache = transformer.init_cache(3, POSITIONS)
    x = inputs(1, 5)
    prefilled = read(transformer, cache.row(1), x)
    torch.testing.assert_close(prefilled, whole(transformer, x), atol=1e-6, rtol=0)
    assert cache.lengths.tolist() == [0, 5, 0]
    assert not cache.keys[:, [0, 2]].any()


def test_steps_write_in_place(transformer: Transformer) -> None:
    cache = transformer.init_cache(2, POSITIONS)
    addresses = [tensor.data_ptr() for tensor in (cache.keys, cache.values, cache.lengths)]
    read(transformer, cache, inputs(2, 4))
    read(transformer, cache, inputs(2, 1))
    assert [tensor.data_ptr() for tensor in (cache.keys, cache.values, cache.lengths)] == addresses


def test_nothing_is_read_ahead(transformer: Transformer) -> None:
    x = inputs(1, 8)
    changed = x.clone()
    changed[:, 5:] += 1
    before, after = whole(transformer, x), whole(transformer, changed)
    torch.testing.assert_close(before[:, :5], after[:, :5], atol=1e-6, rtol=0)
    assert not torch.allclose(before[:, 5:], after[:, 5:])
