"""Where the words of a piece of text stand in it, found one after the other as they are spoken."""

from qwen_tts.text.annotations import ANNOTATION


class WordPlaces:
    """Of one piece. What says its words has them cut, on one line and without what has no sound."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._annotations = [(found.start(), found.end()) for found in ANNOTATION.finditer(text)]
        self._at = 0

    def next(self, word: str) -> tuple[int, int] | None:
        """The characters of the next word that is spoken; None if it does not stand there as it is spoken."""
        found = self._text.find(word, self._at)
        if found < 0:
            return self._annotated()
        if self._annotations and self._annotations[0][0] < found:
            return self._annotated()
        self._at = found + len(word)
        return found, self._at

    def _annotated(self) -> tuple[int, int] | None:
        """A word whose sounds came with it is spoken as a letter that is not in the text."""
        if not self._annotations:
            return None
        place = self._annotations.pop(0)
        self._at = place[1]
        return place
