"""Profiles of the settings: what they may say, who goes before whom, and that they are as good as kept ones."""

import logging
import re
from pathlib import Path

import pytest

from qwen3tts_daemon.commands.config import effective
from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.settings import SettingsError, load_settings
from qwen3tts_daemon.speech.request import Order
from qwen3tts_daemon.speech.service import Speech
from qwen3tts_daemon.speech.voice_making import About, VoiceMaker
from qwen3tts_daemon.speech_setup import voice_config
from qwen3tts_daemon.voices.catalogue import VoiceCatalogue
from qwen3tts_daemon.voices.library import VoiceLibrary
from qwen3tts_daemon.voices.profiles import Profiles
from qwen3tts_daemon.voices.stored_voice import StoredVoice
from qwen_tts.api import AudioChunk
from qwen_tts.errors import UnknownVoice
from tests.fakes import ToneEngine

NIGHT = """
[voices.night]
base = "tone"
instruct = "whisper softly"
speed = 0.9
gain_db = -6
language = "de"
seed = 7
"""


@pytest.fixture
def engine() -> ToneEngine:
    return ToneEngine(kinds=("preset", "cloned"), preview=False)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def profiles_of(path: Path, content: str, *options: str) -> Profiles:
    path.write_text(content)
    return voice_config(load_settings(["--config", str(path), *options])).profiles


def catalogue(path: Path, content: str, engine: ToneEngine, library: VoiceLibrary | None = None) -> VoiceCatalogue:
    path.write_text(content)
    config = voice_config(load_settings(["--config", str(path)]))
    return VoiceCatalogue(lambda: engine.capabilities, config, library=library)


# -- what may be written ---------------------------------------------------------------------------------------


def test_a_profile_may_be_written_in_every_source(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (night,) = profiles_of(path, NIGHT)
    assert (night.id, night.name, night.base, night.instruct) == ("night", "night", "tone", "whisper softly")
    assert (night.speed, night.gain_db, night.language, night.seed) == (0.9, -6.0, "de", 7)
    assert list(profiles_of(path, NIGHT.replace("voices.night", "voices.profiles.night"))) == [night]
    (louder,) = profiles_of(path, NIGHT, "--voices.profiles", '{"night": {"base": "gong", "gain_db": 0}}')
    assert (louder.base, louder.gain_db, louder.speed) == ("gong", 0, 0.9)
    monkeypatch.setenv("QWEN3TTS_VOICES__PROFILES", '{"day": {"base": "tone", "name": "Tag"}}')
    assert [(one.id, one.name) for one in profiles_of(path, NIGHT)] == [("night", "night"), ("day", "Tag")]
    monkeypatch.setenv("QWEN3TTS_VOICES__NIGHT__SPEED", "0.5")
    assert next(iter(profiles_of(path, NIGHT))).speed == 0.5


def test_where_it_is_written_is_told(path: Path) -> None:
    path.write_text(NIGHT)
    arguments = ["--config", str(path)]
    assert {name: origin for name, _, origin in effective(load_settings(arguments), arguments)}[
        "voices.profiles"
    ] == "file"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("[voices.night]\nbase = 'tone'\nspeed = 9", "voices.night.speed: "),
        ("[voices.night]\nbase = 'tone'\nspeed = 'fast'", "voices.night.speed: "),
        ("[voices.night]\nbase = 'tone'\nspede = 1", "voices.night.spede: "),
        ("[voices.profiles.night]\nbase = 'tone'\ngain_db = -60", "voices.night.gain_db: "),
        ("[voices.night]\nbase = 'tone'\nlanguage = 'Klingon'", "voices.night.language: "),
        ("[voices.night]\nbase = 'tone'\ntext_layout = 'sideways'", "voices.night.text_layout: "),
        ("[voices.night]\ninstruct = 'whisper'", "voices.night.base: "),
        ("[voices.night]\nbase = ''", "voices.night.base: "),
        ("[voices]\nnight = 'tone'", "voices.night: "),
        ("[voices.samples]\nbase = 'tone'", "voices.samples is an option of its own: give the profile another name"),
        ("[voices.substitute]\nspeed = 1", "voices.substitute is an option of its own"),
        ("[voices.profiles]\nbase = 'tone'", "voices.profiles is an option of its own"),
        ("[voices.aliases]\nbase = 'tone'\ninstruct = 'whisper'", "voices.aliases is an option of its own"),
        ("[voices.tone]\nbase = 'tone'", "voices.tone.base: 'tone' leads back to itself"),
        ("[voices.a]\nbase = 'b'\n[voices.b]\nbase = 'c'\n[voices.c]\nbase = 'B'", "voices.a.base: 'b' leads back"),
        ("[voices.night]\nbase = 'tone'\n[voices.Night]\nbase = 'tone'", "voices.Night is there twice"),
        ("[voices.'!']\nbase = 'tone'", "voices.!: a profile's name has letters"),
    ],
)
def test_a_mistake_stops_the_start_with_its_name(path: Path, content: str, told: str) -> None:
    with pytest.raises(SettingsError) as caught:
        profiles_of(path, content)
    said = re.sub(r"^.*config\.toml:\d+: ", "", str(caught.value))
    assert said.startswith(told)


