"""Text -> samples, unit by unit: spell out, cut, read, infer, shape. Synchronous; used by one thread."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from qwen3tts_daemon.embedded.cancellation import Cancellation
from qwen3tts_daemon.embedded.hibari_voice import MAX_PHONEMES as HIBARI_MAX_PHONEMES
from qwen3tts_daemon.embedded.hibari_voice import HibariVoice
from qwen3tts_daemon.embedded.kokoro import MAX_PHONEMES as KOKORO_MAX_PHONEMES
from qwen3tts_daemon.embedded.kokoro import Kokoro, vocabulary
from qwen3tts_daemon.embedded.numbers.spelling import Spellers
from qwen3tts_daemon.embedded.phonemes.readers import Readers
from qwen3tts_daemon.embedded.pieces import Ending, Unit, fit, units
from qwen3tts_daemon.embedded.shaping import Samples, shape
from qwen3tts_daemon.embedded.voices import EmbeddedVoice
from qwen_tts.errors import ModelUnavailable

_FINAL_MARKS = tuple('.!?…,;:—"”»)')
"""Every unit ends with one of them: the networks take their tune from punctuation."""


class EmbeddedVoices:
    """Every embedded voice of this machine; what a voice needs is loaded on first use, or by `warm`."""

    def __init__(self, cache_dir: Path, threads: int) -> None:
        self._cache_dir = cache_dir
        self._threads = threads
        self._spellers = Spellers()
        self._readers = Readers(vocabulary())
        self._hibari: HibariVoice | None = None
        self._kokoro: Kokoro | ModelUnavailable | None = None

    def warm(self, voice: EmbeddedVoice) -> None:
        """Load what a voice needs and run it once; afterwards its first text is as fast as the others."""
        for _ in self.speak(_WARM_UP[voice.language], voice, Cancellation(), is_first=True, is_last=True):
            pass

    def load_kokoro(self) -> None:
        """Load the network of every voice but hibari's."""
        self._loaded_kokoro()

    def speak(
        self,
        text: str,
        voice: EmbeddedVoice,
        cancellation: Cancellation,
        *,
        is_first: bool,
        is_last: bool,
        speed: float = 1.0,
        seed: int = 0,
    ) -> Iterator[Samples]:
        """Samples [n] at 24 kHz, one block per unit of the text; same arguments, same samples.

        `is_first` and `is_last` say where in its utterance the text stands. Raises Cancelled,
        SynthesisFailed.
        """
        for unit, phonemes in self._readings(text, voice, is_first=is_first):
            cancellation.check()
            samples = self._infer(phonemes, voice, speed, seed, cancellation)
            yield shape(samples, voice.gain, unit.ending, is_last=is_last and unit.is_last)

    def _readings(self, text: str, voice: EmbeddedVoice, *, is_first: bool) -> Iterator[tuple[Unit, str]]:
        """The units that have a sound, with phonemes that fit one inference."""
        language = voice.language
        spell = partial(self._spellers.spell_out, language=language)
        for unit in units(text, language, early=is_first, spell=spell):
            yield from self._reading(unit, voice)

    def _reading(self, unit: Unit, voice: EmbeddedVoice) -> Iterator[tuple[Unit, str]]:
        phonemes = self._readers.phonemes(unit.text, voice.locale)
        if not any(symbol.isalpha() for symbol in phonemes):
            return
        if not phonemes.endswith(_FINAL_MARKS):
            phonemes += "," if unit.ending in (Ending.WORD, Ending.CLAUSE) else "."
        limit = HIBARI_MAX_PHONEMES if voice.engine == "hibari" else KOKORO_MAX_PHONEMES
        if len(phonemes) <= limit:
            yield unit, phonemes
            return
        for half in fit(unit):
            yield from self._reading(half, voice)

    def _infer(
        self, phonemes: str, voice: EmbeddedVoice, speed: float, seed: int, cancellation: Cancellation
    ) -> Samples:
        if voice.engine == "hibari":
            return self._loaded_hibari().synthesize(phonemes, speed, seed, cancellation)
        return self._loaded_kokoro().synthesize(phonemes, voice.style, speed, cancellation)

    def _loaded_hibari(self) -> HibariVoice:
        if self._hibari is None:
            self._hibari = HibariVoice(self._threads)
        return self._hibari

    def _loaded_kokoro(self) -> Kokoro:
        if isinstance(self._kokoro, ModelUnavailable):
            raise self._kokoro
        if self._kokoro is None:
            try:
                self._kokoro = Kokoro(self._cache_dir, self._threads)
            except ModelUnavailable as error:
                # Trying costs a second and 92 MB: once, not with every text.
                self._kokoro = error
                raise
        return self._kokoro


_WARM_UP = {
    "en": "Hello.",
    "zh": "你好。",
    "ja": "こんにちは。",
    "ko": "안녕하세요.",
    "de": "Hallo.",
    "fr": "Bonjour.",
    "ru": "Здравствуйте.",
    "pt": "Olá.",
    "es": "Hola.",
    "it": "Ciao.",
}
