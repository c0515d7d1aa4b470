"""Korean phonemes by the rules of standard pronunciation: liaison, aspiration, nasalisation, tensing.

A syllable is an onset, a vowel and a coda, all written with compatibility jamo; "ㅇ" as onset is silent and
the coda may be a pair of consonants. The rules first change the letters where two syllables meet, then the
letters become symbols.
"""

import re
from dataclasses import dataclass
from itertools import pairwise

from qwen3tts_daemon.embedded.phonemes.g2p import Phonemizer
from qwen3tts_daemon.embedded.phonemes.latin import mixed_phonemes

_ONSETS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_CODA_LETTERS = "ㄱ ㄲ ㄱㅅ ㄴ ㄴㅈ ㄴㅎ ㄷ ㄹ ㄹㄱ ㄹㅁ ㄹㅂ ㄹㅅ ㄹㅌ ㄹㅍ ㄹㅎ ㅁ ㅂ ㅂㅅ ㅅ ㅆ ㅇ"
_CODAS = ["", *_CODA_LETTERS.split(), *"ㅈㅊㅋㅌㅍㅎ"]
_FIRST_SYLLABLE = ord("가")

_ONSET_SOUNDS = "k k n t t ɾ m p p s s - ʨ ʨ ʨʰ kʰ tʰ pʰ h"
_VOWEL_SOUNDS = "a ɛ ja jɛ ʌ e jʌ je o wa wɛ we jo u wʌ we wi ju ɯ ɯi i"
_ONSET_SYMBOLS = {**dict(zip(_ONSETS, _ONSET_SOUNDS.split(), strict=True)), "ㅇ": ""}
_VOWEL_SYMBOLS = dict(zip(_VOWELS, _VOWEL_SOUNDS.split(), strict=True))
_CODA_SYMBOLS = dict(zip("ㄱㄴㄷㄹㅁㅂㅇ", "kntlmpŋ", strict=True))

_VOICED = {"ㄱ": "ɡ", "ㄷ": "d", "ㅂ": "b", "ㅈ": "ʥ"}
_ASPIRATED = {"ㄱ": "ㅋ", "ㄷ": "ㅌ", "ㅂ": "ㅍ", "ㅈ": "ㅊ"}
_TENSE = {"ㄱ": "ㄲ", "ㄷ": "ㄸ", "ㅂ": "ㅃ", "ㅅ": "ㅆ", "ㅈ": "ㅉ"}
_NASAL = {"ㄱ": "ㅇ", "ㄷ": "ㄴ", "ㅂ": "ㅁ"}

# The seven sounds that a coda can have.
_CODA_SOUNDS = {
    letters: sound
    for sound, spellings in {
        "ㄱ": "ㄱ ㄲ ㅋ ㄱㅅ ㄹㄱ",
        "ㄴ": "ㄴ ㄴㅈ ㄴㅎ",
        "ㄷ": "ㄷ ㅅ ㅆ ㅈ ㅊ ㅌ ㅎ",
        "ㄹ": "ㄹ ㄹㅂ ㄹㅅ ㄹㅌ ㄹㅎ",
        "ㅁ": "ㅁ ㄹㅁ",
        "ㅂ": "ㅂ ㅍ ㄹㅍ ㅂㅅ",
        "ㅇ": "ㅇ",
    }.items()
    for letters in spellings.split()
}

_JAMO = re.compile(f"[{_ONSETS}{_VOWELS}]")
_HANGUL_RUNS = re.compile(r"[가-힣]+|[^가-힣]+")


@dataclass(slots=True)
class _Syllable:
    onset: str
    vowel: str
    coda: str


class KoreanPhonemizer:
    """Reads one sentence."""

    def __init__(self, english: Phonemizer) -> None:
        self._english = english

    def __call__(self, text: str) -> str:
        return mixed_phonemes(text, hangul_phonemes, self._english)


def hangul_phonemes(text: str) -> str:
    """The phonemes of the Hangul words of a text; everything else stays as it is."""
    text = _JAMO.sub(lambda letter: _syllable_of(letter.group()), text)
    return "".join(_word(part) if "가" <= part[0] <= "힣" else part for part in _HANGUL_RUNS.findall(text))