def test_an_alias_may_be_called_base(path: Path) -> None:
    path.write_text("[voices.aliases]\nbase = 'tone'")
    assert load_settings(["--config", str(path)]).voices.aliases == {"base": "tone"}


# -- whom it may be one of -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("[voices.night]\nbase = 'nobody'", "voices.night.base: no voice 'nobody'; there are tone, gong"),
        ("[voices.night]\nbase = 'gong'\nlanguage = 'de'", "voices.night.language: voice 'gong' speaks zh"),
        ("[voices.night]\nbase = 'anna'\ninstruct = 'whisper'", "voices.night.instruct: "),
        ("[voices.night]\nbase = 'Tone, a test voice'", "voices.night.base: write the voice's own name, 'tone'"),
        (
            "\n".join(f"[voices.v{n}]\nbase = 'v{n - 1}'" for n in range(5, 0, -1)) + "\n[voices.v0]\nbase = 'tone'",
            "voices.v4.base: 'v3' is a profile of too many others",
        ),
    ],
)
def test_a_base_that_nobody_has_stops_the_start(
    path: Path, tmp_path: Path, engine: ToneEngine, content: str, told: str
) -> None:
    library = VoiceLibrary(tmp_path / "voices")
    library.add(StoredVoice(id="anna", name="Anna", kind="cloned", prompt_family="tone"), prompt=b"prompt")
    with pytest.raises(SettingsError) as caught:
        catalogue(path, content, engine, library).check_settings()
    assert str(caught.value).startswith(told)


def test_a_base_that_may_come_back_is_told_and_no_mistake(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """On the preview voice Qwen's names are no mistake, and no voices either."""
    voices = catalogue(path, "[voices.night]\nbase = 'Vivian'\ninstruct = 'whisper'", ToneEngine(table="preview"))
    voices.check_settings()
    assert "voices.night.base: nothing that is loaded speaks voice 'Vivian'" in caplog.text
    with pytest.raises(UnknownVoice, match="in the settings, and nothing that is loaded speaks its voice 'Vivian'"):
        voices.check("night", None)


def test_of_one_name_the_engines_goes_before_the_settings_and_that_before_a_stored_one(
    path: Path, tmp_path: Path, engine: ToneEngine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    library = VoiceLibrary(tmp_path / "voices")
    library.add(StoredVoice(id="night", name="Night", kind="profile", base="gong"))
    voices = catalogue(path, NIGHT + "[voices.Gong]\nbase = 'tone'\n", engine, library)
    voices.check_settings()
    assert "voices.Gong: the engine has a voice of this name, which goes before; rename the profile" in caplog.text
    assert "voices.night: goes before the stored voice of this name; rename one of them" in caplog.text
    assert [known.name for known in voices.known] == ["tone", "gong", "night"]
    assert voices.find("gong").stored is None
    assert voices.find("Night").instruct == "whisper softly"


def test_a_profile_may_be_one_of_a_kept_voice_and_a_kept_one_of_it(
    path: Path, tmp_path: Path, engine: ToneEngine
) -> None:
    library = VoiceLibrary(tmp_path / "voices")
    library.add(StoredVoice(id="night", name="Night", kind="profile", base="tone", instruct="Softly."))
    library.add(StoredVoice(id="late", name="Late", kind="profile", base="deep", speed=0.5))
    voices = catalogue(path, "[voices.deep]\nbase = 'Night'\nspeed = 0.5", engine, library)
    voices.check_settings()
    late = voices.find("late")
    assert (late.instruct, late.speed) == ("Softly.", 0.25)


# -- as good as those that are kept ----------------------------------------------------------------------------


def use(speech: Speech, path: Path) -> None:
    path.write_text(NIGHT)
    speech.voices.use(voice_config(load_settings(["--config", str(path)])))


async def spoken(speech: Speech, voice: str) -> bytes:
    async with speech.whole_utterance(Order("test", voice), "Das Wetter ist heute sehr schön.") as utterance:
        return b"".join([part.pcm async for part in utterance if isinstance(part, AudioChunk)])


async def test_the_same_profile_from_a_file_and_kept_speaks_the_same_samples(
    speech: Speech, engine: ToneEngine, path: Path
) -> None:
    assert speech.voices.library is not None
    maker = VoiceMaker(speech, speech.voices.library)
    await maker.profile(
        About("Kept", language="de", instruct="whisper softly", speed=0.9, gain_db=-6.0, seed=7), "tone"
    )
    use(speech, path)
    assert await spoken(speech, "night") == await spoken(speech, "kept") != await spoken(speech, "tone")
    one, other, _ = engine.asked
    assert (one.voice, one.instruct, one.language, one.sampling) == (
        other.voice, other.instruct, other.language, other.sampling,
    )  # fmt: skip


async def test_a_voice_that_is_made_gets_another_name(speech: Speech, path: Path) -> None:
    use(speech, path)
    assert speech.voices.library is not None
    made = await VoiceMaker(speech, speech.voices.library).profile(About("Night"), "tone")
    assert made.id == "night-2"


def test_it_is_changed_where_it_is_written(path: Path) -> None:
    profiles = profiles_of(path, NIGHT)
    profiles.check_kept("day")
    with pytest.raises(Refusal, match=rf"voice 'night' is \[voices.night\] of {path}; change it there") as caught:
        profiles.check_kept("night")
    assert caught.value.code == "setting_locked"
