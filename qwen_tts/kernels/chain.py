"""How a kernel follows another without a gap: programmatic dependent launch (Hopper).

The kernel after this one is let in as soon as this one may begin, that is when the one before it has ended. Until this
one has ended too, it does what depends on weights alone.
"""

import triton
import triton.language as tl
from triton.language.extra import cuda


@triton.jit
def wait(CHAINED: tl.constexpr):
    """From here on, what the kernels before this one wrote may be read; the kernel after this one may start."""
    if CHAINED:
        cuda.gdc_wait()
        cuda.gdc_launch_dependents()


@triton.jit
def fetch_ahead(start, elements, LINE: tl.constexpr, LINES: tl.constexpr):
    """Ask for `elements` consecutive elements from `start` on, LINE of them a cache line, to be brought into the L2."""
    at = tl.minimum(tl.arange(0, LINES) * LINE, elements - 1)
    tl.inline_asm_elementwise(
        "prefetch.global.L2 [$1]; mov.u32 $0, 0;", "=r,l", [start + at], dtype=tl.int32, is_pure=False, pack=1
    )
