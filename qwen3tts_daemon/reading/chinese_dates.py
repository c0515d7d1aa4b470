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
    half_day,
    number,
)
from qwen3tts_daemon.reading.chinese_units import COUNTERS, UNIT_SYMBOLS, UNITS
from qwen3tts_daemon.reading.east_asian import days, hours, lengths_of_time, powers, sets_of_a_match, spans_of_days
from qwen3tts_daemon.reading.language import Row

_DASH = r"[-–—~～〜至到]"
_DUE = r"(?<=日期[:：]?|截止到?|截至|定于|定在|将于|改[到至在]|提醒我)"
_EVENT = (
    r"(?<=(?:日期|活动|展期|[展年]会|假期|放假|请假|休假|有效期|优惠|预售|促销|报名|行程|出差|旅行|旅游|档期|入住|考试|比赛)"
    r"(?:时间)?[是为从于在:：\s]{0,2})"
)
_FREE = "放假|开学|上映|开售|发售|休假|请假|出差|补班|调休"
_FEASTS = "元旦|平安夜|圣诞|情人节|愚人节|教师节|植树节|春节|中秋|端午|清明|除夕|冬至|夏至"
_SHORT_FEASTS = "妇女节|女神节|劳动节|青年节|儿童节|建党节|建军节|国庆"
_NO_MEASURE = rf"(?![\d.%°]|\s?{_DASH}|\s?(?:{UNIT_SYMBOLS})(?![A-Za-z])|折|[个亿万千]|{COUNTERS})"
_WON = "战胜|击败|获胜|领先|落后|战平|大胜|险胜|取胜|力克|不敌|输给|负于|逆转|完胜|小胜|赢|胜|负|平"


def dates() -> Sequence[Row]:
    """Years, days with a point."""
    day = r"(?<![\d.,:/A-Za-z-])(?<m>1[0-2]|0?[1-9])\.(?<d>[12]\d|3[01]|0?[1-9])"
    till = rf"\s?{_DASH}\s?(?:(?<m2>1[0-2]|0?[1-9])\.)?(?<d2>[12]\d|3[01]|0?[1-9])"
    return [
        (rf"{_EVENT}{day}(?:{till})?{_NO_MEASURE}", _days_with_a_point),
        (rf"{day}{till}(?=[^\d，。]{{0,2}}(?:{_FREE}))", _days_with_a_point),
        (rf"{day}(?={_FEASTS}|{_FREE}|(?:是|恰逢|正值)(?:{_FEASTS}|{_SHORT_FEASTS}|周|星期|[我你他她妈爸爷奶]))", _day),
        (r"(?<![\d.,-])(?:(?:19|20)\d\d(?=年(?![前来]))|1[0-8]\d\d(?=年(?![前后来间的以内历])))", _digits),
        (r"(?<!\d)0\d(?=年)|(?<=《)(?:19|20)\d\d(?=》)", _digits),
        (
            rf"(?<![\d.,:/{LETTERS}-])(?:19[5-9]\d|20[12]\d)(?=\p{{Han}}{{2}})(?!{COUNTERS}|多|余|来|[^\p{{Han}}])",
            _digits,
        ),
        (
            r"(?<![\d.,:/-])(?<!公元|元前|民国|光绪|康熙|乾隆|嘉庆|道光|咸丰|同治|宣统|贞观|开元|洪武|永乐|万历|昭和|平成|令和|大正|明治)"
            r"\d\d(?=年(?:出生|生人|毕业|入学|入职|入伍|参军|(?:1[0-2]|0?[1-9])月|[春夏秋冬底初末款版]|世界杯|奥运))",
            _digits,
        ),
        (
            r"(?<![\d.,])(?<m>1?\d)[.·](?<d>1?\d)(?=妇女节|女神节|儿童节|国庆|劳动节|建军节|假期|长假|黄金周)",
            lambda found: cardinal(int(found["m"])) + cardinal(int(found["d"])),
        ),
        (r"(?<![\d.,])(?<m>\d{1,2})·(?<d>\d{1,2})(?=\p{Han})", lambda found: digits(found["m"] + found["d"])),
        (r"(?<![\d.,-])20[12]\d(?=[届级款版]|赛季|财年|学年|年度)", _digits),
        (r"(?<![\d到至达过为])(?:[6-9]0|[89]5)(?=后(?!\d|退))", _digits),
        (r"(?<![\d到至达过])(?:[05-9]0|[89]5|10)(?=后(?:[，。、！？”\s的们和与青]|$))", _digits),
        (r"(?<!\d)0(?=[1-9](?:月|日|号|点|时))", lambda _: ""),
    ]


