"""What a person types on the daemon's machine to reach this very daemon."""

import re
import shlex
import shutil
import sys
from pathlib import Path
from typing import Final

PROGRAM: Final = "qwen3tts-daemon"

_MOUNTS: Final = Path("/proc/self/mountinfo")
_OWN_FILES: Final = re.compile(r"/([0-9a-f]{64})/(?:userdata/)?(?:hostname|resolv\.conf)\s")
"""What Docker and Podman mount into a container lies below its id, whatever network and name it has."""
_ID_LETTERS: Final = 12


def own_command(command: str, *options: str) -> str:
    """A line for a shell: the program as it was started, or by way of the container that it runs in."""
    if container := container_id():
        return shlex.join(
            ("docker", "exec", "-it", container, PROGRAM, command)
        )  # options of its environment hold there
    return shlex.join((*_program(sys.argv[0]), command, *options))


def container_id(mounts: Path = _MOUNTS) -> str | None:
    """Of the container that this process runs in, short; None outside of one, and in one that does not tell."""
    try:
        found = _OWN_FILES.search(mounts.read_text("utf-8", "replace"))
    except OSError:
        return None
    return found[1][:_ID_LETTERS] if found else None


def _program(started_as: str) -> tuple[str, ...]:
    path = Path(started_as)
    if path.suffix == ".py":
        return sys.executable, "-m", "qwen3tts_daemon"
    return (PROGRAM,) if shutil.which(path.name) == started_as else (started_as,)
