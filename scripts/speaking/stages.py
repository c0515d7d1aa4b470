"""What every stage of the training has in common: a device, an end in time, functions that a compiler makes faster."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

import torch

from scripts.speaking.log import say

F = TypeVar("F", bound=Callable[..., Any])


def default_device() -> torch.device:
    """The card, set up for training; else the CPU."""
    if not torch.cuda.is_available():
        return torch.device("cpu")
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    return torch.device("cuda")


def expect_few_shapes() -> None:
    """From now on convolutions are tried out for each new shape: too slow where every batch has another one."""
    torch.backends.cudnn.benchmark = True


class Clock:
    """A stage's time: `done` goes from 0 to 1."""

    def __init__(self, seconds: float) -> None:
        self._begun, self._seconds = time.monotonic(), seconds
        self._last: dict[str, float] = {}

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self._begun

    @property
    def done(self) -> float:
        return self.elapsed / self._seconds

    def wait(self, seconds: float) -> None:
        time.sleep(max(0.0, min(seconds, self._seconds - self.elapsed)))

    def is_due(self, what: str, every_s: float) -> bool:
        """Once in so many seconds; the first time at once."""
        if self.elapsed - self._last.get(what, -1e9) < every_s:
            return False
        self._last[what] = self.elapsed
        return True


def compiled(function: F, *example: object) -> F:
    """`function` through torch.compile if that works for `example` here, forwards and backwards; else as it is."""
    torch._dynamo.config.recompile_limit = 64
    candidate = torch.compile(function, dynamic=True)
    try:
        candidate(*example).sum().backward()
    except Exception as error:  # noqa: BLE001 (a compiler's errors are of every kind, and it is only about speed)
        say("not compiled", function=getattr(function, "__name__", function), error=str(error)[:200])
        return function
    return candidate
