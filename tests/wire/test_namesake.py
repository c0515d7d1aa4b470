"""PyPI's qwen-tts has a package of our name: what is mixed, overwritten or half uninstalled is told with the way out.

Wheels are put together here and installed by pip into an environment of its own, without an index.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from qwen3tts_daemon.engine_package import check_engine_package
from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
OURS, THEIRS = "qwen3tts-daemon", "qwen-tts"
THEIR_FILES = {
    "qwen_tts/__init__.py": "raise SystemExit('the other package ran')",
    "qwen_tts/__main__.py": "raise SystemExit('the other program ran')",
    "qwen_tts/core/__init__.py": "", "qwen_tts/core/models/__init__.py": "",
    "qwen_tts/inference/qwen3_tts_model.py": "", "qwen_tts/cli/demo.py": "",
}  # fmt: skip
"""As the official package is laid out"""

MIXED, MISSING = "two packages are mixed in", "files of the package qwen_tts are missing"
NOT_OURS = "is that of PyPI's qwen-tts"
WAY_OUT = "`pip install --force-reinstall --no-deps qwen3tts-daemon`"


def our_files() -> dict[str, str]:
    """What our wheel has: pyproject.toml says which packages."""
    packages = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert sorted(packages) == ["qwen3tts_daemon", "qwen_tts"]
    paths = [path for package in packages for path in (ROOT / package).rglob("*") if path.suffix in (".py", ".toml")]
    return {str(path.relative_to(ROOT)): path.read_text() for path in paths}


def wheel(directory: Path, name: str, files: Mapping[str, str]) -> Path:
    info = f"{name.replace('-', '_')}-0.1.1.dist-info"
    members = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1.1\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    members[f"{info}/RECORD"] = "".join(f"{member},,\n" for member in (*members, f"{info}/RECORD"))
    path = directory / f"{name.replace('-', '_')}-0.1.1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return path


class Environment:
    """A virtual environment. What our packages need is on its path, behind what is installed in it."""

    def __init__(self, directory: Path, wheels: Mapping[str, Path]) -> None:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", directory], check=True, timeout=PATIENCE_S)
        self.python, self._wheels = directory / "bin" / "python", wheels
        self.site = next(directory.glob("lib/python*/site-packages"))

    def install(self, name: str) -> None:
        self._pip("install", "--no-index", "--no-deps", "--force-reinstall", str(self._wheels[name]))

    def uninstall(self, name: str) -> None:
        self._pip("uninstall", "--yes", name)

    def _pip(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "pip", "--python", self.python, "--disable-pip-version-check", *arguments]
        subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE_S)

    def run(self, *arguments: str, first: Path | None = None) -> tuple[int, str]:
        """The status of a Python with these arguments, and what it said; `first` comes before all else on its path."""
        needed = sysconfig.get_path("purelib")
        start = f"import sys; sys.path[:0] = {[str(first)] if first else []}; sys.path.append({needed!r}); "
        how = {
            "-m": "import runpy; sys.argv = sys.argv[1:]; runpy.run_module(sys.argv[0], None, '__main__', True)",
            "-c": "exec(sys.argv[1])",
        }
        command = [self.python, "-I", "-c", start + how[arguments[0]], *arguments[1:]]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=PATIENCE_S, check=False)
        return done.returncode, done.stdout + done.stderr

    def says(self, *arguments: str, first: Path | None = None) -> str:
        """Why a command does not work: one line, and nothing of the other package has run."""
        status, said = self.run(*arguments, first=first)
        assert status == 1, said
        assert "the other" not in said
        assert WAY_OUT in said
        return said


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    directory = tmp_path_factory.mktemp("wheels")
    return {OURS: wheel(directory, OURS, our_files()), THEIRS: wheel(directory, THEIRS, THEIR_FILES)}


@pytest.fixture
def environment(tmp_path: Path, wheels: Mapping[str, Path]) -> Iterator[Environment]:
    pytest.importorskip("pip")
    yield Environment(tmp_path / "venv", wheels)
    shutil.rmtree(tmp_path / "venv")


DAEMON = ("-m", "qwen3tts_daemon", "config")
COMMANDS = [DAEMON, ("-m", "qwen3tts_daemon", "--help")]
ENGINE = ("-c", "import qwen_tts")
WORKER = ("-m", "qwen3tts_daemon.hosting.worker", "0")


def works(environment: Environment, first: Path | None = None) -> None:
    for command in (DAEMON, ENGINE):
        status, said = environment.run(*command, first=first)
        assert status == 0, said
        assert "the other" not in said


def test_theirs_beside_ours_and_gone_again(environment: Environment) -> None:
    environment.install(OURS)
    works(environment)
    environment.install(THEIRS)  # overwrites
    for command in COMMANDS:
        said = environment.says(*command)
        assert NOT_OURS in said
        assert said.count("\n") == 1, "one line"
    environment.uninstall(THEIRS)  # takes files of ours along
    assert MISSING in environment.says(*DAEMON)
    environment.install(OURS)  # the way out
    works(environment)


def test_ours_beside_theirs_and_theirs_gone(environment: Environment) -> None:
    environment.install(THEIRS)
    environment.install(OURS)  # overwrites
    for command in COMMANDS:
        said = environment.says(*command)
        assert MIXED in said
        assert said.count("\n") == 1, "one line"
    for command in (ENGINE, ("-c", "import qwen_tts.api"), WORKER, ("-m", "qwen_tts")):
        assert MIXED in environment.says(*command)
    environment.uninstall(THEIRS)
    assert MISSING in environment.says(*DAEMON)
    environment.install(OURS)
    works(environment)


def test_an_editable_install_beside_theirs_is_a_matter_of_order(environment: Environment) -> None:
    environment.install(THEIRS)
    (environment.site / "ours.pth").write_text(f"{ROOT}\n")
    assert NOT_OURS in environment.says(*DAEMON)  # ours comes behind
    works(environment, first=ROOT)


def test_environments_of_their_own_are_the_way_out(
    environment: Environment, tmp_path: Path, wheels: Mapping[str, Path]
) -> None:
    environment.install(OURS)
    Environment(tmp_path / "other", wheels).install(THEIRS)
    works(environment)


@pytest.mark.parametrize("name", ["qwen_tts-0.1.1.dist-info", "qwen-tts.egg-info", "Qwen_TTS-2.0.egg-info"])
def test_whatever_an_installer_calls_it(name: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "qwen_tts", tmp_path / "qwen_tts", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "qwen3tts_daemon-0.1.0.dist-info").mkdir()
    (tmp_path / "qwen_tts_more-0.1.0.dist-info").mkdir()
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import qwen_tts"]
    assert subprocess.run(command, timeout=PATIENCE_S, check=False).returncode == 0
    (tmp_path / name).mkdir()
    refused = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert MIXED in refused.stderr


@pytest.mark.parametrize(
    "metadata",
    [
        {"direct_url.json": '{"url": "file:///src/Qwen3-TTS", "dir_info": {"editable": true}}'},
        {"RECORD": "__editable__.qwen_tts-0.1.1.pth,,\nqwen_tts-0.1.1.dist-info/METADATA,,\n"},
    ],
    ids=lambda metadata: next(iter(metadata)),
)
def test_an_editable_install_of_theirs_mixes_nothing(metadata: Mapping[str, str], tmp_path: Path) -> None:
    shutil.copytree(ROOT / "qwen_tts", tmp_path / "qwen_tts", ignore=shutil.ignore_patterns("__pycache__"))
    (info := tmp_path / "qwen_tts-0.1.1.dist-info").mkdir()
    for name, content in metadata.items():
        (info / name).write_text(content)
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import qwen_tts"]
    assert subprocess.run(command, timeout=PATIENCE_S, check=False).returncode == 0


def test_what_runs_here_is_ours() -> None:
    check_engine_package()
