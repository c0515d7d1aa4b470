"""What few bits change is measured: nothing where nothing is rounded, and more with fewer bits."""

from pathlib import Path

from benchmarks.few_bits import measure

TINY = Path(__file__).parents[1] / "speaking" / "Qwen3-TTS-12Hz-tiny-CustomVoice"
FIGURES = ("talker_kl", "code_predictor_kl", "talker_top_50", "code_predictor_top_50")


def test_fewer_bits_change_more_of_what_is_said_next() -> None:
    whole, eight, four = measure(TINY, ("auto", "int8", "int4"), texts=("Good morning.",))
    assert whole["frames"] > 5
    assert [whole[name] for name in FIGURES] == [0, 0, 1, 1]
    for name in FIGURES[:2]:
        assert 0 < eight[name] < four[name]
    for name in FIGURES[2:]:
        assert 1 > eight[name] > four[name] > 0.5
