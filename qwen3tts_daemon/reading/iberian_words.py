"""The words that Spanish and Portuguese give to the rules they have in common."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass


def word_set(words: str) -> frozenset[str]:
    """Of a text with blanks between them."""
    return frozenset(words.split())


@dataclass(frozen=True, kw_only=True)
class IberianWords:
    """One language's. A pattern is of `regex`, without groups of its own that have names."""

    # dates and times
    months: Sequence[str]
    short_months: Mapping[str, str]
    weekdays: Mapping[str, str]
    """Short forms, sure in front of a number"""
    first_day: str
    """Of a month"""
    date_cues: str
    """A pattern: behind these words 5/6 is a date"""
    timer_cues: str
    """A pattern: behind these words 05:00 is a duration"""
    round_the_clock: str
    """24/7"""

    # names
    before_numbers: Mapping[str, str]
    """Short forms that are sure in front of a number"""
    before_names: Mapping[str, str]
    """Short forms that are sure in front of a capital"""
    saints: Mapping[str, str]
    """Names that S. stands before -> its full form"""
    kings: str
    """A pattern"""
    queens: str
    """A pattern"""
    editions: Mapping[str, str]
    """Nouns that a Roman numeral in front counts -> their gender"""
    code_cues: str
    """A pattern: behind these words digits are said one by one"""

    # numbers and nouns
    numbered: str
    """A pattern: behind these nouns a number is a name and agrees with nothing"""
    ordinal_nouns: str
    """A pattern: in front of these 3° is an ordinal"""
    ordinal_endings: str
    """A pattern for those in letters; those of a feminine have an a"""
    function_words: Set[str]
    feminine: Set[str]
    masculine: Set[str]
    """Nouns whose ending tells another gender"""
    feminine_endings: tuple[str, ...]
    """Of the singular or the plural"""
    millions: str
    """A pattern for the last word of a number behind which "de" stands before a noun"""
    score_cues: str
    """A pattern: behind these words 3 - 1 is a score"""
    times: str
    """Of 3x"""
    feet: str
    inches: str

    def gender(self, noun: str) -> str:
        """ "f" or nothing, as far as its ending or the tables tell."""
        if self.masculine & {noun, noun.removesuffix("s")}:
            return ""
        is_feminine = self.feminine & {noun, noun.removesuffix("s"), noun.removesuffix("es")}
        return "f" if is_feminine or noun.endswith(self.feminine_endings) else ""
