"""Speak through the engine as it is served, and keep the codes and the sound that its device made."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from qwen_tts.api import AudioChunk, Limits, Sampling, StreamEnd, SynthesisRequest, Voice
from qwen_tts.check.sentences import pieces
from qwen_tts.check.stages.plan import Planned
from qwen_tts.checkpoint.model import Model
from qwen_tts.config.engine import EngineConfig
from qwen_tts.config.generation import SamplingRules
from qwen_tts.engine.engine import Engine
from qwen_tts.engine.loaded_checkpoint import Factories
from qwen_tts.errors import SynthesisError
from qwen_tts.runtime.codec_decoder import DecoderSnapshot
from qwen_tts.runtime.runner import LaunchedStep, ModelRunner, RowFrame, StepResult

_MOST_TIMES = 8
_SPARE_S = 10.0
"""A text that takes so many times as long as expected, and this, is stopped even where no guard is on."""


@dataclass(eq=False)
class Part:
    """What the device said from one prompt: a sequence."""

    seed: int
    eos: int
    codes: list[NDArray[np.int32]] = field(default_factory=list)
    """[codebooks] of each frame"""
    pcm: list[NDArray[np.int16]] = field(default_factory=list)
    has_ended: bool = False
    """The model said so itself"""

    def take(self, codes: NDArray[np.int32], pcm: NDArray[np.int16]) -> None:
        if int(codes[0]) == self.eos:
            self.has_ended = True
        elif not self.has_ended and codes[0] >= 0:  # what was on its way then is not heard, nor what is no number
            self.codes.append(codes)
            self.pcm.append(pcm)


class RecordingRunner(ModelRunner):
    """A runner that keeps what comes of its steps, a part for each sequence."""

    def __init__(self, model: Model, config: EngineConfig) -> None:
        super().__init__(model, config)
        self.parts: list[Part] = []
        self._eos = model.config.talker.codec_eos_id
        self._of_row: dict[int, Part] = {}
        self._of_step: dict[int, list[tuple[int, Part]]] = {}

    def open_row(
        self, row: int, position: int, rules: SamplingRules, seed: int, first_input: Tensor,
        snapshot: DecoderSnapshot | None,
    ) -> None:  # fmt: skip
        super().open_row(row, position, rules, seed, first_input, snapshot)
        self._of_row[row] = part = Part(seed, self._eos)
        self.parts.append(part)

    def rehearse(self, rows: int) -> None:
        self._of_row.clear()
        super().rehearse(rows)

    def launch(self, frames: Sequence[RowFrame]) -> LaunchedStep:
        step = super().launch(frames)
        # A rehearsal is of no sequence.
        self._of_step[step.slot] = [(one.row, self._of_row[one.row]) for one in frames if one.row in self._of_row]
        return step

    def collect(self, step: LaunchedStep) -> StepResult:
        result = super().collect(step)
        for row, part in self._of_step.pop(step.slot):
            part.take(result.codes[row], result.pcm[row])
        return result


@dataclass(frozen=True, eq=False)
class Take:
    """One text, as it was spoken."""

    planned: Planned
    voice: Voice
    pcm: bytes
    """That was played"""
    tries: Sequence[Part]
    end: StreamEnd | SynthesisError

    @property
    def is_complete(self) -> bool:
        return isinstance(self.end, StreamEnd) and self.end.reason == "complete"

    @property
    def parts(self) -> list[Part]:
        """Without what was spoken once more, with another seed."""
        seed, count = self.planned.seed, len(self.tries)
        return [one for n, one in enumerate(self.tries, 1) if n == count or self.tries[n].seed == seed]


class RecordedEngine:
    """An engine that is loaded, and its recorder. Texts are spoken one at a time, so that they are the same again."""

    def __init__(self, config: EngineConfig) -> None:
        self.engine = Engine(config, factories=Factories(runner=self._make))
        self._runner: RecordingRunner | None = None

    def _make(self, model: Model, config: EngineConfig) -> ModelRunner:
        self._runner = RecordingRunner(model, config)
        return self._runner

    async def speak(self, planned: Planned, voice: Voice, expected_s: float) -> Take:
        """What goes wrong is the take's end."""
        assert self._runner is not None
        self._runner.parts = parts = list[Part]()
        live = planned.mode == "live"
        request = SynthesisRequest(
            text="" if live else planned.text, live=live, voice=voice, language=planned.language,
            sampling=Sampling(seed=planned.seed),
            limits=Limits(max_audio_s=_SPARE_S + _MOST_TIMES * expected_s), request_id=f"check-{'/'.join(planned)}",
        )  # fmt: skip
        chunks: list[AudioChunk] = []
        end = await self._collect(request, planned, chunks)
        return Take(planned, voice, b"".join(chunk.pcm for chunk in chunks), parts, end)

    async def _collect(
        self, request: SynthesisRequest, planned: Planned, chunks: list[AudioChunk]
    ) -> StreamEnd | SynthesisError:
        """Fills `chunks`."""
        try:
            return await self._listen(request, planned, chunks)
        except SynthesisError as error:
            return error

    async def _listen(self, request: SynthesisRequest, planned: Planned, chunks: list[AudioChunk]) -> StreamEnd:
        async with self.engine.stream(request) as audio:
            if request.live:
                for piece in pieces(planned.text):
                    audio.feed_now(piece)
                audio.end_text()
            async for chunk in audio:
                chunks.append(chunk)
        assert audio.end is not None
        return audio.end


@asynccontextmanager
async def recorded_engine(config: EngineConfig) -> AsyncIterator[RecordedEngine]:
    """Raises what loading raises."""
    recorded = RecordedEngine(config)
    try:
        await recorded.engine.load()
        yield recorded
    finally:
        await recorded.engine.close()
