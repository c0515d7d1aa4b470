"""Italian."""

from collections.abc import Iterator, Sequence

from qwen3tts_daemon.reading import italian_dates, italian_names, italian_numbers, italian_quantities
from qwen3tts_daemon.reading.italian_units import CURRENCIES, MAGNITUDES, UNITS
from qwen3tts_daemon.reading.language import Currency, Row, Unit
from qwen3tts_daemon.reading.notation import Number
from qwen3tts_daemon.reading.romance import Romance

_TIMES = frozenset(("secondo", "minuto", "ora", "giorno", "mese", "anno", "settimana", "notte"))
"""A rate is "al" these, and "per" others"""


class Italian(Romance):
    iso_code = "it"
    months = italian_numbers.MONTHS
    digit_words = ["zero", "uno", "due", "tre", "quattro", "cinque", "sei", "sette", "otto", "nove"]
    point = "virgola"
    says_fraction_as_number = True
    signs = {
        "+": "più", "-": "meno", "±": "più o meno", "×": "per", "x": "per", "*": "per", "÷": "diviso",
        "=": "uguale", "<": "meno di", ">": "più di", "≤": "al massimo", "≥": "almeno", "~": "circa",
        "≈": "circa", "#": "numero", "№": "numero", "§": "paragrafo", "&": "e", "→": "a",
    }  # fmt: skip
    address_signs = {
        ".": "punto", "@": "chiocciola", "/": "barra", "-": "trattino", "_": "trattino basso", ":": "due punti",
        "+": "più",
    }  # fmt: skip
    units = UNITS
    per = "per"
    currencies = CURRENCIES
    magnitudes = MAGNITUDES
    ratio_word = "a"
    and_word = "e"
    of = "di"
    half = {"m": "mezzo", "f": "mezza"}
    version_word = "versione"
    abbreviations = italian_names.ABBREVIATIONS
    also_read = f"{italian_names.ALSO_READ}|{italian_dates.ALSO_READ}"

    # ---- rules ----

    def before(self) -> Iterator[Row]:
        yield from italian_names.short_forms()
        yield from italian_names.romans()
        yield from italian_names.ordinals()
        yield from italian_names.codes()
        yield from italian_dates.dates()
        yield from italian_dates.times()
        yield from italian_quantities.quantities(self.notation.pattern)
        yield from italian_quantities.fractions()

    def after(self) -> Iterator[Row]:
        yield from italian_quantities.agreement()

    # ---- numbers ----

    def cardinal(self, n: int, gender: str = "") -> str:
        return italian_numbers.cardinal(n)

    def ordinal(self, n: int, gender: str = "") -> str:
        return italian_numbers.ordinal(n, gender)

    # ---- kinds of things ----

    def counted(self, number: Number, unit: Unit) -> str:
        if number.is_one and not unit.one.startswith("per "):
            sign = self.signs[number.sign] if number.sign else ""
            return self.joined((sign, italian_numbers.one(unit.one, unit.gender)))
        return self.joined((self.number(number), unit.many))

    def measure(self, number: Number, unit: Unit, per: Unit | None) -> str:
        said = self.counted(number, unit)
        return f"{said} {_each(per) if per.one in _TIMES else f'per {per.one}'}" if per else said

    def money(self, number: Number, currency: Currency, magnitude: str, per: Unit | None) -> str:
        said = self._large(number, currency, magnitude) if magnitude else super().money(number, currency, "", None)
        return f"{said} {_each(per)}" if per else said

    def _large(self, number: Number, currency: Currency, magnitude: str) -> str:
        """ "3,7 mln €" """
        many = currency.unit.many
        if magnitude == "mila":
            return f"{'mille' if number.is_one else f'{self.number(number)}mila'} {many}"
        return f"{self.counted(number, Unit(magnitude, f'{magnitude[:-1]}i'))} di {many}"

    def money_with_cents(self, whole: Number, unit: Unit, cents: Number, cent: Unit) -> str:
        return f"{self.counted(whole, unit)} e {self.cardinal(cents.whole)}"

    def date(self, day: int, month: int, year: int | None) -> str:
        return italian_numbers.date(day, month, year)

    def time(self, hour: int, minute: int, second: int | None, suffix: str) -> str:
        return italian_numbers.clock(hour, minute, second)

    def duration(self, hours: int, minutes: int, seconds: int) -> str:
        return italian_numbers.length(hours, minutes, seconds)

    def range(self, first: str, last: str) -> str:
        return f"da {first} a {last}"

    def fraction(self, numerator: int, denominator: int) -> str | None:
        if numerator >= denominator or denominator > 10 or (numerator > 1 and denominator not in (3, 4, 8)):
            return None
        return italian_numbers.fraction(numerator, denominator)

    def half_of(self, unit: Unit) -> str:
        return "mezz'ora" if unit.one == "ora" else super().half_of(unit)

    def part_of(self, part: str, unit: Unit) -> str:
        return f"{part} d'ora" if unit.one == "ora" else super().part_of(part, unit)

    def mixed_fraction(self, whole: int, numerator: int, denominator: int) -> str:
        name = "mezzo" if denominator == 2 else self.fraction(numerator, denominator)
        return f"{self.cardinal(whole)} e {name}"

    def stroke(self, first: str, second: str) -> str:
        return f"{self.part(first)} su {self.part(second)}"

    def phone(self, groups: Sequence[str], *, is_international: bool) -> str:
        if not is_international:
            return ", ".join(map(self.digits, groups))
        return ", ".join((f"più {self.cardinal(int(groups[0]))}", *map(self.digits, groups[1:])))


def _each(per: Unit) -> str:
    """ "al chilo", "all'ora", "a notte" """
    if per.one in ("notte", "persona", "settimana"):
        return f"a {per.one}"
    if per.gender == "f" and per.one[0] not in "aeiou":
        return f"alla {per.one}"
    return italian_numbers.elided("al", per.one)
