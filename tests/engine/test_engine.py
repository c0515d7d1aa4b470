"""What a caller of the engine relies on; EngineLoop's own laws stand in test_engine_loop.py."""

import asyncio
import dataclasses
import gc
import shutil
import threading
import time
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import torch
from torch import Tensor

from benchmarks.random_checkpoint import write_configs
from qwen_tts.api import Audio, ClonedVoice, PresetVoice, QueuePosition, Sampling, SettledLayout, SynthesisRequest
from qwen_tts.audio.samples import to_pcm
from qwen_tts.checkpoint.clone import clone_voice
from qwen_tts.checkpoint.codec import MOST_FRAMES, PIECE_FRAMES, Codec
from qwen_tts.checkpoint.model import Model, load_model
from qwen_tts.checkpoint.prompt import Prefix, Prompt, PromptBuilder
from qwen_tts.config.checkpoint_files import WEIGHTS
from qwen_tts.config.engine import EngineConfig
from qwen_tts.engine.engine import Engine, create
from qwen_tts.engine.loaded_checkpoint import Factories, NothingToCompile
from qwen_tts.errors import (
    BadCheckpoint,
    EngineBusy,
    EngineFailed,
    InvalidRequest,
    ModelLoading,
    ModelUnavailable,
    OutOfMemory,
)
from qwen_tts.offline.synthesizer import Synthesizer
from qwen_tts.runtime.codec_decoder import DecoderSnapshot
from qwen_tts.runtime.runner import LaunchedStep, ModelRunner, RowFrame
from qwen_tts.stream import AudioStream
from tests.engine.conftest import Load
from tests.engine.driven import (
    CANNOT_BE_SPOKEN,
    CPU,
    at_most,
    endless,
    live,
    request,
    same_sound,
    silent,
    small_checkpoint,
    small_model,
)
from tests.golden.cases import BASE, CUSTOM, DESIGN, TRANSCRIPT, random_codes, reference_audio
from tests.patience import PATIENCE_S

Start = Callable[..., Awaitable[Engine]]
RECORDING = Audio(pcm=to_pcm(reference_audio()), sample_rate=24_000)
FEW = {"device": "cpu", "rows": 2, "queue": 1, "kv_positions": 512, "row_positions": 256}
UNASKED = {"device": "cpu", "row_positions": 256}
"""Rows and cache as the engine chooses them"""


@pytest.fixture(scope="module")
def speaker(text_tokenizer_files: Path) -> Model:
    """It never ends by itself."""
    return endless(small_model(text_tokenizer_files))


@pytest.fixture
async def start(text_tokenizer_files: Path, speaker: Model) -> AsyncIterator[Start]:
    """Engines of one model, which is in memory already, and of what else `made` says; closed after the test."""
    started, small = [], small_checkpoint(text_tokenizer_files)

    async def start(
        model: Model = speaker, checkpoint: Path | None = None, made: dict[str, Any] | None = None, few: bool = True,
        **options: Any,
    ) -> Engine:  # fmt: skip
        factories = Factories(**{"model": lambda *_, **__: model} | (made or {}))
        config = EngineConfig.model_validate({"checkpoint": checkpoint or small} | (FEW if few else UNASKED) | options)
        started.append(Engine(config, factories=factories, quiet_s=0))
        await started[-1].load()
        return started[-1]

    yield start
    for engine in started:
        await engine.close()


async def read(audio: AudioStream) -> np.ndarray:
    async with audio:
        return np.frombuffer(b"".join([chunk.pcm async for chunk in audio]), np.int16)


def said(model: Model, one: SynthesisRequest) -> np.ndarray:
    """By the plain generator."""
    return np.frombuffer(Synthesizer(model).synthesize(one).pcm, np.int16)


async def error_of(work: Awaitable[object]) -> BaseException | None:
    return (await asyncio.gather(work, return_exceptions=True))[0]


