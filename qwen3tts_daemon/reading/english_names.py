"""Numbers in English names: kings and chapters, rooms, codes, models, feet and inches; short forms that need a look."""

from collections.abc import Callable, Iterator

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.english_numbers import by_digit, by_pairs, cardinal, decimal, ordinal
from qwen3tts_daemon.reading.language import Row
from qwen3tts_daemon.reading.patterns import CODE
from qwen3tts_daemon.reading.roman import value

_KINGS = (
    "Henry|Edward|Elizabeth|George|William|Charles|James|Richard|Louis|Philip|Felipe|Catherine|Margrethe|Frederick"
    "|Peter|Paul|Nicholas|Alexander|Pius|Leo|Francis|Innocent|Gregory|Clement|Urban|Benedict|Mary|Napoleon|Wilhelm"
    "|Otto|Ludwig|Gustav|Ramses|Ramesses|Ptolemy|Ivan|Carl|Alfonso|Ferdinand|Victor|Leopold|Albert|Harald|Xerxes"
    "|Darius|John Paul|Abdullah|Rama|Joseph|Juan Carlos|Christian|Olav|Haakon"
)
_PARTS = (
    "War|Chapter|chapter|Part|part|Volume|volume|Vol\\.|Act|act|Scene|scene|Phase|phase|Type|type|Class|class|Book"
    "|Section|section|Bowl|Level|level|Season|Episode|Olympiad|Article|Appendix|Mark|Stage|stage|Rocky|Title|Tier"
)
_NUMERAL = r"(?<roman>[IVXL]+)(?![\p{L}\d-]|'(?!s\b))"
_I_THINK = r"(?!I\s(?!of|was|ruled|reigned|died|and|became|who|in|lived|built|had)\p{Ll})"
"""Behind a name: "Mary I know, but not John" """
_CODED = (
    r"PIN|OTP|TAN|pin|[Cc]ode|[Pp]asscode|[Pp]assword|ZIP|zip|[Pp]ostcode|[Pp]ort|[Ee]xtension|[Ee]xt\.|[Pp]assport|ID"
    r"|(?:[Aa]ccount|[Oo]rder|[Tt]icket|[Tt]racking|[Rr]eference|[Bb]ooking|[Cc]onfirmation|[Ii]nvoice|[Cc]ase"
    r"|[Cc]ard|[Ss]erial|[Cc]ustomer|[Pp]hone|[Mm]ember|[Pp]olicy|[Mm]odel|[Pp]art|[Pp]arcel|[Ee]mergency"
    r"|[Tt]elephone|[Ff]ax|[Mm]obile|[Hh]otline|[Hh]elpline)(?:\s(?:number|no\.|ID))?"
)
_PAIRED = (
    "[Rr]oom|[Hh]ouse number|[Ss]uite|[Aa]partment|[Aa]pt\\.?|[Ff]light|[Hh]ighway|[Rr]oute|[Ii]nterstate|[Bb]us"
    "|[Ee]rror|RTX|GTX|RX|Boeing|Airbus|Porsche|Peugeot|Xbox"
)
_STREETS = (
    "Street|Avenue|Boulevard|Road|Lane|Drive|Terrace|Way|Court|Place|Square|Parkway|Highway|Circle|St|Ln|Ct|Pl|Dr"
)
_WHOLE = r"(?!\d|[%°]|[-.,:/]\d)"
_NO_COUNT = r"(?!\s\p{Ll}{3,}s\b)"

ALSO_READ = (
    rf"\b(?:{_KINGS}|{_PARTS})\s[IVXL]+\b|\bSt\.|\b(?:Mr|Mrs|Ms|Dr)\s\p{{Lu}}|\b[A-Z]/[A-Z]\b"
    r"|\bJohn\s[IVX]{2}|\p{Ll}\.\s(?:[IVX]{2,}|[VX])\b"
)


