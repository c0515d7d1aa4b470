"""What is recognised in a text, in which order, in every language.

Each kind is a pattern and a question to the language. What a kind has put into words has no digits any more, so it is
left alone by those behind it.
"""

import datetime
from collections.abc import Iterable, Iterator
from functools import partial

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.characters import LETTERS
from qwen3tts_daemon.reading.language import VERSIONED, Language, Row

_DASH = r"[-–—]"
_WORD = rf"{LETTERS}\d_"
_END = rf"(?![{LETTERS}\p{{N}}])"
_BEGIN = rf"(?<![{LETTERS}\p{{N}}_])"
_SIGN = rf"(?<![{LETTERS}\d)\]%°]\s?)(?<sign>[-+±])\s?|(?<![{LETTERS}\d])(?<sign>[-+±])"
"""Before a number: a minus is none behind a number or a word"""
_DOMAINS = (
    "com|org|net|edu|gov|io|ai|app|dev|tv|me|info|biz|eu|de|at|ch|fr|be|es|pt|br|it|ru|uk|us|ca|cn|jp|kr|local|lan|home"
)
_FILES = (
    "txt|md|pdf|docx?|xlsx?|pptx?|csv|json|ya?ml|toml|xml|html?|log|py|js|ts|sh|conf|cfg|ini|zip|gz|jpe?g|png|gif|svg"
    "|webp|wav|mp3|mp4|flac|ogg|mkv|avi|exe|iso|onnx"
)


def kinds(language: Language) -> Iterator[Row]:
    """All of a language, in order."""
    number = language.notation.pattern
    yield r"\d{30,}", lambda found: language.digits(found[0])
    yield _EMAIL, lambda found: language.address(found[0])
    yield _HOST, lambda found: language.address(found[0].rstrip("/"))
    yield _ISO, partial(_iso, language)
    yield _VERSION, lambda found: language.dotted(found[0].split("."))
    yield _QUAD, partial(_quad, language)
    yield r"(?<=\b(?:UTC|GMT))\s?(?<sign>[-+])(?=\d)", lambda found: f" {language.signs[found['sign']]} "
    yield _MASKED, lambda found: language.code(found["shown"])
    yield from language.before()
    if language.out_of:
        yield r"(?<![\d.,/])(?<mark>\d+[.,]\d+)\s?/\s?(?<most>\d{1,3})(?![\d/]|[.,]\d)", partial(_mark, language)
    yield _GROUPED, partial(_grouped, language)
    if language.is_spaced:
        yield r"(?<=\d[ \u00a0]?(?:l|L|л|k?g|к?г|kWh))\s?/\s?(?=100?\s?\p{L})", lambda _: f" {language.per} "
    yield r"(?<=[^\d\s/])/(?=[-+]?\d)", lambda _: language.pause
    yield _DATE, partial(_date, language)
    yield from _signs(language)
    yield _PHONE, partial(_phone, language)
    yield _DOTTED, partial(_dotted, language)
    yield from _ranges(language)
    clock = rf"(?:\s?(?<suffix>{language.clock_words}))?" if language.clock_words else "(?<suffix>)"
    yield rf"(?<![\d:.,])(?<h>\d{{1,2}}):(?<m>\d\d)(?::(?<s>\d\d))?(?![\d:]|[.,]\d){clock}", partial(_time, language)
    yield r"(?<![\d:.,])(?<a>\d{1,3}):(?<b>\d{1,3})(?![\d:]|[.,]\d)", partial(_ratio, language)
    yield r"(?<![\d:.,])(?<a>\d+[.,]\d+):(?<b>\d+(?:[.,]\d+)?)(?![\d:])", partial(_ratio_of_fractions, language)
    yield from _money(language, number)
    yield from _counted_fractions(language)
    yield from _measures(language, number)
    yield r"(?<whole>\d+)?\s?(?<vulgar>[¼½¾⅐-⅞])", partial(_vulgar, language)
    yield r"(?<![\d/.,])(?:(?<whole>\d+)\s)?(?<a>\d{1,4})/(?<b>\d{1,4})(?![\d/]|[.,]\d)", partial(_stroke, language)
    yield from language.after()
    yield (
        rf"{_BEGIN}(?<name>\p{{Lu}}[{LETTERS}]*)(?<number>\d+[.,]\d+)(?![.,]?\d|[{LETTERS}])",
        lambda found: language.joined((found["name"], language.number(language.notation.parse(found["number"])))),
    )
    yield (
        rf"{_BEGIN}(?<!\d[.,])(?=[{LETTERS}\d-]*\d)(?=[{LETTERS}\d-]*[{LETTERS}])[{LETTERS}\d]+(?:-[{LETTERS}\d]+)*",
        partial(_name, language),
    )
    yield rf"(?:{_SIGN})?(?<number>{number})", partial(_number, language)
    yield from _lone_signs(language)
    yield r"\d+", lambda found: language.digits(found[0])


