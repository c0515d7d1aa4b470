import pytest

from qwen3tts_daemon.embedded.kokoro import vocabulary
from qwen3tts_daemon.embedded.phonemes.korean import hangul_phonemes
from qwen3tts_daemon.embedded.phonemes.readers import Readers
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
def test_only_symbols_that_the_network_knows_come_out(readers: Readers, locale: str) -> None:
    phonemes = readers.phonemes(SENTENCES[locale[:2]], locale)
    assert phonemes
    assert set(phonemes) <= set(vocabulary())


@pytest.mark.parametrize("locale", LOCALES)
def test_the_mark_at_the_end_survives(readers: Readers, locale: str) -> None:
    for mark, native in zip(".?!", "。？！" if locale in ("zh-CN", "ja-JP") else ".?!", strict=True):
        assert readers.phonemes(SENTENCES[locale[:2]][:6] + native, locale).endswith(mark)


@pytest.mark.parametrize("locale", LOCALES)
def test_what_has_no_sound_gives_no_phonemes(readers: Readers, locale: str) -> None:
    assert not any(symbol.isalpha() for symbol in readers.phonemes("… !", locale))


def test_british_and_american_english_differ(readers: Readers) -> None:
    assert readers.phonemes("tomato", "en-GB") != readers.phonemes("tomato", "en-US")


def test_latin_words_in_chinese_and_korean_are_read_as_english(readers: Readers) -> None:
    english = readers.phonemes("phone", "en-US")
    assert english in readers.phonemes("我的phone很好。", "zh-CN")
    assert english in readers.phonemes("제 phone 좋아요.", "ko-KR")


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
