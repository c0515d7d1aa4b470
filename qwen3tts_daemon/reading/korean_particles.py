"""Korean particles, whose form goes with the sound before them: 분으로, 시로; and the pairs that templates write."""

from collections.abc import Sequence

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.korean_numbers import DIGITS
from qwen3tts_daemon.reading.language import Row

_PAIRS = (
    ("은", "는"), ("이", "가"), ("을", "를"), ("과", "와"), ("으로", "로"), ("이에요", "예요"), ("이랑", "랑"),
    ("이라", "라"), ("이나", "나"),
)  # fmt: skip
"""Behind a consonant and behind a vowel"""
_OF_ONE = {form: pair for pair in _PAIRS for form in pair}
PARTICLE = rf"(?<particle>(?:{'|'.join(sorted(_OF_ONE, key=len, reverse=True))})(?!\p{{Hangul}}))?"
"""A pattern for what may stand behind a number, to be `fitted` to its words"""
TWO_PARTICLES = (
    r"(?:(?<a>이|은|을|과)\((?<b>가|는|를|와)\)|(?<b>가|는|를|와)\((?<a>이|은|을|과)\)|\((?<a>으)\)(?<b>로))"
)
"""이(가), (으)로"""
_ENDS_BY_ITSELF = regex.compile(r"까지|에|사이|쯤|경|정도|가량")
_LAST_LETTER = regex.compile(r"[\p{L}\p{N}](?=[^\p{L}\p{N}]*$)")


def rows() -> Sequence[Row]:
    """Rules of particles in pairs."""
    return ((rf"(?<!\S)(?<before>\S*?[\p{{L}}\p{{N}}][\"'”’)\]]*){TWO_PARTICLES}", _one_of_two),)


def fitted(particle: str, words: str) -> str:
    """The particle as it is behind these words; "" stays."""
    if not particle:
        return ""
    closed, opened = _OF_ONE[particle]
    last = _LAST_LETTER.search(words)
    final = _final_consonant(last[0]) if last else ""
    return opened if not final or (closed == "으로" and final == "ㄹ") else closed


def from_to(first: str, last: str, found: "regex.Match[str]") -> str:
    """아홉 시부터 열한 시까지, with the particle that stood behind the numbers."""
    if _ENDS_BY_ITSELF.match(found.string, found.end()):
        return f"{first}에서 {last}"
    return f"{first}부터 {last}까지{fitted(found['particle'] or '', '까지')}"


def _one_of_two(found: "regex.Match[str]") -> str:
    return str(found["before"] + fitted(found["b"], found["before"]))


def _final_consonant(char: str) -> str:
    """Of a syllable, or of a letter's or a digit's name: ㄹ, ㄴ for any other, "" for none."""
    if char.isdecimal():
        char = DIGITS[int(char)]
    if char.upper() in "LMNR":
        return "ㄹ" if char.upper() in "LR" else "ㄴ"
    at = (ord(char) - ord("가")) % 28 if "가" <= char <= "힣" else 0
    return "ㄹ" if at == 8 else "ㄴ" if at else ""
