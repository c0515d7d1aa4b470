"""A whole daemon with TLS, by clients as they are: browsers' libraries, openssl, our own commands."""

import asyncio
import json
import re
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from qwen3tts_daemon.protocols.http.server import HttpServer, ServerConfig
from qwen3tts_daemon.tls import self_signed
from qwen3tts_daemon.tls.certificate import CertificateFiles, fingerprint_of
from qwen3tts_daemon.tls.server_tls import ServerTls
from tests.hostile.watched import wait_until
from tests.patience import PATIENCE_S
from tests.wire.daemons import DaemonProcess, tone_daemon
from tests.wire.http_door import until
from tests.wire.test_cli import run


class Home:
    """A daemon with a certificate of its own, and what trusts it."""

    def __init__(self, daemon: DaemonProcess, data: Path) -> None:
        self.daemon, self.data = daemon, data
        self.fingerprint = daemon.wait_for(r"https with \S+, good for \d+ days, SHA-256 (\S+)")[1]
        self.port = daemon.ready()[1]
        self.certificate = data / "tls" / "certificate.pem"

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    @property
    def trusting(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.certificate))

    def client(self, **headers: str) -> httpx.Client:
        return httpx.Client(base_url=self.url, verify=self.trusting, headers=headers, timeout=PATIENCE_S)

    def answer_to(self, data: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S) as client:
            client.sendall(data)
            answer = b""
            try:
                while piece := client.recv(65_536):
                    answer += piece
            except ConnectionError:
                pass
            return answer

    def shown(self) -> str:
        """The fingerprint that a stranger sees."""
        pem = ssl.get_server_certificate(("127.0.0.1", self.port), timeout=PATIENCE_S)
        return fingerprint_of(ssl.PEM_cert_to_DER_cert(pem))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    data = tmp_path_factory.mktemp("data")
    with tone_daemon(data, "--http.tls", "self-signed") as daemon:
        yield Home(daemon, data)


def test_it_speaks_and_shows_the_page_to_who_trusts_its_certificate(home: Home) -> None:
    with home.client() as client:
        page = client.get("/")
        assert page.is_success
        assert "strict-transport-security" not in page.headers, "it would hold for all ports of this host"
        said = client.post("/v1/audio/speech", json={"input": "Dinner is ready. " * 60, "response_format": "wav"})
        assert said.content.startswith(b"RIFF")
        assert len(said.content) > 500_000, "more than any buffer holds"
        token = (home.data / "token").read_text().strip()
        assert "Secure" in client.post("/v1/session", json={"token": token}).headers["set-cookie"].split("; ")
        assert client.get("/v1/models", headers={"Origin": f"http://localhost:{home.port}"}).is_success
        foreign = client.post("/v1/text/spoken", json={"text": "x"}, headers={"Origin": "https://evil.example"})
        assert foreign.status_code == 403
    assert home.shown() == home.fingerprint


def test_a_websocket_speaks(home: Home) -> None:
    url = f"wss://localhost:{home.port}/v1/tts"
    with connect(url, ssl=home.trusting, open_timeout=PATIENCE_S) as client:
        assert json.loads(client.recv())["type"] == "ready"
        client.send(json.dumps({"type": "speak", "text": "Hello there.", "final": True}))
        heard = b""
        while not (isinstance(message := client.recv(), str) and json.loads(message)["type"] == "done"):
            heard += message if isinstance(message, bytes) else b""
    assert len(heard) > 20_000


def test_nobody_else_is_trusted_and_nothing_older_is_spoken(home: Home) -> None:
    with pytest.raises(httpx.ConnectError, match="self-signed"):
        httpx.get(home.url, timeout=PATIENCE_S)
    for version, ends_well in (("-tls1_1", False), ("-tls1_2", True), ("-tls1_3", True)):
        options = ["-cipher", "ALL@SECLEVEL=0"] if version == "-tls1_1" else []
        asked = ["openssl", "s_client", version, *options, "-CAfile", str(home.certificate), "-verify_return_error"]
        done = subprocess.run(
            [*asked, "-connect", f"127.0.0.1:{home.port}"], input=b"", capture_output=True, check=False
        )
        assert (done.returncode == 0) is ends_well, done.stdout + done.stderr


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\0" * 64, b'{"type": "describe"}\n'])
def test_what_is_no_tls_is_closed(home: Home, data: bytes) -> None:
    assert not re.search(rb"HTTP/1.1 2|info", home.answer_to(data))
    with home.client() as client:
        assert client.get("/health").is_success


def test_plain_http_is_told_in_the_log(home: Home) -> None:
    home.answer_to(b"GET / HTTP/1.1\r\n\r\n")
    home.daemon.said(r"no TLS with 127.0.0.1: it speaks plain http; this port has https")


def test_commands_find_the_daemon_and_show_its_fingerprint(home: Home) -> None:
    options = ("--http.port", str(home.port), "--http.host", "127.0.0.1", "--http.tls", "self-signed")
    told = run("pair", *options, data=home.data)
    assert told.returncode == 0, told.stderr
    assert re.search(rf"https://localhost:{home.port}/#code=\S+", told.stdout)
    assert home.fingerprint in told.stdout
    healthy = run("health", *options, "--no-wyoming.enabled", data=home.data)
    assert f"https://127.0.0.1:{home.port}/ready answers 200; SHA-256 {home.fingerprint}" in healthy.stdout


def test_another_certificate_is_shown_to_who_comes_and_who_is_there_stays(home: Home) -> None:
    with connect(f"wss://localhost:{home.port}/v1/tts", ssl=home.trusting, open_timeout=PATIENCE_S) as client:
        assert json.loads(client.recv())["type"] == "ready"
        self_signed.make(CertificateFiles(home.certificate, home.data / "tls" / "key.pem"), ["127.0.0.1"])
        wait_until(lambda: home.shown() != home.fingerprint)
        client.send(json.dumps({"type": "ping", "id": "x"}))
        assert json.loads(client.recv())["type"] == "pong"
    with home.client() as stranger:
        assert stranger.get("/health").is_success


async def test_who_says_nothing_has_a_place_for_a_while_and_then_none(tmp_path: Path) -> None:
    files = CertificateFiles(tmp_path / "certificate.pem", tmp_path / "key.pem", is_own=True)

    async def app(scope: object, receive: object, send: object) -> None:
        raise AssertionError("nobody comes so far")

    limits = ServerConfig(head_timeout_s=0.3, grace_s=0.1, max_connections=4)
    server = HttpServer(app, ("127.0.0.1",), 0, limits, ServerTls(files, list))
    await server.start()
    try:
        silent = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(8)]
        await until(lambda: server.connections == 4)
        for reader, writer in silent:
            assert await reader.read() == b""
            writer.close()
        await until(lambda: server.connections == 0)
        _, late = await asyncio.open_connection("127.0.0.1", server.port)
        await until(lambda: server.connections == 1)
    finally:
        await server.close()
    late.close()
    assert server.connections == 0
