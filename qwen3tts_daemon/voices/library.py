"""Voices that people made, on disk: cloned, designed, and profiles of other voices.

`voices/<id>/` holds voice.toml, and for a cloned voice reference.wav and prompt.safetensors. A folder appears, changes
and goes by one rename each, so that after a crash there is the old or the new, never half of one. What is read is
checked; a folder that is broken is named and left alone.
"""

import contextlib
import io
import logging
import shutil
import threading
import tomllib
import uuid
import wave
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import regex  # type: ignore[import-untyped,unused-ignore]
from msgspec import Meta

from qwen3tts_daemon import durable_files
from qwen3tts_daemon.audio import to_wav
from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.limits import (
    MAX_SOURCE_CHARS,
    MAX_VOICES,
    Description,
    Instruct,
    Seed,
    Speed,
    Transcript,
    VoiceName,
)
from qwen3tts_daemon.uploads.voice_files import CARD, MAX_BYTES, PROMPT, REFERENCE
from qwen3tts_daemon.voices.names import canonical
from qwen_tts.api import PCM_BYTES, Audio, Gender
from qwen_tts.audio.bounds import SAMPLE_RATES
from qwen_tts.errors import UnknownVoice
from qwen_tts.toml import toml_value

logger = logging.getLogger(__name__)

FORMAT = 1
_ID = r"^[^\x00-/:-`{-\x7f\s][^\x00-,./:-^`{-\x7f\s]{0,63}\Z"
"""msgspec searches for it: without the ^ its end would be enough. `is_id` says the rest."""
MAX_ID_BYTES = 200
"""As UTF-8: a file system has room for 255."""
_MAKING, _GOING = ".new-", ".gone-"
"""How folders that are being made or taken away begin."""

StoredKind = Literal["cloned", "designed", "profile"]


class StoredVoice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What voice.toml says."""

    id: Annotated[str, Meta(pattern=_ID)]
    name: VoiceName
    kind: StoredKind
    format: int = FORMAT
    description: Description = ""
    gender: Gender = ""
    language: str = ""
    """The voice's own, ISO 639-1; "" if it has none."""
    source: Annotated[str, Meta(max_length=MAX_SOURCE_CHARS)] = ""
    """Where it came from: a recording's name, a kept take, an import."""
    consent: bool = False
    """Whoever made it said that the speaker agrees."""
    created_at: str = ""
    transcript: Transcript = ""
    """Cloned: the words of the reference audio; "" if only its speaker embedding is used."""
    prompt_family: str = ""
    """Cloned: for which checkpoints prompt.safetensors is (Capabilities.voice_prompts)."""
    design: Description = ""
    """Designed, or cloned from a kept take: the description in words."""
    base: str = ""
    """Profile: the voice that speaks."""
    instruct: Instruct = ""
    speed: Speed = 1.0
    seed: Seed | None = None

    def __post_init__(self) -> None:
        if not is_id(self.id):
            raise ValueError(f"{self.id[:64]!r} is no id: letters and digits in lower case, with - or _ between")


