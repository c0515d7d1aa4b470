"""Russian dates, years, centuries, ordinals and clock times, each in the case that its place asks for."""

from collections.abc import Iterator

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.language import Row
from qwen3tts_daemon.reading.notation import Number
from qwen3tts_daemon.reading.patterns import alternatives
from qwen3tts_daemon.reading.roman import value
from qwen3tts_daemon.reading.russian_governors import Governor, governor_of, preposition_of
from qwen3tts_daemon.reading.russian_grammar import Case, cardinal, counted, ordinal
from qwen3tts_daemon.reading.russian_units import CURRENCIES, UNITS

MONTHS = (
    "января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября",
    "декабря"
)  # fmt: skip
_SHORT_MONTHS = {
    "янв": 1, "фев": 2, "февр": 2, "мар": 3, "апр": 4, "июн": 6, "июл": 7, "авг": 8, "сен": 9, "сент": 9, "окт": 10,
    "ноя": 11, "нояб": 11, "дек": 12,
}  # fmt: skip
_MONTH = rf"(?<month>(?i:{'|'.join(MONTHS)})|(?:{alternatives(_SHORT_MONTHS)})\b\.?)"
_DASH = r"\s?[-–—]\s?"
_START = r"(?<![\d.:,/-])"
_ROMAN = r"(?<![\p{L}\d])[IVXLC]+"
_VERSIONED = r"(?<!(?:верси\p{L}+|USB|HDMI|Bluetooth|\bv\.?) ?)"
_NAMED_DAY = regex.compile(
    r"(?i)(?:сегодня|завтра|послезавтра|вчера|(?:дата|срок|дедлайн)(?: \p{Ll}+){0,2}|это|наступило"
    r"|(?<!\bво? )(?:понедельник|вторник|среда|четверг|пятница|суббота|воскресенье)),?(?: —| -)?\s$|:\s$"
)
_EARLIER_DAY = regex.compile(r"(?i:\b(?<word>между|к|на)) (?:\p{Ll}+ ){1,2}и $|ь?[оь]е и $")
_CASES_OF_DAYS = {"между": Case.INSTRUMENTAL, "к": Case.DATIVE, "на": Case.ACCUSATIVE, "": Case.NOMINATIVE}
_OF_YEAR = {
    "год": Case.NOMINATIVE, "года": Case.GENITIVE, "годом": Case.INSTRUMENTAL, "годы": Case.NOMINATIVE,
    "годов": Case.GENITIVE, "годам": Case.DATIVE, "годами": Case.INSTRUMENTAL, "годах": Case.PREPOSITIONAL,
}  # fmt: skip
_YEAR_FORMS = dict(zip(Case, ("год", "года", "году", "год", "годом", "году"), strict=True))
_YEARS_FORMS = dict(zip(Case, ("годы", "годов", "годам", "годы", "годами", "годах"), strict=True))
_OF_CENTURY = {
    "век": Case.NOMINATIVE, "века": Case.GENITIVE, "веку": Case.DATIVE, "веком": Case.INSTRUMENTAL,
    "веке": Case.PREPOSITIONAL, "веков": Case.GENITIVE, "веках": Case.PREPOSITIONAL,
}  # fmt: skip
_CENTURY_FORMS = dict(zip(Case, ("век", "века", "веку", "век", "веком", "веке"), strict=True))


