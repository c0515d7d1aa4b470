"""An EngineLoop driven by hand: a step when a test says so, on a clock that only the test moves.

What every listener is promised is checked wherever one listens: sound without gaps, segments in order, one end.
"""

import copy
import dataclasses
import json
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import nn

from benchmarks.random_checkpoint import TINY_EOS_GAIN, codec_shapes_of, random_tensor, shapes_of, write_configs
from qwen_tts.api import (
    AudioChunk,
    ClonedVoice,
    DesignedVoice,
    Limits,
    PresetVoice,
    QueuePosition,
    Sampling,
    StreamEnd,
    SynthesisRequest,
    VoicePrompt,
)
from qwen_tts.checkpoint.model import Model, load_model
from qwen_tts.checkpoint.voice_prompt import ReferenceVoice
from qwen_tts.config.checkpoint import CODEC_DIRECTORY, read_checkpoint_config, read_codec_config
from qwen_tts.config.checkpoint_files import WEIGHTS
from qwen_tts.config.engine import EngineConfig, GuardConfig, LiveTextConfig
from qwen_tts.engine.engine_stream import EngineStream
from qwen_tts.engine.live_text import Instead, LiveSentences, LiveText, Token, reads_words
from qwen_tts.engine.loop import EngineLoop, Outcome
from qwen_tts.engine.stream_sound import StreamSound
from qwen_tts.errors import InvalidRequest, SynthesisError, TextEmpty, TextTooLong, UnknownLanguage, UnknownVoice
from qwen_tts.modules.linear import QuantisedLinear
from qwen_tts.runtime.runner import ModelRunner
from qwen_tts.text.blanks import BLANKS
from qwen_tts.text.text_tokenizer import TextTokenizer
from tests.golden.cases import CUSTOM

CPU = torch.device("cpu")
FRAME_S = 0.08
MOST_STEPS = 3_000
NO_GUARDS = GuardConfig(length_factor=None, silence_s=None, retry=False, start_frames=0)


def at_most_of_a_text(frames: int, **guards: Any) -> GuardConfig:
    """Whatever the text, a sequence has so many frames."""
    return NO_GUARDS.model_copy(update={"length_factor": 1e-9, "spare_s": frames * FRAME_S} | guards)


def request(text: str = "Hello there, world.", **fields: Any) -> SynthesisRequest:
    defaults = {"text": text, "voice": PresetVoice("vivian"), "sampling": Sampling(seed=3)}
    return SynthesisRequest(**defaults | fields)


def live(**fields: Any) -> SynthesisRequest:
    return request("", live=True, **fields)


def at_most(frames: int) -> Limits:
    return Limits(max_audio_s=frames * FRAME_S)


CANNOT_BE_SPOKEN = (
    ({"text": " \n"}, TextEmpty, "text"),
    ({"text": "\u200b\u3000\ufeff"}, TextEmpty, "text"),
    ({"text": "word " * 5000}, TextTooLong, "text"),
    ({"text": "a\ud83d"}, InvalidRequest, "text"),
    ({"voice": PresetVoice("anna")}, UnknownVoice, "voice"),
    ({"voice": DesignedVoice("A child.")}, InvalidRequest, "voice"),
    ({"voice": ClonedVoice(VoicePrompt(b""))}, InvalidRequest, "voice"),
    ({"language": "tlh"}, UnknownLanguage, "language"),
)
"""Fields of a request that a checkpoint with preset voices refuses, with what, naming which."""


def ready_runner(
    model: Model, config: EngineConfig, rows: int | None = None, kind: type[ModelRunner] = ModelRunner
) -> ModelRunner:
    """For steps of so many rows; by default of all."""
    runner = kind(model, config)
    while runner.next_bucket is not None and runner.rows < (rows or config.rows):
        runner.prepare()
    return runner


def same_sound(ours: NDArray[np.int16], theirs: NDArray[np.int16]) -> bool:
    """But for float32 sums in another order, rounded to 16 bits."""
    return ours.shape == theirs.shape and int(np.abs(ours.astype(int) - theirs).max(initial=0)) <= 1


