"""The life of one utterance: its text comes in, its sound goes out, and it has one end.

It asks for the engine when it is entered, before its text is complete, so that a sleeping model wakes meanwhile; unless
what it says may be kept (see recall), for then no engine is needed. With the first segment it is decided who speaks in
which language.

Its answer is never nothing: a text without words is a moment of silence, which needs no engine; words of which the
voice can read none are an error.
"""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from qwen3tts_daemon.failures import code_of
from qwen3tts_daemon.speech.chime import Chimes
from qwen3tts_daemon.speech.engines import Engines
from qwen3tts_daemon.speech.finish import Finish
from qwen3tts_daemon.speech.foresight import Foreseen, foresee
from qwen3tts_daemon.speech.incoming_text import IncomingText
from qwen3tts_daemon.speech.kept_sound import parts_of
from qwen3tts_daemon.speech.loudness import VoiceLoudness
from qwen3tts_daemon.speech.output import Output, Part
from qwen3tts_daemon.speech.phrase_cache import PhraseCache
from qwen3tts_daemon.speech.recall import Found, Recall
from qwen3tts_daemon.speech.report import Measures, Report
from qwen3tts_daemon.speech.request import Caller, Order
from qwen3tts_daemon.speech.speakers import Speakers
from qwen3tts_daemon.speech.synthesis import Synthesis
from qwen3tts_daemon.speech.text_reading import SpokenText, TextReading
from qwen3tts_daemon.speech.voice_selection import LeftOut
from qwen3tts_daemon.text.directions import Directions, pause_in
from qwen3tts_daemon.text.lexicon import Lexicon
from qwen3tts_daemon.text.segments import Segment
from qwen3tts_daemon.text.sent_text import SentText
from qwen3tts_daemon.voices.catalogue import VoiceCatalogue
from qwen3tts_daemon.voices.recent_takes import Take
from qwen_tts.api import Audio, AudioChunk, StreamEnd, check_length
from qwen_tts.errors import TextEmpty
from qwen_tts.stream import AudioStream, SpeechEngine

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SpeechConfig:
    """What is the same for every utterance."""

    idle_flush_s: float = 0.3
    """A finished sentence is spoken when no more text came for this long."""
    lead_silence_s: float = 0.0
    """Before the first word, for speakers that wake slowly."""
    tail_silence_s: float = 0.0
    """After the last word, for players that cut the end."""
    sentence_silence_ms: int | None = None
    """Between sentences, exactly; None: as each voice pauses by itself."""
    loudness_lufs: float | None = None
    """How loud every voice is heard (EBU R128); None: as it is."""
    text_normalization: bool = True
    """Numbers, signs and short forms become words, unless the order or the voice says otherwise."""
    markup: bool = True
    """Pauses and voices that the text asks for in brackets; an order may say otherwise."""
    log_text: bool = False


