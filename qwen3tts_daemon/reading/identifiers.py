"""What names something: addresses, versions, numbers of telephones and accounts, letters with digits."""

from collections.abc import Iterator
from functools import partial

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.characters import LETTERS
from qwen3tts_daemon.reading.language import VERSIONED, Language, Row
from qwen3tts_daemon.reading.patterns import BEGIN, WORD

# ---- addresses ----

_DOMAINS = (
    "com|org|net|edu|gov|io|ai|app|dev|tv|me|info|biz|eu|de|at|ch|fr|be|es|pt|br|it|ru|uk|us|ca|cn|jp|kr|local|lan|home"
)
_FILES = (
    "txt|md|pdf|bak|db|docx?|xlsx?|pptx?|csv|json|ya?ml|toml|xml|html?|log|py|js|ts|sh|conf|cfg|ini|zip|gz|tgz|apk|deb|heic|mov|jpe?g|png|gif|svg"
    "|webp|wav|mp3|mp4|flac|ogg|mkv|avi|exe|iso|onnx"
)
_EMAIL = rf"(?<![{WORD}.+-])[{WORD}+-]+(?:\.[{WORD}+-]+)*@[{WORD}-]+(?:\.[{WORD}-]+)+"
_HOST = (
    rf"(?<![{WORD}@./-])(?:[a-zA-Z\d](?:[a-zA-Z\d-]*[a-zA-Z\d])?\.)+(?:{_DOMAINS})(?::\d+)?"
    rf"(?:/[{WORD}./-]*[{WORD}]/?)?(?![{WORD}-]|\.[{WORD}])"
    rf"|(?<![{WORD}@./-])(?:[{WORD}-]+\.)+(?:{_FILES})(?![{WORD}-]|\.[{WORD}])"
)

_MAC = rf"(?<![{WORD}:-])[\dA-Fa-f]{{2}}(?<sep>[:-])(?:[\dA-Fa-f]{{2}}(?P=sep)){{4}}[\dA-Fa-f]{{2}}(?![{WORD}:-])"


def addresses(language: Language) -> Iterator[Row]:
    """Of networks' cards, e-mail, hosts and files."""
    yield _MAC, partial(_grouped, language)
    yield _EMAIL, lambda found: language.address(found[0])
    yield _HOST, lambda found: language.address(found[0].rstrip("/"))


# ---- versions and addresses of four numbers ----

_VERSION = rf"(?:(?<=\b(?:{VERSIONED})\s?)|(?<=\b(?:{VERSIONED}))-)\d+(?:\.\d+)+(?![.,]?\d)"
_QUAD = rf"(?<![{WORD}.,])(?<quad>\d{{1,3}}(?:\.\d{{1,3}}){{3}}):(?<port>\d{{1,5}})(?![\d:]|\.\d)"
_DOTTED = (
    rf"(?<![{WORD}.,])(?<v>[vV]\.?\s?)?(?<parts>\d+(?:\.\d+){{2,}})(?!\d|[.,]\d)"
    rf"|(?<![{WORD}.,])(?<v>[vV])(?<parts>\d+\.\d+)(?![.,]?\d)"
)


def versions(language: Language) -> Iterator[Row]:
    """Behind the name of what has them; an address of four numbers with its port."""
    yield _VERSION, lambda found: language.dotted(found[0].lstrip("-").split("."))
    yield _QUAD, partial(_quad, language)


def dotted(language: Language) -> Iterator[Row]:
    """Versions and addresses that nothing else tells than their dots, or a v."""
    yield _DOTTED, partial(_dotted, language)


def _quad(language: Language, found: "regex.Match[str]") -> str:
    words = language.dotted(found["quad"].split("."))
    return language.joined((words, language.address_signs[":"], language.part(found["port"])))


def _dotted(language: Language, found: "regex.Match[str]") -> str | None:
    parts = found["parts"].split(".")
    if "." in language.notation.thousands and not found["v"] and _are_thousands(parts):
        return None
    if sum(map(len, parts)) > language.longest_number:
        return language.digits(found["parts"])
    words = language.dotted(parts)
    return language.joined((language.version_word, words)) if found["v"] else words


def _are_thousands(parts: list[str]) -> bool:
    return parts[0] != "0" and len(parts[0]) <= 3 and all(len(part) == 3 for part in parts[1:])


# ---- telephones and accounts ----

