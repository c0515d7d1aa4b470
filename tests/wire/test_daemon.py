"""The daemon as a program: start, crash of its worker, stop. A ToneEngine speaks."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from wyoming.audio import AudioChunk
from wyoming.client import AsyncTcpClient
from wyoming.error import Error
from wyoming.event import Event
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart

from tests.fakes import tone
from tests.patience import PATIENCE_S
from tests.wire.daemons import DaemonProcess, tone_daemon
from tests.wire.patient import connect

STOP_LIMIT_S = 20
"""It promises 5 s, and containers kill after ten; here the machine may be busy. A client may stall for longer."""


SIGNALS = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP]


def stop(daemon: DaemonProcess, number: signal.Signals = signal.SIGTERM) -> int:
    daemon.process.send_signal(number)
    return daemon.process.wait(STOP_LIMIT_S)


def kill_worker(daemon: DaemonProcess) -> None:
    (pid,) = daemon.workers
    os.kill(pid, signal.SIGKILL)


def until_closed(port: int) -> None:
    """Wait until nobody listens there."""
    for _ in range(10_000):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            return
    raise AssertionError(f"port {port} is still open")


async def events(client: AsyncTcpClient) -> list[Event]:
    received = []
    while (event := await client.read_event()) is not None:
        received.append(event)
        if event.type in ("audio-stop", "error"):
            break
    return received


def pcm(received: list[Event]) -> bytes:
    return b"".join(AudioChunk.from_event(event).audio for event in received if event.type == "audio-chunk")


async def test_it_speaks_through_every_door(tmp_path: Path) -> None:
    with tone_daemon(tmp_path) as daemon:
        wyoming, http = daemon.ready()
        async with AsyncTcpClient("127.0.0.1", wyoming) as client:
            await client.write_event(Synthesize("Hello.").event())
            assert pcm(await events(client)) == tone("Hello.")
        async with connect(f"ws://127.0.0.1:{http}/v1/tts") as ws:
            await ws.send(json.dumps({"type": "speak", "text": "Hello.", "final": True}))
            heard = b""
            async for message in ws:
                if isinstance(message, bytes):
                    heard += message[8:]
                elif json.loads(message)["type"] == "done":
                    break
            assert heard == tone("Hello.")
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{http}", timeout=PATIENCE_S) as rest:
            body = {"model": "tts-1", "input": "Hello.", "voice": "alloy", "response_format": "pcm"}
            answer = await rest.post("/v1/audio/speech", json=body)
            assert answer.content == tone("Hello.")
            assert (await rest.get("/ready")).status_code == 200
            metrics = (await rest.get("/metrics")).text
        assert 'qwen3tts_utterances_total{end="done",protocol="wyoming"} 1.0' in metrics
        assert "qwen3tts_engine_ready 1.0" in metrics
        assert stop(daemon) == 0
        assert daemon.read_rest().count("end=done") == 3


def test_the_limit_of_connections_is_the_one_in_the_settings(tmp_path: Path) -> None:
    with tone_daemon(tmp_path, "--http.max-connections", "1") as daemon:
        http = daemon.ready()[1]
        with socket.create_connection(("127.0.0.1", http)), socket.create_connection(("127.0.0.1", http)):
            daemon.wait_for(r"WARNING .*http: 1 connections, no more are taken")


@pytest.mark.parametrize(("zeroconf", "lines"), [("true", 1), ("false", 0)])
def test_the_log_tells_once_that_nothing_can_be_announced(tmp_path: Path, zeroconf: str, lines: int) -> None:
    with tone_daemon(tmp_path, "--zeroconf.enabled", zeroconf) as daemon:  # on loopback, as all here
        daemon.ready()
        assert stop(daemon) == 0
        assert daemon.read_rest().count("not announced on the network") == lines


async def test_http_is_open_while_the_voice_loads(tmp_path: Path) -> None:
    with tone_daemon(tmp_path, load_s=3600) as daemon:
        http = int(daemon.wait_for(r"http listens on port (\d+)")[1])
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{http}", timeout=PATIENCE_S) as rest:
            assert (await rest.get("/health")).json()["state"] == "loading"
            ready = await rest.get("/ready")
        assert ready.status_code == 503
        assert ready.json()["error"]["code"] == "model_loading"
        assert int(ready.headers["retry-after"]) > 0
        assert stop(daemon) == 0
        assert "wyoming listens" not in daemon.read_rest()


async def test_a_load_that_fails_leaves_the_daemon_answering(tmp_path: Path) -> None:
    with tone_daemon(tmp_path, load_fails="needs 9 GB") as daemon:
        http = int(daemon.wait_for(r"http listens on port (\d+)")[1])
        daemon.wait_for("needs 9 GB")
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{http}", timeout=PATIENCE_S) as rest:
            assert (await rest.get("/health")).status_code == 200
            assert (await rest.get("/ready")).status_code == 503
        daemon.wait_for("needs 9 GB")  # tried again
        assert stop(daemon) == 0


# -- a start that does not come to its end -------------------------------------------------------------------

WAITS = r"WARNING .*waiting for the engine's process, next try in [0-9.]+ s: .*status=-9"


async def test_a_worker_that_is_killed_before_its_first_word_is_started_again(tmp_path: Path) -> None:
    calm = tmp_path / "calm"
    with tone_daemon(tmp_path, start_s=3600, slow_once=str(calm)) as daemon:
        for _ in range(2):
            daemon.wait_for("the engine is being made")
            kill_worker(daemon)
            daemon.wait_for(WAITS)
        daemon.wait_for("the engine is being made")
        calm.touch()
        kill_worker(daemon)
        wyoming, _ = daemon.ready()
        async with AsyncTcpClient("127.0.0.1", wyoming) as client:
            await client.write_event(Synthesize("Hello.").event())
            assert pcm(await events(client)) == tone("Hello.")
        assert stop(daemon) == 0


@pytest.mark.parametrize(
    ("number", "moment", "engine"),
    [
        (signal.SIGTERM, "the engine is being made", {"start_s": 3600}),
        (signal.SIGHUP, "the engine is being made", {"start_s": 3600}),
        (signal.SIGTERM, "waiting for the engine's process", {"start_s": 3600}),
        (signal.SIGINT, "waiting for the engine's process", {"start_s": 3600}),
        (signal.SIGTERM, "http listens", {}),
        (signal.SIGTERM, "the voice is loading", {"load_s": 3600}),
        (signal.SIGTERM, "the voice could not be loaded", {"load_fails": "needs 9 GB"}),
        (signal.SIGTERM, "wyoming listens", {}),
        (signal.SIGTERM, "daemon ready", {}),
    ],
)
def test_a_stop_is_heard_at_every_moment_of_the_start(
    tmp_path: Path, number: signal.Signals, moment: str, engine: dict[str, object]
) -> None:
    with tone_daemon(tmp_path, **engine) as daemon:
        if moment.startswith("waiting"):
            daemon.wait_for("the engine is being made")
            kill_worker(daemon)
        daemon.wait_for(moment)
        workers = daemon.workers
        assert stop(daemon, number) == 0
        assert "Traceback" not in daemon.read_rest()
        assert not [pid for pid in workers if Path(f"/proc/{pid}").exists()]


@pytest.mark.parametrize("number", SIGNALS)
def test_a_stop_is_heard_while_the_program_is_imported(tmp_path: Path, number: signal.Signals) -> None:
    program = [sys.executable, "-X", "importtime", "-m", "qwen3tts_daemon", "--data-dir", str(tmp_path)]
    with subprocess.Popen(
        [*program, "--http.port", "0", "--wyoming.port", "0", "--no-zeroconf"], stderr=subprocess.PIPE, text=True
    ) as daemon:
        assert daemon.stderr is not None
        while "qwen3tts_daemon.settings" not in daemon.stderr.readline():
            pass
        daemon.send_signal(number)
        _, rest = daemon.communicate(timeout=STOP_LIMIT_S)
    assert daemon.returncode == 0
    assert "Traceback" not in rest


def test_a_worker_that_says_why_it_cannot_start_stops_the_start(tmp_path: Path) -> None:
    with tone_daemon(tmp_path, no_such_option=1) as daemon:
        assert daemon.process.wait(PATIENCE_S) == 1
        assert "cannot start: the engine's process did not start: cannot make the engine" in daemon.read_rest()


# -- a crash, a stop -----------------------------------------------------------------------------------------


async def test_a_worker_that_is_killed_comes_back_and_the_next_request_works(tmp_path: Path) -> None:
    with tone_daemon(tmp_path) as daemon:
        wyoming, _ = daemon.ready()
        async with AsyncTcpClient("127.0.0.1", wyoming) as client:
            await client.write_event(Synthesize("Now [die].").event())
            failed = (await events(client))[-1]
            assert Error.from_event(failed).code == "model_unavailable"
        async with AsyncTcpClient("127.0.0.1", wyoming) as client:
            await client.write_event(Synthesize("Hello.").event())
            assert pcm(await events(client)) == tone("Hello.")
        assert stop(daemon) == 0


@pytest.mark.parametrize("number", SIGNALS)
async def test_a_stop_lets_the_running_sentence_end(tmp_path: Path, number: signal.Signals) -> None:
    text = "A sentence of one and a half seconds."
    with tone_daemon(tmp_path, frame_s=0.02) as daemon:
        wyoming, _ = daemon.ready()
        async with AsyncTcpClient("127.0.0.1", wyoming) as client:
            await client.write_event(Synthesize(text).event())
            first = [await client.read_event() for _ in range(2)]
            # To the group, as from a terminal; one that closes sends two.
            os.killpg(daemon.process.pid, number)
            if number == signal.SIGHUP:
                os.killpg(daemon.process.pid, number)
            rest = await events(client)
            assert pcm([event for event in [*first, *rest] if event is not None]) == tone(text)
        assert daemon.process.wait(STOP_LIMIT_S) == 0


@pytest.mark.parametrize("number", SIGNALS)
async def test_a_stop_tells_those_who_cannot_end(tmp_path: Path, number: signal.Signals) -> None:
    with tone_daemon(tmp_path, "--drain-s", "0.1") as daemon:
        wyoming, http = daemon.ready()
        async with (
            AsyncTcpClient("127.0.0.1", wyoming) as client,
            AsyncTcpClient("127.0.0.1", wyoming) as plain,
            connect(f"ws://127.0.0.1:{http}/v1/tts") as ws,
        ):
            await plain.write_event(Synthesize("A sentence that never ends [hang].").event())
            await client.write_event(SynthesizeStart().event())
            await client.write_event(SynthesizeChunk("A sentence that never ends [hang]. And").event())
            await ws.send(json.dumps({"type": "speak", "text": "[hang]", "final": True}))
            while json.loads(await ws.recv())["type"] != "started":
                pass
            daemon.process.send_signal(number)
            for each in (client, plain):
                assert Error.from_event((await events(each))[-1]).code == "draining"
            async for _ in ws:  # ends with the close
                pass
            assert ws.close_code == 1001
        assert daemon.process.wait(STOP_LIMIT_S) == 0


@pytest.fixture
def _nohup() -> Iterator[None]:
    """What is started here has SIGHUP ignored, as by the program nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("_nohup")