def days_and_timers() -> Sequence[Row]:
    """Days with a stroke or a dash, lengths of time."""
    timers = r"(?<=(?:倒计时|计时器|定时器|剩余|还剩|剩下|时长)(?:时间)?[^\d]{0,3})"
    weekday = r"\s?[（(]?(?:周|星期|礼拜)[一二三四五六日天末]"
    return [
        (
            r"(?<![\d.])(?<n>[5-9]0)s(?=金曲|音乐|老歌|歌单|经典|怀旧|复古|风)",
            lambda found: f"{cardinal(int(found['n']))}年代",
        ),
        (rf"(?<![\d/])(?<m>1[0-2]|0?[1-9])/(?<d>[12]\d|3[01]|0?[1-9])(?={weekday})", _day),
        (r"(?<=周[一二三四五六日]|星期[一二三四五六日天])[-–—~～](?=周|星期)", lambda _: "到"),
        (r"(?<=(?:UTC|GMT) ?[加负] ?)0?(\d{1,2}):00", lambda found: found[1]),
        (rf"{timers}(?<h>\d{{1,2}}):(?<m>[0-5]\d):(?<s>[0-5]\d)(?![:\d])", _timer),
        (r"(?<=[点时])00分|(?<=\d[点时])0(?=0分)", lambda found: "整" if found[0] == "00分" else ""),
        (rf"{_DUE}\s?(?<m>1[0-2]|0?[1-9])/(?<d>[12]\d|3[01]|0?[1-9])(?![\d/])", _day),
        (
            r"(?<![\d/:.])(?<m>1[0-2]|0?[1-9])/(?<d>1[3-9]|2\d|3[01])(?=前|之前|[上下]午|早上|晚上|中午|凌晨|放假|截止)",
            _day,
        ),
        *days(date),
        *hours(half_day, "点"),
        *lengths_of_time("天", "小时", "分", "分钟"),
        (rf"{timers}(?<m>\d{{1,2}}):(?<s>[0-5]\d)(?![:\d])", _timer),
    ]


def spans() -> Sequence[Row]:
    """From one to another, and what a wave between two numbers is."""
    temperature = r"\s?(?:°[CF]|°|摄氏度|华氏度|度)"
    return [
        (rf"(?<!\d)(?<a>-?{NUMBER})%?\s?(?<to>{_DASH})\s?(?<b>-?{NUMBER})%", _percents),
        (
            (
                rf"(?<![\d.,])(?<a>-?{NUMBER})(?<unit_a>{temperature})?\s?(?<to>{_DASH}|\.\.)\s?(?<b>-?{NUMBER})"
                rf"(?<unit>{temperature})(?![{LETTERS}])"
            ),
            _temperatures,
        ),
        (r"(?<=[（(]|公元)(?<a>\d{1,4})年?\s?(?<to>[-–—~～〜至到])\s?(?<b>\d{3,4})(?=年)", _years),
        (r"(?<![\d.,-])(?<a>[12]\d{3})年?\s?(?<to>[-–—~～〜至到])\s?(?<b>[12]\d{3})(?=年|学年|赛季|财年)", _years),
        (r"(?<![\d.,-])(?<a>20[0-4]\d)\s?(?<to>[-–/])\s?(?<b>\d\d)(?=赛季|学年|财年)", _years),
        (r"(?<![\d.,¥$-])(?<a>19\d\d)\s?(?<to>[-–—~～〜至到])\s?(?<b>19\d\d|20[0-4]\d)(?=[）)，。]|$)", _years),
        (
            r"(?<![\d.,:/-])(\d{1,2})\s?[-–—~～〜]\s?(?=\d{1,2}(?:[月点时号日楼层级]|年级))",
            lambda found: f"{found[1]}到",
        ),
        (
            r"(?<=[月日号点时分年]|\d:\d\d)(?:[-–]|\s[-–]\s)(?=[早晚]|[上下中]午|凌晨|次日|周|\d{1,4}(?:[月日号点时年]|:\d\d))",
            lambda _: "到",
        ),
        (
            rf"(?<=[\d%°年月日号时点分秒个天元人块岁度]|\d\s?(?:{UNIT_SYMBOLS}))\s?[~～〜—]+\s?(?=[-+¥$€]?\d)",
            lambda _: "到",
        ),
        *spans_of_days(date, "到"),
        (r"约?(?<![\d\p{L}%°）)])[~～](?=\s?\d)|约[~～](?=\s?\d)", lambda _: "约"),
    ]


