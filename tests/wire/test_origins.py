"""Pages of other origins: the listed ones get answers they can read, all others nothing."""

import json
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from qwen3tts_daemon.settings import HttpSettings
from qwen3tts_daemon.speech.metrics import Metrics
from qwen3tts_daemon.speech.service import Speech
from tests.wire.http_door import TOKEN, Door, open_door

HOME = "http://homeassistant.local:8123"
READER = "chrome-extension://abcdefghijklmnopabcdefghijklmnop"
LISTED = HttpSettings(allowed_origins=(HOME, READER))
BEARER = {"Authorization": f"Bearer {TOKEN}"}
SPEECH = {"input": "Hello.", "response_format": "pcm"}
ALLOWED = "access-control-allow-origin"


@pytest.fixture
async def door(speech: Speech, metrics: Metrics) -> AsyncIterator[Door]:
    async with open_door(speech, metrics, config=LISTED) as door:
        yield door


@pytest.fixture
async def locked(speech: Speech, metrics: Metrics) -> AsyncIterator[Door]:
    async with open_door(speech, metrics, config=LISTED, policy="token") as door:
        yield door


def preflight(origin: str, method: str = "POST", *headers: str) -> dict[str, str]:
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    return asked | ({"Access-Control-Request-Headers": ",".join(headers)} if headers else {})


@pytest.mark.parametrize("origin", [HOME, READER])
async def test_a_listed_page_needs_the_token_alone(locked: Door, origin: str) -> None:
    for method, path, headers in (
        ("POST", "/v1/audio/speech", ("authorization", "content-type")),
        ("DELETE", "/v1/audio/voices/anna", ("authorization", "x-stainless-os")),
        ("PATCH", "/v1/audio/voices/anna", ("authorization",)),
        ("GET", "/v1/audio/voices", ("authorization",)),
    ):
        asked = await locked.client.options(path, headers=preflight(origin, method, *headers))
        assert (asked.status_code, asked.headers[ALLOWED], asked.content) == (204, origin, b"")
        assert method in asked.headers["access-control-allow-methods"].split(", ")
        assert set(headers) == set(asked.headers["access-control-allow-headers"].split(", "))
        assert int(asked.headers["access-control-max-age"]) > 0
        assert "access-control-allow-private-network" not in asked.headers
    spoken = await locked.client.post("/v1/audio/speech", json=SPEECH, headers={"Origin": origin} | BEARER)
    assert (spoken.status_code, spoken.headers[ALLOWED]) == (200, origin)


async def test_a_page_of_the_internet_is_let_into_the_private_network(door: Door) -> None:
    asked = preflight(HOME) | {"Access-Control-Request-Private-Network": "true"}
    answer = await door.client.options("/v1/audio/speech", headers=asked)
    assert answer.headers["access-control-allow-private-network"] == "true"


async def test_every_answer_to_a_listed_page_can_be_read_whole(locked: Door) -> None:
    listed = {"Origin": HOME}
    hello = {"text": "Hello.", "speaker": "tone"}
    answers = [
        await locked.client.get("/health", headers=listed),
        await locked.client.get("/v1/audio/voices", headers=listed),  # no token
        await locked.client.get("/nothing", headers=listed | BEARER),
        await locked.client.delete("/health", headers=listed | BEARER),
        await locked.client.post("/v1/audio/speech", content=b"{", headers=listed | BEARER),
        await locked.client.get("/v1/audio/say?text=Hello.", headers=listed | BEARER),
        await locked.client.get("/v1/audio/say?text=", headers=listed | BEARER),
        await locked.client.get("/v1/audio/voices?token=x", headers=listed),
        await locked.client.post("/api/tts/custom-voice", json=hello, headers=listed | BEARER),
        await locked.client.get("/health", headers=listed | {"Host": "evil.example"}),
    ]  # fmt: skip
    assert [answer.status_code for answer in answers] == [200, 401, 404, 405, 400, 200, 422, 401, 200, 421]
    for answer in answers:
        assert answer.headers[ALLOWED] == HOME
        assert "Origin" in answer.headers["vary"]
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
        assert "access-control-allow-credentials" not in answer.headers
        exposed = answer.headers["access-control-expose-headers"].split(", ")
        assert {name for name in answer.headers if not name.startswith("access-control-")} - set(exposed) <= {
            "date", "transfer-encoding"
        }  # fmt: skip
    assert "x-audio-duration" in answers[8].headers["access-control-expose-headers"]


async def test_others_are_told_nothing(door: Door) -> None:
    for origin in ("http://homeassistant.local", "null", "https://evil.example", f"{HOME}.evil.example", "*", ""):
        for answer in (
            await door.client.options("/v1/audio/speech", headers=preflight(origin, "POST", "content-type")),
            await door.client.get("/v1/audio/voices", headers={"Origin": origin}),
            await door.client.post("/v1/audio/speech", json=SPEECH, headers={"Origin": origin} | BEARER),
        ):
            assert not [name for name in answer.headers if name.startswith("access-control-")], origin
            assert answer.headers["cross-origin-resource-policy"] == "same-origin"
            assert answer.headers["vary"] == "Origin"
        assert answer.status_code == 403
    twice = [("Origin", HOME), ("Origin", "https://evil.example")]
    answer = await door.client.post("/v1/audio/speech", json=SPEECH, headers=twice)
    assert (answer.status_code, answer.headers.get(ALLOWED)) == (403, None)


async def test_a_question_under_a_foreign_name_is_refused(door: Door) -> None:
    answer = await door.client.options("/v1/audio/speech", headers=preflight(HOME) | {"Host": "evil.example"})
    assert answer.status_code == 421
    assert "access-control-allow-methods" not in answer.headers


async def test_a_picture_of_a_listed_page_may_be_shown_there(door: Door) -> None:
    answer = await door.client.get("/web/icon.svg", headers={"Referer": f"{HOME}/lovelace"})
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    answer = await door.client.get("/web/icon.svg", headers={"Referer": "https://evil.example/"})
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"


async def test_sockets_of_listed_pages(locked: Door) -> None:
    address = f"ws://127.0.0.1:{locked.port}/v1/tts"
    ticket = (await locked.client.post("/v1/tickets", headers={"Origin": HOME} | BEARER)).json()["ticket"]
    async with connect(f"{address}?ticket={ticket}", origin=HOME) as socket:  # type: ignore[arg-type]
        assert json.loads(await socket.recv())["type"] == "ready"
    async with connect(address, origin=READER, subprotocols=["voice.v1", f"bearer.{TOKEN}"]) as socket:  # type: ignore[arg-type,list-item]
        assert json.loads(await socket.recv())["type"] == "ready"
    async with connect(address, origin=HOME) as socket:  # type: ignore[arg-type]
        assert json.loads(await socket.recv())["code"] == "unauthorized"
    for origin in ("http://homeassistant.local", "null", "moz-extension://abcdefghijklmnopabcdefghijklmnop"):
        with pytest.raises(InvalidStatus) as refused:
            await connect(address, origin=origin, additional_headers=BEARER)  # type: ignore[arg-type]
        assert refused.value.response.status_code == 403


async def test_the_session_of_our_page_is_not_a_listed_pages(locked: Door) -> None:
    await locked.client.post("/v1/session", json={"token": TOKEN})  # the client has the cookie now
    assert (await locked.client.get("/v1/audio/voices")).status_code == 200
    assert (await locked.client.get("/v1/audio/voices", headers={"Origin": HOME})).status_code == 401
    assert (await locked.client.post("/v1/tickets", headers={"Origin": HOME})).status_code == 401
