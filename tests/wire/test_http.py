"""The HTTP door: status, voices, login, the page, docs, sockets, start and end."""

import asyncio
import json
import re
import struct
from collections.abc import AsyncIterator
from urllib.parse import urljoin

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from qwen3tts_daemon.audio import AUDIO_FORMATS, FILE_FORMATS
from qwen3tts_daemon.hosting.model_manager import ManagerConfig, ModelManager
from qwen3tts_daemon.protocols.http.server import HttpServer
from qwen3tts_daemon.settings import HttpSettings
from qwen3tts_daemon.speech.metrics import Metrics
from qwen3tts_daemon.speech.service import Speech
from qwen3tts_daemon.speech.utterance import SpeechConfig
from qwen3tts_daemon.voices.catalogue import VoiceCatalogue
from tests.fakes import ToneEngine
from tests.patience import PATIENCE_S
from tests.wire.http_door import TOKEN, Door, open_door, until
from tests.wire.patient import connect

BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
async def door(speech: Speech, metrics: Metrics) -> AsyncIterator[Door]:
    async with open_door(speech, metrics) as door:
        yield door


@pytest.fixture
async def locked(speech: Speech, metrics: Metrics) -> AsyncIterator[Door]:
    async with open_door(speech, metrics, policy="token") as door:
        yield door


async def test_health_and_ready(door: Door) -> None:
    health = (await door.client.get("/health")).json()
    assert health == {
        "status": "ok", "service": "qwen3tts-daemon", "version": "9.8.7",
        "engine": "tone", "state": "ready", "preview": True, "active": 0,
    }  # fmt: skip
    assert (await door.client.get("/ready")).json() == {"status": "ready"}
    head = await door.client.head("/health")
    assert (head.status_code, head.content) == (200, b"")


async def test_a_stranger_learns_that_it_lives_and_no_more(locked: Door) -> None:
    assert (await locked.client.get("/health")).json() == {"status": "ok", "service": "qwen3tts-daemon"}
    assert (await locked.client.get("/ready")).json() == {"status": "ready"}
    assert "version" in (await locked.client.get("/health", headers=BEARER)).json()


async def test_the_door_is_open_while_the_engine_loads(metrics: Metrics) -> None:
    engine = ToneEngine(load_s=3600)

    async def start() -> ToneEngine:
        return engine

    manager = ModelManager(start, ManagerConfig(load_timeout_s=0.05))
    await manager.start(preload=True)
    voices = VoiceCatalogue(lambda: manager.capabilities)
    async with open_door(Speech(manager, voices, metrics, SpeechConfig()), metrics) as door:
        assert (await door.client.get("/health")).json()["state"] == "loading"
        ready = await door.client.get("/ready")
        assert (ready.status_code, ready.headers["retry-after"]) == (503, "2")
        assert ready.json()["error"]["code"] == "model_loading"
        assert (await door.client.get("/v1/audio/voices")).status_code == 200
        spoken = await door.client.post("/v1/audio/speech", json={"input": "Hello"})
        assert (spoken.status_code, spoken.headers["retry-after"]) == (503, "5")
    await manager.close()


async def test_voices_and_the_one_of_each_language(door: Door) -> None:
    answer = (await door.client.get("/v1/audio/voices")).json()
    assert answer["voices"][0] == {
        "id": "tone", "name": "tone", "languages": ["en", "de", "fr"], "description": "Tone, a test voice",
        "gender": "female", "accented": False, "takes_instruct": True, "preview": True, "available": True,
        "kind": "preset", "descriptions": {}, "has_sample": False,
    }  # fmt: skip
    defaults = {language["code"]: language["default_voice"] for language in answer["languages"]}
    assert defaults == {"de": "tone", "en": "tone", "fr": "tone", "zh": "gong"}
    assert answer["languages"][0]["native_name"] == "Deutsch"
    assert (answer["default_language"], answer["preview"]) == ("en", True)


async def test_metrics(door: Door) -> None:
    await door.client.post("/v1/audio/speech", json={"input": "Hello", "response_format": "pcm"})
    answer = await door.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert 'qwen3tts_utterances_total{end="done",protocol="openai"} 1.0' in answer.text


