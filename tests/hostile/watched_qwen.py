"""The engine of Qwen3-TTS on a tiny checkpoint, which tells of its rows, its pages and its text slots."""

from pathlib import Path

from qwen_tts.engine.engine import Engine, create
from tests.hostile.watched_daemon import ALSO_COUNTED, tell_on_signals


def held(engine: Engine) -> dict[str, int]:
    """What its sequences hold; pages that are kept for a voice are nobody's."""
    if (loop := engine._loaded._loop) is None:
        return {}
    memory = loop._memory
    return {
        "rows": memory.rows - memory.free_rows,
        "pages": memory.pages.pages - memory.pages.free - memory.prefixes.held,
        "text slots": memory.text_slots.pages - memory.text_slots.free,
    }


def engine(census: str, checkpoint: str) -> Engine:
    """What a worker is given; every step is of all rows, so that sums are the same whoever else speaks."""
    tell_on_signals(Path(census).with_suffix(".worker"))
    engine = create(
        checkpoint=checkpoint, device="cpu", threads=1, rows=3, queue=8, buckets=[3],
        kv_positions=512, row_positions=128, guards={"length_factor": 0.3, "spare_s": 0.24, "retry": False},
    )  # fmt: skip
    ALSO_COUNTED.append(lambda: held(engine))
    return engine
