"""When each word of a unit is heard: from where its phonemes end, as the network decides before it makes a sample."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from qwen3tts_daemon.embedded.phonemes.word_sounds import WordSounds


@dataclass(frozen=True, slots=True)
class HeardWord:
    """Characters [start, end) of a unit's text, and where they are heard, from its first sample on."""

    start: int
    end: int
    first_sample: int
    end_sample: int


class WordTimer:
    """Of one unit, whose samples come in pieces and are trimmed.

    The network gives the silence behind a unit to its last phoneme. So the last word is told with the last piece, when
    it is known what was trimmed; the others with the first.
    """

    def __init__(self, words: Sequence[WordSounds], tell: Callable[[Sequence[HeardWord]], None]) -> None:
        self._untold = list(words)
        self._tell = tell
        self._ends: Sequence[int] = ()
        self._made = self._heard = 0

    def use_ends(self, ends: Sequence[int]) -> None:
        """Where what stands before the phonemes ends, then each of them, then all."""
        self._ends = ends

    def add(self, samples: int) -> None:
        """The network has made so many more."""
        self._made += samples

    @property
    def is_whole(self) -> bool:
        """The last samples were added."""
        return self._made >= self._ends[-1]

    def hear(self, samples: int, trimmed: int | None) -> None:
        """So many more are heard; `trimmed`: how many there were before the first of all, None if none is heard yet."""
        self._heard += samples
        if trimmed is None:
            return
        ready = len(self._untold) if self.is_whole else len(self._untold) - 1
        words, self._untold = self._untold[:ready], self._untold[ready:]
        self._tell([self._placed(word, trimmed) for word in words])

    def _placed(self, word: WordSounds, trimmed: int) -> HeardWord:
        latest = self._heard if self.is_whole else self._ends[-1]
        first, end = (min(max(0, self._ends[place] - trimmed), latest) for place in (word.first, word.last))
        return HeardWord(word.start, word.end, first, end)
