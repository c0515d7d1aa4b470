"""Russian numbers where their case comes from the words around them: до двадцати градусов, через одну минуту."""

import unicodedata
from collections.abc import Iterator, Sequence
from functools import partial

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.language import Currency, Row
from qwen3tts_daemon.reading.notation import Notation, Number
from qwen3tts_daemon.reading.patterns import alternatives
from qwen3tts_daemon.reading.russian_agreement import case_of, gender_of, numbered
from qwen3tts_daemon.reading.russian_governors import Governor, governor_of, preposition_of
from qwen3tts_daemon.reading.russian_grammar import (
    Case,
    Noun,
    cardinal,
    counted,
    ending,
    fraction,
    is_one_and_a_half,
    masculine,
    number_words,
    ordinal,
    ordinal_fraction,
)
from qwen3tts_daemon.reading.russian_units import CURRENCIES, UNITS

_UNIT = alternatives(UNITS)
_MANY = alternatives({*UNITS, *CURRENCIES} - {"с", "в", "к"})
_LETTERED_CURRENCIES = alternatives(symbol for symbol in CURRENCIES if symbol.isalpha())
_FRESH = r"(?<![\d.,:/\p{L}-])"
_END = r"(?![\p{L}\d])"
_VULGAR = r"(?:(?<vulgar>[¼½¾⅓⅔⅕⅛])|(?<a>\d)/(?<b>\d{1,2})(?![\d/]))"
# Behind these a number is a name and agrees with nothing.
_NAMED = regex.compile(
    r"(?:№|#|\b(?i:номер|дом|квартир|стать|пункт|параграф|рейс|поезд|автобус|трамва|маршрут|канал|страниц|глав|кабинет|комнат"
    r"|зон|сери|сезон|эпизод|том|терминал|уров|выход|корпус|код|верси|станци|шаг|групп|школ)\p{L}{0,3})\s$"
)
_FOOT, _TIME = masculine("фут"), masculine("раз", many="раз")
_GETS_INTO = regex.compile(r"(?i:вы(?:ш|йд|ход)|попа|проби|про(?:ш|йд))\p{L}*(?: \p{L}+)? в\s$")
_BEHIND = regex.compile(r"\s([а-яё]+(?: [а-яё]+)?)")
_COMPARISONS = {"<": "меньше", ">": "больше", "≤": "не более", "≥": "не менее"}


def rows(notation: Notation) -> Iterator[Row]:
    """Rules that come before the common kinds."""
    number = notation.pattern
    yield r"(?<a>\d{1,2})'\s?(?<b>\d{1,2})\"", _feet_and_inches
    yield rf"(?<=^|[\s(])(?<n>{number})\"{_END}", partial(_inches, notation)
    yield r"(?<=(?<![\p{L}\d])[-+]?\d{1,3}(?:,\d)?)[CС](?![\p{L}\d])", lambda _: "°C"
    yield r"(?<=\d)\.{2,3}(?=[-+]?\d)", lambda _: "…"
    yield rf"{_FRESH}(?<n>\d+)[xх×](?=\s[а-яё])", _times
    yield rf"{_FRESH}(?<whole>\d+)?\s?(?<!\d){_VULGAR}\s?(?<unit>{_UNIT}){_END}", _fraction_of_unit
    yield r"(?<=\d)\s-\s(?=\d+(?:[.,]\d+)?\s?=)", lambda _: " минус "
    yield r"(?<=\d\s?р(?:уб)?\.?\s)(?<n>\d\d?)\s?к(?:\.(?!\s*$))?(?!\p{L})", lambda found: f"{found['n']} коп"
    yield r"(?<=\d)\s?с(?=[.,;:!?)]|$|\s\d|\s(?:на|за|до|после|по|от|в)\s)", lambda _: "сек"
    yield r"(?<=^|[\s(])(?<sign>[<>≤≥])\s?(?=\d)", lambda found: f"{_COMPARISONS[found['sign']]} "
    yield (
        rf"(?<![\d.,:/\p{{L}}-]|\p{{L}}\s-)(?<currency>[$€£])?(?<a>[-+]?{number})(?:\s?(?<first_unit>{_UNIT}){_END})?\s?[-–—…]\s?"
        rf"(?<b>[-+]?(?:{number}))(?(first_unit)(?=\s?(?P=first_unit)))(?=\s?(?:(?<unit>{_UNIT}){_END}|(?<word>[а-яё]{{3,}})|[$€£₽]))",
        partial(_range, notation),
    )
    yield r"(?<![\d/.,])1/(?<n>\d{1,2})(?=\sфинал)", _round_of_a_cup
    yield rf"{_VULGAR}(?=\s[а-яё])", _governed_fraction
    yield (
        rf"{_FRESH}(?<sign>[-+±])?\s?(?<before>[$€£¥₽])?(?!0\d|\d{{8}})(?:(?<first>{number})\s?[-–—]\s?)?"
        rf"(?<number>{number})(?![:/.-]?\d)(?:\s?(?:(?<unit>{_UNIT})(?:\s?/\s?(?<per>{_UNIT}))?"
        rf"|(?<after>{alternatives(CURRENCIES)})(?:\s?/\s?(?<per>{_UNIT}))?){_END}|(?!-?\p{{L}}))",
        partial(_governed, notation),
    )
    # Before the common kinds, which would take руб in "3 руб 50 коп" for the currency of what follows.
    yield (
        rf"{_FRESH}(?<sign>[-+])?(?<number>{number})\s?(?<after>{_LETTERED_CURRENCIES}){_END}(?!\s?/)",
        lambda found: money(
            notation.parse(found["number"], found["sign"] or ""), CURRENCIES[found["after"]], None, None
        ),
    )


