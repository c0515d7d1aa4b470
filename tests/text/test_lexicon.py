"""The lexicon: which words of a text are meant, in ten languages, and what is left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen3tts_daemon.text.clean import speakable
from qwen3tts_daemon.text.lexicon import Entry, Lexicon, Words, checked
from qwen3tts_daemon.text.pronunciations import Pronunciation
from qwen_tts.config.languages import LANGUAGES
from qwen_tts.errors import InvalidRequest


def said(text: str, *entries: Entry, language: str = "en", voices: tuple[str, ...] = (), has_ipa: bool = False) -> str:
    """The text with what is said, in brackets, for words of the lexicon."""
    words = Words(Lexicon(map(checked, entries)), language, voices, has_ipa=has_ipa)
    marked, pronunciations = words.marked(text, {})
    for letter, one in pronunciations.items():
        marked = marked.replace(letter, f"[{one.value}]")
    return marked


def word(written: str, say: str = "X", **more: str) -> Entry:
    return Entry(written=written, say=say, **more)


TABLE = {
    "en": """
        gif | A GIF, a gif and a Gif. | A [X], a [X] and a [X].
        Siobhan | Siobhan, SIOBHAN and siobhan | [X], SIOBHAN and siobhan
        ING | Sing, ING and singING | Sing, [X] and singING
        ing | The king of ing | The king of [X]
        Siobhan | Siobhan's dog, Siobhan’s cat | [X]'s dog, [X]’s cat
        can | I can't, you can | I can't, you [X]
        re | They're here, re: lunch | They're here, [X]: lunch
        WLAN | WLAN-Router, WLANs, (WLAN) | [X]-Router, WLANs, ([X])
        3D | A 3D print, 13D, 1.3D, 3Ds, X3D | A [X] print, 13D, 1.3D, 3Ds, X3D
        kWh | 5 kWh, 12kWh and 1.5kWh; A12kWh | 5 [X], 12 [X] and 1.5 [X]; A12kWh
        O | H2O, O and 5O | H2O, [X] and 5O
        MP3 | An MP3, MP34, MP3s, MP3-player | An [X], MP34, MP3s, [X]-player
        C++ | C++ and C++11, not C | [X] and [X] 11, not C
        US$ | US$5 and US$ | [X] 5 and [X]
        °C | 5°C, 5 °C | 5 [X], 5 [X]
        C | C, C++ and C# | [X], C++ and C#
        @home | Come @home, me@home.example | Come [X], me@home.example
        home | me@home.example, home.example, at home. | me@home.example, home.example, at [X].
        .NET | .NET, ASP.NET | [X], ASP.NET
        New York | New York, New\nYork and New Yorker | [X], [X] and New Yorker
        O'Brien | O’Brien and O'Brien's | [X] and [X]'s
        20 | 20, 18:20, 20.5, 20/7 and 120 | [X], 18:20, 20.5, 20/7 and 120
        sing | Opening, rising, sing! | Opening, rising, [X]!
        read | read_me, read-only | read_me, [X]-only
    """,
    "de": """
        Haus | Haus, Hausboot, Haus-Boot, Rathaus | [X], Hausboot, [X]-Boot, Rathaus
        straße | Straße, STRAßE, Straßen | [X], [X], Straßen
        Müller | Müllers, Müller | Müllers, [X]
        kWh | 3,5kWh | 3,5 [X]
        geht | Wie geht's? Es geht. | Wie [X]'s? Es [X].
    """,
    "fr": """
        eau | L'eau, l’eau, les eaux, bureau | L'[X], l’[X], les eaux, bureau
        jusqu | jusqu'à, jusqu | jusqu'à, [X]
        Hélène | Hélène, Hélènes, Helene | [X], Hélènes, Helene
    """,
    "es": "niño | El Niño, niños y ¡niño! | El [X], niños y ¡[X]!",
    "it": "aquila | L'Aquila, dell'aquila, aquilone | L'[X], dell'[X], aquilone",
    "pt": "pão | Pão, pães, pãozinho, pão-de-ló | [X], pães, pãozinho, [X]-de-ló",
    "ru": """
        замок | Замок, замка, ЗАМОК | [X], замка, [X]
        ёж | ёж, ёжик, чертёж | [X], ёжик, чертёж
    """,
    "zh": """
        重庆 | 我在重庆市。 | 我在[X]市。
        WiFi | 打开WiFi吧，WiFi6E | 打开[X]吧，WiFi6E
        行 | 银行行长，5行 | 银[X][X]长，5[X]
    """,
    "ja": """
        東京 | 東京都と東京 | [X]都と[X]
        カフェ | 駅前カフェへ | 駅前[X]へ
        AI | このAIは、FAIR | この[X]は、FAIR
    """,
    "ko": """
        서울 | 서울은 서울에서 서울대학교 | [X]은 [X]에서 서울대학교
        가 | 가방 가 | 가방 [X]
        와이파이 | 와이파이를 켜고, 공용와이파이 | [X]를 켜고, 공용와이파이
        WiFi | WiFi를, AI스피커 WiFi. | [X]를, AI스피커 [X].
        철수 | 철수에게는 철수까지도 철수세미 | [X]에게는 [X]까지도 철수세미
    """,
}
ROWS = [
    pytest.param(code, *(part.replace("\\n", "\n") for part in row.strip().split(" | ")), id=f"{code}: {row.strip()}")
    for code, rows in TABLE.items()
    for row in rows.strip().split("\n        ")
]


@pytest.mark.parametrize(("language", "written", "text", "wanted"), ROWS)
def test_a_word_is_meant_where_it_stands_by_itself(language: str, written: str, text: str, wanted: str) -> None:
    assert said(text, word(written), language=language) == wanted


def test_every_language_is_in_the_table() -> None:
    assert TABLE.keys() == LANGUAGES.keys()


def test_what_is_more_special_goes_first_and_then_the_longer_phrase() -> None:
    entries = [
        word("new", "all"), word("new york", "all, longer"), word("New York", "as written"),
        word("new", "german", language="de"), word("new", "anna", voice="Anna"),
        word("new", "anna in german", voice="anna", language="German"),
    ]  # fmt: skip
    text = "New York, new york, new"
    assert said(text, *entries, language="en") == "[as written], [all, longer], [all]"
    assert said(text, *entries, language="de") == "[german] York, [german] york, [german]"
    assert said(text, *entries, language="en", voices=("anna",)) == "[anna] York, [anna] york, [anna]"
    assert said(text, *entries, language="de", voices=("ANNA",)).startswith("[anna in german] York")
    assert (
        said("Polish and polish", word("polish", "shine"), word("Polish", "from Poland")) == "[from Poland] and [shine]"
    )


def test_sounds_are_for_who_takes_them_and_pinyin_for_chinese() -> None:
    both = Entry(written="Siobhan", say="Shivawn", ipa="ʃɪvˈɔn")
    sounds, syllables = Entry(written="Siobhan", ipa="ʃɪvˈɔn"), Entry(written="重庆", pinyin="chong2 qing4")
    assert said("Siobhan", both, has_ipa=True) == "[ʃɪvˈɔn]"
    assert said("Siobhan", both) == "[Shivawn]"
    assert said("Siobhan", sounds) == "Siobhan"
    assert said("Siobhan", word("Siobhan", "plain"), Entry(written="Siobhan", ipa="x", language="en")) == "[plain]"
    assert said("重庆", syllables, language="zh") == "[chong2 qing4]"
    assert said("重庆", syllables, language="ja") == "重庆"


def test_the_same_words_share_a_placeholder_and_those_before_are_kept() -> None:
    before = {"𒀀": Pronunciation("5", "cardinal", "5")}
    marked, said = Words(Lexicon([word("gif")]), "en", (), has_ipa=False).marked("A gif of 𒀀 gifs, gif.", before)
    assert marked == "A 𒀁 of 𒀀 gifs, 𒀁."
    assert said == {**before, "𒀁": Pronunciation("gif", "words", "X")}


LETTERS = "aAbBinNgG'’-@.+#1 25_éß가을는重庆か\n"
SOME = [word(written) for written in ("a", "ing", "Nb", "1g", "a b", "@a", "b+", "가", "重庆", "é")]


@given(st.text(LETTERS, max_size=40))
def test_a_text_without_the_words_stays_as_it_is(text: str) -> None:
    marked, found = Words(Lexicon(SOME), "en", (), has_ipa=False).marked(text, {})
    if not any(entry.written.lower() in text.lower() for entry in SOME):
        assert (marked, found) == (text, {})
    back = marked
    for letter, one in found.items():
        back = back.replace(letter, one.written)
    assert back.replace(" ", "") == text.replace(" ", "") or len({one.written.lower() for one in found.values()}) < len(
        found
    )


@pytest.mark.parametrize("text", ["Come @home now.", "A **@home** sign", "@home"])
def test_cleaning_leaves_its_words_alone(text: str) -> None:
    assert Lexicon([word("@home")]).cleaned(text) == text.replace("*", "")
    assert Lexicon([word("home")]).cleaned(text) == speakable(text)
    assert Lexicon([word("@home")]).cleaned("See @anna_b.") == "See anna b."


@pytest.mark.parametrize(
    ("entry", "param"),
    [
        (Entry(written="!?", say="what"), "written"),
        (Entry(written="a"), "say"),
        (Entry(written="a", say="…"), "say"),
        (Entry(written="a", say="b", language="klingon"), "language"),
        (Entry(written="重庆", pinyin="chong qing"), "pinyin"),
        (Entry(written="重庆", pinyin="chong9"), "pinyin"),
        (Entry(written="重庆", pinyin="chong2 qing4", language="de"), "pinyin"),
    ],
)
def test_what_cannot_be_meant_is_told_with_the_field(entry: Entry, param: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        checked(entry)
    assert refused.value.param == param


def test_an_entry_is_kept_without_what_cannot_be_seen() -> None:
    entry = checked(Entry(written=" Sio\u200bbha\u0301n ", say="Shi\ufff9 vawn", language="en-GB"))
    assert entry == Entry(written="Siobhán", say="Shi vawn", language="en")
    assert checked(word("a", language="*")).language == ""


def test_two_thousand_words_are_looked_for_at_once() -> None:
    entries = [word(f"w{number}" * 4) for number in range(2_000)]
    assert said("w7w7w7w7 w7w7w7w77 w1999w1999w1999w1999", *entries) == "[X] w7w7w7w77 [X]"
