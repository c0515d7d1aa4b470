"""What a careless or hostile client sends: it gets an envelope or is cut off, and others are served."""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from qwen3tts_daemon.limits import MAX_REF_AUDIO_CHARS
from qwen3tts_daemon.protocols.http.server import ServerConfig
from qwen3tts_daemon.settings import HttpSettings
from qwen3tts_daemon.speech.metrics import Metrics
from qwen3tts_daemon.speech.service import Speech
from tests.patience import PATIENCE_S
from tests.wire.http_door import TOKEN, Door, open_door, until
from tests.wire.patient import connect

SPEECH = "/v1/audio/speech"
CUSTOM_VOICE = "/api/tts/custom-voice"
HEAD_TIMEOUT_S = 0.6
BODY_TIMEOUT_S = 0.5
MAX_BODY_BYTES = 100_000


@pytest.fixture
async def door(speech: Speech, metrics: Metrics) -> AsyncIterator[Door]:
    async with open_door(
        speech,
        metrics,
        server=ServerConfig(head_timeout_s=HEAD_TIMEOUT_S, grace_s=0.3),
        config=HttpSettings(max_body_bytes=MAX_BODY_BYTES),
        body_timeout_s=BODY_TIMEOUT_S,
    ) as door:
        yield door


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        return str(json.loads(self.body)["error"]["code"])


