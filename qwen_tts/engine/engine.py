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
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec
import torch
from torch import Tensor

from qwen_tts.api import (
    Audio,
    AudioChunk,
    Capabilities,
    ClonedVoice,
    Limits,
    SynthesisRequest,
    VoiceKind,
    VoicePrompt,
    check_length,
)
from qwen_tts.checkpoint.capabilities import checkpoint_capabilities
from qwen_tts.checkpoint.clone import clone_voice
from qwen_tts.checkpoint.codec import PIECE_FRAMES
from qwen_tts.checkpoint.model import Model, default_device, default_dtype, load_model
from qwen_tts.checkpoint.voice_prompt import ReferenceVoice
from qwen_tts.config.checkpoint import CODEC_DIRECTORY, read_checkpoint_config, read_codec_config
from qwen_tts.config.engine import EngineConfig
from qwen_tts.engine.engine_stream import EngineStream
from qwen_tts.engine.fairness import check_place
from qwen_tts.engine.live_text import LiveSentences, LiveText
from qwen_tts.engine.loop import EngineLoop, Outcome, QueuePosition
from qwen_tts.errors import (
    EngineFailed,
    InvalidRequest,
    ModelLoading,
    ModelUnavailable,
    OutOfMemory,
    SynthesisError,
)
from qwen_tts.runtime.backends import may_chain, uses_kernels
from qwen_tts.runtime.codec_decoder import DecoderSnapshot
from qwen_tts.runtime.cuda_graphs import free_memory
from qwen_tts.runtime.runner import ModelRunner
from qwen_tts.stream import AudioStream

logger = logging.getLogger(__name__)

T = TypeVar("T")

_WARM_UP_S = 0.16

FIRST_ROWS = 2
"""As soon as so many can speak it is ready; the others follow meanwhile."""


class _Compilation(Protocol):
    """Kernels that are compiled in the background, for steps of more and more rows."""

    def is_ready(self, rows: int) -> bool: ...
    def wait(self, rows: int) -> None: ...
    def stop(self) -> None: ...


class _NothingToCompile:
    def is_ready(self, rows: int) -> bool:
        return True

    def wait(self, rows: int) -> None: ...
    def stop(self) -> None: ...


def create(**options: Any) -> "Engine":
    """An engine from the options of EngineConfig; what a worker process calls."""
    return Engine(EngineConfig.model_validate(options))


