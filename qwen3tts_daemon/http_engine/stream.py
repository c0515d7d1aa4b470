"""One utterance of the http engine: a request for each piece of its text, one after the other, joined to one stream.

The next piece is asked for when the sound of the one before has come and been handed out: listeners still hear 5 s of
it by then. What goes wrong before any sound of a piece is asked for again where that may help.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Literal

from qwen3tts_daemon.http_engine.options import ServerOptions
from qwen3tts_daemon.http_engine.outflow import Outflow
from qwen3tts_daemon.http_engine.refusals import Unanswered, Unreachable
from qwen3tts_daemon.http_engine.server import SpeechServer
from qwen3tts_daemon.http_engine.sound import SoundBody
from qwen3tts_daemon.limits import PASSED_ON_BY
from qwen_tts.api import AUTO, PresetVoice, StreamEnd, SynthesisRequest
from qwen_tts.config.languages import LANGUAGES
from qwen_tts.errors import EngineBusy, NoEndOfSpeech, SynthesisError, SynthesisFailed
from qwen_tts.stream import AudioStream

logger = logging.getLogger(__name__)

FRAME_MS = 80
_MOST_TRIES = 3
"""Of a piece that nothing was heard of"""
_BUSY_WAIT_S, _LONGEST_BUSY_WAIT_S = 1.0, 5.0
_LONGEST_S, _LONGEST_S_PER_CHAR = 20.0, 1.0
"""A piece that is spoken for longer than both together has no end: the slowest speech has four characters a second."""


class HttpStream:
    """A StreamSource whose sound is a server's."""

    def __init__(
        self,
        request: SynthesisRequest,
        server: SpeechServer,
        options: ServerOptions,
        slots: asyncio.Semaphore,
        on_unreachable: Callable[[], None],
    ) -> None:
        """`slots`: a request to the server takes one."""
        self._request = request
        self._server = server
        self._options = options
        self._slots = slots
        self._on_unreachable = on_unreachable
        self._pieces = deque([] if request.live else [request.text])
        self._text_ended = not request.live
        self._changed = asyncio.Event()
        self.audio = AudioStream(self, live=request.live)
        rate = options.sample_rate
        self._out = Outflow(self.audio.push, rate, rate * FRAME_MS // 1000, request.limits.max_audio_s)
        self._opened_at = _now()
        self._queue_s: float | None = None
        self._synthesis_s = 0.0
        self.is_over = False
        """Nothing more will come of it."""
        self._task = asyncio.create_task(self._run())

    @property
    def client(self) -> str:
        """Whose it is."""
        return self._request.client

    # -- StreamSource --------------------------------------------------------------------------------------

    def feed(self, text: str) -> None:
        self._pieces.append(text)
        self._changed.set()

    def flush(self) -> None:
        """Nothing to do: every piece is spoken as it comes."""

    def end_text(self) -> None:
        self._text_ended = True
        self._changed.set()

    def cancel(self) -> None:
        self.is_over = True
        self._task.cancel()

    def taken(self, samples: int) -> None:
        self._out.taken(samples)

    # -- its work ------------------------------------------------------------------------------------------

    async def close(self, error: SynthesisError) -> None:
        """End it from outside; its connection is closed afterwards."""
        self.audio.finish(error)
        self.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        outcome = await self._outcome()
        await self._out.drained()  # what has come is heard, however it ended
        self.is_over = True
        self.audio.finish(outcome)

    async def _outcome(self) -> StreamEnd | SynthesisError:
        try:
            await self._speak_all()
        except SynthesisError as error:
            if isinstance(error, Unreachable):
                self._on_unreachable()
            return error
        except Exception:  # the edge of one utterance: the others go on
            logger.exception("speech id=%s failed unexpectedly", self._request.request_id)
            return SynthesisFailed("the speech server's answer could not be handled; see the log")
        reason: Literal["complete", "limit"] = "limit" if self._out.is_cut_off else "complete"
        return StreamEnd(reason=reason, queue_s=self._queue_s or 0.0, synthesis_s=self._synthesis_s)

    async def _speak_all(self) -> None:
        segment = 0
        while (piece := await self._next_piece()) is not None and not self._out.is_cut_off:
            await self._speak(piece, segment)
            await self._out.drained()
            segment += 1

    async def _next_piece(self) -> str | None:
        """None: the text has ended."""
        while not self._pieces and not self._text_ended:
            self._changed.clear()
            await self._changed.wait()
        return self._pieces.popleft() if self._pieces else None

    async def _speak(self, piece: str, segment: int) -> None:
        """Ask, and ask again while nothing of it was heard and that may help."""
        before = self._out.samples
        for tries in range(1, _MOST_TRIES + 1):
            try:
                await self._ask(piece, segment)
            except (Unanswered, EngineBusy) as error:
                wait_s = self._wait_s(error)
                if wait_s is None or self._out.samples > before or tries == _MOST_TRIES:
                    raise
                await asyncio.sleep(wait_s)
            else:
                break
        if self._out.samples == before:
            raise SynthesisFailed(f"the speech server {self._options.host} sent no sound for this text")

    def _wait_s(self, error: Unanswered | EngineBusy) -> float | None:
        """Before asking again; None: rather not. A listener who has heard nothing yet is told that all are busy."""
        if isinstance(error, Unanswered):
            return 0.0
        wait_s = error.retry_after_s or _BUSY_WAIT_S
        return wait_s if self._out.samples and wait_s <= _LONGEST_BUSY_WAIT_S else None

    async def _ask(self, piece: str, segment: int) -> None:
        most_samples = self._out.samples + round(
            (_LONGEST_S + _LONGEST_S_PER_CHAR * len(piece)) * self._options.sample_rate
        )
        async with self._slots:
            began_at = _now()
            if self._queue_s is None:
                self._queue_s = began_at - self._opened_at
            async with self._server.speak(self._fields(piece), self._headers(segment)) as answer:
                sound = SoundBody(answer.headers, self._options.sample_rate)
                async for data in answer:
                    self._out.add(sound.feed(data), segment)
                    if self._out.is_cut_off:
                        break
                    if self._out.samples > most_samples:
                        raise NoEndOfSpeech(f"the speech server {self._options.host} does not come to an end")
                    full_at = _now()
                    await self._out.room()
                    began_at += _now() - full_at  # waiting for the listener is no work
                self._out.add(sound.finish(), segment)
            self._synthesis_s += _now() - began_at

    # -- what is asked -------------------------------------------------------------------------------------

    def _fields(self, piece: str) -> dict[str, Any]:
        """OpenAI's, and those that this daemon, vLLM-Omni and sglang-omni know beside them."""
        request = self._request
        assert isinstance(request.voice, PresetVoice)
        fields: dict[str, Any] = {
            "input": piece.strip(), "voice": request.voice.name, "response_format": "pcm", "stream_format": "audio",
        }  # fmt: skip
        if self._options.model:
            fields["model"] = self._options.model
        if request.instruct:
            fields["instructions"] = request.instruct
        return fields if self._options.openai_fields_only else fields | self._more_fields()

    def _more_fields(self) -> dict[str, Any]:
        sampling, language = self._request.sampling, self._request.language
        given = {
            "seed": sampling.seed, "temperature": sampling.temperature, "top_k": sampling.top_k,
            "top_p": sampling.top_p, "repetition_penalty": sampling.repetition_penalty,
            "language": None if language == AUTO else LANGUAGES[language].english,
        }  # fmt: skip
        # The text was read before it came here.
        return {"stream": True, "text_normalization": False} | {
            name: value for name, value in given.items() if value is not None
        }

    def _headers(self, segment: int) -> Mapping[str, str]:
        request = self._request
        passed_on_by = ", ".join((*request.passed_on_by, self._options.pseudonym))
        return {PASSED_ON_BY: passed_on_by, "x-request-id": f"{request.request_id or 'speech'}-{segment}"}


def _now() -> float:
    return asyncio.get_running_loop().time()
