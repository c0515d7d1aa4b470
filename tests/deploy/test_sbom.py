"""A release's bill of materials is held against its lock; cyclonedx-bom, which writes it, is no part of the tests."""

import json
import re
from pathlib import Path

import pytest

from deploy.sbom import left_out

LOCKS = Path(__file__).parents[2] / "deploy" / "locks"


@pytest.mark.parametrize("name", ["cpu", "gpu"])
def test_what_a_bill_leaves_out_is_found(name: str, tmp_path: Path) -> None:
    lock = LOCKS / f"{name}.txt"
    pins = re.findall(r"(?m)^(\S+)==(\S+)", lock.read_text())
    bill = tmp_path / "bill.json"
    bill.write_text(json.dumps({"components": [{"name": pin, "version": version} for pin, version in pins]}))
    assert left_out(bill, lock) == []
    bill.write_text(json.dumps({"components": [{"name": pin, "version": version} for pin, version in pins[1:]]}))
    assert left_out(bill, lock) == ["==".join(pins[0])]
