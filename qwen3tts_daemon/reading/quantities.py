"""How much: ranges, money, measures, fractions, marks and plain numbers."""

from collections.abc import Iterator
from functools import partial

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.characters import LETTERS
from qwen3tts_daemon.reading.language import Language, Row
from qwen3tts_daemon.reading.patterns import DASH, END, SIGN, alternatives

# ---- ranges ----


def ranges(language: Language) -> Iterator[Row]:
    one = rf"(?:\d{{1,2}}:\d\d|{language.notation.pattern})"
    money = alternatives(sign for sign in language.currencies if not sign.isalpha())
    unit = alternatives(language.units)
    yield (
        (
            rf"(?<![{LETTERS}\d-]|{DASH}\s|\d[:/])(?:(?<cur>{money})\s?)?(?<a>-?{one})(?:\s?(?<unit>{unit}){END})?"
            rf"(?<gap>\s?){DASH}\s?(?<cur2>{money})?(?<b>-?{one})(?(unit)(?=\s?(?P=unit)))(?!{DASH}?\d|[{LETTERS}]*\d|:\d|\s?=)"
        ),
        partial(_range, language),
    )


def _range(language: Language, found: "regex.Match[str]") -> str | None:
    first, last = found["a"], found["b"]
    if found["gap"] and ":" not in first and _value(language, last) <= _value(language, first):
        return None  # a dash between two thoughts
    last = (found["cur"] or found["cur2"] or "") + last
    before = found.string[: found.start()].split()[-1:]
    if language.between and [language.between] == [word.lower() for word in before]:
        return f"{first} {language.and_word} {last}"
    return language.range(first, last)


def _value(language: Language, written: str) -> float:
    number = language.notation.parse(written.lstrip("-").split(":")[0])
    value = float(f"{number.whole}.{number.fraction or 0}")
    return -value if written.startswith("-") else value


# ---- money and measures ----


def money(language: Language) -> Iterator[Row]:
    """The currency before the number or behind it."""
    number = language.notation.pattern
    currency = alternatives(language.currencies)
    magnitude = rf"(?:\s?(?<magnitude>{alternatives(language.magnitudes)}){END})?" if language.magnitudes else ""
    per = rf"(?:\s?/\s?(?<per>{alternatives(language.units)}){END})?"
    say = partial(_amount, language)
    before = rf"(?<![{LETTERS}])(?<currency>{currency})\s?(?<sign>[-+])?"
    yield rf"(?:{SIGN})?{before}(?<number>{number}){magnitude}{per}", say
    yield rf"(?:{SIGN})?(?<number>{number}){magnitude}\s?(?<currency>{currency}){END}{per}", say


def _amount(language: Language, found: "regex.Match[str]") -> str:
    groups = found.groupdict()
    number = language.notation.parse(found["number"], found["sign"] or "")
    currency = language.currencies[found["currency"]]
    magnitude = language.magnitudes.get(groups.get("magnitude") or "", "")
    per = language.units[found["per"]] if found["per"] else None
    return language.money(number, currency, magnitude, per)


def measures(language: Language) -> Iterator[Row]:
    number = language.notation.pattern
    unit = alternatives(language.units)
    yield (
        rf"(?:{SIGN})?(?<number>{number})[\s-]?(?<unit>{unit})(?:\s?/\s?(?<per>{unit}))?{END}",
        partial(_measure, language),
    )


def _measure(language: Language, found: "regex.Match[str]") -> str:
    written, unit = found["number"], language.units[found["unit"]]
    if written.isdecimal() and written.startswith("0") and len(written) > 2 and not found["per"]:
        return language.joined((language.code(written), unit.many))  # what a meter shows
    number = language.notation.parse(written, found["sign"] or "")
    return language.measure(number, unit, language.units[found["per"]] if found["per"] else None)


# ---- fractions ----

