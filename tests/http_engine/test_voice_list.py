"""The lists that speech servers give are read in every shape that is known."""

import json
from typing import Any

import pytest

from qwen3tts_daemon.http_engine.voice_list import chosen, read_voice_list
from qwen_tts.api import VoiceInfo

LANGUAGES = ("en", "de")


def read(answer: Any) -> list[VoiceInfo]:
    return list(read_voice_list(json.dumps(answer).encode(), LANGUAGES).voices)


def voice(name: str, *languages: str, **more: Any) -> VoiceInfo:
    return VoiceInfo(name=name, languages=languages or LANGUAGES, **more)


@pytest.mark.parametrize(
    ("answer", "voices"),
    [
        ({"voices": ["a", "b"], "uploaded_voices": [{"name": "b"}], "cache_stats": {}}, [voice("a"), voice("b")]),
        (["a", {"name": "b"}], [voice("a"), voice("b")]),
        ({"voices": [{"id": "af_heart", "name": "Heart"}]}, [voice("af_heart")]),
        ({"object": "list", "data": [{"id": "x", "language": "pt-BR"}]}, [voice("x", "pt")]),
        ({"voices": [{"voice_id": "x", "languages": ["English", "xx", "de-DE", "en"]}]}, [voice("x", "en", "de")]),
        ({"voices": [{"name": "x", "lang": "auto"}]}, [voice("x")]),
        ({"voices": [{"id": "x", "gender": "Female", "description": " warm "}]},
         [voice("x", gender="female", description="warm")]),
        ({"voices": ["a", "a", {"id": "a"}]}, [voice("a")]),
        ({"voices": [{"id": "x", "available": False}, {"id": "hindi", "languages": ["hi"]}, 7, {}, "", None]}, []),
        ({"voices": []}, []),
        ({"voices": ["x" * 1000, "a\x1b[31m"]}, []),
        ({"voices": [{"id": "x", "description": "two\nlines"}]}, [voice("x", description="two lines")]),
    ],
)  # fmt: skip
def test_a_known_shape(answer: Any, voices: list[VoiceInfo]) -> None:
    assert read(answer) == voices


@pytest.mark.parametrize("answer", [{}, {"voices": "all"}, 7, "voices", None, {"detail": "Not Found"}])
def test_what_is_no_list_is_an_error(answer: Any) -> None:
    with pytest.raises(ValueError, match="no list"):
        read(answer)


def test_no_more_voices_than_can_be_shown() -> None:
    assert len(read([str(number) for number in range(10_000)])) == 2_000


@pytest.mark.parametrize(
    ("entries", "takes"),
    [
        (["a"], True), ([{"id": "a"}], True), ([{"id": "a", "takes_instruct": False}], False),
        ([{"id": "a", "takes_instruct": False}, {"id": "b", "takes_instruct": True}], True),
    ],
)  # fmt: skip
def test_whether_they_can_be_told_how_to_speak(entries: Any, takes: bool) -> None:
    assert read_voice_list(json.dumps({"voices": entries}).encode(), LANGUAGES).takes_instruct == takes


def test_voices_of_the_settings_are_as_they_are_listed_if_they_are() -> None:
    listed = read_voice_list(b'[{"id": "b", "language": "fr"}, "c"]', LANGUAGES)
    assert chosen(("alloy", "b"), listed, LANGUAGES).voices == (voice("alloy"), voice("b", "fr"))
