"""ElevenLabs' package for Python: both its places, sync and async, and live text, for which it insists on TLS."""

import asyncio
import os
from collections.abc import Iterator

PORT, TLS_PORT = os.environ["PORT"], os.environ["TLS_PORT"]
os.environ["SSL_CERT_FILE"] = os.environ["CERTIFICATE"]

from elevenlabs.client import AsyncElevenLabs, ElevenLabs  # noqa: E402  it reads the certificate at its import

TEXT = "The kettle is on."
SECONDS = 60 * len(TEXT) / 1000  # of a tone: 60 ms a character


def check(what: str, pcm: bytes, seconds: float) -> None:
    assert abs(len(pcm) / 48_000 - seconds) < 0.13, (what, len(pcm) / 48_000, seconds)


def words() -> Iterator[str]:
    yield from ("The kettle ", "is on. ", "The lamp ", "is lit.")


for base in (f"http://127.0.0.1:{PORT}", f"http://127.0.0.1:{PORT}/elevenlabs"):
    client = ElevenLabs(base_url=base, api_key="x")
    assert [voice.voice_id for voice in client.voices.get_all().voices] == ["tone", "gong"]
    assert client.models.list()[0].model_id == "qwen3-tts"
    stream = client.text_to_speech.stream("tone", text=TEXT, output_format="pcm_24000")
    check("stream", b"".join(stream), SECONDS)
    assert len(b"".join(client.text_to_speech.convert("tone", text=TEXT))) > 10_000


async def speak() -> None:
    client = AsyncElevenLabs(base_url=f"http://127.0.0.1:{PORT}/elevenlabs", api_key="x")
    stream = client.text_to_speech.stream("tone", text=TEXT, output_format="pcm_24000")
    check("async", b"".join([piece async for piece in stream]), SECONDS)


asyncio.run(speak())
live = ElevenLabs(base_url=f"https://127.0.0.1:{TLS_PORT}/elevenlabs", api_key="x")
sound = live.text_to_speech.convert_realtime("tone", text=words(), output_format="pcm_24000")
check("convert_realtime", b"".join(sound), 60 * len("The kettle is on.The lamp is lit.") / 1000)
print("voices, models, speech at both places, sync and async; live text over TLS")
