"""The service files, as far as a machine without a service manager can tell."""

import plistlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest

SERVICES = Path(__file__).parents[2] / "deploy" / "systemd"
CPU, GPU = SERVICES / "qwen3tts-daemon.service", SERVICES / "qwen3tts-daemon-gpu.service"
CARD_NEEDS = {"PrivateDevices", "SystemCallFilter"}
"""What the unit for a card does not close as the other one does, each with a comment that says why"""


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze reads unit files")
@pytest.mark.parametrize(("unit", "most"), [(CPU, 2.5), (GPU, 4.0)], ids=["cpu", "gpu"])
def test_a_service_is_hardened(unit: Path, most: float) -> None:
    told = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", str(unit)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Ignoring" not in told.stderr + told.stdout
    exposure = re.search(r"Overall exposure level.*: ([0-9.]+)", told.stdout)
    assert exposure is not None, told.stderr
    assert float(exposure[1]) <= most


def test_the_service_for_a_card_closes_whatever_the_other_one_closes() -> None:
    cpu, gpu = (set(re.findall(r"(?m)^(\w+)=(.*)$", unit.read_text())) for unit in (CPU, GPU))
    assert {name for name, _ in cpu - gpu} <= CARD_NEEDS | {"Description", "ExecStart", "Environment"}


@pytest.mark.parametrize("unit", [CPU, GPU], ids=["cpu", "gpu"])
def test_what_a_service_leaves_open_has_a_reason(unit: Path) -> None:
    text = unit.read_text()
    for name in (
        "ProcSubset",
        "PrivateNetwork",
        "MemoryDenyWriteExecute",
        *([] if unit == CPU else ["PrivateDevices"]),
    ):
        assert re.search(rf"# .*{name}.*(left out)", text), name


def test_the_launchd_file_is_a_property_list() -> None:
    told = plistlib.loads((SERVICES.parent / "launchd" / "qwen3tts-daemon.plist").read_bytes())
    assert told["ProgramArguments"][-1].endswith("serve")
