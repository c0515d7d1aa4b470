"""What a language has to say: the words for every kind of thing that `kinds` recognises.

A subclass gives words and tables, and overrides what is said in another way than most languages say it.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.notation import Notation, Number

Say = Callable[["regex.Match[str]"], str | None]
"""The words for what a pattern has found; None: it is nothing of that kind, leave it"""


Row = tuple[str, Say]
"""A pattern, and what says the words for what it finds"""


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows that are tried only where `cue` is found, which spares their time elsewhere."""

    cue: str
    """A cheap pattern: nothing that one of the rows finds is without it"""
    rows: Sequence[Row]


VERSIONED = (
    "Android|Bluetooth|ChatGPT|Chrome|Core|Debian|DisplayPort|ESPHome|Firefox|GPT|HA|HDMI|Home Assistant|Industrie|Java"
    "|Linux|Llama|Matter|Node|OS|PCIe|PHP|Python|Qwen|Supervisor|Thread|USB|Ubuntu|Web|Wi-Fi|Windows|Zigbee|iOS|iPadOS|macOS"
    "|[fF]irmware|[rR]elease|[vV]ersione?|build|[mM]ise à jour|[aA]ggiornamento"
)
"""A pattern: behind these names the dot in a number is no decimal sign, whatever the language"""


def rewritten(template: str) -> Say:
    """Says `template` with the groups of what was found in it, as `re.sub` would."""
    return lambda found: str(found.expand(template))


def hours_minutes_seconds(found: "regex.Match[str]") -> tuple[int, int, int]:
    """The groups h, m and s; 0 where there is none."""
    groups = found.groupdict()
    return int(groups.get("h") or 0), int(groups.get("m") or 0), int(groups.get("s") or 0)


@dataclass(frozen=True, slots=True)
class Unit:
    """The names of a unit. Which one a number takes is said by `Language.counted`."""

    one: str
    many: str
    gender: str = ""
    before: str = field(default="", kw_only=True)
    """What stands before the number: 百分之, 時速"""


@dataclass(frozen=True, slots=True)
class Currency:
    """A currency and its hundredth part; no `cent`: its fraction is said as that of any number."""

    unit: Unit
    cent: Unit | None = None


