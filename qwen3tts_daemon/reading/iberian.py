"""What Spanish and Portuguese have in common: numbers agree with the noun behind them, dates, kings, halves, codes."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence, Set
from typing import ClassVar

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading import roman
from qwen3tts_daemon.reading.language import Currency, Row, Unit, rewritten
from qwen3tts_daemon.reading.notation import Number
from qwen3tts_daemon.reading.patterns import alternatives
from qwen3tts_daemon.reading.romance import Romance, before_numbers, is_dated, minutes_and_seconds, reign

_DAY_MONTH = r"(?<![\d/.,-])(?<d>[12]\d|3[01]|0?[1-9])/(?<m>1[0-2]|0?[1-9])(?![\d/]|[.,]\d)"
_HALF = r"(?<![\d/.,])(?:(?<n>\d+)\s?½|(?<n>\d+)\s1/2|½|1/2)(?![\d/])"
_SMALL_FRACTIONS = frozenset((2, 3, 4, 5, 6, 8))
_MILLION = 1_000_000
_LETTERED = "letras?|opción|opção|vitaminas?|grupo|plano?|nota|clase|classe|bloque|bloco|turma"
_SPANS = "d[íi]a|semana|m[eê]s|a[ñn]o|hora|noche|noite|persona|pessoa|minuto"
_LAST_FLOOR = 12
"""Above it º without a noun is a degree"""
_COLD = r"(?i)(?:hace|faz|[-+±]|temperatura de|m[áí][xn]ima de)\s?$"


class Iberian(Romance):
    """Its genders are "m" and "f", in front of a noun; "" is a number that stands for itself."""

    months: ClassVar[Sequence[str]]
    short_months: ClassVar[Mapping[str, str]]
    weekdays: ClassVar[Mapping[str, str]]
    """Short forms, sure in front of a number"""
    before_numbers: ClassVar[Mapping[str, str]]
    """Short forms that are sure in front of a number"""
    before_names: ClassVar[Mapping[str, str]]
    """Short forms that are sure in front of a capital"""
    saints: ClassVar[Mapping[str, str]]
    """Names that S. stands before -> its full form"""
    score_cues: ClassVar[str]
    """A pattern: behind these words 3 - 1 is a score"""
    date_cues: ClassVar[str]
    """A pattern: behind these words 5/6 is a date"""
    timer_cues: ClassVar[str]
    """A pattern: behind these words 05:00 is a duration"""
    code_cues: ClassVar[str]
    """A pattern: behind these words digits are said one by one"""
    numbered: ClassVar[str]
    """A pattern: behind these nouns a number is a name and agrees with nothing"""
    kings: ClassVar[str]
    queens: ClassVar[str]
    editions: ClassVar[Mapping[str, str]]
    """Nouns that a Roman numeral in front counts -> their gender"""
    ordinal_nouns: ClassVar[str]
    """A pattern: in front of these 3° is an ordinal"""
    ordinal_endings: ClassVar[str]
    """A pattern for those in letters; those of a feminine have an a"""
    function_words: ClassVar[Set[str]]
    feminine: ClassVar[Set[str]]
    masculine: ClassVar[Set[str]]
    """Nouns whose ending tells another gender"""
    feminine_endings: ClassVar[tuple[str, ...]]
    """Of the singular or the plural"""
    millions: ClassVar[str]
    """A pattern for the last word of a number behind which "de" stands before a noun"""
    out_of: ClassVar[str]
    """Of a mark: "8,5/10" """
    times_word: ClassVar[str]
    """Of "3x" """
    inches: ClassVar[tuple[str, str]]
    """Feet and inches"""
    round_the_clock: ClassVar[str]
    """Of 24/7"""

    # ---- rules ----

    def before(self) -> Sequence[Row]:
        return (*self._short_forms(), *self._dates(), *self._romans(), *self._quantities(), *self._codes())

    def after(self) -> Sequence[Row]:
        number = self.notation.pattern
        joined = r"(?:\s(?:a|o|u|ou|y|e)\s(?:\d[\d.,]*|\p{Ll}+))?"
        noun = r"\s(?<noun>\p{Ll}[\p{L}]*)"
        return (
            (rf"(?<![\d.,])(?<n>\d{{1,4}})(?<end>\s?\.?[ºª]s?|{self.ordinal_endings})", self._ordinal),
            (rf"(?<![\d.,])(?<n>\d{{1,4}})\s?(?<end>°)(?=\s(?:{self.ordinal_nouns})\b)", self._ordinal),
            (rf"(?i)(?<=\b(?:{self.numbered})\s)\d+(?=\s\p{{L}})(?![.,]\d)", self._named),
            (rf"(?<![-+±]\s?)(?<number>{number})(?={joined}{noun})", self._agreeing),
        )

    def _short_forms(self) -> Sequence[Row]:
        names, days = self.before_names, self.weekdays
        begin = r"(?<![\p{L}\d.])"
        letter = rf"\b(?:{_LETTERED})\s|\b\p{{Lu}}(?:,|\s(?:y|e|o|ou))\s|\p{{Lu}}\.\s"
        several = rf"(?:{alternatives(short.removesuffix('.') for short in days)})\b\.?"
        return (
            before_numbers(self.before_numbers),
            (
                rf"{begin}(?<!{letter})(?<short>{alternatives(names)})(?=\s?(?:d[aeo]s?\s)?(?<name>\p{{Lu}}\p{{L}}*))",
                self._before_name,
            ),
            (
                rf"{begin}S\.(?=\s?(?<name>{alternatives(self.saints)})\b)",
                lambda found: self.saints[found["name"]],
            ),
            (rf"{begin}(?i)(?<first>{several})(?<gap>\s(?:a|à|y|e)\s|\s?[-–]\s?)(?<last>{several})", self._weekdays),
            (rf"{begin}(?i:(?<day>{alternatives(days)}))(?=,?\s(?:el\s|dia\s)?\d)", self._weekday),
        )

    def _before_name(self, found: "regex.Match[str]") -> str | None:
        """A short form, unless what follows begins a sentence."""
        return None if found["name"].lower() in self.function_words else self.before_names[found["short"]]

    def _weekday(self, found: "regex.Match[str]") -> str:
        return self._full_weekday(found["day"])

    def _weekdays(self, found: "regex.Match[str]") -> str:
        gap = found["gap"] if found["gap"].strip().isalpha() else " a "
        stop = "." if found[0].endswith(".") and not found.string[found.end() :].strip() else ""
        return self._full_weekday(found["first"]) + gap + self._full_weekday(found["last"]) + stop

    def _full_weekday(self, written: str) -> str:
        full = self.weekdays[f"{written.lower().removesuffix('.')}."]
        return full.capitalize() if written[0].isupper() else full

    def _dates(self) -> Sequence[Row]:
        gap = r"(?:\sde\s|[\s/-])"
        short = alternatives(self.short_months)
        return (
            (
                rf"(?<![\d/.,-])(?<d>[12]\d|3[01]|0?[1-9])º?{gap}(?i:(?<month>{short}))\b\.?(?:{gap}(?<y>\d{{4}})\b)?",
                self._short_date,
            ),
            (r"(?<![\d.,/-])1[º°](?=/\d)", rewritten("01")),
            (rf"(?i)(?<=(?<cue>\b(?:{self.date_cues}),?\s)?){_DAY_MONTH}", self._day_month),
            (
                rf"(?i)(?<=\b(?:{self.timer_cues})s?\b[^\d.;!?]{{0,14}})(?<m>\d{{1,2}}):(?<s>[0-5]\d)(?![\d:])",
                lambda found: self.duration(0, int(found["m"]), int(found["s"])),
            ),
            (r"(?<![\d/])24\s?(?:h|horas)?\s?/\s?7\b(?!/)", rewritten(self.round_the_clock)),
        )

    def _short_date(self, found: "regex.Match[str]") -> str:
        month = self.months.index(self.short_months[found["month"].lower()]) + 1
        stop = "." if found[0].endswith(".") and not found.string[found.end() :].strip() else ""
        return self.date(int(found["d"]), month, int(found["y"]) if found["y"] else None) + stop

    def _day_month(self, found: "regex.Match[str]") -> str | None:
        return self.date(int(found["d"]), int(found["m"]), None) if is_dated(found) else None

    def _romans(self) -> Sequence[Row]:
        centuries = r"\b(?:[Ss]iglos?|[Ss]éculos?)\s"
        return (
            (rf"(?<={centuries}[IVX]+)\s?[-–]\s?(?=[IVX]+\b)", rewritten("a")),
            (
                rf"(?<=\b(?:{self.kings})\s|{centuries}(?:[IVX]+\s(?:y|e|a|al|ao)\s)?)(?<r>[IVX]+)\b(?!\.\p{{L}})",
                self._reign,
            ),
            (rf"(?<=\b(?:{self.queens})\s)(?<r>[IVX]+)\b", lambda found: self._reign(found, "f")),
            (
                rf"(?<=\b(?i:{self.numbered})\s)(?<r>[IVX]+)\b(?![.'-]\p{{L}})",
                lambda found: self._roman(found["r"]),
            ),
            (rf"\b(?<r>[IVX]+)(?=\s(?i:(?<noun>{alternatives(self.editions)}))\b)", self._edition),
        )

    def _reign(self, found: "regex.Match[str]", gender: str = "") -> str | None:
        """As an ordinal up to ten: "Alfonso décimo", "Alfonso trece"."""
        n = reign(found)
        return None if not n else self.ordinal(n, gender) if n <= 10 else self.cardinal(n)

    def _roman(self, numeral: str) -> str | None:
        n = roman.value(numeral)
        return self.cardinal(n) if n else None

    def _edition(self, found: "regex.Match[str]") -> str | None:
        n = roman.value(found["r"])
        return self.ordinal_before(n, self.editions[found["noun"].lower()]) if n else None

    def _quantities(self) -> Sequence[Row]:
        feet, inches = self.inches
        number = self.notation.pattern
        return (
            (r"(?<=\d\s?(?:min|seg|hs?|hrs|pers|uds?|un|hab))\.(?=\s\p{Ll}|\s?\d)", rewritten("")),
            (r"(?<=\d[.,]\d+|[-+±]\d+)\s?º(?!\p{L})", rewritten("°")),
            (rf"(?<number>{number})\s?(?<unit>[lL]|kWh)\s?/\s?100\s?km\b", self._consumption),
            (
                r"(?<![\d/.,])(?<number>\d+[.,]\d+(?=\s?/\s?[125])|\d(?=\s?/\s?5))\s?/\s?(?<b>5|10|20|100)"
                r"(?![\d/]|[.,]\d|\s?d[aeo]l?s?\b)",
                self._mark,
            ),
            minutes_and_seconds(self.duration),
            (rf"(?<=\p{{L}}|\d\s?[x×])\s?/\s?(?=(?:{_SPANS})\b)", rewritten(f" {self.per} ")),
            (r"(?<=\d{3})\s?[x×]\s?(?=\d{3})", rewritten(" por ")),
            (rf"{_HALF}\s(?<noun>\p{{Ll}}{{3,}})", self._half_noun),
            (r"(?<![\d.,])(?<ft>\d)\s?'\s?(?<in>\d{1,2})\s?\"", rewritten(rf"\g<ft> {feet} \g<in> {inches}")),
            (r"(?<=^(?:[^\"]*\"[^\"]*\")*[^\"]*\d)\s?\"(?!\p{L})", rewritten(f" {inches}")),
            (r"(?<![\d.,])(?<n>\d+)\s?[x×](?!\s?\d|\p{L})", self._times),
            (r"(?<=\d\s)-(?=\s\d+(?:[.,]\d+)?\s?=)", rewritten(self.signs["-"])),
            (
                rf"(?<=\b(?i:{self.score_cues})\b[^\d.;!?]{{0,20}}\d{{1,2}})\s?[-–x×]\s?(?=\d{{1,2}}(?!\d))",
                rewritten(" a "),
            ),
        )

    def _consumption(self, found: "regex.Match[str]") -> str:
        return self.counted(self.notation.parse(found["number"]), self.units[f"{found['unit']}/100 km"])

    def _mark(self, found: "regex.Match[str]") -> str:
        return f"{self.number(self.notation.parse(found['number']))} {self.out_of} {self.part(found['b'])}"

    def _half_noun(self, found: "regex.Match[str]") -> str | None:
        noun = found["noun"]
        if noun in self.function_words:
            return None
        unit = self.units.get(noun) or Unit(noun, noun, self._gender(noun) or "m")
        return self.counted_fraction(int(found["n"] or 0), 1, 2, unit)

    def _times(self, found: "regex.Match[str]") -> str:
        n = int(found["n"])
        return f"{self.cardinal(n, 'f')} {self.times_word if n != 1 else 'vez'}"

    def _codes(self) -> Sequence[Row]:
        return (
            (r"\bPM\s?(?=\d)", rewritten("PM ")),
            (
                rf"(?i)(?<=\b(?:{self.code_cues})\s?:?\s(?:(?:de|es|é|del?|do|da|:)\s){{0,3}}"
                r"|\b(?:c[óo]digos?|PIN|contraseña|clave|senha|OTP)\b[^\d.;!?]{0,25})"
                r"\d{4,}(?![\d.,]?\d|-\d)",
                lambda found: self.digits(found[0]),
            ),
        )

    # ---- numbers ----

    @abstractmethod
    def ordinal_before(self, n: int, gender: str) -> str:
        """An ordinal in front of its noun."""

    def _ordinal(self, found: "regex.Match[str]") -> str | None:
        n, end = int(found["n"]), found["end"]
        if not n:
            return None
        gender = "f" if regex.search("[aª]", end) else "m"
        plural = "s" if end.endswith("s") else ""
        following = regex.match(r"\s(\p{Ll}{3,})", found.string[found.end() :])
        is_before = bool(following) and following[1] not in self.function_words
        if "º" in end and not is_before and (n > _LAST_FLOOR or regex.search(_COLD, found.string[: found.start()])):
            return self.counted(Number(n), self.units["°"])
        said = self.ordinal_before(n, gender) if is_before or end.endswith("er") else self.ordinal(n, gender)
        return said + plural

    def _named(self, found: "regex.Match[str]") -> str | None:
        return None if found[0].startswith("0") or len(found[0]) > self.longest_plain else self.cardinal(int(found[0]))

    def _agreeing(self, found: "regex.Match[str]") -> str | None:
        """A number in front of what it counts."""
        number, noun = self.notation.parse(found["number"]), found["noun"]
        if not number.is_whole or noun in self.function_words or regex.match(r"0\d|\d{8}", found["number"]):
            return None
        if noun == "vezes" and regex.match(r"\svezes\s\d", found.string[found.end() :]):
            return None  # a product
        if number.whole != 1 and not noun.endswith("s"):
            return None
        said = self.cardinal(number.whole, self._gender(noun) or "m")
        return f"{said} de" if self._takes_de(number) else said

    def _takes_de(self, number: Number) -> bool:
        return number.is_whole and number.whole >= _MILLION and number.whole % _MILLION == 0

    def _gender(self, noun: str) -> str:
        if noun in self.units:
            return self.units[noun].gender
        if self.masculine & {noun, noun.removesuffix("s")}:
            return ""
        is_feminine = self.feminine & {noun, noun.removesuffix("s"), noun.removesuffix("es")}
        return "f" if is_feminine or noun.endswith(self.feminine_endings) else ""

    # ---- kinds of things ----

    def counted(self, number: Number, unit: Unit) -> str:
        of = "de" if self._takes_de(number) else ""
        return self.joined((self.number(number, unit.gender), of, unit.one if number.is_one else unit.many))

    def money(self, number: Number, currency: Currency, magnitude: str, per: Unit | None) -> str:
        if not magnitude:
            return super().money(number, currency, magnitude, per)
        of = "de" if regex.search(self.millions, magnitude) else ""
        each = f"{self.per} {self.unit_per(per)}" if per else ""
        return self.joined((self._large(number, magnitude), of, currency.unit.many, each))

    def _large(self, number: Number, magnitude: str) -> str:
        """ "1 mil" is "mil", "2 mil" is "dos mil"."""
        return magnitude if magnitude == "mil" and number.is_one else f"{self.number(number, 'm')} {magnitude}"

    def date(self, day: int, month: int, year: int | None) -> str:
        said = f"{self.first_day if day == 1 else self.cardinal(day)} de {self.months[month - 1]}"
        return f"{said} de {self.cardinal(year)}" if year else said

    first_day: ClassVar[str]

    def duration(self, hours: int, minutes: int, seconds: int) -> str:
        parts = [
            self.counted(Number(n), self.units[unit])
            for n, unit in ((hours, "h"), (minutes, "min"), (seconds, "s"))
            if n
        ] or [self.counted(Number(0), self.units["s"])]
        return f" {self.and_word} ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))

    def range(self, first: str, last: str) -> str:
        return f"{first} a {last}"

    def fraction(self, numerator: int, denominator: int) -> str | None:
        if denominator not in _SMALL_FRACTIONS or numerator >= denominator:
            return None
        if denominator == 2:
            return self.half["m"]
        plural = "s" if numerator > 1 else ""
        return f"{self.cardinal(numerator, 'm')} {self.part_name(denominator)}{plural}"

    def part_name(self, denominator: int) -> str:
        """ "quarto" """
        return self.ordinal(denominator)

    def name(self, pieces: Sequence[str]) -> str:
        return " ".join(
            (self.digits(piece) if len(piece) > 3 else self.part(piece)) if piece.isdecimal() else piece
            for piece in pieces
        )
