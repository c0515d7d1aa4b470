"""What the images install is what the project asks for."""

import re
import tomllib
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
APP = ROOT / "deploy" / "home-assistant" / "qwen3tts"
WHOLE = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT, BUILD_SYSTEM = WHOLE["project"], WHOLE["build-system"]
EVERYWHERE = ("preview", "espeak", "japanese", "tls", "qwen")
EXTRAS = {"cpu": (*EVERYWHERE, "cpu"), "gpu": (*EVERYWHERE, "gpu")}
ELSEWHERE = {"cpu": {"qwen3tts-daemon", "torch"}, "gpu": {"qwen3tts-daemon"}}
"""What an image has from other places: the project itself, and PyTorch's build without CUDA"""


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
        if wish.name in ELSEWHERE[name]:
            continue
        for found in lock[canonicalize_name(wish.name)]:
            version = next(iter(found.specifier)).version
            assert version in wish.specifier, f"{line}, and the lock has {version}"


@pytest.mark.parametrize("name", [*EXTRAS, "build"])
def test_every_package_of_a_lock_is_exact_and_has_hashes(name: str) -> None:
    text = (ROOT / "deploy" / "locks" / f"{name}.txt").read_text()
    for block in re.split(r"\n(?=\S)", text.strip()):
        assert re.match(r"[a-z0-9._-]+==\S+", block), block
        assert "--hash=sha256:" in block, block
    assert "://" not in text  # no index is named: whose machine it is decides that


def test_nothing_of_cuda_is_installed_without_a_card() -> None:
    assert {"torch", "triton"} <= locked("gpu").keys()
    cpu = locked("cpu").keys()
    assert "openvino" in cpu
    assert [name for name in cpu if name in ("torch", "triton") or name.startswith(("nvidia-", "cuda-"))] == []


def test_what_pytorch_needs_beside_cuda_is_in_the_lock_without_it() -> None:
    """It is installed without its dependencies."""
    ours = {canonicalize_name(Requirement(line).name) for line in requires("torch") or () if "extra" not in line}
    assert {name for name in ours if not name.startswith(("nvidia-", "cuda-", "triton"))} <= locked("cpu").keys()


def test_the_image_without_a_card_has_the_pytorch_of_the_lock() -> None:
    pinned = (ROOT / "deploy" / "locks" / "constraints.txt").read_text()
    assert f"torch=={next(iter(locked('gpu')['torch'][0].specifier)).version}" in pinned


def test_the_wheel_is_made_by_what_is_locked() -> None:
    (wish,) = map(Requirement, BUILD_SYSTEM["requires"])
    (found,) = locked("build")[wish.name]
    assert next(iter(found.specifier)).version in wish.specifier


def test_images_install_nothing_from_the_index_without_its_hash() -> None:
    """But PyTorch without CUDA, which the lock cannot have a hash of, and our own wheel."""
    files = (ROOT / "Dockerfile", APP / "Dockerfile")
    installs = [line for file in files for line in re.findall(r"pip (?:install|wheel) [^&\n]*", file.read_text())]
    assert installs
    for line in installs:
        assert "--no-deps" in line, line
        is_ours = line.endswith("/wheels/*.whl") or (line.endswith(" .") and "--no-build-isolation" in line)
        is_pytorch = "--index-url https://download.pytorch.org/whl/cpu -c /tmp/constraints.txt torch" in line
        assert "--require-hashes" in line or is_ours or is_pytorch, line
