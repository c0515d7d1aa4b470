"""Writes what an image installs of Python's packages, as CycloneDX, and holds it against the lock it is made of.

python -m deploy.sbom cpu|gpu FILE    ends with 1 and writes nothing if something is missing. Needs cyclonedx-bom.
"""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from deploy.licences import PAGE, is_for_linux

ROOT = Path(__file__).parents[1]
LOCKS = ROOT / "deploy" / "locks"
SCHEMA = SchemaVersion.V1_6
VALIDATOR = JsonStrictValidator(SCHEMA)

Bill = dict[str, Any]


def pinned_of(target: str) -> str:
    """All that this image installs, as pip reads it; PyTorch without CUDA has an index of its own, and no hash."""
    names = (f"{target}.txt", "constraints.txt") if target == "cpu" else (f"{target}.txt",)
    blocks = [block for name in names for block in packages_of((LOCKS / name).read_text())]
    return "\n".join(block for block in blocks if is_for_linux(block.splitlines()[0]))


def packages_of(lock: str) -> list[str]:
    """Each with its hashes."""
    return [block for block in re.split(r"\n(?=\S)", lock.strip()) if "==" in block]


def bill_of(pinned: str) -> Bill:
    """As cyclonedx-bom tells it, with our version and with the licences of docs/licences.md."""
    command = [
        sys.executable, "-W", "ignore::UserWarning", "-m", "cyclonedx_py", "requirements", "-",
        "--pyproject", str(ROOT / "pyproject.toml"), "--output-reproducible", "--output-format", "JSON",
        "--spec-version", SCHEMA.to_version(), "--no-validate",
    ]  # fmt: skip
    told = subprocess.run(command, input=pinned, stdout=subprocess.PIPE, text=True, check=True).stdout
    bill: Bill = json.loads(told)
    bill["metadata"]["component"]["version"] = _own_version()
    licences = dict(re.findall(r"(?m)^\| (\S+) \| (.+) \|$", PAGE.read_text("utf-8")))
    for part in bill["components"]:
        part.pop("description", None)  # the line of the lock once more
        if licence := licences.get(part["name"]):
            part["licenses"] = [_licence(licence)]
    return bill


def faults_of(bill: Bill, pinned: str) -> list[str]:
    """What is wrong with it, by the schema and by the lock."""
    error = VALIDATOR.validate_str(json.dumps(bill))
    return [*([f"not CycloneDX {SCHEMA.to_version()}: {str(error)[:300]}"] if error else []), *lacking(bill, pinned)]


def lacking(bill: Bill, pinned: str) -> list[str]:
    """Each package that is missing, or lacks a hash or a licence."""
    faults = []
    parts = {f"{part['name']}=={part.get('version')}": part for part in bill["components"]}
    for block in packages_of(pinned):
        pin = block.split()[0]
        if pin not in parts:
            faults.append(f"{pin} is left out")
            continue
        if set(re.findall(r"sha256:([0-9a-f]{64})", block)) != _hashes(parts[pin]):
            faults.append(f"{pin} has not the hashes of the lock")
        if not parts[pin].get("licenses"):
            faults.append(f"{pin} has no licence")
    return faults


def _hashes(part: Bill) -> set[str]:
    """Of its files, of which one is installed."""
    return {one["content"] for place in part.get("externalReferences", ()) for one in place.get("hashes", ())}


def _licence(said: str) -> dict[str, Any]:
    """An expression of SPDX's, or whatever the package calls it."""
    try:
        return {"expression": canonicalize_license_expression(said)}
    except InvalidLicenseExpression:
        return {"license": {"name": said}}


def _own_version() -> str:
    found = re.search(r'(?m)^__version__ = "(.+)"$', (ROOT / "qwen3tts_daemon" / "__init__.py").read_text())
    assert found is not None
    return found[1]


def main() -> None:
    target, path = sys.argv[1:]
    pinned = pinned_of(target)
    bill = bill_of(pinned)
    if faults := faults_of(bill, pinned):
        sys.exit("\n".join(faults))
    Path(path).write_text(json.dumps(bill, indent=1) + "\n")


if __name__ == "__main__":
    main()
