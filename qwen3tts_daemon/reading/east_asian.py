"""What is written in the same way in Chinese and in Japanese."""

from collections.abc import Iterator

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.language import Row

_PAIR = r"\d{1,3}[:：\-–]\d{1,2}"
_SETS = rf"(?<![\d:.,/-]){_PAIR}(?:[、，,]\s?{_PAIR})+(?![\d:.])"


def sets_of_a_match(ratio_word: str) -> Row:
    """ "2-6、6-4、7-5", which are neither times of day nor pages in a row."""

    def say(found: "regex.Match[str]") -> str | None:
        pairs = [regex.split(r"\D", pair) for pair in regex.findall(_PAIR, found[0])]
        is_rising = all(int(first) < int(second) for first, second in pairs)
        if is_rising or (":" in found[0] and all(len(second) == 2 for _, second in pairs)):
            return None
        return str(regex.sub(r"(?<=\d)[:：\-–](?=\d)", ratio_word, found[0]))

    return _SETS, say


def lengths_of_time(day: str, hour: str, minute: str, last_minute: str) -> Iterator[Row]:
    """ "1d 4h", "2h 30m", "1m30s": letters that stand for a unit of time only beside each other."""
    yield r"(?<=\d)\s?d\s?(?=\d{1,2}\s?h(?![A-Za-z]))", lambda _: day
    yield r"(?<=\d)\s?h\s?(?=\d{1,2}\s?m(?:in)?(?![A-Za-z]))", lambda _: hour
    yield rf"(?<=(?:{hour}\d|\d)\d?)\s?m(?:in)?\s?(?=\d{{1,2}}\s?s(?![A-Za-z]))", lambda _: minute
    yield rf"(?<={hour}\d{{1,2}})\s?m(?:in)?(?![A-Za-z])", lambda _: last_minute
