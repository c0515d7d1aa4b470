"""Engine: a checkpoint as a SpeechEngine. Many listeners, one thread on the device.

```python
engine = Engine(EngineConfig(checkpoint=Path("models/Qwen3-TTS-12Hz-1.7B-CustomVoice")))
await engine.load()
async with engine.stream(SynthesisRequest(text="Good evening.", voice=PresetVoice("vivian"))) as audio:
    async for chunk in audio:
        play(chunk.pcm)
```
"""

import asyncio
import logging
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import torch

from qwen_tts.api import (
    MAX_TEXT_CHARS,
    Audio,
    AudioChunk,
    Capabilities,
    ClonedVoice,
    StreamEnd,
    SynthesisRequest,
    VoicePrompt,
)
from qwen_tts.capabilities import checkpoint_capabilities
from qwen_tts.cloning import clone_voice
from qwen_tts.config import read_checkpoint_config, read_codec_config
from qwen_tts.engine_config import EngineConfig
from qwen_tts.engine_loop import EngineLoop, Outcome
from qwen_tts.errors import (
    EngineBusy,
    InvalidRequest,
    ModelLoading,
    ModelUnavailable,
    OutOfMemory,
    SynthesisError,
    TextTooLong,
)
from qwen_tts.live_text import LiveSentences, LiveText
from qwen_tts.model import CODEC_DIRECTORY, Model, default_device, default_dtype, load_model
from qwen_tts.runner import ModelRunner
from qwen_tts.stream import AudioStream
from qwen_tts.utterance import Utterance
from qwen_tts.voice_prompt import ReferenceVoice

logger = logging.getLogger(__name__)

T = TypeVar("T")


def create(**options: Any) -> "Engine":
    """An engine from the options of EngineConfig; what a worker process calls."""
    return Engine(EngineConfig.model_validate(options))


