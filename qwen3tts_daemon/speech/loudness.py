"""How loud each voice is: measured once, from what it says, and kept, so that all can be heard equally loud."""

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from qwen3tts_daemon import durable_files
from qwen3tts_daemon.bounded_dict import BoundedDict
from qwen3tts_daemon.limits import GAIN_DB
from qwen3tts_daemon.write_threads import in_write_thread
from qwen_tts.hosting.lifecycle import BackgroundTasks
from qwen_tts.json_decoding import decode_json

if TYPE_CHECKING:
    from qwen3tts_daemon.audio.filters import LoudnessMeter

logger = logging.getLogger(__name__)

SHORTEST_S = 2.0
"""Of sound: less is not measured."""
_MOST_VOICES = 2_000
_SILENT_LUFS = -60.0
"""What is as faint as that says nothing about a voice."""


class VoiceLoudness:
    """LUFS by voice. A voice is named with what makes it: the same name of another checkpoint is another voice."""

    def __init__(self, path: Path | None = None) -> None:
        """`path`: where it is kept; None: as long as this object lives. What is damaged there is measured anew."""
        self._path = path
        self._keeping = BackgroundTasks()
        self._writing = asyncio.Lock()
        self._lufs = BoundedDict[float](_MOST_VOICES)
        for voice, lufs in _read(path).items():
            self._lufs[voice] = lufs

    async def listener(self, voice: str, sample_rate: int) -> "LoudnessListener | None":
        """For the sound of a voice that is not known; None if it is."""
        if voice in self._lufs:
            return None
        return LoudnessListener(self, voice, await asyncio.to_thread(_open_meter, sample_rate))

    def gain_db(self, voice: str, target_lufs: float) -> float:
        """What brings it there; 0 until it is known."""
        lufs = self._lufs.get(voice)
        return 0.0 if lufs is None else GAIN_DB.clamp(target_lufs - lufs)

    def learn(self, voice: str, lufs: float, duration_s: float) -> None:
        """Writes a small file. Too little sound, and what is almost silent, is not learned."""
        if self._note(voice, lufs, duration_s) and self._path is not None:
            self._write(self._path, self._encoded())

    def learn_soon(self, voice: str, lufs: float, duration_s: float) -> None:
        """The same, and the file is written in the background."""
        if self._note(voice, lufs, duration_s) and self._path is not None:
            self._keeping.start(self._keep(self._path))

    async def settled(self) -> None:
        """Until what was learned is kept."""
        await self._keeping.settled()

    def _note(self, voice: str, lufs: float, duration_s: float) -> bool:
        if duration_s < SHORTEST_S or lufs < _SILENT_LUFS or voice in self._lufs:
            return False
        self._lufs[voice] = round(lufs, 2)
        return True

    def _encoded(self) -> bytes:
        return msgspec.json.encode(dict(self._lufs))

    async def _keep(self, path: Path) -> None:
        async with self._writing:
            await in_write_thread(self._write, path, self._encoded())

    @staticmethod
    def _write(path: Path, content: bytes) -> None:
        try:
            durable_files.replace_cached(path, content)
        except OSError as error:
            logger.warning("loudness of voices is measured anew after the next start: %s: %s", path, error.strerror)


class LoudnessListener:
    """Learns the loudness of a voice while it speaks."""

    def __init__(self, loudness: VoiceLoudness, voice: str, meter: "LoudnessMeter") -> None:
        self._loudness, self._voice, self._meter = loudness, voice, meter

    def hear(self, pcm: bytes) -> None:
        self._meter.add(pcm)

    def learn(self) -> None:
        """Once, when it has ended well."""
        self._loudness.learn_soon(self._voice, self._meter.finish(), self._meter.duration_s)


def _open_meter(sample_rate: int) -> "LoudnessMeter":
    from qwen3tts_daemon.audio.filters import LoudnessMeter  # only who wants it pays for FFmpeg

    return LoudnessMeter(sample_rate)


def _read(path: Path | None) -> Mapping[str, float]:
    if path is None:
        return {}
    try:
        read: Mapping[str, float] = decode_json(path.read_bytes(), dict[str, float])
    except (OSError, msgspec.DecodeError):
        return {}
    return read
