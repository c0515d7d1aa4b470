"""Korean numbers with 만 and 억 in them (5억 2,000만 원), and arithmetic."""

from collections.abc import Sequence

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.korean_numbers import COUNTERS, NOTATION, decimal, sino
from qwen3tts_daemon.reading.korean_particles import fitted
from qwen3tts_daemon.reading.korean_units import CURRENCIES, LARGE
from qwen3tts_daemon.reading.language import Row


def rows() -> Sequence[Row]:
    """Rules of sums."""
    large = r"\d[\d,]*(?:\.\d+)?\s?[천백]?\s?(?:조(?!각|합|직|명|건)|억|만(?!기|화)|천(?!장|막)|백(?!화점))"
    return (
        (
            rf"(?<![\d.,]|\d/)(?<sign>(?<![\p{{L}}\d]\s?)-)?(?<currency>[₩$€¥])?(?<sum>{large}(?:\s?{large})*(?:\s?\d[\d,]{{2,}}|\d+)?)"
            rf"(?!\d)(?:\s?(?<unit>{COUNTERS}))?",
            _sum,
        ),
        (
            r"(?<n>\d+)\s?=\s?(?=-?\d)",
            lambda found: f"{found['n']}{fitted('은', found['n'])} ",
        ),
        (r"(?<=\d)\s?\+\s?(?=\d)", lambda _: " 더하기 "),
        (r"(?<=\d)\s-\s(?=\d+\s?[은는])", lambda _: " 빼기 "),
        (r"(?<=\d)\s?[×xX*]\s?(?=\d)", lambda _: " 곱하기 "),
    )


def _sum(found: "regex.Match[str]") -> str:
    written, unit = found["sum"], found["unit"]
    if "." in written:
        words = regex.sub(r"[\d.,]+", lambda number: decimal(NOTATION.parse(number[0])), written)
    else:
        words = sino(_value_of_sum(written))
    sign = "마이너스 " if found["sign"] else ""
    if found["currency"]:
        unit = CURRENCIES[found["currency"]].unit.one
    return sign + (f"{words} {unit}" if unit else words)


def _value_of_sum(written: str) -> int:
    """3천5백만 -> 35,000,000."""
    total = small = 0
    for digits, marks in regex.findall(r"([\d,]+)\s?([천백]?\s?[조억만천백]?)", written):
        n = int(digits.replace(",", ""))
        for mark in marks.replace(" ", ""):
            if mark in "천백":
                n *= LARGE[mark]
            else:
                total, small, n = total + (small + n) * LARGE[mark], 0, 0
        small += n
    return total + small
