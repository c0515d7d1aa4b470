"""What is wrong with settings is told with its place, the option's full name, what is wanted and the nearest name."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.live_settings import LiveSettings
from qwen3tts_daemon.options import dig
from qwen3tts_daemon.settings import SettingsError, load_settings, placed


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def told(*arguments: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(list(arguments))
    return str(caught.value)


NO_OPTION = "there is no such option"


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        ("prot = 1", 1, f"prot: {NO_OPTION}"),
        ("langauge = 'de'", 1, f"langauge: {NO_OPTION}; did you mean language?"),
        ("# x\n[http]\n\nprot = 1 # port", 4, f"http.prot: {NO_OPTION}; did you mean http.port?"),
        ("[htp]\nport = 1", 1, f"htp: {NO_OPTION}; did you mean http?"),
        ("htp.port = 1", 1, f"htp: {NO_OPTION}; did you mean http?"),
        ("[http]\nlanguage = 'de'", 2, f"http.language: {NO_OPTION}; did you mean language?"),
        ("port = 1", 1, f"port: {NO_OPTION}; did you mean wyoming.port or http.port?"),
        ("http.prot = 1", 1, f"http.prot: {NO_OPTION}; did you mean http.port?"),
        ("http = {port = 1, prot = 2}", 1, f"http.prot: {NO_OPTION}; did you mean http.port?"),
        ("[qwen.guards]\nspare = 1", 2, f"qwen.guards.spare: {NO_OPTION}; did you mean qwen.guards.spare_s?"),
        ("[http]\nport = 'many'", 2, "http.port: Input should be a valid integer, .* \\(got 'many'\\)"),
        ("[http]\n\"port\" = 70000", 2, "http.port: Input should be less than or equal to 65535 \\(got 70000\\)"),
        ("[qwen]\nweights = 'int9'", 2, "qwen.weights: Input should be 'auto', .* or 'int4' \\(got 'int9'\\)"),
        ("[http]\nport = [\n 1\n]", 2, "http.port: Input should be a valid integer$"),
        ("[wyoming]\nlanguages = [\n  'de',\n  'klingon',\n]", 4, "wyoming.languages\\[2\\]: Input .*'klingon'"),
        ("http = 3", 1, "http: a table is wanted \\(got 3\\)"),
        ("[http]\nport = true", 2, "http.port: a number is wanted, not true or false"),
        ("[voices.night]\nbase = 'a'\nspeed = false", 3, "voices.night.speed: a number is wanted"),
        ("[qwen.guards]\nspare_s = true", 2, "qwen.guards.spare_s: a number is wanted"),
        ("[speech]\nloudness_lufs = true", 2, "speech.loudness_lufs: a number is wanted"),
        ("[wyoming]\nidle_s = inf", 2, "wyoming.idle_s: Input should be a finite number"),
        ("drain_s = nan", 1, "drain_s: Input should be "),
        ("[[http]]", 1, "http: a table is wanted$"),
        ("[voices.night]\nspeed = 2", 1, "voices.night.base: Field required$"),
        ("[voices.night]\nbase = 'a'\nspede = 1", 3,
         f"voices.night.spede: {NO_OPTION}; did you mean voices.night.speed?"),
        ("[voices.profiles.night]\nbase = 'a'\nspeed = 9", 3, "voices.night.speed: Input should be less .*9"),
        ("[voices]\nsubstitude = false", 2, f"voices.substitude: {NO_OPTION}; did you mean voices.substitute?"),
        ("[voices.aliases]\na = 'b'\nc = 1", 3, "voices.aliases.c: Input should be a valid string \\(got 1\\)"),
        ("[speech.styles]\na = 1", 2, "speech.styles.a: Input should be a valid string \\(got 1\\)"),
        (
            "[phrases]\nlist = [\n  'a',\n  {text = 'b', voise = 'c'},\n]", 4,
            f"phrases.list\\[2\\].voise: {NO_OPTION}; did you mean phrases.list\\[2\\].voice?",
        ),
        ("[phrases]\nlist = ['a', '']", 2, "phrases.list\\[2\\].text: String should have at least 1 character"),
        ("[http_engine]\nurl = 'http://a:gift@b'", 2, "http_engine.url: it may hold no user and no password"),
        ("[voices.substitute]\nbase = 'a'", 1, "voices.substitute is an option of its own"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("form", ["plain", "of Windows"])
def test_in_a_file(path: Path, content: str, line: int, said: str, form: str) -> None:
    path.write_bytes((content if form == "plain" else "\ufeff" + content.replace("\n", "\r\n")).encode())
    message = told("--config", str(path))
    assert re.match(f"{re.escape(str(path))}:{line}: {said}", message), message
    assert "gift" not in message


@pytest.mark.parametrize(
    ("content", "place", "said"),
    [
        (b"[http\n", "1:6", ""),
        (b"[http]\nport 1\n", "2:6", "Expected '='"),
        (b"[http]\nport = 1\nport = 2\n", "3:9", "port is there already"),
        (b"[http]\n[http]\n", "2:6", r"\[http\] is there already"),
        (b"voice = 'caf\xe9'\n", "1:13", "byte 0xe9 is not UTF-8; save the file as UTF-8"),
    ],
)
def test_what_is_no_toml(path: Path, content: bytes, place: str, said: str) -> None:
    path.write_bytes(content)
    assert re.search(f"config.toml:{place}: .*{said}", told("--config", str(path)))


def test_every_problem_is_told_at_once(path: Path) -> None:
    path.write_text("[http]\nport = 'many'\nprot = 1\n[wyoming]\nport = -1\n")
    lines = told("--config", str(path)).splitlines()
    assert [line.removeprefix(str(path)).split(": ")[0] for line in lines] == [":5", ":2", ":3"]


def test_a_file_of_windows_is_read(path: Path) -> None:
    path.write_bytes("\ufefflanguage = 'de'\r\n[http]\r\nport = 5\r\n".encode())
    settings = load_settings(["--config", str(path)])
    assert (settings.language, settings.http.port) == ("de", 5)


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("QWEN3TTS_HTTP__PORT", "many", "http.port: Input should be a valid integer, .* \\(got 'many'\\)"),
        ("QWEN3TTS_HTTP__PROT", "1", f"http.prot: {NO_OPTION}; did you mean http.port?"),
        ("QWEN3TTS_HTTP", '{"port": 70000}', "http.port: Input should be less"),
        ("QWEN3TTS_VOICES__ALIASES", '{"a": 1}', "voices.aliases.a: Input should be a valid string"),
        ("PORT", "many", "http.port: Input should be a valid integer"),
    ],
)
def test_in_the_environment(path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str) -> None:
    path.write_text("[http]\nmax_connections = 5\n")
    monkeypatch.setenv(variable, value)
    monkeypatch.setenv("QWEN3TTS_CONFIG", str(path))
    assert re.match(f"the environment variable {variable}: {said}", told())


def test_a_variable_that_names_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QWEN3TTS_HTP__PORT", "1")
    assert told() == ("the environment variable QWEN3TTS_HTP__PORT names no option; did you mean QWEN3TTS_HTTP__PORT?")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--http.port", "many"], "http.port: Input should be a valid integer, .* \\(got 'many'\\)"),
        (["--http.port=70000"], "http.port: Input should be less than or equal to 65535"),
        (["--http.prot", "1"], "there is no option --http.prot; did you mean --http.port?"),
        (["--no-log-txt"], "there is no option --no-log-txt"),
        (["--http.port"], ".*--http.port.* expected one argument"),
        (["stray"], ".*stray"),
        (["--voices.aliases", "{a"], "voices.aliases: Missing end delimiter"),
        (["--voices.profiles", '{"a": {"base": "b", "sped": 1}}'],
         f"voices.a.sped: {NO_OPTION}; did you mean voices.a.speed?"),
    ],
)  # fmt: skip
def test_on_the_command_line(path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str) -> None:
    path.write_text("[http]\nmax_connections = 5\n")
    assert re.match(f"the command line: {said}", told("--config", str(path), *arguments))
    assert capsys.readouterr() == ("", ""), "no page of help hides it"


def test_who_counts_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_text("[http]\nport = 70000\n")
    arguments = ["--config", str(path)]
    assert told(*arguments).startswith(f"{path}:2: ")
    monkeypatch.setenv("QWEN3TTS_HTTP__PORT", "70001")
    assert told(*arguments).startswith("the environment variable QWEN3TTS_HTTP__PORT: ")
    assert told(*arguments, "--http.port", "70002").startswith("the command line: ")


def test_what_a_start_finds_wrong_later_is_placed_too(path: Path) -> None:
    path.write_text("engine = 'qwen'\n[voices.aliases]\nbutler = 'nobody'\n[http]\n")
    arguments = ["--config", str(path), "--wyoming.port", "0"]
    settings = load_settings(arguments)
    for message, place in (
        ("engine is qwen, and nothing is there", f"{path}:1: "),
        ("voices.aliases: 'butler' is an alias of 'nobody'", f"{path}:2: "),
        ("wyoming.host, wyoming.port: cannot listen", ""),
        ("wyoming.port: cannot listen", "the command line: "),
        ("http.port: cannot listen", ""),
        ("the token: it is damaged", ""),
    ):
        assert placed(message, settings, arguments) == place + message


# -- while it runs ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("speech.lead_silence_ms", 2001, "lead_silence_ms = 2001"),
        ("speech.lead_silence_ms", -1, "lead_silence_ms = -1"),
        ("phrases.cache", "some", "cache = 'some'"),
        ("voices.aliases", {"a": 1}, "aliases = {a = 1}"),
    ],
)
def test_a_change_is_refused_in_the_same_words(path: Path, name: str, value: Any, line: str) -> None:
    path.write_text(f"[{name.split('.')[0]}]\n{line}\n")
    in_file = told("--config", str(path)).removeprefix(f"{path}:2: ")
    path.write_text("language = 'de'\n")
    live = LiveSettings(load_settings(["--config", str(path)]))
    before = live.settings
    with pytest.raises(Refusal) as refused:
        asyncio.run(live.change({"language": "fr", name: value}))
    said = in_file.replace("voices.aliases.a", "voices.aliases")
    assert str(refused.value) == said
    assert live.settings is before
    assert path.read_text() == "language = 'de'\n"


def test_a_file_that_was_broken_meanwhile_is_told_with_its_place(path: Path) -> None:
    path.write_text("language = 'de'\n")
    live = LiveSettings(load_settings(["--config", str(path)]))
    path.write_text("language = 'de'\n[speech\n")
    with pytest.raises(Refusal, match=re.escape(f"{path}:2:8: this is not TOML: ")):
        asyncio.run(live.change({"language": "fr"}))
    assert live.settings.language == "de"
    assert path.read_text() == "language = 'de'\n[speech\n"


def test_a_file_of_windows_stays_one(path: Path) -> None:
    path.write_bytes("\ufeff# At home\r\nlanguage = 'de'\r\n".encode())
    asyncio.run(LiveSettings(load_settings(["--config", str(path)])).change({"language": "fr", "speech.markup": False}))
    assert path.read_bytes().startswith("\ufeff# At home\r\nlanguage = ".encode())
    settings = load_settings(["--config", str(path)]).model_dump()
    assert (settings["language"], dig(settings, "speech.markup")) == ("fr", False)


def test_a_name_that_is_nearly_one_is_told_which(path: Path) -> None:
    path.write_text("")
    with pytest.raises(
        Refusal, match=r"'speech.lead_silence' is not changed here; .*; did you mean speech.lead_silence_ms"
    ):
        asyncio.run(LiveSettings(load_settings(["--config", str(path)])).change({"speech.lead_silence": 5}))
