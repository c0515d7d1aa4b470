"""How the text of an utterance is read: its numbers, signs and short forms as words, or as they are written."""

import asyncio
import logging
from dataclasses import dataclass, field

from qwen3tts_daemon.reading import reader
from qwen3tts_daemon.reading.say_as import say_as
from qwen3tts_daemon.text.homophones import homophones
from qwen3tts_daemon.text.lexicon import CHINESE, NO_WORDS, Words
from qwen3tts_daemon.text.phrases import ended
from qwen3tts_daemon.text.pronunciations import Pronunciation
from qwen3tts_daemon.text.segments import Segment
from qwen_tts.text.annotations import ANNOTATION, annotated

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SpokenSegment:
    """`text` as it was written at characters [char_start, char_end), and the words that an engine is given for it."""

    text: str
    spoken: str
    char_start: int
    char_end: int


@dataclass(frozen=True, slots=True)
class SpokenText:
    """A text as it would be spoken."""

    language: str
    """Of its beginning"""
    segments: list[SpokenSegment] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class TextReading:
    """In which language, and whether at all; and which of its words are said in another way."""

    language: str
    is_on: bool
    words: Words = NO_WORDS
    """Of the lexicon"""
    has_ipa: bool = False
    """The engine takes words with their sounds"""

    async def spoken(self, segment: Segment) -> str:
        """What an engine is given of it. Where there is something to read a thread does it, beside the event loop."""
        marked, pronunciations = self.words.marked(segment.marked or segment.text, segment.pronunciations)
        text = await self._read(marked)
        if not pronunciations:
            return text
        said = {letter: await self._said(one) for letter, one in pronunciations.items()}
        for letter, words in said.items():
            if words.endswith("."):
                text = text.replace(f"{letter}.", letter)  # "p.m." ends a sentence too
        text = "".join(said.get(letter, letter) for letter in text)
        # A short form that is said in other words may have had the sentence's stop.
        return ended(text) if segment.text.endswith(".") else text

    async def _said(self, pronunciation: Pronunciation) -> str:
        """What stands in the place of its placeholder. What its language cannot say so is read as any text."""
        said: str | None
        match pronunciation.how:
            case "words":
                return pronunciation.value
            case "text":
                return await self._read(pronunciation.value)
            case "ipa":
                said = annotated(pronunciation.written, pronunciation.value) if self.has_ipa else ""
            case "pinyin":
                said = self._in_characters(pronunciation.value)
            case what:
                said = await asyncio.to_thread(say_as, what, pronunciation.value, self.language, pronunciation.form)
        return said or await self._read(pronunciation.written)

    def _in_characters(self, pinyin: str) -> str:
        """In Chinese; "" in any other language, and for what is no pinyin."""
        try:
            return homophones(pinyin) if self.language == CHINESE else ""
        except ValueError:  # whose message has a part of the text
            logger.info("what was given as pinyin is none; its word is read as it is written")
            return ""

    async def _read(self, text: str) -> str:
        if not self.is_on:
            return text
        if reader.is_loaded(self.language) and not reader.needs_reading(text, self.language):
            return text
        return await asyncio.to_thread(reader.spoken, text, self.language)

    async def spoken_segment(self, segment: Segment) -> SpokenSegment:
        """The same, to be shown: sounds between slashes."""
        spoken = ANNOTATION.sub(lambda found: f"/{found['sounds']}/", await self.spoken(segment))
        return SpokenSegment(segment.raw, spoken, segment.start, segment.end)
