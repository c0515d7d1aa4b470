"""Digits in German names and words: codes, postcodes, plates, compounds, inches."""

from collections.abc import Iterator

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.german_numbers import by_digit, cardinal, joining
from qwen3tts_daemon.reading.german_units import UNITS
from qwen3tts_daemon.reading.language import Row
from qwen3tts_daemon.reading.patterns import CODE

_CODED = (
    r"PIN|TAN|PUK|[Cc]ode|[Kk]ennwort|[Pp]asswort|PLZ|Postleitzahl|Durchwahl|Fehler|Port|ID|Konto|Bestellung"
    r"|\p{L}*(?:[Kk]onto|[Kk]unden|[Bb]estell|[Aa]rtikel|[Rr]echnungs|[Ss]endungs|[Aa]uftrags|[Vv]organgs|[Ss]erien|[Tt]icket"
    r"|[Rr]uf|[Tt]elefon|[Tt]rack\p{Ll}*|[Bb]uchungs|[Vv]ertrags|[Mm]itglieds)-?nummer|\p{L}+(?:code|Code|PIN)"
    r"|(?:Rechnung|Auftrag|Sendung|Ticket|Vorgang|Vertrag|Kunde|Artikel)\sNummer"
)
_WHOLE = r"(?!\d|[%°]|[-.,:/]\d)"
_COMPOUNDS = (
    "mal|fach|jährig|köpfig|stündig|tägig|minütig|stellig|teilig|monatig|wöchig|prozentig|sekündig|seitig|stöckig"
    "|türig|gängig|zeilig|dimensional|stündlich|wöchentlich|monatlich|jährlich|tägig|strahlig|polig|adrig|spurig"
    "|gliedrig|sitzig|sprachig"
)


def names() -> Iterator[Row]:
    """All of them, in order."""
    yield from _codes()
    yield from _words()


def _codes() -> Iterator[Row]:
    def digits(found: "regex.Match[str]") -> str:
        return ", ".join(map(by_digit, regex.split("[ -]", found[0])))

    yield r"(?<![\d.,])(?<n>\d{1,2})K\b", lambda found: f"{cardinal(int(found['n']))} K"

    yield (
        rf"(?<=\b(?:{_CODED})(?:\s(?:ist|lautet|Nr\.|Nummer|war)"
        rf"|:)*\s#?){CODE}{_WHOLE}(?!\s\p{{Lu}}\p{{Ll}}+(?:n|en)\b)",
        digits,
    )
    yield (
        r"(?<![\d.,-])(?:\d{3}[ -]\d{3}|\d{4,8})"
        r"(?=\s(?:ist|lautet|als)\s(?:dein|Ihr|der)e?\b[^.!?]*(?:[Cc]ode|PIN|TAN|[Pp]asswort)\b)",
        digits,
    )
    yield (
        rf"(?<=\b(?:[Ww]ähl\p{{Ll}}*|(?:Notruf|Feuerwehr|Polizei|Hotline|Rufnummer):?(?:\s(?:ist|lautet|unter|die))*"
        rf"|[Rr]uf\p{{Ll}}*(?:\s(?:die|unter))?"
        rf"|unter)\s)\d{{3,6}}{_WHOLE}(?!\s?[/-]|\s\d|\s(?:\p{{Lu}}|Grad|%))",
        digits,
    )
    yield r"(?<=\b(?:endend auf|[Ee]ndziffern?|[Ee]ndet auf|Karte)\s)\d{3,4}\b(?![.,]\d)", digits
    yield r"(?<![\d.,])116[ \u00a0]\d{3}\b(?![.,]\d)", digits
    yield r"(?<=\b(?:[Dd]ie|[Dd]er)\s)(?:110|112|116117)\b(?!\s\p{Lu}|[.,]\d)", digits
    yield (
        r"(?<=(?:\d\p{Ll}?,|\b(?:Etage|Stock|\p{L}*[Gg]eschoss|\p{L}*haus),|\b(?:[Ii]n|[Nn]ach|[Aa]us|D-?))\s?)(?!\d\d000)\d{5}(?=\s\p{Lu}\p{Ll}+)",
        digits,
    )
    yield r"#(?<digits>\d{4,})(?![\d.,]\d)", lambda found: f"Nummer {by_digit(found['digits'])}"
    yield (
        r"(?<=\b(?:[Bb]lutdruck|RR)\b\D{0,15})(?<a>\d{2,3})/(?<b>\d{2,3})(?![\d/])(?<unit>\s?mmHg\b)?",
        lambda found: (
            f"{cardinal(int(found['a']))} zu {cardinal(int(found['b']))}"
            + (f" {UNITS['mmHg'].many}" if found["unit"] else "")
        ),
    )
    yield (
        r"(?<=\b(?i:maßstab|verhältnis|mischung|quote|endstand|spielstand|ergebnis|gewinnt|gewann|verliert"
        r"|verlor|schlägt|besiegt"
        r"|führt|steht)\b[^\d.]{0,25})(?<a>\d{1,3}):(?<b>\d{1,3})(?![\d:]|[.,]\d|\sUhr)",
        lambda found: f"{cardinal(int(found['a']))} zu {cardinal(int(found['b']))}",
    )
    yield r"(?<=\b[A-Z]{2,})-(?<digits>\d{4,})\b", lambda found: by_digit(found["digits"])
    yield (
        r"\b[A-ZÄÖÜ]{1,3}-[A-Z]{1,2}\s(?=(?<n>\d{1,4})\b)\d+",
        lambda found: f"{found[0].split()[0].replace('-', ' ')} {by_digit(found['n'])}",
    )


def _words() -> Iterator[Row]:
    yield (
        rf"(?<![\d.,])(?<n>\d{{1,4}})-?(?<rest>(?:{_COMPOUNDS})(?:e[rnms]?)?)\b",
        lambda found: joining(int(found["n"])) + found["rest"],
    )
    yield (
        r"(?<![\d.,])(?<a>\d+),(?<b>\d+)(?:-?(?<rest>mal|fach)\b|[x×](?!\p{L}|\s?\d))",
        lambda found: f"{cardinal(int(found['a']))} Komma {by_digit(found['b'])} {found['rest'] or 'mal'}",
    )
    yield r"(?<=\d)\^(?=\d)", lambda _: "hoch"
    yield r"(?<![\d.,])(?<n>\d{1,4})\s?[x×](?!\p{L}|\s?\d)", lambda found: f"{joining(int(found['n']))}mal"
    yield r"(?<![\d.,/-])(?<n>\d{1,4})-(?=\p{Lu}\p{Ll})", lambda found: joining(int(found["n"])).capitalize() + "-"
    yield (
        r"(?<![\d.,])(?<n>\d{1,3})\"(?=[\s-]?(?:\p{L}|$|[.,]))",
        lambda found: (
            f"{cardinal(int(found['n']))} Zoll" if found.string[: found.start()].count('"') % 2 == 0 else None
        ),
    )
    yield r"(?<=\d)\s?[x×]\s?(?=\d)(?!\d+\s?=)", lambda _: "mal"
