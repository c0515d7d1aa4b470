"""How Japanese dates, timers, scores and comparisons are written, beside what every language has."""

from collections.abc import Sequence

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.characters import LETTERS
from qwen3tts_daemon.reading.east_asian import days, hours, lengths_of_time, powers, sets_of_a_match, spans_of_days
from qwen3tts_daemon.reading.japanese_numbers import NUMBER, cardinal, date, duration, half_day
from qwen3tts_daemon.reading.japanese_units import UNIT_SYMBOLS
from qwen3tts_daemon.reading.language import Row


def times() -> Sequence[Row]:
    """Days, weekdays, timers, and waves between times."""
    weekday = r"\s?[(（](?<w>[月火水木金土日])(?:曜日?)?(?<holiday>[・･]?祝)?[)）]"
    soon = r"まで|から|締|開|発|以降|の予定|の会議|付|に(?:届|予定|開|発|配|放|行|到|始|終)"
    late = r"(?<m>1[0-2]|0?[1-9])/(?<d>1[3-9]|2\d|3[01])"
    day = r"(?<m>1[0-2]|0?[1-9])/(?<d>[12]\d|3[01]|0?[1-9])"
    timers = r"(?<=(?:残り|タイマー|カウントダウン|経過|再生)(?:時間)?[はがを:：\s]{0,2})"
    return [
        (rf"(?<![\d/]){day}(?={weekday}|{soon})", _day),
        (rf"(?<![\d/]){late}(?=に(?![減縮なぁ下圧削])|は[^\d]*[日休])", _day),
        (rf"(?<=[日\d]){weekday}", lambda f: f"{f['w']}曜日{'、祝日' if f['holiday'] else ''}"),
        (r"(?<!\d)0(?=[1-9](?:月|日|時|分|秒))", lambda _: ""),
        (r"(?<=\d時(?:間)?)00?分(?!間)", lambda _: ""),
        (
            r"(?<![A-Za-z])(?<half>AM|PM|am|pm)\s?(?=\d{1,2}(?::[0-5]\d(?!\d|\s?µg)|時))",
            lambda found: half_day(found["half"]),
        ),
        (
            r"(?<![A-Za-z\d])(?<era>[RHS])(?<y>[1-9]\d?)[./](?<m>1[0-2]|0?[1-9])[./](?<d>[12]\d|3[01]|0?[1-9])(?![\d.])",
            _era,
        ),
        *spans_of_days(date, "から"),
        *days(date),
        *hours(half_day, "時"),
        *lengths_of_time("日", "時間", "分", "分"),
        (rf"{timers}(?<h>\d{{1,2}}):(?<m>[0-5]\d):(?<s>[0-5]\d)(?![:\d])", _timer),
        (r"(?<![\d.,:/-])(\d{1,2})\s?[-–~～〜]\s?(?=\d{1,2}(?:月|時|日|号|階|番))", lambda found: f"{found[1]}から"),
        (r"(?<=[月日時分年]|\d:\d\d)[-–~～〜](?=午[前後]|翌|\d{1,2}(?:[月日時]|:\d\d))", lambda _: "から"),
        (r"(?<=曜日|祝日)[~～〜\-–](?=[\d一二三四五六七八九十])", lambda _: "から"),
        (
            r"(?<=\d(?:円|人|時|個|分|年|日|度|%|:\d\d|:\d\d:\d\d)|[¥$€][\d,.]+)[~～〜](?=[^\d\s¥$€]|\s|$)",
            lambda _: "から",
        ),
        (
            r"(?<![\d\p{L}%°）)])[～〜](?<n>[¥$]?\d[\d,.]*(?:円|人|時|個|分|年|日|度|%)?)",
            lambda found: f"{found['n']}まで",
        ),
        (rf"{timers}(?<m>\d{{1,2}}):(?<s>[0-5]\d)(?=で|です|$|[。、]|残)(?![:\d])", _timer),
        (rf"(?<=[\d%°年月日号時分秒個人円度点]|\d\s?(?:{UNIT_SYMBOLS}))\s?[~～〜]\s?(?=[-+¥$€]?\d)", lambda _: "から"),
        (r"(?<=[月火水木金土日])[~～〜\-–](?=[月火水木金土日](?:曜|\s|は|$|\d))", lambda _: "から"),
        (r"(?<=曜日?)[~～〜\-–](?=[月火水木金土日]曜)", lambda _: "から"),
    ]


def comparisons() -> Sequence[Row]:
    """A sign before a number is said behind it; arithmetic; scores."""
    words = {">": "超", "<": "未満", "≥": "以上", "≤": "以下", ">=": "以上", "<=": "以下"}
    return [
        (
            rf"(?<sign>[<>]=|[<>≥≤])\s?(?<n>-?{NUMBER}\s?(?:(?:{UNIT_SYMBOLS})(?![{LETTERS}])|[人個円分秒時日])?)",
            lambda found: found["n"].strip() + words[found["sign"]],
        ),
        (
            r"(?<![\d:])(?<a>\d+):(?<b>\d{4,})(?![\d:])",
            _score,
        ),
        (r"(?<=\d\s?)\+(?=\s?\d)", lambda _: "足す"),
        (rf"(?<=\d\s?(?:{UNIT_SYMBOLS}))\+(?=\d)", lambda _: "プラス"),
        sets_of_a_match("対"),
        *powers({"²": "の二乗", "³": "の三乗"}, "の", "乗"),
        (r"(?<=\d)\s?[-–]\s?(?=\d+\s?(?:=|は))", lambda _: "引く"),
        (
            r"(?<=(?:スコア|試合|結果)[はがも:：]?\s?)(?<a>\d{1,3})\s?[:\-–]\s?(?<b>\d{1,3})(?![\d:.])",
            _score,
        ),
        (
            r"(?<![\d:])(?<a>\d{1,3})[xX×]?\s?[:\-–]\s?(?<b>\d{1,3})(?=で[^、。\d]{2,15}(?:敗れ|破[りっれ]|下し|引き分|勝[ちっつ利])|で(?:サヨナラ|勝|負|敗|終|引|リード|逆転|完|快|大|辛|下|破))",
            _score,
        ),
    ]


def _day(found: "regex.Match[str]") -> str:
    return date(int(found["d"]), int(found["m"]))


def _timer(found: "regex.Match[str]") -> str:
    hours = found["h"] if "h" in found.re.groupindex else 0
    return duration(int(hours), int(found["m"]), int(found["s"]))


def _era(found: "regex.Match[str]") -> str:
    era = {"R": "令和", "H": "平成", "S": "昭和"}[found["era"]]
    return f"{era}{cardinal(int(found['y']))}年{date(int(found['d']), int(found['m']))}"


def _score(found: "regex.Match[str]") -> str:
    return f"{cardinal(int(found['a']))}対{cardinal(int(found['b']))}"
