"""Written text -> words to speak: no markup, no emoji, no addresses, nothing invisible.

A pass takes markup away, and what it leaves may be markup again (`\\*a\\*`), so passes run until nothing
changes: cleaning clean text changes nothing.
"""

import unicodedata
from collections.abc import Iterator
from itertools import pairwise
from urllib.parse import urlsplit

import regex  # type: ignore[import-untyped,unused-ignore]
from markdown_it import MarkdownIt
from markdown_it.token import Token


def speakable(markdown_text: str, *, markdown: bool = True, emoji: bool = True, urls: bool = True) -> str:
    """The words to speak of a complete piece of text, "" if there are none; a switch per kind of cleaning."""
    if not is_speakable(markdown_text):
        return ""  # cleaning makes no letters
    if _PLAIN.fullmatch(markdown_text) and unicodedata.is_normalized("NFC", markdown_text):
        return markdown_text
    text = _visible(markdown_text)
    for _ in range(_MOST_PASSES):
        cleaned = _one_pass(text, markdown, emoji, urls)
        if cleaned == text:
            break
        text = cleaned
    else:
        text = _one_pass(_MARKS.sub(" ", text), False, emoji, urls)
    return text if is_speakable(text) else ""


def is_speakable(text: str) -> bool:
    """Whether there is a letter or a digit, of any script."""
    return any(map(str.isalnum, text))


# What every pass leaves alone, most of all speech: words with a space or an apostrophe between.
_PLAIN = regex.compile(r"(?!\d+\.\s)[\p{L}\p{Nd}]++(?:(?:[,;:.!?]? |['’、，])[\p{L}\p{Nd}]++)*+[,;:.!?…、，。！？]?")
_MOST_PASSES = 6
_MARKS = regex.compile(r"[*_`~#<>|\[\]\\&=+-]")


def _one_pass(text: str, markdown: bool, emoji: bool, urls: bool) -> str:
    text = _CONTROL_TOKEN.sub(" ", text)
    if markdown and _MAYBE_MARKDOWN.search(text):
        text = _without_markdown(text)
    if urls:
        text = _URL.sub(_spoken_url, text)
    if emoji:
        text = _JOINER.sub("", _EMOJI.sub(_without_emoji, text))  # a joiner may have lost its picture
    return _tidy(text)


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


# ---- markdown ----

_MAYBE_MARKDOWN = regex.compile(r"[*_`~\\<\[|]|&[#\w]|^[ \t]*(?:[-+>#=•◦▪‣]|\d{1,9}[.)]\s)", regex.M)
_PARSER = MarkdownIt("commonmark", {"html": False}).enable("strikethrough").disable("code")
_ATTRIBUTE = r"""\s+[\w:-]+\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>]+)"""
_HTML = regex.compile(
    r"<!--(?:(?!-->).){0,1000}-->|<(?P<hidden>script|style)\b[^<>]{0,200}>.{0,2000}?</(?P=hidden)\s*>"
    rf"|</?[a-z][a-z0-9-]{{0,20}}(?:{_ATTRIBUTE})*\s*/?>",
    regex.I | regex.S,
)
_BRACKET = regex.compile(
    r"(?P<closed>\\.|\[(?:[^\[\]\n]++|\[[^\[\]\n]*+\])*+\]"
    r"(?:\((?:<[^<>\n]*+>|(?:[^()\s<]++|\([^()\s]*+\))*+)(?:[ \n]+(?:\"[^\"\n]*+\"|'[^'\n]*+'))?\s?\)|(?!\()))|\["
)
_MOST_OPEN_BRACKETS = 3
_PRODUCT = regex.compile(r"(?<=\d)\*(?=\d)")
_TABLE_ROW = regex.compile(r"^[ \t]*\|(?P<cells>.*)\|[ \t]*$", regex.M)
_TABLE_RULE = regex.compile(r"^[ \t]*\|?[ \t]*:?-{2,}:?[ \t]*(?:\|[ \t]*:?-*:?[ \t]*)+$", regex.M)
_BULLET = regex.compile(r"^[ \t]*[•◦▪‣][ \t]+", regex.M)
_LISTS = {f"{kind}_list_{end}" for kind in ("bullet", "ordered") for end in ("open", "close")}
_CHECKBOX = regex.compile(r"^\[[ xX]\] ")
_CUT_LINK = regex.compile(r"!?\[([^\[\]\n]*)\]\([^()\s]*$")
_HALF_EMPHASIS = regex.compile(
    r"\*{2,}|(?<![^\W_]|\s)\*|\*(?![^\W_]|\s)|(?<!\S)\*(?=[^\W\d_])|(?<=[^\W\d_])\*(?=\s)|~{2,}|`+"
)
_HALF_UNDERSCORE = regex.compile(r"(?<![\w*.])_+(?=\w)|(?<=[\w.!?])_+(?![\w*])")
_ENDS = regex.compile(r"""[.!?…:;,。！？：；，、؟।][\p{Pe}\p{Pf}"'*_]*$""")
_CJK_END = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}]\W*$")


