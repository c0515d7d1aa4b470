"""The catalogue: which voices there are, what each adds to a request, and who speaks which language."""

import itertools
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.hosting.model_manager import ModelManager
from qwen3tts_daemon.settings import SettingsError
from qwen3tts_daemon.speech.metrics import Metrics
from qwen3tts_daemon.speech.service import Speech
from qwen3tts_daemon.speech.utterance import SpeechConfig
from qwen3tts_daemon.speech.voice_making import About, VoiceMaker
from qwen3tts_daemon.voices.aliases import Aliases
from qwen3tts_daemon.voices.catalogue import VoiceCatalogue, VoiceConfig
from qwen3tts_daemon.voices.library import VoiceLibrary
from qwen3tts_daemon.voices.names import labels
from qwen3tts_daemon.voices.stored_voice import StoredVoice
from qwen3tts_daemon.voices.trial_references import EXPIRES_S, MOST, TrialReferences
from qwen3tts_daemon.voices.voice_id import slug
from qwen_tts.api import Audio, ClonedVoice, DesignedVoice, PresetVoice, VoiceKind, VoicePrompt
from qwen_tts.errors import InvalidRequest, SynthesisError, UnknownVoice, UnsupportedLanguage
from tests.fakes import Clock, ToneEngine

ALL: tuple[VoiceKind, ...] = ("preset", "cloned", "designed")
RECORDING = Audio(pcm=bytes(48_000), sample_rate=24_000)
GERMAN, ENGLISH, CHINESE = "Das Wetter ist heute sehr schön.", "The weather is fine today.", "今天天气很好。"


