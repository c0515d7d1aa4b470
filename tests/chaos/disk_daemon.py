"""The watched daemon, on a disk of its own that can fail.

python -m tests.chaos.disk_daemon '{"census": ..., "disk": "/path", "options": "size=1m"}' --data-dir /path/data ...
`files`: what is on the disk at the start, by name; `copy`: a folder whose content is; `at_start`: what is done to it
then. fsync asks the file `control` what to say.
"""

import errno
import json
import os
import shutil
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qwen3tts_daemon import daemon
from qwen3tts_daemon.hosting.engine_selection import EngineChoice
from qwen3tts_daemon.hosting.model_manager import ManagerConfig
from qwen3tts_daemon.hosting.worker_client import EngineSpec
from qwen3tts_daemon.settings import load_settings
from tests.chaos import disks
from tests.hostile.watched_daemon import tell_on_signals

AT_START = {"full": disks.fill, "without inodes": disks.use_up_inodes, "read-only": disks.make_read_only}
_PERIOD_S = 0.01


def mount(wanted: Mapping[str, Any]) -> None:
    disk = Path(wanted["disk"])
    disks.mount(disk, wanted["options"])
    if "copy" in wanted:
        shutil.copytree(wanted["copy"], disk / "data")
    for name, content in wanted.get("files", {}).items():
        (disk / name).parent.mkdir(parents=True, exist_ok=True)
        (disk / name).write_text(content)
    if "at_start" in wanted:
        AT_START[wanted["at_start"]](disk)


def let_sync_fail(control: Path) -> None:
    """As the file says, while it says so."""
    sync, hung = os.fsync, control.with_suffix(".hung")

    def ask_first(number: int) -> None:
        if (told := said(control)) == "hang":
            with hung.open("ab") as counted:
                counted.write(b".")
            while said(control) == "hang":
                time.sleep(_PERIOD_S)
        elif told:
            code = getattr(errno, told)
            raise OSError(code, os.strerror(code))
        sync(number)

    os.fsync = ask_first


def said(control: Path) -> str:
    return control.read_text() if control.exists() else ""


if __name__ == "__main__":
    wanted = json.loads(sys.argv[1])
    mount(wanted)
    census = Path(wanted["census"])
    let_sync_fail(census.with_suffix(".control"))
    settings = load_settings(sys.argv[2:])
    tell_on_signals(census.with_suffix(".daemon"))
    spec = EngineSpec(
        "tests.hostile.watched_daemon:engine", {"census": str(census), "kinds": ["preset", "cloned"], "preview": False}
    )
    sys.exit(daemon.run(settings, EngineChoice(spec, ManagerConfig(), True), sys.argv[2:]))
