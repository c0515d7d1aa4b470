"""Markdown and HTML -> the words in it, by markdown-it, after and before rules for what its writer has not finished."""

from collections.abc import Iterator
from itertools import pairwise

import regex  # type: ignore[import-untyped,unused-ignore]
from markdown_it import MarkdownIt
from markdown_it.token import Token

from qwen3tts_daemon.text.html import without_html
from qwen3tts_daemon.text.lines import BULLETS
from qwen3tts_daemon.text.phrases import ended, is_speakable, is_wide

_MAYBE_MARKDOWN = regex.compile(
    rf"[*`~\\<\[|]|(?<![^\W_])_|_(?![^\W_])|&[#\w]|^[ \t]*(?:[-+>#={BULLETS}]|\d{{1,9}}[.)]\s)", regex.M
)
_PARSER = MarkdownIt("commonmark", {"html": False}).enable("strikethrough").disable("code")
_BRACKET = regex.compile(
    r"(?P<closed>\\.|\[(?:[^\[\]\n]++|\[[^\[\]\n]*+\])*+\]"
    r"(?:\((?:<[^<>\n]*+>|(?:[^()\s<]++|\([^()\s]*+\))*+)(?:[ \n]+(?:\"[^\"\n]*+\"|'[^'\n]*+'))?\s?\)|(?!\()))|\["
)
_MOST_OPEN_BRACKETS = 3
_PRODUCT = regex.compile(r"(?<=\d)\*(?=\d)")
_UNDERSCORES = "\ue000"  # for private use: no text has it
_DUNDER = regex.compile(r"(?<![\w*])__(\w{1,40})__(?=\.\w|\()")  # "__init__.py" is a file
_TABLE_ROW = regex.compile(r"^[ \t]*\|(?P<cells>.*)\|[ \t]*$|^(?P<cells>[^|`\n]+[ \t]\|[ \t][^`\n]+)$", regex.M)
_TABLE_RULE = regex.compile(r"^[ \t]*\|?[ \t]*:?-{2,}:?[ \t]*(?:\|[ \t]*:?-*:?[ \t]*)+$", regex.M)
_BULLET = regex.compile(rf"^[ \t]*(?:[{BULLETS}][ \t]+|[•◦▪‣])", regex.M)
_HIGHLIGHT = regex.compile(r"==(?=[^\s=])([^=\n]{1,200})==")
_LISTS = {f"{kind}_list_{end}" for kind in ("bullet", "ordered") for end in ("open", "close")}
_CHECKBOX = regex.compile(r"^\[[ xX]\] ")
_CUT_LINK = regex.compile(r"!?\[([^\[\]\n]*)\]\([^()\s]*$")
_HALF_EMPHASIS = regex.compile(
    r"\*{4,}(?= ?[\d*])(*SKIP)(*FAIL)"  # "138****5678"
    r"|\*{2,}|(?<![^\W_]|\s)\*|\*(?![^\W_]|\s)|(?<!\S)\*(?=[^\W\d_])|(?<=[^\W\d_])\*(?=\s)|~{2,}|`+"
)
_HALF_UNDERSCORE = regex.compile(r"(?<![\w*.])_+(?=\w)(?!\w+__[.(])|(?<=[\w.!?])_+(?![\w*]|\.\w|\()")


def without_markdown(text: str) -> str:
    """Its words, block by block; the rows of a table and the items of a list are sentences."""
    if not _MAYBE_MARKDOWN.search(text):
        return text
    text = _DUNDER.sub(rf"{_UNDERSCORES}\1{_UNDERSCORES}", _PRODUCT.sub(r"\*", text))
    text = _TABLE_RULE.sub("", _CUT_LINK.sub(r"\1", without_html(text)))
    text = _few_open_brackets(text)
    text = _TABLE_ROW.sub(_spoken_row, text)
    text = _HIGHLIGHT.sub(r"\1", _BULLET.sub("- ", text))
    if not _MAYBE_MARKDOWN.search(text):
        return text.replace(_UNDERSCORES, "__")
    tokens = _PARSER.parse(text)
    return "\n\n".join(block for block in _blocks(tokens) if block).replace(_UNDERSCORES, "__")


def _few_open_brackets(text: str) -> str:
    """The parser looks for the end of each link as far as the text goes: with many that have none, drop those."""
    if text.count("[") <= _MOST_OPEN_BRACKETS:
        return text
    is_open = [found["closed"] is None for found in _BRACKET.finditer(text)]
    if sum(is_open) <= _MOST_OPEN_BRACKETS:
        return text
    return str(_BRACKET.sub(lambda found: found["closed"] or " ", text))


def _spoken_row(row: regex.Match[str]) -> str:
    cells = [cell.strip() for cell in row["cells"].split("|") if is_speakable(cell)]
    return ended(("，" if is_wide(row["cells"]) else ", ").join(cells))


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
    code = code.replace(_UNDERSCORES, "__").replace("()", "").strip("<>")
    return code if _WORDLIKE_CODE.fullmatch(code) and _letters_share(code) >= 0.5 else " "


def _letters_share(text: str) -> float:
    return sum(char.isalnum() or char.isspace() for char in text) / len(text)
