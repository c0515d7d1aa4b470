"""Which names of models are answered, which are refused, and which are told in the log."""

import logging

import pytest

from qwen3tts_daemon.hosting.checkpoints import CHECKPOINTS, short
from qwen3tts_daemon.hosting.model_names import ModelNames
from qwen_tts.errors import ModelUnavailable

HOSTED = "Qwen3-TTS-12Hz-1.7B-CustomVoice"


@pytest.fixture
def models() -> ModelNames:
    return ModelNames(lambda: [HOSTED], ["Qwen3-TTS-12Hz-0.6B-Base", "my fine-tune"])


@pytest.mark.parametrize(
    "name",
    [
        None, "", " ", "qwen3-tts", "Qwen3-TTS", "qwen3_tts", "Qwen/Qwen3-TTS", "tts-1", "TTS-1-HD", "tts-1-1106",
        "tts-1-hd-1106", "gpt-4o-mini-tts", "gpt-4o-mini-tts-2025-03-20", "gpt-4o-mini-tts-2025-12-15", "kokoro",
        HOSTED, HOSTED.lower(), f"Qwen/{HOSTED}", f"qwen/{HOSTED.upper()}", f"/models/{HOSTED}/", short(HOSTED),
        "0.6b-base", "Qwen3-TTS-12Hz-0.6B-Base", "mlx-community/Qwen3-TTS-12Hz-0.6B-Base-bf16", "qwen3-tts-0.6b",
        "qwen3_tts_base", "qwen3-tts-1.7b-custom_voice", "my fine-tune", "me/My Fine-Tune",
    ],
)  # fmt: skip
def test_known_names_are_answered_without_a_word(
    models: ModelNames, caplog: pytest.LogCaptureFixture, name: str | None
) -> None:
    caplog.set_level(logging.INFO)
    models.check(name)
    assert caplog.messages == []


@pytest.mark.parametrize(
    ("name", "bring"),
    [
        *((f"{owner}{name}", short(name)) for name in CHECKPOINTS for owner in ("", "Qwen/")),
        *((short(name), short(name)) for name in CHECKPOINTS),
        ("qwen3-tts-voice-design", "1.7B-VoiceDesign"),
        ("Qwen3-TTS-12Hz-0.6B-VoiceDesign", "1.7B-VoiceDesign"),
        ("qwen3_tts_0b6", "0.6B-CustomVoice"),
        ("unsloth/Qwen3-TTS-12Hz-1.7B-Base-GGUF", "1.7B-Base"),
    ],
)
def test_a_checkpoint_that_is_not_here_is_told_with_the_command_that_brings_it(name: str, bring: str) -> None:
    with pytest.raises(ModelUnavailable) as caught:
        ModelNames(lambda: ["tone"]).check(name)
    assert caught.value.message.endswith(f"qwen3tts-daemon models download {bring}")
    assert caught.value.param == "model"


def test_another_vendors_name_is_answered_and_told_once(models: ModelNames, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    names = [
        "eleventh_hour",
        "sonic-2",
        "gpt-4o-audio",
        "orpheus",
        "whisper-1",
        "qwen3-tts-flash",
        "x\n2026 ERROR",
    ]
    for name in names * 3:
        models.check(name)
    assert len(caplog.messages) == len(names)
    assert not any("\n" in message for message in caplog.messages)


def test_strangers_cannot_fill_the_memory_with_names(models: ModelNames) -> None:
    for number in range(3_000):
        models.check(f"model {number} " + "x" * 10_000)
    held = [len(name) for name in models._told]
    assert (len(held) <= 1_024, max(held) <= 256) == (True, True)


def test_what_is_listed_is_known(models: ModelNames) -> None:
    assert models.listed == [
        "qwen3-tts", "tts-1", "tts-1-hd", "gpt-4o-mini-tts", HOSTED, "Qwen3-TTS-12Hz-0.6B-Base", "my fine-tune",
        f"Qwen/{HOSTED}", "Qwen/Qwen3-TTS-12Hz-0.6B-Base",
    ]  # fmt: skip
    for name in models.listed:
        models.check(name)
