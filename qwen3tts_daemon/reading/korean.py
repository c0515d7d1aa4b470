"""Korean. Particles follow numbers without a blank; counters are parted from them."""

from collections.abc import Sequence
from typing import ClassVar

from qwen3tts_daemon.reading import (
    korean_dates,
    korean_names,
    korean_particles,
    korean_quantities,
    korean_sums,
    korean_times,
)
from qwen3tts_daemon.reading.korean_numbers import (
    DIGITS,
    NOTATION,
    by_digit,
    counted,
    decimal,
    fraction,
    mixed_fraction,
    part,
    sino,
)
from qwen3tts_daemon.reading.korean_units import CURRENCIES, LARGE, NAMES, SIGNS, UNITS
from qwen3tts_daemon.reading.language import Currency, Language, Row, Unit
from qwen3tts_daemon.reading.notation import Number


class Korean(Language):
    iso_code = "ko"
    notation = NOTATION
    has_particles = True
    digit_words = DIGITS
    point = "점"
    signs = SIGNS
    address_signs: ClassVar = {
        ".": "점", "@": "골뱅이", "/": "슬래시", "-": "대시", "_": "언더바", ":": "콜론", "+": "플러스",
    }  # fmt: skip
    units = UNITS
    per = "당"
    currencies = CURRENCIES
    magnitudes: ClassVar = {
        "k": "천", "K": "천", "M": "백만", "조": "조", "억": "억", "만": "만", "천": "천", "백만": "백만",
    }  # fmt: skip
    ratio_word = "대"
    and_word = "와"
    version_word = "버전"
    date_order = "mdy"
    abbreviations: ClassVar = {"vs.": "대", "etc.": "기타 등등", "No.": "넘버"}
    also_read = rf"\(주\)|㈜|\p{{Hangul}}\s?[IVX]+(?![A-Za-z\d])|\b(?:AM|PM)\b|{korean_particles.TWO_PARTICLES}"

    def before(self) -> Sequence[Row]:
        return (
            *korean_names.rows(),
            *korean_dates.rows(),
            *korean_times.rows(),
            *korean_sums.rows(),
            *korean_quantities.rows(),
        )

    def after(self) -> Sequence[Row]:
        return korean_particles.rows()

    def cardinal(self, n: int, gender: str = "") -> str:
        return sino(n)

    def ordinal(self, n: int, gender: str = "") -> str:
        return counted(n, "번째")

    def digits(self, written: str) -> str:
        return by_digit(written)

    def number(self, number: Number, gender: str = "") -> str:
        return korean_quantities.sign_words(number, "") + decimal(number)

    def counted(self, number: Number, unit: Unit) -> str:
        return korean_quantities.measured(number, unit)

    def measure(self, number: Number, unit: Unit, per: Unit | None) -> str:
        words = self.counted(number, unit)
        return f"{per.one}{self.per} {words}" if per else words

    def money(self, number: Number, currency: Currency, magnitude: str, per: Unit | None) -> str:
        if magnitude and LARGE[magnitude] >= 10 ** len(number.fraction):
            value = int(f"{number.whole}{number.fraction}") * LARGE[magnitude] // 10 ** len(number.fraction)
            number, magnitude = Number(value, "", number.sign), ""
        words = super().money(number, currency, magnitude, None)
        return f"{per.one}{self.per} {words}" if per else words

    def date(self, day: int, month: int, year: int | None) -> str:
        return korean_dates.date(day, month, year)

    def time(self, hour: int, minute: int, second: int | None, suffix: str) -> str:
        return korean_times.clock(hour, minute, second)

    def duration(self, hours: int, minutes: int, seconds: int) -> str:
        return korean_times.duration(hours, minutes, seconds)

    def range(self, first: str, last: str) -> str:
        if first.isdecimal() and last.isdecimal() and (first == "0" or int(first) >= int(last)):
            return f"{first} {self.ratio_word} {last}"
        return f"{first}에서 {last}"

    def fraction(self, numerator: int, denominator: int) -> str | None:
        return fraction(numerator, denominator)

    def stroke(self, first: str, second: str) -> str:
        word = "대" if int(first) + int(second) == 100 else ""
        return self.joined((self.part(first), word, self.part(second)))

    def mixed_fraction(self, whole: int, numerator: int, denominator: int) -> str:
        return mixed_fraction(whole, numerator, denominator)

    def part(self, digits: str) -> str:
        return part(digits)

    def phone(self, groups: Sequence[str], *, is_international: bool) -> str:
        words = korean_names.phone(groups)
        return f"플러스 {words}" if is_international else words

    def name(self, pieces: Sequence[str]) -> str:
        return NAMES.get("".join(pieces)) or super().name(pieces)
