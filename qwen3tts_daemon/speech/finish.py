"""How an engine's sound is finished: as fast and as loud as is wanted, with what stands before it and behind."""

import asyncio
from collections.abc import Sequence

from qwen3tts_daemon.audio import silence
from qwen3tts_daemon.limits import GAIN_DB
from qwen3tts_daemon.speech.chime import Chimes
from qwen3tts_daemon.speech.loudness import LoudnessListener, VoiceLoudness
from qwen3tts_daemon.speech.output import Filter
from qwen3tts_daemon.speech.request import Order
from qwen3tts_daemon.speech.voice_selection import VoiceSelection
from qwen3tts_daemon.text.directions import Chime, Direction, pause_in


class Finish:
    """Of one utterance."""

    def __init__(
        self, order: Order, loudness: VoiceLoudness, chimes: Chimes, *,
        lead_s: float, tail_s: float, loudness_lufs: float | None,
    ) -> None:  # fmt: skip
        """`lead_s`, `tail_s`: silence where the order does not say it; `loudness_lufs`: how loud every voice is heard,
        None: as it is."""
        self._order, self._loudness, self._chimes = order, loudness, chimes
        self._lead_ms = round(lead_s * 1000) if order.lead_silence_ms is None else order.lead_silence_ms
        self.tail_s = tail_s if order.tail_silence_ms is None else order.tail_silence_ms / 1000
        """Silence behind the last word"""
        self._target_lufs = loudness_lufs
        self._listener: LoudnessListener | None = None
        """To a voice whose loudness is wanted and not known"""

    # -- speed and level -----------------------------------------------------------------------------------

    def gain_db(self, speaker: VoiceSelection) -> float:
        """How much louder the engine's sound is made."""
        if self._target_lufs is None:
            return speaker.gain_db
        return GAIN_DB.clamp(speaker.gain_db + self._loudness.gain_db(speaker.sound, self._target_lufs))

    async def filter_for(self, speaker: VoiceSelection, sample_rate: int) -> Filter | None:
        """What makes the sound of a passage so; None: it is so. From now on `hear` what the engine makes of it."""
        gain_db = self.gain_db(speaker)
        if self._target_lufs is not None and not speaker.is_told_how:
            self._listener = await self._loudness.listener(speaker.sound, sample_rate)
        if speaker.speed == 1 and gain_db == 0:
            return None
        return await asyncio.to_thread(_sound_filter, sample_rate, speaker.speed, gain_db)

    def hear(self, pcm: bytes) -> None:
        if self._listener is not None:
            self._listener.hear(pcm)

    def end_passage(self, *, is_well: bool) -> None:
        """How loud its voice is, is known now, if it has ended well."""
        listener, self._listener = self._listener, None
        if listener is not None and is_well:
            listener.learn()

    # -- before the first word -----------------------------------------------------------------------------

    async def lead(self, before: Sequence[Direction], sample_rate: int) -> bytes:
        """PCM: silence, a chime, and the pause that the text begins with. `before`: what it says before its words."""
        has_chime = self._chimes.is_default or _asks_for_chime(before)
        if self._order.chime is not None:
            has_chime = self._order.chime
        chime = await self._chime(sample_rate) if has_chime else b""
        return silence(self._lead_ms, sample_rate) + chime + _pause(before, sample_rate)

    async def lead_alone(self, before: Sequence[Direction], sample_rate: int) -> bytes:
        """Of a text without words: the chime and the pause that it asks for."""
        has_chime = self._order.chime is not False and _asks_for_chime(before)
        return (await self._chime(sample_rate) if has_chime else b"") + _pause(before, sample_rate)

    async def _chime(self, sample_rate: int) -> bytes:
        return await self._chimes.sound(sample_rate, self._order.gain_db)


def _asks_for_chime(before: Sequence[Direction]) -> bool:
    return any(isinstance(one, Chime) for one in before)


def _pause(before: Sequence[Direction], sample_rate: int) -> bytes:
    return silence(round((pause_in(before) or 0.0) * 1000), sample_rate)


def _sound_filter(sample_rate: int, speed: float, gain_db: float) -> Filter:
    """In a thread: only who asks for another speed or level pays for FFmpeg."""
    from qwen3tts_daemon.audio.filters import SoundFilter

    return SoundFilter(sample_rate, speed=speed, gain_db=gain_db)
