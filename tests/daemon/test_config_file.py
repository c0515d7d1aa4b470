"""A config file that is changed keeps everything else, to the byte."""

import os
import stat
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qwen3tts_daemon.commands import config
from qwen3tts_daemon.config_file import ConfigFile, UnknownShape, changed
from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.options import dig
from qwen3tts_daemon.settings import load_settings

FILE = """\
# At home.
language = "en"  # the children's

[speech]  # how
  lead_silence_ms = 100   # the kitchen
# end of speech

[http]
port = 9000
"""


def test_a_value_takes_the_place_of_the_old_one() -> None:
    assert changed(FILE, {"speech.lead_silence_ms": 200}) == FILE.replace("100 ", "200 ")


def test_an_option_is_added_to_its_section() -> None:
    added = changed(FILE, {"speech.tail_silence_ms": 5, "voice": "heart", "voices.substitute": False})
    assert tomllib.loads(added) == {
        **tomllib.loads(FILE), "voice": "heart", "voices": {"substitute": False},
        "speech": {"lead_silence_ms": 100, "tail_silence_ms": 5},
    }  # fmt: skip
    assert [line for line in FILE.splitlines() if line not in added.splitlines()] == []


def test_an_option_that_is_commented_out_comes_below_its_comment() -> None:
    example = config.example()
    added = changed(example, {"speech.lead_silence_ms": 200, "qwen.sleep_s": 60.0, "voice": "heart"})
    lines = added.splitlines()
    for line in ('voice = "heart"', "lead_silence_ms = 200", "sleep_s = 60.0"):
        assert lines[lines.index(line) - 1].startswith(f"# {line.partition(' ')[0]} = ")
        lines.remove(line)
    assert lines == example.splitlines()


def test_an_option_is_taken_out() -> None:
    gone = changed(FILE, {"speech.lead_silence_ms": None, "language": None, "voice": None, "voices.aliases": None})
    assert gone == "".join(line for line in FILE.splitlines(keepends=True) if " = " not in line or "port" in line)


def test_the_rows_of_a_table_keep_their_comments() -> None:
    text = '[voices.aliases]\nbutler = "am_michael"  # James\nfr = "ff_siwis"\n'
    rows = {"butler": "bm_george", "maid": "af_heart"}
    assert changed(text, {"voices.aliases": rows}).splitlines()[:2] == [
        "[voices.aliases]",
        'butler = "bm_george"  # James',
    ]
    assert tomllib.loads(changed(text, {"voices.aliases": rows}))["voices"]["aliases"] == rows


@pytest.mark.parametrize(
    ("text", "name", "value", "wanted"),
    [
        ("qwen.guards.retry = true\n", "qwen.sleep_s", 5.0, "qwen.guards.retry = true\nqwen.sleep_s = 5.0\n"),
        ("[qwen.guards] # why\n", "qwen.sleep_s", 5.0, "[qwen.guards] # why\n\n[qwen]\nsleep_s = 5.0\n"),
        ("voices = {substitute = false} # why\n", "voices.substitute", True, "voices = {substitute = true} # why\n"),
        ("speech = {a = 1, b = 2}\n", "speech.a", None, "speech = { b = 2}\n"),
        ("speech.a = 1\nspeech.b = 2\n", "speech.a", None, "speech.b = 2\n"),
        ("'voice' = '''\na'''\n#\n", "voice", "b", "'voice' = \"b\"\n#\n"),
    ],
)
def test_a_section_may_be_written_in_any_way(text: str, name: str, value: object, wanted: str) -> None:
    assert changed(text, {name: value}) == wanted


def test_lines_that_end_as_on_windows_stay() -> None:
    text = FILE.replace("\n", "\r\n")
    assert changed(text, {"speech.lead_silence_ms": 200}) == text.replace("100 ", "200 ")


@pytest.mark.parametrize("text", ["speech = 5\n", "[[speech]]\nlead_silence_ms = 1\n"])
def test_what_is_no_section_is_refused(text: str) -> None:
    with pytest.raises(UnknownShape, match=r"no section \[speech\]"):
        changed(text, {"speech.lead_silence_ms": 1})


# -- any small file --------------------------------------------------------------------------------------------

COMMENTS = st.sampled_from(["", "# a comment", "# lead_silence_ms = 0", "#voice=''", "   # [speech]", "\t"])
TAILS = st.sampled_from(["", "  # why", "\t#"])
TEXTS = st.text("ab#=\"'[]\\ \n\té語", max_size=6)
OTHERS = {
    "": ("drain_s", "log_level"),
    "speech": ("idle_flush_ms", "text_normalization"),
    "http": ("port", "lead_silence_ms"),
    "qwen.guards": ("retry", "voice"),
}
WRITTEN = st.sampled_from(
    [
        "1",
        "1_000",
        "0x1F",
        "true",
        "2.5e3",
        "'#'",
        '"a = 1"',
        '"""\n[speech]\nvoice = 1\n"""',
        "[1,\n  2, # two\n]",
        "{a = 1}",
    ]
)


