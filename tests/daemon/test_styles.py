"""Styles: the table, and what becomes of them in a text and in a request."""

import logging

import pytest

from qwen3tts_daemon.limits import MAX_STYLES
from qwen3tts_daemon.settings import SettingsError
from qwen3tts_daemon.speech.output import SegmentStarted
from qwen3tts_daemon.speech.request import Order
from qwen3tts_daemon.speech.service import Speech
from qwen3tts_daemon.text.styles import BUILT_IN, Styles
from qwen3tts_daemon.voices.catalogue import VoiceConfig
from qwen3tts_daemon.voices.stored_voice import StoredVoice
from qwen_tts.api import Audio, DesignedVoice
from qwen_tts.errors import InvalidRequest
from tests.fakes import ToneEngine
from tests.prompts import prompt_bytes

ORDER = Order("test", voice="tone", language="en")
WHISPER, HAPPY = BUILT_IN["whisper"], BUILT_IN["happy"]
LEFT_OUT = "was spoken without its style: the voice takes none"


@pytest.fixture
def engine() -> ToneEngine:
    return ToneEngine(kinds=("preset", "cloned", "designed"), preview=False)


async def spoken(speech: Speech, text: str, order: Order = ORDER, *, cut: int = 1_000) -> tuple[list[str], str]:
    """What the voice was told for each passage, and the words."""
    engine = await _engine_of(speech)
    asked = len(engine.asked)
    async with speech.utterance(order) as utterance:
        for start in range(0, len(text), cut):
            utterance.feed(text[start : start + cut])
        utterance.end_text()
        parts = [part async for part in utterance]
        assert utterance.end == "done"
    words = " ".join(part.text for part in parts if isinstance(part, SegmentStarted))
    return [request.instruct for request in engine.asked[asked:]], words


async def _engine_of(speech: Speech) -> ToneEngine:
    async with speech.manager.lease() as engine:
        assert isinstance(engine, ToneEngine)
        return engine


# -- the table -------------------------------------------------------------------------------------------------


def test_a_persons_own_go_before_the_built_in_ones_and_an_empty_one_takes_out() -> None:
    styles = Styles({"butler": "Speak like a butler.", "Happy": "Very happy.", "sad": " "})
    assert styles.find("BUTLER") == "Speak like a butler."
    assert styles.instruction("happy") == "Very happy."
    assert styles.instruction("") == ""
    assert {*BUILT_IN} - {*styles.names} == {"sad"}
    with pytest.raises(InvalidRequest, match="no style 'sad'; there are angry, butler, calm, ") as caught:
        styles.instruction("sad")
    assert caught.value.param == "style"


@pytest.mark.parametrize(
    "name", ["", "1", "[x]", "/", "a:b", "a\nb", "x" * 33, "pause", "Voice", "pause long", "chime"]
)
def test_a_name_that_other_brackets_have_stops_the_start(name: str) -> None:
    with pytest.raises(SettingsError, match=r"speech\.styles: "):
        Styles({name: "Speak so."})


def test_there_are_so_many_at_most() -> None:
    names = [f"style {number}" for number in range(MAX_STYLES - len(BUILT_IN))]
    assert len(Styles(dict.fromkeys(names, "Speak so.")).names) == MAX_STYLES
    with pytest.raises(SettingsError, match=f"{MAX_STYLES + 1} styles, at most {MAX_STYLES}"):
        Styles(dict.fromkeys([*names, "more"], "Speak so."))


# -- in a text -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cut", [1, 4, 1_000])
async def test_a_style_begins_a_passage_and_holds_until_its_end_the_next_one_or_the_texts(
    speech: Speech, cut: int
) -> None:
    text = "Good night. [whisper] Sleep well. [/] Bye. [ Happy ]So. [whisper] Soft. [/whisper] And [sad] so it ends."
    told, words = await spoken(speech, text, cut=cut)
    assert told == ["", WHISPER, "", HAPPY, WHISPER, "", BUILT_IN["sad"]]
    assert words == "Good night. Sleep well. Bye. So. Soft. And so it ends."


