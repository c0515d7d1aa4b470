"""Pipecat's service in a pipeline: live text with its words, an interruption, a connection that breaks."""

import asyncio
import os

from pipecat.frames.frames import (
    EndFrame,
    InterruptionFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    TTSAudioRawFrame,
    TTSStoppedFrame,
    TTSTextFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.services.elevenlabs.tts import ElevenLabsTTSService
from pipecat.workers.runner import WorkerRunner

URL = f"ws://127.0.0.1:{os.environ['PORT']}/elevenlabs"
LIMIT_S = 20


class Ear(FrameProcessor):
    """Hears what the service says."""

    def __init__(self) -> None:
        super().__init__()
        self.reset()

    def reset(self) -> None:
        self.bytes = 0
        self.words: list[str] = []
        self.has_begun, self.has_stopped = asyncio.Event(), asyncio.Event()

    async def process_frame(self, frame, direction) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, TTSAudioRawFrame):
            self.bytes += len(frame.audio)
            self.has_begun.set()
        elif isinstance(frame, TTSTextFrame):
            self.words.append(frame.text)
        elif isinstance(frame, TTSStoppedFrame):
            self.has_stopped.set()
        await self.push_frame(frame, direction)


async def main() -> None:
    settings = ElevenLabsTTSService.Settings(voice="tone")
    tts, ear = ElevenLabsTTSService(api_key="x", url=URL, sample_rate=24_000, settings=settings), Ear()
    params = PipelineParams(audio_out_sample_rate=24_000)
    worker = PipelineWorker(Pipeline([tts, ear]), params=params, cancel_on_idle_timeout=False)
    has_started = asyncio.Event()

    @worker.event_handler("on_pipeline_started")
    async def started(*_: object) -> None:
        has_started.set()

    runner = WorkerRunner()
    await runner.add_workers(worker)
    running = asyncio.create_task(runner.run())
    await asyncio.wait_for(has_started.wait(), LIMIT_S)

    async def write(text: str) -> None:
        await worker.queue_frame(LLMFullResponseStartFrame())
        for word in text.split(" "):
            await worker.queue_frame(LLMTextFrame(word + " "))
            await asyncio.sleep(0.02)
        await worker.queue_frame(LLMFullResponseEndFrame())

    async def hear(what: str, text: str) -> None:
        ear.reset()
        await write(text)
        await asyncio.wait_for(ear.has_stopped.wait(), LIMIT_S)
        seconds, expected = ear.bytes / 48_000, 60 * len(text) / 1000  # of a tone: 60 ms a character
        assert abs(seconds - expected) < 0.3, (what, seconds, expected)
        assert " ".join(ear.words) == text, (what, ear.words)

    await hear("live text", "The kettle is on. The lamp is lit, and the door is open. Good night.")
    ear.reset()
    writing = asyncio.create_task(write("A long story that goes on and on. " * 30))
    await asyncio.wait_for(ear.has_begun.wait(), LIMIT_S)
    await worker.queue_frame(InterruptionFrame())
    writing.cancel()
    await asyncio.sleep(1)
    assert ear.bytes / 48_000 < 10, ear.bytes
    await hear("after an interruption", "Yes, please?")
    tts._websocket.transport.abort()
    await asyncio.sleep(2)
    await hear("after a broken connection", "Again, please.")
    await worker.queue_frame(EndFrame())
    await asyncio.wait_for(running, LIMIT_S)
    print("live text with the words that were heard, an interruption, a broken connection")


asyncio.run(main())
