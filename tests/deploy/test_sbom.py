"""A release's bill of materials is held against its lock."""

import copy
from pathlib import Path

import pytest

from deploy.sbom import Bill, bill_of, faults_of, lacking, packages_of, pinned_of

FEW = ("anyio==", "colorlog==", "torch==")
"""A licence as SPDX writes it, one that is called otherwise, and what has no hash"""


@pytest.fixture(scope="module")
def few() -> str:
    return "\n".join(block for block in packages_of(pinned_of("cpu")) if block.startswith(FEW))


@pytest.fixture(scope="module")
def made(few: str) -> Bill:
    return bill_of(few)


@pytest.fixture
def bill(made: Bill) -> Bill:
    """May be spoilt."""
    return copy.deepcopy(made)


@pytest.mark.parametrize("target", ["cpu", "gpu"])
def test_what_linux_gets_is_all_asked_for(target: str) -> None:
    names = {block.partition("==")[0] for block in packages_of(pinned_of(target))}
    assert {"torch", "uvicorn", "onnxruntime"} <= names
    assert "colorama" not in names, "which Windows gets"


def test_a_bill_is_valid_and_whole(bill: Bill, few: str) -> None:
    assert faults_of(bill, few) == []
    odd = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"type": "no such type", "name": "x"}]}
    assert faults_of(odd, "")[0].startswith("not CycloneDX 1.6: ")


def test_a_bill_tells_versions_and_licences(bill: Bill) -> None:
    assert bill["metadata"]["component"]["version"]
    told = {part["name"]: part["licenses"] for part in bill["components"]}
    assert told.keys() == {"anyio", "colorlog", "torch"}
    assert told["anyio"] == [{"expression": "MIT"}]
    assert told["colorlog"] == [{"license": {"name": "MIT License"}}]


def test_what_a_bill_lacks_is_named(bill: Bill, few: str) -> None:
    first, second, third = bill["components"]
    pins = [f"{part['name']}=={part['version']}" for part in (first, second, third)]
    bill["components"] = [second, third]
    second["externalReferences"][0]["hashes"].pop()
    del third["licenses"]
    assert lacking(bill, few) == [
        f"{pins[0]} is left out", f"{pins[1]} has not the hashes of the lock", f"{pins[2]} has no licence",
    ]  # fmt: skip


def test_a_release_writes_and_asks_for_each_image() -> None:
    release = (Path(__file__).parents[2] / "deploy" / "release.sh").read_text()
    assert "for lock in cpu gpu build" in release
    assert "python3 -m pip_audit --strict --disable-pip --require-hashes" in release
    assert 'python3 -m deploy.sbom "$target"' in release
