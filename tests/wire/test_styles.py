"""Instructions and styles at every door; Wyoming calls styles speakers, and so does Home Assistant's option."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from wyoming.client import AsyncTcpClient
from wyoming.event import Event
from wyoming.info import Describe, Info
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop, SynthesizeVoice

from qwen3tts_daemon.protocols.wyoming import WyomingServer
from qwen3tts_daemon.settings import WyomingSettings
from qwen3tts_daemon.speech.metrics import Metrics
from qwen3tts_daemon.speech.service import Speech
from qwen3tts_daemon.text.styles import BUILT_IN, Styles
from qwen3tts_daemon.voices.catalogue import VoiceConfig
from qwen3tts_daemon.voices.stored_voice import StoredVoice
from qwen_tts.api import Audio
from tests.fakes import ToneEngine
from tests.prompts import prompt_bytes
from tests.wire.http_door import Door, open_door
from tests.wire.patient import connect
from tests.wire.test_every_door import Doors, heard
from tests.wire.test_names import first_of

TEXT = "Good night, everybody."
WHISPER = BUILT_IN["whisper"]


@pytest.fixture
def engine() -> ToneEngine:
    return ToneEngine(kinds=("preset", "cloned"), preview=False)


@pytest.fixture
async def doors(speech: Speech, metrics: Metrics) -> AsyncIterator[Doors]:
    assert speech.voices.library is not None
    anna = StoredVoice(id="anna", name="Anna", kind="cloned", prompt_family="tone")
    speech.voices.library.add(anna, Audio(pcm=bytes(144_000), sample_rate=24_000), prompt_bytes("x", 3.0))
    wyoming = WyomingServer(speech, WyomingSettings(host=("127.0.0.1",), port=0), version="1.2")
    await wyoming.start()
    async with open_door(speech, metrics) as door:
        yield Doors(door, wyoming.port)
    await wyoming.close()


async def say_at_every_http_door(door: Door, text: str = TEXT, **fields: Any) -> None:
    """Each of OpenAI's shape once, with these fields of it."""
    body = {"input": text, "voice": "tone", "response_format": "wav", **fields}
    assert (await door.client.post("/v1/audio/speech", json=body)).status_code == 200
    (line, _) = (await door.client.post("/v1/audio/speech/batch", json={"items": [body]})).text.splitlines()
    assert "audio" in json.loads(line), line
    clip = await door.client.post("/v1/audio/clips", json=body)
    assert (await door.client.get(clip.json()["path"])).status_code == 200
    query = {"text": text, "voice": "tone", **fields}
    assert (await door.client.get("/v1/audio/say", params=query)).status_code == 200


async def say_at_the_socket(door: Door, **options: Any) -> dict[str, Any]:
    """The last message."""
    async with connect(f"ws://127.0.0.1:{door.port}/v1/tts") as socket:
        await socket.send(json.dumps({"type": "speak", "voice": "tone", "text": TEXT, "final": True, **options}))
        async for data in socket:
            if isinstance(data, str) and (message := json.loads(data))["type"] in ("done", "error"):
                return dict(message)
    raise AssertionError("the socket ended")


async def ask_wyoming(doors: Doors, *events: Event) -> bytes | str:
    async with AsyncTcpClient("127.0.0.1", doors.wyoming_port) as client:
        for event in events:
            await client.write_event(event)
        return await heard(client, "audio-stop", "error", "synthesize-stopped")


async def test_every_door_takes_an_instruction_and_a_style(doors: Doors, engine: ToneEngine) -> None:
    for fields, told in (({"instructions": "Slowly."}, "Slowly."), ({"style": "Whisper"}, WHISPER)):
        await say_at_every_http_door(doors.http, **fields)
        option = {"instruct": "Slowly."} if "instructions" in fields else fields
        assert (await say_at_the_socket(doors.http, **option))["reason"] == "complete"
        assert [request.instruct for request in engine.asked] == [told] * 5
        engine.asked.clear()
    both = {"instructions": "Slowly", "style": "whisper"}
    await say_at_every_http_door(doors.http, **both)
    assert {request.instruct for request in engine.asked} == {f"Slowly. {WHISPER}"}


