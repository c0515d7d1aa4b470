"""What a backup looks like: a gzipped tar, first `manifest.json`, then the files that it lists, in its order.

Whoever reads one believes nothing that it says: names, sizes and kinds are checked before anything is written, and no
more bytes come out of it than are wanted at that moment.
"""

import contextlib
import gzip
import hashlib
import io
import os
import re
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Annotated, Final

import msgspec
from msgspec import Meta

from qwen3tts_daemon.data_dir import contents

FORMAT: Final = 1
"""Of backups"""
MANIFEST: Final = "manifest.json"

_MOST_FILES: Final = 10_000
_MOST_BYTES_OF_A_FILE: Final = 64 * 1024 * 1024
"""Three times what a voice's recording may have"""
_MOST_BYTES_OF_MANIFEST: Final = 8 * 1024 * 1024
_MOST_BYTES_OF_HEADERS: Final = 64 * 1024
"""Of one file, as long as its name may be"""
_LITTLE_EFFORT: Final = 1
"""Most of it is recorded sound, which more effort makes hardly smaller"""
_VERSION: Final = r"^[0-9A-Za-z.+-]{1,32}\Z"
_BROKEN: Final = (tarfile.TarError, zlib.error, EOFError, OSError, ValueError, RecursionError)
"""What the libraries raise for bytes that are no such archive"""


class BadBackup(Exception):
    """It cannot be restored; the message says why, and the way out."""


class PackedFile(msgspec.Struct, frozen=True):
    """One of the files."""

    name: str
    size: Annotated[int, Meta(ge=0, le=_MOST_BYTES_OF_A_FILE)]
    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]


class Manifest(msgspec.Struct, frozen=True):
    """What a backup says of itself."""

    format: int
    data_format: Annotated[int, Meta(ge=1)]
    version: Annotated[str, Meta(pattern=_VERSION)]
    """Of the daemon that wrote it"""
    created_at: Annotated[str, Meta(max_length=64)]
    has_secrets: bool
    came_from: dict[str, str]
    """Where files were that did not lie in the data directory, by their names here"""
    files: Annotated[list[PackedFile], Meta(max_length=_MOST_FILES)]


class _Head(msgspec.Struct):
    """What every format of backups says."""

    format: int
    version: Annotated[str, Meta(pattern=_VERSION)]


def packed(folder: Path, name: str) -> PackedFile:
    """What a manifest says of a file there. Raises OSError, BadBackup for one that no backup holds."""
    with (folder / name).open("rb") as file:
        size, digest = os.fstat(file.fileno()).st_size, hashlib.file_digest(file, "sha256").hexdigest()
    if size > _MOST_BYTES_OF_A_FILE:
        raise BadBackup(f"{name} has {size} bytes, and a file of a backup at most {_MOST_BYTES_OF_A_FILE}")
    return PackedFile(name, size, digest)


def write(out: IO[bytes], manifest: Manifest, folder: Path) -> None:
    """The files of the manifest lie in the folder. Raises OSError."""
    with (
        gzip.GzipFile(filename="", fileobj=out, mode="wb", compresslevel=_LITTLE_EFFORT, mtime=0) as packing,
        tarfile.open(fileobj=packing, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        said = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
        tar.addfile(_header(MANIFEST, len(said)), io.BytesIO(said))
        for packed_file in manifest.files:
            with (folder / packed_file.name).open("rb") as file:
                tar.addfile(_header(packed_file.name, packed_file.size), file)


def _header(name: str, size: int) -> tarfile.TarInfo:
    """Nobody's, and of no time: what it is of says the manifest."""
    header = tarfile.TarInfo(name)
    header.size, header.mode = size, 0o600
    return header


class Backup:
    """One that is read, from its beginning to its end. Everything here raises BadBackup."""

    def __init__(self, file: IO[bytes]) -> None:
        self._out = _Bounded(file)
        with _told():
            self._out.may_give(_MOST_BYTES_OF_HEADERS)
            self._tar = tarfile.TarFile.open(fileobj=self._out, mode="r|", bufsize=tarfile.RECORDSIZE)
        self.manifest = self._read_manifest()

    def _read_manifest(self) -> Manifest:
        content = self._next(MANIFEST, _MOST_BYTES_OF_MANIFEST)
        try:
            head = msgspec.json.decode(content, type=_Head)
            if head.format > FORMAT:
                raise BadBackup(f"it was written by version {head.version}; install that one or a later one")
            manifest = msgspec.json.decode(content, type=Manifest)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BadBackup(f"its {MANIFEST} is none: {error}") from None
        names = [file.name for file in manifest.files]
        if len(set(names)) < len(names):
            raise BadBackup("it lists a file twice")
        for name in names:
            _check_name(name)
        return manifest

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Name and content of each, as the manifest says it."""
        for listed in self.manifest.files:
            content = self._next(listed.name, listed.size)
            if len(content) != listed.size or hashlib.sha256(content).hexdigest() != listed.sha256:
                raise BadBackup(f"{listed.name} is damaged: it is not what the manifest says")
            yield listed.name, content
        with _told():
            self._out.may_give(_MOST_BYTES_OF_HEADERS)
            if (more := self._tar.next()) is not None:
                raise BadBackup(f"it holds {more.name[:64]!r}, which it does not list")

    def _next(self, name: str, most_bytes: int) -> bytes:
        """The content of the next file."""
        with _told():
            self._out.may_give(_MOST_BYTES_OF_HEADERS)
            header = self._tar.next()
            if header is None:
                raise BadBackup(f"{name} is missing: it was cut off, or is no backup of this program")
            if header.name != name:
                raise BadBackup(f"it holds {header.name[:64]!r} where {name} should be")
            if not header.isreg() or header.issparse():
                raise BadBackup(f"{name} is no plain file in it")
            if header.size > most_bytes:
                raise BadBackup(f"{name} has more than {most_bytes} bytes")
            self._out.may_give(header.size + _MOST_BYTES_OF_HEADERS)
            content = self._tar.extractfile(header)
            assert content is not None
            read: bytes = content.read()
            return read


def _check_name(name: str) -> None:
    """What is kept in a data directory has plain names, and voices' files lie in a folder each."""
    first, *inner = name.split("/")
    is_well = first in contents.KEPT and len(inner) == (2 if first == contents.VOICES else 0)
    if not is_well or not all(map(_is_plain, inner)):
        raise BadBackup(f"it lists {name[:64]!r}, which is no file of a data directory")


def _is_plain(part: str) -> bool:
    return part.isprintable() and not part.startswith(".") and 0 < len(part.encode()) <= 255 and "\\" not in part


class _Bounded(io.RawIOBase):
    """Decompressed bytes, and no more of them than may come out now: a thousand can be packed into one."""

    def __init__(self, file: IO[bytes]) -> None:
        self._gzip = gzip.GzipFile(fileobj=file, mode="rb")
        self._left = 0

    def may_give(self, count: int) -> None:
        self._left = count

    def read(self, count: int = -1) -> bytes:
        if not 0 <= count <= self._left:
            raise BadBackup("more comes out of it than it says")
        content = self._gzip.read(count)
        self._left -= len(content)
        return content


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """What the libraries find wrong, in our words."""
    try:
        yield
    except _BROKEN as error:
        said = re.sub(r"\s+", " ", str(error))[:100]
        raise BadBackup(f"it is no gzipped tar, or a damaged one: {said}") from None
