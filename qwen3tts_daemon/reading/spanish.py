"""Spanish, as in Spain; the short forms of America too."""

from collections.abc import Iterator, Sequence

import regex  # type: ignore[import-untyped,unused-ignore]
from num2words import num2words  # type: ignore[import-untyped]

from qwen3tts_daemon.reading import iberian_rules
from qwen3tts_daemon.reading.iberian import Iberian
from qwen3tts_daemon.reading.language import Row, Unit, rewritten
from qwen3tts_daemon.reading.notation import Number
from qwen3tts_daemon.reading.spanish_units import CURRENCIES, MAGNITUDES, UNITS
from qwen3tts_daemon.reading.spanish_words import ABBREVIATIONS, WORDS

_SUFFIX = r"h(?:s|rs|oras)?\b(?:\.(?!\s*[\"»)]*$))?|[ap]\.?\s?m\b(?:\.(?!\s*[\"»)]*$))?"
_BEGIN = r"(?<![\d.,+-]|\+\d{1,3}[ .-])"


class Spanish(Iberian):
    iso_code = "es"
    months = WORDS.months
    words = WORDS
    digit_words = ["cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve"]
    point = "coma"
    says_fraction_as_number = True
    signs = {
        "+": "más", "-": "menos", "±": "más menos", "×": "por", "x": "por", "*": "por", "÷": "entre",
        "=": "igual a", "<": "menos de", ">": "más de", "≤": "como máximo", "≥": "al menos", "~": "aproximadamente",
        "≈": "aproximadamente", "#": "número", "№": "número", "§": "sección", "&": "y", "→": "a",
    }  # fmt: skip
    address_signs = {
        ".": "punto", "@": "arroba", "/": "barra", "-": "guion", "_": "guion bajo", ":": "dos puntos", "+": "más",
    }  # fmt: skip
    units = UNITS
    per = "por"
    currencies = CURRENCIES
    magnitudes = MAGNITUDES
    ratio_word = "a"
    and_word = "y"
    between = "entre"
    version_word = "versión"
    clock_words = _SUFFIX
    abbreviations = ABBREVIATIONS
    also_read = (
        rf"\b(?:{WORDS.kings}|{WORDS.queens}|[Ss]iglos?)\s[IVX]+\b|\b[IVX]+\s\p{{L}}{{4}}|\p{{Ll}}{{3}}\.?\s[IVX]+\b"
        r"|\bs\.\s[IVX]"
        r"|\b(?:[Ll]un|[Vv]ie)\b|(?<![\p{L}\d.])(?:[cC]/\s?|D\.\s|S\.\s|Fr\.\s|Col\.\s|[Pp]l\.\s|Pº|P\.º|Bº)"
    )

    third = "tercio"
    half = {"m": "medio", "f": "media"}
    out_of = "sobre"

    # ---- rules ----

    def before(self) -> Iterator[Row]:
        yield (
            r"(?<![\d:.,])(?<h>[01]?\d|2[0-4])\.(?<m>[0-5]\d)\s?h(?:oras)?\b\.?",
            lambda found: self.time(int(found["h"]), int(found["m"]), None, ""),
        )
        yield (
            r"(?<=\b(?i:las?|son|desde|hasta)\s)(?<h>[01]?\d|2[0-4])h(?<m>[0-5]\d)(?!\d|\s?m(?:in)?\b|[.,]\d)",
            rewritten(r"\g<h>:\g<m>"),
        )
        yield (
            r"(?<![\d:.,])(?<h>\d?\d)h(?<m>[0-5]?\d)(?:m(?:in)?)?\b(?![.,]\d)",
            lambda found: self.duration(int(found["h"]), int(found["m"]), 0),
        )
        yield (
            r"(?<![\d:.,])(?<h>1[0-2]|0?[1-9])\s?(?<suffix>[ap]\.?\s?m\b(?:\.(?!\s*[\"»)]*$))?)",
            lambda found: self.time(int(found["h"]), 0, None, found["suffix"]),
        )
        yield rf"{_BEGIN}[6-9]\d{{2}}[ .]\d{{3}}[ .]\d{{3}}(?![\d.,]?\d| \d{{3}})(?!\s\p{{Ll}})", self.telephone
        yield rf"{_BEGIN}[6-9]\d{{1,2}}(?:[ -]\d{{2,3}}){{2,3}}(?![\d.,]?\d| \d)(?<=(?:\D?\d){{9}})", self.telephone
        yield r"(?<=(?<![\d.,])1)\s?ha\b(?!\s\p{Ll})", rewritten(" hectárea")
        yield r"(?<=\d)\s?ha\b(?!\s\p{L}+(?:do|to|cho|so)\b)", rewritten(" hectáreas")
        yield r"\b50\s?[/-]\s?50\b", lambda _: "cincuenta cincuenta"
        yield r"\b16:9\b", lambda _: "dieciséis novenos"
        yield from iberian_rules.before(self)

    def after(self) -> Iterator[Row]:
        return iberian_rules.after(self)

    # ---- numbers ----

    def cardinal(self, n: int, gender: str = "") -> str:
        said = str(num2words(n, lang="es"))
        said = str(regex.sub(r"veintiuno(?= mil| bill| trill)", "veintiún", said))
        said = str(regex.sub(r"\buno(?= mil| bill| trill)", "un", said))
        if gender == "m":
            return str(regex.sub(r"\buno$", "un", regex.sub("veintiuno$", "veintiún", said)))
        if gender == "f":
            return str(regex.sub(r"entos(?!.*ill)", "entas", regex.sub("uno$", "una", said)))
        return said

    def ordinal(self, n: int, gender: str = "") -> str:
        special = {11: "undécimo", 12: "duodécimo"}
        said = special.get(n) or str(num2words(n, lang="es", to="ordinal"))
        said = regex.sub(r"décimo(?=\p{L})", "decimo", said)
        return str(regex.sub(r"o\b", "a", said)) if gender == "f" else said

    def ordinal_before(self, n: int, gender: str) -> str:
        said = self.ordinal(n, gender)
        return said if gender == "f" else str(regex.sub(r"(primer|tercer)o$", r"\1", said))

    # ---- kinds of things ----

    def money_with_cents(self, whole: Number, unit: Unit, cents: Number, cent: Unit) -> str:
        return f"{self.counted(whole, unit)} con {self.counted(cents, cent)}"

    def time(self, hour: int, minute: int, second: int | None, suffix: str) -> str:
        said = self._clock(hour, minute, suffix)
        return f"{said} y {self.counted(Number(second), self.units['s'])}" if second else said

    def _clock(self, hour: int, minute: int, suffix: str) -> str:
        said = self.cardinal(hour, "f")
        if minute in (15, 30):
            said += " y cuarto" if minute == 15 else " y media"
        elif minute:
            said += f" y {self.cardinal(minute)}" if minute < 10 else f" {self.cardinal(minute)}"
        elif suffix.startswith("h") or not hour:
            return self.counted(Number(hour), self.units["h"])
        if suffix.startswith("a"):
            return f"{said} de la mañana"
        if suffix.startswith("p"):
            return f"{said} de la {'noche' if 8 <= hour < 12 else 'tarde'}"
        return said

    def stroke(self, first: str, second: str) -> str:
        return f"{self.part(first)} {self.out_of} {self.part(second)}"

    def phone(self, groups: Sequence[str], *, is_international: bool) -> str:
        if not is_international:
            return super().phone(groups, is_international=False)
        country, *rest = groups
        return self.pause.join((f"más {self.part(country)}", *map(self.digits, rest)))
