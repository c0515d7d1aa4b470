"""Korean days, months and years: 12월 24일, 2026.12.24(목), 5월 3일~5일."""

from collections.abc import Sequence

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.korean_numbers import DASH, FRESH, sino
from qwen3tts_daemon.reading.korean_particles import PARTICLE, from_to
from qwen3tts_daemon.reading.language import Row, rewritten

_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_MONTH = r"(?:0?[1-9]|1[0-2])"
_MONTHS = {6: "유월", 10: "시월"}

_PERIOD = regex.compile(r"(?:기간|일정|전시|행사|접수|모집|신청|휴가|방학|축제)\p{Hangul}?:?\s?$")


def rows() -> Sequence[Row]:
    """Rules of dates."""
    date = (
        rf"'?(?<y>\d{{4}}|\d\d(?=\.))(?<s>[./-])\s?(?<m>{_MONTH})(?P=s)\s?(?<d>{_DAY})(?!\d)\.?(?=[^\d.]|\.\s*$|$)"
        r"(?:\s?\((?<w>[월화수목금토일])\))?"
    )
    weekday = r"(?:\((?<w>[월화수목금토일])\))?"
    return (
        (FRESH + date, _date_with_weekday),
        (
            rf"{FRESH}(?<m>{_MONTH})[./](?<d>{_DAY})\.?\s?\((?<w>[월화수목금토일])\)"
            rf"|{FRESH}(?<m>{_MONTH})/(?<d>1[3-9]|2\d|3[01])(?![\d/%])"
            rf"|{FRESH}(?<m>{_MONTH})/(?<d>{_DAY})(?=,?\s(?:오전|오후|\d{{1,2}}:\d\d|\d{{1,2}}시))",
            _date_with_weekday,
        ),
        (
            rf"{FRESH}(?<m>{_MONTH})\.\s(?<d>{_DAY})\.(?:\s?\((?<w>[월화수목금토일])\))?(?=\s?\p{{Hangul}}|$)",
            _date_with_weekday,
        ),
        (
            rf"{FRESH}(?<m>{_MONTH})\.(?<d>{_DAY}){DASH}(?<m2>{_MONTH})\.(?<d2>{_DAY})(?![\d.]|\s?[A-Za-z%°도])",
            _dotted_range,
        ),
        (
            rf"{FRESH}(?<m>{_MONTH})월\s?(?<d>{_DAY})일?{weekday}{DASH}"
            rf"(?:(?<m2>{_MONTH})월\s?)?(?<d2>{_DAY})일{weekday}{PARTICLE}",
            _range_of_days,
        ),
        (
            rf"{FRESH}(?<y>[12]\d{{3}})년?{DASH}(?<y2>[12]\d{{3}})년{PARTICLE}",
            lambda found: from_to(f"{sino(int(found['y']))}년", f"{sino(int(found['y2']))}년", found),
        ),
        (rf"{FRESH}'(?=\d\d년대)", lambda _: ""),
        (rf"{FRESH}(?:'(?<y>\d\d)년(?!대)|(?<y>\d\d)년(?=\s?{_MONTH}월))", lambda found: f"{sino(int(found['y']))}년"),
        (rf"{FRESH}(?<y>[12]\d{{3}})년(?![간째대])", lambda found: f"{sino(int(found['y']))}년"),
        (rf"{FRESH}(?<m>{_MONTH})월", lambda found: _month(int(found["m"]))),
        (
            rf"(?<=월\s?|일부터\s|월\s?{_DAY}일(?:과|,|,?\s및)\s)(?<d>{_DAY})일",
            lambda found: f"{sino(int(found['d']))}일",
        ),
        (r"(?<=\d일\s?|[일이삼사오육칠팔구십]일\s?)\((?<w>[월화수목금토일])\)", rewritten(r" \g<w>요일")),
    )


def date(day: int, month: int, year: int | None) -> str:
    """이천이십육년 십이월 일일."""
    words = f"{_month(month)} {sino(day)}일"
    return f"{sino(year)}년 {words}" if year else words


def _month(month: int) -> str:
    return _MONTHS.get(month) or f"{sino(month)}월"


def _date_with_weekday(found: "regex.Match[str]") -> str:
    year = found.groupdict().get("y")
    full_year = int(year) + (2000 if len(year) == 2 and not found[0].startswith("'") else 0) if year else None
    words = date(int(found["d"]), int(found["m"]), full_year)
    if found["w"]:
        words += f" {found['w']}요일"
    return words + ("." if found[0].endswith(".") and not found.string[found.end() :].strip() else "")


def _dotted_range(found: "regex.Match[str]") -> str | None:
    """ "12.1~1.15"; None where both may be numbers with a fraction."""
    is_rising = float(f"{found['m']}.{found['d']}") < float(f"{found['m2']}.{found['d2']}")
    if is_rising and not _PERIOD.search(found.string[: found.start()]):
        return None
    first, last = date(int(found["d"]), int(found["m"]), None), date(int(found["d2"]), int(found["m2"]), None)
    return f"{first}부터 {last}까지"


def _range_of_days(found: "regex.Match[str]") -> str:
    month = int(found["m"])
    last = date(int(found["d2"]), int(found["m2"]), None) if found["m2"] else f"{sino(int(found['d2']))}일"
    first_weekday, last_weekday = [*found.captures("w"), "", ""][:2]
    first = date(int(found["d"]), month, None)
    if first_weekday and last_weekday:
        first, last = f"{first} {first_weekday}요일", f"{last} {last_weekday}요일"
    return from_to(first, last, found)
