"""What `model` may say: clients have names built in, and what speaks is decided by the voice.

Names of OpenAI, of ElevenLabs, of Kokoro, of the checkpoints that are here, and none at all are known. Another
vendor's is answered too, and told once in the log. Only a name of Qwen3-TTS whose checkpoint is not here is refused:
that one is wanted.
"""

import logging
import re
from collections.abc import Callable, Iterable, Sequence

from qwen3tts_daemon.bounded_dict import BoundedDict
from qwen3tts_daemon.hosting.checkpoints import CHECKPOINTS, official, short
from qwen_tts.errors import ModelUnavailable

logger = logging.getLogger(__name__)

OWN = "qwen3-tts"
ALWAYS_LISTED = (OWN, "tts-1", "tts-1-hd", "gpt-4o-mini-tts")

_MOST_TOLD = 1_024
_MOST_CHARS = 256
_KNOWN = re.compile(
    r"|qwen[-_ ]?3?[-_ ]?tts|tts-1(-hd)?(-\d{4})?|gpt-4o-mini-tts(-\d{4}-\d{2}-\d{2})?|kokoro|eleven_\w+"
)
_QWEN = re.compile(r"qwen[-_ .]?3[-_ .]?tts")
_SIZES = {"1.7B": re.compile(r"1[.b_]7b?(?!\d)"), "0.6B": re.compile(r"0[.b_]6b?(?!\d)")}
_KINDS = {
    "CustomVoice": re.compile(r"custom[-_ ]?voice"),
    "VoiceDesign": re.compile(r"voice[-_ ]?design"),
    "Base": re.compile(r"(?<![a-z])base(?![a-z])"),
}


class ModelNames:
    """Asked with every request; `hosted` are the names of the checkpoints that the engine has now."""

    def __init__(self, hosted: Callable[[], Iterable[str]], on_disk: Sequence[str] = ()) -> None:
        self._hosted = hosted
        self.on_disk = on_disk
        """May change: checkpoints come and go"""
        self._told = BoundedDict[None](_MOST_TOLD)

    @property
    def here(self) -> list[str]:
        """The checkpoints, by the names of their folders."""
        return list(dict.fromkeys([*self._hosted(), *self.on_disk]))

    @property
    def listed(self) -> list[str]:
        """Ours and OpenAI's, then the checkpoints by their folders' names and by the hub's."""
        here = self.here
        return [*ALWAYS_LISTED, *here, *(f"Qwen/{name}" for name in here if name in CHECKPOINTS)]

    def check(self, name: str | None) -> None:
        """Raises ModelUnavailable with the command that downloads it."""
        asked = (name or "").strip()[:_MOST_CHARS]
        # Hubs and folders are before the last slash.
        lower = asked.rstrip("/").rpartition("/")[2].casefold()
        here = {one.casefold() for one in self.here}
        if _KNOWN.fullmatch(lower) or lower in here:
            return
        if meant := _checkpoints(lower):
            if here.isdisjoint(one.casefold() for one in meant):
                download = f"qwen3tts-daemon models download {short(meant[0])}"
                raise ModelUnavailable(f"{asked[:64]!r} is not here: {download}", param="model")
        elif lower not in self._told:
            self._told[lower] = None
            logger.info("the model %.64r is not known here: what is loaded speaks", asked)


def _checkpoints(lower: str) -> list[str]:
    """The official ones that a name of Qwen3-TTS may mean; none if it says neither size nor kind."""
    if (exact := official(lower)) is not None:
        return [exact]
    if _QWEN.search(lower) is None:
        return []
    size = next((size for size, pattern in _SIZES.items() if pattern.search(lower)), "")
    kind = next((kind for kind, pattern in _KINDS.items() if pattern.search(lower)), "")
    if not (size or kind):
        return []
    return [one for one in CHECKPOINTS if size in one and kind in one] or [one for one in CHECKPOINTS if kind in one]
