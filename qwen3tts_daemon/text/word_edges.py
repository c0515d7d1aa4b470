"""Where a word stands by itself, whatever the language: the characters at its ends say it.

- Chinese and Japanese have no blanks: a word of theirs stands anywhere.
- Behind a Korean word particles may follow.
- Any other letter, and a digit, has none beside it; but a unit stands right behind its number (12kWh).
- A hyphen parts words (WLAN-Router). An apostrophe does (l'eau, Anna's), but not in can't and jusqu'à.
- A sign at an end (C++, @home) has no letter beside it. What a sign goes on with is another word: no C in C++ and C#,
  and no home in me@home.example.
"""

import re

_EAST = r"\u2e80-\u30ff\u3105-\u312f\u31a0-\u31bf\u31f0-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
"""Han, kana, bopomofo"""
_HANGUL = r"\u1100-\u11ff\u3130-\u318f\uac00-\ud7af"
_LETTER = rf"[^\W\d_{_EAST}{_HANGUL}]"
_WORDY = rf"[^\W{_EAST}{_HANGUL}]"
"""Letters, digits and _ of scripts that have blanks between words"""
_PARTICLES = (
    "은|는|이|가|을|를|의|에|에서|에게|에게서|께|께서|한테|한테서|와|과|랑|이랑|하고|로|으로|로서|으로서|로써|으로써|도|만|뿐"
    "|부터|까지|처럼|같이|보다|마다|조차|마저|밖에|대로|만큼|나|이나|라도|이라도|라고|이라고|라는|이라는|라|이라|며|이며|든지|이든지"
    "|야|아|여|이여|입니다|입니까|이에요|예요|인|인데|이고|고|이지|지|님|씨|들|네|쪽|요"
)

_BEGINS = re.compile(
    rf"(?=[{_EAST}])|(?<![{_HANGUL}])(?=[{_HANGUL}])"
    rf"|(?<!{_WORDY})(?<!\w[@.])(?<!{_LETTER}')(?={_LETTER})"
    rf"|(?<={_LETTER}')(?!(?:s|t|d|m|ll|re|ve)(?!\w))(?={_LETTER})"
    rf"|(?<=\d)(?={_LETTER}{_LETTER})"
    r"|(?<!\w)(?<!\d[.,:/])(?=\d)"
    rf"|(?<!{_LETTER})(?=[^\w\s]|_)"
)
_ENDS = re.compile(
    rf"(?<=[{_EAST}])|(?<=[{_HANGUL}])(?:{_PARTICLES}){{0,3}}(?![{_HANGUL}])"
    rf"|(?<={_LETTER})(?!{_WORDY}|[@.]\w|\+\+|#|'(?!s(?!\w)){_LETTER})"
    r"|(?<=\d)(?!\w|[.,:/]\d)"
    rf"|(?<=[^\w\s]|_)(?!{_LETTER})"
)
_BLANK_BESIDE = re.compile(rf"[^\d\s{_EAST}{_HANGUL}]")
_LONGEST_NUMBER = 12
_NUMBER = re.compile(r"(?<![\w.,])[\d.,]+\Z")

_ALIKE = str.maketrans(
    dict.fromkeys("\u2019\u02bc\uff07", "'") | dict.fromkeys("\u2010\u2011", "-") | dict.fromkeys("\n\u00a0\u202f", " ")
)


def plain(text: str) -> str:
    """With one character for several that mean the same; each stands where it stood."""
    return text.translate(_ALIKE)


def alike(text: str) -> str:
    """The same, in lower case."""
    text = plain(text)
    lower = text.lower()
    return lower if len(lower) == len(text) else "".join(map(_in_lower_case, text))


def begins_word(text: str, start: int) -> bool:
    """Whether one may begin there, in a text which is `plain` or `alike`."""
    if _BEGINS.match(text, start) is None:
        return False
    is_behind_digit = start > 0 and text[start - 1].isdecimal() and not text[start].isdecimal()
    return not is_behind_digit or _NUMBER.search(text, max(0, start - _LONGEST_NUMBER), start) is not None


def ends_word(text: str, end: int) -> bool:
    """Whether one may end there."""
    return _ENDS.match(text, end) is not None


def parts_from_number(char: str) -> bool:
    """Whether there is a blank between a number and words that begin or end with it, if not always as it is written."""
    return _BLANK_BESIDE.match(char) is not None


def _in_lower_case(letter: str) -> str:
    lower = letter.lower()
    return lower if len(lower) == 1 else letter
