"""Mandarin, as on the mainland."""

from collections.abc import Sequence

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.characters import LETTERS
from qwen3tts_daemon.reading.chinese_units import COUNTERS, CURRENCIES, UNITS
from qwen3tts_daemon.reading.language import Currency, Language, Row, Unit
from qwen3tts_daemon.reading.notation import Notation, Number
from qwen3tts_daemon.reading.roman import value

_MAGNITUDES = ((10**8, "亿"), (10**4, "万"), (10**3, "千"), (10**2, "百"), (10, "十"))
_SIGNS = {"": "", "+": "正", "-": "负", "±": "正负"}
_DASH = r"[-–—~～〜至到]"
_NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?"
_UNITS = "|".join(sorted(map(regex.escape, UNITS), key=len, reverse=True))
_CODES = (
    "验证码|校验码|取件码|提取码|邀请码|密码|口令|PIN码?|编号|单号|尾号|邮编|邮政编码|代码|学号|工号|账号|帐号|卡号|订单号?|流水号"
    "|序列号|房间号?|车牌号?|身份证号?码?|会议号|群号|QQ号?|号码"
)
_CALLS = "拨打|致电|热线|电话号?码?|手机号?码?|客服|请打|打|拨"
_WON = "战胜|击败|获胜|领先|落后|战平|大胜|险胜|取胜|力克|不敌|输给|负于|逆转|完胜|小胜|赢|胜|负|平"