# ---- addresses ----

_EMAIL = rf"(?<![{_WORD}.+-])[{_WORD}+-]+(?:\.[{_WORD}+-]+)*@[{_WORD}-]+(?:\.[{_WORD}-]+)+"
_HOST = (
    rf"(?<![{_WORD}@./-])(?:[a-zA-Z\d](?:[a-zA-Z\d-]*[a-zA-Z\d])?\.)+(?:{_DOMAINS})(?::\d+)?"
    rf"(?:/[{_WORD}./-]*[{_WORD}]/?)?(?![{_WORD}-]|\.[{_WORD}])"
    rf"|(?<![{_WORD}@./-])[{_WORD}-]+\.(?:{_FILES})(?![{_WORD}-]|\.[{_WORD}])"
)


# ---- dates and times ----

_ISO = (
    r"(?<![\d-])(?<y>\d{4})-(?<m>\d\d)-(?<d>\d\d)"
    r"(?:(?:T|\s)(?<time>\d\d:\d\d(?::\d\d)?)(?:[.,]\d+)?(?<zone>Z|[+-]\d\d:?\d\d)?)?(?![\d-])"
)
_DATE = (
    r"(?<![\d./-])(?:(?<y>\d{4})(?<sep>[./-])(?<a>\d{1,2})(?P=sep)(?<b>\d{1,2})"
    r"|(?<a>\d{1,2})(?<sep>[./-])(?<b>\d{1,2})(?P=sep)(?<y>\d{4}|\d{2}))(?![\d/-]|\.\d)"
)


def _iso(language: Language, found: "regex.Match[str]") -> str | None:
    date = _existing(int(found["d"]), int(found["m"]), int(found["y"]))
    if date is None:
        return None
    words = [language.date(*date)]
    if found["time"]:
        hour, minute, *second = map(int, found["time"].split(":"))
        if hour > 24 or minute > 59:
            return None
        words.append(language.time(hour, minute, second[0] if second and second[0] else None, ""))
    return (", " if language.is_spaced else "").join(words)


def _date(language: Language, found: "regex.Match[str]") -> str | None:
    first, second, year = int(found["a"]), int(found["b"]), found["y"]
    if found.start("y") == found.start():
        day, month = second, first
    else:
        day, month = (first, second) if language.date_order == "dmy" else (second, first)
        if month > 12 >= day:
            day, month = month, day
    date = _existing(day, month, int(year) if len(year) == 4 else _century(int(year)))
    return language.date(*date) if date else None


def _century(year: int) -> int:
    return year + (2000 if year < 70 else 1900)


def _existing(day: int, month: int, year: int) -> tuple[int, int, int] | None:
    try:
        datetime.date(year, month, day)
    except ValueError:
        return None
    return day, month, year


def _time(language: Language, found: "regex.Match[str]") -> str | None:
    hour, minute, second, suffix = int(found["h"]), int(found["m"]), found["s"], found["suffix"] or ""
    if minute > 59 or (second and int(second) > 59):
        return None
    if second and not suffix and len(found["h"]) == 1:
        return language.duration(hour, minute, int(second))
    if hour > 24:
        return None
    return language.time(hour, minute, int(second) if second else None, suffix)


def _ratio(language: Language, found: "regex.Match[str]") -> str:
    return language.ratio(int(found["a"]), int(found["b"]))


def _ratio_of_fractions(language: Language, found: "regex.Match[str]") -> str:
    first, second = (language.number(language.notation.parse(found[name])) for name in "ab")
    return language.joined((first, language.ratio_word, second))


