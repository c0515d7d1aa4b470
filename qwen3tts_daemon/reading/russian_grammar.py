"""Russian numbers, ordinals and nouns in all cases."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from num2words import num2words  # type: ignore[import-untyped]

from qwen3tts_daemon.reading.language import Unit
from qwen3tts_daemon.reading.notation import Number


class Case(StrEnum):
    """A grammatical case."""

    NOMINATIVE = "n"
    GENITIVE = "g"
    DATIVE = "d"
    ACCUSATIVE = "a"
    INSTRUMENTAL = "i"
    PREPOSITIONAL = "p"

    @property
    def is_direct(self) -> bool:
        """Whether numbers stand as in the dictionary and govern the genitive."""
        return self in (Case.NOMINATIVE, Case.ACCUSATIVE)


Forms = Mapping[Case, str]


@dataclass(frozen=True, slots=True)
class Noun(Unit):
    """What can be counted; `one` and `many` stand after один and пять."""

    few: str = ""
    """After два"""
    singular: Forms = field(default_factory=dict)
    plural: Forms = field(default_factory=dict)
    per: str = "на"
    """The preposition when something is measured by it: в (час), на (килограмм)"""

    def form(self, number: Number, case: Case) -> str:
        """As it stands behind a number in `case`."""
        if number.fraction:
            if is_one_and_a_half(number):
                return self.few if case.is_direct else self.plural[case]
            return self.singular[Case.GENITIVE]
        match ending(number.whole):
            case "one":
                return self.singular[case]
            case "few":
                return self.few if case.is_direct else self.plural[case]
            case _:
                return self.many if case.is_direct else self.plural[case]


_HARD = (("", "а", "у", "", "ом", "е"), ("ы", "ов", "ам", "ы", "ами", "ах"))
_SOFT = (("ь", "я", "ю", "ь", "ём", "е"), ("и", "ей", "ям", "и", "ями", "ях"))
_FEMININE = (("а", "ы", "е", "у", "ой", "е"), ("ы", "", "ам", "ы", "ами", "ах"))
_SOFT_FEMININE = (("ь", "и", "и", "ь", "ью", "и"), ("и", "ей", "ям", "и", "ями", "ях"))
_ADJECTIVES = {
    "m": (("ый", "ого", "ому", "ый", "ым", "ом"), ("ые", "ых", "ым", "ые", "ыми", "ых")),
    "f": (("ая", "ой", "ой", "ую", "ой", "ой"), ("ые", "ых", "ым", "ые", "ыми", "ых")),
}
_VELARS = "кгхжшчщ"


def masculine(stem: str, *, many: str = "", adjective: str = "", tail: str = "", per: str = "на") -> Noun:
    """метр; `adjective` is the stem of a word before it (квадратн), `tail` stays as it is (в час)."""
    declension = _SOFT if stem.endswith("ь") else _HARD
    return _noun(stem.removesuffix("ь"), "m", declension, many=many, adjective=adjective, tail=tail, per=per)


def feminine(stem: str, *, many: str = "", adjective: str = "", tail: str = "", per: str = "на") -> Noun:
    """минут, for минута; a stem with ь at its end is declined as часть."""
    declension = _SOFT_FEMININE if stem.endswith("ь") else _FEMININE
    return _noun(stem.removesuffix("ь"), "f", declension, many=many, adjective=adjective, tail=tail, per=per)


def irregular(gender: str, singular: str, plural: str, per: str = "на") -> Noun:
    """Six words each, in the order of the cases."""
    ones, many = (dict(zip(Case, forms.split(), strict=True)) for forms in (singular, plural))
    genitive, nominative = Case.GENITIVE, Case.NOMINATIVE
    return Noun(ones[nominative], many[genitive], gender, ones[genitive], ones, many, per)


def unchanged(word: str, gender: str = "m") -> Noun:
    """евро, промилле."""
    forms = dict.fromkeys(Case, word)
    return Noun(word, word, gender, word, forms, forms)


def _noun(
    stem: str,
    gender: str,
    declension: tuple[tuple[str, ...], tuple[str, ...]],
    *,
    many: str = "",
    adjective: str = "",
    tail: str = "",
    per: str = "на",
) -> Noun:
    def phrase(noun: str, of_adjective: str) -> str:
        return " ".join(filter(None, (adjective and _spelled(adjective, of_adjective), noun, tail)))

    adjectives = _ADJECTIVES["f" if gender == "f" else "m"]
    singular, plural = ([_spelled(stem, ending) for ending in endings] for endings in declension)
    if many:
        plural[1] = many
    genitive_of_adjective = adjectives[1][1]
    return Noun(
        phrase(singular[0], adjectives[0][0]),
        phrase(plural[1], genitive_of_adjective),
        gender,
        phrase(singular[1], adjectives[1][0] if gender == "f" else genitive_of_adjective),
        dict(zip(Case, map(phrase, singular, adjectives[0]), strict=True)),
        dict(zip(Case, map(phrase, plural, adjectives[1]), strict=True)),
        per,
    )


def _spelled(stem: str, end: str) -> str:
    """ы is и behind к, ж and their like; о without stress is е behind ж."""
    if stem[-1] in _VELARS:
        end = end.replace("ы", "и")
    return stem + end


# ---- numbers ----


def ending(n: int) -> str:
    """What decides the form of a noun behind a whole number: one, few or many."""
    if n % 100 in range(11, 15) or n % 10 == 0 or n % 10 > 4:
        return "many"
    return "one" if n % 10 == 1 else "few"


def cardinal(n: int, case: Case = Case.NOMINATIVE, gender: str = "m") -> str:
    """A whole number; a thousand is said without one."""
    words = str(num2words(n, lang="ru", case=case.value, gender=gender or "m", animate=False))
    first, _, rest = words.partition(" ")
    return rest if rest.startswith("тысяч") and first.startswith("од") else words


def ordinal(n: int, case: Case = Case.NOMINATIVE, gender: str = "m") -> str:
    """первый; gender "p" is the plural."""
    if gender == "p":
        words = str(num2words(n, lang="ru", to="ordinal", case=case.value, plural=True, animate=False))
    else:
        words = str(num2words(n, lang="ru", to="ordinal", case=case.value, gender=gender or "m", animate=False))
    first, _, rest = words.partition(" ")
    return rest if rest.startswith("тысяч") and first.startswith("од") else words


_TENTHS = {1: "десят", 2: "сот", 3: "тысячн", 4: "десятитысячн"}
_SIGNS = {"+": "плюс", "-": "минус", "±": "плюс-минус"}


def number_words(number: Number, case: Case = Case.NOMINATIVE, gender: str = "m") -> str:
    """With sign and fraction: минус двадцать одна целая пять десятых."""
    sign = [_SIGNS[number.sign]] if number.sign else []
    return " ".join([*sign, _unsigned(number, case, gender)])


def _unsigned(number: Number, case: Case, gender: str) -> str:
    if not number.fraction:
        return cardinal(number.whole, case, gender)
    if is_one_and_a_half(number):
        return ("полторы" if gender == "f" else "полтора") if case.is_direct else "полутора"
    if len(number.fraction) > max(_TENTHS):
        digits = " ".join(cardinal(int(digit)) for digit in number.fraction)
        return f"{cardinal(number.whole)} запятая {digits}"
    numerator = int(number.fraction)
    parts = (_part(number.whole, "цел", case), _part(numerator, _TENTHS[len(number.fraction)], case))
    return " ".join(parts)


def is_one_and_a_half(number: Number) -> bool:
    return number.whole == 1 and number.fraction == "5"


def _part(n: int, stem: str, case: Case) -> str:
    """две целых, одна десятая."""
    singular, plural = (dict(zip(Case, endings, strict=True)) for endings in _ADJECTIVES["f"])
    if ending(n) == "one":
        return f"{cardinal(n, case, 'f')} {stem}{singular[case]}"
    end = plural[Case.GENITIVE if case.is_direct else case]
    return f"{cardinal(n, case, 'f')} {stem}{end}"


_HALF = feminine("половин")
_PARTS = {3: feminine("треть"), 4: feminine("четверть")}


def fraction(numerator: int, denominator: int, case: Case = Case.NOMINATIVE) -> str:
    """половина, три четверти, две пятых."""
    if (numerator, denominator) == (1, 2):
        return _HALF.singular[case]
    if denominator in _PARTS:
        return counted(Number(numerator), _PARTS[denominator], case)
    return ordinal_fraction(numerator, denominator, case)


def ordinal_fraction(numerator: int, denominator: int, case: Case = Case.NOMINATIVE) -> str:
    """одна восьмая (финала), две пятых."""
    if ending(numerator) == "one":
        return f"{cardinal(numerator, case, 'f')} {ordinal(denominator, case, 'f')}"
    plural_case = Case.GENITIVE if case.is_direct else case
    return f"{cardinal(numerator, case, 'f')} {ordinal(denominator, plural_case, 'p')}"


def counted(number: Number, noun: Noun, case: Case = Case.NOMINATIVE) -> str:
    """двадцать один градус, до пяти часов."""
    return f"{number_words(number, case, noun.gender)} {noun.form(number, case)}"


def compound(n: int) -> str:
    """The first part of a word: пяти(этажный), двадцатипяти-, сто-."""
    *head, last = cardinal(n, Case.GENITIVE).split()
    last = {"ста": "сто", "девяноста": "девяносто", "одного": "одно", "тысячи": "тысяче"}.get(last, last)
    return "".join(head) + last
