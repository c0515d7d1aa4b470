"""Do the checkpoints do what they should? Found by the settings, checked as they are served, in a child process."""

import asyncio
import importlib.util
import logging
import signal
import subprocess
import sys
import tempfile
import wave
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import msgspec

from qwen3tts_daemon.commands import local
from qwen3tts_daemon.commands.models.verify import folders
from qwen3tts_daemon.hosting import checkpoints
from qwen3tts_daemon.settings import Settings, SettingsError
from qwen3tts_daemon.speech.request import Order
from qwen_tts.api import PCM_BYTES
from qwen_tts.check.options import CheckOptions, Reference
from qwen_tts.check.sentences import sentences
from qwen_tts.config.checkpoint import is_codec_directory
from qwen_tts.errors import BadCheckpoint, SynthesisError

logger = logging.getLogger(__name__)

_SAID = sentences()["en"]["market"]
_SPEAKER, _OTHER = "heart", "am_michael"
"""Of the preview voice: whose voice is cloned, and somebody else"""


def found(names: Sequence[str], settings: Settings, directory: Path) -> tuple[str, ...]:
    """The checkpoints that are meant: those that are named, those of the settings, or all. Raises NoSuchCheckpoint."""
    paths = folders(names or settings.qwen.checkpoints, directory)
    return tuple(str(path.absolute()) for path in paths if names or not _is_codec(path))


def _is_codec(path: Path) -> bool:
    try:
        return is_codec_directory(path)
    except BadCheckpoint:  # the check says what is wrong with it
        return False


def check(options: CheckOptions, settings: Settings) -> int:
    """The exit code. Raises SettingsError if Qwen3-TTS is not installed."""
    if importlib.util.find_spec("torch") is None:
        raise SettingsError("torch is missing, and without it no checkpoint speaks: pip install 'qwen3tts-daemon[gpu]'")
    with tempfile.TemporaryDirectory() as folder:
        if options.reference is None and _clones(options):
            options = asyncio.run(_with_preview_voices(options, settings, Path(folder)))
        return _run_child(options)


def _run_child(options: CheckOptions) -> int:
    """Ctrl-C reaches the child too, which then tells what there is: it is waited for."""
    child = subprocess.Popen([sys.executable, "-m", "qwen_tts.check", msgspec.json.encode(options).decode()])
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return child.wait()
    finally:
        signal.signal(signal.SIGINT, before)


def _clones(options: CheckOptions) -> bool:
    """Whether any of them needs a voice to clone."""
    return any(_kind(Path(path)) == "base" for path in options.checkpoints)


def _kind(path: Path) -> str:
    try:
        return checkpoints.read(path).kind
    except BadCheckpoint:
        return ""


async def _with_preview_voices(options: CheckOptions, settings: Settings, folder: Path) -> CheckOptions:
    """With two speakers of the preview voice, if it is installed."""
    preview = settings.model_copy(update={"engine": "embedded"})
    speaker, other = folder / "speaker.wav", folder / "other.wav"
    try:
        async with local.local_speech(preview, preload=True) as speech:
            for path, voice in ((speaker, _SPEAKER), (other, _OTHER)):
                recording = _Recording()
                await local.speak(speech, Order("check", voice=voice, language="en"), _pieces(), recording.hear)
                recording.write(path)
    except SynthesisError as error:
        logger.info("the preview voice does not speak: %s", error)
        return options
    reference = Reference(path=str(speaker), transcript=_SAID, source="the preview voice")
    return msgspec.structs.replace(options, reference=reference, other=options.other or str(other))


async def _pieces() -> AsyncIterator[str]:
    yield _SAID


class _Recording:
    """What is heard, for a WAV file."""

    def __init__(self) -> None:
        self._rate, self._pcm = 0, bytearray()

    async def hear(self, rate: int, pcm: bytes) -> None:
        self._rate = rate
        self._pcm += pcm

    def write(self, path: Path) -> None:
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(PCM_BYTES)
            file.setframerate(self._rate)
            file.writeframes(self._pcm)
