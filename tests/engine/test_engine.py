"""What a caller of the engine relies on; EngineLoop's own laws stand in test_engine_loop.py."""

import asyncio
import copy
import gc
import itertools
import shutil
import threading
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import torch

from benchmarks.random_checkpoint import write_configs
from qwen_tts.api import Audio, ClonedVoice, PresetVoice, Sampling, SynthesisRequest
from qwen_tts.audio.samples import to_pcm
from qwen_tts.checkpoint import model as model_module
from qwen_tts.checkpoint.clone import clone_voice
from qwen_tts.checkpoint.codec import MOST_FRAMES, PIECE_FRAMES, Codec
from qwen_tts.checkpoint.model import Model
from qwen_tts.config.checkpoint import WEIGHTS
from qwen_tts.config.engine import EngineConfig
from qwen_tts.engine import engine as engine_module
from qwen_tts.engine.engine import Engine, create
from qwen_tts.engine.live_text import LiveSentences
from qwen_tts.engine.loop import EngineLoop
from qwen_tts.errors import (
    BadCheckpoint,
    EngineBusy,
    EngineFailed,
    InvalidRequest,
    ModelLoading,
    ModelUnavailable,
    OutOfMemory,
)
from qwen_tts.models.talker import Talker
from qwen_tts.offline.synthesizer import Synthesizer
from qwen_tts.runtime.runner import ModelRunner
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

Start = Callable[..., Awaitable[Engine]]
RECORDING = Audio(pcm=to_pcm(reference_audio()), sample_rate=24_000)
FEW = {"device": "cpu", "rows": 2, "queue": 1, "kv_positions": 512, "row_positions": 256}


@pytest.fixture(scope="module")
def speaker(text_tokenizer_files: Path) -> Model:
    """It never ends by itself."""
    return endless(small_model(text_tokenizer_files))


@pytest.fixture
async def start(text_tokenizer_files: Path, speaker: Model, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Start]:
    """Engines of one model, which is in memory already; closed after the test."""
    started, small = [], small_checkpoint(text_tokenizer_files)

    async def start(model: Model = speaker, checkpoint: Path | None = None, **options: Any) -> Engine:
        monkeypatch.setattr(engine_module, "load_model", lambda *_, **__: model)
        started.append(create(checkpoint=checkpoint or small, **FEW | options))
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


def out_of_memory(*_: object) -> None:
    raise torch.OutOfMemoryError("none left")


