"""Russian numbers where their case comes from the words around them: до двадцати градусов, через одну минуту."""

import unicodedata
from collections.abc import Iterator, Sequence
from functools import partial

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.kinds import alternatives
from qwen3tts_daemon.reading.language import Currency, Row
from qwen3tts_daemon.reading.notation import Notation, Number
from qwen3tts_daemon.reading.russian_agreement import GOVERNORS, case_of, gender_of, numbered
from qwen3tts_daemon.reading.russian_grammar import (
    Case,
    Noun,
    cardinal,
    compound,
    counted,
    fraction,
    masculine,
    number_words,
    ordinal,
)
from qwen3tts_daemon.reading.russian_units import CURRENCIES, UNITS

_GOVERNOR = rf"\b(?<governor>(?i:{alternatives(GOVERNORS)}))\s+(?:(?:примерно|почти|ровно)\s)?"
_CURRENCY = alternatives(CURRENCIES)
_UNIT = alternatives(UNITS)
_FRESH = r"(?<![\d.,:/\p{L}-])"
_END = r"(?![\p{L}\d])"
_WORDS = r"(?=(?<words>(?:\s[а-яё]+){0,2}))"
# Behind these a number is a name and agrees with nothing.
_NAMED = (
    r"(?:№|#|(?i:номер|дом|квартира|статья|пункт|параграф|рейс|поезд|автобус|трамвай|маршрут|канал|страница|глава|кабинет|комната"
    r"|зона|серия|серию|сезон|эпизод|том|терминал|уровень|выход|корпус|код|версия|станция|шаг|группа|школа)\p{L}{0,2})"
)
_FOOT, _TIME = masculine("фут"), masculine("раз", many="раз")
_BEFORE_WORD = regex.compile(r"\s?([а-яё]+(?: [а-яё]+)?)")


def rows(notation: Notation) -> Iterator[Row]:
    """Rules that come before the common kinds."""
    number = notation.pattern
    yield r"(?<a>\d{1,2})'\s?(?<b>\d{1,2})\"", _feet_and_inches
    yield rf"(?<=^|[\s(])(?<n>{number})\"(?![\p{{L}}\d])", partial(_inches, notation)
    yield r"(?<=(?<![\p{L}\d])[-+]?\d{1,3}(?:,\d)?)[CС](?![\p{L}\d])", lambda _: "°C"
    yield r"(?<=\d)\.{2,3}(?=[-+]?\d)", lambda _: "…"
    yield rf"{_FRESH}(?<n>\d+)\s?[xх×]?(?<=[xх×])(?=\s[а-яё])", _times
    yield (
        rf"{_FRESH}(?<whole>\d+)?\s?(?:(?<vulgar>[¼½¾⅓⅔⅕⅛])|(?<=\d\s)(?<a>\d)/(?<b>\d{{1,2}})(?![\d/]))\s?(?<unit>{_UNIT}){_END}",
        _fraction_of_unit,
    )
    yield r"\b(?i:(?<word>между))\s(?<a>\d+)(?:-?м\p{L}*)?\sи\s(?<b>\d+)(?!\d|[.,:]\d)", _between
    yield r"(?<=\d)\s-\s(?=\d+(?:[.,]\d+)?\s?=)", lambda _: " минус "
    yield r"(?<=\d)\s?с(?=[.,;:!?)]|$|\s\d)", lambda _: "сек"
    yield r"(?:(?<=^|[\s(])(?<sign>[<>≤≥]))\s?(?=\d)", lambda found: f"{_COMPARISONS[found['sign']]} "
    yield (
        rf"(?:\b(?<governor>(?i:{alternatives(GOVERNORS)}))\s)?{_FRESH}(?:(?<first>\d{{1,4}})[-–])?(?<n>\d{{1,4}})-"
        r"(?<end>ый|ий|ой|й|ая|ья|я|ое|ье|е|го|ого|му|ому|м|ом|ю|ую|х|ых|ми|ыми)(?!\p{L})(?:\s(?<word>[а-яё]+))?",
        _ordinal,
    )
    yield rf"{_FRESH}(?<n>\d{{1,4}})[-‑](?<word>[а-яё]{{4,}})", lambda found: compound(int(found["n"])) + found["word"]
    yield (
        rf"{_FRESH}(?<n>\d{{1,3}})\s?%-?(?<end>н(?:ый|ая|ое|ые|ого|ой|ую|ым|ом|ых)|й|го|м|я|е)(?!\p{{L}})",
        lambda found: f"{compound(int(found['n']))}процентн{_ADJECTIVES.get(found['end'], found['end'][1:])}",
    )
    yield (
        rf"(?<!\b(?i:{alternatives(GOVERNORS)})\s)(?<![\d.,:/\p{{L}}-]|\p{{L}}\s-)(?<cur>[$€£])?(?<a>[-+]?{number})\s?(?:{_UNIT})?"
        rf"\s?(?:[-–—]|…|\.\.\.)\s?(?<b>[-+]?(?:{number}))(?=\s?(?:(?<unit>{_UNIT}){_END}|(?<word>[а-яё]{{3,}})|[$€£₽]))",
        partial(_range, notation),
    )
    yield rf"{_GOVERNOR}(?:(?<vulgar>[¼½¾⅓⅔⅕⅛])|(?<a>\d)/(?<b>\d{{1,2}})(?![\d/]))(?=\s[а-яё])", _governed_fraction
    yield (
        rf"{_GOVERNOR}(?<sign>[-+±])?\s?(?<before>[$€£¥₽])?(?!0\d)(?:(?<first>{number})\s?[-–—]\s?)?(?<number>{number})"
        rf"(?![:/.-]?\d)(?:\s?(?<unit>{_UNIT})(?:\s?/\s?(?<per>{_UNIT}))?{_END}|\s?(?<after>{_CURRENCY}){_END}|(?!\p{{L}}|-\p{{L}}))",
        partial(_governed, notation),
    )


