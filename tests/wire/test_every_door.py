"""What a text comes to is the same at every door: words, a moment of silence, or an error that says why."""

import asyncio
import base64
import io
import json
import re
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import av
import httpx
import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray
from websockets.asyncio.client import ClientConnection, connect
from wyoming.audio import AudioChunk
from wyoming.client import AsyncTcpClient
from wyoming.event import Event
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop

from qwen3tts_daemon.audio import AUDIO_FORMATS, FILE_FORMATS, silence
from qwen3tts_daemon.protocols.wyoming import WyomingServer
from qwen3tts_daemon.settings import WyomingSettings
from qwen3tts_daemon.speech.metrics import Metrics
from qwen3tts_daemon.speech.output import NOTHING_MS
from qwen3tts_daemon.speech.service import Speech
from qwen3tts_daemon.speech.utterance import SpeechConfig
from qwen_tts.api import Limits, Sampling
from tests.fakes import SAMPLE_RATE, ToneEngine, tone
from tests.wire.http_door import Door, open_door

NOTHING = silence(NOTHING_MS, SAMPLE_RATE)
WORDLESS = ["👍", "...", "—", "***", "```\ncode\n```", "\u200b", "( )", "¿?"]
UNREADABLE = "[mute] שלום"


def samples_of(pcm: bytes) -> NDArray[np.float64]:
    return np.frombuffer(pcm, "<i2").astype(float)


def longest_silence(pcm: bytes) -> int:
    """In samples; a wave that begins or ends at zero adds one or two."""
    runs = re.findall("0+", "".join("01"[int(sample != 0)] for sample in samples_of(pcm)))
    return max(map(len, runs), default=0) // 4 * 4


def with_lead(pcm: bytes) -> bytes:
    """As the settings of these doors have it."""
    return silence(200, SAMPLE_RATE) + pcm


@dataclass(frozen=True)
class Doors:
    """All of them, open."""

    http: Door
    wyoming_port: int


@pytest.fixture
async def doors(speech: Speech, metrics: Metrics) -> AsyncIterator[Doors]:
    speech.config = SpeechConfig(lead_silence_s=0.2)
    wyoming = WyomingServer(speech, WyomingSettings(host=("127.0.0.1",), port=0), version="1.2")
    await wyoming.start()
    async with open_door(speech, metrics) as door:
        yield Doors(door, wyoming.port)
    await wyoming.close()


def told(answer: httpx.Response) -> bytes | str:
    return answer.content if answer.status_code == 200 else str(answer.json()["error"]["code"])


async def openai(doors: Doors, text: str) -> bytes | str:
    return told(await doors.http.client.post("/v1/audio/speech", json={"input": text, "response_format": "pcm"}))


async def events(doors: Doors, text: str) -> bytes | str:
    body = {"input": text, "response_format": "pcm", "stream_format": "sse"}
    answer = await doors.http.client.post("/v1/audio/speech", json=body)
    if answer.status_code != 200:
        return told(answer)
    sent = [json.loads(line.removeprefix("data: ")) for line in answer.text.split("\n\n") if line]
    assert sent[-1]["type"] == "speech.audio.done"
    return b"".join(base64.b64decode(event["audio"]) for event in sent[:-1])


async def say(doors: Doors, text: str) -> bytes | str:
    return told(await doors.http.client.get("/v1/audio/say", params={"text": text, "format": "pcm"}))


async def batch(doors: Doors, text: str) -> bytes | str:
    body = {"items": [{"input": text}], "response_format": "pcm"}
    line = json.loads((await doors.http.client.post("/v1/audio/speech/batch", json=body)).text.splitlines()[0])
    return str(line["error"]["code"]) if "error" in line else base64.b64decode(line["audio"])


async def clip(doors: Doors, text: str) -> bytes | str:
    made = await doors.http.client.post("/v1/audio/clips", json={"input": text, "response_format": "wav"})
    if made.status_code != 201:
        return told(made)
    fetched = told(await doors.http.client.get(made.json()["path"]))
    return fetched[44:] if isinstance(fetched, bytes) else fetched


