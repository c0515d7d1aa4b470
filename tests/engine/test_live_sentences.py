"""Live text for voices that read whole sentences: each is taken once it cannot go on, and nothing is cut or lost."""

import bisect
import random

import pytest

from qwen_tts.config.engine import LiveTextConfig
from qwen_tts.engine.live_text import LiveSentences, Sentences
from qwen_tts.errors import InvalidRequest
from qwen_tts.text.text_tokenizer import TextTokenizer
from tests.text.hostile import calls_of

PAUSE_S = 0.3


class Letters(TextTokenizer):
    """Every character is a token."""

    def __init__(self) -> None:
        """Nothing to load."""

    def encode(self, text: str) -> list[int]:
        return [ord(character) for character in text]


@pytest.fixture
def text() -> LiveSentences:
    return LiveSentences(Letters(), LiveTextConfig(pause_s=PAUSE_S))


def take(text: LiveSentences, now: float = 0.0) -> str | None:
    taken = text.take(now)
    return None if taken is None else "".join(map(chr, taken.tokens))


def test_finished_sentences_are_taken_together_and_the_rest_waits(text: LiveSentences) -> None:
    text.feed("Hello there. How are you? I am", 0)
    assert take(text) == "Hello there. How are you?"
    assert take(text) is None
    text.feed(" well. ", 0)
    assert take(text) == "I am well."


@pytest.mark.parametrize("begun", ["It costs 3.", "Bring etc.", "Well.", "He said so.)", "Wait..."])
def test_what_may_go_on_waits_for_a_blank_or_a_pause(text: LiveSentences, begun: str) -> None:
    text.feed(begun, 1.0)
    assert take(text, 1.0) is None
    until = text.pause_ends_at()
    assert until == pytest.approx(1.0 + PAUSE_S)
    assert take(text, until - 0.01) is None
    assert take(text, until) == begun
    text.feed(f"{begun} ", 2.0)
    assert take(text, 2.0) == begun


@pytest.mark.parametrize("begun", ["I think", "e.", "Ask Dr.", "We met Sen. ", "Wir kommen am 3.", "Siehe Abb. "])
def test_a_pause_in_a_sentence_means_nothing(text: LiveSentences, begun: str) -> None:
    text.feed(begun, 0)
    assert text.pause_ends_at() is None
    assert take(text, 99) is None
    text.feed(" Miller", 0)
    text.end()
    assert take(text, 99) == f"{begun} Miller"


def test_chinese_needs_no_blank(text: LiveSentences) -> None:
    text.feed("其实我真的有发现。我", 0)
    assert take(text) == "其实我真的有发现。"


def test_flush_takes_what_was_fed_and_no_more(text: LiveSentences) -> None:
    text.feed("And th", 0)
    text.flush()
    text.feed("en we go", 0)
    assert take(text) == "And th"
    assert take(text) is None
    text.feed(". ", 0)
    assert take(text) == "en we go."


@pytest.mark.parametrize("blank", ["", " ", "\n", "\u3000", "\u200b "])
def test_a_flush_of_nothing_is_forgotten(text: LiveSentences, blank: str) -> None:
    text.feed(blank, 0)
    text.flush()
    assert take(text) is None
    text.feed("And", 0)
    assert take(text) is None


@pytest.mark.parametrize("blank", [" ", "\n \n", "\u00a0", "\u3000", "\u200b", "\ufeff\n"])
def test_blanks_around_a_text_are_not_taken(text: LiveSentences, blank: str) -> None:
    for piece in (blank, f"{blank}Hello there.", blank, blank):
        text.feed(piece, 0)
    text.end()
    taken = text.take(0)
    assert taken == Sentences([*map(ord, "Hello there.")], ((0.0, 1),))
    assert text.is_done
    assert not text.can_begin(0)


def test_where_pieces_begin_in_what_is_taken_together(text: LiveSentences) -> None:
    for piece in ("  Hello there.", " ", "How are", " you? And", " so on"):
        text.feed(piece, 0)
    taken = text.take(0)
    assert taken is not None
    assert "".join(map(chr, taken.tokens)) == "Hello there. How are you?"
    assert [(round(share * 27), segment) for share, segment in taken.starts] == [(0, 0), (13, 2), (21, 3)]
    text.end()
    rest = text.take(0)
    assert rest is not None
    assert [segment for _, segment in rest.starts] == [3, 4]


def test_what_is_fed_at_once_waits_for_its_end() -> None:
    text = LiveSentences(Letters(), LiveTextConfig(pause_s=PAUSE_S), waits_for_end=True)
    text.feed("Hello there. ", 0)
    text.flush()
    assert not text.can_begin(99)
    assert take(text, 99) is None
    assert text.pause_ends_at() is None
    text.feed("How are you?", 0)
    text.end()
    assert text.can_begin(99)
    assert take(text, 99) == "Hello there. How are you?"
    assert text.is_done


def test_the_end_takes_everything(text: LiveSentences) -> None:
    text.feed("Well. And th", 0)
    text.end()
    assert not text.is_done
    assert take(text) == "Well. And th"
    assert text.is_done
    assert take(text) is None


