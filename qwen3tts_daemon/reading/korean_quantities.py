"""Korean amounts: sums with 만 and 억, things with a counter, ranges, fractions, units that are said first."""

import unicodedata
from collections.abc import Sequence

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.korean_numbers import (
    COUNTERS,
    DASH,
    FRESH,
    NOTATION,
    by_digit,
    counted,
    counted_range,
    decimal,
    fraction,
    mixed_fraction,
    sino,
)
from qwen3tts_daemon.reading.korean_particles import fitted
from qwen3tts_daemon.reading.korean_units import UNITS
from qwen3tts_daemon.reading.language import Row, Unit, rewritten
from qwen3tts_daemon.reading.notation import Number
from qwen3tts_daemon.reading.patterns import alternatives

_BEHIND_COUNTERS = (
    r"\P{Hangul}|$|이|가|은|는|을|를|에|의|도|만|로|으로|부터|까지|입|예|씩|마다|간|째|"
    r"전|후|동안|정도|이상|이하|미만|초과|짜리|이나|쯤|과|와|랑|용|대"
)
_LED = {symbol: unit for symbol, unit in UNITS.items() if unit.before}
_SIGNS = {"+": "플러스", "-": "마이너스", "±": "플러스마이너스"}


def rows() -> Sequence[Row]:
    """What is counted or measured."""
    number = NOTATION.pattern
    units = alternatives(unit for unit in UNITS if not regex.match(r"\p{Hangul}", unit))
    counter = rf"(?=\s?(?<counter>{COUNTERS})?)"
    return (
        (
            r"(?<![\d.,/])(?<a>\d\.\d+)\s?/\s?(?<b>5|10|100)(?<points>점)?(?![\d/.,]\d|\d)",
            lambda found: (
                f"{sino(int(found['b']))} 점 만점에 {decimal(NOTATION.parse(found['a']))}"
                + (" 점" if found["points"] else "")
            ),
        ),
        (r"(?<b>\d+)분의\s?(?<a>\d+)", lambda found: fraction(int(found["a"]), int(found["b"]))),
        (rf"(?<=-{number}{DASH}-?{number})\s?°C?", lambda _: "도"),
        (
            rf"(?<![\d.,:/]|\d-)(?<sign>-)?(?<a>{number})\s?(?:{COUNTERS})?{DASH}"
            rf"(?<last_sign>-)?(?<b>{number})\s?(?<counter>{COUNTERS})",
            _range_of_things,
        ),
        (
            rf"{FRESH}(?<a>{number}){DASH}(?<b>{number})\s?(?<unit>{alternatives(_LED)})(?![A-Za-z\d])",
            _range_of_led_units,
        ),
        (
            rf"(?<number>{number})\s?(?<unit>{units})\s?/\s?(?<n>\d+)\s?(?<per>{units})(?![A-Za-z\d])",
            _per_amount,
        ),
        (rf"(?<number>{number})\s?(?<unit>[µm]g/m[³3])(?<particle>로|는|를|가|와)?", _density),
        (
            rf"(?<![:/A-Za-z]|\d[.,-])(?<sign>(?<!\d\s?|\p{{L}})[-+±])?(?<number>{number})"
            rf"(?:\s(?=(?:{COUNTERS})(?:{_BEHIND_COUNTERS})))?(?<counter>{COUNTERS})(?!/)",
            _thing,
        ),
        (rf"{FRESH}(?:(?<whole>\d+)\s)?(?<a>\d{{1,2}})/(?<b>\d{{1,2}})(?![\d/]){counter}", _fraction),
        (rf"(?<whole>\d+)?(?<vulgar>[¼½¾⅓⅔⅕⅛]){counter}", _fraction),
        (r"(?<![\d\p{L}%°])[~∼〜]\s?(?=\d)", lambda _: "약 "),
        (r"(?<=[\d%°Ca-z])\s?[∼〜~]\s?(?=\d)", lambda _: "-"),
        (r"(?<word>\p{Hangul}+)(?:[∼〜~](?=[\p{Hangul}\d])|\s[∼〜~]\s)", rewritten(r"\g<word>에서 ")),
    )


def measured(number: Number, unit: Unit) -> str:
    """시속 백 킬로미터, 영하 오 도."""
    before = f"{unit.before} " if unit.before else ""
    return f"{before}{sign_words(number, unit.one)}{decimal(number)} {unit.one}"


def sign_words(number: Number, unit: str, before: str = "") -> str:
    """Below zero there is a word of its own for degrees."""
    if unit == "도" and number.sign in ("-", "+"):
        word = "영하" if number.sign == "-" else "영상"
        return "" if before.rstrip().endswith(word) else f"{word} "
    return f"{_SIGNS[number.sign]} " if number.sign else ""


def _range_of_things(found: "regex.Match[str]") -> str | None:
    first, last = NOTATION.parse(found["a"], found["sign"] or ""), NOTATION.parse(found["b"], found["last_sign"] or "")
    counter = found["counter"]
    if first.sign:
        words = [f"{sign_words(end, counter)}{decimal(end)} {counter}" for end in (first, last)]
        return "에서 ".join(words)
    if first.fraction or last.fraction:
        return f"{decimal(first)}에서 {decimal(last)} {counter}"
    if last.whole <= first.whole:
        return None
    return counted_range(first.whole, last.whole, counter, found.string[found.end() :])


def _range_of_led_units(found: "regex.Match[str]") -> str:
    """초속 이에서 사 미터."""
    unit = _LED[found["unit"]]
    first, last = (decimal(NOTATION.parse(found[end])) for end in "ab")
    return f"{unit.before} {first}에서 {last} {unit.one}"


def _per_amount(found: "regex.Match[str]") -> str:
    """ "6.5L/100km": 백 킬로미터당 육 점 오 리터."""
    words = measured(NOTATION.parse(found["number"]), UNITS[found["unit"]])
    return f"{sino(int(found['n']))} {UNITS[found['per']].one}당 {words}"


def _density(found: "regex.Match[str]") -> str:
    """The unit is said first, so that the particle stands behind 그램, not 미터."""
    words = measured(NOTATION.parse(found["number"]), UNITS[found["unit"]])
    return words + fitted(found["particle"] or "", words)


def _thing(found: "regex.Match[str]") -> str | None:
    written, counter = found["number"], found["counter"]
    if written.startswith("0") and len(written) > 1 and written.isdecimal() and len(written) > 2:
        return f"{by_digit(written)} {counter}"
    number = NOTATION.parse(written, found["sign"] or "")
    if number.fraction.strip("0") or (number.fraction and counter != "원"):
        words = f"{decimal(number)} {counter}"
    else:
        words = counted(number.whole, counter, found.string[found.end() :])
    return f"{sign_words(number, counter, found.string[: found.start()])}{words}"


def _fraction(found: "regex.Match[str]") -> str | None:
    groups = found.groupdict()
    if vulgar := groups.get("vulgar"):
        numerator, denominator = map(int, unicodedata.normalize("NFKC", vulgar).split("\u2044"))
    else:
        numerator, denominator = int(groups["a"]), int(groups["b"])
    words = fraction(numerator, denominator)
    if words is None:
        return None
    if found["whole"]:
        words = mixed_fraction(int(found["whole"]), numerator, denominator)
    return f"{words} " if found["counter"] else words
