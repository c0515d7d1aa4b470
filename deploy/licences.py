"""Writes docs/licences.md: python -m deploy.licences, in an environment that has what deploy/locks names."""

import re
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "licences.md"
HEAD = """\
# Licences of what it is built on

This project is Apache-2.0. What its images install, and by which licence, as each package says it of itself (written
by `python -m deploy.licences`). **GPL** are `espeakng-loader` and `phonemizer-fork` alone, the extra `espeak`, without
which the preview voice does not speak German, Spanish, French, Italian, Portuguese and Russian; they are installed as
packages of their own and run in the voice's process. `num2words`, `soxr` and `zeroconf` are LGPL. NVIDIA's libraries
are under its own terms. The images' Debian packages bring theirs in `/usr/share/doc`.

| package | licence |
|---|---|
"""
_BY_HAND = {
    "espeakng-loader": "carries espeak-ng: GPL-3.0-or-later",
    "fasttext-predict-v2": "MIT",  # of Pythons that are newer than most
}
"""Those whose metadata do not say, or are not here"""


def locked() -> list[str]:
    """Names, of what Linux gets."""
    locks = "\n".join((ROOT / "deploy" / "locks" / f"{name}.txt").read_text() for name in ("cpu", "gpu"))
    lines = re.findall(r"(?m)^[a-z0-9].*", locks)
    return sorted({line.partition("==")[0] for line in lines if is_for_linux(line)})


def is_for_linux(line: str) -> bool:
    """Of a lock."""
    return "sys_platform ==" not in line or "sys_platform == 'linux'" in line


def licence_of(name: str) -> str | None:
    """None: not installed here."""
    try:
        told = metadata(name)
    except PackageNotFoundError:
        return "NVIDIA's own" if name.startswith(("nvidia-", "cuda-")) else _BY_HAND.get(name)
    classifiers = [
        one.rpartition(" :: ")[2] for one in told.get_all("Classifier") or () if one.startswith("License ::")
    ]
    said = told.get("License-Expression") or "; ".join(one for one in classifiers if one != "OSI Approved")
    first = (told.get("License") or "").strip().splitlines()
    if name.startswith("cuda-") and not said:
        return "NVIDIA's own"
    return said or (first[0] if first and len(first[0]) < 60 else "") or _BY_HAND.get(name)


def main() -> None:
    rows = [(name, licence_of(name)) for name in locked()]
    PAGE.write_text(HEAD + "".join(f"| {name} | {licence or '?'} |\n" for name, licence in rows), "utf-8")
    print("not told:", *(name for name, licence in rows if not licence))


if __name__ == "__main__":
    main()
