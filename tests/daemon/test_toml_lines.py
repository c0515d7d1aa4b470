"""Where something stands in a TOML file, whichever way it is written."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwen3tts_daemon.toml_lines import UnreadableToml, line_of, parse

STATEMENTS = (
    'K = 1', '"K" = "[x]"', "K = 1 # K = 2", "K.a = 1", "K.a.b = {c = 1}", 'K = """\n[y]\nz = 1\n"""', "K = '''\n]'''",
    "K = [\n  1, # ]\n\n  2]", "K = [[1], [2]]", "K = {a = 'b', c = [1]}", "[K]\na = 1", "[K.a]\nb = 1",
    "[[K]]\na = 1\n[[K]]",
)  # fmt: skip
BETWEEN = ("", "\n", "# K = 1\n# [K]\n", "   \n\t# \u3042\n")
FILE = """\
[phrases]
list = [
  "a", # ]
  {text = "b", voice = "x"},

  "c"]
[voices]
aliases = {a = "b"}
[[word]]
written = "a"
say = '''
'''
[[word]]
written = "b"
"""


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.sampled_from(STATEMENTS), st.sampled_from(BETWEEN)), min_size=1, max_size=8),
    st.sampled_from(["\n", "\r\n"]), st.sampled_from(["", "\ufeff"]),
)  # fmt: skip
def test_each_is_found_in_its_line(parts: list[tuple[str, str]], end: str, mark: str) -> None:
    tables = [part for part in parts if part[0].startswith("[")]
    text, lines = "", {}
    for number, (statement, between) in enumerate([*(part for part in parts if part not in tables), *tables]):
        text += between
        lines[f"k{number}"] = text.count("\n") + 1
        text += statement.replace("K", f"k{number}") + "\n"
    text = mark + text.replace("\n", end)
    assert {name: line_of(text, (name,)) for name in lines} == lines
    assert parse(text.encode()).keys() == lines.keys()


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("phrases", "list"), 2), (("phrases", "list", 0), 3), (("phrases", "list", 1, "voice"), 4),
        (("phrases", "list", 2), 6), (("voices", "aliases", "a"), 8), (("word", 0), 9), (("word", 0, "say"), 11),
        (("word", 1, "written"), 14),
    ],
)  # fmt: skip
def test_in_lists_and_tables_too(path: tuple[str | int, ...], line: int) -> None:
    assert line_of(FILE, path) == line


def test_what_is_not_there_stands_where_it_should_be() -> None:
    assert line_of(FILE, ("phrases", "lst")) == 1
    assert line_of(FILE, ("word", 1, "say")) == 13
    assert line_of(FILE, ("phrases", "list", 7)) == 2
    assert line_of(FILE, ("voice",)) is None


def test_a_list_without_end_is_not_gone_through() -> None:
    rows = "".join(f"  {number},\n" for number in range(700))
    assert line_of(f"a = [\n{rows}]\nb = 1\n", ("a", 699)) is None


@pytest.mark.parametrize(
    ("content", "line", "column", "reason"),
    [
        (b"a = 1\nb 2\n", 2, 3, "Expected '='"),
        (b"a = 1\r\nb 2\r\n", 2, 3, "Expected '='"),
        (b"\xef\xbb\xbfa 2", 1, 3, "Expected '='"),
        (b"a = [\n1,\n\n", 2, 3, "Invalid value"),
        (b'a = """\nb', 2, 2, "string"),
        (b"x.a = 1\nx.a = 2\n", 2, 8, "x.a is there already"),
        (b"a = 1\na = 2", 2, 6, "a is there already"),
        (b"[a]\n[b]\n[a] # again\n", 3, 3, "[a] is there already"),
        (b"a = {b = 1, b = 2}", 1, 18, "'b'"),
        (b"a = 'caf\xe9'\n", 1, 9, "byte 0xe9 is not UTF-8"),
        ("a = 1\nb = 'é".encode("utf-16"), 1, 1, "byte 0xff is not UTF-8"),
        (b"a = " + b"[" * 3_000, 1, 3_005, "nested too deeply"),
    ],
)
def test_what_is_no_toml_is_told_with_its_place(content: bytes, line: int, column: int, reason: str) -> None:
    with pytest.raises(UnreadableToml) as wrong:
        parse(content)
    assert (wrong.value.line, wrong.value.column) == (line, column)
    assert reason in wrong.value.reason


def test_lines_of_a_file_go_down() -> None:
    names = [f"n{number}" for number in range(50)]
    text = "".join(f"{name} = 1\n" for name in names)
    lines = [line_of(text, (name,)) or 0 for name in names]
    assert all(above < below for above, below in pairwise(lines))
