import logging
from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from qwen3tts_daemon.embedded.cancellation import Cancellation
from qwen3tts_daemon.embedded.kokoro import vocabulary
from qwen3tts_daemon.embedded.phonemes.g2p import G2P, Phonemizer, count_sounds
from qwen3tts_daemon.embedded.phonemes.korean import hangul_phonemes
from qwen3tts_daemon.embedded.synthesizer import MAX_UNIT_SOUNDS, EmbeddedSynthesizer, PhonemeUnit
from qwen3tts_daemon.embedded.voices import VOICES

SENTENCES = {
    "en": "Well, “quite” a naïve façade… isn't it? ☃",
    "zh": "我在用iPhone，ok吗？明天见！",
    "ja": "GPUとAIの話、えっ？本当に「はい」と言った。",
    "ko": "내일 Wi-Fi를 고쳐요, 알겠습니까?",
    "de": "Fünf Köche — zwölf Brötchen; schön, nicht wahr?",
    "fr": "N'oubliez pas l'œuf, s'il vous plaît : à bientôt !",
    "ru": "Съешь ещё этих мягких булок, да выпей чаю!",
    "pt": "Não, amanhã não; são três irmãos.",
    "es": "¿Cómo estás, señor? ¡Muy bien!",
    "it": "Perché no? È già lunedì, gli gnocchi sono pronti.",
}
LOCALES = sorted({voice.locale for voice in VOICES})


@pytest.mark.parametrize("locale", LOCALES)
def test_only_symbols_that_the_network_knows_come_out(g2p: G2P, locale: str) -> None:
    phonemes = g2p.phonemes(SENTENCES[locale[:2]], locale)
    assert phonemes
    assert set(phonemes) <= set(vocabulary())


@pytest.mark.parametrize("locale", LOCALES)
def test_the_mark_at_the_end_survives(g2p: G2P, locale: str) -> None:
    for mark, native in zip(".?!", "。？！" if locale in ("zh-CN", "ja-JP") else ".?!", strict=True):
        assert g2p.phonemes(SENTENCES[locale[:2]][:6] + native, locale).endswith(mark)


@pytest.mark.parametrize("locale", LOCALES)
def test_what_has_no_sound_gives_no_phonemes(g2p: G2P, locale: str) -> None:
    assert not any(symbol.isalpha() for symbol in g2p.phonemes("… !", locale))


def test_british_and_american_english_differ(g2p: G2P) -> None:
    assert g2p.phonemes("tomato", "en-GB") != g2p.phonemes("tomato", "en-US")


@pytest.mark.parametrize("text", ["A B C.", "Made in the U S A", "N A T O is.", "A I"])
def test_an_a_that_is_spelled_is_no_article(g2p: G2P, text: str) -> None:
    for locale in ("en-US", "zh-CN"):
        assert "ˈA" in g2p.phonemes(text, locale)
    assert g2p.phonemes("A day in a U boat.", "en-US").startswith("ɐ")


def test_latin_words_in_chinese_and_korean_are_read_as_english(g2p: G2P) -> None:
    english = g2p.phonemes("phone", "en-US")
    assert english in g2p.phonemes("我的phone很好。", "zh-CN")
    assert english in g2p.phonemes("제 phone 좋아요.", "ko-KR")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("국어", "구거"),  # liaison
        ("앉아", "안자"),
        ("좋다", "조타"),  # aspiration
        ("입학", "이팍"),
        ("국물", "궁물"),  # nasalisation
        ("독립", "동닙"),
        ("신라", "실라"),  # liquids
        ("같이", "가치"),  # palatalisation
        ("학교", "학꾜"),  # tensing
        ("닭", "닥"),  # simplified coda
        ("없어", "업써"),
    ],
)
def test_korean_is_read_by_its_rules_of_pronunciation(written: str, said: str) -> None:
    assert hangul_phonemes(written) == hangul_phonemes(said)


@pytest.mark.parametrize(("letters", "said"), [("ㅋㅋㅋ", "크크크"), ("ㅠㅠ", "유유"), ("ㄱ씨", "그씨")])
def test_korean_letters_that_stand_alone_are_said(letters: str, said: str) -> None:
    assert hangul_phonemes(letters) == hangul_phonemes(said)


@pytest.mark.parametrize("locale", ["en-US", "en-GB"])
def test_every_letter_of_a_long_english_word_is_read(g2p: G2P, locale: str) -> None:
    assert count_sounds(g2p.phonemes("ba" * 1_000, locale)) > 1_000


@pytest.mark.parametrize("letter", ["a", "A", "v", "é", "Ⅳ", "Ｂ"])
@pytest.mark.parametrize("locale", ["ja-JP", "ko-KR", "zh-CN"])
def test_letters_of_other_scripts_are_said(locale: str, letter: str, voices: EmbeddedSynthesizer) -> None:
    assert spoken(voices, letter, locale)


