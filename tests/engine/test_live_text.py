"""The policy of live text: every received sentence is read, whatever the writer and the talker do."""

import random

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from qwen_tts.config.engine import LiveTextConfig
from qwen_tts.engine.live_text import Instead, LiveText, Token
from qwen_tts.text.blanks import BLANKS
from qwen_tts.text.text_tokenizer import TextTokenizer

PAUSE_S = 0.3


@pytest.fixture
def text(text_tokenizer: TextTokenizer) -> LiveText:
    return LiveText(text_tokenizer, LiveTextConfig(pause_s=PAUSE_S))


SPAN = 16


@pytest.fixture
def short(text_tokenizer: TextTokenizer) -> LiveText:
    """A sequence takes few tokens."""
    return LiveText(text_tokenizer, LiveTextConfig(pause_s=PAUSE_S, span_tokens=SPAN))


def sequences(text: LiveText) -> list[list[Token]]:
    """What each sequence reads of a text that has ended, if all are spoken to their ends."""
    found = []
    while text.can_begin():
        found.append([text.begin()])
        while (step := text.next(0)) is not Instead.PAD:
            if isinstance(step, Token):
                found[-1].append(step)
        text.ended()
    assert text.is_done
    return found


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_a_long_text_is_divided_between_sentences(short: LiveText, size: int) -> None:
    whole = "I think, therefore I am! It costs 3.50 in all, sir. How are you today? " * 12
    for start in range(0, len(whole), size):
        short.feed(whole[start : start + size], 0)
    short.end()
    parts = sequences(short)
    said = ["".join(token.text for token in part).strip() for part in parts]
    assert squeezed("".join(said)) == squeezed(whole)
    assert all(part.endswith((".", "!", "?")) for part in said)
    assert all(len(part) >= SPAN for part in parts[:-1])
    assert max(map(len, parts)) < 2 * SPAN


@pytest.mark.parametrize("size", [1, 7, 10_000])
@pytest.mark.parametrize("sentence", ["We met Sen. Miller and Gov. Stone. ", "Wir sahen Abb. Vier, und Tel. Nummer, "])
def test_a_long_text_is_not_divided_behind_an_abbreviation(short: LiveText, sentence: str, size: int) -> None:
    whole = sentence * 12
    for start in range(0, len(whole), size):
        short.feed(whole[start : start + size], 0)
    short.end()
    said = ["".join(token.text for token in part).strip() for part in sequences(short)]
    assert squeezed("".join(said)) == squeezed(whole)
    assert len(said) > 2
    assert not any(part.endswith(("Sen.", "Gov.", "Abb.", "Tel.")) for part in said)


def test_a_pause_behind_an_abbreviation_means_nothing(text: LiveText) -> None:
    text.feed("Well, ask Dr. ", 0)
    text.begin()
    read(text, 0)
    assert text.next(99) is Instead.WAIT
    assert text.pause_ends_at() is None


@pytest.mark.parametrize(
    ("whole", "ends"),
    [("to be or not, " * 40, ","), ("so " * 200, "o"), ("今天天气很好，" * 60, "，"), ("a" * 3_000, "a")],
)
def test_a_sentence_without_end_is_divided_too(short: LiveText, whole: str, ends: str) -> None:
    short.feed(whole, 0)
    short.end()
    parts = sequences(short)
    said = ["".join(token.text for token in part).strip() for part in parts]
    assert squeezed("".join(said)) == squeezed(whole)
    assert len(parts) > 2
    assert all(part.endswith(ends) for part in said)
    assert max(map(len, parts)) <= 2 * SPAN + 64


@pytest.mark.parametrize(("words", "least", "most"), [("and then we go ", 1.9, 2), ("e.g. ", 2.1, 2.5)])
def test_a_part_without_end_has_two_spans_and_a_little_more_behind_an_abbreviation(
    short: LiveText, words: str, least: float, most: float
) -> None:
    short.feed(words * 60, 0)
    short.end()
    first = sequences(short)[0]
    assert least * SPAN <= len(first) <= most * SPAN


def test_segments_go_on_over_the_parts(short: LiveText) -> None:
    for number in range(30):
        short.feed(("" if number == 0 else " ") + "It costs 3.50 in all, sir.", 0)
    short.end()
    segments = [token.segment for part in sequences(short) for token in part]
    assert segments == sorted(segments)
    assert set(segments) == set(range(30))


def read(text: LiveText, now: float) -> list[int]:
    """All that a sequence can read without waiting, up to the end of text or a wait."""
    tokens = []
    while isinstance(step := text.next(now), Token):
        tokens.append(step.id)
    return tokens


def test_a_sequence_begins_with_enough_tokens(text: LiveText) -> None:
    text.feed("The quick brown fox jumps over the", 0)
    assert not text.can_begin()
    text.feed(" lazy", 0)  # "the" is final now, the seventh
    assert not text.can_begin()
    text.feed(" dog", 0)
    assert text.can_begin()


