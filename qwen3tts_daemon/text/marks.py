"""What stands in a text that is cut for what is no text: a letter each, so that cutting and cleaning leave it alone."""

from collections import deque
from dataclasses import replace

from qwen3tts_daemon.text.directions import Direction
from qwen3tts_daemon.text.pronunciations import Pronunciation, placeholder, without_placeholders

DIRECTION = "\ue000"
"""Stands for a direction; cleaning drops it."""


class Marks:
    """Of one text: what was fed beside its words, until it is met."""

    def __init__(self) -> None:
        self._directions: deque[Direction] = deque()
        """Those whose marks are in the buffer"""
        self._pronunciations: dict[str, Pronunciation] = {}

    def as_text(self, piece: str | Direction | Pronunciation, buffer: str) -> str:
        """What is put behind the buffer for it."""
        if isinstance(piece, str):
            text = piece.replace(DIRECTION, "\ufffd")
            return without_placeholders(text) if self._pronunciations else text
        if not isinstance(piece, Pronunciation):
            self._directions.append(piece)
            return DIRECTION
        piece = replace(
            piece, written=without_placeholders(piece.written), value=without_placeholders(piece.value)
        )  # else one could stand in another, and much in little
        if (letter := placeholder(self._pronunciations, buffer)) is None:
            return piece.written
        self._pronunciations[letter] = piece
        return letter

    def directions_in(self, text: str) -> list[Direction]:
        """Of the next text that leaves the buffer."""
        if not self._directions:
            return []
        return [self._directions.popleft() for _ in range(text.count(DIRECTION))]

    def pronunciations_in(self, text: str) -> dict[str, Pronunciation]:
        """Of text that has left the buffer, by their placeholders; they are forgotten here."""
        found = [letter for letter in self._pronunciations if letter in text]
        return {letter: self._pronunciations.pop(letter) for letter in found}
