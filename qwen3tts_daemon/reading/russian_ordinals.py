"""Russian ordinals with their endings (5-м, 3-я) and words that begin with a number (20-летие, 15%-й)."""

from collections.abc import Iterator

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.language import Row
from qwen3tts_daemon.reading.russian_governors import preposition_of
from qwen3tts_daemon.reading.russian_grammar import Case, cardinal, compound, ordinal
from qwen3tts_daemon.reading.russian_units import UNITS

_FRESH = r"(?<![\d.,:/\p{L}-])"
_ADJECTIVES = {"й": "ый", "го": "ого", "м": "ом", "я": "ая", "е": "ое"}
_CASES_OF_CLASS = dict(
    zip(("", "а", "у", "ом", "е"), (Case("n"), Case("g"), Case("d"), Case("i"), Case("p")), strict=True)
)
_ENDS = {
    "ый": ("n", "m"), "ий": ("n", "m"), "ой": ("n", "m"), "й": ("n", "m"), "ая": ("n", "f"), "ья": ("n", "f"),
    "я": ("n", "f"),
    "ое": ("n", "n"), "ье": ("n", "n"), "е": ("n", "n"), "го": ("g", "m"), "ого": ("g", "m"), "му": ("d", "m"),
    "ому": ("d", "m"),
    "м": ("p", "m"), "ом": ("p", "m"), "ю": ("a", "f"), "ую": ("a", "f"), "х": ("g", "p"), "ых": ("g", "p"),
    "ми": ("i", "p"), "ыми": ("i", "p"),
}  # fmt: skip


def rows() -> Iterator[Row]:
    """Rules of ordinals."""
    yield (
        rf"{_FRESH}(?<n>\d{{1,4}})-(?:(?<ins>мя|ю(?=\s[а-яё]+ми(?!\p{{L}})))|ти|(?<=[2-4]-)х)(?!\p{{L}})",
        lambda found: cardinal(int(found["n"]), Case.INSTRUMENTAL if found["ins"] else Case.GENITIVE),
    )
    yield (
        rf"{_FRESH}(?:(?<first>\d{{1,4}})[-–])?(?<n>\d{{1,4}})-(?<end>{'|'.join(sorted(_ENDS, key=len, reverse=True))})"
        r"(?!\p{L})(?:\s(?<unit>км)(?!\p{L})|(?=(?:\s(?<word>[а-яё]+))?))",
        _ordinal,
    )
    yield (
        rf"{_FRESH}(?<n>\d{{1,2}})(?:-|\s?[«\"])?(?<letter>[А-Д])[»\"]?(?=\sкласс(?<end>\p{{L}}{{0,2}}))",
        lambda found: (
            f"{ordinal(int(found['n']), _CASES_OF_CLASS.get(found['end'], Case.NOMINATIVE))} {found['letter']}"
        ),
    )
    yield rf"{_FRESH}(?<n>\d{{1,3}})-(?<letter>[А-Д])(?![\p{{L}}\d-])", _lettered
    yield rf"{_FRESH}(?<n>\d{{1,4}})-(?<word>[а-яё]{{4,}})", lambda found: compound(int(found["n"])) + found["word"]
    yield (
        rf"{_FRESH}(?<n>\d{{1,3}})\s?%-?(?<end>н(?:ый|ая|ое|ые|ого|ой|ую|ым|ом|ых)|й|го|м|я|е)(?!\p{{L}})",
        lambda found: f"{compound(int(found['n']))}процентн{_ADJECTIVES.get(found['end'], found['end'][1:])}",
    )


def _lettered(found: "regex.Match[str]") -> str:
    return f"{cardinal(int(found['n']))} {found['letter']}"


def _is_behind(found: "regex.Match[str]", *words: str) -> bool:
    governor = preposition_of(found)
    return governor is not None and governor.word in words


def _ordinal(found: "regex.Match[str]") -> str:
    end, word = found["end"], found["word"] or ""
    letter, gender = _ENDS[end]
    case = Case(letter)
    if end == "й" and word.endswith(("е", "и", "ы", "ой", "ей")) and not word.endswith(("ие", "ые", "ое")):
        case, gender = Case.GENITIVE, "f"
    elif end == "м" and (_is_behind(found, "с", "со", "под", "за") or word.endswith(("ом", "ем"))):
        case = Case.INSTRUMENTAL
    elif end == "е" and word.endswith(("ы", "и", "ие", "ые")):
        gender = "p"
    said = ordinal(int(found["n"]), case, gender)
    if found["unit"]:
        said += f" {UNITS[found['unit']].singular[case]}"
    return f"{ordinal(int(found['first']), case, gender)}-{said}" if found["first"] else said
