"""A machine that keeps up with few: who speaks does not stutter because others came, and those are told how long they
wait. Time is the test's: a step takes as long as it is said to."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from qwen_tts.api import PresetVoice, SynthesisRequest
from qwen_tts.checkpoint.model import Model
from qwen_tts.engine.loop import LOOK_AGAIN_S
from qwen_tts.runtime.frame import PromptPart
from qwen_tts.runtime.runner import LaunchedStep, ModelRunner, RowFrame, StepResult
from qwen_tts.stream import WINDOW_FRAMES
from tests.engine.driven import FRAME_S, Driven, Heard, at_most, at_most_of_a_text, endless, live, request, small_model

POSITION_S = 0.002


@pytest.fixture(scope="module")
def model(text_tokenizer_files) -> Model:
    """It never ends by itself."""
    return endless(small_model(text_tokenizer_files))


class Clocked(ModelRunner):
    """Computes nothing, in so much time: `spend` moves the clock on."""

    spend: Callable[[float], None]
    row_s: Callable[[int], float]
    """How long a step of so many rows takes"""

    def launch(self, frames: Sequence[RowFrame]) -> LaunchedStep:
        self.spend(self.row_s(len(frames)))
        return LaunchedStep(0, max(one.row for one in frames) + 1, frames)

    def collect(self, step: LaunchedStep) -> StepResult:
        return StepResult(np.ones((step.rows, 2), np.int32), np.ones((step.rows, self.samples_per_frame), np.int16))

    def prefill(self, parts: Sequence[PromptPart]) -> None:
        self.spend(POSITION_S * sum(len(part.inputs) for part in parts))


@dataclass
class Listener:
    """Plays from the first sound on, and hears a silence where the next one is late."""

    heard: Heard
    asked_s: float
    frames: int = 0
    taken: int = 0
    begins_s: float = 0.0
    first_s: float | None = None
    silence_s: float = 0.0

    def listen(self, now: float) -> None:
        for _ in range(self.heard.frames - self.frames):
            due_s = self.begins_s + self.frames * FRAME_S
            if self.first_s is None:
                self.first_s = self.begins_s = due_s = now
            late_s = max(0.0, now - due_s)
            self.silence_s += late_s
            self.begins_s += late_s
            self.frames += 1

    def take_what_is_played(self, now: float) -> None:
        if self.first_s is not None and not self.heard.listens:
            played = min(self.frames, 1 + int((now - self.begins_s) / FRAME_S))
            self.heard.take(
                played - self.heard.stream.sound._taken_samples // self.heard.stream.sound.samples_per_frame
            )


class Machine:
    """On which a step of so many rows takes `row_s(rows)`."""

    def __init__(self, model: Model, row_s: Callable[[int], float], rows: int = 4, **options: object) -> None:
        few = {"rows": rows, "kv_positions": 4_096, "row_positions": 1_024, "live_text": {"span_tokens": 4_096}}
        self.driven = Driven(model, runner=Clocked, **few | options)
        runner = self.driven.runner
        assert isinstance(runner, Clocked)
        runner.spend, runner.row_s, runner.steps_ahead = self._spend, row_s, 0
        self.driven.loop.rehearse()
        self.listeners: list[Listener] = []

    def _spend(self, seconds: float) -> None:
        self.driven.now += seconds

    @property
    def now(self) -> float:
        return self.driven.now

    def ask(self, one: SynthesisRequest, *, downloads: bool = False) -> Listener:
        self.listeners.append(Listener(self.driven.open(one, listens=downloads), self.now))
        return self.listeners[-1]

    def step(self) -> None:
        if not self.driven.loop.step():
            self.driven.now += 0.01
        for listener in self.listeners:
            listener.listen(self.now)
            listener.take_what_is_played(self.now)

    def until(self, is_so: Callable[[], bool]) -> None:
        for _ in range(20_000):
            if is_so():
                return
            self.step()
        raise AssertionError("it goes on for ever")

    def run(self) -> None:
        self.until(lambda: all(one.heard.outcome is not None for one in self.listeners))


def speech(seconds: float, text: str = "", **fields: object) -> SynthesisRequest:
    """Of so many seconds, as is expected of its text."""
    return request(text or "word " * round(seconds * 3.4), limits=at_most(round(seconds / FRAME_S)), **fields)


def of_rows(*steps_s: float) -> Callable[[int], float]:
    return lambda rows: steps_s[min(rows, len(steps_s)) - 1]


ONE_ROW = of_rows(0.05, 0.09, 0.13, 0.17)
TWO_ROWS = of_rows(0.03, 0.055, 0.09, 0.12)


@pytest.mark.parametrize("downloads", [False, True])
@pytest.mark.parametrize("after_s", [0.0, 0.3, 3.0])
async def test_a_second_waits_where_it_keeps_up_with_one(model: Model, after_s: float, *, downloads: bool) -> None:
    machine = Machine(model, ONE_ROW)
    first = machine.ask(speech(12), downloads=downloads)
    machine.until(lambda: machine.now >= first.asked_s + after_s)
    second = machine.ask(speech(12, voice=PresetVoice("ryan")))
    machine.run()
    assert (first.silence_s, second.silence_s) == (0.0, 0.0)
    assert (first.heard.places, second.heard.places) == ([], [1, 0])
    waited_s = second.first_s - second.asked_s
    assert second.heard.waits_s[0] == pytest.approx(waited_s, rel=0.5, abs=0.5)


async def test_as_many_as_it_keeps_up_with_speak_at_once_and_a_third_waits(model: Model) -> None:
    machine = Machine(model, TWO_ROWS)
    both = [machine.ask(speech(8)), machine.ask(speech(8))]
    third = machine.ask(speech(8))
    machine.run()
    assert [one.silence_s for one in (*both, third)] == [0.0, 0.0, 0.0]
    assert all(one.first_s - one.asked_s < 0.6 for one in both)
    assert third.first_s > min(one.asked_s for one in both) + 2
    assert third.heard.places[0] == 1


async def test_what_is_short_is_said_while_a_long_one_has_sound_in_hand(model: Model) -> None:
    """The machine is faster than the listener of the long one, and need not rest."""
    machine = Machine(model, ONE_ROW)
    long = machine.ask(speech(60))
    machine.until(lambda: machine.now >= long.asked_s + 10)
    short = machine.ask(speech(2, client="other"))
    machine.run()
    assert (long.silence_s, short.silence_s) == (0.0, 0.0)
    assert short.first_s - short.asked_s < 1.0


async def test_on_a_machine_that_is_too_slow_for_one_they_speak_one_after_the_other(model: Model) -> None:
    machine = Machine(model, of_rows(0.2, 0.3, 0.4, 0.5))
    several = [machine.ask(speech(2)) for _ in range(3)]
    machine.run()
    ends = [one.first_s + one.frames * 0.2 for one in several]
    assert all(later.first_s > end - 0.5 for end, later in zip(ends, several[1:], strict=False))
    assert [one.heard.waits_s[0] for one in several[1:]] == pytest.approx([5, 10], rel=0.3)


async def test_who_waits_for_a_writer_keeps_nobody_waiting(model: Model) -> None:
    machine = Machine(model, ONE_ROW)
    writes = machine.ask(live(limits=at_most(50), text_layout="streaming"))
    writes.heard.feed("She said that she would surely be with us again ")
    machine.until(lambda: writes.first_s is not None and machine.now > writes.first_s + 4)
    other = machine.ask(speech(10))
    machine.until(lambda: other.first_s is not None)
    assert other.first_s - other.asked_s < 1.0
    writes.heard.feed("here by noon.")
    writes.heard.end_text()
    machine.run()


async def test_whose_listener_has_stopped_keeps_nobody_waiting(model: Model) -> None:
    """It has a window in hand when its listener goes on, and both are spoken to their ends."""
    machine = Machine(model, ONE_ROW)
    stopped = machine.driven.open(speech(20), listens=False)
    machine.until(lambda: stopped.frames == WINDOW_FRAMES)
    other = machine.ask(speech(20))
    machine.until(lambda: other.first_s is not None)
    assert other.first_s - other.asked_s < WINDOW_FRAMES * FRAME_S + 1
    machine.until(lambda: other.frames == 100)
    stopped.take(stopped.frames)
    machine.step()
    assert stopped.stream.sound.lead_s(machine.now) > (WINDOW_FRAMES - 4) * FRAME_S
    machine.until(lambda: stopped.frames == WINDOW_FRAMES + 10)
    stopped.take(1_000)
    machine.run()
    machine.until(lambda: stopped.outcome is not None)
    assert (stopped.frames, other.frames) == (250, 250)


async def test_who_is_held_back_while_nobody_speaks_is_not_forgotten(model: Model) -> None:
    """The writer's listener still has sound, and the writer may go on; nobody else would wake the engine."""
    machine = Machine(model, ONE_ROW, guards=at_most_of_a_text(30))
    writes = machine.ask(live())
    writes.heard.feed("She said that she would surely be with us again. ")
    machine.until(lambda: writes.first_s is not None and writes.heard.stream.sequence is None)
    machine.ask(speech(10))
    while machine.driven.loop.step():
        assert not machine.driven.loop._open
    looks_again = machine.driven.loop.idle_until()
    assert looks_again is not None
    assert looks_again <= machine.now + LOOK_AGAIN_S