class Home:
    """A catalogue on an engine that can be exchanged, as a daemon with other checkpoints is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.library = VoiceLibrary(folder)
        self.engine = ToneEngine(kinds=ALL)
        self.voices = self.catalogue()

    def catalogue(
        self, default_voice: str | None = None, default_language: str = "en", *, substitute: bool = True, **aliases: str
    ) -> VoiceCatalogue:
        return VoiceCatalogue(
            lambda: self.engine.capabilities,
            VoiceConfig(default_voice, default_language, Aliases(aliases), substitute), library=self.library,
        )  # fmt: skip

    def profile(self, id: str, base: str, **fields: Any) -> StoredVoice:
        return self.library.add(StoredVoice(id=id, name=id, kind="profile", base=base, **fields))

    def clone(self, id: str, family: str = "tone", **fields: Any) -> StoredVoice:
        voice = StoredVoice(id=id, name=id, kind="cloned", prompt_family=family, **fields)
        return self.library.add(voice, RECORDING, b"prompt")

    def design(self, id: str, **fields: Any) -> StoredVoice:
        return self.library.add(StoredVoice(id=id, name=id, kind="designed", design="An old sailor", **fields))

    @property
    def names(self) -> list[str]:
        return [info.name for info in self.voices.voices]

    def decided(self, voice: str | None, language: str | None, text: str) -> tuple[str, str]:
        known, spoken = self.voices.decide(self.voices.check(voice, language), text, request_id="x")
        return known.name, spoken


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


# -- which there are -------------------------------------------------------------------------------------------


def test_a_stored_voice_is_offered_at_once_and_gone_at_once(home: Home) -> None:
    assert home.names == ["tone", "gong"]
    home.clone("anna")
    home.design("captain")
    home.profile("news", "anna")
    assert home.names == ["tone", "gong", "anna", "captain", "news"]
    for name in home.names:
        assert home.voices.find(name.upper()).name == name
    home.library.remove("anna")
    assert home.names == ["tone", "gong", "captain"]
    for name in ("anna", "news"):
        with pytest.raises(UnknownVoice):
            home.voices.find(name)


@pytest.mark.parametrize("kinds", [kinds for n in (1, 2, 3) for kinds in itertools.combinations(ALL, n)])
def test_what_nothing_speaks_is_not_offered_and_says_why(home: Home, kinds: tuple[VoiceKind, ...]) -> None:
    home.clone("anna")
    home.design("captain")
    home.profile("news", "anna")
    home.engine = ToneEngine(kinds=kinds)
    for name, kind in (("anna", "cloned"), ("captain", "designed"), ("news", "cloned")):
        assert (name in home.names) == (kind in kinds)
        if kind not in kinds:
            with pytest.raises(UnknownVoice, match="it is stored, and") as caught:
                home.voices.find(name)
            assert ("anna" if name == "news" else "models download") in caught.value.message
    for voice, kind in ((ClonedVoice(VoicePrompt(b"")), "cloned"), (DesignedVoice("x"), "designed")):
        if kind not in kinds:
            with pytest.raises(InvalidRequest, match="models download") as refused:
                home.voices.check(voice, None)
            assert refused.value.param == "voice"


def test_a_name_that_nobody_has_is_unknown(home: Home) -> None:
    home.clone("anna")
    for name in ("nobody", "tone-ko", "tone-", "-de", "gong-de", "anna-klingon", "../anna", "x" * 1_000, "reference:x"):
        with pytest.raises(UnknownVoice) as caught:
            home.voices.find(name)
        assert (caught.value.param, len(caught.value.message) < 300) == ("voice", True)


# -- a voice in a language -------------------------------------------------------------------------------------


def test_a_name_with_a_language_behind_it_is_that_voice_in_that_language(home: Home) -> None:
    home.clone("anna")
    for name, base in (("tone-de", "tone"), ("Tone-DE", "tone"), ("gong-zh", "gong"), ("anna-fr", "anna")):
        known = home.voices.find(name)
        assert (known.name, known.language) == (base, name[-2:].lower())
        assert home.decided(name, None, ENGLISH) == (base, name[-2:].lower())
    assert home.decided("tone-de", "fr", ENGLISH) == ("tone", "fr"), "what is given counts"


def test_a_stored_voice_of_such_a_name_comes_first(home: Home) -> None:
    home.profile("tone-de", "gong")
    assert home.voices.find("tone-de").voice == PresetVoice("gong")
    home.profile("anna-de", "tone")
    assert home.decided("anna-de", None, ENGLISH) == ("anna-de", "en")
    assert home.decided("anna-de-fr", None, ENGLISH) == ("anna-de", "fr")
    home.library.remove("tone-de")
    assert home.voices.find("tone-de").language == "de"


@pytest.mark.parametrize(
    ("voice", "given", "text", "spoken"),
    [
        ("news", "fr", ENGLISH, "fr"),  # given
        ("news", None, ENGLISH, "de"),  # the voice's own
        ("news", "auto", ENGLISH, "de"),
        ("tone", None, GERMAN, "de"),  # detected
        ("tone", "English", GERMAN, "en"),
        ("gong", None, ENGLISH, "zh"),  # it has one
        ("tone", None, CHINESE, "en"),  # among its own
        ("anna", None, CHINESE, "zh"),
        ("captain", None, GERMAN, "de"),
    ],
)
def test_given_comes_before_the_voices_own_before_detected(
    home: Home, voice: str, given: str | None, text: str, spoken: str
) -> None:
    home.clone("anna")
    home.design("captain")
    home.profile("news", "tone", language="de")
    assert home.decided(voice, given, text) == (voice, spoken)


@pytest.mark.parametrize(("voice", "language"), [("gong", "de"), ("tone", "zh"), ("news", "zh"), (None, "ko")])
def test_a_language_that_the_voice_does_not_speak_is_refused(home: Home, voice: str | None, language: str) -> None:
    home.profile("news", "tone", language="de")
    with pytest.raises(UnsupportedLanguage) as caught:
        home.voices.check(voice, language)
    assert caught.value.param == "language"


def test_what_is_set_as_default_speaks_unless_one_is_named(home: Home) -> None:
    home.clone("anna")
    home.voices = home.catalogue("anna")
    assert home.decided(None, None, GERMAN) == ("anna", "de")
    assert home.decided("tone", None, GERMAN) == ("tone", "de")
    home.library.remove("anna")
    with pytest.raises(UnknownVoice):
        home.voices.check(None, None)


def test_without_one_the_languages_own_speaks(home: Home) -> None:
    home.clone("anna", language="zh")
    assert home.decided(None, None, CHINESE) == ("gong", "zh")
    assert home.decided(None, "fr", CHINESE) == ("tone", "fr")


def test_a_language_that_only_stored_voices_speak_has_a_default_too(home: Home) -> None:
    class Polyglot(ToneEngine):
        @property
        def capabilities(self) -> Any:
            return msgspec.structs.replace(super().capabilities, languages=("en", "de", "fr", "zh", "ko"))

    home.engine = Polyglot(kinds=ALL)
    home.clone("anna")
    assert "ko" in home.voices.languages
    assert {code: home.voices.default_for(code).name for code in home.voices.languages} == {
        "en": "tone", "de": "tone", "fr": "tone", "zh": "gong", "ko": "anna",
    }  # fmt: skip
    assert home.decided(None, None, "오늘 날씨가 좋네요.") == ("anna", "ko")


# -- by the names that people see ------------------------------------------------------------------------------

FRENCH = "Le train arrive à la gare à huit heures."


@pytest.mark.parametrize("table", ["preview", "qwen"])
def test_every_voice_is_found_by_whatever_a_list_shows(home: Home, table: str) -> None:
    home.engine = ToneEngine(table=table, kinds=ALL)
    for id, name in (
        ("kuche-1", "Küche 1"),
        ("小明", "小明"),
        ("дедушка", "Дедушка"),
        ("voice", "🎉"),
        ("fu", "Onkel Fu"),
    ):
        home.library.add(StoredVoice(id=id, name=name, kind="designed", design="x", description=f"{name}, of ours"))
    shown = labels(home.voices.voices)
    for known in home.voices.known:
        name = known.stored.name if known.stored else known.name
        for text in (known.name, name, known.info.description, shown[known.name], f"* {shown[known.name]}"):
            for written in (text, text.upper(), text.replace("_", " "), unicodedata.normalize("NFD", text)):
                assert home.voices.find(written).name == known.name, written


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Uncle Fu", "uncle_fu"),
        ("ono anna", "ono_anna"),
        ("uncle fu-de", "uncle_fu"),
        ("Küche 1", "küche-1"),
        ("KÜCHE_1", "küche-1"),
        ("Küche 1-de", "küche-1"),
    ],
)
def test_a_name_is_found_in_whatever_form_it_is_written(home: Home, written: str, name: str) -> None:
    home.engine = ToneEngine(table="qwen", kinds=ALL, preview=False)
    home.library.add(StoredVoice(id=slug("Küche 1"), name="Küche 1", kind="designed", design="x"))
    known = home.voices.find(written)
    assert (known.name, known.language) == (name, "de" if "de" in written else "auto")


def test_a_voices_own_name_comes_before_what_another_is_shown_as(home: Home) -> None:
    home.library.add(StoredVoice(id="first", name="anna", kind="designed", design="x", description="second"))
    home.library.add(StoredVoice(id="second", name="anna", kind="designed", design="x"))
    assert home.voices.find("second").name == "second"
    assert home.voices.find("Anna").name == "first", "of two the first"
    home.clone("anna")
    assert home.voices.find("Anna").name == "anna"


def test_of_voices_that_are_shown_alike_the_one_that_speaks_the_language_is_meant(home: Home) -> None:
    home.engine = ToneEngine(table="preview")
    for language, name in (("es", "ef_dora"), ("pt", "pf_dora"), ("ru", "pf_dora-ru")):
        assert home.decided("Dora", language, "?") == (name, language)


def test_an_unknown_name_is_told_voices_and_no_path_of_one_protocol(home: Home) -> None:
    home.engine = ToneEngine(table="preview")
    with pytest.raises(UnknownVoice) as caught:
        home.voices.find("hart")
    assert "there are heart, " in caught.value.message
    assert caught.value.message.endswith(f" and {len(home.names) - 5} more")
    assert "/v1" not in caught.value.message


# -- names that stand for whoever speaks -----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Vivian", "ryan", "Uncle Fu", "default", "Default"])
def test_on_the_preview_voice_qwens_names_are_spoken_by_the_voice_of_the_language(
    home: Home, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    caplog.set_level("INFO")
    home.engine = ToneEngine(table="preview")
    assert home.decided(name, None, ENGLISH) == ("heart", "en")
    assert home.decided(name, None, GERMAN) == ("if_sara-de", "de")
    assert home.decided(name, "fr", GERMAN) == ("ff_siwis", "fr")
    assert home.decided(f"{name}-ja", None, ENGLISH) == ("jf_alpha", "ja")
    assert f"asks for {name!r}, and heart speaks" in caplog.text
    home.voices = home.catalogue("am_michael")
    assert home.decided(name, None, ENGLISH) == home.decided(None, None, ENGLISH) == ("am_michael", "en")
    home.voices = home.catalogue(substitute=False)
    with pytest.raises(UnknownVoice):
        home.voices.check(name, None)


def test_where_qwen_speaks_its_names_are_its_voices_and_a_missing_one_is_told(home: Home) -> None:
    home.engine = ToneEngine(table="qwen", preview=False)
    assert home.decided("Vivian", None, ENGLISH) == ("vivian", "en")
    assert home.decided("default", None, ENGLISH) == home.decided(None, None, ENGLISH) == ("ryan", "en")
    home.engine = ToneEngine(kinds=("cloned",), preview=False)
    home.clone("grandma", gender="female")
    assert home.decided("default", None, ENGLISH) == ("grandma", "en")
    with pytest.raises(UnknownVoice, match="there are grandma"):
        home.voices.check("Vivian", None)


def test_a_kept_voice_that_cannot_speak_is_an_error_and_nobody_else(home: Home) -> None:
    home.engine = ToneEngine(table="preview")
    home.clone("ryan")
    home.clone("nova")
    home.profile("news", "vivian")
    home.library.add(StoredVoice(id="me", name="Küche 1", kind="cloned"), RECORDING)
    for name in ("Ryan", "nova", "news", "küche 1"):
        with pytest.raises(UnknownVoice, match="it is stored, and"):
            home.voices.check(name, None)


@pytest.mark.parametrize(
    ("table", "name", "text", "speaks"),
    [
        ("preview", "nova", ENGLISH, "heart"),
        ("preview", "Alloy", ENGLISH, "heart"),
        ("preview", "shimmer", ENGLISH, "heart"),
        ("preview", "onyx", ENGLISH, "am_michael"),
        ("preview", "echo", ENGLISH, "am_michael"),
        ("preview", "nova", GERMAN, "if_sara-de"),
        ("preview", "ash", GERMAN, "im_nicola-de"),
        ("preview", "onyx", FRENCH, "ff_siwis"),  # no man speaks French
        ("qwen", "onyx", ENGLISH, "ryan"),
        ("qwen", "nova", ENGLISH, "vivian"),  # no woman's own language is English
        ("qwen", "nova", CHINESE, "vivian"),
        ("qwen", "cedar", CHINESE, "uncle_fu"),
    ],
)
def test_openais_voices_are_the_languages_own_if_it_fits_else_the_first_of_that_gender(
    home: Home, table: str, name: str, text: str, speaks: str
) -> None:
    home.engine = ToneEngine(table=table)
    assert home.decided(name, None, text)[0] == speaks
    home.clone("nova")
    home.engine = ToneEngine(table=table, kinds=ALL)
    assert home.decided("nova", None, text)[0] == "nova", "a voice of that name comes first"


# -- the settings' aliases -------------------------------------------------------------------------------------


def test_an_alias_is_another_name_and_a_languages_voice_is_its_default(home: Home) -> None:
    home.engine = ToneEngine(table="preview")
    home.voices = home.catalogue(
        butler="am_michael", fr="im_nicola", German="im_nicola-de", alloy="butler", en="bf_emma"
    )
    assert home.decided("Butler", None, GERMAN) == ("am_michael", "en")
    assert home.decided("alloy", None, ENGLISH) == ("am_michael", "en"), "before the built-in ones"
    assert home.decided("butler-en", None, GERMAN) == ("am_michael", "en")
    assert home.decided(None, None, GERMAN) == home.decided("Vivian", None, GERMAN) == ("im_nicola-de", "de")
    assert home.decided("nova", None, ENGLISH) == ("bf_emma", "en")
    assert {code: home.voices.defaults[code] for code in ("de", "en", "es")} == {
        "de": "im_nicola-de", "en": "bf_emma", "es": "ef_dora",
    }  # fmt: skip


def test_a_languages_own_voice_comes_before_the_one_for_all(home: Home) -> None:
    home.engine = ToneEngine(table="qwen", preview=False)
    home.voices = home.catalogue("serena", fr="ryan")
    assert home.decided(None, None, FRENCH) == home.decided(None, "fr", "?") == ("ryan", "fr")
    assert home.decided(None, None, GERMAN) == home.decided("default", None, GERMAN) == ("serena", "de")
    assert home.voices.defaults["fr"] == "ryan"
    assert home.voices.defaults["de"] == "serena"


def test_a_default_voice_does_not_keep_languages_out_that_it_does_not_speak(home: Home) -> None:
    home.engine = ToneEngine(table="preview")
    home.voices = home.catalogue("am_michael")
    assert home.decided(None, "fr", "?") == ("ff_siwis", "fr")
    assert home.decided(None, None, FRENCH) == ("am_michael", "en"), "unless the language is given"
    assert home.voices.defaults["en"] == "am_michael"
    assert home.voices.defaults["fr"] == "ff_siwis"


def test_a_voices_own_name_stays_that_voice(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    home.voices = home.catalogue(tone="nobody")
    home.voices.check_settings()
    assert "voices.aliases: tone is a voice's own name" in caplog.text
    assert home.voices.find("tone").name == "tone"


@pytest.mark.parametrize(
    ("default", "aliases", "option"),
    [
        ("Nobody", {}, "voice"),
        ("tone-ko", {}, "voice"),
        (None, {"butler": "nobody"}, "voices.aliases"),
        (None, {"butler": "james", "james": "nobody"}, "voices.aliases"),
        (None, {"de": "nobody"}, "voices.aliases: de"),
        (None, {"German": "gong"}, "voices.aliases: de"),
    ],
)
def test_a_voice_of_the_settings_that_there_is_not_stops_the_start(
    home: Home, default: str | None, aliases: dict[str, str], option: str
) -> None:
    home.voices = home.catalogue(default, **aliases)
    with pytest.raises(SettingsError) as caught:
        home.voices.check_settings()
    assert str(caught.value).startswith(f"{option}: ")
    assert "gong" in str(caught.value)


@pytest.mark.parametrize(
    "default", [None, "TONE", "tone-de", "Tone, a test voice", "nova", "Vivian", "butler", "anna", "Küche"]
)
def test_a_default_voice_by_any_name_is_one(home: Home, default: str | None) -> None:
    home.engine = ToneEngine()
    home.clone("anna")  # kept, and told when it is asked for: nothing speaks it now
    home.library.add(StoredVoice(id="kitchen", name="Küche", kind="cloned"), RECORDING)
    home.voices = home.catalogue(default, butler="tone", de="tone", chief="anna", en="anna")
    home.voices.check_settings()


def test_an_alias_of_a_voice_that_went_says_so(home: Home) -> None:
    home.clone("anna")
    home.voices = home.catalogue(butler="anna", de="anna")
    home.voices.check_settings()
    assert home.decided("butler", None, GERMAN) == home.decided(None, None, GERMAN) == ("anna", "de")
    home.library.remove("anna")
    with pytest.raises(UnknownVoice, match="'butler' is an alias of 'anna': no voice 'anna'"):
        home.voices.check("butler", None)
    with pytest.raises(UnknownVoice):
        home.decided(None, None, GERMAN)
    assert home.voices.defaults["de"] == "tone", "the list is there all the same"


# -- what can be told before there is sound --------------------------------------------------------------------


@pytest.mark.parametrize("voice", [None, "nova", "onyx", "Vivian", "heart", "Dora", "butler", "default-de", "captain"])
@pytest.mark.parametrize("language", [None, "auto", "de", "en"])
@pytest.mark.parametrize("default", [None, "am_michael"])
def test_what_is_foretold_is_what_is_decided(
    home: Home, voice: str | None, language: str | None, default: str | None
) -> None:
    home.engine = ToneEngine(table="preview", kinds=ALL)
    home.design("captain")
    home.voices = home.catalogue(default, butler="bm_george", de="im_nicola-de")
    try:
        choice = home.voices.check(voice, language)
    except UnsupportedLanguage:
        return
    decided = {text: home.voices.decide(choice, text, request_id="x") for text in (ENGLISH, GERMAN, CHINESE)}
    for text, (known, spoken) in decided.items():
        assert home.voices.foretell(choice, text, request_id="x") == (known, spoken)
    told, spoken = home.voices.foretell(choice, None, request_id="x")
    assert told is None or {known for known, _ in decided.values()} == {told}
    assert spoken == "auto" or {spoken for _, spoken in decided.values()} == {spoken}


# -- profiles --------------------------------------------------------------------------------------------------


def test_what_a_profile_does_not_say_is_as_with_its_base(home: Home) -> None:
    home.clone("anna", seed=3)
    home.profile("calm", "anna", instruct="Calmly.", language="de", speed=0.5)
    home.profile("slow", "calm", speed=0.8)
    home.profile("wild", "calm", instruct="Wildly.", language="fr", seed=9)
    slow, wild = home.voices.find("slow"), home.voices.find("wild")
    assert (slow.instruct, slow.language, slow.seed, slow.speed) == ("Calmly.", "de", 3, 0.4)
    assert (wild.instruct, wild.language, wild.seed, wild.speed) == ("Wildly.", "fr", 9, 0.5)
    assert slow.kind == wild.kind == "cloned"
    assert slow.voice == wild.voice == home.library.get("anna")
    assert slow.info.languages[0] == "de"


@pytest.mark.parametrize(("name", "takes"), [("tone", True), ("captain", True), ("anna", False), ("calm", False)])
def test_a_cloned_voice_takes_no_instruction(home: Home, name: str, *, takes: bool) -> None:
    home.engine = ToneEngine(kinds=ALL, preview=False)
    home.clone("anna")
    home.design("captain")
    home.profile("calm", "anna")
    known = home.voices.find(name)
    home.voices.check_instruct(known, "")
    if takes:
        home.voices.check_instruct(known, "Calmly.")
    else:
        with pytest.raises(InvalidRequest, match="takes no instruction") as refused:
            home.voices.check_instruct(known, "Calmly.")
        assert refused.value.param == "instruct"


@pytest.mark.parametrize(("kinds", "takes"), [(ALL, True), (("cloned",), False)])
def test_without_a_voice_one_that_takes_it_may_be_meant(
    home: Home, kinds: tuple[VoiceKind, ...], *, takes: bool
) -> None:
    home.engine = ToneEngine(kinds=kinds, preview=False)
    if takes:
        home.voices.check_instruct(None, "Calmly.")
    else:
        with pytest.raises(InvalidRequest):
            home.voices.check_instruct(None, "Calmly.")


def test_without_a_voice_a_preset_speaks_if_there_is_one(home: Home) -> None:
    class Small(ToneEngine):
        """Presets of 0.6B, which take none, beside described voices, which do."""

        @property
        def capabilities(self) -> Any:
            return msgspec.structs.replace(super().capabilities, instruct_kinds=("designed",))

    home.engine = Small(kinds=ALL, preview=False)
    with pytest.raises(InvalidRequest):
        home.voices.check_instruct(None, "Calmly.")


def test_a_stored_instruction_that_cannot_be_followed_is_the_voices_fault(home: Home) -> None:
    home.engine = ToneEngine(kinds=ALL, preview=False)
    home.clone("anna")
    home.profile("calm", "anna", instruct="Calmly.")
    with pytest.raises(InvalidRequest, match="stored with an instruction") as refused:
        home.voices.check_instruct(home.voices.find("calm"))
    assert refused.value.param == "voice"


def test_the_preview_voice_takes_no_notice_of_an_instruction(home: Home) -> None:
    home.engine = ToneEngine(kinds=("cloned",), preview=True)
    home.voices.check_instruct(None, "Calmly.")


def test_profiles_of_each_other_are_nobodys_and_end(home: Home) -> None:
    home.profile("egg", "hen")
    home.profile("hen", "egg")
    home.profile("self", "self")
    home.profile("orphan", "nobody")
    assert home.names == ["tone", "gong"]
    for name in ("egg", "hen", "self", "orphan"):
        with pytest.raises(UnknownVoice, match="it is stored"):
            home.voices.find(name)


def test_a_profile_of_a_language_that_its_base_lost_is_not_offered(home: Home) -> None:
    home.profile("news", "gong", language="de")
    assert "news" not in home.names


# -- references ------------------------------------------------------------------------------------------------


def test_a_reference_is_a_voice_for_an_hour(home: Home) -> None:
    clock = Clock()
    home.voices.references = TrialReferences(now=clock)
    name = home.voices.references.add(VoicePrompt(b"prompt"), "tone")
    known = home.voices.find(name)
    assert (known.name, known.voice, known.kind) == (name, ClonedVoice(VoicePrompt(b"prompt")), "cloned")
    assert home.decided(name, None, GERMAN) == (name, "de")
    assert name not in home.names
    clock.now += EXPIRES_S
    assert home.voices.find(name) == known
    clock.now += 0.001
    with pytest.raises(UnknownVoice, match="send it again"):
        home.voices.find(name)


def test_a_reference_belongs_to_its_family(home: Home) -> None:
    name = home.voices.references.add(VoicePrompt(b"prompt"), "tone")
    home.engine = other = ToneEngine(kinds=ALL)
    other._capabilities = msgspec.structs.replace(other._capabilities, voice_prompts="2048x16")
    with pytest.raises(UnknownVoice, match="another checkpoint"):
        home.voices.find(name)


def test_the_last_references_are_held(home: Home) -> None:
    names = [home.voices.references.add(VoicePrompt(b""), "tone") for _ in range(MOST + 1)]
    assert len(set(names)) == len(names)
    for name in names[1:]:
        home.voices.find(name)
    with pytest.raises(UnknownVoice):
        home.voices.find(names[0])


# -- making them -----------------------------------------------------------------------------------------------


class TestMaker:
    @pytest.fixture
    def engine(self) -> ToneEngine:
        return ToneEngine(kinds=ALL, preview=False)

    @pytest.fixture
    def maker(self, manager: ModelManager, home: Home, engine: ToneEngine) -> VoiceMaker:
        home.engine = engine
        return VoiceMaker(Speech(manager, home.voices, Metrics(), SpeechConfig()), home.library)

    async def test_a_profile_of_a_voice_in_a_language_has_that_language(self, maker: VoiceMaker, home: Home) -> None:
        await maker.profile(About("News"), "tone-de")
        await maker.profile(About("Nouvelles", language="French"), "tone-de")
        assert home.decided("news", None, ENGLISH) == ("news", "de")
        assert home.decided("nouvelles", None, ENGLISH) == ("nouvelles", "fr")

    async def test_every_profile_that_is_made_can_speak(self, maker: VoiceMaker, home: Home) -> None:
        """Else it is refused: one of what is not kept, or of too many others."""

        async def make_a_row_of_them() -> None:
            base = "gong"
            for number in range(9):
                base = (await maker.profile(About(f"p{number}"), base)).id

        with pytest.raises(Refusal) as caught:
            await make_a_row_of_them()
        assert caught.value.param == "voice"
        assert home.names[2:] == sorted(voice.id for voice in home.library.voices)
        reference = await maker.reference(RECORDING, None)
        with pytest.raises(Refusal, match="not kept"):
            await maker.profile(About("Mine"), reference)

    @pytest.mark.parametrize(
        ("make", "param"),
        [
            (lambda maker: maker.profile(About("x"), ""), "voice"),
            (lambda maker: maker.profile(About("x"), "nobody"), "voice"),
            (lambda maker: maker.profile(About("x", language="de"), "gong"), "language"),
            (lambda maker: maker.profile(About("x", language="klingon"), "gong"), "language"),
            (lambda maker: maker.profile(About("x", speed=9), "gong"), "speed"),
            (lambda maker: maker.profile(About("  "), "gong"), "name"),
            (lambda maker: maker.profile(About("x", gender="x"), "gong"), "gender"),
            (lambda maker: maker.design(About("x"), " "), "design"),
            (lambda maker: maker.design(About("x", seed=-1), "An old sailor"), "seed"),
            (lambda maker: maker.clone(About("x"), RECORDING, None), "consent"),
            (lambda maker: maker.keep(About("x"), "no such take"), "take"),
        ],
    )
    async def test_what_cannot_be_made_is_named_and_leaves_nothing(
        self, maker: VoiceMaker, home: Home, make: Callable[[VoiceMaker], Any], param: str
    ) -> None:
        with pytest.raises((Refusal, SynthesisError)) as caught:
            await make(maker)
        assert getattr(caught.value, "param", None) == param
        assert home.library.voices == []
        assert list(home.folder.iterdir()) == []


def test_other_settings_are_refused_for_what_they_make_worse_alone(home: Home) -> None:
    home.clone("anna")
    home.voices = home.catalogue(butler="anna")
    home.library.remove("anna")
    gone = Aliases({"butler": "anna"})
    home.voices.check_change(VoiceConfig("tone", aliases=gone))  # it dangles already
    for config in (VoiceConfig("nobody", aliases=gone), VoiceConfig(aliases=Aliases({"maid": "nobody"}))):
        with pytest.raises(SettingsError, match="nobody"):
            home.voices.check_change(config)
    home.voices.use(VoiceConfig("gong"))
    assert home.decided(None, None, "Hello.")[0] == "gong"
