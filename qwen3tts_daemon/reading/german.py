"""German."""

from collections.abc import Iterator, Sequence

from qwen3tts_daemon.reading import (
    german_dates,
    german_names,
    german_numbers,
    german_ordinals,
    german_quantities,
    german_short_forms,
)
from qwen3tts_daemon.reading.german_units import ABBREVIATIONS, CURRENCIES, MAGNITUDES, UNITS
from qwen3tts_daemon.reading.language import Currency, Language, Row, Unit
from qwen3tts_daemon.reading.notation import Notation, Number


class German(Language):
    iso_code = "de"
    months = german_numbers.MONTHS
    notation = Notation(",", ". '")
    digit_words = german_numbers.DIGITS
    point = "Komma"
    signs = {
        "+": "plus", "-": "minus", "±": "plus minus", "×": "mal", "x": "mal", "*": "mal", "÷": "geteilt durch",
        "=": "gleich", "<": "kleiner als", ">": "größer als", "≤": "höchstens", "≥": "mindestens", "~": "etwa",
        "≈": "etwa", "#": "Nummer", "№": "Nummer", "§": "Paragraf", "&": "und",
    }  # fmt: skip
    address_signs = {
        ".": "Punkt",
        "@": "at",
        "/": "Schrägstrich",
        "-": "Minus",
        "_": "Unterstrich",
        ":": "Doppelpunkt",
        "+": "plus",
    }
    units = UNITS
    per = "pro"
    currencies = CURRENCIES
    magnitudes = MAGNITUDES
    ratio_word = "zu"
    and_word = "und"
    between = "zwischen"
    out_of = "von"
    version_word = "Version"
    clock_words = r"Uhr\b"
    abbreviations = ABBREVIATIONS
    also_read = f"{german_dates.ALSO_READ}|{german_ordinals.ALSO_READ}|{german_short_forms.ALSO_READ}"

    def before(self) -> Iterator[Row]:
        yield from german_short_forms.short_forms()
        yield from german_ordinals.romans()
        yield from german_names.names()
        yield from german_dates.dates()
        yield from german_dates.times()
        yield from german_ordinals.ordinals()
        yield from german_ordinals.ones()
        yield from german_quantities.datives()

    def after(self) -> Iterator[Row]:
        yield from german_dates.agreement()
        yield from german_dates.years()

    # ---- numbers ----

    def cardinal(self, n: int, gender: str = "") -> str:
        return german_numbers.cardinal(n, gender)

    def ordinal(self, n: int, gender: str = "") -> str:
        return german_numbers.ordinal(n)

    def dotted(self, parts: Sequence[str]) -> str:
        return " Punkt ".join(map(self.digits if len(parts) == 4 else self.part, parts))

    def fraction(self, numerator: int, denominator: int) -> str | None:
        if not 2 <= denominator <= 100 or numerator >= denominator:
            return None
        if denominator == 2:
            return "ein halb"
        return f"{self.cardinal(numerator, 'n')} {self._parts(denominator)}"

    def _parts(self, denominator: int) -> str:
        special = {3: "Drittel", 7: "Siebtel", 8: "Achtel"}
        return special.get(denominator) or self.cardinal(denominator).capitalize() + (
            "tel" if denominator < 20 else "stel"
        )

    def mixed_fraction(self, whole: int, numerator: int, denominator: int) -> str:
        if (numerator, denominator) == (1, 2):
            return f"{german_numbers.joining(whole)}einhalb"
        return f"{self.cardinal(whole)} {self.fraction(numerator, denominator)}"

    # ---- kinds of things ----

    def money(self, number: Number, currency: Currency, magnitude: str, per: Unit | None) -> str:
        if magnitude == "tausend" and number.is_whole:
            number, magnitude = Number(number.whole * 1000, "", number.sign), ""
        if magnitude.startswith("Mill") and number.is_one:
            return f"eine {magnitude.removesuffix('en').removesuffix('n')} {currency.unit.many}"
        return super().money(number, currency, magnitude, per)

    def money_with_cents(self, whole: Number, unit: Unit, cents: Number, cent: Unit) -> str:
        return f"{self.counted(whole, unit)} {self.number(cents)}"

    def date(self, day: int, month: int, year: int | None) -> str:
        return german_numbers.date(day, month, year)

    def time(self, hour: int, minute: int, second: int | None, suffix: str) -> str:
        words = german_numbers.clock(hour, minute)
        return f"{words} und {self.duration(0, 0, second)}" if second else words

    def duration(self, hours: int, minutes: int, seconds: int) -> str:
        return german_dates.duration(hours, minutes, seconds)

    def range(self, first: str, last: str) -> str:
        return f"{first} bis {last}"
