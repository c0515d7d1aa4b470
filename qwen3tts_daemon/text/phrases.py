"""What there is to say in a piece of text: whether it has words, and whether it ends by itself."""

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen_tts.text.sentences import ends_with_clause, ends_with_mark

_WIDE = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}]")


def is_speakable(text: str) -> bool:
    """Whether there is a letter or a digit, of any script."""
    return any(map(str.isalnum, text))


def is_wide(text: str) -> bool:
    """Whether it has the stops and commas of Chinese and Japanese."""
    return _WIDE.search(text) is not None


def ended(text: str) -> str:
    """The text with a full stop, if it ends without punctuation."""
    text = text.strip()
    if not is_speakable(text) or ends_with_mark(text) or ends_with_clause(text, " "):
        return text
    return text + ("。" if is_wide(text) else ".")
