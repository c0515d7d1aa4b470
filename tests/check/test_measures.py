"""What utterances begin with, where codes part, what a recogniser missed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_tts.audio.samples import Samples
from qwen_tts.check.measures.codes import Parting, parting, same_frames
from qwen_tts.check.measures.first_frames import Opening, first_frames, start_frames
from qwen_tts.check.measures.recognition import error_rates, normal

SIZE = 1_920


def noise(level_db: float, frames: int, seed: int) -> Samples:
    sound = np.random.default_rng(seed).standard_normal(frames * SIZE)
    return (sound * 10 ** (level_db / 20)).astype(np.float32)


def openings(same: int, level_db: float, utterances: int = 10) -> list[Opening]:
    """Of utterances that begin with `same` equal frames of this level, then speak."""
    return [
        Opening(
            [7] * same + [100 * number + frame for frame in range(8 - same)],
            np.concatenate([noise(level_db, same, 1), noise(-20, 8 - same, number)]),
        )
        for number in range(utterances)
    ]


# -- first frames -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("same", range(5))
def test_frames_that_are_heard_and_the_same_every_time_can_be_dropped(same: int) -> None:
    found = first_frames(openings(same, -35), SIZE)
    assert [frame.same for frame in found[:same]] == [1.0] * same
    assert [round(frame.level_db) for frame in found] == [-35] * same + [-20] * (8 - same)
    assert start_frames(found, 10) == same


def test_silence_at_the_start_is_left_as_it_is() -> None:
    assert start_frames(first_frames(openings(3, -70), SIZE), 10) == 0


def test_noise_after_silence_takes_the_silence_along() -> None:
    several = [
        Opening([1, 1, *range(number, number + 6)], np.concatenate([noise(-70, 1, 1), noise(-30, 1, 2), one.samples]))
        for number, one in enumerate(openings(0, 0))
    ]
    assert start_frames(first_frames(several, SIZE), 10) == 2


def test_one_draw_that_goes_astray_does_not_hide_them() -> None:
    several = openings(2, -35)
    several[3] = several[3]._replace(first_codes=[9, *several[3].first_codes[1:]])
    assert start_frames(first_frames(several, SIZE), 10) == 2


def test_a_few_utterances_say_nothing() -> None:
    assert start_frames(first_frames(openings(2, -35, utterances=4), SIZE), 4) == 0
    assert first_frames([], SIZE) == []


# -- codes ------------------------------------------------------------------------------------------------------------

FRAMES = st.lists(st.lists(st.integers(0, 9), min_size=4, max_size=4), max_size=6)


@given(FRAMES)
def test_equal_codes_part_nowhere(codes: list[list[int]]) -> None:
    assert parting(codes, codes) is None
    assert same_frames(codes, codes) == len(codes)


@given(FRAMES, st.data())
def test_the_first_difference_is_found(codes: list[list[int]], data: st.DataObject) -> None:
    if not codes:
        return
    frame, codebook = data.draw(st.integers(0, len(codes) - 1)), data.draw(st.integers(0, 3))
    other = [list(one) for one in codes]
    other[frame][codebook] += 1
    other[-1][-1] += 10
    assert parting(codes, other) == Parting(frame, codebook)
    assert same_frames(codes, other) == frame


@given(FRAMES)
def test_one_that_ends_before_parts_there(codes: list[list[int]]) -> None:
    assert parting(codes, [*codes, [0, 0, 0, 0]]) == Parting(len(codes), -1)


def test_codes_that_are_shifted_by_a_frame_part_at_once() -> None:
    codes = [[frame] * 4 for frame in range(5)]
    assert parting(codes, codes[1:]) == Parting(0, 0)


# -- recognition ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "understood", "language"),
    [
        ("Good morning, everybody.", "good morning everybody", "en"),
        ("Don’t!", "dont", "en"),
        ("l'autre, s'il vous plaît.", "L’autre s’il vous plaît", "fr"),
        ("Пётр и Анна", "петр и анна", "ru"),
        ("大家早上好。", "大家 早上好", "zh"),
        ("１２番線です。", "12番線です", "ja"),
        ("네.", "네", "ko"),
    ],
)
def test_case_signs_and_spaces_are_no_errors(said: str, understood: str, language: str) -> None:
    rates = error_rates(said, understood, language)
    assert rates.characters == 0
    assert rates.words in (0, None)


def test_errors_are_counted() -> None:
    rates = error_rates("one two three four", "one too three", "en")
    assert rates.words == pytest.approx(2 / 4)
    assert rates.characters == pytest.approx(5 / 15)
    assert error_rates("是的", "不是", "zh").words is None
    assert error_rates("yes", "", "en").characters == 1


def test_digits_stay() -> None:
    assert normal("At 7:45, on the 3rd!", "en") == "at 7 45 on the 3rd"
