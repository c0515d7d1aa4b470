"""Latin words inside Chinese or Korean text are read as English."""

import re

from qwen3tts_daemon.embedded.phonemes.g2p import Phonemizer

_LATIN_WORDS = re.compile(r"([A-Za-zÀ-ÖØ-öø-ɏ]+(?:[ '’.-][A-Za-zÀ-ÖØ-öø-ɏ]+)*)")


def mixed_phonemes(text: str, native: Phonemizer, english: Phonemizer) -> str:
    """Phonemes of a text whose Latin words go to `english` and the rest to `native`."""
    parts = _LATIN_WORDS.split(text)
    read = [english(part) if index % 2 else native(part) for index, part in enumerate(parts) if part.strip()]
    return " ".join(part for part in read if part)