def _syllable_of(letter: str) -> str:
    """A letter that stands alone, as it is said: ㅋ is 크, ㅠ is 유."""
    is_vowel = letter in _VOWELS
    onset = _ONSETS.index("ㅇ" if is_vowel else letter)
    vowel = _VOWELS.index(letter if is_vowel else "ㅡ")
    return chr(_FIRST_SYLLABLE + (onset * len(_VOWELS) + vowel) * len(_CODAS))


def _word(word: str) -> str:
    syllables = [_decompose(char) for char in word]
    for left, right in pairwise(syllables):
        _join(left, right)
    return _symbols(syllables)


def _decompose(char: str) -> _Syllable:
    index = ord(char) - _FIRST_SYLLABLE
    vowels, codas = len(_VOWELS), len(_CODAS)
    return _Syllable(_ONSETS[index // (vowels * codas)], _VOWELS[index // codas % vowels], _CODAS[index % codas])


def _join(left: _Syllable, right: _Syllable) -> None:
    """Change the letters where two syllables of a word meet."""
    if not left.coda or _aspirate(left, right):
        return
    if right.onset == "ㅇ" and left.coda != "ㅇ":
        _link(left, right)
    else:
        _assimilate(left, right)


def _aspirate(left: _Syllable, right: _Syllable) -> bool:
    """ㅎ merges with its neighbour or falls silent; True if nothing is left to do."""
    last = left.coda[-1]
    if right.onset == "ㅎ" and last in _ASPIRATED:
        left.coda, right.onset = left.coda[:-1], _ASPIRATED[last]
        return True
    if last != "ㅎ":
        return False
    if right.onset in _ASPIRATED:
        left.coda, right.onset = left.coda[:-1], _ASPIRATED[right.onset]
        return True
    if right.onset == "ㅅ":
        left.coda, right.onset = left.coda[:-1], "ㅆ"
        return True
    if right.onset == "ㅇ":
        left.coda = left.coda[:-1]
    return not left.coda


def _link(left: _Syllable, right: _Syllable) -> None:
    """The last consonant of the coda moves into the empty onset; ㄷ and ㅌ soften before ㅣ."""
    moved = left.coda[-1]
    is_pair = len(left.coda) == 2
    left.coda = left.coda[:-1]
    if right.vowel == "ㅣ" and moved in "ㄷㅌ":
        moved = "ㅈ" if moved == "ㄷ" else "ㅊ"
    elif is_pair and moved == "ㅅ":
        moved = "ㅆ"
    right.onset = moved


def _assimilate(left: _Syllable, right: _Syllable) -> None:
    """Stops turn nasal before nasals and tense what follows; ㄴ and ㄹ become alike."""
    sound = _CODA_SOUNDS[left.coda]
    left.coda = sound
    if sound in _NASAL:
        if right.onset in "ㄴㅁㄹ":
            left.coda = _NASAL[sound]
            right.onset = "ㄴ" if right.onset == "ㄹ" else right.onset
        else:
            right.onset = _TENSE.get(right.onset, right.onset)
    elif {sound, right.onset} == {"ㄴ", "ㄹ"}:
        left.coda = right.onset = "ㄹ"
    elif sound in "ㅁㅇ" and right.onset == "ㄹ":
        right.onset = "ㄴ"


def _symbols(syllables: list[_Syllable]) -> str:
    symbols = ""
    before = "#"
    for syllable in syllables:
        coda = _CODA_SOUNDS.get(syllable.coda, "")
        symbols += _onset_symbol(syllable, before) + _VOWEL_SYMBOLS[syllable.vowel]
        symbols += _CODA_SYMBOLS.get(coda, "")
        before = coda or "vowel"
    # A doubled ㄹ is one long "l", written once.
    return symbols.replace("ll", "l")


def _onset_symbol(syllable: _Syllable, before: str) -> str:
    """`before` is the coda sound before the syllable, "vowel" for none, "#" at the start of a word."""
    if syllable.onset in _VOICED and before in ("vowel", "ㄴ", "ㄹ", "ㅁ", "ㅇ"):
        return _VOICED[syllable.onset]
    if syllable.onset == "ㄹ" and before == "ㄹ":
        return "l"
    if syllable.onset in "ㅅㅆ" and _VOWEL_SYMBOLS[syllable.vowel].startswith(("i", "j", "wi")):
        return "ɕ"
    return _ONSET_SYMBOLS[syllable.onset]
