"""A kept file that is damaged, or closed to the daemon: that one is told and skipped, the others are as they were."""

import contextlib
import ctypes
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from qwen3tts_daemon.access.sessions import Sessions
from qwen3tts_daemon.access.token_file import load_token
from qwen3tts_daemon.downloads.verify import verify
from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.settings import SettingsError, load_settings
from qwen3tts_daemon.speech.lexicon_file import LexiconFile
from qwen3tts_daemon.speech.loudness import VoiceLoudness
from qwen3tts_daemon.uploads.voice_files import CARD, PROMPT, REFERENCE
from qwen3tts_daemon.voices.library import VoiceLibrary
from qwen3tts_daemon.voices.sample_files import SampleFiles, SampleKey
from qwen3tts_daemon.voices.stored_prompts import voice_for
from qwen_tts.api import ClonedVoice
from tests.chaos.kept_things import (
    ANNA,
    CAPTAIN,
    CPU,
    CPU_WAY,
    KWH,
    LARGE,
    MANIFEST,
    RECORDING,
    begin_measuring,
    measurements,
    opened_phrases,
)  # fmt: skip
from tests.daemon.test_voice_catalogue import ALL, Home
from tests.fakes import ToneEngine

NO_CAPABILITIES = (1, 2)
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH, by which root reads everything"""


@contextlib.contextmanager
def as_anybody() -> Iterator[None]:
    """Files that are closed are closed to this thread, though root runs it."""
    libc = ctypes.CDLL(None, use_errno=True)
    header, held = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    assert libc.capget(header, held) == 0
    less = type(held)(*held)
    for number in NO_CAPABILITIES:
        less[0] &= ~(1 << number)
    assert libc.capset(header, less) == 0
    try:
        yield
    finally:
        assert libc.capset(header, held) == 0


def close(path: Path) -> None:
    path.chmod(0)


def put_a_folder_there(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGES: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "half": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "noise": lambda path: path.write_bytes(b"\xff\xfe\x9c" * 40),
    "a folder": put_a_folder_there,
    "closed": close,
    "gone": Path.unlink,
}
NOT_TEXT = (DAMAGES["noise"], DAMAGES["a folder"], DAMAGES["closed"])
every_damage = pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)


@every_damage
def test_a_voice_whose_card_cannot_be_read_is_skipped(
    tmp_path: Path, damage: Callable[[Path], object], caplog: pytest.LogCaptureFixture
) -> None:
    library = VoiceLibrary(tmp_path)
    library.add(ANNA, RECORDING, b"prompt")
    library.add(CAPTAIN)
    damage(tmp_path / "anna" / CARD)
    with as_anybody():
        again = VoiceLibrary(tmp_path)
        assert again.voices == [CAPTAIN]
        assert "voice anna is skipped" in caplog.text
        assert again.add(msgspec.structs.replace(ANNA, id=again.free_id("Anna")), RECORDING).id == "anna-2"
    assert {path.name for path in (tmp_path / "anna").iterdir()} | {CARD} == {CARD, REFERENCE, PROMPT}


@every_damage
async def test_a_prompt_that_cannot_be_read_is_made_again(tmp_path: Path, damage: Callable[[Path], object]) -> None:
    home = Home(tmp_path)
    home.engine = ToneEngine(kinds=ALL)
    home.library.add(msgspec.structs.replace(ANNA, prompt_family=""), RECORDING)
    right = await voice_for(home.engine, home.voices.find("anna"), home.library)
    assert isinstance(right, ClonedVoice)
    damage(home.library._folders.path("anna", PROMPT))
    with as_anybody():
        assert home.library.prompt("anna") != right.prompt.data
        assert await voice_for(home.engine, home.voices.find("anna"), home.library) == right


@every_damage
def test_a_recording_that_cannot_be_read_is_told(tmp_path: Path, damage: Callable[[Path], object]) -> None:
    library = VoiceLibrary(tmp_path)
    library.add(ANNA, RECORDING, b"prompt")
    damage(tmp_path / "anna" / REFERENCE)
    with as_anybody():
        again = VoiceLibrary(tmp_path)
        assert (again.voices, again.prompt("anna")) == ([ANNA], b"prompt")
        if damage is DAMAGES["half"]:
            assert RECORDING.pcm.startswith(again.reference("anna").pcm)
        else:
            with pytest.raises(Refusal, match="anna") as refused:
                again.reference("anna")
            assert refused.value.code == "bad_audio"


@every_damage
def test_a_lexicon_that_cannot_be_read_is_told_and_kept(tmp_path: Path, damage: Callable[[Path], object]) -> None:
    path = tmp_path / "lexicon.toml"
    lexicon = LexiconFile(path)
    lexicon.put(KWH)
    damage(path)
    with as_anybody():
        again = LexiconFile(path)
        assert not again.lexicon.entries or damage is DAMAGES["half"]
        if damage in (DAMAGES["empty"], DAMAGES["gone"]):
            again.put(CPU)
        else:
            assert again.problem is not None
            with pytest.raises(Refusal) as refused:
                again.put(CPU)
            assert refused.value.code in ("config_unusable", "storage_failed")
            assert str(path) in refused.value.message


@every_damage
def test_a_config_file_that_cannot_be_read_stops_the_start(tmp_path: Path, damage: Callable[[Path], object]) -> None:
    path = tmp_path / "config.toml"
    path.write_text('language = "de"\nvoice = "somebody"\n')
    damage(path)
    with as_anybody():
        if damage is DAMAGES["empty"]:
            assert load_settings(["--config", str(path)]).language == "en"
        else:
            with pytest.raises(SettingsError, match=r"config\.toml"):
                load_settings(["--config", str(path)])


@every_damage
def test_a_token_that_cannot_be_read_is_named_or_made_anew(tmp_path: Path, damage: Callable[[Path], object]) -> None:
    path = tmp_path / "token"
    before = load_token(path)
    damage(path)
    with as_anybody():
        if damage in NOT_TEXT:
            with pytest.raises((OSError, ValueError), match="token"):
                load_token(path)
        else:
            assert load_token(path) not in ("", before)


@every_damage
def test_sessions_that_cannot_be_read_are_named_or_void(tmp_path: Path, damage: Callable[[Path], object]) -> None:
    path = tmp_path / "sessions"
    session = Sessions("token", path).issue()
    damage(path)
    with as_anybody():
        if damage in NOT_TEXT:
            with pytest.raises((OSError, ValueError), match="sessions"):
                Sessions("token", path)
        else:
            assert not Sessions("token", path).is_valid(session)


@every_damage
def test_what_can_be_made_again_is_missing_alone(tmp_path: Path, damage: Callable[[Path], object]) -> None:
    phrases = opened_phrases(tmp_path)
    names = [phrases.name(what, "said") for what in (b"a", b"b")]
    for name in names:
        phrases.keep(name, name.encode(), phrases.generation)
    samples, keys = SampleFiles(tmp_path / "samples"), [SampleKey("anna", "1"), SampleKey("captain", "1")]
    for key in keys:
        samples.keep(key, b"wav" * 9, keys)
    loudness = VoiceLoudness(tmp_path / "loudness.json")
    loudness.learn("anna", -20.0, 4.0)
    begin_measuring(tmp_path)()
    for path in (
        tmp_path / "phrases" / names[0], tmp_path / "samples" / keys[0].file_name, tmp_path / "loudness.json",
        tmp_path / "cache" / "measured.json",
    ):  # fmt: skip
        damage(path)
    with as_anybody():
        phrases, samples = opened_phrases(tmp_path), SampleFiles(tmp_path / "samples")
        assert [phrases.read(name) for name in names] == [None, names[1].encode()]
        assert samples.read(keys[1]) == b"wav" * 9
        assert VoiceLoudness(tmp_path / "loudness.json").gain_db("anna", -30.0) == 0
        assert measurements(tmp_path).of(LARGE, CPU_WAY) is None


@every_damage
def test_a_download_whose_list_cannot_be_read_is_told(tmp_path: Path, damage: Callable[[Path], object]) -> None:
    MANIFEST.write(tmp_path)
    (path,) = tmp_path.iterdir()
    damage(path)
    with as_anybody():
        assert damage is DAMAGES["gone"] or any("cannot be read" in one for one in verify(tmp_path).problems)


def test_this_process_is_root_again() -> None:
    """Or tests that follow would fail for no reason that anybody finds."""
    assert os.access("/proc/1/environ", os.R_OK) or os.geteuid()
