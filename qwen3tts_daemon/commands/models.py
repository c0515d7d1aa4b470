"""The official checkpoints, fetched into the models directory."""

from collections.abc import Sequence
from pathlib import Path

CHECKPOINTS = (
    "Qwen3-TTS-12Hz-1.7B-CustomVoice",
    "Qwen3-TTS-12Hz-1.7B-VoiceDesign",
    "Qwen3-TTS-12Hz-1.7B-Base",
    "Qwen3-TTS-12Hz-0.6B-CustomVoice",
    "Qwen3-TTS-12Hz-0.6B-Base",
    "Qwen3-TTS-Tokenizer-12Hz",
)


class DownloadFailed(Exception):
    """The message names the checkpoint and the reason."""


def download(names: Sequence[str], directory: Path) -> list[Path]:
    """Fetch checkpoints from the Hugging Face hub, with progress bars; what is there already is not fetched again.

    Raises DownloadFailed.
    """
    # Half a second of imports that no other command needs.
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    unknown = sorted(set(names) - set(CHECKPOINTS))
    if unknown:
        raise DownloadFailed(f"no checkpoint {unknown[0]!r}; there are {', '.join(CHECKPOINTS)}")
    fetched = []
    for name in names:
        try:
            snapshot_download(f"Qwen/{name}", local_dir=directory / name)
        except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
            raise DownloadFailed(f"{name}: {error}") from error
        fetched.append(directory / name)
    return fetched
