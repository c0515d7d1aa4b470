"""Written text -> words to speak: no markup, no emoji, no addresses, nothing invisible.

A pass takes markup away, and what it leaves may be markup again (`\\*a\\*`), so passes run until nothing
changes: cleaning clean text changes nothing.
"""

import unicodedata

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.text.addresses import with_spoken_addresses
from qwen3tts_daemon.text.formulas import without_latex
from qwen3tts_daemon.text.lines import BULLETS
from qwen3tts_daemon.text.markdown import without_markdown
from qwen3tts_daemon.text.notes import without_notes
from qwen3tts_daemon.text.phrases import ended, is_speakable
from qwen3tts_daemon.text.pictures import without_pictures


def speakable(written: str) -> str:
    """The words to speak of a complete piece of text, "" if there are none."""
    if not is_speakable(written):
        return ""  # cleaning makes no letters
    plain = _PLAIN.fullmatch(written)
    if plain and unicodedata.is_normalized("NFC", written):
        return ended(plain["words"]) if plain.start("words") else written
    text = _visible(written)
    for _ in range(_MOST_PASSES):
        cleaned = _one_pass(text)
        if cleaned == text or _WORDS.fullmatch(cleaned):
            return cleaned if is_speakable(cleaned) else ""
        text = cleaned
    text = _of_characters(_MARKS.sub(" ", text))
    return text if is_speakable(text) else ""


# What every pass leaves alone, most of all speech: words and figures, with a space or a sign between.
_WORD = r"[\p{L}\p{Nd}]++(?: ?°[CF]?| ?%)?"
_WORDS = regex.compile(
    rf"(?!.*\b[xX]D){_WORD}(?:(?:[,;:.!?]? |['’、，：-]|(?<=\d)[.,:](?=\d)){_WORD})*+[,;:.!?…、，：。！？]?", regex.V1
)
_PLAIN = regex.compile(
    rf"(?:(?:[-*+{BULLETS}]|#{{1,6}}) |[•◦▪‣])?(?P<words>(?:\d{{1,9}}\) )?{_WORDS.pattern})", regex.V1
)
_MOST_PASSES = 6
_MARKS = regex.compile(r"[*_`~#<>|\[\]\\&=+-]")


def _one_pass(text: str) -> str:
    text = without_pictures(without_notes(without_latex(_CONTROL_TOKEN.sub(" ", text))))
    return _of_characters(_visible(without_markdown(text)))  # an entity may have been anything


def _of_characters(text: str) -> str:
    text = without_pictures(with_spoken_addresses(text))
    return _tidy(_JOINER.sub("", text))  # a joiner may have lost its picture


# ---- characters ----

_INVISIBLE = regex.compile(r"[[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\ufffd]--[\t\n\r\v\f\x85\u200c\u200d]]", regex.V1)
_NEWLINE = regex.compile(r"\r\n?|[\v\f\x85\u2028\u2029]")
_JOINER = regex.compile(
    r"(?<![\p{L}\p{M}\p{So}\ufe0f\p{Emoji_Modifier}])[\u200c\u200d]|[\u200c\u200d](?![\p{L}\p{So}])"
    r"|(?<=[\p{Latin}\p{Cyrillic}\p{Greek}\p{Han}\p{Hangul}\p{Hiragana}\p{Katakana}])[\u200c\u200d]"
)
_MANY_MARKS = regex.compile(r"(\p{M}{4})\p{M}+")
# Tokens that models know by name, roles, and tags that lost their other half: in user text they are only noise.
_CONTROL_TOKEN = regex.compile(
    r"<[|｜](?:im_)?start[|｜]>(?:system|user|assistant|developer|tool)(?=\s*\n|<[|｜]|\Z)"
    r"|<\|start_header_id\|>\w{1,20}<\|end_header_id\|>|<\|channel\|>\s?final\s?(?=<\|message\|>)"
    r"|<[|｜][^<>|\n]{0,64}[|｜]>|(?<!`)</?(?:tts_\w{1,40}|think(?:ing)?|reasoning|scratchpad|tool_\w{1,20}|function\w{0,20})>"
    r"|\{\{[^{}\n]{0,200}\}\}|\{%[^%\n]{0,200}%\}"  # templates that were not filled in
    r"|\[/?(?:THINK|INST|TOOL_CALLS)\]|◁/?\w{1,20}▷"
)


def _visible(text: str) -> str:
    """Newlines as \\n; no control, private or zero-width characters; at most four marks on a letter."""
    text = _JOINER.sub("", _INVISIBLE.sub("", _NEWLINE.sub("\n", text)))
    return str(_MANY_MARKS.sub(r"\1", unicodedata.normalize("NFC", text)))


# ---- spaces and punctuation ----

_TIDY = (
    (regex.compile(r"[^\S\n ]+"), " "),
    (regex.compile(r"  +"), " "),
    (regex.compile(r" +\n *|\n +"), "\n"),
    (regex.compile(r"\n{3,}"), "\n\n"),
    (regex.compile(r"\(\s*\)|\[\s*\]"), ""),
    (regex.compile(r"(?<=\S) \| (?=\S)"), ", "),
    (regex.compile(r"(?<![^\n])[,;] (?=\S)"), ""),
    (regex.compile(r" (?=[.,](?:\s|\Z))"), ""),
    (regex.compile(r"(?<=[!?]{3})[!?]+"), ""),
    (regex.compile(r"\.{4,}"), "..."),
    (regex.compile(r"…{3,}"), "……"),
    (regex.compile(r"([,;:、，；：。！？])\1+"), r"\1"),
    (regex.compile(r"[-=_~–—]{4,}"), " – "),
    (regex.compile(r"  +"), " "),
)


_UNTIDY = regex.compile("|".join(pattern.pattern for pattern, _ in _TIDY))


def _tidy(text: str) -> str:
    if not _UNTIDY.search(text):
        return text.strip()
    for pattern, replacement in _TIDY:
        text = pattern.sub(replacement, text)
    return text.strip()
