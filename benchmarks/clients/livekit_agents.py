"""LiveKit's plugin: speech, live text, an interruption, a connection that breaks."""

import asyncio
import os

import aiohttp
from livekit.plugins import elevenlabs

BASE = f"http://127.0.0.1:{os.environ['PORT']}/elevenlabs/v1"


def check(what: str, seconds: float, text: str) -> None:
    expected = 60 * len(text) / 1000  # of a tone: 60 ms a character
    assert abs(seconds - expected) < 0.3, (what, seconds, expected)


async def heard(stream, text: str) -> float:
    """Seconds of sound of a text that is pushed word by word."""

    async def write() -> None:
        for word in text.split(" "):
            stream.push_text(word + " ")
            await asyncio.sleep(0.02)
        stream.end_input()

    writing = asyncio.create_task(write())
    samples = 0
    async for audio in stream:
        samples += audio.frame.samples_per_channel
    await writing
    await stream.aclose()
    return samples / 24_000


async def main() -> None:
    async with aiohttp.ClientSession() as session:
        tts = elevenlabs.TTS(base_url=BASE, api_key="x", voice_id="tone", encoding="pcm_24000", http_session=session)
        assert [voice.id for voice in await tts.list_voices()] == ["tone", "gong"]
        samples = 0
        async for audio in tts.synthesize("Hello there, all of you."):
            samples += audio.frame.samples_per_channel
        check("synthesize", samples / 24_000, "Hello there, all of you.")
        text = "The kettle is on. The lamp is lit, and the door is open. Good night."
        check("stream", await heard(tts.stream(), text), text)
        long = tts.stream()
        for word in ("A long story that goes on and on. " * 20).split(" "):
            long.push_text(word + " ")
        async for _ in long:
            break
        await long.aclose()
        check("after an interruption", await heard(tts.stream(), "Yes, please?"), "Yes, please?")
        tts._TTS__current_connection._ws._writer.transport.abort()
        await asyncio.sleep(0.2)
        check("after a broken connection", await heard(tts.stream(), "Again, please."), "Again, please.")
        await tts.aclose()
    print("voices, speech, live text, an interruption, a broken connection")


asyncio.run(main())
