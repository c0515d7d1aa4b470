"""An utterance's text as it comes: cut into segments, which an engine's stream is fed."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from qwen3tts_daemon.speech.text_reading import TextReading
from qwen3tts_daemon.text.clean import speakable
from qwen3tts_daemon.text.directions import Direction, Directions, Pause, pause_in
from qwen3tts_daemon.text.segments import LiveSegmenter, Segment, Split
from qwen3tts_daemon.text.sent_text import SentText
from qwen_tts.errors import TextEmpty
from qwen_tts.stream import AudioStream
from qwen_tts.text.annotations import without_annotations
from qwen_tts.text.sentences import Ending

_UNSURE_FLUSH_S = 1.2
"""How long a stop that may stand inside a number, a short form or an address waits at least: "21" "." "5 °C" """


class IncomingText:
    """Text in, segments out. A sentence that looks finished is a segment once no text came for `idle_flush_s`, or
    somewhat longer where its stop may be inside a number."""

    def __init__(
        self, split: Split, idle_flush_s: float, directions: Directions | None = None,
        sent: SentText | None = None, sentence_pause_s: float | None = None, clean: Callable[[str], str] = speakable,
    ) -> None:  # fmt: skip
        """`directions`: who finds what the text says of how it is to be spoken; None: nothing is meant so.
        `sent`: who reads the format that it is sent in; None: it is plain.
        `sentence_pause_s`: between sentences, where the text says nothing; None: none is asked for.
        `clean`: what makes words of a piece as written."""
        self.segments: list[Segment] = []
        """As far as they are known; it only grows."""
        self._passages: list[int] = []
        """The segments that a direction stands before, but for the first"""
        self.began_at: float | None = None
        """When the first text came that is not blank, by the event loop's clock."""
        self.has_ended = False
        self._spoken: list[str] = []
        """Of the first segments, what a stream was fed"""
        self._segmenter = LiveSegmenter(split=split, directions=directions, clean=clean)
        self._sent = sent or SentText(is_voice=lambda name: False)
        self._idle_flush_s = idle_flush_s
        self._sentence_pause_s = sentence_pause_s
        self._fed_at = 0.0
        self._pause: asyncio.TimerHandle | None = None
        """Looks after a while whether the writer has paused: there is one, however many pieces come meanwhile."""
        self.on_pause: Callable[[], None] = lambda: None
        """Called when the writer has paused."""
        self._wants_flush = False
        self._changed = asyncio.Event()

    def __str__(self) -> str:
        """What is spoken; of what nobody has read yet, the text as it was cleaned."""
        spoken = map(without_annotations, self._spoken)
        return " ".join((*spoken, *(segment.text for segment in self.segments[len(self._spoken) :])))

    def spoken(self, index: int) -> str:
        """What a stream was fed of a segment."""
        return self._spoken[index]

    @property
    def written(self) -> str:
        """What was fed, as it was cleaned: in its own language, whoever reads it."""
        return " ".join(segment.text for segment in self.segments)

    @property
    def complaint(self) -> str:
        """What was wrong with its markup, in words for the log; "" if nothing was."""
        return self._sent.complaint

    def check_begun(self) -> None:
        """Raises TextEmpty if only blanks have come."""
        if self.began_at is None:
            raise TextEmpty("the text is empty", param="text")

    # -- from the caller -----------------------------------------------------------------------------------

    def feed(self, text: str) -> None:
        loop = asyncio.get_running_loop()
        self._fed_at = loop.time()
        if self.began_at is None and text.strip():
            self.began_at = self._fed_at
        for piece in self._sent.feed(text):
            self._add(self._segmenter.feed(piece))
        if self._pause is None:
            self._pause = loop.call_at(self._fed_at + self._idle_flush_s, self._look_for_pause)

    def flush(self) -> None:
        """What has been fed is to be spoken, finished or not."""
        self._add(self._segmenter.flush())
        self._wants_flush = True

    def end(self) -> None:
        """No more text; idempotent."""
        if not self.has_ended:
            self.stop_waiting()
            self.has_ended = True
            for piece in self._sent.rest():
                self._add(self._segmenter.feed(piece))
            self._add(self._segmenter.end())

    def stop_waiting(self) -> None:
        """Whether the writer pauses does not matter any more."""
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None

    def _look_for_pause(self) -> None:
        loop = asyncio.get_running_loop()
        wait_s = max(self._idle_flush_s, _UNSURE_FLUSH_S if self._segmenter.ends_in_the_middle else 0.0)
        if loop.time() < self._fed_at + wait_s:
            self._pause = loop.call_at(self._fed_at + wait_s, self._look_for_pause)
            return
        self._pause = None
        if self._segmenter.has_finished_text:
            self._add(self._segmenter.idle())
        self.on_pause()

    def _add(self, segments: list[Segment]) -> None:
        for segment in map(self._with_sentence_pause, map(self._sent.as_sent, segments)):
            if segment.before and self.segments:
                self._passages.append(len(self.segments))
            self.segments.append(segment)
        self._changed.set()

    def _with_sentence_pause(self, segment: Segment) -> Segment:
        if self._sentence_pause_s is None or not self.segments or self.segments[-1].ending is Ending.CLAUSE:
            return segment
        if pause_in(segment.before) is not None:
            return segment
        return replace(segment, before=(*segment.before, Pause(self._sentence_pause_s)))

    # -- to the engine -------------------------------------------------------------------------------------

    @property
    def trailing(self) -> Sequence[Direction]:
        """What the text says behind its last segment so far."""
        return self._segmenter.trailing

    async def segment(self, index: int) -> Segment:
        """One of the segments, once it is there."""
        while len(self.segments) <= index:
            self._changed.clear()
            await self._changed.wait()
        return self.segments[index]

    def passage_after(self, first: int) -> int | None:
        """Where the passage ends that begins with segment `first`: at the next segment that a direction stands before.
        None if there is none, or none yet."""
        return next((index for index in self._passages if index > first), None)

    async def feed_to(self, stream: AudioStream, reading: TextReading, first: int, *, as_words: bool) -> None:
        """Read the segments of the passage that begins with `first` as they come and feed them to a stream, until the
        passage has ended. Raises what the stream raises.

        `as_words`: the engine takes what it is fed as one text, else every piece by itself.
        """
        while True:
            self._changed.clear()
            while (fed := len(self._spoken)) < len(self.segments):
                if fed > first and self.segments[fed].before:
                    stream.end_text()
                    return
                self._spoken.append(await reading.spoken(self.segments[fed]))
                await stream.feed(self._piece(fed, first, as_words=as_words))
            if self._wants_flush:
                self._wants_flush = False
                stream.flush()
            if self.has_ended:
                stream.end_text()
                return
            await self._changed.wait()

    def _piece(self, index: int, first: int, *, as_words: bool) -> str:
        """A segment and what parts it from the others: a blank before words, where there was anything between (Chinese
        has none), a line break behind a paragraph."""
        segment, spoken = self.segments[index], self._spoken[index]
        if as_words:
            return (" " if index > first and segment.start > self.segments[index - 1].end else "") + spoken
        return spoken + ("\n" if segment.ending == "paragraph" else "")