def scores() -> Sequence[Row]:
    """Scores, ratios, differences and sizes of pictures."""
    pair = r"(?<a>\d{1,3})\s?[:：\-–]\s?(?<b>\d{1,3})(?![\d:.])"
    return [
        sets_of_a_match("比"),
        *powers({"²": "的平方", "³": "的立方"}, "的", "次方"),
        (rf"(?<=比分[^\d]{{0,4}}){pair}", _score),
        (rf"(?<![\d:]){pair}(?=的?(?:{_WON}|比例|稀释|兑水|混合|调配))", _score),
        (rf"(?<=\p{{Han}}(?:AC|FC|SC|CF)){pair}", _score),
        (rf"(?<=(?:比例?|比率|配比)[是为约:：]{{0,2}}\s?){pair}", _score),
        (r"(?<![\d:])(?<a>\d+):(?<b>\d{4,})(?![\d:])", _score),
        (r"(?<=\d\s?)[-–](?=\s?\d+\s?(?:=|等于))", lambda _: "减"),
        (r"(?<!\d)(?<a>\d{4})\s?[x×*]\s?(?<b>\d{3,4})(?!\d)", _resolution),
    ]


def _digits(found: "regex.Match[str]") -> str:
    return digits(found[0])


def _day(found: "regex.Match[str]") -> str:
    return date(int(found["d"]), int(found["m"]), None)


def _days_with_a_point(found: "regex.Match[str]") -> str:
    if found["d2"] is None:
        return _day(found)
    last = date(int(found["d2"]), int(found["m2"]), None) if found["m2"] else f"{cardinal(int(found['d2']))}日"
    return f"{_day(found)}到{last}"


def _timer(found: "regex.Match[str]") -> str:
    hours = found["h"] if "h" in found.re.groupindex else 0
    return duration(int(hours), int(found["m"]), int(found["s"]))


def _years(found: "regex.Match[str]") -> str:
    return f"{digits(found['a'])}{_to(found)}{digits(found['b'])}"


def _percents(found: "regex.Match[str]") -> str:
    return _to(found).join(
        f"{'负' if found[name].startswith('-') else ''}百分之{number(NOTATION.parse(found[name]))}" for name in "ab"
    )


def _temperatures(found: "regex.Match[str]") -> str:
    first, last = (below_zero(found[name]) for name in "ab")
    return f"{first}{_degrees(found['unit_a'] or '')}{_to(found)}{last}{_degrees(found['unit'])}"


def _degrees(written: str) -> str:
    unit = written.strip()
    return UNITS[unit].one if unit in UNITS else unit


def _to(found: "regex.Match[str]") -> str:
    """The word that is written, or the one for a dash."""
    return "至" if found["to"] == "至" else "到"


def _score(found: "regex.Match[str]") -> str:
    return f"{cardinal(int(found['a']))}比{cardinal(int(found['b']))}"


def _resolution(found: "regex.Match[str]") -> str:
    return f"{digits(found['a'])}乘{digits(found['b'])}"
