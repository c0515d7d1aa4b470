"""What a listener hears through the daemon's doors is the text that was sent."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from benchmarks.doors import Doors, word_by_word
from qwen_tts.audio.samples import from_pcm
from tests.patience import PATIENCE_S
from tests.speaking.recorded_teacher import LONG, TEXTS, RecordedTeacher
from tests.speaking.speaker import random_pieces, seed_of
from tests.wire.daemons import embedded_daemon

FEW = ("--qwen.device", "cpu", "--qwen.threads", "1", "--qwen.rows", "4", "--qwen.kv-positions", "2048")

Say = Callable[[str], Awaitable[bytes]]


@pytest.fixture(scope="module")
def doors(custom_voice: Path, speaker_name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    """Of a daemon whose parts of a long text are as short as can be."""
    options = ("--engine", "qwen", "--models.dir", str(custom_voice.parent), "--qwen.live-text.span-tokens", "16", *FEW)
    with embedded_daemon(tmp_path_factory.mktemp("data"), *options) as daemon:
        wyoming, http = daemon.ready()
        yield Doors(http, wyoming, speaker_name, timeout_s=PATIENCE_S)


async def assert_heard(say: Say, teacher: RecordedTeacher) -> None:
    """Two texts at once."""
    texts = TEXTS[:2]
    sounds = [from_pcm(pcm) for pcm in await asyncio.gather(*map(say, texts))]
    teacher.assert_said(texts, sounds)


async def test_http(doors: Doors, teacher: RecordedTeacher) -> None:
    await assert_heard(lambda text: doors.http(text, seed_of(text)), teacher)


async def test_server_sent_events(doors: Doors, teacher: RecordedTeacher) -> None:
    await assert_heard(lambda text: doors.http_events(text, seed_of(text)), teacher)


async def test_live_over_websocket(doors: Doors, teacher: RecordedTeacher) -> None:
    await assert_heard(lambda text: doors.websocket_live(random_pieces(text), seed_of(text)), teacher)


async def test_live_over_wyoming_word_by_word(doors: Doors, teacher: RecordedTeacher) -> None:
    await assert_heard(lambda text: doors.wyoming_live(word_by_word(text), seed_of(text)), teacher)


async def test_a_long_text_is_heard_in_its_order(doors: Doors, teacher: RecordedTeacher) -> None:
    teacher.assert_said([LONG], [from_pcm(await doors.http(LONG, seed_of(LONG)))])
