"""The beginnings of prompts, kept: the next utterance of the same voice starts where they end.

A beginning is read by the talker once; its pages then belong to the cache too. Its last page may be shared by nobody,
because the text goes on in it: the cache has a copy. The least recently used beginning leaves first.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from qwen_tts.checkpoint.prompt import Prefix
from qwen_tts.engine.page_pool import PagePool
from qwen_tts.runtime.codec_decoder import DecoderSnapshot


@dataclass(frozen=True)
class CachedPrefix:
    """What is known of a voice, language and instruction."""

    prefix: Prefix
    snapshot: DecoderSnapshot | None
    """Of the codec decoder after the reference audio"""
    positions: int = 0
    """Of every prompt with this beginning, in `pages`"""
    pages: tuple[int, ...] = ()
    last_page: int | None = None
    """Copy of a page that is filled in part"""

    @property
    def own_pages(self) -> list[int]:
        return [*self.pages, *(() if self.last_page is None else (self.last_page,))]


class PrefixCache:
    """Bounded by the pages it may hold of `pool`. One thread at a time."""

    def __init__(self, pool: PagePool, most_pages: int, most_entries: int = 64, most_snapshots: int = 16) -> None:
        """`most_snapshots` of the entries have a snapshot of the codec decoder, some 6 MB each."""
        self._pool = pool
        self._most_pages, self._most_entries, self._most_snapshots = most_pages, most_entries, most_snapshots
        self._entries: OrderedDict[Hashable, CachedPrefix] = OrderedDict()
        self._held = 0

    @property
    def held(self) -> int:
        """Pages that `evict` may give back, unless rows share them."""
        return self._held

    def get(self, key: Hashable) -> CachedPrefix | None:
        if key in self._entries:
            self._entries.move_to_end(key)
        return self._entries.get(key)

    def put(self, key: Hashable, entry: CachedPrefix) -> None:
        """Remember what has no pages yet, or has them now."""
        self.drop(key)
        self._entries[key] = entry
        self._held += len(entry.own_pages)
        while len(self._entries) > self._most_entries:
            self.drop(next(iter(self._entries)))
        with_snapshot = [key for key, entry in self._entries.items() if entry.snapshot is not None]
        for key in with_snapshot[: -self._most_snapshots]:
            self.drop(key)

    def keep(
        self, key: Hashable, entry: CachedPrefix, positions: int, row_pages: list[int], page_positions: int,
        copy_page: Callable[[int, int], None],
    ) -> None:  # fmt: skip
        """The first `positions` positions of a row's prompt were read into `row_pages`: share them.

        Nothing happens if there is no room.
        """
        full, partial = divmod(positions, page_positions)
        needed = full + bool(partial)
        if not 0 < needed <= self._most_pages:
            return
        while self._held + needed > self._most_pages and self.evict():
            pass
        last: int | None = None
        if partial:
            taken = self._pool.take(1)
            if taken is None:
                return
            last = taken[0]
            copy_page(row_pages[full], last)
        self._pool.share(row_pages[:full])
        pages = tuple(row_pages[:full])
        self.put(key, CachedPrefix(entry.prefix, entry.snapshot, positions, pages, last))

    def evict(self) -> bool:
        """Give back the pages of the least recently used beginning that has any; False if there is none."""
        for key, entry in self._entries.items():
            if entry.own_pages:
                self.drop(key)
                return True
        return False

    def clear(self) -> None:
        for key in list(self._entries):
            self.drop(key)

    def drop(self, key: Hashable) -> None:
        """Forget it, if it is known."""
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._held -= len(entry.own_pages)
            self._pool.give_back(entry.own_pages)
