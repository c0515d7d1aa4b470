"""One loudness for all voices: what is learned of a voice, kept, and made of it."""

from pathlib import Path

import pytest

from qwen3tts_daemon.audio.filters import LoudnessMeter
from qwen3tts_daemon.hosting.model_manager import ModelManager
from qwen3tts_daemon.limits import GAIN_DB
from qwen3tts_daemon.speech.loudness import SHORTEST_S, VoiceLoudness
from qwen3tts_daemon.speech.metrics import Metrics
from qwen3tts_daemon.speech.request import Order
from qwen3tts_daemon.speech.service import Speech
from qwen3tts_daemon.speech.utterance import SpeechConfig
from qwen3tts_daemon.voices.catalogue import VoiceCatalogue
from qwen_tts.api import AudioChunk, ClonedVoice, Voice, VoicePrompt
from tests.fakes import SAMPLE_RATE, ToneEngine
from tests.prompts import prompt_bytes

LONG = "Once upon a time there was a house with a voice of its own."


def test_a_voice_is_learned_once_and_kept(tmp_path: Path) -> None:
    loudness = VoiceLoudness(tmp_path / "loudness.json")
    assert loudness.gain_db("tone", -20) == 0
    loudness.learn("tone", -26.0, 4.0)
    loudness.learn("tone", -12.0, 4.0)
    assert loudness.gain_db("tone", -20) == VoiceLoudness(tmp_path / "loudness.json").gain_db("tone", -20) == 6
    assert loudness.gain_db("tone", -100) == GAIN_DB.low


@pytest.mark.parametrize(("lufs", "duration_s"), [(-26.0, SHORTEST_S - 0.1), (-70.0, 9.0), (float("-inf"), 9.0)])
def test_too_little_sound_and_silence_are_not_learned(lufs: float, duration_s: float) -> None:
    loudness = VoiceLoudness()
    loudness.learn("tone", lufs, duration_s)
    assert loudness.gain_db("tone", -20) == 0


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b'{"tone": "loud"}', b"\xff"])
def test_a_damaged_file_is_measured_anew(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "loudness.json"
    path.write_bytes(content)
    loudness = VoiceLoudness(path)
    loudness.learn("tone", -26.0, 4.0)
    assert VoiceLoudness(path).gain_db("tone", -20) == 6


def test_where_nothing_can_be_written_it_holds_until_the_end(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    loudness = VoiceLoudness(tmp_path / "nowhere" / "loudness.json")
    loudness.learn("tone", -26.0, 4.0)
    assert loudness.gain_db("tone", -20) == 6
    assert "measured anew" in caplog.text


async def lufs(speech: Speech, voice: str | Voice, gain_db: float = 0, *, style: str = "", text: str = LONG) -> float:
    meter = LoudnessMeter(SAMPLE_RATE)
    order = Order("test", voice=voice, gain_db=gain_db, style=style)
    async with speech.whole_utterance(order, text) as utterance:
        async for part in utterance:
            if isinstance(part, AudioChunk):
                meter.add(part.pcm)
    return meter.finish()


async def test_from_its_second_utterance_on_every_voice_is_as_loud_as_was_wanted(
    manager: ModelManager, metrics: Metrics, tmp_path: Path
) -> None:
    voices = VoiceCatalogue(lambda: manager.capabilities)
    config = SpeechConfig(loudness_lufs=-26)
    path = tmp_path / "loudness.json"
    loudness = VoiceLoudness(path)
    speech = Speech(manager, voices, metrics, config, loudness=loudness)
    first = await lufs(speech, "tone")
    await loudness.settled()
    assert await lufs(speech, "tone") == pytest.approx(-26, abs=0.3) != first
    assert await lufs(speech, "tone", gain_db=-6) == pytest.approx(-32, abs=0.3)
    again = Speech(manager, voices, metrics, config, loudness=VoiceLoudness(path))
    assert await lufs(again, "tone") == pytest.approx(-26, abs=0.3)
    unwanted = Speech(manager, voices, metrics, SpeechConfig(), loudness=VoiceLoudness(path))
    assert await lufs(unwanted, "tone") == pytest.approx(first, abs=0.01)


async def test_a_voice_is_measured_as_it_is_and_not_as_it_whispers(manager: ModelManager, metrics: Metrics) -> None:
    voices = VoiceCatalogue(lambda: manager.capabilities)
    speech = Speech(manager, voices, metrics, SpeechConfig(loudness_lufs=-26), loudness=VoiceLoudness())
    first = await lufs(speech, "tone", style="whisper")
    assert await lufs(speech, "tone", text=f"[shout] {LONG}") == pytest.approx(first, abs=0.01)
    assert await lufs(speech, "tone") == pytest.approx(first, abs=0.01)
    assert await lufs(speech, "tone", style="whisper") == pytest.approx(-26, abs=0.3)


class TestVoicesThatAreSentAlong:
    @pytest.fixture
    def engine(self) -> ToneEngine:
        return ToneEngine(kinds=("cloned",), preview=False)

    async def test_each_is_measured_by_itself(self, manager: ModelManager, metrics: Metrics) -> None:
        voices = VoiceCatalogue(lambda: manager.capabilities)
        speech = Speech(manager, voices, metrics, SpeechConfig(loudness_lufs=-26), loudness=VoiceLoudness())
        one, other = (ClonedVoice(VoicePrompt(prompt_bytes(words, 3.0))) for words in ("one", "other"))
        first = await lufs(speech, one)
        assert await lufs(speech, other) == pytest.approx(first, abs=0.01)
        assert await lufs(speech, one) == await lufs(speech, other) == pytest.approx(-26, abs=0.3)
