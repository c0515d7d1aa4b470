"""English, as in the United States; dates with the day first where the month cannot be."""

from collections.abc import Iterable, Iterator, Sequence

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading import english_dates, english_names, english_numbers
from qwen3tts_daemon.reading.english_units import ABBREVIATIONS, CURRENCIES, MAGNITUDES, UNITS
from qwen3tts_daemon.reading.language import Language, Row, Unit
from qwen3tts_daemon.reading.notation import Notation, Number
from qwen3tts_daemon.reading.patterns import END, alternatives

_FRACTIONS = {2: "half", 4: "quarter"}
_MAGNITUDES = {"k": "thousand", "M": "million", "bn": "billion"}


class English(Language):
    iso_code = "en"
    months = english_numbers.MONTHS
    notation = Notation(".", ",'")
    digit_words = english_numbers.DIGITS
    point = "point"
    signs = {
        "+": "plus", "-": "minus", "±": "plus or minus", "×": "times", "x": "by", "*": "times", "÷": "divided by",
        "=": "equals", "<": "less than", ">": "more than", "≤": "at most", "≥": "at least", "~": "about",
        "≈": "about", "#": "number", "№": "number", "§": "section", "&": "and",
    }  # fmt: skip
    address_signs = {".": "dot", "@": "at", "/": "slash", "-": "dash", "_": "underscore", ":": "colon", "+": "plus"}
    units = UNITS
    per = "per"
    currencies = CURRENCIES
    magnitudes = MAGNITUDES
    ratio_word = "to"
    and_word = "and"
    between = "between"
    out_of = "out of"
    version_word = "version"
    date_order = "mdy"
    abbreviations = ABBREVIATIONS
    also_read = f"{english_dates.ALSO_READ}|{english_names.ALSO_READ}"

    def before(self) -> Iterator[Row]:
        yield from english_names.names()
        yield from english_dates.dates()
        yield from english_dates.times()
        unit = alternatives(UNITS)
        yield rf"(?<![\d.,-])(?<number>\d[\d.,]*)-(?<unit>{unit}){END}(?!-)", self._adjective
        yield (
            rf"(?<=\b[Aa]n?\s)(?<number>[\d.,]*\d)[\s-]?(?<unit>{unit})(?=\s\p{{Ll}}{{3}})(?!\s(?:and|for|per))",
            self._adjective,
        )
        yield (
            rf"(?<=\b[Aa]n?\s)(?<currency>[$€£])(?<number>[\d.,]*\d)(?:[\s-]?(?<magnitude>{'|'.join(MAGNITUDES)})\b)?"
            r"(?:-|(?=\s\p{Ll}{3}))(?!\s(?:and|for|per|off|from|with)\b)",
            self._priced,
        )

    def after(self) -> Iterable[Row]:
        return [
            (r"(?<![\d.,])(?<n>\d{1,9}|\d{1,3}(?:,\d{3})+)(?:st|nd|rd|th)\b", self._ordinal),
            (
                r"(?<![\d.,])(?<n>\d+(?:\.\d+)?)(?:[x×]|\s[x×](?=\s\p{Ll}{2}))(?![\p{L}\d])",
                lambda found: f"{english_numbers.decimal(found['n'])} times",
            ),
            *english_dates.years(),
            (rf"(?<number>{self.notation.pattern})\s?(?<magnitude>k|M|bn)\b", self._magnitude),
        ]

    # ---- numbers ----

    def cardinal(self, n: int, gender: str = "") -> str:
        return english_numbers.cardinal(n)

    def ordinal(self, n: int, gender: str = "") -> str:
        return english_numbers.ordinal(n)

    def name(self, pieces: Sequence[str]) -> str:
        say = self.digits if self.is_serial(pieces) else english_numbers.by_pairs
        return " ".join(say(piece) if piece.isdecimal() else piece for piece in pieces)

    def dotted(self, parts: Sequence[str]) -> str:
        if len(parts) == 4:
            return " dot ".join(map(self.digits, parts))
        first = english_numbers.year(int(parts[0])) if len(parts[0]) == 4 else self.part(parts[0])
        return " point ".join((first, *map(self.part, parts[1:])))

    def fraction(self, numerator: int, denominator: int) -> str | None:
        if not 2 <= denominator <= 16 or denominator == 10 or numerator >= denominator:
            return None
        name = _FRACTIONS.get(denominator) or self.ordinal(denominator)
        return f"{self.cardinal(numerator)} {name}{'' if numerator == 1 else 's'}"

    def counted_fraction(self, whole: int, numerator: int, denominator: int, unit: Unit) -> str | None:
        words = self.fraction(numerator, denominator)
        if whole or words is None:
            return super().counted_fraction(whole, numerator, denominator, unit)
        article = "an" if unit.one[0] in "aeiou" or unit.one == "hour" else "a"
        return f"half {article} {unit.one}" if words == "one half" else f"{words} of {article} {unit.one}"

    def stroke(self, first: str, second: str) -> str:
        if second in {"10", "100"}:
            return f"{self.cardinal(int(first))} {self.out_of} {self.cardinal(int(second))}"
        return super().stroke(first, second)

    def mixed_fraction(self, whole: int, numerator: int, denominator: int) -> str:
        article = "an" if denominator == 8 else "a"
        part = self.fraction(numerator, denominator) or ""
        return f"{self.cardinal(whole)} and {regex.sub('^one', article, part)}"

    def _ordinal(self, found: "regex.Match[str]") -> str:
        return self.ordinal(int(found["n"].replace(",", "")))

    def _magnitude(self, found: "regex.Match[str]") -> str:
        return f"{self.number(self.notation.parse(found['number']))} {_MAGNITUDES[found['magnitude']]}"

    # ---- kinds of things ----

    def _adjective(self, found: "regex.Match[str]") -> str:
        """ "a 5 km run" """
        return f"{self.number(self.notation.parse(found['number']))} {UNITS[found['unit']].one}"

    def _priced(self, found: "regex.Match[str]") -> str | None:
        """ "a $20 bill" """
        number = self.notation.parse(found["number"])
        if number.fraction and not found["magnitude"]:
            return None
        words = (self.number(number), MAGNITUDES.get(found["magnitude"], ""), CURRENCIES[found["currency"]].unit.one)
        return self.joined(words)

    def money_with_cents(self, whole: Number, unit: Unit, cents: Number, cent: Unit) -> str:
        return f"{self.counted(whole, unit)} and {self.counted(cents, cent)}"

    def date(self, day: int, month: int, year: int | None) -> str:
        return english_numbers.date(day, month, year)

    def time(self, hour: int, minute: int, second: int | None, suffix: str) -> str:
        words = english_numbers.clock(hour, minute, suffix)
        return f"{words} and {self.duration(0, 0, second)}" if second else words

    def duration(self, hours: int, minutes: int, seconds: int) -> str:
        return english_dates.duration(hours, minutes, seconds)

    def range(self, first: str, last: str) -> str:
        return f"{first} to {last}"
