"""What a stored voice speaks with: its prompt as it is kept, or one that is made again from its recording."""

import logging
import os
from array import array
from pathlib import Path

import msgspec
import pytest

from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.uploads.voice_files import PROMPT, REFERENCE
from qwen3tts_daemon.voices.library import VoiceLibrary
from qwen3tts_daemon.voices.stored_prompts import voice_for
from qwen3tts_daemon.voices.stored_voice import StoredVoice
from qwen_tts.api import Audio, ClonedVoice, DesignedVoice, PresetVoice, Voice, VoicePrompt
from qwen_tts.errors import UnknownVoice
from tests.daemon.test_voice_catalogue import ALL, RECORDING, Home
from tests.fakes import ToneEngine
from tests.prompts import prompt_bytes, safetensors_of

WORDS = "Some words."


class Cloner(ToneEngine):
    """Makes prompts for one family of checkpoints, and counts them."""

    def __init__(self, hidden_size: int, codebooks: int = 16) -> None:
        super().__init__(kinds=ALL)
        self._capabilities = msgspec.structs.replace(self._capabilities, voice_prompts=f"{hidden_size}x{codebooks}")
        self._geometry = (hidden_size, codebooks)
        self.encoded: list[tuple[Audio, str | None]] = []

    def prompt(self, transcript: str | None = WORDS) -> bytes:
        hidden_size, codebooks = self._geometry
        return prompt_bytes(transcript, hidden_size=hidden_size, codebooks=codebooks)

    async def encode_reference(self, audio: Audio, transcript: str | None) -> VoicePrompt:
        self.encoded.append((audio, transcript))
        return VoicePrompt(self.prompt(transcript))


SMALL, LARGE = 1_024, 2_048


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.engine = Cloner(SMALL)
    return home


@pytest.fixture
def engine(home: Home) -> Cloner:
    assert isinstance(home.engine, Cloner)
    return home.engine


def clone(home: Home, prompt: bytes | None, family: str = "1024x16", transcript: str = WORDS) -> None:
    voice = StoredVoice(id="anna", name="Anna", kind="cloned", prompt_family=family, transcript=transcript)
    home.library.add(voice, RECORDING, prompt)


async def asked(home: Home, engine: ToneEngine, name: str = "anna") -> Voice:
    home.engine = engine
    return await voice_for(engine, home.voices.find(name), home.library)


def cloned(prompt: bytes) -> ClonedVoice:
    return ClonedVoice(VoicePrompt(prompt))


@pytest.mark.parametrize("transcript", [WORDS, ""])
async def test_a_prompt_for_these_checkpoints_is_used_as_it_is(home: Home, engine: Cloner, transcript: str) -> None:
    clone(home, engine.prompt(transcript), transcript=transcript)
    assert await asked(home, engine) == cloned(engine.prompt(transcript))
    assert engine.encoded == []


@pytest.mark.parametrize("transcript", [WORDS, ""])
async def test_one_for_other_checkpoints_is_made_again_once_and_kept(
    home: Home, engine: Cloner, transcript: str
) -> None:
    clone(home, engine.prompt(transcript), transcript=transcript)
    home.profile("calm", "anna")
    large = Cloner(LARGE)
    for name in ("calm", "anna", "anna"):
        assert await asked(home, large, name) == cloned(large.prompt(transcript))
    assert large.encoded == [(RECORDING, transcript or None)]
    (kept, *_) = VoiceLibrary(home.folder).voices
    assert kept.prompt_family == "2048x16"
    assert await asked(home, engine) == cloned(engine.prompt(transcript))


async def test_a_voice_without_a_prompt_gets_one(home: Home, engine: Cloner) -> None:
    clone(home, None, family="")
    assert await asked(home, engine) == cloned(engine.prompt())
    assert home.library.prompt("anna") == engine.prompt()


WHOLE = Cloner(SMALL).prompt()
DAMAGED = {
    "empty": b"",
    "cut off": WHOLE[: len(WHOLE) // 2],
    "without its last byte": WHOLE[:-1],
    "garbage": bytes(range(256)) * 16,
    "zeros, as after a power cut": bytes(len(WHOLE)),
    "larger than any prompt": bytes(2_000_000),
    "other tensors": safetensors_of({"weight": ("F32", [1], array("f", [1.0]))}, {}),
    "of a larger model": Cloner(LARGE).prompt(),
    "of a codec with fewer codebooks": Cloner(SMALL, 8).prompt(),
}


@pytest.mark.parametrize("found", DAMAGED.values(), ids=DAMAGED.keys())
async def test_a_damaged_prompt_is_made_again_from_the_recording_and_kept(
    home: Home, engine: Cloner, caplog: pytest.LogCaptureFixture, found: bytes
) -> None:
    caplog.set_level(logging.INFO)
    clone(home, found)
    for _ in range(2):
        assert await asked(home, engine) == cloned(WHOLE)
    assert engine.encoded == [(RECORDING, WORDS)]
    assert "the prompt of voice anna is made again from its recording" in caplog.text
    assert VoiceLibrary(home.folder).prompt("anna") == WHOLE


async def test_a_prompt_that_cannot_be_read_is_made_again(home: Home, engine: Cloner) -> None:
    clone(home, None)
    (home.folder / "anna" / PROMPT).mkdir()
    assert await asked(home, engine) == cloned(WHOLE)


@pytest.mark.parametrize("found", [b"", Cloner(LARGE).prompt()])
async def test_without_its_recording_a_damaged_voice_is_to_be_cloned_again(
    home: Home, engine: Cloner, found: bytes
) -> None:
    clone(home, found)
    (home.folder / "anna" / REFERENCE).unlink()
    with pytest.raises(Refusal, match=f"voice anna has no readable {REFERENCE}; clone it again") as refused:
        await asked(home, engine)
    assert refused.value.code == "bad_audio"
    assert engine.encoded == []


async def test_a_full_disk_makes_nobody_mute(
    home: Home, engine: Cloner, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    clone(home, b"")
    monkeypatch.setattr(os, "fsync", full)
    assert await asked(home, engine) == cloned(WHOLE)
    assert "the prompt of voice anna is not kept" in caplog.text


async def test_a_voice_that_went_meanwhile_is_an_error_and_no_other_voice(home: Home, engine: Cloner) -> None:
    clone(home, WHOLE)
    known = home.voices.find("anna")
    home.library.remove("anna")
    with pytest.raises(UnknownVoice):
        await voice_for(engine, known, home.library)


async def test_other_voices_are_asked_for_as_they_are(home: Home, engine: Cloner) -> None:
    home.design("captain")
    assert await asked(home, engine, "captain") == DesignedVoice("An old sailor")
    assert await asked(home, engine, "tone") == PresetVoice("tone")
