"""Both layouts of a text, for every kind of voice: what the official package recorded is what the engine says."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from qwen_tts.api import (
    ClonedVoice,
    DesignedVoice,
    PresetVoice,
    Sampling,
    SettledLayout,
    SynthesisRequest,
    TextLayout,
    Voice,
    VoicePrompt,
)
from qwen_tts.checkpoint.model import Model
from qwen_tts.config.engine import EngineConfig
from qwen_tts.engine.engine import Engine
from qwen_tts.engine.engine_stream import SOONEST_FRAMES_A_TOKEN
from qwen_tts.engine.listener import faded_in
from qwen_tts.engine.live_text import LiveText
from qwen_tts.engine.loaded_checkpoint import Factories
from qwen_tts.errors import InvalidRequest
from qwen_tts.offline.synthesizer import Synthesizer
from qwen_tts.runtime.runner import LaunchedStep, ModelRunner, StepResult
from qwen_tts.runtime.sampling import OfficialRandom, Sampler
from tests.engine.conftest import Load
from tests.engine.driven import Driven, at_most, at_most_of_a_text, endless, request, same_sound
from tests.engine.official import GOLDEN, ISO, prompts_of, reference_voice, sampling_of, voice_of
from tests.golden.cases import BASE, CASES, CUSTOM, DESIGN, FRAMES, SMALL_BASE, TRANSCRIPT, Case

Start = Callable[..., Awaitable[Engine]]
ALONE = [case for case in CASES if len(case.texts) == 1]
GREEDY = [case for case in CASES if case.seed is None]
ROOM = {"device": "cpu", "kv_positions": 2048, "row_positions": 256}


class OfficialRunner(ModelRunner):
    """Remembers the codes that it drew; with a `seed`, it draws them as the official package does."""

    def __init__(self, model: Model, config: EngineConfig, seed: int | None) -> None:
        super().__init__(model, config)
        self.codes: list[list[list[int]]] = []
        if seed is not None:
            self._backends.frame._sampler = Sampler(model.config.talker, OfficialRandom(seed), model.talker.device)  # type: ignore[attr-defined]

    def rehearse(self, rows: int) -> None:
        """It would take draws, which the official package has not."""

    def collect(self, step: LaunchedStep) -> StepResult:
        self.codes.append(self._host_codes[step.slot].tolist())
        return super().collect(step)


@pytest.fixture
async def start(load: Load, checkpoints: Path) -> AsyncIterator[Start]:
    """Engines of a checkpoint; closed after the test."""
    started: list[Engine] = []

    async def start(name: str, runner: Any = ModelRunner, **options: Any) -> Engine:
        config = EngineConfig.model_validate({"checkpoint": checkpoints / name, "rows": 1} | ROOM | options)
        started.append(Engine(config, factories=Factories(model=lambda *_, **__: load(name), runner=runner)))
        await started[-1].load()
        return started[-1]

    yield start
    for engine in started:
        await engine.close()


def asked(case: Case, model: Model, row: int = 0, **fields: Any) -> SynthesisRequest:
    """Of the engine, what was asked of the official package."""
    defaults = {
        "text": case.texts[row],
        "voice": voice_of(case, row, model)[0],
        "language": ISO[case.languages[row].lower()],
        "instruct": case.instructs[row] if case.speakers and case.instructs else "",
        "sampling": sampling_of(case),
        "limits": at_most(FRAMES),
        "text_layout": case.text_layout,
    }
    return SynthesisRequest(**defaults | fields)


async def speak(engine: Engine, one: SynthesisRequest) -> NDArray[np.int16]:
    async with engine.stream(one) as audio:
        return np.frombuffer(b"".join([chunk.pcm async for chunk in audio]), np.int16)


def is_recorded(sound: NDArray[np.int16], case: Case, row: int = 0) -> bool:
    """But for float32 sums in another order, a sample of the reference that the official package may leave, and the
    last frame, which fades out where a limit was asked for."""
    official = np.load(GOLDEN / f"{case.name}.npz")[f"wave_{row}"]
    surplus = len(official) - len(sound)
    ideal = official[surplus:].clip(-1, 1).astype(np.float64) * 32768
    return surplus in (0, 1) and float(np.abs(sound - ideal)[:-1920].max()) <= 1.5


@pytest.mark.parametrize("case", ALONE, ids=lambda case: case.name)
async def test_the_engine_says_what_the_official_package_recorded(case: Case, load: Load, start: Start) -> None:
    """Codes and sound, greedy and with the official draws; with a kept voice too, and after it slept."""
    runners: list[OfficialRunner] = []

    def runner(model: Model, config: EngineConfig) -> ModelRunner:
        runners.append(OfficialRunner(model, config, case.seed))
        return runners[-1]

    engine = await start(case.checkpoint, runner, guards={"retry": case.seed is None})  # drawn, two frames are too few
    one, codes = asked(case, load(case.checkpoint)), np.load(GOLDEN / f"{case.name}.npz")["codes_0"].tolist()
    heard = [await speak(engine, one)]
    assert [frame[0] for frame in runners[0].codes][: len(codes)] == codes
    if case.seed is None:  # the official draws go on where they were
        heard.append(await speak(engine, one))
    await engine.sleep()
    await engine.wake()
    heard.append(await speak(engine, one))
    assert all(is_recorded(sound, case) for sound in heard)
    assert [frame[0] for frame in runners[-1].codes][: len(codes)] == codes


@pytest.mark.parametrize("case", GREEDY, ids=lambda case: case.name)
async def test_so_it_does_among_others_and_with_a_kept_voice(case: Case, load: Load) -> None:
    """Others of the same voice read their texts in the other layout at the same time."""
    model = load(case.checkpoint)
    rows = range(len(case.texts))
    greedy = msgspec.structs.replace(sampling_of(case), seed=0)
    wanted = [asked(case, model, row, sampling=greedy) for row in rows]
    other: SettledLayout = "streaming" if case.text_layout == "whole" else "whole"
    others = [asked(case, model, row, text_layout=other, sampling=Sampling(seed=row)) for row in rows]
    driven = Driven(model, rows=4, **ROOM)
    for _ in range(2):
        heard = driven.speak(*others, *wanted)[len(others) :]
        assert all(is_recorded(one.sound, case, row) for one, row in zip(heard, rows, strict=True))
    assert driven.nothing_is_left


KINDS = {
    "preset": (CUSTOM, PresetVoice("ryan")),
    "designed": (DESIGN, DesignedVoice("A child.")),
    "cloned": (BASE, None),
    "cloned with a transcript": (SMALL_BASE, TRANSCRIPT),
}


@cache
def voice_named(kind: str, load: Load) -> tuple[Model, Voice]:
    """With a model that never ends by itself; no test changes it."""
    checkpoint, voice = KINDS[kind]
    model = endless(load(checkpoint))
    if isinstance(voice, PresetVoice | DesignedVoice):
        return model, voice
    return model, ClonedVoice(VoicePrompt(reference_voice(model, voice).to_bytes()))


def said(model: Model, one: SynthesisRequest) -> NDArray[np.int16]:
    """By the plain generator."""
    return np.frombuffer(Synthesizer(model).synthesize(one).pcm, np.int16)


FOUR_FRAMES: dict[str, Any] = {"language": "en", "limits": at_most(4)}


@cache
def four_frames_said(kind: str, load: Load, text: str, layout: SettledLayout) -> NDArray[np.int16]:
    """By the plain generator, which knows no settings."""
    model, voice = voice_named(kind, load)
    return said(model, request(text, voice=voice, text_layout=layout, **FOUR_FRAMES))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("setting", ["auto", "whole", "streaming"])
@pytest.mark.parametrize("asked_for", ["auto", "whole", "streaming"])
async def test_who_decides_on_the_layout_of_a_whole_text(
    load: Load, kind: str, setting: TextLayout, asked_for: TextLayout
) -> None:
    """The request, then the setting; else it is read whole, also if it is fed in pieces."""
    model, voice = voice_named(kind, load)
    fields = FOUR_FRAMES | {"voice": voice}
    settled = next((layout for layout in (asked_for, setting) if layout != "auto"), "whole")
    driven = Driven(model, text_layout=setting, **ROOM)
    whole = driven.open(request("Good day. And you?", text_layout=asked_for, **fields))
    pieces = driven.open(request("", live=True, fed_at_once=True, text_layout=asked_for, **fields))
    pieces.feed("Good day.")
    driven.step(3)
    pieces.feed(" And ", "you?")
    driven.step(3)
    assert pieces.frames == 0, "it waits for all of its text"
    pieces.end_text()
    driven.run()
    theirs = four_frames_said(kind, load, "Good day. And you?", settled)
    assert same_sound(whole.sound, theirs)
    assert same_sound(pieces.sound, theirs)
    assert driven.nothing_is_left


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("setting", ["auto", "whole", "streaming"])
@pytest.mark.parametrize("asked_for", ["auto", "whole", "streaming"])
async def test_who_decides_on_the_layout_of_a_live_text(
    load: Load, kind: str, setting: TextLayout, asked_for: TextLayout
) -> None:
    """The same; but what is left open is read as it comes. Read whole, each sentence is a text of its own."""
    model, voice = voice_named(kind, load)
    fields = FOUR_FRAMES | {"voice": voice}
    settled = next((layout for layout in (asked_for, setting) if layout != "auto"), "streaming")
    driven = Driven(model, text_layout=setting, **ROOM)
    heard = driven.open(request("", live=True, text_layout=asked_for, **fields))
    heard.feed("Good da")
    driven.run()
    heard.feed("y. And")
    driven.run()
    assert isinstance(heard.stream.text, LiveText) == (settled == "streaming" and kind != "cloned with a transcript")
    if not isinstance(heard.stream.text, LiveText):
        assert heard.frames == 4, "a sentence does not wait for the next"
    heard.feed(" you?")
    heard.end_text()
    driven.run()
    text = "Good day. And you?" if isinstance(heard.stream.text, LiveText) else "Good day."
    assert same_sound(heard.sound, four_frames_said(kind, load, text, settled))
    assert driven.nothing_is_left


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layout", ["whole", "streaming"])
async def test_parts_of_a_long_text_have_its_layout(load: Load, kind: str, layout: SettledLayout) -> None:
    """Each sounds as if it were alone, but for its first milliseconds."""
    model, voice = voice_named(kind, load)
    sentences = ["It costs 3.50 in all, sir, and no more.", "How are you today, my dear old friend?"]
    fields: dict[str, Any] = {"voice": voice, "language": "en", "text_layout": layout}
    options = {**ROOM, "live_text": {"span_tokens": 16}, "guards": at_most_of_a_text(30)}
    driven = Driven(model, **options)
    heard = driven.open(request("", live=True, fed_at_once=True, **fields))
    heard.feed(*(f"{sentence} " for sentence in sentences))
    heard.end_text()
    driven.run()
    first, second = (one.sound for one in driven.speak(*(request(sentence, **fields) for sentence in sentences)))
    assert same_sound(heard.sound, np.concatenate([first, faded_in(second)]))
    assert sorted(set(heard.segments)) == [0, 1]


async def test_pieces_that_are_spoken_together_are_told_one_after_the_other(load: Load) -> None:
    """Nobody knows when: no sooner than speech can have come there, and in time to be told at all."""
    model, voice = voice_named("cloned", load)
    pieces = ["Good day. ", "How are you today? ", "Fine."]
    tokens = len(model.tokenizer.encode("".join(pieces)))
    driven = Driven(model, **ROOM)
    heard = driven.open(request("", live=True, fed_at_once=True, voice=voice, limits=at_most(4 * tokens)))
    heard.feed(*pieces)
    heard.end_text()
    driven.run()
    assert heard.segments == sorted(heard.segments)
    begins = [heard.segments.index(segment) for segment in range(3)]
    assert begins == [round(SOONEST_FRAMES_A_TOKEN * tokens * at / 34) for at in (0, 10, 29)]


async def test_a_kept_voice_serves_both_layouts(load: Load) -> None:
    """Where no transcript stands between, its beginning is read once."""
    model, voice = voice_named("preset", load)
    driven = Driven(model, **ROOM)
    layouts: tuple[SettledLayout, ...] = ("whole", "streaming")
    driven.speak(*(request(voice=voice, text_layout=layout, limits=at_most(1)) for layout in layouts))
    assert len(driven.loop._memory.prefixes._entries) == 1


async def test_a_layout_that_there_is_not_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="text_layout must be one of auto, whole, streaming, got 'both'") as caught:
        request(text_layout="both")
    assert caught.value.param == "text_layout"
    with pytest.raises(InvalidRequest) as caught:
        request(fed_at_once=True)
    assert caught.value.param == "fed_at_once"


async def test_what_is_fed_at_once_is_spoken_when_all_of_it_is_there(load: Load, start: Start) -> None:
    """Through the engine itself, which takes steps meanwhile."""
    engine = await start(BASE)
    model, voice = load(BASE), ClonedVoice(VoicePrompt(reference_voice(load(BASE), TRANSCRIPT).to_bytes()))
    fields: dict[str, Any] = {"voice": voice, "language": "en", "limits": at_most(6)}
    async with engine.stream(request("", live=True, fed_at_once=True, **fields)) as audio:
        for piece in ("Hello there.", " How are", " you today? "):
            await audio.feed(piece)
            audio.flush()
            await asyncio.sleep(0)
        audio.end_text()
        heard = np.frombuffer(b"".join([chunk.pcm async for chunk in audio]), np.int16)
    assert same_sound(heard, said(model, request("Hello there. How are you today?", **fields)))


def test_the_recorded_layouts_are_of_every_kind() -> None:
    """A kind that is added is recorded in both."""
    recorded = {(case.checkpoint, case.transcript is not None, case.text_layout) for case in CASES}
    for checkpoint, transcript in ((CUSTOM, False), (DESIGN, False), (BASE, False), (BASE, True)):
        assert {(checkpoint, transcript, layout) for layout in ("whole", "streaming")} <= recorded


@torch.inference_mode()
def test_whole_texts_have_nothing_beside_their_frames(load: Load) -> None:
    for case in CASES:
        if case.text_layout == "whole":
            assert not any(len(prompt.trailing) for prompt in prompts_of(case, load(case.checkpoint)))
