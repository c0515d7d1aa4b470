"""How Italian dates, times of day and lengths of time are written, beside what every language has."""

from collections.abc import Iterator

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.italian_numbers import MONTHS, at, cardinal, clock, date, day, elided, length
from qwen3tts_daemon.reading.language import Row, rewritten
from qwen3tts_daemon.reading.patterns import alternatives
from qwen3tts_daemon.reading.romance_rules import cased, is_dated, timers

_SHORT_MONTHS = {
    "gen": "gennaio", "feb": "febbraio", "mar": "marzo", "apr": "aprile", "mag": "maggio", "giu": "giugno",
    "lug": "luglio", "ago": "agosto", "set": "settembre", "sett": "settembre", "ott": "ottobre", "nov": "novembre",
    "dic": "dicembre",
}  # fmt: skip
_WEEKDAYS = {
    "lun": "lunedì", "mar": "martedì", "mer": "mercoledì", "gio": "giovedì", "ven": "venerdì", "sab": "sabato",
    "dom": "domenica",
}  # fmt: skip
_MONTH = "|".join(MONTHS)
_DAYS = alternatives(_WEEKDAYS)
_FULL = "|".join(_WEEKDAYS.values())
_DASH = r"\s?[-–—]\s?"
_ARTICLES = {"l": "il", "dell": "del", "dall": "dal", "all": "al", "nell": "nel", "sull": "sul"}
_ELIDED = "|".join(_ARTICLES)
_PLAIN = "|".join(_ARTICLES.values())
_CLOCK, _CLOCK2 = (rf"(?<h{n}>[01]?\d|2[0-4])[:.](?<m{n}>[0-5]\d)" for n in ("", "2"))
_NO_MORE = r"(?![\d:]|[.,]\d)"
_TIMERS = "timer|conto alla rovescia|cronometro|durata|dura|mancano|restano|pausa|tempo"
_ROUND_THE_CLOCK = "ventiquattro ore su ventiquattro"

ALSO_READ = rf"(?i:\b(?:{_DAYS})\.\sed?\s(?:{_DAYS})\b)"


def dates() -> Iterator[Row]:
    """Weekdays, days, months, years and decades."""
    weekday = rf"(?<!\p{{L}})(?i:(?<day>{_DAYS}))"
    month = alternatives([*MONTHS, *_SHORT_MONTHS])
    yield rf"{weekday}\.?(?=(?:\s?[-–/]\s?|\sed?\s)(?i:{_DAYS})\b\.?\s?,?\s?(?:alle\s|ore\s)?\d)", _weekday
    yield rf"{weekday}\.(?=\sed?\s(?i:{_DAYS})\b)", _weekday
    yield rf"(?<=\b(?i:{_FULL})\sed?\s){weekday}\b(?:\.(?!\s*$))?", _weekday
    yield rf"(?<=\b(?i:il|dal|al|da|a|ogni|chiuso|aperto)\s){weekday}(?=\.)(?:\.(?!\s*$))?", _weekday
    yield (
        rf"{weekday}(?:\.(?=\s(?:il\s|alle\s|ore\s)?\d)"
        rf"|(?=\s(?:alle\s|ore\s)\d|\s\d{{1,2}}(?:\s(?:{month})|/\d|[:.]\d\d|[,;]|$)))",
        _weekday,
    )
    yield rf"(?<=\b(?i:{_FULL})\s?[-–/]\s?)(?i:(?<day>{_DAYS}))\.?(?=,?\s?\d|$)", _weekday
    yield (
        rf"(?<=(?:\d[°º]?|\bprimo)\s)(?i:(?<month>{alternatives(_SHORT_MONTHS)}))\b\.?(?!\p{{L}})",
        lambda found: _SHORT_MONTHS[found["month"].lower()],
    )
    yield (
        rf"(?i)\b(?<to>{_PLAIN})\s(?:0?(?=8[/.])|(?=11[/.]))(?=\d\d?[/.]\d\d?(?:[/.]\d|\b(?![,.]\d)))",
        _elided_article,
    )
    yield (
        rf"(?:\b(?i:dal|il)\s)?(?<![\d.,/])(?<a>[12]\d|3[01]|[1-9]){_DASH}"
        rf"(?<b>[12]\d|3[01]|[1-9])(?=\s(?i:{_MONTH})\b)",
        _days,
    )
    yield rf"(?i)\b(?<to>{_ELIDED})'1°?(?=/\d|\s(?:{_MONTH})\b)", _first
    yield (
        rf"(?<=(?<cue>\b(?i:(?:{_ELIDED})'|(?:{_PLAIN}|entro|{_FULL})\s))?)(?<![\d/.,])(?<d>[12]\d|3[01]|0?[1-9])"
        r"°?/(?<m>1[0-2]|0?[1-9])(?![\d/]|[.,]\d)",
        _day_month,
    )
    yield rf"(?<![\d.,/-])0?1[°º]?(?=\s(?i:{_MONTH})\b)", rewritten("primo")
    yield (
        r"(?<=\b(?i:il|del|dal|al)\s)(?<d>[12]\d|3[01]|0?[1-9])\.(?<m>1[0-2]|0?[1-9])\.(?=\s\p{Ll})",
        lambda found: date(int(found["d"]), int(found["m"])),
    )
    yield rf"(?<![\d.,/-])0(?=[2-9]\s(?i:{_MONTH})\b)", rewritten("")
    yield (
        r"(?<=\b(?i:anni|estate|inverno|autunno|primavera|nel|dal|del)\s|\bl'|\be\s(?=.[1-9]0\b))'(?=\d\d\b)",
        rewritten(""),
    )
    yield (
        r"\b(?<a>(?:19|20)\d\d)/(?<b>\d\d|20\d\d)\b(?!/)",
        lambda found: f"{cardinal(int(found['a']))} {cardinal(int(found['b']))}",
    )


