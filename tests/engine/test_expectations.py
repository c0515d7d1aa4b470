"""What is expected of speech: one table, which a measured file corrects."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_tts.config.expectations import Expectations
from qwen_tts.config.languages import LANGUAGES

TABLE = Expectations.read()


def test_every_language_has_a_pace() -> None:
    assert set(TABLE.seconds_per_character) == set(LANGUAGES)


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_sentence_of_any_language_takes_a_few_seconds(code: str) -> None:
    assert 2 < TABLE.seconds(LANGUAGES[code].sample, code) < 8


@given(st.text(), st.text(), st.sampled_from([*LANGUAGES, "auto"]))
def test_a_text_takes_as_long_as_its_words(a: str, b: str, language: str) -> None:
    assert TABLE.seconds(f"{a} {b}", language) == pytest.approx(TABLE.seconds(a, language) + TABLE.seconds(b, language))


def test_letters_have_the_pace_of_a_language_that_is_written_in_them() -> None:
    paces = TABLE.seconds_per_character
    assert TABLE.seconds("灯", "en") == TABLE.seconds("灯", "zh") == paces["zh"]
    assert TABLE.seconds("灯", "ja") == paces["ja"]
    assert TABLE.seconds("light", "zh") == TABLE.seconds("light", "auto") == pytest.approx(5 * paces["en"])
    assert TABLE.seconds("luz", "es") == pytest.approx(3 * paces["es"])
    assert TABLE.seconds("свет", "en") == pytest.approx(4 * paces["ru"])
    assert TABLE.seconds("1 + 1!", "en") == pytest.approx(3 * TABLE.seconds_per_sign.any)


def test_capitals_that_may_be_spelled_take_longer() -> None:
    a_sign, paces = TABLE.seconds_per_sign.any, TABLE.seconds_per_character
    assert TABLE.seconds("NASA, U.S.", "en") == pytest.approx(6 * a_sign)
    assert TABLE.seconds("Nasa", "en") == pytest.approx(4 * paces["en"])
    assert TABLE.seconds("50 % & 3/4", "de") == pytest.approx(7 * a_sign)


def test_a_measured_file_corrects_what_it_names(tmp_path: Path) -> None:
    file = tmp_path / "measured.toml"
    file.write_text("[seconds_per_character]\nen = 0.05\n[checkpoints.0b6-base]\nstart_frames = 2\n")
    corrected = Expectations.read(file)
    assert corrected.seconds_per_character == {**TABLE.seconds_per_character, "en": 0.05}
    base = corrected.of_checkpoint("0b6-base")
    assert (base.start_frames, base.float16) == (2, False)
    assert corrected.of_checkpoint("another").start_frames == 0


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("[seconds_per_character]\nen = 0", "seconds_per_character.en"),
        ("[seconds_per_character]\nxx = 1", "seconds_per_character.xx"),
        ("[checkpoints.a]\nstart_frames = -1", "checkpoints.a.start_frames"),
        ("[checkpoints.a]\nstart_dbfs = -inf", "checkpoints.a.start_dbfs"),
        ("[seconds_per_character]\nen = inf", "seconds_per_character.en"),
        ("[seconds_per_sign]\nany = inf", "seconds_per_sign.any"),
        ("speed = 1", "speed"),
        ("no table", "is not TOML"),
        (None, "cannot be read: No such file"),
    ],
)
def test_a_file_that_is_no_table_is_refused(content: str | None, reason: str, tmp_path: Path) -> None:
    file = tmp_path / "measured.toml"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ValueError, match=reason) as caught:
        Expectations.read(file)
    assert str(file) in str(caught.value)
