"""On the card a checkpoint that speaks says its words, in every dtype and by every backend."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from qwen_tts.api import PresetVoice
from qwen_tts.audio.samples import Samples
from qwen_tts.engine.engine import create
from tests.speaking.recorded_teacher import TEXTS, RecordedTeacher
from tests.speaking.speaker import Speaker

pytestmark = [pytest.mark.gpu, pytest.mark.timeout(500)]


@pytest.mark.parametrize(
    "options",
    [
        {"dtype": "bfloat16", "attention": "triton"},
        {"dtype": "bfloat16", "attention": "triton", "graphs": False},
        {"dtype": "bfloat16", "weights": "int8"},
        {"dtype": "float32", "weights": "int8", "graphs": False},
        {"dtype": "bfloat16", "attention": "sdpa"},
        {"dtype": "float16", "attention": "sdpa"},
        {"dtype": "float32", "attention": "triton"},
        {"dtype": "float32", "attention": "sdpa", "graphs": False},
    ],
    ids=lambda options: " ".join(map(str, options.values())),
)
def test_whole_and_live_texts_after_sleep(
    custom_voice: Path, speaker_name: str, teacher: RecordedTeacher, options: dict[str, Any]
) -> None:
    async def said() -> list[Samples]:
        engine = create(checkpoint=custom_voice, device="cuda", rows=8, **options)
        await engine.load()
        await engine.sleep()
        await engine.wake()
        speaker = Speaker(engine, PresetVoice(speaker_name))
        sounds = await asyncio.gather(*map(speaker.say, TEXTS[:4]), *map(speaker.say_live, TEXTS[4:]))
        await engine.close()
        return sounds

    teacher.assert_said(TEXTS, asyncio.run(said()))
