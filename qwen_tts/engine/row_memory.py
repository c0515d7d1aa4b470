"""What sequences take up: rows of the batch, pages of the cache, slots of the text table; and prompts that are kept."""

import heapq
from collections.abc import Hashable, Iterable
from functools import partial

from torch import Tensor

from qwen_tts.checkpoint.prompt import Prompt
from qwen_tts.config.engine import EngineConfig
from qwen_tts.engine.page_pool import PagePool
from qwen_tts.engine.prefix_cache import CachedPrefix, PrefixCache
from qwen_tts.engine.sequence import Sequence
from qwen_tts.runtime.backends import text_slots_of
from qwen_tts.runtime.frame import FIRST_TEXT_SLOT
from qwen_tts.runtime.runner import ModelRunner

FIRST_PAGE = 1
SPARE_PAGES = 4
"""A sequence begins when there is room for its prompt and this many pages; then it takes as many at a time."""


class RowMemory:
    """Counts here, and tells the runner what changes on the device. One thread at a time."""

    def __init__(self, runner: ModelRunner, config: EngineConfig) -> None:
        self._runner, self._page_positions = runner, runner.page_positions
        self.pages = PagePool(runner.pages, FIRST_PAGE)
        self.text_slots = PagePool(text_slots_of(config), FIRST_TEXT_SLOT)
        self.prefixes = PrefixCache(self.pages, config.prefix_positions // self._page_positions)
        self._free_rows: list[int] = []
        self._most_pages = -(-config.row_positions // self._page_positions)
        self.rows = 0
        self.add_rows()

    # -- rows -------------------------------------------------------------------------------------------------------

    @property
    def free_rows(self) -> int:
        return len(self._free_rows)

    def add_rows(self) -> None:
        """Those that the runner has got ready for."""
        for row in range(self.rows, self._runner.rows):
            heapq.heappush(self._free_rows, row)
        self.rows = self._runner.rows

    def take_row(self) -> int:
        """The smallest free one: a step is as small as it can be."""
        return heapq.heappop(self._free_rows)

    def release(self, sequence: Sequence) -> None:
        """Its row and its pages are free; what is on its way for them will be dropped."""
        heapq.heappush(self._free_rows, sequence.row)
        self._runner.close_row(sequence.row)
        self.pages.give_back(sequence.pages)

    # -- pages ------------------------------------------------------------------------------------------------------

    def may_ever_hold(self, positions: int) -> bool:
        return self._pages_to_begin(positions) <= self.pages.pages

    def make_room(self, positions: int) -> bool:
        """For a sequence that begins with so many positions: prompts that are kept make way. False: not now."""
        return self._free_pages(self._pages_to_begin(positions))

    def begin(self, sequence: Sequence, kept: CachedPrefix) -> None:
        """Its first pages: those of `kept`, shared, then pages of its own for the rest of the prompt and first frames.

        There was room for it.
        """
        full, begun = divmod(sequence.cached_positions, self._page_positions)
        shared = list(kept.pages[:full])
        self.pages.share(shared)
        needed = -(-sequence.prompt_positions // self._page_positions) + 1
        own = self.pages.take(min(needed, self._most_pages) - full)
        assert own is not None, "there was room"
        self._runner.clear_pages(own)
        if begun:
            source = kept.last_page if full == len(kept.pages) else kept.pages[full]
            assert source is not None
            self._runner.copy_page(source, own[0], begun)
        sequence.pages = shared + own
        self._runner.set_pages(sequence.row, sequence.pages)

    def grow(self, sequence: Sequence) -> bool:
        """A page for its next position; False if there is none now."""
        if sequence.position < len(sequence.pages) * self._page_positions:
            return True
        if not self._free_pages(1):
            return False
        taken = self.pages.take(min(SPARE_PAGES, self.pages.free, self._most_pages - len(sequence.pages)))
        assert taken is not None
        self._runner.clear_pages(taken)
        sequence.pages += taken
        self._runner.set_pages(sequence.row, sequence.pages)
        return True

    def keep_prefix(self, key: Hashable, prompt: Prompt, sequence: Sequence) -> None:
        """The beginning of a prompt was read: the next sequence with the same one shares its pages."""
        entry = self.prefixes.get(key)
        positions = min(prompt.prefix_positions, sequence.prompt_positions - 1)
        if entry is not None and not entry.positions and positions:
            copy_beginning = partial(self._runner.copy_page, positions=positions % self._page_positions)
            self.prefixes.keep(key, entry, positions, sequence.pages, self._page_positions, copy_beginning)

    def forget_prefix(self, key: Hashable) -> None:
        """What was kept for this beginning is not trusted any more."""
        self.prefixes.drop(key)

    def _free_pages(self, count: int) -> bool:
        if self.pages.free + self.prefixes.held < count:
            return False  # nobody's prompt makes way in vain
        while self.pages.free < count:
            if not self.prefixes.evict():
                return False
        return True

    # -- text beside frames -----------------------------------------------------------------------------------------

    def put_text(self, embeddings: Tensor) -> list[int]:
        """embeddings [n, width] of the text beside n frames -> their slots, for which there was room."""
        slots = self.text_slots.take(len(embeddings))
        assert slots is not None, "there was room"
        if slots:
            self._runner.put_text(slots, embeddings)
        return slots

    def release_text(self, slots: Iterable[int]) -> None:
        self.text_slots.give_back(slot for slot in slots if slot >= FIRST_TEXT_SLOT)

    def _pages_to_begin(self, positions: int) -> int:
        return -(-positions // self._page_positions) + SPARE_PAGES
