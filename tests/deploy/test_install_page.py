"""docs/install.md tells of what there is."""

import re
from pathlib import Path

import pytest

from qwen3tts_daemon.environment import KNOWN
from scripts.start.options import parse

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "install.md").read_text()


def test_every_known_variable_is_told_of() -> None:
    rows = re.findall(r"(?m)^\| `([A-Z_]+)` \| `([a-z_.]+)`", PAGE)
    assert rows == [(known.name, known.option) for known in KNOWN]


def test_every_option_of_start_sh_is_told_of(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--help"])
    options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out.partition("All other")[0]))
    section = PAGE.partition("## start.sh")[2].partition("## Docker")[0]
    assert set(re.findall(r"`(--[a-z-]+)", section)) >= options - {"--help"}


def test_every_profile_of_compose_is_told_of() -> None:
    profiles = re.findall(r"profiles: \[([a-z-]+)\]", (ROOT / "compose.yaml").read_text())
    assert set(re.findall(r"--profile ([a-z-]+)", PAGE)) == set(profiles)


def test_every_target_of_the_dockerfile_is_told_of() -> None:
    targets = re.findall(r"docker build --target ([a-z-]+)", (ROOT / "Dockerfile").read_text())
    assert all(f"| `{target}` |" in PAGE for target in targets)
