"""EmbeddedEngine: the preview voices as a SpeechEngine.

One thread infers for everybody, unit by unit in turn, first by client, then by text; whoever is a window ahead of its
reader is skipped. The event loop only appends text, counts samples and cancels.
"""

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from qwen3tts_daemon.embedded.framing import SAMPLES_PER_FRAME
from qwen3tts_daemon.embedded.shaping import SAMPLE_RATE
from qwen3tts_daemon.embedded.stream import EmbeddedStream
from qwen3tts_daemon.embedded.synthesizer import EmbeddedSynthesizer
from qwen3tts_daemon.embedded.voices import EmbeddedVoice, available
from qwen_tts.api import (
    AUTO,
    Audio,
    Capabilities,
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
    TextEmpty,
    UnknownLanguage,
    UnknownVoice,
    UnsupportedLanguage,
)
from qwen_tts.stream import AudioStream

logger = logging.getLogger(__name__)


def create(
    cache_dir: str,
    threads: int = 2,
    max_streams: int = 16,
    warm_languages: Sequence[str] = ("en",),
    *,
    kokoro: bool = True,
) -> "EmbeddedEngine":
    """An engine with every installed voice, or without Kokoro's; `cache_dir` keeps the joined Kokoro model."""
    voices = EmbeddedSynthesizer(Path(cache_dir), threads)
    table = [voice for voice in available() if kokoro or voice.engine != "kokoro"]
    return EmbeddedEngine(voices, table, max_streams=max_streams, warm_languages=warm_languages)


