"""What French, Italian, Spanish and Portuguese have in common."""

from collections.abc import Callable, Mapping
from typing import ClassVar

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading import roman
from qwen3tts_daemon.reading.language import Language, Row, Unit
from qwen3tts_daemon.reading.notation import Notation, Number
from qwen3tts_daemon.reading.patterns import alternatives

NUMERAL = r"(?:[VX]|[IVX]{2,}|I(?!['’.]?\p{L}))\b"
"""A pattern of a Roman numeral behind a word that asks for one"""
_ROYAL = regex.compile(
    r"(?i)\b(?:(?:rey|rei)(?:es|s)?|rein[ao]s?|reinado|rainha|re|regina|regno|rois?|reine|règne|pap[ae]|don|dom|san|são"
    r"|saint|sant[oa]|emperador|imperador|imperatore|empereur|imp[eé]rio?|empire|(?:cz|ts|z)ar|pr[íi]ncipe|prince|duque"
    r"|duca|duc|conde|conte|comte|tron[oe]|trône|corona|coroa|couronne|corte|cour|batal[lh]a|battaglia|bataille|siglo"
    r"|s[ée]c[uo]lo|siècle|dinast[íi]a|dynastie|Juan (?:Carlos|Pablo)|João Paulo|Giovanni Paolo|Carlo Alberto"
    r"|Vittorio (?:Emanuele|Amedeo)|Jean-Paul)\b"
)
_DATED = regex.compile(
    r"(?i)\b(?:cumpleaños|aniversario|cita|aniversário|consulta|prazo|compleanno|appuntamento|scade|anniversaire"
    r"|rendez-vous|échéance)\b[^\d.;!?]{0,25}$"
)


class Romance(Language):
    """Its notation, and how a part of a thing is said."""

    notation = Notation(",", ". ")

    of = "de"
    half: ClassVar[Mapping[str, str]]
    """Behind "one and", by gender: "m" and "f" """

    def half_of(self, unit: Unit) -> str:
        """ "medio litro" """
        return f"{self._half(unit)} {unit.one}"

    def part_of(self, part: str, unit: Unit) -> str:
        """ "tres cuartos de litro" """
        return f"{part} {self.of} {unit.one}"

    def counted_fraction(self, whole: int, numerator: int, denominator: int, unit: Unit) -> str | None:
        part, is_half = self.fraction(numerator, denominator), (numerator, denominator) == (1, 2)
        if part is None:
            return None
        if not whole:
            return self.half_of(unit) if is_half else self.part_of(part, unit)
        return f"{self.counted(Number(whole), unit)} {self.and_word} {self._half(unit) if is_half else part}"

    def _half(self, unit: Unit) -> str:
        return self.half["f" if unit.gender == "f" else "m"]


def before_numbers(words: Mapping[str, str]) -> Row:
    """Short forms that are sure only before a number or a letter, capitalised too: "p. 5", "Fig. B2", "vol. II"."""
    full = {**words} | {short[:1].upper() + short[1:]: word for short, word in words.items()}
    letter = r"\s\p{Lu}(?=[,;.)]|$)"
    return (
        rf"(?<![\p{{L}}\d°]|\p{{L}}\.|\d\s)(?:{alternatives(full)})"
        rf"(?=\s?(?:\p{{Lu}}\.?\s?)?\d|(?<![Nn]o?\.)(?:\s{NUMERAL}|{letter}))",
        lambda found: full[found[0]],
    )


def minutes_and_seconds(length: Callable[[int, int, int], str]) -> Row:
    """ "48'30\"": fewer than ten are feet."""
    return (
        r"(?<![\d.,])(?<m>\d{2,3})\s?'\s?(?<s>[0-5]\d)\s?(?:\"|'')",
        lambda found: length(0, int(found["m"]), int(found["s"])),
    )


def is_dated(found: "regex.Match[str]") -> bool:
    """Whether 3/4 is a day of a month and no fraction: behind a word that asks for one (the group `cue`, or what stands
    further to the left), with a zero in front, or late in a late month."""
    day, month = found["d"], found["m"]
    if found["cue"] or "0" in (day[0], month[0]) or (int(day) > 12 and int(month) > 9):
        return True
    return _DATED.search(found.string[: found.start()]) is not None


def reign(found: "regex.Match[str]") -> int | None:
    """The number of a king, the group `r`; None if it is none, or an initial: "Juan I. Ayer"."""
    if found.string[found.end() : found.end() + 1] == "." and len(found["r"]) == 1:
        is_last = not found.string[found.end() + 1 :].strip("\"'»”)] ")
        is_sure = is_last and found["r"] != "I"
        if not is_sure and not _ROYAL.search(found.string[: found.start()]):
            return None
    return roman.value(found["r"])
