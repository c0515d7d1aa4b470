"""Words of a text with the sounds that are said for them, for engines that take phonemes (Capabilities.phonemes).

They stand in the text as Unicode's interlinear annotation: U+FFF9 words U+FFFA sounds U+FFFB. Nobody's own text has
these characters when it comes to an engine: cleaning drops them.
"""

import re

_BEGIN, _MIDDLE, _END = "\ufff9", "\ufffa", "\ufffb"
_OWN = dict.fromkeys(map(ord, (_BEGIN, _MIDDLE, _END)))
ANNOTATION = re.compile(
    f"{_BEGIN}(?P<words>[^{_BEGIN}{_MIDDLE}{_END}]*){_MIDDLE}(?P<sounds>[^{_BEGIN}{_MIDDLE}{_END}]*){_END}"
)


def annotated(words: str, sounds: str) -> str:
    """The words with what is said for them."""
    return f"{_BEGIN}{words.translate(_OWN)}{_MIDDLE}{sounds.translate(_OWN)}{_END}"


def without_annotations(text: str) -> str:
    """The words alone."""
    return ANNOTATION.sub(lambda found: found["words"], text) if _BEGIN in text else text
