"""One definition of every option: file, environment, command line, docs."""

import re
from operator import attrgetter
from pathlib import Path

import pytest

from qwen3tts_daemon.commands import config
from qwen3tts_daemon.environment import KNOWN
from qwen3tts_daemon.options import every_option
from qwen3tts_daemon.settings import Settings, SettingsError, load_settings

ROOT = Path(__file__).parents[2]


def test_command_line_beats_environment_beats_file_beats_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "config.toml"
    path.write_text("language = 'fr'\n[http]\nport = 1\nmax_body_bytes = 5000\n[wyoming]\nport = 2\n")
    monkeypatch.setenv("QWEN3TTS_HTTP__PORT", "3")
    monkeypatch.setenv("QWEN3TTS_WYOMING__PORT", "4")
    arguments = ["--config", str(path), "--wyoming.port", "5"]
    settings = load_settings(arguments)
    assert (settings.wyoming.port, settings.http.port, settings.http.max_body_bytes) == (5, 3, 5000)
    assert settings.language == "fr"
    sources = {name: source for name, _, source in config.effective(settings, arguments)}
    assert sources["wyoming.port"] == "command line"
    assert sources["http.port"] == "environment (QWEN3TTS_HTTP__PORT)"
    assert sources["http.max_body_bytes"] == "file"
    assert sources["http.enabled"] == "default"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("prot = 1", "prot"),
        ("[http]\nprot = 1", "http.prot"),
        ("[http]\nport = 'many'", "http.port"),
        ("[http]\nport = 70000", "http.port"),
        ("[wyoming]\nlanguages = ['klingon']", "wyoming.languages"),
        ("not toml", "is not TOML"),
    ],
)
def test_a_mistake_in_the_file_stops_the_start_with_its_name(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(content)
    with pytest.raises(SettingsError, match=message):
        load_settings(["--config", str(path)])


def test_a_missing_file_stops_the_start() -> None:
    with pytest.raises(SettingsError, match="nowhere"):
        load_settings(["--config", "/nowhere.toml"])


def test_a_mistyped_variable_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QWEN3TTS_HTP__PORT", "1")
    with pytest.raises(SettingsError, match="QWEN3TTS_HTP__PORT"):
        load_settings([])


@pytest.mark.parametrize(
    ("variable", "value", "option", "wanted"),
    [
        ("PORT", "9000", "http.port", 9000),
        ("CUDA_DEVICE", "cuda:1", "qwen.device", "cuda:1"),
        ("CUDA_DEVICE", "1", "qwen.device", "cuda:1"),
        ("CUDA_DEVICE", "cpu", "qwen.device", "cpu"),
        ("GPU_IDLE_TIMEOUT", "0", "qwen.sleep_s", 0.0),
        ("QWEN_TTS_MODEL_DIR", "/weights", "models.dir", Path("/weights")),
        ("HF_HUB_OFFLINE", "1", "models.offline", True),
    ],
)
def test_the_names_that_people_know_are_options_too(
    variable: str, value: str, option: str, wanted: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    settings = load_settings([])
    assert attrgetter(option)(settings) == wanted
    sources = {name: source for name, _, source in config.effective(settings, [])}
    assert sources[option] == f"environment ({variable})"


def test_our_own_names_go_before_those_that_people_know_and_these_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "config.toml"
    path.write_text("[http]\nport = 1\nmax_connections = 7\n[qwen]\nsleep_s = 5\n")
    monkeypatch.setenv("PORT", "2")
    monkeypatch.setenv("GPU_IDLE_TIMEOUT", "6")
    settings = load_settings(["--config", str(path)])
    assert (settings.http.port, settings.http.max_connections, settings.qwen.sleep_s) == (2, 7, 6)
    monkeypatch.setenv("QWEN3TTS_HTTP__PORT", "3")
    assert load_settings(["--config", str(path)]).http.port == 3


@pytest.mark.parametrize(("variable", "value"), [("PORT", "http"), ("CUDA_DEVICE", "GPU-7"), ("HF_HUB_OFFLINE", "2")])
def test_a_known_name_with_a_value_that_is_none_stops_the_start_with_its_name(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=variable):
        load_settings([])


def test_a_known_name_that_is_empty_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    for known in KNOWN:
        monkeypatch.setenv(known.name, "")
    assert load_settings([]) == Settings()


@pytest.mark.parametrize(
    ("value", "languages"),
    [("en,de", ("en", "de")), ("en", ("en",)), (" en, de ,", ("en", "de")), ('["en", "de"]', ("en", "de"))],
)
def test_a_list_in_the_environment_has_commas_or_is_json(
    value: str, languages: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN3TTS_WYOMING__LANGUAGES", value)
    assert load_settings([]).wyoming.languages == languages


def test_a_list_on_the_command_line_has_commas() -> None:
    settings = load_settings(["--wyoming.languages", "en,de", "--http.host", "127.0.0.1"])
    assert (settings.wyoming.languages, settings.http.host) == (("en", "de"), ("127.0.0.1",))


OPTIONS = [(option.name, option.info) for option in every_option()]
SWITCHES = {name: name.replace("_", "-") for name, info in OPTIONS if info.annotation is bool}
FORMS = [
    ("--{}", True), ("--no-{}", False),
    *((f"--{{}}{between}{word}", True) for between in " =" for word in ("true", "True", "yes", "on", "1")),
    *((f"--{{}}{between}{word}", False) for between in " =" for word in ("false", "FALSE", "no", "off", "0")),
]  # fmt: skip


@pytest.mark.parametrize(("form", "value"), FORMS)
def test_a_boolean_option_is_a_name_and_a_value_or_a_name_alone(form: str, value: bool) -> None:
    settings = load_settings([word for flag in SWITCHES.values() for word in form.format(flag).split()])
    assert {name: attrgetter(name)(settings) for name in SWITCHES} == dict.fromkeys(SWITCHES, value)


@pytest.mark.parametrize("name", SWITCHES)
def test_a_boolean_option_that_is_neither_stops_the_start_with_its_name(name: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(name)):
        load_settings([f"--{SWITCHES[name]}", "perhaps"])


def test_the_last_word_counts() -> None:
    assert load_settings(["--log-text", "--no-log-text", "--log-text", "true"]).log_text
    assert not load_settings(["--log-text", "true", "--log-text=0"]).log_text


def test_names_on_the_command_line_may_be_those_of_the_file() -> None:
    arguments = ["--http.max_body_bytes", "5000", "--log_text", "--drain_s=1"]
    settings = load_settings(arguments)
    assert (settings.http.max_body_bytes, settings.log_text, settings.drain_s) == (5000, True, 1.0)
    sources = {name: source for name, _, source in config.effective(settings, arguments)}
    assert sources["http.max_body_bytes"] == sources["log_text"] == sources["drain_s"] == "command line"


def test_every_option_is_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        load_settings(["--help"])
    shown = capsys.readouterr().out
    for name, info in OPTIONS:
        value = r" bool\b" if info.annotation is bool else r" \S"
        assert re.search(rf"^  --{re.escape(name.replace('_', '-'))}{value}", shown, re.MULTILINE), name


@pytest.mark.parametrize(
    ("variable", "value"), [("QWEN3TTS_WYOMING__HOST", '["::"'), ("QWEN3TTS_HTTP__HOST", "[a"), ("QWEN3TTS_HTTP", "on")]
)
def test_a_variable_that_cannot_be_read_stops_the_start_with_its_name(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=f"{variable} is not JSON"):
        load_settings([])


def test_a_list_that_cannot_be_read_stops_the_start() -> None:
    with pytest.raises(SettingsError, match=r"http\.host"):
        load_settings(["--http.host", "[a"])


def test_a_mistyped_option_stops_the_start() -> None:
    with pytest.raises((SettingsError, SystemExit)):
        load_settings(["--http.prot", "1"])


def test_the_example_file_is_in_step_with_the_settings() -> None:
    """Renew it with: qwen3tts-daemon config --example > config.example.toml."""
    assert (ROOT / "config.example.toml").read_text() == config.example()


def test_the_page_of_settings_is_in_step_with_them() -> None:
    """Renew it with: qwen3tts-daemon config --markdown > docs/settings.md."""
    assert (ROOT / "docs" / "settings.md").read_text() == config.markdown()


def test_the_page_of_settings_tells_of_each_one_with_its_variable() -> None:
    page = config.markdown()
    for name, _ in OPTIONS:
        assert f"`QWEN3TTS_{name.upper().replace('.', '__')}`" in page


def test_the_example_files_defaults_are_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    lines = [line.removeprefix("# ") if " = " in line else line for line in config.example().splitlines()]
    path.write_text("\n".join(line for line in lines if not line.startswith("#")))
    assert load_settings(["--config", str(path)]) == Settings(config=path)


def test_every_option_says_what_it_is() -> None:
    assert [name for name, info in OPTIONS if not info.description] == []