async def rest(doors: Doors, text: str) -> bytes | str:
    fetched = told(await doors.http.client.post("/api/tts/custom-voice", json={"text": text, "speaker": "tone"}))
    return fetched[44:] if isinstance(fetched, bytes) else fetched


async def rest_stream(doors: Doors, text: str) -> bytes | str:
    return told(await doors.http.client.post("/api/tts/custom-voice/stream", json={"text": text, "speaker": "tone"}))


async def websocket(doors: Doors, text: str) -> bytes | str:
    """Piece by piece."""
    async with connect(f"ws://127.0.0.1:{doors.http.port}/v1/tts") as client:
        for piece in text or [""]:
            await client.send(json.dumps({"type": "speak", "ctx": "a", "text": piece}))
        await client.send(json.dumps({"type": "end", "ctx": "a"}))
        sound, code = b"", ""
        async for data in client:
            if isinstance(data, bytes):
                sound += data[8:]
                continue
            message = json.loads(data)
            code = message["code"] if message["type"] == "error" else code
            if message["type"] == "done":
                assert message["reason"] == ("error" if code else "complete")
                break
        return code or sound


async def wyoming(doors: Doors, text: str) -> bytes | str:
    async with AsyncTcpClient("127.0.0.1", doors.wyoming_port) as client:
        await client.write_event(Synthesize(text).event())
        return await heard(client, "audio-stop", "error")


async def wyoming_stream(doors: Doors, text: str) -> bytes | str:
    async with AsyncTcpClient("127.0.0.1", doors.wyoming_port) as client:
        for event in (SynthesizeStart(), *map(SynthesizeChunk, text), SynthesizeStop()):
            await client.write_event(event.event())
        return await heard(client, "synthesize-stopped")


async def heard(client: AsyncTcpClient, *last: str) -> bytes | str:
    sound, code = b"", ""
    while (event := await client.read_event()) is not None:
        if event.type == "audio-chunk":
            sound += AudioChunk.from_event(event).audio
        elif event.type == "error":
            code = event.data["code"]
        if event.type in last:
            break
    return code or sound


DOORS = [openai, events, say, batch, clip, rest, rest_stream, websocket, wyoming, wyoming_stream]
DOOR = pytest.mark.parametrize("ask", DOORS)
Ask = Callable[[Doors, str], Awaitable[bytes | str]]


@DOOR
async def test_a_text_without_words_is_a_moment_of_silence(doors: Doors, engine: ToneEngine, ask: Ask) -> None:
    for text in WORDLESS:
        assert await ask(doors, text) == NOTHING, text
    assert engine.frames_made == 0