@pytest.mark.parametrize("clause", ["Well, ", "Yes. ", "Right; ", "好，", "今天天气很好。", "Hello…"])
def test_or_with_the_end_of_a_clause(text: LiveText, clause: str) -> None:
    text.feed(clause[:-2], 0)
    assert not text.can_begin()
    text.feed(clause[-2:], 0)
    assert text.can_begin()


@pytest.mark.parametrize("words", ["3", "3.", "3.1", "$5", "www.a"])
def test_an_unfinished_number_waits(text: LiveText, words: str) -> None:
    text.feed(f"It is {words}4", 0)
    assert not text.can_begin()


def test_without_text_a_sequence_waits(text: LiveText, text_tokenizer: TextTokenizer) -> None:
    text.feed("Well, I think", 0)
    assert text.can_begin()
    first = text.begin()
    assert [first.id, *read(text, 0)] == text_tokenizer.encode("Well, I")
    assert text.next(99) is Instead.WAIT, "no sentence has ended: only text ends the waiting"
    assert text.pause_ends_at() is None
    text.feed(" so ", 100)
    assert read(text, 100) == text_tokenizer.encode(" think so")


def test_a_finished_sentence_is_closed_in_a_pause(text: LiveText, text_tokenizer: TextTokenizer) -> None:
    text.feed("I think so.", 1.0)
    tokens = [text.begin().id, *read(text, 1.0)]
    assert text.next(1.0) is Instead.WAIT
    assert text.pause_ends_at() == pytest.approx(1.0 + PAUSE_S)
    assert text.next(1.0 + 0.9 * PAUSE_S) is Instead.WAIT
    after = 1.0 + PAUSE_S + 1e-6
    tokens += read(text, after)
    assert tokens == text_tokenizer.encode("I think so.")
    # The call in read() gave the end of text; pads until the talker ends.
    assert [text.next(after) for _ in range(3)] == [Instead.PAD] * 3


def test_half_a_sentence_behind_a_whole_one_is_spoken_in_a_pause(text: LiveText) -> None:
    """Else the whole one might stay unspoken: text is read faster than it is spoken."""
    text.feed("I think so. And then the", 0)
    text.begin()
    read(text, 0)
    assert text.next(PAUSE_S + 1) is not Instead.WAIT


def test_later_text_is_for_the_next_sequence(text: LiveText, text_tokenizer: TextTokenizer) -> None:
    text.feed("I think so.", 0)
    text.begin()
    read(text, 1)
    text.feed(" And then?", 1)
    assert read(text, 1) == []
    text.ended()
    assert text.can_begin()
    assert [text.begin().id, *read(text, 2)] == text_tokenizer.encode("And then?")


def test_flush_closes_at_once_and_only_what_was_fed(text: LiveText, text_tokenizer: TextTokenizer) -> None:
    text.feed("And th", 0)
    assert not text.can_begin()
    text.flush()
    assert text.can_begin()
    assert [text.begin().id, *read(text, 0)] == text_tokenizer.encode("And th")
    assert text.next(0) is Instead.PAD
    text.ended()
    text.feed("en we", 0)
    assert not text.can_begin()


def test_a_flush_without_text_is_forgotten(text: LiveText) -> None:
    text.flush()
    assert not text.can_begin()
    text.feed("And", 0)
    assert not text.can_begin()


BLANK = st.text(st.sampled_from(" \n\r\t\u00a0\u3000\u200b\ufeff"), max_size=3)
WORDS = st.sampled_from(["Hello", "there.", "Yes!", "它", "好。", "3", ".50", "it's", "e\u0301", "(so)", "/"])


@given(
    words=st.lists(st.tuples(BLANK, WORDS), min_size=1, max_size=6), behind=BLANK, cuts=st.lists(st.integers(0, 60)),
    flushed=st.booleans(), after=BLANK,
)  # fmt: skip
@example(words=[("", "Hello"), ("", ".")], behind=" ", cuts=[6], flushed=False, after="")
@example(words=[(" \n", "Hello"), ("", "there.")], behind="\n \u200b", cuts=[1, 2, 8], flushed=True, after=" \n")
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_however_it_comes_a_sequence_reads_the_tokens_of_the_text_without_blanks_around_it(
    text_tokenizer: TextTokenizer, words: list[tuple[str, str]], behind: str, cuts: list[int], flushed: bool, after: str
) -> None:
    whole = "".join(blank + word for blank, word in words) + behind
    text = LiveText(text_tokenizer, LiveTextConfig(pause_s=PAUSE_S))
    ends = sorted({min(cut, len(whole)) for cut in cuts} | {len(whole)})
    for start, end in zip([0, *ends], ends, strict=False):
        text.feed(whole[start:end], 0)
    if flushed:
        text.flush()
    text.feed(after, 0)
    text.end()
    assert [[token.id for token in part] for part in sequences(text)] == [text_tokenizer.encode(whole.strip(BLANKS))]