class Engine:
    """See SpeechEngine. What a checkpoint can do is known at once; `load` makes it ready."""

    def __init__(self, config: EngineConfig, *, now: Callable[[], float] = time.monotonic) -> None:
        self._config, self._now = config, now
        self._checkpoint = read_checkpoint_config(config.checkpoint)
        codec = read_codec_config(config.checkpoint / CODEC_DIRECTORY)
        self._capabilities = checkpoint_capabilities(self._checkpoint, codec, rows=config.rows, live_text="words")
        self._asked = config
        """Before it was made smaller to fit"""
        self.died = asyncio.Event()
        """Set when it has failed for good"""
        self._model: Model | None = None
        self._loop: EngineLoop | None = None
        self._runner: ModelRunner | None = None
        self._compilation: _Compilation = _NothingToCompile()
        self._event_loop: asyncio.AbstractEventLoop | None = None
        self._open: set[EngineStream] = set()
        self.idle = asyncio.Event()
        """Set while it has no stream"""
        self.idle.set()
        self._inbox: deque[Callable[[], None]] = deque()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._closing = False
        self._awake_device = torch.device("cpu")
        self._refusal: SynthesisError | None = None
        """Why nothing is done any more; set by the thread before it ends"""

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    @property
    def ready_rows(self) -> int:
        """Utterances that can be spoken at once by now: the engine gets ready for the rest of them after `load`."""
        return 0 if self._runner is None else self._runner.rows

    @property
    def active(self) -> int:
        """Streams that are spoken or wait for a row."""
        return len(self._open)

    # -- speaking ---------------------------------------------------------------------------------------------------

    def stream(self, request: SynthesisRequest) -> AudioStream:
        """See SpeechEngine."""
        self._check_ready()
        assert self._model is not None
        reference = self._reference(request)
        self._check(self._model, request)
        tokens = None if request.live else self._model.tokenizer.encode(request.text.strip())
        text = self._live_text(self._model, reference) if request.live else None
        if tokens is not None and len(tokens) > self._config.live_text.span_tokens:
            tokens, text = None, self._in_parts(self._model, request.text)
        self._check_place(request.client)
        seed = request.sampling.seed
        stream = EngineStream(
            request=request,
            reference=reference,
            seed=secrets.randbits(63) if seed is None else seed,
            tokens=tokens,
            text=text,
            samples_per_frame=self._capabilities.samples_per_frame,
            asked_s=self._now(),
            wake=self._wake.set,
            on_cancel=self._remove,
        )
        self._open.add(stream)
        self.idle.clear()
        self._tell(lambda: self._add(stream))
        return stream.audio

    def _check_place(self, client: str) -> None:
        """Raises EngineBusy."""
        rows, waiting = self._config.rows, [one for one in self._open if one.started_s is None]
        if len(self._open) >= rows:
            own = sum(one.request.client == client for one in waiting)
            own -= max(0, rows - (len(self._open) - len(waiting)))  # for them there are rows
            check_place(client, own, rows + self._config.queue - len(self._open))

    def _check(self, model: Model, request: SynthesisRequest) -> None:
        if request.speed != 1.0:
            raise InvalidRequest("the model has one speed; leave speed at 1", param="speed")
        check_length(len(request.text))
        model.prompts.check(request)

    def _reference(self, request: SynthesisRequest) -> ReferenceVoice | None:
        if not isinstance(request.voice, ClonedVoice) or "cloned" not in self._capabilities.voice_kinds:
            return None
        assert self._model is not None
        return ReferenceVoice.from_bytes(request.voice.prompt.data, **self._model.voice_geometry)

    def _live_text(self, model: Model, reference: ReferenceVoice | None) -> LiveText | LiveSentences:
        kind = LiveSentences if reference is not None and reference.codes is not None else LiveText
        return kind(model.tokenizer, self._config.live_text)

    def _in_parts(self, model: Model, text: str) -> LiveSentences:
        """A whole text that is too long for one sequence."""
        sentences = LiveSentences(model.tokenizer, self._config.live_text)
        sentences.feed(text, self._now())
        sentences.end()
        return sentences

    def _remove(self, stream: EngineStream) -> None:
        self._open.discard(stream)
        if not self._open:
            self.idle.set()

    def _check_ready(self) -> None:
        self._check_loaded()
        if self._loop is None:
            raise ModelUnavailable("the engine sleeps")

    def _check_loaded(self) -> None:
        if self._refusal is not None:
            raise self._refusal.with_traceback(None)
        if self._closing:
            raise ModelUnavailable("the engine is closed")
        if self._model is None:
            raise ModelLoading("the engine is not loaded")

    def prepare(self, kind: VoiceKind) -> None:
        """See SpeechEngine. There is one checkpoint, and it is loaded."""

    # -- voices and codes -------------------------------------------------------------------------------------------

    async def encode_reference(self, audio: Audio, transcript: str | None) -> VoicePrompt:
        """See SpeechEngine."""
        tail_s = self._config.guards.reference_tail_s
        return await self._call(lambda model: clone_voice(model, audio, transcript, tail_s=tail_s))

    async def encode(self, audio: Audio) -> list[list[int]]:
        """See SpeechEngine."""
        return await self._call(lambda model: model.codec.encode_audio(audio))

    async def decode(self, codes: list[list[int]]) -> Audio:
        """See SpeechEngine. A piece at a time: between two of them others speak."""
        pieces = (await self._call(lambda model: model.codec.checked(codes))).split(PIECE_FRAMES)
        pcm: list[bytes] = []
        snapshot: DecoderSnapshot | None = None
        for piece in pieces:
            self._check_ready()
            pcm_piece, snapshot = await self._in_thread(partial(self._decode, piece, snapshot))
            pcm.append(pcm_piece)
        return Audio(pcm=b"".join(pcm), sample_rate=self._capabilities.sample_rate)

    def _decode(self, codes: Tensor, snapshot: DecoderSnapshot | None) -> tuple[bytes, DecoderSnapshot]:
        if self._runner is None:
            raise ModelUnavailable("the engine sleeps")
        return self._runner.decode(codes, snapshot)

    async def _call(self, function: Callable[[Model], T]) -> T:
        """Run `function` in the engine's thread, between two steps."""
        self._check_ready()
        model = self._model
        assert model is not None
        return await self._in_thread(lambda: function(model))

    # -- life -------------------------------------------------------------------------------------------------------

    async def load(self) -> None:
        """See SpeechEngine."""
        if self._thread is not None or self._closing:
            raise ModelUnavailable("the engine was loaded before, or is closed")
        self._event_loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()
        await self._in_thread(self._load)
        if self._runner is not None and self._runner.is_cuda:
            await self._warm_up()

    async def _warm_up(self) -> None:
        """Two frames that nobody hears: what is used for the first time takes 50 ms."""
        assert self._model is not None
        voice = self._model.prompts.any_voice()
        request = SynthesisRequest(live=True, voice=voice, limits=Limits(max_audio_s=_WARM_UP_S))
        async with self.stream(request) as audio:
            audio.feed_now("Good evening, everybody.")
            audio.end_text()
            async for _ in audio:
                pass

    async def sleep(self) -> None:
        """See SpeechEngine."""
        self._check_loaded()
        await self._in_thread(self._fall_asleep)

    async def wake(self) -> None:
        """See SpeechEngine."""
        self._check_loaded()
        await self._in_thread(self._wake_up)

    async def close(self) -> None:
        """See SpeechEngine."""
        self._closing = True
        self._compilation.stop()  # a load may wait for it
        self._wake.set()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)

    # -- the engine's thread ----------------------------------------------------------------------------------------

    def _tell(self, action: Callable[[], None]) -> None:
        self._inbox.append(action)
        self._wake.set()

    def _read_inbox(self) -> None:
        """What came meanwhile waits for a step."""
        for _ in range(len(self._inbox)):
            self._inbox.popleft()()

    async def _in_thread(self, function: Callable[[], T]) -> T:
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()

        def run() -> None:
            try:
                if self._refusal is not None:
                    raise self._refusal
                result = function()
            except torch.OutOfMemoryError as error:
                logger.warning("a call did not fit into the device's memory: %s", error)
                self._on_loop(_fail, future, OutOfMemory("this does not fit into the device's memory"))
            except Exception as error:  # noqa: BLE001  handed to the caller
                self._on_loop(_fail, future, error)
            else:
                self._on_loop(_succeed, future, result)

        self._tell(run)
        return await future

    def _on_loop(self, function: Callable[..., None], *arguments: object) -> None:
        assert self._event_loop is not None
        with suppress(RuntimeError):  # it is closed: nobody is there any more
            self._event_loop.call_soon_threadsafe(function, *arguments)

    def _run(self) -> None:
        try:
            while not self._closing:
                self._wake.clear()
                self._read_inbox()
                if self._loop is None or not self._loop.step():
                    self._wait()
            self._refusal = ModelUnavailable("the engine is closed")
            self._let_go(self._refusal)
        except Exception as error:
            logger.exception("the engine failed")
            self._refusal = _failure(error)
            if self._loop is not None:
                self._loop.abort(self._refusal)
            self._on_loop(self.died.set)
        self._compilation.stop()
        self._on_loop(self._end_all, self._refusal)

    def _let_go(self, reason: SynthesisError) -> None:
        """End everybody and give the memory back."""
        if self._loop is not None and self._runner is not None:
            self._loop.abort(reason)
            self._runner.synchronize()  # what is on its way still writes
        self._model = self._loop = self._runner = None
        free_memory()

    def _wait(self) -> None:
        until = None if self._loop is None else self._loop.idle_until()
        if not self._inbox and not self._closing:
            self._wake.wait(None if until is None else max(0.0, until - self._now()))

    def _end_all(self, refusal: SynthesisError) -> None:
        """On the event loop, after the thread's last word: also for those that it has not seen, and calls that wait.

        Nobody comes later: whoever looks sees `refusal`.
        """
        for stream in list(self._open):
            stream.audio.finish(refusal)
        self._open.clear()
        self.idle.set()
        while self._inbox:
            self._read_inbox()
        self._model = self._loop = self._runner = None

    def _add(self, stream: EngineStream) -> None:
        if self._refusal is not None:
            return
        if self._loop is None:
            self._hand_on([(stream, ModelUnavailable("the engine sleeps"))])
        else:
            self._loop.add(stream)

    def _load(self) -> None:
        config = self._config
        device = default_device() if config.device is None else torch.device(config.device)
        if device.type == "cuda" and device.index is not None:
            torch.cuda.set_device(device)
        dtype = default_dtype(device) if config.dtype is None else getattr(torch, config.dtype)
        if config.threads is not None:
            torch.set_num_threads(config.threads)
        started = self._now()
        self._compile_ahead(device, dtype)
        model = load_model(Path(config.checkpoint), device, dtype, pre_tokenizer=config.pre_tokenizer)
        if device.type == "cuda":
            model.talker.fold_text()  # on a CPU it would take a minute
        self._start_loop(model)
        self._model = model
        free_memory()  # what the kernels' weights were made of
        logger.info("%s is ready after %.1f s", model.name, self._now() - started)

    def _compile_ahead(self, device: torch.device, dtype: torch.dtype) -> None:
        """What the kernels need, while the weights are loaded."""
        if not uses_kernels(self._config, self._checkpoint.talker, device, dtype):
            return
        from qwen_tts.runtime.precompile import Job, Precompilation  # there may be no triton

        job = Job(
            config=self._config, capability=torch.cuda.get_device_capability(device),
            dtype=str(dtype).removeprefix("torch."), chained=may_chain(device),
        )  # fmt: skip
        self._compilation = Precompilation(job, self._wake.set)

    def _start_loop(self, model: Model) -> None:
        """With fewer rows and positions than are usual where those do not fit."""
        self._resize(self._asked)
        while (runner := self._try_to_run(model)) is None:
            smaller = self._config.smaller()
            if smaller is None:
                raise OutOfMemory(
                    f"{model.name} does not fit beside what is on the device: give fewer rows or kv_positions"
                )
            logger.warning(
                "%d rows and %d positions do not fit into the device's memory: trying %d and %d",
                self._config.rows, self._config.kv_positions, smaller.rows, smaller.kv_positions,
            )  # fmt: skip
            self._resize(smaller)
            free_memory()
        self._runner = runner
        self._loop = EngineLoop(
            model, runner, self._config, self._now, self._hand_on, is_compiled=self._compilation.is_ready
        )

    def _resize(self, config: EngineConfig) -> None:
        self._config = config
        self._capabilities = msgspec.structs.replace(self._capabilities, rows=config.rows)

    def _try_to_run(self, model: Model) -> ModelRunner | None:
        """A runner of the first rows; None if the device's memory does not hold it."""
        try:
            runner = ModelRunner(model, self._config)
            while runner.rows < FIRST_ROWS and runner.next_bucket is not None:
                self._compilation.wait(runner.next_bucket)
                if self._closing:
                    raise ModelUnavailable("the engine is closed")
                runner.prepare()
        except torch.OutOfMemoryError:
            return None
        return runner

    def _fall_asleep(self) -> None:
        if self._loop is None or self._runner is None:
            return
        self._loop.abort(ModelUnavailable("the engine falls asleep"))
        self._runner.synchronize()  # what is on its way still writes
        self._loop = self._runner = None
        assert self._model is not None
        self._awake_device = self._model.talker.device
        self._model.to(torch.device("cpu"))
        free_memory()

    def _wake_up(self) -> None:
        if self._loop is None:
            assert self._model is not None
            try:
                self._model.to(self._awake_device)
                self._start_loop(self._model)
            except (SynthesisError, torch.OutOfMemoryError):
                self._model.to(torch.device("cpu"))  # it sleeps on
                free_memory()
                raise

    def _hand_on(self, out: list[tuple[EngineStream, Outcome]]) -> None:
        self._on_loop(self._give, out)

    def _give(self, out: list[tuple[EngineStream, Outcome]]) -> None:
        for stream, outcome in out:
            match outcome:
                case AudioChunk():
                    stream.audio.push(outcome)
                case QueuePosition(number):
                    stream.audio.tell_place(number)
                case _:
                    self._remove(stream)
                    stream.audio.finish(outcome)


def _failure(error: Exception) -> EngineFailed:
    """A device that failed once is not trusted again."""
    reason = "the device's memory is full" if isinstance(error, torch.OutOfMemoryError) else type(error).__name__
    return EngineFailed(f"the engine failed and must be started again: {reason}, see the log")


def _succeed(future: asyncio.Future[T], result: T) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: asyncio.Future[Any], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