async def raw(door: Door, request: bytes) -> Answer:
    """Send bytes, read one answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    try:
        writer.write(request)
        async with asyncio.timeout(PATIENCE_S):
            return await read_answer(reader)
    finally:
        writer.close()


async def read_answer(reader: asyncio.StreamReader) -> Answer:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Answer(int(head[0].split(" ")[1]), headers, body)


def request(target: str = "/health", *headers: str, method: str = "GET", body: bytes = b"") -> bytes:
    if not any(header.startswith("Host:") for header in headers):
        headers = ("Host: localhost", *headers)
    lines = [f"{method} {target} HTTP/1.1", *headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def post(body: bytes, *headers: str) -> bytes:
    return request(SPEECH, *headers, method="POST", body=body)


async def test_hosts(door: Door) -> None:
    for headers, status in (
        (("Host: evil.example",), 421),
        (("Host: evil.example", "Origin: http://evil.example"), 421),
        (("Host: 127.0.0.1.evil.example",), 421),
        (("Host: localhost", "Host: localhost"), 400),
        (("Host: localhost:x",), 400),
        ((f"Host: 127.0.0.1:{door.port}",), 200),
    ):
        assert (await raw(door, request("/health", *headers))).status == status, headers
    assert (await raw(door, b"GET /health HTTP/1.1\r\n\r\n")).status == 400
    assert (await raw(door, b"GET /health HTTP/1.0\r\n\r\n")).code == "bad_request"


async def test_foreign_pages_cannot_make_it_speak(door: Door) -> None:
    body = b'{"input":"hello"}'
    for origin in ("https://evil.example", "null", "http://localhost:1"):
        for kind in ("application/json", "text/plain", "application/x-www-form-urlencoded"):
            answer = await raw(door, post(body, f"Origin: {origin}", f"Content-Type: {kind}"))
            assert (answer.status, answer.code) == (403, "forbidden_origin")
    assert (await raw(door, post(body, "Sec-Fetch-Site: cross-site"))).status == 403
    assert (await raw(door, post(body, "Content-Type: text/plain"))).code == "bad_json"


BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0.0.0 Safari/537.36", "Accept-Language": "en"}
SAY = "/v1/audio/say?text=Hello.&format=pcm"
PREVIEW = "/v1/audio/voices/tone/preview?format=pcm"


@pytest.mark.parametrize("target", [SAY, PREVIEW])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_what_a_foreign_page_loads_does_not_speak(door: Door, speech: Speech, target: str, method: str) -> None:
    for load in (
        {"Accept": "*/*", "Accept-Encoding": "identity", "Range": "bytes=0-"},  # sound
        {"Accept": "image/avif,image/webp,*/*;q=0.8"},
        {"Accept": "*/*"},  # fetch
        {"Accept": "text/html,*/*;q=0.8", "Upgrade-Insecure-Requests": "1"},  # a frame, a form, a window
        {"Referer": "http://other.site/"},
        {"Referer": "http://127.0.0.1:3000/"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "audio"},
    ):
        assert (await door.client.request(method, target, headers=BROWSER | load)).status_code == 403, load
    assert speech.active == 0
    for load in (
        {"User-Agent": "Lavf/60.16.100", "Range": "bytes=0-"},
        {"User-Agent": "VLC/3.0.20 LibVLC/3.0.20", "Accept-Language": "de"},
        BROWSER | {"Referer": f"{door.url}/docs"},
        BROWSER | {"Sec-Fetch-Site": "none"},  # the address bar
    ):
        assert (await door.client.request(method, target, headers=load)).status_code == 200, load


@pytest.mark.parametrize("target", [SAY, PREVIEW])
async def test_a_browser_that_brings_a_ticket_hears_once(
    door: Door, speech: Speech, metrics: Metrics, target: str
) -> None:
    ticket = (await door.client.post("/v1/tickets")).json()["ticket"]
    statuses = [(await door.client.get(f"{target}&ticket={ticket}", headers=BROWSER)).status_code for _ in range(2)]
    assert statuses == [200, 403]
    async with open_door(speech, metrics, policy="token") as locked:
        bearer = {"Authorization": f"Bearer {TOKEN}"}
        ticket = (await locked.client.post("/v1/tickets", headers=bearer)).json()["ticket"]
        statuses = [(await locked.client.get(f"{target}&ticket={ticket}", headers=BROWSER)).status_code for _ in "ab"]
    assert statuses == [200, 401]


async def test_a_foreign_name_is_told_how_to_be_ours(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        answer = await raw(door, request("/health", "Host: nas.fritz.box:8766"))
        assert (answer.status, answer.code) == (421, "unknown_host")
        assert 'http.allowed_hosts = ["nas.fritz.box"]' in json.loads(answer.body)["error"]["message"]
    lines = [message for message in caplog.messages if "allowed_hosts" in message]
    assert len(lines) == 1
    assert lines[0].endswith('http.allowed_hosts = ["nas.fritz.box"]')


async def test_no_answer_invites_other_origins(door: Door) -> None:
    preflight = ("Origin: https://evil.example", "Access-Control-Request-Method: POST")
    for answer in (
        await raw(door, request(SPEECH, *preflight, method="OPTIONS")),
        await raw(door, request("/v1/audio/voices", "Origin: https://evil.example")),
        await raw(door, request("/health", "Origin: http://localhost")),
    ):
        assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_a_key_in_the_query_is_refused(door: Door) -> None:
    answer = await raw(door, request(f"/v1/audio/voices?token={TOKEN}"))
    assert (answer.status, answer.code) == (401, "unauthorized")


async def test_paths_lead_nowhere_else(door: Door) -> None:
    for path in (
        "/web/../../auth.py", "/web/%2e%2e/%2e%2e/auth.py", "/web/..%2f..%2fauth.py", "/web//etc/passwd",
        "/web/%2fetc%2fpasswd", "/web/index.html%00.css", "/web/", "/web/__init__.py", "/web/.hidden",
        "/static-offline-docs/../core.py", "/static-offline-docs/%2e%2e/core.py",
    ):  # fmt: skip
        answer = await raw(door, request(path))
        assert (answer.status, answer.code) == (404, "not_found"), path


BAD_JSON = {
    "trailing": b'{"input":"a"} x',
    "two values": b'{"input":"a"}{"input":"b"}',
    "repeated": b'{"input":"a","input":"b"}',
    "repeated deep": b'{"input":"a","x":[{"y":1,"y":2}]}',
    "deep list": b'{"input":' + b"[" * 90_000,
    "deep unknown": b'{"input":"a","x":' + b'{"a":' * 15_000 + b"1" + b"}" * 15_000 + b"}",
    "many digits": b'{"input":"a","seed":' + b"1" * 90_000 + b"}",
    "too large": b'{"input":"a","speed":1e999}',
    "nan": b'{"input":"a","temperature":NaN}',
    "infinity": b'{"input":"a","temperature":-Infinity}',
    "bom": b'\xef\xbb\xbf{"input":"a"}',
    "utf-16": '{"input":"a"}'.encode("utf-16"),
    "latin-1": '{"input":"ü"}'.encode("latin-1"),
    "lone surrogate": b'{"input":"\\ud800"}',
    "surrogate elsewhere": b'{"input":"a","x":["\\udfff"]}',
    "encoded surrogate": b'{"input":"\xed\xa0\x80"}',
    "control": b'{"input":"a\nb"}',
    "many values": b'{"input":"a","x":[' + b"1," * 25_000 + b"1]}",
    "nothing": b" ",
    "single quotes": b"{'input':'a'}",
}


async def test_only_json_is_json(door: Door) -> None:
    for name, body in BAD_JSON.items():
        answer = await raw(door, post(body))
        assert (answer.status, answer.code) == (400, "bad_json"), name
    assert (await raw(door, post(b'"a string"'))).status == 422
    assert (await raw(door, post(b'{"input":"\\u0000\\ud83d\\ude00 ok","response_format":"pcm"}'))).status == 200


async def test_text_of_odd_characters_is_spoken_or_a_silence_never_a_crash(door: Door) -> None:
    for text, statuses in (
        ("\0\0", (200,)),
        ("🙂🙃", (200,)),
        ("a" + "\u0301" * 5_000, (200,)),
        ("<|im_start|>assistant<|im_end|>", (200, 422)),
        ("\u202eabc\u202c\ufeff", (200,)),
    ):
        answer = await door.client.post(SPEECH, json={"input": text, "response_format": "pcm"})
        assert answer.status_code in statuses, ascii(text[:20])


async def test_a_body_too_large_is_refused_without_reading_on(door: Door) -> None:
    for path, most in ((CUSTOM_VOICE, MAX_BODY_BYTES), (SPEECH, MAX_BODY_BYTES + MAX_REF_AUDIO_CHARS)):
        answer = await raw(door, request(path, f"Content-Length: {most + 1}", method="POST"))
        assert (answer.status, answer.code, answer.headers["connection"]) == (413, "too_large", "close")
    chunk = b"%x\r\n" % 50_000 + b" " * 50_000 + b"\r\n"
    answer = await raw(door, request(CUSTOM_VOICE, "Transfer-Encoding: chunked", method="POST") + 3 * chunk)
    assert (answer.status, answer.code) == (413, "too_large")


async def test_a_body_that_dribbles_is_given_up(door: Door) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(request(SPEECH, "Content-Length: 1000", method="POST"))

    async def dribble() -> None:
        while True:
            writer.write(b" ")
            await asyncio.sleep(0.05)

    dribbling = asyncio.create_task(dribble())
    async with asyncio.timeout(PATIENCE_S):
        answer = await read_answer(reader)
    dribbling.cancel()
    assert (answer.status, answer.code, answer.headers["connection"]) == (408, "timeout", "close")
    writer.close()


async def test_lies_about_the_length(door: Door) -> None:
    body = b'{"input":"a"}'
    both = request(SPEECH, "Transfer-Encoding: chunked", f"Content-Length: {len(body)}", method="POST")
    assert (await raw(door, both + b"d\r\n" + body + b"\r\n0\r\n\r\n")).status == 400
    two = request(SPEECH, "Content-Length: 13", "Content-Length: 14", method="POST")
    assert (await raw(door, two + body)).status == 400
    negative = request(SPEECH, "Content-Length: -1", method="POST")
    assert (await raw(door, negative)).status == 400
    short = request(SPEECH, "Content-Length: 5", method="POST")
    assert (await raw(door, short + body)).code == "bad_json"
    broken = request(SPEECH, "Transfer-Encoding: chunked", method="POST")
    assert (await raw(door, broken + b"zz\r\n")).code == "bad_request"


async def test_a_refused_body_does_not_hide_the_refusal(door: Door) -> None:
    """The client is still sending when the answer is clear: it must get the answer, not a reset."""
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(request(SPEECH, "Origin: null", "Content-Length: 40000", method="POST"))
    await writer.drain()
    for _ in range(4):
        await asyncio.sleep(0.02)
        writer.write(b" " * 10_000)
        await writer.drain()
    async with asyncio.timeout(PATIENCE_S):
        assert (await read_answer(reader)).status == 403
        writer.write(request("/health"))
        assert (await read_answer(reader)).status == 200, "and the connection can be used again"
    writer.close()


async def test_silent_and_half_sent_heads_are_closed_while_others_are_served(door: Door) -> None:
    loop = asyncio.get_running_loop()
    started = loop.time()
    silent = [await asyncio.open_connection("127.0.0.1", door.port) for _ in range(60)]
    half = [await asyncio.open_connection("127.0.0.1", door.port) for _ in range(60)]
    dribbling = [await asyncio.open_connection("127.0.0.1", door.port) for _ in range(5)]
    for _, writer in half:
        writer.write(b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")

    async def dribble() -> None:
        while True:
            for _, writer in dribbling:
                writer.write(b"G")
            await asyncio.sleep(0.1)

    task = asyncio.create_task(dribble())
    assert (await door.client.get("/health")).status_code == 200
    async with asyncio.timeout(PATIENCE_S):
        for reader, _ in (*silent, *half, *dribbling):
            with contextlib.suppress(ConnectionResetError):
                assert await reader.read(1) == b""
    task.cancel()
    assert loop.time() - started >= HEAD_TIMEOUT_S, "too early is wrong too"
    for _, writer in (*silent, *half, *dribbling):
        writer.close()


async def test_a_half_head_after_a_whole_request_is_closed_too(door: Door) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(request("/health"))
    assert (await read_answer(reader)).status == 200
    await asyncio.sleep(HEAD_TIMEOUT_S / 2)
    writer.write(b"GET /health HT")
    async with asyncio.timeout(PATIENCE_S):
        assert await reader.read(1) == b""
    writer.close()


async def test_an_idle_connection_and_a_long_answer_outlive_the_head_timeout(door: Door) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    for _ in range(2):
        writer.write(request("/health"))
        assert (await read_answer(reader)).status == 200
        await asyncio.sleep(HEAD_TIMEOUT_S * 1.2)
    writer.close()


async def test_one_connection_too_many_is_closed_and_others_go_on(
    speech: Speech, metrics: Metrics, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_door(speech, metrics, server=ServerConfig(max_connections=2, grace_s=0.3)) as door:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        async with connect(f"ws://127.0.0.1:{door.port}/v1/tts") as call:
            writer.write(request("/health"))
            assert (await read_answer(reader)).status == 200
            for _ in range(20):
                refused, its_writer = await asyncio.open_connection("127.0.0.1", door.port)
                async with asyncio.timeout(PATIENCE_S):
                    assert await refused.read() == b""
                its_writer.close()
            assert door.server.connections == 2
            writer.write(request("/health"))
            assert (await read_answer(reader)).status == 200
            await call.send('{"type":"ping","id":1}')
            assert [json.loads(await call.recv())["type"] for _ in range(2)] == ["ready", "pong"]
        await until(lambda: door.server.connections == 1)
        assert (await raw(door, request("/health"))).status == 200
        writer.close()
    assert [record.getMessage() for record in caplog.records if "connections" in record.getMessage()] == [
        "http: 2 connections, no more are taken; see http.max_connections"
    ]


async def test_an_endless_header_is_cut_off(door: Door) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-Long: ")
    sent = 0
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(PATIENCE_S):
            while not reader.at_eof() and sent < 40_000_000 and not reader._buffer:  # type: ignore[attr-defined]
                writer.write(b"a" * 65_536)
                sent += 65_536
                await writer.drain()
                await asyncio.sleep(0)
    assert sent < 8_000_000, "more than the kernel's buffers were taken"
    await until(lambda: door.server.connections == 0)
    writer.close()


async def test_garbage_is_answered_and_closed(door: Door) -> None:
    for garbage in (
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 50,
        b"HELLO\r\n\r\n",
        b"GET\r\n\r\n",
    ):
        answer = await raw(door, garbage)
        assert (answer.status, answer.code) == (400, "bad_request")
    assert (await raw(door, b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 70_000)).status == 431


async def test_every_answer_has_the_headers_of_a_careful_server(door: Door) -> None:
    for method, path in (
        ("GET", "/"), ("GET", "/health"), ("GET", "/nothing"), ("POST", "/health"), ("GET", "/web/page.js"),
        ("GET", "/docs"), ("POST", SPEECH), ("GET", "/metrics"),
    ):  # fmt: skip
        answer = await door.client.request(method, path, json={"input": "a"} if path == SPEECH else None)
        headers = answer.headers
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["referrer-policy"] == ("same-origin" if path == "/docs" else "no-referrer")
        assert headers["cross-origin-resource-policy"] == "same-origin"
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'")
        assert policy.endswith("frame-ancestors 'self'")
        assert ("unsafe" in policy) == (path == "/docs")
        assert re.fullmatch(r"[0-9a-f]{12}", headers["x-request-id"])
        assert headers["cache-control"] == ("no-cache" if path in ("/", "/web/page.js") else "no-store")
        assert "server" not in headers


async def test_our_own_pages_say_that_they_are(door: Door) -> None:
    """Others' cannot say so, and by plain http a browser adds nothing by itself."""
    assert '<meta name="referrer" content="same-origin">' in (await door.client.get("/")).text
    for path in ("/docs", "/redoc"):
        assert (await door.client.get(path)).headers["referrer-policy"] == "same-origin"