class Gate:
    """Holds the engine's thread in the middle of a step, which then fails if there is an `error`."""

    def __init__(self, error: Exception | None = None) -> None:
        self._reached, self._opened = threading.Event(), threading.Event()
        self._error = error

    def runner(self, model: Model, config: EngineConfig) -> ModelRunner:
        return HeldRunner(model, config, self)

    def pass_through(self) -> None:
        self._reached.set()
        self._opened.wait()
        if self._error is not None:
            raise self._error

    async def reached(self) -> None:
        await asyncio.to_thread(self._reached.wait)

    def open(self) -> None:
        self._opened.set()


class HeldRunner(ModelRunner):
    def __init__(self, model: Model, config: EngineConfig, gate: Gate) -> None:
        super().__init__(model, config)
        self._gate = gate

    def rehearse(self, rows: int) -> None:
        """Nobody is held before somebody speaks."""

    def launch(self, frames: Sequence[RowFrame]) -> LaunchedStep:
        self._gate.pass_through()
        return super().launch(frames)


class DecodingRunner(ModelRunner):
    """Remembers how many frames it was told to decode at a time."""

    def __init__(self, model: Model, config: EngineConfig, decoded: list[int]) -> None:
        super().__init__(model, config)
        self._decoded = decoded

    def decode(self, codes: Tensor, snapshot: DecoderSnapshot | None) -> tuple[bytes, DecoderSnapshot]:
        self._decoded.append(len(codes))
        return super().decode(codes, snapshot)


class SmallDevice:
    """Its memory is full in `where` of a runner of more rows, or of a larger cache."""

    def __init__(self, where: str, rows: int, positions: int = 2**20) -> None:
        self.where, self.rows, self.positions = where, rows, positions

    def runner(self, model: Model, config: EngineConfig) -> ModelRunner:
        return LimitedRunner(model, config, self)

    def check(self, where: str, config: EngineConfig) -> None:
        if where == self.where and (config.rows > self.rows or config.kv_positions > self.positions):
            raise torch.OutOfMemoryError("none left")


class LimitedRunner(ModelRunner):
    def __init__(self, model: Model, config: EngineConfig, device: SmallDevice) -> None:
        device.check("__init__", config)
        super().__init__(model, config)
        self._check = partial(device.check, "prepare", config)

    def prepare(self) -> None:
        self._check()
        super().prepare()


# -- before it speaks -------------------------------------------------------------------------------------------------


async def test_what_it_can_do_is_known_without_weights(tmp_path: Path, load: Load) -> None:
    write_configs(CUSTOM, tmp_path)
    known = create(checkpoint=tmp_path, rows=5).capabilities
    assert known == msgspec.structs.replace(Synthesizer(load(CUSTOM)).capabilities, rows=5, live_text="words")


async def test_until_it_is_loaded_everything_is_refused(text_tokenizer_files: Path) -> None:
    engine = create(checkpoint=small_checkpoint(text_tokenizer_files), **FEW)
    with pytest.raises(ModelLoading):
        engine.stream(request())
    calls = [asyncio.create_task(call) for call in (engine.encode(RECORDING), engine.sleep(), engine.wake())]
    await asyncio.sleep(0)
    assert [type(call.exception()) if call.done() else None for call in calls] == [ModelLoading] * 3
    await engine.close()


async def test_it_loads_a_checkpoint_and_speaks(text_tokenizer_files: Path, speaker: Model) -> None:
    engine = create(checkpoint=small_checkpoint(text_tokenizer_files), **FEW)
    await engine.load()
    one = request(limits=at_most(2))
    assert same_sound(await read(engine.stream(one)), said(speaker, one))
    await engine.close()


@pytest.mark.parametrize("name", [CUSTOM, BASE, DESIGN])
async def test_it_warms_up_whatever_its_kind(start: Start, load: Load, checkpoints: Path, name: str) -> None:
    """On a card it does so by itself."""
    engine = await start(load(name), checkpoints / name)
    await engine.warm_up()
    assert engine.active == 0