@pytest.mark.parametrize("span", [16, 30, 64])
@pytest.mark.parametrize(
    "sentence", ["We met Sen. Miller. ", "We met Sen. Miller, and ", "met Sen. Miller ", "siehe Abb. 4 "]
)
def test_no_part_ends_with_an_abbreviation(sentence: str, span: int) -> None:
    text = LiveSentences(Letters(), LiveTextConfig(pause_s=PAUSE_S, span_tokens=span))
    text.feed(sentence * 20, 0)
    text.end()
    parts = []
    while found := text.take(0):
        parts.append("".join(map(chr, found.tokens)))
    assert "".join("".join(parts).split()) == "".join((sentence * 20).split())
    assert not any(part.endswith(("Sen.", "Abb.")) for part in parts)
    assert len(parts) > 2


@pytest.mark.parametrize("sentence", ["It costs 3.50 in all. ", "no end, ", "word ", "今天天气很好，", "x"])
@pytest.mark.parametrize("span", [48, 64])
def test_a_part_is_no_longer_than_a_span(sentence: str, span: int) -> None:
    """Of whole sentences if there are any, else of clauses or words that are a little longer together."""
    text = LiveSentences(Letters(), LiveTextConfig(pause_s=PAUSE_S, span_tokens=span))
    text.feed(sentence * 40, 0)
    text.end()
    parts = []
    while found := text.take(0):
        parts.append("".join(map(chr, found.tokens)))
    assert "".join("".join(parts).split()) == "".join((sentence * 40).split())
    assert all(len(part) <= 2 * span for part in parts)
    assert all(part.endswith(sentence.strip()[-1]) for part in parts)
    assert text.is_done


def test_a_flush_of_more_than_a_span_is_spoken_whole() -> None:
    text = LiveSentences(Letters(), LiveTextConfig(pause_s=PAUSE_S, span_tokens=16))
    text.feed("One is here. Two is here. Three is not done", 0)
    text.flush()
    parts = []
    while found := text.take(0):
        parts.append("".join(map(chr, found.tokens)))
    assert parts == ["One is here.", "Two is here.", "Three is not done"]


def test_half_a_character_is_refused(text: LiveSentences) -> None:
    with pytest.raises(InvalidRequest) as refused:
        text.feed("a\ud83d", 0)
    assert refused.value.param == "text"


SENTENCES = ("Hello there. ", "It costs 3.50 in all. ", "其实我真的有发现。", "(He said so.) ", "¿Cómo está? ", "\n")


@pytest.mark.parametrize("seed", range(20))
def test_however_it_comes_nothing_is_lost_or_cut(seed: int, text: LiveSentences) -> None:
    chance = random.Random(seed)
    whole = "".join(chance.choices(SENTENCES, k=6))
    starts, fed, spoken = [], 0, 0
    taken: list[str] = []

    def take_all(now: float) -> None:
        nonlocal spoken
        while found := text.take(now):
            taken.append("".join(map(chr, found.tokens)))
            begins = whole.index(taken[-1], spoken)
            spoken = begins + len(taken[-1])
            assert found.starts[0][1] == bisect.bisect(starts, begins) - 1, "the piece that it begins in"

    while fed < len(whole):
        piece = whole[fed : fed + chance.randint(1, 9)]
        starts.append(fed)
        fed += len(piece)
        text.feed(piece, now=len(starts))
        take_all(now=len(starts))
    text.end()
    take_all(now=len(starts))
    assert "".join("".join(taken).split()) == "".join(whole.split())
    assert all(sentence.endswith((".", "。", "?", ")")) for sentence in taken)
    assert text.is_done


HOSTILE = [
    *("It costs 3.50 in all, he said. Then we left for home again. ", "word word and word, ", "Dr. ", "A. ", "1. "),
    *("?! ", "...", "x", "今天天气很好，我们去公园散步吧。", "Dr. A. 1. z. B. "),
]


def costs_of_looks(text: str) -> list[int]:
    """What each look for sentences costs, in calls, while the text comes in pieces and after it."""
    sentences, costs = LiveSentences(Letters(), LiveTextConfig(pause_s=PAUSE_S)), []

    def look() -> None:
        if sentences.can_begin(0.0):
            sentences.take(0.0)
        sentences.pause_ends_at()

    for start in range(0, len(text), 400):
        sentences.feed(text[start : start + 400], 0.0)
        costs.append(calls_of(look))
    sentences.end()
    while not sentences.is_done:
        costs.append(calls_of(look))
    return costs


@pytest.mark.parametrize("atom", HOSTILE)
def test_a_text_of_twice_the_length_costs_twice_as_much_and_no_step_more(atom: str) -> None:
    """For a look everybody waits to whom something is spoken."""
    text = atom * (12_000 // len(atom))
    short, long = costs_of_looks(text[:6_000]), costs_of_looks(text)
    assert sum(long) < 2.5 * sum(short)
    assert max(long) < 1.2 * max(short)
