"""Laws of the loop: nobody hears who else speaks, everything ends once, and nothing is left behind."""

import math
import random
from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch

from qwen_tts.api import Audio, ClonedVoice, DesignedVoice, Limits, PresetVoice, Sampling, SynthesisRequest
from qwen_tts.audio.samples import to_pcm
from qwen_tts.checkpoint.clone import clone_voice
from qwen_tts.checkpoint.model import Model
from qwen_tts.config.engine import GuardConfig, LiveTextConfig
from qwen_tts.config.expectations import Expectations
from qwen_tts.engine import admission, row_memory
from qwen_tts.engine.listener import faded_in
from qwen_tts.engine.loop import PREPARING_S
from qwen_tts.errors import EngineBusy, InvalidRequest, ModelUnavailable, TextTooLong
from qwen_tts.offline.synthesizer import Synthesizer
from qwen_tts.runtime import runner as runner_module
from qwen_tts.runtime.cuda_graphs import DryRun
from qwen_tts.runtime.frame import PAGE_POSITIONS
from qwen_tts.runtime.runner import LaunchedStep, ModelRunner, RowFrame
from qwen_tts.stream import WINDOW_FRAMES
from tests.engine.conftest import Load
from tests.engine.driven import (
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
    small_model,
)
from tests.golden.cases import BASE, CUSTOM, DESIGN, SMALL_BASE, SMALL_CUSTOM, TRANSCRIPT, reference_audio

PAUSE_S = LiveTextConfig().pause_s
SENTENCE = "She said that she would be here by noon. "


@pytest.fixture(scope="module")
def model(text_tokenizer_files) -> Model:
    """It ends when it likes."""
    return small_model(text_tokenizer_files)


@pytest.fixture(scope="module")
def speaker(model: Model) -> Model:
    """It never ends by itself."""
    return endless(model)


def clone(model: Model, transcript: str | None) -> ClonedVoice:
    audio = Audio(pcm=to_pcm(reference_audio()), sample_rate=24_000)
    return ClonedVoice(clone_voice(model, audio, transcript))


def alone(model: Model, one: SynthesisRequest, **options: object) -> Heard:
    return Driven(model, **options).speak(one)[0]


# -- what is said -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("checkpoint", "voice"),
    [
        (CUSTOM, PresetVoice("ryan")),
        (SMALL_CUSTOM, PresetVoice("dylan")),
        (DESIGN, DesignedVoice("A child.")),
        (BASE, None),
        (BASE, TRANSCRIPT),
        (SMALL_BASE, TRANSCRIPT),
    ],
)
@pytest.mark.parametrize("is_live", [False, True])
async def test_it_says_what_the_plain_generator_says(
    load: Load, checkpoint: str, voice: PresetVoice | DesignedVoice | str | None, is_live: bool
) -> None:
    loaded = endless(load(checkpoint))
    named = voice if isinstance(voice, PresetVoice | DesignedVoice) else clone(loaded, voice)
    fields = {"voice": named, "language": "en", "limits": at_most(5), "sampling": Sampling(seed=9, temperature=1.1)}
    whole = request("Good day.", **fields)
    driven = Driven(loaded)
    heard = driven.open(live(**fields) if is_live else whole)
    if is_live:
        heard.feed("Goo", "d da", "y.")
        heard.end_text()
    driven.run()
    layout = {"text_layout": "streaming"} if is_live else {}
    said = Synthesizer(loaded).synthesize(request("Good day.", **fields | layout))
    assert (heard.frames, heard.reason) == (5, "limit")
    assert same_sound(heard.sound, np.frombuffer(said.pcm, np.int16))
    assert driven.nothing_is_left


EVERYBODY = (
    request(limits=at_most(6)),
    request("其实我真的有发现。", voice=PresetVoice("eric"), sampling=Sampling(seed=9, temperature=1.2)),
    request("Ja.", voice=PresetVoice("ryan"), language="de", sampling=Sampling(temperature=0, seed=0)),
    request(SENTENCE * 3, instruct="Very happy.", sampling=Sampling(seed=2**62 + 1), limits=at_most(9)),
)


async def test_batched_equals_alone(model: Model) -> None:
    together = Driven(model, rows=4).speak(*EVERYBODY)
    for one, audio in zip(together, map(Synthesizer(model).synthesize, EVERYBODY), strict=True):
        assert same_sound(one.sound, np.frombuffer(audio.pcm, np.int16))
        assert same_sound(one.sound, alone(model, one.stream.request).sound)
    assert {one.reason for one in together} == {"limit", "complete"}


async def test_who_joins_or_leaves_changes_nobodys_sound(speaker: Model) -> None:
    driven = Driven(speaker)
    stays = driven.open(request(limits=at_most(12)))
    driven.step(3)
    leaves = driven.open(request("Good evening.", voice=PresetVoice("ryan")))
    driven.step(4)
    leaves.cancel()
    driven.step(2)
    comes = driven.open(request("Another one.", sampling=Sampling(seed=4), limits=at_most(4)))
    driven.run()
    assert same_sound(stays.sound, alone(speaker, stays.stream.request).sound)
    assert same_sound(comes.sound, alone(speaker, comes.stream.request).sound)
    assert leaves.frames >= 2
    assert leaves.outcome is None


async def test_a_seed_is_a_sound(speaker: Model) -> None:
    def said(seed: int) -> Heard:
        return alone(speaker, request(sampling=Sampling(seed=seed), limits=at_most(3)))

    assert np.array_equal(said(1).sound, said(1).sound)
    assert not np.array_equal(said(1).sound, said(2).sound)


# -- who waits for whom -----------------------------------------------------------------------------------------------