async def test_a_broken_checkpoint_is_said_by_load(text_tokenizer_files: Path, tmp_path: Path) -> None:
    broken = shutil.copytree(small_checkpoint(text_tokenizer_files), tmp_path / "broken")
    (broken / WEIGHTS).write_bytes(b"nothing")
    engine = create(checkpoint=broken, **FEW)
    with pytest.raises(BadCheckpoint, match="not a readable safetensors file"):
        await engine.load()
    with pytest.raises(ModelLoading):
        engine.stream(request())
    await engine.close()


async def test_rows_that_do_not_fit_are_out_of_memory(start: Start) -> None:
    with pytest.raises(OutOfMemory, match="give fewer rows or kv_positions"):
        await start(made={"runner": SmallDevice("prepare", rows=0).runner})


async def test_a_broken_config_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(BadCheckpoint):
        create(checkpoint=tmp_path)


# -- speaking ---------------------------------------------------------------------------------------------------------


async def test_many_at_once_say_what_the_plain_generator_says(start: Start, speaker: Model) -> None:
    engine = await start(queue=2)
    requests = [
        request(limits=at_most(4)),
        request("其实我真的有发现。", voice=PresetVoice("eric"), sampling=Sampling(seed=9), limits=at_most(3)),
        request("Ja.", language="de", instruct="Very happy.", limits=at_most(2)),
        request("Another one.", limits=at_most(1)),
    ]
    streams = [engine.stream(one) for one in requests]
    heard = await asyncio.gather(*map(read, streams))
    assert all(same_sound(sound, said(speaker, one)) for sound, one in zip(heard, requests, strict=True))
    assert all(audio.end is not None and audio.end.reason == "limit" for audio in streams)


async def test_live_text_is_spoken_as_the_whole_would_be(start: Start, speaker: Model) -> None:
    engine = await start()
    async with engine.stream(live(limits=at_most(4))) as audio:
        await audio.feed("Hello there,")
        await audio.feed(" world.")
        audio.end_text()
        pcm = b"".join([chunk.pcm async for chunk in audio])
    whole = request(limits=at_most(4), text_layout="streaming")
    assert same_sound(np.frombuffer(pcm, np.int16), said(speaker, whole))


async def test_a_text_that_is_too_long_for_one_sequence_is_spoken_in_parts(
    start: Start, text_tokenizer_files: Path
) -> None:
    """A silent talker: a silence after its text ends each part."""
    taken: list[list[int]] = []

    class NotingPrompts(PromptBuilder):
        def prompt(self, prefix: Prefix, tokens: list[int], layout: SettledLayout) -> Prompt:
            taken.append(tokens)
            return super().prompt(prefix, tokens, layout)

    model = silent(small_model(text_tokenizer_files))
    with torch.inference_mode():
        prompts = NotingPrompts(model.config, model.tokenizer, model.text_embedding, model.talker, model.code_predictor)
    model = dataclasses.replace(model, prompts=prompts)
    engine = await start(model, live_text={"span_tokens": 16}, guards={"silence_s": 0.16, "retry": False})
    sentences = [f"It costs {number}.50 in all, sir." for number in range(9)]
    audio = engine.stream(request(" ".join(sentences)))
    assert len(await read(audio))
    assert audio.end is not None
    assert audio.end.reason == "complete"
    assert len(taken) > 3
    assert [token for part in taken for token in part] == [
        token for sentence in sentences for token in model.tokenizer.encode(sentence)
    ]


async def test_without_a_seed_every_utterance_is_another(start: Start) -> None:
    engine = await start()
    unseeded = request(sampling=Sampling(), limits=at_most(2))
    first, second = [await read(engine.stream(unseeded)) for _ in range(2)]
    assert not np.array_equal(first, second)