def _without_markdown(text: str) -> str:
    text = _PRODUCT.sub(r"\*", text)
    text = _TABLE_RULE.sub("", _CUT_LINK.sub(r"\1", _HTML.sub(_without_tag, text)))
    text = _few_open_brackets(text)
    text = _TABLE_ROW.sub(_spoken_row, text)
    text = _BULLET.sub("- ", text)
    tokens = _PARSER.parse(text)
    return "\n\n".join(block for block in _blocks(tokens) if block)


def _few_open_brackets(text: str) -> str:
    """The parser looks for the end of each link as far as the text goes: with many that have none, drop those."""
    if text.count("[") <= _MOST_OPEN_BRACKETS:
        return text
    is_open = [found["closed"] is None for found in _BRACKET.finditer(text)]
    if sum(is_open) <= _MOST_OPEN_BRACKETS:
        return text
    return str(_BRACKET.sub(lambda found: found["closed"] or " ", text))


def _without_tag(tag: regex.Match[str]) -> str:
    """A tag inside a sentence leaves nothing, a line break or a paragraph a new line."""
    return "\n" if tag[0].lower().startswith(("<br", "<p", "</p", "<li", "<h", "</h", "<tr", "<div")) else ""


def _spoken_row(row: regex.Match[str]) -> str:
    return ended(", ".join(cell.strip() for cell in row["cells"].split("|") if cell.strip()))


def _blocks(tokens: list[Token]) -> Iterator[str]:
    """The text of each block; the items of one list are one block, each ended by punctuation."""
    items: list[str] = []
    marker = ""
    lists = 0
    for before, token in pairwise([Token("", "", 0), *tokens]):
        lists += token.nesting if token.type in _LISTS else 0
        if token.type == "list_item_open":
            marker = f"{token.info}{token.markup} " if token.info else ""
        elif token.type == "inline":
            text = _inline(token.children or [])
            if lists:
                text = _CHECKBOX.sub("", text)
                items.append(marker + (text if _alone(tokens, marker) else ended(text)))
                marker = ""
            else:
                yield ended(text) if before.type == "heading_open" else text
        elif items and not lists:
            yield " ".join(items)
            items = []


def _alone(tokens: list[Token], marker: str) -> bool:
    """A number at the start of a text that is no list: "1. Mai"."""
    return bool(marker) and sum(token.type == "inline" for token in tokens) == 1


def ended(text: str) -> str:
    """The text with a full stop, if it ends without punctuation."""
    text = text.strip()
    if not is_speakable(text) or _ENDS.search(text):
        return text
    return text + ("。" if _CJK_END.search(text) else ".")


def _inline(children: list[Token]) -> str:
    words: list[str] = []
    for token in children:
        match token.type:
            case "text" | "text_special":
                words.append(token.content)
            case "softbreak" | "hardbreak":
                words.append("\n")
            case "image":
                words.append(_inline(token.children or []))
            case "code_inline":
                words.append(_spoken_code(token.content))
    return str(_HALF_UNDERSCORE.sub("", _HALF_EMPHASIS.sub("", "".join(words)))).strip()


_WORDLIKE_CODE = regex.compile(r"[\w\s.,:;/@+#%'°€$!?()\[\]<>=*&|~^\"{}\\-]{1,60}")


def _spoken_code(code: str) -> str:
    """Code that reads like words stays; longer or stranger code is not spoken."""
    code = code.replace("()", "")
    return code if _WORDLIKE_CODE.fullmatch(code) and _letters_share(code) >= 0.5 else " "


def _letters_share(text: str) -> float:
    return sum(char.isalnum() or char.isspace() for char in text) / len(text)


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
