"""What was asked for: start.sh's own options, and those that are the daemon's."""

import argparse
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PORTS = {"http.port": 8766, "wyoming.port": 10200}


@dataclass(frozen=True)
class Options:
    """Of ./start.sh"""

    use: str
    """auto, cpu, no-gpu, gpu"""
    has_gpl: bool
    has_japanese: bool
    model: str | None
    docker: bool
    dry_run: bool
    daemon: tuple[str, ...]
    """All others"""


def parse(arguments: Sequence[str]) -> Options:
    """Leaves by SystemExit for --help, and for two wishes that contradict each other."""
    parser = argparse.ArgumentParser(
        prog="./start.sh", allow_abbrev=False, description="Sets everything up in .venv and runs the daemon.",
        epilog="All other options go to the daemon, such as --http.port 9000 or --language de; config.example.toml "
        "lists them. .env and config.toml are written at the first start, and read.",
    )  # fmt: skip
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--cpu", action="store_true", help="the preview voice, on the CPU, also where there is a card")
    which.add_argument("--no-gpu", action="store_true", help="leave out PyTorch, which takes some GB")
    which.add_argument(
        "--gpu", action="store_true", help="Qwen3-TTS on the card, or an error that says what is missing"
    )
    parser.add_argument("--model", metavar="NAME", help="fetch a checkpoint first, such as 1.7B-CustomVoice (4.2 GB)")
    parser.add_argument(
        "--no-gpl", action="store_true",
        help="leave out espeak-ng: no German, Spanish, French, Italian, Portuguese, Russian preview voice",
    )  # fmt: skip
    parser.add_argument("--no-japanese", action="store_true", help="leave out the Japanese dictionaries (340 MB)")
    parser.add_argument("--docker", action="store_true", help="the same by docker compose")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    own, others = parser.parse_known_args(arguments)
    use = "cpu" if own.cpu else "gpu" if own.gpu else "no-gpu" if own.no_gpu else "auto"
    return Options(
        use, not own.no_gpl, not own.no_japanese, own.model, own.docker, own.dry_run, tuple(others),
    )  # fmt: skip


def ports(arguments: Sequence[str], environment: Mapping[str, str], config: Path) -> dict[str, int]:
    """Option -> port, of those that the daemon will open: command line, environment, file, default."""
    try:
        on_file = tomllib.loads(config.read_text("utf-8")) if config.is_file() else {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        on_file = {}  # the daemon says it better
    found = {}
    for option, default in PORTS.items():
        section, _, name = option.partition(".")
        known = environment.get("PORT") if option == "http.port" else None
        values = (
            _given(arguments, option), environment.get(f"QWEN3TTS_{section.upper()}__{name.upper()}"), known,
            on_file.get(section, {}).get(name), default,
        )  # fmt: skip
        value = next(str(value) for value in values if value)
        if value.isdecimal() and 0 < int(value) < 65536:
            found[option] = int(value)
    return found


def _given(arguments: Sequence[str], option: str) -> str | None:
    """The last value of `--option VALUE` or `--option=VALUE`."""
    value = None
    for at, word in enumerate(arguments):
        if word == f"--{option}" and at + 1 < len(arguments):
            value = arguments[at + 1]
        elif word.startswith(f"--{option}="):
            value = word.partition("=")[2]
        elif option == "wyoming.port" and word.partition("=")[0] == "--uri":
            value = (word.partition("=")[2] or (arguments[at + 1 : at + 2] or [""])[0]).rpartition(":")[2]
    return value