_VULGAR = {
    "¼": (1, 4), "½": (1, 2), "¾": (3, 4), "⅐": (1, 7), "⅑": (1, 9), "⅒": (1, 10), "⅓": (1, 3), "⅔": (2, 3),
    "⅕": (1, 5), "⅖": (2, 5), "⅗": (3, 5), "⅘": (4, 5), "⅙": (1, 6), "⅚": (5, 6), "⅛": (1, 8), "⅜": (3, 8),
    "⅝": (5, 8), "⅞": (7, 8),
}  # fmt: skip

STROKE = rf"/|[{''.join(_VULGAR)}]"
"""In every fraction"""


def fractions(language: Language) -> Iterator[Row]:
    """And other numbers with a stroke between."""
    yield r"(?:(?<whole>\d+)\s?)?(?<vulgar>[¼½¾⅐-⅞])", partial(_vulgar, language)
    yield r"(?<![\d/.,])(?:(?<whole>\d+)\s)?(?<a>\d{1,4})/(?<b>\d{1,4})(?![\d/]|[.,]\d)", partial(_stroke, language)


def _vulgar(language: Language, found: "regex.Match[str]") -> str | None:
    if found["vulgar"] not in _VULGAR:
        return None
    return _fraction(language, found["whole"], *_VULGAR[found["vulgar"]])


def _stroke(language: Language, found: "regex.Match[str]") -> str | None:
    numerator, denominator = int(found["a"]), int(found["b"])
    if (words := _fraction(language, found["whole"], numerator, denominator)) is not None:
        return words
    words = language.stroke(found["a"], found["b"])
    return language.joined((language.part(found["whole"]), words)) if found["whole"] else words


def _fraction(language: Language, whole: str | None, numerator: int, denominator: int) -> str | None:
    words = language.fraction(numerator, denominator)
    if words is None or not whole:
        return words
    return language.mixed_fraction(int(whole), numerator, denominator)


def counted_fractions(language: Language) -> Iterator[Row]:
    """ "3/4 kg", "1½ l" """
    unit = rf"[ \u00a0-]?(?<unit>{alternatives(language.units)}){END}"
    vulgar = rf"(?<![\d/.,])(?:(?<whole>\d+)\s?)?(?<vulgar>[{''.join(_VULGAR)}])"
    stroke = r"(?<![\d/.,:])(?:(?<whole>\d+)\s)?(?<a>\d{1,2})/(?<b>\d{1,2})"
    yield rf"(?:{vulgar}|{stroke}){unit}", partial(_counted_fraction, language)


def _counted_fraction(language: Language, found: "regex.Match[str]") -> str | None:
    numerator, denominator = _VULGAR[found["vulgar"]] if found["vulgar"] else (int(found["a"]), int(found["b"]))
    return language.counted_fraction(int(found["whole"] or 0), numerator, denominator, language.units[found["unit"]])


# ---- marks ----


def marks(language: Language) -> Iterator[Row]:
    """Of school or of a critic, with a point; without one they are fractions."""
    if language.out_of:
        yield r"(?<![\d.,/])(?<mark>\d+[.,]\d+)\s?/\s?(?<most>\d{1,3})(?![\d/]|[.,]\d)", partial(_mark, language)


def _mark(language: Language, found: "regex.Match[str]") -> str:
    """ "9.5/10" """
    mark = language.number(language.notation.parse(found["mark"]))
    return language.joined((mark, language.out_of, language.cardinal(int(found["most"]))))


# ---- plain numbers ----


def numbers(language: Language) -> Iterator[Row]:
    yield rf"(?:{SIGN})?(?<number>{language.notation.pattern})", partial(_number, language)


def _number(language: Language, found: "regex.Match[str]") -> str:
    written, sign = found["number"], found["sign"] or ""
    has_marks = not written.isdecimal()
    if _is_code(language, written, has_marks):
        words = language.code(written)
        return language.joined((language.signs[sign], words)) if sign else words
    return language.plain_number(language.notation.parse(written, sign), written)


def _is_code(language: Language, written: str, has_marks: bool) -> bool:
    """Digits to be said one by one: a zero in front of others, or too many of them."""
    if has_marks:
        number = language.notation.parse(written)
        return len(str(number.whole)) > language.longest_number
    return len(written) > language.longest_plain or (len(written) > 1 and written.startswith("0"))