# ---- numbers that are names ----

_PHONE = (
    rf"(?<![{_WORD}+])(?<plus>\+)\d{{1,3}}(?:[ \u00a0()./-]{{1,2}}\d{{1,5}}){{2,7}}(?!\d)"
    rf"|(?<![{_WORD}+])(?<plus>\+)\d{{1,3}}(?:[ \u00a0()./-]{{1,2}}\d{{1,5}}){{0,3}}[ \u00a0/-]\d{{6,12}}(?!\d)"
    rf"|(?<![{_WORD}+])(?<plus>\+)\d{{8,15}}(?!\d)"
    rf"|(?<![{_WORD}.,])\(0\d{{1,4}}\)[ \u00a0/-]?\d{{3,9}}(?:[ \u00a0-]\d{{2,5}}){{0,3}}(?!\d)"
    rf"|(?<![{_WORD}.,])\(0?\d{{2,4}}\)[ \u00a0-]?\d{{3,5}}(?:[ \u00a0-]\d{{2,5}}){{1,3}}(?!\d)"
    rf"|(?<![{_WORD}.,:/-]|\d[ \u00a0])0\d{{1,4}}(?:[ \u00a0]?[-/][ \u00a0]?|[ \u00a0])\d{{2,8}}"
    r"(?:[ \u00a0-]\d{2,5}){0,4}(?![\d.,]\d|\d)"
    rf"|(?<![{_WORD}.,:/-])\d{{3}}-\d{{3,4}}-\d{{4}}(?!\d)|(?<![{_WORD}.,:/-])\d{{3}}-\d{{4}}(?![\d-])"
)
_GROUPED = (
    rf"(?<![{_WORD}.,-])(?:[A-Z]{{2}}\d\d(?:[ \u00a0]?[A-Z\d]{{4}}){{2,7}}(?:[ \u00a0]?[A-Z\d]{{1,4}})?"
    rf"|\d{{4}}(?:[ \u00a0-]\d{{4}}){{2,4}}(?:[ \u00a0-]\d{{1,4}})?|\d{{1,7}}(?:-\d{{1,7}}){{3,}})(?![{_WORD}-])"
)
_MASKED = r"(?<![\d)]\s?|[*•])(?:[*•]+|[*•]{2,}[ \u00a0]|[Xx]{4}-)(?<shown>\d{3,4})(?![\d*]|[.,]\d)"
"""Of the number of a card: *4321, •••• 4321"""
_VERSION = rf"(?<=\b(?:{VERSIONED})\s?)\d+(?:\.\d+)+(?![.,]?\d)"
_QUAD = rf"(?<![{_WORD}.,])(?<quad>\d{{1,3}}(?:\.\d{{1,3}}){{3}}):(?<port>\d{{1,5}})(?![\d:]|\.\d)"
_DOTTED = (
    rf"(?<![{_WORD}.,])(?<v>[vV]\.?\s?)?(?<parts>\d+(?:\.\d+){{2,}})(?!\d|[.,]\d)"
    rf"|(?<![{_WORD}.,])(?<v>[vV])(?<parts>\d+\.\d+)(?![.,]?\d)"
)


def _phone(language: Language, found: "regex.Match[str]") -> str:
    groups = regex.findall(r"\d+", found[0])
    return language.phone(groups, is_international=bool(found["plus"]))


def _grouped(language: Language, found: "regex.Match[str]") -> str:
    """The number of an account or a card."""
    groups = regex.split(r"[\s-]", found[0])
    return language.pause.join(
        language.joined(
            language.digits(piece) if piece.isdecimal() else piece for piece in regex.findall(r"\d+|\D+", group)
        )
        for group in groups
    )


def _quad(language: Language, found: "regex.Match[str]") -> str:
    words = language.dotted(found["quad"].split("."))
    return language.joined((words, language.address_signs[":"], language.part(found["port"])))


def _dotted(language: Language, found: "regex.Match[str]") -> str | None:
    parts = found["parts"].split(".")
    if "." in language.notation.thousands and not found["v"] and _are_thousands(parts):
        return None
    if sum(map(len, parts)) > language.longest_number:
        return language.digits(found["parts"])
    words = language.dotted(parts)
    return language.joined((language.version_word, words)) if found["v"] else words


