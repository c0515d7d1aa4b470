"""scripts/speaking: a stage that fails ends those beside it, and nobody waits for ever."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from scripts.speaking.__main__ import _command, _parser
from scripts.speaking.side_by_side import SideBySide
from scripts.speaking.sounds import Sounds
from tests.patience import PATIENCE_S

LASTS = [sys.executable, "-c", "import time; time.sleep(3600)"]


def test_a_process_that_fails_ends_those_beside_it() -> None:
    with SideBySide() as stages:
        stages.begin("codec", LASTS)
        stages.begin("sound", [sys.executable, "-c", "raise SystemExit(3)"])
        with pytest.raises(SystemExit, match="sound failed with status 3"):
            stages.wait_for("codec")
    # leaving waits for the end of `codec`, so being here is the law


def test_what_ends_well_is_waited_for(tmp_path: Path) -> None:
    with SideBySide() as stages:
        stages.begin("sound", LASTS)
        stages.run("codec", [sys.executable, "-c", f"open({str(tmp_path / 'there')!r}, 'w')"])
        assert (tmp_path / "there").exists()


def recipe(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "scripts.speaking", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)


def test_all_of_the_recipe_ends_with_its_first_failure(tmp_path: Path) -> None:
    done = recipe("all", str(tmp_path), f"--wordnet={tmp_path / 'nowhere'}")
    assert done.returncode == 1
    assert "texts failed with status 1" in done.stderr


def test_a_worker_that_fails_fails_the_sound(tmp_path: Path) -> None:
    done = recipe("sound", str(tmp_path), "--processes=2")  # there are no texts
    assert done.returncode == 1
    assert "failed with status 1" in done.stderr


def test_sound_that_does_not_come_is_not_waited_for(tmp_path: Path) -> None:
    with pytest.raises(TimeoutError, match="0 of 20 frames of sound after 0 s"):
        Sounds(tmp_path, torch.device("cpu"), 0.01).wait_for(20, 0)


def test_options_reach_the_stages(tmp_path: Path) -> None:
    given = ["all", str(tmp_path), "--rows=7", "--remove-sound", "--hours=2"]
    read = _parser().parse_args(_command(_parser().parse_args(given), tmp_path, "codes", 5)[3:])
    assert (read.stage, read.seconds, read.rows, read.remove_sound, read.hours) == ("codes", 5, 7, True, 2)
    read = _parser().parse_args(_command(_parser().parse_args(given[:2]), tmp_path, "codec", 5)[3:])
    assert (read.rows, read.remove_sound) == (None, False)