class VoiceLibrary:
    """The folder, and what is in it; every change is on disk before it is seen. Blocks: a few small files at a time.

    Changes may come from several threads: they are made one after the other.
    """

    def __init__(self, directory: Path) -> None:
        """Raises OSError if the folder cannot be made."""
        self._directory = directory
        self._changing = threading.Lock()
        directory.mkdir(parents=True, exist_ok=True)
        self._voices: dict[str, StoredVoice] = {}
        for folder in sorted(directory.iterdir()):
            self._take_in(folder)

    def _take_in(self, folder: Path) -> None:
        if folder.name.startswith((_MAKING, _GOING)):
            shutil.rmtree(folder, ignore_errors=True)  # a change that was interrupted
        elif folder.is_dir() and not folder.name.startswith("."):
            try:
                voice = _read_card(folder)
            except (OSError, ValueError) as error:
                logger.warning("voice %s is skipped: %s", folder.name, error)
            else:
                self._voices[voice.id] = voice
                for partial in folder.glob(f"{durable_files.PARTIAL}*"):
                    with contextlib.suppress(OSError):
                        partial.unlink()

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
        base = slug(name)
        for number in range(1, MAX_VOICES + 2):
            id = base if number == 1 else f"{_cut(base, 58)}-{number}"
            if id not in self._voices and id not in taken and not (self._directory / id).exists():
                return id
        raise AssertionError("more voices than there can be")

    def add(self, voice: StoredVoice, reference: Audio | None = None, prompt: bytes | None = None) -> StoredVoice:
        """Raises Refusal if there are too many, one has this id, or it cannot be written."""
        with self._changing, _writing():
            self._add(voice, reference, prompt)
        return voice

    def _add(self, voice: StoredVoice, reference: Audio | None, prompt: bytes | None) -> None:
        if len(self._voices) >= MAX_VOICES:
            raise Refusal("too_large", f"{MAX_VOICES} voices are kept already; delete one", param="name")
        if voice.id in self._voices or (self._directory / voice.id).exists():
            raise Refusal("bad_field", f"there is a voice {voice.id!r} already", param="id")
        files = {CARD: _card(voice)}
        if reference is not None:
            files[REFERENCE] = to_wav(reference)
        if prompt is not None:
            files[PROMPT] = prompt
        self._appear(voice.id, files)
        self._voices[voice.id] = voice

    def _appear(self, id: str, files: Mapping[str, bytes]) -> None:
        making = self._directory / f"{_MAKING}{uuid.uuid4().hex}"
        making.mkdir()
        try:
            for name, content in files.items():
                durable_files.write_new(making / name, content)
            durable_files.sync_folder(making)
            making.rename(self._directory / id)
        except BaseException:
            shutil.rmtree(making, ignore_errors=True)
            raise
        durable_files.sync_folder(self._directory)

    def change(self, id: str, **changes: Any) -> StoredVoice:
        """Raises UnknownVoice, Refusal for a value that a voice cannot have, or if it cannot be written."""
        with self._changing, _writing():
            return self._change(id, **changes)

    def _change(self, id: str, **changes: Any) -> StoredVoice:
        changed = msgspec.structs.replace(self.get(id), **changes)
        try:
            changed = msgspec.convert(msgspec.to_builtins(changed), StoredVoice)
        except msgspec.ValidationError as error:
            raise Refusal("bad_field", str(error), param=field_of(error)) from None
        self._replace(id, CARD, _card(changed))
        self._voices[id] = changed
        return changed

    def set_prompt(self, id: str, prompt: bytes, family: str) -> StoredVoice:
        """For other checkpoints than before. The card says for which ones, meanwhile for none. Raises like `change`."""
        with self._changing, _writing():
            self._change(id, prompt_family="")
            self._replace(id, PROMPT, prompt)
            return self._change(id, prompt_family=family)

    def _replace(self, id: str, name: str, content: bytes) -> None:
        durable_files.replace(self._directory / id / name, content)

    def remove(self, id: str) -> None:
        """Raises UnknownVoice, Refusal if it cannot be written."""
        with self._changing, _writing():
            self.get(id)
            going = self._directory / f"{_GOING}{uuid.uuid4().hex}"
            with contextlib.suppress(FileNotFoundError):  # somebody was faster
                (self._directory / id).rename(going)
            del self._voices[id]
            durable_files.sync_folder(self._directory)
        shutil.rmtree(going, ignore_errors=True)

    def prompt(self, id: str) -> bytes | None:
        """As it stands on disk, whole or not; None if there is none yet, or it cannot be read."""
        self.get(id)
        try:
            with (self._directory / id / PROMPT).open("rb") as file:
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
            return from_wav((self._directory / id / REFERENCE).read_bytes())
        except (OSError, EOFError, wave.Error) as error:
            raise Refusal("bad_audio", f"voice {id} has no readable {REFERENCE}; clone it again") from error

    def export(self, id: str) -> bytes:
        """A ZIP of the voice's files. Raises UnknownVoice."""
        self.get(id)
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
            for name in (CARD, REFERENCE, PROMPT):
                path = self._directory / id / name
                if path.is_file():
                    archive.write(path, name)
        return packed.getvalue()


