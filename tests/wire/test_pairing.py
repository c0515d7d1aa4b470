"""A browser comes to be allowed to manage: by a link, by letters, by the token; by commands and doors as they are."""

import asyncio
import contextlib
import json
import os
import pty
import re
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Generator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx
import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from qwen3tts_daemon.access.auth import Auth
from qwen3tts_daemon.access.invitations import INVITATION_S, Invitations
from qwen3tts_daemon.commands import pair
from qwen3tts_daemon.commands.client import NoDaemon
from qwen3tts_daemon.settings import HttpSettings, SettingsError, load_settings
from qwen3tts_daemon.speech.metrics import Metrics
from qwen3tts_daemon.speech.service import Speech
from tests.fakes import Clock
from tests.patience import PATIENCE_S
from tests.wire.http_door import TOKEN, Door, open_door
from tests.wire.patient import connect
from tests.wire.test_cli import run

SESSION, INVITATIONS = "/v1/session", "/v1/invitations"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
async def door(speech: Speech, metrics: Metrics) -> AsyncIterator[Door]:
    async with open_door(speech, metrics) as door:
        yield door


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


async def invite(door: Door, **headers: str) -> dict[str, Any]:
    answer = await door.client.post(INVITATIONS, headers=BEARER | headers)
    assert answer.status_code == 201, answer.text
    given: dict[str, Any] = answer.json()
    return given


async def take(door: Door, code: str) -> httpx.Response:
    """As a browser without any cookie."""
    async with httpx.AsyncClient(base_url=door.url, timeout=PATIENCE_S) as stranger:
        return await stranger.post(SESSION, json={"code": code})


# -- the door ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["code", "letters"])
async def test_one_browser_is_let_in_and_may_manage(door: Door, way: str) -> None:
    given = await invite(door)
    assert (await door.client.get(SESSION)).json()["paired"] is False
    answer = await door.client.post(SESSION, json={"code": given[way]}, headers={"Origin": door.url})
    assert answer.status_code == 204
    assert {"HttpOnly", "SameSite=Strict"} <= set(answer.headers["set-cookie"].split("; "))
    assert (await door.client.get(SESSION)).json()["paired"] is True
    assert (await door.client.post("/api/gpu-offload")).status_code == 200
    for again in (given["code"], given["letters"]):
        assert code_of(await take(door, again)) == (401, "no_invitation")


async def test_of_two_that_come_at_once_one_is_let_in(door: Door) -> None:
    given = await invite(door)
    answers = await asyncio.gather(*(take(door, given[way]) for way in ("letters", "code") * 4))
    assert sorted(answer.status_code for answer in answers) == [204] + [401] * 7


async def test_letters_are_guessed_five_times_from_wherever(speech: Speech, metrics: Metrics) -> None:
    config = HttpSettings(trusted_proxies=("127.0.0.0/8",))
    async with open_door(speech, metrics, config=config) as door:
        given = await invite(door)
        left = []
        for host in range(5):
            headers = {"X-Forwarded-For": f"203.0.113.{host}"}
            answer = await door.client.post(SESSION, json={"code": "CCCCCC"}, headers=headers)
            assert answer.status_code == 401
            left.append(answer.json()["error"].get("tries_left"))
        assert left == [4, 3, 2, 1, None]
        assert code_of(await take(door, given["letters"])) == (401, "no_invitation")
        assert (await take(door, given["code"])).status_code == 204, "the link is no guess"
        anew = await invite(door)
        assert (await take(door, anew["letters"])).status_code == 204


async def test_it_ends_after_five_minutes(speech: Speech, metrics: Metrics) -> None:
    clock = Clock()
    auth = Auth("lan", TOKEN, invitations=Invitations(clock))
    async with open_door(speech, metrics, auth=auth) as door:
        given = await invite(door)
        assert given["expires_in_s"] == INVITATION_S
        clock.now += INVITATION_S
        assert code_of(await take(door, given["letters"])) == (401, "no_invitation")


