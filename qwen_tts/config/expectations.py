"""What is expected of speech: one table for the guards and for `check`, which a measured file can correct."""

import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import regex  # type: ignore[import-untyped,unused-ignore]
from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, NonPositiveFloat, PositiveFloat, ValidationError

from qwen_tts.config.languages import LanguageCode
from qwen_tts.toml import read_toml

_TABLE = Path(__file__).with_name("expectations.toml")

_LATIN: Sequence[LanguageCode] = ("en", "de", "es", "fr", "it", "pt")
_SCRIPTS: Mapping[str, Sequence[LanguageCode]] = {
    "CJK": ("zh", "ja"), "HIRAGANA": ("ja",), "KATAKANA": ("ja",), "HANGUL": ("ko",), "CYRILLIC": ("ru",),
}  # fmt: skip
"""How the names of a script's characters begin, and the languages written in it; the first is whose pace others take"""

_SPELLED = regex.compile(r"\b\p{Lu}{1,5}\b")
"""Capitals that may be read letter by letter"""

_SIGNS = "%‰&@#§/\\_*"
"""Punctuation that is read as a word"""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class CheckpointExpectations(_Section):
    """What is known of one checkpoint."""

    start_frames: NonNegativeInt = 0
    """Before the first word, that are noise"""
    start_dbfs: NonPositiveFloat = -35.0
    """Below which that noise stays"""
    float16: bool = True
    """Whether float16 holds all of its values"""


class _PerSign(_Section):
    any: PositiveFloat


class Expectations(_Section):
    """The table."""

    seconds_per_character: Mapping[LanguageCode, PositiveFloat]
    seconds_per_sign: _PerSign
    checkpoints: Mapping[str, CheckpointExpectations] = Field(default_factory=dict)
    """By size and type, such as 0b6-base"""

    @classmethod
    def read(cls, corrections: Path | None = None) -> Self:
        """The table, corrected by a file of the same form. Raises ValueError naming the file and the field."""
        table = _read(_TABLE)
        if corrections is not None:
            table = _merged(table, _read(corrections))
        try:
            return cls.model_validate(table)
        except ValidationError as error:
            problems = (f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            raise ValueError(f"{corrections or _TABLE}: {'; '.join(problems)}") from None

    def of_checkpoint(self, name: str) -> CheckpointExpectations:
        """Of a size and type."""
        return self.checkpoints.get(name, CheckpointExpectations())

    def seconds(self, text: str, language: str) -> float:
        """How long `text` is expected to be spoken. Letters take the pace of `language` if it is written in them;
        digits, signs and letters that may be spelled ("NASA") take longer; spaces and punctuation nothing."""
        spelled = sum(len(word[0]) for word in _SPELLED.finditer(text))
        rest = _SPELLED.sub("", text)
        return spelled * self.seconds_per_sign.any + sum(self._seconds(character, language) for character in rest)

    def _seconds(self, character: str, language: str) -> float:
        category = unicodedata.category(character)[0]
        if category in "NS" or character in _SIGNS:
            return self.seconds_per_sign.any
        if category in "ZCPM":
            return 0.0
        return self.seconds_per_character[_pace_of(unicodedata.name(character, "").split("-")[0], language)]


def _pace_of(character: str, language: str) -> LanguageCode:
    """The language whose pace a character of this name has."""
    owners = next((codes for script, codes in _SCRIPTS.items() if character.startswith(script)), _LATIN)
    return next((code for code in owners if code == language), owners[0])


def _merged(table: dict[str, Any], corrections: dict[str, Any]) -> dict[str, Any]:
    """`table`, with what `corrections` says of its innermost values."""
    both = table | corrections
    return {
        key: _merged(table[key], value) if isinstance(value, dict) and isinstance(table.get(key), dict) else value
        for key, value in both.items()
    }


def _read(path: Path) -> dict[str, Any]:
    try:
        return read_toml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not TOML: {error}") from None
