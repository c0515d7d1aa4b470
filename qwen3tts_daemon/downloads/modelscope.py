"""ModelScope, where the Hugging Face hub cannot be reached.

Its HTTP has no description; this asks as its own libraries do (modelscope 1.30, modelscope_hub 0.5), without their
identifiers and without a login:

GET /api/v1/models/REPOSITORY/repo/files?Revision=master&Recursive=True    the files, with size, sha256 and last commit
GET /api/v1/models/REPOSITORY/repo?Revision=COMMIT&FilePath=PATH           a file; a large one by a redirect

A list is cut at 3,000 entries; a checkpoint has some twenty.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlencode

import msgspec
from huggingface_hub import get_session
from huggingface_hub.utils import hf_raise_for_status  # type: ignore[attr-defined]  # public, and not in its stub

from qwen3tts_daemon import __version__
from qwen3tts_daemon.downloads.manifest import File, Manifest, SourceName
from qwen3tts_daemon.downloads.source import TIMEOUT_S, DownloadFailed, Source, is_needed
from qwen_tts.json_decoding import decode_json

_BRANCH = "master"


class _Entry(msgspec.Struct, rename="pascal"):
    """A file or a directory."""

    path: str
    size: Annotated[int, msgspec.Meta(ge=0)]
    type: str = "blob"
    revision: str = ""
    """The commit that changed it last."""
    committed_date: int = 0
    sha256: str | None = None


class _Tree(msgspec.Struct, rename="pascal"):
    files: list[_Entry]
    """null, and with it no answer for us, if there is no such branch."""


class _Answer(msgspec.Struct, rename="pascal"):
    data: _Tree


class ModelScope(Source):
    """`endpoint` may leave its https:// out."""

    _setting = "MODELSCOPE_ENDPOINT"
    _elsewhere = "--from huggingface"

    def __init__(self, endpoint: str, timeout_s: float = TIMEOUT_S) -> None:
        url = endpoint if "://" in endpoint else f"https://{endpoint}"
        super().__init__(url.rstrip("/"), timeout_s)

    def _listed(self, repository: str) -> Manifest:
        entries = self._entries(repository)
        newest = max(entries, key=lambda entry: entry.committed_date)
        needed = [entry for entry in entries if entry.type == "blob" and is_needed(entry.path)]
        files = tuple(self._described(repository, entry) for entry in needed)
        return Manifest(repository, newest.revision, files, SourceName.MODELSCOPE)

    def _entries(self, repository: str) -> list[_Entry]:
        response = get_session().get(
            f"{self._endpoint}/api/v1/models/{repository}/repo/files",
            params={"Revision": _BRANCH, "Recursive": "True"},
            headers=self._headers(),
            timeout=self._timeout_s,
        )
        if response.status_code == HTTPStatus.NOT_FOUND:
            # It says so of a repository that needs a login, too.
            raise DownloadFailed(f"{repository}: {self._endpoint} has none for everybody; take `{self._elsewhere}`")
        hf_raise_for_status(response)
        answer: _Answer = decode_json(response.content, _Answer)
        return answer.data.files

    def _described(self, repository: str, entry: _Entry) -> File:
        """Raises ValueError."""
        if not entry.sha256:
            raise DownloadFailed(
                f"{repository}: {self._endpoint} has no sha256 of {entry.path}, so that nobody could check it; "
                f"try again later, or take `{self._elsewhere}`"
            )
        if not entry.revision:
            raise ValueError(f"{entry.path} has no commit")
        return File(entry.path, entry.size, "sha256", entry.sha256.lower(), entry.revision)

    def _url(self, manifest: Manifest, file: File) -> str:
        # The branch may have moved since. The manifest's commit need not have every file: it may be of a merged branch.
        where = urlencode({"Revision": file.commit or manifest.commit, "FilePath": file.path})
        return f"{self._endpoint}/api/v1/models/{manifest.repository}/repo?{where}"

    def _headers(self) -> Mapping[str, str]:
        return {"User-Agent": f"qwen3tts-daemon/{__version__}"}