class EmbeddedEngine:
    """A SpeechEngine on the CPU; `voices` speaks, `table` says with which voices."""

    def __init__(
        self,
        voices: EmbeddedSynthesizer,
        table: Sequence[EmbeddedVoice],
        *,
        max_streams: int,
        warm_languages: Sequence[str],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        if not table:
            raise ModelUnavailable("no embedded voice is installed; install the extra 'preview'")
        self._voices = voices
        self._table = {voice.name: voice for voice in table}
        self._warm_languages = warm_languages
        self._max_streams = max_streams
        self._now = now
        self._capabilities = _capabilities(table, max_streams)
        self._condition = threading.Condition()
        self._streams: list[EmbeddedStream] = []
        self._turn = 0
        self._closed = False
        self._event_loop: asyncio.AbstractEventLoop | None = None
        self.died = asyncio.Event()
        """Set when its thread has ended by itself: nobody would be heard any more"""
        self._waits_for_kokoro = any(voice.engine == "kokoro" for voice in table)
        self._thread = threading.Thread(target=self._run, name="embedded-inference", daemon=True)
        self._loader = threading.Thread(target=self._load_kokoro, name="embedded-loader", daemon=True)

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    def stream(self, request: SynthesisRequest) -> AudioStream:
        voice = self._voice(request)
        _check_text(request)
        with self._condition:
            if self._closed:
                raise ModelUnavailable("the embedded engine is closed")
            self._check_place(request.client)
        stream = EmbeddedStream(request, voice, self._wake, self._now)
        with self._condition:
            self._streams.append(stream)
            self._condition.notify()
        return stream.audio

    def _check_place(self, client: str) -> None:
        """Each client may have as many as there are rows, and as many again are there for others. Raises EngineBusy."""
        living = self._living()
        if len(living) >= self._max_streams:
            own = sum(one.client == client for one in living)
            check_may_wait(client, own, 2 * self._max_streams - len(living))

    async def load(self) -> None:
        """Warm the default voices of `warm_languages`; Kokoro is loaded beside, and only its voices wait for it."""
        self._event_loop = asyncio.get_running_loop()
        for language in self._warm_languages:
            voice = next((voice for voice in self._table.values() if language in voice.languages), None)
            if voice is not None:
                await asyncio.to_thread(self._voices.warm, voice)
        self._thread.start()
        if self._waits_for_kokoro:
            self._loader.start()

    def prepare(self, kind: VoiceKind) -> None:
        """Nothing to bring."""

    async def sleep(self) -> None:
        """Nothing to give back: the voices live in host memory."""

    async def wake(self) -> None:
        """Nothing to fetch."""

    async def close(self) -> None:
        with self._condition:
            self._closed = True
            for stream in self._living():
                stream.finish(ModelUnavailable("the embedded engine is closing"))
            self._condition.notify()
        for thread in (self._thread, self._loader):
            if thread.is_alive():
                await asyncio.to_thread(thread.join)

    async def encode_reference(self, audio: Audio, transcript: str | None) -> VoicePrompt:
        raise InvalidRequest("the embedded voices cannot be cloned; this needs Qwen3-TTS", param="voice")

    async def encode(self, audio: Audio) -> list[list[int]]:
        raise InvalidRequest("the embedded voices have no codec; this needs Qwen3-TTS", param="audio")

    async def decode(self, codes: list[list[int]]) -> Audio:
        raise InvalidRequest("the embedded voices have no codec; this needs Qwen3-TTS", param="codes")

    def _voice(self, request: SynthesisRequest) -> EmbeddedVoice:
        if not isinstance(request.voice, PresetVoice):
            raise InvalidRequest("the embedded engine speaks preset voices only", param="voice")
        voice = self._table.get(request.voice.name)
        if voice is None:
            raise UnknownVoice(f"no embedded voice {request.voice.name!r}; see the list of voices", param="voice")
        language = request.language
        if language != AUTO and language not in LANGUAGES:
            known = ", ".join(LANGUAGES)
            raise UnknownLanguage(f"no language {language!r}; there are {known}", param="language")
        if language != AUTO and language not in voice.languages:
            spoken = ", ".join(voice.languages)
            raise UnsupportedLanguage(f"{voice.name} speaks {spoken}, not {language}", param="language")
        return voice

    # -- the threads ---------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while (work := self._next_work()) is not None:
                work()
        finally:
            with self._condition:
                has_failed, self._closed = not self._closed, True
                for stream in self._living():
                    stream.finish(ModelUnavailable("the embedded engine has ended; see the log"))
            if has_failed:
                self._tell_of_death()

    def _tell_of_death(self) -> None:
        assert self._event_loop is not None
        with contextlib.suppress(RuntimeError):  # it is closed: nobody is there any more
            self._event_loop.call_soon_threadsafe(self.died.set)

    def _load_kokoro(self) -> None:
        try:
            self._voices.load_kokoro()
        except Exception:  # the edge of the loader's thread; who asks for such a voice is told
            logger.exception("the Kokoro voices could not be loaded")
        finally:
            with self._condition:
                self._waits_for_kokoro = False
                self._condition.notify()

    def _next_work(self) -> Callable[[], None] | None:
        """What to do next: a unit of the stream whose turn it is; None when closed."""
        with self._condition:
            while not self._closed:
                if (stream := self._next_runnable()) is not None:
                    return lambda: stream.step(self._voices)
                self._condition.wait()
        return None

    def _next_runnable(self) -> EmbeddedStream | None:
        """Of the client whose last turn is the longest ago, the one of which it is so too; who has had none yet is told
        its place. The condition is held."""
        last_turns: dict[str, int] = {}
        for one in self._living():
            last_turns[one.client] = max(one.turn, last_turns.get(one.client, 0))
        runnable = [one for one in self._streams if self._is_runnable(one)]
        line = sorted(runnable, key=lambda one: (last_turns[one.client], one.turn))
        if not line:
            return None
        self._turn += 1
        line[0].turn = self._turn
        for place, one in enumerate([line[0], *(one for one in line if not one.turn)]):
            one.tell_place(place)
        return line[0]

    def _is_runnable(self, stream: EmbeddedStream) -> bool:
        return stream.is_runnable and not (stream.needs_kokoro and self._waits_for_kokoro)

    def _living(self) -> list[EmbeddedStream]:
        """The streams that are not over; forgets the others. The condition is held."""
        self._streams = [stream for stream in self._streams if not stream.is_over]
        return self._streams

    def _wake(self) -> None:
        with self._condition:
            self._condition.notify()


def _check_text(request: SynthesisRequest) -> None:
    if request.live:
        return
    check_length(len(request.text))
    if not any(char.isalnum() for char in request.text):
        raise TextEmpty("nothing in the text can be spoken", param="text")


def _capabilities(table: Sequence[EmbeddedVoice], max_streams: int) -> Capabilities:
    languages = tuple(dict.fromkeys(language for voice in table for language in voice.languages))
    return Capabilities(
        engine="embedded",
        sample_rate=SAMPLE_RATE,
        samples_per_frame=SAMPLES_PER_FRAME,
        languages=languages,
        voice_kinds=("preset",),
        voices=tuple(_voice_info(voice) for voice in table),
        live_text="sentences",
        rows=max_streams,
        phonemes="ipa",
        word_times=True,
        is_preview=True,
    )


def _voice_info(voice: EmbeddedVoice) -> VoiceInfo:
    return VoiceInfo(
        name=voice.name,
        languages=voice.languages,
        description=voice.description,
        gender=voice.gender,
        accented=voice.accented,
    )