async def test_nohup_keeps_it_running(tmp_path: Path) -> None:
    with tone_daemon(tmp_path) as daemon:
        wyoming, _ = daemon.ready()
        daemon.process.send_signal(signal.SIGHUP)
        async with AsyncTcpClient("127.0.0.1", wyoming) as client:
            await client.write_event(Synthesize("Hello.").event())
            assert pcm(await events(client)) == tone("Hello.")
        assert stop(daemon) == 0


async def test_stalled_clients_do_not_hold_up_the_stop(tmp_path: Path) -> None:
    text = "A long text without an end. " * 200
    with tone_daemon(tmp_path, "--drain-s", "2") as daemon:
        wyoming, http = daemon.ready()
        body = json.dumps({"model": "tts-1", "input": text, "voice": "alloy", "response_format": "pcm"})
        request = f"POST /v1/audio/speech HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        data = json.dumps({"text": text})
        event = f'{{"type": "synthesize", "data_length": {len(data)}}}\n{data}'
        with (
            socket.create_connection(("127.0.0.1", http)) as one,
            socket.create_connection(("127.0.0.1", wyoming)) as two,
            socket.create_connection(("127.0.0.1", http)) as three,
        ):
            for sock, message in ((one, request.encode()), (two, event.encode()), (three, _websocket_speak(text))):
                sock.sendall(message)
                # The first bytes show that the daemon is sending; nobody reads on.
                await asyncio.to_thread(sock.recv, 1)
            assert stop(daemon) == 0


