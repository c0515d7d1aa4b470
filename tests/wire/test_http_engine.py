"""A daemon that speaks through a server elsewhere, as a program: another daemon, a server of others, and itself."""

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from aiohttp import web
from wyoming.audio import AudioChunk
from wyoming.client import AsyncTcpClient
from wyoming.tts import Synthesize

from tests.fakes import tone
from tests.http_engine.stand_in import Held, StandIn, says
from tests.patience import PATIENCE_S
from tests.wire.daemons import DaemonProcess, tone_daemon

SECRET = "sk-very-secret"


@contextlib.contextmanager
def daemon_through(port: int, data: Path, *options: str) -> Iterator[DaemonProcess]:
    """As users start it."""
    data.mkdir(exist_ok=True)
    arguments = ["--engine", "http", "--http_engine.url", f"http://127.0.0.1:{port}", *options]
    daemon = DaemonProcess(["qwen3tts_daemon", "serve"], data, arguments)
    with daemon.process as process:
        try:
            yield daemon
        finally:
            process.kill()


def client_of(port: int) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S)


def order(text: str, **more: object) -> dict[str, object]:
    return {"input": text, "response_format": "pcm", **more}


async def test_a_daemon_speaks_through_another_one(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(SECRET)
    with tone_daemon(tmp_path / "far") as far, contextlib.ExitStack() as stack:
        host = f"127.0.0.1:{far.ready()[1]}"
        options = ["--log-level", "debug", "--http_engine.token-file", str(tmp_path / "token")]
        near = stack.enter_context(daemon_through(int(host.partition(":")[2]), tmp_path / "near", *options))
        wyoming, http = near.ready()
        assert f"leaves this machine: it is sent to {host}, unencrypted" in near.log
        async with client_of(http) as client:
            voices = (await client.get("/v1/audio/voices")).json()
            assert [voice["id"] for voice in voices["voices"]] == ["tone", "gong"]
            spoken = await client.post("/v1/audio/speech", json=order("Hello there. And more.", voice="tone"))
            assert spoken.content == tone("Hello there.") + tone("And more.")
            refused = await client.post("/v1/audio/speech", json=order("Hello.", voice="nobody"))
            assert refused.json()["error"]["code"] == "unknown_voice"
            failed = await client.post("/v1/audio/speech", json=order("This should [fail]."))
            assert failed.json()["error"]["code"] == "generation_failed"
            health = (await client.get("/health")).json()
            assert (health["engine"], health["text_goes_to"]) == ("http", host)
        async with AsyncTcpClient("127.0.0.1", wyoming) as speaker:
            await speaker.write_event(Synthesize("Hello.").event())
            heard = b""
            while (event := await speaker.read_event()) is not None and event.type != "audio-stop":
                heard += AudioChunk.from_event(event).audio if AudioChunk.is_type(event.type) else b""
            assert heard == tone("Hello.")
        near.process.terminate()
        assert SECRET not in near.read_rest()


READ = (
    "/health",
    "/ready",
    "/metrics",
    "/v1/settings",
    "/v1/status",
    "/v1/models",
    "/v1/audio/voices",
    "/openapi.json",
)


async def test_the_servers_token_is_told_nowhere(tmp_path: Path) -> None:
    """By a daemon that says all that it can, to who may do everything, though the server repeats what it was given."""
    (tmp_path / "server-token").write_text(SECRET)
    repeats = says(401, {"error": {"message": f"Incorrect API key provided: {SECRET}"}})
    async with StandIn().running() as server:
        options = ["--log-level", "debug", "--http_engine.token-file", str(tmp_path / "server-token")]
        with daemon_through(server.port, tmp_path / "data", *options) as daemon:
            wyoming, http = await asyncio.to_thread(daemon.ready)
            server.answers.extend([repeats, repeats])
            everything = {"Authorization": f"Bearer {(tmp_path / 'data' / 'token').read_text().strip()}"}
            async with client_of(http) as client:
                refused = await client.post("/v1/audio/speech", json=order("Hello."))
                assert "(the token)" in refused.text
                told = [refused.text, *[(await client.get(path, headers=everything)).text for path in READ]]
            assert "http_engine.token_file" in "".join(told), "settings name the file"
            async with AsyncTcpClient("127.0.0.1", wyoming) as speaker:
                await speaker.write_event(Synthesize("Hello.").event())
                event = await speaker.read_event()
                assert event is not None
                told.append(str(event.data))
                assert "(the token)" in told[-1]
            assert f"Bearer {SECRET}" in [asked.get("authorization") for asked in server.headers]
            daemon.process.terminate()
            told.append(await asyncio.to_thread(daemon.read_rest))
    assert not [text for text in told if SECRET in text]


async def test_it_starts_without_its_server_and_is_ready_when_that_comes(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with daemon_through(port, tmp_path) as daemon:
        http = int(daemon.wait_for(r"http listens on port (\d+)")[1])
        await asyncio.to_thread(daemon.wait_for, "cannot be reached")
        async with client_of(http) as client:
            health = (await client.get("/health")).json()
            assert health["status"] == "ok"
            assert f"127.0.0.1:{port} cannot be reached" in health.get("reason", "cannot be reached")
            assert (await client.get("/ready")).status_code == 503
            named = (await client.post("/v1/audio/speech", json=order("Hello.", voice="vivian"))).json()["error"]
            assert named["code"] == "model_loading"
            async with StandIn().running(port=port):
                await asyncio.to_thread(daemon.wait_for, "INFO qwen3tts_daemon.daemon ready")
                spoken = await client.post("/v1/audio/speech", json=order("Hello.", voice="vivian"))
                assert spoken.content == tone("Hello.")
            gone = await client.post("/v1/audio/speech", json=order("Hello."))
            assert (gone.status_code, gone.json()["error"]["code"]) == (503, "model_unavailable")
            async with asyncio.timeout(PATIENCE_S):
                while (await client.get("/ready")).status_code != 503:
                    await asyncio.sleep(0.05)
            async with StandIn().running(port=port), asyncio.timeout(PATIENCE_S):
                while (await client.get("/ready")).status_code != 200:
                    await asyncio.sleep(0.05)


async def test_one_line_is_spoken_without_a_daemon_too(tmp_path: Path) -> None:
    async with StandIn().running() as server:
        (tmp_path / "config.toml").write_text(
            f'engine = "http"\ndata_dir = "{tmp_path}"\n[http_engine]\nurl = "http://127.0.0.1:{server.port}"\n'
            "[wyoming]\nport = 1\n"
        )
        program = [sys.executable, "-m", "qwen3tts_daemon", "say", "Hello.", "--voice", "ryan", "-o", "out.wav"]
        said = await asyncio.create_subprocess_exec(
            *program, "--config", "config.toml", cwd=tmp_path, stderr=asyncio.subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )  # fmt: skip
        _, told = await said.communicate()
    assert said.returncode == 0, told
    assert b"leaves this machine" in told
    assert (tmp_path / "out.wav").read_bytes().endswith(tone("Hello."))


async def test_a_client_that_leaves_ends_the_work_elsewhere(tmp_path: Path) -> None:
    held = Held(tone("Hello"), tone("never"))
    async with StandIn().running() as server:
        with daemon_through(server.port, tmp_path) as daemon:
            _, http = await asyncio.to_thread(daemon.ready)
            server.answers.append(held)
            async with (
                client_of(http) as client,
                client.stream("POST", "/v1/audio/speech", json=order("Hello.")) as answer,
            ):
                await anext(answer.aiter_raw())
            async with asyncio.timeout(PATIENCE_S):
                await held.left.wait()


@contextlib.asynccontextmanager
async def way_back() -> AsyncIterator[tuple[StandIn, list[int]]]:
    """A server that hands everything on to the daemon whose port is in the list."""
    to: list[int] = []
    server = StandIn()

    async def hand_on(request: web.Request, body: object) -> web.Response:
        headers = {name: value for name, value in request.headers.items() if name.lower() != "host"}
        async with client_of(to[0]) as client:
            answer = await client.post("/v1/audio/speech", json=body, headers=headers)
        return web.Response(status=answer.status_code, body=answer.content)

    async with server.running():
        server.answers.extend([hand_on] * 20)
        yield server, to


async def test_a_text_that_goes_round_in_a_circle_is_refused(tmp_path: Path) -> None:
    async with way_back() as (server, to):
        with daemon_through(server.port, tmp_path) as daemon:
            _, http = await asyncio.to_thread(daemon.ready)
            to.append(http)
            async with client_of(http) as client:
                answer = await client.post("/v1/audio/speech", json=order("Hello.", voice="vivian"))
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (503, "model_unavailable")
    assert "circle" in error["message"]
    assert len(server.asked) == 1


async def test_a_wrong_voice_of_the_settings_is_told_when_the_voices_are_known(tmp_path: Path) -> None:
    async with StandIn().running() as server:
        with daemon_through(server.port, tmp_path, "--voice", "nobody") as daemon:
            _, http = await asyncio.to_thread(daemon.ready)
            assert "voice: no voice 'nobody'" in daemon.log
            async with client_of(http) as client:
                answer = await client.post("/v1/audio/speech", json=order("Hello."))
                assert answer.json()["error"]["code"] == "unknown_voice"


@pytest.mark.parametrize("status", [401, 500])
async def test_why_it_cannot_speak_is_in_its_health(tmp_path: Path, status: int) -> None:
    async with StandIn().running() as server:
        server.voices = says(status, {"error": {"message": "not for you"}})
        with daemon_through(server.port, tmp_path) as daemon:
            found = await asyncio.to_thread(daemon.wait_for, r"http listens on port (\d+)")
            async with client_of(int(found[1])) as client:
                reasons: list[str] = []
                async with asyncio.timeout(PATIENCE_S):
                    while not any(reasons):
                        reasons.append((await client.get("/health")).json().get("reason", ""))
                        await asyncio.sleep(0.02)
            assert "not for you" in reasons[-1]