def rows_of_plain_numbers(notation: Notation) -> Sequence[Row]:
    """Rules that come behind the common kinds: a number agrees with the noun behind it."""
    return [
        (rf"(?<=\b(?:тысяч|миллион|миллиард|триллион)\p{{L}}{{0,3}}\s)(?<unit>{_MANY}){_END}", _many),
        (r"(?<=\s)руб(?:\.(?!\s*$))?(?!\p{L})", lambda _: "рублей"),
        (
            rf"(?:(?<=[а-яё]{{2}}-)|{_FRESH})(?<sign>[-+±](?=\d))?(?!0\d|\d{{8}})(?<number>{notation.pattern})"
            r"(?![:/.-]?\d)(?=\s[а-яё])",
            partial(_agreeing, notation),
        ),
    ]


def _many(found: "regex.Match[str]") -> str:
    unit = found["unit"]
    return UNITS[unit].many if unit in UNITS else CURRENCIES[unit].unit.many


def measure(number: Number, noun: Noun, per: Noun | None, case: Case = Case.NOMINATIVE) -> str:
    """пять литров в минуту."""
    words = counted(number, noun, case)
    return f"{words} {per.per} {per.singular[Case.ACCUSATIVE]}" if per else words


def money(
    number: Number, currency: Currency, magnitude: Noun | None, per: Noun | None, case: Case = Case.NOMINATIVE
) -> str:
    """два евро пятьдесят центов за килограмм."""
    unit, cent = currency.unit, currency.cent
    assert isinstance(unit, Noun)
    if magnitude:
        words = f"{counted(number, magnitude, case)} {unit.many}"
    elif isinstance(cent, Noun) and len(number.fraction) == 2:
        words = _with_cents(number, unit, cent, case)
    else:
        words = counted(number, unit, case)
    return f"{words} за {per.singular[Case.ACCUSATIVE]}" if per else words


def _with_cents(number: Number, unit: Noun, cent: Noun, case: Case) -> str:
    whole, cents = Number(number.whole, "", number.sign), int(number.fraction)
    if not cents:
        return counted(whole, unit, case)
    if not whole.whole:
        return counted(Number(cents, "", number.sign), cent, case)
    return f"{counted(whole, unit, case)} {counted(Number(cents), cent, case)}"


# ---- things with a number ----


def _feet_and_inches(found: "regex.Match[str]") -> str:
    feet, inches = (Number(int(found[part])) for part in "ab")
    return f"{counted(feet, _FOOT)} {counted(inches, UNITS['in'])}"


def _inches(notation: Notation, found: "regex.Match[str]") -> str | None:
    if found.string[: found.start()].count('"') % 2:
        return None  # the end of a quotation
    return counted(notation.parse(found["n"]), UNITS["in"])


def _times(found: "regex.Match[str]") -> str:
    return f"в {counted(Number(int(found['n'])), _TIME, Case.ACCUSATIVE)}"


def _fraction_in(found: "regex.Match[str]") -> tuple[int, int]:
    if found["vulgar"]:
        numerator, _, denominator = unicodedata.normalize("NFKC", found["vulgar"]).partition("\u2044")
        return int(numerator), int(denominator)
    return int(found["a"]), int(found["b"])


