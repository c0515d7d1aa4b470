"""lexicon.toml: what is read, what is told of a broken one, and that a change leaves the rest as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen3tts_daemon.text.lexicon import Entry
from qwen3tts_daemon.text.lexicon_toml import UnreadableLexicon, read, with_entry, without_entry

FILE = """\
# At home.
[en]
Siobhan = "Shivawn"   # our neighbour
kWh = {say = "kilowatt hours", voice = "anna"}

["*"]
"C++" = "C plus plus"

# The big one.
[[word]]
written = "重庆"  # in Sichuan once
pinyin = "chong2 qing4"

[[word]]
written = "WLAN"
say = "Weh-Lan"
language = "German"
"""
ENTRIES = [
    Entry(written="Siobhan", say="Shivawn", language="en"),
    Entry(written="kWh", say="kilowatt hours", language="en", voice="anna"),
    Entry(written="C++", say="C plus plus"),
    Entry(written="重庆", pinyin="chong2 qing4"),
    Entry(written="WLAN", say="Weh-Lan", language="de"),
]


def test_both_ways_to_write_it_are_read() -> None:
    assert read(FILE) == ENTRIES
    assert read("") == []


def test_an_entry_is_changed_where_it_stands() -> None:
    changed = with_entry(FILE, Entry(written="Siobhan", say="Shivonne", language="en"))
    assert changed == FILE.replace("Shivawn", "Shivonne")
    changed = with_entry(FILE, Entry(written="Siobhan", say="Shivawn", ipa="ʃɪvˈɔn", language="en"))
    assert changed == FILE.replace('"Shivawn"', '{say = "Shivawn", ipa = "ʃɪvˈɔn"}')
    changed = with_entry(FILE, Entry(written="重庆", pinyin="chong2 qing4", say="Chongqing"))
    assert changed.startswith(FILE.partition('pinyin = "chong2 qing4"\n')[0])
    assert read(changed)[3] == Entry(written="重庆", pinyin="chong2 qing4", say="Chongqing")


def test_a_new_one_comes_behind_the_others() -> None:
    for language in ("", "en", "de"):
        entry = Entry(written="GIF", say="jif", language=language)
        changed = with_entry(FILE, entry)
        assert changed.startswith(FILE)
        assert read(changed) == [*ENTRIES, entry]
    assert read(with_entry("", ENTRIES[0])) == ENTRIES[:1]
    assert read(with_entry("# no line end", ENTRIES[0])) == ENTRIES[:1]


@pytest.mark.parametrize("number", range(len(ENTRIES)))
def test_one_is_taken_away_and_the_comments_stay(number: int) -> None:
    left = without_entry(FILE, ENTRIES[number].key)
    assert read(left) == [entry for entry in ENTRIES if entry is not ENTRIES[number]]
    assert "# At home.\n" in left
    assert "# The big one.\n" in left
    with pytest.raises(KeyError):
        without_entry(left, ENTRIES[number].key)


CHANGES = st.lists(
    st.tuples(
        st.booleans(),
        st.sampled_from([*ENTRIES, *(Entry(written="x", say="y", language=code) for code in ("", "en", "ru"))]),
    ),
    max_size=8,
)


@given(st.sampled_from(["", FILE, FILE.partition("# The big")[0], "# Nothing yet\n[de]\n"]), CHANGES)
def test_whatever_is_put_and_taken_away_the_file_says_it(text: str, changes: list[tuple[bool, Entry]]) -> None:
    kept = {entry.key: entry for entry in read(text)}
    comments = [line for line in text.splitlines() if line.startswith("#")]
    for is_put, entry in changes:
        if is_put:
            text = with_entry(text, entry)
            kept[entry.key] = entry
        elif entry.key in kept:
            text = without_entry(text, entry.key)
            del kept[entry.key]
        assert {one.key: one for one in read(text)} == kept
    assert [line for line in text.splitlines() if line.startswith("#")] == comments


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ('[en]\nSiobhan = "Shi', 2, ""),
        ('[en]\n"a" = "b"\n"" = "x"\n', 3, "written"),
        ('[klingon]\na = "b"\n', 1, "klingon"),
        ("[en]\n\nSiobhan = 5\n", 3, "Siobhan"),
        ('[en]\na = "b"\n[[word]]\nwritten = "a"\nsay = "c"\nlanguage = "en"\n', 3, "twice"),
        ('# x\n[[word]]\nwritten = "a"\nsay = "b"\n\n[[word]]\nwritten = "c"\n', 6, "how is 'c' said"),
        ('[[word]]\nsay = "b"\nwriten = "a"\n', 1, "unknown field `writen`; did you mean written?"),
        ('[[word]]\nwritten = "a"\n# say = 5\nsay = 5\n', 4, "say"),
        ('x = "b"\n', 1, "x"),
        ('[zh]\n"重庆" = {pinyin = "chong"}\n', 2, "chong"),
        (f'[en]\n"{"a" * 81}" = "b"\n', 2, "80"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(text: str, line: int, reason: str) -> None:
    for change in (read, lambda text: with_entry(text, ENTRIES[0])):
        with pytest.raises(UnreadableLexicon) as wrong:
            change(text)
        assert wrong.value.line == line
        assert reason in wrong.value.reason


def test_a_file_of_windows_is_read_and_changed() -> None:
    text = "\ufeff" + FILE.replace("\n", "\r\n")
    assert read(text) == ENTRIES
    left = without_entry(text, ENTRIES[0].key)
    assert left.startswith("\ufeff")
    assert read(left) == ENTRIES[1:]


def test_so_many_and_no_more() -> None:
    lines = [f'w{number} = "x"\n' for number in range(2_001)]
    assert len(read("[en]\n" + "".join(lines[:-1]))) == 2_000
    with pytest.raises(UnreadableLexicon, match="2000"):
        read("[en]\n" + "".join(lines))
    with pytest.raises(UnreadableLexicon, match="take one out"):
        with_entry("[en]\n" + "".join(lines[:-1]), ENTRIES[0])