@DOOR
async def test_numbers_and_signs_reach_the_engine_in_words(doors: Doors, ask: Ask) -> None:
    """Home Assistant's own client sends nothing but the text."""
    lead = bytes(2 * SAMPLE_RATE // 5)
    said = tone("Hello there.") + tone("It is twenty-one point five degrees Celsius.")
    assert await ask(doors, "Hello there. It is 21.5 °C.") == lead + said


@DOOR
async def test_words_without_a_sound_are_an_error(doors: Doors, ask: Ask) -> None:
    assert await ask(doors, UNREADABLE) == "unsupported_language"


@DOOR
async def test_a_text_of_which_some_can_be_read_is_spoken(doors: Doors, ask: Ask) -> None:
    lead = bytes(2 * SAMPLE_RATE // 5)
    assert await ask(doors, "Hello there. [mute] שלום") == lead + tone("Hello there.")


@DOOR
async def test_who_names_no_number_gets_the_checkpoints_own(doors: Doors, engine: ToneEngine, ask: Ask) -> None:
    """The daemon has no numbers of its own to put over them."""
    await ask(doors, "Hello there.")
    (request,) = engine.asked
    assert msgspec.structs.replace(request.sampling, seed=None) == Sampling()
    assert request.limits == Limits()


@DOOR
async def test_an_empty_text_is_an_error_but_for_wyoming(doors: Doors, ask: Ask) -> None:
    for text in ("", " \n "):
        assert await ask(doors, text) == (NOTHING if "wyoming" in str(ask) else "text_empty")


@pytest.mark.parametrize(
    ("path", "name"),
    [(f"/v1/audio/{door}", name) for door in ("speech", "say") for name in AUDIO_FORMATS]
    + [("/v1/audio/clips", name) for name in FILE_FORMATS],
)
async def test_the_silence_is_a_file_in_every_format(doors: Doors, path: str, name: str) -> None:
    client = doors.http.client
    if path.endswith("say"):
        answer = await client.get(path, params={"text": "👍", "format": name})
    else:
        answer = await client.post(path, json={"input": "👍", "response_format": name})
    if path.endswith("clips"):
        answer = await client.get(answer.json()["path"])
    assert answer.status_code == 200
    assert length_s(answer.content, name) == pytest.approx(NOTHING_MS / 1000, abs=0.1)


def length_s(data: bytes, name: str) -> float:
    options: dict[str, Any] = {"format": "s16le", "options": {"sample_rate": str(SAMPLE_RATE)}} if name == "pcm" else {}
    with av.open(io.BytesIO(data), **options) as file:
        return sum(frame.samples / frame.sample_rate for frame in file.decode(audio=0))


async def test_the_error_names_the_field_as_it_was_written(doors: Doors) -> None:
    client = doors.http.client
    for answer, param in (
        (await client.post("/v1/audio/speech", json={"input": UNREADABLE}), "input"),
        (await client.get("/v1/audio/say", params={"text": UNREADABLE}), "text"),
        (await client.post("/api/tts/custom-voice", json={"text": UNREADABLE, "speaker": "tone"}), "text"),
    ):
        error = answer.json()["error"]
        assert (answer.status_code, error["param"]) == (422, param)
        assert error["message"].startswith("voice 'tone' can read nothing of this text: it speaks en, de, fr; ")


@pytest.mark.parametrize(
    ("text", "end", "reason"), [("Hi [limit] there.", "limit", "limit"), ("Hi.", "done", "complete")]
)
async def test_http_tells_how_speech_has_ended(
    doors: Doors, metrics: Metrics, text: str, end: str, reason: str
) -> None:
    client = doors.http.client
    body = {"input": text, "response_format": "wav"}

    events = (await client.post("/v1/audio/speech", json={**body, "stream_format": "sse"})).text
    assert json.loads(events.split("data: ")[-1])["reason"] == reason

    lines = (await client.post("/v1/audio/speech/batch", json={"items": [body]})).text
    assert json.loads(lines.splitlines()[0])["end"] == end

    whole = await client.post("/api/tts/custom-voice", json={"text": text, "speaker": "tone"})
    assert whole.headers["x-end"] == end

    clip = await client.post("/v1/audio/clips", json=body)
    await client.get(clip.json()["path"])
    assert (await client.head(clip.json()["path"])).headers["x-end"] == end

    assert ('qwen3tts_guards_total{guard="length"} 4.0' in metrics.exposition().decode()) == (end == "limit")

    streamed = await client.post("/v1/audio/speech", json=body)
    for answer in (clip, streamed):
        report = await client.get(f"/v1/audio/requests/{answer.headers['x-request-id']}")
        assert report.json()["end"] == end


async def test_a_number_may_be_sent_as_text(doors: Doors) -> None:
    client = doors.http.client
    fast = {"speed": "2.0", "seed": "42", "temperature": "0.7", "top_k": "50", "top_p": " 1 ", "response_format": "wav"}
    body = {"input": "Hello there.", **fast}
    lead, spoken = 2 * SAMPLE_RATE // 5, len(tone("Hello there.")) // 2

    assert len((await client.post("/v1/audio/speech", json=body)).content) == 44 + lead + spoken
    assert (
        len((await client.get("/v1/audio/say", params={"text": "Hello there.", **fast})).content) == 44 + lead + spoken
    )

    clip = await client.post("/v1/audio/clips", json=body)
    assert len((await client.get(clip.json()["path"])).content) == 44 + lead + spoken

    for batch in ({"items": [body]}, {"items": [{"input": "Hello there."}], **fast}):
        lines = (await client.post("/v1/audio/speech/batch", json=batch)).text.splitlines()
        assert len(base64.b64decode(json.loads(lines[0])["audio"])) == 44 + lead + spoken


HELLO = samples_of(tone("Hello there."))


async def test_every_door_takes_a_level_and_silences(doors: Doors) -> None:
    """Half the level is -6.02 dB."""
    asked = {"gain_db": -6.0206, "lead_silence_ms": 100, "tail_silence_ms": 50}
    expected = [*[0] * 2_400, *np.round(HELLO / 2), *[0] * 1_200]
    body = {"input": "Hello there.", "response_format": "pcm", **asked}
    client = doors.http.client

    heard_by = {
        "openai": (await client.post("/v1/audio/speech", json=body)).content,
        "say": (await client.get("/v1/audio/say", params={"text": "Hello there.", "format": "pcm", **asked})).content,
    }
    lines = (await client.post("/v1/audio/speech/batch", json={"items": [body]})).text.splitlines()
    heard_by["batch"] = base64.b64decode(json.loads(lines[0])["audio"])
    clip = await client.post("/v1/audio/clips", json=body | {"response_format": "wav"})
    heard_by["clip"] = (await client.get(clip.json()["path"])).content[44:]
    async with connect(f"ws://127.0.0.1:{doors.http.port}/v1/tts") as socket:
        await socket.send(json.dumps({"type": "speak", "text": "Hello there.", "final": True, **asked}))
        sound = b""
        async for data in socket:
            if isinstance(data, bytes):
                sound += data[8:]
            elif json.loads(data)["type"] == "done":
                break
    heard_by["websocket"] = sound
    async with AsyncTcpClient("127.0.0.1", doors.wyoming_port) as wyoming_client:
        await wyoming_client.write_event(Event("synthesize", {"text": "Hello there.", "context": asked}))
        by_wyoming = await heard(wyoming_client, "audio-stop", "error")
    assert isinstance(by_wyoming, bytes)
    heard_by["wyoming"] = by_wyoming

    for door, pcm in heard_by.items():
        assert len(pcm) == 2 * len(expected), door
        assert np.abs(samples_of(pcm) - expected).max() <= 1, door


@pytest.mark.parametrize("rate", [8_000, 16_000, 48_000])
async def test_http_sends_the_sample_rate_that_is_asked_for(doors: Doors, rate: int) -> None:
    client = doors.http.client
    asked = {"input": "Hello there.", "sample_rate": rate, "response_format": "wav"}
    answers = [(await client.post("/v1/audio/speech", json=asked)).content]
    answers.append(
        (
            await client.get("/v1/audio/say", params={"text": "Hello there.", "format": "wav", "sample_rate": rate})
        ).content
    )
    lines = (await client.post("/v1/audio/speech/batch", json={"items": [asked]})).text.splitlines()
    answers.append(base64.b64decode(json.loads(lines[0])["audio"]))
    clip = (await client.post("/v1/audio/clips", json=asked)).json()
    answers += [(await client.get(clip["path"])).content for _ in range(2)]
    flac = (await client.get(clip["path"].replace(".wav", ".flac"))).content
    for answer in answers:
        header_rate = struct.unpack_from("<I", answer, 24)[0]
        assert header_rate == rate
        assert abs(len(answer) - 44 - len(with_lead(tone("Hello there."))) * rate // SAMPLE_RATE) <= 8
    data_bytes = struct.unpack_from("<I", answers[-1], 40)[0]
    assert data_bytes == len(answers[-1]) - 44, "a clip knows its length"
    with av.open(io.BytesIO(flac)) as file:
        assert file.streams.audio[0].rate == rate


@pytest.mark.parametrize(("field", "value"), [("sample_rate", 44_000), ("gain_db", 21), ("lead_silence_ms", 2_001)])
async def test_what_cannot_be_had_is_told_by_its_name(doors: Doors, field: str, value: int) -> None:
    answer = await doors.http.client.post("/v1/audio/speech", json={"input": "Hello.", field: value})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (422, "bad_field", field)


async def test_every_door_pauses_where_the_text_says_so(doors: Doors) -> None:
    text = "Hello. [pause 500ms] Bye."
    for door in (openai, events, say, batch, clip, rest, rest_stream, websocket, wyoming, wyoming_stream):
        pcm = await door(doors, text)
        assert isinstance(pcm, bytes), door.__name__
        assert longest_silence(pcm[len(with_lead(b"")) :]) == 12_000, door.__name__


async def test_brackets_are_text_for_a_request_that_says_so(doors: Doors) -> None:
    text = "Hello. [pause 500ms] Bye."
    body = {"input": text, "response_format": "pcm", "markup": False}
    query = {"text": text, "format": "pcm", "markup": "false"}
    sounds = [
        (await doors.http.client.post("/v1/audio/speech", json=body)).content,
        (await doors.http.client.get("/v1/audio/say", params=query)).content,
    ]
    async with AsyncTcpClient("127.0.0.1", doors.wyoming_port) as client:
        await client.write_event(Event("synthesize", {"text": text, "context": {"markup": False}}))
        sounds.append(await heard(client, "audio-stop", "error"))  # type: ignore[arg-type]
    for pcm in sounds:
        assert longest_silence(pcm[len(with_lead(b"")) :]) < 1_000


SSML = (
    '<speak version="1.1" xml:lang="en"><p>Hello there.</p> <!-- so --> <break time="750ms"/>'
    '<voice name="nobody">It is <sub alias="nine">9</sub> &lt;<foo bar="1">10</foo>.</voice></speak>'
)


@DOOR
async def test_every_door_reads_ssml(doors: Doors, ask: Ask) -> None:
    """Home Assistant's own client sends nothing but the text, a live one in pieces."""
    pcm = await ask(doors, SSML)
    assert isinstance(pcm, bytes)
    assert longest_silence(pcm[len(with_lead(b"")) :]) == 18_000
    said = with_lead(tone("Hello there.\n")) + silence(750, SAMPLE_RATE) + tone("It is nine less than ten.")
    assert len(pcm) == pytest.approx(len(said), abs=len(silence(90, SAMPLE_RATE)))


async def test_a_request_says_whether_it_is_ssml(doors: Doors) -> None:
    """What is SSML for one is a text with letters in pointed brackets for the other."""
    sounds = {}
    for text_format in ("ssml", "text"):
        text, fields = "Hello. <break time='500ms'/> Bye.", {"text_format": text_format}
        body, client = {"input": text, "response_format": "pcm", **fields}, doors.http.client
        query = {"text": text, "format": "pcm", **fields}
        line = (await client.post("/v1/audio/speech/batch", json={"items": [body]})).text.splitlines()[0]
        made = (await client.post("/v1/audio/clips", json=body | {"response_format": "wav"})).json()
        wyoming_events: tuple[list[Event], ...] = (
            [Synthesize(text, text_format=text_format).event()],
            [Event("synthesize", {"text": text, "context": fields})],
            [SynthesizeStart(text_format=text_format).event(), SynthesizeChunk(text).event(), SynthesizeStop().event()],
        )
        sounds[text_format] = [
            (await client.post("/v1/audio/speech", json=body)).content,
            (await client.get("/v1/audio/say", params=query)).content,
            base64.b64decode(json.loads(line)["audio"]),
            (await client.get(made["path"])).content[44:],
            await by_websocket(doors, {"text": text, **fields}),
            *[await by_wyoming(doors, sent) for sent in wyoming_events],
        ]
    assert [longest_silence(pcm[len(with_lead(b"")) :]) for pcm in sounds["ssml"]] == [12_000] * 8
    assert all(longest_silence(pcm[len(with_lead(b"")) :]) < 1_000 for pcm in sounds["text"])


async def by_websocket(doors: Doors, fields: dict[str, Any]) -> bytes:
    async with connect(f"ws://127.0.0.1:{doors.http.port}/v1/tts") as socket:
        await socket.send(json.dumps({"type": "speak", "final": True, **fields}))
        sound = b""
        async for data in socket:
            if isinstance(data, bytes):
                sound += data[8:]
            elif json.loads(data)["type"] == "done":
                break
        return sound


async def by_wyoming(doors: Doors, sent: list[Event]) -> bytes:
    async with AsyncTcpClient("127.0.0.1", doors.wyoming_port) as client:
        for event in sent:
            await client.write_event(event)
        sound = await heard(client, "synthesize-stopped" if len(sent) > 1 else "audio-stop", "error")
        assert isinstance(sound, bytes)
        return sound


BEGUN = "<speak><prosody rate='fast'>Hello there.</prosody> <voice name='gong'>是我"
"""So far, what is finished is heard."""


async def test_live_ssml_is_heard_before_it_ends(doors: Doors) -> None:
    async with connect(f"ws://127.0.0.1:{doors.http.port}/v1/tts") as socket:
        await socket.send(json.dumps({"type": "speak", "ctx": "a", "text": BEGUN}))
        while not isinstance(await socket.recv(), bytes):
            pass
        await socket.send(json.dumps({"type": "end", "ctx": "a", "text": "</voice></speak>"}))
        segments = [message async for message in messages(socket) if message["type"] == "segment"]
        assert [segment["voice"] for segment in segments][-1:] == ["gong"]
    async with AsyncTcpClient("127.0.0.1", doors.wyoming_port) as client:
        await client.write_event(SynthesizeStart().event())
        await client.write_event(SynthesizeChunk(BEGUN).event())
        while (event := await client.read_event()) is not None and event.type != "audio-chunk":
            pass
        for event in (SynthesizeChunk("</voice></speak>"), SynthesizeStop()):
            await client.write_event(event.event())
        assert len(await heard(client, "synthesize-stopped")) > 1_000


async def messages(socket: ClientConnection) -> AsyncIterator[dict[str, Any]]:
    """Up to the end of what is spoken."""
    async for data in socket:
        if isinstance(data, str):
            yield (message := json.loads(data))
            if message["type"] == "done":
                return


@pytest.mark.parametrize("is_whole", [True, False])
async def test_a_dialogue_in_ssml_on_the_websocket(doors: Doors, is_whole: bool) -> None:
    """Each speaks their own language, though all of the text is known when the first voice is chosen."""
    text = '<speak><voice name="tone">Who is there?</voice><voice name="gong">是我。</voice> Come in.</speak>'
    async with connect(f"ws://127.0.0.1:{doors.http.port}/v1/tts") as socket:
        for piece in [text] if is_whole else text:
            await socket.send(json.dumps({"type": "speak", "ctx": "a", "text": piece, "final": is_whole}))
        if not is_whole:
            await socket.send(json.dumps({"type": "end", "ctx": "a"}))
        segments = [one async for one in messages(socket) if one["type"] == "segment"]
    assert [(one["voice"], one["language"], text[one["char_start"] : one["char_end"]]) for one in segments] == [
        ("tone", "en", "Who is there?"), ("gong", "zh", "是我。"), ("tone", "en", "Come in."),
    ]  # fmt: skip


async def test_an_unknown_format_of_the_text_is_told_by_its_name(doors: Doors) -> None:
    answer = await doors.http.client.post("/v1/audio/speech", json={"input": "Hello.", "text_format": "xml"})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (422, "bad_field", "text_format")


async def test_what_would_be_spoken_of_ssml_is_shown(doors: Doors) -> None:
    first = 'Tom &amp; <sub alias="the post">DHL</sub> come.'
    text = f'<speak>{first}<break/> Row <say-as interpret-as="characters">ab</say-as></speak>'
    asked = {"input": text, "voice": "tone", "language": "en"}
    for fields in ({}, {"text_format": "ssml"}):
        answer = await doors.http.client.post("/v1/text/spoken", json=asked | fields)
        segments = answer.json()["segments"]
        assert [one["spoken"] for one in segments] == ["Tom and the post come.", "Row A B"]
        assert [one["text"] for one in segments] == ["Tom & DHL come.", "Row ab"]
        places = [text[one["char_start"] : one["char_end"]] for one in segments]
        assert places == [first, 'Row <say-as interpret-as="characters">ab']
    answer = await doors.http.client.post("/v1/text/spoken", json=asked | {"markup": False})
    assert [one["spoken"] for one in answer.json()["segments"]] == ["Tom and DHL come.", "Row ab"]


async def test_many_pieces_without_words_at_once(doors: Doors) -> None:
    answers = await asyncio.gather(*(openai(doors, "👍") for _ in range(40)))
    assert answers == [NOTHING] * 40
