"""Korean. Particles follow numbers without a blank; counters are parted from them."""

import unicodedata
from collections.abc import Sequence
from typing import ClassVar

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.korean_numbers import (
    COUNTERS,
    by_digit,
    counted,
    counted_range,
    decimal,
    sino,
    spelled,
)
from qwen3tts_daemon.reading.korean_units import CURRENCIES, NAMES, UNITS, Measure
from qwen3tts_daemon.reading.language import Currency, Language, Row, Unit, rewritten
from qwen3tts_daemon.reading.notation import Notation, Number
from qwen3tts_daemon.reading.patterns import alternatives

_DASH = r"\s?[-–—~∼〜]\s?"
_FRESH = r"(?<![\d.,:/-])"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_MONTH = r"(?:0?[1-9]|1[0-2])"
_MONTHS = {6: "유월", 10: "시월"}
_PARTICLE = r"(?<particle>(?:은|이|을)(?=\s|$))?"
_ENDS_BY_ITSELF = regex.compile(r"까지|에|사이|쯤|경|정도|가량")
_CODE = (
    r"(?:(?:인증|비밀|확인|핀|우편|주문|예약|계좌|송장|차량|회원|카드) ?번호|코드|PIN)"
    r"(?:는|은|가|이)?\s?:?\s?"
)
_BEHIND_COUNTERS = (
    r"\P{Hangul}|$|이|가|은|는|을|를|에|의|도|만|로|으로|부터|까지|입|예|씩|마다|간|째|"
    r"전|후|동안|정도|이상|이하|미만|초과|짜리|이나|쯤|과|와|랑|용|대"
)
_LARGE = {"조": 10**12, "억": 10**8, "백만": 10**6, "만": 10**4, "천": 1000, "백": 100}
_LED = {symbol: unit for symbol, unit in UNITS.items() if unit.before}
_CLOCK = regex.compile(r"(?<h>\d{1,2})(?::(?<m>\d\d)|시(?:\s?(?<m>\d{1,2})분)?)?")