def rows_of_plain_numbers(notation: Notation) -> Sequence[Row]:
    """Rules that come behind the common kinds: a number agrees with the noun behind it."""
    return [
        (r"(?<=\s)руб(?:\.(?!\s*$))?(?!\p{L})", lambda _: "рублей"),
        (
            rf"(?<!{_NAMED}\s)(?:(?<=[а-яё]{{2}}-)|{_FRESH})(?<sign>[-+±](?=\d))?(?!0\d)(?<number>{notation.pattern})(?![:/.-]?\d)(?=\s[а-яё])",
            partial(_agreeing, notation),
        ),
    ]


_COMPARISONS = {"<": "меньше", ">": "больше", "≤": "не более", "≥": "не менее"}
_ADJECTIVES = {"й": "ый", "го": "ого", "м": "ом", "я": "ая", "е": "ое"}


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
        whole, cents = Number(number.whole, "", number.sign), Number(int(number.fraction))
        parts = [counted(whole, unit, case)] if whole.whole or not cents.whole else []
        if cents.whole:
            parts.append(counted(cents if parts else Number(cents.whole, "", number.sign), cent, case))
        words = " ".join(parts)
    else:
        words = counted(number, unit, case)
    return f"{words} за {per.singular[Case.ACCUSATIVE]}" if per else words


def _range(notation: Notation, found: "regex.Match[str]") -> str | None:
    """Two close small numbers are said together, others with от and до."""
    first, last = found["a"], found["b"]
    a, b = (float(text.replace(",", ".").replace("\u00a0", "").replace(" ", "")) for text in (first, last))
    currency = found["cur"] or ""
    if a >= 0 and b <= a:
        return None
    if a >= 0 and b <= 10 and "," not in first + last and first[0] not in "+-":
        n = int(first)
        gender = UNITS[found["unit"]].gender if found["unit"] else gender_of(found["word"] or "", n, Case.NOMINATIVE)
        return f"{cardinal(n, gender=gender)}-{last}"
    return f"от {currency}{first} до {currency}{last}"


def _feet_and_inches(found: "regex.Match[str]") -> str:
    feet, inches = counted(Number(int(found["a"])), _FOOT), counted(Number(int(found["b"])), UNITS["in"])
    return f"{feet} {inches}"


def _inches(notation: Notation, found: "regex.Match[str]") -> str | None:
    if found.string[: found.start()].count('"') % 2:
        return None  # the end of a quotation
    return counted(notation.parse(found["n"]), UNITS["in"])


def _times(found: "regex.Match[str]") -> str:
    return f"в {counted(Number(int(found['n'])), _TIME, Case.ACCUSATIVE)}"


def _between(found: "regex.Match[str]") -> str:
    a, b = (number_words(Number(int(found[end])), Case.INSTRUMENTAL) for end in "ab")
    return f"{found['word']} {a} и {b}"


def _fraction_of_unit(found: "regex.Match[str]") -> str:
    written = (
        unicodedata.normalize("NFKC", found["vulgar"]).split("\u2044") if found["vulgar"] else (found["a"], found["b"])
    )
    numerator, denominator = map(int, written)
    noun = UNITS[found["unit"]]
    if not found["whole"]:
        return f"{fraction(numerator, denominator)} {noun.singular[Case.GENITIVE]}"
    whole = int(found["whole"])
    if (numerator, denominator) != (1, 2):
        return f"{number_words(Number(whole))} и {fraction(numerator, denominator)} {noun.singular[Case.GENITIVE]}"
    if whole == 1:
        return counted(Number(1, "5"), noun)
    return f"{number_words(Number(whole), gender=noun.gender)} с половиной {noun.form(Number(whole), Case.NOMINATIVE)}"


def _governed_fraction(found: "regex.Match[str]") -> str:
    written = (
        unicodedata.normalize("NFKC", found["vulgar"]).split("\u2044") if found["vulgar"] else (found["a"], found["b"])
    )
    numerator, denominator = map(int, written)
    return f"{found['governor']} {fraction(numerator, denominator, GOVERNORS[found['governor'].casefold()])}"