@pytest.mark.parametrize(("fields", "error", "param"), CANNOT_BE_SPOKEN)
async def test_what_cannot_be_spoken_is_refused_at_once(
    start: Start, fields: dict[str, object], error: type[InvalidRequest], param: str
) -> None:
    engine = await start(rows=1, queue=0)
    with pytest.raises(error) as refused:
        engine.stream(request(**fields))
    assert refused.value.param == param
    engine.stream(request()).cancel()


async def test_a_full_queue_is_busy_at_once_and_a_place_is_free_at_once(start: Start) -> None:
    engine = await start(rows=1, queue=1)
    held = [engine.stream(request()) for _ in range(2)]
    with pytest.raises(EngineBusy) as refused:
        engine.stream(request())
    assert refused.value.retry_after_s
    held[0].cancel()
    last = engine.stream(request(limits=at_most(1)))
    held[1].cancel()
    assert len(await read(last)) == 1920


async def test_who_fills_the_queue_leaves_half_of_it_to_others(start: Start) -> None:
    engine = await start(rows=1, queue=8)
    held = [engine.stream(request(client="greedy"))]
    await anext(held[0])
    with pytest.raises(EngineBusy, match="of yours"):
        held += [engine.stream(request(client="greedy")) for _ in range(8)]
    for client in ("one", "two", "greedy of another name"):
        held.append(engine.stream(request(client=client)))
    for audio in held:
        audio.cancel()


async def test_who_has_a_row_does_not_wait(start: Start) -> None:
    """Also before it began: the same moment is not too late."""
    engine = await start(rows=4, queue=4)
    burst = [engine.stream(request(client="one")) for _ in range(6)]
    with pytest.raises(EngineBusy, match="2 utterances of yours"):
        engine.stream(request(client="one"))
    for audio in burst:
        audio.cancel()


async def test_a_place_in_the_line_is_told_until_it_is_over(start: Start) -> None:
    engine = await start(rows=1, queue=8)
    speaks = engine.stream(request(limits=at_most(2)))
    told: list[QueuePosition] = []
    waits, also_waits = (engine.stream(request(limits=at_most(2))) for _ in range(2))
    also_waits.on_queue_position = told.append
    assert [len(await read(one)) for one in (speaks, waits, also_waits)] == [2 * 1920] * 3
    assert [position.place for position in told] == [2, 1, 0]
    assert all((position.wait_s is not None) == (position.place > 0) for position in told)
    assert speaks.queue_position == waits.queue_position == also_waits.queue_position == QueuePosition(0)


class SlowRunner(ModelRunner):
    """A step takes 50 ms for each of its rows: two at once would be too slow."""

    def launch(self, frames: Sequence[RowFrame]) -> LaunchedStep:
        time.sleep(0.05 * len(frames))
        return super().launch(frames)


async def test_on_a_machine_that_keeps_up_with_one_a_second_waits_and_is_told_for_how_long(start: Start) -> None:
    engine = await start(made={"runner": SlowRunner}, queue=8)
    first, second = (engine.stream(request(limits=at_most(6))) for _ in range(2))
    told: list[QueuePosition] = []
    second.on_queue_position = told.append
    order = []

    async def listen(name: str, audio: AudioStream) -> None:
        async with audio:
            async for _ in audio:
                order.append(name)

    await asyncio.gather(listen("first", first), listen("second", second))
    assert order == ["first"] * 6 + ["second"] * 6
    assert [position.place for position in told] == [1, 0]
    assert told[0].wait_s is not None
    assert told[0].wait_s > 0


async def test_a_place_is_free_when_an_utterance_has_ended(start: Start) -> None:
    engine = await start(rows=1, queue=0)
    for one in (request(limits=at_most(1)), request("word " * 300), live()):
        audio = engine.stream(one)
        if one.live:
            await audio.feed("\ud83d")
        await error_of(read(audio))
    assert len(await read(engine.stream(request(limits=at_most(1))))) == 1920


async def test_who_waits_for_a_row_needs_nobody_to_listen(start: Start) -> None:
    engine = await start(rows=1)
    unheard = engine.stream(request(limits=at_most(2)))
    assert len(await read(engine.stream(request(limits=at_most(1))))) == 1920
    assert len(await read(unheard)) == 2 * 1920


