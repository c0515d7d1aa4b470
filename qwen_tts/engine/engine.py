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
import secrets
import time
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import msgspec
from torch import Tensor

from qwen_tts.api import (
    Audio,
    AudioChunk,
    Capabilities,
    ClonedVoice,
    Limits,
    QueuePosition,
    SettledLayout,
    SynthesisRequest,
    VoiceKind,
    VoicePrompt,
    check_length,
)
from qwen_tts.checkpoint.capabilities import checkpoint_capabilities
from qwen_tts.checkpoint.clone import clone_voice
from qwen_tts.checkpoint.codec import PIECE_FRAMES
from qwen_tts.checkpoint.model import Model
from qwen_tts.checkpoint.voice_prompt import ReferenceVoice
from qwen_tts.config.checkpoint import CODEC_DIRECTORY, read_checkpoint_config, read_codec_config
from qwen_tts.config.engine import EngineConfig
from qwen_tts.engine.engine_stream import EngineStream
from qwen_tts.engine.fairness import check_may_wait
from qwen_tts.engine.live_text import LiveSentences, LiveText, reads_words
from qwen_tts.engine.loaded_checkpoint import Factories, LoadedCheckpoint
from qwen_tts.engine.loop import Outcome
from qwen_tts.engine.stream_sound import StreamSound
from qwen_tts.engine.thread import DeviceThread
from qwen_tts.errors import (
    EngineFailed,
    ModelLoading,
    ModelUnavailable,
    SynthesisError,
)
from qwen_tts.runtime.codec_decoder import DecoderSnapshot
from qwen_tts.stream import AudioStream
from qwen_tts.text.blanks import BLANKS

T = TypeVar("T")

_WARM_UP_S = 0.16

QUIET_S = 3.0
"""Once nobody has spoken for this long, the codec's encoder is prepared."""


def create(**options: Any) -> "Engine":
    """An engine from the options of EngineConfig; what a worker process calls."""
    return Engine(EngineConfig.model_validate(options))


