"""Many texts in one request, spoken at once; the answer is a line of JSON for each, as it is complete."""

import asyncio
import base64
import dataclasses
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from qwen3tts_daemon.audio.formats import DEFAULT_FORMAT
from qwen3tts_daemon.failures import describe, draining
from qwen3tts_daemon.hosting.model_names import OWN
from qwen3tts_daemon.limits import MAX_BATCH_CHARS, MAX_BATCH_ITEMS
from qwen3tts_daemon.protocols.http.audio_responses import pieces, their_names
from qwen3tts_daemon.protocols.http.field_types import read_numbers
from qwen3tts_daemon.protocols.http.openapi import binary_of, json_body
from qwen3tts_daemon.protocols.http.request_body import wait_for_disconnect
from qwen3tts_daemon.protocols.http.request_state import caller_of
from qwen3tts_daemon.protocols.http.speech_bodies import AskedVoice, SpeechBodies, take_voice, within
from qwen3tts_daemon.protocols.http.speech_request import (
    THEIR_NAMES,
    BroughtVoice,
    SpeechBody,
    speech_components,
    utterance_of,
)
from qwen3tts_daemon.protocols.http.word_lists import TimedWord, timed_words
from qwen3tts_daemon.protocols.strict_json import convert
from qwen3tts_daemon.speech.report import Measures
from qwen3tts_daemon.speech.request import Caller
from qwen3tts_daemon.speech.service import Speech
from qwen3tts_daemon.speech.word_times import WordsTold
from qwen_tts.api import AudioChunk
from qwen_tts.errors import TextTooLong
from qwen_tts.limits import SEED

Line = Mapping[str, Any]


class BatchBody(SpeechBody, frozen=True, kw_only=True):
    """The request of POST /v1/audio/speech/batch: items, each with the fields of /v1/audio/speech.

    What stands beside `items` is for every item that does not say otherwise. An item that cannot be spoken is a line
    with its error: what only items are refused for is no rule of the body.
    """

    items: Annotated[list[dict[str, Any]], Meta(min_length=1, max_length=MAX_BATCH_ITEMS)]
    input: str = ""
    model: str | None = OWN
    response_format: str | None = DEFAULT_FORMAT
    language: str | None = None
    seed: Annotated[int, Meta(ge=SEED.low)] | None = None


def router(speech: Speech, reader: SpeechBodies) -> APIRouter:
    """The route of this module."""
    routes = APIRouter(tags=["Speech"])

    @routes.post(
        "/v1/audio/speech/batch", response_class=Response, openapi_extra=json_body(BatchBody, _components()),
        responses=binary_of(_BatchResponse.media_type),
    )  # fmt: skip
    async def speak_all(request: Request) -> Response:
        """Speak up to 64 texts at once. An item that fails is a line with its error; the others go on."""
        async with reader.received(request) as given:
            bodies = await _bodies(given, reader)
        return _BatchResponse(speech, bodies, caller_of(request.scope))

    return routes


def _components() -> Mapping[str, Any]:
    """For the OpenAPI document: an item has the fields of the body, and one of the two has the text."""
    components = speech_components(BatchBody)
    body = components[BatchBody.__name__]
    fields = {name: field for name, field in body["properties"].items() if name != "items"}
    body["properties"]["items"]["items"] = {"type": "object", "properties": fields}
    body["anyOf"] = [{"required": ["input"]}, {"properties": {"items": {"items": {"required": ["input"]}}}}]
    return components


async def _bodies(given: dict[str, Any], reader: SpeechBodies) -> list[tuple[SpeechBody, AskedVoice]]:
    """Each with who speaks it in place of its voice. Raises Refusal or InvalidRequest for what is no batch, or brings a
    recording that is no voice; an item that cannot be spoken may still be among them."""
    items = convert(read_numbers(given), BatchBody).items
    shared = {name: given[name] for name in SpeechBody.__struct_fields__ if name in given}
    read = [_item(shared, item, f"items[{index}]") for index, item in enumerate(items)]
    if sum(len(body.input) for body, _ in read) > MAX_BATCH_CHARS:
        raise TextTooLong(f"one batch takes at most {MAX_BATCH_CHARS} characters", param="items")
    voices: dict[BroughtVoice | None, AskedVoice] = {}
    for index, (_, brought) in enumerate(read):
        if brought not in voices:
            with within(f"items[{index}]" if "ref_audio" in items[index] else ""):
                voices[brought] = await reader.voice_of(brought)
    return [(body, voices[brought]) for body, brought in read]


