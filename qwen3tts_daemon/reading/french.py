"""French, as in France."""

from collections.abc import Sequence

import regex  # type: ignore[import-untyped,unused-ignore]
from num2words import num2words  # type: ignore[import-untyped]

from qwen3tts_daemon.reading import french_words as words
from qwen3tts_daemon.reading import roman
from qwen3tts_daemon.reading.kinds import alternatives
from qwen3tts_daemon.reading.language import VERSIONED, Currency, Language, Row, Unit, rewritten
from qwen3tts_daemon.reading.notation import Notation, Number

_FRACTIONS = {2: "demi", 3: "tiers", 4: "quart"}
_FEMININE, _MASCULINE = frozenset(words.FEMININE.split()), frozenset(words.MASCULINE.split())
_NUMBERED = rf"(?:{words.NUMBERED})s?"
_WEEKDAY = rf"(?<day>{alternatives(words.WEEKDAYS)})"
_DASH = r"\s?[-–—]\s?"
_NUMBER_FOLLOWS = r"(?=\s?\d)"
_DAY_MONTH = (
    r"(?<=(?<cue>\b(?:[Ll]e|[Dd]u|[Aa]u|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)\s)?)"
    r"(?<![\d/.,])(?<d>[12]\d|3[01]|0?[1-9])/(?<m>1[0-2]|0?[1-9])(?![\d/]|[.,]\d)"
)
_ORDINAL_ENDING = r"(?<end>ers?|res?|ères?|èmes?|emes?|ièmes?|es?|nde?s?)(?!\p{L})"
_ROUND_THE_CLOCK = "vingt-quatre heures sur vingt-quatre, sept jours sur sept"
_ADJECTIVES = frozenset(("autre", "jeune", "nouvelle", "grande", "petite", "belle", "ancienne", "dernière"))
_FUNCTION_WORDS = frozenset(["des", "pour", "par", "sur", "sont", "était", "avec", "dans", "mais"])
_BY_ARTICLE = {
    "kilogramme": "le kilo", "litre": "le litre", "mètre": "le mètre", "mètre carré": "le mètre carré",
    "mètre cube": "le mètre cube", "kilowattheure": "le kilowattheure", "mégawattheure": "le mégawattheure",
    "tonne": "la tonne", "heure": "de l'heure", "kilomètre": "le kilomètre",
}  # fmt: skip
_CLOCK = r"(?<h>[01]?\d|2[0-4])\s?[hH]"


