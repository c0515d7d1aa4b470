"""Checkpoints come and go while the daemon runs: nobody is cut, and what nobody may choose is not chosen."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest

from qwen3tts_daemon import speech_setup
from qwen3tts_daemon.hosting import engine_selection
from qwen3tts_daemon.hosting.engine_selection import choose_engine
from qwen3tts_daemon.hosting.models_directory import ModelsDirectory
from qwen3tts_daemon.hosting.worker_client import EngineSpec
from qwen3tts_daemon.settings import load_settings
from qwen3tts_daemon.speech.request import Order
from qwen3tts_daemon.speech.utterance import Utterance
from qwen3tts_daemon.speech_setup import EngineRenewal, make_speech
from qwen_tts.api import AudioChunk, VoiceInfo
from qwen_tts.config.checkpoint_files import WEIGHTS
from qwen_tts.errors import OutOfMemory, UnknownVoice
from tests.fakes import ToneEngine, tone
from tests.wire.http_door import until

SPEAKING = Path(__file__).parents[1] / "speaking"
CUSTOM, BASE = "Qwen3-TTS-12Hz-tiny-CustomVoice", "Qwen3-TTS-12Hz-tiny-Base"
LOOKS_S = 0.01


class Named(ToneEngine):
    """The preview's voice is bell, Qwen's is tone; it loads once its gate is open, or fails."""

    def __init__(self, home: "Home", spec: EngineSpec) -> None:
        is_preview = "embedded" in spec.factory
        checkpoints = [Path(path).name for path in spec.options.get("checkpoints", ())]
        super().__init__(kinds=("preset", "cloned") if BASE in checkpoints else ("preset",), preview=is_preview)
        bell = VoiceInfo(name="bell", languages=("en",), gender="male")
        voices = (bell,) if is_preview else self._capabilities.voices
        name = "preview" if is_preview else "+".join(checkpoints)
        self._capabilities = msgspec.structs.replace(self._capabilities, engine=name, voices=voices)
        self._home, self._is_preview = home, is_preview

    async def load(self) -> None:
        if not self._is_preview:
            await self._home.gate.wait()
            if self._home.fails or len(self._home.on_card) >= self._home.room:
                raise OutOfMemory("no room for it")
            self._home.on_card.append(self.capabilities.engine)

    async def close(self) -> None:
        self._home.closed.append(self.capabilities.engine)
        if self.capabilities.engine in self._home.on_card:
            self._home.on_card.remove(self.capabilities.engine)
        await super().close()


class Home:
    """A daemon without doors, whose engines are made here."""

    def __init__(self, path: Path, *options: str) -> None:
        self.path = path
        self.gate = asyncio.Event()
        self.gate.set()
        self.fails = False
        self.closed: list[str] = []
        self.room = 2
        """How many of Qwen's engines the card holds"""
        self.on_card: list[str] = []
        settings = load_settings(["--models.dir", str(path), "--data-dir", str(path / ".data"), *options])
        self.models = ModelsDirectory(path, period_s=LOOKS_S)
        choice = choose_engine(settings)
        self.speech = make_speech(settings, choice, self.models)
        self.renewal = EngineRenewal(choice, self.speech, self.models, settings, lambda: settings)

    @property
    def engine(self) -> str:
        return self.speech.capabilities.engine

    async def speaks(self, name: str) -> None:
        await until(lambda: self.engine == name)

    async def say(self, text: str, voice: str | None = None) -> Utterance:
        async with self.speech.utterance(Order("test", voice, "en")) as utterance:
            utterance.feed(text)
            utterance.end_text()
            assert await sound_of(utterance) == tone(text)
        return utterance


async def sound_of(utterance: Utterance) -> bytes:
    return b"".join([part.pcm async for part in utterance if isinstance(part, AudioChunk)])


