"""The sound of one utterance, kept: as it grows, in the formats that its readers want.

A reader follows the growing sound from its first byte. A format is encoded once, when somebody wants it, piece by piece
as its first reader goes on; the others find what is there.
"""

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Iterator

from qwen3tts_daemon.audio import ENCODE_MS, open_encoder, wav_header
from qwen3tts_daemon.speech.word_times import WordsTold
from qwen_tts.api import PCM_BYTES

_READ_BYTES = 64 * 1024


class Encoding:
    """Sound in one format; when it is finished, a WAV header has the real length."""

    def __init__(self, name: str, source_rate: int, sample_rate: int | None = None) -> None:
        """Of PCM that comes at `source_rate`, in Hz; `sample_rate` if it is to have another one.

        Raises UnsupportedFormat. The first compressed one imports FFmpeg, which takes a while.
        """
        self.name = name
        self.source_rate = source_rate
        self.sample_rate = sample_rate or source_rate
        self._encoder = open_encoder(name, self.sample_rate, source_rate)
        self.media_type = self._encoder.media_type
        self.data = bytearray()
        self.pcm_bytes = 0
        """That came in"""
        self.is_finished = False

    def add(self, pcm: bytes) -> None:
        self.data += self._encoder.encode(pcm)
        self.pcm_bytes += len(pcm)

    def finish(self) -> None:
        self.data += self._encoder.finish()
        if self.name == "wav":
            stream_header = len(wav_header(self.sample_rate))
            header = wav_header(self.sample_rate, len(self.data) - stream_header)
            self.data[:stream_header] = header
        self.is_finished = True


class Clip:
    """The sound of one utterance, and what it is in the formats that were asked for."""

    def __init__(
        self, client: str, first: Encoding, expires_at: float, *,
        make_room: Callable[[int], None], on_read: Callable[[], None],
    ) -> None:  # fmt: skip
        """`make_room` is called before so many bytes are added, and may raise Refusal; `on_read` after each reader."""
        self.id = secrets.token_hex(16)
        self.client = client
        self.expires_at = expires_at
        self.end = ""
        """How its utterance has ended well: `done` or `limit`; empty until then."""
        self.readers = 0
        self.making: asyncio.Task[None] | None = None
        self.voice = self.model = ""
        """Who speaks, as far as it is known"""
        self.has_words = False
        """It was asked for with them"""
        self.words: list[WordsTold] = []
        """When each is heard, as far as it is made"""
        self._make_room, self._on_read = make_room, on_read
        self._source_rate, self._sample_rate = first.source_rate, first.sample_rate
        self._pcm = bytearray()
        self._encodings = {first.name: first}
        self._error: Exception | None = None
        self._changed = asyncio.Event()

    @property
    def size(self) -> int:
        """Bytes of memory."""
        return len(self._pcm) + sum(len(encoding.data) for encoding in self._encodings.values())

    @property
    def is_complete(self) -> bool:
        """All of its sound is there."""
        return bool(self.end)

    @property
    def is_made(self) -> bool:
        """To its end, good or bad."""
        return self.is_complete or self._error is not None

    @property
    def is_idle(self) -> bool:
        """It could go without being missed now."""
        return not self.readers and self.is_made

    def check(self) -> None:
        """Raises what ended the synthesis, or the clip."""
        if self._error is not None:
            raise self._error.with_traceback(None)

    # -- the maker's side ----------------------------------------------------------------------------------

    def append(self, pcm: bytes) -> None:
        """Raises Refusal if memory is short."""
        self._make_room(len(pcm))
        self._pcm += pcm
        self._changed.set()

    def complete(self, end: str) -> None:
        self.end = end
        self._changed.set()

    def fail(self, error: Exception) -> None:
        """Nobody gets any more of it."""
        self._error = error
        self._pcm.clear()
        self._encodings.clear()
        self._changed.set()

    # -- the readers' side ---------------------------------------------------------------------------------

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """It is kept within this block."""
        self.readers += 1
        try:
            yield
        finally:
            self.readers -= 1
            self._on_read()

    async def encoding(self, name: str) -> Encoding:
        """The same one for every reader. Raises what ended the synthesis."""
        self.check()
        if name not in self._encodings:
            encoding = await asyncio.to_thread(Encoding, name, self._source_rate, self._sample_rate)
            self.check()
            self._encodings.setdefault(name, encoding)
        return self._encodings[name]

    def encode_more(self, encoding: Encoding) -> bool:
        """Encode a little; False if there is nothing to encode now. Raises Refusal if memory is short."""
        start = encoding.pcm_bytes
        pcm = bytes(self._pcm[start : start + self._source_rate * ENCODE_MS // 1000 * PCM_BYTES])
        if pcm:
            self._make_room(len(pcm))
            encoding.add(pcm)
        elif self.is_complete and not encoding.is_finished:
            encoding.finish()
        else:
            return False
        return True

    async def whole(self) -> None:
        """Until all of it is made. Raises what ended the synthesis."""
        while not self.is_complete:
            self.check()
            await self.change()

    async def change(self) -> None:
        """Until there is more, or the end."""
        self._changed.clear()
        await self._changed.wait()

    def wake(self) -> None:
        """Readers look again."""
        self._changed.set()


class Reader:
    """Reads a clip in one format, as it grows; within `Clip.held`."""

    def __init__(self, clip: Clip, encoding: Encoding) -> None:
        self._clip = clip
        self._encoding = encoding
        self._is_closed = False
        self._position = 0
        self._stop: int | None = None

    def close(self) -> None:
        """A waiting `read` sees the end. Idempotent."""
        self._is_closed = True
        self._clip.wake()

    async def size(self) -> int | None:
        """The bytes of a complete clip; None while it grows."""
        if not self._clip.is_complete:
            return None
        while not self._is_closed and self._clip.encode_more(self._encoding):
            await asyncio.sleep(0)
            self._clip.check()
        return len(self._encoding.data)

    def limit(self, start: int, stop: int) -> None:
        """Read bytes [start, stop) only."""
        self._position, self._stop = start, stop

    async def read(self) -> bytes:
        """The next bytes, as soon as there are any; empty at the end. Raises what ended the synthesis."""
        while not self._is_closed:
            self._clip.check()
            if data := self._next():
                return data
            if self._position == self._stop or self._encoding.is_finished:
                break
            if not self._clip.encode_more(self._encoding):
                await self._clip.change()
        return b""

    def _next(self) -> bytes:
        stop = self._position + _READ_BYTES
        data = bytes(self._encoding.data[self._position : stop if self._stop is None else min(stop, self._stop)])
        self._position += len(data)
        return data
