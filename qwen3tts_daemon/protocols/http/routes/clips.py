"""Sound as URLs, for players that can only fetch: ordered with a body, fetched by whoever has the URL."""

import asyncio
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from qwen3tts_daemon.audio import FILE_FORMATS
from qwen3tts_daemon.audio.formats import DEFAULT_FORMAT
from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.limits import CLIP_LIFETIME_S, within
from qwen3tts_daemon.protocols.http import response_schemas
from qwen3tts_daemon.protocols.http.audio_responses import speaker_headers, their_names
from qwen3tts_daemon.protocols.http.field_types import ClipFormatName
from qwen3tts_daemon.protocols.http.openapi import sound_of
from qwen3tts_daemon.protocols.http.own_url import base_url, qr_code
from qwen3tts_daemon.protocols.http.request_body import wait_for_disconnect
from qwen3tts_daemon.protocols.http.request_state import caller_of, principal_of
from qwen3tts_daemon.protocols.http.speech_bodies import SpeechBodies
from qwen3tts_daemon.protocols.http.speech_request import (
    THEIR_NAMES,
    SpeechBody,
    speech_body,
    utterance_of,
)
from qwen3tts_daemon.settings import HttpSettings
from qwen3tts_daemon.speech.captions import CAPTION_FORMATS, as_srt, as_vtt, captions
from qwen3tts_daemon.speech.clip import Clip, Reader
from qwen3tts_daemon.speech.clips import Clips
from qwen3tts_daemon.speech.service import Speech
from qwen_tts.errors import UnsupportedFormat

PATH = "/v1/audio/clips/"

_ANSWERS = sound_of(*FILE_FORMATS, statuses=(200, 206))
_ANSWERS[200]["content"] |= {media_type.partition(";")[0]: {} for media_type in CAPTION_FORMATS.values()}
_RANGE = re.compile(r"bytes=(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))")


class ClipBody(SpeechBody, frozen=True, kw_only=True):
    """The request of POST /v1/audio/clips: what is spoken as by /v1/audio/speech, for a URL. No pcm."""

    response_format: ClipFormatName | None = DEFAULT_FORMAT
    expires_in_s: Annotated[float, within(CLIP_LIFETIME_S)] | None = None
    """How long the URL is good; without it as the daemon's settings say."""
    qr: bool = False
    """Whether the answer has the URL as a picture too, for the camera of a phone."""


def router(speech: Speech, clips: Clips, config: HttpSettings, bodies: SpeechBodies) -> APIRouter:
    """The routes of this module. Everybody may fetch; to make and to delete, `speak` is needed."""
    routes = APIRouter(tags=["Clips"])

    @routes.post(PATH.rstrip("/"), status_code=201, openapi_extra=speech_body(ClipBody))
    async def make(request: Request, response: Response) -> response_schemas.Clip:
        """A URL of a text spoken; it can be fetched at once, and often."""
        body, asked_voice = await bodies.read(request, ClipBody)
        if body.format not in FILE_FORMATS:
            known = ", ".join(FILE_FORMATS)
            raise UnsupportedFormat(f"no clips as {body.format[:32]!r}; there are {known}", param="response_format")
        encoding = await body.encoding(speech.capabilities)
        with their_names(THEIR_NAMES):
            utterance = utterance_of(body, speech, "clips", caller_of(request.scope), voice=asked_voice)
            voice = utterance.settle()
        lifetime_s = body.expires_in_s or clips.config.expires_s
        clip = clips.make(utterance, encoding, lifetime_s)
        clip.voice = voice
        response.headers.update(speaker_headers(voice))
        path = f"{PATH}{clip.id}.{body.format}"
        url = base_url(principal_of(request.scope), config) + path
        answer: response_schemas.Clip = {
            "id": clip.id,
            "url": url,
            "path": path,
            "format": body.format,
            "media_type": encoding.media_type,
            "expires_at": (datetime.now(UTC) + timedelta(seconds=lifetime_s)).isoformat(timespec="seconds"),
            "voice": voice,
        }
        if body.words:
            answer["captions"] = {name: f"{PATH}{clip.id}.{name}" for name in CAPTION_FORMATS}
        if body.qr:
            answer["qr"] = qr_code(url)
        return answer

    @routes.get(PATH + "{name}", response_class=Response, responses=_ANSWERS)
    async def fetch(name: str, request: Request) -> Response:
        """The sound, as far as it is made and then as it is made. `name` is the clip's id with .mp3, .wav and so on."""
        await request.body()
        clip_id, _, format = name.rpartition(".")
        if format in CAPTION_FORMATS:
            return await _captions(clips.get(clip_id), format, request.receive)
        if format not in FILE_FORMATS:
            raise Refusal("not_found", f"a clip is called {PATH}<id>.<{'|'.join((*FILE_FORMATS, *CAPTION_FORMATS))}>")
        return _ClipResponse(clips.get(clip_id), format, request.headers)

    @routes.delete(PATH + "{name}", status_code=204)
    async def delete(name: str, request: Request) -> Response:
        """Nobody can fetch it any more, and those that do are cut off. `name` is as for GET, or the clip's id alone."""
        principal_of(request.scope).require("speak")
        clip_id, _, format = name.rpartition(".")
        clips.delete(clip_id if format in (*FILE_FORMATS, *CAPTION_FORMATS) else name)
        return Response(status_code=204)

    return routes


