"""How kernels are launched, one after the other without a gap: programmatic dependent launch (Hopper).

A kernel lets the next one in at once, and then waits for the one before it. So several are there at a time, each with
what depends on weights alone fetched. One that also fetches what earlier kernels wrote must not have an unknown number
of them before it that still wait: it lets the next one in only after its own wait (`wait_in_turn`). What was written
before the last kernel of that kind began is thus known to be there.
"""

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import triton
import triton.language as tl
from torch import Tensor
from triton.language.extra import cuda

LINE_BYTES = 128
"""Of the L2."""

planned: list[Callable[[], object]] = []
"""Compilations of what was launched over tensors without memory."""


_SHARED_KIB = {80: 163, 87: 163, 90: 227, 100: 227, 103: 227}
"""That a program may have, by architecture; 99 elsewhere. (CUDA C++ Programming Guide, "Compute Capabilities".)"""


@cache
def shared_bytes() -> int:
    """Shared memory that a program may have on the card that is compiled for."""
    if triton.knobs.runtime.interpret:
        return _SHARED_KIB[90] * 1024
    return _SHARED_KIB.get(triton.runtime.driver.active.get_current_target().arch, 99) * 1024


def launch(
    kernel: Any, grid: tuple[int, ...], first: Tensor, *others: object, chained: bool | None = None, **options: object
) -> None:
    """Run `kernel` on the current stream; over tensors without memory it is only `planned`.

    `chained` is for kernels that have `wait`, and None for others.
    """
    if chained is not None:
        options["CHAINED"] = chained
    if chained:
        options["launch_pdl"] = True
    if first.is_meta:
        planned.append(partial(kernel.warmup, first, *others, grid=grid, **options))
    else:
        kernel[grid](first, *others, **options)


@triton.jit
def wait(CHAINED: tl.constexpr):
    """From here on, what the kernels before this one wrote may be read; the kernel after this one may start."""
    if CHAINED:
        cuda.gdc_launch_dependents()
        cuda.gdc_wait()


@triton.jit
def wait_in_turn(CHAINED: tl.constexpr):
    """As `wait`, but the kernel after this one may start only now."""
    if CHAINED:
        cuda.gdc_wait()
        cuda.gdc_launch_dependents()


@triton.jit
def fetch_ahead(at):
    """Ask for the cache lines of these pointers to be brought into the L2."""
    tl.inline_asm_elementwise(
        "prefetch.global.L2 [$1]; mov.u32 $0, 0;", "=r,l", [at], dtype=tl.int32, is_pure=False, pack=1
    )
