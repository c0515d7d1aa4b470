"""A Speech on a ToneEngine in this process: what the protocols stand on, without a worker."""

import asyncio
import gc
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import settings

from qwen3tts_daemon.hosting.model_manager import ManagerConfig, ModelManager
from qwen3tts_daemon.speech.metrics import Metrics
from qwen3tts_daemon.speech.service import Speech
from qwen3tts_daemon.speech.utterance import SpeechConfig
from qwen3tts_daemon.voices.catalogue import VoiceCatalogue
from qwen3tts_daemon.voices.library import VoiceLibrary
from tests.fakes import ToneEngine
from tests.overheard import Eavesdropper, listen
from tests.patience import PATIENCE_S, TEST_S
from tests.virtual_time import VirtualTimeLoop

settings.register_profile("busy machine", deadline=None)  # an example may be the first that loads or compiles
settings.load_profile("busy machine")

# Under nohup, or in the background of a script, these are ignored, and the daemons that tests start would inherit that.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)

os.environ.setdefault("PYTEST_TIMEOUT", str(TEST_S))

LONGEST = (
    "tests/web/", "tests/speaking/", "tests/contract/", "tests/wire/test_namesake.py", "tests/wire/test_qwen.py",
    "tests/wire/test_api.py", "tests/engine/test_text_layout.py", "tests/kernels/", "tests/chaos/", "tests/embedded/",
)  # fmt: skip
"""Files that take longest: they begin first, in this order, so that no process waits for them at the end."""
SHORTEST = ("tests/daemon/", "tests/deploy/", "tests/reading/", "tests/text/")
"""Many files of a few seconds: they come last, and whichever process is ready takes the next."""


def pytest_configure() -> None:
    listen()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: (_place(item.nodeid), item.nodeid.startswith(SHORTEST)))


def _place(nodeid: str) -> int:
    return next((place for place, start in enumerate(LONGEST) if nodeid.startswith(start)), len(LONGEST))


def pytest_collection_finish() -> None:
    """What is there by now stays: engines collect garbage, and would look through every test and library each time."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    gc.unfreeze()


def pytest_asyncio_loop_factories(item: pytest.Item) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Tests that are marked `virtual_time` get its loop."""
    is_virtual = item.get_closest_marker("virtual_time") is not None
    return {"virtual": VirtualTimeLoop} if is_virtual else {"real": asyncio.new_event_loop}


@pytest.fixture(autouse=True)
def nothing_secret_is_logged() -> Iterator[None]:
    """In this process; daemons of their own are looked through when they end."""
    ear = Eavesdropper()
    logging.getLogger().addHandler(ear)
    yield
    logging.getLogger().removeHandler(ear)
    assert not ear.leaks, "\n".join(["the log holds what was said, or what lets somebody in:", *ear.leaks])


@pytest.fixture
def engine() -> ToneEngine:
    """Override it for a slow, small or failing one."""
    return ToneEngine()


@pytest.fixture
async def manager(engine: ToneEngine) -> AsyncIterator[ModelManager]:
    async def start() -> ToneEngine:
        return engine

    manager = ModelManager(start, ManagerConfig(load_timeout_s=PATIENCE_S))
    await manager.start(preload=True)
    await manager.ready()
    yield manager
    await manager.close()


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def speech(manager: ModelManager, metrics: Metrics, tmp_path: Path) -> Speech:
    voices = VoiceCatalogue(
        lambda: manager.capabilities,
        library=VoiceLibrary(tmp_path / "voices"),
    )  # fmt: skip
    return Speech(manager, voices, metrics, SpeechConfig())
