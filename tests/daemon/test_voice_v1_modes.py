"""The modes of voice.v1: preset, design and clone, and voices of uploaded references; no sockets, no clock."""

import itertools
from pathlib import Path
from typing import Any

import msgspec
import pytest

from qwen3tts_daemon.protocols.voice_v1.session import Session
from qwen3tts_daemon.settings import WebSocketSettings
from qwen3tts_daemon.voices.catalogue import VoiceCatalogue
from qwen3tts_daemon.voices.library import VoiceLibrary
from qwen3tts_daemon.voices.stored_voice import StoredVoice
from qwen3tts_daemon.voices.trial_references import EXPIRES_S, TrialReferences
from qwen_tts.api import Audio, ClonedVoice, DesignedVoice, VoiceKind, VoicePrompt
from tests.daemon.test_voice_v1 import Desk, kinds
from tests.fakes import ToneEngine

ALL: tuple[VoiceKind, ...] = ("preset", "cloned", "designed")
MODES = {"preset": "preset", "designed": "design", "cloned": "clone"}
RECORDING = Audio(pcm=bytes(48_000), sample_rate=24_000)


class Studio(Desk):
    """A desk whose engine speaks these kinds, with voices of people's own and references that expire."""

    def __init__(
        self, folder: Path, kinds: tuple[VoiceKind, ...] = ALL, instructed: tuple[VoiceKind, ...] | None = None
    ) -> None:
        super().__init__()
        capabilities = ToneEngine(kinds=kinds, preview=False).capabilities
        if instructed is not None:
            capabilities = msgspec.structs.replace(capabilities, instruct_kinds=instructed)
        self.library = VoiceLibrary(folder)
        self.voices = VoiceCatalogue(lambda: capabilities, library=self.library)
        self.time = 0.0
        self.voices.references = TrialReferences(now=lambda: self.time)
        self.session = Session(
            WebSocketSettings(),
            lambda: self.voices,
            lambda: capabilities,
            lambda: [self.status],
            now=self.now,
            version="1",
        )
        (self.ready,) = self.read()

    def keep(self, id: str, kind: Any, **fields: Any) -> None:
        voice = StoredVoice(id=id, name=id, kind=kind, prompt_family="tone" if kind == "cloned" else "", **fields)
        self.library.add(voice, RECORDING if kind == "cloned" else None, b"prompt" if kind == "cloned" else None)

    def reference(self) -> str:
        return self.voices.references.add(VoicePrompt(b"tried"), "tone")

    def configured(self, **options: Any) -> dict[str, Any]:
        (answer,) = self.say("configure", **options)
        assert answer["type"] == "configured", answer
        return dict(answer)

    def refused(self, type: str = "configure", **fields: Any) -> tuple[str, str | None]:
        error = self.say(type, **fields)[0]
        assert error["type"] == "error", error
        return error["code"], error.get("param")


@pytest.fixture
def desk(tmp_path: Path) -> Studio:
    return Studio(tmp_path)


@pytest.mark.parametrize("can", [some for n in (1, 2, 3) for some in itertools.combinations(ALL, n)])
def test_the_modes_are_those_of_what_is_loaded(tmp_path: Path, can: tuple[VoiceKind, ...]) -> None:
    desk = Studio(tmp_path, can)
    assert set(desk.ready["modes"]) == {MODES[kind] for kind in can}
    for kind, mode in MODES.items():
        answer = desk.say(
            "configure", mode=mode, design="An old sailor", voice=desk.reference() if kind in can else None
        )
        if kind not in can:
            assert (answer[0]["code"], answer[0]["param"]) == ("bad_field", "mode")
            assert answer[0]["message"].endswith("one of: " + ", ".join(desk.ready["modes"]))


def test_a_described_voice_speaks(desk: Studio) -> None:
    (started,) = desk.say(
        "speak",
        ctx="a",
        text="Ahoy",
        final=True,
        mode="design",
        design="An old sailor",
        language="de",
        instruct="Softly.",
    )
    assert started["type"] == "started"
    order = desk.contexts["a"].options.order
    assert order.protocol == "websocket"
    assert order.voice == DesignedVoice("An old sailor")
    assert (order.language, order.instruct) == ("de", "Softly.")
    assert started["request_id"] == desk.contexts["a"].request_id, "by which its take can be kept"


@pytest.mark.parametrize("design", [None, "", "   "])
def test_a_described_voice_has_words(desk: Studio, design: str | None) -> None:
    assert desk.refused(mode="design", design=design) == ("bad_field", "design")
    assert desk.refused("speak", ctx="a", text="x", mode="design", design=design) == ("bad_field", "design")
    assert desk.refused(mode="design", design="x" * 2_001) == ("bad_field", "design")
    assert desk.contexts == {}


def test_a_described_voice_stays_until_it_is_changed(desk: Studio) -> None:
    desk.configured(mode="design", design="An old sailor")
    desk.say("speak", ctx="a", text="x")
    desk.configured(design="A young queen")
    desk.say("speak", ctx="b", text="x")
    desk.configured(mode="preset")
    desk.say("speak", ctx="c", text="x")
    assert [desk.contexts[name].options.order.voice for name in "abc"] == [
        DesignedVoice("An old sailor"), DesignedVoice("A young queen"), None,
    ]  # fmt: skip