async def test_errors_of_the_router_are_envelopes(door: Door) -> None:
    missing = await door.client.get("/nothing")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "not_found")
    wrong = await door.client.delete("/v1/models")
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (405, "method_not_allowed")
    assert wrong.headers["allow"] == "GET, HEAD"


async def test_a_405_names_every_method_of_its_path(door: Door) -> None:
    document = (await door.client.get("/openapi.json")).json()
    paths = {path: {method.upper() for method in methods} for path, methods in document["paths"].items()}
    assert paths["/v1/audio/voices/{id}"] == {"GET", "PATCH", "DELETE"}
    for path, methods in {**paths, "/": {"GET"}, "/web/page.js": {"GET"}, "/docs": {"GET"}}.items():
        answer = await door.client.options(path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed"), path
        allowed = methods | {"HEAD"} if "GET" in methods else methods
        assert set(answer.headers["allow"].split(", ")) == allowed, path


async def test_what_nobody_foresaw_is_told_without_its_text(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    @door.app.get("/broken")
    async def broken() -> None:
        raise KeyError("/home/someone/secret")

    answer = await door.client.get("/broken")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal")
    assert "secret" not in answer.text
    assert "secret" in caplog.text


async def test_logs_hold_no_secret_and_no_line_of_a_client(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    await raw(door, request(f"/v1/audio/voices?token={TOKEN}"))
    await raw(door, request("/health", f"Authorization: Bearer {TOKEN}"))
    await raw(door, request("/no%0d%0aFAKE line=1", method="GET"))
    await door.client.post("/v1/session", json={"token": TOKEN})
    await door.client.post(SPEECH, json={"input": "My diary entry", "voice": "x\r\nFAKE line"})
    await door.client.post(SPEECH, json={"input": "My diary entry"})
    upgrade = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13")
    key = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="
    await raw(door, request("/v1/tts?ticket=SECRETTICKET", *upgrade, key))
    ours = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith(("qwen", "uvicorn")))
    for secret in (TOKEN, "diary", "FAKE", "SECRETTICKET"):
        assert secret not in ours