def times() -> Iterator[Row]:
    """Clock times with their articles, ranges of them, timers, and what is open round the clock."""
    yield timers(_TIMERS, length)
    yield (
        r"\b(?:24\s?h?\s?/\s?)?24\s?(?:h|ore)?\s?(?:/|su)\s?7(?:\s?gg)?\b",
        rewritten(f"{_ROUND_THE_CLOCK}, sette giorni su sette"),
    )
    yield r"(?<=\b(?i:[ad]?alle|le|ore)\s)(?<h>\d\d?)h(?<m>[0-5]\d)(?![\d:])", rewritten(r"\g<h>:\g<m>")
    yield r"\bh\s?24\b", rewritten(_ROUND_THE_CLOCK)
    yield r"(?<![\p{L}\d]|\d\s)[hH]\.?\s(?=\d{1,2}(?:[.:]\d\d)?\b)", rewritten("ore")
    yield (
        rf"(?:\b(?i:dalle|ore|delle)\s)?(?<![\d.,:]){_CLOCK}(?!\d){_DASH}(?:(?i:alle)\s)?{_CLOCK2}{_NO_MORE}",
        _from_to,
    )
    yield (
        rf"(?:(?<=\b(?i:orari?o?|aperto|aperta|aperti|chiuso|chiusa|{_FULL})[:,]?\s)(?:(?i:dalle|ore)\s)?|\bore\s)"
        rf"(?<h>\d\d?)(?<m>){_DASH}(?<h2>\d\d?)(?<m2>)(?![\d:.]*\d)",
        _from_to,
    )
    yield (
        r"(?<=\balle\s[\p{L} ]+\se\s)(?<h>\d\d?)(?<m>)"
        rf"{_DASH}(?<h2>\d\d?)(?<m2>)(?![\d:.]*\d)",
        _from_to,
    )
    yield (
        rf"\b(?<at>(?i:(?:al|dal|del|nel|sul|)le\s|(?:al|dal|del|)l'))(?<![\d.,:]){_CLOCK}{_NO_MORE}",
        lambda found: at(found["at"].strip(), int(found["h"]), int(found["m"])),
    )
    yield rf"(?<=\b(?i:ore)\s){_CLOCK}{_NO_MORE}", lambda found: clock(int(found["h"]), int(found["m"]))
    yield (
        r"\b(?<at>(?i:alle|dalle|delle))\s1(?=[\s,;.!?)]|$)(?!\s\d|[.,]\d|\sper cento)",
        lambda found: at(found["at"], 1, 0),
    )
    yield r"(?<=\b(?i:l|all|dall|dell)')1(?![\d.,:/%°]|\s?%|\sal\s)", rewritten("una")
    yield (
        r"(?<![\d.,])(?<h>\d{1,2})\s?h\s?(?<m>[0-5]?\d)(?:\s?(?:min|m|'))?(?!\p{L}|\d)",
        lambda found: length(int(found["h"]), int(found["m"]), 0),
    )


def _weekday(found: "regex.Match[str]") -> str:
    return cased(_WEEKDAYS[found["day"].lower()], found["day"])


def _elided_article(found: "regex.Match[str]") -> str:
    """ "il 08/03" is said as "l'8/03"."""
    to = found["to"]
    return {"il": "l'", "Il": "L'"}.get(to, f"{to}l'")


def _days(found: "regex.Match[str]") -> str:
    return f"{elided('dal', day(int(found['a'])))} {elided('al', day(int(found['b'])))}"


def _first(found: "regex.Match[str]") -> str:
    """ "dall'1/5" is said as "dal primo maggio"."""
    article = _ARTICLES[found["to"].lower()]
    return f"{article.capitalize() if found['to'][0].isupper() else article} 1"


def _day_month(found: "regex.Match[str]") -> str | None:
    return date(int(found["d"]), int(found["m"])) if is_dated(found) else None


def _from_to(found: "regex.Match[str]") -> str | None:
    first, last = int(found["h"]), int(found["h2"])
    if max(first, last) > 24:
        return None
    return f"{at('dalle', first, int(found['m'] or 0))} {at('alle', last, int(found['m2'] or 0))}"
