"""Rules that French, Italian, Spanish and Portuguese share, each with the words of the language that asks."""

from collections.abc import Callable, Iterator, Mapping

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading import roman
from qwen3tts_daemon.reading.language import Row, Unit, rewritten
from qwen3tts_daemon.reading.patterns import alternatives

Length = Callable[[int, int, int], str]
"""Says hours, minutes and seconds"""

_NUMERAL = r"(?:[VX]|[IVX]{2,}|I(?!['’.]?\p{L}))\b"
"""A pattern of a Roman numeral behind a word that asks for one"""
_ROYAL = regex.compile(
    r"(?i)\b(?:(?:rey|rei)(?:es|s)?|rein[ao]s?|reinado|rainha|re|regina|regno|rois?|reine|règne|pap[ae]|don|dom|san|são"
    r"|saint|sant[oa]|emperador|imperador|imperatore|empereur|imp[eé]rio?|empire|(?:cz|ts|z)ar|pr[íi]ncipe|prince|duque"
    r"|duca|duc|conde|conte|comte|tron[oe]|trône|corona|coroa|couronne|corte|cour|batal[lh]a|battaglia|bataille|siglo"
    r"|s[ée]c[uo]lo|siècle|dinast[íi]a|dynastie|Juan (?:Carlos|Pablo)|João Paulo|Giovanni Paolo|Carlo Alberto"
    r"|Vittorio (?:Emanuele|Amedeo)|Jean-Paul)\b"
)
"""What makes a king of a name with a letter behind it"""
_DATED = regex.compile(
    r"(?i)\b(?:cumpleaños|aniversario|cita|aniversário|consulta|prazo|compleanno|appuntamento|scade|anniversaire"
    r"|rendez-vous|échéance)\b[^\d.;!?]{0,25}$"
)


# ---- names ----


def before_numbers(words: Mapping[str, str]) -> Row:
    """Short forms that are sure only before a number or a letter, capitalised too: "p. 5", "Fig. B2", "vol. II"."""
    full = {**words} | {short[:1].upper() + short[1:]: word for short, word in words.items()}
    letter = r"\s\p{Lu}(?=[,;.)]|$)"
    return (
        rf"(?<![\p{{L}}\d°]|\p{{L}}\.|\d\s)(?:{alternatives(full)})"
        rf"(?=\s?(?:\p{{Lu}}\.?\s?)?\d|(?<![Nn]o?\.)(?:\s{_NUMERAL}|{letter}))",
        lambda found: full[found[0]],
    )


def reign(found: "regex.Match[str]") -> int | None:
    """The number of a king, the group `r`; None if it is none, or an initial: "Juan I. Ayer"."""
    if found.string[found.end() : found.end() + 1] == "." and len(found["r"]) == 1:
        is_last = not found.string[found.end() + 1 :].strip("\"'»”)] ")
        is_sure = is_last and found["r"] != "I"
        if not is_sure and not _ROYAL.search(found.string[: found.start()]):
            return None
    return roman.value(found["r"])


def secrets(cues: str, say: Callable[[str], str]) -> Row:
    """Behind the words in the pattern `cues`; `say`: a group of digits, one by one."""
    return (
        rf"(?i)(?<={cues})(?:\d{{3}}[ \u00a0-]\d{{3}}|\d{{4,}})(?![\d.,]?\d|-\d)",
        lambda found: ", ".join(map(say, regex.split(r"\D", found[0]))),
    )


def numbers_with_dash() -> Row:
    """ "n° 45-8812" is no range."""
    return (
        r"(?i)(?<=\b(?:num[ée]ro|número|pedido|encomenda|commande|ordine|dossier|expediente)\s\d+)-(?=\d{3,}(?!\d))",
        rewritten(", "),
    )


# ---- dates and times ----


def is_dated(found: "regex.Match[str]") -> bool:
    """Whether 3/4 is a day of a month (the groups d and m) and no fraction: behind a word that asks for one (the group
    `cue`, or what stands further to the left), with a zero in front, or late in a late month."""
    day, month = found["d"], found["m"]
    if found["cue"] or "0" in (day[0], month[0]) or (int(day) > 12 and int(month) > 9):
        return True
    return _DATED.search(found.string[: found.start()]) is not None


def cased(full: str, written: str) -> str:
    """With a capital if its short form has one."""
    return full.capitalize() if written[0].isupper() else full


def timers(cues: str, length: Length) -> Row:
    """Behind the words in the pattern `cues`: "minuteur : 05:00" is five minutes."""
    return (
        rf"(?i)(?<=\b(?:{cues})s?\b[^\d.;!?]{{0,14}})(?:(?<h>\d?\d):)?(?<m>\d?\d):(?<s>[0-5]\d)(?![\d:])",
        lambda found: length(int(found["h"] or 0), int(found["m"]), int(found["s"])),
    )


def minutes_and_seconds(length: Length) -> Iterator[Row]:
    """ "48'30\"", where fewer than ten are feet, and "15'", where the sign closes no quotation."""
    yield (
        r"(?<![\d.,])(?<m>\d{2,3})\s?'\s?(?<s>[0-5]\d)\s?(?:\"|'')",
        lambda found: length(0, int(found["m"]), int(found["s"])),
    )
    yield r"(?<![\d.,'])(?<m>\d{1,3})'(?![\p{L}\d'])(?<!(?:^|\s)'[^']*')", lambda found: length(0, int(found["m"]), 0)


# ---- quantities ----


def sizes(feet: str, inches: str) -> Iterator[Row]:
    """ "6'2\"" and "27\"", where the sign closes no quotation."""

    def alone(found: "regex.Match[str]") -> str | None:
        return None if found.string[: found.start()].count('"') % 2 else f" {inches}"

    yield r"(?<![\d.,])(?<ft>\d)\s?'\s?(?<in>\d{1,2})\s?\"", rewritten(rf"\g<ft> {feet} \g<in> {inches}")
    yield r"(?<=\d)\s?\"(?!\p{L})", alone


def units_alone(articles: str, units: Mapping[str, Unit]) -> Row:
    """Behind the words in the pattern `articles`: "au kg", "al m²"."""
    return (
        rf"(?<=\b(?:{articles})\s)(?<unit>[kK]g|km|mq|m²|m³|kWh|MWh)(?![\p{{L}}\d/])",
        lambda found: units[found["unit"]].one,
    )


def compared(words: Mapping[str, str]) -> Row:
    """Between a letter and a number: "x ≥ 5"."""
    return r"(?<=\b[a-zA-Z]\s?)[≤≥<>](?=\s?-?\d)", lambda found: words[found[0]]


def differences(minus: str) -> Row:
    """ "5 - 3 = 2" """
    return r"(?<=\d\s)-(?=\s\d+(?:[.,]\d+)?\s?=)", rewritten(minus)


def scores(cues: str, to: str, dash: str = "[-–—]") -> Row:
    """Behind the words in the pattern `cues`: "gana 3 - 1"."""
    return (
        rf"(?<=\b(?i:{cues})\b[^\d.;!?]{{0,20}}\d{{1,3}})\s?{dash}\s?(?=\d{{1,3}}(?!\d))",
        rewritten(f" {to} "),
    )
