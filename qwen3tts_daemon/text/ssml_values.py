"""What the attributes of SSML mean: lengths of breaks, rates, volumes, ways to say."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.limits import GAIN_DB, SPEED
from qwen3tts_daemon.text.clean import speakable
from qwen3tts_daemon.text.pronunciations import How, Pronunciation

BREAKS_S: Final = {"none": 0.0, "x-weak": 0.1, "weak": 0.25, "medium": 0.5, "strong": 0.8, "x-strong": 1.2}
RATES: Final = {"x-slow": 0.5, "slow": 0.75, "medium": 1.0, "default": 1.0, "fast": 1.25, "x-fast": 1.5}
VOLUMES_DB: Final = {
    "silent": -math.inf, "x-soft": -12.0, "soft": -6.0, "medium": 0.0, "default": 0.0, "loud": 0.0, "x-loud": 0.0,
}  # fmt: skip
_SAY_AS: Final[Mapping[str, How]] = {
    **dict.fromkeys(("characters", "character", "spell-out", "spell", "verbatim", "letters", "digits"), "characters"),
    **dict.fromkeys(("cardinal", "number"), "cardinal"),
    **dict.fromkeys(("telephone", "phone"), "telephone"),
    "ordinal": "ordinal", "date": "date", "time": "time",
}  # fmt: skip
_ALPHABETS: Final[Mapping[str, How]] = {
    "": "ipa",
    "ipa": "ipa",
    **dict.fromkeys(("pinyin", "py", "x-pinyin", "x-amazon-pinyin"), "pinyin"),
}
_TIME = regex.compile(r"(?P<n>\+?\d{1,9}(?:\.\d{0,9})?|\+?\.\d{1,9})\s*(?P<unit>ms|s)?", regex.I)
_PERCENT = regex.compile(r"(?P<sign>[+-])?(?P<n>\d{1,6}(?:\.\d{0,6})?)\s*%")
_NUMBER = regex.compile(r"\d{1,6}(?:\.\d{0,6})?|\.\d{1,6}")
_DECIBELS = regex.compile(r"[+-]?\d{1,6}(?:\.\d{0,6})?\s*dB", regex.I)
_MOST_AS_FACTOR = 10
"""From here on a rate without a unit is meant in percent"""


def break_s(attributes: Mapping[str, str]) -> float:
    """How long; without a length that can be read, as its strength says."""
    found = _TIME.fullmatch(attributes.get("time", "").strip())
    if not found:
        return BREAKS_S.get(attributes.get("strength", "").strip().lower(), BREAKS_S["medium"])
    is_seconds = (found["unit"] or "ms").lower() == "s"
    return float(found["n"]) / (1 if is_seconds else 1000)


def speed(rate: str, outer: float) -> float:
    """Of the voice's own; what has a sign is by the speed around, `outer`, which is also the answer to what means
    nothing."""
    rate = rate.strip().lower()
    if rate in RATES:
        return RATES[rate]
    if found := _PERCENT.fullmatch(rate):
        share = float(found["n"]) / 100
        return SPEED.clamp({"+": outer * (1 + share), "-": outer * (1 - share)}.get(found["sign"], share))
    if _NUMBER.fullmatch(rate):
        factor = float(rate)
        return SPEED.clamp(factor / 100 if factor >= _MOST_AS_FACTOR else factor)
    return outer


def gain_db(volume: str, outer: float) -> float:
    """Never louder than the request asks for: at most 0."""
    return GAIN_DB.clamp(min(0.0, _gain_db(volume.strip().lower(), outer)))


def _gain_db(volume: str, outer: float) -> float:
    if volume in VOLUMES_DB:
        return VOLUMES_DB[volume]
    if _DECIBELS.fullmatch(volume):
        return outer + float(volume[:-2])
    if found := _PERCENT.fullmatch(volume):
        share = float(found["n"]) / 100
        by_sign = {"+": outer + _decibels(1 + share), "-": outer + _decibels(1 - share)}
        return by_sign.get(found["sign"], _decibels(share))
    return _decibels(float(volume) / 100) if _NUMBER.fullmatch(volume) else outer


def _decibels(share: float) -> float:
    return 20 * math.log10(share) if share > 0 else -math.inf


@dataclass(frozen=True, slots=True)
class Way:
    """How the words of an element are said; no value: they are it themselves."""

    how: How
    value: str | None
    form: str = ""

    def pronunciation(self, written: str) -> Pronunciation | None:
        """Of what stands in the element; None where nothing is to be said instead. Nobody cleans it afterwards."""
        value = written if self.value is None else self.value
        return Pronunciation(speakable(written), self.how, value, self.form) if value else None


def way_of(element: str, attributes: Mapping[str, str]) -> Way | None:
    """How the words of sub, say-as and phoneme are said; None: as any text."""
    match element:
        case "sub" if "alias" in attributes:
            return Way("text", speakable(attributes["alias"]))
        case "say-as":
            name = attributes.get("interpret-as", attributes.get("type", "")).strip().lower().rpartition(":")[2]
            return Way(_SAY_AS[name], None, attributes.get("format", "").strip().lower()) if name in _SAY_AS else None
        case "phoneme":
            alphabet = attributes.get("alphabet", "").strip().lower()
            sounds = "".join(filter(str.isprintable, attributes.get("ph", ""))).strip()
            return Way(_ALPHABETS[alphabet], sounds) if sounds and alphabet in _ALPHABETS else None
    return None
