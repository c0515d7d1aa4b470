"""No row of the checklist and no line of docs/reliability.md names a test that is not there."""

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


def test_what_the_page_of_promises_names_is_there() -> None:
    page = (ROOT / "docs" / "reliability.md").read_text("utf-8")
    everywhere = {
        name.rpartition("::")[2] for path in (ROOT / "tests").rglob("test_*.py") for name in names_of_tests(path)
    }
    for named in re.findall(r"`((?:tests/|test_)[\w/.:]+)`", page):
        path, _, name = named.partition("::")
        if path.startswith("tests/"):
            assert (ROOT / path).is_file(), named
        assert not (name or path.startswith("test_")) or (name or path) in everywhere, named