class French(Language):
    notation = Notation(",", ". ")
    digit_words = ["zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf"]
    point = "virgule"
    signs = {
        "+": "plus", "-": "moins", "±": "plus ou moins", "×": "fois", "x": "par", "*": "fois", "÷": "divisé par",
        "=": "égale", "<": "moins de", ">": "plus de", "≤": "au plus", "≥": "au moins", "~": "environ",
        "≈": "environ", "#": "numéro", "№": "numéro", "§": "paragraphe", "&": "et",
    }  # fmt: skip
    address_signs = {
        ".": "point", "@": "arobase", "/": "slash", "-": "tiret", "_": "tiret bas", ":": "deux-points", "+": "plus",
    }  # fmt: skip
    units = words.UNITS
    per = "par"
    currencies = words.CURRENCIES
    magnitudes = words.MAGNITUDES
    ratio_word = "à"
    and_word = "et"
    version_word = "version"
    clock_words = r"h\b|heures?\b"
    abbreviations = words.ABBREVIATIONS
    also_read = (
        rf"\b[IVX]{{2,}}\b|\b[IVX]+e\b|\bIer\b|\b(?:{words.KINGS})\s[IVX]+\b"
        rf"|(?<![\p{{L}}\d.])(?:{alternatives(words.BEFORE_NAMES)})\s?\p{{Lu}}"
    )

    # ---- rules ----

    def before(self) -> Sequence[Row]:
        return (*self._short_forms(), *self._romans(), *self._dates_and_times(), *self._quantities(), *self._codes())

    def after(self) -> Sequence[Row]:
        number = self.notation.pattern
        return (
            (rf"(?<![\d.,])(?<n>\d{{1,6}})\s?{_ORDINAL_ENDING}", self._ordinal_with_ending),
            (rf"(?<=\b{_NUMBERED}\s)(?<number>{number})(?![\p{{L}}°])", self._as_name),
            (rf"(?<number>{number})(?=(?<next>(?:\s\p{{Ll}}[\p{{L}}'-]*){{1,2}}))", self._agreeing),
            (rf"(?<=\b(?:{VERSIONED})\s?)\d+\.\d+(?![.,]?\d)", lambda found: self.dotted(found[0].split("."))),
        )

    def _short_forms(self) -> Sequence[Row]:
        days = alternatives(words.WEEKDAYS)
        return (
            (
                rf"(?<!\p{{L}}|\p{{L}}\.)(?:{alternatives(words.BEFORE_NUMBERS)})(?=\s?\p{{Lu}}?\d)",
                lambda found: words.BEFORE_NUMBERS[found[0]],
            ),
            (
                rf"(?<!\p{{L}}|\p{{L}}\.)(?:{alternatives(words.BEFORE_NAMES)})(?=\s\p{{Lu}})|(?<!\p{{L}})(?:St|Ste)-(?=\p{{Lu}})",
                lambda found: words.BEFORE_NAMES[found[0]],
            ),
            (
                rf"(?<!\p{{L}})(?i:{_WEEKDAY})\.?(?=\s(?:le\s)?\d|\s?[-–/]\s?(?i:{days})\b\.?\s?,?\s?\d)"
                rf"|(?<=\b(?i:lundi|mardi|mercredi|jeudi|vendredi|samedi)\s?[-–/]\s?)(?i:{_WEEKDAY})\.?(?=,?\s?\d|$)",
                self._weekday,
            ),
            (
                rf"(?<=\d(?:er)?\s)(?<month>{alternatives(words.SHORT_MONTHS)})\b(?<stop>\.?)",
                lambda found: words.SHORT_MONTHS[found["month"]],
            ),
        )

    def _weekday(self, found: "regex.Match[str]") -> str:
        full = words.WEEKDAYS[found["day"].lower()]
        return full.capitalize() if found["day"][0].isupper() else full

    def _romans(self) -> Sequence[Row]:
        return (
            (rf"\b(?<r>[IVX]+){_ORDINAL_ENDING}", self._roman_ordinal),
            (rf"(?<=\b(?:{words.KINGS})\s)(?<r>[IVX]+)\b", self._king),
            (
                rf"(?i)(?<=\b(?:{_NUMBERED}|Vatican|acte|guerre)\s)(?-i)(?<r>[IVX]+)\b(?!['-])",
                lambda found: self._roman_cardinal(found["r"]),
            ),
        )

    def _roman_ordinal(self, found: "regex.Match[str]") -> str | None:
        n = roman.value(found["r"])
        return self._ordinal(n, found["end"]) if n else None

    def _king(self, found: "regex.Match[str]") -> str | None:
        n = roman.value(found["r"])
        return None if n is None else "premier" if n == 1 else self.cardinal(n)

    def _roman_cardinal(self, numeral: str) -> str | None:
        n = roman.value(numeral)
        return self.cardinal(n) if n else None

    def _dates_and_times(self) -> Sequence[Row]:
        months = "|".join(words.MONTHS)
        return (
            (_DAY_MONTH, self._day_month),
            (rf"(?<![\d.,/-])(?:1er|0?1)(?=\s(?:{months})\b)", rewritten("premier")),
            (rf"(?<![\d.,/-])0(?=[2-9]\s(?:{months})\b)", rewritten("")),
            (
                r"(?i)(?<=\b(?:minuteur|minuterie|timer|chrono|chronomètre|durée|restant|reste|pause)s?\b[^\d.;!?]{0,12})"
                r"(?<m>\d{1,2}):(?<s>[0-5]\d)(?![\d:])",
                lambda found: self.duration(0, int(found["m"]), int(found["s"])),
            ),
            (r"\b24\s?(?:h|heures)?\s?/\s?(?:24\s?h?\s?(?:et|,|-)?\s?7\s?j?\s?/\s?)?7\b", rewritten(_ROUND_THE_CLOCK)),
            (r"\b(?<a>\d+)\s?h(?:eures)?\s?/\s?24\b(?:\s?h\b)?", rewritten(r"\g<a> heures sur 24")),
            (r"\b(?<a>\d)\s?j(?:ours)?\s?/\s?7\b", rewritten(r"\g<a> jours sur 7")),
            (
                rf"{_CLOCK}\s?(?<m>[0-5]\d)?\b{_DASH}(?=\d{{1,2}}\s?[hH:])",
                rewritten(r"\g<h>h\g<m> à "),
            ),
            (r"\b0{1,2}\s?h(?:00)?\b(?!\s?\d)(?=[\s.,;!?)]|$)", rewritten("minuit")),
            (
                rf"(?<![\d.,:/]){_CLOCK}\s?(?<m>[0-5]\d)(?!\d|\s?m(?:i?n)?\b|[.,]\d)",
                lambda found: self.time(int(found["h"]), int(found["m"]), None, ""),
            ),
            (r"(?<=\d)\s?[hH](?=\s?\d{1,2}\s?(?:min|mn|m)\b)", rewritten("h")),
            (r"(?<=\b[Aa]nnées\s|\b[Éé]té\s|\b[Hh]iver\s|\b[Mm]ai\s)'(?=\d\d\b)", rewritten("")),
        )

    def _day_month(self, found: "regex.Match[str]") -> str | None:
        day, month = int(found["d"]), int(found["m"])
        is_date = found["cue"] or found["d"][0] == "0" or found["m"][0] == "0" or (day > 12 and month > 9)
        return self.date(day, month, None) if is_date else None

    def _quantities(self) -> Sequence[Row]:
        number = self.notation.pattern
        one = alternatives(unit for unit in self.units if unit not in "%‰°")
        return (
            (rf"\b(?<d>[Dd])e\s(?=1\s?(?:{one})(?!\p{{L}}))", rewritten(r"\g<d>'")),
            (r"\b(?<d>[Dd])e\s(?=1:\d\d:\d\d)", rewritten(r"\g<d>'")),
            (r"(?<=\bentre\s\d+(?:,\d+)?(?:\s?[€%°h]C?)?)\s?[-–—]\s?(?=\d)", rewritten(" et ")),
            (r"(?<=\d\s?)(?:[lL]|litres)\s?/\s?100\s?km\b", rewritten("litres aux cent kilomètres")),
            (r"(?<=\d\s?)kWh\s?/\s?100\s?km\b", rewritten("kilowattheures aux cent kilomètres")),
            (r"(?<=\d)\s?€\s?(?=\d\d(?!\d|[.,]\d))", rewritten(" euros ")),
            (r"\b(?<ft>\d)\s?'\s?(?<in>\d{1,2})\s?\"", rewritten(r"\g<ft> pieds \g<in> pouces")),
            (r"(?<=^(?:[^\"]*\"[^\"]*\")*[^\"]*\d)\s?\"(?!\p{L})", rewritten(" pouces")),
            (r"\b21:9\b", rewritten("vingt et un neuvièmes")),
            (r"\b16:9\b", rewritten("seize neuvièmes")),
            (r"(?<=\b(?:format|écran|rapport|ratio|image)s?\s)4:3\b", rewritten("quatre tiers")),
            (r"\b50\s?[/-]\s?50\b", rewritten("cinquante-cinquante")),
            (r"\b4x4\b", rewritten("quatre-quatre")),
            (r"(?<![\d.,])(?<n>\d+)\s?[x×](?!\s?\d|\p{L})", rewritten(r"\g<n> fois")),
            (r"(?<![\p{L}\d])[x×](?=\d)", rewritten("fois ")),
            (r"(?<=\d\s)-(?=\s\d+(?:[.,]\d+)?\s?=)", rewritten("moins")),
            (r"(?<![\d.,-])(?<a>\d)\s[-–]\s(?<b>\d)(?![\d.,:/]|\s?[=€%\p{L}])", rewritten(r"\g<a> à \g<b>")),
            (r"(?<![\d/.,])(?:1/2|½)\s(?=(?<noun>\p{Ll}{3,}))", self._half),
            (r"(?<![\d/.,])(?<n>\d+)\s?(?:½|\s1/2)\s(?<noun>(?!de\b)\p{Ll}{3,})", self._and_a_half),
            (r"(?<=\b(?:[Ll]es|[Aa]ux|[Dd]es|[Uu]n)\s)(?<a>\d)/(?<b>[3-9]|10)(?![\d/])", self._fraction),
            (rf"(?<number>{number})\s?/\s?(?<b>5|10|20|100)(?![\d/]|[.,]\d|\s?km)", self._mark),
        )

    def _half(self, found: "regex.Match[str]") -> str | None:
        noun = found["noun"]
        return None if noun in _FUNCTION_WORDS else ("une demi-" if self._gender(noun) else "un demi-")

    def _and_a_half(self, found: "regex.Match[str]") -> str:
        gender = self._gender(found["noun"])
        return f"{self.cardinal(int(found['n']), gender)} {found['noun']} et demi{'e' if gender else ''}"

    def _fraction(self, found: "regex.Match[str]") -> str:
        return self._parts(int(found["a"]), int(found["b"]))

    def _mark(self, found: "regex.Match[str]") -> str | None:
        if found["number"] == "1":
            return None
        return f"{self.number(self.notation.parse(found['number']))} sur {self.cardinal(int(found['b']))}"

    def _codes(self) -> Sequence[Row]:
        return (
            (r"(?<![\d.])0\d(?:\.\d\d){4}(?![.,]?\d)", self._pairs),
            (r"(?<![\d.,+])0[1-9]\d{8}(?!\d)", self._pairs),
            (r"\bPM\s?(?=\d)", rewritten("PM ")),
            (
                r"(?i)(?<=\b(?:codes?|PIN|mot de passe)\s(?:(?:de|est|PIN|secret|d'accès|wifi|:)\s){0,3})"
                r"\d{4,}(?![\d.,]?\d)",
                lambda found: self.digits(found[0]),
            ),
        )

    def _pairs(self, found: "regex.Match[str]") -> str:
        return self.phone(regex.findall(r"\d\d", found[0]), is_international=False)

    # ---- numbers ----

    def cardinal(self, n: int, gender: str = "") -> str:
        said = str(num2words(n, lang="fr"))
        return f"{said}e" if gender == "f" and regex.search(r"\bun$", said) else said

    def ordinal(self, n: int, gender: str = "") -> str:
        if n == 1:
            return "première" if gender == "f" else "premier"
        said = str(num2words(n, lang="fr", to="ordinal"))
        return str(regex.sub(r"(?<=vingt|cent|million|milliard)sième", "ième", said))

    def fraction_digits(self, digits: str) -> str:
        """As a number, but for zeros before it, and only while it is short."""
        rest = digits.lstrip("0")
        if not rest or len(rest) > 3:
            return self.digits(digits)
        return self.joined((self.digits(digits[: -len(rest)]), self.cardinal(int(rest))))

    def _ordinal_with_ending(self, found: "regex.Match[str]") -> str | None:
        return self._ordinal(int(found["n"]), found["end"]) if int(found["n"]) else None

    def _ordinal(self, n: int, ending: str) -> str:
        if ending.startswith("nd"):
            return "second" + ending[2:]
        plural = "s" if ending.endswith("s") else ""
        return self.ordinal(n, "" if ending.startswith("er") else "f") + plural

    def _as_name(self, found: "regex.Match[str]") -> str | None:
        number = self.notation.parse(found["number"])
        if not number.is_whole or found["number"].startswith("0") or not found["number"].isdecimal():
            return None
        said = self.cardinal(number.whole)
        return said.removesuffix("s") if said.endswith(("vingts", "cents")) else said

    def _agreeing(self, found: "regex.Match[str]") -> str | None:
        """A number that ends in one takes the gender of the noun behind it."""
        number = self.notation.parse(found["number"])
        if not number.is_whole or number.whole % 10 != 1 or number.whole % 100 in (11, 71, 91):
            return None
        noun, *second = found["next"].split()
        gender = self._gender(noun) or (
            self._gender(second[0]) if second and noun.removesuffix("s") in _ADJECTIVES else ""
        )
        return self.cardinal(number.whole, gender) if gender else None

    def _gender(self, noun: str) -> str:
        if noun in _MASCULINE or noun.removesuffix("s") in _MASCULINE:
            return ""
        singular = noun.removesuffix("s")
        return "f" if {noun, singular} & _FEMININE or singular.endswith(words.FEMININE_ENDINGS) else ""

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
            return self.joined(("" if number.is_one else self.number(number), "mille", many))
        plural = "s" if number.whole > 1 else ""
        return f"{self.number(number)} {magnitude}{plural} {_de(many)}{many}"

    def money_with_cents(self, whole: Number, unit: Unit, cents: Number, cent: Unit) -> str:
        return f"{self.counted(whole, unit)} {self.cardinal(cents.whole)}"

    def date(self, day: int, month: int, year: int | None) -> str:
        said = f"{'premier' if day == 1 else self.cardinal(day)} {words.MONTHS[month - 1]}"
        return f"{said} {self.cardinal(year)}" if year else said

    def time(self, hour: int, minute: int, second: int | None, suffix: str) -> str:
        if not hour and not minute and not second:
            return "minuit"
        hours = self.counted(Number(hour), self.units["h"])
        if second:
            minutes = self.counted(Number(minute), self.units["min"])
            return f"{hours} {minutes} et {self.counted(Number(second), self.units['s'])}"
        return f"{hours} {self.cardinal(minute)}" if minute else hours

    def duration(self, hours: int, minutes: int, seconds: int) -> str:
        parts = [
            self.counted(Number(n), self.units[unit])
            for n, unit in ((hours, "h"), (minutes, "min"), (seconds, "s"))
            if n
        ]
        if not parts:
            return "zéro seconde"
        return (
            " ".join(parts[:-1]) + (" et " if seconds and len(parts) > 1 else " ") + parts[-1]
            if len(parts) > 1
            else parts[0]
        )

    def range(self, first: str, last: str) -> str:
        return f"{first} à {last}"

    def fraction(self, numerator: int, denominator: int) -> str | None:
        if numerator >= denominator or denominator > 10 or (numerator > 1 and denominator not in (3, 4, 8)):
            return None
        return self._parts(numerator, denominator)

    def _parts(self, numerator: int, denominator: int) -> str:
        name = _FRACTIONS.get(denominator) or self.ordinal(denominator)
        return f"{self.cardinal(numerator)} {name}{'s' if numerator > 1 and name != 'tiers' else ''}"

    def mixed_fraction(self, whole: int, numerator: int, denominator: int) -> str:
        name = "demi" if denominator == 2 else self.fraction(numerator, denominator)
        return f"{self.cardinal(whole)} et {name}"

    def stroke(self, first: str, second: str) -> str:
        return f"{self.part(first)} sur {self.part(second)}"

    def phone(self, groups: Sequence[str], *, is_international: bool) -> str:
        said = ", ".join(map(self._phone_group, groups))
        return f"plus {said}" if is_international else said

    def _phone_group(self, digits: str) -> str:
        if digits.startswith("0"):
            rest = digits.lstrip("0")
            zeros = self.digits(digits[: len(digits) - len(rest)])
            return self.joined((zeros, self._phone_group(rest) if rest else ""))
        if len(digits) > 3:
            return " ".join(self._phone_group(digits[at : at + 2]) for at in range(0, len(digits), 2))
        return self.cardinal(int(digits))


def _de(word: str) -> str:
    return "d'" if word[0] in "aeiouyéèêh" else "de "
