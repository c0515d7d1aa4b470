"""Words of a written text are found in what is spoken for it, whatever stands between."""

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen3tts_daemon.text.written_words import words_in, written_words
from qwen_tts.text.alignment import equal_pairs
from qwen_tts.text.annotations import annotated

ITEMS = st.lists(st.sampled_from("abc"), max_size=12)
TEXTS = st.text(st.sampled_from("ab é'-.,25 \n你し한*"), max_size=40)


@given(ITEMS, ITEMS)
def test_equal_items_are_paired_in_order_and_as_many_as_can_be(first: list[str], second: list[str]) -> None:
    pairs = equal_pairs(first, second)
    assert all(first[a] == second[b] for a, b in pairs)
    assert all(a < next_a and b < next_b for (a, b), (next_a, next_b) in pairwise(pairs))
    if first == second:
        assert len(pairs) == len(first)


@given(TEXTS)
def test_what_is_spoken_as_it_is_written_has_every_word_where_it_stands(text: str) -> None:
    assert [(word.start, word.end) for word in written_words(text, text)] == words_in(text)
    assert [(word.spoken_start, word.spoken_end) for word in written_words(text, text)] == words_in(text)


@given(TEXTS, TEXTS)
def test_words_are_in_order_in_both_whatever_is_spoken(written: str, spoken: str) -> None:
    ends = spoken_ends = 0
    for word in written_words(written, spoken):
        assert ends <= word.start < word.end <= len(written)
        assert spoken_ends <= word.spoken_start < word.spoken_end <= len(spoken)
        ends, spoken_ends = word.end, word.spoken_end


PAIRS = {
    "It costs 25 €.": ("It costs twenty-five euros.", "It|It costs|costs 25|twenty-five_euros"),
    "Dr. Weber comes at 7:45.": (
        "Doctor Weber comes at seven forty-five.", "Dr|Doctor Weber|Weber comes|comes at|at 7:45|seven_forty-five",
    ),
    "21 °C outside": (
        "twenty-one degrees Celsius outside", "21_°C|twenty-one_degrees_Celsius outside|outside",
    ),
    "See [the shop](https://a.example/b) now": ("See the shop now", "See|See the|the shop|shop now|now"),
    "Salt & pepper": ("Salt and pepper", "Salt|Salt_and pepper|pepper"),
    "今天25度": ("今天二十五度", "今|今 天|天 25|二十五 度|度"),
    "Ask Siobhan.": (f"Ask {annotated('Siobhan', 'ʃɪˈvɔːn')}.", "Ask|Ask Siobhan|Siobhan"),
}  # fmt: skip


@pytest.mark.parametrize("written", list(PAIRS))
def test_what_is_read_otherwise_is_found_between_what_is_not(written: str) -> None:
    spoken, expected = PAIRS[written]
    found = [
        (written[word.start : word.end], spoken[word.spoken_start : word.spoken_end])
        for word in written_words(written, spoken)
    ]
    assert " ".join("|".join(pair).replace(" ", "_") for pair in found) == expected


def test_no_text_takes_long() -> None:
    """A segment has 400 characters at most; what would take a product of three lengths takes seconds."""
    written, spoken = "1 a " * 100, "one a b " * 100
    began = time.thread_time()
    written_words(written, spoken)
    assert time.thread_time() - began < 1
