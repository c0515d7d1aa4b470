"""What a text says of how it is to be spoken, in brackets: [pause 500ms], and [voice: anna] where a line begins.

What is unknown, broken or names nobody is text, as brackets are anywhere: [1], [sic].
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.limits import MAX_PAUSE_S, MAX_PAUSES_S, MAX_VOICE_CHANGES

_PAUSE = regex.compile(r"\[pause[ :=]{0,2}\s?(?<n>[0-9]{1,6}(?:\.[0-9]{1,6})?)\s?(?<unit>ms|s)\]", regex.I)
_VOICE = regex.compile(r"\[voice:\s?(?<name>[^\[\]\n]{1,80})\]", regex.I)


@dataclass(frozen=True, slots=True)
class Pause:
    """Silence."""

    duration_s: float


@dataclass(frozen=True, slots=True)
class VoiceChange:
    """From here on another voice speaks."""

    voice: str


Direction = Pause | VoiceChange


def pause_in(directions: Iterable[Direction]) -> float | None:
    """How long all pauses among them are together; None if there is none."""
    pauses = [one.duration_s for one in directions if isinstance(one, Pause)]
    return sum(pauses) if pauses else None


class Found(NamedTuple):
    """A direction, and where it ends in the text."""

    end: int
    direction: Direction


class Directions:
    """Finds the directions of one text, as many as there may be: what is over the limits is dropped."""

    def __init__(self, is_voice: Callable[[str], bool]) -> None:
        """`is_voice`: whether somebody has that name."""
        self._is_voice = is_voice
        self._pauses_s = 0.0
        self._changes = 0

    def find(self, text: str, start: int, *, begins_line: bool, settled: bool) -> Found | Literal["perhaps"] | None:
        """The direction whose bracket opens at `start`. `settled`: decide as if the text ended here."""
        for pattern in (_PAUSE, _VOICE) if begins_line else (_PAUSE,):
            found = pattern.match(text, start, partial=not settled)
            if found and found.partial:
                return "perhaps"
            if found and (direction := self._direction(found)):
                return Found(int(found.end()), direction)
        return None

    def _direction(self, found: "regex.Match[str]") -> Direction | None:
        groups = found.groupdict()
        if (name := groups.get("name")) is not None:
            return VoiceChange(name.strip()) if self._is_voice(name.strip()) else None
        return Pause(float(groups["n"]) / (1000 if groups["unit"].lower() == "ms" else 1))

    def within_limits(self, direction: Direction) -> Direction | None:
        """What is left of it; it counts from now on."""
        if isinstance(direction, VoiceChange):
            self._changes += 1
            return direction if self._changes <= MAX_VOICE_CHANGES else None
        duration_s = min(direction.duration_s, MAX_PAUSE_S, MAX_PAUSES_S - self._pauses_s)
        self._pauses_s += duration_s
        return Pause(duration_s) if duration_s > 0 else None
