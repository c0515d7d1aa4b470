"""The daemon as a program: start, crash of its worker, stop. A ToneEngine speaks."""

import asyncio
import json
import os
import signal
import socket
from pathlib import Path

import httpx
import websockets
from wyoming.audio import AudioChunk
from wyoming.client import AsyncTcpClient
from wyoming.error import Error
from wyoming.event import Event
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart

from tests.fakes import tone
from tests.wire.daemons import DaemonProcess, tone_daemon

STOP_LIMIT_S = 5
"""What the daemon promises; containers kill after ten."""


def stop(daemon: DaemonProcess) -> int:
    daemon.process.send_signal(signal.SIGTERM)
    return daemon.process.wait(STOP_LIMIT_S)


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
        async with websockets.connect(f"ws://127.0.0.1:{http}/v1/tts") as ws:
            await ws.send(json.dumps({"type": "speak", "text": "Hello.", "final": True}))
            heard = b""
            async for message in ws:
                if isinstance(message, bytes):
                    heard += message[8:]
                elif json.loads(message)["type"] == "done":
                    break
            assert heard == tone("Hello.")
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{http}") as rest:
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


async def test_http_is_open_while_the_voice_loads(tmp_path: Path) -> None:
    with tone_daemon(tmp_path, load_s=3600) as daemon:
        http = int(daemon.wait_for(r"http listens on port (\d+)")[1])
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{http}") as rest:
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
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{http}") as rest:
            assert (await rest.get("/health")).status_code == 200
            assert (await rest.get("/ready")).status_code == 503
        daemon.wait_for("needs 9 GB")  # tried again
        assert stop(daemon) == 0


def test_a_stop_is_heard_while_the_engines_process_starts(tmp_path: Path) -> None:
    with tone_daemon(tmp_path, start_s=3600) as daemon:
        daemon.wait_for("the engine is being made")
        assert stop(daemon) == 0


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


async def test_a_stop_lets_the_running_sentence_end(tmp_path: Path) -> None:
    text = "A sentence of one and a half seconds."
    with tone_daemon(tmp_path, frame_s=0.02) as daemon:
        wyoming, _ = daemon.ready()
        async with AsyncTcpClient("127.0.0.1", wyoming) as client:
            await client.write_event(Synthesize(text).event())
            first = [await client.read_event() for _ in range(2)]
            daemon.process.send_signal(signal.SIGTERM)
            rest = await events(client)
            assert pcm([event for event in [*first, *rest] if event is not None]) == tone(text)
        assert daemon.process.wait(STOP_LIMIT_S) == 0


async def test_a_stop_tells_those_who_cannot_end(tmp_path: Path) -> None:
    with tone_daemon(tmp_path, "--drain-s", "0.1") as daemon:
        wyoming, http = daemon.ready()
        async with (
            AsyncTcpClient("127.0.0.1", wyoming) as client,
            websockets.connect(f"ws://127.0.0.1:{http}/v1/tts") as ws,
        ):
            await client.write_event(SynthesizeStart().event())
            await client.write_event(SynthesizeChunk("A sentence that never ends [hang]. And").event())
            await ws.send(json.dumps({"type": "speak", "text": "[hang]", "final": True}))
            while json.loads(await ws.recv())["type"] != "started":
                pass
            daemon.process.send_signal(signal.SIGTERM)
            assert Error.from_event((await events(client))[-1]).code == "draining"
            async for _ in ws:  # ends with the close
                pass
            assert ws.close_code == 1001
        assert daemon.process.wait(STOP_LIMIT_S) == 0


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
            assert daemon.process.wait(30) == 1
            assert f"http.host, http.port: cannot listen on port {port}" in daemon.read_rest()
        with tone_daemon(tmp_path, "--wyoming.port", port) as daemon:
            assert daemon.process.wait(30) == 1
            assert f"wyoming.host, wyoming.port: cannot listen on port {port}" in daemon.read_rest()


def test_a_data_directory_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "format").write_text("99\n")
    with tone_daemon(tmp_path) as daemon:
        assert daemon.process.wait(30) == 1
        assert "format '99'" in daemon.read_rest()


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
