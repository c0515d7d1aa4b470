"""What an engine is given where words are said in another way: whole or live, read or not, with sounds or without."""

import random
from pathlib import Path
from typing import Literal

import pytest

from qwen3tts_daemon.hosting.model_manager import ManagerConfig, ModelManager
from qwen3tts_daemon.settings import SettingsError
from qwen3tts_daemon.speech.lexicon_file import LexiconFile
from qwen3tts_daemon.speech.metrics import Metrics
from qwen3tts_daemon.speech.request import Order
from qwen3tts_daemon.speech.service import Speech
from qwen3tts_daemon.speech.text_reading import TextReading
from qwen3tts_daemon.speech.utterance import SpeechConfig
from qwen3tts_daemon.text.lexicon import Entry, Lexicon, Words
from qwen3tts_daemon.text.pronunciations import Pronunciation
from qwen3tts_daemon.text.segments import Segment
from qwen3tts_daemon.voices.catalogue import VoiceCatalogue
from qwen_tts.api import AudioChunk
from qwen_tts.text.annotations import annotated, without_annotations
from qwen_tts.text.sentences import Ending
from tests.fakes import ToneEngine, tone

FILE = """\
[en]
Siobhan = "Shivawn"
kWh = "kilowatt hours"
3D = "three dee"
"@home" = "at home, sweet home"
R2D2 = "unit 2"

[zh]
"重庆" = {pinyin = "chong2 qing4"}

[[word]]
written = "Siobhan"
say = "Shivonne"
voice = "gong"
"""
TEXT = (
    "Siobhan has 12kWh left. A 3D print of R2D2, **@home**: siobhan's and Siobhan’s.\n\n- 5 kWh\n- Siobhan\n\nDone, 7."
)
SAID = [
    "Shivawn has twelve kilowatt hours left.",
    "A three dee print of unit 2, at home, sweet home: siobhan's and Shivawn’s.",
    "five kilowatt hours.",
    "Shivawn.",
    "Done, seven.",
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "lexicon.toml"
    path.write_text(FILE)
    return path


@pytest.fixture
def speech(manager: ModelManager, metrics: Metrics, path: Path) -> Speech:
    return Speech(manager, catalogue_of(manager), metrics, SpeechConfig(), lexicon=LexiconFile(path))


def catalogue_of(manager: ModelManager) -> VoiceCatalogue:
    return VoiceCatalogue(lambda: manager.capabilities)


async def heard(speech: Speech, pieces: list[str], order: Order) -> bytes:
    async with speech.utterance(order) as utterance:
        for piece in pieces:
            utterance.feed(piece)
        utterance.end_text()
        return b"".join([part.pcm async for part in utterance if isinstance(part, AudioChunk)])


async def test_a_word_is_said_so_and_read_no_further(speech: Speech) -> None:
    told = await speech.whole_utterance(Order("test"), TEXT).read()
    assert [one.spoken for one in told.segments] == SAID
    assert [one.text for one in told.segments] == [TEXT[one.char_start : one.char_end] for one in told.segments]


async def test_live_text_is_said_as_the_whole_is(speech: Speech) -> None:
    order = Order("test", language="en")
    whole = await heard(speech, [TEXT], order)
    assert tone(SAID[0]) in whole
    cuts = random.Random(7)
    for _ in range(5):
        places = sorted(cuts.sample(range(len(TEXT)), 9))
        pieces = [TEXT[start:end] for start, end in zip([0, *places], [*places, len(TEXT)], strict=True)]
        assert await heard(speech, pieces, order) == whole
    assert await heard(speech, list(TEXT), order) == whole


async def test_numbers_that_nobody_reads_leave_words_as_they_are_said(speech: Speech) -> None:
    order = Order("test", language="en", text_normalization=False)
    assert await heard(speech, ["It is 5 kWh, Siobhan."], order) == tone("It is 5 kilowatt hours, Shivawn.")


async def test_a_short_form_at_the_end_leaves_the_sentence_its_stop(speech: Speech) -> None:
    words = (Entry(written="Stk.", say="pieces"), Entry(written="Siobhan", say="Shiv.", language="en"))
    told = await speech.whole_utterance(Order("test", words=words), "It is 7 Stk. Hello, Siobhan. 5 Stk.").read()
    assert [one.spoken for one in told.segments][-1] == "five pieces."
    assert "Hello, Shiv." in " ".join(one.spoken for one in told.segments)


async def test_a_voice_may_say_it_in_its_own_way(speech: Speech) -> None:
    assert await heard(speech, ["Siobhan 在重庆。"], Order("test", "gong")) == tone("Shivonne 在崇庆。")


async def test_an_order_may_try_words_that_are_not_kept(speech: Speech) -> None:
    words = (Entry(written="Siobhan", say="Shuh-vawn", language="en"), Entry(written="Done", say="Ready"))
    told = await speech.whole_utterance(Order("test", words=words), "Siobhan: 3D. Done.").read()
    assert [one.spoken for one in told.segments] == ["Shuh-vawn: three dee.", "Ready."]
    told = await speech.whole_utterance(Order("test"), "Siobhan: 3D. Done.").read()
    assert [one.spoken for one in told.segments] == ["Shivawn: three dee.", "Done."]


async def test_the_sounds_of_a_word_reach_only_who_takes_them(metrics: Metrics) -> None:
    words = (Entry(written="Siobhan", ipa="ʃɪvˈɔn"),)
    cases: list[tuple[Literal["", "ipa"], str]] = [("ipa", annotated("Siobhan", "ʃɪvˈɔn")), ("", "Siobhan")]
    for phonemes, said in cases:
        engine = ToneEngine(phonemes=phonemes)

        async def start(engine: ToneEngine = engine) -> ToneEngine:
            return engine

        manager = ModelManager(start, ManagerConfig())
        await manager.start(preload=True)
        await manager.ready()
        speech = Speech(manager, catalogue_of(manager), metrics, SpeechConfig())
        async with speech.whole_utterance(Order("test", words=words), "Hello, Siobhan.") as utterance:
            sound = b"".join([part.pcm async for part in utterance if isinstance(part, AudioChunk)])
        assert sound == tone(f"Hello, {said}.")
        assert utterance.text == "Hello, Siobhan."
        told = await speech.whole_utterance(Order("test", words=words), "Hello, Siobhan.").read()
        assert told.segments[0].spoken == ("Hello, /ʃɪvˈɔn/." if phonemes else "Hello, Siobhan.")
        await manager.close()


@pytest.mark.parametrize(
    ("pronunciation", "language", "said"),
    [
        (Pronunciation("5 kg", "words", "5 kg"), "en", "5 kg"),
        (Pronunciation("5 kg", "ipa", "x"), "en", "five kilograms"),
        (Pronunciation("重庆", "pinyin", "chóngqìng"), "zh", "崇庆"),
        (Pronunciation("重庆", "pinyin", "chong qing"), "zh", "重庆"),
        (Pronunciation("5 kg", "pinyin", "wu3"), "en", "five kilograms"),
    ],
)
async def test_what_a_text_says_of_its_words_is_done_as_far_as_the_engine_can(
    pronunciation: Pronunciation, language: str, said: str
) -> None:
    segment = Segment(
        f"{pronunciation.written}.", "", 0, 0, Ending.SENTENCE, marked="𒀀.", pronunciations={"𒀀": pronunciation}
    )
    assert await TextReading(language, is_on=True).spoken(segment) == f"{said}."


async def test_what_is_no_pinyin_is_told_without_the_text(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    placed = {"𒀀": Pronunciation("重庆", "pinyin", "diary")}
    segment = Segment("重庆", "", 0, 0, Ending.SENTENCE, marked="𒀀", pronunciations=placed)
    assert await TextReading("zh", is_on=True).spoken(segment) == "重庆"
    assert "is none" in caplog.text
    assert "diary" not in caplog.text


async def test_the_sounds_of_a_text_cannot_leave_their_place() -> None:
    segment = Segment(
        "a", "", 0, 0, Ending.SENTENCE, marked="𒀀", pronunciations={"𒀀": Pronunciation("a\ufffb", "ipa", "x\ufff9y")}
    )
    spoken = await TextReading("en", is_on=True, has_ipa=True).spoken(segment)
    assert spoken == annotated("a", "xy")
    assert without_annotations(f"{spoken} b") == "a b"


async def test_nobodys_own_text_has_annotations(speech: Speech) -> None:
    text = f"Hello {annotated('Anna', 'x')} and\ufffb \ufff9so on."
    assert (await speech.whole_utterance(Order("test"), text).read()).segments[0].spoken == "Hello Annax and so on."


def test_words_of_a_text_come_before_those_of_the_lexicon() -> None:
    given = {"𒀀": Pronunciation("gif", "words", "jif")}
    assert Words(Lexicon([Entry(written="gif", say="X")]), "en").marked("A 𒀀.", given) == ("A 𒀀.", given)


# -- the file --------------------------------------------------------------------------------------------------------


def test_a_file_that_somebody_asked_for_must_be_there_and_be_right(tmp_path: Path, path: Path) -> None:
    assert LexiconFile(path, is_named=True).lexicon.entries
    with pytest.raises(SettingsError, match="there is no"):
        LexiconFile(tmp_path / "none.toml", is_named=True)
    path.write_text("[en]\nSiobhan = 5\n")
    with pytest.raises(SettingsError, match="line 2"):
        LexiconFile(path, is_named=True)


def test_another_one_may_be_wrong_and_is_told(tmp_path: Path, path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert LexiconFile(tmp_path / "none.toml").lexicon.entries == ()
    path.write_bytes(b'[en]\nSiobhan = "Shivawn"\n\xff')
    file = LexiconFile(path)
    assert file.problem is not None
    assert file.problem.line == 3
    assert "line 3: byte 0xff is not UTF-8" in caplog.text
