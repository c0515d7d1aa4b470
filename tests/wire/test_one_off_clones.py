"""`ref_audio` in a body of speech: a recording whose voice speaks once."""

import asyncio
import base64
import json
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from qwen3tts_daemon.audio import to_wav
from qwen3tts_daemon.limits import MAX_REF_AUDIO_CHARS
from qwen3tts_daemon.protocols.http.json_body import LARGE_BYTES
from qwen3tts_daemon.settings import HttpSettings
from qwen3tts_daemon.speech.metrics import Metrics
from qwen3tts_daemon.speech.service import Speech
from qwen_tts.api import Audio, ClonedVoice, SynthesisRequest, VoicePrompt
from qwen_tts.audio.reference_audio import check_reference
from tests.fakes import ToneEngine, tone
from tests.patience import PATIENCE_S
from tests.prompts import prompt_bytes
from tests.wire.daemons import tone_daemon
from tests.wire.http_door import Door, open_door

SPEECH, BATCH, CLIPS = "/v1/audio/speech", "/v1/audio/speech/batch", "/v1/audio/clips"
WORDS = "Some words."
WAV = to_wav(Audio(pcm=tone("x" * 60), sample_rate=24_000))
BASE64 = base64.b64encode(WAV).decode()
BODY = {"input": "Hello there.", "response_format": "pcm", "ref_audio": BASE64, "ref_text": WORDS}
PROMPT = prompt_bytes(WORDS, 3.6)


class Studio(ToneEngine):
    """Makes voices of recordings that are long enough."""

    def __init__(self) -> None:
        super().__init__(kinds=("preset", "cloned"), preview=False)

    async def encode_reference(self, audio: Audio, transcript: str | None) -> VoicePrompt:
        check_reference(audio, transcript)
        return await super().encode_reference(audio, transcript)


@pytest.fixture
def engine() -> Studio:
    return Studio()


@pytest.fixture
async def door(speech: Speech, metrics: Metrics) -> AsyncIterator[Door]:
    async with open_door(speech, metrics) as door:
        yield door


def prompt_of(request: SynthesisRequest) -> bytes:
    assert isinstance(request.voice, ClonedVoice)
    return request.voice.prompt.data


def told(answer: httpx.Response) -> tuple[int, str, str | None]:
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["param"]


async def ask(door: Door, path: str = SPEECH, **fields: Any) -> httpx.Response:
    return await door.client.post(path, json=BODY | fields)


# -- who speaks ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "transcript"),
    [
        ({}, WORDS),
        ({"voice": "alloy"}, WORDS),
        ({"ref_text": ""}, None),
        ({"ref_text": None}, None),
        ({"x_vector_only_mode": True}, None),
        ({"ref_audio": f"data:audio/wav;base64,{BASE64}"}, WORDS),
        ({"ref_audio": f"data:audio/webm;codecs=opus;base64,{BASE64}"}, WORDS),
        ({"ref_audio": "\n".join(BASE64[start : start + 76] for start in range(0, len(BASE64), 76))}, WORDS),
    ],
)
async def test_the_voice_of_the_recording_speaks_once(
    door: Door, speech: Speech, engine: Studio, fields: dict[str, Any], transcript: str | None
) -> None:
    answer = await ask(door, **fields)
    assert answer.content == tone("Hello there.")
    assert answer.headers["x-voice"] == "cloned"
    assert prompt_of(engine.asked[-1]) == prompt_bytes(transcript, 3.6)
    assert speech.voices.stored == []


async def test_a_reference_by_its_name_is_that_recording(door: Door, engine: Studio) -> None:
    sent = await door.client.post("/v1/audio/references", data={"ref_text": WORDS}, files={"ref_audio": WAV})
    name = sent.json()["voice"]
    for words in ("", WORDS):
        assert (await ask(door, ref_audio=name, ref_text=words)).content == tone("Hello there.")
        assert prompt_of(engine.asked[-1]) == PROMPT
    assert told(await ask(door, ref_audio=name, ref_text="Others.")) == (422, "bad_field", "ref_text")
    assert told(await ask(door, ref_audio="reference:gone")) == (422, "unknown_voice", "ref_audio")


