"""Where sound is quiet."""

import random
import struct

from qwen3tts_daemon.audio.pauses import quiet_end, quiet_start

LOUD = (105, -105, 32_767, -32_768)
QUIET = (0, 104, -104)


def test_quiet_are_those_samples_before_the_first_and_behind_the_last_loud_one() -> None:
    draw = random.Random(1)
    for size in (0, 1, 2, 31, 32, 33, 64, 200) * 20:
        samples = [draw.choice(LOUD) if draw.random() < 0.02 else draw.choice(QUIET) for _ in range(size)]
        loud = [index for index, sample in enumerate(samples) if sample in LOUD]
        pcm = struct.pack(f"<{size}h", *samples)
        assert quiet_end(pcm) == (size - 1 - loud[-1] if loud else size)
        assert quiet_start(pcm) == (loud[0] if loud else size)
