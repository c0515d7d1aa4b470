"""Portuguese: units and currencies by our own table, the numbers themselves by kitten-text-processing."""

import re

from kitten_text_processing import Normalizer  # type: ignore[import-untyped]

from qwen3tts_daemon.embedded.numbers.rules import rewrite, rules

_N = r"\d+(?:\.\d{3})*"
_UNITS = rules(
    [
        *(
            rule
            for sign, unit, cents in (
                (r"R\$", "reais", "centavos"),
                ("€", "euros", "cêntimos"),
                (r"(?:US)?\$", "dólares", "centavos"),
                ("£", "libras", "pence"),
            )
            for rule in (
                (rf"{sign}\s?({_N}),(\d\d)\b", rf"\1 {unit} e \2 {cents}"),
                (rf"({_N}),(\d\d)\s?{sign}", rf"\1 {unit} e \2 {cents}"),
                (rf"{sign}\s?({_N}(?:,\d+)?)", rf"\1 {unit}"),
                (rf"({_N}(?:,\d+)?)\s?{sign}", rf"\1 {unit}"),
            )
        ),
        (r"(?<![\d\w])[-−](?=\d)", "menos "),
        (r"(\d)\s?°\s?C\b", r"\1 graus Celsius"),
        (r"(\d)\s?°", r"\1 graus"),
        (r"(\d)\s?%", r"\1 por cento"),
        (r"(\d)\s?km/h\b", r"\1 quilômetros por hora"),
        (r"(\d)\s?m/s\b", r"\1 metros por segundo"),
        (r"(\d)\s?km\b", r"\1 quilômetros"),
        (r"(\d)\s?cm\b", r"\1 centímetros"),
        (r"(\d)\s?mm\b", r"\1 milímetros"),
        (r"(\d)\s?kg\b", r"\1 quilos"),
        (r"(\d)\s?kWh\b", r"\1 quilowatts-hora"),
        (r"(\d)\s?hPa\b", r"\1 hectopascais"),
        (r"\b(\d{1,2}):(\d{2})\b", r"\1h\2"),
        (r"\b(\d{1,2})h00\b", r"\1 horas"),
    ]
)
_NUMBER = re.compile(r"\d{1,2}/\d{1,2}/\d{4}|\d{1,2}h\d{2}|\d+(?:\.\d{3})*(?:,\d+)?[ºª]?")


class PortugueseNormaliser:
    """Puts one sentence into words."""

    def __init__(self) -> None:
        self._normalizer = Normalizer(lang="pt")

    def __call__(self, sentence: str) -> str:
        # Number by number: the grammar has no path for many a whole sentence.
        return _NUMBER.sub(self._normalise, rewrite(sentence, _UNITS))

    def _normalise(self, number: re.Match[str]) -> str:
        return str(self._normalizer.normalize(number.group()))
