"""How numbers are written: which sign parts the fraction, which ones the thousands."""

from dataclasses import dataclass, field

import regex  # type: ignore[import-untyped,unused-ignore]


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it is written."""

    whole: int
    fraction: str = ""
    """Its digits"""
    sign: str = ""
    """+, - or ±"""

    @property
    def is_one(self) -> bool:
        return self.whole == 1 and not self.fraction

    @property
    def is_whole(self) -> bool:
        return not self.fraction


@dataclass(frozen=True, slots=True)
class Notation:
    """Of one language. A sign that cannot mean what the language uses it for is taken for the other one: 21.5 is no
    thousands anywhere, and a text with both has the fraction behind the last."""

    decimal: str
    thousands: str
    """Of dot, comma, blank and apostrophe"""
    pattern: str = field(init=False)
    """Of a number without its sign"""

    def __post_init__(self) -> None:
        blanks = "\u00a0" + "".join(set(self.thousands) - set(".,"))
        object.__setattr__(
            self,
            "pattern",
            r"(?<![\d.,]|\d[.,])(?:"
            rf"\d{{1,3}}(?:[{regex.escape(blanks)}]\d{{3}})+(?:[.,]\d+)?(?!\d)"
            r"|\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|\d{1,3}(?:\.\d{3})+(?:,\d+)?(?!\d)"
            r"|\d+(?:[.,]\d+)?|(?<![\w.])\.\d+)",
        )

    def parse(self, written: str, sign: str = "") -> Number:
        """What `pattern` has found."""
        digits = regex.sub(r"[^\d.,]", "", written)
        at = self._decimal_at(digits)
        whole = regex.sub(r"\D", "", digits[:at])
        return Number(int(whole or "0"), digits[at + 1 :], sign)

    def _decimal_at(self, digits: str) -> int:
        """Where the decimal sign stands; the length if there is none."""
        signs = [at for at, char in enumerate(digits) if char in ".,"]
        if not signs:
            return len(digits)
        last = signs[-1]
        if len({digits[at] for at in signs}) == 2:
            return last
        if len(signs) > 1 or self._is_thousands(digits, last):
            return len(digits)
        return last

    def _is_thousands(self, digits: str, at: int) -> bool:
        return digits[at] != self.decimal and len(digits) - at == 4 and 1 <= at <= 3 and digits[0] != "0"
