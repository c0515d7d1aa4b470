"""How names of voices are written, compared and listed: pure text, whatever voices there are.

A name is met as clients write it and as people read it in a list: in any case and form of Unicode, with blanks,
underscores or hyphens.
"""

import difflib
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from qwen_tts.api import VoiceInfo
from qwen_tts.config.languages import LANGUAGES

FIRST = "* "
"""Before the label of the voice that speaks when none is named: a list that is sorted begins with it."""

MOST_CHARS = 2_200
"""No name and no description is longer."""
_MOST_TOLD = 5
_BETWEEN = re.compile(r"[\s_-]+")


# -- as they are written ---------------------------------------------------------------------------------------


def canonical(name: str) -> str:
    """In one case and one form of Unicode."""
    if name.isascii():
        return name.lower()
    for _ in range(3):  # folding may compose what folds again
        name = unicodedata.normalize("NFKC", name.casefold())
    return name


def folded(name: str) -> str:
    """Equal for what people take for the same name."""
    return _BETWEEN.sub("-", canonical(name).strip().removeprefix(FIRST))


def in_language(name: str) -> tuple[str, str]:
    """Of "ryan-de" the voice and its language; two empty strings if no language is behind it."""
    base, _, language = canonical(name).rpartition("-")
    return (base, language) if language in LANGUAGES else ("", "")


# -- as they are listed ----------------------------------------------------------------------------------------


def labels(voices: Sequence[VoiceInfo]) -> dict[str, str]:
    """What people pick a voice by; equal descriptions are told apart by the names. None sorts before FIRST."""
    texts = {voice.name: voice.description.strip() or voice.name for voice in voices}
    used = Counter(texts.values())
    told = {name: f"{text} ({name})" if used[text] > 1 else text for name, text in texts.items()}
    return {name: text if text[0] > FIRST[0] else f"{name}: {text}" for name, text in told.items()}


def some_of(names: Sequence[str], name: str) -> str:
    """A few of the names that there are, those like `name` first, for a message."""
    alike = difflib.get_close_matches(canonical(name[:64]), names, _MOST_TOLD)
    told = list(dict.fromkeys([*alike, *names]))[:_MOST_TOLD]
    rest = f" and {len(names) - len(told)} more" if len(names) > len(told) else ""
    return ", ".join(told) + rest
