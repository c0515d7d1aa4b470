"""What is heard before the first word: silence, a chime, and the pause that the text begins with."""

from collections.abc import Sequence

from qwen3tts_daemon.audio import silence
from qwen3tts_daemon.speech.chime import Chimes
from qwen3tts_daemon.speech.request import Order
from qwen3tts_daemon.text.directions import Chime, Direction, pause_in


async def lead(
    order: Order, before: Sequence[Direction], chimes: Chimes, sample_rate: int, *, silence_s: float
) -> bytes:
    """PCM. `before`: what the text says before its first word; `silence_s`: where the order does not say it."""
    silence_ms = round(silence_s * 1000) if order.lead_silence_ms is None else order.lead_silence_ms
    pause_ms = round((pause_in(before) or 0.0) * 1000)
    chime = await chimes.sound(sample_rate, order.gain_db) if _has_chime(order, before, chimes) else b""
    return silence(silence_ms, sample_rate) + chime + silence(pause_ms, sample_rate)


async def lead_alone(order: Order, before: Sequence[Direction], chimes: Chimes, sample_rate: int) -> bytes:
    """Of a text without words: the chime and the pause that it asks for."""
    if order.chime is not False and any(isinstance(one, Chime) for one in before):
        pcm = await chimes.sound(sample_rate, order.gain_db)
    else:
        pcm = b""
    return pcm + silence(round((pause_in(before) or 0.0) * 1000), sample_rate)


def _has_chime(order: Order, before: Sequence[Direction], chimes: Chimes) -> bool:
    if order.chime is not None:
        return order.chime
    return chimes.is_default or any(isinstance(one, Chime) for one in before)
