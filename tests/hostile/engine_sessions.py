"""Listeners of an engine in any order, with the engine of Qwen3-TTS on a tiny checkpoint: a hypothesis state machine.

Whoever comes, writes, changes the voice, does not read or leaves, and whatever could not be spoken: each hears what it
would have heard alone, and in the end every row, every page and every text slot is free.
"""

import asyncio
import contextlib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, multiple, rule
from numpy.typing import NDArray

from qwen_tts.api import AudioChunk, PresetVoice, Sampling, SynthesisRequest
from qwen_tts.checkpoint.model import Model
from qwen_tts.config.engine import EngineConfig
from qwen_tts.engine.engine import Engine
from qwen_tts.engine.loaded_checkpoint import Factories
from qwen_tts.errors import EngineBusy, InvalidRequest, ModelUnavailable
from qwen_tts.offline.synthesizer import Synthesizer
from qwen_tts.stream import AudioStream
from tests.engine.driven import (
    CANNOT_BE_SPOKEN,
    at_most,
    endless,
    request,
    same_sound,
    small_checkpoint,
    small_model,
)
from tests.hostile.watched_qwen import held
from tests.patience import PATIENCE_S

TEXTS = st.sampled_from(["Yes?", "It costs 3.50 in all. And so on."])
VOICES = st.sampled_from(["vivian", "ryan"])
FRAMES = st.sampled_from([1, 3])
SEED = 3
CLIENTS = st.sampled_from(["", "one", "another"])


def order(text: str, voice: str, frames: int, **fields: Any) -> SynthesisRequest:
    return request(text, voice=PresetVoice(voice), sampling=Sampling(seed=SEED), limits=at_most(frames), **fields)


class Speaking:
    """An engine for all sessions, on an event loop that runs while somebody waits; with few rows and a small cache."""

    def __init__(self, vocabulary: Path) -> None:
        """`vocabulary`: where the files of the text tokenizer lie."""
        self.model: Model = endless(small_model(vocabulary))
        config = EngineConfig.model_validate({
            "checkpoint": small_checkpoint(vocabulary), "device": "cpu", "rows": 2, "queue": 3, "threads": 1,
            "kv_positions": 256, "row_positions": 128, "prefix_positions": 32,
        })  # fmt: skip
        self.engine = Engine(config, factories=Factories(model=lambda *_, **__: self.model), quiet_s=0)
        self._runner = asyncio.Runner()
        self.wait(self.engine.load())
        self.nobody_holds_anything()

    def close(self) -> None:
        self.wait(self.engine.close())
        self._runner.close()

    def wait(self, work: Any) -> Any:
        """What comes of it, in time."""

        async def in_time() -> Any:
            async with asyncio.timeout(PATIENCE_S):
                return await work

        return self._runner.run(in_time())

    @cache  # noqa: B019  as long as this
    def alone(self, text: str, voice: str, frames: int) -> NDArray[np.int16]:
        """What the plain generator says, which knows no rows and no others."""
        return np.frombuffer(Synthesizer(self.model).synthesize(order(text, voice, frames)).pcm, np.int16)

    def nobody_holds_anything(self) -> None:
        """No stream is open, and every row, page and text slot is free but those that are kept for a voice."""

        async def settled() -> dict[str, int]:
            await self.engine.idle.wait()
            return await self.engine._call(lambda _: held(self.engine))

        assert self.engine.active == 0
        assert set(self.wait(settled()).values()) == {0}


class Listener:
    """One stream, and what came of it."""

    def __init__(self, audio: AudioStream, request: SynthesisRequest, frames: int) -> None:
        self.audio, self.request, self.frames = audio, request, frames
        self.has_left = self.has_failed = self.is_at_end = False
        self._chunks: list[AudioChunk] = []

    async def read(self, most: int) -> None:
        with contextlib.suppress(StopAsyncIteration):
            for _ in range(most):
                self._chunks.append(await anext(self.audio))
            return
        self.is_at_end = True

    @property
    def sound(self) -> NDArray[np.int16]:
        """Without gaps."""
        at = 0
        for chunk in self._chunks:
            assert chunk.first_sample == at
            at += chunk.samples
        return np.frombuffer(b"".join(chunk.pcm for chunk in self._chunks), np.int16)