async def test_only_who_may_manage_invites_and_a_paired_browser_may(door: Door) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"X-Forwarded-For": "127.0.0.1"}):
        assert code_of(await door.client.post(INVITATIONS, headers=headers)) == (401, "unauthorized")
    await door.client.post(SESSION, json={"code": (await invite(door))["letters"]})
    assert (await door.client.post(INVITATIONS)).status_code == 201
    foreign = await door.client.post(INVITATIONS, headers={"Origin": "http://evil.example"})
    assert code_of(foreign) == (403, "forbidden_origin")


async def test_a_paired_browser_that_opens_a_link_leaves_it_for_another(door: Door) -> None:
    await door.client.post(SESSION, json={"code": (await invite(door))["code"]})
    given = await invite(door)
    for code in (given["code"], "an old link's code, of yesterday"):
        assert (await door.client.post(SESSION, json={"code": code})).status_code == 204
    assert (await take(door, given["letters"])).status_code == 204


async def test_all_browsers_are_forgotten_by_who_may_manage(door: Door) -> None:
    await door.client.post(SESSION, json={"code": (await invite(door))["code"]})
    async with httpx.AsyncClient(base_url=door.url, timeout=PATIENCE_S) as stranger:
        assert code_of(await stranger.delete("/v1/sessions")) == (401, "unauthorized")
    assert (await door.client.get(SESSION)).json()["paired"] is True
    assert (await door.client.delete("/v1/sessions")).status_code == 204
    assert (await door.client.get(SESSION)).json()["paired"] is False


async def listening(door: Door, headers: dict[str, str], query: str = "") -> ClientConnection:
    """A socket that was let in."""
    url = f"{door.url.replace('http', 'ws')}/v1/tts{query}"
    socket = await connect(url, additional_headers=headers)
    assert json.loads(await socket.recv())["type"] == "ready"
    return socket


async def last_message(socket: ClientConnection) -> dict[str, Any]:
    """Before it was closed."""
    message: str | bytes = ""
    with contextlib.suppress(ConnectionClosed):
        while True:
            message = await socket.recv()
    last: dict[str, Any] = json.loads(message)
    return last


@pytest.mark.parametrize("policy", ["token", "lan"])
async def test_what_a_forgotten_browser_has_open_ends_unless_anybody_near_may(
    speech: Speech, metrics: Metrics, policy: str
) -> None:
    async with open_door(speech, metrics, policy=policy) as door:
        answer = await door.client.post(SESSION, json={"token": TOKEN})
        cookie = {"Cookie": answer.headers["set-cookie"].partition(";")[0]}
        ticket, later = [(await door.client.post("/v1/tickets")).json()["ticket"] for _ in range(2)]
        program = await listening(door, BEARER)
        browsers = [await listening(door, cookie), await listening(door, {}, f"?ticket={ticket}")]
        await browsers[0].send(json.dumps({"type": "speak", "ctx": "a", "text": "[hang].", "final": True}))
        assert (await door.client.delete("/v1/sessions")).status_code == 204
        for browser in browsers if policy == "token" else []:
            last = await last_message(browser)
            assert (last["type"], last["code"], last["fatal"]) == ("error", "unauthorized", True)
            assert browser.close_code == 4401
        for open_still in (program, *(browsers if policy == "lan" else [])):
            await open_still.send('{"type": "ping"}')
            while json.loads(await open_still.recv())["type"] != "pong":
                pass
            await open_still.close()
        async with httpx.AsyncClient(base_url=door.url, timeout=PATIENCE_S) as stranger:
            heard = await stranger.get(f"/v1/audio/voices?ticket={later}")
            assert heard.status_code == (401 if policy == "token" else 200)


