"""Styles: how a voice may speak, by names. A text says [whisper], a request `style`, Home Assistant `speaker`."""

import unicodedata
from collections.abc import Mapping

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.limits import MAX_STYLES
from qwen3tts_daemon.settings import SettingsError
from qwen_tts.errors import InvalidRequest

BUILT_IN: Mapping[str, str] = {
    "angry": "Speak in an angry tone.",
    "calm": "Speak calmly, in a soothing tone.",
    "excited": "Speak in an excited, energetic tone.",
    "friendly": "Speak in a warm, friendly tone.",
    "gentle": "Speak very gently and softly.",
    "happy": "Speak in a happy, cheerful tone.",
    "sad": "Speak in a sad, sorrowful tone.",
    "sarcastic": "Speak in a sarcastic tone.",
    "scared": "Speak in a frightened, trembling voice.",
    "serious": "Speak in a serious, firm tone.",
    "shout": "Shout loudly.",
    "surprised": "Speak in a surprised, astonished tone.",
    "tired": "Speak in a tired, sleepy voice.",
    "urgent": "Speak fast and urgently.",
    "whisper": "Whisper softly, as if telling a secret.",
}
"""What the model is told, in the language in which it was told such things."""

_NAME = regex.compile(r"(?=.*\p{L})[\p{L}\p{N}][\p{L}\p{N}\p{M} _-]{0,31}")
_TAKEN = frozenset(("chime", "pause", "voice"))
"""Other brackets begin so."""
_BETWEEN = regex.compile(r"[\s_-]+")


class Styles:
    """The table: what is built in, and the settings' own, which go before."""

    def __init__(self, given: Mapping[str, str] | None = None) -> None:
        """`given`: an empty instruction takes a style out. Raises SettingsError."""
        table = dict(BUILT_IN)
        for name, instruction in (given or {}).items():
            _check_name(name)
            table[_key(name)] = instruction.strip()
        self._table = {name: instruction for name, instruction in sorted(table.items()) if instruction}
        if len(self._table) > MAX_STYLES:
            few = "take some of the built-in ones out, as in angry = ''"
            raise SettingsError(f"speech.styles: {len(self._table)} styles, at most {MAX_STYLES}; {few}")
        names = "|".join("[ _-]".join(map(regex.escape, name.split("-"))) for name in self._table)
        self.bracket = regex.compile(rf"\[\s?(?:(?<style>{names or r'(?!)'})|(?<end>/(?:{names})?))\s?\]", regex.I)
        """What begins a style in a text, or ends it: [whisper] ... [/], [/whisper]"""

    @property
    def names(self) -> tuple[str, ...]:
        """Sorted."""
        return tuple(self._table)

    def find(self, name: str) -> str | None:
        """What a voice is told, in words."""
        return self._table.get(_key(name))

    def instruction(self, name: str) -> str:
        """The same; nothing if no style is named. Raises InvalidRequest for one that there is not."""
        if not name:
            return ""
        if (found := self.find(name)) is None:
            there = f"there are {', '.join(self._table)}" if self._table else "there is none"
            raise InvalidRequest(f"no style {name[:64]!r}; {there}", param="style")
        return found


def _key(name: str) -> str:
    """Equal for what people take for the same name."""
    return str(_BETWEEN.sub("-", unicodedata.normalize("NFC", name).strip().casefold()))


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name) or _key(name).partition("-")[0] in _TAKEN:
        rule = "a name has letters and digits, at most 32, and does not begin with chime, pause or voice"
        raise SettingsError(f"speech.styles: {name[:64]!r}: {rule}")
