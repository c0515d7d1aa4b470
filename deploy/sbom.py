"""Ends with 1 if a bill of materials (CycloneDX) leaves out what a lock holds: python -m deploy.sbom BILL LOCK"""

import json
import re
import sys
from pathlib import Path


def left_out(bill: Path, lock: Path) -> list[str]:
    """Those of the lock's `name==version` that the bill does not have."""
    listed = {f"{part['name']}=={part['version']}" for part in json.loads(bill.read_text())["components"]}
    return [pinned for pinned in re.findall(r"(?m)^([a-z0-9][^\s;]*)", lock.read_text()) if pinned not in listed]


def main() -> None:
    bill, lock = map(Path, sys.argv[1:])
    if missing := left_out(bill, lock):
        sys.exit(f"{bill} leaves out {', '.join(missing)}")


if __name__ == "__main__":
    main()
