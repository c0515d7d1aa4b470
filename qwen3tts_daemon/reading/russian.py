"""Russian."""

from collections.abc import Sequence
from typing import ClassVar

from qwen3tts_daemon.reading import russian_dates, russian_names, russian_numbers, russian_ordinals, russian_weekdays
from qwen3tts_daemon.reading.language import Currency, Language, Row, Unit
from qwen3tts_daemon.reading.notation import Notation, Number
from qwen3tts_daemon.reading.russian_grammar import (
    Case,
    Noun,
    cardinal,
    counted,
    fraction,
    number_words,
    ordinal,
)
from qwen3tts_daemon.reading.russian_units import ABBREVIATIONS, CURRENCIES, MAGNITUDES, UNITS


class Russian(Language):
    iso_code = "ru"
    months = (
        "январь", "февраль", "март", "апрель", "май", "июнь", "июль", "август", "сентябрь", "октябрь", "ноябрь",
        "декабрь"
    )  # fmt: skip
    notation = Notation(",", " ")
    digit_words = ["ноль", "один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять"]
    point = "запятая"
    signs: ClassVar = {
        "+": "плюс", "-": "минус", "±": "плюс-минус", "×": "на", "x": "на", "х": "на", "*": "умножить на",
        "÷": "разделить на", "=": "равно", "<": "меньше", ">": "больше", "≤": "не более", "≥": "не менее",
        "~": "примерно", "≈": "примерно", "#": "номер", "№": "номер", "§": "параграф", "&": "и",
    }  # fmt: skip
    address_signs: ClassVar = {
        ".": "точка", "@": "собака", "/": "слэш", "-": "дефис", "_": "нижнее подчёркивание", ":": "двоеточие",
        "+": "плюс",
    }  # fmt: skip
    units = UNITS
    per = "на"
    currencies = CURRENCIES
    magnitudes: ClassVar = {
        "тыс.": "тысяч", "тыс": "тысяч", "тысяч": "тысяч", "к": "тысяч", "млн": "миллион", "млн.": "миллион",
        "миллионов": "миллион", "млрд": "миллиард", "млрд.": "миллиард", "трлн": "триллион",
    }  # fmt: skip
    ratio_word = "на"
    and_word = "и"
    version_word = "версия"
    abbreviations = ABBREVIATIONS
    also_read = f"{russian_names.ALSO_READ}|{russian_weekdays.ALSO_READ}"

    def before(self) -> Sequence[Row]:
        return [
            *russian_names.rows(),
            *russian_weekdays.rows(),
            *russian_dates.rows(),
            *russian_ordinals.rows(),
            *russian_numbers.rows(self.notation),
        ]

    def after(self) -> Sequence[Row]:
        return russian_numbers.rows_of_plain_numbers(self.notation)

    def cardinal(self, n: int, gender: str = "") -> str:
        return cardinal(n, gender=gender)

    def ordinal(self, n: int, gender: str = "") -> str:
        return ordinal(n, gender=gender)

    def number(self, number: Number, gender: str = "") -> str:
        return number_words(number, gender=gender or "m")

    def counted(self, number: Number, unit: Unit) -> str:
        return counted(number, _noun(unit))

    def counted_fraction(self, whole: int, numerator: int, denominator: int, unit: Unit) -> str | None:
        words = self.fraction(numerator, denominator)
        if words and whole:
            words = self.mixed_fraction(whole, numerator, denominator)
        return words and f"{words} {_noun(unit).singular[Case.GENITIVE]}"

    def measure(self, number: Number, unit: Unit, per: Unit | None) -> str:
        return russian_numbers.measure(number, _noun(unit), _noun(per) if per else None)

    def money(self, number: Number, currency: Currency, magnitude: str, per: Unit | None) -> str:
        noun = MAGNITUDES[magnitude] if magnitude else None
        return russian_numbers.money(number, currency, noun, _noun(per) if per else None)

    def date(self, day: int, month: int, year: int | None) -> str:
        return russian_dates.date(day, month, year)

    def time(self, hour: int, minute: int, second: int | None, suffix: str) -> str:
        return russian_dates.clock(hour, minute, second)

    def duration(self, hours: int, minutes: int, seconds: int) -> str:
        return russian_dates.duration(hours, minutes, seconds)

    def range(self, first: str, last: str) -> str:
        return f"{first}-{last}"

    def ratio(self, first: int, second: int) -> str:
        if (first, second) in ((16, 9), (21, 9), (16, 10), (9, 16)):
            return f"{cardinal(first)} на {cardinal(second)}"
        return f"{cardinal(first)}-{cardinal(second)}"

    def fraction(self, numerator: int, denominator: int) -> str | None:
        if not 2 <= denominator <= 10 or numerator >= denominator:
            return None
        return fraction(numerator, denominator)

    def stroke(self, first: str, second: str) -> str:
        word = "на" if (first, second) in (("24", "7"), ("50", "50")) else "дробь"
        return f"{self.part(first)} {word} {self.part(second)}"

    def mixed_fraction(self, whole: int, numerator: int, denominator: int) -> str:
        if (numerator, denominator) == (1, 2):
            return "полтора" if whole == 1 else f"{cardinal(whole)} с половиной"
        return f"{cardinal(whole)} и {fraction(numerator, denominator)}"

    def phone(self, groups: Sequence[str], *, is_international: bool) -> str:
        words = ", ".join(map(russian_names.phone_group, groups))
        return f"плюс {words}" if is_international else words

    def name(self, pieces: Sequence[str]) -> str:
        return russian_names.NAMES.get("".join(pieces)) or super().name(pieces)


def _noun(unit: Unit) -> Noun:
    assert isinstance(unit, Noun)
    return unit