class Utterance:
    """One utterance: feed it text, iterate its sound. Leaving the `async with` block cancels what is left."""

    def __init__(
        self, order: Order, caller: Caller, voices: VoiceCatalogue, engines: Engines, config: SpeechConfig, *,
        loudness: VoiceLoudness, lexicon: Lexicon, phrases: PhraseCache, chimes: Chimes, is_live: bool,
        on_begin: Callable[["Utterance"], None], on_end: Callable[["Utterance"], None],
    ) -> None:  # fmt: skip
        """`is_live`: its text comes bit by bit, else all of it at once. Raises InvalidRequest for what nobody can
        speak."""
        self.order, self.caller = order, caller
        self.on_queue_position: Callable[[int], None] | None = None
        """Set before it is entered: called when it has come on in the engine's line; 1 is next, 0 has its turn."""
        self.measures = Measures()
        self.end = "cancelled"
        """`done`, `limit`, `cancelled`, or the code of what failed; final once the block is left."""
        self._config = config
        self._is_live = is_live
        self._on_begin, self._on_end = on_begin, on_end
        self._voices, self._engines = voices, engines
        self._lexicon = lexicon.with_entries(order.words)
        self._speakers = self._new_speakers()
        markup = config.markup if order.markup is None else order.markup
        takes_styles = bool(engines.capabilities.instruct_kinds)
        self._directions = Directions(voices.is_listed, voices.config.styles, takes_styles=takes_styles)
        directions = self._directions if markup else None
        sentence_ms = config.sentence_silence_ms if order.sentence_silence_ms is None else order.sentence_silence_ms
        self._text = IncomingText(
            order.split, config.idle_flush_s, directions,
            sent=SentText(order.text_format, is_voice=voices.is_listed, is_obeyed=markup),
            sentence_pause_s=None if sentence_ms is None else sentence_ms / 1000, clean=self._lexicon.cleaned,
        )  # fmt: skip
        self._first = 0
        """The segment that the passage in hand begins with"""
        self._prepared_for = 0
        """The passage whose voice the engine was told of ahead"""
        self._finish = Finish(
            order, loudness, chimes,
            lead_s=config.lead_silence_s, tail_s=config.tail_silence_s, loudness_lufs=config.loudness_lufs,
        )  # fmt: skip
        self._synthesis = self._synthesis_of_passage()
        self._recall = Recall(
            phrases, self._text.segments, is_live=is_live, is_private=order.private,
            foresee=self.foresee, ask=self._synthesis.start,
        )  # fmt: skip
        self._text.on_pause = self._recall.wait_no_more
        self._kept: Iterator[Part] | None = None
        """What is left of sound that was kept"""
        self._output: Output | None = None
        """Once it is known who speaks"""
        self._ready: deque[Part] = deque()
        self._leaves_out_style = False
        """Somebody who spoke could not be told the style"""
        self._is_cancelled = False
        self._recording: list[bytes] = []
        """PCM of a designed voice: it may be kept."""
        self._sample_rate = 0
        """Of what was handed on"""

    @property
    def voice(self) -> str:
        """The name of who speaks first; this and what follows are empty until it is decided."""
        return self._speakers.first.voice

    @property
    def language(self) -> str:
        return self._speakers.first.language

    @property
    def model(self) -> str:
        """What speaks: a checkpoint, or an engine without such."""
        return self._speakers.first.model

    # -- text in -------------------------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """What is spoken, as far as it is known."""
        return str(self._text)

    def feed(self, text: str) -> None:
        """Append text. Raises TextTooLong."""
        self.measures.chars += len(text)
        check_length(self.measures.chars)
        self._text.feed(text)
        self._recall.feed(text)

    def flush(self) -> None:
        """Speak what has been fed, finished or not."""
        self._text.flush()
        self._recall.wait_no_more()

    def end_text(self) -> None:
        """No more text; idempotent."""
        self._text.end()
        if not self._text.segments:
            self._synthesis.cancel()  # nobody is needed to say nothing
        self._recall.end_text()

    def check_text(self) -> None:
        """Raises TextEmpty if only blanks have come."""
        if self._text.began_at is None:
            raise TextEmpty("the text is empty", param="text")

    def settle(self) -> str:
        """The voice that will speak, from now on whatever comes; "" if that cannot be told yet."""
        if not self._text.segments:
            return self._speakers.now.settle(None)
        first = self._text.segments[0]
        self._speakers.go_on(first.before, is_first=True)
        return self._speakers.now.settle(first.text)

    async def read(self) -> SpokenText:
        """What would be spoken of a text that is all there. No engine is asked for it."""
        speakers, segments = self._speakers, self._text.segments
        reading = speakers.now.foresee(segments[0].text if segments else "")
        spoken = SpokenText(reading.language)
        for index, segment in enumerate(segments):
            if segment.before and speakers.go_on(segment.before, is_first=index == 0):
                reading = speakers.now.foresee(segment.text)
            spoken.segments.append(await reading.spoken_segment(segment))
        return spoken

    async def foresee(self) -> Foreseen | None:
        """What it would be, of a text that is all there. No engine is asked for it. Raises SynthesisError."""
        return await foresee(
            self._text, self._new_speakers(), self._finish.gain_db,
            tail_s=self._finish.tail_s, engine=self._engines.made_of,
        )  # fmt: skip

    # -- its life ------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        self._on_begin(self)
        self._recall.begin()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cancel()
        if isinstance(error, Exception) and self.end == "cancelled":
            self.end = code_of(error)
        if self._leaves_out_style or self._directions.has_dropped_style:
            logger.info("speech id=%s was spoken without its style: the voice takes none", self.caller.request_id)
        if complaint := self._text.complaint:
            logger.info("speech id=%s: %s", self.caller.request_id, complaint)
        self._on_end(self)

    def cancel(self) -> None:
        """End the work now; idempotent, from any task. A waiting reader sees the end at once."""
        self._is_cancelled = True
        self._text.stop_waiting()
        self._ready.clear()
        self._recall.cancel()
        self._synthesis.cancel()

    @property
    def report(self) -> Report:
        """How it has gone so far."""
        return Report(self.caller.request_id, self.order.protocol, self.voice, self.language, self.end, self.measures)

    @property
    def left_out(self) -> LeftOut | None:
        """What the voice could not read, once it has ended; None if it has read every word."""
        return self._speakers.now.left_out(self._text.written) if self.measures.unread else None

    @property
    def take(self) -> Take | None:
        """What a designed voice said, if it came to an end by itself."""
        description = self._speakers.now.description
        if self.end not in ("done", "limit") or description is None:
            return None
        audio = Audio(pcm=b"".join(self._recording), sample_rate=self._sample_rate)
        return Take(audio, self.text, self.language, description)

    def _new_speakers(self) -> Speakers:
        return Speakers(
            self.order, self.caller, self._voices, self._engines,
            text_normalization=self._config.text_normalization, lexicon=self._lexicon,
        )  # fmt: skip

    def _synthesis_of_passage(self) -> Synthesis:
        return Synthesis(self._text, self._first, self.measures, self._speakers, self._open_stream)

    # -- sound out -----------------------------------------------------------------------------------------

    async def _open_stream(self, engine: SpeechEngine, first: Segment) -> tuple[AudioStream, TextReading]:
        """It is decided who speaks."""
        speaker = self._speakers.now
        is_live = self._is_live and not self._recall.has_waited
        request, reading = await speaker.decide(engine, first.text, is_live=is_live)
        self._leaves_out_style |= speaker.leaves_out_style
        if self._engines.is_stand_in(engine):
            self._recall.forget()
        if self._output is None:
            lead = await self._finish.lead(first.before, engine.capabilities.sample_rate)
            self._output = Output(engine.capabilities, self._text.segments, lead=lead, tail_s=self._finish.tail_s)
        self._output.begin(
            self._first, voice=speaker.voice, language=speaker.language,
            sound_filter=await self._finish.filter_for(speaker, engine.capabilities.sample_rate),
            is_trimmed=self._first > 0 and pause_in(first.before) is not None,
        )  # fmt: skip
        stream = engine.stream(request)
        stream.on_queue_position = self.on_queue_position
        return stream, reading

    # -- sound that is kept --------------------------------------------------------------------------------

    async def _begin_kept(self, found: Found) -> Iterator[Part]:
        self._synthesis.cancel()
        self._speakers, self.measures.is_cached = found.foreseen.speakers, True
        lead = await self._finish.lead(self._text.segments[0].before, found.sound.sample_rate)
        return parts_of(found.sound, found.foreseen.told, lead)

    def _next_kept(self, kept: Iterator[Part]) -> list[Part]:
        if self._is_cancelled:
            raise StopAsyncIteration
        if (part := next(kept, None)) is None:
            self.end = "done"
            raise StopAsyncIteration
        return [part]

    async def _keep(self) -> None:
        """All was heard."""
        if self._output is not None and self.measures.is_flawless:
            frame = self._engines.capabilities.samples_per_frame
            await self._recall.keep(lead_samples=self._output.lead_samples, samples_per_frame=frame)

    # -- the next part -------------------------------------------------------------------------------------

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Part:
        while not self._ready:
            await self._read()
        part = self._ready.popleft()
        if isinstance(part, AudioChunk):
            self._count(part)
        self._recall.hear(part)
        return part

    async def _read(self) -> None:
        """Make more ready. Raises the end, or what failed."""
        try:
            self._ready.extend(await self._next_parts())
        except StopAsyncIteration:
            if self.end == "done":
                await self._keep()
            raise
        except Exception as error:
            self.end = code_of(error)
            raise

    async def _next_parts(self) -> list[Part]:
        if self._kept is None and (found := await self._recall.found()) is not None:
            self._kept = await self._begin_kept(found)
        return await self._next_spoken() if self._kept is None else self._next_kept(self._kept)

    async def _next_spoken(self) -> list[Part]:
        try:
            chunk = await anext(self._synthesis)
        except StopAsyncIteration:
            parts = await self._end_passage()
            await self._finish.end_passage(is_well=self.end in ("cancelled", "done"))
            if parts is None:
                raise
            return parts
        assert self._output is not None, "a stream has been opened"
        self._finish.hear(chunk.pcm)
        pause_follows = False
        if (following := self._text.passage_after(self._first)) is not None:
            before = self._text.segments[following].before
            pause_follows = pause_in(before) is not None
            if self._prepared_for < following:
                self._prepared_for = following
                self._synthesis.prepare(before)
        return self._output.take(chunk, pause_follows=pause_follows)

    async def _end_passage(self) -> list[Part] | None:
        """What is left of a passage that has ended by itself; then the next one has its turn. None if it was the last
        one, or it was ended. Raises TextEmpty, UnsupportedLanguage if nothing was said."""
        if self._is_cancelled or self.end != "cancelled":
            return None
        if not self._text.segments:
            self.check_text()
            self.end = "done"
            return await self._nothing()
        if (end := self._synthesis.end) is None:
            return None
        assert self._output is not None, "it has ended by itself"
        self._measure(end)
        if not self._output.has_begun:
            raise self._speakers.now.unreadable(self._text.written)
        if (following := self._text.passage_after(self._first)) is not None:
            return self._go_on(following)
        self.end = "done" if end.reason == "complete" else end.reason
        pause_s = pause_in(self._text.trailing)
        return [*self._output.end_passage(pause_s), *self._output.finish()]

    def _go_on(self, following: int) -> list[Part]:
        """To the next passage."""
        assert self._output is not None
        before = self._text.segments[following].before
        parts = self._output.end_passage(pause_in(before))
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
        measures = self.measures
        measures.queue_s += end.queue_s
        measures.synthesis_s = (measures.synthesis_s or 0.0) + end.synthesis_s
        measures.guards = Counter(measures.guards) + Counter(end.guards)
        measures.unread += end.unread

    def _count(self, chunk: AudioChunk) -> None:
        if self.measures.ttfa_s is None and self._text.began_at is not None:
            self.measures.ttfa_s = asyncio.get_running_loop().time() - self._text.began_at
        self.measures.count(chunk.samples, chunk.sample_rate)
        self._sample_rate = chunk.sample_rate
        if self._speakers.now.description is not None:
            self._recording.append(chunk.pcm)