class ReadText(LiveText):
    """Remembers what was read."""

    def __init__(self, tokenizer: TextTokenizer, config: LiveTextConfig) -> None:
        super().__init__(tokenizer, config)
        self.read: list[Token] = []

    def begin(self) -> Token:
        self.read.append(super().begin())
        return self.read[-1]

    def next(self, now: float) -> Token | Instead:
        token = super().next(now)
        self.read += [token] if isinstance(token, Token) else []
        return token

    def rewind(self) -> None:
        del self.read[len(self.read) - len(self._read) :]
        super().rewind()


@dataclasses.dataclass(eq=False)
class Heard:
    """What one listener got."""

    stream: EngineStream
    listens: bool
    """It takes every chunk at once; if not, the test calls `take`"""
    chunks: list[AudioChunk] = dataclasses.field(default_factory=list)
    places: list[int] = dataclasses.field(default_factory=list)
    """In the line, as they were told"""
    waits_s: list[float | None] = dataclasses.field(default_factory=list)
    """As they were told with them"""
    outcome: StreamEnd | SynthesisError | None = None

    @property
    def sound(self) -> NDArray[np.int16]:
        return np.frombuffer(b"".join(chunk.pcm for chunk in self.chunks), np.int16)

    @property
    def segments(self) -> list[int]:
        return [chunk.segment for chunk in self.chunks]

    @property
    def frames(self) -> int:
        return len(self.chunks)

    @property
    def reason(self) -> str:
        assert isinstance(self.outcome, StreamEnd), self.outcome
        return self.outcome.reason

    @property
    def read(self) -> list[int]:
        """Tokens of a live text that were read."""
        assert isinstance(self.stream.text, ReadText)
        return [token.id for token in self.stream.text.read]

    @property
    def read_text(self) -> str:
        assert isinstance(self.stream.text, ReadText)
        return "".join(token.text for token in self.stream.text.read)

    def feed(self, *texts: str) -> None:
        for text in texts:
            self.stream.feed(text)

    def flush(self) -> None:
        self.stream.flush()

    def end_text(self) -> None:
        self.stream.end_text()

    def cancel(self) -> None:
        self.stream.audio.cancel()

    def take(self, frames: int) -> None:
        self.stream.taken(frames * self.stream.sound.samples_per_frame)

    def receive(self, outcome: Outcome) -> None:
        assert self.outcome is None, "nothing comes after the end"
        if isinstance(outcome, QueuePosition):
            assert outcome.place != (self.places[-1] if self.places else 0), "told for nothing"
            assert outcome.place or outcome.wait_s is None
            self.places.append(outcome.place)
            self.waits_s.append(outcome.wait_s)
            return
        if not isinstance(outcome, AudioChunk):
            self.outcome = outcome
            return
        before = self.chunks[-1] if self.chunks else None
        assert outcome.first_sample == (before.first_sample + before.samples if before else 0)
        assert outcome.segment >= (before.segment if before else 0)
        self.chunks.append(outcome)
        if self.listens:
            self.take(1)


