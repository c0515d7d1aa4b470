"""Which pages of the cache belong to whom. Pages may be shared; the last owner frees them. No torch."""

from collections.abc import Iterable


class PagePool:
    """Pages first_page .. first_page + pages - 1. One thread at a time."""

    def __init__(self, pages: int, first_page: int) -> None:
        self._free = list(range(first_page + pages - 1, first_page - 1, -1))
        self._owners: dict[int, int] = {}
        self.pages = pages

    @property
    def free(self) -> int:
        return len(self._free)

    def take(self, count: int) -> list[int] | None:
        """`count` pages, each with one owner; None, and nothing changes, if there are not enough."""
        if count > len(self._free):
            return None
        taken = [self._free.pop() for _ in range(count)]
        self._owners.update(dict.fromkeys(taken, 1))
        return taken

    def share(self, pages: Iterable[int]) -> None:
        """One more owner for each."""
        for page in pages:
            self._owners[page] += 1

    def give_back(self, pages: Iterable[int]) -> None:
        """One owner less for each."""
        for page in pages:
            self._owners[page] -= 1
            if not self._owners[page]:
                del self._owners[page]
                self._free.append(page)