def _are_thousands(parts: list[str]) -> bool:
    return parts[0] != "0" and len(parts[0]) <= 3 and all(len(part) == 3 for part in parts[1:])


def _name(language: Language, found: "regex.Match[str]") -> str | None:
    return language.name(regex.findall(r"\d+|\p{L}+", found[0]))


# ---- ranges ----


def _ranges(language: Language) -> Iterator[Row]:
    one = rf"(?:\d{{1,2}}:\d\d|{language.notation.pattern})"
    money = alternatives(sign for sign in language.currencies if not sign.isalpha())
    unit = alternatives(language.units)
    yield (
        (
            rf"(?<![{LETTERS}\d-]|{_DASH}\s|\d[:/])(?<cur>{money})?(?<a>-?{one})(?:\s?(?<unit>{unit}){_END})?"
            rf"(?<gap>\s?){_DASH}\s?(?<cur2>{money})?(?<b>-?{one})(?(unit)(?=\s?(?P=unit)))(?!{_DASH}?\d|[{LETTERS}]*\d|:\d|\s?=)"
        ),
        partial(_range, language),
    )


def _range(language: Language, found: "regex.Match[str]") -> str | None:
    first, last = found["a"], found["b"]
    if found["gap"] and ":" not in first and _value(language, last) <= _value(language, first):
        return None  # a dash between two thoughts
    last = (found["cur"] or found["cur2"] or "") + last
    before = found.string[: found.start()].split()[-1:]
    if language.between and [language.between] == [word.lower() for word in before]:
        return f"{first} {language.and_word} {last}"
    return language.range(first, last)


def _value(language: Language, written: str) -> float:
    number = language.notation.parse(written.lstrip("-").split(":")[0])
    value = float(f"{number.whole}.{number.fraction or 0}")
    return -value if written.startswith("-") else value


# ---- money and measures ----


def alternatives(words: Iterable[str]) -> str:
    """A pattern for any of them, the longest first."""
    return "|".join(regex.escape(word) for word in sorted(words, key=len, reverse=True)) or r"(?!)"


def _money(language: Language, number: str) -> Iterator[Row]:
    currency = alternatives(language.currencies)
    magnitude = rf"(?:\s?(?<magnitude>{alternatives(language.magnitudes)}){_END})?" if language.magnitudes else ""
    per = rf"(?:\s?/\s?(?<per>{alternatives(language.units)}){_END})?"
    say = partial(_amount, language)
    before = rf"(?<![{LETTERS}])(?<currency>{currency})\s?(?<sign>[-+])?"
    yield rf"(?:{_SIGN})?{before}(?<number>{number}){magnitude}{per}", say
    yield rf"(?:{_SIGN})?(?<number>{number}){magnitude}\s?(?<currency>{currency}){_END}{per}", say


def _amount(language: Language, found: "regex.Match[str]") -> str:
    groups = found.groupdict()
    number = language.notation.parse(found["number"], found["sign"] or "")
    currency = language.currencies[found["currency"]]
    magnitude = language.magnitudes.get(groups.get("magnitude") or "", "")
    per = language.units[found["per"]] if found["per"] else None
    return language.money(number, currency, magnitude, per)


def _measures(language: Language, number: str) -> Iterator[Row]:
    unit = alternatives(language.units)
    yield (
        rf"(?:{_SIGN})?(?<number>{number})[\s-]?(?<unit>{unit})(?:\s?/\s?(?<per>{unit}))?{_END}",
        partial(_measure, language),
    )


def _measure(language: Language, found: "regex.Match[str]") -> str:
    number = language.notation.parse(found["number"], found["sign"] or "")
    unit = language.units[found["unit"]]
    return language.measure(number, unit, language.units[found["per"]] if found["per"] else None)


# ---- fractions ----

_VULGAR = {
    "¼": (1, 4), "½": (1, 2), "¾": (3, 4), "⅐": (1, 7), "⅑": (1, 9), "⅒": (1, 10), "⅓": (1, 3), "⅔": (2, 3),
    "⅕": (1, 5), "⅖": (2, 5), "⅗": (3, 5), "⅘": (4, 5), "⅙": (1, 6), "⅚": (5, 6), "⅛": (1, 8), "⅜": (3, 8),
    "⅝": (5, 8), "⅞": (7, 8),
}  # fmt: skip