# -- voices and codes -------------------------------------------------------------------------------------------------


async def test_voices_and_codes_between_two_steps(start: Start, load: Load, checkpoints: Path) -> None:
    base = load(BASE)
    engine = await start(base, checkpoints / BASE, guards={"retry": False})
    codes = random_codes(3).tolist()
    voice = ClonedVoice(await engine.encode_reference(RECORDING, None))
    assert voice.prompt == clone_voice(base, RECORDING, None)
    one = request(voice=voice, limits=at_most(6))
    async with engine.stream(one) as audio:
        first = await anext(audio)
        assert await engine.encode(RECORDING) == base.codec.encode_audio(RECORDING)
        assert await engine.decode(codes) == base.codec.decode_audio(codes)
        with_words = await engine.encode_reference(RECORDING, TRANSCRIPT)
        rest = [chunk.pcm async for chunk in audio]
    assert same_sound(np.frombuffer(b"".join([first.pcm, *rest]), np.int16), said(base, one))
    assert with_words == clone_voice(base, RECORDING, TRANSCRIPT, tail_s=0.5)


async def test_what_encodes_is_built_beside_the_speech_of_a_checkpoint_that_clones(
    start: Start, checkpoints: Path
) -> None:
    """And stays so while it sleeps."""
    base, codes = load_model(checkpoints / BASE, CPU, torch.float32), []
    engine = await start(base, checkpoints / BASE)
    async with engine.stream(request(voice=base.prompts.any_voice())) as audio:
        async for chunk in audio:
            assert not base.codec.encoder.is_built, "who speaks comes first"
            if chunk.first_sample > 10 * chunk.samples:
                break
    async with asyncio.timeout(PATIENCE_S):
        while not base.codec.encoder.is_built:
            await asyncio.sleep(0.01)
    codes.append(await engine.encode(RECORDING))
    await engine.sleep()
    await engine.wake()
    codes.append(await engine.encode(RECORDING))
    assert codes[0] == codes[1]


class LargeCodec(Codec):
    """There is no memory to encode with."""

    def encode_audio(self, audio: Audio) -> list[list[int]]:
        raise torch.OutOfMemoryError("none left")


async def test_a_call_that_fails_fails_alone(start: Start, speaker: Model) -> None:
    codec = LargeCodec(**vars(speaker.codec))
    engine = await start(dataclasses.replace(speaker, codec=codec))
    with pytest.raises(InvalidRequest):
        await engine.decode([])
    with pytest.raises(InvalidRequest, match="clones no voices"):
        await engine.encode_reference(RECORDING, None)
    with pytest.raises(OutOfMemory):
        await engine.encode(RECORDING)
    assert len(await read(engine.stream(request(limits=at_most(1))))) == 1920


@pytest.mark.parametrize("frames", [PIECE_FRAMES, PIECE_FRAMES + 1, 3 * PIECE_FRAMES + 7])
async def test_long_codes_are_decoded_as_the_whole_of_them(
    start: Start, load: Load, checkpoints: Path, frames: int
) -> None:
    """Also while others speak, and other codes are decoded."""
    base = load(BASE)
    engine = await start(base, checkpoints / BASE)
    codes = random_codes(frames).tolist()
    speaks = engine.stream(request(voice=ClonedVoice(clone_voice(base, RECORDING, None))))
    await anext(speaks)
    both = await asyncio.gather(engine.decode(codes), engine.decode(codes[::-1]))
    assert both == [base.codec.decode_audio(codes), base.codec.decode_audio(codes[::-1])]
    speaks.cancel()


async def test_who_asks_for_little_waits_for_a_piece_of_long_codes_at_most(start: Start) -> None:
    engine, finished = await start(), []

    async def decode(frames: int) -> None:
        await engine.decode([[1, 2]] * frames)
        finished.append(frames)

    await asyncio.gather(decode(4 * PIECE_FRAMES), decode(1))
    assert finished == [1, 4 * PIECE_FRAMES]


