"""Korean numbers that are names: telephones, codes, plates, versions, doses of dust, sports and shops."""

from collections.abc import Sequence

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.korean_numbers import (
    COUNTERS,
    ENGLISH,
    NOTATION,
    by_digit,
    decimal,
    native,
    part,
    sino,
    spelled,
)
from qwen3tts_daemon.reading.korean_units import NAMES, UNITS
from qwen3tts_daemon.reading.language import Row
from qwen3tts_daemon.reading.patterns import alternatives
from qwen3tts_daemon.reading.roman import value

_CODE = (
    r"(?:(?:인증|비밀|확인|핀|우편|주문|예약|계좌|송장|차량|회원|카드|주민) ?번호|코드|PIN"
    r"|[앞뒤끝] ?(?:\d|\p{Hangul}+ )?자리|\d ?자리(?: ?숫자)?)"
    r"(?:는|은|가|이)?\s?:?\s?"
)
_REGIONS = "서울|부산|대구|인천|광주|대전|울산|세종|경기|강원|충북|충남|전북|전남|경북|경남|제주"
_COMPARISONS = {"<": "미만", ">": "초과", "≤": "이하", "≥": "이상"}


def rows() -> Sequence[Row]:
    """Rules of names."""
    number = NOTATION.pattern
    plates = "가나다라마거너더러머버서어저고노로모보소오구누두루무부수우하허"
    return (
        (r"\(주\)|㈜", lambda _: "주식회사 "),
        (r"(?:(?<led>시속)|초속)\s(?=\d[\d.,]*\s?(?(led)(?:km/h|kph|mph)|k?m/s))", lambda _: ""),
        (
            rf"(?<![\d\p{{L}}])(?<sign>[<>≤≥])\s?(?<rest>{number}\s?(?:{alternatives(UNITS)})?)(?![\d.,]\d)",
            _compared,
        ),
        (r"제\s?(?<n>[IVX]+)\s?(?=\p{Hangul})", lambda found: _roman(found["n"], " ", "제")),
        (r"(?<=\p{Hangul}\s?)(?:[IVX]{2,}|[VX])(?=\s?세)", lambda found: _roman(found[0], " ")),
        (r"(?<=\p{Hangul}{2}\s)[IVX]{2,}(?![\p{Latin}\d])", lambda found: _roman(found[0], " 세")),
        (r"제\s?(?<n>\d{1,4})(?=\p{Hangul})", lambda found: f"제{sino(int(found['n']))} "),
        (
            rf"(?<={_CODE})\d[\d-]*\d(?: \d{{3,4}}(?![\d가-힣]))*",
            _code,
        ),
        (
            r"(?<=(?:버전|펌웨어|릴리스)\s)\d+(?:\.\d+)+",
            lambda found: dotted(found[0].split(".")),
        ),
        (
            r"(?<![\d-])1[568]\d\d-\d{4}(?![\d-])|(?<![\d-]|\+\d{1,3}\s)\d{2,6}-\d{2,6}-\d{4,7}(?![\d-])|\(?(?<!\d)0\d{1,2}\)\s?\d{3,4}-\d{4}"
            r"|(?<!\d)(?:01\d|02|0[3-6]\d)(?<middle>\d{3,4})(?=\d{4}(?!\d))\d{4}",
            _local_phone,
        ),
        (rf"(?<![\d.,-])(?:112|119)(?![\d.,:-]|\s?(?:{COUNTERS}|[조억만]))", lambda found: by_digit(found[0])),
        (
            r"(?<![\d.,-])(?:114|110|111|118|120|122|182|1339|1345)(?=번?(?:에|로|으로)?\s?(?:전화|신고|연락|상담))",
            lambda found: by_digit(found[0]),
        ),
        (
            rf"(?<!\d)(?<n>\d{{2,3}})(?<letter>[{plates}]|(?<=\b(?:{_REGIONS})\s?\d+)[바사아자배])\s?(?<serial>\d{{4}})(?!\d)",
            lambda found: f"{sino(int(found['n']))}{found['letter']} {by_digit(found['serial'])}",
        ),
        (r"(?<![A-Za-z\d])PM\s?10(?!:\d\d|\s?시|\d)", lambda _: "피엠 십"),
        (r"(?<=\d반\s)(?<n>\d+)번", lambda found: f"{sino(int(found['n']))} 번"),
        (
            r"(?<!\d)(?<n>[0-4])(?=\s?(?:아웃|스트라이크|볼(?!륨|트|링|펜)|런\s))",
            lambda found: f"{ENGLISH[int(found['n'])]} ",
        ),
        (
            r"(?<![\d+])(?<a>[1-4])\s?\+\s?(?<b>[12])(?![\d+=]|\s?[=은는])",
            lambda found: f"{ENGLISH[int(found['a'])]} 플러스 {ENGLISH[int(found['b'])]}",
        ),
        (r"(?<=(?:파|시금치|부추|미나리|열무|쑥갓)\s?)(?<n>\d{1,2})단", lambda found: f"{native(int(found['n']))} 단"),
        (r"(?<=마늘\s?)(?<n>\d{1,2})쪽", lambda found: f"{native(int(found['n']))} 쪽"),
        (r"(?<=혈압\p{Hangul}{0,2}:?\s)(?<a>\d{2,3})/(?=\d{2,3}(?!\d))", lambda found: f"{sino(int(found['a']))}에 "),
        (r"(?<a>\d+)\s?대\s?(?=\d)", lambda found: f"{sino(int(found['a']))} 대 "),
        (
            r"(?<a>\d{1,2})'\s?(?<b>\d{1,2})\"",
            lambda found: f"{sino(int(found['a']))} 피트 {sino(int(found['b']))} 인치",
        ),
        (rf"(?<=^|\s)(?<n>{number})\"(?![\p{{L}}\d])", _inches),
        (
            r"(?<!\d)(?<m>\d{1,2})(?:·|\.(?=\d+\s?(?:광복|민주|전쟁|혁명|운동|사태|의거)|(?<=(?<!\d)3\.)(?=1절)))(?<d>\d{1,2})(?!\d)",
            lambda found: sino(int(found["m"])) + (sino if found["d"] in ("10", "12") else spelled)(int(found["d"])),
        ),
        (r"(?<![A-Za-z\d.])(?:[248]|1[48]|24)K(?![A-Za-z\d])", lambda found: NAMES[found[0]]),
        (r"(?<=(?<![A-Za-z\d])[-+]?\d{1,3}(?:\.\d)?)C(?![A-Za-z\d])", lambda _: "°C"),
        (r"(?<![A-Za-z\d])PM\s?2\.5", lambda _: "피엠 이 점 오"),
        (r"(?<![A-Za-z\d])(?:[Nn]o|NO|№)\.?\s?(?=\d)", lambda _: "넘버 "),
        (r"#\s?(?<n>\d+)(?![\d가-힣])", lambda found: f"{sino(int(found['n']))} 번"),
    )


def phone(groups: Sequence[str]) -> str:
    """공일공, 일이삼사, 오육칠팔."""
    return ", ".join(map(by_digit, groups))


def dotted(parts: Sequence[str]) -> str:
    """ "2.10.3": 이 점 십 점 삼."""
    return " 점 ".join(map(part, parts))


def _code(found: "regex.Match[str]") -> str:
    return phone(regex.split("[ -]", found[0]))


def _compared(found: "regex.Match[str]") -> str:
    word = _COMPARISONS[found["sign"]]
    return f"{found['rest']} {word}"


def _local_phone(found: "regex.Match[str]") -> str:
    groups = regex.findall(r"\d+", found[0])
    if found["middle"]:
        groups = [found[0][: -4 - len(found["middle"])], found["middle"], found[0][-4:]]
    return phone(groups)


def _inches(found: "regex.Match[str]") -> str | None:
    if found.string[: found.start()].count('"') % 2:
        return None  # the end of a quotation
    return f"{decimal(NOTATION.parse(found['n']))} 인치"


def _roman(numeral: str, behind: str, before: str = "") -> str | None:
    """Of chapters and kings, with what is said beside it."""
    number = value(numeral)
    return None if number is None else f"{before}{sino(number)}{behind}"