def names() -> Iterator[Row]:
    """All of them, in order."""
    yield from _short_forms()
    yield rf"(?<=\b(?:{_KINGS})\s|\bJohn\s(?=[IVX]{{2}})){_I_THINK}{_NUMERAL}", _king
    yield rf"(?<=\b(?:{_PARTS})\s){_NUMERAL}", lambda found: _roman(found, cardinal)
    yield r"\b(?<roman>[XVI]{2,})(?=th\b|\scentury)(?:th\b)?", lambda found: _roman(found, ordinal)
    yield from _codes()
    yield (
        r"(?<=\b(?i:exit|gate|seat|platform|unit|row|bus|flat|stand|bay)\s)(?<n>\d{1,3})(?<letter>[A-Z])\b",
        lambda found: f"{cardinal(int(found['n']))} {found['letter']}",
    )
    yield from _sizes()


def _short_forms() -> Iterator[Row]:
    titles = {"Mr": "Mister", "Mrs": "Missus", "Ms": "Miz", "Dr": "Doctor"}
    yield r"\b(?:Mr|Mrs|Ms|Dr)(?=\s\p{Lu})", lambda found: titles[found[0]]
    yield r"(?<=\d\s\p{Lu}\p{Ll}+\s)Doctor(?=$|,)", lambda _: "Drive"
    yield r"(?<=\b\p{Lu}\p{Ll}+\s|\d(?:st|nd|rd|th)\s)St\.(?=\s?$)", lambda _: "Street."
    yield (
        r"(?<=\b\p{Lu}\p{Ll}+\s|\d(?:st|nd|rd|th)\s)(?<!\b(?:In|On|At|The|To|From|By|Visit)\s)St\.(?!\s\p{Lu}\p{Ll})",
        lambda _: "Street",
    )
    yield r"\bSt\.(?=\s?\p{Lu})", lambda _: "Saint"
    before_number = {
        "no": "number", "nos": "numbers", "p": "page", "pp": "pages", "vol": "volume", "ch": "chapter",
        "fig": "figure", "art": "article", "sec": "section", "apt": "apartment", "ext": "extension", "est":
        "established", "max": "maximum", "min": "minimum", "ver": "version", "tel": "telephone", "lvl": "level",
        "rm": "room", "ep": "episode", "eps": "episodes", "op": "opus", "app": "appendix",
        "fn": "footnote", "vv": "verses", "v": "verse", "bldg": "building", "pos": "position", "ref": "reference",
    }  # fmt: skip
    yield (
        rf"\b(?<short>(?i:{'|'.join(before_number)}))\.(?=:?\s?#?[-+(]?\d|\s(?:[IVX]{{2,}}|[VX])\b|\s[A-Z]{{1,4}}-?\d)",
        lambda found: _as_capital(found["short"], before_number[found["short"].lower()]),
    )
    yield r"(?<=(?<![\d.,])\d{1,3}(?:\.\d)?)\s?F(?![\p{L}\d-])", lambda _: "°F"
    warm = r"\b(?i:temp|heat|water|oven|outside|inside|thermostat|warm|cold|cool|high|low|feels)"
    yield rf"(?<={warm}[^.!?]{{0,40}}\d)\s?C(?![\p{{L}}\d-])", lambda _: "°C"
    yield r"(?<=\d)\s?º", lambda _: "°"
    yield r"§§", lambda _: "sections"
    yield r"(?<=\d(?:st|nd|rd|th)\s)fl\b\.?(?=(?<end>\s*$)?)", lambda found: _ending("floor", found)
    yield r"(?<=\d(?:st|nd|rd|th)\s)c\b\.?(?=(?<end>\s*$)?)", lambda found: _ending("century", found)
    yield (
        r"(?<![\d.,/])(?<number>\d+/\d+|\d+\s\d/\d+|\d+(?:\.\d+)?)\s?in\.(?=\s[\p{Ll}\d]|,)",
        _inches_behind,
    )
    yield r"(?<=\d\s?ft\.?\s\d+\s?)in(?:\b\.?(?=\s\p{Ll})|\b)", lambda _: "inches"
    yield r"(?<=\d\s?(?:oz|lbs?|ft|min|hrs?|secs?|yd|gal|tbsp|tsp|mi))\.(?=\s[\p{Ll}\d]|,)", lambda _: ""
    yield r"\b[A-Z]/[A-Z]\b", lambda found: found[0].replace("/", " ")
    yield r"(?<=[$€£]\d[\d.,]*)\s?/\s?(?=\p{Ll}{4})", lambda _: "per"
    yield r"(?<=[\p{L}\d]\s?)@(?=\s?\d)", lambda _: " at "
    yield r"(?<=\d)\^(?=\d)", lambda _: "to the power of"
    per = {"mo": "month", "yr": "year", "wk": "week", "hr": "hour"}
    yield (
        r"(?<=\d\s?\p{L}{0,3})/(?<per>mo|yr|wk|hr|month|year|week|day|hour|night|person|minute|second|dose)\b",
        lambda found: f" per {per.get(found['per'], found['per'])}",
    )


