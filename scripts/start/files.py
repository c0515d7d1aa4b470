""".env and config.toml: written where there are none, never over what somebody has written."""

import re
from pathlib import Path

ENV_EXAMPLE = """\
# Read by ./start.sh and by docker compose; remove the # to change something. Every option has a name of its own here
# too, such as QWEN3TTS_LANGUAGE=de: `qwen3tts-daemon config` lists them.

# The port of the page, REST and WebSocket.
# PORT=8766

# Which card speaks: its number or UUID, as nvidia-smi lists them; else the freest.
# NVIDIA_VISIBLE_DEVICES=0

# Seconds without speech after which the card's memory is given back; 0: never.
# GPU_IDLE_TIMEOUT=600

# Where the checkpoints lie.
# QWEN_TTS_MODEL_DIR=

# 1: nothing is downloaded.
# HF_HUB_OFFLINE=
"""

_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")


def write_where_missing(directory: Path) -> list[Path]:
    """The files that were written, with everything in them commented out."""
    contents = {".env": ENV_EXAMPLE, "config.toml": (directory / "config.example.toml").read_text("utf-8")}
    written = []
    for name, content in contents.items():
        try:
            with (directory / name).open("x", encoding="utf-8") as file:
                file.write(content)
        except FileExistsError:
            continue
        written.append(directory / name)
    return written


def read_env(path: Path) -> dict[str, str]:
    """Names and values, as docker compose reads them; empty without a file."""
    if not path.is_file():
        return {}
    lines = (line.strip() for line in path.read_text("utf-8").splitlines())
    found = (_LINE.fullmatch(line) for line in lines if line and not line.startswith("#"))
    return {match[1]: _value(match[2]) for match in found if match}


def _value(written: str) -> str:
    quote = written[:1]
    if quote in ("'", '"') and (end := written.find(quote, 1)) > 0:
        return written[1:end]
    return re.split(r"\s+#", written)[0].strip()
