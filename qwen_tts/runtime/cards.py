"""What a graphics card can do."""

import torch

_AMPERE = (8, 0)
"""bfloat16, and copies that do not wait"""
HOPPER = (9, 0)
RECENT_CARD = "an NVIDIA card of the year 2020 or later"


def is_recent_card(device: torch.device) -> bool:
    """Whether kernels made for Ampere and later run on it."""
    is_nvidia = device.type == "cuda" and torch.cuda.is_available() and not torch.version.hip
    return is_nvidia and torch.cuda.get_device_capability(device) >= _AMPERE


def may_chain(device: torch.device) -> bool:
    """Programmatic dependent launch came with Hopper."""
    return torch.cuda.get_device_capability(device) >= HOPPER
