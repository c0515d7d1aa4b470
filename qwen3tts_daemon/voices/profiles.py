"""Profiles of the settings: voices that are others, spoken in a way of their own.

They are heard, listed and found as the profiles that people keep; they are changed where they are written.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.limits import MAX_NAME_CHARS
from qwen3tts_daemon.settings import ProfileSettings, SettingsError
from qwen3tts_daemon.voices.stored_voice import StoredVoice
from qwen3tts_daemon.voices.voice_id import slug


class Profiles:
    """By id, in the order of the settings."""

    def __init__(self, given: Mapping[str, ProfileSettings] | None = None, file: Path | None = None) -> None:
        """`given`: by what their tables are called; `file`: where, if it is a file. Raises SettingsError for what
        cannot be meant, whatever voices there are."""
        self._file = file
        self._voices: dict[str, StoredVoice] = {}
        self._options: dict[str, str] = {}
        for table, profile in (given or {}).items():
            self._add(table, profile)
        for voice in self:
            self._check_end(voice)

    def _add(self, table: str, profile: ProfileSettings) -> None:
        id, option = slug(table), f"voices.{table}"
        if not any(map(str.isalnum, table)) or len(table) > MAX_NAME_CHARS:
            raise SettingsError(f"{option[:64]}: a profile's name has letters, and at most {MAX_NAME_CHARS}")
        if id in self._voices:
            raise SettingsError(f"{option} is there twice, written in another way: {self._options[id]}; rename one")
        fields = profile.model_dump() | {"name": profile.name.strip() or table, "language": profile.language or ""}
        self._voices[id] = StoredVoice(id=id, kind="profile", **fields)
        self._options[id] = option

    def _check_end(self, voice: StoredVoice) -> None:
        """A profile may be one of a profile."""
        passed = [voice]
        while (base := self.get(slug(passed[-1].base))) is not None:
            if base in passed:
                way_out = "give the profile a name of its own" if base is voice else "name a voice"
                raise SettingsError(f"{self.option(voice, 'base')}: {voice.base!r} leads back to itself; {way_out}")
            passed.append(base)

    def __iter__(self) -> Iterator[StoredVoice]:
        return iter(self._voices.values())

    def __contains__(self, id: str) -> bool:
        return id in self._voices

    def __len__(self) -> int:
        return len(self._voices)

    def get(self, id: str) -> StoredVoice | None:
        return self._voices.get(id)

    def option(self, voice: StoredVoice, field: str = "") -> str:
        """What a message calls it, or a field of it."""
        return self._options[voice.id] + (f".{field}" if field else "")

    def check_kept(self, id: str) -> None:
        """Raises Refusal for one of these: nobody changes it here."""
        if (voice := self._voices.get(id)) is not None:
            where = f"[{self._options[id]}] of {self._file}" if self._file else f"{self._options[id]} of the settings"
            raise Refusal("setting_locked", f"voice {voice.id!r} is {where}; change it there", param="voice")