async def test_who_invites_sees_when_somebody_came_in(door: Door) -> None:
    assert code_of(await door.client.get(INVITATIONS)) == (401, "unauthorized")
    given = await invite(door)
    for came, code in enumerate(["CCCCCC", given["letters"]]):
        await take(door, code)
        seen = await door.client.get(INVITATIONS, headers=BEARER)
        assert seen.json()["let_in"] - given["let_in"] == came
    assert (await invite(door))["let_in"] == given["let_in"] + 1


@pytest.mark.parametrize("body", [{}, {"code": 5}, {"code": None}])
async def test_nothing_given_is_told(door: Door, body: dict[str, object]) -> None:
    assert code_of(await door.client.post(SESSION, json=body)) == (422, "bad_field")


async def test_a_stranger_is_told_the_plain_command(speech: Speech, metrics: Metrics) -> None:
    async with open_door(speech, metrics, policy="token") as door:
        told = (await door.client.get(SESSION)).json()
        assert told == {"paired": False, "command": "qwen3tts-daemon pair"}
        assert (await door.client.get(SESSION, headers=BEARER)).json()["paired"] is True


# -- links -------------------------------------------------------------------------------------------------------


async def test_links_go_by_the_way_that_the_page_was_reached(speech: Speech, metrics: Metrics) -> None:
    proxied = HttpSettings(trusted_proxies=("127.0.0.0/8",), allowed_hosts=("ha.example",))
    ingress = {"X-Forwarded-For": "192.168.1.7", "X-Forwarded-Host": "ha.example", "X-Forwarded-Proto": "https"}
    for config, headers, url in (
        (HttpSettings(), {"Host": "192.168.1.5:8766"}, "http://192.168.1.5:8766/"),
        (HttpSettings(public_url="https://v.example/tts"), {}, "https://v.example/tts/"),
        (
            proxied,
            ingress | {"X-Ingress-Path": "/api/hassio_ingress/abc"},
            "https://ha.example/api/hassio_ingress/abc/",
        ),
    ):
        async with open_door(speech, metrics, config=config) as door:
            given = await invite(door, **headers)
            assert given["url"] == url
            assert given["link"] == f"{url}#code={given['code']}"
            picture = unquote(given["qr"])
            assert picture.startswith("data:image/svg+xml")
            assert "viewBox" in picture


async def test_what_nobody_else_reaches_has_no_picture(speech: Speech, metrics: Metrics) -> None:
    async with open_door(speech, metrics, config=HttpSettings(host=("127.0.0.1",))) as door:
        given = await invite(door)
        assert (given["url"], given["link"], given["qr"]) == (None, None, None)


# -- the command -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Running:
    """A daemon that was started in a terminal."""

    data: Path
    port: int
    link: str
    """That it printed"""


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    data = tmp_path_factory.mktemp("daemon")
    options = (
        "--data-dir", str(data), "--no-wyoming.enabled", "--no-zeroconf.enabled",
        "--http.host", "127.0.0.1", "--http.port", "0", "--http.public-url", "http://voice.example:8766/tts",
    )  # fmt: skip
    with contextlib.closing(in_a_terminal("-m", "tests.tone_daemon", "{}", *options, out="stderr")) as lines:
        port = first(lines, r"http listens on port (\d+)")
        link = first(lines, r"Hear it: (\S+)")
        yield Running(data, int(port), link)


def first(lines: Iterable[str], pattern: str) -> str:
    return next(match[1] for line in lines if (match := re.search(pattern, line)))


def paired(link: str) -> bool:
    """A browser that opens the link may manage."""
    parts = urlsplit(link)
    with httpx.Client(base_url=f"http://127.0.0.1:{parts.port}", timeout=PATIENCE_S) as browser:
        browser.post(SESSION, json={"code": parts.fragment.removeprefix("code=")})
        return browser.get(SESSION).json()["paired"] is True