@st.composite
def lines_of(draw: st.DrawFn, section: str, ours: dict[str, str]) -> str:
    """The body of a section, with comments anywhere."""
    keys = [key for key in OTHERS[section] if draw(st.booleans())]
    lines = {key: f"{key} = {draw(WRITTEN)}{draw(TAILS)}" for key in keys}
    lines |= {key: f"{key} = {value}{draw(TAILS)}" for key, value in ours.items() if draw(st.booleans())}
    order = draw(st.permutations(list(lines)))
    return "".join(f"{draw(COMMENTS)}\n{lines[key]}\n" for key in order) + draw(st.sampled_from(["", "\n", "# end\n"]))


@st.composite
def files(draw: st.DrawFn) -> str:
    ours = {"": {"voice": '"old"', "language": "'en'"}, "speech": {"lead_silence_ms": "7"}}
    text = draw(lines_of("", ours[""]))
    for section in draw(st.permutations(["speech", "http", "qwen.guards"])):
        if draw(st.booleans()):
            text += f"[{section}]{draw(TAILS)}\n" + draw(lines_of(section, ours.get(section, {})))
    return text.rstrip("\n") if draw(st.booleans()) else text


CHANGES = st.one_of(
    st.tuples(st.just("voice"), TEXTS | st.none()),
    st.tuples(st.just("language"), st.sampled_from(["de", None])),
    st.tuples(st.just("speech.lead_silence_ms"), st.integers(0, 2000) | st.none()),
    st.tuples(st.just("voices.substitute"), st.booleans() | st.none()),
    st.tuples(st.just("voices.aliases"), st.dictionaries(TEXTS, TEXTS, max_size=2) | st.none()),
    st.tuples(st.just("qwen.sleep_s"), st.floats(0, 1e6) | st.none()),
)


@given(files(), CHANGES)
@example("", ("speech.lead_silence_ms", 1))
@example("language = 'en'", ("voice", "x"))
def test_everything_else_is_equal_to_the_byte(text: str, change: tuple[str, Any]) -> None:
    name, value = change
    after = changed(text, {name: value})
    assert dig(tomllib.loads(after), name) == value
    assert without(after, name) == without(text, name)
    assert changed(after, {name: value}) == after


def without(text: str, name: str) -> list[str]:
    """The lines that are not this option's, nor a new section's for it."""
    key = name.rpartition(".")[2]
    kept = [line for line in text.splitlines() if not line.startswith((f"{key} = ", f'"{key}" = '))]
    return [line for line in kept if line.strip() and line not in ("[voices]", "[qwen]", "[speech]")]


# -- the file itself -------------------------------------------------------------------------------------------


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(FILE)
    return path


def test_the_file_keeps_its_mode_and_is_found_behind_a_link(path: Path) -> None:
    path.chmod(0o640)
    link = path.with_name("link.toml")
    link.symlink_to(path)
    ConfigFile(link).put({"language": "de"})
    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert load_settings(["--config", str(path)]).language == "de"
    assert sorted(one.name for one in path.parent.iterdir()) == ["config.toml", "link.toml"]


def test_a_file_that_is_no_toml_any_more_is_refused_and_stays(path: Path) -> None:
    path.write_text("language = = 'en'")
    with pytest.raises(Refusal, match="is not TOML") as refused:
        ConfigFile(path).put({"language": "de"})
    assert refused.value.code == "config_unusable"
    assert path.read_text() == "language = = 'en'"


def test_what_somebody_writes_at_the_same_moment_is_not_lost(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def edited_by_hand(text: str, values: object) -> str:
        path.write_text("voice = 'theirs'\n")
        return text

    monkeypatch.setattr("qwen3tts_daemon.config_file.changed", edited_by_hand)
    with pytest.raises(Refusal, match="changed by somebody else"):
        ConfigFile(path).put({"language": "de"})
    assert path.read_text() == "voice = 'theirs'\n"


def test_a_file_that_cannot_be_written_says_so(path: Path) -> None:
    assert ConfigFile(None).state == "none"
    assert ConfigFile(path.with_name("gone.toml")).state == "absent"
    assert ConfigFile(path).state == "writable"
    for file in (ConfigFile(None), ConfigFile(path.with_name("gone.toml"))):
        with pytest.raises(FileNotFoundError):
            file.put({"language": "de"})
    assert not path.with_name("gone.toml").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_file_of_others_is_read_only(path: Path) -> None:
    path.chmod(0o444)
    assert ConfigFile(path).state == "read-only"
    with pytest.raises(PermissionError):
        ConfigFile(path).put({"language": "de"})
