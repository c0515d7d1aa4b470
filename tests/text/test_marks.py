"""Directions and pronunciations that are fed beside a text: they stand where they were fed, whatever is around them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen3tts_daemon.text.directions import (
    Direction,
    Directions,
    GainChange,
    LanguageChange,
    Manner,
    Pause,
    SpeedChange,
    StyleChange,
    VoiceChange,
)
from qwen3tts_daemon.text.pronunciations import Pronunciation
from qwen3tts_daemon.text.segments import LiveSegmenter, Segment

Piece = str | Direction | Pronunciation
WWW = Pronunciation("WWW", "words", "World Wide Web")
SLOW, PAUSE = SpeedChange(0.5), Pause(0.5)


def cut(*pieces: Piece) -> list[Segment]:
    segmenter = LiveSegmenter(directions=Directions(lambda name: name in ("anna", "bob")))
    fed = [segment for piece in pieces for segment in segmenter.feed(piece)]
    return [*fed, *segmenter.end()]


def told(segments: list[Segment]) -> list[tuple[str, tuple[Direction, ...]]]:
    return [(segment.text, segment.before) for segment in segments]


def test_a_direction_parts_a_text_where_it_was_fed() -> None:
    segments = cut("It is ", SLOW, "very", SpeedChange(1.0), " slow. ", PAUSE, "So.")
    assert told(segments) == [
        ("It is", ()), ("very", (SLOW,)), ("slow.", (SpeedChange(1.0),)), ("So.", (PAUSE,)),
    ]  # fmt: skip
    assert [(one.start, one.end) for one in segments] == [(0, 5), (7, 11), (13, 18), (20, 23)]


def test_a_direction_in_what_is_dropped_holds_behind_it() -> None:
    segments = cut("Look:\n```\nx = ", SLOW, "1\n```\nDone.")
    assert told(segments) == [("Look:", ()), ("Done.", (SLOW,))]


def test_a_line_still_begins_behind_a_direction() -> None:
    assert told(cut(SLOW, "- Milk\n- Bread\n")) == [("Milk.", (SLOW,)), ("Bread.", ())]


def test_letters_that_stand_for_marks_are_nothing_in_a_text_of_somebody() -> None:
    assert [one.text for one in cut("A\ue000b. \ue000")] == ["Ab."]
    segments = cut("\U00012000 and ", WWW, " \U00012000\U00012001.")
    assert segments[0].text == "\U00012000 and WWW."
    assert list(segments[0].pronunciations.values()) == [WWW]


def test_a_pronunciation_stays_whole_whatever_is_read_in_it() -> None:
    version = Pronunciation("Mr. 3.5!", "words", "Mister three five")
    [segment] = cut("See ", version, " and *", WWW, "* at 5 kWh.")
    assert segment.text == "See Mr. 3.5! and WWW at 5 kWh."
    assert list(segment.pronunciations.values()) == [version, WWW]
    first, second = segment.pronunciations
    assert segment.marked == f"See {first} and {second} at 5 kWh."


def test_one_segment_knows_only_its_own_pronunciations() -> None:
    first, second = cut("The ", WWW, " is here. ", "The ", WWW, " is there.")
    assert [list(one.pronunciations.values()) for one in (first, second)] == [[WWW], [WWW]]


def test_as_many_pronunciations_as_somebody_likes() -> None:
    segments = cut(*[piece for _ in range(3_000) for piece in (WWW, " ")])
    assert " ".join(one.text for one in segments).split() == ["WWW"] * 3_000


@pytest.mark.parametrize(
    ("given_direction", "left"),
    [
        (VoiceChange("carl"), None), (VoiceChange("anna"), VoiceChange("anna")), (VoiceChange(""), VoiceChange("")),
        (GainChange(6.0), GainChange(0.0)), (GainChange(-6.0), GainChange(-6.0)), (SpeedChange(90), SpeedChange(4)),
        (Pause(60), Pause(10)), (StyleChange("Whisper."), StyleChange("Whisper.")),
    ],
)  # fmt: skip
def test_what_a_text_may_ask_for(given_direction: Direction, left: Direction | None) -> None:
    assert told(cut(given_direction, "Hello.")) == [("Hello.", () if left is None else (left,))]


def test_a_text_may_not_ask_for_endless_changes() -> None:
    segments = cut(*[piece for _ in range(2_000) for piece in (SLOW, "a b. ", SpeedChange(1.0), "c d. ")])
    assert sum(len(one.before) for one in segments) <= 512


def test_each_direction_holds_until_the_next_of_its_kind() -> None:
    manner = Manner().after([VoiceChange("anna"), SLOW, PAUSE]).after([GainChange(-6), LanguageChange("de")])
    assert manner == Manner("anna", "de", 0.5, -6)
    assert manner.after([VoiceChange(""), SpeedChange(1.0), GainChange(0.0), LanguageChange("")]) == Manner()


@given(st.lists(st.sampled_from([SLOW, PAUSE, WWW, "One. ", "two ", "[x](y) ", "`a` ", "\n- b\n", "<b>"]), max_size=12))
def test_positions_count_one_character_for_each_mark(pieces: list[Piece]) -> None:
    text = "".join(piece if isinstance(piece, str) else "\ue000" for piece in pieces)
    end = 0
    for segment in cut(*pieces):
        assert end <= segment.start < segment.end <= len(text)
        end = segment.end
