"""Who speaks while the engine is brought."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest

from qwen3tts_daemon.hosting.model_manager import ManagerConfig, ModelManager
from qwen3tts_daemon.speech.metrics import Metrics
from qwen3tts_daemon.speech.request import Order
from qwen3tts_daemon.speech.service import Speech
from qwen3tts_daemon.speech.utterance import SpeechConfig
from qwen3tts_daemon.voices.catalogue import VoiceCatalogue
from qwen_tts.api import AudioChunk, DesignedVoice, SynthesisRequest
from qwen_tts.stream import AudioStream
from tests.fakes import ToneEngine


class Named(ToneEngine):
    """An engine with a name, which it writes down when it is asked for something; it loads when it is told to."""

    def __init__(self, name: str, asked: list[str], gate: asyncio.Event) -> None:
        super().__init__(kinds=("preset", "designed"))
        self._capabilities = msgspec.structs.replace(self._capabilities, engine=name)
        self._asked, self._gate = asked, gate

    async def load(self) -> None:
        await self._gate.wait()

    def stream(self, request: SynthesisRequest) -> AudioStream:
        self._asked.append(self._capabilities.engine)
        return super().stream(request)


class Two:
    """A Speech whose engine comes when the gate is opened, and who stands in for it."""

    def __init__(self) -> None:
        self.gate, is_open = asyncio.Event(), asyncio.Event()
        is_open.set()
        self.asked: list[str] = []
        manager, stand_in = self._manager("qwen", self.gate), self._manager("preview", is_open)
        voices = VoiceCatalogue(lambda: manager.capabilities)
        self.speech = Speech(manager, voices, Metrics(), SpeechConfig(), stand_in)

    def _manager(self, name: str, gate: asyncio.Event) -> ModelManager:
        async def start() -> Named:
            return Named(name, self.asked, gate)

        return ModelManager(start, ManagerConfig())

    async def say(self, order: Order) -> bytes:
        async with self.speech.utterance(order) as utterance:
            utterance.feed("Good evening.")
            utterance.end_text()
            return b"".join([part.pcm async for part in utterance if isinstance(part, AudioChunk)])


@pytest.fixture
async def two() -> AsyncIterator[Two]:
    two = Two()
    await two.speech.start(preload=False)
    yield two
    two.gate.set()
    await two.speech.close()


async def test_the_preview_speaks_until_the_engine_is_there_and_then_the_engine(two: Two) -> None:
    await two.speech.warm()
    assert two.speech.stands_in
    assert await two.say(Order("test", voice="tone"))
    assert two.asked == ["preview"]
    two.gate.set()
    await two.speech.manager.ready()  # who spoke first has asked for it
    assert await two.say(Order("test", voice="tone"))
    assert two.asked == ["preview", "qwen"]
    assert not two.speech.stands_in
    assert two.speech.last_hour == 2


async def test_a_voice_that_only_the_engine_has_waits_for_it(two: Two) -> None:
    waiting = asyncio.create_task(two.say(Order("test", voice=DesignedVoice("An old sailor."))))
    while two.speech.manager.state != "loading":
        await asyncio.sleep(0)
    two.gate.set()
    assert await waiting
    assert two.asked == ["qwen"]