def begun_order(driven: Driven, waiting: list[Heard]) -> list[int]:
    """Who was heard first, second, ...; one at a time speaks."""
    order: list[int] = []
    while any(one.outcome is None for one in waiting):
        driven.now += 1.0
        driven.step()
        order += [index for index, one in enumerate(waiting) if one.frames and index not in order]
        assert sum(bool(one.frames) and one.outcome is None for one in waiting) <= 1
    return order


class Watched(ModelRunner):
    """Counts its launches."""

    launched = 0

    def launch(self, frames: Sequence[RowFrame]) -> LaunchedStep:
        self.launched += 1
        return super().launch(frames)


@pytest.mark.parametrize("steps_ahead", [0, 1])
async def test_a_frame_is_heard_as_soon_as_it_is_there(speaker: Model, steps_ahead: int) -> None:
    """Where launching computes, before the next one is launched."""
    driven = Driven(speaker, runner=Watched, steps_ahead=steps_ahead)
    assert ModelRunner(speaker, driven.config).steps_ahead == 0
    heard = driven.open(request(limits=at_most(4)))
    while not heard.frames:
        driven.step()
    assert isinstance(driven.runner, Watched)
    assert driven.runner.launched == 1 + steps_ahead


async def test_they_begin_in_the_order_of_arrival(speaker: Model) -> None:
    driven = Driven(speaker, rows=1)
    waiting = [driven.open(request(limits=at_most(length))) for length in (3, 1, 2)]
    assert begun_order(driven, waiting) == [0, 1, 2]
    queued = [one.outcome.queue_s for one in waiting]  # type: ignore[union-attr]
    assert queued[0] < queued[1] < queued[2]
    assert all(one.outcome.synthesis_s > 0 for one in waiting)  # type: ignore[union-attr]


async def test_a_client_with_many_texts_lets_another_have_its_turn(speaker: Model) -> None:
    driven = Driven(speaker, rows=1)
    many = [driven.open(request(limits=at_most(2), client="many")) for _ in range(4)]
    driven.step()
    one = driven.open(request(limits=at_most(2), client="one"))
    order = begun_order(driven, [*many, one])
    assert order == [0, 4, 1, 2, 3]
    assert one.places == [1, 0]
    assert many[3].places == [3, 4, 3, 2, 1, 0]


async def test_who_gets_a_row_at_once_is_told_no_place(speaker: Model) -> None:
    assert all(not one.places for one in Driven(speaker).speak(request(limits=at_most(2)), request(limits=at_most(2))))


def open_long_text(driven: Driven) -> Heard:
    """Of several parts, the first of which is being spoken."""
    long = driven.open(live(client="long"))
    long.feed(SENTENCE * 6)
    long.end_text()
    driven.step(4)
    return long


async def test_a_long_text_lets_another_client_begin_between_two_parts(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "HURRIED_S", 0.0)
    driven = Driven(model, rows=1, live_text={"span_tokens": 16})
    long = open_long_text(driven)
    own = driven.open(request(limits=at_most(2), client="long"))
    short = driven.open(request(limits=at_most(2), client="short"))
    driven.run()
    assert short.places == [1, 0]
    assert own.places == [2, 1, 0]
    assert long.places[:2] == [2, 1], "the other client's first"
    assert [one.reason for one in (long, own, short)] == ["complete", "limit", "limit"]


async def test_who_would_soon_hear_silence_goes_on_before_anybody_begins(model: Model) -> None:
    """Sound is made no faster than it is heard."""
    driven = Driven(model, rows=1, live_text={"span_tokens": 16})
    long = open_long_text(driven)
    other = driven.open(request(limits=at_most(2), client="other"))
    while long.outcome is None:
        driven.now += FRAME_S
        driven.step()
    assert not long.places
    assert not other.frames
    driven.run()
    assert (long.reason, other.reason) == ("complete", "limit")


async def test_what_a_hurried_part_did_does_not_count_against_who_comes_then(model: Model) -> None:
    driven = Driven(model, rows=1, live_text={"span_tokens": 16})
    long = open_long_text(driven)
    own = [driven.open(request(limits=at_most(2), client="long")) for _ in range(6)]
    driven.step()
    driven.now += 60.0
    while long.outcome is None:
        driven.now += 1.0
        driven.step()
    newcomer = driven.open(request(limits=at_most(2), client="new"))
    order = begun_order(driven, [*own, newcomer])
    assert order.index(6) <= 1


async def test_a_part_that_could_not_wait_is_no_turn_of_its_client(model: Model) -> None:
    """Both clients have had one turn; what waits longest is next."""
    driven = Driven(model, rows=1, live_text={"span_tokens": 16})
    driven.speak(request(limits=at_most(2), client="other"))
    long = open_long_text(driven)
    own, other = (driven.open(request(limits=at_most(2), client=client)) for client in ("long", "other"))
    while long.outcome is None:
        driven.now += FRAME_S
        driven.step()
    assert begun_order(driven, [own, other]) == [0, 1]


async def test_what_was_cancelled_in_the_line_does_not_count_against_its_client(speaker: Model) -> None:
    driven = Driven(speaker, rows=1)
    first = driven.open(request(limits=at_most(2), client="a"))
    driven.step()
    others = [driven.open(request(limits=at_most(2), client="b")) for _ in range(6)]
    for _ in range(10):
        gone = driven.open(request(limits=at_most(2), client="a"))
        driven.loop._admit(driven.now)
        gone.cancel()
    last = driven.open(request(limits=at_most(2), client="a"))
    order = begun_order(driven, [first, *others, last])
    assert order.index(7) <= 3


async def test_a_writer_who_paused_is_in_no_more_of_a_hurry_afterwards(model: Model) -> None:
    """Sound is made ten times faster than it is heard."""
    driven = Driven(model, rows=1, live_text={"span_tokens": 16})
    chat = driven.open(live(client="chat"))
    chat.feed("Good evening. ")
    for _ in range(200):
        driven.now += 0.008
        driven.step()
    assert chat.frames
    assert chat.stream.sequence is None
    driven.now += 60.0
    chat.feed(SENTENCE * 12)
    chat.end_text()
    driven.step()
    other = driven.open(request(limits=at_most(2), client="other"))
    while not other.frames:
        assert chat.outcome is None, "the other waited for all of it"
        driven.now += 0.008
        driven.step()
    driven.run()


