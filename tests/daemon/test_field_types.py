"""What the OpenAPI document says of fields is what is accepted."""

import json
import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen3tts_daemon.protocols.http.field_types import LANGUAGE_SCHEMA, NUMBER_TEXTS, read_numbers
from qwen3tts_daemon.protocols.http.speech_request import SpeechBody
from qwen3tts_daemon.protocols.strict_json import convert
from qwen3tts_daemon.text.languages import parse_language
from qwen_tts.api import Sampling
from qwen_tts.config.languages import LANGUAGES
from qwen_tts.errors import InvalidRequest, UnknownLanguage

FIELDS: dict[str, Any] = msgspec.json.schema_components([SpeechBody])[1]["SpeechBody"]["properties"]


def within(field: dict[str, Any], number: float) -> bool:
    return (
        field.get("minimum", number) <= number <= field.get("maximum", number)
        and field.get("exclusiveMinimum", -1) < number
    )


@pytest.mark.parametrize("name", ["temperature", "top_k", "top_p", "repetition_penalty"])
@pytest.mark.parametrize("number", [-1, 0, 0.1, 0.5, 1, 1.1, 5, 5.1, 10_000, 10_001])
def test_a_request_has_the_bounds_of_the_engine(name: str, number: float) -> None:
    try:
        Sampling(**{name: number})
    except InvalidRequest:
        accepted = False
    else:
        accepted = True
    assert within(FIELDS[name]["anyOf"][0], number) == accepted


@pytest.mark.parametrize("name", NUMBER_TEXTS)
@given(data=st.data())
def test_a_text_that_is_told_to_be_a_number_is_taken_as_one(name: str, data: st.DataObject) -> None:
    text = data.draw(st.from_regex(re.compile(NUMBER_TEXTS[name], re.ASCII), fullmatch=True))
    body = convert(read_numbers({"input": "a", name: text}), SpeechBody)
    assert getattr(body, name) == json.loads(text)


def test_every_name_of_a_language_that_is_told_is_known() -> None:
    names, tags = LANGUAGE_SCHEMA["anyOf"]
    for name in (*names["enum"], "pt-BR", "zh_Hant"):
        assert name in names["enum"] or re.search(tags["pattern"], name)
        assert parse_language(name) in (*LANGUAGES, "auto")
    for name in ("klingon", "e", "en-", "xx-XX"):
        assert name not in names["enum"]
        assert not re.search(tags["pattern"], name)
        with pytest.raises(UnknownLanguage):
            parse_language(name)


@pytest.mark.parametrize(
    "text", ["a", "7", "字", "é", "a\n", "", " ", "\n\t", "\u2003", "…", "🙂", "\u0301", "\u200b", "-_"]
)
def test_a_text_is_told_to_need_what_is_not_blank(text: str) -> None:
    assert bool(re.search(FIELDS["input"]["pattern"], text)) == bool(text.strip())
