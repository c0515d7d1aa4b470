"""Whenever the daemon is killed, the disk refuses or the power goes, a new start finds the old or the new, not half."""

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from tests.chaos.kept_things import KEPT
from tests.patience import TEST_S

NETWORKS = ("weights of fewer bits", "the preview voice's network")
FEWEST = {"kills": 3, "refusals": 3, "power_cuts": 4}
"""Steps of the smallest change"""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """All are tried by one process, which imports nothing but what it needs, and forks."""
    command = [sys.executable, "-m", "tests.chaos.crash_points", str(tmp_path_factory.mktemp("crashes"))]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=TEST_S, check=True)
    return {outcome.pop("name"): outcome for outcome in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize("name", [*KEPT, *NETWORKS])
def test_there_is_the_old_or_the_new(outcomes: Mapping[str, Any], name: str) -> None:
    counts = outcomes[name]
    assert "broken" not in counts, counts["broken"]
    assert all(counts[way] >= fewest for way, fewest in FEWEST.items()), counts
