"""No row of the checklist and no line of a page of promises names a test that is not there."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.hostile.checklist import ROWS

ROOT = Path(__file__).parents[2]


@cache
def names_of_tests(path: Path) -> set[str]:
    """As pytest names them."""
    names = set()
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.ClassDef):
            inner = (one.name for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef))
            names |= {node.name, *(f"{node.name}::{name}" for name in inner)}
    return {name for name in names if name.startswith(("test_", "Test"))}


@pytest.mark.parametrize("row", ROWS)
def test_a_row_names_tests_that_are_there(row: str) -> None:
    for named in ROWS[row]:
        path, _, name = named.partition("::")
        assert name in names_of_tests(ROOT / path), named


def test_every_row_of_http_and_websocket_has_one() -> None:
    assert [row.partition(":")[0] for row in ROWS][:30] == [str(number) for number in range(1, 31)]


@pytest.fixture(scope="module")
def everywhere() -> set[str]:
    """Names of all tests."""
    paths = (ROOT / "tests").rglob("test_*.py")
    return {name.rpartition("::")[2] for path in paths for name in names_of_tests(path)}


@pytest.mark.parametrize("page", ["docs/reliability.md", "docs/security.md", "docs/asvs.md", "SECURITY.md"])
def test_what_a_page_of_promises_names_is_there(page: str, everywhere: set[str]) -> None:
    for named in re.findall(r"`((?:tests/|test_)[\w/.:]+)`", (ROOT / page).read_text("utf-8")):
        path, _, name = named.partition("::")
        if path.startswith("tests/"):
            assert (ROOT / path).exists(), named
        assert not (name or path.startswith("test_")) or (name or path) in everywhere, named


LEVEL_1 = {
    "1.2": 5, "1.3": 2, "1.5": 1, "2.1": 1, "2.2": 2, "2.3": 1, "3.2": 2, "3.3": 1, "3.4": 2, "3.5": 3, "4.1": 1,
    "4.4": 1, "5.2": 2, "5.3": 2, "6.1": 1, "6.2": 8, "6.3": 2, "6.4": 2, "7.2": 4, "7.4": 2, "8.1": 1, "8.2": 2,
    "8.3": 1, "9.1": 3, "9.2": 1, "10.4": 5, "11.3": 2, "11.4": 1, "12.1": 1, "12.2": 2, "13.4": 1, "14.2": 1,
    "14.3": 1, "15.1": 1, "15.2": 1, "15.3": 1,
}  # fmt: skip
"""How many requirements each section of ASVS 5.0.0 has for level 1; they are its first"""


def test_each_requirement_of_asvs_is_told_with_its_test_or_the_reason() -> None:
    rows = re.findall(r"(?m)^\| (\d\S*) \| (.+) \| (.+) \| (.+) \|$", (ROOT / "docs" / "asvs.md").read_text("utf-8"))
    wanted = [f"{section}.{one + 1}" for section, count in LEVEL_1.items() for one in range(count)]
    assert [number for number, *_ in rows] == wanted
    assert len(wanted) == 70
    for number, _, holds, how in rows:
        assert holds in ("yes", "part", "-"), number
        is_proved = re.search(r"`(tests/|test_)|ruff's S|\]\(\S+\.md", how)
        assert is_proved if holds == "yes" else how, number
