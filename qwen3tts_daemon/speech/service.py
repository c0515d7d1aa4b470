"""The use case: text and a voice in, sound out, measured and logged. Protocols call only this.

An utterance takes its text as it comes, cuts it into segments, decides voice and language once (with the first
segment) and reads the engine's chunks. It asks for the engine when it is opened, before its text is complete, so that
a sleeping model wakes meanwhile.

Its answer is never nothing: a text without words is a moment of silence, which needs no engine; words of which the
voice can read none are an error.
"""

import asyncio
import contextlib
import logging
import secrets
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self

import msgspec

from qwen3tts_daemon.audio import silence
from qwen3tts_daemon.bounded_dict import BoundedDict
from qwen3tts_daemon.failures import Refusal, code_of, draining
from qwen3tts_daemon.hosting.checkpoints import DOWNLOAD_QWEN
from qwen3tts_daemon.hosting.model_manager import ModelManager
from qwen3tts_daemon.hosting.model_names import ModelNames
from qwen3tts_daemon.speech.metrics import Metrics
from qwen3tts_daemon.text.languages import detect_language
from qwen3tts_daemon.text.segments import LiveSegmenter, Segment
from qwen3tts_daemon.voices.catalogue import Choice, VoiceCatalogue
from qwen3tts_daemon.voices.known_voices import KnownVoice
from qwen3tts_daemon.voices.recent_takes import RecentTakes, Take
from qwen3tts_daemon.voices.stored_prompts import voice_for
from qwen_tts.api import (
    AUTO,
    PCM_BYTES,
    Audio,
    AudioChunk,
    Capabilities,
    DesignedVoice,
    Limits,
    Sampling,
    StreamEnd,
    SynthesisRequest,
    Voice,
    VoiceKind,
    VoicePrompt,
    check_length,
)
from qwen_tts.errors import InvalidRequest, TextEmpty, UnsupportedLanguage
from qwen_tts.limits import SPEED
from qwen_tts.stream import AudioStream, SpeechEngine

if TYPE_CHECKING:
    from qwen3tts_daemon.audio.ffmpeg import SpeedChanger

logger = logging.getLogger(__name__)

LONGEST_DECODED_S = 600
"""Of sound from codec tokens: a worker's answer is one message, and a larger one would end the worker."""

NOTHING_MS = 100
"""Silence that answers a text without words: a player gets a file that it can open."""

Split = Literal["sentence", "clause", "none"]


@dataclass(frozen=True, slots=True)
class SpeechConfig:
    """How text becomes segments."""

    idle_flush_s: float = 0.3
    """A finished sentence is spoken when no more text came for this long."""
    lead_silence_s: float = 0.0
    """Before the first word, for speakers that wake slowly."""
    tail_silence_s: float = 0.0
    """After the last word, for players that cut the end."""
    log_text: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """What a caller wants spoken and how; None leaves the choice to the daemon."""

    protocol: str
    voice: str | Voice | None = None
    """A name of the catalogue, or a voice of nobody else's."""
    language: str | None = None
    instruct: str = ""
    speed: float = 1.0
    split: Split = "sentence"
    sampling: Sampling = field(default_factory=Sampling)
    limits: Limits = field(default_factory=Limits)


