"""What French, Italian, Spanish and Portuguese have in common: how they write numbers, and say a part of a thing."""

from collections.abc import Mapping
from typing import ClassVar

from qwen3tts_daemon.reading.language import Language, Unit
from qwen3tts_daemon.reading.notation import Notation, Number


class Romance(Language):
    """Genders are "f" and "m" or nothing."""

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
