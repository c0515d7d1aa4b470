"""Behind a real nginx with TLS and a path of its own: the page in Chromium, REST that is not held up, who is who."""

import asyncio
import contextlib
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import websockets.asyncio.client

from tests.patience import PATIENCE_S
from tests.web.test_page import CHROMIUM, HERE, need, run_node
from tests.wire.daemons import tone_daemon
from tests.wire.http_door import TOKEN

CONFIG = """
daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1;
events {{}}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  map $http_upgrade $connection_upgrade {{ default upgrade; '' ""; }}
  server {{
    listen 127.0.0.1:{port} ssl; ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
    location = /house/ {{ default_type text/html; return 200 "<iframe src=voice/ width=900 height=700></iframe>"; }}
    location = /favicon.ico {{ return 204; }}
    location /house/voice/ {{
      proxy_pass http://127.0.0.1:{daemon}/; proxy_http_version 1.1; proxy_read_timeout 1h; client_max_body_size 20m;
      proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;
      proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For {visitor};
      proxy_set_header X-Forwarded-Proto $scheme; proxy_set_header X-Forwarded-Prefix /house/voice;
    }}
  }}
}}
"""


@contextlib.contextmanager
def nginx(folder: Path, daemon: int, visitor: str) -> Iterator[str]:
    """The address of the daemon behind it; `visitor` is who it says asks."""
    folder.mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    certificate = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run(["openssl", "req", *certificate, *files], capture_output=True, check=True, timeout=PATIENCE_S)
    (folder / "nginx.conf").write_text(CONFIG.format(folder=folder, port=port, daemon=daemon, visitor=visitor))
    process = subprocess.Popen(["nginx", "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")])
    try:
        with httpx.Client(
            verify=False, timeout=PATIENCE_S, transport=httpx.HTTPTransport(verify=False, retries=50)
        ) as client:
            client.get(f"https://127.0.0.1:{port}/house/voice/ready")
        yield f"https://127.0.0.1:{port}/house/voice/"
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    need("nginx", shutil.which("nginx"))
    need("openssl", shutil.which("openssl"))
    data = tmp_path_factory.mktemp("proxied")
    (data / "token").write_text(TOKEN)
    (data / "token").chmod(0o600)
    with tone_daemon(data, "--http.trusted-proxies", "127.0.0.1", frame_s=0.01) as started:
        yield started.ready()[1]


@pytest.fixture(scope="module")
def home(daemon: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """For somebody at home."""
    with nginx(tmp_path_factory.mktemp("home") / "nginx", daemon, "192.168.1.20") as url:
        yield url


@pytest.fixture(scope="module")
def outside(daemon: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """For a stranger."""
    with nginx(tmp_path_factory.mktemp("outside") / "nginx", daemon, "203.0.113.9") as url:
        yield url


def test_the_page_works_below_a_path_of_another_site(home: str) -> None:
    need("Chromium", CHROMIUM)
    need("playwright-core (npm ci in tests/web)", (HERE / "node_modules" / "playwright-core").exists())
    script = str(HERE / "proxied" / "nginx.test.js")
    done = run_node("--test", script, PAGE_PROXIED=home, CHROMIUM=CHROMIUM or "", PAGE_TOKEN=TOKEN)
    assert done.returncode == 0, done.stdout


def test_sound_is_not_held_up_on_its_way(home: str) -> None:
    """The first piece is here while the rest is not made yet."""
    body = {"model": "tts-1", "input": "A long story. " * 60, "response_format": "pcm"}
    with (
        httpx.Client(verify=False, timeout=PATIENCE_S) as client,
        client.stream("POST", f"{home}v1/audio/speech", json=body) as answer,
    ):
        assert answer.status_code == 200
        pieces = iter(answer.iter_raw())
        first = next(pieces)
        rest = sum(map(len, pieces))
    assert rest > 10 * len(first)


def test_the_documents_know_the_path(home: str) -> None:
    with httpx.Client(verify=False, timeout=PATIENCE_S) as client:
        assert "/house/voice/" in client.get(f"{home}docs").text


def test_a_stranger_behind_the_proxy_needs_the_token(outside: str) -> None:
    body = {"model": "tts-1", "input": "Hello."}
    with httpx.Client(verify=False, timeout=PATIENCE_S) as client:
        assert client.post(f"{outside}v1/audio/speech", json=body).status_code == 401
        told = client.post(f"{outside}v1/audio/speech", json=body, headers={"Authorization": f"Bearer {TOKEN}"})
        assert told.status_code == 200


async def test_a_websocket_goes_through(home: str) -> None:
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    url = home.replace("https", "wss") + "v1/tts"
    async with asyncio.timeout(PATIENCE_S):
        async with websockets.asyncio.client.connect(url, ssl=trusting, subprotocols=["voice.v1"]) as socket:
            await socket.send('{"type": "speak", "text": "Hello.", "final": true}')
            async for message in socket:
                if isinstance(message, str) and '"done"' in message:
                    assert '"complete"' in message
                    break