def new_request_id() -> str:
    return secrets.token_hex(6)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who orders, and under which name it is found again."""

    request_id: str = field(default_factory=new_request_id)
    address: str = ""
    """Where many wait, they are served in turn by address."""


@dataclass(frozen=True, slots=True)
class SegmentStarted:
    """The chunks that follow speak characters [start, end) of the text; the first of them begins at `sample`."""

    index: int
    text: str
    start: int
    end: int
    sample: int
    voice: str = ""
    language: str = ""


@dataclass(slots=True)
class Measures:
    """What an utterance cost, in seconds; None while it is not known."""

    chars: int = 0
    samples: int = 0
    audio_s: float = 0.0
    load_s: float = 0.0
    queue_s: float = 0.0
    ttfa_s: float | None = None
    synthesis_s: float | None = None
    chars_spoken: int = 0

    @property
    def rtf(self) -> float | None:
        if self.synthesis_s is None or not self.audio_s:
            return None
        return self.synthesis_s / self.audio_s


@dataclass(frozen=True, slots=True)
class Report:
    """How an utterance went."""

    voice: str
    language: str
    end: str
    measures: Measures


def first_words(text: str, split: Split) -> str | None:
    """Of a whole text, what decides on its voice and language; None if nothing in it can be spoken."""
    segmenter = LiveSegmenter(split=split)
    return next((segment.text for segment in (*segmenter.feed(text), *segmenter.end())), None)


_MOST_REPORTS = 256


class Utterance:
    """One utterance: feed it text, iterate its sound. Leaving the `async with` block cancels what is left."""

    def __init__(self, speech: "Speech", order: Order, caller: Caller) -> None:
        self._speech = speech
        self._order = order
        self._choice = choice = speech.voices.check(order.voice, order.language)
        speech.voices.check_instruct(choice.voice, order.instruct)
        self._segmenter = LiveSegmenter(split=order.split)
        self._segments: list[Segment] = []
        self._fed = 0
        self._announced = 0
        self._text_ended = False
        self._wants_flush = False
        self._text_changed = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._opened: asyncio.Future[AudioStream | None] = self._loop.create_future()
        """None: there is nothing to ask an engine for, or it was cancelled."""
        self._running: asyncio.Task[None] | None = None
        self._is_cancelled = False
        self._feed_error: Exception | None = None
        self._idle_timer: asyncio.TimerHandle | None = None
        self._ready: deque[AudioChunk | SegmentStarted] = deque()
        self._next_sample = 0
        self._lead_samples = 0
        self._feeds_words = False
        self._changer: SpeedChanger | None = None
        self._known: KnownVoice | None = None
        self._designed: DesignedVoice | None = None
        self._pcm: list[bytes] = []
        """Of a designed voice: it may be kept."""
        self._last: AudioChunk | None = None
        self._text_at: float | None = None
        self._caller = caller
        self.on_place: Callable[[int], None] | None = None
        """Set before it is entered: called when it has come on in the engine's line; 1 is next, 0 has its turn."""
        self.voice = ""
        self.language = ""
        self.model = ""
        """What speaks: a checkpoint, or an engine without such"""
        self.measures = Measures()
        self.end = "cancelled"
        """`done`, `limit`, `cancelled`, or the code of what failed; final once the block is left."""

    # -- text in -------------------------------------------------------------------------------------------

    @property
    def request_id(self) -> str:
        return self._caller.request_id

    @property
    def client(self) -> str:
        """Whose it is: the caller's address."""
        return self._caller.address

    @property
    def protocol(self) -> str:
        return self._order.protocol

    @property
    def text(self) -> str:
        """What is or will be spoken, cleaned."""
        return " ".join(segment.text for segment in self._segments)

    @property
    def take(self) -> Take | None:
        """What a designed voice said, if it came to an end by itself."""
        if self.end not in ("done", "limit") or self._designed is None:
            return None
        audio = Audio(pcm=b"".join(self._pcm), sample_rate=self._speech.capabilities.sample_rate)
        return Take(audio, self.text, self.language, self._designed.description)

    def feed(self, text: str) -> None:
        """Append text. Raises TextTooLong."""
        self.measures.chars += len(text)
        check_length(self.measures.chars)
        if self._text_at is None and text.strip():
            self._text_at = self._loop.time()
        self._say(self._segmenter.feed(text))
        self._stop_idle_timer()
        if self._segmenter.has_finished_text:
            self._idle_timer = self._loop.call_later(self._speech.config.idle_flush_s, self._idle)

    def flush(self) -> None:
        """Speak what has been fed, finished or not."""
        self._say(self._segmenter.flush())
        self._wants_flush = True

    def end_text(self) -> None:
        """No more text; idempotent."""
        if not self._text_ended:
            self._stop_idle_timer()
            self._text_ended = True
            self._say(self._segmenter.end())
            if not self._segments and not self._opened.done():
                self._opened.set_result(None)

    def check_text(self) -> None:
        """Raises TextEmpty if only blanks have come."""
        if self._text_at is None:
            raise TextEmpty("the text is empty", param="text")

    def settle(self) -> str:
        """The voice that will speak, from now on whatever comes; "" if that cannot be told yet."""
        text = self._segments[0].text if self._segments else None
        known, language = self._speech.voices.foretell(self._choice, text, request_id=self.request_id)
        if known is None:
            return ""
        self._choice = replace(self._choice, voice=known, language=language, absent="")
        return known.name

    def _idle(self) -> None:
        self._say(self._segmenter.idle())

    def _stop_idle_timer(self) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None

    def _say(self, segments: list[Segment]) -> None:
        self._segments += segments
        self._text_changed.set()

    # -- sound out -----------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        self._speech.add(self)
        self._running = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cancel()
        if isinstance(error, Exception) and self.end == "cancelled":
            self.end = code_of(error)
        self._speech.remove(self)

    def cancel(self) -> None:
        """End the work now; idempotent, from any task. A waiting reader sees the end at once."""
        self._is_cancelled = True
        self._stop_idle_timer()
        self._ready.clear()
        if self._running is not None:
            self._running.cancel()
        if not self._opened.done():
            self._opened.set_result(None)
        elif self._opened.exception() is None and (stream := self._opened.result()):
            stream.cancel()

    async def _run(self) -> None:
        """Hold the engine, open its stream with the first segment, feed it the others; then wait to be cancelled."""
        if self._opened.done():
            return
        try:
            asked_at = self._loop.time()
            async with self._speech.manager_for(self._choice).lease() as engine:
                self.measures.load_s = self._loop.time() - asked_at
                if self._choice.voice is not None:
                    engine.prepare(self._choice.voice.kind)
                await self._until(lambda: bool(self._segments) or self._text_ended)
                if not self._segments:
                    return
                stream = engine.stream(await self._request(engine))
                stream.on_queue_position = self.on_place
                self._opened.set_result(stream)
                await self._feed(stream)
                await asyncio.Event().wait()
        except Exception as error:  # noqa: BLE001  handed to the reader, whose protocol describes it
            if not self._opened.done():
                self._opened.set_exception(error)
            elif (opened := self._opened.result()) is not None:
                self._feed_error = error
                opened.cancel()

    async def _feed(self, stream: AudioStream) -> None:
        while True:
            while self._fed < len(self._segments):
                self._fed += 1
                await stream.feed(self._piece(self._fed - 1))
            if self._wants_flush:
                self._wants_flush = False
                stream.flush()
            if self._text_ended:
                stream.end_text()
                return
            await self._until(lambda: self._fed < len(self._segments) or self._text_ended or self._wants_flush)

    def _piece(self, index: int) -> str:
        """With what stands between two segments: a blank between words, the end of a paragraph between sentences."""
        segment = self._segments[index]
        if self._feeds_words:
            return (" " if index else "") + segment.text
        return segment.text + ("\n" if segment.ending == "paragraph" else "")

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._text_changed.clear()
            await self._text_changed.wait()

    async def _request(self, engine: SpeechEngine) -> SynthesisRequest:
        order = self._order
        voices, choice = self._speech.voices_on(engine, self._choice)
        known, self.language = voices.decide(choice, self._segments[0].text, request_id=self.request_id)
        self._known, self.voice = known, known.name
        self.model = self._speech.model_of(engine, known.kind)
        self._designed = known.voice if isinstance(known.voice, DesignedVoice) else None
        sampling = order.sampling
        if sampling.seed is None and known.seed is not None:
            sampling = msgspec.structs.replace(sampling, seed=known.seed)
        speed = SPEED.clamp(order.speed * known.speed)
        self._feeds_words = engine.capabilities.live_text == "words"
        if speed != 1 and not engine.capabilities.has_speed:
            self._changer, speed = await asyncio.to_thread(_speed_changer, engine.capabilities, speed), 1.0
        return SynthesisRequest(
            voice=await voice_for(engine, known, voices.library), live=True, language=self.language,
            instruct=order.instruct or known.instruct, speed=speed, sampling=sampling, limits=order.limits,
            request_id=self.request_id, client=self._caller.address,
        )  # fmt: skip

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> AudioChunk | SegmentStarted:
        while not self._ready:
            await self._read()
        part = self._ready.popleft()
        if isinstance(part, AudioChunk):
            self._count(part)
        else:
            self.measures.chars_spoken = part.end
        return part

    async def _read(self) -> None:
        """Take what comes next, or raise the end."""
        try:
            await self._take_next()
        except StopAsyncIteration:
            raise
        except Exception as error:
            self.end = code_of(error)
            raise

    async def _take_next(self) -> None:
        """What is spoken faster may still be held back whole: there can be sound at the end."""
        stream = await asyncio.shield(self._opened)
        try:
            if stream is None:
                raise StopAsyncIteration
            chunk = await anext(stream)
        except StopAsyncIteration:
            if self._feed_error is not None:
                raise self._feed_error from None
            self._close_books(stream)
            if not self._ready:
                raise
        else:
            self._take(chunk)

    def _take(self, chunk: AudioChunk) -> None:
        config = self._speech.config
        if not chunk.samples:
            return
        if chunk.segment >= self._announced:
            segment = self._segments[chunk.segment]
            if not self._announced:
                self._lead_samples = round(config.lead_silence_s * 1000) * chunk.sample_rate // 1000
            sample = self._starts_at(chunk)
            started = SegmentStarted(
                chunk.segment, segment.raw, segment.start, segment.end, sample, self.voice, self.language
            )
            self._ready.append(started)
            if not self._announced:
                self._add_silence(config.lead_silence_s, chunk.sample_rate)
            self._announced = chunk.segment + 1
        if self._changer is None:
            self._add(chunk)
        else:
            self._add_pcm(self._changer.process(chunk.pcm), chunk)

    def _starts_at(self, chunk: AudioChunk) -> int:
        """The sample where its sound will be: a changer of speed still holds some of what was before it."""
        if self._changer is None:
            return self._next_sample if self._announced else self._lead_samples
        return self._lead_samples + self._changer.position(chunk.first_sample)

    def _add_pcm(self, pcm: bytes, like: AudioChunk) -> None:
        self._last = like
        if pcm:
            self._add(msgspec.structs.replace(like, pcm=pcm))

    def _close_books(self, stream: AudioStream | None) -> None:
        """Once, when it has ended by itself. Raises InvalidRequest if that was nothing."""
        if self._is_cancelled or self.end != "cancelled":
            return
        if stream is None:
            self._answer_nothing()
        elif stream.end is not None:
            self._end_speech(stream.end)

    def _answer_nothing(self) -> None:
        self.check_text()
        self.end = "done"
        self._add_silence(NOTHING_MS / 1000, self._speech.capabilities.sample_rate)

    def _end_speech(self, end: StreamEnd) -> None:
        if not self._announced:
            raise self._unreadable()
        self.end = "done" if end.reason == "complete" else end.reason
        self.measures.queue_s = end.queue_s
        self.measures.synthesis_s = end.synthesis_s
        if self._changer is not None and self._last is not None:
            self._add_pcm(self._changer.flush(), self._last)
        self._add_silence(self._speech.config.tail_silence_s, self._speech.capabilities.sample_rate)

    def _unreadable(self) -> UnsupportedLanguage:
        """The engine has made no sound of words."""
        assert self._known is not None
        spoken = ", ".join(self._known.info.languages)
        return UnsupportedLanguage(
            f"voice {self.voice!r} can read nothing of this text: it speaks {spoken}; {self._who_could()}", param="text"
        )

    def _who_could(self) -> str:
        voices = self._speech.voices
        named = {language for voice in voices.voices for language in voice.languages}
        language = detect_language(self.text, sorted(named), fallback="")
        if not language or (voice := voices.default_for(language)).name == self.voice:
            return f"there are voices for {', '.join(voices.languages)}"
        return f"voice {voice.name!r} speaks {language}"

    def _add_silence(self, length_s: float, sample_rate: int) -> None:
        pcm = silence(round(length_s * 1000), sample_rate)
        frame = PCM_BYTES * self._speech.capabilities.samples_per_frame
        for start in range(0, len(pcm), frame):
            piece = pcm[start : start + frame]
            self._add(AudioChunk(pcm=piece, first_sample=0, sample_rate=sample_rate, segment=self._announced))

    def _add(self, chunk: AudioChunk) -> None:
        # Silence of ours moves what the engine numbered.
        if chunk.first_sample != self._next_sample:
            chunk = msgspec.structs.replace(chunk, first_sample=self._next_sample)
        self._next_sample += chunk.samples
        self._ready.append(chunk)

    def _count(self, chunk: AudioChunk) -> None:
        measures = self.measures
        if measures.ttfa_s is None and self._text_at is not None:
            measures.ttfa_s = self._loop.time() - self._text_at
        measures.samples += chunk.samples
        if self._designed is not None:
            self._pcm.append(chunk.pcm)
        measures.audio_s = measures.samples / chunk.sample_rate


