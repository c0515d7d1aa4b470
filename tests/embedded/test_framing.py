"""Samples of any length become chunks of whole frames, and a reader gets no more than a window of them at once."""

import numpy as np
import pytest

from qwen3tts_daemon.embedded.flow_control import ReaderWindow
from qwen3tts_daemon.embedded.framing import SAMPLES_PER_FRAME, ChunkFramer
from qwen3tts_daemon.embedded.shaping import SAMPLE_RATE, Samples
from qwen_tts.api import AudioChunk
from qwen_tts.stream import WINDOW_FRAMES

SOUND: Samples = np.linspace(-1, 1, 10 * SAMPLES_PER_FRAME + 100, dtype=np.float32)


def framed(sizes: int, limit_s: float | None = None) -> tuple[list[AudioChunk], ChunkFramer]:
    framer = ChunkFramer(limit_s)
    chunks = [
        chunk
        for start in range(0, len(SOUND), sizes)
        for chunk in framer.add(SOUND[start : start + sizes], 0, is_end=False)
    ]
    return [*chunks, *framer.add(SOUND[:0], 0, is_end=True)], framer


@pytest.mark.parametrize("sizes", [100, SAMPLES_PER_FRAME, 5_000, len(SOUND)])
def test_the_blocks_do_not_show_in_the_chunks(sizes: int) -> None:
    chunks, framer = framed(sizes)
    assert b"".join(chunk.pcm for chunk in chunks) == np.round(SOUND * 32_767).astype("<i2").tobytes()
    assert [chunk.samples for chunk in chunks] == [SAMPLES_PER_FRAME] * 10 + [100]
    assert [chunk.first_sample for chunk in chunks] == [number * SAMPLES_PER_FRAME for number in range(11)]
    assert framer.made_samples == len(SOUND)
    assert not framer.is_cut_off


@pytest.mark.parametrize("sizes", [100, 5_000, len(SOUND)])
@pytest.mark.parametrize("samples", [1, SAMPLES_PER_FRAME, 5_000, len(SOUND) - 1])
def test_what_is_beyond_the_limit_is_cut_off(samples: int, sizes: int) -> None:
    chunks, framer = framed(sizes, samples / SAMPLE_RATE)
    assert sum(chunk.samples for chunk in chunks) == samples
    assert framer.is_cut_off
    _, exact = framed(sizes, len(SOUND) / SAMPLE_RATE)
    assert not exact.is_cut_off


def test_a_reader_gets_a_window_and_then_as_much_as_it_takes() -> None:
    pushed: list[AudioChunk] = []
    window = ReaderWindow(pushed.append)
    chunks = ChunkFramer(None).add(np.zeros((WINDOW_FRAMES + 5) * SAMPLES_PER_FRAME, np.float32), 0, is_end=False)
    assert window.has_room
    window.add(chunks)
    assert pushed == chunks[:WINDOW_FRAMES]
    assert not window.has_room
    assert not window.is_empty
    window.taken(1)
    assert pushed == chunks[: WINDOW_FRAMES + 1]
    window.taken(5 * SAMPLES_PER_FRAME)
    assert pushed == chunks
    assert window.is_empty
    assert window.has_room
