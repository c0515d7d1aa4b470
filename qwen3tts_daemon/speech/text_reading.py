"""How the text of an utterance is read: its numbers, signs and short forms as words, or as they are written."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from qwen3tts_daemon.reading import reader
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
    segments: list[SpokenSegment]


@dataclass(frozen=True, slots=True)
class TextReading:
    """In which language, and whether at all."""

    language: str
    is_on: bool

    async def spoken(self, segment: Segment) -> str:
        """What an engine is given of it. Where there is something to read a thread does it, beside the event loop."""
        if not self.is_on:
            return segment.text
        if reader.is_loaded(self.language) and not reader.needs_reading(segment.text, self.language):
            return segment.text
        return await asyncio.to_thread(reader.spoken, segment.text, self.language)

    async def spoken_text(self, segments: Iterable[Segment]) -> SpokenText:
        """All of a text, to be shown."""
        return SpokenText(
            self.language, [SpokenSegment(one.raw, await self.spoken(one), one.start, one.end) for one in segments]
        )
