"""Roman numerals."""

import regex  # type: ignore[import-untyped,unused-ignore]

_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_WRITTEN = regex.compile(r"(?=.)M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")


def value(numeral: str) -> int | None:
    """Of a numeral in capitals; None if it is none, as "IIII" is not."""
    if not _WRITTEN.fullmatch(numeral):
        return None
    values = [_VALUES[char] for char in numeral]
    return sum(one if one >= following else -one for one, following in zip(values, [*values[1:], 0], strict=True))
