"""ToneEngine: a SpeechEngine without a model. The same text gives the same tone."""

import asyncio
import functools
import logging
import math
import os
import re
import signal
import struct
import time
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from qwen3tts_daemon.embedded import voices as embedded
from qwen_tts.api import (
    Audio,
    AudioChunk,
    Capabilities,
    EngineStatus,
    ModelStatus,
    PresetVoice,
    StreamEnd,
    SynthesisRequest,
    VoiceInfo,
    VoiceKind,
    VoicePrompt,
    WordTime,
)
from qwen_tts.checkpoint.capabilities import voice_info
from qwen_tts.config.languages import LANGUAGES
from qwen_tts.config.release_speakers import RELEASE_SPEAKERS
from qwen_tts.errors import (
    EngineBusy,
    EngineFailed,
    InvalidRequest,
    ModelUnavailable,
    OutOfMemory,
    SynthesisFailed,
    UnknownVoice,
    UnsupportedLanguage,
)
from qwen_tts.stream import WINDOW_FRAMES, AudioStream
from tests.prompts import prompt_bytes

logger = logging.getLogger(__name__)

SAMPLE_RATE = 24_000
SAMPLES_PER_FRAME = 1_920
MS_PER_CHAR = 60
SAMPLES_PER_CHAR = MS_PER_CHAR * SAMPLE_RATE // 1000

VOICES = (
    VoiceInfo(name="tone", languages=("en", "de", "fr"), description="Tone, a test voice", gender="female"),
    VoiceInfo(name="gong", languages=("zh",), description="Gong, a test voice", gender="male"),
)


def preview_voices() -> tuple[VoiceInfo, ...]:
    """The whole table of the preview voice, installed or not."""
    return tuple(
        VoiceInfo(
            name=voice.name, languages=voice.languages, description=voice.description, gender=voice.gender,
            accented=voice.accented,
        )
        for voice in embedded.VOICES
    )  # fmt: skip


def qwen_voices() -> tuple[VoiceInfo, ...]:
    """The release's nine speakers."""
    return tuple(voice_info(name, tuple(LANGUAGES)) for name in RELEASE_SPEAKERS)


TABLES = {"tone": lambda: VOICES, "preview": preview_voices, "qwen": qwen_voices}


