"""The machine as a report names it."""

import platform

import torch

from qwen_tts.api import mebibytes
from qwen_tts.bench.machine import cpu_name, versions
from qwen_tts.check.report import Machine
from qwen_tts.cores import usable_cores

_PACKAGES = (
    "qwen3tts-daemon", "torch", "openvino", "triton", "transformers", "tokenizers", "safetensors", "numpy",
    "flash-attn",
)  # fmt: skip


def machine(device: torch.device) -> Machine:
    is_cuda = device.type == "cuda"
    card = torch.cuda.get_device_properties(device) if is_cuda else None
    return Machine(
        system=f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        cpu=cpu_name(),
        cores=usable_cores().processors,
        card=None if card is None else card.name,
        card_memory_mib=None if card is None else mebibytes(card.total_memory),
        versions=versions(_PACKAGES) | ({"cuda": str(torch.version.cuda)} if is_cuda else {}),
    )