@pytest.fixture(autouse=True)
def card(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(engine_selection, "_DEVICES", (tmp_path,))


@pytest.fixture
def options() -> tuple[str, ...]:
    return ()


@pytest.fixture
async def home(tmp_path: Path, options: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Home]:
    home = Home(tmp_path, *options)

    async def start(spec: EngineSpec) -> Named:
        return Named(home, spec)

    monkeypatch.setattr(speech_setup, "start_engine", start)
    await home.speech.start(preload=True)
    await home.speech.warm()
    renewing = asyncio.create_task(home.renewal.run())
    yield home
    renewing.cancel()
    await asyncio.gather(renewing, return_exceptions=True)
    await home.speech.close()


def bring(home: Home, name: str) -> None:
    """All at once, as a copy that has ended."""
    shutil.copytree(SPEAKING / name, home.path / f".{name}")
    (home.path / f".{name}").rename(home.path / name)


async def test_a_checkpoint_that_comes_speaks_without_a_restart(home: Home) -> None:
    assert home.engine == "preview"
    states: list[str] = []
    home.speech.on_state.append(states.append)
    bring(home, CUSTOM)
    await home.speaks(CUSTOM)
    assert (await home.say("Good evening.")).voice == "tone"
    assert home.speech.models.on_disk == (CUSTOM,)
    assert states[-1] == "ready"
    await until(lambda: home.closed == ["preview"])
    bring(home, BASE)
    await home.speaks(f"{CUSTOM}+{BASE}")
    assert home.speech.capabilities.voice_kinds == ("preset", "cloned"), "a kind of voice has joined"


async def test_nobody_is_cut_by_it(home: Home) -> None:
    """Who speaks keeps the engine and the voice to the end; who was promised one and has not begun gets it too."""
    home.gate.clear()
    waiting = home.speech.utterance(Order("test", "bell", "en"))
    async with home.speech.utterance(Order("test", "bell", "en")) as speaking:
        speaking.feed("Before. ")
        bring(home, CUSTOM)
        await until(lambda: home.models.names)
        assert (await home.say("Beside.", "bell")).voice == "bell", "the old one goes on until the new one can"
        home.gate.set()
        await home.speaks(CUSTOM)
        assert (await home.say("After.")).voice == "tone"
        assert home.closed == []
        speaking.feed("Behind.")
        speaking.end_text()
        assert await sound_of(speaking) == tone("Before.") + tone("Behind.")
    assert (speaking.voice, speaking.end) == ("bell", "done")
    await until(lambda: home.closed == ["preview"])
    async with waiting:
        waiting.feed("At last.")
        waiting.end_text()
        assert await sound_of(waiting) == tone("At last.")
    assert waiting.voice == "bell"
    await until(lambda: home.closed == ["preview", "preview"])


async def test_where_two_have_no_room_the_one_before_goes_first_once_nobody_speaks(home: Home) -> None:
    home.room = 1
    bring(home, CUSTOM)
    await home.speaks(CUSTOM)
    async with home.speech.utterance(Order("test", "tone", "en")) as speaking:
        speaking.feed("Before. ")
        bring(home, BASE)
        await until(lambda: f"{CUSTOM}+{BASE}" in home.closed)
        speaking.feed("Behind.")
        speaking.end_text()
        assert await sound_of(speaking) == tone("Before.") + tone("Behind.")
        assert home.on_card == [CUSTOM]
    await home.speaks(f"{CUSTOM}+{BASE}")
    assert home.on_card == [f"{CUSTOM}+{BASE}"]
    assert (await home.say("Good evening.")).voice == "tone"


async def test_who_asks_for_a_voice_of_the_engine_before_gets_one_of_the_language(home: Home) -> None:
    bring(home, CUSTOM)
    await home.speaks(CUSTOM)
    assert (await home.say("Good evening.", "bell")).voice == "tone"
    with pytest.raises(UnknownVoice):
        await home.say("Good evening.", "nobody")


async def test_what_fails_changes_nothing_until_the_folder_changes(home: Home) -> None:
    home.fails = True
    bring(home, CUSTOM)
    await until(lambda: home.models.problem)
    assert home.models.problem == "no room for it"
    assert home.closed == [CUSTOM]
    await home.say("Good evening.", "bell")
    home.fails = False
    bring(home, BASE)
    await home.speaks(f"{CUSTOM}+{BASE}")
    assert home.models.problem == ""


@pytest.mark.parametrize("options", [("--voice", "bell")])
async def test_a_voice_of_the_settings_that_the_new_engine_lacks_keeps_it_away(home: Home) -> None:
    bring(home, CUSTOM)
    await until(lambda: home.models.problem)
    assert "voice" in home.models.problem
    assert "bell" in home.models.problem
    assert home.engine == "preview"


@pytest.mark.parametrize("options", [("--engine", "embedded")])
async def test_a_choice_that_was_made_is_not_made_anew(home: Home) -> None:
    bring(home, CUSTOM)
    await until(lambda: home.speech.models.on_disk == (CUSTOM,))
    assert home.models.problem == ""
    assert home.engine == "preview"


async def test_one_that_goes_is_only_told(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    bring(home, CUSTOM)
    await home.speaks(CUSTOM)
    shutil.rmtree(home.path / CUSTOM)
    await until(lambda: f"the checkpoint {CUSTOM} is gone" in caplog.text)
    await until(lambda: home.speech.models.on_disk == ())
    await home.say("Good evening.", "tone")


def parts_of(path: Path) -> Iterator[str]:
    """A copy, bit by bit; what it looks like after each."""
    shutil.copytree(SPEAKING / CUSTOM, path, ignore=shutil.ignore_patterns(WEIGHTS))
    yield "no weights"
    whole = (SPEAKING / CUSTOM / WEIGHTS).read_bytes()
    (path / WEIGHTS).write_bytes(whole[: len(whole) // 2])
    yield "half of the weights"
    (path / WEIGHTS).write_bytes(whole)
    yield "no codec"
    shutil.copy(
        SPEAKING / CUSTOM / "speech_tokenizer" / WEIGHTS, path / "speech_tokenizer" / f"{WEIGHTS}.12345678.part"
    )
    shutil.copy(SPEAKING / CUSTOM / "speech_tokenizer" / WEIGHTS, path / "speech_tokenizer" / WEIGHTS)
    yield "a part"
    (path / "speech_tokenizer" / f"{WEIGHTS}.12345678.part").unlink()


async def test_one_that_is_still_coming_is_not_there(tmp_path: Path) -> None:
    models = ModelsDirectory(tmp_path, period_s=LOOKS_S)
    changes = models.changes()
    for state in parts_of(tmp_path / CUSTOM):
        assert await anext(changes) == ([], []), state
        assert models.names == (), state
    assert await anext(changes) == ([CUSTOM], [])
    (tmp_path / CUSTOM / WEIGHTS).unlink()
    assert await anext(changes) == ([], [CUSTOM])
    await changes.aclose()


async def test_one_that_grows_is_waited_for(tmp_path: Path) -> None:
    """Not taken between two looks of which the second sees more."""
    models = ModelsDirectory(tmp_path, period_s=LOOKS_S)
    waiting = asyncio.ensure_future(anext(models.changes()))
    shutil.copytree(SPEAKING / CUSTOM, tmp_path / CUSTOM)
    merges = tmp_path / CUSTOM / "merges.txt"
    for _ in range(20):
        with merges.open("a") as file:
            file.write("\n")
        await asyncio.sleep(LOOKS_S / 4)
    assert await waiting == ([CUSTOM], [])
