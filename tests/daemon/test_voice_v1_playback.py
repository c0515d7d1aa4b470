"""Laws of the play clock of voice.v1: how far ahead of its listener a context is sent; no sockets, no clock."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.daemon.test_voice_v1 import FRAME_S, Desk

LEAD_FRAMES = 5
LEAD_MS = 400


def speaking(*names: str, **options: Any) -> Desk:
    """A desk with these contexts, opened in this order."""
    desk = Desk()
    for name in names:
        desk.say("speak", ctx=name, text="x", lead_ms=LEAD_MS, **options)
    desk.read()
    return desk


def end(desk: Desk, name: str, how: str) -> None:
    match how:
        case "finish":
            desk.finish(name)
        case "cancel":
            desk.say("cancel", ctx=name)
        case "cancel, played":
            desk.say("cancel", ctx=name, played_ms=80)
        case "slow":
            desk.do(desk.session.slow(desk.contexts[name], desk.now))
        case "fail":
            desk.do(desk.session.failed(desk.contexts[name], RuntimeError(), desk.now))
    desk.read()


ENDS = ["finish", "cancel", "cancel, played", "slow", "fail"]


@pytest.mark.parametrize("how", ENDS)
@pytest.mark.parametrize("frames", [0, LEAD_FRAMES])
def test_a_parallel_context_leaves_the_queue_where_it_is(how: str, frames: int) -> None:
    desk = speaking("a", "b")
    assert desk.sound("a", LEAD_FRAMES) == LEAD_FRAMES
    desk.finish("a")
    desk.say("speak", ctx="p", text="x", policy="parallel", lead_ms=LEAD_MS)
    assert desk.sound("p", frames) == frames, "it does not wait until a was heard"
    desk.read()
    end(desk, "p", how)
    assert desk.sound("b") == 0, "a is not heard to its end"
    desk.now += LEAD_FRAMES * FRAME_S
    assert desk.sound("b", 10) == LEAD_FRAMES


def test_the_queue_leaves_a_parallel_context_where_it_is() -> None:
    desk = speaking("a")
    desk.say("speak", ctx="p", text="x", policy="parallel", lead_ms=LEAD_MS)
    assert desk.sound("p", 3) == 3
    assert desk.sound("a", LEAD_FRAMES) == LEAD_FRAMES
    desk.finish("a")
    assert desk.sound("p", 10) == LEAD_FRAMES - 3


@pytest.mark.parametrize(
    ("said", "policy"), [({}, "preempt"), ({"type": "cancel", "all": True}, "queue"), ({"type": "cancel"}, "queue")]
)
def test_who_wants_silence_waits_for_nothing_that_was_sent(said: dict[str, Any], policy: str) -> None:
    """A barge-in, after all of the answer was sent: its listener would be kept waiting for what nobody plays."""
    desk = speaking("a")
    assert desk.sound("a", LEAD_FRAMES) == LEAD_FRAMES
    desk.finish("a")
    if said:
        assert desk.say(**said) == []
    desk.say("speak", ctx="b", text="x", lead_ms=LEAD_MS, policy=policy)
    assert desk.sound("b", 10) == LEAD_FRAMES


@pytest.mark.parametrize("how", ["cancel", "slow"])
def test_who_is_cut_off_is_heard_no_more(how: str) -> None:
    desk = speaking("a", "b")
    assert desk.sound("a", LEAD_FRAMES) == LEAD_FRAMES
    end(desk, "a", how)
    assert desk.sound("b", 10) == LEAD_FRAMES


@pytest.mark.parametrize("played", range(LEAD_FRAMES + 2))
def test_what_was_reported_as_played_is_not_waited_for(played: int) -> None:
    desk = speaking("a", "b")
    desk.say("played", ctx="a", ms=0)
    assert desk.sound("a", LEAD_FRAMES) == LEAD_FRAMES
    desk.say("played", ctx="a", ms=80 * played)
    desk.finish("a")
    assert desk.sound("b", 10) == min(played, LEAD_FRAMES)


steps = st.one_of(
    st.tuples(st.just("sound"), st.sampled_from("ab"), st.integers(1, 8)),
    st.tuples(st.just("played"), st.sampled_from("ab"), st.sampled_from([0, 80, 400])),
    st.tuples(st.just("wait"), st.just(""), st.sampled_from([0.05, 0.08, 0.4, 30.0])),
    st.tuples(st.sampled_from(ENDS), st.sampled_from("ab"), st.just(0)),
)
beside = st.one_of(
    st.tuples(st.just("sound"), st.sampled_from("pq"), st.integers(1, 8)),
    st.tuples(st.just("played"), st.sampled_from("pq"), st.sampled_from([0, 80, 400])),
    st.tuples(st.sampled_from(ENDS), st.sampled_from("pq"), st.just(0)),
)


def heard(story: list[tuple[str, str, Any]], *, with_parallel: bool) -> list[int]:
    """How much of a and b went out at each of their steps."""
    desk = speaking("a", "b", "c")
    if with_parallel:
        for name in "pq":
            desk.say("speak", ctx=name, text="x", lead_ms=LEAD_MS, policy="parallel")
    went = []
    for kind, name, detail in story:
        if kind == "wait":
            desk.now += detail
            continue
        if name in "pq" and not with_parallel:
            continue
        if name not in desk.running or desk.contexts[name].is_done:
            continue
        if kind == "sound":
            sent = desk.sound(name, detail)
            went += [sent] if name in "ab" else []
        elif kind == "played":
            desk.say("played", ctx=name, ms=detail)
        else:
            end(desk, name, kind)
        desk.read()
    return went


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(steps, beside), max_size=25))
def test_the_queue_is_heard_as_if_nothing_spoke_in_parallel(story: list[tuple[str, str, Any]]) -> None:
    assert heard(story, with_parallel=True) == heard(story, with_parallel=False)
