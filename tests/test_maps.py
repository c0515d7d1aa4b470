"""Every package opens with its map, and the maps are true: each module is named, and the rooms that are used."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = sorted(
    path.parent.relative_to(ROOT)
    for name in ("qwen_tts", "qwen3tts_daemon")
    for path in (ROOT / name).rglob("__init__.py")
)
ROOMS = {
    name: {path.parent.name for path in (ROOT / name).glob("*/__init__.py")} for name in ("qwen_tts", "qwen3tts_daemon")
}


def map_of(package: Path) -> str:
    return ast.get_docstring(ast.parse((ROOT / package / "__init__.py").read_text())) or ""


def imported(package: Path) -> set[str]:
    """The rooms beside this one that its modules import from."""
    root, rooms = package.parts[0], set()
    for path in (ROOT / package).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            module = node.module if isinstance(node, ast.ImportFrom) else ""
            parts = (module or "").split(".")
            if parts[0] == root and len(parts) > 1 and parts[1] in ROOMS[root]:
                rooms.add(parts[1])
    return rooms - {package.parts[1]}


@pytest.mark.parametrize("package", PACKAGES, ids=str)
def test_a_map_names_every_module(package: Path) -> None:
    told = map_of(package)
    modules = [path.stem for path in (ROOT / package).glob("*.py") if not path.stem.startswith("__")]
    rooms = [path.parent.name for path in (ROOT / package).glob("*/__init__.py")]
    assert [name for name in modules + rooms if not re.search(rf"\b{name}\b", told)] == []


@pytest.mark.parametrize("package", [one for one in PACKAGES if len(one.parts) == 2], ids=str)
def test_a_map_tells_which_rooms_are_used(package: Path) -> None:
    told = re.search(r"^Imports ([^.]*)\.", map_of(package), re.MULTILINE)
    assert told is not None, "Imports a, b and c. Or: Imports no other room."
    names = set(re.findall(r"\w+", told[1])) & ROOMS[package.parts[0]]
    assert names == imported(package)
