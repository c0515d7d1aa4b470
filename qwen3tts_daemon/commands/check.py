"""Do the checkpoints do what they should? Found by the settings, checked as they are served, in a child process."""

import asyncio
import importlib.util
import logging
import signal
import subprocess
import sys
import tempfile
import wave
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import typer

from qwen3tts_daemon.commands import local
from qwen3tts_daemon.downloads.verify import folders
from qwen3tts_daemon.hosting import checked, checkpoints
from qwen3tts_daemon.hosting.engine_selection import checked_file
from qwen3tts_daemon.settings import Settings, SettingsError
from qwen3tts_daemon.speech.request import Order
from qwen_tts.api import PCM_BYTES
from qwen_tts.check.options import ALL_WELL, COULD_NOT_RUN, WRONG, CheckOptions, Reference
from qwen_tts.check.report import Report
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
        report = options.report or str(Path(folder) / "report.json")
        status = _run_child(msgspec.structs.replace(options, report=report))
        if status in (ALL_WELL, WRONG):  # else there may be no report, or one of another check
            remember_passed(options, Path(report), checked_file(settings))
        return status


def remember_passed(options: CheckOptions, file: Path, checked_here: Path) -> None:
    """For `engine = "auto"`: what was only looked at, or in part, counts for nothing."""
    report = msgspec.json.decode(file.read_bytes(), type=Report)
    if report.is_quick or not report.is_whole or options.sentences:
        return
    well = {one.identity.name: not one.problems for one in report.checkpoints}
    outcomes = {path: well[path.name] for path in map(Path, options.checkpoints) if path.name in well}
    try:
        checked.remember(checked_here, outcomes, options.engine.get("weights", "auto"))
    except OSError as error:
        typer.echo(f"that they have passed cannot be kept: {checked_here}: {error.strerror}", err=True)


def _run_child(options: CheckOptions) -> int:
    """Its exit code. Interrupted, the child tells what there is: it is waited for."""
    child = subprocess.Popen([sys.executable, "-m", "qwen_tts.check", msgspec.json.encode(options).decode()])
    try:
        with _interrupting(child):
            return _exit_code(child.wait())
    finally:
        child.terminate()  # nothing, if it has ended
        child.wait()


@contextmanager
def _interrupting(child: "subprocess.Popen[bytes]") -> Iterator[None]:
    """What would end us interrupts the child; Ctrl-C reaches it without us."""
    ends = (signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, lambda *_: child.send_signal(signal.SIGINT)) for number in ends}
    before[signal.SIGINT] = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _exit_code(status: int) -> int:
    if status in (ALL_WELL, WRONG, COULD_NOT_RUN):
        return status
    why = f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with {status}"
    typer.echo(f"the check {why}", err=True)
    return COULD_NOT_RUN


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
    except* SynthesisError as group:  # of the tasks that speak
        logger.info("the preview voice does not speak: %s", group.exceptions)
    if not other.exists():
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
