"""Another token is there: it holds at once, and what the one before it has opened ends, by real sockets."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from qwen3tts_daemon.access.guesses import WRONG_TOKENS
from tests.hostile.watched import wait_until
from tests.patience import PATIENCE_S
from tests.wire.daemons import DaemonProcess, tone_daemon
from tests.wire.test_cli import run

LONG = {"input": "One sentence after the other. " * 200, "response_format": "pcm"}


class Home:
    """A daemon that nobody may use without the token."""

    def __init__(self, daemon: DaemonProcess, data: Path) -> None:
        self.daemon, self.data = daemon, data
        self.http = int(daemon.wait_for(r"http listens on port (\d+)")[1])
        daemon.wait_for("INFO qwen3tts_daemon.daemon ready")

    @property
    def file(self) -> Path:
        return self.data / "token"

    @property
    def token(self) -> str:
        return self.file.read_text().strip()

    def client(self, token: str = "", **more: str) -> httpx.Client:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=f"http://127.0.0.1:{self.http}", headers=headers | more, timeout=PATIENCE_S)

    def knows(self, token: str) -> bool:
        with self.client(token) as client:
            return client.get("/v1/models").status_code == 200

    def socket(self, query: str = "", **headers: str) -> ClientConnection:
        url = f"ws://127.0.0.1:{self.http}/v1/tts{query}"
        return connect(url, additional_headers=headers, open_timeout=PATIENCE_S, max_size=None)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    data = tmp_path_factory.mktemp("data")
    with tone_daemon(data, "--auth", "token", "--no-wyoming.enabled") as daemon:
        yield Home(daemon, data)


def end_of(socket: ClientConnection) -> tuple[int | None, dict[str, object]]:
    """Its close code, and the last message before."""
    message: str | bytes = "{}"
    try:
        while True:
            message = socket.recv(timeout=PATIENCE_S)
    except ConnectionClosed:
        return socket.close_code, json.loads(message)


def test_a_rotated_token_holds_at_once_and_closes_what_the_old_one_opened(home: Home) -> None:
    old = home.token
    with ExitStack() as opened:
        client = opened.enter_context(home.client(old))
        cookie = client.post("/v1/session", json={"token": old}).headers["set-cookie"].partition(";")[0]
        tickets = [client.post("/v1/tickets").json()["ticket"] for _ in range(2)]
        invitation = client.post("/v1/invitations").json()
        sockets = [
            opened.enter_context(home.socket(Authorization=f"Bearer {old}")),
            opened.enter_context(home.socket(Cookie=cookie)),
            opened.enter_context(home.socket(f"?ticket={tickets[0]}")),
        ]
        sockets[0].send(json.dumps({"type": "speak", "ctx": "a", "text": "[hang].", "final": True}))
        running = opened.enter_context(client.stream("POST", "/v1/audio/speech", json=LONG))
        sound = running.iter_bytes()
        heard = next(sound)

        told = run("token", "--rotate", "--http.port", str(home.http), "--http.host", "127.0.0.1", data=home.data)

        assert told.returncode == 0, told.stderr
        assert "The daemon has it" in told.stdout
        assert old != home.token not in told.stdout
        assert home.file.stat().st_mode & 0o777 == 0o600
        assert not home.knows(old)
        assert home.knows(home.token)
        for socket in sockets:
            code, last = end_of(socket)
            assert (code, last["code"]) == (4401, "unauthorized")
        with home.client(Cookie=cookie) as browser:
            assert browser.get("/v1/session").json()["paired"] is False
            assert browser.get(f"/v1/models?ticket={tickets[1]}").status_code == 401
            for code in (invitation["code"], invitation["letters"]):
                answer = browser.post("/v1/session", json={"code": code})
                assert answer.json()["error"]["code"] == "no_invitation"
        assert heard + b"".join(sound), "a body that is cut would raise"
        with home.client(home.token) as owner:
            report = owner.get(f"/v1/audio/requests/{running.headers['x-request-id']}").json()
        assert report["end"] == "done", "what runs is answered to its end"


def test_what_is_written_into_the_file_is_taken_and_what_is_no_token_is_not(home: Home) -> None:
    before = home.token
    assert run("token", data=home.data).stdout == f"{home.file}\n"
    home.file.write_text("short")
    home.daemon.wait_for("shorter than 16 characters; delete it; the token that was in it before holds on")
    assert home.knows(before)
    home.file.unlink()
    home.daemon.wait_for("the token that was in it before holds on")
    assert home.knows(before)
    home.file.write_text("a token of somebody's own\n")
    home.daemon.wait_for("there is another token in")
    wait_until(lambda: home.knows("a token of somebody's own"))
    assert not home.knows(before)
    assert before not in home.daemon.log


def test_a_guesser_is_told_to_wait_at_each_door(home: Home) -> None:
    right = {"Authorization": f"Bearer {home.token}"}
    with home.client() as client:
        for each in range(WRONG_TOKENS.burst):
            assert not client.get("/v1/models", headers={"Authorization": f"Bearer guess {each}"}).is_success
        answers = [
            client.get("/v1/models", headers=right), client.get("/v1/session", headers=right),
            client.post("/v1/session", json={"token": home.token}),
        ]  # fmt: skip
    for answer in answers:
        assert (answer.status_code, answer.json()["error"]["code"]) == (429, "rate_limited")
        assert 1 <= int(answer.headers["retry-after"]) <= 10
    with home.socket(**right) as socket:
        code, last = end_of(socket)
        assert (code, last["code"]) == (4429, "rate_limited")