async def test_a_sentence_that_goes_on_while_it_waits_for_a_row_is_one(load: Load) -> None:
    model = load(BASE)
    driven = Driven(endless(model), rows=1)
    voice = clone(model, TRANSCRIPT)
    driven.open(request(limits=at_most(4), voice=voice))
    driven.step(2)
    waits = driven.open(live(limits=at_most(4), voice=voice))
    waits.feed("It costs 3.")
    driven.step()
    driven.now += PAUSE_S + 0.01
    driven.step()
    waits.feed("50 euros")
    driven.run()
    assert not waits.frames, "it is no sentence any more"
    waits.end_text()
    driven.run()
    assert waits.frames == 4


async def test_who_is_a_window_ahead_is_skipped_and_nobody_else(speaker: Model) -> None:
    driven = Driven(speaker)
    stopped = driven.open(request(limits=at_most(WINDOW_FRAMES + 10)), listens=False)
    driven.step(2)
    listening = driven.open(request("Good evening.", limits=at_most(WINDOW_FRAMES + 4)))
    driven.run()
    assert listening.reason == "limit"
    assert stopped.outcome is None
    assert stopped.frames == WINDOW_FRAMES
    stopped.take(3)
    driven.run()
    assert stopped.frames == WINDOW_FRAMES + 3
    stopped.take(100)
    driven.run()
    assert stopped.frames == WINDOW_FRAMES + 10
    assert same_sound(stopped.sound[: 1920 * 8], alone(speaker, request(limits=at_most(9))).sound[: 1920 * 8])


async def test_who_is_a_window_ahead_begins_no_further_sequence(speaker: Model) -> None:
    driven = Driven(speaker, guards=at_most_of_a_text(9))
    heard = driven.open(live(), listens=False)
    heard.take(9 - WINDOW_FRAMES)  # as if it had begun to listen long ago
    heard.feed("Yes, sir.")
    heard.flush()
    heard.feed(" Good evening to you.")
    heard.flush()
    driven.run()
    assert heard.frames == 9
    heard.take(1)
    driven.run()
    assert heard.frames == 10


async def test_a_hiccup_is_forgotten(speaker: Model) -> None:
    """A step that once took too long does not silence rows for good."""
    driven = Driven(speaker)
    for text in ("Hello.", "Good evening."):
        driven.open(request(text))
    for step in range(60):
        driven.now += 2.0 if step == 4 else 0.01
        driven.step()
    before = [one.frames for one in driven.heard.values()]
    for _ in range(4):
        driven.now += 0.01
        driven.step()
    assert [one.frames for one in driven.heard.values()] == [frames + 4 for frames in before]


# -- leaving ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("steps", [0, 1, 2, 5])
async def test_one_step_after_a_cancel_everything_is_free(speaker: Model, steps: int) -> None:
    driven = Driven(speaker, rows=1)
    speaks, waits = driven.open(request()), driven.open(request("Never begun."))
    driven.step(steps)
    waits.cancel()
    speaks.cancel()
    driven.step()
    assert driven.nothing_is_left
    driven.run()
    assert (speaks.outcome, waits.outcome, waits.frames) == (None, None, 0)


async def test_a_cancelled_live_text_leaves_nothing(speaker: Model) -> None:
    driven = Driven(speaker)
    heard = driven.open(live())
    heard.feed(SENTENCE, "And then")
    driven.run()
    assert heard.frames
    heard.feed(" more")
    heard.cancel()
    driven.step()
    assert driven.nothing_is_left


async def test_the_row_of_one_who_left_is_the_next_ones_in_the_same_step(speaker: Model) -> None:
    driven = Driven(speaker, rows=1)
    leaves = driven.open(request())
    comes = driven.open(request(limits=at_most(1)))
    driven.step(3)
    leaves.cancel()
    driven.step(2)
    assert comes.reason == "limit"


async def test_abort_ends_everybody_once(speaker: Model) -> None:
    driven = Driven(speaker, rows=1)
    speaks, waits, left = (driven.open(request()) for _ in range(3))
    driven.step(3)
    left.cancel()
    why = ModelUnavailable("enough")
    driven.loop.abort(why)
    assert (speaks.outcome, waits.outcome, left.outcome) == (why, why, None)


# -- voices that are kept ---------------------------------------------------------------------------------------------


def prompt_positions(model: Model, one: SynthesisRequest) -> int:
    """Of the part that is the same for every text."""
    return len(model.prompts.prefix(one, None).embeddings)


async def test_a_kept_voice_says_what_it_said_before(speaker: Model) -> None:
    """Whether its beginning ends inside a page or fills it exactly."""
    kept = Driven(speaker)
    ends = set()
    for words in range(12):
        one = request("Ja.", instruct=" ".join(["loud"] * words), limits=at_most(2))
        ends.add(prompt_positions(speaker, one) % PAGE_POSITIONS)
        first, second = kept.speak(one)[0], kept.speak(one)[0]
        assert np.array_equal(second.sound, first.sound)
        assert np.array_equal(second.sound, alone(speaker, one, prefix_positions=0).sound)
    assert {0, 1, PAGE_POSITIONS - 1} <= ends
    assert kept.nothing_is_left