async def test_long_codes_are_decoded_in_calls_of_a_piece(start: Start) -> None:
    """Between two calls the engine's thread takes a step, in which others speak: test_thread.py."""
    decoded: list[int] = []
    engine = await start(made={"runner": partial(DecodingRunner, decoded=decoded)})
    await engine.decode([[1, 2]] * (3 * PIECE_FRAMES + 1))
    assert decoded == [PIECE_FRAMES] * 3 + [1]


async def test_more_codes_than_there_may_be_are_refused(start: Start) -> None:
    decoded: list[int] = []

    class QuickRunner(DecodingRunner):
        def decode(self, codes: Tensor, snapshot: DecoderSnapshot | None) -> tuple[bytes, DecoderSnapshot]:
            self._decoded.append(len(codes))
            return b"", object()

    engine = await start(made={"runner": partial(QuickRunner, decoded=decoded)})
    with pytest.raises(InvalidRequest, match=f"{MOST_FRAMES + 1} frames of at most {MOST_FRAMES}") as refused:
        await engine.decode([[1, 2]] * (MOST_FRAMES + 1))
    assert refused.value.param == "codes"
    assert not decoded
    await engine.decode([[1, 2]] * MOST_FRAMES)
    assert sum(decoded) == MOST_FRAMES


async def test_codes_whose_engine_falls_asleep_are_told(start: Start) -> None:
    decoded: list[int] = []
    engine = await start(made={"runner": partial(DecodingRunner, decoded=decoded)})
    decoding = asyncio.create_task(engine.decode([[1, 2]] * MOST_FRAMES))
    while not decoded:
        await asyncio.sleep(0)
    await engine.sleep()
    with pytest.raises(ModelUnavailable, match="sleeps"):
        await decoding


# -- a device that fails ----------------------------------------------------------------------------------------------

DEVICE_WORK = ("launch", "prefill", "collect", "open_row", "close_row", "set_pages", "put_text", "synchronize")


@pytest.mark.parametrize(
    ("error", "reason"),
    [(RuntimeError("device-side assert"), "RuntimeError"), (torch.OutOfMemoryError(), "the device's memory is full")],
)
async def test_a_device_that_fails_ends_everything_with_a_reason(start: Start, error: Exception, reason: str) -> None:
    """Whatever is asked of it from then on fails too."""
    is_broken = threading.Event()

    class BrokenRunner(ModelRunner):
        def __getattribute__(self, name: str) -> Any:
            if is_broken.is_set() and name in DEVICE_WORK:
                raise error
            return super().__getattribute__(name)

    engine = await start(made={"runner": BrokenRunner})
    streams = [engine.stream(request()) for _ in range(2)] + [engine.stream(live())]
    await anext(streams[0])
    is_broken.set()
    for audio in streams:
        ended = await error_of(read(audio))
        assert type(ended) is EngineFailed
    with pytest.raises(EngineFailed, match=f"must be started again: {reason}"):
        engine.stream(request())
    for call in (engine.encode(RECORDING), engine.sleep(), engine.wake()):
        assert type(await error_of(call)) is EngineFailed
    await engine.close()


async def test_a_call_that_comes_while_the_device_fails_is_answered(start: Start) -> None:
    gate = Gate(RuntimeError())
    engine = await start(made={"runner": gate.runner})
    audio = engine.stream(request())
    await gate.reached()
    call, late = asyncio.create_task(engine.encode(RECORDING)), engine.stream(request())
    await asyncio.sleep(0)
    gate.open()
    assert [type(await error_of(work)) for work in (read(audio), call, read(late))] == [EngineFailed] * 3


