"""Phonemes of de es fr it pt ru from espeak-ng, rewritten in Kokoro's symbols (GPL-3.0: extra `espeak`)."""

import logging
import re

import espeakng_loader  # type: ignore[import-untyped]
from phonemizer.backend import EspeakBackend  # type: ignore[import-untyped]
from phonemizer.backend.espeak.wrapper import EspeakWrapper  # type: ignore[import-untyped]

_VOICES = {"de": "de", "es": "es", "fr": "fr-fr", "it": "it", "pt": "pt-br", "ru": "ru"}

# Kokoro writes diphthongs and affricates, which espeak ties with "^", as one symbol.
_TIED = {
    "a^ɪ": "I",
    "a^ʊ": "W",
    "d^z": "ʣ",
    "d^ʒ": "ʤ",
    "e^ɪ": "A",
    "o^ʊ": "O",
    "ə^ʊ": "Q",
    "s^s": "S",
    "t^s": "ʦ",
    "t^ʃ": "ʧ",
    "ɔ^ɪ": "Y",
    "e^ʲ": "e",
    "^": "",
    "-": "",
}
_SYLLABIC = re.compile("(\\S)\u0329")
# Symbols that Kokoro does not know, as the nearest that it knows. Of Russian sounds espeak writes some in a code of its
# own: u" is у after a soft consonant (the mark would be a pause), ɪ^ is ь.
_NEAREST = {
    "de": {"ʏ": "y", "ɜ": "ɐ"},
    "ru": {"ɪ^": "ʲ", 'u"': "u", "ɭ": "l", "ɵ": "o", "ʑ": "zʲ"},
}

logger = logging.getLogger(__name__)


class EspeakPhonemizer:
    """Reads one sentence; keeps stress, ties and punctuation."""

    def __init__(self, language: str) -> None:
        EspeakWrapper.set_library(espeakng_loader.get_library_path())
        EspeakWrapper.set_data_path(espeakng_loader.get_data_path())
        self._backend = EspeakBackend(
            _VOICES[language],
            preserve_punctuation=True,
            with_stress=True,
            tie="^",
            language_switch="remove-flags",
            logger=logger,
        )
        self._replacements = {**_NEAREST.get(language, {}), **_TIED}

    def __call__(self, text: str) -> str:
        lines = self._backend.phonemize([text], strip=True)
        symbols = " ".join(lines)
        for written, spoken in self._replacements.items():
            symbols = symbols.replace(written, spoken)
        return _SYLLABIC.sub("ᵊ\\1", symbols).replace("\u032a", "")
