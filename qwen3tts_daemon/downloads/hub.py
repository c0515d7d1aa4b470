"""The Hugging Face hub, by its own library."""

from collections.abc import Mapping

from huggingface_hub import HfApi, constants, hf_hub_url
from huggingface_hub.errors import RepositoryNotFoundError
from huggingface_hub.hf_api import RepoSibling
from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]  # public, and not in its stub

from qwen3tts_daemon.downloads.manifest import File, Manifest
from qwen3tts_daemon.downloads.source import TIMEOUT_S, DownloadFailed, Source, is_needed

constants.HF_HUB_DISABLE_TELEMETRY = True  # else it asks the hub first how to name what runs it


class Hub(Source):
    """`endpoint` None is the library's: HF_ENDPOINT, or huggingface.co."""

    _setting = "HF_ENDPOINT"
    _elsewhere = "--from modelscope"

    def __init__(self, endpoint: str | None = None, timeout_s: float = TIMEOUT_S) -> None:
        self._api = HfApi(endpoint=endpoint)
        super().__init__(self._api.endpoint, timeout_s)

    def _listed(self, repository: str) -> Manifest:
        try:
            info = self._api.model_info(repository, files_metadata=True, timeout=self._timeout_s)
        except RepositoryNotFoundError as error:
            raise DownloadFailed(f"{repository}: {self._endpoint} has none, or not without `hf auth login`") from error
        needed = [one for one in info.siblings or () if is_needed(one.rfilename)]
        return Manifest(repository, str(info.sha), tuple(map(_described, needed)))

    def _url(self, manifest: Manifest, file: File) -> str:
        return hf_hub_url(manifest.repository, file.path, revision=manifest.commit, endpoint=self._endpoint)

    def _headers(self) -> Mapping[str, str]:
        return build_hf_headers()


def _described(sibling: RepoSibling) -> File:
    """Raises ValueError."""
    if sibling.lfs is not None:
        return File(sibling.rfilename, sibling.lfs.size, "sha256", sibling.lfs.sha256)
    if sibling.size is None or sibling.blob_id is None:
        raise ValueError(f"{sibling.rfilename} has no size or hash")
    return File(sibling.rfilename, sibling.size, "git-sha1", sibling.blob_id)