class Language(ABC):
    """One language. All numbers are as written; all answers are words without a blank at either end."""

    iso_code: ClassVar[str]
    """Of ISO 639-1"""
    notation: ClassVar[Notation]
    is_spaced: ClassVar[bool] = True
    """Whether words are parted by blanks"""
    has_particles: ClassVar[bool] = False
    """Whether letters of its script follow a number without a blank, as particles"""

    # ---- words and tables ----

    digit_words: ClassVar[Sequence[str]]
    """Of 0 to 9"""
    point: ClassVar[str]
    """Before a fraction"""
    says_fraction_as_number: ClassVar[bool] = False
    """ "3,14" is "trois virgule quatorze" """
    signs: ClassVar[Mapping[str, str]]
    """Words for + - ± before a number; for # № § ~ ≈ < > ≤ ≥ before, × x * ÷ = between numbers; & + = between words"""
    address_signs: ClassVar[Mapping[str, str]]
    """Words for . @ / - _ : in addresses and file names"""
    units: ClassVar[Mapping[str, Unit]]
    """By symbol, "km/h" and "%" among them"""
    per: ClassVar[str]
    """Between two units: "kilometres per hour" """
    currencies: ClassVar[Mapping[str, Currency]]
    """By sign and by code, as written: "€", "EUR", "US$" """
    magnitudes: ClassVar[Mapping[str, str]] = {}
    """What may stand between a number and its currency, as written: "k", "Mio.", "million" -> in words"""
    between: ClassVar[str] = ""
    """A word before a range whose numbers `and_word` joins, not `range`: "between 5-7" """
    out_of: ClassVar[str] = ""
    """Between a mark and the best one: "9.5/10" """
    ratio_word: ClassVar[str]
    """Between the two numbers of a score: "to" """
    and_word: ClassVar[str]
    """Between a number and its fraction: "two and a half" """
    pause: ClassVar[str] = ", "
    """Between groups of digits, and for a stroke between two numbers with their units"""
    version_word: ClassVar[str]
    """For v: "version" """
    date_order: ClassVar[str] = "dmy"
    """Of numbers in a date with three of them; a year of four digits at the front is recognised everywhere"""
    months: ClassVar[Sequence[str]] = ()
    """As they are called where no day stands beside them; none where they are numbered"""
    clock_words: ClassVar[str] = ""
    """A pattern for what may stand behind a clock time and belongs to it: "a.m.", "Uhr" """
    abbreviations: ClassVar[Mapping[str, str]] = {}
    """Short forms that are sure, as written, case matters -> in full. A full stop at the end of the text stays.
    Those in lower case stand for their capitalised form too, "z.B." for "z. B." as well."""
    also_read: ClassVar[str] = ""
    """A pattern that is found wherever `before` or `after` have something to read without a digit, a sign or one of
    the `abbreviations`: "Louis XIV", "M. Dupont" """
    longest_number: ClassVar[int] = 15
    """Digits of a number with marked thousands that is still said as a number"""
    longest_plain: ClassVar[int] = 7
    """Digits of a number without marks that is still said as a number, not digit by digit"""

    def before(self) -> Iterable[Row | Rows]:
        """Rules of its own that come before the common ones."""
        return ()

    def after(self) -> Iterable[Row]:
        """Rules of its own that come after the common ones but before plain numbers."""
        return ()

    # ---- numbers ----

    @abstractmethod
    def cardinal(self, n: int, gender: str = "") -> str:
        """A whole number, 0 or more."""

    @abstractmethod
    def ordinal(self, n: int, gender: str = "") -> str:
        """Of 1 or more."""

    def digits(self, written: str) -> str:
        """The digits of a text one by one."""
        words = (self.digit_words[int(char)] for char in written if char.isdecimal())
        return self.joined(words)

    def number(self, number: Number, gender: str = "") -> str:
        """A number with its sign and its fraction."""
        words = [self.signs[number.sign]] if number.sign else []
        words.append(self.cardinal(number.whole, gender if number.is_whole else ""))
        if number.fraction:
            words += [self.point, self.fraction_digits(number.fraction)]
        return self.joined(words)

    def fraction_digits(self, digits: str) -> str:
        """What stands behind the point: digit by digit, or what is short as a number behind its zeros."""
        rest = digits.lstrip("0")
        if not self.says_fraction_as_number or not rest or len(rest) > 3:
            return self.digits(digits)
        return self.joined((self.digits(digits[: -len(rest)]), self.cardinal(int(rest))))

    def plain_number(self, number: Number, written: str) -> str:
        """A number that is nothing else; languages that say years in another way override it."""
        return self.number(number)

    # ---- kinds of things ----

    def counted(self, number: Number, unit: Unit) -> str:
        """A number of a unit: "21.5 degrees". Languages with more forms than two override it."""
        return self.joined((self.number(number, unit.gender), unit.one if number.is_one else unit.many))

    def unit_per(self, unit: Unit) -> str:
        """A unit behind `per`."""
        return unit.one

    def measure(self, number: Number, unit: Unit, per: Unit | None) -> str:
        """ "5 km/min"; units with a name of their own, such as km/h, come without `per`."""
        words = self.counted(number, unit)
        return self.joined((words, self.per, self.unit_per(per))) if per else words

    def money(self, number: Number, currency: Currency, magnitude: str, per: Unit | None) -> str:
        """ "€3.50/kg", "$2 million"; `magnitude` in words."""
        if magnitude:
            words = self.joined((self.number(number), magnitude, currency.unit.many))
        elif currency.cent and len(number.fraction) == 2:
            words = self._with_cents(number, currency.unit, currency.cent)
        else:
            words = self.counted(number, currency.unit)
        return self.joined((words, self.per, self.unit_per(per))) if per else words

    def _with_cents(self, number: Number, unit: Unit, cent: Unit) -> str:
        cents = Number(int(number.fraction))
        if not cents.whole:
            return self.counted(Number(number.whole, "", number.sign), unit)
        if not number.whole:
            return self.counted(Number(cents.whole, "", number.sign), cent)
        return self.money_with_cents(Number(number.whole, "", number.sign), unit, cents, cent)

    def money_with_cents(self, whole: Number, unit: Unit, cents: Number, cent: Unit) -> str:
        """Both are there: "three euros fifty"."""
        return self.joined((self.counted(whole, unit), self.counted(cents, cent)))

    @abstractmethod
    def date(self, day: int, month: int, year: int | None) -> str:
        """A day that exists."""

    @abstractmethod
    def time(self, hour: int, minute: int, second: int | None, suffix: str) -> str:
        """A clock time, hour 0 to 24; `suffix`: what `clock_words` has found, "" if nothing."""

    @abstractmethod
    def duration(self, hours: int, minutes: int, seconds: int) -> str:
        """ "1:30:00" """

    @abstractmethod
    def range(self, first: str, last: str) -> str:
        """ "5-7": both with digits, as written; they are read afterwards. Blanks where words are parted by them."""

    def ratio(self, first: int, second: int) -> str:
        """ "3:2", a score or a ratio."""
        return self.joined((self.cardinal(first), self.ratio_word, self.cardinal(second)))

    @abstractmethod
    def fraction(self, numerator: int, denominator: int) -> str | None:
        """ "3/4" as a fraction; None: it is two numbers with a stroke between."""

    def counted_fraction(self, whole: int, numerator: int, denominator: int, unit: Unit) -> str | None:
        """ "2½ kg", and "½ l" with a `whole` of 0; None as from `fraction`."""
        words = self.fraction(numerator, denominator)
        if words and whole:
            return self.joined((self.mixed_fraction(whole, numerator, denominator), unit.many))
        return words and self.joined((words, unit.one))

    def mixed_fraction(self, whole: int, numerator: int, denominator: int) -> str:
        """ "2½" """
        return self.joined((self.cardinal(whole), self.and_word, self.fraction(numerator, denominator) or ""))

    def stroke(self, first: str, second: str) -> str:
        """ "24/7" and others that are no fraction, as written."""
        return self.joined((self.cardinal(int(first)), self.cardinal(int(second))))

    def dotted(self, parts: Sequence[str]) -> str:
        """A version or an address of four numbers; its parts have digits only."""
        word = f" {self.address_signs['.']} " if self.is_spaced else self.address_signs["."]
        return word.join(self.part(part) for part in parts)

    def part(self, digits: str) -> str:
        """Digits in an address, a version or a name: as a number while it is short."""
        return self.cardinal(int(digits)) if len(digits) <= 4 and not digits.startswith("0") else self.digits(digits)

    def phone(self, groups: Sequence[str], *, is_international: bool) -> str:
        """A telephone number, its groups of digits as written; the country's code is the first one if there is a +."""
        words = self.pause.join(map(self.digits, groups))
        return self.joined((self.signs["+"], words)) if is_international else words

    def address(self, written: str) -> str:
        """An e-mail address, a host or a file name."""
        words = []
        for piece in regex.findall(r"\d+|[^\W\d_]+|.", written):
            words.append(self.part(piece) if piece.isdecimal() else self.address_signs.get(piece, piece))
        return " ".join(words)

    def code(self, written: str) -> str:
        """A code of digits: a leading zero, or more of them than a number has."""
        return self.digits(written)

    def name(self, pieces: Sequence[str]) -> str:
        """Letters and digits in one word, parted: H2O, MP3, A4."""
        say = self.digits if self.is_serial(pieces) else self.part
        return " ".join(say(piece) if piece.isdecimal() else piece for piece in pieces)

    def is_serial(self, pieces: Sequence[str]) -> bool:
        """Whether letters and digits are a number nobody knows by heart: 1Z999AA10123456784."""
        return sum(len(piece) for piece in pieces if piece.isdecimal()) > self.longest_plain

    # ---- how words are put together ----

    def joined(self, words: Iterable[str]) -> str:
        """Words in a row, empty ones left out."""
        return (" " if self.is_spaced else "").join(filter(None, words))
