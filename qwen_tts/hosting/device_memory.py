"""How much memory there is, on the device and beside it."""

import os

import torch


class DeviceMemory:
    """Of a CUDA device, and of the machine it is in."""

    def __init__(self, device: str | None) -> None:
        self._device = torch.device("cuda" if device is None and torch.cuda.is_available() else device or "cpu")

    def device(self) -> tuple[str, int, int] | None:
        if self._device.type != "cuda":
            return None
        free, total = torch.cuda.mem_get_info(self._device)
        return torch.cuda.get_device_name(self._device), total, free

    def host_free(self) -> int | None:
        try:
            return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        except (ValueError, OSError):  # macOS
            return None
