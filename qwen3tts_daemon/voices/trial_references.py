"""Reference audio that was uploaded to be tried: voices that are not kept, by an id that expires."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from qwen3tts_daemon.bounded_dict import BoundedDict
from qwen_tts.api import VoicePrompt
from qwen_tts.errors import UnknownVoice

PREFIX = "reference:"
"""What the names of such voices begin with; no stored voice's does."""
MOST = 64
EXPIRES_S = 3_600.0


@dataclass(frozen=True, slots=True)
class TrialReference:
    """A voice prompt, and for which checkpoints it was made."""

    prompt: VoicePrompt
    family: str
    until_s: float


class TrialReferences:
    """The last ones."""

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._references = BoundedDict[TrialReference](MOST)

    def add(self, prompt: VoicePrompt, family: str) -> str:
        """Returns the voice's name."""
        name = PREFIX + secrets.token_urlsafe(12)
        self._references[name] = TrialReference(prompt, family, self._now() + EXPIRES_S)
        return name

    def get(self, name: str) -> TrialReference:
        """Raises UnknownVoice."""
        found = self._references.get(name)
        if found is None or found.until_s < self._now():
            raise UnknownVoice(
                f"no {name[:48]!r}: uploaded references are held for an hour, the last {MOST}; send it again",
                param="voice",
            )
        return found