def _websocket_speak(text: str) -> bytes:
    """A handshake and one masked message, for a socket that reads nothing."""
    head = (
        "GET /v1/tts HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {'A' * 22}==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    message = json.dumps({"type": "speak", "text": text, "final": True}).encode()
    return head.encode() + b"\x81\xfe" + len(message).to_bytes(2, "big") + bytes(4) + message


async def test_a_second_signal_stops_now(tmp_path: Path) -> None:
    with tone_daemon(tmp_path, "--drain-s", "60") as daemon:
        wyoming, _ = daemon.ready()
        async with AsyncTcpClient("127.0.0.1", wyoming) as client:
            await client.write_event(Synthesize("[hang]").event())
            # The answer to a ping shows that what was sent before it has been taken.
            await client.write_event(Event("ping", {"text": "x"}))
            assert (await client.read_event()) is not None
            daemon.process.send_signal(signal.SIGTERM)
            until_closed(wyoming)
            daemon.process.send_signal(signal.SIGTERM)
            assert daemon.process.wait(STOP_LIMIT_S) == 1


def test_a_port_in_use_stops_the_start_with_its_name(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with tone_daemon(tmp_path, "--http.port", port) as daemon:
            assert daemon.process.wait(PATIENCE_S) == 1
            assert f"http.host, http.port: cannot listen on port {port}" in daemon.read_rest()
        with tone_daemon(tmp_path, "--wyoming.port", port) as daemon:
            assert daemon.process.wait(PATIENCE_S) == 1
            assert f"wyoming.host, wyoming.port: cannot listen on port {port}" in daemon.read_rest()


def test_a_data_directory_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "format").write_text("99\n")
    with tone_daemon(tmp_path) as daemon:
        assert daemon.process.wait(PATIENCE_S) == 1
        assert "has format 99, this version knows 1: install" in daemon.read_rest()


def test_the_token_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    tokens = []
    for _ in range(2):
        with tone_daemon(tmp_path) as daemon:
            daemon.ready()
            tokens.append((tmp_path / "token").read_text())
            assert stop(daemon) == 0
            assert tokens[-1].strip() not in daemon.read_rest()
    assert tokens[0] == tokens[1]
    assert os.stat(tmp_path / "token").st_mode & 0o777 == 0o600
