"""One daemon for all that a process tests here: what one attack leaves behind, the next finds."""

from collections.abc import Iterator

import httpx
import pytest

from qwen3tts_daemon.audio import to_wav
from qwen_tts.api import Audio
from tests.fakes import tone
from tests.hostile.watched import Watched, watched_daemon

RECORDING = to_wav(Audio(pcm=tone("x" * 60), sample_rate=24_000))
MOST_LINES = 40
"""Of the log, for one test: what a stranger can repeat is told once a minute"""


@pytest.fixture(scope="session")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    with watched_daemon(
        tmp_path_factory.mktemp("hostile"), kinds=["preset", "cloned", "designed"], preview=False
    ) as daemon:
        with daemon.client() as client:
            _use_once(client)
        yield daemon


def _use_once(client: httpx.Client) -> None:
    """What is made at its first use is there afterwards."""
    for path in ("/v1/audio/speech", "/v1/audio/clips"):
        client.post(path, json={"input": "On 3 May. Am 3. Mai.", "response_format": "mp3"}).raise_for_status()
    client.post("/v1/audio/references", files={"ref_audio": RECORDING}).raise_for_status()


@pytest.fixture(autouse=True)
def nothing_is_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """No task and no descriptor; no fault in the log, no secret, and not too many lines; the same worker."""
    if "watched" not in request.fixturenames:
        yield
        return
    daemon: Watched = request.getfixturevalue("watched")
    worker, before, lines = daemon.process.workers, daemon.census(with_objects=False), len(told_of_clients(daemon.log))
    yield
    daemon.holds_no_more_than(before, with_objects=False)
    assert daemon.process.workers == worker, "the worker was started anew"
    told = told_of_clients(daemon.log)[lines:]
    assert len(told) <= MOST_LINES, told
    assert "Traceback" not in "".join(told)
    assert daemon.token not in daemon.log


@pytest.fixture(scope="module", autouse=True)
def no_object_is_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """No connection, utterance, context or stream of all that a file has tried."""
    module = request.node
    if not any(
        "watched" in getattr(item, "fixturenames", ()) for item in request.session.items if item.parent is module
    ):
        yield
        return
    daemon: Watched = request.getfixturevalue("watched")
    before = daemon.census()
    yield
    daemon.holds_no_more_than(before)


def told_of_clients(log: str) -> list[str]:
    """Without the line of each utterance, which is one of the daemon's own words and no stranger's."""
    return [line for line in log.splitlines() if " speech id=" not in line]
