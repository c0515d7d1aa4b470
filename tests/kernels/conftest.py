"""The kernels on the card if there is one, else in Triton's interpreter: the same tests."""

import os

import pytest
import torch

if not torch.cuda.is_available():
    os.environ["TRITON_INTERPRET"] = "1"  # read where a kernel is defined
triton = pytest.importorskip("triton")

torch.set_num_threads(1)
torch.backends.cudnn.allow_tf32 = False  # what the kernels are compared with is exact


@pytest.fixture(scope="session")
def device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


# The interpreter multiplies bfloat16 as if it were integers.
@pytest.fixture(scope="session", params=["float32", "bfloat16" if torch.cuda.is_available() else "float16"])
def dtype(request: pytest.FixtureRequest) -> torch.dtype:
    return getattr(torch, request.param)  # type: ignore[no-any-return]
