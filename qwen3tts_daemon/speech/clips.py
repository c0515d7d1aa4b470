"""Clips: utterances whose sound is kept for a while, so that players can fetch it.

- A clip is made to its end, whoever reads it, leaves or never comes.
- What is kept is bounded, and each client's (address's) share of what is being made. The oldest finished clips that
  nobody reads make room, those of the client with the most first. Where none is, that client has to give up one for a
  client that has less: nobody is kept out by what others hoard.
- An expired clip takes no new readers; it goes when the last one has left. A deleted one goes now.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable

from qwen3tts_daemon.failures import Refusal, draining
from qwen3tts_daemon.settings import ClipsSettings
from qwen3tts_daemon.speech.clip import Clip, Encoding
from qwen3tts_daemon.speech.utterance import Utterance
from qwen3tts_daemon.speech.word_times import WordsTold
from qwen_tts.api import AudioChunk

_LATE_S = 1.0
"""A timer may be early by a hair, and would find a clip that has not expired."""


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
        client = utterance.caller.address
        self._check_share(client)
        self._make_room(client, clips=1)
        clip = Clip(
            client, first, self._clock() + lifetime_s,
            make_room=lambda size: self._make_room(client, size=size), on_read=self.forget_expired,
        )  # fmt: skip
        clip.has_words = utterance.order.word_times
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

    def _make_room(self, client: str, *, clips: int = 0, size: int = 0) -> None:
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
                        clip.voice, clip.model = utterance.voice, utterance.model
                        clip.append(part.pcm)
                    elif isinstance(part, WordsTold):
                        clip.words.append(part)
            if utterance.end == "cancelled":
                raise draining()
            clip.complete(utterance.end)
        except Exception as error:  # noqa: BLE001  handed to the readers, whose protocol describes it
            clip.fail(error)
