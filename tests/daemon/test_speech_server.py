"""The speech server elsewhere that the settings mean, and what stops the start."""

from pathlib import Path

import pytest

from qwen3tts_daemon.hosting.engine_selection import choose_engine
from qwen3tts_daemon.hosting.speech_server import where_text_goes
from qwen3tts_daemon.http_engine.options import ServerOptions
from qwen3tts_daemon.server_url import parse_server_url
from qwen3tts_daemon.settings import SettingsError, load_settings

SECRET = "sk-very-secret"


@pytest.fixture
def token(tmp_path: Path) -> str:
    file = tmp_path / "token"
    file.write_text(SECRET + "\n")
    return str(file)


def chosen(url: str, *more: str) -> ServerOptions:
    spec = choose_engine(load_settings(["--engine", "http", "--http_engine.url", url, *more])).spec
    assert isinstance(spec, ServerOptions)
    return spec


@pytest.mark.parametrize(
    ("url", "base", "shown"),
    [
        ("http://gpu-box:8091", "http://gpu-box:8091/v1", "gpu-box:8091"),
        ("http://gpu-box:8091/", "http://gpu-box:8091/v1", "gpu-box:8091"),
        ("http://gpu-box:8091/v1", "http://gpu-box:8091/v1", "gpu-box:8091"),
        ("https://api.example.com/v1/", "https://api.example.com:443/v1", "api.example.com"),
        ("http://10.0.0.2/tts/v1/audio/speech", "http://10.0.0.2:80/tts/v1", "10.0.0.2"),
        ("http://[fd00::2]:8766", "http://[fd00::2]:8766/v1", "[fd00::2]:8766"),
    ],
)
def test_an_address_may_be_written_as_people_do(url: str, base: str, shown: str) -> None:
    parsed = parse_server_url(url)
    assert (parsed.base, parsed.shown) == (base, shown)


@pytest.mark.parametrize(
    "url",
    [
        f"http://user:{SECRET}@gpu-box", f"https://{SECRET}@gpu-box", f"http://gpu-box?key={SECRET}",
        f"http://gpu-box#{SECRET}", f"gpu-box:8766/{SECRET}", f"ftp://gpu-box/{SECRET}", f"http://[{SECRET}",
        f"http://gpu-box:port{SECRET}", "http://", f"http://two words/{SECRET}", f"http://{'x' * 100}.example/{SECRET}",
    ],
)  # fmt: skip
def test_a_wrong_address_stops_the_start_and_is_not_repeated(url: str) -> None:
    with pytest.raises(SettingsError, match=r"http_engine\.url") as caught:
        chosen(url)
    assert SECRET not in str(caught.value)


def test_without_an_address_it_does_not_start() -> None:
    with pytest.raises(SettingsError, match=r"http_engine\.url is empty"):
        chosen("")


@pytest.mark.parametrize("url", ["http://localhost:8766", "http://127.0.0.1:8766/v1", "http://[::1]:8766"])
def test_a_daemon_does_not_speak_through_itself(url: str) -> None:
    with pytest.raises(SettingsError, match=r"http_engine\.url.*this daemon itself"):
        chosen(url)
    assert chosen(url, "--http.port", "8767").base_url.endswith(":8766/v1")


@pytest.mark.parametrize("url", ["http://8.8.8.8:8766", "http://[2606:4700::1]", "http://1.1.1.1"])
def test_a_token_does_not_go_out_unencrypted(url: str, token: str) -> None:
    with pytest.raises(SettingsError, match=r"http_engine\.url.*https"):
        chosen(url, "--http_engine.token-file", token)
    assert chosen(url).token == ""
    assert chosen(url.replace("http:", "https:"), "--http_engine.token-file", token).token == SECRET


@pytest.mark.parametrize("url", ["http://192.168.1.9:8766", "http://localhost:1234", "http://[fd00::1]"])
def test_a_token_may_stay_at_home_unencrypted(url: str, token: str) -> None:
    options = chosen(url, "--http_engine.token-file", token)
    assert options.token == SECRET
    assert options.may_have_token is not None
    assert options.may_have_token("192.168.1.9")
    assert options.may_have_token("::ffff:10.0.0.1")
    assert not options.may_have_token("8.8.8.8")


def test_a_name_that_means_nothing_yet_does_not_stop_the_start(token: str) -> None:
    assert chosen("http://not-there.invalid", "--http_engine.token-file", token).token == SECRET


@pytest.mark.parametrize("content", [b"", b"\n", b"two words", b"two\nlines", b"\xff\xfe", b"x" * 10_000, "é".encode()])
def test_a_file_that_holds_no_token_stops_the_start(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "token").write_bytes(content)
    with pytest.raises(SettingsError, match=r"http_engine\.token_file") as caught:
        chosen("http://10.0.0.1", "--http_engine.token-file", str(tmp_path / "token"))
    assert "words" not in str(caught.value)


@pytest.mark.parametrize("option", ["token-file", "ca-file"])
def test_a_file_that_is_not_there_stops_the_start(option: str) -> None:
    with pytest.raises(SettingsError, match=rf"http_engine\.{option.replace('-', '_')}.*nowhere"):
        chosen("http://10.0.0.1", f"--http_engine.{option}", "/nowhere")


def test_it_is_never_chosen_by_itself() -> None:
    settings = load_settings(["--http_engine.url", "http://gpu-box:8766"])
    assert not isinstance(choose_engine(settings).spec, ServerOptions)
    assert where_text_goes(settings) == ""


def test_where_text_goes_is_told_in_words() -> None:
    for url, words in (("http://gpu-box:8766", "gpu-box:8766, unencrypted"), ("https://x.example", "x.example, enc")):
        told = where_text_goes(load_settings(["--engine", "http", "--http_engine.url", url]))
        assert "leaves this machine" in told
        assert words in told
