"""What this machine is called, and what is said to those who call it otherwise."""

import re
import socket
import tomllib

import pytest

from qwen3tts_daemon.access import hosts
from qwen3tts_daemon.access.hosts import HostNames, service_host
from qwen3tts_daemon.settings import SettingsError
from tests.fakes import Clock


def called(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: name)


def known(*allowed: str) -> HostNames:
    return HostNames(allowed, clock=Clock())


@pytest.mark.parametrize("machine", ["voicebox", "VoiceBox", "voicebox.fritz.box", "3f2a9c1b7d4e", "living_room"])
def test_the_own_name_is_known_where_homes_look_for_it(monkeypatch: pytest.MonkeyPatch, machine: str) -> None:
    called(monkeypatch, machine)
    name = machine.lower()
    label = name.partition(".")[0]
    for host in (name, label, *(f"{label}.{domain}" for domain in ("local", "lan", "home.arpa", "internal"))):
        assert host in known()
    for host in (f"x{label}.lan", f"{label}.example.org", f"{label}.com", f"{label}.lan.example.org", f"{label}.zip"):
        assert host not in known()


@pytest.mark.parametrize("host", ["homeassistant", "homeassistant.local", "host.docker.internal", "localhost"])
def test_names_that_every_home_has(host: str) -> None:
    assert host in known()


@pytest.mark.parametrize("host", ["tts", "tts.lan", "homeassistant.lan", "docker.internal", "lan", "local", ""])
def test_names_of_other_machines_are_not_ours(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    called(monkeypatch, "voicebox")
    assert host not in known()


@pytest.mark.parametrize("machine", ["voicebox", "VoiceBox", "Küche", "_", "a" * 63, "living_room.lan", "nas-2"])
@pytest.mark.parametrize("port", [1, 8766, 10200, 65535])
def test_whatever_is_announced_is_known(monkeypatch: pytest.MonkeyPatch, machine: str, port: int) -> None:
    names = known()
    called(monkeypatch, machine)  # later: a machine may get its name after the start
    announced = service_host(port)
    assert max(len(label) for label in announced.split(".")) <= 63
    assert announced.lower() in names
    for foreign in (announced.replace(".local", ".lan"), f"x{announced}", announced.replace(f"-{port}", "-x")):
        assert foreign.lower() not in names


@pytest.mark.parametrize(
    "entry", ["http://nas.lan", "nas.lan:8766", "*.lan", "nas.lan/", "", "a b", "user@nas.lan", "nas..lan", "häuser"]
)
def test_an_entry_that_is_no_name_stops_the_start(entry: str) -> None:
    with pytest.raises(SettingsError, match=r"^http\.allowed_hosts: "):
        known("voice.example.org", entry)


@pytest.mark.parametrize("entry", ["nas.lan", "NAS.lan.", "my_tts", "xn--huser-gra.de", "192.168.1.5", "::1"])
def test_names_are_allowed_as_they_are_written(entry: str) -> None:
    assert entry.lower().rstrip(".") in known(entry)


def test_the_refusal_and_the_log_have_the_line_to_set(caplog: pytest.LogCaptureFixture) -> None:
    names = known("voice.example.org")
    refusal = names.refuse("nas.fritz.box")
    assert refusal.code == "unknown_host"
    assert 'http.allowed_hosts = ["nas.fritz.box"]' in refusal.message
    assert "voice.example.org" not in refusal.message, "whoever got here by a foreign name learns no other"
    line = re.search(r"http\.allowed_hosts = .*", caplog.messages[0])
    assert line
    allowed = tomllib.loads(line[0])["http"]["allowed_hosts"]
    assert allowed == ["voice.example.org", "nas.fritz.box"], "what was allowed stays so"
    assert "nas.fritz.box" in HostNames(allowed, clock=Clock())


def test_a_name_is_logged_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    names = HostNames((), clock=clock)
    for _ in range(3):
        names.refuse("a.example")
        names.refuse("b.example")
    assert len(caplog.messages) == 2
    clock.now += 60
    names.refuse("a.example")
    assert len(caplog.messages) == 3


def test_strangers_with_many_names_do_not_fill_log_or_memory(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    names = HostNames((), clock=clock)
    for minute in range(3):
        for number in range(1_000):
            names.refuse(f"n{number}.example")
        assert len(caplog.messages) == (minute + 1) * hosts._LOGGED_NAMES
        assert len(names._logged) <= hosts._LOGGED_NAMES
        clock.now += 60


@pytest.mark.parametrize("host", ['evil"]\nfake = ["', "evil\x1b[2J", "a" * 300, "e vil", "évil", "-x", "%0d%0a"])
def test_what_is_no_name_is_neither_advised_nor_logged(host: str, caplog: pytest.LogCaptureFixture) -> None:
    message = known().refuse(host).message
    assert "allowed_hosts" not in message
    assert message.isprintable()
    assert len(message) < 400
    assert not caplog.messages


@pytest.mark.parametrize(
    ("host", "expected"),
    [("qwen3tts", True), ("my_tts_1", True), ("3f2a9c1b7d4e", True), ("a" * 63, True), ("a" * 64, False)]
    + [(host, False) for host in ("tts.lan", "-tts", "tts-", "", "t ts", "tts\n", "[", "é")],
)
def test_one_label(host: str, expected: bool) -> None:
    assert hosts.is_one_label(host) is expected
