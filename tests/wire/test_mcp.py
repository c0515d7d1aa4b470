"""An assistant speaks through the daemon, by the official client of the Model Context Protocol."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters

from tests.fakes import tone
from tests.patience import PATIENCE_S
from tests.wire.daemons import tone_daemon

LONG = "It goes on and on until somebody has heard enough of it. " * 40


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with tone_daemon(tmp_path_factory.mktemp("daemon"), "--no-http.enabled") as daemon:
        yield f"tcp://127.0.0.1:{daemon.wait_for('wyoming listens on port ([0-9]+)')[1]}"


def a_player(folder: Path, does: str) -> dict[str, str]:
    """PulseAudio's, as far as a test needs it -> the environment that finds it."""
    folder.mkdir()
    player = folder / "paplay"
    player.write_text(f'#!/bin/sh\necho "$@" > "{folder}/arguments"\n{does}\n')
    player.chmod(0o755)
    return {"PATH": f"{folder}:{os.defpath}"}


def assistant(uri: str, environment: dict[str, str], *options: str) -> Client:
    arguments = ["-m", "qwen3tts_daemon", "mcp", "--uri", uri, *options]
    return Client(StdioServerParameters(command=sys.executable, args=arguments, env=environment))


async def test_what_it_says_is_heard_to_its_end(uri: str, tmp_path: Path) -> None:
    heard = tmp_path / "pulse" / "heard"
    environment = a_player(tmp_path / "pulse", f'cat >> "{heard}"')
    async with assistant(uri, environment, "--device", "kitchen") as client:
        assert {tool.name for tool in (await client.list_tools()).tools} == {"speak", "stop", "voices"}
        said = await client.call_tool("speak", {"text": "Dinner is ready."})
        assert said.structured_content == {"end": "done", "seconds": len(tone("Dinner is ready.")) / 48_000}
        assert heard.read_bytes() == tone("Dinner is ready.")
        assert "--device=kitchen" in (tmp_path / "pulse" / "arguments").read_text().split()
        await asyncio.gather(*(client.call_tool("speak", {"text": text}) for text in ("One.", "Two, three.")))
        assert heard.read_bytes() == tone("Dinner is ready.") + tone("One.") + tone("Two, three.")


async def test_who_can_speak_and_who_cannot(uri: str, tmp_path: Path) -> None:
    async with assistant(uri, a_player(tmp_path / "pulse", "cat > /dev/null"), "--device", "kitchen") as client:
        told = (await client.call_tool("voices", {})).structured_content
        assert told is not None
        assert "tone" in [voice["name"] for voice in told["result"]]
        refused = await client.call_tool("speak", {"text": "Hello.", "voice": "nobody"})
        assert refused.is_error
        assert "nobody" in refused.content[0].text  # type: ignore[union-attr]
        empty = await client.call_tool("speak", {"text": ""})
        assert empty.is_error


async def test_it_is_silent_at_once_when_told_so(uri: str, tmp_path: Path) -> None:
    begun = tmp_path / "pulse" / "begun"
    environment = a_player(tmp_path / "pulse", f'touch "{begun}"; exec sleep 3600')
    async with assistant(uri, environment, "--device", "kitchen") as client:
        both = [asyncio.create_task(client.call_tool("speak", {"text": LONG})) for _ in range(2)]
        async with asyncio.timeout(PATIENCE_S):
            while not begun.exists():
                await asyncio.sleep(0.02)
        assert (await client.call_tool("stop", {})).structured_content == {"stopped": 2}
        assert [(await one).structured_content for one in both] == [{"end": "stopped"}] * 2


def test_where_nothing_would_be_heard_it_does_not_begin(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "qwen3tts_daemon", "mcp", "--device", "kitchen", "--data-dir", str(tmp_path)]
    done = subprocess.run(
        command, env={**os.environ, "PATH": str(tmp_path)}, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == "qwen3tts-daemon: nothing here plays sound; install one of pw-cat, paplay, aplay\n"
