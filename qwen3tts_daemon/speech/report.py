"""How an utterance went: what it cost, and how that is told."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from qwen_tts.api import Guard

_HEARD: frozenset[Guard] = frozenset(("length", "silence"))
"""Guards that cut off what was spoken"""


@dataclass(slots=True)
class Measures:
    """What an utterance took so far; None while it is not known."""

    chars: int = 0
    samples: int = 0
    audio_s: float = 0.0
    load_s: float = 0.0
    """Until an engine was there"""
    queue_s: float = 0.0
    """In the engine's line"""
    ttfa_s: float | None = None
    synthesis_s: float | None = None
    guards: Mapping[Guard, int] = field(default_factory=dict)
    """How often each of the engine's had to act"""
    is_cached: bool = False
    """It was spoken before, and no engine was asked"""
    unread: int = 0
    """Words that the voice could not read, and that were left out"""

    @property
    def is_flawless(self) -> bool:
        """Every word was read, and nothing had to be done that can be heard."""
        return not self.unread and not _HEARD & self.guards.keys()

    @property
    def rtf(self) -> float | None:
        if self.synthesis_s is None or not self.audio_s:
            return None
        return self.synthesis_s / self.audio_s

    def count(self, samples: int, sample_rate: int) -> None:
        """So many more were handed on."""
        self.samples += samples
        self.audio_s = self.samples / sample_rate


@dataclass(frozen=True, slots=True)
class Report:
    """How an utterance went."""

    request_id: str
    protocol: str
    voice: str
    language: str
    end: str
    """`done`, `limit`, `cancelled`, or the code of what failed"""
    measures: Measures

    def __str__(self) -> str:
        """The line for the log. No word of the text is in it."""
        measures = self.measures
        return (
            f"speech id={self.request_id} protocol={self.protocol} voice={self.voice or '-'} "
            f"language={self.language or '-'} chars={measures.chars} audio_s={measures.audio_s:.2f} "
            f"queue_s={measures.queue_s:.2f} ttfa_s={_seconds(measures.ttfa_s)} rtf={_seconds(measures.rtf)} "
            f"end={self.end}{_guards(measures.guards)}{_unread(measures.unread)}"
            f"{' cached=yes' if measures.is_cached else ''}"
        )


def _guards(guards: Mapping[Guard, int]) -> str:
    return " guards=" + ",".join(f"{name}:{count}" for name, count in guards.items()) if guards else ""


def _unread(words: int) -> str:
    return f" unread={words}" if words else ""


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
