"""What an engine says of a text is that text, whichever way the text comes and whatever happens beside it."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from qwen_tts.api import PresetVoice, SettledLayout
from qwen_tts.audio.samples import Samples, from_pcm
from qwen_tts.engine.engine import create
from qwen_tts.offline.synthesizer import Synthesizer
from tests.speaking.recorded_teacher import LONG, SENTENCES, TEXTS, RecordedTeacher
from tests.speaking.speaker import Speaker, request, seed_of

Start = Callable[..., Awaitable[Speaker]]


@pytest.fixture
async def start(custom_voice: Path, speaker_name: str) -> AsyncIterator[Start]:
    """A speaker on an engine of eight rows, unless `options` say otherwise; closed after the test."""
    engines = []

    async def start(**options: Any) -> Speaker:
        few = {"device": "cpu", "threads": 1, "rows": 8, "kv_positions": 2_048, "row_positions": 512}
        engines.append(create(checkpoint=custom_voice, **few | options))
        await engines[-1].load()
        return Speaker(engines[-1], PresetVoice(speaker_name))

    yield start
    for engine in engines:
        await engine.close()


async def test_whole_texts_beside_each_other(start: Start, teacher: RecordedTeacher) -> None:
    speaker = await start()
    teacher.assert_said(TEXTS, await asyncio.gather(*map(speaker.say, TEXTS)))


@pytest.mark.parametrize("weights", ["int8", "int4"])
async def test_with_weights_of_few_bits(start: Start, teacher: RecordedTeacher, weights: str) -> None:
    pytest.importorskip("openvino")
    speaker = await start(weights=weights)
    teacher.assert_said(TEXTS, await asyncio.gather(*map(speaker.say, TEXTS)))


async def test_one_text_after_the_other(start: Start, teacher: RecordedTeacher) -> None:
    speaker = await start(rows=1)
    teacher.assert_said(TEXTS[:2], [await speaker.say(text) for text in TEXTS[:2]])


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
async def test_in_sixteen_bits(start: Start, teacher: RecordedTeacher, dtype: str) -> None:
    speaker = await start(rows=4, dtype=dtype)
    teacher.assert_said(TEXTS[4:], await asyncio.gather(*map(speaker.say, TEXTS[4:])))


@pytest.mark.parametrize("layout", ["whole", "streaming"])
def test_the_plain_generator(
    custom_voice: Path, speaker_name: str, teacher: RecordedTeacher, layout: SettledLayout
) -> None:
    synthesizer = Synthesizer.from_pretrained(custom_voice, device="cpu", dtype=torch.float32)
    requests = [request(text, PresetVoice(speaker_name), text_layout=layout) for text in TEXTS]
    sounds = synthesizer.synthesize_batch(requests)
    teacher.assert_said(TEXTS, [from_pcm(sound.pcm) for sound in sounds])


async def test_a_whole_text_as_if_it_were_live(start: Start, teacher: RecordedTeacher) -> None:
    speaker = await start(rows=4, text_layout="streaming")
    teacher.assert_said(TEXTS[:4], await asyncio.gather(*map(speaker.say, TEXTS[:4])))


async def test_live_text_read_as_whole_sentences(start: Start, teacher: RecordedTeacher) -> None:
    speaker = await start(rows=4, text_layout="whole")
    teacher.assert_said(TEXTS[4:], await asyncio.gather(*map(speaker.say_live, TEXTS[4:])))


async def test_live_text_in_random_pieces(start: Start, teacher: RecordedTeacher) -> None:
    speaker = await start()
    teacher.assert_said(TEXTS, await asyncio.gather(*map(speaker.say_live, TEXTS)))


async def test_a_long_text_has_all_of_its_sentences_in_their_order(start: Start, teacher: RecordedTeacher) -> None:
    speaker = await start(rows=1, live_text={"span_tokens": 16})
    teacher.assert_said([LONG], [await speaker.say(LONG)])


async def test_a_segment_of_live_text_has_its_own_words(start: Start, teacher: RecordedTeacher) -> None:
    speaker = await start(rows=1)
    teacher.assert_said(SENTENCES, await speaker.say_sentences(SENTENCES))


async def test_after_sleep_and_wake(start: Start, teacher: RecordedTeacher) -> None:
    speaker = await start(rows=4)
    await speaker.begin(TEXTS[0], frames=3)
    await speaker.engine.sleep()
    await speaker.engine.wake()
    teacher.assert_said(TEXTS[4:], await asyncio.gather(*map(speaker.say, TEXTS[4:])))


async def test_in_rows_that_others_have_left(start: Start, teacher: RecordedTeacher) -> None:
    """A row is left in the middle of a word and given to a new text at once, while the other row speaks on."""
    speaker = await start(rows=2)

    async def after_another(text: str) -> Samples:
        draw = random.Random(seed_of(text))
        await speaker.begin(draw.choice(TEXTS), frames=draw.randint(1, 12))
        return await speaker.say(text)

    teacher.assert_said(TEXTS[:4], await asyncio.gather(*map(after_another, TEXTS[:4])))


async def test_everything_at_once(start: Start, teacher: RecordedTeacher) -> None:
    """Whole and live texts, and some that are left: none of them hears another."""
    speaker = await start()
    whole, live, leaving = TEXTS[:3], TEXTS[3:6], TEXTS[6:]
    sounds, live_sounds, _ = await asyncio.gather(
        asyncio.gather(*map(speaker.say, whole)),
        asyncio.gather(*map(speaker.say_live, live)),
        asyncio.gather(*map(speaker.begin, leaving, (3, 9))),
    )
    teacher.assert_said(whole + live, sounds + live_sounds)


async def test_every_speaker_of_the_checkpoint(start: Start, teachers: dict[str, RecordedTeacher]) -> None:
    engine = (await start()).engine
    for name, teacher in [*teachers.items()][1:]:
        speaker = Speaker(engine, PresetVoice(name))
        teacher.assert_said(TEXTS[4:], await asyncio.gather(*map(speaker.say, TEXTS[4:])))