@pytest.mark.parametrize("text", ["[sic] and [1].", "A [/] here.", "[/whisper] here.", "[whispering] now.", "[whisper"])
async def test_what_names_no_style_is_text(speech: Speech, text: str) -> None:
    plain = await spoken(speech, text, Order("test", voice="tone", language="en", markup=False))
    assert await spoken(speech, text) == plain
    assert plain[0] == [""]


async def test_without_markup_a_style_is_text(speech: Speech) -> None:
    off = Order("test", voice="tone", language="en", markup=False)
    assert await spoken(speech, "[whisper] Hello.", off) == ([""], "[whisper] Hello.")


async def test_a_style_of_the_settings_is_one(speech: Speech) -> None:
    speech.voices.use(VoiceConfig(styles=Styles({"wie ein Butler": "Speak like a butler.", "whisper": ""})))
    told = await spoken(speech, "[Wie ein butler] Hello. [whisper] you.")
    assert told == (["Speak like a butler."], "Hello. [whisper] you.")


async def test_a_style_stands_behind_what_the_request_or_the_voice_says(speech: Speech) -> None:
    order = Order("test", voice="tone", language="en", instruct="Speak slowly")
    told, _ = await spoken(speech, "One. [happy] Two.", order)
    assert told == ["Speak slowly", f"Speak slowly. {HAPPY}"]
    assert speech.voices.library is not None
    speech.voices.library.add(StoredVoice(id="night", name="Night", kind="profile", base="tone", instruct="Softly!"))
    of_voice = Order("test", voice="night", language="en", style="happy")
    told, _ = await spoken(speech, "One. [whisper] Two. [/] Three.", of_voice)
    assert told == [f"Softly! {HAPPY}", f"Softly! {WHISPER}", f"Softly! {HAPPY}"]


async def test_a_described_voice_takes_one_too(speech: Speech) -> None:
    order = Order("test", voice=DesignedVoice("An old sailor"), language="en", style="whisper")
    assert await spoken(speech, "Hello.", order) == ([WHISPER], "Hello.")


# -- where none is taken ---------------------------------------------------------------------------------------


async def test_a_voice_that_takes_none_speaks_without_and_the_log_says_so_once(
    speech: Speech, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    assert speech.voices.library is not None
    anna = StoredVoice(id="anna", name="Anna", kind="cloned", prompt_family="tone")
    speech.voices.library.add(anna, Audio(pcm=bytes(144_000), sample_rate=24_000), prompt_bytes("x", 3.0))
    order = Order("test", voice="anna", language="en", style="happy")
    told, words = await spoken(speech, "[whisper] One. [sad] Two. [/] Three.", order)
    assert (set(told), words) == ({""}, "One. Two. Three.")
    assert caplog.text.count(LEFT_OUT) == 1


class TestAnEngineThatTakesNone:
    @pytest.fixture
    def engine(self) -> ToneEngine:
        return ToneEngine(kinds=("cloned", "preset"), preview=False, instruct=())

    @pytest.mark.parametrize("cut", [1, 1_000])
    async def test_is_not_interrupted(self, speech: Speech, caplog: pytest.LogCaptureFixture, cut: int) -> None:
        caplog.set_level(logging.INFO)
        told = await spoken(speech, "[whisper] One. [sad] Two. [/] Three.", cut=cut)
        assert told == ([""], "One. Two. Three."), "one stream"
        assert caplog.text.count(LEFT_OUT) == 1

    async def test_refuses_a_style_that_there_is_not_all_the_same(self, speech: Speech) -> None:
        with pytest.raises(InvalidRequest, match="no style 'wisper'; there are angry, "):
            speech.utterance(Order("test", voice="tone", style="wisper"))