class Speech:
    """Opens utterances, and knows which are open."""

    def __init__(
        self,
        manager: ModelManager,
        voices: VoiceCatalogue,
        metrics: Metrics,
        config: SpeechConfig,
        stand_in: ModelManager | None = None,
        *,
        checkpoints: Sequence[str] = (),
    ) -> None:
        """`stand_in` speaks while the engine is brought; `checkpoints` lie on the disk, whether or not it has them."""
        self.manager = manager
        self.models = ModelNames(lambda: (model.name for model in manager.status.models), checkpoints)
        self._stand_in = stand_in
        self.voices = voices
        self.config = config
        self._metrics = metrics
        self.takes = RecentTakes()
        self.reports = BoundedDict[Report](_MOST_REPORTS)
        """Of the last utterances, by request id: what a stream's headers could not say yet."""
        self._open: set[Utterance] = set()
        self._none_open = asyncio.Event()
        self._none_open.set()
        self._draining = False

    async def start(self, *, preload: bool) -> None:
        """See ModelManager.start. Raises SettingsError for a voice of the settings that there is not."""
        await self.manager.start(preload=preload)
        self.voices.check_settings()
        if self._stand_in is not None:
            await self._stand_in.start(preload=True)

    async def warm(self) -> None:
        """Wait until somebody can speak."""
        if self._stand_in is not None:
            await self._stand_in.warm()
        else:
            await self.manager.warm()

    async def close(self) -> None:
        """See ModelManager.close."""
        managers = [self.manager] if self._stand_in is None else [self.manager, self._stand_in]
        await asyncio.gather(*(manager.close() for manager in managers))

    @property
    def capabilities(self) -> Capabilities:
        return self.manager.capabilities

    @property
    def is_draining(self) -> bool:
        return self._draining

    @property
    def active(self) -> int:
        return len(self._open)

    def utterance(self, order: Order, caller: Caller | None = None) -> Utterance:
        """Raises InvalidRequest for what cannot be spoken, Refusal while draining."""
        self._check_not_draining()
        return Utterance(self, order, caller or Caller())

    def whole_utterance(self, order: Order, text: str, caller: Caller | None = None) -> Utterance:
        """One whose text is all there. Raises what `utterance` and `feed` raise, and TextEmpty."""
        utterance = self.utterance(order, caller)
        utterance.feed(text)
        utterance.check_text()
        utterance.end_text()
        return utterance

    async def encode_reference(self, audio: Audio, transcript: str | None) -> VoicePrompt:
        """See SpeechEngine; it is brought first."""
        async with self._engine_for("cloned") as engine:
            return await engine.encode_reference(audio, transcript)

    async def encode(self, audio: Audio) -> list[list[int]]:
        """See SpeechEngine."""
        async with self._engine_for(None) as engine:
            return await engine.encode(audio)

    async def decode(self, codes: list[list[int]]) -> Audio:
        """See SpeechEngine. Raises Refusal for more than its answer could carry."""
        most = LONGEST_DECODED_S * self.capabilities.sample_rate // self.capabilities.samples_per_frame
        if len(codes) > most:
            raise Refusal("too_large", f"{len(codes)} frames, and at most {most} are decoded at once", param="codes")
        async with self._engine_for(None) as engine:
            return await engine.decode(codes)

    def _engine_for(self, kind: VoiceKind | None) -> AbstractAsyncContextManager[SpeechEngine]:
        """Raises InvalidRequest if no engine of ours does this, Refusal while draining."""
        self._check_not_draining()
        if kind is not None and kind not in self.capabilities.voice_kinds:
            raise InvalidRequest(f"nothing that is loaded makes {kind} voices; {DOWNLOAD_QWEN}", param="voice")
        if self.capabilities.is_preview:
            raise InvalidRequest(f"the preview voice has no codec; {DOWNLOAD_QWEN}", param="codes")
        return self.manager.lease()

    def manager_for(self, choice: Choice) -> ModelManager:
        """Who speaks: the engine, or else who stands in for it if it is brought. It is brought in any case."""
        is_up = self.manager.state == "ready"
        if self._stand_in is None or is_up or (choice.voice is not None and choice.voice.kind != "preset"):
            return self.manager
        self.manager.prepare()
        return self._stand_in

    def model_of(self, engine: SpeechEngine, kind: VoiceKind) -> str:
        """The checkpoint that speaks this kind of voices, or the name of an engine that has none."""
        name = engine.capabilities.engine
        models = self.manager.status.models if name == self.capabilities.engine else ()
        return next((model.name for model in models if model.kind == kind), name)

    def voices_on(self, engine: SpeechEngine, choice: Choice) -> tuple[VoiceCatalogue, Choice]:
        """The catalogue and the choice; who stands in has voices of its own, and takes the language's."""
        capabilities = engine.capabilities
        if self._stand_in is None or capabilities.engine == self.capabilities.engine:
            return self.voices, choice
        voices = VoiceCatalogue(lambda: capabilities, default_voice=None, default_language=self.voices.default_language)
        language = choice.language if choice.language in voices.languages else AUTO
        return voices, Choice(None, language, gender=choice.gender, absent=choice.absent)

    def _check_not_draining(self) -> None:
        if self._draining:
            raise draining()

    async def quiet(self) -> None:
        """Until no utterance is open."""
        await self._none_open.wait()

    async def drain(self, limit_s: float) -> None:
        """Refuse new utterances, let the running ones end, cancel those that have not after `limit_s`."""
        self._draining = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                await self.quiet()
        for utterance in list(self._open):
            utterance.cancel()

    def add(self, utterance: Utterance) -> None:
        self._open.add(utterance)
        self._none_open.clear()
        self._metrics.rows_active.set(len(self._open))

    def remove(self, utterance: Utterance) -> None:
        self._open.discard(utterance)
        if not self._open:
            self._none_open.set()
        self._metrics.rows_active.set(len(self._open))
        self._report(utterance)
        if take := utterance.take:
            self.takes.add(utterance.request_id, take)

    def _report(self, utterance: Utterance) -> None:
        measures, protocol = utterance.measures, utterance.protocol
        self.reports[utterance.request_id] = Report(utterance.voice, utterance.language, utterance.end, measures)
        self._metrics.utterances.labels(protocol, utterance.end).inc()
        self._metrics.audio_seconds.labels(protocol).inc(measures.audio_s)
        self._metrics.characters.labels(protocol).inc(measures.chars)
        if measures.ttfa_s is not None:
            self._metrics.ttfa_seconds.labels(protocol).observe(measures.ttfa_s)
        if measures.rtf is not None:
            self._metrics.rtf.observe(measures.rtf)
        logger.info(
            "speech id=%s protocol=%s voice=%s language=%s chars=%d audio_s=%.2f queue_s=%.2f ttfa_s=%s rtf=%s end=%s",
            utterance.request_id, protocol, utterance.voice or "-", utterance.language or "-", measures.chars,
            measures.audio_s, measures.queue_s, _shown(measures.ttfa_s), _shown(measures.rtf), utterance.end,
        )  # fmt: skip
        if self.config.log_text:
            logger.info("speech id=%s text=%r", utterance.request_id, utterance.text)


def _speed_changer(capabilities: Capabilities, speed: float) -> "SpeedChanger":
    """For engines that have one speed. In a thread: only who asks for another pays for FFmpeg."""
    from qwen3tts_daemon.audio.ffmpeg import SpeedChanger

    return SpeedChanger(capabilities.sample_rate, speed)


def _shown(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.3f}"
