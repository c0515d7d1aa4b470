"""The life of one utterance: its text comes in, its sound goes out, and it has one end.

It asks for the engine when it is entered, before its text is complete, so that a sleeping model wakes meanwhile; unless
what it says may be kept (see recall), for then no engine is needed. With the first segment it is decided who speaks in
which language.

Its answer is never nothing: a text without words is a moment of silence, which needs no engine; words of which the
voice can read none are an error.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from qwen3tts_daemon.failures import code_of
from qwen3tts_daemon.speech.chime import Chimes
from qwen3tts_daemon.speech.engines import Engines
from qwen3tts_daemon.speech.finish import Finish
from qwen3tts_daemon.speech.foresight import Foreseen, foresee, readings
from qwen3tts_daemon.speech.incoming_text import IncomingText
from qwen3tts_daemon.speech.kept_sound import parts_of
from qwen3tts_daemon.speech.loudness import VoiceLoudness
from qwen3tts_daemon.speech.output import Part
from qwen3tts_daemon.speech.passages import Passages
from qwen3tts_daemon.speech.phrase_cache import PhraseCache
from qwen3tts_daemon.speech.quota import SpeakingQuota
from qwen3tts_daemon.speech.recall import Found, Recall
from qwen3tts_daemon.speech.report import Measures, Report
from qwen3tts_daemon.speech.request import Caller, Order
from qwen3tts_daemon.speech.speakers import Speakers
from qwen3tts_daemon.speech.text_reading import SpokenText
from qwen3tts_daemon.speech.voice_selection import LeftOut
from qwen3tts_daemon.text.directions import Directions
from qwen3tts_daemon.text.lexicon import Lexicon
from qwen3tts_daemon.text.sent_text import SentText
from qwen3tts_daemon.voices.catalogue import VoiceCatalogue
from qwen3tts_daemon.voices.recent_takes import Take
from qwen_tts.api import Audio, AudioChunk, QueuePosition, check_length

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
        quota: SpeakingQuota | None = None,
    ) -> None:  # fmt: skip
        """`is_live`: its text comes bit by bit, else all of it at once. Raises InvalidRequest for what nobody can
        speak."""
        self.order, self.caller = order, caller
        self.on_queue_position: Callable[[QueuePosition], None] | None = None
        """Set before it is entered: called when it has come on in the engine's line."""
        self.measures = Measures()
        self.end = "cancelled"
        """`done`, `limit`, `cancelled`, or the code of what failed; final once the block is left."""
        self._config = config
        self._is_live = is_live
        self._on_begin, self._on_end = on_begin, on_end
        self._quota = quota
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
        self._finish = Finish(
            order, loudness, chimes,
            lead_s=config.lead_silence_s, tail_s=config.tail_silence_s, loudness_lufs=config.loudness_lufs,
        )  # fmt: skip
        self._passages = Passages(
            self._text, self._speakers, self._finish, self.measures, engines, word_times=order.word_times
        )
        self._recall = Recall(
            phrases, self._text.segments, is_live=is_live, is_private=order.private, wants_words=order.word_times,
            foresee=self.foresee, ask=self._ask,
        )  # fmt: skip
        self._text.on_pause = self._recall.wait_no_more
        self._kept: Iterator[Part] | None = None
        """What is left of sound that was kept"""
        self._ready: deque[Part] = deque()
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
        if self._quota is not None:
            self._quota.count(self.caller.address, len(text))
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
            self._passages.withdraw()
        self._recall.end_text()

    def check_text(self) -> None:
        """Raises TextEmpty if only blanks have come."""
        self._text.check_begun()

    def settle(self) -> str:
        """The voice that will speak, from now on whatever comes; "" if that cannot be told yet."""
        if not self._text.segments:
            return self._speakers.now.settle(None)
        first = self._text.segments[0]
        self._speakers.go_on(first.before, is_first=True)
        return self._speakers.now.settle(first.text)

    async def read(self) -> SpokenText:
        """What would be spoken of a text that is all there. No engine is asked for it."""
        if not self._text.segments:
            return SpokenText(self._speakers.now.foresee("").language)
        spoken = [await reading.spoken_segment(one) for one, reading in readings(self._text.segments, self._speakers)]
        return SpokenText(self.language, spoken)

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
        is_fault = isinstance(error, Exception) and not isinstance(error, ConnectionError)  # who left has cancelled
        if error is not None and is_fault and self.end == "cancelled":
            self.end = code_of(error)
        if self._passages.left_out_style or self._directions.has_dropped_style:
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
        self._passages.cancel()

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

    # -- sound that is kept --------------------------------------------------------------------------------

    def _ask(self) -> None:
        """It is not kept: somebody has to speak."""
        is_live = self._is_live and not self._recall.has_waited
        self._passages.start(is_live=is_live, on_queue_position=self.on_queue_position)

    async def _begin_kept(self, found: Found) -> Iterator[Part]:
        self._passages.cancel()
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
        if self.measures.is_flawless and not self._passages.stood_in:
            frame = self._engines.capabilities.samples_per_frame
            await self._recall.keep(lead_samples=self._passages.lead_samples, samples_per_frame=frame)

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
        if self._kept is not None:
            return self._next_kept(self._kept)
        try:
            return await self._passages.next_parts()
        finally:
            self.end = self._passages.end or self.end

    def _count(self, chunk: AudioChunk) -> None:
        if self.measures.ttfa_s is None and self._text.began_at is not None:
            self.measures.ttfa_s = asyncio.get_running_loop().time() - self._text.began_at
        self.measures.count(chunk.samples, chunk.sample_rate)
        self._sample_rate = chunk.sample_rate
        if self._speakers.now.description is not None:
            self._recording.append(chunk.pcm)
