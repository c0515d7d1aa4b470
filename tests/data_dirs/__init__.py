"""Data directories as each released version has written them, and how they were made.

v1/           of version 0.1.0
recipe        what makes the newest of them with the code that a daemon runs: python -m tests.data_dirs.recipe DIRECTORY

A tree of a released version is never changed: whoever changes what is written makes another format, with its step in
qwen3tts_daemon/data_dir/migrations.py, and puts another tree beside it.
"""

import shutil
from pathlib import Path

from qwen3tts_daemon.data_dir import contents

V1 = Path(__file__).parent / "v1"


def copied(tree: Path, to: Path) -> Path:
    """To be used; with the modes that git does not keep."""
    shutil.copytree(tree, to)
    for name in (*contents.SECRETS, "phrases.key"):
        (to / name).chmod(0o600)
    return to
