"""What goes into the virtual environment: which extras, and which build of PyTorch for the driver that is there.

python -m scripts.start.installation DIRECTORY REQUIREMENT...    installs what is given, once (test.sh)
"""

import platform
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

from scripts.start.machine import Card, Missing

_CUDA_13_DRIVER = (580,)
"""What the PyTorch of the package index needs since 2.11: CUDA 13."""
_CUDA_12_DRIVER = (525, 60)
"""What its builds for CUDA 12.6 need, which know no card of the Blackwell kind and all older ones."""
_CUDA_12_INDEX = "https://download.pytorch.org/whl/cu126"
_CPU_INDEX = "https://download.pytorch.org/whl/cpu"
_TURING, _BLACKWELL = (7, 5), (10, 0)

PREVIEW_GB, TORCH_GB, CPU_TORCH_GB = 2.0, 8.0, 3.0
"""Room on the disk while it is installed: with downloads, which pip keeps"""


def torch_index(card: Card) -> str | None:
    """Where the build of PyTorch is that runs on the card; None: the package index. Raises Missing if none does."""
    is_old_card = card.capability is not None and card.capability < _TURING
    if card.driver_version >= _CUDA_13_DRIVER and not is_old_card:
        return None
    if card.driver_version < _CUDA_12_DRIVER:
        raise Missing(f"the driver {card.driver} of the {card.name} is too old for PyTorch: 580 or newer is wanted")
    if card.capability is not None and card.capability >= _BLACKWELL:
        raise Missing(f"the {card.name} needs the driver 580 or newer for PyTorch, and has {card.driver}")
    return _CUDA_12_INDEX


def torch_index_without_card() -> str | None:
    """The package index has builds with CUDA for Linux, some GB that would not be used."""
    return _CPU_INDEX if platform.system() == "Linux" else None


@dataclass(frozen=True)
class Installation:
    """A virtual environment with what is wanted in it."""

    directory: Path
    requirements: tuple[str, ...]
    """Of pip"""
    torch_index: str | None = None
    """Another index than pip's, for PyTorch, which is installed first then"""

    @property
    def python(self) -> Path:
        return self.directory / "bin" / "python"

    @property
    def is_there(self) -> bool:
        """The same was installed for the same pyproject.toml."""
        return self._stamp.is_file() and self._stamp.read_text() == self._wanted

    def commands(self) -> list[list[str]]:
        """That install it, one after the other."""
        pip = [str(self.python), "-m", "pip", "install"]
        commands = [] if self.python.exists() else [[sys.executable, "-m", "venv", str(self.directory)]]
        commands.append([*pip, "--quiet", "--upgrade", "pip>=25.1"])
        if self.torch_index is not None:
            commands.append([*pip, "--progress-bar", "on", "--index-url", self.torch_index, "torch>=2.11"])
        commands.append([*pip, "--progress-bar", "on", *self.requirements])
        return commands

    def install(self) -> None:
        """Raises Missing if a step fails; it has said why."""
        for command in self.commands():
            if subprocess.run(command, check=False).returncode != 0:
                raise Missing(f"this failed, see above: {' '.join(command)}\n{_ways_out(command)}")
        self._stamp.write_text(self._wanted)

    @property
    def _stamp(self) -> Path:
        return self.directory / ".installed"

    @property
    def _wanted(self) -> str:
        project = crc32(Path("pyproject.toml").read_bytes())
        return "\n".join((str(project), *self.requirements, self.torch_index or ""))


def _ways_out(command: Sequence[str]) -> str:
    if "venv" in command:
        return "On Debian and Ubuntu: apt install python3-venv"
    return "Without a network nothing can be fetched; what has come is kept, and ./start.sh goes on from there."


def main() -> None:
    directory, *requirements = sys.argv[1:]
    installation = Installation(Path(directory), tuple(requirements))
    if not installation.is_there:
        try:
            installation.install()
        except Missing as error:
            sys.exit(str(error))


if __name__ == "__main__":
    main()
