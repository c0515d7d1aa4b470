"""For a child process that reads what comes from outside: what it may take, and how it says no.

Standard library only: the child is started for one upload and imports nothing that it does not need.
"""

import contextlib
import resource

REFUSED = 3
"""The exit status of a child whose answer is a sentence for the caller."""


class Refused(Exception):
    """What was sent cannot be used; the message is meant for the caller."""


def confine(cpu_s: int, memory_bytes: int) -> None:
    """From here on: so much time and memory, no file written, no file or socket opened."""
    limits = {"CPU": cpu_s, "FSIZE": 0, "CORE": 0, "NOFILE": 0, "AS": memory_bytes}
    for name, limit in limits.items():
        with contextlib.suppress(ValueError, OSError):  # what is lower already stays; macOS refuses some
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (limit, limit))
