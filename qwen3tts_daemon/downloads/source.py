"""Where checkpoints come from: what the files of a repository must be, and the bytes of one of them.

A file grows in a part beside its place, where another day goes on, and takes the place when it is whole and its hash is
right. What is particular to one source are its list of files and the URL of one: hub.py, modelscope.py.
"""

import fcntl
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import ClassVar

import msgspec
from huggingface_hub import constants
from huggingface_hub.errors import HfHubHTTPError

from qwen3tts_daemon import durable_files
from qwen3tts_daemon.downloads.manifest import File, Manifest
from qwen3tts_daemon.downloads.progress import Listener
from qwen3tts_daemon.downloads.transfer import TransportError, complete
from qwen3tts_daemon.failures import storage_failed

TIMEOUT_S: float = constants.HF_HUB_DOWNLOAD_TIMEOUT

_NEEDED_SUFFIXES = {".safetensors", ".json", ".txt"}
"""Weights, configurations, text tokenizer; not pictures and pages."""


class DownloadFailed(Exception):
    """The message is one line and names the checkpoint, the reason and the way out; `code` is one of failures.py."""

    code = "download_failed"


class NoRoom(DownloadFailed):
    """On the disk."""

    code = "storage_failed"


class Source(ABC):
    """`endpoint` is its URL, without a slash at the end."""

    _setting: ClassVar[str]
    """The environment variable that names the endpoint."""
    _elsewhere: ClassVar[str]
    """The option that asks another source."""

    def __init__(self, endpoint: str, timeout_s: float) -> None:
        self._endpoint = endpoint
        self._timeout_s = timeout_s

    @property
    def is_offline(self) -> bool:
        """HF_HUB_OFFLINE, which closes the library's client for every source."""
        return constants.HF_HUB_OFFLINE

    def manifest(self, repository: str) -> Manifest:
        """The files that we need, at the newest commit. Raises DownloadFailed."""
        with self._failures_of(repository):
            return self._listed(repository)

    def fetch(self, manifest: Manifest, file: File, folder: Path, listener: Listener) -> None:
        """Bring `file` into `folder`; what is there of it is not sent again. Raises DownloadFailed."""
        path = folder / file.path
        durable_files.make_folder(path.parent)
        part = part_of(path, file)
        with self._failures_of(f"{manifest.repository}/{file.path}", folder):
            self._complete(part, manifest, file, listener)
        if problem := file.problem(part):
            part.unlink(missing_ok=True)
            raise DownloadFailed(f"{manifest.repository}: {problem}; download it again")
        part.replace(path)
        durable_files.sync_folder(path.parent)

    @abstractmethod
    def _listed(self, repository: str) -> Manifest: ...

    @abstractmethod
    def _url(self, manifest: Manifest, file: File) -> str: ...

    @abstractmethod
    def _headers(self) -> Mapping[str, str]: ...

    def _complete(self, part: Path, manifest: Manifest, file: File, listener: Listener) -> None:
        with part.open("ab") as out:
            fcntl.flock(out, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if out.tell() > file.size:
                out.truncate(0)
            url = self._url(manifest, file)
            with listener.file(file.path, file.size, out.tell()) as show:
                complete(out, file.size, url, self._headers(), show, name=file.path, timeout_s=self._timeout_s)
            out.flush()
            os.fsync(out.fileno())  # who finds the whole file finds its content, also after a power cut

    @contextmanager
    def _failures_of(self, what: str, folder: Path | None = None) -> Iterator[None]:
        try:
            yield
        except HfHubHTTPError as error:
            status = error.response.status_code
            raise DownloadFailed(f"{what}: {self._endpoint} answers {status}; try again later") from error
        except TransportError as error:
            raise DownloadFailed(
                f"{what}: no answer from {self._endpoint} ({_first_line(error)}); "
                f"try again: what has come is kept; or `{self._elsewhere}`"
            ) from error
        except BlockingIOError as error:
            raise DownloadFailed(f"{what}: another download is at it; wait for its end") from error
        except OSError as error:
            if folder is None or error.errno is None or isinstance(error, ConnectionError):
                raise DownloadFailed(f"{what}: {_first_line(error)}") from error
            raise NoRoom(f"{what}: {storage_failed(folder, error)}; what has come is kept") from error
        except (ValueError, TypeError, KeyError, AttributeError, msgspec.DecodeError) as error:
            raise DownloadFailed(f"{what}: {self._endpoint} does not answer like a hub; see {self._setting}") from error


def is_needed(path: str) -> bool:
    return PurePosixPath(path).suffix in _NEEDED_SUFFIXES


def part_of(path: Path, file: File) -> Path:
    """Where `file` grows until it is whole; another content of the same name grows elsewhere."""
    return path.with_name(f"{path.name}.{file.digest[:8]}.part")


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0] or type(error).__name__