async def test_a_kept_beginning_may_be_longer_than_a_prompt_needs(load: Load) -> None:
    """A transcript that outlasts its audio is cut off by the end of the codes, text and all."""
    base = load(BASE)
    voice = clone(base, "word " * 60)
    driven = Driven(base)
    short, long = (request(text, voice=voice, limits=at_most(3)) for text in ("Hi.", SENTENCE))
    said = [driven.speak(one)[0] for one in (short, long, short, long)]
    for one in said:
        assert same_sound(one.sound, alone(base, one.stream.request, prefix_positions=0).sound)
    assert driven.nothing_is_left


async def test_a_live_text_and_a_whole_one_do_not_share_a_beginning_wrongly(speaker: Model) -> None:
    driven = Driven(speaker)
    whole = driven.speak(request("Yes, sir.", limits=at_most(3)))[0]
    heard = driven.open(live(limits=at_most(3)))
    heard.feed("Yes, sir.")
    heard.end_text()
    driven.run()
    fresh = Driven(speaker, prefix_positions=0)
    again = fresh.open(live(limits=at_most(3)))
    again.feed("Yes, sir.")
    again.end_text()
    fresh.run()
    assert np.array_equal(heard.sound, again.sound)
    assert not np.array_equal(heard.sound, whole.sound)


async def test_a_voice_that_had_to_make_way_says_the_same(speaker: Model) -> None:
    driven = Driven(speaker, prefix_positions=32)
    mine = request("Ja.", instruct="Very happy and rather loud, please.", limits=at_most(2))
    first = driven.speak(mine)[0]
    for name in ("ryan", "sohee", "aiden"):
        driven.speak(request("Ja.", voice=PresetVoice(name), limits=at_most(1)))
    assert np.array_equal(driven.speak(mine)[0].sound, first.sound)
    assert driven.nothing_is_left


async def test_a_voice_may_make_way_while_it_speaks(speaker: Model) -> None:
    driven = Driven(speaker, kv_positions=160)
    mine, other = request(limits=at_most(10)), request("Ja.", voice=PresetVoice("ryan"), limits=at_most(10))
    first = driven.open(mine)
    driven.step(3)
    while driven.loop._memory.prefixes.evict():
        pass
    second = driven.open(other)
    driven.run()
    assert same_sound(first.sound, alone(speaker, mine).sound)
    assert same_sound(second.sound, alone(speaker, other).sound)
    assert driven.nothing_is_left


# -- a full cache -----------------------------------------------------------------------------------------------------


async def test_who_finds_the_cache_full_begins_later(speaker: Model) -> None:
    driven = Driven(speaker, rows=4, kv_positions=128)
    together = driven.speak(*(request(limits=at_most(frames)) for frames in (5, 4, 3, 2)))
    assert [one.reason for one in together] == ["limit"] * 4
    assert all(same_sound(one.sound, alone(speaker, one.stream.request).sound) for one in together)
    assert driven.nothing_is_left


async def test_who_does_not_fit_yet_holds_up_those_behind(speaker: Model) -> None:
    """Else who needs much of the cache would be passed over for ever."""

    def pages_of(one: SynthesisRequest) -> int:
        return (prompt_positions(speaker, one) + len(speaker.tokenizer.encode(one.text.strip())) + 3) // PAGE_POSITIONS

    large = next(one for words in range(1, 300) if pages_of(one := request("word " * words, limits=at_most(2))) == 11)
    driven = Driven(speaker, rows=3, kv_positions=16 * PAGE_POSITIONS, prefix_positions=0)
    speaks = driven.open(request(limits=at_most(8)))
    driven.step()
    waits, also_fits = driven.open(large), driven.open(request(limits=at_most(2)))
    while speaks.outcome is None:
        assert not waits.frames, "there is no room for it"
        assert not also_fits.frames
        driven.step()
    driven.run()
    assert [one.reason for one in (speaks, waits, also_fits)] == ["limit"] * 3
    assert driven.nothing_is_left


async def test_what_can_never_fit_is_refused_and_holds_nobody_up(speaker: Model) -> None:
    driven = Driven(speaker, kv_positions=128)
    huge, small = driven.open(request(SENTENCE * 10)), driven.open(request(limits=at_most(2)))
    driven.run()
    assert isinstance(huge.outcome, TextTooLong)
    assert small.reason == "limit"
    assert driven.nothing_is_left


