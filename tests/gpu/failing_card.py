"""EngineHost in a process whose card fails when a file says so: a kernel's assertion, after which CUDA does nothing."""

import contextlib
import threading
import time
from pathlib import Path
from typing import Any

import torch

from qwen_tts.hosting import host


def create(mark: str, **options: Any) -> host.EngineHost:
    """The card fails once, when there is a file `mark`, and that is deleted."""
    threading.Thread(target=_fail_at, args=(Path(mark),), daemon=True).start()
    return host.create(**options)


def _fail_at(mark: Path) -> None:
    while not mark.exists():
        time.sleep(0.01)
    mark.unlink()
    with contextlib.suppress(RuntimeError):  # the engine's own thread finds it too
        torch._assert_async(torch.zeros(1, device="cuda"))
        torch.cuda.synchronize()