def noting(happened: list[str], name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def noted(*arguments: Any) -> Any:
        happened.append(name)
        return function(*arguments)

    return noted


class Gate:
    """Holds the engine's thread in the middle of a step, which then fails if there is an `error`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, error: Exception | None = None) -> None:
        self._reached, self._opened = threading.Event(), threading.Event()
        launch = ModelRunner.launch

        def held(*arguments: Any) -> Any:
            self._reached.set()
            self._opened.wait()
            if error is not None:
                raise error
            return launch(*arguments)

        monkeypatch.setattr(ModelRunner, "launch", held)

    async def reached(self) -> None:
        await asyncio.to_thread(self._reached.wait)

    def open(self) -> None:
        self._opened.set()


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
    await engine._warm_up()
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


async def test_rows_that_do_not_fit_are_out_of_memory(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ModelRunner, "prepare", out_of_memory)
    with pytest.raises(OutOfMemory, match="give fewer rows or kv_positions"):
        await start()


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
    whole = Synthesizer(speaker).synthesize(request(limits=at_most(4)), streaming_text=True)
    assert same_sound(np.frombuffer(pcm, np.int16), np.frombuffer(whole.pcm, np.int16))


async def test_a_text_that_is_too_long_for_one_sequence_is_spoken_in_parts(
    start: Start, text_tokenizer_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A silent talker: a silence after its text ends each part."""
    taken: list[list[int]] = []

    class Noted(LiveSentences):
        def take(self, now: float) -> tuple[list[int], int] | None:
            if (part := super().take(now)) is not None:
                taken.append(part[0])
            return part

    monkeypatch.setattr(engine_module, "LiveSentences", Noted)
    model = silent(small_model(text_tokenizer_files))
    engine = await start(model, live_text={"span_tokens": 16}, guards={"silence_s": 0.16})
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
    told: list[int] = []
    waits, also_waits = (engine.stream(request(limits=at_most(2))) for _ in range(2))
    also_waits.on_place = told.append
    assert [len(await read(one)) for one in (speaks, waits, also_waits)] == [2 * 1920] * 3
    assert told == [2, 1, 0]
    assert speaks.place == waits.place == also_waits.place == 0


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
    engine = await start(base, checkpoints / BASE)
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


async def test_a_call_that_fails_fails_alone(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = await start()
    with pytest.raises(InvalidRequest):
        await engine.decode([])
    with pytest.raises(InvalidRequest, match="clones no voices"):
        await engine.encode_reference(RECORDING, None)
    with monkeypatch.context() as full:
        full.setattr(Codec, "encode_audio", out_of_memory)
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


async def test_what_comes_while_calls_are_answered_waits_for_a_step(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, happened = await start(), []
    monkeypatch.setattr(EngineLoop, "step", noting(happened, "step", EngineLoop.step))

    def first() -> None:
        happened.append("first")
        engine._tell(lambda: happened.append("second"))

    engine._tell(first)
    while "second" not in happened:
        await asyncio.sleep(0)
    assert "step" in happened[happened.index("first") : happened.index("second")]


async def test_a_step_is_taken_between_two_pieces_of_long_codes(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """In which others speak. The test holds an answer back until then: the caller asks for the next piece later."""
    engine, happened, stepped = await start(), [], threading.Event()
    decode, step, succeed = ModelRunner.decode, EngineLoop.step, engine_module._succeed

    def decoding(*arguments: Any) -> Any:
        happened.append("decode")
        stepped.clear()
        return decode(*arguments)

    def stepping(loop: EngineLoop) -> bool:
        goes_on = step(loop)
        happened.append("step")
        stepped.set()
        return goes_on

    def answering(*arguments: Any) -> None:
        stepped.wait()
        succeed(*arguments)

    monkeypatch.setattr(ModelRunner, "decode", decoding)
    monkeypatch.setattr(EngineLoop, "step", stepping)
    monkeypatch.setattr(engine_module, "_succeed", answering)
    await engine.decode([[1, 2]] * 4 * PIECE_FRAMES)
    pieces = [index for index, name in enumerate(happened) if name == "decode"]
    assert len(pieces) == 4
    assert all("step" in happened[one:other] for one, other in itertools.pairwise(pieces))


async def test_more_codes_than_there_may_be_are_refused(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    engine, happened = await start(), []
    monkeypatch.setattr(ModelRunner, "decode", noting(happened, "decode", lambda *_: (b"", None)))
    with pytest.raises(InvalidRequest, match=f"{MOST_FRAMES + 1} frames of at most {MOST_FRAMES}") as refused:
        await engine.decode([[1, 2]] * (MOST_FRAMES + 1))
    assert refused.value.param == "codes"
    assert not happened
    await engine.decode([[1, 2]] * MOST_FRAMES)
    assert happened


async def test_codes_whose_engine_falls_asleep_are_told(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    engine, happened = await start(), []
    monkeypatch.setattr(ModelRunner, "decode", noting(happened, "decode", ModelRunner.decode))
    decoding = asyncio.create_task(engine.decode([[1, 2]] * MOST_FRAMES))
    while not happened:
        await asyncio.sleep(0)
    await engine.sleep()
    with pytest.raises(ModelUnavailable, match="sleeps"):
        await decoding


# -- a device that fails ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "reason"),
    [(RuntimeError("device-side assert"), "RuntimeError"), (torch.OutOfMemoryError(), "the device's memory is full")],
)
async def test_a_device_that_fails_ends_everything_with_a_reason(
    start: Start, monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str
) -> None:
    """Whatever is asked of it from then on fails too."""
    engine = await start()
    streams = [engine.stream(request()) for _ in range(2)] + [engine.stream(live())]
    await anext(streams[0])

    def fail(*_: object) -> None:
        raise error

    for name in ("launch", "prefill", "collect", "open_row", "close_row", "set_pages", "put_text", "synchronize"):
        monkeypatch.setattr(ModelRunner, name, fail)
    for audio in streams:
        ended = await error_of(read(audio))
        assert type(ended) is EngineFailed
    with pytest.raises(EngineFailed, match=f"must be started again: {reason}"):
        engine.stream(request())
    for call in (engine.encode(RECORDING), engine.sleep(), engine.wake()):
        assert type(await error_of(call)) is EngineFailed
    await engine.close()


async def test_a_call_that_comes_while_the_device_fails_is_answered(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = await start()
    gate = Gate(monkeypatch, RuntimeError())
    audio = engine.stream(request())
    await gate.reached()
    call, late = asyncio.create_task(engine.encode(RECORDING)), engine.stream(request())
    await asyncio.sleep(0)
    gate.open()
    assert [type(await error_of(work)) for work in (read(audio), call, read(late))] == [EngineFailed] * 3


# -- a device that is small -------------------------------------------------------------------------------------------

UNASKED = {"device": "cpu", "row_positions": 256}


def fits(monkeypatch: pytest.MonkeyPatch, name: str, rows: int, positions: int = 2**20) -> None:
    """The device's memory is full in `name` of a runner of more."""
    function = getattr(ModelRunner, name)

    def limited(runner: ModelRunner, *arguments: Any) -> None:
        config: EngineConfig = arguments[1] if arguments else runner.limited_by  # type: ignore[attr-defined]
        if config.rows > rows or config.kv_positions > positions:
            out_of_memory()
        function(runner, *arguments)

    if name == "prepare":
        made = ModelRunner.__init__

        def remember(runner: ModelRunner, model: Model, config: EngineConfig) -> None:
            made(runner, model, config)
            runner.limited_by = config  # type: ignore[attr-defined]

        monkeypatch.setattr(ModelRunner, "__init__", remember)
    monkeypatch.setattr(ModelRunner, name, limited)


@pytest.mark.parametrize("where", ["__init__", "prepare"])
async def test_an_engine_that_does_not_fit_starts_smaller_and_says_so(
    where: str, text_tokenizer_files: Path, speaker: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "load_model", lambda *_, **__: speaker)
    fits(monkeypatch, where, rows=4, positions=3000)
    engine = create(checkpoint=small_checkpoint(text_tokenizer_files), queue=1, **UNASKED)
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
async def test_rows_that_were_asked_for_are_not_given_up(
    asked: dict[str, Any], start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    fits(monkeypatch, "__init__", rows=3)
    with pytest.raises(OutOfMemory, match="give fewer rows or kv_positions"):
        await start(**UNASKED | asked)


async def test_where_only_the_cache_is_too_large_rows_that_were_asked_for_remain(
    text_tokenizer_files: Path, speaker: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "load_model", lambda *_, **__: speaker)
    fits(monkeypatch, "__init__", rows=64, positions=2048)
    engine = create(checkpoint=small_checkpoint(text_tokenizer_files), rows=5, **UNASKED)
    await engine.load()
    assert engine.capabilities.rows == 5
    await engine.close()


async def test_it_speaks_as_soon_as_two_rows_are_ready_and_the_others_follow(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled: set[int] = set()
    monkeypatch.setattr(engine_module._NothingToCompile, "is_ready", lambda _, rows: rows in compiled)
    engine = await start(rows=5)
    ready = [engine.ready_rows]
    assert len(await read(engine.stream(request(limits=at_most(1))))) == 1920
    assert [*ready, engine.ready_rows] == [2, 2]
    compiled.add(4)
    engine._wake.set()  # as the compilation's news do
    while engine.ready_rows < 4:
        await asyncio.sleep(0)
    compiled.add(5)
    engine._wake.set()
    while engine.ready_rows < 5:
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
    runner = weakref.ref(engine._runner)
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


async def test_its_model_sleeps_on_the_cpu_and_wakes_up_where_it_was(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The device is another one by name only."""
    engine, moved = await start(), []
    one = request(limits=at_most(2))
    before = await read(engine.stream(one))
    monkeypatch.setattr(Model, "to", lambda _, device: moved.append((device, engine.ready_rows)))
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(Talker, "device", property(lambda _: torch.device("mps")))
        await engine.sleep()
    await engine.wake()
    assert moved == [(CPU, 0), (torch.device("mps"), 0)]
    assert np.array_equal(await read(engine.stream(one)), before)


def test_a_model_moves_with_everything_it_has(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """In place: whoever holds a network holds the one that moved, here to where everything is one."""
    monkeypatch.setattr(model_module, "_moved", lambda tensor, _: torch.ones_like(tensor))
    model = copy.deepcopy(load(BASE))
    networks = [model.talker, model.code_predictor, model.speaker_encoder, model.codec.decoder, model.codec.encoder]
    held = [tensor for network in networks if network for tensor in (*network.parameters(), *network.buffers())]
    assert not all(tensor.eq(1).all() for tensor in held)
    model.to(CPU)
    assert all(tensor.eq(1).all() for tensor in held)


async def test_awake_it_may_be_smaller_than_before(
    text_tokenizer_files: Path, speaker: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others took memory meanwhile."""
    monkeypatch.setattr(engine_module, "load_model", lambda *_, **__: speaker)
    engine = create(checkpoint=small_checkpoint(text_tokenizer_files), **UNASKED)
    await engine.load()
    await engine.sleep()
    fits(monkeypatch, "__init__", rows=2)
    await engine.wake()
    assert engine.capabilities.rows == 2
    assert len(await read(engine.stream(request(limits=at_most(1))))) == 1920
    await engine.close()


async def test_who_speaks_when_it_falls_asleep_is_told_and_keeps_no_place(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = await start(rows=1, queue=1)
    gate = Gate(monkeypatch)
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


async def test_closing_ends_streams_and_calls(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those that the engine's thread has not seen."""
    engine = await start()
    gate = Gate(monkeypatch)
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
    runner = weakref.ref(engine._runner)
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