@pytest.mark.parametrize(
    ("word", "phonemes"),
    [
        ("ключ", "klʲˈuʧʲ"),  # no mark of a pause inside
        ("дверь", "dvʲˈerʲ"),  # soft, with no vowel after it
        ("возьми", "vʌzʲmʲˈɪ"),  # with all its consonants
        ("включён", "fklʲuʧʲˈon"),
        ("я", "ˈja"),
    ],
)
def test_russian_soft_sounds_are_written_as_the_network_knows_them(g2p: G2P, word: str, phonemes: str) -> None:
    assert g2p.phonemes(word, "ru-RU") == phonemes


def test_russian_quotes_stay_marks(g2p: G2P) -> None:
    assert g2p.phonemes('"Люблю"', "ru-RU") == '"lʲublʲˈu"'


class _Picky(G2P):
    """Has a library that fails at two characters."""

    def _load(self, locale: str) -> Phonemizer:
        def read(text: str) -> str:
            if set(text) & set("☠0"):
                raise LookupError(text)
            return text

        return read


@pytest.mark.parametrize(
    ("text", "said"),
    [("ba ☠ da", "ba da"), ("ba☠da ka", "ba da ka"), ("☠0 ba", "ba"), ("ba da 0", "ba da"), ("☠", ""), ("0☠" * 99, "")],
)
def test_what_a_library_fails_at_is_left_out_alone_and_named(
    text: str, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert _Picky(vocabulary()).phonemes(text, "xx").split() == said.split()
    (warning,) = caplog.records
    assert warning.levelno == logging.WARNING
    named = warning.getMessage().partition("cannot say: ")[2].split(", ")
    assert set(named) == {kind for character, kind in (("☠", "skull"), ("0", "digit")) if character in text}


def units_of(voices: EmbeddedSynthesizer, text: str, locale: str) -> Iterator[PhonemeUnit]:
    voice = next(voice for voice in VOICES if voice.locale == locale)
    return voices.phoneme_units(text, voice, Cancellation(), is_first=True)


def spoken(voices: EmbeddedSynthesizer, text: str, locale: str) -> int:
    return sum(count_sounds(unit.phonemes) for unit in units_of(voices, text, locale))


HOSTILE = [
    "0", "00", "9" * 37, "9" * 101, "12" * 60, "1,234" + ",567" * 30, "1.234" + ".567" * 30, "0." + "0" * 100 + "1",
    "0," + "0" * 100 + "1", "9" * 50 + "." + "9" * 50, "1e400", "-" + "9" * 20, "+49 30 1234567", "03-1234-0000",
    "0120-444-444", "192.168.0.1", "99:99:99", "00/00/0000", "31.12.2026", "2026-13-45", "$" + "9" * 40, "5%%", "5‰",
    "€0,00", "½ 1", "1½", "1/0", "x² 2", "① 1", "5㎡", "5℃", "№ 5", "MMXXVI 1", "5 日本 한국 Привет", "👩‍👩‍👧 5",
    "5\u0301" * 50, "\x005", "5\x1b[0m", "\u202e5\u202c", "5\u200d6", "\ufeff5", "𝟙𝟚", "𝓗𝓲 5", "a" * 2_000 + "1",
    "1a" * 300, "-1" * 300, "1 " * 300, "[5](/x/)", "5_5__5", "http://a.b/c?d=5&e=6#7",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("locale", LOCALES)
def test_no_text_with_a_digit_fails_or_stays_silent(voices: EmbeddedSynthesizer, locale: str, text: str) -> None:
    units = list(units_of(voices, text, locale))
    assert any(count_sounds(unit.phonemes) for unit in units)
    assert all(count_sounds(unit.phonemes) <= MAX_UNIT_SOUNDS for unit in units)


@pytest.mark.parametrize("locale", LOCALES)
@settings(max_examples=30, deadline=None, derandomize=True)
@given(text=st.text(max_size=60), number=st.from_regex(r"\A[-+]?[0-9]{1,3}([.,:/ -][0-9]{1,9}){0,3}[%€°]?\Z"))
@example(text="\0", number="0")
def test_a_number_amid_anything_is_heard(voices: EmbeddedSynthesizer, locale: str, text: str, number: str) -> None:
    assert spoken(voices, f"{text} {number} {text}", locale)


@pytest.mark.parametrize("locale", LOCALES)
def test_a_unit_is_bounded_in_sound_and_read_when_its_turn_comes(voices: EmbeddedSynthesizer, locale: str) -> None:
    text = "".join(char for char in SENTENCES[locale[:2]] if char.isalnum())
    unstopped = units_of(voices, (text * 8_000)[:8_000], locale)
    first = [next(unstopped) for _ in range(3)]
    assert all(count_sounds(unit.phonemes) <= MAX_UNIT_SOUNDS for unit in first)
