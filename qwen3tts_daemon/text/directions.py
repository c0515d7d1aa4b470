"""What a text says of how it is to be spoken. In brackets: [pause 500ms], [whisper] ... [/], [voice: anna] where a
line begins, and [chime] before all words.

What is unknown, broken or names nobody is text, as brackets are anywhere: [1], [sic]. All but pauses hold until the
next direction of their kind.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.limits import MAX_DIRECTIONS, MAX_PAUSE_S, MAX_PAUSES_S, MAX_VOICE_CHANGES, SPEED
from qwen3tts_daemon.text.styles import Styles

_PAUSE = regex.compile(r"\[pause[ :=]{0,2}\s?(?<n>[0-9]{1,6}(?:\.[0-9]{1,6})?)\s?(?<unit>ms|s)\]", regex.I)
_CHIME = regex.compile(r"\[chime\]", regex.I)
_VOICE = regex.compile(r"\[voice:\s?(?<name>[^\[\]\n]{1,80})\]", regex.I)


@dataclass(frozen=True, slots=True)
class Pause:
    """Silence."""

    duration_s: float


@dataclass(frozen=True, slots=True)
class Chime:
    """Before the first word."""


@dataclass(frozen=True, slots=True)
class VoiceChange:
    """From here on another voice speaks."""

    voice: str
    """"": the one that was asked for"""


@dataclass(frozen=True, slots=True)
class LanguageChange:
    """From here on it is in another language."""

    language: str
    """ISO 639-1; "": the one that was asked for, or the text's own"""


@dataclass(frozen=True, slots=True)
class SpeedChange:
    """From here on it is spoken faster or slower."""

    speed: float
    """Times the speed that was asked for"""


@dataclass(frozen=True, slots=True)
class GainChange:
    """From here on it is softer; a text makes nothing louder than was asked for."""

    gain_db: float


@dataclass(frozen=True, slots=True)
class StyleChange:
    """From here on it is spoken in a style, by voices that can be told so."""

    instruct: str
    """In words, beside what the voice is told anyway; "": nothing"""


Change = VoiceChange | LanguageChange | SpeedChange | GainChange | StyleChange
Direction = Pause | Chime | Change


@dataclass(frozen=True, slots=True)
class Manner:
    """What all directions so far make of how it is spoken, beside what was asked for."""

    voice: str = ""
    language: str = ""
    speed: float = 1.0
    gain_db: float = 0.0
    instruct: str = ""

    def after(self, directions: Iterable[Direction]) -> "Manner":
        """With these too."""
        manner = self
        for direction in directions:
            match direction:
                case VoiceChange(voice):
                    manner = replace(manner, voice=voice)
                case LanguageChange(language):
                    manner = replace(manner, language=language)
                case SpeedChange(speed):
                    manner = replace(manner, speed=speed)
                case GainChange(gain_db):
                    manner = replace(manner, gain_db=gain_db)
                case StyleChange(instruct):
                    manner = replace(manner, instruct=instruct)
                case Pause() | Chime():
                    pass
        return manner


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

    def __init__(
        self, is_voice: Callable[[str], bool], styles: Styles | None = None, *, takes_styles: bool = True
    ) -> None:
        """`is_voice`: whether somebody has that name. `takes_styles`: whether any voice can be told one; if not, they
        are dropped."""
        self._is_voice = is_voice
        self._styles = styles or Styles()
        self._takes_styles = takes_styles
        self.has_dropped_style = False
        self._is_styled = False
        """Inside a style"""
        self._pauses_s = 0.0
        self._voice_changes = self._directions = 0

    def find(
        self, text: str, start: int, *, begins_line: bool, begins_text: bool, settled: bool
    ) -> Found | Literal["perhaps"] | None:
        """The direction whose bracket opens at `start`. `settled`: decide as if the text ended here."""
        brackets = [_PAUSE, self._styles.bracket]
        if begins_line:
            brackets.append(_VOICE)
        if begins_text:
            brackets.append(_CHIME)
        for pattern in brackets:
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
        if found.re is _CHIME:
            return Chime()
        if (style := groups.get("style")) is not None:
            return StyleChange(instruct) if (instruct := self._styles.find(style)) else None
        if groups.get("end") is not None:
            return StyleChange("") if self._is_styled else None
        return Pause(float(groups["n"]) / (1000 if groups["unit"].lower() == "ms" else 1))

    def within_limits(self, direction: Direction) -> Direction | None:
        """What is left of it; it counts from now on."""
        self._directions += 1
        match direction:
            case _ if self._directions > MAX_DIRECTIONS:
                return None
            case Pause():
                return self._pause(direction)
            case VoiceChange(voice):
                self._voice_changes += 1
                is_meant = not voice or self._is_voice(voice)
                return direction if is_meant and self._voice_changes <= MAX_VOICE_CHANGES else None
            case SpeedChange(speed):
                return SpeedChange(SPEED.clamp(speed))
            case GainChange(gain_db):
                return GainChange(min(0.0, gain_db))
            case StyleChange(instruct):
                self._is_styled = bool(instruct)
                self.has_dropped_style |= not self._takes_styles
                return direction if self._takes_styles else None
            case _:
                return direction

    def _pause(self, direction: Pause) -> Pause | None:
        duration_s = min(direction.duration_s, MAX_PAUSE_S, MAX_PAUSES_S - self._pauses_s)
        self._pauses_s += duration_s
        return Pause(duration_s) if duration_s > 0 else None
