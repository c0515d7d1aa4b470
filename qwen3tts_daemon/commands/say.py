"""Speak a line, or what comes on standard input, to a loudspeaker or a WAV file."""

import asyncio
import contextlib
import sys
import time
import wave
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from qwen3tts_daemon.commands import client, local
from qwen3tts_daemon.commands.client import Hear, NoDaemon, ServerAddress, Wishes
from qwen3tts_daemon.commands.playback import NoPlayer, Player, Silent
from qwen3tts_daemon.settings import Settings
from qwen_tts.api import PCM_BYTES


@dataclass(frozen=True, slots=True)
class SayOptions:
    """What `say` was asked to do; `text` None reads standard input."""

    text: str | None
    output: Path | None
    device: str | None
    """To play it on; None takes the usual one"""
    wishes: Wishes
    address: ServerAddress | None
    """A daemon that must be used; None takes one on this machine if there is one."""
    chars_per_second: float | None


class _WavFile:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: wave.Wave_write | None = None

    async def __aenter__(self) -> "_WavFile":
        return self

    async def write(self, rate: int, pcm: bytes) -> None:
        if self._file is None:
            self._file = wave.open(str(self._path), "wb")  # noqa: SIM115  closed in __aexit__
            self._file.setnchannels(1)
            self._file.setsampwidth(PCM_BYTES)
            self._file.setframerate(rate)
        self._file.writeframes(pcm)

    async def __aexit__(self, *exc: object) -> None:
        if self._file is not None:
            self._file.close()


class _Meter:
    """Counts what is heard and shows it."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("waiting", total=None)
        self._started_at = time.perf_counter()
        self._first_at: float | None = None
        self._last_at = self._started_at
        self._audio_s = 0.0

    def start(self) -> None:
        """The clock of TTFA and RTF starts now: the voice is warm."""
        self._started_at = time.perf_counter()

    def count(self, rate: int, pcm: bytes) -> None:
        self._last_at = time.perf_counter()
        if self._first_at is None:
            self._first_at = self._last_at
        self._audio_s += len(pcm) / PCM_BYTES / rate
        self._progress.update(self._task, description=f"speaking {self._audio_s:6.2f} s")

    def summary(self) -> str:
        if self._first_at is None:
            return "nothing was spoken"
        ttfa_s = self._first_at - self._started_at
        rtf = (self._last_at - self._started_at) / self._audio_s
        return f"audio_s={self._audio_s:.2f} ttfa_s={ttfa_s:.3f} rtf={rtf:.3f}"


async def say(options: SayOptions, settings: Settings) -> None:
    """Raises SynthesisError, NoDaemon, NoPlayer."""
    console = Console(stderr=True)
    sink = _sink(options, console)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        meter = _Meter(progress)
        async with sink:

            async def hear(rate: int, pcm: bytes) -> None:
                meter.count(rate, pcm)
                await sink.write(rate, pcm)

            end = await _speak(options, settings, hear, meter)
    if end == "limit":
        console.print("warning: the voice came to no end, and what was far too long was stopped", highlight=False)
    console.print(meter.summary(), highlight=False)


def _sink(options: SayOptions, console: Console) -> _WavFile | Player | Silent:
    """Raises NoPlayer for a device that cannot be played on."""
    if options.output is not None:
        return _WavFile(options.output)
    try:
        return Player.find(options.device)
    except NoPlayer as reason:
        if options.device is not None:
            raise
        console.print(f"nothing will be heard, for {reason}; -o out.wav keeps the sound", highlight=False)
        return Silent()


async def _speak(options: SayOptions, settings: Settings, hear: Hear, meter: _Meter) -> str:
    """How it has ended."""
    address = options.address or ServerAddress("127.0.0.1", settings.wyoming.port)
    try:
        await client.ask_info(address)
    except NoDaemon:
        if options.address is not None:
            raise
        return await _speak_here(options, settings, hear, meter)
    meter.start()
    if options.text is not None:
        return await client.speak(address, options.text, hear, options.wishes)
    return await client.speak_live(address, _pieces(options), hear, options.wishes)


async def _speak_here(options: SayOptions, settings: Settings, hear: Hear, meter: _Meter) -> str:
    async with local.local_speech(settings, preload=True) as speech:
        await speech.manager.ready()
        meter.start()
        is_heard, is_live = options.output is None, options.text is None
        order = options.wishes.order(streamed=is_heard)
        return await local.speak(speech, order, _pieces(options), hear, is_live=is_live)


async def _pieces(options: SayOptions) -> AsyncIterator[str]:
    """The text as it comes; with `chars_per_second` a character at a time, like somebody who types."""
    if options.text is not None:
        yield options.text
        return
    with contextlib.suppress(EOFError):
        while line := await asyncio.to_thread(sys.stdin.readline):
            if options.chars_per_second is None:
                yield line
                continue
            for character in line:
                yield character
                await asyncio.sleep(1 / options.chars_per_second)
