"""Text -> samples, unit by unit: cut, phonemes, inference, shaping. Synchronous; used by one thread."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from qwen3tts_daemon.embedded.cancellation import Cancellation
from qwen3tts_daemon.embedded.chunker import Unit, fit, units
from qwen3tts_daemon.embedded.hibari_voice import MAX_PHONEMES as HIBARI_MAX_PHONEMES
from qwen3tts_daemon.embedded.hibari_voice import HibariVoice
from qwen3tts_daemon.embedded.kokoro import MAX_PHONEMES as KOKORO_MAX_PHONEMES
from qwen3tts_daemon.embedded.kokoro import Kokoro, vocabulary
from qwen3tts_daemon.embedded.phonemes.g2p import G2P, count_sounds
from qwen3tts_daemon.embedded.phonemes.given import Given, set_apart
from qwen3tts_daemon.embedded.phonemes.word_sounds import WordSounds
from qwen3tts_daemon.embedded.shaping import Samples, UnitShaper, last_pause, pause_after
from qwen3tts_daemon.embedded.voices import EmbeddedVoice
from qwen3tts_daemon.embedded.windows import first_frames
from qwen3tts_daemon.embedded.word_timer import HeardWord, WordTimer
from qwen_tts.config.languages import LANGUAGES
from qwen_tts.errors import ModelUnavailable
from qwen_tts.text.sentences import Ending

_FINAL_MARKS = tuple('.!?…,;:—"”»)')
"""Every unit ends with one of them: the networks take their tune from punctuation."""

MAX_UNIT_SOUNDS = 80
"""Consonants and vowels of one inference: some 8 s, as the voices say 10 to 13 a second (measured)."""


@dataclass(frozen=True, slots=True)
class PhonemeUnit:
    """What one inference speaks; without phonemes there is nothing to hear."""

    phonemes: str
    ending: Ending
    unread: int = 0
    """Words that were left out"""
    is_first: bool = False
    """Of its utterance: somebody waits for its first samples"""
    text: str = ""
    """What it says; words annotated with their sounds are a letter each"""
    words: Sequence[WordSounds] = ()
    """Which phonemes say which of its words, if that was asked for"""


class EmbeddedSynthesizer:
    """Every embedded voice of this machine; what a voice needs is loaded on first use, or by `warm`."""

    def __init__(self, cache_dir: Path, threads: int) -> None:
        self._cache_dir = cache_dir
        self._threads = threads
        self._g2p = G2P(vocabulary())
        self._hibari: HibariVoice | None = None
        self._kokoro: Kokoro | ModelUnavailable | None = None

    def warm(self, voice: EmbeddedVoice) -> None:
        """Load what a voice needs and run it once; afterwards its first text is as fast as the others."""
        for _ in self.speak(LANGUAGES[voice.language].greeting, voice, Cancellation(), is_first=True, is_last=True):
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
        seed: int = 0,
    ) -> Iterator[Samples]:
        """Samples [n] at 24 kHz, one block per unit of the text with the pause after it; same arguments, same samples.

        `is_first` and `is_last` say where in its utterance the text stands. Raises Cancelled, SynthesisFailed.
        """
        units = self.phoneme_units(text, voice, cancellation, is_first=is_first)
        audible = (unit for unit in units if unit.phonemes)
        unit = next(audible, None)
        while unit is not None:
            samples = np.concatenate(list(self.say(unit, voice, cancellation, seed=seed)))
            following = next(audible, None)
            pause = last_pause() if is_last and following is None else pause_after(samples, unit.ending)
            yield np.concatenate([samples, pause])
            unit = following

    def phoneme_units(
        self, text: str, voice: EmbeddedVoice, cancellation: Cancellation, *, is_first: bool, with_words: bool = False
    ) -> Iterator[PhonemeUnit]:
        """A text unit by unit, each made when it is asked for, with or without a sound. Raises Cancelled.

        `with_words`: and it is known what says each word.
        """
        text, given = set_apart(text)
        for unit in units(text, voice.language, early=is_first):
            for part in self._fitting(unit, voice, cancellation, given):
                words = self._g2p.words(part.text, part.phonemes, voice.locale, given) if with_words else ()
                yield replace(part, is_first=is_first, words=words)
                is_first = is_first and not part.phonemes

    def _fitting(
        self, unit: Unit, voice: EmbeddedVoice, cancellation: Cancellation, given: Given
    ) -> Iterator[PhonemeUnit]:
        """A unit in phonemes, or its parts if it sounds too long for one inference."""
        cancellation.check()
        reading = self._g2p.read(unit.text, voice.locale, given)
        phonemes = reading.phonemes
        parts = max(-(-count_sounds(phonemes) // MAX_UNIT_SOUNDS), -(-len(phonemes) // _max_phonemes(voice)))
        if parts <= 1 or len(unit.text) == 1:
            audible = _with_final_mark(phonemes, unit.ending) if count_sounds(phonemes) else ""
            yield PhonemeUnit(audible, unit.ending, reading.unread, text=unit.text)
            return
        for part in fit(unit, fraction=1 / parts):
            yield from self._fitting(part, voice, cancellation, given)

    def say(
        self, unit: PhonemeUnit, voice: EmbeddedVoice, cancellation: Cancellation, *, seed: int,
        on_words: Callable[[Sequence[HeardWord]], None] | None = None,
    ) -> Iterator[Samples]:  # fmt: skip
        """A unit's samples [n] at 24 kHz, without a pause, as they come. Raises Cancelled, SynthesisFailed.

        `on_words`: told where its words are, each before the samples with its end come.
        """
        cancellation.check()
        shaper = UnitShaper(voice.gain)
        timer = None if on_words is None else WordTimer(unit.words, on_words)
        for samples in self._infer(unit, voice, seed, cancellation, None if timer is None else timer.use_ends):
            ready = shaper.add(samples)
            if timer is not None:
                timer.add(len(samples))
                if timer.is_whole:
                    ready = np.concatenate([ready, shaper.end()])
                timer.hear(len(ready), shaper.trimmed)
            yield ready
        if timer is None:
            yield shaper.end()

    def _infer(
        self, unit: PhonemeUnit, voice: EmbeddedVoice, seed: int, cancellation: Cancellation,
        on_ends: Callable[[Sequence[int]], None] | None,
    ) -> Iterator[Samples]:  # fmt: skip
        if voice.engine == "hibari":
            yield self._loaded_hibari().synthesize(unit.phonemes, seed, cancellation, on_ends=on_ends)
        else:
            first = first_frames(voice.language) if unit.is_first else None
            yield from self._loaded_kokoro().synthesize(
                unit.phonemes, voice.styles, cancellation, first=first, on_ends=on_ends
            )

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


def _with_final_mark(phonemes: str, ending: Ending) -> str:
    if phonemes.endswith(_FINAL_MARKS):
        return phonemes
    return phonemes + ("," if ending in (Ending.WORD, Ending.CLAUSE) else ".")


def _max_phonemes(voice: EmbeddedVoice) -> int:
    """Without the final mark."""
    return (HIBARI_MAX_PHONEMES if voice.engine == "hibari" else KOKORO_MAX_PHONEMES) - 1
