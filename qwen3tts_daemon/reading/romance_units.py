"""Tables of units and currencies in short: what French, Italian, Spanish and Portuguese write them in."""

from collections.abc import Mapping
from dataclasses import dataclass

from qwen3tts_daemon.reading.language import Currency, Unit

_PREFIXED = {
    "m": "kdcmµn", "l": "hdcm", "L": "dcm", "g": "mµ", "s": "m", "W": "mkMG", "Wh": "kMGT", "V": "mk", "A": "m",
    "Ah": "m", "VA": "k", "J": "k", "Pa": "hk", "bar": "m", "cal": "k", "Hz": "kMG",
}  # fmt: skip
"""By symbol, the prefixes that people write before it"""


@dataclass(frozen=True)
class Names:
    """How one language says units. A name is written "one/many/gender", several symbols of one unit "h|hrs"."""

    prefixes: Mapping[str, str]
    """k -> "kilo", ...: they make more units of those in a table"""
    plural: str = "s"
    """What a name adds where no plural is given"""
    gender: str = ""
    """Where none is given"""

    def unit(self, name: str) -> Unit:
        one, many, gender = (*name.split("/"), "", "")[:3]
        return Unit(one, many or one + self.plural, gender or self.gender)

    def units(self, table: Mapping[str, str]) -> dict[str, Unit]:
        """By symbol, those with a prefix too; a table overrides what a prefix would make of a name."""
        units = {symbol: self.unit(name) for symbols, name in table.items() for symbol in symbols.split("|")}
        prefixed = {
            prefix + symbol: self._prefixed(self.prefixes[prefix], units[symbol])
            for symbol, prefixes in _PREFIXED.items()
            for prefix in prefixes
        }
        return prefixed | units

    def _prefixed(self, prefix: str, unit: Unit) -> Unit:
        return Unit(prefix + unit.one, prefix + unit.many, unit.gender)

    def currencies(self, table: Mapping[str, str]) -> dict[str, Currency]:
        """By sign; a name is "unit" or "unit, cent"."""
        return {sign: self._currency(*name.split(", ")) for signs, name in table.items() for sign in signs.split("|")}

    def _currency(self, unit: str, cent: str = "") -> Currency:
        return Currency(self.unit(unit), self.unit(cent) if cent else None)
