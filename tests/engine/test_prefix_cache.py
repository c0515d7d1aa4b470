"""Laws of the prefix cache: bounded, the least recently used leaves first, and every page finds its way back."""

import random

import pytest
import torch

from qwen_tts.checkpoint.prompt import Prefix
from qwen_tts.engine.page_pool import PagePool
from qwen_tts.engine.prefix_cache import CachedPrefix, PrefixCache

PAGE = 4
NOTHING = torch.zeros(0, 1)
ENTRY = CachedPrefix(Prefix(NOTHING, NOTHING, NOTHING, None), snapshot=None)


class Cache:
    """A cache over a pool of its own, and a row that has read a prompt."""

    def __init__(self, pages: int = 16, most_pages: int = 8, most_entries: int = 256) -> None:
        self.pool = PagePool(pages, first_page=1)
        self.cache = PrefixCache(self.pool, most_pages, most_entries)
        self.copied: list[tuple[int, int]] = []

    def keep(self, key: str, positions: int) -> list[int]:
        """A row reads the beginning, which is kept, and is closed; the pages that it had."""
        if self.cache.get(key) is None:
            self.cache.put(key, ENTRY)
        row = self.pool.take(-(-positions // PAGE) + 1)
        assert row is not None
        self.cache.keep(key, ENTRY, positions, row, PAGE, lambda source, target: self.copied.append((source, target)))
        self.pool.give_back(row)
        return row

    def kept(self, key: str) -> int:
        entry = self.cache.get(key)
        return 0 if entry is None else entry.positions


def test_whole_pages_are_shared_and_a_page_in_part_is_copied() -> None:
    cache = Cache()
    row = cache.keep("anna", 2 * PAGE + 1)
    entry = cache.cache.get("anna")
    assert entry is not None
    assert list(entry.pages) == row[:2]
    assert entry.last_page not in row
    assert cache.copied == [(row[2], entry.last_page)]
    assert cache.pool.free == 16 - 3


def test_a_beginning_that_fills_its_pages_needs_no_copy() -> None:
    cache = Cache()
    row = cache.keep("anna", 2 * PAGE)
    entry = cache.cache.get("anna")
    assert entry is not None
    assert entry.own_pages == row[:2]
    assert not cache.copied


def test_the_least_recently_used_leaves_first() -> None:
    cache = Cache(most_pages=4)
    for key in ("anna", "bert", "carl"):
        cache.keep(key, PAGE)
    assert cache.kept("anna")
    cache.keep("dora", 2 * PAGE)
    assert [cache.kept(key) for key in ("anna", "bert", "carl", "dora")] == [PAGE, 0, PAGE, 2 * PAGE]


def test_what_is_larger_than_the_cache_sends_nobody_away() -> None:
    cache = Cache(most_pages=2)
    cache.keep("anna", PAGE)
    cache.keep("bert", 2 * PAGE + 1)
    assert cache.kept("anna") == PAGE
    assert not cache.kept("bert")
    assert cache.pool.free == 15


def test_without_a_page_for_the_copy_nothing_is_kept() -> None:
    cache = Cache(pages=3)
    cache.keep("anna", PAGE + 1)  # the row has all three
    assert not cache.kept("anna")
    assert cache.pool.free == 3


@pytest.mark.parametrize("positions", [0, 5])
def test_a_cache_of_no_pages_keeps_none_but_knows_the_voice(positions: int) -> None:
    cache = Cache(most_pages=0)
    cache.keep("anna", positions)
    assert cache.cache.get("anna") is ENTRY
    assert cache.pool.free == 16


def test_evicting_gives_pages_back_until_there_are_none() -> None:
    cache = Cache()
    cache.cache.put("zoe", ENTRY)
    cache.keep("anna", PAGE + 1)
    cache.keep("bert", PAGE)
    assert [cache.cache.evict() for _ in range(3)] == [True, True, False]
    assert cache.pool.free == 16
    assert cache.cache.get("zoe") is ENTRY, "it has no pages to give"


def test_only_so_many_voices_are_known() -> None:
    cache = Cache(most_entries=2)
    for key in ("anna", "bert", "carl"):
        cache.keep(key, PAGE)
    assert [cache.kept(key) for key in ("anna", "bert", "carl")] == [0, PAGE, PAGE]
    assert cache.pool.free == 14


@pytest.mark.parametrize("seed", range(10))
def test_it_never_holds_more_than_it_may_and_gives_everything_back(seed: int) -> None:
    chance = random.Random(seed)
    cache = Cache(pages=12, most_pages=6, most_entries=4)
    for _ in range(200):
        key = chance.choice("abcdefg")
        action = chance.choice(("keep", "keep", "use", "evict"))
        if action == "keep" and not cache.kept(key):
            cache.keep(key, chance.randint(1, 5 * PAGE))
        elif action == "use":
            cache.cache.get(key)
        elif action == "evict":
            cache.cache.evict()
        assert cache.pool.free >= 12 - 6
    while cache.cache.evict():
        pass
    assert cache.pool.free == 12
