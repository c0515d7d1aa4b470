"""Laws of how long a sequence may become: slow speech is never cut, and what does not end is not heard for minutes."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from qwen_tts.config.engine import EngineConfig, GuardConfig
from qwen_tts.config.expectations import Expectations
from qwen_tts.config.languages import LANGUAGES
from qwen_tts.engine.expected_length import ExpectedLength

FRAME_S = 0.08
ROOM = 4_096
TABLE = Expectations.read()


def most_s(text: str, language: str = "auto", *, tokens: int = 1, guards: GuardConfig | None = None) -> float:
    length = ExpectedLength(TABLE, guards or GuardConfig(), FRAME_S)
    return length.most(length.frames(text, language), tokens, ROOM) * FRAME_S


@pytest.mark.parametrize("code", LANGUAGES)
def test_speech_at_a_third_of_the_pace_is_not_cut_and_a_murmur_of_minutes_is(code: str) -> None:
    sample = LANGUAGES[code].sample
    for language in (code, "auto"):
        assert 3 * TABLE.seconds(sample, code) < most_s(sample, language) < 40


@pytest.mark.parametrize(
    ("text", "spoken_s"),
    [
        ("Yes.", 2),
        ("Dr. Smith lives at 10 Downing St., e.g. on Mon., Wed. and Fri.", 9),
        ("NASA, ESA, HTTP, USB and FBI.", 8),
        ("A B C D E F G H I J K L M N O P Q R S T U V W X Y Z", 26),
        ("1,234,567,890", 8),
        ("3.14159265358979323846264338327950288419716939937510", 30),
        ("+49 (0)30 901820-1234", 14),
        ("👍👍👍", 5),
        ("50 % & 3 € @ 7 °C", 9),
        ("https://www.example.org/a/b?c=d_e", 14),
        ("1984年12月31日", 8),
    ],
)
def test_what_takes_longer_than_its_letters_is_not_cut(text: str, spoken_s: float) -> None:
    assert most_s(text) > 1.3 * spoken_s


@given(st.text(max_size=300), st.text(max_size=100), st.sampled_from([*LANGUAGES, "auto"]))
def test_more_text_may_take_longer(text: str, more: str, language: str) -> None:
    assert most_s(f"{text} {more}", language) >= most_s(text, language) >= GuardConfig().spare_s


@given(st.integers(1, 300))
def test_a_token_may_be_read_beside_each_frame(tokens: int) -> None:
    assert most_s("...", tokens=tokens) >= tokens * FRAME_S


def test_it_can_be_switched_off_and_never_goes_beyond_the_row() -> None:
    assert most_s("Hello.", guards=GuardConfig(length_factor=0)) == ROOM * FRAME_S
    assert most_s("Hello. " * 9_999) == ROOM * FRAME_S


def test_every_guard_has_a_switch() -> None:
    off = GuardConfig.model_validate(
        {"length_factor": 0, "silence_s": 0, "quiet_db": 0, "retry": False, "start_frames": 0, "expectations": ""}
    )
    assert (off.length_factor, off.silence_s, off.quiet_db, off.expectations) == (None, None, None, None)
    assert GuardConfig.model_validate({"start_frames": ""}).start_frames is None


@pytest.mark.parametrize("content", [None, "[seconds_per_character]\nen = -1", "nonsense"])
def test_a_table_that_cannot_be_used_is_refused_with_its_field(content: str | None, tmp_path: Path) -> None:
    table = tmp_path / "measured.toml"
    if content is not None:
        table.write_text(content)
    with pytest.raises(ValidationError) as caught:
        EngineConfig.model_validate({"checkpoint": tmp_path, "guards": {"expectations": table}})
    (problem,) = caught.value.errors()
    assert problem["loc"] == ("guards", "expectations")
    assert str(table) in problem["msg"]
