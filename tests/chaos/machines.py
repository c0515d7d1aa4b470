"""Machines of a test's own: each is a network namespace, which is gone when nobody uses it any more.

Whatever is started while a thread is `inside` one belongs to it: sockets, processes, further threads.
"""

import contextlib
import ctypes
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self, TypeVar

import pytest

Result = TypeVar("Result")

TAP = "/dev/net/tun"

_NEW_NETWORK = 0x4000_0000
"""CLONE_NEWNET of <sched.h>; Python has it from 3.12 on"""
_LIBC = ctypes.CDLL(None, use_errno=True)
_OURS = "/proc/thread-self/ns/net"


def need_machines(*, with_cables: bool = False) -> None:
    """Skip where a test can have none."""
    if why := obstacle(with_cables=with_cables):
        pytest.skip(f"{why}; as root, or: unshare --map-root-user --net ./test.sh")


def obstacle(*, with_cables: bool) -> str:
    """Why there can be no machines here; "" if there can."""
    if with_cables and not os.access(TAP, os.R_OK | os.W_OK):
        return f"{TAP} cannot be opened: modprobe tun"
    if shutil.which("ip") is None:
        return "`ip` is missing: apt install iproute2"
    try:
        _new_network().close()
    except OSError as error:
        return f"no network namespace can be made here ({error.strerror})"
    return ""


class _Network:
    """The handle of a namespace."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    @classmethod
    def current(cls) -> Self:
        """That of this thread."""
        return cls(os.open(_OURS, os.O_RDONLY | os.O_CLOEXEC))

    def enter(self) -> None:
        """With this thread."""
        _check(_LIBC.setns(self.descriptor, _NEW_NETWORK))

    def close(self) -> None:
        os.close(self.descriptor)


def _new_network() -> _Network:
    """Raises OSError."""

    def make() -> _Network:
        _check(_LIBC.unshare(_NEW_NETWORK))
        return _Network.current()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(make).result()


def _check(result: int) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


class Machine:
    """With loopback, and as many cables as are plugged in (see switch.py)."""

    def __init__(self) -> None:
        self._network = _new_network()
        with self.inside():
            # An IPv6 address can be used at once: nobody else has it.
            Path("/proc/sys/net/ipv6/conf/default/accept_dad").write_text("0")
        self.ip("link", "set", "lo", "up")

    @contextlib.contextmanager
    def inside(self) -> Iterator[None]:
        """This thread is there."""
        before = _Network.current()
        self._network.enter()
        try:
            yield
        finally:
            before.enter()
            before.close()

    def ip(self, *words: str) -> str:
        """Run `ip`; what it says."""
        with self.inside():
            done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"ip {' '.join(words)}: {done.stderr}"
        return done.stdout

    def start(self, function: Callable[..., Result], *arguments: Any) -> "Future[Result]":
        """Run it there, in a thread of its own."""
        future: Future[Result] = Future()

        def run() -> None:
            try:
                self._network.enter()
                future.set_result(function(*arguments))
            except BaseException as error:  # noqa: BLE001  raised where the result is wanted
                future.set_exception(error)

        threading.Thread(target=run, daemon=True).start()
        return future

    def run(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """Run it there; its result."""
        with self.inside():
            return function(*arguments)

    def close(self) -> None:
        """It goes once its processes and sockets have gone."""
        self._network.close()
