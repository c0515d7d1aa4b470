"""What this machine has: NVIDIA cards, room on the disk, free ports."""

import errno
import platform
import re
import shutil
import socket
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

_FIELDS = ("index", "uuid", "name", "memory.total", "memory.free", "utilization.gpu", "driver_version")
_PATIENCE_S = 20
"""nvidia-smi takes seconds where nothing keeps the driver loaded."""
_WINDOWS_SUBSYSTEM = "/usr/lib/wsl/lib"
"""Where nvidia-smi is there, and not always on the path"""


_OLDEST_GLIBC = {"x86_64": (2, 28), "aarch64": (2, 35)}
"""That OpenVINO's wheels for Linux run with"""


class Missing(Exception):
    """Something that is needed is not there; the message says what, and the way out."""


@dataclass(frozen=True)
class Card:
    """An NVIDIA card, as nvidia-smi tells of it."""

    index: int
    uuid: str
    name: str
    total_mib: int
    free_mib: int
    busy_percent: int
    driver: str
    capability: tuple[int, int] | None = None
    """None: the driver is too old to say"""

    @property
    def driver_version(self) -> tuple[int, ...]:
        return tuple(int(part) for part in re.findall("[0-9]+", self.driver))


def cards() -> list[Card]:
    """All of them; none without nvidia-smi. Raises Missing if that is there and fails."""
    program = shutil.which("nvidia-smi") or shutil.which("nvidia-smi", path=_WINDOWS_SUBSYSTEM)
    if program is None:
        return []
    try:
        return _asked(program, (*_FIELDS, "compute_cap"))
    except Missing:
        return _asked(program, _FIELDS)  # drivers before 510 do not know the last field


def _asked(program: str, fields: tuple[str, ...]) -> list[Card]:
    command = [program, f"--query-gpu={','.join(fields)}", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Missing(f"nvidia-smi does not answer ({error})") from error
    if answer.returncode != 0:
        said = (answer.stdout + answer.stderr).strip().splitlines()
        raise Missing(f"nvidia-smi fails: {said[0] if said else f'status {answer.returncode}'}")
    try:
        return [_card(line) for line in answer.stdout.splitlines() if line.strip()]
    except ValueError as error:
        raise Missing(f"nvidia-smi says what cannot be read: {answer.stdout.strip()[:200]}") from error


def _card(line: str) -> Card:
    index, uuid, name, total, free, busy, driver, *more = (part.strip() for part in line.split(","))
    capability = [int(part) for part in more[0].split(".")] if more and more[0][:1].isdigit() else None
    return Card(
        int(index), uuid, name, _number(total), _number(free), _number(busy), driver,
        (capability[0], capability[1]) if capability else None,
    )  # fmt: skip


def _number(value: str) -> int:
    """0 for what a card does not tell, "[N/A]"."""
    return int(value) if value.isdigit() else 0


def freest(of: Iterable[Card]) -> Card | None:
    """The one with the most free memory; of equals the least busy, the first."""
    return min(of, key=lambda card: (-card.free_mib, card.busy_percent, card.index), default=None)


def chosen_card(found: list[Card], environment: Mapping[str, str]) -> Card | None:
    """The one that NVIDIA_VISIBLE_DEVICES names by number or UUID, else the freest. Raises Missing for one that is not.

    None if it names none of them: "none" or "void".
    """
    asked = environment.get("NVIDIA_VISIBLE_DEVICES", "").split(",")[0].strip()
    if asked in ("none", "void"):
        return None
    if asked in ("", "all"):
        return freest(found)
    for card in found:
        if asked == str(card.index) or (len(asked) >= 8 and card.uuid.startswith(asked)):
            return card
    there = ", ".join(f"{card.index}: {card.name}" for card in found) or "none"
    raise Missing(f"NVIDIA_VISIBLE_DEVICES is {asked}, and the cards here are {there}")


def is_apple_gpu() -> bool:
    """An Apple chip, whose GPU PyTorch calls MPS."""
    return platform.system() == "Darwin" and platform.machine() == "arm64"


def lacks_openvino() -> str:
    """Why no wheel of OpenVINO fits this machine; empty if one does."""
    system, machine = platform.system(), platform.machine()
    if (system, machine) == ("Darwin", "arm64"):
        return ""
    if system != "Linux" or machine not in _OLDEST_GLIBC:
        return f"none is made for {system} on {machine}"
    library, version = platform.libc_ver()
    oldest = _OLDEST_GLIBC[machine]
    if library != "glibc" or tuple(map(int, version.split("."))) < oldest:
        here = f"{library} {version}" if version else "another library"
        return f"it needs glibc {oldest[0]}.{oldest[1]} or newer, and here is {here}"
    return ""


def check_room(directory: Path, needed_gb: float) -> None:
    """Raises Missing."""
    free_gb = shutil.disk_usage(directory).free / 1e9
    if free_gb < needed_gb:
        raise Missing(
            f"{directory} has {free_gb:.1f} GB free, and installing takes {needed_gb:.1f} GB: make room first"
        )


def check_port(name: str, port: int) -> None:
    """Raises Missing if another program has it."""
    for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):  # noqa: S104  as the daemon will
        try:
            with socket.socket(family, socket.SOCK_STREAM) as server:
                if family == socket.AF_INET6:
                    server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                server.bind((address, port))
        except PermissionError as error:
            raise Missing(f"port {port} needs more rights: take one above 1023, --{name} {port + 8000}") from error
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                continue  # no IPv6 here, say
            other = port + 1 if port < 65535 else port - 1
            raise Missing(
                f"port {port} is taken by another program, perhaps by this daemon: end it, or take another port, "
                f"--{name} {other}"
            ) from error
