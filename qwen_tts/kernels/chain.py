"""How a kernel follows another without a gap: programmatic dependent launch."""

import triton
import triton.language as tl
from triton.language.extra import cuda


@triton.jit
def wait(CHAINED: tl.constexpr):
    """From here on, what the kernels before this one wrote may be read; the kernel after this one may start to load."""
    if CHAINED:
        cuda.gdc_launch_dependents()
        cuda.gdc_wait()