# -- a device that is small -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["__init__", "prepare"])
async def test_an_engine_that_does_not_fit_starts_smaller_and_says_so(
    where: str, text_tokenizer_files: Path, speaker: Model
) -> None:
    factories = Factories(model=lambda *_, **__: speaker, runner=SmallDevice(where, rows=4, positions=3000).runner)
    config = EngineConfig.model_validate({"checkpoint": small_checkpoint(text_tokenizer_files), "queue": 1} | UNASKED)
    engine = Engine(config, factories=factories)
    assert engine.capabilities.rows == 16
    await engine.load()
    assert engine.capabilities == msgspec.structs.replace(Synthesizer(speaker).capabilities, rows=2, live_text="words")
    held = [engine.stream(request()) for _ in range(3)]
    with pytest.raises(EngineBusy, match="too many utterances wait"):
        engine.stream(request())
    for audio in held:
        audio.cancel()
    one = request(limits=at_most(2))
    assert same_sound(await read(engine.stream(one)), said(speaker, one))
    await engine.close()


@pytest.mark.parametrize("asked", [{"rows": 4}, {"rows": 4, "buckets": (4,)}, {"rows": 4, "kv_positions": 512}])
async def test_rows_that_were_asked_for_are_not_given_up(asked: dict[str, Any], start: Start) -> None:
    with pytest.raises(OutOfMemory, match="give fewer rows or kv_positions"):
        await start(few=False, made={"runner": SmallDevice("__init__", rows=3).runner}, **asked)


async def test_where_only_the_cache_is_too_large_rows_that_were_asked_for_remain(start: Start) -> None:
    device = SmallDevice("__init__", rows=64, positions=2048)
    assert (await start(few=False, made={"runner": device.runner}, rows=5)).capabilities.rows == 5


class SlowCompilation(NothingToCompile):
    """Of a bucket when the test says so."""

    def __init__(self) -> None:
        self._compiled: set[int] = set()

    def begin(self, *_: object) -> "SlowCompilation":
        self._told = _[-1]
        return self

    def is_ready(self, rows: int) -> bool:
        return rows in self._compiled

    def has_compiled(self, rows: int) -> None:
        self._compiled.add(rows)
        self._told()


async def test_it_speaks_as_soon_as_two_rows_are_ready_and_the_others_follow(start: Start) -> None:
    compilation = SlowCompilation()
    engine = await start(rows=5, made={"compilation": compilation.begin})
    ready = [engine.ready_rows]
    assert len(await read(engine.stream(request(limits=at_most(1))))) == 1920
    assert [*ready, engine.ready_rows] == [2, 2]
    for rows in (4, 5):
        compilation.has_compiled(rows)
        while engine.ready_rows < rows:
            await asyncio.sleep(0)
    assert engine.capabilities.rows == 5
    await engine.sleep()
    assert engine.ready_rows == 0


async def test_before_it_is_loaded_no_row_is_ready(text_tokenizer_files: Path) -> None:
    engine = create(checkpoint=small_checkpoint(text_tokenizer_files), **FEW)
    assert engine.ready_rows == 0
    await engine.close()
    assert engine.ready_rows == 0


async def test_an_engine_of_one_row_is_ready_with_it(start: Start) -> None:
    assert (await start(rows=1)).ready_rows == 1


# -- sleeping and closing ---------------------------------------------------------------------------------------------


async def test_asleep_it_refuses_and_awake_it_says_the_same(start: Start) -> None:
    engine = await start()
    one = request(limits=at_most(2))
    before = await read(engine.stream(one))
    runner = weakref.ref(engine._loaded.runner)
    await engine.sleep()
    await engine.sleep()
    gc.collect()
    assert runner() is None, "its memory is free"
    with pytest.raises(ModelUnavailable, match="sleeps"):
        engine.stream(one)
    with pytest.raises(ModelUnavailable, match="sleeps"):
        await engine.encode(RECORDING)
    await engine.wake()
    await engine.wake()
    assert np.array_equal(await read(engine.stream(one)), before)