@pytest.fixture
def page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a cache is full after few frames."""
    monkeypatch.setattr(row_memory, "SPARE_PAGES", 1)


@pytest.mark.usefixtures("page_by_page")
async def test_if_nobody_can_go_on_the_last_to_come_gives_up(speaker: Model) -> None:
    driven = Driven(speaker, rows=3, kv_positions=96, prefix_positions=0)
    heard = []
    for _ in range(3):
        driven.now += 1
        heard.append(driven.open(request(limits=at_most(60))))
    driven.run()
    assert [isinstance(one.outcome, EngineBusy) for one in heard] == [False, True, True]
    assert heard[0].reason == "limit"
    assert 0 < heard[2].frames < heard[1].frames < 60
    whole = alone(speaker, request(limits=at_most(60))).sound
    assert all(same_sound(one.sound, whole[: len(one.sound)]) for one in heard)
    assert driven.nothing_is_left


@pytest.mark.usefixtures("page_by_page")
@pytest.mark.parametrize("text", ["Well, I", "I think so."])
async def test_who_waits_starves_nobody_of_the_cache(speaker: Model, text: str) -> None:
    """It has pages to spare, for text that does not come or a listener who stopped; the other cannot go on."""
    driven = Driven(speaker, kv_positions=96, prefix_positions=0)
    speaks = driven.open(request(limits=at_most(60)))
    driven.now += 1
    waits = driven.open(live(), listens=False)
    waits.take(5 - WINDOW_FRAMES)  # as if it had begun to listen long ago
    waits.feed(text)
    driven.run()
    assert speaks.reason == "limit"
    assert isinstance(waits.outcome, EngineBusy)
    assert driven.nothing_is_left


@pytest.mark.usefixtures("page_by_page")
async def test_what_is_on_its_way_may_make_room(model: Model) -> None:
    """An end of speech that is not known yet frees pages: until then nobody gives up."""
    driven = Driven(model, kv_positions=64, prefix_positions=0)
    # 15 positions of prompt and these frames fill two pages each, which is the whole cache.
    heard = driven.speak(request(sampling=Sampling(seed=15)), request(sampling=Sampling(seed=9), limits=at_most(25)))
    assert [(one.reason, one.frames) for one in heard] == [("complete", 17), ("limit", 25)]


# -- where it stops ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_live", [False, True])
async def test_a_full_row_is_a_limit(speaker: Model, is_live: bool) -> None:
    driven = Driven(speaker, row_positions=64)
    heard = driven.open(live() if is_live else request())
    if is_live:
        heard.feed("Hello there, world.")
        heard.end_text()
    driven.run()
    assert heard.reason == "limit"
    text = 1 if is_live else len(speaker.tokenizer.encode(request().text)) + 2
    assert heard.frames == 64 - prompt_positions(speaker, request()) - text + 1, "the last frame need not be read"
    assert driven.nothing_is_left


@pytest.mark.parametrize("spare", [0, 1, 2, 15, 16, 17])
async def test_a_prompt_may_reach_up_to_the_last_position(speaker: Model, spare: int) -> None:
    one = request("word " * 60)
    length = prompt_positions(speaker, one) + len(speaker.tokenizer.encode(one.text.strip())) + 2
    driven = Driven(speaker, row_positions=length + spare)
    heard = driven.speak(one)[0]
    if spare:
        assert heard.frames == spare + 1
    else:
        assert isinstance(heard.outcome, TextTooLong)
        assert heard.outcome.param == "text"
    assert driven.nothing_is_left


@pytest.mark.parametrize("frames", [1, 2, 7])
async def test_the_limit_of_a_request_is_kept_to_the_frame(speaker: Model, frames: int) -> None:
    heard = alone(speaker, request(limits=at_most(frames)))
    assert (heard.frames, heard.reason) == (frames, "limit")


async def test_less_than_a_frame_is_one(speaker: Model) -> None:
    assert alone(speaker, request(limits=Limits(max_audio_s=0.001))).frames == 1


@pytest.mark.parametrize("seed", range(4))
async def test_the_limit_holds_for_all_sequences_of_a_live_text_together(model: Model, seed: int) -> None:
    driven = Driven(model)
    heard = driven.open(live(limits=at_most(25), sampling=Sampling(seed=seed)))
    heard.feed(SENTENCE * 6)
    heard.end_text()
    driven.run()
    assert heard.frames == 25 if heard.reason == "limit" else heard.frames < 25
    assert driven.nothing_is_left


@pytest.mark.parametrize("is_live", [False, True])
async def test_a_text_allows_so_many_frames(speaker: Model, is_live: bool) -> None:
    driven = Driven(speaker, guards=NO_GUARDS.model_copy(update={"length_factor": 0.6, "spare_s": 3 * FRAME_S}))
    text = "Hello there, world."
    heard = driven.open(live() if is_live else request(text))
    if is_live:
        heard.feed(text)
        heard.end_text()
    driven.run()
    assert heard.reason == "limit"
    assert heard.frames == 3 + round(0.6 * Expectations.read().seconds(text, "en") / FRAME_S)


async def test_silence_after_the_text_is_the_end_of_speech(speaker: Model) -> None:
    driven = Driven(silent(speaker), guards=NO_GUARDS.model_copy(update={"silence_s": 5 * FRAME_S}))
    heard = driven.speak(request())[0]
    assert (heard.frames, heard.reason) == (5, "complete")
    assert driven.nothing_is_left


async def test_silence_while_text_is_read_is_none(speaker: Model) -> None:
    driven = Driven(silent(speaker), guards=NO_GUARDS.model_copy(update={"silence_s": 5 * FRAME_S}))
    heard = driven.open(live())
    heard.feed(SENTENCE)
    driven.run()
    waiting_since = heard.frames
    assert heard.outcome is None
    heard.end_text()
    driven.run()
    assert waiting_since >= 8
    assert waiting_since + 5 <= heard.frames <= waiting_since + 7
    assert heard.reason == "complete"


async def test_without_guards_only_the_row_ends_it(speaker: Model) -> None:
    driven = Driven(silent(speaker), guards=NO_GUARDS, row_positions=64)
    assert driven.speak(request())[0].reason == "limit"


# -- live text --------------------------------------------------------------------------------------------------------


async def test_a_live_text_is_spoken_as_it_comes_and_waits_for_more(speaker: Model) -> None:
    driven = Driven(speaker)
    heard = driven.open(live(limits=at_most(40)))
    driven.run()
    heard.feed("Well, I")
    driven.run()
    spoken = heard.frames
    assert spoken
    driven.now += 99
    driven.run()
    assert heard.frames == spoken
    assert driven.loop.idle_until() is None, "no sentence has ended: only text ends the waiting"
    heard.feed(" think so. ")
    driven.run()
    assert heard.frames > spoken
    assert heard.outcome is None


async def test_a_pause_after_a_sentence_ends_it(speaker: Model) -> None:
    driven = Driven(speaker)
    heard = driven.open(live(limits=at_most(30)))
    heard.feed("I think so.")
    driven.run()
    spoken, until = heard.frames, driven.loop.idle_until()
    assert until == pytest.approx(driven.now + PAUSE_S)
    driven.now = until - 0.01
    driven.run()
    assert heard.frames == spoken
    driven.now = until
    driven.run()
    assert heard.frames == 30


async def test_a_pause_that_ends_between_two_looks_at_the_clock_is_not_missed(speaker: Model) -> None:
    driven = Driven(speaker)
    heard = driven.open(live())
    heard.feed("I think so.")
    driven.run()
    driven.now += PAUSE_S + 0.01
    until = driven.loop.idle_until()
    assert until is not None
    assert until <= driven.now


async def test_a_listener_who_stopped_needs_no_clock(speaker: Model) -> None:
    """A live text whose pause is over and whose listener does not take: nothing to wait for but the listener."""
    driven = Driven(speaker)
    heard = driven.open(live(), listens=False)
    heard.take(9 - WINDOW_FRAMES)  # as if it had begun to listen long ago
    heard.feed("I think so.")
    driven.run()
    driven.now += PAUSE_S
    driven.run()
    assert heard.frames == 9
    assert driven.loop.idle_until() is None


async def test_a_flush_is_of_what_was_fed_before_it(speaker: Model) -> None:
    driven = Driven(speaker, guards=at_most_of_a_text(8))
    heard = driven.open(live())
    heard.feed("And th")
    heard.flush()
    heard.feed("en we")
    heard.flush()
    heard.feed(" go")
    driven.run()
    read = speaker.tokenizer.encode
    assert heard.read == read("And th") + read("en we")


async def test_a_flush_of_nothing_is_forgotten(speaker: Model) -> None:
    """Also beside the pads of a sentence that is spoken to its end."""
    driven = Driven(speaker, guards=at_most_of_a_text(17))
    heard = driven.open(live())
    heard.flush()
    heard.feed("I think so.")
    driven.run()
    assert driven.loop.idle_until() is not None, "it waits: nothing was there to be flushed"
    driven.now += PAUSE_S
    driven.step(3)
    heard.flush()
    driven.step()
    heard.feed(" And th")
    driven.run()
    assert heard.read == speaker.tokenizer.encode("I think so.")


async def test_flush_and_end_need_no_pause(speaker: Model) -> None:
    for finish in (Heard.flush, Heard.end_text):
        driven = Driven(speaker, guards=at_most_of_a_text(8))
        heard = driven.open(live())
        heard.feed("And th")
        driven.run()
        assert not heard.frames
        finish(heard)
        driven.run()
        assert heard.read == speaker.tokenizer.encode("And th")
        assert heard.frames
        assert (heard.outcome is None) == (finish is Heard.flush)


@pytest.mark.parametrize("texts", [(), ("",), (" ", "\n")])
async def test_a_live_text_without_words_ends_without_sound(speaker: Model, texts: tuple[str, ...]) -> None:
    driven = Driven(speaker)
    heard = driven.open(live())
    heard.feed(*texts)
    driven.run()
    assert heard.outcome is None
    heard.end_text()
    driven.run()
    assert (heard.reason, heard.frames) == ("complete", 0)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("finish", [Heard.end_text, Heard.flush])
async def test_what_an_early_end_of_speech_left_is_the_next_sequence(
    model: Model, seed: int, finish: Callable[[Heard], None]
) -> None:
    """To the last token of the last word."""
    text = "The Donaudampfschifffahrtsgesellschaftskapitän"
    driven = Driven(model)
    heard = driven.open(live(sampling=Sampling(seed=seed)))
    heard.feed(text)
    finish(heard)
    driven.run()
    assert heard.read == model.tokenizer.encode(text)
    heard.end_text()
    driven.run()
    assert heard.reason == "complete"
    assert driven.nothing_is_left


async def test_sentences_of_a_live_text_know_their_segment(model: Model) -> None:
    driven = Driven(model)
    heard = driven.open(live())
    for text in ("Good evening. ", "And you? ", "Yes, sir. "):
        heard.feed(text)
        driven.run()
        driven.now += PAUSE_S + 0.1
        driven.run()
    heard.end_text()
    driven.run()
    assert set(heard.segments) == {0, 1, 2}


async def test_a_voice_with_a_transcript_speaks_live_text_sentence_by_sentence(load: Load) -> None:
    base = load(BASE)
    voice = clone(base, TRANSCRIPT)
    driven = Driven(base, guards=NO_GUARDS, kv_positions=1024)
    first, second = (
        alone(base, request(text, voice=voice, text_layout="streaming"), kv_positions=1024)
        for text in ("Good evening to you.", "And you?")
    )
    heard = driven.open(live(voice=voice))
    heard.feed("Good eve", "ning to you. And")
    driven.run()
    assert same_sound(heard.sound, first.sound), "without waiting for the rest"
    heard.feed(" you?")
    heard.end_text()
    driven.run()
    assert same_sound(heard.sound, np.concatenate([first.sound, faded_in(second.sound)])), "no click between them"
    assert sorted(set(heard.segments)) == [0, 1, 2]
    assert heard.reason == "complete"
    assert driven.nothing_is_left


async def test_a_number_is_not_cut_in_two(load: Load) -> None:
    base = load(SMALL_BASE)
    voice = clone(base, TRANSCRIPT)
    driven = Driven(base, kv_positions=1024)
    heard = driven.open(live(voice=voice, limits=at_most(4)))
    heard.feed("It costs 3.")
    driven.run()
    heard.feed("50 in all.")
    heard.end_text()
    driven.run()
    whole = request("It costs 3.50 in all.", voice=voice, limits=at_most(4), text_layout="streaming")
    assert same_sound(heard.sound, alone(base, whole).sound)


# -- text slots -------------------------------------------------------------------------------------------------------


async def test_live_texts_never_run_out_of_text_slots(speaker: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slot is free again once its frame was launched."""
    monkeypatch.setattr(row_memory, "text_slots_of", lambda _: 4)
    driven = Driven(speaker)
    heard = [driven.open(live(limits=at_most(30))) for _ in range(2)]
    for one in heard:
        one.feed(SENTENCE * 2)
        one.end_text()
    driven.run()
    assert [one.reason for one in heard] == ["limit", "limit"]
    assert driven.nothing_is_left


