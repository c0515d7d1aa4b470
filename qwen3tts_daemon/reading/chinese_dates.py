"""How Chinese dates, timers, scores and spans are written, beside what every language has."""

from collections.abc import Sequence

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.characters import LETTERS
from qwen3tts_daemon.reading.chinese_numbers import (
    NOTATION,
    NUMBER,
    below_zero,
    cardinal,
    date,
    digits,
    duration,
    number,
)
from qwen3tts_daemon.reading.chinese_units import COUNTERS, UNITS
from qwen3tts_daemon.reading.language import Row

_DASH = r"[-–—~～〜至到]"
_WON = "战胜|击败|获胜|领先|落后|战平|大胜|险胜|取胜|力克|不敌|输给|负于|逆转|完胜|小胜|赢|胜|负|平"


def dates() -> Sequence[Row]:
    """Years, days and timers."""
    timers = r"(?<=(?:倒计时|计时器|定时器|剩余|还剩|剩下|时长)(?:时间)?[^\d]{0,3})"
    weekday = r"\s?[（(]?(?:周|星期|礼拜)[一二三四五六日天末]"
    return [
        (r"(?<![\d.,-])(?:(?:19|20)\d\d(?=年(?![前来]))|1[0-8]\d\d(?=年(?![前后来间的以内历])))", _digits),
        (r"(?<!\d)0\d(?=年)|(?<=《)(?:19|20)\d\d(?=》)", _digits),
        (
            rf"(?<![\d.,:/{LETTERS}-])(?:19[5-9]\d|20[12]\d)(?=\p{{Han}}{{2}})(?!{COUNTERS}|多|余|来|[^\p{{Han}}])",
            _digits,
        ),
        (r"(?<![\d到至达过])(?:[05-9]0|[89]5|10)(?=后(?:[，。、！？”\s的们和与青]|$))", _digits),
        (r"(?<!\d)0(?=[1-9](?:月|日|号|点|时))", lambda _: ""),
        (rf"(?<![\d/])(?<m>1[0-2]|0?[1-9])/(?<d>[12]\d|3[01]|0?[1-9])(?={weekday})", _day),
        (r"(?<=周[一二三四五六日]|星期[一二三四五六日天])[-–—~～](?=周|星期)", lambda _: "到"),
        (rf"{timers}(?<m>\d{{1,2}}):(?<s>[0-5]\d)(?![:\d])", _timer),
    ]


def spans() -> Sequence[Row]:
    """From one to another, and what a wave between two numbers is."""
    temperature = r"\s?(?:°[CF]|°|摄氏度|华氏度|度)"
    return [
        (rf"(?<a>{NUMBER})%?\s?{_DASH}\s?(?<b>{NUMBER})%", _percents),
        (
            (
                rf"(?<![\d.,])(?<a>-?{NUMBER})(?:{temperature})?\s?(?:{_DASH}|\.\.)\s?(?<b>-?{NUMBER})"
                rf"(?<unit>{temperature})(?![{LETTERS}])"
            ),
            _temperatures,
        ),
        (r"(?<![\d.,-])(?<a>[12]\d{3})年?\s?[-–—~～〜至到]\s?(?<b>[12]\d{3})(?=年)", _years),
        (r"(?<=[\d%°年月日号时点分秒个天元])\s?[~～〜—]+\s?(?=[-+¥$€]?\d)", lambda _: "到"),
    ]


def scores() -> Sequence[Row]:
    """Scores, ratios, differences and sizes of pictures."""
    pair = r"(?<a>\d{1,3})\s?[:：\-–]\s?(?<b>\d{1,3})(?![\d:.])"
    return [
        (rf"(?<=比分[^\d]{{0,4}}){pair}", _score),
        (rf"(?<![\d:]){pair}(?=的?(?:{_WON}))", _score),
        (r"(?<![\d:])(?<a>\d+):(?<b>\d{4,})(?![\d:])", _score),
        (r"(?<=\d\s?)[-–](?=\s?\d+\s?(?:=|等于))", lambda _: "减"),
        (r"(?<!\d)(?<a>\d{4})\s?[x×*]\s?(?<b>\d{3,4})(?!\d)", _resolution),
    ]


def _digits(found: "regex.Match[str]") -> str:
    return digits(found[0])


def _day(found: "regex.Match[str]") -> str:
    return date(int(found["d"]), int(found["m"]), None)


def _timer(found: "regex.Match[str]") -> str:
    return duration(0, int(found["m"]), int(found["s"]))


def _years(found: "regex.Match[str]") -> str:
    return f"{digits(found['a'])}到{digits(found['b'])}"


def _percents(found: "regex.Match[str]") -> str:
    return "到".join(f"百分之{number(NOTATION.parse(found[name]))}" for name in "ab")


def _temperatures(found: "regex.Match[str]") -> str:
    unit = found["unit"].strip()
    first, last = (below_zero(found[name]) for name in "ab")
    return f"{first}到{last}{UNITS[unit].one if unit in UNITS else unit}"


def _score(found: "regex.Match[str]") -> str:
    return f"{cardinal(int(found['a']))}比{cardinal(int(found['b']))}"


def _resolution(found: "regex.Match[str]") -> str:
    return f"{digits(found['a'])}乘{digits(found['b'])}"
