"""JSON has one meaning or none, whichever protocol it came with."""

from typing import Annotated, Any

import msgspec
import pytest

from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.protocols.strict_json import MOST_VALUES, convert, infinite_field, is_text, load
from qwen_tts.api import Sampling
from qwen_tts.limits import MAX_TEXT_CHARS


class Inner(msgspec.Struct):
    count: Annotated[int, msgspec.Meta(ge=0)]


class Outer(msgspec.Struct):
    inner: Inner | None = None
    many: list[Inner] = []


NO_JSON = [
    *("", "{", "[] []", '{"a":1,"a":2}', '[{"b":{"a":1,"a":2}}]', "[" * 100_000, "[" * 19_000, '{"a":' * 5_000),
    *("1" * 5_000, "\ufeff{}"),
]
INFINITE = ["NaN", "[Infinity]", '{"a":-Infinity}', "1e999", "[-1e999]", "9" * 400 + ".0"]


def refusal(function: Any, *arguments: Any, **options: Any) -> tuple[str, str | None]:
    with pytest.raises(Refusal) as caught:
        function(*arguments, **options)
    return caught.value.code, caught.value.param


@pytest.mark.parametrize("text", NO_JSON + INFINITE, ids=lambda text: text[:20])
def test_what_is_no_json(text: str) -> None:
    assert refusal(load, text) == ("bad_json", None)


@pytest.mark.parametrize("text", NO_JSON, ids=lambda text: text[:20])
def test_only_numbers_can_be_let_through(text: str) -> None:
    assert refusal(load, text, allow_infinite=True) == ("bad_json", None)


@pytest.mark.parametrize("text", INFINITE, ids=lambda text: text[:20])
def test_a_number_let_through_is_found(text: str) -> None:
    assert infinite_field(load(text, allow_infinite=True)) is not None


MANY = {
    "integers": ("1", "[%s]"),
    "fractions": ("1e1", "[%s]"),
    "texts": ('"\\u00e9"', '{"a":[%s]}'),
    "lists": ("[]", "[%s]"),
    "objects": ('{"a":1}', "[%s]"),
}


@pytest.mark.parametrize("kind", MANY)
@pytest.mark.parametrize("options", [{}, {"allow_infinite": True}])
def test_how_many_values_are_read_is_bounded(kind: str, options: dict[str, Any]) -> None:
    """Each takes its time on the event loop."""
    value, around = MANY[kind]
    per_value = 2 if value[0] in "[{" else 1
    load(around % ",".join([value] * (MOST_VALUES // per_value - 1)), **options)
    assert refusal(load, around % ",".join([value] * (MOST_VALUES + 1)), **options) == ("bad_json", None)


def test_how_many_fields_are_read_is_bounded() -> None:
    fields = ",".join(f'"f{index}":1' for index in range(90_000))
    assert refusal(load, f'{{"input":"a",{fields}}}') == ("bad_json", None)
    assert len(load(f"{{{fields}}}", most_values=90_000)) == 90_000


def test_a_text_of_commas_alone_is_read() -> None:
    assert load('{"input":"%s"}' % ("," * MAX_TEXT_CHARS)) == {"input": "," * MAX_TEXT_CHARS}


def test_an_integer_that_no_float_could_be_is_too_large() -> None:
    assert load("9" * 308) == int("9" * 308)
    assert refusal(load, "9" * 310) == refusal(load, "-" + "9" * 310) == ("bad_json", None)


def test_a_number_without_a_fraction_is_an_integer() -> None:
    """JSON has one kind of number, and some clients write 7 as 7.0."""
    for text, number in (
        ("7.0", 7),
        ("7e2", 700),
        ("-0.0", 0),
        ("0.5", 0.5),
        ("1e300", 1e300),
        ("9007199254740992.0", 2.0**53),
    ):
        for options in ({}, {"allow_infinite": True}):
            value = load(text, **options)
            assert (value, type(value)) == (number, type(number)), text


def test_where_a_number_is_infinite() -> None:
    assert infinite_field(load('{"a":[1e308,null,"NaN",{"b":2}]}')) is None
    assert infinite_field({"a": [0, {"b": float("nan")}]}) == "a[1].b"
    assert infinite_field({"ü" * 1_000: float("inf")}) == "?" * 64


def test_names_are_not_written_out_for_every_field_below_them() -> None:
    """A message of 64 KiB would otherwise take hundreds of megabytes."""
    assert infinite_field({"x" * 30_000: [[] for _ in range(10_000)]}) is None


def test_half_a_character_is_no_text() -> None:
    assert not is_text(load('{"a":["\\ud800"]}'))
    assert not is_text(load('{"\\udfff":1}'))
    assert is_text(load('"\\ud83d\\ude00 \\u0000"'))


@pytest.mark.parametrize(
    ("value", "param"),
    [
        ([], None),
        ({"inner": {}}, "inner.count"),
        ({"inner": {"count": "5"}}, "inner.count"),
        ({"inner": {"count": True}}, "inner.count"),
        ({"many": [{"count": -1}]}, "many[0].count"),
    ],
)
def test_a_field_that_does_not_fit_is_named(value: Any, param: str | None) -> None:
    assert refusal(convert, value, Outer) == ("bad_field", param)
    below = f"outer.{param}" if param else "outer"
    assert refusal(convert, value, Outer, "outer") == ("bad_field", below)


def test_a_rule_of_the_struct_itself_is_told_with_its_field() -> None:
    assert refusal(convert, {"top_k": 0}, Sampling) == ("bad_field", "top_k")
    assert refusal(convert, {"top_k": 0}, Sampling, "sampling") == ("bad_field", "sampling.top_k")
