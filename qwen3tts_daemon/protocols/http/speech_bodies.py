"""Bodies that say what is to be spoken, and may bring the voice along: `ref_audio`, a recording as base64.

- A body may be as long as others are, and a recording in it as long again as MAX_REF_AUDIO_CHARS.
- However many come at once, few large ones are received, read and made voice prompts of; the others wait unread, and
  one client has so many that wait.
- A recording is decoded where uploads are (see uploads/). No URL is fetched, and no file is opened.
"""

import asyncio
import base64
import binascii
import contextlib
import re
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, TypeVar

from starlette.requests import Request

from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.limits import MAX_REF_AUDIO_CHARS
from qwen3tts_daemon.protocols.http.audio_responses import their_names
from qwen3tts_daemon.protocols.http.concurrency_limit import UnderWay
from qwen3tts_daemon.protocols.http.field_types import read_numbers
from qwen3tts_daemon.protocols.http.json_body import LARGE_BYTES, check_content_type, parse_json
from qwen3tts_daemon.protocols.http.request_body import RequestBody
from qwen3tts_daemon.protocols.http.request_state import caller_of
from qwen3tts_daemon.protocols.http.speech_request import BroughtVoice, SpeechBody
from qwen3tts_daemon.protocols.strict_json import convert
from qwen3tts_daemon.speech.service import Speech
from qwen3tts_daemon.uploads.reader import decode_upload
from qwen3tts_daemon.voices.trial_references import PREFIX
from qwen_tts.api import ClonedVoice
from qwen_tts.checkpoint.prompt_file import read_prompt
from qwen_tts.errors import InvalidRequest

_TURN_S = 150.0
"""How long a large one waits to be received: those before it may wait for a checkpoint that is loaded"""
_RECEIVED_AT_ONCE, _READ_AT_ONCE = 4, 2
"""Of large ones: slow senders are no obstacle, and 100 MB are enough."""
_MOST_OF_A_CLIENT = 16
"""Large ones that it has sent or begun to send: who waits behind them waits for some seconds, not for minutes"""
_NAMES = {"transcript": "ref_text", "audio": "ref_audio", "voice": "ref_audio"}
_DATA_URL = re.compile(r"data:audio/[\w.+-]+(;[\w.+-]+=[\w.+,\"-]+)*;base64,", re.ASCII)
_URL = re.compile(r"\s*[A-Za-z][A-Za-z0-9+.-]{0,15}:")

Body = TypeVar("Body", bound=SpeechBody)
AskedVoice = str | ClonedVoice | None
"""A name, or a voice of nobody else's; None: as the body says"""