def rows() -> Iterator[Row]:
    """Rules of dates and times."""
    yield rf"\b(?<from>[Сс]о?) (?<a>\d{{1,2}}) по (?<b>\d{{1,2}}) {_MONTH}", _first_to_last
    yield (
        rf"{_START}(?<d>\d{{1,2}})(?=(?:, \d{{1,2}})* и \d{{1,2}} {_MONTH})",
        lambda found: ordinal(int(found["d"]), _case_of_day(found), "n"),
    )
    yield (
        rf"{_START}(?:(?<first>\d{{1,2}}){_DASH})?(?<d>\d{{1,2}}) {_MONTH}"
        r"(?: (?<year>\d{4})(?:\s?(?:года|г(?:\.(?!\s*$))?)(?!\p{L}))?)?",
        _named_date,
    )
    yield (
        rf"{_START}(?<d>\d{{1,2}})\.(?<m>\d\d)\.(?<year>\d{{4}}|\d\d(?![\d.]))(?:\s?(?:г(?:\.(?!\s*$))?|года)(?!\p{{L}}))?",
        _numbered_date,
    )
    yield (
        r"\b(?<from>[Сс]о?) (?<a>[12]\d{3}) по (?<b>[12]\d{3}) (?<word>год(?:ы|а)?|гг?\.)",
        lambda found: (
            f"{found['from']} {ordinal(int(found['a']), Case.GENITIVE)} по {ordinal(int(found['b']))} "
            + ("годы" if found["word"] in ("годы", "гг.") else "год")
        ),
    )
    yield (
        rf"{_VERSIONED}{_START}(?<d>[0-3]\d|[1-9])\.(?<m>0[1-9]|1[0-2])(?:\.(?=[,;)]|\s+[^\s\p{{Lu}}]))?"
        rf"(?![\d/]|[.:]\d|\s?(?:{alternatives([*UNITS, *CURRENCIES])})(?!\p{{L}}))",
        _numbered_date,
    )
    yield (
        rf"{_START}(?<a>\d{{4}}){_DASH}(?<b>\d{{4}})\s?(?<word>гг\.?|год(?:ы|ов|ами?|ах))(?!\p{{L}})",
        _years,
    )
    yield (
        r"(?<=\b(?i:на|к|до|с|по|от|дата:?) )(?<d>1[3-9]|2\d|3[01]|0\d)/(?<m>0[1-9]|1[0-2])(?![\d/])",
        _numbered_date,
    )
    yield rf"{_START}(?<m>0[1-9]|1[0-2])\.(?<year>20\d\d)(?!\d|[.,]\d)", _month_of_year
    yield rf"{_START}(?<year>1\d{{3}}|20\d\d)\s?(?<word>год(?:а|у|ом)?|г(?:\.(?!\s*$))?)(?!\p{{L}})", _year
    yield r"'?(?<![\d.,])(?:(?<first>\d*0)[-–—])?(?<n>\d*0)-?(?<end>е|х|ми|м)(?:\s?(?<word>гг?\.))?(?!\p{L})", _decade
    yield (
        rf"(?:(?<first>{_ROMAN}){_DASH})?(?<n>{_ROMAN})\s(?<word>вв\.?|в\.?|век(?:а|у|ом|е|ов|ах)?)(?!\p{{L}})"
        rf"|(?<n>\d{{1,2}})(?:-?(?:й|м|го))?\s(?<word>век(?:а|у|ом|е)?)(?!\p{{L}})",
        _century,
    )
    yield (
        rf"{_START}(?<h>[01]?\d|2[0-3])[.-](?<m>[0-5]\d)(?<s>)(?![\d:%]|[.,-]\d)"
        rf"(?!\s?(?:{alternatives([*UNITS, *CURRENCIES])})(?!\p{{L}})"
        r"|(?<=-\d\d)\s[а-яё])",
        _dotted_clock,
    )
    yield (
        rf"(?<!\b[Сс]о? ){_START}(?<a>\d{{1,2}}:[0-5]\d){_DASH}(?<b>\d{{1,2}}:[0-5]\d)(?![\d:])",
        lambda found: f"с {found['a']} до {found['b']}",
    )
    yield (
        rf"(?i:(?<=\b(?:таймер\p{{L}}*(?: на)?|осталось|секундомер):? )){_START}(?<m>\d{{1,2}}):(?<s>[0-5]\d)(?![\d:])",
        lambda found: duration(0, int(found["m"]), int(found["s"])),
    )
    yield rf"{_START}(?<h>\d\d?):(?<m>[0-5]\d)(?::(?<s>[0-5]\d))?(?!:?\d)(?:\s?ч(?:ас(?:а|ов)?)?\b)?", _clock


def date(day: int, month: int, year: int | None, case: Case = Case.NOMINATIVE) -> str:
    """тридцатое ноября две тысячи двадцать шестого года."""
    words = f"{ordinal(day, case, 'n')} {MONTHS[month - 1]}"
    return f"{words} {ordinal(year, Case.GENITIVE)} года" if year else words


def clock(hour: int, minute: int, second: int | None = None, case: Case = Case.NOMINATIVE) -> str:
    """четырнадцать тридцать; семь часов."""
    if not minute and not second:
        return counted(Number(hour), UNITS["ч"], case)
    words = [
        cardinal(hour, case),
        f"ноль {cardinal(minute, case, 'f')}" if minute < 10 else cardinal(minute, case, "f"),
    ]
    if not minute:
        words[1] = "ноль ноль"
    return " ".join([*words, counted(Number(second), UNITS["сек"], case)] if second else words)


def duration(hours: int, minutes: int, seconds: int, case: Case = Case.NOMINATIVE) -> str:
    """один час тридцать минут."""
    parts = [(hours, "ч"), (minutes, "мин"), (seconds, "сек")]
    return " ".join(counted(Number(n), UNITS[unit], case) for n, unit in parts if n) or "ноль секунд"


def _month(written: str) -> int:
    written = written.casefold()
    return MONTHS.index(written) + 1 if written in MONTHS else _SHORT_MONTHS[written.rstrip(".")]


def _case_of_day(found: "regex.Match[str]") -> Case:
    """The day something happens stands in the genitive, the day itself in the nominative."""
    if governor := preposition_of(found):
        return governor.case
    if earlier := _EARLIER_DAY.search(found.string[: found.start()]):
        return _CASES_OF_DAYS[(earlier["word"] or "").casefold()]
    before = regex.sub(r"(?:\d{1,2}, )+$", "", found.string[: found.start()])
    return Case.NOMINATIVE if _NAMED_DAY.search(before) else Case.GENITIVE