class Engine:
    """See SpeechEngine. What a checkpoint can do is known at once; `load` makes it ready."""

    def __init__(self, config: EngineConfig, *, now: Callable[[], float] = time.monotonic) -> None:
        self._config, self._now = config, now
        checkpoint = read_checkpoint_config(config.checkpoint)
        codec = read_codec_config(config.checkpoint / CODEC_DIRECTORY)
        self._capabilities = checkpoint_capabilities(checkpoint, codec, rows=config.rows, live_text="words")
        self._model: Model | None = None
        self._loop: EngineLoop | None = None
        self._runner: ModelRunner | None = None
        self._event_loop: asyncio.AbstractEventLoop | None = None
        self._open: set[Utterance] = set()
        self._inbox: deque[Callable[[], None]] = deque()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._closing = False
        self._failure: SynthesisError | None = None

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    # -- speaking ---------------------------------------------------------------------------------------------------

    def stream(self, request: SynthesisRequest) -> AudioStream:
        """See SpeechEngine."""
        self._check_ready()
        assert self._model is not None
        reference = self._reference(request)
        self._check(self._model, request)
        live = request.live
        tokens = None if live else self._model.tokenizer.encode(request.text.strip())
        if len(self._open) >= self._config.rows + self._config.queue:
            raise EngineBusy(
                f"{self._config.rows} utterances are spoken and {self._config.queue} wait", retry_after_s=1
            )
        seed = request.sampling.seed
        utterance = Utterance(
            request=request,
            reference=reference,
            seed=secrets.randbits(63) if seed is None else seed,
            tokens=tokens,
            text=self._live_text(self._model, reference) if live else None,
            samples_per_frame=self._capabilities.samples_per_frame,
            asked_s=self._now(),
            wake=self._wake.set,
            left=self._left,
        )
        self._open.add(utterance)
        self._tell(lambda: self._add(utterance))
        return utterance.audio

    def _check(self, model: Model, request: SynthesisRequest) -> None:
        if request.speed != 1.0:
            raise InvalidRequest("the model has one speed; leave speed at 1", param="speed")
        if len(request.text) > MAX_TEXT_CHARS:
            raise TextTooLong(f"text has {len(request.text)} characters of at most {MAX_TEXT_CHARS}", param="text")
        model.prompts.check(request)

    def _reference(self, request: SynthesisRequest) -> ReferenceVoice | None:
        if not isinstance(request.voice, ClonedVoice) or "cloned" not in self._capabilities.voice_kinds:
            return None
        assert self._model is not None
        return ReferenceVoice.from_bytes(request.voice.prompt.data, **self._model.voice_geometry)

    def _live_text(self, model: Model, reference: ReferenceVoice | None) -> LiveText | LiveSentences:
        kind = LiveSentences if reference is not None and reference.codes is not None else LiveText
        return kind(model.tokenizer, self._config.live_text)

    def _left(self, utterance: Utterance) -> None:
        self._open.discard(utterance)

    def _check_ready(self) -> None:
        if self._failure is not None:
            raise self._failure
        if self._closing:
            raise ModelUnavailable("the engine is closed")
        if self._loop is None:
            raise ModelLoading("the engine is not loaded")

    # -- voices and codes -------------------------------------------------------------------------------------------

    async def encode_reference(self, audio: Audio, transcript: str | None) -> VoicePrompt:
        """See SpeechEngine."""
        tail_s = self._config.guards.reference_tail_s
        return await self._call(lambda model: clone_voice(model, audio, transcript, tail_s=tail_s))

    async def encode(self, audio: Audio) -> list[list[int]]:
        """See SpeechEngine."""
        return await self._call(lambda model: model.codec.encode_audio(audio))

    async def decode(self, codes: list[list[int]]) -> Audio:
        """See SpeechEngine."""
        return await self._call(lambda model: model.codec.decode_audio(codes))

    async def _call(self, function: Callable[[Model], T]) -> T:
        """Run `function` in the engine's thread, between two steps."""
        self._check_ready()
        return await self._in_thread(lambda: function(self._ready_model()))

    def _ready_model(self) -> Model:
        if self._model is None:
            raise ModelUnavailable("the engine sleeps")
        return self._model

    # -- life -------------------------------------------------------------------------------------------------------

    async def load(self) -> None:
        """See SpeechEngine."""
        if self._thread is not None:
            raise ModelUnavailable("the engine was loaded before")
        self._event_loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()
        await self._in_thread(self._load)

    async def sleep(self) -> None:
        """See SpeechEngine."""
        self._check_ready()
        await self._in_thread(self._fall_asleep)

    async def wake(self) -> None:
        """See SpeechEngine."""
        await self._in_thread(self._wake_up)

    async def close(self) -> None:
        """See SpeechEngine."""
        if self._closing:
            return
        self._closing = True
        self._wake.set()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)

    # -- the engine's thread ----------------------------------------------------------------------------------------

    def _tell(self, action: Callable[[], None]) -> None:
        self._inbox.append(action)
        self._wake.set()

    async def _in_thread(self, function: Callable[[], T]) -> T:
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()

        def run() -> None:
            try:
                result = function()
            except Exception as error:  # noqa: BLE001  handed to the caller
                self._on_loop(_fail, future, error)
            else:
                self._on_loop(_succeed, future, result)

        self._tell(run)
        return await future

    def _on_loop(self, function: Callable[..., None], *arguments: object) -> None:
        assert self._event_loop is not None
        if not self._event_loop.is_closed():
            self._event_loop.call_soon_threadsafe(function, *arguments)

    def _run(self) -> None:
        try:
            while not self._closing:
                self._wake.clear()
                while self._inbox:
                    self._inbox.popleft()()
                if self._loop is None or not self._loop.step():
                    self._wait()
            self._abort(ModelUnavailable("the engine is closing"))
        except Exception as error:
            logger.exception("the engine failed")
            self._fail_for_good(error)

    def _wait(self) -> None:
        until = None if self._loop is None else self._loop.idle_until()
        if not self._inbox:
            self._wake.wait(None if until is None else max(0.0, until - self._now()))

    def _fail_for_good(self, error: Exception) -> None:
        """A device that failed once is not trusted again: whoever runs the engine starts another process."""
        kind = OutOfMemory if isinstance(error, torch.OutOfMemoryError) else ModelUnavailable
        self._failure = kind(f"the engine failed and must be started again: {type(error).__name__}, see the log")
        self._abort(self._failure)
        while self._inbox:
            self._inbox.popleft()()

    def _abort(self, error: SynthesisError) -> None:
        if self._loop is not None:
            self._loop.abort(error)
        self._on_loop(self._end_all, error)

    def _end_all(self, error: SynthesisError) -> None:
        """Also those that the thread has not seen yet."""
        for utterance in list(self._open):
            utterance.audio.finish(error)
        self._open.clear()

    def _add(self, utterance: Utterance) -> None:
        if self._loop is None:
            self._on_loop(utterance.audio.finish, ModelUnavailable("the engine sleeps"))
        else:
            self._loop.add(utterance)

    def _load(self) -> None:
        config = self._config
        device = default_device() if config.device is None else torch.device(config.device)
        dtype = default_dtype(device) if config.dtype is None else getattr(torch, config.dtype)
        if config.threads is not None:
            torch.set_num_threads(config.threads)
        started = self._now()
        self._model = load_model(Path(config.checkpoint), device, dtype, pre_tokenizer=config.pre_tokenizer)
        self._start_loop(self._model)
        logger.info("%s is ready after %.1f s", self._model.name, self._now() - started)

    def _start_loop(self, model: Model) -> None:
        try:
            self._runner = ModelRunner(model, self._config)
            for rows in self._runner.buckets:
                self._runner.prepare(rows)
        except torch.OutOfMemoryError as error:
            raise OutOfMemory(
                f"{model.name} does not fit beside what is on the device: give fewer rows or kv_positions"
            ) from error
        self._loop = EngineLoop(model, self._runner, self._config, self._now, self._hand_on)

    def _fall_asleep(self) -> None:
        if self._loop is not None:
            self._loop.abort(ModelUnavailable("the engine falls asleep"))
        self._loop = self._runner = None

    def _wake_up(self) -> None:
        if self._loop is None:
            self._start_loop(self._ready_model())

    def _hand_on(self, out: list[tuple[Utterance, Outcome]]) -> None:
        self._on_loop(self._give, out)

    def _give(self, out: list[tuple[Utterance, Outcome]]) -> None:
        for utterance, outcome in out:
            if isinstance(outcome, AudioChunk):
                utterance.audio.push(outcome)
            else:
                assert isinstance(outcome, StreamEnd | SynthesisError)
                self._left(utterance)
                utterance.audio.finish(outcome)


def _succeed(future: asyncio.Future[T], result: T) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: asyncio.Future[Any], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
