"""Pages of other sites in a real Chromium, over plain http to an address of the network, where it says least."""

import contextlib
import json
import subprocess
import sys
from typing import Any

import pytest

from tests.chaos.machines import Machine, need_machines
from tests.patience import TEST_S
from tests.web import ADDRESS
from tests.web.test_page import CHROMIUM, ROOT, need

SIGNS = ("origin", "referer", "cookie", "sec-fetch-site")


@pytest.fixture(scope="module")
def happened(tmp_path_factory: pytest.TempPathFactory) -> Any:
    need("Chromium", CHROMIUM)
    need_machines()
    data = tmp_path_factory.mktemp("foreign")
    (data / "daemon").mkdir()
    command = [sys.executable, "-m", "tests.web.foreign_site", str(CHROMIUM), str(data)]
    with contextlib.closing(Machine()) as machine:
        machine.ip("address", "add", f"{ADDRESS}/32", "dev", "lo")
        with machine.inside():
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=0.9 * TEST_S, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_what_chromium_says_about_a_page_that_hides(happened: Any) -> None:
    """The facts on which the rule stands: measured with Chromium 156."""
    hidden = {"audio", "video", "img", "script", "style", "prefetch", "iframe", "fetch", "hiding", "head"}
    for how in hidden:
        headers = happened["asked"][how]
        assert not [sign for sign in SIGNS if sign in headers], how
        assert headers["user-agent"].startswith("Mozilla/"), how
    assert happened["asked"]["hiding"]["accept-language"] == ""
    assert happened["asked"]["audio"]["range"] == "bytes=0-"
    assert happened["asked"]["audio-cors"]["origin"] == happened["asked"]["cors"]["origin"]


def test_it_cannot_make_the_daemon_speak(happened: Any) -> None:
    stranger = happened["stranger"]
    assert not [how for how in ("audio", "video", "audio-cors", "cors", "img", "script", "socket") if stranger[how]]
    assert happened["after_stranger"] == 0


def test_who_types_the_address_is_told_the_way(happened: Any) -> None:
    assert "POST /v1/tickets" in happened["by_hand"]
    assert happened["after_hand"] == 0


def test_with_a_ticket_a_page_plays(happened: Any) -> None:
    assert happened["with_ticket"] == {"audio": True}
    assert happened["after_ticket"] == 1


@pytest.mark.parametrize("name", ["tts", "tts.lan"])
@pytest.mark.parametrize("where", ["network", "loopback"])
def test_a_name_that_leads_here_by_rebinding_is_refused(happened: Any, name: str, where: str) -> None:
    answer = happened["rebound"][f"{name} {where}"]
    assert "unknown_host" in answer
    assert f"this daemon is not called '{name}'" in answer
    assert "http.allowed_hosts = " in answer


def test_a_listed_page_speaks_and_reads(happened: Any) -> None:
    friendly = happened["friendly"]
    assert friendly.pop("bytes") > 44
    assert len(friendly.pop("id")) == 12
    assert friendly == {"code": "not_found", "socket": True, "audio": True, "silent": False}
