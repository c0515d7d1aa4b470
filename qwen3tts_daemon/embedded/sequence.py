"""One utterance of the embedded engine: its pieces of text, their samples, and the reader's window.

The pause after a unit is handed out once it is known what follows, another unit or the end. So the same pieces give
the same samples, whether the next piece and the end of the text come early or late.

The event loop feeds, acknowledges and cancels; the inference thread calls `is_runnable` and `step`. What both
touch is guarded by one lock, which is never held while something is computed.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Literal

import numpy as np

from qwen3tts_daemon.embedded.cancellation import Cancellation, Cancelled
from qwen3tts_daemon.embedded.shaping import SAMPLE_RATE, Samples, last_pause, pause_after
from qwen3tts_daemon.embedded.speaker import EmbeddedVoices, PhonemeUnit
from qwen3tts_daemon.embedded.voices import EmbeddedVoice
from qwen_tts.api import AudioChunk, StreamEnd, SynthesisRequest
from qwen_tts.errors import SynthesisError, SynthesisFailed, TextEmpty
from qwen_tts.stream import WINDOW_FRAMES, AudioStream

logger = logging.getLogger(__name__)

SAMPLES_PER_FRAME = SAMPLE_RATE * 80 // 1000
_WINDOW_SAMPLES = WINDOW_FRAMES * SAMPLES_PER_FRAME
_NOTHING = np.zeros(0, np.float32)


class Sequence:
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
        self._lock = threading.Lock()
        self._cancellation = Cancellation()
        self._texts = deque([] if request.live else [request.text])
        self._text_ended = not request.live
        self._ready: deque[AudioChunk] = deque()
        self._pushed_samples = self._taken_samples = 0
        self.is_over = False
        """Finished or cancelled: nothing more will come of it."""
        self.turn = 0
        """The number of its last turn; the engine's"""
        # The inference thread alone touches what follows.
        self._units: Iterator[PhonemeUnit] | None = None
        self._pause: Samples | None = None
        """What stands between the last unit and a next one"""
        self._rest = _NOTHING
        self._segment = 0
        self._opened_pieces = 0
        self._made_samples = 0
        self._opened_at = now()
        self._queue_s: float | None = None
        self._synthesis_s = 0.0
        self._reason: Literal["complete", "limit"] = "complete"
        self.audio = AudioStream(self, live=request.live)

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
        with self._lock:
            self._taken_samples += samples
            self._release()
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
            has_room = not self._ready and self._pushed_samples - self._taken_samples < _WINDOW_SAMPLES
            has_work = self._units is not None or bool(self._texts) or self._text_ended
            return has_work and has_room and not self.is_over

    def step(self, voices: EmbeddedVoices) -> None:
        """Speak one unit, or end the stream; a unit without a sound is a step too."""
        started = self._now()
        if self._queue_s is None:
            self._queue_s = started - self._opened_at
        try:
            self._speak_unit(voices)
        except Cancelled:
            self.is_over = True
        except SynthesisError as error:
            self.finish(error)
        except Exception:  # the edge of the inference thread: one text must not silence the others
            logger.exception("speech id=%s failed unexpectedly", self._request.request_id)
            self.finish(SynthesisFailed("the preview voice could not speak this text; see the log"))
        finally:
            self._synthesis_s += self._now() - started

    def finish(self, outcome: StreamEnd | SynthesisError) -> None:
        """End the stream, from any thread."""
        self.is_over = True
        self._cancellation.cancel()
        self.audio.call_from_thread(self.audio.finish, outcome)

    def _speak_unit(self, voices: EmbeddedVoices) -> None:
        while self._units is not None or self._open_piece(voices):
            assert self._units is not None
            unit = next(self._units, None)
            if unit is not None:
                self._speak(unit, voices)
                return
            self._units = None
        self._end_or_wait()

    def _speak(self, unit: PhonemeUnit, voices: EmbeddedVoices) -> None:
        if not unit.phonemes:
            return
        segment = self._opened_pieces - 1
        if self._pause is not None:
            self._emit(self._pause, is_end=segment != self._segment)
        if self._reason == "limit":
            return
        self._segment = segment
        request = self._request
        samples = voices.say(
            unit, self._voice, self._cancellation, speed=request.speed, seed=request.sampling.seed or 0
        )  # fmt: skip
        self._pause = pause_after(samples, unit.ending)
        self._emit(samples, is_end=False)

    def _open_piece(self, voices: EmbeddedVoices) -> bool:
        """Begin the next piece of text; False if there is none."""
        with self._lock:
            if not self._texts:
                return False
            text = self._texts.popleft()
        self._opened_pieces += 1
        is_first = self._made_samples == 0
        self._units = voices.phoneme_units(
            text, self._voice, self._cancellation, is_first=is_first, speed=self._request.speed
        )  # fmt: skip
        return True

    def _emit(self, samples: Samples, *, is_end: bool) -> None:
        """Hand out whole frames, at the end of a piece also what is left."""
        samples = np.concatenate([self._rest, samples])
        limit_s = self._request.limits.max_audio_s
        if limit_s is not None and self._made_samples + len(samples) > round(limit_s * SAMPLE_RATE):
            samples = samples[: round(limit_s * SAMPLE_RATE) - self._made_samples]
            self._end_at_limit()
            is_end = True
        whole = len(samples) if is_end else len(samples) // SAMPLES_PER_FRAME * SAMPLES_PER_FRAME
        self._rest = samples[whole:]
        chunks = list(self._chunks(samples[:whole]))
        with self._lock:
            self._ready += chunks
            self._release()

    def _chunks(self, samples: Samples) -> Iterator[AudioChunk]:
        pcm = np.round(samples * 32_767).astype("<i2")
        for start in range(0, len(pcm), SAMPLES_PER_FRAME):
            block = pcm[start : start + SAMPLES_PER_FRAME]
            yield AudioChunk(
                pcm=block.tobytes(),
                first_sample=self._made_samples,
                sample_rate=SAMPLE_RATE,
                segment=self._segment,
            )
            self._made_samples += len(block)

    def _end_at_limit(self) -> None:
        """No more text: what was made so far is all there will be."""
        self._reason = "limit"
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
        if is_end and not self._ready:
            self._complete()

    def _complete(self) -> None:
        if not self._made_samples and not self._request.live:
            self.finish(TextEmpty("nothing in the text can be spoken", param="text"))
            return
        end = StreamEnd(reason=self._reason, queue_s=self._queue_s or 0.0, synthesis_s=self._synthesis_s)
        self.finish(end)

    def _release(self) -> None:
        """Push what the reader's window has room for; with the lock held."""
        while self._ready and self._pushed_samples - self._taken_samples < _WINDOW_SAMPLES:
            chunk = self._ready.popleft()
            self._pushed_samples += chunk.samples
            self.audio.call_from_thread(self.audio.push, chunk)
