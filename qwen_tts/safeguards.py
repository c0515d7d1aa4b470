"""What a process of ours gives up before it reads what others wrote. None of it can be taken back, and all of it holds
for its children too, but the first. Standard library only.
"""

import ctypes
import resource
import sys
from typing import Any

_PR_SET_NO_NEW_PRIVS = 38
_NO_CORE = 1
"""Bytes of a core dump. Linux writes none that has to be smaller than a page; where dumps go to a program, only 1 keeps
them from it (fs/coredump.c)."""
_has_refused_pickles = False


class PickleRefused(Exception):
    """A pickle has asked for code."""


def refuse_pickles() -> None:
    """From here on reading a pickle that names a class or a function raises PickleRefused, whoever reads it.

    Nothing that we read is a pickle; this is for libraries that read one where nobody thinks of it.
    """
    global _has_refused_pickles
    if not _has_refused_pickles:
        _has_refused_pickles = True
        sys.addaudithook(_refuse_pickle)


def _refuse_pickle(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "pickle.find_class":
        module, name = arguments
        raise PickleRefused(f"a pickle that asks for {module}.{name} was not read: pickles run what their writer wants")


def write_no_core() -> None:
    """A crash leaves no memory behind on a disk: there are tokens and texts in it."""
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    allowed = _NO_CORE if hard == resource.RLIM_INFINITY else min(_NO_CORE, hard)
    resource.setrlimit(resource.RLIMIT_CORE, (allowed, allowed))


def take_no_privileges() -> bool:
    """No program that is started from here on gets more rights than its caller has. Whether that holds: Linux has it.

    Called before there are threads. Not where a card is used: on some machines CUDA loads its driver by such a program.
    """
    if sys.platform != "linux":
        return False
    return bool(ctypes.CDLL(None).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
