"""Portuguese, as in Brazil; what is written as in Portugal is read too."""

from collections.abc import Iterator

import regex  # type: ignore[import-untyped,unused-ignore]
from num2words import num2words  # type: ignore[import-untyped]

from qwen3tts_daemon.reading import iberian_rules
from qwen3tts_daemon.reading.iberian import Iberian
from qwen3tts_daemon.reading.language import Row, Unit, rewritten
from qwen3tts_daemon.reading.notation import Number
from qwen3tts_daemon.reading.portuguese_units import CURRENCIES, MAGNITUDES, UNITS
from qwen3tts_daemon.reading.portuguese_words import ABBREVIATIONS, WORDS

_FEMININE = {"um": "uma", "dois": "duas"}
_CLOCK = r"(?<![\d.,:/])(?<h>[01]?\d|2[0-4])\s?[hH]"


class Portuguese(Iberian):
    iso_code = "pt"
    months = WORDS.months
    words = WORDS
    digit_words = ["zero", "um", "dois", "três", "quatro", "cinco", "seis", "sete", "oito", "nove"]
    point = "vírgula"
    signs = {
        "+": "mais", "-": "menos", "±": "mais ou menos", "×": "vezes", "x": "por", "*": "vezes", "÷": "dividido por",
        "=": "igual a", "<": "menos de", ">": "mais de", "≤": "no máximo", "≥": "pelo menos",
        "~": "aproximadamente", "≈": "aproximadamente", "#": "número", "№": "número", "§": "parágrafo", "&": "e",
        "→": "a",
    }  # fmt: skip
    address_signs = {
        ".": "ponto", "@": "arroba", "/": "barra", "-": "hífen", "_": "underline", ":": "dois pontos", "+": "mais",
    }  # fmt: skip
    units = UNITS
    per = "por"
    currencies = CURRENCIES
    magnitudes = MAGNITUDES
    ratio_word = "a"
    and_word = "e"
    between = "entre"
    version_word = "versão"
    clock_words = r"h(?:s|rs|oras)?\b(?:\.(?!\s*[\"»)]*$))?"
    abbreviations = ABBREVIATIONS
    also_read = (
        rf"\b(?:{WORDS.kings}|{WORDS.queens}|[Ss]éculos?)\s[IVX]+\b|\b[IVX]+\s\p{{L}}{{4}}|\p{{Ll}}{{3}}\.?\s[IVX]+\b"
        r"|\b(?:[Ss]eg|[Ss]ex)\b|(?<![\p{L}\d.])(?:[RDS]|Al|Pç|Pe|Fr|[Bb]l|Est|Jd|Vl)\.\s?(?:d[aeo]s?\s)?\p{Lu}"
        r"|\b(?:Av|Dra?|Sra?)\s\p{Lu}"
    )

    third = "terço"
    half = {"m": "meio", "f": "meia"}
    out_of = "de"

    # ---- rules ----

    def before(self) -> Iterator[Row]:
        months = "|".join(WORDS.months)
        yield r"(?<![\p{L}\d.])D\.(?=\s(?:Afonso|Dinis|João|José|Luís|Manuel|Miguel|Pedro)\b)", rewritten("dom")
        yield rf"(?<![\d.,/-])0?1(?=\sde\s(?:{months})\b)", rewritten(WORDS.first_day)
        yield rf"{_CLOCK}(?<m>[0-5]\d)?\s?[-–—]\s?(?=\d{{1,2}}\s?[hH:])", rewritten(r"\g<h>h\g<m> às ")
        yield rf"{_CLOCK}\s?(?<m>[0-5]\d)(?!\d|\s?m(?:in)?\b|[.,]\d)", self._at
        yield rf"{_CLOCK}\s?(?<m>[0-5]?\d)\s?m(?:in)?\b", self._lasting
        yield r"(?<![\d.,-])\d{3}\.\d{3}\.\d{3}-\d\d(?!\d)|(?<![\d.,-])\d{4,5}-\d{3}(?![\d-])", self.telephone
        yield r"(?<![\d.,-])\d\d\.\d{3}\.\d{3}/\d{4}-\d\d(?!\d)", self.telephone
        yield r"(?<![\d.,()+-]|\)\s?|\d\s)9?\d{4}-\d{4}(?![\d-])(?<!(?:19|20)\d\d-(?:19|20)\d\d)", self.telephone
        yield (
            r"(?<![\d.,+-]|\+\d{1,3}\s)(?:9[1236]\d|2\d\d)[ .]\d{3}[ .]\d{3}(?![\d.,]?\d| \d{3})(?!\s\p{Ll})",
            self.telephone,
        )
        yield r"\b50\s?[/-]\s?50\b", rewritten("cinquenta cinquenta")
        yield r"\b(?:16:9|21:9|4:3)\b", lambda found: " por ".join(self.part(n) for n in found[0].split(":"))
        yield from iberian_rules.before(self)

    def after(self) -> Iterator[Row]:
        return iberian_rules.after(self)

    def _at(self, found: "regex.Match[str]") -> str:
        return self.time(int(found["h"]), int(found["m"]), None, "")

    def _lasting(self, found: "regex.Match[str]") -> str:
        return self.duration(int(found["h"]), int(found["m"]), 0)

    # ---- numbers ----

    def cardinal(self, n: int, gender: str = "") -> str:
        said = str(num2words(n, lang="pt_BR")).replace(",", "")
        if gender != "f":
            return said
        said = regex.sub(r"entos(?!.*ilh)", "entas", said)
        return str(regex.sub(r"\b(?:um|dois)\b(?!.*ilh)", lambda found: _FEMININE[found[0]], said))

    def ordinal(self, n: int, gender: str = "") -> str:
        said = str(num2words(n, lang="pt_BR", to="ordinal"))
        return regex.sub(r"o\b", "a", said) if gender == "f" else said

    def ordinal_before(self, n: int, gender: str) -> str:
        return self.ordinal(n, gender)

    # ---- kinds of things ----

    def money_with_cents(self, whole: Number, unit: Unit, cents: Number, cent: Unit) -> str:
        return f"{self.counted(whole, unit)} e {self.counted(cents, cent)}"

    def time(self, hour: int, minute: int, second: int | None, suffix: str) -> str:
        hours = "zero hora" if not hour else self.counted(Number(hour), self.units["h"])
        said = f"{hours} e {self.cardinal(minute)}" if minute else hours
        return f"{said} e {self.counted(Number(second), self.units['s'])}" if second else said

    def stroke(self, first: str, second: str) -> str:
        return f"{self.part(first)} {self.out_of if second in ('10', '100') else 'por'} {self.part(second)}"
