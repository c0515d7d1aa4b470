"""Which system calls a child that reads uploads may still make: what it takes to compute and to answer, nothing more.

All others fail with EPERM: no file is opened, changed or looked at, no socket, no program, no process, no signal. A
filter of the kernel (seccomp(2)), for Linux on x86-64 and arm64; elsewhere there is none. Standard library only.
"""

import ctypes
import platform
import struct
import sys
from collections.abc import Iterator, Mapping
from typing import Final

NUMBERS: Final[Mapping[str, tuple[int, int]]] = {
    "read": (0, 63), "write": (1, 64), "writev": (20, 66), "close": (3, 57), "lseek": (8, 62), "fstat": (5, 80),
    "mmap": (9, 222), "munmap": (11, 215), "mremap": (25, 216), "mprotect": (10, 226), "madvise": (28, 233),
    "brk": (12, 214), "futex": (202, 98), "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139), "sigaltstack": (131, 132), "set_robust_list": (273, 99), "rseq": (334, 293),
    "sched_getaffinity": (204, 123), "sched_yield": (24, 124), "gettid": (186, 178), "getpid": (39, 172),
    "clock_gettime": (228, 113), "clock_nanosleep": (230, 115), "getrandom": (318, 278),
    "exit": (60, 93), "exit_group": (231, 94),
}  # fmt: skip
"""On x86-64 (asm/unistd_64.h) and on arm64 (asm-generic/unistd.h)"""
_CLONE, _CLONE3 = (56, 220), (435, 435)
"""Threads: FFmpeg starts some. `clone` says in a register that it makes one; what `clone3` makes a filter cannot see,
and where there is none, C libraries use `clone`."""
_CLONE_THREAD = 0x10000
_MACHINES: Final = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
"""Its column above, and what the kernel calls it (linux/audit.h)"""

_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_EPERM, _ENOSYS = 1, 38
_LOAD, _IS_EQUAL, _HAS_BITS, _RETURN = 0x20, 0x15, 0x45, 0x06
_AT_NUMBER, _AT_MACHINE, _AT_FIRST_ARGUMENT = 0, 4, 16


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def allow_few() -> bool:
    """From here on, in this thread and those that it starts. Whether it holds. New privileges must be given up."""
    if sys.platform != "linux" or platform.machine() not in _MACHINES or sys.maxsize < 2**32:
        return False
    steps = list(_steps(*_MACHINES[platform.machine()]))
    program = _Program(len(steps), b"".join(steps))
    result = ctypes.CDLL(None).prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0)
    return bool(result == 0)


def _steps(column: int, machine: int) -> Iterator[bytes]:
    """The filter, a program of the kernel's (BPF): each step is a code, where to go if so and if not, and a number."""
    yield _step(_LOAD, _AT_MACHINE)
    yield _step(_IS_EQUAL, machine, if_so=1)
    yield _step(_RETURN, _KILL)  # 32-bit calls have other numbers
    yield _step(_LOAD, _AT_NUMBER)
    for numbers in NUMBERS.values():
        yield from _if_called(numbers[column], _ALLOW)
    yield from _if_called(_CLONE3[column], _ERRNO | _ENOSYS)
    yield _step(_IS_EQUAL, _CLONE[column], if_not=3)
    yield _step(_LOAD, _AT_FIRST_ARGUMENT)
    yield _step(_HAS_BITS, _CLONE_THREAD, if_not=1)
    yield _step(_RETURN, _ALLOW)
    yield _step(_RETURN, _ERRNO | _EPERM)


def _if_called(number: int, answer: int) -> Iterator[bytes]:
    yield _step(_IS_EQUAL, number, if_not=1)
    yield _step(_RETURN, answer)


def _step(code: int, value: int, *, if_so: int = 0, if_not: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_so, if_not, value)
