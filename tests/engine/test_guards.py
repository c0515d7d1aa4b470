"""Laws of the guards: what goes wrong now and then ends soon, is told, and is put right if nobody has heard it."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import torch

from qwen_tts.api import CodePredictorSampling, PresetVoice, Sampling, StreamEnd, SynthesisRequest
from qwen_tts.checkpoint.model import Model, load_model
from qwen_tts.config.engine import EngineConfig, GuardConfig
from qwen_tts.engine.attempt import TAIL_FRAMES
from qwen_tts.engine.engine_stream import OTHER_SEED
from qwen_tts.engine.listener import FADE_IN_SAMPLES, faded_in, level_of
from qwen_tts.errors import ModelUnavailable, SynthesisFailed
from qwen_tts.offline.synthesizer import Synthesizer
from qwen_tts.runtime.runner import LaunchedStep, ModelRunner, StepResult
from qwen_tts.stream import WINDOW_FRAMES
from tests.bent import Changes, bend, murmurs_after_speech, murmurs_at_the_start
from tests.engine.driven import (
    CPU,
    FRAME_S,
    NO_GUARDS,
    Driven,
    Heard,
    at_most,
    at_most_of_a_text,
    endless,
    live,
    request,
    same_sound,
    silent,
    small_checkpoint,
    small_model,
)

Bent = Callable[[Callable[[Path], Changes]], Model]

SAMPLES = 1920
RETRY = GuardConfig(length_factor=None, silence_s=None, start_frames=0)


@pytest.fixture(scope="module")
def model(text_tokenizer_files: Path) -> Model:
    """It ends when it likes."""
    return small_model(text_tokenizer_files)


@pytest.fixture(scope="module")
def speaker(model: Model) -> Model:
    """It never ends by itself."""
    return endless(model)


def whole(text: str = "Hello there, world.", seed: int = 3, **fields: object) -> SynthesisRequest:
    """Nobody hears it before all of it is there."""
    return request(text, streamed=False, sampling=Sampling(seed=seed), **fields)


def stopping_at(frames: int) -> GuardConfig:
    return at_most_of_a_text(frames, retry=True)


def alone(model: Model, one: SynthesisRequest, guards: GuardConfig = NO_GUARDS, **options: object) -> Heard:
    return Driven(model, guards=guards, **options).speak(one)[0]


def told(heard: Heard) -> tuple[str, dict[str, int]]:
    assert isinstance(heard.outcome, StreamEnd), heard.outcome
    return heard.outcome.reason, dict(heard.outcome.guards)


def seed_with(is_wanted: Callable[[int, int], bool]) -> int:
    """The first one of which that holds, and of the seed of its second try."""
    return next(seed for seed in range(400) if is_wanted(seed, seed ^ OTHER_SEED))


def frames_of(model: Model, seed: int, at_most_frames: int) -> int:
    """How many a text takes with this seed; only so many are made."""
    return alone(model, whole(seed=seed, limits=at_most(at_most_frames)), row_positions=96).frames


# -- what nobody hears before it is there -----------------------------------------------------------------------------


async def test_who_wants_the_whole_hears_what_others_hear(model: Model) -> None:
    for seed in range(3):
        streamed, held = alone(model, request(sampling=Sampling(seed=seed))), alone(model, whole(seed=seed))
        assert same_sound(held.sound, streamed.sound)
        assert (held.reason, held.segments) == (streamed.reason, streamed.segments)


async def test_what_is_held_back_is_given_at_the_end_however_long_it_is(speaker: Model) -> None:
    """And nobody waits for a listener who can take nothing yet."""
    driven = Driven(speaker, guards=at_most_of_a_text(WINDOW_FRAMES + 30))
    heard = driven.open(whole(), listens=False)
    driven.step(WINDOW_FRAMES + 10)
    assert heard.frames == 0
    driven.run()
    assert (heard.frames, heard.reason) == (WINDOW_FRAMES + 30, "limit")


async def test_a_listener_who_takes_nothing_holds_up_the_next_part(speaker: Model) -> None:
    driven = Driven(speaker, guards=at_most_of_a_text(WINDOW_FRAMES + 6))
    heard = driven.open(live(streamed=False), listens=False)
    for text in ("Yes, sir.", " Good evening to you."):
        heard.feed(text)
        heard.flush()
    driven.run()
    assert heard.frames == WINDOW_FRAMES + 6
    heard.take(WINDOW_FRAMES)
    driven.run()
    assert heard.frames == 2 * (WINDOW_FRAMES + 6)


async def test_who_holds_back_gains_and_loses_no_turn(speaker: Model) -> None:
    """Its lead is that of a listener who would have been given all of it."""
    driven = Driven(speaker)
    streamed, held = driven.open(request(limits=at_most(40))), driven.open(whole(limits=at_most(40)))
    for _ in range(30):
        driven.now += 0.03
        driven.step()
        assert held.stream.sound.lead_s(driven.now) == pytest.approx(streamed.stream.sound.lead_s(driven.now))


# -- no end of speech -------------------------------------------------------------------------------------------------


async def test_what_was_not_heard_and_did_not_end_is_spoken_once_more_with_another_seed(model: Model) -> None:
    seed = seed_with(lambda one, other: frames_of(model, one, 21) == 21 and 3 < frames_of(model, other, 15) < 15)
    guarded = alone(model, whole(seed=seed), stopping_at(20))
    assert told(guarded) == ("complete", {"length": 1, "retry": 1})
    assert same_sound(guarded.sound, alone(model, whole(seed=seed ^ OTHER_SEED)).sound)
    assert same_sound(guarded.sound, alone(model, whole(seed=seed), stopping_at(20)).sound), "the same again"


async def test_of_two_that_do_not_end_one_is_given_and_fades_out(speaker: Model) -> None:
    heard = alone(speaker, whole(), stopping_at(20))
    assert told(heard) == ("limit", {"length": 2, "retry": 1})
    assert heard.frames == 20
    assert same_sound(heard.sound[:-SAMPLES], alone(speaker, request(limits=at_most(20))).sound[:-SAMPLES])
    assert fades_out(heard)


async def test_what_is_streamed_fades_out_and_is_not_begun_anew(speaker: Model) -> None:
    heard = alone(speaker, request(), stopping_at(20))
    assert told(heard) == ("limit", {"length": 1})
    assert heard.frames == 20
    assert fades_out(heard)


async def test_what_any_seed_says_the_same_way_is_not_said_again(speaker: Model) -> None:
    greedy = Sampling(temperature=0, seed=1, code_predictor=CodePredictorSampling(temperature=0))
    heard = alone(speaker, request(streamed=False, sampling=greedy), stopping_at(12))
    assert told(heard) == ("limit", {"length": 1})


async def test_the_second_try_can_be_switched_off(speaker: Model) -> None:
    assert told(alone(speaker, whole(), at_most_of_a_text(12))) == ("limit", {"length": 1})


async def test_a_second_try_reads_the_same_live_text(speaker: Model) -> None:
    text = "She said that she would be here by noon."
    driven = Driven(speaker, guards=stopping_at(30))
    heard = driven.open(live(streamed=False))
    heard.feed(text[:20], text[20:])
    heard.end_text()
    driven.run()
    assert told(heard) == ("limit", {"length": 2, "retry": 1})
    assert heard.read_text == text
    assert driven.nothing_is_left


async def test_text_that_comes_meanwhile_is_spoken_afterwards(speaker: Model) -> None:
    driven = Driven(speaker, guards=stopping_at(20))
    heard = driven.open(live(streamed=False))
    heard.feed("I think so.")
    heard.flush()
    driven.step(25)
    heard.feed(" And you?")
    heard.end_text()
    driven.run()
    assert (heard.read_text, heard.frames) == ("I think so.And you?", 40)
    assert told(heard) == ("limit", {"length": 4, "retry": 2})
    assert driven.nothing_is_left


async def test_a_part_that_went_wrong_is_told_though_the_last_one_ended_well(model: Model) -> None:
    """The parts before it stay."""
    driven = Driven(model, guards=at_most_of_a_text(12))
    reasons = set()
    for seed in range(12):
        heard = driven.open(live(sampling=Sampling(seed=seed)))
        for text in ("Hello there, world.", " Yes?"):
            heard.feed(text)
            heard.flush()
        heard.end_text()
        driven.run()
        reason, guards = told(heard)
        assert (reason == "limit") == bool(guards.get("length")), guards
        reasons.add(reason)
    assert reasons == {"complete", "limit"}


async def test_a_second_try_changes_nobody_elses_sound(speaker: Model) -> None:
    """To the bit, where a step always has the same number of rows."""
    mate = request("Good evening.", voice=PresetVoice("ryan"), limits=at_most(14))
    driven = Driven(speaker, guards=stopping_at(15), buckets=(2,))
    tries = driven.open(whole())
    driven.step(8)
    heard = driven.open(mate)
    driven.run()
    assert told(tries) == ("limit", {"length": 2, "retry": 1})
    np.testing.assert_array_equal(heard.sound, alone(speaker, mate, buckets=(2,)).sound)


@pytest.mark.parametrize("steps", range(12, 34, 3))
async def test_who_leaves_during_a_second_try_leaves_nothing(speaker: Model, steps: int) -> None:
    driven = Driven(speaker, guards=stopping_at(15))
    leaves = [driven.open(whole()), driven.open(live(streamed=False))]
    leaves[1].feed("She said that she would be here by noon.")
    leaves[1].end_text()
    driven.step(steps)
    for one in leaves:
        one.cancel()
    driven.run()
    assert [one.frames for one in leaves if one.outcome is None] == [0] * sum(one.outcome is None for one in leaves)
    assert driven.nothing_is_left


@pytest.mark.parametrize("steps", [5, 25])
async def test_an_engine_that_falls_asleep_gives_nothing_of_what_is_held_back(speaker: Model, steps: int) -> None:
    driven = Driven(speaker, guards=stopping_at(15))
    heard = driven.open(whole())
    driven.step(steps)
    driven.loop.abort(ModelUnavailable("the engine falls asleep"))
    assert isinstance(heard.outcome, ModelUnavailable)
    assert heard.frames == 0


async def test_a_second_try_goes_before_who_waits(speaker: Model) -> None:
    driven = Driven(speaker, rows=1, guards=stopping_at(15))
    tries, waits = driven.open(whole()), driven.open(request(limits=at_most(3)))
    driven.run()
    assert tries.outcome is not None
    assert waits.reason == "limit"
    order = [one for one in driven.heard.values() if one.outcome is not None]
    assert order == [tries, waits]


class SilentAtFirst(ModelRunner):
    """Its first sequence says nothing."""

    def __init__(self, model: Model, config: EngineConfig) -> None:
        super().__init__(model, config)
        self._opened = 0

    def open_row(self, *args: Any) -> None:
        self._opened += 1
        super().open_row(*args)

    def collect(self, step: LaunchedStep) -> StepResult:
        result = super().collect(step)
        if self._opened == 1:
            result.pcm[:] = 0
        return result


async def test_a_second_try_tells_its_segments_as_if_it_were_the_only_one(speaker: Model) -> None:
    def spoken(seed: int, runner: type[ModelRunner]) -> Heard:
        guards = at_most_of_a_text(30, silence_s=10 * FRAME_S, retry=True)
        driven = Driven(speaker, runner=runner, guards=guards)
        heard = driven.open(live(streamed=False, fed_at_once=True, sampling=Sampling(seed=seed)))
        heard.feed("Yes. ", "No. ", "Maybe.")
        heard.end_text()
        driven.run()
        return heard

    twice, once = spoken(3, SilentAtFirst), spoken(3 ^ OTHER_SEED, ModelRunner)
    assert told(twice) == ("limit", {"silence": 1, "length": 1, "retry": 1})
    assert twice.segments == once.segments
    assert set(once.segments) == {0, 1, 2}
    assert same_sound(twice.sound, once.sound)


async def test_a_second_try_without_room_leaves_the_first(speaker: Model) -> None:
    driven = Driven(speaker, guards=stopping_at(40))
    heard, alike = driven.open(whole()), alone(speaker, whole(), at_most_of_a_text(40))
    while heard.stream.first_try is None or heard.stream.sequence is None:
        driven.step()
    driven.step(3)
    pages = driven.loop._memory.pages
    taken = pages.take(pages.free)
    driven.run()
    assert told(heard) == ("limit", {"length": 1, "retry": 1})
    assert same_sound(heard.sound, alike.sound)
    assert taken is not None
    pages.give_back(taken)
    assert driven.nothing_is_left


# -- nothing said -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("streamed", [True, False])
async def test_who_says_nothing_to_words_says_them_again(model: Model, *, streamed: bool) -> None:
    seed = seed_with(lambda one, other: frames_of(model, one, 3) == 2 and frames_of(model, other, 4) > 3)
    one = msgspec.structs.replace(whole(seed=seed), streamed=streamed)
    heard, second = alone(model, one, RETRY), alone(model, whole(seed=seed ^ OTHER_SEED))
    assert told(heard) == ("complete", {"retry": 1})
    said = heard.sound[-len(second.sound) :]
    assert same_sound(said[FADE_IN_SAMPLES:], second.sound[FADE_IN_SAMPLES:])
    assert same_sound(said, faded_in(second.sound) if streamed else second.sound), "what goes on begins without a click"
    assert heard.frames == second.frames + (2 if streamed else 0)


@pytest.fixture(scope="module")
def seed_of_nothing(model: Model) -> int:
    """With it nothing is said to words, nor in a second try."""

    async def found() -> int:
        return seed_with(lambda one, other: frames_of(model, one, 3) == frames_of(model, other, 3) == 2)

    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        return runner.run(found())


@pytest.mark.parametrize("streamed", [True, False])
async def test_nothing_said_twice_is_an_error_and_no_success(
    model: Model, seed_of_nothing: int, *, streamed: bool
) -> None:
    driven = Driven(model, guards=RETRY)
    heard = driven.speak(msgspec.structs.replace(whole(seed=seed_of_nothing), streamed=streamed))[0]
    assert isinstance(heard.outcome, SynthesisFailed)
    assert "said nothing" in heard.outcome.message
    assert driven.nothing_is_left


@pytest.mark.parametrize("streamed", [True, False])
async def test_silence_throughout_is_nothing_said(speaker: Model, *, streamed: bool) -> None:
    driven = Driven(silent(speaker), guards=GuardConfig())
    one = request("She said that she would be here by noon.", streamed=streamed)
    heard = driven.speak(one)[0]
    assert isinstance(heard.outcome, SynthesisFailed)
    assert "said nothing" in heard.outcome.message
    assert heard.stream.guards == {"silence": 2, "retry": 1}
    assert driven.nothing_is_left


async def test_silence_that_ends_by_itself_is_nothing_said(model: Model) -> None:
    heard = alone(silent(model), whole(), RETRY)
    assert isinstance(heard.outcome, SynthesisFailed)


async def test_where_any_seed_says_nothing_another_way_out_is_told(speaker: Model) -> None:
    greedy = Sampling(temperature=0, seed=1, code_predictor=CodePredictorSampling(temperature=0))
    heard = alone(silent(speaker), request(streamed=False, sampling=greedy), GuardConfig())
    assert isinstance(heard.outcome, SynthesisFailed)
    assert heard.stream.guards == {"silence": 1}
    assert "temperature" in heard.outcome.message
    assert "seed" not in heard.outcome.message


@pytest.mark.parametrize("streamed", [True, False])
async def test_a_part_to_which_nothing_is_said_leaves_the_others(speaker: Model, *, streamed: bool) -> None:
    driven = Driven(speaker, runner=SilentLater, guards=LISTENS.model_copy(update={"retry": True}))
    heard = driven.open(live(streamed=streamed))
    for text in (TEXT, TEXT):
        heard.feed(text)
        heard.flush()
    heard.end_text()
    driven.run()
    assert told(heard) == ("limit", {"silence": 3, "retry": 1})
    assert driven.nothing_is_left


# -- a murmur after speech --------------------------------------------------------------------------------------------

SPEECH_FRAMES = 25


class Murmuring(ModelRunner):
    """After some frames of a row it only murmurs, 26 dB below."""

    def collect(self, step: LaunchedStep) -> StepResult:
        result = super().collect(step)
        for one in step.frames:
            if one.frame >= SPEECH_FRAMES:
                result.pcm[one.row] //= 20
        return result


class SilentLater(ModelRunner):
    """The first sequence speaks, and falls silent; the later ones are silent."""

    def __init__(self, model: Model, config: EngineConfig) -> None:
        super().__init__(model, config)
        self._spoken = 0

    def collect(self, step: LaunchedStep) -> StepResult:
        result = super().collect(step)
        for one in step.frames:
            self._spoken += 1
            if self._spoken > SPEECH_FRAMES:
                result.pcm[one.row] = 0
        return result


LISTENS = NO_GUARDS.model_copy(update={"silence_s": 10 * FRAME_S, "quiet_db": 20})
TEXT = "She said that she would be here."


async def test_a_murmur_after_speech_is_the_end(speaker: Model) -> None:
    heard = Driven(speaker, runner=Murmuring, guards=LISTENS).speak(request(TEXT))[0]
    assert told(heard) == ("complete", {"silence": 1})
    assert heard.frames == SPEECH_FRAMES + 10
    assert fades_out(heard)


async def test_a_murmur_that_nobody_has_heard_is_cut_off(speaker: Model) -> None:
    heard = Driven(speaker, runner=Murmuring, guards=LISTENS).speak(whole(TEXT))[0]
    assert told(heard) == ("complete", {"silence": 1})
    assert heard.frames == SPEECH_FRAMES + TAIL_FRAMES
    assert fades_out(heard)


async def test_a_murmur_goes_on_to_the_length_where_nothing_listens_for_it(speaker: Model) -> None:
    for guards in (at_most_of_a_text(60), at_most_of_a_text(60, silence_s=10 * FRAME_S, quiet_db=None)):
        heard = Driven(speaker, runner=Murmuring, guards=guards).speak(request(TEXT))[0]
        assert told(heard) == ("limit", {"length": 1})
        assert heard.frames == 60


async def test_no_murmur_is_cut_off_where_nothing_listens_for_it(speaker: Model) -> None:
    heard = alone(speaker, whole(TEXT), at_most_of_a_text(60), runner=Murmuring)
    assert told(heard) == ("limit", {"length": 1})
    assert heard.frames == 60


async def test_every_sequence_of_a_live_text_may_murmur(speaker: Model) -> None:
    driven = Driven(speaker, runner=Murmuring, guards=LISTENS)
    heard = driven.open(live())
    for _ in range(3):
        heard.feed(TEXT)
        heard.flush()
    heard.end_text()
    driven.run()
    assert told(heard) == ("complete", {"silence": 3})
    assert driven.nothing_is_left


# -- noise before the first word --------------------------------------------------------------------------------------


@pytest.fixture
def noisy(tmp_path: Path) -> GuardConfig:
    """A table that takes anything for noise, in two frames."""
    table = tmp_path / "measured.toml"
    table.write_text("[checkpoints.1b7-custom_voice]\nstart_frames = 2\nstart_dbfs = 0.0\n")
    return GuardConfig(length_factor=None, silence_s=None, retry=False, expectations=table)


async def test_noise_before_the_first_word_is_left_out_of_every_sequence(speaker: Model, noisy: GuardConfig) -> None:
    one = at_most_of_a_text(12)
    guards = noisy.model_copy(update={"length_factor": one.length_factor, "spare_s": one.spare_s})
    streams = []
    for options in (one, guards):
        driven = Driven(speaker, guards=options)
        streams.append(driven.open(live()))
        for text in ("Yes, sir.", " Good evening to you."):
            streams[-1].feed(text)
            streams[-1].flush()
        streams[-1].end_text()
        driven.run()
    all_of_it, without = streams
    assert told(without) == ("limit", {"length": 2, "start": 2})
    assert (all_of_it.frames, without.frames) == (24, 20)
    kept = all_of_it.sound.reshape(24, SAMPLES)[[*range(2, 12), *range(14, 24)]]
    ours = without.sound.reshape(20, SAMPLES)
    np.testing.assert_array_equal(ours[1:10], kept[1:10])
    np.testing.assert_array_equal(ours[11:], kept[11:])
    assert ours[0][0] == ours[10][0] == 0, "they fade in"


async def test_an_option_says_how_many_or_none(speaker: Model, noisy: GuardConfig) -> None:
    for frames in (0, 1, 5):
        guards = noisy.model_copy(update={"start_frames": frames})
        heard = alone(speaker, request(limits=at_most(9)), guards)
        assert told(heard) == ("limit", {"start": 1} if frames else {})
        assert heard.frames == 9
        whole = alone(speaker, request(limits=at_most(9 + frames)))
        assert same_sound(heard.sound[SAMPLES:-SAMPLES], whole.sound[(frames + 1) * SAMPLES : -SAMPLES])


async def test_what_is_as_loud_as_speech_is_never_left_out(speaker: Model) -> None:
    heard = alone(speaker, request(limits=at_most(9)), NO_GUARDS.model_copy(update={"start_frames": 5}))
    assert told(heard) == ("limit", {})
    assert same_sound(heard.sound, alone(speaker, request(limits=at_most(9))).sound)


# -- without an engine ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("guards", [at_most_of_a_text(40), at_most_of_a_text(12), NO_GUARDS, LISTENS])
async def test_the_plain_generator_is_guarded_alike(bent: Bent, guards: GuardConfig) -> None:
    model = bent(murmurs_after_speech)
    one = request(TEXT, limits=at_most(50), text_layout="streaming")
    with Synthesizer(model, guards).stream(one) as speech:
        sound = np.frombuffer(b"".join(chunk.pcm for chunk in speech), np.int16)
    heard = alone(model, one, guards)
    assert same_sound(sound, heard.sound)
    assert speech.end is not None
    assert (speech.end.reason, speech.end.guards) == told(heard)


def test_noise_of_many_rows_is_left_out_before_the_first_word(speaker: Model, noisy: GuardConfig) -> None:
    """However many frames of others come between two that are heard."""
    guards = noisy.model_copy(update={"start_frames": 25})
    ones = [request("Yes.", limits=at_most(26))] * 48
    with Synthesizer(speaker, guards).stream_batch(ones) as speech:
        assert [row for row, _ in speech] == list(range(48))


# -- checkpoints that are bent ----------------------------------------------------------------------------------------


@pytest.fixture
def bent(text_tokenizer_files: Path, tmp_path: Path) -> Bent:
    """A small checkpoint that does something wrong."""
    source = small_checkpoint(text_tokenizer_files)
    return lambda wrong: load_model(bend(source, tmp_path / "bent", wrong(source)), CPU, torch.float32)


@pytest.mark.parametrize("streamed", [True, False])
async def test_a_checkpoint_that_murmurs_after_speech(bent: Bent, *, streamed: bool) -> None:
    driven = Driven(bent(murmurs_after_speech), guards=LISTENS)
    heard = driven.open(live(streamed=streamed))
    heard.feed("She said that she would be here by noon.")
    heard.end_text()
    driven.run()
    assert told(heard) == ("complete", {"silence": 1})
    tokens = len(driven.model.tokenizer.encode(heard.read_text))
    assert 0 <= heard.frames - tokens - (10 if streamed else TAIL_FRAMES) <= 8
    assert fades_out(heard)


async def test_a_checkpoint_whose_sequences_begin_with_a_murmur(bent: Bent, tmp_path: Path) -> None:
    model, table = bent(murmurs_at_the_start), tmp_path / "measured.toml"
    table.write_text("[checkpoints.1b7-custom_voice]\nstart_frames = 3\nstart_dbfs = -32\n")
    stopped = at_most_of_a_text(10)
    sounds = []
    for guards in (stopped, stopped.model_copy(update={"start_frames": None, "expectations": table})):
        driven = Driven(model, guards=guards)
        heard = driven.open(live())
        for text in ("I think so.", " Good evening."):
            heard.feed(text)
            heard.flush()
        heard.end_text()
        driven.run()
        sounds.append(heard.sound.reshape(-1, SAMPLES))
    noisy, clean = sounds
    assert told(heard) == ("limit", {"length": 2, "start": 2})
    assert (len(noisy), len(clean)) == (20, 18)
    np.testing.assert_array_equal(clean[1:8], noisy[2:9])
    assert level_of(noisy[0]) < -32 < level_of(noisy[1]), "a frame of it, before speech"


def fades_out(heard: Heard) -> bool:
    """Its last frame ends in nothing, without a click."""
    last = np.abs(heard.sound[-SAMPLES:].astype(int))
    return bool(last[-1] <= 1 and last[-200:].max() <= 0.15 * max(1, np.abs(heard.sound.astype(int)).max()))
