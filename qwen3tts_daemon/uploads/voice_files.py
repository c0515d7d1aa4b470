"""The files of a voice, and how they are taken out of an archive that somebody sent.

An archive is read in the child, never in the daemon, and its headers are not believed: what counts
is what comes out. Nothing but the standard library behind it, as that child wants it.
"""

import encodings.cp437  # noqa: F401  zipfile would look for it when no file can be opened any more
import io
import json
import struct
import zipfile
import zlib

from qwen3tts_daemon.limits import MAX_UPLOAD_BYTES
from qwen3tts_daemon.uploads.confinement import Refused
from qwen_tts.audio.riff import is_true
from qwen_tts.limits import MAX_VOICE_PROMPT_BYTES
from qwen_tts.toml import read_toml

CARD, REFERENCE, PROMPT = "voice.toml", "reference.wav", "prompt.safetensors"
MAX_CARD_BYTES = 64 * 1024
MAX_CARD_JSON_BYTES = 6 * MAX_CARD_BYTES
"""A character may take one byte in TOML and six in JSON."""
MAX_BYTES = {CARD: MAX_CARD_BYTES, REFERENCE: MAX_UPLOAD_BYTES, PROMPT: MAX_VOICE_PROMPT_BYTES}

_MAX_MEMBERS = 100
"""An export has three, and what packers add to a folder is a few more."""
_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""bzip2 and LZMA have no bound on what comes out of a piece."""
_BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, LookupError, OSError, RuntimeError, ValueError)
"""What zipfile raises for bytes that are no archive."""
_ENTRY = b"PK\x01\x02"
_ENCRYPTED = 1


def voice_from(archive: bytes) -> tuple[bytes, bytes, bytes | None]:
    """Its card as JSON, its prompt ("" if there is none) and its recording. Raises Refused."""
    files = _take_out(archive)
    if CARD not in files:
        raise Refused(f"{CARD} is missing")
    if files.get(PROMPT) == b"":
        raise Refused(f"{PROMPT} is empty")
    if REFERENCE in files and not is_true(files[REFERENCE]):
        raise Refused(f"{REFERENCE} is no WAV, or not as long as its header says; export the voice again")
    return _as_json(files[CARD]), files.get(PROMPT, b""), files.get(REFERENCE)


def _take_out(archive: bytes) -> dict[str, bytes]:
    """The files that a voice has, by their names; others are passed over. Raises Refused."""
    if archive.count(_ENTRY) > _MAX_MEMBERS:  # before each becomes an object
        raise Refused(f"more than {_MAX_MEMBERS} files are in it")
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            members = opened.infolist()
            _check(members)
            return {member.filename: _content(opened, member) for member in members if member.filename in MAX_BYTES}
    except _BROKEN as error:
        raise Refused(f"the archive is broken, {_said(error)}") from error


def _check(members: list[zipfile.ZipInfo]) -> None:
    names = [member.filename for member in members]
    for member in members:
        if names.count(member.filename) > 1:
            raise Refused(f"{member.filename[:64]!r} is in it more than once")
        if member.compress_type not in _PACKINGS:
            raise Refused(f"{member.filename[:64]!r} is neither stored nor deflated; pack it again")
        if member.flag_bits & _ENCRYPTED:
            raise Refused(f"{member.filename[:64]!r} has a password; pack it without")


def _content(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    most = MAX_BYTES[member.filename]
    with archive.open(member) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise Refused(f"{member.filename} has more than {most} bytes")
    if len(content) != member.file_size:
        raise Refused(f"{member.filename} has {len(content)} bytes, and {member.file_size} by the archive's directory")
    return content


def _as_json(card: bytes) -> bytes:
    """A few dots too many, and reading TOML takes half a minute: no work for the daemon either."""
    try:
        return json.dumps(read_toml(card.decode()), allow_nan=False).encode()
    except (ValueError, TypeError) as error:  # no text, no TOML, what JSON has not: NaN, dates
        raise Refused(f"{CARD} is no TOML, {_said(error)}") from error


def _said(error: Exception) -> str:
    """It may quote what was sent."""
    return str(error)[:200]