async def test_what_is_not_open_needs_the_token(locked: Door) -> None:
    for path in (
        "/metrics",
        "/docs",
        "/redoc",
        "/openapi.json",
        "/v1/audio/voices",
        "/v1/models",
        "/nothing",
    ):
        answer = await locked.client.get(path)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer"), path
        assert answer.json()["error"]["code"] == "unauthorized"
        with_token = await locked.client.get(path, headers=BEARER)
        assert with_token.status_code == (404 if path == "/nothing" else 200), path


async def test_the_page_logs_in_with_the_token_and_keeps_a_cookie(locked: Door) -> None:
    wrong = await locked.client.post("/v1/session", json={"token": TOKEN[:-1]})
    assert (wrong.status_code, wrong.json()["error"]["param"]) == (401, "token")
    assert "set-cookie" not in wrong.headers
    right = await locked.client.post("/v1/session", json={"token": TOKEN}, headers={"Origin": locked.url})
    assert right.status_code == 204
    assert "HttpOnly" in right.headers["set-cookie"]
    assert (await locked.client.get("/v1/audio/voices")).status_code == 200  # the client has the cookie now


async def test_a_ticket_opens_a_socket_once(locked: Door) -> None:
    assert (await locked.client.post("/v1/tickets")).status_code == 401
    ticket = (await locked.client.post("/v1/tickets", headers=BEARER)).json()["ticket"]
    address = f"ws://127.0.0.1:{locked.port}/v1/tts?ticket={ticket}"
    async with connect(address) as socket:
        assert json.loads(await socket.recv())["type"] == "ready"
    async with connect(address) as socket:
        assert json.loads(await socket.recv())["code"] == "unauthorized"
        await socket.wait_closed()
        assert socket.close_code == 4401


async def test_the_bearer_subprotocol_is_heard_and_not_echoed(locked: Door) -> None:
    address = f"ws://127.0.0.1:{locked.port}/v1/tts"
    async with connect(address, subprotocols=["voice.v1", f"bearer.{TOKEN}"]) as socket:  # type: ignore[list-item]
        assert socket.subprotocol == "voice.v1"
        assert json.loads(await socket.recv())["type"] == "ready"
    async with connect(address, subprotocols=["voice.v1", "bearer.wrong"]) as socket:  # type: ignore[list-item]
        assert json.loads(await socket.recv())["code"] == "unauthorized"


async def test_a_socket_speaks(door: Door) -> None:
    async with connect(f"ws://127.0.0.1:{door.port}/v1/tts", compression="deflate") as socket:
        assert "Sec-WebSocket-Extensions" not in socket.response.headers  # type: ignore[union-attr]
        await socket.send('{"type":"speak","text":"Hello","final":true}')
        kinds = []
        async for message in socket:
            kinds.append("sound" if isinstance(message, bytes) else json.loads(message)["type"])
            if kinds[-1] == "done":
                break
    assert kinds[:3] == ["ready", "started", "segment"]
    assert "sound" in kinds


async def test_an_upgrade_is_refused_with_a_status(door: Door) -> None:
    here = f"ws://127.0.0.1:{door.port}"
    for address, options, status in (
        (here + "/v1/tts", {"subprotocols": ["voice.v9"]}, 400),
        (here + "/v1/other", {}, 404),
        (here + "/v1/tts", {"origin": "https://evil.example"}, 403),
        ("ws://evil.example/v1/tts", {}, 421),
        ("ws://evil.example/v1/tts", {"origin": "http://evil.example"}, 421),
    ):
        with pytest.raises(InvalidStatus) as caught:
            await connect(address, host="127.0.0.1", port=door.port, **options)  # type: ignore[arg-type]
        assert caught.value.response.status_code == status, (address, options)


async def test_the_page_names_only_files_that_are_there(door: Door) -> None:
    page = await door.client.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    links = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    scripts = [link for link in links if link.endswith(".js")]
    assert scripts
    for script in scripts:
        source = (await door.client.get("/" + script)).text
        links += [f"web/{name}" for name in re.findall(r'from "\./([^"]+)"', source)]
    for link in links:
        if not link.startswith(("data:", "https://github.com")):
            assert not link.startswith("/"), f"{link} would leave a proxy's prefix"
            assert (await door.client.get("/" + link)).status_code == 200, link
    assert "<script>" not in page.text
    assert not re.search(r"\son[a-z]+=|style=", page.text), "the policy forbids it"


