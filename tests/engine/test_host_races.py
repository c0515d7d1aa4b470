"""A host under requests that come, go and end it while its checkpoints move: nobody hangs, nothing is left over."""

import asyncio
import contextlib
import random
from pathlib import Path

import pytest

from qwen_tts.errors import ModelUnavailable, SynthesisError, SynthesisFailed
from tests.engine.test_host import (
    CLONED,
    DESIGNED,
    GIB,
    PRESET,
    RECORDING,
    Card,
    checkpoints,
    host_on,
    order,
    said,
    settle,
)
from tests.fakes import tone
from tests.patience import PATIENCE_S

__all__ = ["checkpoints"]


async def passed(seconds: float) -> None:
    """A limit that is shorter than this is over."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    await settle(lambda: loop.time() > until)


async def test_closing_tells_those_who_wait(checkpoints: tuple[Path, ...]) -> None:
    card = Card(2)
    host = host_on(card, checkpoints)
    await host.load()
    card.gate.clear()
    waiting = [asyncio.create_task(said(host.stream(order(CLONED)))) for _ in range(2)]
    waiting += [asyncio.create_task(host.encode_reference(RECORDING, None))]
    speaking = asyncio.create_task(said(host.stream(order(PRESET, text="[hang]"))))
    await settle(lambda: host.status.models[1].state == "loading")
    await host.close()
    for task in (*waiting, speaking):
        with pytest.raises(ModelUnavailable):
            await asyncio.wait_for(task, PATIENCE_S)
    assert len(host._tasks) == len(host._loader._tasks) == 0


async def test_closing_while_one_moves_loads_nothing_afterwards(checkpoints: tuple[Path, ...]) -> None:
    card = Card(1)
    host = host_on(card, checkpoints)
    await host.load()
    speaking = host.stream(order(PRESET, live=True))
    streams = [host.stream(order(voice)) for voice in (CLONED, DESIGNED)]
    await settle(lambda: host._checkpoints["preset"].is_evicting)
    await host.close()
    assert card.log == ["load CustomVoice"]
    assert card.used == 0
    for stream in (speaking, *streams):
        with pytest.raises(ModelUnavailable):
            await asyncio.wait_for(said(stream), PATIENCE_S)


async def test_loading_at_start_and_waking_have_no_limit(checkpoints: tuple[Path, ...]) -> None:
    card = Card(1)
    host = host_on(card, checkpoints, load_timeout_s=0.001)
    card.gate.clear()
    loading = asyncio.create_task(host.load())
    await passed(0.005)
    card.gate.set()
    await loading
    await host.sleep()
    card.gate.clear()
    waking = asyncio.create_task(host.wake())
    await passed(0.005)
    card.gate.set()
    await waking
    await host.close()


async def test_nobody_gets_one_that_is_falling_asleep(checkpoints: tuple[Path, ...]) -> None:
    card = Card(1)
    host = host_on(card, checkpoints)
    await host.load()
    engine, falling, may_sleep = card.engines["CustomVoice"], asyncio.Event(), asyncio.Event()
    really = engine.sleep

    async def sleep() -> None:
        falling.set()
        await may_sleep.wait()
        await really()

    engine.sleep = sleep  # type: ignore[method-assign]
    sleeping = asyncio.create_task(host.sleep())
    await falling.wait()
    stream = host.stream(order(PRESET))
    may_sleep.set()
    await sleeping
    assert await said(stream) == tone("Good evening.")
    assert card.log == ["load CustomVoice", "sleep CustomVoice", "wake CustomVoice"]
    await host.close()


@pytest.mark.parametrize("host_free", [None, 2 * GIB])
async def test_moving_leaves_nothing_behind(checkpoints: tuple[Path, ...], host_free: int | None) -> None:
    card = Card(1, host_free=host_free)
    host = host_on(card, checkpoints)
    await host.load()
    for _ in range(5):
        for voice in (CLONED, PRESET, DESIGNED):
            assert await said(host.stream(order(voice))) == tone("Good evening.")
    for _ in range(3):
        await asyncio.sleep(0)
    assert not host.died.is_set()
    assert (len(host._tasks), len(host._loader._tasks)) == (0, 1), "it watches the one that is there"
    await host.close()


async def test_an_error_that_nobody_foresaw_ends_its_stream(checkpoints: tuple[Path, ...]) -> None:
    card = Card(1)
    host = host_on(card, checkpoints)
    await host.load()
    card.gate.clear()
    stream = host.stream(order(CLONED))
    await settle(lambda: "Base" in card.engines)

    def broken(_: object) -> None:
        raise RuntimeError("a bug")

    card.engines["Base"].stream = broken  # type: ignore[assignment, method-assign]
    card.gate.set()
    with pytest.raises(SynthesisFailed):
        await asyncio.wait_for(said(stream), PATIENCE_S)
    assert not host._pending
    await host.close()


@pytest.mark.parametrize("seed", range(30))
async def test_whatever_comes_and_goes_nothing_is_left_over(checkpoints: tuple[Path, ...], seed: int) -> None:
    draw = random.Random(seed)
    card = Card(draw.choice([1, 2]), host_free=draw.choice([None, 2 * GIB]))
    host = host_on(card, checkpoints)
    await host.load()

    async def come_and_go() -> None:
        for _ in range(draw.randrange(20)):
            await asyncio.sleep(0)
        voice = draw.choice([PRESET, CLONED, DESIGNED])
        if draw.random() < 0.2:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(draw.choice([0, PATIENCE_S])):
                    await host.encode_reference(RECORDING, None)
            return
        stream = host.stream(order(voice, live=True))
        leaves_after = draw.choice([0, 0, 1, 3, 9, None])
        if leaves_after is None:
            stream.feed_now("Good evening.")
            stream.end_text()
            assert await said(stream) == tone("Good evening.")
            return
        for _ in range(leaves_after):
            await asyncio.sleep(0)
        stream.cancel()

    with contextlib.suppress(SynthesisError):
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(*(come_and_go() for _ in range(25)))
    for _ in range(50):
        await asyncio.sleep(0)
    assert not host._pending
    assert not host._loader._wanted
    for checkpoint in host._checkpoints.values():
        assert (checkpoint.active, checkpoint.leases.count, checkpoint.waiting) == (0, 0, [])
        assert not checkpoint.is_evicting
    for voice in (PRESET, CLONED, DESIGNED):
        assert await asyncio.wait_for(said(host.stream(order(voice))), PATIENCE_S) == tone("Good evening.")
    await host.close()
    assert (card.used, len(host._tasks), len(host._loader._tasks)) == (0, 0, 0)


async def test_who_makes_way_stays_if_nobody_wants_the_place_any_more(checkpoints: tuple[Path, ...]) -> None:
    card = Card(1)
    host = host_on(card, checkpoints)
    await host.load()
    speaking = host.stream(order(PRESET, live=True))
    speaking.feed_now("Once upon a time")
    await anext(speaking)
    wanted = host.stream(order(CLONED))
    await settle(lambda: host._checkpoints["preset"].is_evicting)
    wanted.cancel()
    speaking.end_text()
    await said(speaking)
    assert await said(host.stream(order(PRESET))) == tone("Good evening.")
    assert card.log == ["load CustomVoice"]
    await host.close()