class Driven:
    """A loop of few rows without guards, unless `options` say otherwise; `ready` of them may speak from the start."""

    def __init__(
        self, model: Model, ready: int | None = None, is_compiled: Callable[[int], bool] = lambda _: True,
        runner: type[ModelRunner] = ModelRunner, steps_ahead: int = 1, **options: Any,
    ) -> None:  # fmt: skip
        """`steps_ahead` as on a card, by default, where more can go wrong."""
        defaults = {
            "checkpoint": Path(), "device": "cpu", "rows": 2, "kv_positions": 512, "row_positions": 256,
            "guards": NO_GUARDS,
        }  # fmt: skip
        self.model, self.config = model, EngineConfig.model_validate(defaults | options)
        self.now = 100.0
        self.runner = ready_runner(model, self.config, ready, runner)
        self.runner.steps_ahead = steps_ahead
        self.loop = EngineLoop(model, self.runner, self.config, lambda: self.now, self._deliver, is_compiled)
        self.heard: dict[EngineStream, Heard] = {}
        self._at_start = self._free

    @property
    def _free(self) -> tuple[int, int, int]:
        memory = self.loop._memory
        return memory.free_rows - self.runner.rows, memory.pages.free, memory.text_slots.free

    @property
    def nothing_is_left(self) -> bool:
        """Every row, page and text slot is free; what is kept of voices is dropped first."""
        while self.loop._memory.prefixes.evict():
            pass
        return self._free == self._at_start and not (self.loop._streams or self.loop._open)

    def open(self, request: SynthesisRequest, *, listens: bool = True) -> Heard:
        reference = None
        if isinstance(request.voice, ClonedVoice):
            reference = ReferenceVoice.from_bytes(request.voice.prompt.data, **self.model.voice_geometry)
        layout, text = request.layout(self.config.text_layout), None
        if request.live:
            has_transcript = reference is not None and reference.codes is not None
            tokenizer, config = self.model.tokenizer, self.config.live_text
            if reads_words(request, layout, has_transcript=has_transcript):
                text = ReadText(tokenizer, config)
            else:
                text = LiveSentences(tokenizer, config, waits_for_end=request.fed_at_once)
        assert request.sampling.seed is not None
        stream = EngineStream(
            request=request,
            reference=reference,
            seed=request.sampling.seed,
            tokens=None if request.live else self.model.tokenizer.encode(request.text.strip(BLANKS)),
            text=text,
            layout=layout,
            sound=StreamSound(self.runner.samples_per_frame, 24_000, holds_back=not request.streamed),
            asked_s=self.now,
            wake=lambda: None,
            on_cancel=lambda _: None,
        )
        self.heard[stream] = Heard(stream, listens)
        self.loop.add(stream)
        return self.heard[stream]

    def step(self, steps: int = 1) -> None:
        for _ in range(steps):
            self.loop.step()

    def run(self) -> None:
        """Until there is nothing to do before somebody asks or time goes on."""
        for _ in range(MOST_STEPS):
            if not self.loop.step():
                break
        else:
            raise AssertionError("it goes on for ever")
        before = self._received
        assert not self.loop.step(), "it said that there was nothing to do"
        assert self._received == before, "it said that there was nothing to do"

    def speak(self, *requests: SynthesisRequest) -> list[Heard]:
        """All of them together, to their ends."""
        heard = [self.open(request) for request in requests]
        self.run()
        assert all(one.outcome is not None for one in heard)
        return heard

    @property
    def _received(self) -> list[tuple[int, bool]]:
        return [(one.frames, one.outcome is None) for one in self.heard.values()]

    def _deliver(self, out: list[tuple[EngineStream, Outcome]]) -> None:
        for stream, outcome in out:
            self.heard[stream].receive(outcome)


# -- models: none of them is changed by a test ------------------------------------------------------------------------


@cache
def small_checkpoint(text_tokenizer: Path) -> Path:
    """A preset model of two codebooks instead of sixteen: a frame takes half the time. Beside the text tokenizer."""
    directory = text_tokenizer.with_name(f"{text_tokenizer.name}-small")
    write_configs(CUSTOM, directory)
    codec = directory / CODEC_DIRECTORY
    config = json.loads((directory / "config.json").read_text())
    config["talker_config"]["num_code_groups"] = 2
    config["talker_config"]["code_predictor_config"]["num_code_groups"] = 2
    (directory / "config.json").write_text(json.dumps(config))
    config = json.loads((codec / "config.json").read_text())
    config["decoder_config"]["num_quantizers"] = config["encoder_valid_num_quantizers"] = 2
    (codec / "config.json").write_text(json.dumps(config))
    for path, shapes in (
        (directory / WEIGHTS, shapes_of(read_checkpoint_config(directory))),
        (codec / WEIGHTS, codec_shapes_of(read_codec_config(codec))),
    ):
        tensors = {name: random_tensor(name, shape, 7, CPU, TINY_EOS_GAIN) for name, shape in shapes.items()}
        save_file(tensors, path)
    for name in ("vocab.json", "merges.txt", "tokenizer_config.json"):
        shutil.copy(text_tokenizer / name, directory)
    return directory


@cache
def small_model(text_tokenizer: Path) -> Model:
    return load_model(small_checkpoint(text_tokenizer), CPU, torch.float32)


def endless(model: Model) -> Model:
    """The talker never draws the end of speech."""
    talker = copy.deepcopy(model.talker)
    head: nn.Module = talker.codec_head
    rows = head.scales if isinstance(head, QuantisedLinear) else talker.codec_head.weight
    rows[talker.config.codec_eos_id] = 0
    return dataclasses.replace(model, talker=talker)


def silent(model: Model) -> Model:
    """The codec decoder makes no sound."""
    decoder = copy.deepcopy(model.codec.decoder)
    for parameter in decoder.exit.parameters():
        parameter.zero_()
    return dataclasses.replace(model, codec=dataclasses.replace(model.codec, decoder=decoder))
