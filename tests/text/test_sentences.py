"""Where a sentence ends is one decision: what it keeps whole, no part of the house cuts, however the text comes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwen3tts_daemon.embedded.chunker import sentences, units
from qwen3tts_daemon.text.segments import LiveSegmenter
from qwen_tts.text.abbreviations import BEFORE_NUMBER, CLOSING, NAMES, OPEN
from qwen_tts.text.sentences import (
    Ending,
    clause_ends,
    ends_with_clause,
    ends_with_mark,
    ends_with_sentence,
    sentence_ends,
)
from tests.text.test_segments import TEXTS
from tests.text.test_segments_languages import CASES, TRAPS

WORDS = st.sampled_from(
    ["We", "met", "Miller", "yesterday", "The", "Dann", "er", "Она", "там", "12", "3", "2026", "I", "a", "b"]
)
ENDS = st.sampled_from([*OPEN, *CLOSING, *NAMES, *BEFORE_NUMBER]).map(lambda word: f"{word}.")
PROSE = st.lists(st.one_of(WORDS, ENDS, st.sampled_from(["end.", "Why?", "No!", "so…", "he:", "and,"]))).map(" ".join)


def parts(text: str, ends: list[int]) -> list[str]:
    return [
        text[start:end].strip() for start, end in zip([0, *ends], [*ends, len(text)], strict=True) if text[start:end]
    ]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_a_text_has_the_same_sentences_for_all(text: str, expected: list[str]) -> None:
    assert parts(text, list(sentence_ends(text, final=True))) == expected
    assert list(sentences(text)) == expected


@settings(max_examples=300, deadline=None)
@given(PROSE)
def test_what_the_daemon_keeps_whole_no_engine_ends(text: str) -> None:
    segmenter = LiveSegmenter()
    for segment in segmenter.feed(text) + segmenter.end():
        if len(segment.raw) < 300:
            assert list(sentences(segment.text)) == [segment.text]


@settings(max_examples=300, deadline=None)
@given(st.one_of(PROSE, TEXTS), st.integers(0, 200))
def test_no_answer_changes_when_more_text_comes(text: str, known: int) -> None:
    early, late = sentence_ends(text[:known], final=False), sentence_ends(text, final=True)
    found = list(early)
    assert list(late)[: len(found)] == found


@pytest.mark.parametrize("word", sorted(OPEN | NAMES))
def test_a_name_may_follow_its_title(word: str) -> None:
    text = f"Dort sahen wir {word}. Miller und {word}. Stone im Saal."
    assert list(sentence_ends(text, final=True)) == [len(text)]
    assert not ends_with_sentence(f"Dort sahen wir {word}. ", "M")


@pytest.mark.parametrize("word", sorted(CLOSING | OPEN | NAMES))
def test_a_small_letter_goes_on_behind_an_abbreviation(word: str) -> None:
    text = f"Dort sahen wir {word}. und mehr im Saal."
    assert list(sentence_ends(text, final=True)) == [len(text)]


@pytest.mark.parametrize("word", sorted(BEFORE_NUMBER))
def test_a_number_may_follow_what_counts(word: str) -> None:
    text = f"Dort sahen wir {word}. 12 im Saal."
    assert list(sentence_ends(text, final=True)) == [len(text)]


@pytest.mark.parametrize("text", ["It is done. ", "It is done.\n", "Really? ", "好的。", "«Sì.» ", "(So.) "])
def test_a_sentence_has_ended_when_the_next_one_begins(text: str) -> None:
    assert ends_with_sentence(text, "N")
    assert not ends_with_sentence(text, " ") or text == "好的。"
    assert not ends_with_sentence(text + "and", "N")


@pytest.mark.parametrize("language", TRAPS)
@pytest.mark.parametrize(
    "text", ["We met Sen. Miller and Gov. Stone in the hall.", "Siehe Abb. Vier\nund Tel. Nummer unten."]
)
def test_the_preview_voice_does_not_pause_inside_a_sentence(language: str, text: str) -> None:
    endings = [unit.ending for unit in units(text, language, early=True)]
    assert Ending.SENTENCE not in endings[:-1]
    assert Ending.PARAGRAPH not in endings


CLAUSES = {
    "Well, I know": [5],
    "«Bene,» disse": [7],
    "„Ja,“ sagte er": [5],
    "one; two: three": [4, 9],
    "he came – late": [9],
    "he came - late": [9],
    "he came—late": [8],
    "a well-known 1,5 at 10:30": [],
    "他说：好，然后": [3, 5],
    "明日、晴れ": [3],
    "It is done. Good!": [],
}


@pytest.mark.parametrize(("text", "expected"), CLAUSES.items())
def test_clauses_end_at_commas_and_dashes(text: str, expected: list[int]) -> None:
    assert clause_ends(text) == expected
    for end in range(1, len(text)):
        before, following = text[:end], text[end]
        last = max((found for found in expected if found <= end), default=0)
        assert ends_with_clause(before, following) == (last > 0 and not before[last:].strip()), before


@pytest.mark.parametrize("blanks", ["", " ", " \n "])
@pytest.mark.parametrize("closers", ["", "”", ")", "“", "’ »"])
def test_marks_are_seen_behind_blanks_and_closers(closers: str, blanks: str) -> None:
    for mark in (".", "?!", "…"):
        assert ends_with_mark(f"Ask Dr{mark}{closers}{blanks}")
    assert ends_with_mark(f"好。”{blanks}")
    assert not ends_with_mark(f"Ask Dr{closers}{blanks}")
    assert ends_with_mark("." * 100)