class Engine:
    """See SpeechEngine. What a checkpoint can do is known at once; `load` makes it ready."""

    def __init__(
        self, config: EngineConfig, *, now: Callable[[], float] = time.monotonic, factories: Factories | None = None,
        quiet_s: float = QUIET_S,
    ) -> None:  # fmt: skip
        self._config, self._now = config, now
        checkpoint = read_checkpoint_config(config.checkpoint)
        codec = read_codec_config(config.checkpoint / CODEC_DIRECTORY)
        self._capabilities = checkpoint_capabilities(checkpoint, codec, rows=config.rows, live_text="words")
        self.died = asyncio.Event()
        """Set when it has failed for good"""
        self.idle = asyncio.Event()
        """Set while it has no stream"""
        self.idle.set()
        self._open: set[EngineStream] = set()
        self._loaded = LoadedCheckpoint(config, checkpoint.talker, now, self._deliver, factories or Factories())
        self._thread = DeviceThread(self._loaded, now, self._end_all)
        self._quiet_s = quiet_s
        self._preparing: asyncio.Task[None] | None = None

    @property
    def capabilities(self) -> Capabilities:
        return msgspec.structs.replace(self._capabilities, rows=self._loaded.config.rows)

    @property
    def ready_rows(self) -> int:
        """Utterances that can be spoken at once by now: the engine gets ready for the rest of them after `load`."""
        runner = self._loaded.runner
        return 0 if runner is None else runner.rows

    @property
    def active(self) -> int:
        """Streams that are spoken or wait for a row."""
        return len(self._open)

    # -- speaking ---------------------------------------------------------------------------------------------------

    def stream(self, request: SynthesisRequest) -> AudioStream:
        """See SpeechEngine."""
        model = self._ready_model()
        reference = self._reference(model, request)
        self._check(model, request)
        layout = request.layout(self._config.text_layout)
        tokens, text = self._text_of(model, request, layout, reference)
        self._check_queue(request.client)
        seed = request.sampling.seed
        stream = EngineStream(
            request=request,
            reference=reference,
            seed=secrets.randbits(63) if seed is None else seed,
            tokens=tokens,
            text=text,
            layout=layout,
            sound=StreamSound(
                self._capabilities.samples_per_frame, self._capabilities.sample_rate, holds_back=not request.streamed
            ),
            asked_s=self._now(),
            wake=self._thread.wake,
            on_cancel=self._remove,
        )
        self._open.add(stream)
        self.idle.clear()
        self._thread.post(partial(self._loaded.add, stream))
        return stream.audio

    def _check_queue(self, client: str) -> None:
        """Raises EngineBusy."""
        rows, waiting = self._loaded.config.rows, [one for one in self._open if one.started_s is None]
        if len(self._open) >= rows:
            own = sum(one.request.client == client for one in waiting)
            own -= max(0, rows - (len(self._open) - len(waiting)))  # for them there are rows
            check_may_wait(client, own, rows + self._config.queue - len(self._open))

    def _check(self, model: Model, request: SynthesisRequest) -> None:
        check_length(len(request.text))
        model.prompts.check(request)

    def _reference(self, model: Model, request: SynthesisRequest) -> ReferenceVoice | None:
        if not isinstance(request.voice, ClonedVoice) or "cloned" not in self._capabilities.voice_kinds:
            return None
        return ReferenceVoice.from_bytes(request.voice.prompt.data, **model.voice_geometry)

    def _text_of(
        self, model: Model, request: SynthesisRequest, layout: SettledLayout, reference: ReferenceVoice | None
    ) -> tuple[list[int] | None, LiveText | LiveSentences | None]:
        """The tokens of a whole text; or it comes bit by bit, because it is live or too long for one sequence."""
        config = self._config.live_text
        if request.live:
            has_transcript = reference is not None and reference.codes is not None
            if reads_words(request, layout, has_transcript=has_transcript):
                return None, LiveText(model.tokenizer, config)
            return None, LiveSentences(model.tokenizer, config, waits_for_end=request.fed_at_once)
        tokens = model.tokenizer.encode(request.text.strip(BLANKS))
        if len(tokens) <= config.span_tokens:
            return tokens, None
        sentences = LiveSentences(model.tokenizer, config)
        sentences.feed(request.text, self._now())
        sentences.end()
        return None, sentences

    def _remove(self, stream: EngineStream) -> None:
        self._open.discard(stream)
        if not self._open:
            self.idle.set()

    def _loaded_model(self) -> Model:
        """Awake or asleep. Raises why there is none."""
        self._thread.check()
        if self._loaded.model is None:
            raise ModelLoading("the engine is not loaded")
        return self._loaded.model

    def _ready_model(self) -> Model:
        """Raises why nobody can speak."""
        model = self._loaded_model()
        if not self._loaded.is_awake:
            raise ModelUnavailable("the engine sleeps")
        return model

    def prepare(self, kind: VoiceKind) -> None:
        """See SpeechEngine. There is one checkpoint, and it is loaded."""

    # -- voices and codes -------------------------------------------------------------------------------------------

    async def encode_reference(self, audio: Audio, transcript: str | None) -> VoicePrompt:
        """See SpeechEngine."""
        if transcript is not None:
            await self._prepare_encoder()
        tail_s = self._config.guards.reference_tail_s
        return await self._call(lambda model: clone_voice(model, audio, transcript, tail_s=tail_s))

    async def encode(self, audio: Audio) -> list[list[int]]:
        """See SpeechEngine."""
        await self._prepare_encoder()
        return await self._call(lambda model: model.codec.encode_audio(audio))

    async def _prepare_encoder(self) -> None:
        """Beside the engine's thread: the first time takes seconds, and others speak meanwhile."""
        await self._thread.beside(self._ready_model().codec.encoder.prepare)

    async def decode(self, codes: list[list[int]]) -> Audio:
        """See SpeechEngine. A piece at a time: between two of them others speak."""
        pieces = (await self._call(lambda model: model.codec.checked(codes))).split(PIECE_FRAMES)
        pcm: list[bytes] = []
        snapshot: DecoderSnapshot | None = None
        for piece in pieces:
            self._ready_model()
            pcm_piece, snapshot = await self._thread.call(partial(self._decode, piece, snapshot))
            pcm.append(pcm_piece)
        return Audio(pcm=b"".join(pcm), sample_rate=self._capabilities.sample_rate)

    def _decode(self, codes: Tensor, snapshot: DecoderSnapshot | None) -> tuple[bytes, DecoderSnapshot]:
        if self._loaded.runner is None:
            raise ModelUnavailable("the engine sleeps")
        return self._loaded.runner.decode(codes, snapshot)

    async def _call(self, function: Callable[[Model], T]) -> T:
        """Run `function` in the engine's thread, between two steps."""
        return await self._thread.call(partial(function, self._ready_model()))

    # -- life -------------------------------------------------------------------------------------------------------

    async def load(self) -> None:
        """See SpeechEngine."""
        self._thread.start()
        await self._thread.call(partial(self._loaded.load, self._thread.wake))
        if self._loaded.runner is not None and self._loaded.runner.is_cuda:
            await self.warm_up()
        if "cloned" in self._capabilities.voice_kinds:
            self._preparing = asyncio.create_task(self._prepare_encoder_when_quiet(self._loaded_model()))

    async def _prepare_encoder_when_quiet(self, model: Model) -> None:
        """Whoever speaks meanwhile would be slowed down."""
        while True:
            await self.idle.wait()
            await asyncio.sleep(self._quiet_s)
            if self.idle.is_set():
                break
        model.codec.encoder.prepare_in_background()

    async def warm_up(self) -> None:
        """Two frames that nobody hears: what is used for the first time takes 50 ms."""
        voice = self._ready_model().prompts.any_voice()
        request = SynthesisRequest(live=True, voice=voice, limits=Limits(max_audio_s=_WARM_UP_S))
        async with self.stream(request) as audio:
            audio.feed_now("Good evening, everybody.")
            audio.end_text()
            async for _ in audio:
                pass

    async def sleep(self) -> None:
        """See SpeechEngine."""
        self._loaded_model()
        await self._thread.call(self._loaded.sleep)

    async def wake(self) -> None:
        """See SpeechEngine."""
        self._loaded_model()
        await self._thread.call(self._loaded.wake_up)

    async def close(self) -> None:
        """See SpeechEngine."""
        self._loaded.stop_compiling()  # a load may wait for it
        if self._preparing is not None:
            self._preparing.cancel()
        await self._thread.close()

    # -- what comes of it -------------------------------------------------------------------------------------------

    def _deliver(self, out: list[tuple[EngineStream, Outcome]]) -> None:
        """From the engine's thread."""
        self._thread.to_event_loop(self._receive, out)

    def _receive(self, out: list[tuple[EngineStream, Outcome]]) -> None:
        for stream, outcome in out:
            match outcome:
                case AudioChunk():
                    stream.audio.push(outcome)
                case QueuePosition():
                    stream.audio.tell_queue_position(outcome)
                case _:
                    self._remove(stream)
                    stream.audio.finish(outcome)

    def _end_all(self, reason: SynthesisError) -> None:
        """The thread has ended: so do streams that it has not seen."""
        if isinstance(reason, EngineFailed):
            self.died.set()
        for stream in list(self._open):
            stream.audio.finish(reason)
        self._open.clear()
        self.idle.set()
        self._loaded.forget()
