"""Clips: utterances whose sound is kept for a while, so that players can fetch it.

- A clip is made to its end, whoever reads it, leaves or never comes.
- A reader follows the growing sound from its first byte. A format is encoded once, when somebody wants it, piece by
  piece as its first reader goes on; the others find what is there.
- What is kept is bounded, and each client's (address's) share of what is being made. The oldest finished clips that
  nobody reads make room, those of the client with the most first. Where none is, that client has to give up one for a
  client that has less: nobody is kept out by what others hoard.
- An expired clip takes no new readers; it goes when the last one has left. A deleted one goes now.
"""

import asyncio
import contextlib
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator

from qwen3tts_daemon.audio import ENCODE_MS, open_encoder, wav_header
from qwen3tts_daemon.failures import Refusal, draining
from qwen3tts_daemon.settings import ClipsSettings
from qwen3tts_daemon.speech.utterance import Utterance
from qwen_tts.api import PCM_BYTES, AudioChunk

_READ_BYTES = 64 * 1024
_LATE_S = 1.0
"""A timer may be early by a hair, and would find a clip that has not expired."""


class Encoding:
    """Sound in one format; when it is finished, a WAV header has the real length."""

    def __init__(self, name: str, sample_rate: int) -> None:
        """Raises UnsupportedFormat. The first compressed one imports FFmpeg, which takes a while."""
        self.name = name
        self.sample_rate = sample_rate
        self._encoder = open_encoder(name, sample_rate)
        self.media_type = self._encoder.media_type
        self.data = bytearray()
        self.pcm_bytes = 0
        self.is_finished = False

    def add(self, pcm: bytes) -> None:
        self.data += self._encoder.encode(pcm)
        self.pcm_bytes += len(pcm)

    def finish(self) -> None:
        self.data += self._encoder.finish()
        if self.name == "wav":
            header = wav_header(self.sample_rate, self.pcm_bytes)
            self.data[: len(header)] = header
        self.is_finished = True


class Clip:
    """The sound of one utterance, and what it is in the formats that were asked for."""

    def __init__(self, clips: "Clips", client: str, first: Encoding, expires_at: float) -> None:
        self.id = secrets.token_hex(16)
        self.client = client
        self.expires_at = expires_at
        self.end = ""
        """How its utterance has ended well: `done` or `limit`; empty until then."""
        self.readers = 0
        self.making: asyncio.Task[None] | None = None
        self.voice = self.model = ""
        """Who speaks, as far as it is known"""
        self._clips = clips
        self._sample_rate = first.sample_rate
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
            self._clips.forget_expired()

    async def encoding(self, name: str) -> Encoding:
        """The same one for every reader. Raises what ended the synthesis."""
        self.check()
        if name not in self._encodings:
            encoding = await asyncio.to_thread(Encoding, name, self._sample_rate)
            self.check()
            self._encodings.setdefault(name, encoding)
        return self._encodings[name]

    def encode_more(self, encoding: Encoding) -> bool:
        """Encode a little; False if there is nothing to encode now. Raises Refusal if memory is short."""
        start = encoding.pcm_bytes
        pcm = bytes(self._pcm[start : start + self._sample_rate * ENCODE_MS // 1000 * PCM_BYTES])
        if pcm:
            self._clips.make_room(self.client, size=len(pcm))
            encoding.add(pcm)
        elif self.is_complete and not encoding.is_finished:
            encoding.finish()
        else:
            return False
        return True

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


class Clips:
    """Makes clips, finds them and forgets them."""

    def __init__(self, config: ClipsSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self.config = config
        self._clock = clock
        self._clips: dict[str, Clip] = {}

    def make(self, utterance: Utterance, first: Encoding, lifetime_s: float) -> Clip:
        """A clip that is spoken from now on. Raises Refusal if there is no room.

        `utterance` has its whole text; `first` is for the format that is likely to be fetched.
        """
        self._check_share(utterance.caller.address)
        self.make_room(utterance.caller.address, clips=1)
        clip = Clip(self, utterance.caller.address, first, self._clock() + lifetime_s)
        self._clips[clip.id] = clip
        clip.making = asyncio.create_task(self._speak(clip, utterance))
        asyncio.get_running_loop().call_later(lifetime_s + _LATE_S, self.forget_expired)
        return clip

    def get(self, clip_id: str) -> Clip:
        """Raises Refusal for one that is unknown, expired or deleted."""
        clip = self._clips.get(clip_id)
        if clip is None or self._is_expired(clip):
            raise Refusal("not_found", "no such clip, or no longer")
        return clip

    def delete(self, clip_id: str) -> None:
        """Its readers are cut off, its utterance is cancelled. Raises Refusal as `get` does."""
        self._forget(self.get(clip_id))

    def forget_expired(self) -> None:
        """Those that nobody reads."""
        for clip in list(self._clips.values()):
            if self._is_expired(clip) and not clip.readers:
                self._forget(clip)

    def make_room(self, client: str, *, clips: int = 0, size: int = 0) -> None:
        """For so many more clips and bytes of a client. Raises Refusal."""
        self.forget_expired()
        while not self._has_room(clips, size):
            if (victim := self._victim(client, clips, size)) is None:
                raise Refusal("queue_full", "no room for more clips now; delete some or come again later")
            self._forget(victim)

    def _check_share(self, client: str) -> None:
        most = self.config.max_per_address
        if sum(clip.client == client and not clip.is_made for clip in self._clips.values()) >= most:
            raise Refusal(
                "rate_limited", f"{most} clips for one address are being made (clips.max_per_address); wait for one"
            )

    def _has_room(self, clips: int, size: int) -> bool:
        held = sum(clip.size for clip in self._clips.values())
        return len(self._clips) + clips <= self.config.max_clips and held + size <= self.config.max_bytes

    def _victim(self, client: str, clips: int, size: int) -> Clip | None:
        """Who makes room: the oldest idle one, else the latest of a client that has as much all the same."""
        weights = {clip: clip.size if size else 1 for clip in self._clips.values()}
        shares = Counter[str]()
        for clip, weight in weights.items():
            shares[clip.client] += weight
        if idle := [clip for clip in weights if clip.is_idle]:
            return max(idle, key=lambda clip: shares[clip.client])
        richest = max(shares, key=shares.__getitem__, default=client)
        theirs = [clip for clip in reversed(weights) if clip.client == richest != client]
        victim = min(theirs, key=lambda clip: bool(clip.readers), default=None)
        if victim is None or shares[richest] - weights[victim] < shares[client] + clips + size:
            return None
        return victim

    def _is_expired(self, clip: Clip) -> bool:
        return clip.expires_at <= self._clock()

    def _forget(self, clip: Clip) -> None:
        del self._clips[clip.id]
        clip.fail(Refusal("not_found", "the clip is gone"))
        if clip.making is not None:
            clip.making.cancel()

    async def _speak(self, clip: Clip, utterance: Utterance) -> None:
        try:
            async with utterance:
                async for part in utterance:
                    if isinstance(part, AudioChunk):
                        self.make_room(clip.client, size=len(part.pcm))
                        clip.voice, clip.model = utterance.voice, utterance.model
                        clip.append(part.pcm)
            if utterance.end == "cancelled":
                raise draining()
            clip.complete(utterance.end)
        except Exception as error:  # noqa: BLE001  handed to the readers, whose protocol describes it
            clip.fail(error)
