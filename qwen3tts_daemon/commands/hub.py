"""The Hugging Face hub: what the files of a repository must be, and the bytes of one of them.

The library's own way to a folder (`snapshot_download`) forgets a part-done file when its process ends, and a weights
file is most of a checkpoint; its `http_get`, with its progress bars and retries, lets us go on where it stopped.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import cast

from huggingface_hub import HfApi, constants, hf_hub_url
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError
from huggingface_hub.file_download import http_get
from huggingface_hub.hf_api import RepoSibling
from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]  # public, and not in its stub

from qwen3tts_daemon.commands.manifest import File, Manifest
from qwen3tts_daemon.commands.models import DownloadFailed

# httpx's HTTPError, of the httpx that the library uses: that changed from version 1 to 2.
_TransportError = cast(type[Exception], HfHubHTTPError.__bases__[0])

constants.HF_HUB_DISABLE_TELEMETRY = True  # else it asks the hub first how to name what runs it

_NEEDED = {".safetensors", ".json", ".txt"}
"""Weights, configurations, text tokenizer; not pictures and pages."""


class Hub:
    """`endpoint` None is the library's: HF_ENDPOINT, or huggingface.co."""

    def __init__(self, endpoint: str | None = None, timeout_s: float = constants.HF_HUB_DOWNLOAD_TIMEOUT) -> None:
        self._api = HfApi(endpoint=endpoint)
        self._timeout_s = timeout_s

    @property
    def is_offline(self) -> bool:
        """HF_HUB_OFFLINE."""
        return constants.HF_HUB_OFFLINE

    def manifest(self, repository: str) -> Manifest:
        """The files that we need, at the newest commit. Raises DownloadFailed."""
        with self._failures_of(repository):
            info = self._api.model_info(repository, files_metadata=True, timeout=self._timeout_s)
            needed = [one for one in info.siblings or () if PurePosixPath(one.rfilename).suffix in _NEEDED]
            return Manifest(repository, str(info.sha), tuple(map(_described, needed)))

    def fetch(self, manifest: Manifest, file: File, folder: Path) -> None:
        """Bring `file` into `folder`; what is there of it is not sent again. Raises DownloadFailed."""
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        part = part_of(path, file)
        with self._failures_of(f"{manifest.repository}/{file.path}"):
            self._complete(part, manifest, file)
        if problem := file.problem(part):
            part.unlink(missing_ok=True)
            raise DownloadFailed(f"{manifest.repository}: {problem}; download it again")
        part.replace(path)

    def _complete(self, part: Path, manifest: Manifest, file: File) -> None:
        with part.open("ab") as out:
            fcntl.flock(out, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if out.tell() > file.size:
                out.truncate(0)
            http_get(
                hf_hub_url(manifest.repository, file.path, revision=manifest.commit, endpoint=self._api.endpoint),
                out,
                resume_size=out.seek(0, 2),
                headers=build_hf_headers() | {"Accept-Encoding": "identity"},  # a range of the file, not of its gzip
                expected_size=file.size,
                displayed_filename=file.path,
            )

    @contextmanager
    def _failures_of(self, what: str) -> Iterator[None]:
        try:
            yield
        except RepositoryNotFoundError as error:
            raise DownloadFailed(f"{what}: {self._api.endpoint} has none, or not without `hf auth login`") from error
        except HfHubHTTPError as error:
            status = error.response.status_code
            raise DownloadFailed(f"{what}: {self._api.endpoint} answers {status}; try again later") from error
        except _TransportError as error:
            raise DownloadFailed(
                f"{what}: no answer from {self._api.endpoint} ({_first_line(error)}); try again: what has come is kept"
            ) from error
        except BlockingIOError as error:
            raise DownloadFailed(f"{what}: another download is at it; wait for its end") from error
        except OSError as error:
            raise DownloadFailed(f"{what}: {_first_line(error)}") from error
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise DownloadFailed(f"{what}: {self._api.endpoint} does not answer like a hub; see HF_ENDPOINT") from error


def part_of(path: Path, file: File) -> Path:
    """Where `file` grows until it is whole; another content of the same name grows elsewhere."""
    return path.with_name(f"{path.name}.{file.digest[:8]}.part")


def _described(sibling: RepoSibling) -> File:
    """Raises ValueError."""
    path = PurePosixPath(sibling.rfilename)
    if path.is_absolute() or ".." in path.parts:
        raise ValueError(f"{path} is outside the checkpoint")
    if sibling.lfs is not None:
        return File(str(path), sibling.lfs.size, "sha256", sibling.lfs.sha256)
    if sibling.size is None or sibling.blob_id is None:
        raise ValueError(f"{path} has no size or hash")
    return File(str(path), sibling.size, "git-sha1", sibling.blob_id)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0] or type(error).__name__