async def _captions(clip: Clip, format: str, receive: Receive) -> Response:
    """Of a clip that was asked for with its words, once all of it is made. A client that leaves waits no more."""
    if not clip.has_words:
        raise Refusal("not_found", "the clip has no captions; it is made with them if the order says words: true")
    with clip.held(), their_names(THEIR_NAMES):
        whole = asyncio.ensure_future(clip.whole())
        disconnect = asyncio.create_task(wait_for_disconnect(receive))
        try:
            await asyncio.wait((whole, disconnect), return_when=asyncio.FIRST_COMPLETED)
            if whole.done():
                whole.result()
        finally:
            whole.cancel()
            disconnect.cancel()
    shown = captions(clip.words)
    text = as_vtt(shown) if format == "vtt" else as_srt(shown)
    return Response(text, media_type=CAPTION_FORMATS[format])


class _ClipResponse(Response):
    """A complete clip is a file, of which parts can be had; one that grows is followed to its end."""

    def __init__(self, clip: Clip, format: str, asked: Mapping[str, str]) -> None:
        super().__init__()
        self._clip = clip
        self._format = format
        self._asked = asked
        self._etag = f'"{clip.id}"'

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._clip.held(), their_names(THEIR_NAMES):
            encoding = await self._clip.encoding(self._format)
            reader = Reader(self._clip, encoding)
            disconnect = asyncio.create_task(wait_for_disconnect(receive))
            disconnect.add_done_callback(lambda _: reader.close())
            try:
                self._begin(reader, await reader.size())
                self.headers["content-type"] = encoding.media_type
                self.headers.update(speaker_headers(self._clip.voice, self._clip.model))
                await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
                while data := await reader.read():
                    await send({"type": "http.response.body", "body": data, "more_body": True})
            finally:
                disconnect.cancel()
            await send({"type": "http.response.body", "body": b""})

    def _begin(self, reader: Reader, size: int | None) -> None:
        """Status and headers."""
        # A player's own page, such as a Chromecast's, comes from elsewhere.
        self.headers["cross-origin-resource-policy"] = "cross-origin"
        if size is None:
            del self.headers["content-length"]
            self.headers["accept-ranges"] = "none"
            # The middleware makes GET of HEAD: who only wanted the head need not wait for the end to ask on.
            self.headers["connection"] = "close"
            return
        self.headers.update({"accept-ranges": "bytes", "etag": self._etag, "x-end": self._clip.end})
        start, stop = self._part(size)
        reader.limit(start, stop)
        self.headers["content-length"] = str(stop - start)

    def _part(self, size: int) -> tuple[int, int]:
        """Which bytes are wanted. Raises HTTPException for some that are not there."""
        asked = parse_range(self._asked.get("range", ""), size)
        if asked is None or self._asked.get("if-range", self._etag) != self._etag:
            return 0, size
        start, stop = asked
        if start >= stop:
            raise HTTPException(416, f"the clip has {size} bytes", headers={"content-range": f"bytes */{size}"})
        self.status_code = 206
        self.headers["content-range"] = f"bytes {start}-{stop - 1}/{size}"
        return start, stop


def parse_range(header: str, size: int) -> tuple[int, int] | None:
    """Bytes [start, stop) of `size`, empty if there are none; None if the header does not ask for one range."""
    match = _RANGE.fullmatch(header.strip())
    if match is None:
        return None
    first, last, suffix = match.groups()
    if suffix:
        return max(0, size - int(suffix)), size
    if last and int(last) < int(first):
        return None
    return int(first), min(size, int(last) + 1) if last else size
