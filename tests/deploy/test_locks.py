"""What the images install is what the project asks for."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = {"cpu": ("preview", "espeak", "japanese"), "gpu": ("preview", "espeak", "japanese", "gpu")}


def locked(name: str) -> dict[str, list[Requirement]]:
    """Name -> its lines; a package may have one for each Python."""
    lines = re.findall(r"(?m)^([a-z0-9][^\\\n]*)", (ROOT / "deploy" / "locks" / f"{name}.txt").read_text())
    found: dict[str, list[Requirement]] = {}
    for line in lines:
        requirement = Requirement(line)
        found.setdefault(canonicalize_name(requirement.name), []).append(requirement)
    return found


@pytest.mark.parametrize("name", EXTRAS)
def test_a_lock_holds_all_that_the_project_asks_for(name: str) -> None:
    """Renew it with: deploy/lock.sh."""
    lock = locked(name)
    wanted = [
        *PROJECT["dependencies"],
        *(one for extra in EXTRAS[name] for one in PROJECT["optional-dependencies"][extra]),
    ]
    for line in wanted:
        wish = Requirement(line)
        for found in lock[canonicalize_name(wish.name)]:
            version = next(iter(found.specifier)).version
            assert version in wish.specifier, f"{line}, and the lock has {version}"


@pytest.mark.parametrize("name", EXTRAS)
def test_every_package_of_a_lock_is_exact_and_has_hashes(name: str) -> None:
    text = (ROOT / "deploy" / "locks" / f"{name}.txt").read_text()
    for block in re.split(r"\n(?=\S)", text.strip()):
        assert re.match(r"[a-z0-9._-]+==\S+", block), block
        assert "--hash=sha256:" in block, block
    assert "://" not in text  # no index is named: whose machine it is decides that


def test_the_images_know_no_torch_without_a_card() -> None:
    assert "torch" not in locked("cpu")
    assert "torch" in locked("gpu")