@pytest.mark.parametrize("language", ["en", "ja", "zh-CN", "zh-TW"])
async def test_the_page_can_be_put_on_a_home_screen(door: Door, language: str) -> None:
    address = f"/web/manifest/{language}.webmanifest"
    answer = await door.client.get(address)
    assert answer.headers["content-type"] == "application/manifest+json"
    manifest = answer.json()
    assert manifest["lang"] == language
    assert manifest["name"] in (await door.client.get(f"/web/js/i18n/{language}.js")).text
    assert {urljoin(address, manifest[name]) for name in ("start_url", "scope")} == {"/"}
    assert not any(value.startswith("/") for value in (manifest["start_url"], manifest["scope"]))
    for icon in manifest["icons"]:
        image = await door.client.get(urljoin(address, icon["src"]))
        assert image.headers["content-type"].partition(";")[0] == icon["type"]
        if icon["type"] == "image/png":
            width, height = struct.unpack(">II", image.content[16:24])
            assert icon["sizes"] == f"{width}x{height}"
    assert {icon["sizes"] for icon in manifest["icons"]} == {"any", "192x192", "512x512"}
    assert "maskable" in {icon.get("purpose") for icon in manifest["icons"]}


async def test_the_service_worker_is_of_the_same_version_as_the_page(door: Door) -> None:
    worker = await door.client.get("/service-worker.js")
    assert worker.headers["content-type"].startswith("text/javascript")
    assert worker.headers["cache-control"] == "no-cache"
    shell = json.loads(worker.text.partition("self.shell = ")[2].partition(";\n")[0])
    assert (await door.client.get("/")).headers["etag"] == f'"{shell["version"]}"'
    assert {"", "web/style.css", "web/js/i18n/ja.js", "web/js/tabs/speak.js"} <= set(shell["files"])
    for name in shell["files"]:
        assert not name or name.startswith("web/")
        assert (await door.client.get(f"/{name}")).status_code == 200, name
    assert (await door.client.get("/web/service-worker.js")).status_code == 404