def _inches_behind(found: "regex.Match[str]") -> str:
    """ "3/4 in.", "8 in." """
    number = found["number"]
    if regex.fullmatch(r"\d+/\d+", number):
        return f"{number} of an inch"
    return f"{number} {'inch' if number == '1' else 'inches'}"


def _ending(words: str, found: "regex.Match[str]") -> str:
    """With the full stop of the text, if it was that too."""
    return words + ("." if found["end"] is not None and found[0].endswith(".") else "")


def _as_capital(short: str, full: str) -> str:
    return full.capitalize() if short[0].isupper() else full


def _king(found: "regex.Match[str]") -> str | None:
    return _roman(found, lambda n: f"the {ordinal(n).capitalize()}")


def _roman(found: "regex.Match[str]", say: Callable[[int], str]) -> str | None:
    n = value(found["roman"])
    return say(n) if n else None


def _codes() -> Iterator[Row]:
    yield r"#(?<digits>\d{4,})(?![\d.,]\d)", lambda found: f"number {by_digit(found['digits'])}"
    yield (
        r"(?<![\d-])\d{5}-\d{4}(?![\d-])|(?<=\b(?:[A-Z]{2}|D\.C\.)\s)\d{5}(?!\d)",
        lambda found: ", ".join(map(by_digit, found[0].split("-"))),
    )
    is_ = r"(?:\s(?:is|was|now)|:)*\s#?"
    yield (
        rf"(?<=\b(?:{_CODED}){is_})(?<!\.)(?<digits>{CODE}){_WHOLE}{_NO_COUNT}",
        lambda found: ", ".join(map(by_digit, regex.split("[ -]", found["digits"]))),
    )
    yield (
        r"(?<![\d.,-])(?<digits>\d{3}[ -]\d{3}|\d{4,8})(?=\s(?:is|as)\s(?:your|the)\b[^.!?]*\b(?:code|PIN|password)\b)",
        lambda found: ", ".join(map(by_digit, regex.split("[ -]", found["digits"]))),
    )
    yield (
        rf"(?<=\b(?:[Dd]ial|[Tt]ext(?:\s\p{{L}}+\sto)?)\s)(?<digits>\d{{3,6}}){_WHOLE}",
        lambda found: by_digit(found["digits"]),
    )
    yield (
        r"(?<=\b(?:[Cc]all|[Rr]ing|[Pp]hone)\s)\d{3,6}(?=\s(?:now|for|if|in|to|or|and|at|immediately)\b|[,;!?]|\.?$)",
        lambda found: by_digit(found[0]),
    )
    yield (
        rf"(?<=\b(?:{_PAIRED})\s(?:is\s)?(?:[A-Z]{{1,3}}[\s-]?)?)(?<digits>\d{{3,4}}){_WHOLE}",
        lambda found: by_pairs(found["digits"]),
    )
    yield r"(?<=\b(?:ending|ends) (?:in|with)\s)\d{3,}\b", lambda found: by_digit(found[0])
    yield r"(?<=\d{4}\s?)x(?=\d{1,5}\b)", lambda _: " extension "
    yield (
        r"(?<![\d.,$€£#-])\d{3,5}(?=\s(?:(?:[NESW]|North|South|East|West|[NS][EW])\.?\s)?"
        rf"(?:\p{{Lu}}\p{{Ll}}+\s|\d+(?:st|nd|rd|th)\s){{1,3}}(?:{_STREETS})\b)",
        lambda found: by_pairs(found[0]),
    )
    yield r"\b\d{3,4}(?=[pi]\b)", lambda found: f"{by_pairs(found[0])} "
    yield r"(?<![\d.,])(?<n>\d{1,2})K\b", lambda found: f"{cardinal(int(found['n']))} K"
    yield r"(?<=\b[A-Z]{2,})-(?<digits>\d{4,})\b", lambda found: by_digit(found["digits"])
    yield r"(?<=\b\p{L}{1,4})\d+\.\d+(?![\d.]|\p{L})", lambda found: decimal(found[0])
    yield r"\b(?<letter>[A-Z])\.(?<digits>\d{3})\b", lambda found: f"{found['letter']} {by_pairs(found['digits'])}"
    yield (
        r"(?<=\b(?:pressure|BP)\b\D{0,15})(?<a>\d{2,3})/(?<b>\d{2,3})(?![\d/])(?<unit>\s?mmHg\b)?",
        lambda found: (
            f"{cardinal(int(found['a']))} over {cardinal(int(found['b']))}"
            + (" millimeters of mercury" if found["unit"] else "")
        ),
    )
    yield (
        r"(?<=^|[^\d/.,]\s)(?:1/2|½)\s(?=(?<noun>hour|mile|day|pound|year|inch|liter|dozen|gallon|pint|acre)\b)",
        lambda found: f"half {'an' if found['noun'] in {'hour', 'inch', 'acre'} else 'a'}",
    )
    yield (
        r"(?<=\b(?i:scale|ratio|odds|proportion|score|scored|won|beat|lost|lead"
        r"|leads)\b[^\d.]{0,25})(?<a>\d{1,3}):(?<b>\d{1,3})(?![\d:]|\.\d)",
        lambda found: f"{cardinal(int(found['a']))} to {cardinal(int(found['b']))}",
    )
    yield r"\b9/11\b(?!/)", lambda _: "nine eleven"
    yield (
        r"(?<![\d.+-])1-\d{3}-\d{3}-\d{4}\b|(?<![\d.])\d{3}\.\d{3}\.\d{4}\b",
        lambda found: ", ".join(map(by_digit, regex.split(r"\D", found[0]))),
    )


