"""How the text of an utterance is read: its numbers, signs and short forms as words, or as they are written."""

import asyncio
import contextlib
import logging
from dataclasses import dataclass, field

from qwen3tts_daemon.reading import reader
from qwen3tts_daemon.text.homophones import homophones
from qwen3tts_daemon.text.lexicon import CHINESE, NO_WORDS, Words
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
        for letter, one in pronunciations.items():
            text = text.replace(letter, await self._said(one))
        return text

    async def _read(self, text: str) -> str:
        if not self.is_on:
            return text
        if reader.is_loaded(self.language) and not reader.needs_reading(text, self.language):
            return text
        return await asyncio.to_thread(reader.spoken, text, self.language)

    async def _said(self, one: Pronunciation) -> str:
        """In the place of the words: nothing reads it any further."""
        if one.how == "words":
            return one.value
        if one.how == "ipa" and self.has_ipa:
            return annotated(one.written, one.value)
        if one.how == "pinyin" and self.language == CHINESE:
            with contextlib.suppress(ValueError):
                return homophones(one.value)
            logger.info("no characters are said %.40r; the words are read as they are written", one.value)
        return await self._read(one.written)

    async def spoken_segment(self, segment: Segment) -> SpokenSegment:
        """The same, to be shown: sounds between slashes."""
        spoken = ANNOTATION.sub(lambda found: f"/{found['sounds']}/", await self.spoken(segment))
        return SpokenSegment(segment.raw, spoken, segment.start, segment.end)
