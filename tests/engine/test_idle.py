"""Who has spoken and rests takes no CPU: threads that wait do not spin."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from qwen_tts.config.engine import EngineConfig
from qwen_tts.engine.engine import Engine
from tests.engine.driven import at_most, request, small_checkpoint

IDLE_S = 1.0
"""Not what is measured: CPU time is, which does not grow with others at work"""
MOST_CPU_S = IDLE_S / 10
"""One thread that spins takes ten times that"""


@pytest.fixture(params=["auto", "int8", "int4"])
async def engine(request: pytest.FixtureRequest, text_tokenizer_files: Path) -> AsyncIterator[Engine]:
    if request.param != "auto":
        pytest.importorskip("openvino")
    options = {"device": "cpu", "threads": 2, "nice": 3, "rows": 2, "kv_positions": 512, "row_positions": 256}
    engine = Engine(
        EngineConfig.model_validate(
            {"checkpoint": small_checkpoint(text_tokenizer_files), "weights": request.param} | options
        )
    )
    yield engine
    await engine.close()


async def test_an_engine_that_has_spoken_rests(engine: Engine) -> None:
    await engine.load()
    async with engine.stream(request(limits=at_most(4))) as audio:
        assert [chunk async for chunk in audio]
    await engine.idle.wait()
    await asyncio.sleep(0.1)  # OpenMP's threads may spin for some milliseconds
    before = time.process_time()
    await asyncio.sleep(IDLE_S)
    assert time.process_time() - before < MOST_CPU_S


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a process is nice as a whole")
async def test_what_computes_gives_way_to_who_serves(engine: Engine) -> None:
    serves = os.getpriority(os.PRIO_PROCESS, 0)
    await engine.load()
    computes = await engine._thread.call(lambda: os.getpriority(os.PRIO_PROCESS, 0))
    assert (computes, os.getpriority(os.PRIO_PROCESS, 0)) == (max(3, serves), serves)
