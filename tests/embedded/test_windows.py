from itertools import pairwise

import pytest

from qwen3tts_daemon.embedded.windows import first_frames, windows


@pytest.mark.parametrize("first", [48, 128])
@pytest.mark.parametrize("frames", [1, 8, 47, 48, 95, 96, 97, 175, 176, 200, 333, 1_000, 4_000])
def test_windows_are_all_the_frames_in_order_and_grow(frames: int, first: int) -> None:
    plan = windows(frames, first)
    assert [window.start for window in plan] == [0, *(window.end for window in plan[:-1])]
    assert plan[-1].end == frames
    sizes = [window.end - window.start for window in plan]
    assert all(before < after for before, after in pairwise(sizes[:-1]))
    assert min(sizes) >= min(frames, 48)


@pytest.mark.parametrize("frames", [97, 333])
def test_a_window_is_computed_with_what_its_edges_depend_on(frames: int) -> None:
    for window in windows(frames, 48):
        assert window.first == max(0, window.start - 8)
        assert window.last == min(frames, window.end + 8)


def test_a_language_of_tones_begins_with_more() -> None:
    assert first_frames("zh") > first_frames("de")
