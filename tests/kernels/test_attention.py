"""Attention over the paged cache and within a frame, against float64."""

import pytest
import torch
from torch import Tensor

from qwen_tts.kernels.attention import MAX_SPLITS, Rope, attend, attend_in_frame, attention_workspace, write_cache
from tests.kernels import references
from tests.kernels.cases import crossed

HEADS, KV_HEADS, PAGE, LAYERS = 4, 2, 16, 3
WIDTH = 32 if torch.cuda.is_available() else 16  # the least for a card's matrix units; less is faster to interpret
GROUP, THETA, EPS = HEADS // KV_HEADS, 1e4, 1e-6
LENGTHS = [0, 1, 5, 16, 40, 95] if torch.cuda.is_available() else [0, 5, 16, 95]


class Setting:
    """Rows of unequal lengths, their pages anywhere in the cache."""

    def __init__(self, device: torch.device, dtype: torch.dtype) -> None:
        torch.manual_seed(0)
        rows, most = len(LENGTHS), 8
        self.rope = Rope(200, WIDTH, THETA, device)
        self.q_norm, self.k_norm = (torch.randn(WIDTH, device=device).to(dtype) for _ in range(2))
        self.pages = (torch.randperm(rows * most, device=device) + 1).view(rows, most).int()
        self.cache = torch.randn(rows * most + 1, LAYERS, 2, KV_HEADS, PAGE, WIDTH, device=device).to(dtype)
        self.rows = torch.arange(rows, device=device, dtype=torch.int32)
        self.positions = torch.tensor(LENGTHS, device=device, dtype=torch.int32)
        self.qkv = torch.randn(rows, (HEADS + 2 * KV_HEADS) * WIDTH, device=device).to(dtype)
        self.workspace = attention_workspace(64, 64 * KV_HEADS * MAX_SPLITS, HEADS, KV_HEADS, WIDTH, device)

    def where(self) -> tuple[Rope, Tensor, Tensor, Tensor, Tensor]:
        return self.rope, self.cache, self.pages, self.rows, self.positions

    def attend(self, layer: int, splits: int, fresh: bool) -> Tensor:
        out = torch.full((len(self.qkv), HEADS * WIDTH), torch.nan, device=self.qkv.device, dtype=self.qkv.dtype)
        attend(
            self.qkv, self.q_norm, self.k_norm, *self.where(), out, self.workspace, layer=layer, group=GROUP, eps=EPS,
            fresh=fresh, splits=splits,
        )  # fmt: skip
        return out

    def exact(self, layer: int) -> Tensor:
        """From the cache and the tokens' own keys and values."""
        query, key, value = self.qkv.view(len(self.qkv), -1, WIDTH).split((HEADS, KV_HEADS, KV_HEADS), dim=1)
        query = references.turned(query, self.q_norm, self.positions, THETA, EPS)
        key = references.turned(key, self.k_norm, self.positions, THETA, EPS)
        out = []
        for token, (row, length) in enumerate(zip(self.rows.tolist(), self.positions.tolist(), strict=True)):
            earlier = torch.arange(length, device=key.device)
            page, slot = self.pages[row].long()[earlier // PAGE], earlier % PAGE
            keys = torch.cat((self.cache[page, layer, 0, :, slot].double(), key[token][None]))
            values = torch.cat((self.cache[page, layer, 1, :, slot].double(), value[token][None].double()))
            out.append(references.attention(query[token], keys, values))
        return torch.stack(out)


@pytest.mark.parametrize(("splits", "layer"), crossed([1, 4, 8], [0, LAYERS - 1]))
def test_fresh_tokens(splits: int, layer: int, device: torch.device, dtype: torch.dtype) -> None:
    setting = Setting(device, dtype)
    exact = setting.exact(layer)
    assert references.error(setting.attend(layer, splits, fresh=True), exact) < references.bound(dtype)
    assert not setting.workspace.arrivals.any()


@pytest.mark.parametrize("splits", [1, 4])
def test_tokens_that_were_written_before(splits: int, device: torch.device, dtype: torch.dtype) -> None:
    """What write_cache writes is what fresh tokens write, and what they see."""
    fresh, written = Setting(device, dtype), Setting(device, dtype)
    before = written.cache.clone()
    write_cache(written.qkv, written.k_norm, *written.where(), layer=1, group=GROUP, eps=EPS)
    one = fresh.attend(1, splits, fresh=True)
    assert torch.equal(fresh.cache, written.cache)
    changed = (written.cache != before).any(dim=-1).sum()
    assert changed == 2 * KV_HEADS * len(LENGTHS)
    other = written.attend(1, splits, fresh=False)
    assert references.error(other, one.double()) < references.bound(dtype)


def test_a_prompt_of_one_row(device: torch.device, dtype: torch.dtype) -> None:
    """Tokens of one row see each other and nothing later."""
    setting = Setting(device, dtype)
    setting.rows = torch.full_like(setting.rows, len(LENGTHS) - 2)
    setting.positions = torch.arange(30, 30 + len(LENGTHS), device=device, dtype=torch.int32)
    write_cache(setting.qkv, setting.k_norm, *setting.where(), layer=0, group=GROUP, eps=EPS)
    together = setting.attend(0, 4, fresh=False)
    assert references.error(together, setting.exact(0)) < references.bound(dtype)


def test_shares_that_are_added_up_give_the_same_bits_again(device: torch.device, dtype: torch.dtype) -> None:
    first, second = (Setting(device, dtype).attend(0, 4, fresh=True) for _ in range(2))
    assert torch.equal(first, second)


def test_within_a_frame(device: torch.device, dtype: torch.dtype) -> None:
    """Two tokens, then one after the other, as the code predictor reads them."""
    torch.manual_seed(1)
    rows, positions = 3, 16
    rope = Rope(positions, WIDTH, THETA, device)
    q_norm, k_norm = (torch.randn(WIDTH, device=device).to(dtype) for _ in range(2))
    cache = torch.randn(rows, 2, KV_HEADS, positions, WIDTH, device=device).to(dtype)  # of an earlier frame
    qkv = torch.randn(rows, positions, (HEADS + 2 * KV_HEADS) * WIDTH, device=device).to(dtype)
    spoken = []
    for start, count in ((0, 2), *((position, 1) for position in range(2, positions))):
        out = torch.empty(rows * count, HEADS * WIDTH, device=device, dtype=dtype)
        heads = qkv[:, start : start + count].reshape(rows * count, -1).contiguous()
        attend_in_frame(heads, q_norm, k_norm, rope, cache, out, position=start, group=GROUP, eps=EPS, tokens=count)
        spoken.append(out.view(rows, count, -1))
    together = torch.cat(spoken, dim=1)
    at = torch.arange(positions, device=device)
    for row in range(rows):
        query, key, value = qkv[row].view(positions, -1, WIDTH).split((HEADS, KV_HEADS, KV_HEADS), dim=1)
        query, key = (references.turned(x, n, at, THETA, EPS) for x, n in ((query, q_norm), (key, k_norm)))
        exact = [references.attention(query[p], key[: p + 1], value[: p + 1]) for p in range(positions)]
        assert references.error(together[row], torch.stack(exact)) < references.bound(dtype)
