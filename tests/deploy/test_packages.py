"""What is published: a wheel and a source distribution, and nothing in them that is not for users."""

import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from qwen3tts_daemon import __version__
from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[2]
MOST_BYTES = 10_000_000


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(folder)],
        cwd=ROOT, capture_output=True, check=True, timeout=PATIENCE_S,
    )  # fmt: skip
    return folder


def tops(names: Sequence[str]) -> set[str]:
    return {name.split("/")[0] for name in names}


def test_the_wheel_holds_both_packages_and_nothing_else(built: Path) -> None:
    wheel = built / f"qwen3tts_daemon-{__version__}-py3-none-any.whl"
    assert wheel.stat().st_size < MOST_BYTES
    names = zipfile.ZipFile(wheel).namelist()
    assert tops(names) == {"qwen3tts_daemon", "qwen_tts", f"qwen3tts_daemon-{__version__}.dist-info"}
    for wanted in ("qwen3tts_daemon/web/index.html", "qwen_tts/config/expectations.toml"):
        assert wanted in names
    assert not [name for name in names if name.endswith((".pyc", ".safetensors", ".wav"))]


def test_the_wheel_has_the_command_and_names_every_licence(built: Path) -> None:
    wheel = zipfile.ZipFile(built / f"qwen3tts_daemon-{__version__}-py3-none-any.whl")
    info = f"qwen3tts_daemon-{__version__}.dist-info"
    assert "qwen3tts-daemon = qwen3tts_daemon.__main__:main" in wheel.read(f"{info}/entry_points.txt").decode()
    assert {Path(name).name for name in wheel.namelist() if "licenses/" in name} >= {"LICENSE", "NOTICE"}


def test_the_source_distribution_holds_what_the_project_is_built_and_tested_from(built: Path) -> None:
    path = built / f"qwen3tts_daemon-{__version__}.tar.gz"
    assert path.stat().st_size < 2 * MOST_BYTES
    with tarfile.open(path) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
    for wanted in (
        "start.sh",
        "test.sh",
        "Dockerfile",
        "compose.yaml",
        "tests/start/test_start.py",
        "examples/page.html",
    ):
        assert wanted in names
    assert not [name for name in names if name.startswith("models/") and name != "models/README.md"]
    assert not [name for name in names if "node_modules" in name or name.endswith(".pyc")]