async def test_a_clip_may_be_spoken_so(door: Door, engine: Studio) -> None:
    clip = (await ask(door, CLIPS, response_format="wav")).json()
    assert (await door.client.get(clip["path"])).content[44:] == tone("Hello there.")
    assert prompt_of(engine.asked[-1]) == PROMPT


async def test_a_batch_may_be_spoken_so_all_of_it_or_an_item(door: Door, engine: Studio) -> None:
    other = base64.b64encode(to_wav(Audio(pcm=tone("y" * 70), sample_rate=24_000))).decode()
    items = [{"input": "One."}, {"input": "Two.", "voice": "tone"}, {"input": "Three.", "ref_audio": other}]
    answer = await ask(door, BATCH, items=items)
    assert [json.loads(line).get("end", "all") for line in answer.text.splitlines()] == ["done"] * 3 + ["all"]
    voices = {request.voice.prompt.data if isinstance(request.voice, ClonedVoice) else b"" for request in engine.asked}
    assert voices == {PROMPT, b"", prompt_bytes(WORDS, 4.2)}


async def test_a_small_body_and_a_chunked_one_are_read_alike(door: Door) -> None:
    content = json.dumps(BODY).encode()

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(content), 10_000):
            yield content[start : start + 10_000]

    answer = await door.client.post(SPEECH, content=chunks(), headers={"content-type": "application/json"})
    assert answer.content == tone("Hello there.")


# -- what is refused -------------------------------------------------------------------------------------------


def film() -> str:
    """An MP4 with nothing in it: a file type and no sound."""
    box = struct.pack(">I4s4sI4s", 20, b"ftyp", b"isom", 0, b"isom")
    return base64.b64encode(box + struct.pack(">I4s", 8, b"mdat") + struct.pack(">I4s", 8, b"moov")).decode()


def recording(seconds: float) -> str:
    pcm = tone("x" * 20)[:2_000] * int(seconds * 24)
    return base64.b64encode(to_wav(Audio(pcm=pcm, sample_rate=24_000))).decode()


@pytest.mark.parametrize("path", [SPEECH, CLIPS, BATCH])
@pytest.mark.parametrize(
    ("audio", "code", "said"),
    [
        ("https://a.example/me.wav", "bad_field", "no URL is fetched"),
        (" HTTP://a.example/me.wav", "bad_field", "no URL is fetched"),
        ("file:///etc/passwd", "bad_field", "no URL is fetched"),
        ("data:video/mp4;base64,AAAA", "bad_field", "no URL is fetched"),
        ("data:audio/wav,AAAA", "bad_field", "no URL is fetched"),
        ("/etc/passwd", "bad_field", "not base64"),
        (BASE64[:-3], "bad_field", "not base64"),
        ("*" + BASE64, "bad_field", "not base64"),
        (BASE64.replace("A", "é"), "bad_field", "not base64"),
        ("=", "bad_field", "not base64"),
        (5, "bad_field", "ref_audio"),
        (base64.b64encode(b"no sound " * 100).decode(), "bad_audio", "no recording that can be read"),
        (film(), "bad_audio", ""),
        (recording(0.5), "bad_audio", "3"),
        (recording(121.0), "bad_audio", "longer than 120 s"),
    ],
    ids=lambda value: str(value)[:24],
)
async def test_what_is_no_recording_is_told_by_its_field(
    door: Door, path: str, audio: Any, code: str, said: str
) -> None:
    fields = {"items": [{}]} if path == BATCH else {}
    answer = await ask(door, path, ref_audio=audio, response_format="wav", **fields)
    assert told(answer) == (422, code, "ref_audio"), answer.text
    assert said in answer.json()["error"]["message"]


async def test_the_item_is_named(door: Door) -> None:
    items = [{"input": "One."}, {"input": "Two.", "ref_audio": "https://a.example/me.wav"}]
    assert told(await ask(door, BATCH, items=items)) == (422, "bad_field", "items[1].ref_audio")


async def test_words_without_a_recording_are_refused(door: Door) -> None:
    answer = await door.client.post(SPEECH, json={"input": "Hello.", "ref_text": WORDS})
    assert told(answer) == (422, "bad_field", "ref_text")


async def test_a_get_is_sent_to_a_names_place(door: Door) -> None:
    answer = await door.client.get("/v1/audio/say", params={"text": "Hello.", "ref_audio": BASE64[:400]})
    assert told(answer) == (422, "bad_field", "ref_audio")