class Korean(Language):
    notation = Notation(".", ",")
    has_particles = True
    digit_words: ClassVar = ["영", "일", "이", "삼", "사", "오", "육", "칠", "팔", "구"]
    point = "점"
    signs: ClassVar = {
        "+": "플러스", "-": "마이너스", "±": "플러스마이너스", "×": "곱하기", "x": "곱하기", "*": "곱하기",
        "÷": "나누기", "=": "는", "<": "미만", ">": "초과", "≤": "이하", "≥": "이상", "~": "약", "≈": "약",
        "#": "넘버", "№": "넘버", "§": "섹션", "&": "앤드",
    }  # fmt: skip
    address_signs: ClassVar = {
        ".": "점", "@": "골뱅이", "/": "슬래시", "-": "대시", "_": "언더바", ":": "콜론", "+": "플러스",
    }  # fmt: skip
    units = UNITS
    per = "당"
    currencies = CURRENCIES
    magnitudes: ClassVar = {
        "k": "천", "K": "천", "M": "백만", "조": "조", "억": "억", "만": "만", "천": "천", "백만": "백만",
    }  # fmt: skip
    ratio_word = "대"
    and_word = "와"
    version_word = "버전"
    date_order = "mdy"
    abbreviations: ClassVar = {"vs.": "대", "etc.": "기타 등등", "No.": "넘버"}
    also_read = r"\(주\)|㈜|\b(?:AM|PM)\b"

    def before(self) -> Sequence[Row]:
        return (*self._names(), *self._dates(), *self._times(), *self._sums(), *self._counted_things())

    def after(self) -> Sequence[Row]:
        return ()

    # ---- rules ----

    def _names(self) -> Sequence[Row]:
        number = self.notation.pattern
        plates = "가나다라마거너더러머버서어저고노로모보소오구누두루무부수우하허"
        return (
            (r"\(주\)|㈜", lambda _: "주식회사 "),
            (
                rf"(?<![\d\p{{L}}])(?<sign>[<>≤≥])\s?(?<rest>{number}\s?(?:{alternatives(UNITS)})?)(?![\d.,]\d)",
                self._compared,
            ),
            (r"제\s?(?<n>\d{1,4})(?=\p{Hangul})", lambda found: f"제{sino(int(found['n']))} "),
            (
                rf"(?<={_CODE})\d[\d-]*\d(?: \d{{3,4}}(?![\d가-힣]))*",
                self._code,
            ),
            (
                r"(?<=(?:버전|펌웨어|릴리스)\s)\d+(?:\.\d+){2,}",
                lambda found: self.dotted(found[0].split(".")),
            ),
            (
                r"(?<![\d-])1[568]\d\d-\d{4}(?![\d-])|(?<![\d-]|\+\d{1,3}\s)\d{2,6}-\d{2,6}-\d{4,7}(?![\d-])|\(?(?<!\d)0\d{1,2}\)\s?\d{3,4}-\d{4}"
                r"|(?<!\d)(?:01\d|02|0[3-6]\d)(?<middle>\d{3,4})(?=\d{4}(?!\d))\d{4}",
                self._local_phone,
            ),
            (rf"(?<![\d.,-])(?:112|119)(?![\d.,:-]|\s?(?:{COUNTERS}|[조억만]))", lambda found: by_digit(found[0])),
            (
                r"(?<![\d.,-])(?:114|110|111|118|120|122|182|1339|1345)(?=번?(?:에|로|으로)?\s?(?:전화|신고|연락|상담))",
                lambda found: by_digit(found[0]),
            ),
            (
                rf"(?<!\d)(?<n>\d{{2,3}})(?<letter>[{plates}])\s?(?<serial>\d{{4}})(?!\d)",
                lambda found: f"{sino(int(found['n']))}{found['letter']} {by_digit(found['serial'])}",
            ),
            (r"(?<![A-Za-z\d])PM\s?10(?!:\d\d|\s?시|\d)", lambda _: "피엠 십"),
            (r"(?<=\d반\s)(?<n>\d+)번", lambda found: f"{sino(int(found['n']))} 번"),
            (r"(?<a>\d+)\s?대\s?(?=\d)", lambda found: f"{sino(int(found['a']))} 대 "),
            (
                r"(?<a>\d{1,2})'\s?(?<b>\d{1,2})\"",
                lambda found: f"{sino(int(found['a']))} 피트 {sino(int(found['b']))} 인치",
            ),
            (rf"(?<=^|\s)(?<n>{number})\"(?![\p{{L}}\d])", self._inches),
            (
                r"(?<!\d)(?<m>\d{1,2})(?:·|\.(?=\d+\s?(?:광복|민주|전쟁|혁명|절|운동|사태|의거)))(?<d>\d{1,2})(?!\d)",
                lambda found: (
                    sino(int(found["m"])) + (sino if found["d"] in ("10", "12") else spelled)(int(found["d"]))
                ),
            ),
            (r"(?<![A-Za-z\d.])[248]K(?![A-Za-z\d])", lambda found: NAMES[found[0]]),
            (r"(?<=(?<![A-Za-z\d])[-+]?\d{1,3}(?:\.\d)?)C(?![A-Za-z\d])", lambda _: "°C"),
            (r"(?<![A-Za-z\d])PM\s?2\.5", lambda _: "피엠 이 점 오"),
            (r"(?<![A-Za-z\d])(?:[Nn]o|NO|№)\.?\s?(?=\d)", lambda _: "넘버 "),
            (r"#\s?(?<n>\d+)(?![\d가-힣])", lambda found: f"{sino(int(found['n']))} 번"),
        )

    def _dates(self) -> Sequence[Row]:
        date = (
            rf"(?<y>\d{{4}}|\d\d(?=\.))(?<s>[./-])\s?(?<m>{_MONTH})(?P=s)\s?(?<d>{_DAY})(?!\d)\.?(?=[^\d.]|\.\s*$|$)"
            r"(?:\s?\((?<w>[월화수목금토일])\))?"
        )
        weekday = r"(?:\((?<w>[월화수목금토일])\))?"
        return (
            (_FRESH + date, self._date_with_weekday),
            (
                rf"{_FRESH}(?<m>{_MONTH})[./](?<d>{_DAY})\.?\s?\((?<w>[월화수목금토일])\)"
                rf"|{_FRESH}(?<m>{_MONTH})/(?<d>1[3-9]|2\d|3[01])(?![\d/%])",
                self._date_with_weekday,
            ),
            (
                rf"{_FRESH}(?<m>{_MONTH})월\s?(?<d>{_DAY})일?{weekday}{_DASH}"
                rf"(?:(?<m2>{_MONTH})월\s?)?(?<d2>{_DAY})일{weekday}{_PARTICLE}",
                self._range_of_days,
            ),
            (
                rf"{_FRESH}(?<y>[12]\d{{3}})년?{_DASH}(?<y2>[12]\d{{3}})년{_PARTICLE}",
                lambda found: self._from_to(f"{sino(int(found['y']))}년", f"{sino(int(found['y2']))}년", found),
            ),
            (rf"{_FRESH}'(?=\d\d년대)", lambda _: ""),
            (rf"{_FRESH}'(?<y>\d\d)년(?!대)", lambda found: f"{sino(int(found['y']))}년"),
            (rf"{_FRESH}(?<y>[12]\d{{3}})년(?![간째대])", lambda found: f"{sino(int(found['y']))}년"),
            (rf"{_FRESH}(?<m>{_MONTH})월", lambda found: self._month(int(found["m"]))),
            (rf"(?<=월\s?)(?<d>{_DAY})일", lambda found: f"{sino(int(found['d']))}일"),
            (r"(?<=\d일\s?|[일이삼사오육칠팔구십]일\s?)\((?<w>[월화수목금토일])\)", rewritten(r" \g<w>요일")),
        )

    def _times(self) -> Sequence[Row]:
        clock = r"(?:\d{1,2}:[0-5]\d)"
        hour = r"(?:\d{1,2}시(?:\s?\d{1,2}분)?)"
        meridiem = r"(?:(?:오전|오후|낮|밤|새벽|아침|저녁|[AaPp]\.?[Mm]\.?)\s?)"
        return (
            (
                r"(?<![A-Za-z])(?<m>[AaPp])\.?[Mm]\.?\s?(?=\d)",
                lambda found: "오전 " if found["m"] in "aA" else "오후 ",
            ),
            (r"(?<t>\d{1,2}(?::[0-5]\d)?)\s?(?<m>[AaPp])\.?[Mm]\b\.?", self._behind_meridiem),
            (
                rf"{_FRESH}(?<a>{clock}|{hour}){_DASH}(?<b>{meridiem}?(?:{clock}|{hour}))(?![:\d]){_PARTICLE}",
                self._range_of_times,
            ),
            (
                r"(?:(?<=타이머|스톱워치|남은 시간은?|경과)\s?:?\s?)(?<![\d:])(?<m>\d{1,2}):(?<s>[0-5]\d)(?![:\d])",
                lambda found: self.duration(0, int(found["m"]), int(found["s"])),
            ),
            (
                rf"{_FRESH}(?<h>\d{{1,2}}):(?<m>[0-5]\d)(?![:\d])",
                lambda found: self.time(int(found["h"]), int(found["m"]), None, "") if int(found["h"]) <= 24 else None,
            ),
        )

    def _sums(self) -> Sequence[Row]:
        """Numbers with 만 and 억 in them, and arithmetic."""
        large = r"\d[\d,]*(?:\.\d+)?\s?[천백]?\s?(?:조(?!각|합|직|명|건)|억|만(?!기|화)|천(?!장|막)|백(?!화점))"
        return (
            (
                rf"(?<![\d.,])(?<sign>(?<![\p{{L}}\d]\s?)-)?(?<currency>[₩$€¥])?(?<sum>{large}(?:\s?{large})*(?:\s?\d[\d,]{{2,}}|\d+)?)"
                rf"(?!\d)(?:\s?(?<unit>{COUNTERS}))?",
                self._sum,
            ),
            (
                r"(?<n>\d+)\s?=\s?(?=-?\d)",
                lambda found: f"{found['n']}{'는' if found['n'][-1] in '2459' else '은'} ",
            ),
            (r"(?<=\d)\s?\+\s?(?=\d)", lambda _: " 더하기 "),
            (r"(?<=\d)\s-\s(?=\d+\s?[은는])", lambda _: " 빼기 "),
            (r"(?<=\d)\s?[×xX*]\s?(?=\d)", lambda _: " 곱하기 "),
        )

    def _counted_things(self) -> Sequence[Row]:
        number = self.notation.pattern
        fraction = rf"(?=\s?(?<counter>{COUNTERS})?)"
        return (
            (r"(?<b>\d+)분의\s?(?<a>\d+)", lambda found: self.fraction(int(found["a"]), int(found["b"]))),
            (
                rf"(?<![\d.,:/]|\d-)(?<sign>-)?(?<a>{number})\s?(?:{COUNTERS})?{_DASH}(?<b>{number})\s?(?<counter>{COUNTERS})",
                self._range_of_things,
            ),
            (
                rf"{_FRESH}(?<a>{number}){_DASH}(?<b>{number})\s?(?<unit>{alternatives(_LED)})(?![A-Za-z\d])",
                self._range_of_led_units,
            ),
            (rf"(?<number>{number})\s?(?<unit>[µm]g/m[³3])(?<particle>로|는|를|가|와)?", self._density),
            (
                rf"(?<![:/A-Za-z]|\d[.,-])(?<sign>(?<!\d\s?|\p{{L}})[-+±])?(?<number>{number})"
                rf"(?:\s(?=(?:{COUNTERS})(?:{_BEHIND_COUNTERS})))?(?<counter>{COUNTERS})(?!/)",
                self._thing,
            ),
            (rf"{_FRESH}(?:(?<whole>\d+)\s)?(?<a>\d{{1,2}})/(?<b>\d{{1,2}})(?![\d/]){fraction}", self._fraction),
            (rf"(?<whole>\d+)?(?<vulgar>[¼½¾⅓⅔⅕⅛]){fraction}", self._fraction),
            (r"(?<![\d\p{L}%°])[~∼〜]\s?(?=\d)", lambda _: "약 "),
            (r"(?<=[\d%°Ca-z])\s?[∼〜~]\s?(?=\d)", lambda _: "-"),
            (r"(?<word>\p{Hangul}+)(?:[∼〜~](?=[\p{Hangul}\d])|\s[∼〜~]\s)", rewritten(r"\g<word>에서 ")),
        )

    # ---- what the rules say ----

    def _month(self, month: int) -> str:
        return _MONTHS.get(month) or f"{sino(month)}월"

    def _date_with_weekday(self, found: "regex.Match[str]") -> str:
        year = found.groupdict().get("y")
        full_year = int(year) + (2000 if len(year) == 2 else 0) if year else None
        words = self.date(int(found["d"]), int(found["m"]), full_year)
        if found["w"]:
            words += f" {found['w']}요일"
        return words + ("." if found[0].endswith(".") and not found.string[found.end() :].strip() else "")

    def _range_of_days(self, found: "regex.Match[str]") -> str:
        month = int(found["m"])
        last = self.date(int(found["d2"]), int(found["m2"]), None) if found["m2"] else f"{sino(int(found['d2']))}일"
        first_weekday, last_weekday = [*found.captures("w"), "", ""][:2]
        first = self.date(int(found["d"]), month, None)
        if first_weekday and last_weekday:
            first, last = f"{first} {first_weekday}요일", f"{last} {last_weekday}요일"
        return self._from_to(first, last, found)

    def _range_of_times(self, found: "regex.Match[str]") -> str:
        return self._from_to(_CLOCK.sub(self._clock, found["a"]), _CLOCK.sub(self._clock, found["b"]), found)

    def _clock(self, found: "regex.Match[str]") -> str:
        return self.time(int(found["h"]), int(found["m"] or 0), None, "")

    def _from_to(self, first: str, last: str, found: "regex.Match[str]") -> str:
        if _ENDS_BY_ITSELF.match(found.string[found.end() :]):
            return f"{first}에서 {last}"
        particle = {"은": "는", "이": "가", "을": "를"}.get(found["particle"] or "", "")
        return f"{first}부터 {last}까지{particle}"

    def _behind_meridiem(self, found: "regex.Match[str]") -> str:
        meridiem = "오전" if found["m"] in "aA" else "오후"
        return f"{meridiem} {_CLOCK.sub(self._clock, found['t'])}"

    def _sum(self, found: "regex.Match[str]") -> str:
        written, unit = found["sum"], found["unit"]
        if "." in written:
            words = regex.sub(r"[\d.,]+", lambda number: _decimal(self.notation.parse(number[0])), written)
        else:
            words = sino(_value_of_sum(written))
        sign = f"{self.signs['-']} " if found["sign"] else ""
        if found["currency"]:
            unit = CURRENCIES[found["currency"]].unit.one
        return sign + (f"{words} {unit}" if unit else words)

    def _code(self, found: "regex.Match[str]") -> str:
        return self.pause.join(map(by_digit, regex.split("[ -]", found[0])))

    def _compared(self, found: "regex.Match[str]") -> str:
        word = self.signs[found["sign"]]
        return f"{found['rest']} {word}"

    def _local_phone(self, found: "regex.Match[str]") -> str:
        groups = regex.findall(r"\d+", found[0])
        if found["middle"]:
            groups = [found[0][: -4 - len(found["middle"])], found["middle"], found[0][-4:]]
        return self.phone(groups, is_international=False)

    def _inches(self, found: "regex.Match[str]") -> str | None:
        if found.string[: found.start()].count('"') % 2:
            return None  # the end of a quotation
        return f"{_decimal(self.notation.parse(found['n']))} 인치"

    def _range_of_things(self, found: "regex.Match[str]") -> str | None:
        first, last = self.notation.parse(found["a"], found["sign"] or ""), self.notation.parse(found["b"])
        counter = found["counter"]
        if first.sign:
            return f"{self._sign(first, counter)}{_decimal(first)} {counter}에서 {_decimal(last)} {counter}"
        if first.fraction or last.fraction:
            return f"{_decimal(first)}에서 {_decimal(last)} {counter}"
        if last.whole <= first.whole:
            return None
        return counted_range(first.whole, last.whole, counter, found.string[found.end() :])

    def _range_of_led_units(self, found: "regex.Match[str]") -> str:
        """초속 이에서 사 미터."""
        unit = _LED[found["unit"]]
        first, last = (_decimal(self.notation.parse(found[end])) for end in "ab")
        return f"{unit.before} {first}에서 {last} {unit.one}"

    def _density(self, found: "regex.Match[str]") -> str:
        """The unit is said first, so that the particle stands behind 그램, not 미터."""
        words = self.counted(self.notation.parse(found["number"]), UNITS[found["unit"]])
        return words + {"로": "으로", "는": "은", "를": "을", "가": "이", "와": "과"}.get(found["particle"] or "", "")

    def _thing(self, found: "regex.Match[str]") -> str | None:
        written, counter = found["number"], found["counter"]
        if written.startswith("0") and len(written) > 1 and written.isdecimal() and len(written) > 2:
            return f"{by_digit(written)} {counter}"
        number = self.notation.parse(written, found["sign"] or "")
        if number.fraction:
            words = f"{_decimal(number)} {counter}"
        else:
            words = counted(number.whole, counter, found.string[found.end() :])
        return f"{self._sign(number, counter, found.string[: found.start()])}{words}"

    def _sign(self, number: Number, unit: str, before: str = "") -> str:
        """Below zero there is a word of its own for degrees."""
        if unit == "도" and number.sign in ("-", "+"):
            word = "영하" if number.sign == "-" else "영상"
            return "" if before.rstrip().endswith(word) else f"{word} "
        return f"{self.signs[number.sign]} " if number.sign else ""

    def _fraction(self, found: "regex.Match[str]") -> str | None:
        groups = found.groupdict()
        if vulgar := groups.get("vulgar"):
            numerator, denominator = map(int, unicodedata.normalize("NFKC", vulgar).split("\u2044"))
        else:
            numerator, denominator = int(groups["a"]), int(groups["b"])
        words = self.fraction(numerator, denominator)
        if words is None:
            return None
        if found["whole"]:
            words = self.mixed_fraction(int(found["whole"]), numerator, denominator)
        return f"{words} " if found["counter"] else words

    # ---- what the common kinds ask for ----

    def cardinal(self, n: int, gender: str = "") -> str:
        return sino(n)

    def ordinal(self, n: int, gender: str = "") -> str:
        return counted(n, "번째")

    def digits(self, written: str) -> str:
        return by_digit(written)

    def number(self, number: Number, gender: str = "") -> str:
        return self._sign(number, "") + _decimal(number)

    def counted(self, number: Number, unit: Unit) -> str:
        before = f"{unit.before} " if isinstance(unit, Measure) and unit.before else ""
        return f"{before}{self._sign(number, unit.one)}{_decimal(number)} {unit.one}"

    def measure(self, number: Number, unit: Unit, per: Unit | None) -> str:
        words = self.counted(number, unit)
        return f"{per.one}{self.per} {words}" if per else words

    def money(self, number: Number, currency: Currency, magnitude: str, per: Unit | None) -> str:
        if magnitude and _LARGE[magnitude] >= 10 ** len(number.fraction):
            value = int(f"{number.whole}{number.fraction}") * _LARGE[magnitude] // 10 ** len(number.fraction)
            number, magnitude = Number(value, "", number.sign), ""
        words = super().money(number, currency, magnitude, None)
        return f"{per.one}{self.per} {words}" if per else words

    def date(self, day: int, month: int, year: int | None) -> str:
        words = f"{self._month(month)} {sino(day)}일"
        return f"{sino(year)}년 {words}" if year else words

    def time(self, hour: int, minute: int, second: int | None, suffix: str) -> str:
        words = [counted(hour, "시")]
        if minute or second:
            words.append(counted(minute, "분"))
        if second:
            words.append(counted(second, "초"))
        return " ".join(words)

    def duration(self, hours: int, minutes: int, seconds: int) -> str:
        parts = ((hours, "시간"), (minutes, "분"), (seconds, "초"))
        return " ".join(counted(n, unit) for n, unit in parts if n) or "영 초"

    def range(self, first: str, last: str) -> str:
        if first.isdecimal() and last.isdecimal() and int(first) > int(last):
            return f"{first} {self.ratio_word} {last}"
        return f"{first}에서 {last}"

    def fraction(self, numerator: int, denominator: int) -> str | None:
        if not 2 <= denominator <= 100 or numerator >= denominator:
            return None
        return f"{sino(denominator)}분의 {sino(numerator)}"

    def stroke(self, first: str, second: str) -> str:
        word = "대" if int(first) + int(second) == 100 else ""
        return self.joined((self.part(first), word, self.part(second)))

    def mixed_fraction(self, whole: int, numerator: int, denominator: int) -> str:
        particle = "와" if whole % 10 in (2, 4, 5, 9) else "과"
        return f"{sino(whole)}{particle} {self.fraction(numerator, denominator)}"

    def part(self, digits: str) -> str:
        return sino(0) if digits == "0" else super().part(digits)

    def phone(self, groups: Sequence[str], *, is_international: bool) -> str:
        words = self.pause.join(map(by_digit, groups))
        return f"플러스 {words}" if is_international else words

    def name(self, pieces: Sequence[str]) -> str:
        return NAMES.get("".join(pieces)) or super().name(pieces)


def _decimal(number: Number) -> str:
    return decimal(number.whole, number.fraction)


def _value_of_sum(written: str) -> int:
    """3천5백만 -> 35,000,000."""
    total = small = 0
    for digits, marks in regex.findall(r"([\d,]+)\s?([천백]?\s?[조억만천백]?)", written):
        n = int(digits.replace(",", ""))
        for mark in marks.replace(" ", ""):
            if mark in "천백":
                n *= _LARGE[mark]
            else:
                total, small, n = total + (small + n) * _LARGE[mark], 0, 0
        small += n
    return total + small
