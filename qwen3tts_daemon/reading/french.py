"""French, as in France."""

from collections.abc import Iterator, Sequence

from qwen3tts_daemon.reading import french_dates, french_names, french_numbers, french_quantities
from qwen3tts_daemon.reading.french_units import CURRENCIES, MAGNITUDES, UNITS
from qwen3tts_daemon.reading.language import Currency, Row, Unit
from qwen3tts_daemon.reading.notation import Number
from qwen3tts_daemon.reading.romance import Romance

_BY_ARTICLE = {
    "kilogramme": "le kilo", "litre": "le litre", "mètre": "le mètre", "mètre carré": "le mètre carré",
    "mètre cube": "le mètre cube", "kilowattheure": "le kilowattheure", "mégawattheure": "le mégawattheure",
    "tonne": "la tonne", "heure": "de l'heure", "kilomètre": "le kilomètre",
}  # fmt: skip
"""What a price is for"""


class French(Romance):
    iso_code = "fr"
    months = french_numbers.MONTHS
    digit_words = ["zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf"]
    point = "virgule"
    says_fraction_as_number = True
    signs = {
        "+": "plus", "-": "moins", "±": "plus ou moins", "×": "fois", "x": "par", "*": "fois", "÷": "divisé par",
        "=": "égale", "<": "moins de", ">": "plus de", "≤": "au plus", "≥": "au moins", "~": "environ",
        "≈": "environ", "#": "numéro", "№": "numéro", "§": "paragraphe", "&": "et", "→": "à",
    }  # fmt: skip
    address_signs = {
        ".": "point", "@": "arobase", "/": "slash", "-": "tiret", "_": "tiret bas", ":": "deux-points", "+": "plus",
    }  # fmt: skip
    units = UNITS
    per = "par"
    currencies = CURRENCIES
    magnitudes = MAGNITUDES
    ratio_word = "à"
    and_word = "et"
    half = {"m": "demi", "f": "demie"}
    version_word = "version"
    clock_words = r"h\b|heures?\b"
    abbreviations = french_names.ABBREVIATIONS
    also_read = f"{french_names.ALSO_READ}|{french_dates.ALSO_READ}"

    # ---- rules ----

    def before(self) -> Iterator[Row]:
        yield from french_names.short_forms()
        yield from french_names.romans()
        yield from french_names.codes()
        yield from french_quantities.quantities()
        yield from french_dates.dates()
        yield from french_dates.times()
        yield from french_quantities.fractions()

    def after(self) -> Iterator[Row]:
        yield from french_names.ordinals()
        yield from french_quantities.agreement()

    # ---- numbers ----

    def cardinal(self, n: int, gender: str = "") -> str:
        return french_numbers.cardinal(n, gender)

    def ordinal(self, n: int, gender: str = "") -> str:
        return french_numbers.ordinal(n, gender)

    # ---- kinds of things ----

    def counted(self, number: Number, unit: Unit) -> str:
        return self.joined((self.number(number, unit.gender), unit.many if number.whole > 1 else unit.one))

    def money(self, number: Number, currency: Currency, magnitude: str, per: Unit | None) -> str:
        said = self._large(number, currency, magnitude) if magnitude else super().money(number, currency, "", None)
        return f"{said} {_BY_ARTICLE.get(per.one) or f'par {per.one}'}" if per else said

    def _large(self, number: Number, currency: Currency, magnitude: str) -> str:
        """ "3,7 M€" """
        many = currency.unit.many
        if magnitude == "mille":
            return self.joined(("" if number.is_one else _before_mille(self.number(number)), "mille", many))
        plural = "s" if number.whole > 1 else ""
        of = "d'" if many.startswith("e") else "de "
        return f"{self.number(number)} {magnitude}{plural} {of}{many}"

    def money_with_cents(self, whole: Number, unit: Unit, cents: Number, cent: Unit) -> str:
        return f"{self.counted(whole, unit)} {self.cardinal(cents.whole)}"

    def date(self, day: int, month: int, year: int | None) -> str:
        return french_numbers.date(day, month, year)

    def time(self, hour: int, minute: int, second: int | None, suffix: str) -> str:
        return french_numbers.clock(hour, minute, second)

    def duration(self, hours: int, minutes: int, seconds: int) -> str:
        return french_numbers.length(hours, minutes, seconds)

    def range(self, first: str, last: str) -> str:
        return f"{first} à {last}"

    def fraction(self, numerator: int, denominator: int) -> str | None:
        if numerator >= denominator or denominator > 10 or (numerator > 1 and denominator not in (3, 4, 8)):
            return None
        return french_numbers.fraction(numerator, denominator)

    def half_of(self, unit: Unit) -> str:
        return f"{self.cardinal(1, unit.gender)} demi-{unit.one}"

    def part_of(self, part: str, unit: Unit) -> str:
        return f"{part} d'{unit.one}" if unit.one[0] in "aéhio" else f"{part} de {unit.one}"

    def mixed_fraction(self, whole: int, numerator: int, denominator: int) -> str:
        name = "demi" if denominator == 2 else self.fraction(numerator, denominator)
        return f"{self.cardinal(whole)} et {name}"

    def stroke(self, first: str, second: str) -> str:
        return f"{self.part(first)} sur {self.part(second)}"

    def phone(self, groups: Sequence[str], *, is_international: bool) -> str:
        said = ", ".join(map(french_numbers.digit_groups, groups))
        return f"plus {said}" if is_international else said


def _before_mille(said: str) -> str:
    """ "quatre-vingt mille", "deux cent mille" """
    return said.removesuffix("s") if said.endswith(("vingts", "cents")) else said