_GROUP = rf"(?:[ \u00a0()./-]{{1,2}}\d{{1,5}}(?![{LETTERS}\d×]))"
_PHONE = (
    rf"(?<![{WORD}+])(?<plus>\+)\d{{1,3}}{_GROUP}{{0,3}}[ \u00a0/-]\d{{6,12}}(?!\d)"
    rf"|(?<![{WORD}+])(?<plus>\+)\d{{1,3}}{_GROUP}{{2,7}}(?!\d)"
    rf"|(?<![{WORD}+])(?<plus>\+)\d{{8,15}}(?!\d)"
    rf"|(?<![{WORD}.,])\(0(?:[ \u00a0]?\d){{1,4}}\)[ \u00a0/-]?\d{{2,9}}(?:[ \u00a0-]\d{{2,5}}){{0,3}}(?!\d)"
    rf"|(?<![{WORD}.,])\(0?\d{{2,4}}\)[ \u00a0-]?\d{{3,5}}(?:[ \u00a0-]\d{{2,5}}){{1,3}}(?!\d)"
    rf"|(?<![{WORD}.,/-]|\d[: \u00a0])0\d{{1,4}}(?:[ \u00a0]?[-/][ \u00a0]?|[ \u00a0])\d{{2,8}}"
    r"(?:[ \u00a0-]\d{2,8}){0,4}(?![\d.,]\d|\d)"
    rf"|(?<![{WORD}.,/-]|\d:)\d{{3}}-\d{{3,4}}-\d{{4}}(?!\d)|(?<![{WORD}.,:/-])\d{{3}}-\d{{4}}(?![\d-])"
)
_HALF_SHOWN = rf"(?<![{WORD}.,])\d{{2,8}}[ -]?(?:[*•]{{4,}}[ -]?)+\d{{2,5}}(?![{WORD}])"
_GROUPED = (
    rf"(?<![{WORD}.,+-])(?:[A-Z]{{2}}\d\d(?:[ \u00a0]?[A-Z\d]{{4}}){{2,7}}(?:[ \u00a0]?[A-Z\d]{{1,4}})?"
    r"|\d{3}-\d{7}-\d{7}"
    rf"|\d{{4}}(?:[ \u00a0-]\d{{4}}){{2,4}}(?:[ \u00a0-]\d{{1,4}})?|\d{{1,7}}(?:-\d{{1,7}}){{3,}})(?![{WORD}-])"
)
_HALF_HIDDEN = rf"(?<![{WORD}.,])(?<shown>\d{{3,8}})[ -]?[*•]{{3,}}(?![{WORD}*•])"
_MASKED = r"(?<![\d)]\s?|[*•])(?:[*•]+|(?:[*•]{2,}[ \u00a0-])+|[Xx]{4}-)(?<shown>\d{3,4})(?![\d*]|[.,]\d)"


def masked_cards(language: Language) -> Iterator[Row]:
    """The digits that are shown of a card's or a telephone's number: *4321, •••• 4321, 138****5678, 1234****."""
    yield _HALF_SHOWN, lambda found: language.pause.join(map(language.digits, regex.findall(r"\d+", found[0])))
    yield _HALF_HIDDEN, lambda found: language.digits(found["shown"])
    yield _MASKED, lambda found: language.code(found["shown"])


def accounts(language: Language) -> Iterator[Row]:
    """Numbers of accounts and cards, whole."""
    yield rf"#(?={_GROUPED})", lambda _: f"{language.signs['#']} " if language.is_spaced else language.signs["#"]
    yield _GROUPED, partial(_grouped, language)


def telephones(language: Language) -> Iterator[Row]:
    yield _PHONE, partial(_phone, language)


def _phone(language: Language, found: "regex.Match[str]") -> str:
    groups = regex.findall(r"\d+", found[0])
    return language.phone(groups, is_international=bool(found["plus"]))


def _grouped(language: Language, found: "regex.Match[str]") -> str:
    """The number of an account, a card or a network's card."""
    groups = regex.split(r"[\s:-]", found[0])
    return language.pause.join(
        language.joined(
            language.digits(piece) if piece.isdecimal() else piece for piece in regex.findall(r"\d+|\D+", group)
        )
        for group in groups
    )


# ---- letters with digits ----


def names(language: Language) -> Iterator[Row]:
    """ "A4", "MP3", "B2.1" """
    yield (
        rf"{BEGIN}(?<name>\p{{Lu}}[{LETTERS}]*)-?(?<number>\d+[.,]\d+)(?![.,]?\d|[{LETTERS}])",
        lambda found: language.joined((found["name"], language.number(language.notation.parse(found["number"])))),
    )
    yield (
        rf"{BEGIN}(?<!\d[.,])(?=[{LETTERS}\d-]*\d)(?=[{LETTERS}\d-]*[{LETTERS}])[{LETTERS}\d]+(?:-[{LETTERS}\d]+)*",
        partial(_name, language),
    )


def _name(language: Language, found: "regex.Match[str]") -> str | None:
    return language.name(regex.findall(r"\d+|\p{L}+", found[0]))
