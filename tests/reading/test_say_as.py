"""Words of which somebody has said what they are, in every language."""

import subprocess
import sys

import pytest

from qwen3tts_daemon.reading.say_as import What, say_as
from qwen_tts.config.languages import LANGUAGES

CHARACTERS = {
    "en": ("B2B #4", "B two B hash four"), "de": ("ÄÖ-7", "Ä Ö Minus sieben"), "fr": ("sncf@", "S N C F arobase"),
    "es": ("ñ!", "Ñ signo de exclamación"), "it": ("RAI 1", "R A I uno"), "pt": ("ç/9", "Ç barra nove"),
    "ru": ("ФСБ5", "эф эс бэ пять"), "zh": ("CCTV5", "C C T V五"), "ja": ("NHK", "N H K"), "ko": ("KBS2", "K B S 이"),
}  # fmt: skip
CARDINAL = {
    "en": ("1,205", "one thousand two hundred five"), "de": ("1.205", "eintausendzweihundertfünf"),
    "fr": ("71", "soixante et onze"), "es": ("21", "veintiuno"), "it": ("28", "ventotto"), "pt": ("16", "dezesseis"),
    "ru": ("42", "сорок два"), "zh": ("205", "二百零五"), "ja": ("305", "三百五"), "ko": ("12", "십이"),
}  # fmt: skip
ORDINAL = {
    "en": ("21st", "twenty-first"), "de": ("3.", "dritte"), "fr": ("2e", "deuxième"), "es": ("3.º", "tercero"),
    "it": ("5°", "quinto"), "pt": ("3º", "terceiro"), "ru": ("3-й", "третий"), "zh": ("第3", "第三"),
    "ja": ("3番目", "第三"), "ko": ("제3", "세 번째"),
}  # fmt: skip
TELEPHONE = {
    "en": ("555-0142", "five five five, zero one four two"), "de": ("+49 30", "plus vier neun, drei null"),
    "fr": ("01 23", "zéro un, vingt-trois"), "es": ("91 123", "nueve uno, uno dos tres"),
    "it": ("06 12", "zero sei, uno due"), "pt": ("(11) 91", "um um, nove um"), "ru": ("8 20", "восемь, двадцать"),
    "zh": ("138-01", "幺三八，零幺"), "ja": ("03-12", "ゼロサン、イチニー"), "ko": ("02-12", "공이, 일이"),
}  # fmt: skip
DATE = {
    "en": "December twenty-fourth, twenty twenty-six", "de": "vierundzwanzigster Dezember zweitausendsechsundzwanzig",
    "fr": "vingt-quatre décembre deux mille vingt-six", "es": "veinticuatro de diciembre de dos mil veintiséis",
    "it": "ventiquattro dicembre duemilaventisei", "pt": "vinte e quatro de dezembro de dois mil e vinte e seis",
    "ru": "двадцать четвёртое декабря две тысячи двадцать шестого года", "zh": "二零二六年十二月二十四日",
    "ja": "二千二十六年十二月二十四日", "ko": "이천이십육년 십이월 이십사일",
}  # fmt: skip
MONTH = {
    "en": "May twenty twenty-six", "de": "Mai zweitausendsechsundzwanzig", "fr": "mai deux mille vingt-six",
    "es": "mayo de dos mil veintiséis", "it": "maggio duemilaventisei", "pt": "maio de dois mil e vinte e seis",
    "ru": "май две тысячи двадцать шестого года", "zh": "二零二六年五月", "ja": "二千二十六年五月",
    "ko": "이천이십육년 오월",
}  # fmt: skip
TIME = {
    "en": "five thirty p.m.", "de": "siebzehn Uhr dreißig", "fr": "dix-sept heures trente",
    "es": "cinco y media de la tarde", "it": "diciassette e trenta",
    "pt": "dezessete horas e trinta", "ru": "семнадцать тридцать", "zh": "下午五点三十分",
    "ja": "午後五時三十分", "ko": "십칠 시 삼십 분",
}  # fmt: skip
TABLES: dict[What, dict[str, tuple[str, str]]] = {
    "characters": CHARACTERS, "cardinal": CARDINAL, "ordinal": ORDINAL, "telephone": TELEPHONE
}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_it(language: str) -> None:
    for what, table in TABLES.items():
        text, words = table[language]
        assert say_as(what, text, language) == words, what
    for written, order in (("24.12.2026", "dmy"), ("12/24/26", "mdy"), ("2026-12-24", ""), ("20261224", "yyyymmdd")):
        assert say_as("date", written, language, order) == DATE[language], written
    assert say_as("date", "2026-05", language, "ym") == MONTH[language]
    assert say_as("time", "5:30 PM", language, "hms12") == TIME[language]


@pytest.mark.parametrize(
    ("what", "text", "form", "words"),
    [
        ("cardinal", "-3.5", "", "minus three point five"),
        ("cardinal", "XIV", "", "fourteen"),
        ("cardinal", "12345678901234567890", "", "one two three four five six seven eight nine zero " * 2),
        ("ordinal", "xxi", "", "twenty-first"),
        ("telephone", "0800-FLOWERS", "", "zero eight zero zero, F L O W E R S"),
        ("date", "3/4", "", "March fourth"),
        ("date", "3/4", "dm", "April third"),
        ("date", "1984", "y", "nineteen eighty-four"),
        ("date", "5", "m", "May"),
        ("date", "5", "d", "fifth"),
        ("time", "17:30", "hms24", "seventeen thirty"),
        ("time", "17:30", "hms12", "five thirty p.m."),
        ("time", "12:05am", "", "twelve oh five a.m."),
        ("time", "7:05:09", "", "seven oh five and nine seconds"),
        ("time", "1'21\"", "", "one minute and twenty-one seconds"),
    ],
)
def test_english(what: What, text: str, form: str, words: str) -> None:
    assert say_as(what, text, "en", form) == words.strip()


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("cardinal", "many"), ("cardinal", ""), ("ordinal", "0"), ("ordinal", "last"), ("telephone", "call me"),
        ("date", "31/02/2026"), ("date", "May 5"), ("date", "13/13"), ("date", "1"), ("time", "25:00"),
        ("time", "noon"), ("time", "13:00 pm"), ("characters", " "), ("characters", "\ue000"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_cannot_be_meant_so_is_left(what: What, text: str, language: str) -> None:
    assert say_as(what, text, language) is None


@pytest.mark.parametrize("what", ["characters", "cardinal", "ordinal", "telephone", "date", "time"])
def test_whatever_is_written_is_answered(what: What) -> None:
    for text in ("9" * 200, "+" * 200, "²³", "٣", "1" + ",1" * 90, "1'" * 60, ":" * 90, "é" * 200, "00/00/00", "0:0:0"):
        for form in ("", "dmy", "ddmmyyyy", "y", "hms12", "x"):
            for language in LANGUAGES:
                said = say_as(what, text, language, form)
                assert said is None or said.strip()


def test_no_language_is_loaded_by_the_import() -> None:
    code = (
        "import sys, qwen3tts_daemon.reading.say_as;"
        "assert not [m for m in sys.modules if m.endswith(('.english', '.german', '.korean')) or m == 'num2words']"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
