import pytest

from qwen3tts_daemon.reading.roman import value


@pytest.mark.parametrize(
    ("numeral", "number"), [("I", 1), ("IV", 4), ("XIX", 19), ("XXI", 21), ("MMXXVI", 2026), ("IIII", None), ("", None)]
)
def test_a_numeral_has_its_value_and_others_have_none(numeral: str, number: int | None) -> None:
    assert value(numeral) == number