async def test_a_file_that_did_not_change_is_not_sent_again(door: Door) -> None:
    first = await door.client.get("/web/style.css")
    again = await door.client.get("/web/style.css", headers={"If-None-Match": f'W/{first.headers["etag"]}, "x"'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
async def test_docs_load_nothing_from_elsewhere(door: Door, path: str) -> None:
    answer = await door.client.get(path)
    assert "unsafe-inline" in answer.headers["content-security-policy"]
    for link in re.findall(r'(?:src|href)="([^"]+)"', answer.text):
        assert link.startswith("/"), link
        assert (await door.client.get(link)).status_code == 200, link


async def test_the_api_description_knows_the_body(door: Door) -> None:
    document = (await door.client.get("/openapi.json")).json()
    schema = document["paths"]["/v1/audio/speech"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert "input" in document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]["properties"]


async def test_a_format_is_one_entry_and_every_door_and_the_document_offer_it(door: Door) -> None:
    document = (await door.client.get("/openapi.json")).json()
    every = {format.bare_media_type for format in AUDIO_FORMATS.values()}
    files = {AUDIO_FORMATS[name].bare_media_type for name in FILE_FORMATS}

    def told(method: str, path: str, status: str = "200") -> set[str]:
        content = document["paths"][path][method]["responses"][status]["content"]
        return {name for name in content if name.startswith("audio/")}

    assert told("post", "/v1/audio/speech") == told("get", "/v1/audio/say") == every
    assert told("get", "/v1/audio/voices/{id}/preview") == every
    assert told("get", "/v1/audio/clips/{name}") == told("get", "/v1/audio/clips/{name}", "206") == files
    for body, names in (("SpeechBody", AUDIO_FORMATS), ("ClipBody", FILE_FORMATS)):
        field = document["components"]["schemas"][body]["properties"]["response_format"]["anyOf"][0]
        assert field["enum"] == ["", *names]
    for name, format in AUDIO_FORMATS.items():
        query = {"text": "Hello.", "format": name}
        answer = await door.client.get("/v1/audio/say", params=query)
        assert answer.headers["content-type"].partition(";")[0] == format.bare_media_type
        assert answer.content


async def test_the_document_tells_what_every_answer_is(door: Door) -> None:
    document = (await door.client.get("/openapi.json")).json()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            *told, failure = operation["responses"]
            assert failure == "default"
            for status in told:
                assert status in ("200", "201", "202", "204", "206"), "every other one is a Failure"
                answer = operation["responses"][status].get("content", {})
                assert bool(answer) == (status != "204"), (method, path)
                assert answer.get("application/json", {}).get("schema") != {}, (method, path)


async def test_behind_a_trusted_proxy_links_keep_its_prefix(speech: Speech, metrics: Metrics) -> None:
    config = HttpSettings(trusted_proxies=("127.0.0.0/8",), frame_ancestors=("'self'", "http://ha.local:8123"))
    headers = {
        "X-Forwarded-For": "192.168.1.7",
        "X-Ingress-Path": "/ingress/abc",
        "X-Forwarded-Proto": "https",
    }
    async with open_door(speech, metrics, config=config) as door:
        docs = await door.client.get("/docs", headers=headers)
        assert "/ingress/abc/static-offline-docs/swagger-ui.css" in docs.text
        assert "frame-ancestors 'self' http://ha.local:8123" in docs.headers["content-security-policy"]
        for path in ("/", "/v1/audio/voices", "/static-offline-docs/swagger-ui.css"):
            assert (await door.client.get(path, headers=headers)).status_code == 200
        session = await door.client.post("/v1/session", json={"token": TOKEN}, headers=headers)
        assert session.headers["set-cookie"].endswith("; Secure")
        public = await door.client.get("/v1/audio/voices", headers=headers | {"X-Forwarded-For": "203.0.113.9"})
        assert public.status_code == 401


async def test_a_taken_port_is_told(door: Door) -> None:
    with pytest.raises(OSError, match="in use"):
        await HttpServer(door.app, ("127.0.0.1",), door.port).start()


async def test_every_address_has_the_same_port(door: Door) -> None:
    server = HttpServer(door.app, ("0.0.0.0", "::"), 0)
    await server.start()
    async with httpx.AsyncClient(timeout=PATIENCE_S) as client:
        for host in ("127.0.0.1", "[::1]"):
            assert (await client.get(f"http://{host}:{server.port}/health")).status_code == 200
    await server.close()
    await server.close()


class TestEnd:
    """What is running when the daemon stops."""

    @pytest.fixture
    def engine(self) -> ToneEngine:
        return ToneEngine(frame_s=0.01)

    async def test_close_cuts_a_client_that_takes_nothing(
        self, speech: Speech, metrics: Metrics, engine: ToneEngine
    ) -> None:
        async with open_door(speech, metrics) as door:
            body = json.dumps({"input": "long " * 1_000, "response_format": "wav"}).encode()
            _, writer = await asyncio.open_connection("127.0.0.1", door.port, limit=1024)
            writer.write(b"POST /v1/audio/speech HTTP/1.1\r\nHost: localhost\r\nContent-Length: ")
            writer.write(f"{len(body)}\r\n\r\n".encode() + body)
            await until(lambda: engine.active)
            async with asyncio.timeout(PATIENCE_S):
                await door.server.close()
            assert door.server.connections == 0
            await until(lambda: not engine.active)
            writer.close()

    async def test_a_draining_daemon_says_so(self, speech: Speech, metrics: Metrics) -> None:
        async with open_door(speech, metrics) as door:
            await speech.drain(0)
            for answer in (
                await door.client.get("/ready"),
                await door.client.post("/v1/audio/speech", json={"input": "Hello"}),
            ):
                assert (answer.status_code, answer.json()["error"]["code"]) == (503, "draining")
                assert answer.headers["retry-after"] == "5"
            assert (await door.client.get("/health")).json()["state"] == "draining"