async def test_clients_take_turns_and_each_ones_texts_come_in_their_order(model: Model) -> None:
    machine = Machine(model, ONE_ROW)
    many = [machine.ask(speech(3, client="many")) for _ in range(4)]
    machine.until(lambda: many[0].first_s is not None)
    one = machine.ask(speech(3, client="one"))
    machine.run()
    assert sorted(many, key=lambda listener: listener.first_s) == many
    assert many[0].first_s < one.first_s < many[1].first_s


@pytest.mark.parametrize("seed", range(6))
async def test_whoever_comes_whenever_nobody_stutters_and_everybody_is_heard(model: Model, seed: int) -> None:
    chance = random.Random(seed)
    row_s, all_s = chance.uniform(0.01, 0.05), chance.uniform(0.01, 0.03)
    machine = Machine(model, lambda rows: all_s + rows * row_s, rows=8)
    comes_s = sorted(chance.uniform(0, 12) for _ in range(8))
    for at_s in comes_s:
        machine.until(lambda at_s=at_s: machine.now >= 100.5 + at_s)
        one = speech(chance.uniform(0.5, 8), client=chance.choice("abc"), streamed=chance.random() < 0.8)
        machine.ask(one, downloads=chance.random() < 0.5)
    machine.run()
    assert max(one.silence_s for one in machine.listeners if one.heard.stream.request.streamed) < 0.001
