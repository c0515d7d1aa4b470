"""What names of voices mean, whatever voices there are: pure text in, decisions out.

A name is met as clients write it and as people read it in a list: in any case and form of Unicode, with blanks,
underscores or hyphens. What no voice is called may be an alias of the settings, or stand for who speaks the language.
"""

import difflib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from qwen3tts_daemon.settings import SettingsError
from qwen3tts_daemon.text.languages import parse_language
from qwen3tts_daemon.voices.release_speakers import DESCRIPTIONS
from qwen_tts.api import AUTO, VoiceInfo
from qwen_tts.config.languages import LANGUAGES
from qwen_tts.errors import UnknownLanguage

Gender = Literal["female", "male", ""]

FIRST = "* "
"""Before the label of the voice that speaks when none is named: a list that is sorted begins with it."""

MOST_CHARS = 2_200
"""No name and no description is longer."""
_MOST_TOLD = 5
_BETWEEN = re.compile(r"[\s_-]+")
_REGION = re.compile(r"[a-z]{2}[-_]([a-z]{2}|[0-9]{3}|hans|hant)", re.IGNORECASE)

_OPENAI: Mapping[str, Gender] = {
    **dict.fromkeys(("alloy", "nova", "shimmer", "coral", "sage", "marin"), "female"),
    **dict.fromkeys(("onyx", "echo", "fable", "ash", "ballad", "verse", "cedar"), "male"),
}


# -- as they are written ---------------------------------------------------------------------------------------


def canonical(name: str) -> str:
    """In one case and one form of Unicode."""
    if name.isascii():
        return name.lower()
    for _ in range(3):  # folding may compose what folds again
        name = unicodedata.normalize("NFKC", name.casefold())
    return name


def folded(name: str) -> str:
    """Equal for what people take for the same name."""
    return _BETWEEN.sub("-", canonical(name).strip().removeprefix(FIRST))


def in_language(name: str) -> tuple[str, str]:
    """Of "ryan-de" the voice and its language; two empty strings if no language is behind it."""
    base, _, language = canonical(name).rpartition("-")
    return (base, language) if language in LANGUAGES else ("", "")


# -- as they are listed ----------------------------------------------------------------------------------------


def labels(voices: Sequence[VoiceInfo]) -> dict[str, str]:
    """What people pick a voice by; equal descriptions are told apart by the names. None sorts before FIRST."""
    texts = {voice.name: voice.description.strip() or voice.name for voice in voices}
    used = Counter(texts.values())
    told = {name: f"{text} ({name})" if used[text] > 1 else text for name, text in texts.items()}
    return {name: text if text[0] > FIRST[0] else f"{name}: {text}" for name, text in told.items()}


def some_of(names: Sequence[str], name: str) -> str:
    """A few of the names that there are, those like `name` first, for a message."""
    alike = difflib.get_close_matches(canonical(name[:64]), names, _MOST_TOLD)
    told = list(dict.fromkeys([*alike, *names]))[:_MOST_TOLD]
    rest = f" and {len(names) - len(told)} more" if len(names) > len(told) else ""
    return ", ".join(told) + rest


# -- what they stand for ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StandIn:
    """Who is meant by a name that is no voice's: whoever speaks the language, of this gender if there is one."""

    name: str
    gender: Gender = ""
    language: str = AUTO


def stand_in(name: str, *, is_preview: bool, substitute: bool) -> StandIn | None:
    """OpenAI's voices; "default", and Qwen's on the preview voice, unless the settings say otherwise. None: no such."""
    base, language = in_language(name)
    for called, spoken in ((folded(name), AUTO), (folded(base), language)):
        if called in _OPENAI:
            return StandIn(name, _OPENAI[called], spoken)
        if substitute and (called == "default" or (is_preview and called in _QWENS)):
            return StandIn(name, language=spoken)
    return None


_QWENS = frozenset(map(folded, DESCRIPTIONS))


class Aliases:
    """Of the settings: other names for voices, and languages with a voice of their own."""

    def __init__(self, given: Mapping[str, str] | None = None) -> None:
        """Raises SettingsError for what cannot be meant, whatever voices there are."""
        self.names: dict[str, str] = {}
        self.languages: dict[str, str] = {}
        for name, voice in (given or {}).items():
            language = _language(name)
            kept, key = (self.languages, language) if language else (self.names, folded(name))
            _check(key, voice, name)
            if key in kept:
                raise SettingsError(f"voices.aliases: {name!r} is there twice, written in another way; take one out")
            kept[key] = voice
        for name in self.names:
            self._check_end(name)

    def voice(self, name: str) -> str | None:
        """The name of the voice that `name` is an alias of, in the language that is behind it; None if it is none."""
        if (found := self._follow(folded(name))) is not None:
            return found
        base, language = in_language(name)
        found = self._follow(folded(base))
        return found and f"{found}-{language}"

    def _follow(self, key: str) -> str | None:
        return next(reversed(list(self._steps(key))), None)

    def _steps(self, key: str) -> Iterator[str]:
        """An alias may be one of an alias."""
        while (voice := self.names.get(key)) is not None:
            yield voice
            key = folded(voice)

    def _check_end(self, name: str) -> None:
        for number, voice in enumerate(self._steps(name)):
            if number >= len(self.names):
                raise SettingsError(f"voices.aliases: {name!r} leads to {voice!r} and round again; name a voice")


def _check(key: str, voice: str, name: str) -> None:
    if not key.strip("-") or not voice.strip():
        raise SettingsError(f"voices.aliases: {name!r} = {voice!r}: neither the name nor the voice may be empty")


def _language(name: str) -> str | None:
    """The ISO 639-1 code, if a language is meant: by its code, its name, or a tag such as pt-BR."""
    is_tag = _REGION.fullmatch(name.strip()) is not None
    if not is_tag and not name.strip().isalpha():
        return None
    try:
        code = parse_language(name)
    except UnknownLanguage:
        return None
    return None if code == AUTO else code