def _sizes() -> Iterator[Row]:
    yield r"(?<=\d/\d{1,2})(?:\"|'')(?=-?\s?\p{L}|[.,)]|$)-?", lambda _: " inch "
    yield (
        r"(?<![\d.,])(?<feet>\d+)'\s?(?<inches>\d{1,2})(?:\"|''|(?<=[3-8]'\s?(?:\d|1[01]))(?![\d'.,]\d|\d))",
        lambda found: f"{cardinal(int(found['feet']))} foot {cardinal(int(found['inches']))}",
    )
    yield r"(?<![\d.,])(?<range>\d+[-–]\d+)(?:\"|'')(?!\p{L}|-)", lambda found: f"{found['range']} inches"
    yield r"(?<![\d.,\"'])(?<number>\d+(?:\.\d+)?)(?:\"|'')(?<noun>\s?-?\p{Ll}{3,})?", _inches
    yield r"(?<n>\d+(?:\s?[x×]\s?\d+)+)(?!\s?=)", lambda found: regex.sub(r"\s?[x×]\s?", " by ", found["n"])
    yield (
        r"(?<![\d.,])(?<number>\d+(?:\.\d+)?)\sin\b(?=(?<=by\s[\d.]+\sin)|(?<=\.\d+\sin)(?:\.?\s*$|,)|\.?\s(?:of|wide|tall|long|high|deep|thick|x)\b)",
        lambda found: f"{decimal(found['number'])} {'inch' if found['number'] == '1' else 'inches'}",
    )


def _inches(found: "regex.Match[str]") -> str | None:
    if found.string[: found.start()].count('"') % 2:
        return None  # the end of a quotation
    is_adjective = found["noun"] and not regex.search(
        r"\b(?:wide|tall|long|high|deep|thick|and|or|of|is|in|by|from|to)$", found["noun"]
    )
    unit = "inch" if is_adjective or found["number"] == "1" else "inches"
    return f"{decimal(found['number'])} {unit}{(found['noun'] or '').replace('-', ' ')}"
