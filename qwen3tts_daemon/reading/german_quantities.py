"""German measures in the dative: "in zweihundert Metern", "mit zwanzig Kilometern pro Stunde"."""

from collections.abc import Iterator

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.german_units import UNITS
from qwen3tts_daemon.reading.language import Row
from qwen3tts_daemon.reading.patterns import END, alternatives

_WITH_N = regex.compile(r"(?:\w*(?:[Mm]eter|[Ll]iter|löffel)|Tage|Monate)\b")
_UNITS = {sign: unit for sign, unit in UNITS.items() if _WITH_N.match(unit.many)}
_PREPOSITIONS = "[Ii]n|[Nn]ach|[Vv]or|[Ss]eit|[Mm]it|[Aa]us|[Bb]ei|[Vv]on|[Aa]b|[Bb]innen"
_ABOUT = "etwa|rund|circa|ungefähr|knapp|gut|fast|nur|maximal|mindestens|bis zu"
_LENGTHS = "Höhe|Tiefe|Länge|Breite|Entfernung|Abstand|Durchmesser|Sekunde|Stunde|Abzweig"


def datives() -> Iterator[Row]:
    """Of more than one; without a thing that is measured: "mit zwei Liter Milch"."""
    yield (
        rf"(?<=\b(?:{_PREPOSITIONS})\s(?:(?:{_ABOUT})\s)?(?:\d[\d.,]*\s?[-–]\s?)?)(?<number>(?!1[^\d.,])[\d.,]*\d)"
        rf"\s?(?<unit>{alternatives(_UNITS)})(?:/(?<per>{alternatives(UNITS)}))?{END}(?!/|\s(?!{_LENGTHS})\p{{Lu}})",
        _dative,
    )


def _dative(found: "regex.Match[str]") -> str:
    words = _WITH_N.sub(r"\g<0>n", _UNITS[found["unit"]].many)
    per = f" pro {UNITS[found['per']].one}" if found["per"] else ""
    return f"{found['number']} {words}{per}"
