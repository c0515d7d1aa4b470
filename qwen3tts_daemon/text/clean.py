"""Written text -> words to speak: no markup, no emoji, no addresses, nothing invisible.

A pass takes markup away, and what it leaves may be markup again (`\\*a\\*`), so passes run until nothing
changes: cleaning clean text changes nothing.
"""

import unicodedata
from urllib.parse import urlsplit

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.text.markdown import without_markdown
from qwen3tts_daemon.text.phrases import is_speakable


def speakable(written: str) -> str:
    """The words to speak of a complete piece of text, "" if there are none."""
    if not is_speakable(written):
        return ""  # cleaning makes no letters
    if _PLAIN.fullmatch(written) and unicodedata.is_normalized("NFC", written):
        return written
    text = _visible(written)
    for _ in range(_MOST_PASSES):
        cleaned = _one_pass(text)
        if cleaned == text:
            break
        text = cleaned
    else:
        text = _without_addresses_and_emoji(_MARKS.sub(" ", text))
    return text if is_speakable(text) else ""


# What every pass leaves alone, most of all speech: words with a space or an apostrophe between.
_PLAIN = regex.compile(r"(?!\d+\.\s)[\p{L}\p{Nd}]++(?:(?:[,;:.!?]? |['’、，])[\p{L}\p{Nd}]++)*+[,;:.!?…、，。！？]?")
_MOST_PASSES = 6
_MARKS = regex.compile(r"[*_`~#<>|\[\]\\&=+-]")


def _one_pass(text: str) -> str:
    return _without_addresses_and_emoji(without_markdown(_CONTROL_TOKEN.sub(" ", text)))


def _without_addresses_and_emoji(text: str) -> str:
    text = _EMOJI.sub(_without_emoji, _URL.sub(_spoken_url, text))
    return _tidy(_JOINER.sub("", text))  # a joiner may have lost its picture


# ---- characters ----

_INVISIBLE = regex.compile(r"[[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\ufffd]--[\t\n\r\v\f\x85\u200c\u200d]]", regex.V1)
_NEWLINE = regex.compile(r"\r\n?|[\v\f\x85\u2028\u2029]")
_JOINER = regex.compile(
    r"(?<![\p{L}\p{M}\p{So}\ufe0f\p{Emoji_Modifier}])[\u200c\u200d]|[\u200c\u200d](?![\p{L}\p{So}])"
    r"|(?<=[\p{Latin}\p{Cyrillic}\p{Greek}\p{Han}\p{Hangul}\p{Hiragana}\p{Katakana}])[\u200c\u200d]"
)
_MANY_MARKS = regex.compile(r"(\p{M}{4})\p{M}+")
# Tokens that Qwen's tokenizer knows by name; in user text they are only noise.
_CONTROL_TOKEN = regex.compile(r"<\|[^<>|\n]{0,64}\|>|</?(?:tts_\w{1,40}|think|tool_call|tool_response)>")


def _visible(text: str) -> str:
    """Newlines as \\n; no control, private or zero-width characters; at most four marks on a letter."""
    text = _JOINER.sub("", _INVISIBLE.sub("", _NEWLINE.sub("\n", text)))
    return str(_MANY_MARKS.sub(r"\1", unicodedata.normalize("NFC", text)))


# ---- addresses and emoji ----

_URL = regex.compile(r"""(?<![\w@])(?:https?://|ftp://|www\.)[^\s<>"'«»„“”。，、）】」]+""", regex.I)
_LONGEST_HOST = 40
_TRAILING = regex.compile(r"[.,;:!?…)\]}*_~]+$")
_EMOJI = regex.compile(
    r" ?(?:(?:[0-9#*]\ufe0f?\u20e3)"
    r"|\p{Regional_Indicator}{1,2}"
    r"|(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}\ufe0f|\p{Extended_Pictographic}(?=\p{Emoji_Modifier}))"
    r"[\ufe0f\p{Emoji_Modifier}\U000e0020-\U000e007f]*(?:\u200d\p{Extended_Pictographic}[\ufe0f\p{Emoji_Modifier}]*)*"
    r"|[\ufe0e\ufe0f])"
)


def _spoken_url(found: regex.Match[str]) -> str:
    """ "https://www.example.com/a/b." -> "example.com."; a host too long to be heard is dropped."""
    url = found[0]
    trailing = _TRAILING.search(url)
    end = trailing[0] if trailing else ""
    url = url.removesuffix(end)
    host = _host(url if "://" in url else f"//{url}")
    return (host if len(host) <= _LONGEST_HOST else "") + end.replace("(", "")


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _without_emoji(found: regex.Match[str]) -> str:
    """A keycap leaves its digit, a stray selector nothing, a picture a space."""
    picture = found[0]
    if "\u20e3" in picture:
        return str(picture.rstrip("\ufe0f\u20e3"))
    before_a_stop = found.string[found.end() : found.end() + 1] in (*".,!?…", "")
    return "" if before_a_stop or picture in ("\ufe0e", "\ufe0f") else " "


# ---- spaces and punctuation ----

_TIDY = (
    (regex.compile(r"[^\S\n]+"), " "),
    (regex.compile(r" ?\n ?"), "\n"),
    (regex.compile(r"\n{2,}"), "\n\n"),
    (regex.compile(r"\(\s*\)|\[\s*\]"), ""),
    (regex.compile(r"(?<=\w) \| (?=\w)"), ", "),
    (regex.compile(r"([!?]{3})[!?]+"), r"\1"),
    (regex.compile(r"\.{4,}"), "..."),
    (regex.compile(r"…{3,}"), "……"),
    (regex.compile(r"([,;:、，；：。！？])\1+"), r"\1"),
    (regex.compile(r"[-=_~–—]{4,}"), " – "),
    (regex.compile(r"  +"), " "),
)


def _tidy(text: str) -> str:
    for pattern, replacement in _TIDY:
        text = pattern.sub(replacement, text)
    return text.strip()
