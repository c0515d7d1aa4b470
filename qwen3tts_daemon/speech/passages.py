"""What is spoken of a text, passage by passage: a stream of an engine each, and one order of sound.

A passage begins where the text says that it goes on in another way: with another voice, say, or after a pause.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Literal

from qwen3tts_daemon.speech.engines import Engines
from qwen3tts_daemon.speech.finish import Finish
from qwen3tts_daemon.speech.incoming_text import IncomingText
from qwen3tts_daemon.speech.output import Output, Part
from qwen3tts_daemon.speech.report import Measures
from qwen3tts_daemon.speech.speakers import Speakers
from qwen3tts_daemon.speech.synthesis import Synthesis
from qwen3tts_daemon.speech.text_reading import TextReading
from qwen3tts_daemon.speech.word_times import WordTeller
from qwen3tts_daemon.text.directions import pause_in
from qwen3tts_daemon.text.segments import Segment
from qwen_tts.api import Capabilities, QueuePosition, StreamEnd
from qwen_tts.stream import AudioStream, SpeechEngine


class Passages:
    """Of one utterance: `start` asks for the engine, then `next_parts` until it raises StopAsyncIteration."""

    def __init__(
        self, text: IncomingText, speakers: Speakers, finish: Finish, measures: Measures, engines: Engines,
        *, word_times: bool = False,
    ) -> None:  # fmt: skip
        """`word_times`: it is told where each word is heard."""
        self.end: Literal["", "done", "limit"] = ""
        """How it has come to an end by itself"""
        self.stood_in = False
        """Another engine than the one of the settings spoke"""
        self.left_out_style = False
        """Somebody who spoke could not be told the style"""
        self._text, self._speakers, self._finish = text, speakers, finish
        self._measures, self._engines, self._word_times = measures, engines, word_times
        self._is_live = True
        self._on_queue_position: Callable[[QueuePosition], None] | None = None
        self._first = 0
        """The segment that the passage in hand begins with"""
        self._prepared_for = 0
        """The passage whose voice the engine was told of ahead"""
        self._synthesis = self._synthesis_of_passage()
        self._output: Output | None = None
        """Once it is known who speaks"""
        self._is_cancelled = False

    @property
    def lead_samples(self) -> int:
        """How much silence and chime was before the first word."""
        return 0 if self._output is None else self._output.lead_samples

    def start(self, *, is_live: bool, on_queue_position: Callable[[QueuePosition], None] | None) -> None:
        """Ask for the engine now. `is_live`: somebody is still writing; `on_queue_position`: see Utterance."""
        self._is_live, self._on_queue_position = is_live, on_queue_position
        self._synthesis.start()

    def cancel(self) -> None:
        """End the work now; idempotent, from any task, also before it is started."""
        self._is_cancelled = True
        self._synthesis.cancel()

    def withdraw(self) -> None:
        """Nobody is needed to say nothing: the text has ended without words."""
        self._synthesis.cancel()

    async def next_parts(self) -> list[Part]:
        """More of it. Raises StopAsyncIteration at the end, TextEmpty, UnsupportedLanguage if nothing was said, and
        what speaking raises."""
        try:
            chunk = await anext(self._synthesis)
        except StopAsyncIteration:
            parts = await self._end_passage()
            self._finish.end_passage(is_well=self.end != "limit")
            if parts is None:
                raise
            return parts
        assert self._output is not None, "a stream has been opened"
        self._finish.hear(chunk.pcm)
        return self._output.take(chunk, pause_follows=self._look_ahead())

    # -- one passage ---------------------------------------------------------------------------------------

    def _synthesis_of_passage(self) -> Synthesis:
        return Synthesis(self._text, self._first, self._measures, self._speakers, self._open_stream)

    async def _open_stream(self, engine: SpeechEngine, first: Segment) -> tuple[AudioStream, TextReading]:
        """It is decided who speaks."""
        speaker, sample_rate = self._speakers.now, engine.capabilities.sample_rate
        request, reading = await speaker.decide(engine, first.text, is_live=self._is_live)
        self.left_out_style |= speaker.leaves_out_style
        self.stood_in |= self._engines.is_stand_in(engine)
        if self._output is None:
            lead = await self._finish.lead(first.before, sample_rate)
            self._output = Output(engine.capabilities, self._text.segments, lead=lead, tail_s=self._finish.tail_s)
        self._output.begin(
            self._first, voice=speaker.voice, language=speaker.language,
            sound_filter=await self._finish.filter_for(speaker, sample_rate),
            is_trimmed=self._first > 0 and pause_in(first.before) is not None,
            words=self._words_of(engine.capabilities),
        )  # fmt: skip
        stream = engine.stream(request)
        stream.on_queue_position = self._on_queue_position
        return stream, reading

    def _words_of(self, engine: Capabilities) -> WordTeller | None:
        if not self._word_times:
            return None
        return WordTeller(
            self._text, sample_rate=engine.sample_rate, is_estimated=not engine.word_times,
            at_end=engine.live_text == "words",
        )  # fmt: skip

    def _look_ahead(self) -> bool:
        """Whether a pause follows the passage; what the voice behind it needs is loaded meanwhile."""
        if (following := self._text.passage_after(self._first)) is None:
            return False
        before = self._text.segments[following].before
        if self._prepared_for < following:
            self._prepared_for = following
            self._synthesis.prepare(before)
        return pause_in(before) is not None

    async def _end_passage(self) -> list[Part] | None:
        """What is left of a passage that has ended by itself; then the next one has its turn. None if it was the last
        one, or it was ended."""
        if self._is_cancelled or self.end:
            return None
        if not self._text.segments:
            self._text.check_begun()
            self.end = "done"
            return await self._nothing()
        if (end := self._synthesis.end) is None:
            return None
        assert self._output is not None, "it has ended by itself"
        self._measure(end)
        if not self._output.has_begun:
            raise self._speakers.now.unreadable(self._text.written)
        if (following := self._text.passage_after(self._first)) is not None:
            return await self._go_on(following)
        rest = await self._rest(pause_in(self._text.trailing))
        if self._is_cancelled:
            return None
        self.end = "done" if end.reason == "complete" else end.reason
        assert self._output is not None
        return [*rest, *self._output.finish()]

    async def _rest(self, pause_s: float | None) -> list[Part]:
        """Of a passage, before a pause. Where words are told it may take a while, of long ones."""
        assert self._output is not None
        if self._word_times:
            return await asyncio.to_thread(self._output.end_passage, pause_s)
        return self._output.end_passage(pause_s)

    async def _go_on(self, following: int) -> list[Part] | None:
        """To the next passage."""
        parts = await self._rest(pause_in(self._text.segments[following].before))
        if self._is_cancelled:
            return None
        ended, self._first = self._synthesis, following
        self._synthesis = self._synthesis_of_passage()
        self._synthesis.start()
        ended.cancel()  # later, so that the engine is held meanwhile
        return parts

    async def _nothing(self) -> list[Part]:
        engine = self._engines.capabilities
        output = Output(engine, (), lead=await self._finish.lead_alone(self._text.trailing, engine.sample_rate))
        return output.lead_alone() or output.nothing()

    def _measure(self, end: StreamEnd) -> None:
        """Of a passage, beside those before it."""
        measures = self._measures
        measures.queue_s += end.queue_s
        measures.synthesis_s = (measures.synthesis_s or 0.0) + end.synthesis_s
        measures.guards = Counter(measures.guards) + Counter(end.guards)
        measures.unread += end.unread
