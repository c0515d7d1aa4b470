"""Nothing of a home is told to the makers of the libraries that speak in it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.patience import PATIENCE_S


@pytest.mark.parametrize("module", ["kokoro", "hibari_voice"])
def test_the_networks_library_gives_this_machine_no_identifier(module: str, tmp_path: Path) -> None:
    """onnxruntime's import writes one into the cache, for the events that it sends."""
    told = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    homes = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    code = f"import qwen3tts_daemon.embedded.{module}, onnxruntime"
    subprocess.run([sys.executable, "-c", code], env=told | homes, check=True, timeout=PATIENCE_S)
    assert not list(tmp_path.rglob("deviceid"))
    assert not (tmp_path / "Microsoft").exists()