async def test_its_model_sleeps_on_the_cpu_and_wakes_up_where_it_was(start: Start, speaker: Model) -> None:
    """The device is another one by name only."""
    moved: list[tuple[torch.device, int]] = []

    class NamedModel(Model):
        def to(self, device: torch.device) -> None:
            moved.append((device, engine.ready_rows))

    parts = {field.name: getattr(speaker, field.name) for field in dataclasses.fields(speaker)}
    engine = await start(NamedModel(**parts), device="mps")
    one = request(limits=at_most(2))
    before = await read(engine.stream(one))
    await engine.sleep()
    await engine.wake()
    assert moved == [(CPU, 0), (torch.device("mps"), 0)]
    assert np.array_equal(await read(engine.stream(one)), before)


def test_a_model_moves_with_everything_it_has(checkpoints: Path) -> None:
    """In place: whoever holds a network that speaks holds the one that moved. What hears recordings is on the host
    anyway."""
    model = load_model(checkpoints / BASE, CPU, torch.float32)
    networks = [model.talker, model.code_predictor, model.codec.decoder]
    held = [tensor for network in networks for tensor in (*network.parameters(), *network.buffers())]
    before = [tensor.clone() for tensor in held]
    for tensor in held:
        tensor.data = tensor.data.to(torch.float64)  # what moves is another tensor
    model.to(CPU)
    assert [tensor.dtype for tensor in held] == [torch.float64] * len(held), "what is there stays as it is"
    assert all(torch.equal(tensor.float(), old) for tensor, old in zip(held, before, strict=True))


async def test_awake_it_may_be_smaller_than_before(start: Start) -> None:
    """Others took memory meanwhile."""
    device = SmallDevice("__init__", rows=64)
    engine = await start(few=False, made={"runner": device.runner})
    await engine.sleep()
    device.rows = 2
    await engine.wake()
    assert engine.capabilities.rows == 2
    assert len(await read(engine.stream(request(limits=at_most(1))))) == 1920


async def test_who_speaks_when_it_falls_asleep_is_told_and_keeps_no_place(start: Start) -> None:
    gate = Gate()
    engine = await start(rows=1, queue=1, made={"runner": gate.runner})
    speaks = engine.stream(request())
    await gate.reached()
    sleeping = asyncio.create_task(engine.sleep())
    await asyncio.sleep(0)
    late = engine.stream(request())  # behind the sleep
    gate.open()
    await sleeping
    assert [type(await error_of(read(audio))) for audio in (speaks, late)] == [ModelUnavailable] * 2
    await engine.wake()
    for audio in [engine.stream(request()) for _ in range(2)]:
        audio.cancel()


async def test_closing_ends_streams_and_calls(start: Start) -> None:
    """Also those that the engine's thread has not seen."""
    gate = Gate()
    engine = await start(made={"runner": gate.runner})
    speaks = engine.stream(request())
    await gate.reached()
    call, late = asyncio.create_task(engine.encode(RECORDING)), engine.stream(request())
    await asyncio.sleep(0)
    closing = asyncio.create_task(engine.close())
    await asyncio.sleep(0)
    gate.open()
    await closing
    assert call.done()
    assert [type(await error_of(work)) for work in (call, read(speaks), read(late))] == [ModelUnavailable] * 3


async def test_closed_is_closed(start: Start) -> None:
    engine = await start()
    runner = weakref.ref(engine._loaded.runner)
    await asyncio.gather(engine.close(), engine.close())
    assert not [thread for thread in threading.enumerate() if thread.name == "engine"]
    gc.collect()
    assert runner() is None, "its memory is free"
    with pytest.raises(ModelUnavailable, match="closed"):
        engine.stream(request())
    for call in (engine.encode(RECORDING), engine.sleep(), engine.wake(), engine.load()):
        assert type(await error_of(call)) is ModelUnavailable
    await engine.close()


async def test_it_is_loaded_once(start: Start) -> None:
    engine = await start()
    with pytest.raises(ModelUnavailable, match="loaded before"):
        await engine.load()
    assert len(await read(engine.stream(request(limits=at_most(1))))) == 1920
