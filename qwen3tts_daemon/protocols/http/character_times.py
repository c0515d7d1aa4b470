"""When each character is heard, in seconds, as answers in ElevenLabs' shape tell it.

Engines tell words. Within one its characters are spread evenly; what stands between two takes no time.
"""

from typing_extensions import TypedDict

from qwen3tts_daemon.speech.word_times import WordsTold


class CharacterAlignment(TypedDict):
    """Three lists of one length."""

    characters: list[str]
    character_start_times_seconds: list[float]
    character_end_times_seconds: list[float]


class CharacterTimes:
    """Of one answer."""

    def __init__(self) -> None:
        self._told: CharacterAlignment = {
            "characters": [], "character_start_times_seconds": [], "character_end_times_seconds": [],
        }  # fmt: skip
        self._end = 0
        """So far the text is told"""
        self._end_s = 0.0

    @property
    def all(self) -> CharacterAlignment:
        return self._told

    def of(self, told: WordsTold) -> CharacterAlignment:
        """The next words, each with what stands behind it."""
        begins = len(self._told["characters"])
        for word in told.words:
            if word.start > self._end and self._end:
                self._tell(" ", self._end_s, self._end_s)  # whatever parts two segments
            start_s = max(self._end_s, word.first_sample / told.sample_rate)
            self._end_s = max(start_s, word.end_sample / told.sample_rate)
            self._tell(word.text, start_s, self._end_s)
            self._tell(word.behind, self._end_s, self._end_s)
            self._end = word.end + len(word.behind)
        return {
            "characters": self._told["characters"][begins:],
            "character_start_times_seconds": self._told["character_start_times_seconds"][begins:],
            "character_end_times_seconds": self._told["character_end_times_seconds"][begins:],
        }

    def _tell(self, characters: str, start_s: float, end_s: float) -> None:
        each_s = (end_s - start_s) / (len(characters) or 1)
        for place, character in enumerate(characters):
            self._told["characters"].append(character)
            self._told["character_start_times_seconds"].append(round(start_s + place * each_s, 4))
            self._told["character_end_times_seconds"].append(round(start_s + (place + 1) * each_s, 4))
