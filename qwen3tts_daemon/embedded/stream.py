"""One utterance of the embedded engine: text comes in pieces, sound goes out in chunks.

The pause after a unit is handed out once it is known what follows, another unit or the end. So the same pieces give
the same samples, whether the next piece and the end of the text come early or late.

The event loop feeds, acknowledges and cancels; the inference thread calls `is_runnable` and `step`. What both
touch is guarded by locks, which are never held while something is computed.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import numpy as np

from qwen3tts_daemon.embedded.cancellation import Cancellation, Cancelled
from qwen3tts_daemon.embedded.flow_control import ReaderWindow
from qwen3tts_daemon.embedded.framing import ChunkFramer
from qwen3tts_daemon.embedded.shaping import Samples, last_pause, pause_after
from qwen3tts_daemon.embedded.synthesizer import EmbeddedSynthesizer, PhonemeUnit
from qwen3tts_daemon.embedded.voices import EmbeddedVoice
from qwen3tts_daemon.embedded.word_places import WordPlaces
from qwen3tts_daemon.embedded.word_timer import HeardWord
from qwen_tts.api import QueuePosition, StreamEnd, SynthesisRequest, WordTime
from qwen_tts.errors import OutOfMemory, SynthesisError, SynthesisFailed, TextEmpty, is_lack_of_memory
from qwen_tts.stream import AudioStream

logger = logging.getLogger(__name__)

_NOTHING = np.zeros(0, np.float32)


class EmbeddedStream:
    """A StreamSource that the inference thread works off, one unit per step."""

    def __init__(
        self,
        request: SynthesisRequest,
        voice: EmbeddedVoice,
        changed: Callable[[], None],
        now: Callable[[], float],
    ) -> None:
        self._request = request
        self._voice = voice
        self._changed = changed
        self._now = now
        self._cancellation = Cancellation()
        self._lock = threading.Lock()
        self._texts = deque([] if request.live else [request.text])
        """The pieces that nobody has begun to speak; with the lock held"""
        self._text_ended = not request.live
        self.audio = AudioStream(self, live=request.live)
        self._window = ReaderWindow(lambda chunk: self.audio.call_from_thread(self.audio.push, chunk))
        self.is_over = False
        """Finished or cancelled: nothing more will come of it."""
        self.turn = 0
        """The number of its last turn; the engine's"""
        # The inference thread alone touches what follows.
        self._place = 0
        self._framer = ChunkFramer(request.limits.max_audio_s)
        self._units: Iterator[PhonemeUnit] | None = None
        """Of the piece of text in hand"""
        self._piece = -1
        """Which piece that is"""
        self._segment = 0
        """The piece that the last sound was of"""
        self._places = WordPlaces("")
        """Where the words of the piece in hand stand in it"""
        self._pause: Samples | None = None
        """What stands between the last unit and a next one"""
        self._unread = 0
        """Words that nobody could read"""
        self._opened_at = now()
        self._queue_s: float | None = None
        self._synthesis_s = 0.0

    # -- StreamSource, from the event loop -----------------------------------------------------------------

    def feed(self, text: str) -> None:
        with self._lock:
            if not self._text_ended:
                self._texts.append(text)
        self._changed()

    def flush(self) -> None:
        """Nothing to do: every piece is spoken as it comes."""

    def end_text(self) -> None:
        with self._lock:
            self._text_ended = True
        self._changed()

    def cancel(self) -> None:
        self.is_over = True
        self._cancellation.cancel()
        self._changed()

    def taken(self, samples: int) -> None:
        self._window.taken(samples)
        self._changed()

    # -- the inference thread's side -----------------------------------------------------------------------

    @property
    def client(self) -> str:
        return self._request.client

    @property
    def needs_kokoro(self) -> bool:
        return self._voice.engine == "kokoro"

    @property
    def is_runnable(self) -> bool:
        """There is something to speak or to finish, and the reader is less than a window behind."""
        with self._lock:
            has_work = self._units is not None or bool(self._texts) or self._text_ended
        return has_work and self._window.has_room and not self.is_over

    def tell_place(self, place: int) -> None:
        """In the line of those that have had no turn yet; 0: it has its turn."""
        if place != self._place:
            self._place = place
            self.audio.call_from_thread(self.audio.tell_queue_position, QueuePosition(place))

    def step(self, voices: EmbeddedSynthesizer) -> None:
        """Speak one unit, or end the stream; a unit without a sound is a step too."""
        started = self._now()
        if self._queue_s is None:
            self._queue_s = started - self._opened_at
        try:
            self._step(voices)
        except Cancelled:
            self.is_over = True
        except SynthesisError as error:
            self.finish(error)
        except Exception as error:  # the edge of the inference thread: one text must not silence the others
            logger.exception("speech id=%s failed unexpectedly", self._request.request_id)
            self.finish(_failure(error))
        finally:
            self._synthesis_s += self._now() - started

    def finish(self, outcome: StreamEnd | SynthesisError) -> None:
        """End the stream, from any thread."""
        self.is_over = True
        self._cancellation.cancel()
        self.audio.call_from_thread(self.audio.finish, outcome)

    def _step(self, voices: EmbeddedSynthesizer) -> None:
        unit = self._next_unit(voices)
        if unit is None:
            self._end_or_wait()
        else:
            self._unread += unit.unread
            if unit.phonemes:
                self._speak(unit, voices)

    def _next_unit(self, voices: EmbeddedSynthesizer) -> PhonemeUnit | None:
        """None: everything that was fed is spoken."""
        while self._units is not None or self._open_piece(voices):
            assert self._units is not None
            if (unit := next(self._units, None)) is not None:
                return unit
            self._units = None
        return None

    def _open_piece(self, voices: EmbeddedSynthesizer) -> bool:
        """Begin the next piece of text; False if there is none."""
        with self._lock:
            if not self._texts:
                return False
            text = self._texts.popleft()
        self._piece += 1
        is_first = self._framer.made_samples == 0
        with_words = self._request.word_times
        self._places = WordPlaces(text if with_words else "")
        self._units = voices.phoneme_units(
            text, self._voice, self._cancellation, is_first=is_first, with_words=with_words
        )
        return True

    def _speak(self, unit: PhonemeUnit, voices: EmbeddedSynthesizer) -> None:
        if self._pause is not None:
            self._emit(self._pause, is_end=self._segment != self._piece)
        if self._framer.is_cut_off:
            return
        self._segment = self._piece
        spoken = []
        seed, on_words = self._request.sampling.seed or 0, None
        if self._request.word_times:
            on_words = self._teller(unit, self._framer.samples)
        for samples in voices.say(unit, self._voice, self._cancellation, seed=seed, on_words=on_words):
            spoken.append(samples)
            self._emit(samples, is_end=False)
            if self._framer.is_cut_off:
                return
        self._pause = pause_after(np.concatenate(spoken), unit.ending)

    def _teller(self, unit: PhonemeUnit, begins_at: int) -> Callable[[Sequence[HeardWord]], None]:
        """Who is told where the words are of a unit that begins at that sample of the stream."""

        def tell(heard: Sequence[HeardWord]) -> None:
            for word in heard:
                if (place := self._places.next(unit.text[word.start : word.end])) is not None:
                    first, end = begins_at + word.first_sample, begins_at + word.end_sample
                    self._framer.tell(WordTime(*place, first, end))

        return tell

    def _emit(self, samples: Samples, *, is_end: bool) -> None:
        """Hand out whole frames, at the end of a piece also what is left."""
        chunks = self._framer.add(samples, self._segment, is_end=is_end)
        if self._framer.is_cut_off:
            self._drop_text()
        self._window.add(chunks)

    def _drop_text(self) -> None:
        """What was made so far is all there will be."""
        self._units = self._pause = None
        with self._lock:
            self._texts.clear()
            self._text_ended = True

    def _end_or_wait(self) -> None:
        """Nothing is left to speak: end the stream, or hand out all there is until more text comes."""
        with self._lock:
            is_end = self._text_ended and not self._texts
        if not is_end or self._pause is None:
            self._emit(_NOTHING, is_end=True)
        else:
            self._pause = None
            self._emit(last_pause(), is_end=True)
        if is_end and self._window.is_empty:
            self._complete()

    def _complete(self) -> None:
        if not self._framer.made_samples and not self._request.live:
            self.finish(TextEmpty("nothing in the text can be spoken", param="text"))
            return
        reason: Literal["complete", "limit"] = "limit" if self._framer.is_cut_off else "complete"
        self.finish(
            StreamEnd(reason=reason, unread=self._unread, queue_s=self._queue_s or 0.0, synthesis_s=self._synthesis_s)
        )


def _failure(error: Exception) -> SynthesisError:
    if is_lack_of_memory(error):
        return OutOfMemory("there is no memory left for this text", retry_after_s=5)
    return SynthesisFailed("the preview voice could not speak this text; see the log")
