"""What Spanish and Portuguese have in common, beside their rules: how kinds of things are said."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.iberian_words import IberianWords
from qwen3tts_daemon.reading.language import Currency, Unit
from qwen3tts_daemon.reading.notation import Number
from qwen3tts_daemon.reading.romance import Romance

_SMALL_FRACTIONS = frozenset((2, 3, 4, 5, 6, 8))
_MILLION = 1_000_000


class Iberian(Romance):
    """Its genders are "m" and "f", in front of a noun; "" is a number that stands for itself."""

    words: ClassVar[IberianWords]
    third: ClassVar[str]
    """Of a thing: "tercio" """

    # ---- numbers ----

    @abstractmethod
    def ordinal_before(self, n: int, gender: str) -> str:
        """An ordinal in front of its noun."""

    def takes_de(self, number: Number) -> bool:
        """ "dos millones de personas" """
        return number.is_whole and number.whole >= _MILLION and number.whole % _MILLION == 0

    # ---- kinds of things ----

    def counted(self, number: Number, unit: Unit) -> str:
        of = "de" if self.takes_de(number) else ""
        return self.joined((self.number(number, unit.gender), of, unit.one if number.is_one else unit.many))

    def money(self, number: Number, currency: Currency, magnitude: str, per: Unit | None) -> str:
        if not magnitude:
            return super().money(number, currency, magnitude, per)
        of = "de" if regex.search(self.words.millions, magnitude) else ""
        each = f"{self.per} {self.unit_per(per)}" if per else ""
        return self.joined((self._large(number, magnitude), of, currency.unit.many, each))

    def _large(self, number: Number, magnitude: str) -> str:
        """ "1 mil" is "mil", "2 mil" is "dos mil"."""
        return magnitude if magnitude == "mil" and number.is_one else f"{self.number(number, 'm')} {magnitude}"

    def date(self, day: int, month: int, year: int | None) -> str:
        said = f"{self.words.first_day if day == 1 else self.cardinal(day)} de {self.words.months[month - 1]}"
        return f"{said} de {self.cardinal(year)}" if year else said

    def duration(self, hours: int, minutes: int, seconds: int) -> str:
        counts = ((hours, "h"), (minutes, "min"), (seconds, "s"))
        parts = [self.counted(Number(n), self.units[unit]) for n, unit in counts if n]
        *first, last = parts or [self.counted(Number(0), self.units["s"])]
        return f"{', '.join(first)} {self.and_word} {last}" if first else last

    def range(self, first: str, last: str) -> str:
        return f"{first} a {last}"

    def fraction(self, numerator: int, denominator: int) -> str | None:
        if denominator not in _SMALL_FRACTIONS or numerator >= denominator:
            return None
        if denominator == 2:
            return self.half["m"]
        name = self.third if denominator == 3 else self.ordinal(denominator)
        return f"{self.cardinal(numerator, 'm')} {name}{'s' if numerator > 1 else ''}"

    def telephone(self, found: "regex.Match[str]") -> str:
        """What is one by its shape."""
        return self.phone(regex.findall(r"\d+", found[0]), is_international=False)

    def name(self, pieces: Sequence[str]) -> str:
        return " ".join(
            (self.digits(piece) if len(piece) > 3 else self.part(piece)) if piece.isdecimal() else piece
            for piece in pieces
        )