class EngineSession(RuleBasedStateMachine):
    """Those who come to an engine that was idle."""

    listeners = Bundle("listeners")
    writers = Bundle("writers")

    def __init__(self, speaking: Speaking) -> None:
        super().__init__()
        self._speaking = speaking
        self._all: list[Listener] = []

    # -- who comes ---------------------------------------------------------------------------------------------

    @rule(target=listeners, text=TEXTS, voice=VOICES, frames=FRAMES, client=CLIENTS)
    def ask(self, text: str, voice: str, frames: int, client: str) -> Any:
        return self._come(order(text, voice, frames, client=client), frames)

    @rule(target=writers, voice=VOICES, frames=FRAMES, client=CLIENTS)
    def ask_for_what_is_still_written(self, voice: str, frames: int, client: str) -> Any:
        return self._come(order("", voice, frames, client=client, live=True), frames)

    @rule(fields=st.sampled_from([fields for fields, _, _ in CANNOT_BE_SPOKEN]))
    def ask_for_what_cannot_be_spoken(self, fields: dict[str, Any]) -> None:
        with contextlib.suppress(InvalidRequest, EngineBusy):
            self._speaking.wait(self._open(request(**fields)))
            raise AssertionError(f"it took {fields}")

    def _come(self, one: SynthesisRequest, frames: int) -> Any:
        try:
            listener = Listener(self._speaking.wait(self._open(one)), one, frames)
        except EngineBusy:
            return multiple()
        self._all.append(listener)
        return listener

    async def _open(self, one: SynthesisRequest) -> AudioStream:
        return self._speaking.engine.stream(one)

    # -- what they do ------------------------------------------------------------------------------------------

    @rule(writer=writers, text=TEXTS | st.sampled_from(["Hel", "lo ", "", " 👍"]))
    def write(self, writer: Listener, text: str) -> None:
        with contextlib.suppress(InvalidRequest):  # it has ended its text
            self._speaking.wait(writer.audio.feed(text))

    @rule(writer=writers)
    def flush(self, writer: Listener) -> None:
        self._now(writer.audio.flush)

    @rule(target=listeners, writer=consumes(writers))
    def end_the_text(self, writer: Listener) -> Listener:
        self._now(writer.audio.end_text)
        return writer

    @rule(listener=listeners, chunks=st.integers(1, 4))
    def read(self, listener: Listener, chunks: int) -> None:
        """Who is not read from waits, and holds up nobody."""
        self._read(listener, chunks)

    @rule(listener=consumes(listeners) | consumes(writers))
    def leave(self, listener: Listener) -> None:
        listener.has_left = True
        self._now(listener.audio.cancel)
        self._read(listener, 1)
        assert listener.is_at_end

    @rule()
    def sleep_and_wake(self) -> None:
        """Whoever was there is told."""
        self._speaking.wait(self._speaking.engine.sleep())
        self._speaking.wait(self._speaking.engine.wake())
        for listener in self._all:
            self._read(listener, 1_000)

    def _now(self, act: Any) -> None:
        async def on_the_loop() -> None:
            act()

        self._speaking.wait(on_the_loop())

    def _read(self, listener: Listener, chunks: int) -> None:
        try:
            self._speaking.wait(listener.read(chunks))
        except (EngineBusy, ModelUnavailable):  # the cache is full, and it came last; or the engine slept
            listener.has_failed = True

    # -- what must be so ---------------------------------------------------------------------------------------

    def teardown(self) -> None:
        for listener in self._all:
            self._now(listener.audio.end_text)
            self._read(listener, 1_000)
            self._is_what_it_would_be_alone(listener)
        self._speaking.nobody_holds_anything()

    def _is_what_it_would_be_alone(self, listener: Listener) -> None:
        one, sound = listener.request, listener.sound
        if one.live or not len(sound):  # what is written in pieces is cut where the clock says
            return
        assert isinstance(one.voice, PresetVoice)
        alone = self._speaking.alone(one.text, one.voice.name, listener.frames)
        assert same_sound(sound, alone[: len(sound)])
        if not (listener.has_left or listener.has_failed):
            assert len(sound) == len(alone)
