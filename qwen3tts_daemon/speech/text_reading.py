"""How the text of an utterance is read: its numbers, signs and short forms as words, or as they are written."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from qwen3tts_daemon.reading import reader
from qwen3tts_daemon.text.pronunciations import Pronunciation
from qwen3tts_daemon.text.segments import Segment


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
    """In which language, and whether at all."""

    language: str
    is_on: bool

    async def spoken(self, segment: Segment) -> str:
        """What an engine is given of it. Where there is something to read a thread does it, beside the event loop."""
        marked = segment.marked or segment.text
        return _said(await self._read(marked), segment.pronunciations)

    async def _read(self, text: str) -> str:
        if not self.is_on:
            return text
        if reader.is_loaded(self.language) and not reader.needs_reading(text, self.language):
            return text
        return await asyncio.to_thread(reader.spoken, text, self.language)

    async def spoken_segment(self, segment: Segment) -> SpokenSegment:
        """The same, to be shown."""
        return SpokenSegment(segment.raw, await self.spoken(segment), segment.start, segment.end)


def _said(text: str, pronunciations: Mapping[str, Pronunciation]) -> str:
    """With what is said in the places of the placeholders."""
    for letter, one in pronunciations.items():
        text = text.replace(letter, one.value if one.how == "words" else one.written)
    return text
