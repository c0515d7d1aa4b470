from itertools import pairwise

import pytest

from qwen3tts_daemon.embedded.chunker import MAX_LENGTH, Unit, fit, length, sentences, units
from qwen_tts.text.sentences import Ending

TEXTS = {
    "en": 'Dr. Smith came at 5 p.m. and left. "Really?" she asked. He said: yes; no, maybe - who knows!',
    "de": "Am 5. März kam Dr. Müller mit der Bahn, z. B. aus Köln. Dann ging er, weil es regnete.",
    "zh": "明天天气晴朗，西边会吹来微风。请你在离开家之前记得把窗户关上。",
    "ja": "明日の天気は晴れで、西から弱い風が吹くでしょう。家を出る前に窓を閉めてください。",
    "ko": "내일 날씨는 맑고, 서쪽에서 약한 바람이 불겠습니다. 창문을 닫으세요.",
}


def squeezed(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("early", [False, True])
@pytest.mark.parametrize("language", TEXTS)
def test_units_hold_the_whole_text_in_order(language: str, early: bool) -> None:
    for text in (TEXTS[language], TEXTS[language] * 5, TEXTS[language].replace(" ", "\n")):
        found = list(units(text, language, early=early))
        assert squeezed("".join(unit.text for unit in found)) == squeezed(text)
        assert all(0 < length(unit.text) <= MAX_LENGTH for unit in found)
        assert all(unit.text == unit.text.strip() for unit in found)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Hello, Anna.", "Hello, Anna."),
        ("Hello, Anna, how are you doing today?", "Hello, Anna,"),
        ("Good morning, it is seven o'clock.", "Good morning,"),
        ("The weather tomorrow will be sunny.", "The weather tomorrow will be sunny."),
        ("The temperature in the living room is low, so I turn it up.",
         "The temperature in the living room is low,"),
        ("She waited for a long while at the old station and then she went home alone.",
         "She waited for a long while at the old station"),
    ],
)  # fmt: skip
def test_the_first_unit_ends_early_where_speech_may_pause(text: str, first: str) -> None:
    found = list(units(text, "en", early=True))
    assert found[0].text == first


def test_only_the_first_unit_is_cut_early() -> None:
    text = "Good morning, it is seven o'clock. Good morning, it is seven o'clock."
    first, second, third = units(text, "en", early=True)
    assert first == Unit("Good morning,", Ending.CLAUSE)
    assert second.text == "it is seven o'clock."
    assert third.text == "Good morning, it is seven o'clock."
    assert [unit.text for unit in units(text, "en", early=False)] == [third.text] * 2


@pytest.mark.parametrize(
    ("language", "text", "count"),
    [
        ("en", "Dr. Smith met J. K. Rowling. They talked.", 2),
        ("en", "It costs 3.50 dollars. Is it worth it? Yes!", 3),
        ("en", "He works at Acme Inc. in Ohio... and likes it.", 1),
        ("de", "Am 5. März um 8 Uhr. Dann los.", 2),
        ("de", "Das ist z. B. Herr Dr. Maier. Gut.", 2),
        ("zh", "你好。你好吗？很好！", 3),
        ("ja", "「はい。」と言った。", 1),
        ("ja", "「はい。」「いいえ。」", 2),
    ],
)
def test_sentences_end_where_a_reader_would_say(language: str, text: str, count: int) -> None:
    assert len(list(sentences(text))) == count


def test_paragraphs_and_sentences_end_differently() -> None:
    found = [unit.ending for unit in units("One. Two.\n\nThree.", "en", early=False)]
    assert found == [Ending.SENTENCE, Ending.PARAGRAPH, Ending.SENTENCE]
    (unit,) = units("One.\n", "en", early=False)
    assert unit.ending is Ending.PARAGRAPH


@pytest.mark.parametrize("text", ["Good evening,", "“Good evening,”", "He came;", "He came –", "明天，"])
def test_a_piece_of_live_text_may_end_with_its_clause(text: str) -> None:
    (unit,) = units(text, "en", early=False)
    assert unit.ending is Ending.CLAUSE
    (unit,) = units(f"{text}\n", "en", early=False)
    assert unit.ending is Ending.PARAGRAPH


@pytest.mark.parametrize("text", ["You need:", "“You need:”", "你需要："])
def test_what_a_colon_announces_is_waited_for(text: str) -> None:
    (unit,) = units(text, "en", early=False)
    assert unit.ending is Ending.SENTENCE


def test_a_line_break_ends_a_paragraph_only_where_a_line_is_blank_or_the_text_ends() -> None:
    found = list(units("One line\ngoes on. Two\r\nlines.\n \nThree.\n", "en", early=False))
    assert found == [
        Unit("One line goes on.", Ending.SENTENCE),
        Unit("Two lines.", Ending.PARAGRAPH),
        Unit("Three.", Ending.PARAGRAPH),
    ]


@pytest.mark.parametrize("text", ["ab", "word " * 200, "字" * 600, "a, b", "x" * 999])
def test_fitting_always_ends(text: str) -> None:
    pending, done = [Unit(text.strip(), Ending.SENTENCE)], []
    while pending:
        unit = pending.pop(0)
        if len(unit.text) <= 2:
            done.append(unit)
        else:
            pending = [*fit(unit), *pending]
    assert squeezed("".join(unit.text for unit in done)) == squeezed(text)
    assert done[-1].ending is Ending.SENTENCE


@pytest.mark.parametrize(
    "text", ["7" * 8_000, "1 2 " * 2_000, "字" * 8_000, "a" * 8_000, "a, " * 2_600, "word " * 1_600]
)
def test_a_unit_is_within_its_limit_whatever_the_text_is(text: str) -> None:
    found = list(units(text, "en", early=True))
    assert all(length(unit.text) <= MAX_LENGTH for unit in found)
    assert squeezed("".join(unit.text for unit in found)) == squeezed(text)
    assert found[-1].ending is Ending.CLAUSE if text.endswith(", ") else found[-1].ending is Ending.SENTENCE


@pytest.mark.parametrize(
    "text",
    ["明日は12345円と30.5度で終わるでしょうという話を聞きましたから" * 9, "내일은2026년11월29일입니다그리고" * 20],
)
def test_numbers_and_latin_words_stay_whole_in_text_without_blanks(text: str) -> None:
    ends = [unit.text[-1] + after.text[0] for unit, after in pairwise(units(text, "ja", early=False))]
    assert ends
    assert not any(end.isascii() for end in ends)


@pytest.mark.parametrize(
    ("written", "said"), [("a\x00b", "a b"), ("a\u200db\u00ad", "ab"), ("e\u0301", "é"), ("안", "안")]
)
def test_what_has_no_sound_is_taken_out_and_letters_are_made_whole(written: str, said: str) -> None:
    (unit,) = units(written, "en", early=False)
    assert unit.text == said


@pytest.mark.parametrize("run", [" " * 8_000, "." * 8_000, "a. " * 2_600, "?!" * 4_000, "\n " * 4_000, "(" * 8_000])
def test_a_long_run_of_anything_is_cut(run: str) -> None:
    found = list(units(f"a{run}b", "en", early=True))
    assert squeezed("".join(unit.text for unit in found)) == squeezed(f"a{run}b")