class Chinese(Language):
    notation = Notation(".", ",")
    is_spaced = False
    digit_words = "零一二三四五六七八九"
    point = "点"
    pause = "，"
    signs = {
        "+": "加", "-": "负", "±": "正负", "×": "乘", "x": "乘", "*": "乘", "÷": "除以", "=": "等于", "<": "小于",
        ">": "大于", "≤": "小于等于", "≥": "大于等于", "~": "约", "≈": "约等于", "&": "和",
    }  # fmt: skip
    address_signs = {".": "点", "@": "艾特", "/": "斜杠", "-": "杠", "_": "下划线", ":": "冒号", "+": "加"}
    units = UNITS
    per = "每"
    currencies = CURRENCIES
    magnitudes = {"万": "万", "亿": "亿", "千": "千", "万亿": "万亿", "k": "千", "K": "千", "M": "百万", "B": "十亿"}
    ratio_word = "比"
    and_word = "又"
    version_word = "V"
    date_order = "mdy"
    clock_words = r"[aApP]\.?[mM](?![A-Za-z])\.?"
    abbreviations = {"CO2": "二氧化碳", "vs.": "对", "VS": "对", "vs": "对"}

    def before(self) -> Sequence[Row]:
        return [
            (r"(?<=\p{Han})[ \u00a0](?=[-+]?[\d¥$€£#])|(?<=[\d%°])[ \u00a0](?=\p{Han})", lambda _: ""),
            (r"(?<=\d)：(?=\d)", lambda _: ":"),
            (r"(?<=\d)[ \u00a0]?º", lambda _: "度"),
            (r"(?<=\d)\s?(?<unit>L|kWh)\s?/\s?100\s?km", lambda found: f"{self.units[found['unit']].one}每百公里"),
            (r"(?<=歼|运|轰|直|苏|米格|长征|神舟|嫦娥|天宫|东风)-(?=\d)", lambda _: ""),
            (
                rf"(?<=\d[千万亿])[ \u00a0]?(?:{_UNITS})(?![{LETTERS}\d])",
                lambda found: self.units[found[0].strip()].one,
            ),
            (r"(?<![A-Za-z])[Vv]er\.?\s?(?=\d)", lambda _: "v"),
            (r"(?<=\d)/(?=\d+\s?(?:mmHg|毫米汞柱))", lambda _: self.pause),
            *self._names(),
            *self._spans(),
            *self._dates(),
            *self._scores(),
            *self._said_by_digit(),
        ]

    def after(self) -> Sequence[Row]:
        return [
            (rf"(?<=[{LETTERS}])(?<whole>\d+)\.(?<part>\d+)(?![.\d])", self._decimal),
            (rf"(?<![\d.,{LETTERS}])-{_NUMBER}(?=度)", self._degrees),
            (rf"(?<![\d.,第初周期拜之月点{LETTERS}-])2(?={COUNTERS})(?!年级|年\d+班|成立|分之)", lambda _: "两"),
            (rf"(?<![\d.,第初{LETTERS}-])2(?=[到至]{_NUMBER}(?:{COUNTERS}|{_UNITS}))", lambda _: "两"),
            (r"(?<![\d.,])\d{8,15}(?=[元人个块次吨米户条万美港])", lambda found: self.cardinal(int(found[0]))),
            (r"(?<=\d)[xX](?![\d\p{Latin}])", lambda _: "倍"),
            (rf"(?<=[{LETTERS}\d])\+(?=\d|$|\p{{Han}})", lambda _: "加"),
        ]

    # ---- its own kinds ----

    def _names(self) -> Sequence[Row]:
        """Numbers of things."""
        return [
            (
                r"(?:#|№|(?<![\p{Latin}])[Nn][Oo]\.)\s?(?<n>\d+)(?!\d|[.,]\d)(?<hao>号)?",
                lambda found: f"{found['n']}号",
            ),
            (r"§\s?(?<n>\d+)", lambda found: f"第{found['n']}条"),
            (r"(?<=\p{Han})[IVX]{2,}(?![A-Za-z\d])|(?<![A-Za-z\d])[IVX]+(?=[级期型章世代类度])", self._roman),
            (r"(?<=[A-Z])\.(?<n>\d{3})(?!\d)", lambda found: f"点{self.digits(found['n'])}"),
            (rf"(?<=[{LETTERS}])\s?(?<sign>[=≈<>≤≥])\s?(?=-?\d)", lambda found: self.signs[found["sign"]]),
            (r"(?<![A-Za-z])(?<half>AM|PM|am|pm)\s?(?=\d{1,2}:\d\d)", lambda found: _half_day(found["half"])),
            (r"(?<=\d\p{Han}{1,2})/(?=\p{Han})", lambda _: "每"),
            (
                rf"(?<=[元块])\s?/\s?(?<unit>{_UNITS})(?![{LETTERS}])",
                lambda found: f"每{self.units[found['unit']].one}",
            ),
            (r"(?<feet>\d+)'\s?(?<inches>\d+)\"", lambda found: f"{found['feet']}英尺{found['inches']}英寸"),
            (rf"(?<![\d.\"]){_NUMBER}\"(?=\p{{Han}})", self._inches),
        ]

    def _spans(self) -> Sequence[Row]:
        """From one to another, and what a wave between two numbers is."""
        temperature = r"\s?(?:°[CF]|°|摄氏度|华氏度|度)"
        return [
            (rf"(?<a>{_NUMBER})%?\s?{_DASH}\s?(?<b>{_NUMBER})%", self._percents),
            (
                (
                    rf"(?<![\d.,])(?<a>-?{_NUMBER})(?:{temperature})?\s?(?:{_DASH}|\.\.)\s?(?<b>-?{_NUMBER})"
                    rf"(?<unit>{temperature})(?![{LETTERS}])"
                ),
                self._temperatures,
            ),
            (r"(?<![\d.,-])(?<a>[12]\d{3})年?\s?[-–—~～〜至到]\s?(?<b>[12]\d{3})(?=年)", self._years),
            (r"(?<=[\d%°年月日号时点分秒个天元])\s?[~～〜—]+\s?(?=[-+¥$€]?\d)", lambda _: "到"),
        ]

    def _dates(self) -> Sequence[Row]:
        timers = r"(?<=(?:倒计时|计时器|定时器|剩余|还剩|剩下|时长)(?:时间)?[^\d]{0,3})"
        weekday = r"\s?[（(]?(?:周|星期|礼拜)[一二三四五六日天末]"
        return [
            (r"(?<![\d.,-])(?:(?:19|20)\d\d(?=年(?![前来]))|1[0-8]\d\d(?=年(?![前后来间的以内历])))", self._digits),
            (r"(?<!\d)0\d(?=年)|(?<=《)(?:19|20)\d\d(?=》)", self._digits),
            (
                rf"(?<![\d.,:/{LETTERS}-])(?:19[5-9]\d|20[12]\d)(?=\p{{Han}}{{2}})(?!{COUNTERS}|多|余|来|[^\p{{Han}}])",
                self._digits,
            ),
            (r"(?<![\d到至达过])(?:[05-9]0|[89]5|10)(?=后(?:[，。、！？”\s的们和与青]|$))", self._digits),
            (r"(?<!\d)0(?=[1-9](?:月|日|号|点|时))", lambda _: ""),
            (rf"(?<![\d/])(?<m>1[0-2]|0?[1-9])/(?<d>[12]\d|3[01]|0?[1-9])(?={weekday})", self._day),
            (r"(?<=周[一二三四五六日]|星期[一二三四五六日天])[-–—~～](?=周|星期)", lambda _: "到"),
            (rf"{timers}(?<m>\d{{1,2}}):(?<s>[0-5]\d)(?![:\d])", self._timer),
        ]

    def _scores(self) -> Sequence[Row]:
        pair = r"(?<a>\d{1,3})\s?[:：\-–]\s?(?<b>\d{1,3})(?![\d:.])"
        return [
            (rf"(?<=比分[^\d]{{0,4}}){pair}", self._score),
            (rf"(?<![\d:]){pair}(?=的?(?:{_WON}))", self._score),
            (r"(?<![\d:])(?<a>\d+):(?<b>\d{4,})(?![\d:])", self._score),
            (r"(?<=\d\s?)[-–](?=\s?\d+\s?(?:=|等于))", lambda _: "减"),
            (r"(?<!\d)(?<a>\d{4})\s?[x×*]\s?(?<b>\d{3,4})(?!\d)", self._resolution),
        ]

    def _said_by_digit(self) -> Sequence[Row]:
        """Telephones and lines, where one is yao; codes and rooms, where it is not."""
        counted = rf"(?![\d.,:%-]|\s?{COUNTERS})"
        return [
            (
                r"(?<![\d.,-])(1[3-9]\d)[ \u00a0-](\d{4})[ \u00a0-](\d{4})(?![\d.,-])",
                lambda found: self.phone(found.groups(), is_international=False),
            ),
            (rf"(?<=(?:{_CALLS})[是为:：\s]{{0,2}})\d{{3,12}}{counted}", self._telephone),
            (r"(?<![\d.,-])1[3-9]\d{9}(?![\d.,-])", self._telephone),
            (rf"(?<=(?:{_CODES})[是为:：\s]{{0,2}})\d{{3,}}{counted}", self._digits),
            (r"(?<![\d.,])\d{3,4}(?=室|号?房|教室)", self._digits),
            (r"(?<![\d.,])\d{3,4}(?=路(?!程))", self._telephone),
            (r"(?<=(?<![A-Z])[GDCKZTSY])\d{3,4}(?=次|列车|号?高铁)", self._telephone),
            (r"(?<![A-Za-z\d])(?<line>[A-Z]{2}|[A-Z]\d|\d[A-Z])\s?(?<n>\d{3,4})(?![\dA-Za-z.,])", self._flight),
            (
                rf"(?<=[A-Z]·)\d{{4,6}}|(?<=[{LETTERS}][ \u00a0])\d{{4}}(?![\d.,:/%年-]|\s?(?:{COUNTERS}|{_UNITS}))",
                self._digits,
            ),
        ]

    def _digits(self, found: "regex.Match[str]") -> str:
        return self.digits(found[0])

    def _telephone(self, found: "regex.Match[str]") -> str:
        return self._by_telephone(found[0])

    def _by_telephone(self, digits: str) -> str:
        return self.digits(digits).replace("一", "幺")

    def _flight(self, found: "regex.Match[str]") -> str | None:
        return found["line"] + self._by_telephone(found["n"]) if "航班" in found.string else None

    def _day(self, found: "regex.Match[str]") -> str:
        return self.date(int(found["d"]), int(found["m"]), None)

    def _years(self, found: "regex.Match[str]") -> str:
        return f"{self.digits(found['a'])}到{self.digits(found['b'])}"

    def _timer(self, found: "regex.Match[str]") -> str:
        return self.duration(0, int(found["m"]), int(found["s"]))

    def _score(self, found: "regex.Match[str]") -> str:
        return self.ratio(int(found["a"]), int(found["b"]))

    def _resolution(self, found: "regex.Match[str]") -> str:
        return f"{self.digits(found['a'])}乘{self.digits(found['b'])}"

    def _percents(self, found: "regex.Match[str]") -> str:
        first, last = (self.counted(self.notation.parse(found[name]), self.units["%"]) for name in "ab")
        return f"{first}到{last}"

    def _temperatures(self, found: "regex.Match[str]") -> str:
        unit = found["unit"].strip()
        first, last = (self._below_zero(found[name]) for name in "ab")
        return f"{first}到{last}{self.units[unit].one if unit in self.units else unit}"

    def _below_zero(self, written: str) -> str:
        return ("零下" if written.startswith("-") else "") + self._counting(self.notation.parse(written.lstrip("-")))

    def _degrees(self, found: "regex.Match[str]") -> str:
        return self._below_zero(found[0])

    def _inches(self, found: "regex.Match[str]") -> str | None:
        if found.string[: found.start()].count('"') % 2:
            return None
        return f"{found[0][:-1]}英寸"

    def _decimal(self, found: "regex.Match[str]") -> str:
        return self.number(Number(int(found["whole"]), found["part"]))

    # ---- numbers ----

    def cardinal(self, n: int, gender: str = "") -> str:
        words = _cardinal(n)
        return words.removeprefix("一") if words.startswith("一十") else words

    def ordinal(self, n: int, gender: str = "") -> str:
        return f"第{self.cardinal(n)}"

    def number(self, number: Number, gender: str = "") -> str:
        fraction = f"点{self.digits(number.fraction)}" if number.fraction else ""
        return _SIGNS[number.sign] + self.cardinal(number.whole) + fraction

    def _counting(self, number: Number) -> str:
        """Two of a thing is 两."""
        if number.whole == 2 and number.is_whole:
            return f"{_SIGNS[number.sign]}两"
        return self.number(number)

    # ---- kinds of things ----

    def counted(self, number: Number, unit: Unit) -> str:
        if unit.before:
            size = Number(number.whole, number.fraction)
            words = "百" if size == Number(100) else self.number(size)
            return _SIGNS[number.sign] + unit.before + words
        if number.sign == "-" and unit.one in ("摄氏度", "华氏度", "度"):
            return f"零下{self._counting(Number(number.whole, number.fraction))}{unit.one}"
        return self._counting(number) + unit.one

    def money(self, number: Number, currency: Currency, magnitude: str, per: Unit | None) -> str:
        words = self._counting(number) + magnitude + currency.unit.one
        return f"{words}每{per.one}" if per else words

    def date(self, day: int, month: int, year: int | None) -> str:
        words = f"{self.cardinal(month)}月{self.cardinal(day)}日"
        return f"{self.digits(str(year))}年{words}" if year else words

    def time(self, hour: int, minute: int, second: int | None, suffix: str) -> str:
        words = f"{_half_day(suffix)}{self._counting(Number(hour))}点"
        if minute or second:
            words += f"{'零' if minute < 10 and minute else ''}{self.cardinal(minute)}分"
        return f"{words}{self.cardinal(second)}秒" if second else words

    def duration(self, hours: int, minutes: int, seconds: int) -> str:
        minute = "分" if seconds else "分钟"
        parts = ((hours, "小时"), (minutes, minute), (seconds, "秒"))
        return "".join(self._counting(Number(n)) + unit for n, unit in parts if n) or "零秒"

    def range(self, first: str, last: str) -> str:
        is_score = first.isdecimal() and last.isdecimal() and int(first) >= int(last)
        return f"{first}{'比' if is_score else '到'}{last}"

    def fraction(self, numerator: int, denominator: int) -> str | None:
        if not 0 < numerator < denominator:
            return None
        if 12 < denominator <= 31 and 1 < numerator <= 12:
            return self.date(denominator, numerator, None)
        return f"{self.cardinal(denominator)}分之{self.cardinal(numerator)}"

    def stroke(self, first: str, second: str) -> str:
        return f"{self.part(first)}、{self.part(second)}"

    def phone(self, groups: Sequence[str], *, is_international: bool) -> str:
        return super().phone(groups, is_international=is_international).replace("一", "幺")

    def dotted(self, parts: Sequence[str]) -> str:
        is_address = len(parts) == 4 and any(len(part) == 3 for part in parts)
        return "点".join(map(self.digits if is_address else self.part, parts))

    def address(self, written: str) -> str:
        return "".join(self.address_signs.get(char, self.digits(char) or char) for char in written)

    def name(self, pieces: Sequence[str]) -> str:
        return "".join(self._named(pieces, at) for at in range(len(pieces)))

    def _named(self, pieces: Sequence[str], at: int) -> str:
        piece = pieces[at]
        if not piece.isdecimal():
            return piece
        is_index = pieces[at - 1 : at] == ["AQI"] or (not at and pieces[1:] not in (["p"], ["P"], ["i"]))
        return self.cardinal(int(piece)) if len(piece) < 3 or is_index else self.digits(piece)

    def _roman(self, found: "regex.Match[str]") -> str | None:
        number = value(found[0])
        return None if number is None else self.cardinal(number)


def _cardinal(n: int) -> str:
    for size, word in _MAGNITUDES:
        if n >= size:
            high, low = divmod(n, size)
            head = "两" if high == 2 and size >= 1000 else _cardinal(high)
            gap = "零" if 0 < low < size // 10 else ""
            return f"{head}{word}{gap}{_inner(low) if low else ''}"
    return Chinese.digit_words[n]


def _inner(n: int) -> str:
    """Behind a greater magnitude two thousand is 二千."""
    words = _cardinal(n)
    return "二" + words[1:] if words.startswith("两") else words


def _half_day(suffix: str) -> str:
    return {"a": "上午", "p": "下午"}.get(suffix[:1].lower(), "")
