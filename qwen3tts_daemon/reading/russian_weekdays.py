"""Russian days of the week in short: пн–пт, в сб., по вт и чт."""

from collections.abc import Iterator

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.language import Row
from qwen3tts_daemon.reading.russian_governors import preposition_of
from qwen3tts_daemon.reading.russian_grammar import Case

_FORMS = {
    "пн": "понедельник понедельника понедельнику понедельник понедельником понедельнике",
    "вт": "вторник вторника вторнику вторник вторником вторнике",
    "ср": "среда среды среде среду средой среде",
    "чт": "четверг четверга четвергу четверг четвергом четверге",
    "пт": "пятница пятницы пятнице пятницу пятницей пятнице",
    "сб": "суббота субботы субботе субботу субботой субботе",
    "вс": "воскресенье воскресенья воскресенью воскресенье воскресеньем воскресенье",
}
_DAYS = {short: dict(zip(Case, forms.split(), strict=True)) for short, forms in _FORMS.items()}
_EVERY = {
    "пн": "понедельникам", "вт": "вторникам", "ср": "средам", "чт": "четвергам", "пт": "пятницам", "сб": "субботам",
    "вс": "воскресеньям",
}  # fmt: skip
_DAY = rf"(?i:{'|'.join(_FORMS)})"

_STOP = r"(?:\.(?=,|\s+[\p{Ll}\d]))?"
"""Of a short form, if no sentence ends with it"""
ALSO_READ = rf"\b(?i:во?|на|со?|до|ко?|от|по) {_DAY}(?![\p{{L}}-])|\b{_DAY}\.?\s?[-–—]\s?{_DAY}(?!\p{{L}})"
"""Where the rules have something to read without a digit"""


def rows() -> Iterator[Row]:
    """Rules of weekdays."""
    yield r"\b(?<s>[Сс])р\.\s(?=(?<noun>[а-яё]+))", _average
    yield r"\b(?<s>[Сс]) (?=(?i:вт|ср)(?![\p{L}-]))", lambda found: f"{found['s']}о"
    hours = r"(?:[,:]?\s(?<from>\d{1,2})\s?[-–—]\s?(?<to>\d{1,2})(?![\d:.]\d|\d))?"
    yield rf"\b(?<a>{_DAY})\.?\s?[-–—]\s?(?<b>{_DAY})(?!\p{{L}})\.?{hours}", _first_to_last
    yield (
        rf"\b(?<=\b[Пп]о (?:{_DAY}\.?(?:,| и) )*)(?<day>{_DAY})(?!\p{{L}}){_STOP}",
        lambda found: _EVERY[found["day"].casefold()],
    )
    yield (
        rf"(?<!\d\s?)\b(?<day>{_DAY})(?:(?<stop>\.)?(?<comma>,)?(?=\s\d)|(?=\.){_STOP})"
        rf"|(?<=\b(?i:во?|на|со?|до|ко?|от) )(?<day>{_DAY})(?![\p{{L}}-])",
        _weekday,
    )


def _average(found: "regex.Match[str]") -> str:
    """ "Ср. температура" is no Wednesday."""
    end = {"а": "яя", "я": "яя", "о": "ее", "е": "ее"}.get(found["noun"][-1], "ий")
    return f"{found['s']}редн{end}"


def _first_to_last(found: "regex.Match[str]") -> str:
    first, last = (_DAYS[found[end].casefold()] for end in "ab")
    words = (
        f"{'со' if found['a'].casefold() in ('вт', 'ср') else 'с'} {first[Case.GENITIVE]} по {last[Case.ACCUSATIVE]}"
    )
    if found["from"]:
        words += f" с {found['from']} до {found['to']}"
    return words.capitalize() if found["a"][0].isupper() else words


def _weekday(found: "regex.Match[str]") -> str:
    """The comma is heard: the date or the time behind it is another thing."""
    short = found["day"]
    governor = preposition_of(found)
    name = _DAYS[short.casefold()][governor.case if governor else Case.NOMINATIVE]
    comma = "," if found["comma"] or (found["stop"] and not governor) else ""
    return (name.capitalize() if short[0].isupper() else name) + comma