async def test_a_text_may_say_it_at_every_door(doors: Doors, engine: ToneEngine) -> None:
    for text in ("[whisper] Good night. [/] And bye.", "[pause 100ms][whisper]Good night.[/whisper]And bye."):
        await say_at_every_http_door(doors.http, text)
        await say_at_the_socket(doors.http, text=text)
        await ask_wyoming(doors, Synthesize(text, SynthesizeVoice(name="tone")).event())
        pieces = [SynthesizeChunk(letter).event() for letter in text]
        start = SynthesizeStart(voice=SynthesizeVoice(name="tone")).event()
        await ask_wyoming(doors, start, *pieces, SynthesizeStop().event())
        assert [request.instruct for request in engine.asked] == [WHISPER, ""] * 7
        engine.asked.clear()


async def test_a_style_that_there_is_not_is_an_error_that_lists_them(doors: Doors) -> None:
    body = {"input": TEXT, "voice": "tone", "style": "wisper"}
    for path in ("/v1/audio/speech", "/v1/audio/clips"):
        error = (await doors.http.client.post(path, json=body)).json()["error"]
        assert (error["code"], error["param"]) == ("bad_field", "style")
        assert "'wisper'; there are angry, calm, " in error["message"]
    assert (await say_at_the_socket(doors.http, style="wisper"))["param"] == "style"


# -- Home Assistant --------------------------------------------------------------------------------------------


async def test_its_speakers_are_listed_where_a_voice_takes_instructions(doors: Doors, speech: Speech) -> None:
    speech.voices.use(VoiceConfig(styles=Styles({"butler": "Speak like a butler.", "sad": ""})))
    async with AsyncTcpClient("127.0.0.1", doors.wyoming_port) as client:
        info = Info.from_event(await first_of(client, "info", Describe().event()))
    speakers = {voice.name: [one.name for one in voice.speakers or ()] for voice in info.tts[0].voices}
    names = sorted({*BUILT_IN, "butler"} - {"sad"})
    assert speakers == {"tone": names, "gong": names, "anna": []}
    voices = (await doors.http.client.get("/v1/audio/voices")).json()
    assert voices["styles"] == names


async def test_its_speaker_is_a_style_of_the_voice(doors: Doors, engine: ToneEngine) -> None:
    whispering = SynthesizeVoice(name="tone", speaker="whisper")
    sound = await ask_wyoming(doors, Synthesize(TEXT, whispering).event())
    stream = (SynthesizeStart(voice=whispering), SynthesizeChunk(TEXT), Synthesize(TEXT, whispering), SynthesizeStop())
    assert sound == await ask_wyoming(doors, *(event.event() for event in stream))
    assert [request.instruct for request in engine.asked] == [WHISPER] * 2


async def test_an_unknown_speaker_is_an_error_that_lists_them(doors: Doors) -> None:
    async with AsyncTcpClient("127.0.0.1", doors.wyoming_port) as client:
        said = Synthesize(TEXT, SynthesizeVoice(name="tone", speaker="p225")).event()
        error = await first_of(client, "error", said)
    assert error.data["code"] == "bad_field"
    assert "no style 'p225'; there are angry, calm, " in error.data["text"]


async def test_a_speaker_of_a_voice_that_takes_none_is_left_out(
    doors: Doors, engine: ToneEngine, speech: Speech, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    said = Synthesize(TEXT, SynthesizeVoice(name="anna", speaker="whisper")).event()
    assert isinstance(await ask_wyoming(doors, said), bytes)
    assert engine.asked[-1].instruct == ""
    await asyncio.wait_for(speech.quiet(), 60)
    assert caplog.text.count("was spoken without its style: the voice takes none") == 1
