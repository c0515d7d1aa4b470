"""How written text is read: tables of what is written and what is said, a language each."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qwen3tts_daemon.reading.reader import needs_reading, spoken
from qwen_tts.config.languages import LANGUAGES

FOLDER = Path(__file__).parent


def lines(file: Path) -> Iterator[str]:
    """Without comments and blank lines."""
    yield from (line for line in file.read_text("utf-8").splitlines() if line.strip() and not line.startswith("#"))


TRAPS = [
    pytest.param(code, *line.split(" => "), id=f"{code}: {line.split(' => ')[0]}")
    for code in LANGUAGES
    for line in lines(FOLDER / f"{code}.txt")
]
PLAIN = [(code, line) for code in LANGUAGES for line in lines(FOLDER / f"{code}_plain.txt")]


@pytest.mark.parametrize(("language", "written", "said"), TRAPS)
def test_what_is_written_is_said_in_words(language: str, written: str, said: str) -> None:
    assert needs_reading(written, language)
    assert spoken(written, language) == said


@pytest.mark.parametrize(("language", "text"), PLAIN)
def test_text_without_numbers_and_short_forms_stays_as_it_is(language: str, text: str) -> None:
    assert spoken(text, language) == text


@pytest.mark.parametrize("language", LANGUAGES)
@given(text=st.text(alphabet="0123456789.,:;-–/+%°€$£#()[] \u00a0½²aChkmWTZx\n点年월시г'\"", max_size=40))
def test_whatever_is_written_no_digit_is_left(language: str, text: str) -> None:
    assert not any(char.isdecimal() for char in spoken(text, language))


@pytest.mark.parametrize("language", LANGUAGES)
@example(text="\U00011f50")  # a digit of a script that Python 3.11 does not know
@given(text=st.text(max_size=60))
def test_whatever_is_written_letters_are_kept(language: str, text: str) -> None:
    """A text with something to say never becomes one without."""
    assert any(map(str.isalnum, spoken(text, language))) or not any(map(str.isalnum, text))