@functools.lru_cache(64)
def tone(text: str) -> bytes:
    """PCM of `text`: a sine whose pitch is the text's and whose length is `MS_PER_CHAR` a character."""
    pitch = 200 + zlib.crc32(text.encode()) % 400
    samples = len(text) * MS_PER_CHAR * SAMPLE_RATE // 1000
    return (_second_of(pitch) * (samples // SAMPLE_RATE + 1))[: 2 * samples]


@functools.cache
def _second_of(pitch: int) -> bytes:
    """After it a sine begins anew."""
    step = 2 * math.pi * pitch / SAMPLE_RATE
    return struct.pack(f"<{SAMPLE_RATE}h", *(round(8_000 * math.sin(step * i)) for i in range(SAMPLE_RATE)))


class Clock:
    """A time that goes by when a test says so."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


class _Tones:
    """One stream's pieces of text, made into chunks frame by frame."""

    def __init__(self, engine: "ToneEngine", request: SynthesisRequest) -> None:
        self._engine = engine
        self.pieces = deque([] if request.live else [request.text])
        self.text_ended = not request.live
        self._wants_words = request.word_times
        self.taken_samples = 0
        self.changed = asyncio.Event()
        self.task: asyncio.Task[None] | None = None
        self.audio = AudioStream(self, live=request.live)

    def feed(self, text: str) -> None:
        if "[refuse]" in text:
            raise SynthesisFailed("the text asked to be refused")
        self.pieces.append(text)
        self.changed.set()

    def flush(self) -> None:
        pass  # every piece is spoken as it comes

    def end_text(self) -> None:
        self.text_ended = True
        self.changed.set()

    def cancel(self) -> None:
        if self.task is not None:
            self._engine.leave(self.task)
            self.task.cancel()

    def taken(self, samples: int) -> None:
        self.taken_samples += samples
        self.changed.set()

    async def run(self) -> None:
        first_sample = segment = unread = 0
        due = asyncio.get_running_loop().time()
        while True:
            if self.pieces:
                text = self.pieces.popleft()
                words = self._words(text, first_sample)
                for pcm in frames(b"" if "[mute]" in text else tone(text)):
                    due = await self._engine.work(text, due)
                    await self._room(first_sample)
                    self.audio.push(
                        AudioChunk(
                            pcm=pcm, first_sample=first_sample, sample_rate=SAMPLE_RATE, segment=segment, words=words
                        )
                    )
                    words = ()
                    self._engine.frames_made += 1
                    first_sample += len(pcm) // 2
                segment += 1
                unread += "[mute]" in text
                if "[limit]" in text:
                    self.audio.finish(
                        StreamEnd(reason="limit", guards={"length": 1}, queue_s=self._engine.queue_s, synthesis_s=0.001)
                    )
                    return
            elif self.text_ended:
                self.audio.finish(StreamEnd(unread=unread, queue_s=self._engine.queue_s, synthesis_s=0.001))
                return
            else:
                self.changed.clear()
                await self.changed.wait()

    def _words(self, text: str, first_sample: int) -> tuple[WordTime, ...]:
        """A word takes as long as its characters."""
        if not (self._wants_words and self._engine.capabilities.word_times):
            return ()
        spans = [found.span() for found in re.finditer(r"\S+", text)]
        return tuple(
            WordTime(start, end, first_sample + start * SAMPLES_PER_CHAR, first_sample + end * SAMPLES_PER_CHAR)
            for start, end in spans
        )

    async def _room(self, made: int) -> None:
        """Wait until the reader is less than a window behind."""
        while made - self.taken_samples >= WINDOW_FRAMES * SAMPLES_PER_FRAME:
            self.changed.clear()
            await self.changed.wait()


def never(mark: str) -> None:
    """A factory that tells who it is and does not return."""
    Path(mark).write_text(str(os.getpid()))
    time.sleep(3600)


def no_memory() -> "ToneEngine":
    """A factory that finds none."""
    raise MemoryError


def engine_without_memory() -> "ToneEngine":
    """It can speak, and nothing else."""
    return _Poor()


def frames(pcm: bytes) -> Iterator[bytes]:
    for start in range(0, len(pcm), SAMPLES_PER_FRAME * 2):
        yield pcm[start : start + SAMPLES_PER_FRAME * 2]


class ToneEngine:
    """Can be slow (`frame_s`), small (`rows`), failing, dying, mute and at its limit (by words in the text).

    It is made within `start_s`; if `slow_once` is the path of a file, only until that is there.
    """

    def __init__(
        self,
        *,
        start_s: float = 0.0,
        slow_once: str = "",
        frame_s: float = 0.0,
        queue_s: float = 0.0,
        rows: int = 512,
        load_s: float = 0.0,
        load_fails: str = "",
        preview: bool = True,
        kinds: Sequence[VoiceKind] = ("preset",),
        table: str = "tone",
        instruct: Sequence[VoiceKind] | None = None,
        phonemes: Literal["", "ipa"] = "",
        word_times: bool = False,
    ) -> None:
        """`table`: whose voices it has, of TABLES; they are tones all the same. `instruct`: the kinds that take
        instructions; None: all but cloned ones. `phonemes`, `word_times`: see Capabilities."""
        if start_s and not Path(slow_once).is_file():
            logger.info("the engine is being made")
            time.sleep(start_s)
        self.frame_s = frame_s
        self.queue_s = queue_s
        """What it says of every stream's time in its line"""
        self._load_s = load_s
        self._load_fails = load_fails
        self._running: dict[asyncio.Task[None], _Tones] = {}
        self.frames_made = 0
        self.asked: list[SynthesisRequest] = []
        self.asleep = False
        self.prepared: list[VoiceKind] = []
        self.died = asyncio.Event()
        self.status = EngineStatus(models=(ModelStatus(name="tone", kind="preset", size="", state="ready"),))
        voices = TABLES[table]() if "preset" in kinds else ()
        languages = tuple(dict.fromkeys(language for voice in voices or VOICES for language in voice.languages))
        self._capabilities = Capabilities(
            engine="tone", sample_rate=SAMPLE_RATE, samples_per_frame=SAMPLES_PER_FRAME, languages=languages,
            voice_kinds=tuple(kinds), voices=voices, live_text="sentences", rows=rows, is_preview=preview,
            phonemes=phonemes, word_times=word_times,
            voice_prompts="tone" if "cloned" in kinds else "",
            instruct_kinds=tuple(kind for kind in kinds if kind != "cloned") if instruct is None else tuple(instruct),
        )  # fmt: skip

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    @property
    def active(self) -> int:
        """Streams that still hold a row."""
        return len(self._running)

    def leave(self, task: asyncio.Task[None]) -> None:
        """Its row is free."""
        self._running.pop(task, None)

    async def work(self, text: str, due: float) -> float:
        """A frame of this text: `[fail]` fails, `[break]` breaks the engine for everybody, `[die]` kills the process,
        `[hang]` never ends.

        The frame is due `frame_s` after the one before; returns when this one was due.
        """
        if "[fail]" in text:
            raise SynthesisFailed("the text asked for a failure")
        if "[break]" in text:
            self._broken()
        if "[die]" in text:
            os.kill(os.getpid(), signal.SIGKILL)
        if "[hang]" in text:
            await asyncio.Event().wait()
        now = asyncio.get_running_loop().time()
        due = max(due + self.frame_s, now - self.frame_s)
        await asyncio.sleep(due - now)
        return due

    def _broken(self) -> None:
        for tones in list(self._running.values()):
            tones.audio.finish(EngineFailed("the text asked for the end"))

    def stream(self, request: SynthesisRequest) -> AudioStream:
        if self.died.is_set():
            raise ModelUnavailable("the engine is closed")
        voice = self._voice(request)
        if request.language not in ("auto", *voice.languages):
            raise UnsupportedLanguage(f"{voice.name} does not speak {request.language}", param="language")
        if len(self._running) >= self._capabilities.rows:
            raise EngineBusy(f"all {self._capabilities.rows} rows are in use")
        self.asked.append(request)
        tones = _Tones(self, request)
        tones.task = asyncio.create_task(self._run(tones))
        self._running[tones.task] = tones
        tones.task.add_done_callback(self.leave)
        return tones.audio

    def _voice(self, request: SynthesisRequest) -> VoiceInfo:
        if not isinstance(request.voice, PresetVoice):
            return VOICES[0]  # whoever it is sounds like that
        for voice in self._capabilities.voices:
            if voice.name == request.voice.name:
                return voice
        raise UnknownVoice(f"no voice {request.voice.name!r}", param="voice")

    async def _run(self, tones: _Tones) -> None:
        try:
            await tones.run()
        except SynthesisFailed as error:
            tones.audio.finish(error)

    async def encode_reference(self, audio: Audio, transcript: str | None) -> VoicePrompt:
        return VoicePrompt(prompt_bytes(transcript, audio.duration_s))

    async def encode(self, audio: Audio) -> list[list[int]]:
        return [[frame[0], frame[1]] for frame in frames(audio.pcm)]

    async def decode(self, codes: list[list[int]]) -> Audio:
        if any(token not in range(256) for frame in codes for token in frame):
            raise InvalidRequest("a codec token is within 0..255", param="codes")
        pcm = b"".join(bytes(frame) * SAMPLES_PER_FRAME for frame in codes)
        return Audio(pcm=pcm, sample_rate=SAMPLE_RATE)

    async def load(self) -> None:
        await asyncio.sleep(self._load_s)
        if self._load_fails:
            raise OutOfMemory(self._load_fails)

    def prepare(self, kind: VoiceKind) -> None:
        self.prepared.append(kind)

    async def sleep(self) -> None:
        self.asleep = True

    async def wake(self) -> None:
        self.asleep = False

    async def close(self) -> None:
        for task, tones in list(self._running.items()):
            task.cancel()
            tones.audio.finish(ModelUnavailable("the engine is closing"))
        self.died.set()


class _Poor(ToneEngine):
    async def load(self) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")

    async def encode(self, audio: Audio) -> list[list[int]]:
        raise MemoryError
