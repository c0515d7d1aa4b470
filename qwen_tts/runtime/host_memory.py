"""The host's memory, where the C library keeps what was freed."""

import ctypes


def trim() -> None:
    """Give freed memory back to the system: glibc keeps some hundred MB of a load. Elsewhere nothing happens."""
    give_back = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if give_back is not None:
        give_back(0)