def _first_to_last(found: "regex.Match[str]") -> str:
    first, last = ordinal(int(found["a"]), Case.GENITIVE, "n"), ordinal(int(found["b"]), Case.ACCUSATIVE, "n")
    return f"{found['from']} {first} по {last} {MONTHS[_month(found['month']) - 1]}"


def _named_date(found: "regex.Match[str]") -> str | None:
    day, month, year = int(found["d"]), _month(found["month"]), found["year"]
    if not 1 <= day <= 31:
        return None
    words = date(day, month, int(year) if year else None, case := _case_of_day(found))
    if found["first"]:
        if not preposition_of(found):
            words = date(day, month, int(year) if year else None, Case.ACCUSATIVE)
            return f"с {ordinal(int(found['first']), Case.GENITIVE, 'n')} по {words}"
        words = f"{ordinal(int(found['first']), case, 'n')}-{words}"
    return words


def _numbered_date(found: "regex.Match[str]") -> str | None:
    day, month, year = int(found["d"]), int(found["m"]), found.groupdict().get("year")
    if not (1 <= day <= 31 and 1 <= month <= 12):
        return None
    full_year = int(year) + (0 if len(year) == 4 else 2000 if int(year) < 70 else 1900) if year else None
    return date(day, month, full_year, _case_of_day(found))


def _month_of_year(found: "regex.Match[str]") -> str:
    """ "до 05.2027" """
    governor = preposition_of(found)
    case = governor.case if governor else Case.NOMINATIVE
    if governor and governor.word in ("в", "во"):
        case = Case.PREPOSITIONAL
    return f"{_month_in(case, MONTHS[int(found['m']) - 1])} {ordinal(int(found['year']), Case.GENITIVE)} года"


def _month_in(case: Case, genitive: str) -> str:
    stem, end = genitive[:-1], genitive[-1]
    match case:
        case Case.GENITIVE:
            return genitive
        case Case.DATIVE:
            return stem + ("у" if end == "а" else "ю")
        case Case.PREPOSITIONAL:
            return stem + "е"
        case _:
            return stem + ("" if end == "а" else "й" if stem == "ма" else "ь")


def _case_of_year(governor: Governor | None, word: str) -> Case:
    if word in ("году", "г", "г.", "гг", "гг."):
        if governor:
            return Case.PREPOSITIONAL if governor.word in ("в", "во", "о", "об", "при", "на") else governor.case
        return Case.PREPOSITIONAL if word == "году" else Case.GENITIVE
    return _OF_YEAR[word]


def _year(found: "regex.Match[str]") -> str:
    case = _case_of_year(preposition_of(found), found["word"])
    return f"{ordinal(int(found['year']), case)} {_YEAR_FORMS[case]}"


def _years(found: "regex.Match[str]") -> str:
    governor = preposition_of(found)
    case = _case_of_year(governor, found["word"]) if governor else _OF_YEAR.get(found["word"])
    case = case or Case.NOMINATIVE
    years = f"{ordinal(int(found['a']), case)} – {ordinal(int(found['b']), case)}"
    return f"{years} {_YEARS_FORMS[case]}"


def _decade(found: "regex.Match[str]") -> str | None:
    n = int(found["n"])
    if n < 20 or (n > 90 and not 1000 < n < 2100):
        return None
    case = {"е": Case.NOMINATIVE, "м": Case.DATIVE, "ми": Case.INSTRUMENTAL}.get(found["end"], Case.PREPOSITIONAL)
    first = f"{ordinal(int(found['first']), case, 'p')}-" if found["first"] else ""
    return first + ordinal(n, case, "p") + (f" {_YEARS_FORMS[case]}" if found["word"] else "")


def _century(found: "regex.Match[str]") -> str | None:
    written, word = found["n"], found["word"]
    n = int(written) if written.isdecimal() else value(written)
    first = value(found["first"]) if found.groupdict().get("first") else None
    if not n or n > 40 or (found["first"] and not first):
        return None
    before = found.string[: found.start()].rstrip().casefold()
    case = _OF_CENTURY.get(word)
    if case is None:
        case = Case.PREPOSITIONAL if regex.search(r"\b(?:во?|о)$", before) else Case.GENITIVE
        word = _CENTURY_FORMS[case]
        if found["word"].startswith("вв"):
            word = "веках" if case is Case.PREPOSITIONAL else "веков"
    return f"{ordinal(first, case)}-{ordinal(n, case)} {word}" if first else f"{ordinal(n, case)} {word}"


def _dotted_clock(found: "regex.Match[str]") -> str | None:
    """ "в 9.30" """
    governor = preposition_of(found)
    return _clock(found) if governor and governor.word in ("в", "с", "до", "к", "после") else None


def _clock(found: "regex.Match[str]") -> str | None:
    hour, minute, second = int(found["h"]), int(found["m"]), int(found["s"] or 0)
    governor = governor_of(found)
    case = governor.case if governor else Case.NOMINATIVE
    is_length = governor is not None and governor.word == "через"
    if is_length or (found["s"] and (len(found["h"]) == 1 or hour > 24)):
        return duration(hour, minute, second, case)
    return clock(hour, minute, second, case) if hour <= 24 else None
