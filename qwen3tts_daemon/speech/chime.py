"""The chime before an announcement: one of our own, or the sound file of the settings."""

import asyncio
from pathlib import Path

from qwen3tts_daemon.audio.chimes import CHIMES, chime, chime_of
from qwen3tts_daemon.bounded_dict import BoundedDict
from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.settings import SettingsError
from qwen3tts_daemon.uploads.child_process import UploadLimits
from qwen3tts_daemon.uploads.reader import decode_upload
from qwen_tts.api import Audio
from qwen_tts.errors import BadReferenceAudio

LONGEST_S = 10.0
_MOST_BYTES = 4_000_000
_MOST_KEPT = 8
"""At other sample rates and levels, of up to a megabyte each"""


class Chimes:
    """Those that may stand before an utterance."""

    def __init__(self, setting: str = "") -> None:
        """`setting`: one of CHIMES, or the path of a sound file; with "" only who asks for a chime hears one."""
        self._setting = setting
        self._file_name = "" if setting in CHIMES else setting
        self._file: Audio | None = None
        self._made = BoundedDict[bytes](_MOST_KEPT)

    def use(self, setting: str) -> None:
        """From now on. Raises SettingsError for a file that was not read at the start."""
        self.check_change(setting)
        self._setting = setting
        self._made.clear()

    def check_change(self, setting: str) -> None:
        """Raises SettingsError for what `use` could not use."""
        if setting not in ("", self._file_name, *CHIMES):
            raise SettingsError(f"speech.chime: ours are {', '.join(CHIMES)}; a file is read at the start")

    @property
    def is_default(self) -> bool:
        """It stands before all that does not say otherwise."""
        return bool(self._setting)

    async def load(self) -> None:
        """Read the file, if it is one. Raises SettingsError."""
        if self._file_name:
            self._file = await _read(Path(self._file_name))

    async def sound(self, sample_rate: int, gain_db: float) -> bytes:
        """PCM, with the moment of silence behind it."""
        key = f"{sample_rate} {gain_db}"
        if (made := self._made.get(key)) is None:
            made = self._made[key] = await asyncio.to_thread(self._make, sample_rate, gain_db)
        return made

    def _make(self, sample_rate: int, gain_db: float) -> bytes:
        if self._file is not None and self._setting == self._file_name:
            pcm = chime_of(self._file, sample_rate)
        else:
            pcm = chime(self._setting or CHIMES[0], sample_rate)
        return _louder(pcm, sample_rate, gain_db) if gain_db else pcm


async def _read(path: Path) -> Audio:
    try:
        content = await asyncio.to_thread(path.read_bytes)
        limits = UploadLimits(max_bytes=_MOST_BYTES, max_duration_s=LONGEST_S)
        return await decode_upload(content, limits, param="speech.chime")
    except OSError as error:
        ours = ", ".join(CHIMES)
        raise SettingsError(f"speech.chime: cannot read {path}: {error.strerror}; ours are {ours}") from error
    except (BadReferenceAudio, Refusal) as error:
        raise SettingsError(f"speech.chime: {path}: {error}") from error


def _louder(pcm: bytes, sample_rate: int, gain_db: float) -> bytes:
    from qwen3tts_daemon.audio.filters import SoundFilter  # only who asks for another level pays for FFmpeg

    changed = SoundFilter(sample_rate, gain_db=gain_db)
    return changed.process(pcm) + changed.flush()
