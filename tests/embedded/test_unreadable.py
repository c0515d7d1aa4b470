"""What the preview voices cannot read is told by who asks them, with who could."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from qwen3tts_daemon.embedded.shaping import SAMPLE_RATE
from qwen3tts_daemon.hosting.model_manager import ManagerConfig, ModelManager
from qwen3tts_daemon.hosting.worker_client import EngineSpec, WorkerEngine
from qwen3tts_daemon.speech.metrics import Metrics
from qwen3tts_daemon.speech.request import Order
from qwen3tts_daemon.speech.service import Speech
from qwen3tts_daemon.speech.utterance import SpeechConfig
from qwen3tts_daemon.voices.catalogue import VoiceCatalogue
from qwen_tts.api import AudioChunk
from qwen_tts.errors import UnsupportedLanguage

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOBODY = "there are voices for de, en, es, fr, it, ja, ko, pt, ru, zh"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def speech(cache_dir: Path) -> AsyncIterator[Speech]:
    async def start() -> WorkerEngine:
        return await WorkerEngine.start(
            EngineSpec("qwen3tts_daemon.embedded.engine:create", {"cache_dir": str(cache_dir)})
        )

    manager = ModelManager(start, ManagerConfig(load_timeout_s=60))
    await manager.start(preload=True)
    await manager.ready()
    catalogue = VoiceCatalogue(lambda: manager.capabilities)
    yield Speech(manager, catalogue, Metrics(), SpeechConfig(lead_silence_s=0.3, tail_silence_s=0.3))
    await manager.close()


async def left_out(speech: Speech, text: str, voice: str | None) -> str:
    async with speech.whole_utterance(Order("test", voice=voice), text) as utterance:
        _ = [part async for part in utterance]
        return utterance.left_out.message if utterance.left_out else ""


async def samples(speech: Speech, text: str, voice: str | None, speed: float = 1.0) -> int:
    async with speech.whole_utterance(Order("test", voice=voice, speed=speed), text) as utterance:
        return sum([part.samples async for part in utterance if isinstance(part, AudioChunk)])


@pytest.mark.parametrize("voice", ["heart", "zf_xiaoxiao"])
async def test_a_speed_is_exact(speech: Speech, voice: str) -> None:
    """The networks' own speed was up to 20 % off, and no faster than 1.5."""
    text = "The kettle is on, and the door is locked." if voice == "heart" else "厨房的灯还开着，请把它关掉。"
    silences = 2 * round(0.3 * SAMPLE_RATE)
    spoken = await samples(speech, text, voice) - silences
    for speed in (0.5, 0.9, 1.25, 2.0, 4.0) if voice == "heart" else (0.9, 4.0):
        assert await samples(speech, text, voice, speed) - silences == round(spoken / speed)


UNREADABLE: list[tuple[str | None, str, str]] = [
    (None, "שלום עולם", NOBODY),
    (None, "สวัสดีครับ", NOBODY),
    (None, "مرحبا بالعالم. كيف الحال؟", NOBODY),
    (None, "नमस्ते दुनिया", NOBODY),
    ("heart", "今天天气很好。", "voice 'zf_xiaoxiao' speaks zh"),
    ("heart", "おはようございます。", "voice 'jf_alpha' speaks ja"),
    ("heart", "안녕하세요.", "voice 'alpha_xiaobei-ko' speaks ko"),
    ("zf_xiaoxiao", "Доброе утро, друзья.", "voice 'im_nicola-ru' speaks ru"),
    ("jf_alpha", "Доброе утро, друзья.", "voice 'im_nicola-ru' speaks ru"),
    ("jf_alpha-ko", "早上好。", "voice 'zf_xiaoxiao' speaks zh"),
    ("heart", "Доброе утро, друзья.", "voice 'im_nicola-ru' speaks ru"),
    ("if_sara-de", "שלום עולם", NOBODY),
    ("ff_siwis", "今天天气很好。", "voice 'zf_xiaoxiao' speaks zh"),
    ("pf_dora-ru", "สวัสดีครับ", NOBODY),
    ("ef_dora", "नमस्ते दुनिया", NOBODY),
]


async def test_a_voice_that_can_read_nothing_names_who_can(speech: Speech) -> None:
    for voice, text, way_out in UNREADABLE:
        with pytest.raises(UnsupportedLanguage) as caught:
            await samples(speech, text, voice)
        name = voice or "heart"
        assert caught.value.message.startswith(f"voice '{name}' can read nothing of this text: it speaks ")
        assert caught.value.message.endswith(f"; {way_out}")
        assert (caught.value.instead is None) == (way_out == NOBODY)


async def test_what_it_can_read_of_a_text_is_spoken(speech: Speech) -> None:
    assert await samples(speech, "שלום. Good morning to you. สวัสดีครับ", None) > 24_000
    assert await samples(speech, "今天天气很好。 42.", "heart") > 12_000
    assert await samples(speech, "Das Wort שלום heißt Frieden, und 5 µm sind wenig.", "if_sara-de") > 24_000
    assert await samples(speech, "Α plus Ω.", "if_sara-de") > 12_000


PARTLY: list[tuple[str | None, str, str]] = [
    ("heart", "Hello. 你好世界，今天天气很好。我们去公园吧。", "voice 'zf_xiaoxiao' speaks zh"),
    ("heart", "今天是11月30日，气温21度。", "voice 'zf_xiaoxiao' speaks zh"),
    ("heart", "42. おはようございます。", "voice 'jf_alpha' speaks ja"),
    ("am_michael", "Good morning to you, and to all of your friends. 你好。", NOBODY),
    (None, "שלום. Good morning to you. สวัสดีครับ", "there are voices for de, en, es, fr, it, ja, ko, pt, ru, zh"),
]
READ = ("Good morning to you.", "It is 21 °C, ☕ and 👍.", "Café, naïve, Zoë.", "50 µm and 3 Ω: α, β.")


async def test_what_was_left_out_of_a_text_is_told_with_who_can_read_it(speech: Speech) -> None:
    for voice, text, way_out in PARTLY:
        assert (await left_out(speech, text, voice)).endswith(f" left out what it cannot read; {way_out}"), text
    for text in READ:
        assert await left_out(speech, text, "heart") == "", text
