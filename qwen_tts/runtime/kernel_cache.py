"""Triton's cache, with kernels behind it that came with the installation, as an image brings them along."""

import sys
from pathlib import Path

import triton
from triton.runtime.cache import FileCacheManager

BUNDLED_KERNELS = Path(sys.prefix) / "share" / "qwen3tts-daemon" / "kernels"
"""Only read; made by deploy/compile_kernels.py."""


class CacheWithBundled(FileCacheManager):  # type: ignore[misc]  # Triton has no types
    """Looks into `BUNDLED_KERNELS` for what the cache of this machine does not have, and writes into the cache."""

    def get_file(self, filename: str) -> str | None:
        if (found := super().get_file(filename)) is not None:
            return found
        bundled = BUNDLED_KERNELS / self.key / filename
        return str(bundled) if bundled.exists() else None

    def get_group(self, filename: str) -> dict[str, str] | None:
        if (found := super().get_group(filename)) is not None:
            return found
        folder = BUNDLED_KERNELS / self.key
        # Triton keeps whole paths, of where they were compiled.
        return {path.name: str(path) for path in folder.glob(f"{Path(filename).stem}.*")} or None


def use_bundled_kernels() -> None:
    """From now on in this process, if there are any."""
    if BUNDLED_KERNELS.is_dir():
        triton.knobs.cache.manager_class = CacheWithBundled
