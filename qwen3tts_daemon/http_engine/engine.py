"""HttpEngine: a speech server elsewhere as a SpeechEngine.

It is loaded once the server has told its voices, and asks for them again every minute. Where there is no server any
more and nobody speaks it has died: whoever keeps it loads another one, again and again, until the server is back.
"""

import asyncio
import contextlib
import logging

from qwen3tts_daemon.http_engine.options import ServerOptions
from qwen3tts_daemon.http_engine.refusals import Unreachable
from qwen3tts_daemon.http_engine.server import SpeechServer
from qwen3tts_daemon.http_engine.stream import FRAME_MS, HttpStream
from qwen3tts_daemon.http_engine.voice_list import VoiceList
from qwen_tts.api import (
    AUTO,
    Audio,
    Capabilities,
    EngineStatus,
    ModelState,
    ModelStatus,
    PresetVoice,
    SynthesisRequest,
    VoiceInfo,
    VoiceKind,
    VoicePrompt,
    check_length,
)
from qwen_tts.config.languages import LANGUAGES
from qwen_tts.engine.fairness import check_may_wait
from qwen_tts.errors import (
    InvalidRequest,
    ModelUnavailable,
    SynthesisError,
    TextEmpty,
    UnknownLanguage,
    UnknownVoice,
    UnsupportedLanguage,
)
from qwen_tts.stream import AudioStream

logger = logging.getLogger(__name__)

NAME = "http"
_MOST_DAEMONS = 8
"""That a text may be passed on by"""


class HttpEngine:
    """See the module."""

    def __init__(self, options: ServerOptions) -> None:
        self._options = options
        self._server = SpeechServer(options)
        self._capabilities = _capabilities(options, VoiceList())
        self._slots = asyncio.Semaphore(options.max_requests)
        self._streams: list[HttpStream] = []
        self._state: ModelState = "unloaded"
        self._doubt = asyncio.Event()
        """Somebody could not reach the server: look whether it is there"""
        self._watching: asyncio.Task[None] | None = None
        self._closed = False
        self.died = asyncio.Event()

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    @property
    def status(self) -> EngineStatus:
        """The server as if it were one checkpoint."""
        name = self._options.model or NAME
        model = ModelStatus(name=name, kind="preset", size="", state=self._state, active=len(self._living()))
        return EngineStatus(models=(model,))

    # -- its life ------------------------------------------------------------------------------------------

    async def load(self) -> None:
        """Ask the server for its voices. Raises what that raises."""
        self._learn(await self._server.voices())
        self._state = "ready"
        self._watching = asyncio.create_task(self._watch())

    def _learn(self, voices: VoiceList) -> None:
        self._capabilities = _capabilities(self._options, voices)

    async def _watch(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._options.refresh_s):
                    await self._doubt.wait()
            self._doubt.clear()
            try:
                self._learn(await self._server.voices())
            except Unreachable as error:
                if not self._living():
                    logger.warning("%s", error)
                    self.died.set()
                    return
            except SynthesisError as error:
                logger.info("the voices stay as they were: %s", error)

    def prepare(self, kind: VoiceKind) -> None:
        """Nothing to bring."""

    async def sleep(self) -> None:
        """Nothing to give back."""

    async def wake(self) -> None:
        """Nothing to fetch."""

    async def close(self) -> None:
        self._closed = True
        if self._watching is not None:
            self._watching.cancel()
        closing = ModelUnavailable("the daemon leaves its speech server")
        await asyncio.gather(*(stream.close(closing) for stream in self._living()))
        await self._server.close()
        self.died.set()

    # -- speech --------------------------------------------------------------------------------------------

    def stream(self, request: SynthesisRequest) -> AudioStream:
        if self._closed:
            raise ModelUnavailable("the http engine is closed")
        self._check_way(request)
        self._check_voice(request)
        _check_text(request)
        self._check_place(request.client)
        stream = HttpStream(request, self._server, self._options, self._slots, self._doubt.set)
        self._streams.append(stream)
        return stream.audio

    def _living(self) -> list[HttpStream]:
        """The streams that are not over; forgets the others."""
        self._streams = [stream for stream in self._streams if not stream.is_over]
        return self._streams

    def _check_way(self, request: SynthesisRequest) -> None:
        """Raises ModelUnavailable for a text that has been here already."""
        if self._options.pseudonym in request.passed_on_by or len(request.passed_on_by) >= _MOST_DAEMONS:
            raise ModelUnavailable(
                f"the text went round in a circle: the speech server {self._options.host} passes it on to this daemon; "
                "correct http_engine.url"
            )

    def _check_voice(self, request: SynthesisRequest) -> None:
        if not isinstance(request.voice, PresetVoice):
            raise InvalidRequest("the http engine speaks the server's own voices only", param="voice")
        voice = self._voice(request.voice.name)
        language = request.language
        if language != AUTO and language not in LANGUAGES:
            raise UnknownLanguage(f"no language {language!r}; there are {', '.join(LANGUAGES)}", param="language")
        if language != AUTO and language not in voice.languages:
            spoken = ", ".join(voice.languages)
            raise UnsupportedLanguage(f"{voice.name} speaks {spoken}, not {language}", param="language")

    def _voice(self, name: str) -> VoiceInfo:
        for voice in self._capabilities.voices:
            if voice.name == name:
                return voice
        raise UnknownVoice(f"the speech server {self._options.host} has no voice {name!r}", param="voice")

    def _check_place(self, client: str) -> None:
        """Each client may have as many as are asked for at once; as many again there are for others. Raises
        EngineBusy."""
        most = self._options.max_requests
        living = self._living()
        if len(living) >= most:
            own = sum(one.client == client for one in living)
            check_may_wait(client, own, 2 * most - len(living))

    async def encode_reference(self, audio: Audio, transcript: str | None) -> VoicePrompt:
        raise InvalidRequest("voices cannot be cloned on a speech server elsewhere; clone there", param="voice")

    async def encode(self, audio: Audio) -> list[list[int]]:
        raise InvalidRequest("a speech server elsewhere has no codec; this needs Qwen3-TTS here", param="audio")

    async def decode(self, codes: list[list[int]]) -> Audio:
        raise InvalidRequest("a speech server elsewhere has no codec; this needs Qwen3-TTS here", param="codes")


def _check_text(request: SynthesisRequest) -> None:
    if request.live:
        return
    check_length(len(request.text))
    if not any(char.isalnum() for char in request.text):
        raise TextEmpty("nothing in the text can be spoken", param="text")


def _capabilities(options: ServerOptions, told: VoiceList) -> Capabilities:
    languages = dict.fromkeys(language for voice in told.voices for language in voice.languages)
    instruct_kinds: tuple[VoiceKind, ...] = ("preset",) if told.takes_instruct else ()
    return Capabilities(
        engine=NAME, sample_rate=options.sample_rate, samples_per_frame=options.sample_rate * FRAME_MS // 1000,
        languages=tuple(languages) or tuple(options.languages), voice_kinds=("preset",), voices=told.voices,
        live_text="sentences", rows=options.max_requests, instruct_kinds=instruct_kinds, text_goes_to=options.host,
    )  # fmt: skip
