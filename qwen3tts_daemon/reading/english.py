"""English, as in the United States; dates with the day first where the month cannot be."""

from collections.abc import Sequence

import regex  # type: ignore[import-untyped,unused-ignore]
from num2words import num2words  # type: ignore[import-untyped]

from qwen3tts_daemon.reading.language import Currency, Language, Row, Unit
from qwen3tts_daemon.reading.notation import Notation, Number

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December"
)  # fmt: skip
_FRACTIONS = {2: "half", 4: "quarter"}
_YEAR = regex.compile(r"1[1-9]\d\d|20\d\d")


def _unit(one: str, many: str = "") -> Unit:
    return Unit(one, many or f"{one}s")


_DOLLAR, _EURO, _POUND = (
    Currency(_unit(name), _unit(cent)) for name, cent in (("dollar", "cent"), ("euro", "cent"), ("pound", "penny"))
)


class English(Language):
    notation = Notation(".", ",")
    digit_words = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    point = "point"
    signs = {
        "+": "plus", "-": "minus", "±": "plus or minus", "×": "times", "x": "by", "*": "times", "÷": "divided by",
        "=": "equals", "<": "less than", ">": "more than", "≤": "at most", "≥": "at least", "~": "about",
        "≈": "about", "#": "number", "№": "number", "§": "section", "&": "and",
    }  # fmt: skip
    address_signs = {".": "dot", "@": "at", "/": "slash", "-": "dash", "_": "underscore", ":": "colon", "+": "plus"}
    units = {
        "%": Unit("percent", "percent"), "‰": Unit("per mille", "per mille"),
        "°C": _unit("degree Celsius", "degrees Celsius"), "°F": _unit("degree Fahrenheit", "degrees Fahrenheit"),
        "°": _unit("degree"), "K": _unit("kelvin", "kelvin"),
        "km/h": _unit("kilometer per hour", "kilometers per hour"), "mph": _unit("mile per hour", "miles per hour"),
        "km": _unit("kilometer"), "m": _unit("meter"), "cm": _unit("centimeter"), "mm": _unit("millimeter"),
        "kg": _unit("kilogram"), "g": _unit("gram"), "mg": _unit("milligram"), "µg": _unit("microgram"),
        "l": _unit("liter"), "L": _unit("liter"), "ml": _unit("milliliter"),
        "m²": _unit("square meter"), "m³": _unit("cubic meter"),
        "h": _unit("hour"), "min": _unit("minute"), "s": _unit("second"), "ms": _unit("millisecond"),
        "W": _unit("watt"), "kW": _unit("kilowatt"), "kWh": _unit("kilowatt hour"), "Wh": _unit("watt hour"),
        "V": _unit("volt"), "A": _unit("amp"), "mA": _unit("milliamp"), "hPa": _unit("hectopascal"),
        "ppm": Unit("part per million", "parts per million"),
    }  # fmt: skip
    per = "per"
    currencies = {
        "$": _DOLLAR, "US$": _DOLLAR, "USD": _DOLLAR, "€": _EURO, "EUR": _EURO,
        "£": Currency(_unit("pound"), Unit("penny", "pence")), "GBP": Currency(_unit("pound"), Unit("penny", "pence")),
        "¥": Currency(Unit("yen", "yen")), "₩": Currency(Unit("won", "won")),
    }  # fmt: skip
    magnitudes = {
        "k": "thousand", "K": "thousand", "M": "million", "bn": "billion", "thousand": "thousand",
        "million": "million", "billion": "billion", "trillion": "trillion",
    }  # fmt: skip
    ratio_word = "to"
    and_word = "and"
    version_word = "version"
    date_order = "mdy"
    clock_words = r"[aApP]\.?\s?[mM]\b\.?"
    abbreviations = {
        "Dr.": "Doctor",
        "Mr.": "Mister",
        "Mrs.": "Missus",
        "Ms.": "Miz",
        "e.g.": "for example",
        "i.e.": "that is",
        "etc.": "et cetera",
        "vs.": "versus",
        "approx.": "approximately",
    }

    def after(self) -> Sequence[Row]:
        return [(r"(?<![\d.,])(?<n>\d{1,9})(?:st|nd|rd|th)\b", lambda found: self.ordinal(int(found["n"])))]

    def cardinal(self, n: int, gender: str = "") -> str:
        return str(num2words(n)).replace(",", "")

    def ordinal(self, n: int, gender: str = "") -> str:
        return str(num2words(n, to="ordinal")).replace(",", "")

    def plain_number(self, number: Number, written: str) -> str:
        if not number.sign and _YEAR.fullmatch(written):
            return self.year(number.whole)
        return self.number(number)

    def year(self, n: int) -> str:
        if 2000 <= n <= 2009 or n % 1000 == 0:
            return self.cardinal(n)
        century, rest = divmod(n, 100)
        tail = "hundred" if not rest else f"oh {self.cardinal(rest)}" if rest < 10 else self.cardinal(rest)
        return f"{self.cardinal(century)} {tail}"

    def date(self, day: int, month: int, year: int | None) -> str:
        words = f"{_MONTHS[month - 1]} {self.ordinal(day)}"
        return f"{words}, {self.year(year)}" if year else words

    def time(self, hour: int, minute: int, second: int | None, suffix: str) -> str:
        words = [self.cardinal(hour)]
        if minute:
            words.append(f"oh {self.cardinal(minute)}" if minute < 10 else self.cardinal(minute))
        elif not suffix:
            words.append("o'clock" if 1 <= hour <= 12 else "hundred")
        if second:
            words.append(f"and {self.counted(Number(second), self.units['s'])}")
        if suffix:
            words.append("a.m." if suffix[0] in "aA" else "p.m.")
        return " ".join(words)

    def duration(self, hours: int, minutes: int, seconds: int) -> str:
        parts = [
            self.counted(Number(n), self.units[unit])
            for n, unit in ((hours, "h"), (minutes, "min"), (seconds, "s"))
            if n
        ]
        return ", ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + parts[-1] if parts else "zero seconds"

    def range(self, first: str, last: str) -> str:
        return f"{first} to {last}"

    def money_with_cents(self, whole: Number, unit: Unit, cents: Number, cent: Unit) -> str:
        return f"{self.counted(whole, unit)} and {self.counted(cents, cent)}"

    def fraction(self, numerator: int, denominator: int) -> str | None:
        if not 2 <= denominator <= 10 or numerator >= denominator:
            return None
        name = _FRACTIONS.get(denominator) or self.ordinal(denominator)
        if numerator == 1:
            return f"{'an' if denominator == 8 else 'a'} {name}"
        return f"{self.cardinal(numerator)} {name}s"
