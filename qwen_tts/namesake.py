"""PyPI's `qwen-tts`, the official package, installs a package `qwen_tts` as well. Imports nothing else of this one.

Installed into one place the two overwrite each other's files, and uninstalling either takes files of the other along.
So this package does not let itself be imported there.
"""

import json
import os
import re
from pathlib import Path

_FOLDER = Path(__file__).parent
_THEIR_METADATA = re.compile(r"qwen[_-]tts(-.*)?\.(dist|egg)-info", re.IGNORECASE)
"""As installers name it"""


def check_namesake() -> None:
    """Raises ImportError if the official package is installed into the folder that this one is in. Less than a ms."""
    if _is_in(_FOLDER.parent):
        raise ImportError(
            f"two packages are mixed in {_FOLDER}: this one of qwen3tts-daemon and the one of PyPI's qwen-tts, which "
            "has the same name. Give one of them an environment of its own; here `pip uninstall qwen-tts`, and then, "
            "as that takes files of both along, `pip install --force-reinstall --no-deps qwen3tts-daemon`",
            name="qwen_tts",
        )


def _is_in(place: Path) -> bool:
    try:
        names = os.listdir(place)
    except OSError:  # in an archive
        return False
    return any(_has_files(place / name) for name in names if _THEIR_METADATA.fullmatch(name))


def _has_files(metadata: Path) -> bool:
    """Whether a package `qwen_tts` lies beside its metadata; an editable install's lies elsewhere."""
    try:
        if json.loads((metadata / "direct_url.json").read_bytes()).get("dir_info", {}).get("editable"):
            return False
    except (OSError, ValueError):  # not installed from a folder
        pass
    try:
        return re.search(r"^\"?qwen_tts/", (metadata / "RECORD").read_text("utf-8"), re.MULTILINE) is not None
    except (OSError, ValueError):  # an installer that keeps no record
        return True
