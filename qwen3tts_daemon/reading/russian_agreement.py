"""What the words behind a Russian number say about its case and gender."""

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.russian_governors import Governor
from qwen3tts_daemon.reading.russian_grammar import Case, ending

_OBLIQUE = (
    (Case.INSTRUMENTAL, regex.compile(r"[а-яё]+(?:ами|ями|ыми|ими)|(?:дет|люд|двер|лошад|дочер)ьми")),
    (Case.DATIVE, regex.compile(r"(?!дам|мадам|программ|реклам|драм|карам)[а-яё]*[^м\s](?:ам|ям)")),
    (Case.PREPOSITIONAL, regex.compile(r"[а-яё]+[ая]х")),
)
_GENITIVE_PLURAL = regex.compile(r"[а-яё]{2,}(?:ов|ев|ёв|ей)|человек")
_ANIMATE_GENITIVES = {"человека", "ребёнка", "взрослого", "гостя", "друга", "кота", "мальчика", "пассажира", "пациента"}
_ADJECTIVE = regex.compile(r"[а-яё]+(?:ых|их|ые|ие|ый|ий|ой|ая|яя|ое|ее|ую|юю|ого|его)")
_MASCULINE_IN_A = {"мужчина", "мужчины", "папы", "дедушки", "дедушка", "пути", "судьи", "дяди", "дня"}
_NEUTER = {"время", "имя", "имени", "времени"}
_FEMININE_IN_SIGN = {
    "дверь",
    "ночь",
    "часть",
    "ступень",
    "кровать",
    "тетрадь",
    "площадь",
    "соль",
    "мышь",
    "вещь",
    "жизнь",
    "печь",
}
_ABSTRACT = regex.compile(r"(?!г)[а-яё]+ость")
_NO_NOUNS = {"или", "для", "при", "это", "после", "через", "она", "надо", "уже", "где", "как", "что"}
_PLURAL_ONLY = {"сутки", "ножницы", "часы"}


def case_of(governor: Governor | None, word: str, n: int) -> Case:
    """Of a number, from what stands before, if that decides, and the word behind."""
    governed = governor.case if governor else Case.NOMINATIVE
    if ending(n) == "one":
        return _case_of_one(governor, word)
    if ending(n) == "few" and governed.is_direct and _GENITIVE_PLURAL.fullmatch(word):
        return Case.GENITIVE
    for case, pattern in _OBLIQUE:
        if pattern.fullmatch(word):
            return case
    return governed


def _case_of_one(governor: Governor | None, word: str) -> Case:
    governed = governor.case if governor else Case.NOMINATIVE
    if governor and governor.word == "по":
        return Case.DATIVE
    if governed is Case.ACCUSATIVE and word in _ANIMATE_GENITIVES:
        return Case.GENITIVE
    if governor and governor.is_verb and governed is Case.ACCUSATIVE and word.endswith(("а", "я")):
        return Case.NOMINATIVE
    if governed is Case.NOMINATIVE and regex.fullmatch(r"[а-яё]+[^аеёиоуыэюяйь](?:у|ю)|[а-яё]+[ую]ю|[а-яё]+[уы]", word):
        return Case.ACCUSATIVE if word.endswith(("у", "ю")) else Case.NOMINATIVE
    if governed is Case.ACCUSATIVE and regex.fullmatch(r"[а-яё]{3,}е", word) and not word.endswith(("ое", "ие", "ее")):
        return Case.PREPOSITIONAL
    if governed is Case.GENITIVE and regex.fullmatch(r"[а-яё]+(?:ом|ем|ью)", word):
        return Case.INSTRUMENTAL
    return governed


def gender_of(words: str, n: int, case: Case) -> str:
    """Of the noun behind a number, by its ending: книга and две книги are feminine, окно neuter."""
    if (kind := ending(n)) == "many":
        return "m"
    first, _, rest = words.partition(" ")
    noun = rest.partition(" ")[0] if rest and _ADJECTIVE.fullmatch(first) and not _says_gender(first, kind) else first
    if kind == "few":
        is_feminine = case.is_direct and noun.endswith(("ы", "и", "ые", "ие")) and noun not in _MASCULINE_IN_A | _NEUTER
        return "f" if is_feminine else "m"
    return _gender_of_one(noun, case)


def _says_gender(adjective: str, kind: str) -> bool:
    return adjective.endswith(("ые", "ие")) if kind == "few" else not adjective.endswith(("ых", "их"))


def _gender_of_one(noun: str, case: Case) -> str:
    if len(noun) < 3 or noun in _NO_NOUNS or noun.endswith("ся"):
        return "m"
    if noun in _MASCULINE_IN_A:
        return "m"
    if noun in _PLURAL_ONLY:
        return "p"
    endings = {
        Case.NOMINATIVE: ("а", "я"),
        Case.ACCUSATIVE: ("у", "ю"),
        Case.GENITIVE: ("ы", "и", "ой", "ей"),
        Case.DATIVE: ("е", "и", "ой"),
        Case.INSTRUMENTAL: ("ой", "ей", "ью"),
        Case.PREPOSITIONAL: ("уте", "нде", "нате", "ниге", "еле", "тире", "и", "ой", "не", "чке"),
    }
    if (noun.endswith(endings[case]) and noun not in _NEUTER) or noun in _FEMININE_IN_SIGN or _ABSTRACT.fullmatch(noun):
        return "f"
    return "n" if case.is_direct and (noun.endswith(("о", "е", "ё")) or noun in _NEUTER) else "m"


# ---- nouns whose number says which one it is, not how many: 5 этаж ----

_NUMBERED = {
    "m": (
        "этаж класс курс вагон подъезд сезон квартал раунд тур век том ряд этап зал выпуск канал разряд",
        ("", "а", "у", "", "ом", "е"),
    ),
    "f": ("платформ смен групп глав квартир комнат палат", ("а", "ы", "е", "у", "ой", "е")),
    "n": ("мест", ("о", "а", "у", "о", "ом", "е")),
}
_NUMBERED_IN_FULL = {
    "m": ("уровень уровня уровню уровень уровнем уровне", "путь пути пути путь путём пути"),
    "f": ("серия серии серии серию серией серии", "часть части части часть частью части",
          "степень степени степени степень степенью степени", "линия линии линии линию линией линии"),
}  # fmt: skip


def _cases_of_numbered() -> dict[str, tuple[Case, str]]:
    paradigms = [
        ([f"{stem}{end}" for end in endings], gender)
        for gender, (stems, endings) in _NUMBERED.items()
        for stem in stems.split()
    ] + [(forms.split(), gender) for gender, nouns in _NUMBERED_IN_FULL.items() for forms in nouns]
    return {
        form: (case, gender)
        for forms, gender in paradigms
        for case, form in reversed(list(zip(Case, forms, strict=True)))
    }


_CASES_OF_NUMBERED = _cases_of_numbered()


def numbered(word: str, governor: Governor | None, n: int) -> tuple[Case, str] | None:
    """Case and gender of an ordinal before a noun in the singular; None if the number counts."""
    if word not in _CASES_OF_NUMBERED:
        return None
    case, gender = _CASES_OF_NUMBERED[word]
    governed = governor.case if governor else None
    if case.is_direct:
        case = Case.ACCUSATIVE if governed is Case.ACCUSATIVE and gender == "f" else case
        return case, gender
    if case is Case.GENITIVE:
        return (case, gender) if governed is Case.GENITIVE or ending(n) == "many" else None
    return case, gender
