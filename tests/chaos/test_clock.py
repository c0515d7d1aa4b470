"""The machine's clock jumps, both ways, while the daemon speaks and while it does nothing.

Nothing that is waited for goes by it. What does is what is kept for days: browsers that are paired, phrases.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.chaos.listeners import listener
from tests.fakes import tone
from tests.patience import PATIENCE_S
from tests.wire.daemons import DaemonProcess, ended_at_last

LIBRARIES = [*Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), *Path("/usr/lib").glob("faketime/libfaketime.so.1")]
AHEAD, BEHIND = "+400d", "-400d"
DINNER = "Dinner is ready."


class Clock:
    """The daemon's own, and that of its workers: the system's, moved."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.move("+0")

    def move(self, by: str) -> None:
        partial = self._file.with_suffix(".part")
        partial.write_text(f"{by}\n")
        partial.replace(self._file)


class Clocked:
    """A daemon whose clock can be moved."""

    def __init__(self, process: DaemonProcess, clock: Clock, data: Path) -> None:
        self.process, self.clock = process, clock
        self.wyoming, self.http = process.ready()
        self._token = (data / "token").read_text().strip()

    def client(self) -> httpx.AsyncClient:
        """Who may do everything."""
        client = self.browser()
        client.headers["Authorization"] = f"Bearer {self._token}"
        return client

    def browser(self) -> httpx.AsyncClient:
        """Who has nothing but its cookies."""
        return httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.http}", timeout=PATIENCE_S)

    async def asked(self, path: str, **body: Any) -> Any:
        async with self.client() as client:
            answer = await client.post(path, json=body)
        assert answer.status_code < 300, answer.text
        return answer.json()


@pytest.fixture(scope="module")
def clocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clocked]:
    if not LIBRARIES:
        pytest.skip("moves the clock by libfaketime: apt install libfaketime")
    directory = tmp_path_factory.mktemp("clock")
    clock, data = Clock(directory / "moved"), directory / "data"
    options = ["--auth", "token", "--phrases.list", json.dumps([DINNER])]
    with pytest.MonkeyPatch.context() as environment:
        for name, value in {
            "LD_PRELOAD": str(LIBRARIES[0]), "FAKETIME_TIMESTAMP_FILE": str(directory / "moved"),
            "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1",
        }.items():  # fmt: skip
            environment.setenv(name, value)
        process = DaemonProcess(["tests.tone_daemon", "{}"], data, options)
    with ended_at_last(process):
        yield Clocked(process, clock, data)


@pytest.fixture(autouse=True)
def right_again(clocked: Clocked) -> Iterator[None]:
    yield
    clocked.clock.move("+0")


async def year(clocked: Clocked) -> int:
    """Of the daemon's clock."""
    clip = await clocked.asked("/v1/audio/clips", input="Hello.")
    return int(clip["expires_at"][:4])


async def test_who_listens_and_who_waits_notices_nothing(clocked: Clocked) -> None:
    now = await year(clocked)
    ticket = (await clocked.asked("/v1/tickets"))["ticket"]
    async with listener(clocked.http, ticket=ticket) as talking:
        ticket = (await clocked.asked("/v1/tickets"))["ticket"]
        async with listener(clocked.http, ticket=ticket) as silent:
            for by, is_there in ((AHEAD, 1), (BEHIND, -1), ("+0", 0), (BEHIND, -1), (AHEAD, 1)):
                clocked.clock.move(by)
                assert await year(clocked) - now in (is_there, 2 * is_there)
                await talking.hears("I go on.")
            await silent.hears("I was silent, and am still here.")
            await silent.ends()
        await talking.ends()
        assert not talking.problems


@pytest.mark.parametrize("by", [AHEAD, BEHIND])
async def test_what_lasts_for_minutes_lasts_as_long(clocked: Clocked, by: str) -> None:
    """A ticket, an invitation, a clip."""
    ticket = (await clocked.asked("/v1/tickets"))["ticket"]
    invitation = await clocked.asked("/v1/invitations")
    clip = await clocked.asked("/v1/audio/clips", input="Hello there.", response_format="wav")
    clocked.clock.move(by)
    async with listener(clocked.http, ticket=ticket) as client:
        await client.hears("The ticket is good.")
        await client.ends()
    async with clocked.browser() as browser:
        assert (await browser.post("/v1/session", json={"code": invitation["code"]})).status_code == 204
        assert (await browser.get("/v1/session")).json()["paired"] is True
    async with clocked.client() as client:
        assert tone("Hello there.") in (await client.get(clip["url"])).content


async def test_a_browser_is_paired_until_its_week_is_over_by_the_clock(clocked: Clocked) -> None:
    invitation = await clocked.asked("/v1/invitations")
    async with clocked.browser() as browser:
        await browser.post("/v1/session", json={"code": invitation["code"]})
        for by, is_paired in (("+6d", True), ("+8d", False), (BEHIND, True), ("+0", True)):
            clocked.clock.move(by)
            assert (await browser.get("/v1/session")).json()["paired"] is is_paired, by


async def test_a_phrase_is_spoken_whatever_the_clock_says(clocked: Clocked) -> None:
    """Kept, or made anew where it has become too old."""
    async with clocked.client() as client:
        for by in ("+0", AHEAD, "+0", BEHIND, "+0"):
            clocked.clock.move(by)
            answer = await client.post("/v1/audio/speech", json={"input": DINNER, "response_format": "pcm"})
            assert answer.content == tone(DINNER), by
    assert "Traceback" not in clocked.process.read_so_far()
