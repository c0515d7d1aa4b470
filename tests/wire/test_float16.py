"""A daemon whose checkpoint overflows float16: who fails is told which dtype to choose, and others are heard."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from wyoming.client import AsyncTcpClient
from wyoming.tts import Synthesize, SynthesizeVoice

from benchmarks.random_checkpoint import write_checkpoint
from tests.bent import OVERFLOWING_SPEAKER, SPEAKER_OVERFLOW, bend
from tests.patience import PATIENCE_S
from tests.wire.daemons import embedded_daemon
from tests.wire.patient import connect_blocking

FEW = (
    "--engine", "qwen", "--qwen.device", "cpu", "--qwen.threads", "1", "--qwen.rows", "2", "--qwen.buckets", "[2]",
    "--qwen.kv-positions", "2048", "--qwen.guards.length-factor", "0.6", "--qwen.guards.spare-s", "0.32",
)  # fmt: skip
DTYPE_TO_CHOOSE = "float16, which is too small for some checkpoints: set dtype to float32"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One voice of it overflows."""
    models = tmp_path_factory.mktemp("models")
    write_checkpoint("tiny-0.6B-CustomVoice", models.with_name("plain") / "tiny", endless=True)
    bend(models.with_name("plain") / "tiny", models / "tiny", SPEAKER_OVERFLOW)
    return models


@pytest.fixture(scope="module")
def doors(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, int]]:
    """Wyoming and HTTP port of a daemon that was told to compute in float16."""
    options = ("--models.dir", str(models), *FEW, "--qwen.dtype", "float16")
    with embedded_daemon(tmp_path_factory.mktemp("data"), *options) as daemon:
        ports = daemon.ready()
        assert "float16 was asked for, and checkpoints of the kind 0b6-custom_voice" in daemon.log
        yield ports


def order(voice: str) -> dict[str, str]:
    return {"model": "tts-1", "voice": voice, "input": "Good evening.", "response_format": "pcm"}


def said(port: int, voice: str) -> httpx.Response:
    return httpx.post(f"http://127.0.0.1:{port}/v1/audio/speech", json=order(voice) | {"seed": 3}, timeout=PATIENCE_S)


def test_http_says_which_dtype_to_choose(doors: tuple[int, int]) -> None:
    answer = said(doors[1], OVERFLOWING_SPEAKER)
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "generation_failed"
    assert DTYPE_TO_CHOOSE in answer.json()["error"]["message"]


def test_a_websocket_says_it_and_goes_on(doors: tuple[int, int]) -> None:
    with connect_blocking(f"ws://127.0.0.1:{doors[1]}/v1/tts") as socket:

        def hear(voice: str) -> tuple[int, list[dict[str, Any]]]:
            """Messages with sound, and the others up to `done`."""
            socket.send(json.dumps({"type": "speak", "final": True, "voice": voice, "text": "Good evening."}))
            sounds, told = 0, [{"type": ""}]
            while told[-1]["type"] != "done":
                message = socket.recv(PATIENCE_S)
                sounds += isinstance(message, bytes)
                told += [json.loads(message)] if isinstance(message, str) else []
            return sounds, told

        sounds, told = hear(OVERFLOWING_SPEAKER)
        (error,) = (one for one in told if one["type"] == "error")
        assert (sounds, error["code"], told[-1]["reason"]) == (0, "generation_failed", "error")
        assert DTYPE_TO_CHOOSE in error["message"]
        assert hear("vivian")[0] > 0


async def test_wyoming_says_it(doors: tuple[int, int]) -> None:
    async with AsyncTcpClient("127.0.0.1", doors[0]) as client:
        await client.write_event(Synthesize("Hello.", voice=SynthesizeVoice(name=OVERFLOWING_SPEAKER)).event())
        while (event := await client.read_event()) is not None and event.type != "error":
            assert event.type != "audio-chunk"
        assert event is not None
        assert event.data["code"] == "generation_failed"
        assert DTYPE_TO_CHOOSE in event.data["text"]


def test_others_are_heard_as_ever(doors: tuple[int, int]) -> None:
    alone = said(doors[1], "vivian")
    assert alone.status_code == 200
    failing = threading.Thread(target=said, args=(doors[1], OVERFLOWING_SPEAKER))
    failing.start()
    together = said(doors[1], "vivian")
    failing.join()
    assert together.content == alone.content


def test_the_default_dtype_speaks(models: Path, tmp_path: Path) -> None:
    with embedded_daemon(tmp_path, "--models.dir", str(models), *FEW) as daemon:
        _, http = daemon.ready()
        answer = said(http, OVERFLOWING_SPEAKER)
        assert answer.status_code == 200
        assert len(answer.content) >= 4 * 1_920 * 2
