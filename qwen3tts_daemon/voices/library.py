"""Voices that people made, on disk: cloned, designed, and profiles of other voices.

`voices/<id>/` holds voice.toml, and for a cloned voice reference.wav and prompt.safetensors, or one of them. What is
read is checked; a folder that is broken is named and left alone.
"""

import contextlib
import io
import logging
import threading
import wave
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from qwen3tts_daemon.audio import from_wav, to_wav
from qwen3tts_daemon.failures import Refusal, storage_failed
from qwen3tts_daemon.limits import MAX_VOICES
from qwen3tts_daemon.uploads.voice_files import CARD, MAX_BYTES, PROMPT, REFERENCE
from qwen3tts_daemon.voices.stored_voice import StoredVoice, card_of, field_of, read_card
from qwen3tts_daemon.voices.voice_folders import VoiceFolders
from qwen3tts_daemon.voices.voice_id import numbered, slug
from qwen_tts.api import Audio
from qwen_tts.errors import UnknownVoice

logger = logging.getLogger(__name__)


class VoiceLibrary:
    """The stored voices; every change is on disk before it is seen. Blocks: a few small files at a time.

    Changes may come from several threads: they are made one after the other.
    """

    def __init__(self, directory: Path) -> None:
        """Raises OSError if the folder cannot be made."""
        self._directory = directory
        self._folders = VoiceFolders(directory)
        self._changing = threading.Lock()
        self._voices: dict[str, StoredVoice] = {}
        for folder in self._folders:
            self._take_in(folder)

    def _take_in(self, folder: Path) -> None:
        try:
            voice = _read(folder)
        except (OSError, ValueError) as error:
            logger.warning("voice %s is skipped: %s", folder.name, error)
        else:
            self._voices[voice.id] = voice
            self._folders.tidy(folder)

    # -- what there is -------------------------------------------------------------------------------------

    @property
    def voices(self) -> list[StoredVoice]:
        return list(self._voices.values())

    def find(self, id: str) -> StoredVoice | None:
        return self._voices.get(id)

    def get(self, id: str) -> StoredVoice:
        """Raises UnknownVoice."""
        if (voice := self.find(id)) is None:
            raise UnknownVoice(f"no stored voice {id[:64]!r}; the list of voices has them", param="voice")
        return voice

    def free_id(self, name: str, taken: frozenset[str] = frozenset()) -> str:
        """An id made of the name that no voice has; `taken` are names of other voices, in lower case."""
        ids = (numbered(slug(name), number) for number in range(1, MAX_VOICES + 2))
        return next(id for id in ids if id not in self._voices and id not in taken and not self._folders.has(id))

    def prompt(self, id: str) -> bytes | None:
        """As it stands on disk, whole or not; None if there is none yet, or it cannot be read."""
        self.get(id)
        try:
            with self._folders.path(id, PROMPT).open("rb") as file:
                return file.read(MAX_BYTES[PROMPT] + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            logger.warning("the prompt of voice %s cannot be read: %s", id, error)
            return None

    def reference(self, id: str) -> Audio:
        """The recording that a cloned voice came from. Raises Refusal if there is none."""
        self.get(id)
        try:
            self._folders.path(id, CARD).stat()
        except OSError as error:
            raise self._unreadable(id, error) from error
        try:
            return from_wav(self._folders.path(id, REFERENCE).read_bytes())
        except (OSError, EOFError, wave.Error) as error:
            raise Refusal("bad_audio", f"voice {id} has no readable {REFERENCE}; clone it again") from error

    def export(self, id: str) -> bytes:
        """A ZIP of the voice's files. Raises UnknownVoice, Refusal if they cannot be read."""
        self.get(id)
        packed = io.BytesIO()
        try:
            with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
                for name in (CARD, REFERENCE, PROMPT):
                    path = self._folders.path(id, name)
                    if name == CARD or path.is_file():
                        archive.write(path, name)
        except OSError as error:
            raise self._unreadable(id, error) from error
        return packed.getvalue()

    def _unreadable(self, id: str, error: OSError) -> Refusal:
        """The disk is gone, or broken: the voice may be as it was."""
        logger.error("voice %s cannot be read: %s", id, error)
        message = f"voice {id} cannot be read in {self._directory}: {error.strerror}; mend that and try again"
        return Refusal("storage_failed", message)

    # -- what changes --------------------------------------------------------------------------------------

    def add(self, voice: StoredVoice, reference: Audio | None = None, prompt: bytes | None = None) -> StoredVoice:
        """Raises Refusal if there are too many, one has this id, or it cannot be written."""
        with self._changing, self._writing(), self._folders.changing():
            if len(self._voices) >= MAX_VOICES:
                raise Refusal("too_large", f"{MAX_VOICES} voices are kept already; delete one", param="name")
            if voice.id in self._voices or self._folders.has(voice.id):
                raise Refusal("bad_field", f"there is a voice {voice.id!r} already", param="id")
            self._folders.add(voice.id, _files(voice, reference, prompt))
            self._voices[voice.id] = voice
        return voice

    def change(self, id: str, **changes: Any) -> StoredVoice:
        """Raises UnknownVoice, Refusal for a value that a voice cannot have, or if it cannot be written."""
        with self._changing, self._writing(), self._folders.changing():
            return self._change(id, **changes)

    def _change(self, id: str, **changes: Any) -> StoredVoice:
        changed = msgspec.structs.replace(self.get(id), **changes)
        try:
            changed = msgspec.convert(msgspec.to_builtins(changed), StoredVoice)
        except msgspec.ValidationError as error:
            raise Refusal("bad_field", str(error), param=field_of(error)) from None
        try:
            self._folders.replace(id, CARD, card_of(changed))
        except OSError:
            with contextlib.suppress(OSError, ValueError):
                self._voices[id] = _read(self._directory / id)
            raise
        self._voices[id] = changed
        return changed

    def set_prompt(self, id: str, prompt: bytes, family: str) -> StoredVoice:
        """For other checkpoints than before. The card says for which ones, meanwhile for none. Raises like `change`."""
        with self._changing, self._writing(), self._folders.changing():
            self._change(id, prompt_family="")
            self._folders.replace(id, PROMPT, prompt)
            return self._change(id, prompt_family=family)

    def remove(self, id: str) -> None:
        """Raises UnknownVoice, Refusal if it cannot be written."""
        with self._changing, self._writing(), self._folders.changing():
            self.get(id)
            with self._folders.removing(id):
                del self._voices[id]

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """A full disk is nobody's mistake: who keeps a voice is told what to mend."""
        try:
            yield
        except OSError as error:
            logger.error("a voice cannot be written: %s", error)
            raise storage_failed(self._directory, error) from error


def _read(folder: Path) -> StoredVoice:
    """Raises OSError and ValueError for a folder that holds no whole voice."""
    voice = read_card((folder / CARD).read_bytes())
    if voice.id != folder.name and not _is_one_folder(folder, folder.with_name(voice.id)):
        raise ValueError(f"{CARD} says that its id is {voice.id!r}")
    if voice.kind == "cloned" and not any((folder / name).is_file() for name in (REFERENCE, PROMPT)):
        raise ValueError(f"{REFERENCE} is missing")
    return voice


def _is_one_folder(folder: Path, other: Path) -> bool:
    """A file system may tell a name in another form of Unicode than it was given."""
    return other.exists() and folder.samefile(other)


def _files(voice: StoredVoice, reference: Audio | None, prompt: bytes | None) -> dict[str, bytes]:
    files = {CARD: card_of(voice)}
    if reference is not None:
        files[REFERENCE] = to_wav(reference)
    if prompt is not None:
        files[PROMPT] = prompt
    return files
