"""Numbers in Chinese names and amounts, and those that are said digit by digit."""

from collections.abc import Sequence

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.characters import LETTERS
from qwen3tts_daemon.reading.chinese_numbers import NUMBER, cardinal, digits, half_day, telephone
from qwen3tts_daemon.reading.chinese_units import COUNTERS, UNIT_SYMBOLS, UNITS
from qwen3tts_daemon.reading.language import Row
from qwen3tts_daemon.reading.roman import value

_CODES = (
    "验证码|校验码|取件码|提取码|邀请码|密码|口令|PIN码?|编号|单号|尾号|邮编|邮政编码|代码|学号|工号|账号|帐号|卡号|订单号?|流水号"
    "|序列号|房间号?|车牌号?|身份证号?码?|会议号|群号|QQ号?|号码"
)
_SIGNS = {"=": "等于", "≈": "约等于", "<": "小于", ">": "大于", "≤": "小于等于", "≥": "大于等于"}
_CALLS = "拨打|致电|热线|电话号?码?|手机号?码?|客服|请打|打|拨"


def names() -> Sequence[Row]:
    """Numbers of things."""
    return [
        (
            r"(?:#|№|(?<![\p{Latin}])[Nn][Oo]\.)\s?(?<n>\d+)(?!\d|[.,]\d)(?<hao>号)?",
            lambda found: f"{found['n']}号",
        ),
        (r"§\s?(?<n>\d+)", lambda found: f"第{found['n']}条"),
        (r"(?<=\p{Han})[IVX]{2,}(?![A-Za-z\d])|(?<![A-Za-z\d])[IVX]+(?=[级期型章世代类度])", _roman),
        (r"(?<=[A-Z])\.(?<n>\d{3})(?!\d)", lambda found: f"点{digits(found['n'])}"),
        (rf"(?<=[{LETTERS}])\s?(?<sign>[=≈<>≤≥])\s?(?=-?\d)", lambda found: _SIGNS[found["sign"]]),
        (r"(?<![A-Za-z])(?<half>AM|PM|am|pm)\s?(?=\d{1,2}:\d\d)", lambda found: half_day(found["half"])),
        (r"(?<=歼|运|轰|直|苏|米格|长征|神舟|嫦娥|天宫|东风)-(?=\d)", lambda _: ""),
        (r"(?<![A-Za-z])[Vv]er\.?\s?(?=\d)", lambda _: "v"),
    ]


def amounts() -> Sequence[Row]:
    """Of one thing for another; in inches; with 万 before their unit."""
    return [
        (r"(?<=\d)\s?(?<unit>L|kWh)\s?/\s?100\s?km", lambda found: f"{UNITS[found['unit']].one}每百公里"),
        (rf"(?<=\d[千万亿])[ \u00a0]?(?:{UNIT_SYMBOLS})(?![{LETTERS}\d])", lambda found: UNITS[found[0].strip()].one),
        (r"(?<=\d)/(?=\d+\s?(?:mmHg|毫米汞柱))", lambda _: "，"),
        (r"(?<=\d\p{Han}{1,2})/(?=\p{Han})|(?<=[¥$€£]\s?\d[\d.,]*)/(?=\p{Han})", lambda _: "每"),
        (r"±(?=\s?\d)", lambda _: "正负"),
        (
            rf"(?<=[元块])\s?/\s?(?<unit>{UNIT_SYMBOLS})(?![{LETTERS}])",
            lambda found: f"每{UNITS[found['unit']].one}",
        ),
        (r"(?<feet>\d+)'\s?(?<inches>\d+)\"", lambda found: f"{found['feet']}英尺{found['inches']}英寸"),
        (rf"(?<![\d.\"]){NUMBER}\"(?=\p{{Han}})", _inches),
    ]


def said_by_digit() -> Sequence[Row]:
    """Telephones and lines, where one is yao; codes and rooms, where it is not."""
    counted = rf"(?![\d.,:%-]|\s?{COUNTERS})"
    return [
        (
            r"(?<![\d.,-])(1[3-9]\d)[ \u00a0-](\d{4})[ \u00a0-](\d{4})(?![\d.,-])",
            lambda found: "，".join(map(telephone, found.groups())),
        ),
        (rf"(?<=(?:{_CALLS})[是为:：\s]{{0,2}})\d{{3,12}}{counted}", _telephone),
        (r"(?<![\d.,-])1[3-9]\d{9}(?![\d.,-])", _telephone),
        (rf"(?<=(?:{_CODES}|机号|\p{{Han}}号码?[是为:：])[是为:：\s]{{0,2}})\d{{3,}}{counted}", _digits),
        (r"(?<![\d.,])\d{3,4}(?=室|号?房|教室)", _digits),
        (r"(?<![\d.,])\d{3,4}(?=路(?!程))", _telephone),
        (r"(?<=(?<![A-Z])[GDCKZTSY])\d{3,4}(?=次|列车|号?高铁)", _telephone),
        (r"(?<![A-Za-z\d])(?<line>[A-Z]{2}|[A-Z]\d|\d[A-Z])\s?(?<n>\d{3,4})(?![\dA-Za-z.,])", _flight),
        (
            rf"(?<=[A-Z]·)\d{{4,6}}|(?<=[{LETTERS}][ \u00a0])\d{{4}}(?![\d.,:/%年-]|\s?(?:{COUNTERS}|{UNIT_SYMBOLS}))",
            _digits,
        ),
    ]


def _digits(found: "regex.Match[str]") -> str:
    return digits(found[0])


def _telephone(found: "regex.Match[str]") -> str:
    return telephone(found[0])


def _flight(found: "regex.Match[str]") -> str | None:
    return found["line"] + telephone(found["n"]) if "航班" in found.string else None


def _inches(found: "regex.Match[str]") -> str | None:
    if found.string[: found.start()].count('"') % 2:
        return None
    return f"{found[0][:-1]}英寸"


def _roman(found: "regex.Match[str]") -> str | None:
    number = value(found[0])
    return None if number is None else cardinal(number)