def _item(shared: dict[str, Any], item: dict[str, Any], place: str) -> tuple[SpeechBody, BroughtVoice | None]:
    """What it does not say is as with all of them; who names a voice wants no other one's recording."""
    fields = shared | item
    if "voice" in item and "ref_audio" not in item:
        fields = {name: value for name, value in fields.items() if name not in BroughtVoice.__struct_fields__}
    with within(place):
        brought = take_voice(fields)
    return convert(read_numbers(fields), SpeechBody, place), brought


class _BatchResponse(Response):
    """As many at once as the engine has rows; a client that leaves cancels all."""

    media_type = "application/x-ndjson"

    def __init__(self, speech: Speech, bodies: Sequence[tuple[SpeechBody, AskedVoice]], caller: Caller) -> None:
        super().__init__(headers={"x-accel-buffering": "no"})
        del self.headers["content-length"]
        self._speech = speech
        self._bodies = bodies
        self._caller = caller
        self._rows = asyncio.Semaphore(speech.capabilities.rows)
        self._lines: asyncio.Queue[Line | None] = asyncio.Queue()
        """None: the client has gone."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        speaking = [asyncio.create_task(self._speak(index, *one)) for index, one in enumerate(self._bodies)]
        disconnect = asyncio.create_task(wait_for_disconnect(receive))
        disconnect.add_done_callback(lambda _: self._lines.put_nowait(None))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await self._send_lines(send)
        finally:
            for task in (disconnect, *speaking):
                task.cancel()

    async def _send_lines(self, send: Send) -> None:
        failed = 0
        for _ in self._bodies:
            line = await self._lines.get()
            if line is None:
                return
            failed += "error" in line
            await _write(line, send, more=True)
        await _write({"done": True, "items": len(self._bodies), "failed": failed}, send, more=False)

    async def _speak(self, index: int, body: SpeechBody, voice: AskedVoice) -> None:
        caller = dataclasses.replace(self._caller, request_id=f"{self._caller.request_id}-{index}")
        async with self._rows:
            try:
                with their_names(THEIR_NAMES):
                    line = await self._line(body, voice, caller)
            except Exception as error:  # noqa: BLE001  the protocol's edge, for one item
                line = describe(error).envelope(caller.request_id)
        self._lines.put_nowait({"index": index, **line})

    async def _line(self, body: SpeechBody, voice: AskedVoice, caller: Caller) -> Line:
        sound = await body.encoding(self._speech.capabilities)
        utterance = utterance_of(body, self._speech, "batch", caller, voice=voice, streamed=False)
        words: list[TimedWord] = []
        async with utterance:
            async for part in utterance:
                if isinstance(part, AudioChunk):
                    for pcm in pieces(part):
                        sound.add(pcm)
                elif isinstance(part, WordsTold):
                    words += timed_words(part)
        if utterance.end == "cancelled":
            raise draining()
        sound.finish()
        encoded = base64.b64encode(sound.data).decode()
        return {
            "audio": encoded, "media_type": sound.media_type, "end": utterance.end, "voice": utterance.voice,
            "model": utterance.model, **_measured(utterance.measures), **({"words": words} if body.words else {}),
        }  # fmt: skip


def _measured(measures: Measures) -> Line:
    """To a tenth of a millisecond."""
    names = ("audio_s", "ttfa_s", "rtf")
    given = {name: getattr(measures, name) for name in names}
    return {name: None if value is None else round(value, 4) for name, value in given.items()}


async def _write(line: Line, send: Send, *, more: bool) -> None:
    await send({"type": "http.response.body", "body": msgspec.json.encode(line) + b"\n", "more_body": more})