def test_cloning_takes_a_cloned_voice_or_a_reference(desk: Studio) -> None:
    desk.keep("anna", "cloned")
    desk.keep("captain", "designed", design="An old sailor")
    desk.keep("news", "profile", base="anna")
    reference = desk.reference()
    for voice in ("anna", "ANNA", "news", "anna-de", reference):
        assert desk.configured(mode="clone", voice=voice)["mode"] == "clone"
    for voice in (None, "tone", "captain"):
        assert desk.refused(mode="clone", voice=voice) == ("bad_field", "voice")
    for voice in ("nobody", reference[:-1], "reference:"):
        assert desk.refused(mode="clone", voice=voice) == ("unknown_voice", "voice")


def test_a_cloned_voice_takes_no_instruction_and_nothing_is_changed(desk: Studio) -> None:
    desk.keep("anna", "cloned")
    desk.configured(voice="anna")
    assert desk.refused(instruct="Softly.") == ("bad_field", "instruct")
    assert desk.refused("speak", ctx="a", text="x", instruct="Softly.") == ("bad_field", "instruct")
    assert desk.configured()["instruct"] == ""
    assert desk.configured(voice="tone", instruct="Softly.")["instruct"] == "Softly."
    assert desk.refused(voice="anna") == ("bad_field", "instruct")


def test_a_described_voice_is_told_how_to_speak_where_that_is_possible(desk: Studio, tmp_path: Path) -> None:
    design = {"mode": "design", "design": "An old sailor", "instruct": "Softly."}
    assert desk.configured(**design)["instruct"] == "Softly."
    assert Studio(tmp_path / "another", instructed=("preset",)).refused(**design) == ("bad_field", "instruct")


def test_stored_voices_need_no_mode(desk: Studio) -> None:
    desk.keep("anna", "cloned")
    desk.keep("captain", "designed", design="An old sailor")
    for voice in ("anna", "captain", desk.reference()):
        (started,) = desk.say("speak", ctx=voice.replace(":", "."), text="x", voice=voice)
        assert started["type"] == "started"
        assert desk.contexts[voice.replace(":", ".")].options.order.voice == voice


def test_a_reference_speaks_until_it_expires(desk: Studio) -> None:
    reference = desk.reference()
    desk.configured(mode="clone", voice=reference)
    desk.say("speak", ctx="a", text="x")
    order = desk.contexts["a"].options.order
    known = desk.voices.check(order.voice, order.language).voice
    assert known is not None
    assert known.voice == ClonedVoice(VoicePrompt(b"tried"))
    desk.time += EXPIRES_S + 1
    said = desk.say("speak", ctx="b", text="One ")
    assert kinds(said) == ["error", "done"]
    assert (said[0]["code"], said[0]["param"], said[0]["ctx"]) == ("unknown_voice", "voice", "b")
    assert desk.say("speak", ctx="b", text="two", final=True)[0]["code"] == "ctx_closed"
    assert desk.configured(mode="preset", voice=None)["mode"] == "preset"


def test_a_voice_that_is_deleted_is_an_error_and_no_other_voice(desk: Studio) -> None:
    desk.keep("anna", "cloned")
    desk.configured(mode="clone", voice="anna")
    desk.library.remove("anna")
    said = desk.say("speak", ctx="a", text="x")
    assert kinds(said) == ["error", "done"]
    assert said[0]["code"] == "unknown_voice"


def test_a_refused_mode_changes_nothing(desk: Studio) -> None:
    before = desk.configured(mode="design", design="An old sailor")
    for wrong in ({"mode": "clone"}, {"mode": "sing"}, {"design": " "}, {"language": "ko"}, {"mode": 5}):
        assert desk.refused(**wrong)[0] in ("bad_field", "unsupported_language")
    assert desk.configured() == before


@pytest.mark.parametrize("voice", ["news", "tone-de", "TONE-DE"])
def test_a_language_of_the_voice_goes_with_the_voice(desk: Studio, voice: str) -> None:
    """The next one speaks what it speaks: nobody has asked it for German."""
    desk.keep("news", "profile", base="tone", language="de")

    def speaks(name: str) -> tuple[str, str]:
        desk.say("speak", ctx=name, text="x")
        order = desk.contexts[name].options.order
        choice = desk.voices.check(order.voice, order.language)
        assert choice.voice is not None
        return choice.voice.name, choice.language

    name = desk.configured(voice=voice)["voice"]
    assert name == voice.lower()
    assert speaks("a") == (name.removesuffix("-de"), "de")
    desk.configured(voice="gong")
    assert speaks("b") == ("gong", "auto")
    desk.configured(voice=voice, language="fr")
    assert speaks("c") == (name.removesuffix("-de"), "fr")
    desk.configured(language=None)
    assert speaks("d") == (name.removesuffix("-de"), "de")
    desk.configured(language="fr")
    assert desk.refused(voice="gong") == ("unsupported_language", "language"), "that one was asked for"


def test_what_nobody_speaks_fails_at_once_and_ends_nothing(tmp_path: Path) -> None:
    desk = Studio(tmp_path, ("cloned", "designed"))
    desk.say("speak", ctx="a", text="Ahoy", mode="design", design="An old sailor")
    said = desk.say("speak", ctx="b", text="Hello.", final=True, mode="clone", voice="default", policy="preempt")
    assert [message["type"] for message in said] == ["error", "done"]
    assert desk.stopped == []