def _vulgar(language: Language, found: "regex.Match[str]") -> str | None:
    if found["vulgar"] not in _VULGAR:
        return None
    return _fraction(language, found["whole"], *_VULGAR[found["vulgar"]])


def _fraction(language: Language, whole: str | None, numerator: int, denominator: int) -> str | None:
    words = language.fraction(numerator, denominator)
    if words is None or not whole:
        return words
    return language.mixed_fraction(int(whole), numerator, denominator)


def _counted_fractions(language: Language) -> Iterator[Row]:
    """ "3/4 kg", "1½ l" """
    unit = rf"[ \u00a0-]?(?<unit>{alternatives(language.units)}){_END}"
    vulgar = rf"(?<![\d/.,])(?:(?<whole>\d+)\s?)?(?<vulgar>[{''.join(_VULGAR)}])"
    stroke = r"(?<![\d/.,:])(?:(?<whole>\d+)\s)?(?<a>\d{1,2})/(?<b>\d{1,2})"
    yield rf"(?:{vulgar}|{stroke}){unit}", partial(_counted_fraction, language)


def _counted_fraction(language: Language, found: "regex.Match[str]") -> str | None:
    numerator, denominator = _VULGAR[found["vulgar"]] if found["vulgar"] else (int(found["a"]), int(found["b"]))
    words = _fraction(language, found["whole"], numerator, denominator)
    return words and language.counted_fraction(words, language.units[found["unit"]], has_whole=bool(found["whole"]))


def _mark(language: Language, found: "regex.Match[str]") -> str:
    """ "9.5/10" """
    mark = language.number(language.notation.parse(found["mark"]))
    return language.joined((mark, language.out_of, language.cardinal(int(found["most"]))))


def _stroke(language: Language, found: "regex.Match[str]") -> str | None:
    numerator, denominator = int(found["a"]), int(found["b"])
    if (words := _fraction(language, found["whole"], numerator, denominator)) is not None:
        return words
    words = language.stroke(found["a"], found["b"])
    return language.joined((language.part(found["whole"]), words)) if found["whole"] else words


# ---- plain numbers ----


def _number(language: Language, found: "regex.Match[str]") -> str:
    written, sign = found["number"], found["sign"] or ""
    has_marks = not written.isdecimal()
    if _is_code(language, written, has_marks):
        words = language.code(written)
        return language.joined((language.signs[sign], words)) if sign else words
    return language.plain_number(language.notation.parse(written, sign), written)


def _is_code(language: Language, written: str, has_marks: bool) -> bool:
    """Digits to be said one by one: a zero in front of others, or too many of them."""
    if has_marks:
        number = language.notation.parse(written)
        return len(str(number.whole)) > language.longest_number
    return len(written) > language.longest_plain or (len(written) > 1 and written.startswith("0"))


# ---- signs ----


def _signs(language: Language) -> Iterator[Row]:
    """Before a number ("#5", "~10"), and between two ("2 x 4")."""
    words = {sign: word for sign, word in language.signs.items() if sign not in "+-±"}
    sign = alternatives(words)
    yield r"[<>]=(?=\s?[-+]?\d)", lambda found: words["≤" if found[0] == "<=" else "≥"]
    yield rf"(?<![{LETTERS}\d])(?:{sign})\s?(?=[-+]?[\p{{Sc}}.]?\d)", lambda found: words[found[0].strip()]
    yield rf"(?<=\d\s?)(?:{sign}|\+)(?=\s?\d)", lambda found: language.signs[found[0]]
    yield rf"(?<=[{LETTERS}])=(?=[-+]?\d)", lambda _: language.signs["="]


def _lone_signs(language: Language) -> Iterator[Row]:
    """Between words: "A & B"."""
    words = {sign: word for sign, word in language.signs.items() if not sign.isalnum() and sign not in "-#"}
    yield rf"(?<=\s)(?:{alternatives(words)})(?=\s)", lambda found: words[found[0]]
    yield r"(?<=\p{Lu})&(?=\p{Lu})", lambda _: words["&"]
