"""Laws of the page pool: a page has owners or is free, never both, and comes back with its last owner."""

import random

import pytest

from qwen_tts.engine.page_pool import PagePool


def test_all_pages_can_be_had_and_no_more() -> None:
    pool = PagePool(5, first_page=1)
    assert sorted(pool.take(5) or []) == [1, 2, 3, 4, 5]
    assert pool.free == 0
    assert pool.take(1) is None


def test_too_many_take_nothing() -> None:
    pool = PagePool(3, first_page=0)
    assert pool.take(4) is None
    assert pool.free == 3
    assert pool.take(0) == []


def test_the_last_owner_frees() -> None:
    pool = PagePool(2, first_page=1)
    pages = pool.take(1)
    assert pages is not None
    pool.share(pages)
    pool.give_back(pages)
    assert pool.free == 1
    pool.give_back(pages)
    assert pool.free == 2


@pytest.mark.parametrize("seed", range(10))
def test_no_page_has_two_lives(seed: int) -> None:
    chance = random.Random(seed)
    pool = PagePool(12, first_page=3)
    held: list[list[int]] = []
    for _ in range(300):
        action = chance.choice(("take", "share", "give back"))
        if action == "take":
            taken = pool.take(chance.randint(0, 5))
            in_use = {page for pages in held for page in pages}
            assert taken is None or not in_use & set(taken)
            held += [] if taken is None else [taken]
        elif action == "share" and held:
            shared = chance.choice(held)
            pool.share(shared)
            held.append(shared)
        elif action == "give back" and held:
            pool.give_back(held.pop(chance.randrange(len(held))))
        assert pool.free == 12 - len({page for pages in held for page in pages})
    for pages in held:
        pool.give_back(pages)
    assert sorted(pool.take(12) or []) == list(range(3, 15))
