"""The options that users of other Wyoming servers know."""

import pytest

from qwen3tts_daemon.commands.arguments import translate
from qwen3tts_daemon.settings import SettingsError, load_settings


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (["--uri", "tcp://0.0.0.0:10200"], ["--wyoming.host", "0.0.0.0", "--wyoming.port", "10200"]),
        (["--uri=tcp://[::]:1"], ["--wyoming.host", "::", "--wyoming.port", "1"]),
        (["--zeroconf"], ["--zeroconf.enabled"]),
        (["--zeroconf", "kitchen"], ["--zeroconf.enabled", "--zeroconf.name", "kitchen"]),
        (["--zeroconf", "--debug"], ["--zeroconf.enabled", "--log-level", "debug"]),
        (["--zeroconf", "False"], ["--no-zeroconf.enabled"]),
        (["--zeroconf=on", "--voice", "heart"], ["--zeroconf.enabled", "--voice", "heart"]),
        (["--no-zeroconf"], ["--no-zeroconf.enabled"]),
        (["--debug", "true"], ["--log-level", "debug"]),
        (["--debug=no", "--no-streaming=off"], ["--wyoming.streaming"]),
        (["--no-streaming", "--voice", "heart"], ["--no-wyoming.streaming", "--voice", "heart"]),
        (["--http.port=1", "--data-dir", "/d"], ["--http.port=1", "--data-dir", "/d"]),
    ],
)
def test_familiar_options_mean_what_they_mean_elsewhere(given: list[str], meant: list[str]) -> None:
    assert translate(given) == meant
    load_settings(meant)


@pytest.mark.parametrize("uri", ["unix:///tmp/x", "tcp://host", "10200", "tcp://host:99999", "http://h:1"])
def test_a_uri_that_cannot_be_used_is_refused(uri: str) -> None:
    with pytest.raises(SettingsError, match="--uri"):
        translate(["--uri", uri])