def field_of(error: msgspec.ValidationError) -> str | None:
    """Of "... - at `$.name`"."""
    _, found, place = str(error).partition("`$.")
    return place.rstrip("`") if found else None


def slug(name: str) -> str:
    """Letters and digits of any script, in one case and form, for a folder and a URL."""
    return _cut("-".join(_WORD.findall(canonical(_INVISIBLE.sub("", name)))), 64) or "voice"


def is_id(text: str) -> bool:
    """Whether `slug` could have made it, today or when it took ASCII alone."""
    return text == canonical(text) and bool(_WHOLE_ID.fullmatch(text)) and len(text.encode()) <= MAX_ID_BYTES


_INVISIBLE = regex.compile(r"[\p{Cf}\p{Default_Ignorable_Code_Point}]")
_WORD = regex.compile(r"[\p{L}\p{N}][\p{L}\p{N}\p{Mn}\p{Mc}]*")
"""Marks are parts of letters, in Thai and in the scripts of India."""
_WHOLE_ID = regex.compile(r"[\p{L}\p{N}][\p{L}\p{N}\p{Mn}\p{Mc}_-]*")


def _cut(id: str, chars: int) -> str:
    """With room for a number behind it."""
    return id[:chars].encode()[: MAX_ID_BYTES - 8].decode(errors="ignore").strip("-")


def from_wav(data: bytes) -> Audio:
    """Of `to_wav`. Raises wave.Error, EOFError."""
    with wave.open(io.BytesIO(data), "rb") as file:
        if (file.getnchannels(), file.getsampwidth()) != (1, 2):
            raise wave.Error("not mono with 16 bits")
        if file.getframerate() not in SAMPLE_RATES:
            raise wave.Error(f"a sample rate of {file.getframerate()} Hz")
        pcm = file.readframes(file.getnframes())
    return Audio(pcm=pcm[: len(pcm) // PCM_BYTES * PCM_BYTES], sample_rate=file.getframerate())


def _read_card(folder: Path) -> StoredVoice:
    voice = _parse_card((folder / CARD).read_bytes())
    if voice.id != folder.name and not _is_one_folder(folder, folder.with_name(voice.id)):
        raise ValueError(f"{CARD} says that its id is {voice.id!r}")
    if voice.kind == "cloned" and not (folder / REFERENCE).is_file():
        raise ValueError(f"{REFERENCE} is missing")
    return voice


def _is_one_folder(folder: Path, other: Path) -> bool:
    """A file system may tell a name in another form of Unicode than it was given."""
    return other.exists() and folder.samefile(other)


def _parse_card(content: bytes) -> StoredVoice:
    """Raises ValueError."""
    try:
        return voice_of(tomllib.loads(content.decode()))
    except RecursionError:
        raise ValueError(f"{CARD} is nested too deeply") from None


def voice_of(fields: Mapping[str, Any]) -> StoredVoice:
    """From what a card says. Raises ValueError."""
    if (found := fields.get("format")) != FORMAT:
        raise ValueError(f"{CARD} has format {repr(found)[:32]}, and this version reads {FORMAT}; update it")
    return msgspec.convert(fields, StoredVoice)


def _card(voice: StoredVoice) -> bytes:
    lines = ["# A voice of the daemon; see docs/http.md.\n"]
    for name, value in msgspec.to_builtins(voice).items():
        if value is not None:
            lines.append(f"{name} = {toml_value(value)}\n")
    return "".join(lines).encode()


@contextlib.contextmanager
def _writing() -> Iterator[None]:
    """A full disk is nobody's mistake: who keeps a voice is told what to mend."""
    try:
        yield
    except OSError as error:
        logger.error("a voice cannot be written: %s", error)
        message = f"the data directory cannot be written: {error.strerror}; mend that and try again"
        raise Refusal("storage_failed", message) from error
