"""Words that come with their sounds: said as they are, and cut nowhere."""

import logging

import pytest

from qwen3tts_daemon.embedded.cancellation import Cancellation
from qwen3tts_daemon.embedded.phonemes.g2p import G2P
from qwen3tts_daemon.embedded.phonemes.given import set_apart
from qwen3tts_daemon.embedded.synthesizer import EmbeddedSynthesizer
from qwen3tts_daemon.embedded.voices import VOICES
from qwen_tts.text.annotations import annotated

LOCALES = sorted({voice.locale for voice in VOICES})
BY_NAME = {voice.name: voice for voice in VOICES}


def read(g2p: G2P, text: str, locale: str) -> str:
    marked, given = set_apart(text)
    return g2p.read(marked, locale, given).phonemes


@pytest.mark.parametrize("locale", LOCALES)
def test_sounds_stand_in_the_place_of_their_words(g2p: G2P, locale: str) -> None:
    word = annotated("X", "ʃivˈɔn")
    assert read(g2p, f"{word}.", locale) == "ʃivˈɔn."
    assert read(g2p, f"{word}", locale) == "ʃivˈɔn"
    mixed = read(g2p, f"{word}, {word}!", locale)
    assert mixed == "ʃivˈɔn, ʃivˈɔn!"


def test_what_stands_beside_them_is_read_as_ever(g2p: G2P) -> None:
    hello, now = g2p.phonemes("Call", "en-US"), g2p.phonemes("now.", "en-US")
    assert read(g2p, f"Call {annotated('Siobhan', 'ʃɪvˈɔn')} now.", "en-US") == f"{hello} ʃɪvˈɔn {now}"


@pytest.mark.parametrize(("sounds", "said"), [("ʃɪvˈɔn", "ʃɪvˈɔnz"), ("ʤˈæk", "ʤˈæks"), ("mˈæks", "mˈæksᵻz")])
def test_an_english_s_belongs_to_its_word(g2p: G2P, sounds: str, said: str) -> None:
    for apostrophe in "'’":
        assert read(g2p, f"{annotated('X', sounds)}{apostrophe}s.", "en-GB") == f"{said}."


def test_dictionaries_are_understood_and_the_rest_is_left_out_and_logged(
    g2p: G2P, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    assert read(g2p, annotated("Gage", "'geɪd͡ʒ"), "en-US") == "ˈɡAʤ"
    assert not caplog.records
    assert read(g2p, annotated("X", "a☃b"), "en-US") == "ab"
    assert "☃" in caplog.text


def test_nothing_cuts_a_word_that_comes_with_its_sounds(voices: EmbeddedSynthesizer) -> None:
    words = annotated("Dr. No, the first. Of all; them", "dˈɑktəɹ nˈO, ðə fˈɜɹst. əv ˈɔl ðˈɛm")
    text = (
        f"Somebody went to see {words} and {words} with {words} and many other people, because {words} is well known."
    )
    units = list(voices.phoneme_units(text, BY_NAME["af_heart"], Cancellation(), is_first=True))
    assert len(units) > 1
    assert sum(unit.phonemes.count("dˈɑktəɹ nˈO, ðə fˈɜɹst. əv ˈɔl ðˈɛm") for unit in units) == 4


def test_more_sounds_than_a_network_takes_are_no_end(voices: EmbeddedSynthesizer) -> None:
    units = list(voices.phoneme_units(annotated("x", "ab" * 5_000), BY_NAME["af_heart"], Cancellation(), is_first=True))
    assert [len(unit.phonemes) for unit in units] == [101]


def test_letters_of_others_stay_what_they_are(g2p: G2P) -> None:
    text, given = set_apart(f"ꀀ {annotated('a', 'b')} ꀁ")
    assert (text, given) == ("ꀀ ꀂ ꀁ", {"ꀂ": "b"})