def test_a_start_prints_a_link_that_is_good_once(daemon: Running) -> None:
    assert daemon.link.startswith(f"http://localhost:{daemon.port}/#code=")
    assert (daemon.data / "token").read_text().strip() not in daemon.link
    assert [paired(daemon.link), paired(daemon.link)] == [True, False]
    assert stat.S_IMODE((daemon.data / "sessions").stat().st_mode) == 0o600, "browsers stay paired over a restart"


def test_pair_prints_links_and_letters(daemon: Running) -> None:
    told = run("pair", "--http.port", str(daemon.port), data=daemon.data)
    assert told.returncode == 0, told.stderr
    assert (daemon.data / "token").read_text().strip() not in told.stdout
    code = first([told.stdout], rf"http://localhost:{daemon.port}/#code=(\S+)")
    assert f"http://voice.example:8766/tts/#code={code}\n" in told.stdout
    assert re.search(r"(?m)^  [A-Z]{3} [A-Z]{3}$", told.stdout)
    assert "▀" not in told.stdout
    link = f"http://localhost:{daemon.port}/#code={code}"
    with httpx.Client(base_url=f"http://127.0.0.1:{daemon.port}", timeout=PATIENCE_S) as browser:
        assert browser.post(SESSION, json={"code": code}).status_code == 204
        assert not paired(link), "by another browser"
        forgotten = run("pair", "--forget", "--http.port", str(daemon.port), data=daemon.data)
        assert forgotten.returncode == 0, forgotten.stderr
        assert browser.get(SESSION).json()["paired"] is False


def test_pair_tells_programs_too(daemon: Running) -> None:
    told = json.loads(run("pair", "--json", "--http.port", str(daemon.port), data=daemon.data).stdout)
    assert told.keys() == {"here", "letters", "phone", "expires_in_s", "fingerprint"}
    assert paired(told["here"])


def test_pair_draws_a_picture_in_a_terminal(daemon: Running) -> None:
    options = ("--http.port", str(daemon.port), "--data-dir", str(daemon.data))
    assert "▀" in "".join(in_a_terminal("-m", "qwen3tts_daemon", "pair", *options, out="stdout"))


def test_pair_opens_the_browser(daemon: Running, tmp_path: Path) -> None:
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" >{tmp_path}/opened\n')
    browser.chmod(0o755)
    told = run("pair", "--open", "--http.port", str(daemon.port), data=daemon.data, BROWSER=f"{browser} %s")
    assert told.returncode == 0, told.stderr
    assert "#code=" not in told.stdout, "it is used up soon"
    assert paired((tmp_path / "opened").read_text().strip())


def in_a_terminal(*arguments: str, out: str) -> Generator[str]:
    """Lines of a child whose `out` is a terminal; closing ends it."""
    ours, theirs = pty.openpty()
    with subprocess.Popen([sys.executable, *arguments], **{out: theirs}) as child:  # type: ignore[call-overload]
        os.close(theirs)
        try:
            with open(ours, encoding="utf-8", errors="replace") as lines:
                yield from lines
        except OSError:  # how a terminal tells of its end
            pass
        finally:
            child.kill()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--http.port", "1"), "no daemon at http://127.0.0.1:1 (.*): start it, or give the --http.port that it has"),
        (("--no-http.enabled",), "http.enabled is false"),
        (("--data-dir", "{tmp}/nothing"), "there is no .*/nothing/token: start the daemon first"),
        (("--data-dir", "{tmp}/other"), "has another token: give the --data-dir that it has"),
    ],
)
async def test_pair_names_the_way_out(daemon: Running, tmp_path: Path, options: tuple[str, ...], told: str) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "token").write_text("another-token-0123456789")
    given = ("--data-dir", str(daemon.data), "--http.port", str(daemon.port), *options)
    settings = load_settings([word.format(tmp=tmp_path) for word in given])
    with pytest.raises((NoDaemon, SettingsError), match=told):
        await pair.invite(settings)
    assert not (tmp_path / "nothing").exists(), "a question makes nothing"