@pytest.mark.parametrize("blank", [" ", "\n", "\n\n", "\u00a0", "\u3000", "\u200b", " \u2060"])
def test_blanks_between_two_sequences_belong_to_neither(
    text: LiveText, text_tokenizer: TextTokenizer, blank: str
) -> None:
    """Whether a pause, a flush or the talker parts them, and the segments stay right."""
    parts = [["I think so.", blank], [blank, f"{blank}And then?{blank}"], [f"{blank}Yes."]]
    for number, (part, words) in enumerate(zip(parts, ("I think so.", "And then?", "Yes."), strict=True)):
        now = number * (PAUSE_S + 1)
        for piece in part:
            text.feed(piece, now)
        if number == 1:
            text.flush()
        first = text.begin()
        assert [first.id, *read(text, now + PAUSE_S)] == text_tokenizer.encode(words)
        assert first.segment == (0, 3, 4)[number]
        text.ended()


def test_a_blank_that_was_pending_when_the_talker_ended_early_is_not_read(
    text: LiveText, text_tokenizer: TextTokenizer
) -> None:
    text.feed("Well, I think so ", 0)
    assert [text.begin().id, *read(text, 0)] == text_tokenizer.encode("Well, I think so")
    text.ended()
    text.feed("And then? ", 0)
    text.end()
    first = text.begin()
    assert [first.id, *read(text, 0)] == text_tokenizer.encode("And then?")
    assert first.segment == 1


@pytest.mark.parametrize("blank", ["", " ", "\n \n", "\u00a0", "\u200b\ufeff"])
def test_blank_text_is_done_when_it_ends(text: LiveText, blank: str) -> None:
    text.feed(blank, 0)
    assert not text.is_done
    text.end()
    assert not text.can_begin()
    assert text.is_done


def test_segments_are_the_pieces_that_were_fed(text: LiveText) -> None:
    for piece in ("Hello there.", " How are", " you today?", " Fine."):
        text.feed(piece, 0)
    text.end()
    tokens = [text.begin()]
    while isinstance(step := text.next(0), Token):
        tokens.append(step)
    assert [token.segment for token in tokens] == sorted(token.segment for token in tokens)
    assert "".join(token.text for token in tokens) == "Hello there. How are you today? Fine."
    by_segment = {segment: "".join(t.text for t in tokens if t.segment == segment) for segment in range(4)}
    assert by_segment == {0: "Hello there.", 1: " How are", 2: " you today?", 3: " Fine."}


SENTENCES = (
    "Hello there. ", "How are you today? ", "I think, therefore I am! ", "It costs 3.50 in all. ", "其实我真的有发现。",
    "Grüß Gott! ", "¿Cómo está usted? ", "今日はとても良い天気ですね。", "안녕하세요. ", "(He said so.) ",
)  # fmt: skip


@pytest.mark.parametrize("span", [SPAN, 160])
@pytest.mark.parametrize("seed", range(40))
def test_no_finished_sentence_stays_unread(seed: int, span: int, text_tokenizer: TextTokenizer) -> None:
    """Random pieces, pauses, flushes, and a talker that ends its sequences whenever it likes."""
    text = LiveText(text_tokenizer, LiveTextConfig(pause_s=PAUSE_S, span_tokens=span))
    chance = random.Random(seed)
    whole = "".join(chance.choices(SENTENCES, k=chance.randint(1, 8)))
    now, fed, told_end, is_open = 0.0, 0, False, False
    read_text = ""

    def work(until_closed: bool) -> None:
        nonlocal is_open, read_text
        while True:
            if not is_open:
                if not text.can_begin():
                    return
                read_text += text.begin().text
                is_open = True
            step = text.next(now)
            if step is Instead.WAIT:
                assert not until_closed or not text.pause_ends_at()
                return
            read_text += step.text if isinstance(step, Token) else ""
            if step is Instead.PAD or chance.random() < 0.02:  # spoken to its end, or an early end of speech
                text.ended()
                is_open = False

    while fed < len(whole):
        size = chance.choice((1, 3, 8, 40))
        text.feed(whole[fed : fed + size], now)
        fed += size
        work(until_closed=False)
        if chance.random() < 0.2:
            now += PAUSE_S + 0.1
            work(until_closed=True)
            finished = max((whole[:fed].rfind(mark) for mark in ".!?。"), default=-1)
            if whole[:fed].endswith((". ", "! ", "? ", "。")):
                assert squeezed(read_text) == squeezed(whole[: finished + 1] + whole[finished + 1 : fed])
        if chance.random() < 0.1:
            text.flush()
            work(until_closed=True)
            assert squeezed(read_text) == squeezed(whole[:fed])
    text.end()
    told_end = True
    work(until_closed=True)
    assert told_end
    assert text.is_done
    assert squeezed(read_text) == squeezed(whole)


def squeezed(text: str) -> str:
    """Blanks between sequences are not spoken."""
    return "".join(text.split())