async def test_a_text_for_which_no_slots_are_left_is_busy(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    base = load(BASE)
    voice = clone(base, None)
    monkeypatch.setattr(row_memory, "text_slots_of", lambda _: 30)
    driven = Driven(base)
    one = request(SENTENCE * 2, voice=voice, limits=at_most(2), text_layout="streaming")
    fits, does_not = driven.open(one), driven.open(one)
    talks = driven.open(live(voice=voice, limits=at_most(3)))
    talks.feed(SENTENCE)
    driven.run()
    assert fits.reason == "limit"
    assert isinstance(does_not.outcome, EngineBusy)
    assert talks.reason == "limit"
    assert driven.nothing_is_left


# -- errors of one alone ----------------------------------------------------------------------------------------------


async def test_bad_text_ends_only_its_own_utterance(speaker: Model) -> None:
    driven = Driven(speaker)
    bad, good = driven.open(live()), driven.open(request(limits=at_most(6)))
    bad.feed("Hello there, my ")
    driven.step(3)
    bad.feed("\ud83d")
    driven.run()
    assert isinstance(bad.outcome, InvalidRequest)
    assert bad.outcome.param == "text"
    assert same_sound(good.sound, alone(speaker, request(limits=at_most(6))).sound)
    assert driven.nothing_is_left


async def test_bad_text_is_bad_also_while_a_sentence_is_spoken_to_its_end(speaker: Model) -> None:
    """Text for the next sequence is not read before the sequence ends."""
    driven = Driven(speaker, guards=at_most_of_a_text(17))
    bad, good = driven.open(live()), driven.open(request(limits=at_most(3)))
    bad.feed("I think so.")
    bad.flush()
    driven.step(3)
    bad.feed("\ud83d")
    driven.run()
    assert isinstance(bad.outcome, InvalidRequest)
    assert good.reason == "limit"
    assert driven.nothing_is_left


async def test_a_prompt_that_is_too_long_ends_only_its_own_utterance(speaker: Model) -> None:
    driven = Driven(speaker, row_positions=64)
    long, good = driven.open(request("word " * 80)), driven.open(request(limits=at_most(2)))
    driven.run()
    assert isinstance(long.outcome, TextTooLong)
    assert good.reason == "limit"
    assert driven.nothing_is_left


# -- more rows --------------------------------------------------------------------------------------------------------

AHEAD = math.ceil(PREPARING_S / FRAME_S)
"""Frames of sound that are enough to get ready for more rows"""


@pytest.fixture
def captures_are_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Getting ready runs whatever a card would capture, on the rows that are there."""
    monkeypatch.setattr(runner_module, "Graphs", DryRun)


@pytest.mark.usefixtures("captures_are_run")
async def test_who_finds_no_row_waits_until_the_runner_is_ready_for_more(speaker: Model) -> None:
    driven = Driven(speaker, ready=1, rows=4)
    first, second = driven.open(request(limits=at_most(AHEAD + 30))), driven.open(request(limits=at_most(3)))
    while first.frames < AHEAD - 1:
        driven.step()
    assert (driven.runner.rows, second.frames) == (1, 0)
    driven.run()
    assert (first.reason, second.reason) == ("limit", "limit")
    assert driven.runner.rows == 4
    assert driven.nothing_is_left


async def test_the_second_speaks_while_the_first_does(speaker: Model) -> None:
    driven = Driven(speaker, ready=1)
    first, second = driven.open(request()), driven.open(request(limits=at_most(3)))
    while second.outcome is None:
        driven.step()
    assert first.outcome is None
    assert second.frames == 3


@pytest.mark.parametrize("step_s", [0.01, 0.05, 0.1])
async def test_it_gets_ready_as_soon_as_that_holds_nobody_up_and_not_before(speaker: Model, step_s: float) -> None:
    """Bucket after bucket, whether steps are fast, nearly too slow, or too slow."""
    compiled: set[int] = set()
    driven = Driven(speaker, ready=1, rows=4, is_compiled=compiled.__contains__)
    heard = [driven.open(request(limits=at_most(60)))]
    for step in range(120):
        driven.now += step_s
        if step == 30:
            compiled.add(2)
        if step == 45:
            heard.append(driven.open(request("Good evening.", limits=at_most(40))))
        if step == 75:
            compiled.add(4)
        known, bucket = driven.runner.rows, driven.runner.next_bucket
        driven.step()
        speaking = [one.stream for one in heard if one.stream.sequence is not None]
        has_time = all(utterance.sound.lead_s(driven.now) >= PREPARING_S for utterance in speaking)
        grows = bucket in compiled and has_time
        assert driven.runner.rows == (bucket if grows else known), step
    assert driven.runner.rows == 4
    assert [one.frames for one in heard] == [60, 40]


async def test_with_nobody_there_it_gets_ready_at_once_and_then_rests(speaker: Model) -> None:
    driven = Driven(speaker, ready=1, rows=4)
    assert [driven.loop.step() for _ in range(3)] == [True, True, False]
    assert driven.runner.rows == 4
    driven = Driven(speaker, ready=1, rows=4, is_compiled=lambda rows: rows <= 2)
    assert [driven.loop.step() for _ in range(2)] == [True, False]
    assert driven.runner.rows == 2


@pytest.mark.usefixtures("captures_are_run")
async def test_getting_ready_changes_nobodys_sound(speaker: Model) -> None:
    """Not of those who speak, nor of those who read their prompts, nor what is remembered of what was spoken."""
    compiled: set[int] = set()
    driven = Driven(speaker, ready=2, rows=8, is_compiled=compiled.__contains__, kv_positions=1024)
    requests = [
        request(limits=at_most(AHEAD + 12), sampling=Sampling(seed=5, repetition_penalty=1.5)),
        request("Good evening.", voice=PresetVoice("ryan"), limits=at_most(AHEAD + 9)),
        *(request("And you?", sampling=Sampling(seed=seed), limits=at_most(5)) for seed in range(4)),
    ]
    heard = [driven.open(one) for one in requests]
    while min(one.frames for one in heard[:2]) < AHEAD + 2:
        driven.step()
    assert driven.runner.rows == 2
    compiled.update((4, 8))
    driven.run()
    assert driven.runner.rows == 8
    assert all(same_sound(one.sound, alone(speaker, one.stream.request).sound) for one in heard)
    assert driven.nothing_is_left


async def test_rows_that_do_not_fit_are_done_without(
    speaker: Model, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody tries again, and everybody is served by the rows that are there."""
    whole = alone(speaker, request(limits=at_most(AHEAD + 4))).sound
    driven = Driven(speaker, ready=2, rows=8)
    tried = []

    def does_not_fit(runner: ModelRunner) -> None:
        tried.append(runner.next_bucket)
        raise torch.OutOfMemoryError("none left")

    monkeypatch.setattr(ModelRunner, "prepare", does_not_fit)
    heard = [driven.open(request(limits=at_most(frames))) for frames in (AHEAD + 4, AHEAD + 3, 3, 2, 1)]
    driven.run()
    assert [one.reason for one in heard] == ["limit"] * 5
    assert all(same_sound(one.sound[:-1920], whole[: len(one.sound) - 1920]) for one in heard)
    assert (driven.runner.rows, tried) == (2, [4])
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "2 rows remain" in caplog.text
    assert driven.nothing_is_left


async def test_a_live_text_that_waits_keeps_no_rows_back(speaker: Model) -> None:
    driven = Driven(speaker, ready=1, rows=4)
    waits = driven.open(live())
    waits.feed("Well, I")
    driven.run()
    comes = driven.open(request(limits=at_most(3)))
    driven.now += 10
    driven.run()
    assert comes.reason == "limit"


async def test_rows_come_in_their_order_whenever_they_are_ready(speaker: Model) -> None:
    """The smallest free row is taken: a step is as small as it can be."""
    driven = Driven(speaker, ready=1, rows=4)
    driven.run()
    heard = [driven.open(request(limits=at_most(2))) for _ in range(3)]
    driven.step()
    rows = [one.stream.sequence.row for one in heard if one.stream.sequence is not None]
    assert rows == [0, 1, 2]


# -- all of it together -----------------------------------------------------------------------------------------------

SENTENCES = ("Hello there. ", "I think, therefore I am! ", "It costs 3.50 in all. ", "其实我真的有发现。", "Yes? ")


class Crowd:
    """Listeners that come, write, stop listening and leave at random, to a cache that is too small for all of them."""

    def __init__(self, model: Model, chance: random.Random) -> None:
        self.chance = chance
        self.driven = Driven(
            model,
            rows=3,
            kv_positions=chance.choice((128, 256, 512)),
            row_positions=chance.choice((64, 128)),
            prefix_positions=chance.choice((0, 32, 64)),
            guards=GuardConfig(length_factor=chance.choice((0.5, 1)), spare_s=8 * FRAME_S, silence_s=0.4),
        )
        self.written: dict[Heard, str] = {}
        self.ended: set[Heard] = set()

    @property
    def present(self) -> list[Heard]:
        return [one for one in self.driven.heard.values() if one.outcome is None and not one.stream.is_cancelled]

    @property
    def writers(self) -> list[Heard]:
        return [one for one in self.present if one in self.written and one not in self.ended]

    def come(self) -> None:
        chance = self.chance
        fields = {
            "voice": PresetVoice(chance.choice(("vivian", "ryan"))),
            "sampling": Sampling(seed=chance.randrange(100)),
            "limits": chance.choice((Limits(), Limits(), at_most(chance.randint(1, 30)))),
        }
        text = "".join(chance.choices(SENTENCES, k=chance.randint(1, 3)))
        is_live = chance.random() < 0.5
        heard = self.driven.open(live(**fields) if is_live else request(text, **fields), listens=chance.random() < 0.8)
        if is_live:
            self.written[heard] = ""

    def write(self) -> None:
        one, text, cut = self.chance.choice(self.writers), self.chance.choice(SENTENCES), self.chance.randint(0, 5)
        one.feed(text[:cut], text[cut:])
        self.written[one] += text

    def end(self) -> None:
        self.ended.add(one := self.chance.choice(self.writers))
        one.end_text()

    def something_happens(self) -> None:
        actions = [self.driven.step] * 4
        actions += [self.come] if len(self.present) < 6 else []
        actions += [self.write, self.write, self.end, self.chance.choice(self.writers).flush] if self.writers else []
        actions += [self.chance.choice(self.present).cancel] if self.present else []
        self.chance.choice(actions)()
        self.driven.now += self.chance.choice((0.01, 0.01, PAUSE_S))
        self.driven.step()

    def everybody_listens(self) -> None:
        for one in self.driven.heard.values():
            one.listens = True
            one.take(one.frames)
        self.driven.run()
        self.driven.now += PAUSE_S
        self.driven.run()

    def everything_is_read(self) -> bool:
        """Of those who may speak on, and whose sentences have all ended."""
        return all(
            squeezed(one.read_text) == squeezed(text)
            for one, text in self.written.items()
            if not one.stream.is_cancelled and not one.stream.is_over and not isinstance(one.outcome, EngineBusy)
        )


def squeezed(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_happens_everything_ends_once_and_nothing_is_left(model: Model, seed: int) -> None:
    crowd = Crowd(model, random.Random(seed))
    for _ in range(40):
        crowd.something_happens()
    crowd.everybody_listens()
    assert crowd.everything_is_read()
    for one in crowd.writers:
        one.end_text()
    crowd.driven.run()
    assert not crowd.present
    assert crowd.driven.nothing_is_left