class SpeechBodies:
    """See the module."""

    def __init__(self, speech: Speech, max_bytes: int) -> None:
        """`max_bytes`: of a body without its recordings."""
        self._speech = speech
        self._max_bytes = max_bytes
        self._receiving = asyncio.Semaphore(_RECEIVED_AT_ONCE)
        self._reading = asyncio.Semaphore(_READ_AT_ONCE)
        self._large = UnderWay(_MOST_OF_A_CLIENT)

    async def read(self, request: Request, kind: type[Body]) -> tuple[Body, AskedVoice]:
        """The body, in which numbers may be text, and who speaks in place of its voice.

        Raises Refusal, and InvalidRequest for a recording of which no voice can be made.
        """
        async with self.received(request) as fields:
            brought = take_voice(fields)
            body = convert(read_numbers(fields), kind)
            return body, await self.voice_of(brought)

    @contextlib.asynccontextmanager
    async def received(self, request: Request) -> AsyncIterator[dict[str, Any]]:
        """The fields of a body; with a large one, others wait until the block ends."""
        check_content_type(request)
        async with contextlib.AsyncExitStack() as held:
            data = await self._data(request, held)
            size = len(data)
            fields = convert(await parse_json(data), dict[str, Any])
            data.clear()
            if size - _recorded_chars(fields) > self._max_bytes:
                raise Refusal("too_large", f"a body takes at most {self._max_bytes} bytes beside ref_audio")
            yield fields

    async def _data(self, request: Request, held: contextlib.AsyncExitStack) -> bytearray:
        data, is_large = bytearray(), False
        async for piece in request.stream():
            data += piece
            if len(data) > LARGE_BYTES and not is_large:
                is_large = True
                message = f"at most {_MOST_OF_A_CLIENT} large bodies of one address at once"
                refusal = Refusal("rate_limited", message, retry_after_s=5)
                held.enter_context(self._large.counted(caller_of(request.scope).address, refusal))
                await self._take_turn(RequestBody.of(request.scope), held)
        if is_large:
            await held.enter_async_context(self._reading)
        return data

    async def _take_turn(self, body: RequestBody, held: contextlib.AsyncExitStack) -> None:
        began_at = time.monotonic()
        try:
            async with asyncio.timeout(_TURN_S):
                await held.enter_async_context(self._receiving)
        except TimeoutError:
            raise Refusal("queue_full", "too many large bodies at once", retry_after_s=5) from None
        body.wait_longer(time.monotonic() - began_at)

    async def voice_of(self, brought: BroughtVoice | None) -> AskedVoice:
        """Who speaks. Raises like `read`."""
        if brought is None or brought.ref_audio is None:
            return None
        words = (brought.ref_text or "").strip()
        if brought.ref_audio.startswith(PREFIX):
            self._check_words(brought.ref_audio, words)
            return brought.ref_audio
        with their_names(_NAMES):
            self._speech.check_kind("cloned")
            audio = await decode_upload(await asyncio.to_thread(_decoded, brought.ref_audio))
            transcript = None if brought.x_vector_only_mode else words or None
            return ClonedVoice(await self._speech.encode_reference(audio, transcript))

    def _check_words(self, reference: str, words: str) -> None:
        """What was uploaded has its words already."""
        with their_names(_NAMES):
            held = self._speech.voices.references.get(reference).prompt
        if words and words != read_prompt(held.data).card.transcript:
            reason = "the reference was uploaded with other words; leave these out, or send it again"
            raise Refusal("bad_field", f"ref_text: {reason}", param="ref_text")


def take_voice(fields: dict[str, Any]) -> BroughtVoice | None:
    """Out of the fields, so that nobody holds a recording longer than it takes to read it. Raises Refusal."""
    given = {name: fields.pop(name) for name in BroughtVoice.__struct_fields__ if name in fields}
    recording = given.get("ref_audio")
    if isinstance(recording, str) and len(recording) > MAX_REF_AUDIO_CHARS:
        way_out = "cut the recording, or send it as MP3"
        raise Refusal("too_large", f"ref_audio: at most {MAX_REF_AUDIO_CHARS} characters; {way_out}", param="ref_audio")
    brought = convert(given, BroughtVoice)
    if brought.ref_audio:
        return brought
    if brought.ref_text:
        raise Refusal("bad_field", "ref_text: the words of ref_audio, which is missing", param="ref_text")
    return None


@contextlib.contextmanager
def within(place: str) -> Iterator[None]:
    """What is wrong is wrong with a field of that."""
    try:
        yield
    except (InvalidRequest, Refusal) as error:
        error.param = ".".join(filter(None, (place, error.param)))
        raise


def _recorded_chars(fields: Mapping[str, Any]) -> int:
    """Of all recordings in a body, with those of its items."""
    items = fields.get("items")
    among = [fields, *(items if isinstance(items, list) else [])]
    values = [one.get("ref_audio") for one in among if isinstance(one, Mapping)]
    return sum(len(value) for value in values if isinstance(value, str))


def _decoded(recording: str) -> bytes:
    """Raises Refusal for what is no base64."""
    if url := _DATA_URL.match(recording):
        recording = recording[url.end() :]
    elif _URL.match(recording):
        scheme = recording.strip().partition(":")[0][:16]
        way_out = "no URL is fetched; send the recording itself, as base64 or as data:audio/...;base64,"
        raise Refusal("bad_field", f"ref_audio: {scheme}: {way_out}", param="ref_audio")
    try:
        return base64.b64decode("".join(recording.split()), validate=True)
    except (binascii.Error, ValueError):
        raise Refusal("bad_field", "ref_audio: this is not base64; paths are not read", param="ref_audio") from None