def _fraction_of_unit(found: "regex.Match[str]") -> str:
    written, noun = _fraction_in(found), UNITS[found["unit"]]
    governor = governor_of(found)
    case = governor.case if governor else Case.NOMINATIVE
    if not found["whole"]:
        return f"{fraction(*written, case)} {noun.singular[Case.GENITIVE]}"
    whole = Number(int(found["whole"]))
    if written != (1, 2):
        return f"{number_words(whole, case)} и {fraction(*written, case)} {noun.singular[Case.GENITIVE]}"
    if whole.is_one:
        return counted(Number(1, "5"), noun, case)
    return f"{number_words(whole, case, noun.gender)} с половиной {noun.form(whole, case)}"


def _governed_fraction(found: "regex.Match[str]") -> str | None:
    governor = governor_of(found)
    return fraction(*_fraction_in(found), governor.case) if governor else None


def _round_of_a_cup(found: "regex.Match[str]") -> str:
    """одна восьмая (финала)."""
    is_inside = regex.search(r"\bв\s$", found.string[: found.start()]) and not _GETS_INTO.search(
        found.string, 0, found.start()
    )
    governor = preposition_of(found)
    case = Case.PREPOSITIONAL if is_inside else governor.case if governor else Case.NOMINATIVE
    return ordinal_fraction(1, int(found["n"]), case)


def _range(notation: Notation, found: "regex.Match[str]") -> str | None:
    """Two close small numbers are said together, others with от and до."""
    first, last = found["a"], found["b"]
    a, b = (float(text.replace(",", ".").replace("\u00a0", "").replace(" ", "")) for text in (first, last))
    if preposition_of(found) or (a >= 0 and b <= a):
        return None
    if a >= 0 and b <= 10 and (first + last).isdecimal():
        n = int(first)
        gender = UNITS[found["unit"]].gender if found["unit"] else gender_of(found["word"] or "", n, Case.NOMINATIVE)
        return f"{cardinal(n, gender=gender)}-{last}"
    currency = found["currency"] or ""
    return f"от {currency}{first} до {currency}{last}"


# ---- numbers in their case ----


def _governed(notation: Notation, found: "regex.Match[str]") -> str | None:
    """Behind a preposition: до пяти часов."""
    governor = governor_of(found)
    if not governor:
        return None
    first = notation.parse(found["first"], found["sign"] or "") if found["first"] else None
    number = notation.parse(found["number"], "" if first else found["sign"] or "")
    if not (found["unit"] or found["before"] or found["after"]):
        return _agreed(number, first, governor, _words_behind(found))
    case, gender = governor.case, "m"
    per = UNITS[found["per"]] if found["per"] else None
    if governor.word == "по" and number.is_whole and ending(number.whole) == "one":
        case = Case.DATIVE
    if found["unit"]:
        is_distance = found["unit"] in ("км", "м", "см") and found.string.startswith(" от", found.end())
        if governor.word in ("в", "во") and (is_distance or found["unit"] in ("л", "мл")):
            case = Case.PREPOSITIONAL
        gender = UNITS[found["unit"]].gender
        words = measure(number, UNITS[found["unit"]], per, case)
    else:
        words = money(number, CURRENCIES[found["before"] or found["after"]], None, per, case)
    return f"{number_words(first, case, gender)}-{words}" if first else words


def _agreeing(notation: Notation, found: "regex.Match[str]") -> str | None:
    if _NAMED.search(found.string, max(0, found.start() - 20), found.start()):
        return None
    return _agreed(notation.parse(found["number"], found["sign"] or ""), None, None, _words_behind(found))


def _words_behind(found: "regex.Match[str]") -> str:
    words = _BEHIND.match(found.string, found.end())
    return words[1] if words else ""


def _agreed(number: Number, first: Number | None, governor: Governor | None, behind: str) -> str:
    """A number without a unit: what stands behind says which one (на пятом этаже) or of what kind (две книги)."""
    word = behind.partition(" ")[0]
    as_ordinal = numbered(word, governor, number.whole)
    if as_ordinal is None and governor and not governor.is_verb and not word and 1900 <= number.whole < 2100:
        as_ordinal = Case.PREPOSITIONAL if governor.word in ("в", "во") else governor.case, "m"
    if as_ordinal and number.is_whole:
        sign = "минус " if number.sign == "-" else ""
        words = sign + ordinal(number.whole, *as_ordinal)
        return f"{ordinal(first.whole, *as_ordinal)}-{words}" if first else words
    case = case_of(governor, word, number.whole)
    gender = gender_of(behind, number.whole, case)
    if number.fraction:
        gender = "f" if word.endswith(("ы", "и")) else "m"
    if is_one_and_a_half(number) and not word:
        words = f"{number_words(Number(1, '', number.sign), case, 'f')} целая пять десятых"
    else:
        words = number_words(number, case, gender)
    return f"{number_words(first, case, gender)}-{words}" if first else words