class TestWithoutSuchACheckpoint:
    @pytest.fixture
    def engine(self) -> ToneEngine:
        return ToneEngine()

    async def test_the_error_says_which_one_to_get(self, door: Door) -> None:
        answer = await ask(door)
        assert told(answer) == (422, "bad_field", "ref_audio")
        assert "models download" in answer.json()["error"]["message"]


# -- how long a body may be ------------------------------------------------------------------------------------


async def test_the_field_alone_may_be_long(door: Door) -> None:
    most = "A" * MAX_REF_AUDIO_CHARS
    assert told(await ask(door, ref_audio=most)) == (422, "bad_audio", "ref_audio")
    assert told(await ask(door, ref_audio=most + "AAAA")) == (413, "too_large", "ref_audio")
    rest = {"pad": "x" * HttpSettings().max_body_bytes}
    assert told(await ask(door, ref_audio=most[: -len(rest["pad"])], **rest)) == (413, "too_large", None)
    assert told(await ask(door, **rest)) == (413, "too_large", None)
    assert told(await door.client.post(SPEECH, json={"input": "Hello.", **rest})) == (413, "too_large", None)
    elsewhere = await door.client.post("/api/tts/custom-voice", json={"text": "Hello.", "ref_audio": most[: 2**20]})
    assert told(elsewhere) == (413, "too_large", None)


async def test_strict_json_holds_for_long_bodies_too(door: Door) -> None:
    for content in (
        json.dumps(BODY | {"ref_audio": "A" * 2**20})[:-1] + ', "ref_audio": "x"}',
        json.dumps(BODY)[:-1] + ', "speed": NaN}',
        json.dumps(BODY)[:-1] + ', "x": ' + "[" * 30_000 + "]" * 30_000 + "}",
    ):
        answer = await door.client.post(SPEECH, content=content, headers={"content-type": "application/json"})
        assert told(answer)[:2] == (400, "bad_json")


async def test_one_client_has_so_many_large_bodies_under_way(door: Door) -> None:
    """Of which none is complete; a seventeenth is told to wait, and a small one is served."""
    head = (
        f"POST {SPEECH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {1_000_000}\r\n\r\n"
    )
    begun = head.encode() + b'{"input": "' + b"x" * 2 * LARGE_BYTES

    async def send() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(begun)
        return reader, writer

    opened = [await send() for _ in range(17)]
    first_words = [asyncio.create_task(reader.readline()) for reader, _ in opened]
    told, waiting = await asyncio.wait(first_words, return_when=asyncio.FIRST_COMPLETED, timeout=PATIENCE_S)
    assert [task.result() for task in told] == [b"HTTP/1.1 429 Too Many Requests\r\n"]
    small = await door.client.post(SPEECH, json={"input": "Hello there.", "response_format": "pcm"})
    assert small.content == tone("Hello there.")
    for _, writer in opened:
        writer.close()
    await asyncio.gather(*waiting)


async def test_many_at_once_stay_within_memory(tmp_path: Path) -> None:
    """Sixteen of nearly 8 MiB: two are recordings, as long as WAV can be there, and the others end with no base64."""
    pcm = (tone("x" * 100)[:240_000] * 26)[:6_200_000]
    audio = base64.b64encode(to_wav(Audio(pcm=pcm, sample_rate=48_000))).decode()
    contents = [
        json.dumps({"input": "Hello.", "ref_audio": text, "response_format": "pcm"}) for text in (audio, f"{audio}*")
    ]
    with tone_daemon(tmp_path, kinds=["preset", "cloned"], preview=False) as daemon:
        _, http = daemon.ready()
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{http}", timeout=PATIENCE_S) as client:

            async def post(content: str) -> httpx.Response:
                return await client.post(SPEECH, content=content, headers={"content-type": "application/json"})

            await post(json.dumps(BODY))
            before = peak_of(daemon.process.pid)
            answers = await asyncio.gather(*map(post, [contents[0]] * 2 + [contents[1]] * 14))
        assert [answer.status_code for answer in answers] == [200] * 2 + [422] * 14
        assert {answer.content for answer in answers[:2]} == {tone("Hello.")}
        assert peak_of(daemon.process.pid) - before < 192 * 2**20


def peak_of(pid: int) -> int:
    """Resident bytes at their highest."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))
