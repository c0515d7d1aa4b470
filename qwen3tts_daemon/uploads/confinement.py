"""For a child process that reads what comes from outside: what it may take, and how it says no.

Standard library only: the child is started for one upload and imports nothing that it does not need.
"""

import enum
import resource

from qwen3tts_daemon.uploads import system_calls
from qwen_tts import safeguards

REFUSED = 3
"""The exit status of a child whose answer is a sentence for the caller."""


class Refused(Exception):
    """What was sent cannot be used; the message is meant for the caller."""


class Lacking(enum.IntFlag):
    """What does not hold on this machine."""

    LIMITS = 1
    FILTER = 2

    @property
    def words(self) -> str:
        """For a person; "" if all holds."""
        return " and ".join(_WORDS[one] for one in Lacking if one in self)


_WORDS = {Lacking.LIMITS: "all limits of memory, time and files", Lacking.FILTER: "a filter of system calls"}


def confine(cpu_s: int, memory_bytes: int) -> Lacking:
    """From here on: so much time and memory, no file written, no file, socket, program or process begun. What of it the
    system refuses is returned."""
    safeguards.refuse_pickles()
    lacking = Lacking(0)
    limits = {"CPU": cpu_s, "FSIZE": 0, "CORE": 0, "NOFILE": 0, "AS": memory_bytes}
    for name, limit in limits.items():
        if not _limit(getattr(resource, f"RLIMIT_{name}"), limit):
            lacking |= Lacking.LIMITS
    if not (safeguards.take_no_privileges() and system_calls.allow_few()):
        lacking |= Lacking.FILTER
    return lacking


def _limit(number: int, limit: int) -> bool:
    """Whether it holds; what is lower already stays."""
    _, hard = resource.getrlimit(number)
    most = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    try:
        resource.setrlimit(number, (most, most))
    except (ValueError, OSError):  # macOS refuses some
        return False
    return True
