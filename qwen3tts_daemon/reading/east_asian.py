"""What is written in the same way in Chinese and in Japanese."""

from collections.abc import Callable, Iterator, Mapping

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.language import Row

_PAIR = r"\d{1,3}[:：\-–]\d{1,2}"
_SETS = rf"(?<![\d:.,/-]){_PAIR}(?:[、，,]\s?{_PAIR})+(?![\d:.]|\s?=)"


def sets_of_a_match(ratio_word: str) -> Row:
    """ "2-6、6-4、7-5", which are neither times of day nor pages in a row."""

    def say(found: "regex.Match[str]") -> str | None:
        pairs = [regex.split(r"\D", pair) for pair in regex.findall(_PAIR, found[0])]
        is_named = regex.search("比分|スコア", found.string[: found.start()])
        is_rising = all(int(first) < int(second) for first, second in pairs)
        if is_rising or (not is_named and ":" in found[0] and all(len(second) == 2 for _, second in pairs)):
            return None
        return str(regex.sub(r"(?<=\d)[:：\-–](?=\d)", ratio_word, found[0]))

    return _SETS, say


def days(date: Callable[[int, int, int | None], str]) -> Iterator[Row]:
    """ "11-30 07:38", which notifications have, and "2026/11", whose day is 0."""
    month, day = "(?<m>0?[1-9]|1[0-2])", r"(?<d>0[1-9]|[12]\d|3[01])"
    yield (
        rf"(?<![\d/.-]){month}-{day}(?=\s\d{{1,2}}:\d\d)",
        lambda found: date(int(found["d"]), int(found["m"]), None),
    )
    yield (
        rf"(?<![\d/.-])(?<y>20[0-4]\d)[-/]{month}(?![\d/-]|赛季|学年|财年)",
        lambda found: date(0, int(found["m"]), int(found["y"])),
    )


def spans_of_days(date: Callable[[int, int, int | None], str], to: str) -> Iterator[Row]:
    """ "2025.06.01-2035.05.31", "1/28-2/4", which are no fractions if one of the days is none."""
    full = r"\d{4}([./-])\d{1,2}[./-]\d{1,2}"
    dash = r"\s?[-–—~～〜]\s?"
    month, day = "(?:0?[1-9]|1[0-2])", r"(?:0?[1-9]|[12]\d|3[01])"
    short = rf"{month}/{day}"
    late = rf"{month}/(?:1[3-9]|2\d|3[01])"

    def say(found: "regex.Match[str]") -> str:
        numbers = [int(one) for one in regex.findall(r"\d+", found[0])]
        return to.join(date(numbers[at + 1], numbers[at], None) for at in (0, 2))

    yield rf"(?<={full}){dash}(?={full})", lambda _: to
    yield rf"(?<![\d/.])(?:{late}{dash}{short}|{short}{dash}{late})(?![\d/])", say
    yield r"(?<=(?<![\d/])\d{1,2}/\d{1,2})[-–—~～〜](?=\d{1,2}/\d{1,2}(?![\d/]))", lambda _: to


def hours(half_day: Callable[[str], str], hour: str) -> Iterator[Row]:
    """ "3pm", "下午2pm" """
    named = r"(?<named>[上下中]午|早上|晚上|凌晨|午[前後])?\s?"
    yield (
        rf"{named}(?<![\dA-Za-z.,:])(?<n>1[0-2]|[1-9])\s?(?<half>[aApP])\.?[mM]\.?(?![A-Za-z])",
        lambda found: f"{found['named'] or half_day(found['half'])}{found['n']}{hour}",
    )


def powers(words: Mapping[str, str], between: str, behind: str) -> Iterator[Row]:
    """ "5²", "x³", "10^6"; `words` for the small figures."""
    yield r"(?<=\d|(?<![\p{L}\d/²³·]|\d\s)[a-z])[²³](?![\p{L}\d])", lambda found: words[found[0]]
    yield r"(?<=\d)\^(\d{1,2})(?!\d)", lambda found: f"{between}{found[1]}{behind}"


def lengths_of_time(day: str, hour: str, minute: str, last_minute: str) -> Iterator[Row]:
    """ "1d 4h", "2h 30m", "1m30s": letters that stand for a unit of time only beside each other."""
    yield r"(?<=\d)\s?d\s?(?=\d{1,2}\s?h(?![A-Za-z]))", lambda _: day
    yield r"(?<=\d)\s?h\s?(?=\d{1,2}\s?m(?:in)?(?![A-Za-z]))", lambda _: hour
    yield rf"(?<=(?:{hour}\d|\d)\d?)\s?m(?:in)?\s?(?=\d{{1,2}}\s?s(?![A-Za-z]))", lambda _: minute
    yield rf"(?<={hour}\d{{1,2}})\s?m(?:in)?(?![A-Za-z])", lambda _: last_minute