def _governed(notation: Notation, found: "regex.Match[str]") -> str | None:
    if len(found["number"]) > 7 and found["number"].isdecimal():
        return None
    number = notation.parse(found["number"], found["sign"] or "")
    first = notation.parse(found["first"], found["sign"] or "") if found["first"] else None
    if first:
        number = notation.parse(found["number"])
    written = found[0][: len(found[0]) - len(found[0].split(found["governor"], 1)[1].lstrip())]
    governor = found["governor"]
    if found["unit"] or found["before"] or found["after"]:
        case = GOVERNORS[governor.casefold()]
        if (
            governor.casefold() in ("в", "во")
            and found["unit"] in ("км", "м", "см")
            and found.string[found.end() :].startswith(" от")
        ):
            case = Case.PREPOSITIONAL
        words = _counted(found, number, case)
        gender = "m"
        if found["unit"]:
            gender = UNITS[found["unit"]].gender
    else:
        following = _BEFORE_WORD.match(found.string, found.end())
        words_behind = following[1] if following else ""
        word = words_behind.partition(" ")[0]
        if number.is_whole and (ordinal_of := numbered(word, governor, number.whole)):
            said = ordinal(number.whole, *ordinal_of)
            if first:
                said = f"{ordinal(first.whole, *ordinal_of)}-{said}"
            return f"{governor} {said}"
        if not word and number.is_whole and regex.fullmatch(r"(?:19|20)\d\d", found["number"]):
            case = Case.PREPOSITIONAL if governor.casefold() in ("в", "во") else GOVERNORS[governor.casefold()]
            return f"{governor} {ordinal(number.whole, case)}"
        case = case_of(governor, word, number.whole)
        gender = gender_of(words_behind, number.whole, case)
        if number.fraction and word.endswith(("ы", "и")):
            gender = "f"
        words = _words(number, case, gender, bool(word))
    if first:
        words = f"{number_words(first, case, gender)}-{words}"
    return f"{written.rstrip()} {words}"


def _words(number: Number, case: Case, gender: str, is_counting: bool) -> str:
    if number.fraction == "5" and number.whole == 1 and not is_counting:
        return f"{number_words(Number(1, '', number.sign), case, 'f')} целая пять десятых"
    return number_words(number, case, gender)


def _counted(found: "regex.Match[str]", number: Number, case: Case) -> str:
    if found["unit"]:
        return measure(number, UNITS[found["unit"]], UNITS[found["per"]] if found["per"] else None, case)
    return money(number, CURRENCIES[found["before"] or found["after"]], None, None, case)


def _agreeing(notation: Notation, found: "regex.Match[str]") -> str | None:
    if len(found["number"]) > 7 and found["number"].isdecimal():
        return None
    number = notation.parse(found["number"], found["sign"] or "")
    following = _BEFORE_WORD.match(found.string, found.end())
    assert following
    word = following[1].partition(" ")[0]
    if number.is_whole and not number.sign and (ordinal_of := numbered(word, "", number.whole)):
        return ordinal(number.whole, *ordinal_of)
    case = case_of("", word, number.whole)
    gender = gender_of(following[1], number.whole, case)
    if number.fraction and word.endswith(("ы", "и")):
        gender = "f"
    return number_words(number, case, gender)


_ENDS = {
    "ый": ("n", "m"), "ий": ("n", "m"), "ой": ("n", "m"), "й": ("n", "m"), "ая": ("n", "f"), "ья": ("n", "f"),
    "я": ("n", "f"),
    "ое": ("n", "n"), "ье": ("n", "n"), "е": ("n", "n"), "го": ("g", "m"), "ого": ("g", "m"), "му": ("d", "m"),
    "ому": ("d", "m"),
    "м": ("p", "m"), "ом": ("p", "m"), "ю": ("a", "f"), "ую": ("a", "f"), "х": ("g", "p"), "ых": ("g", "p"),
    "ми": ("i", "p"), "ыми": ("i", "p"),
}  # fmt: skip


def _ordinal(found: "regex.Match[str]") -> str | None:
    end, word, governor = found["end"], found["word"] or "", found["governor"] or ""
    letter, gender = _ENDS[end]
    case, n = Case(letter), int(found["n"])
    if end == "й" and word.endswith(("е", "и", "ы", "ой", "ей")) and not word.endswith(("ие", "ые", "ое")):
        case, gender = Case.GENITIVE, "f"
    elif end == "м" and (
        governor.casefold() in ("с", "со", "под", "за", "над", "перед") or word.endswith(("ом", "ем"))
    ):
        case = Case.INSTRUMENTAL
    elif end == "е" and word.endswith(("ы", "и", "ие", "ые")):
        gender = "p"
    said = ordinal(n, case, gender)
    if found["first"]:
        said = f"{ordinal(int(found['first']), case, gender)}-{said}"
    return " ".join(filter(None, (governor, said, word)))
