"""Whether flash-attn can be used here, and how it is got where it is missing.

It is compiled for one Python, PyTorch, CUDA and C++ ABI; where nobody publishes a wheel that fits, it has to be built.
Nothing here builds or installs anything.
"""

import platform
import sys

import torch

from qwen_tts.errors import ModelUnavailable
from qwen_tts.modules.flash_attention import FlashAttention

VERSION = "2.8.3"
_WHEELS = "https://github.com/Dao-AILab/flash-attention/releases/download"
_PUBLISHED = ((2, 4), (2, 9))
"""First and last PyTorch that the publisher's wheels of VERSION are for, with CUDA 12"""
_BUILD = "scripts/build_flash_attn.sh builds what is needed in minutes, with CUDA's compiler"
_LEAST_CAPABILITY = (8, 0)


def load_flash_attention(device: torch.device, dtype: torch.dtype) -> FlashAttention:
    """Raises ModelUnavailable with what is missing and the way out."""
    if device.type != "cuda" or torch.version.hip or torch.cuda.get_device_capability(device) < _LEAST_CAPABILITY:
        raise _missing("an NVIDIA card of the year 2020 or later")
    if dtype != torch.bfloat16:
        raise _missing("dtype bfloat16")
    try:
        from flash_attn import flash_attn_varlen_func, flash_attn_with_kvcache  # an extra, for one build of PyTorch
    except ModuleNotFoundError as error:
        if error.name != "flash_attn":
            raise _missing(f"the package flash-attn, whose import fails: {error}") from error
        raise _missing(f"the package flash-attn; {_way_to_get_it()}") from error
    except (ImportError, OSError) as error:
        raise _missing(f"a flash-attn that was built for PyTorch {torch.__version__}; {_way_to_get_it()}") from error
    return FlashAttention(flash_attn_varlen_func, flash_attn_with_kvcache)


def _missing(what: str) -> ModelUnavailable:
    return ModelUnavailable(f"attention is 'flash', which needs {what}, or use 'sdpa'")


def _way_to_get_it() -> str:
    wheel = published_wheel(torch.__version__, torch.version.cuda or "", has_cxx11_abi=torch.compiled_with_cxx11_abi())
    return f"pip install {wheel}" if wheel else f"no wheel is published for PyTorch {torch.__version__}: {_BUILD}"


def published_wheel(
    torch_version: str, cuda: str, *, has_cxx11_abi: bool, python: tuple[int, int] = sys.version_info[:2],
    machine: str = platform.machine(),
) -> str | None:  # fmt: skip
    """The address of the publisher's wheel for such a PyTorch; None if there is none."""
    major, minor = map(int, torch_version.split(".")[:2])
    if not _PUBLISHED[0] <= (major, minor) <= _PUBLISHED[1] or cuda.partition(".")[0] != "12" or machine != "x86_64":
        return None
    tag = f"cp{python[0]}{python[1]}"
    built_for = f"cu12torch{major}.{minor}cxx11abi{str(has_cxx11_abi).upper()}"
    return f"{_WHEELS}/v{VERSION}/flash_attn-{VERSION}+{built_for}-{tag}-{tag}-linux_x86_64.whl"
