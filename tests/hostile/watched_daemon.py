"""The tone daemon, which tells what it holds: on SIGUSR1 it and its worker write a census each, on SIGUSR2 one with
their objects, which takes longer. `factory` names another engine.

python -m tests.hostile.watched_daemon '{"engine": {...}, "census": "/path"}' --http.port 0 ...
"""

import asyncio
import gc
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

from qwen3tts_daemon import daemon
from qwen3tts_daemon.hosting.engine_selection import EngineChoice
from qwen3tts_daemon.hosting.model_manager import ManagerConfig
from qwen3tts_daemon.hosting.worker_client import EngineSpec
from qwen3tts_daemon.settings import load_settings
from qwen_tts.api import Audio, ClonedVoice, SynthesisRequest, VoicePrompt
from qwen_tts.audio.reference_audio import check_reference
from qwen_tts.checkpoint.prompt_file import read_prompt
from qwen_tts.stream import AudioStream
from tests.fakes import ToneEngine

COUNTED = ("qwen3tts_daemon.protocols.", "qwen3tts_daemon.speech.", "qwen3tts_daemon.hosting.", "qwen_tts.stream")
"""Where the classes live of what belongs to a client, a request or a stream."""
ALSO_COUNTED: list[Callable[[], dict[str, int]]] = []
"""What an engine tells of its memory"""
KEPT = ("Report", "Measures", "TokenBucket", "Stats", "_KeptInfo")
"""Of the last requests, addresses, heartbeat and list of voices: so many at most"""


def census(*, with_objects: bool) -> dict[str, int]:
    """How many there are of what must not grow."""
    descriptors = len(os.listdir("/proc/self/fd")) - 1  # without the one that lists them
    told = {"tasks": len(asyncio.all_tasks()), "descriptors": descriptors}
    for tell in ALSO_COUNTED:
        told |= tell()
    return told | (objects() if with_objects else {})


def objects() -> dict[str, int]:
    gc.collect()
    kinds = (type(one) for one in gc.get_objects())
    counted = (kind for kind in kinds if str(kind.__module__).startswith(COUNTED) and kind.__name__ not in KEPT)
    return Counter(f"objects {kind.__module__}.{kind.__qualname__}" for kind in counted)


class More(Protocol):
    """What else a process tells of itself."""

    def __call__(self, *, with_objects: bool) -> dict[str, int]: ...


def no_more(*, with_objects: bool) -> dict[str, int]:
    return {}


def tell_on_signals(path: Path, more: More = no_more) -> None:
    """Write a census to `path` whenever a signal comes."""

    def tell(number: int) -> None:
        partial, with_objects = path.with_suffix(f"{path.suffix}.part"), number == signal.SIGUSR2
        partial.write_text(json.dumps(census(with_objects=with_objects) | more(with_objects=with_objects)))
        partial.replace(path)

    def handle(number: int, frame: FrameType | None) -> None:
        asyncio.get_running_loop().call_soon_threadsafe(tell, number)

    for number in (signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, handle)


def keep_journal(directory: Path, journal: Path) -> None:
    """Of what is opened to be written, synced and renamed below `directory`, in its order: a line of JSON each."""
    number = os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    within = str(directory)

    def tell(*words: str) -> None:
        if words[-1].startswith(within):
            os.write(number, json.dumps(words).encode() + b"\n")

    def on_event(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(arguments[0], str | os.PathLike) and arguments[2] & (os.O_WRONLY | os.O_RDWR):
            tell("open", str(arguments[0]))
        elif event == "os.rename":
            tell("rename", str(arguments[0]), str(arguments[1]))

    sync = os.fsync

    def synced(descriptor: int) -> None:
        sync(descriptor)
        tell("sync", os.readlink(f"/proc/self/fd/{descriptor}"))

    sys.addaudithook(on_event)
    os.fsync = synced


class CarefulEngine(ToneEngine):
    """Looks at recordings and prompts as Qwen3-TTS does."""

    async def encode_reference(self, audio: Audio, transcript: str | None) -> VoicePrompt:
        check_reference(audio, transcript)
        return await super().encode_reference(audio, transcript)

    def stream(self, request: SynthesisRequest) -> AudioStream:
        if isinstance(request.voice, ClonedVoice):
            read_prompt(request.voice.prompt.data)
        return super().stream(request)


def engine(census: str, **options: object) -> ToneEngine:
    """What a worker is given."""
    tell_on_signals(Path(census).with_suffix(".worker"))
    return CarefulEngine(**options)  # type: ignore[arg-type]


if __name__ == "__main__":
    wanted = json.loads(sys.argv[1])
    settings = load_settings(sys.argv[2:])
    tell_on_signals(Path(wanted["census"]).with_suffix(".daemon"))
    keep_journal(settings.data_path, Path(wanted["census"]).with_suffix(".journal"))
    factory = wanted.get("factory", "tests.hostile.watched_daemon:engine")
    spec = EngineSpec(factory, {"census": wanted["census"], **wanted["engine"]})
    choice = EngineChoice(spec, ManagerConfig(idle_unload_s=settings.embedded.idle_unload_s), settings.embedded.preload)
    sys.exit(daemon.run(settings, choice, sys.argv[2:]))
