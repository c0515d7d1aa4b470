"""start.sh on other machines than this one: stand-ins for nvidia-smi, Python, uv and docker come before real ones."""

import os
import pty
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from scripts.start.__main__ import extras, may_speak_on_cpu
from scripts.start.files import ENV_EXAMPLE, read_env
from scripts.start.installation import Installation, torch_index_without_card
from scripts.start.machine import Missing, check_room, lacks_openvino
from scripts.start.options import parse
from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[2]
CARD = "{index}, GPU-{index}aaaaaaa-1111, NVIDIA GeForce RTX 3060, 12288, {free}, {busy}, {driver}, {capability}"


def card(
    index: int = 0, *, free: int = 12000, busy: int = 0, driver: str = "580.65.06", capability: str = "8.6"
) -> str:
    return CARD.format(index=index, free=free, busy=busy, driver=driver, capability=capability)


class Machine:
    """A copy of what start.sh needs, and a folder of programs that come before all others."""

    def __init__(self, directory: Path) -> None:
        self.root, self.programs = directory / "project", directory / "programs"
        self.programs.mkdir()
        self.root.mkdir()
        for name in ("start.sh", "pyproject.toml", "config.example.toml"):
            shutil.copy2(ROOT / name, self.root)
        shutil.copytree(ROOT / "scripts" / "start", self.root / "scripts" / "start")
        shutil.copy2(ROOT / "scripts" / "venv.sh", self.root / "scripts")
        self.environment = {"PATH": f"{self.programs}:/usr/bin:/bin", "HOME": str(directory), "PYTHON": sys.executable}

    def has(self, name: str, script: str) -> None:
        path = self.programs / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def has_cards(self, *lines: str) -> None:
        self.has("nvidia-smi", "\n".join(f"echo '{line}'" for line in lines))

    def has_checkpoint(self) -> None:
        (self.root / "models" / "mine").mkdir(parents=True)
        (self.root / "models" / "mine" / "config.json").write_text("{}")

    def is_installed(self, *, extras: str = "preview,espeak,japanese", index: str | None = None) -> None:
        """All is there; the daemon says what it was started with."""
        program = self.root / ".venv" / "bin" / "qwen3tts-daemon"
        program.parent.mkdir(parents=True)
        program.write_text(
            '#!/bin/sh\necho "daemon $*"\necho "visible ${CUDA_VISIBLE_DEVICES-all} order ${CUDA_DEVICE_ORDER-}"\n'
        )
        program.chmod(0o755)
        here = Path.cwd()
        os.chdir(self.root)
        try:
            installation = Installation(Path(".venv"), ("--editable", f".[{extras}]"), index)
            installation._stamp.write_text(installation._wanted)
        finally:
            os.chdir(here)

    def start(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "start.sh", *arguments], cwd=self.root, env={**self.environment, **environment},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE_S, check=False,
        )  # fmt: skip


@pytest.fixture
def here(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("0.0.0.0", 0))
        server.listen()
        yield server.getsockname()[1]


PORTS = ("--http.port", "0", "--wyoming.port", "0")
"""Whatever listens on this machine, it is not in the way."""


def test_without_a_card_the_preview_voice_is_installed(here: Machine) -> None:
    planned = here.start("--dry-run", *PORTS)
    assert planned.returncode == 0, planned.stderr
    assert "--editable .[preview,espeak,japanese]\n" in planned.stdout
    assert not (here.root / ".env").exists()


CPU_INDEX = torch_index_without_card()


@pytest.mark.skipif(lacks_openvino() != "", reason="no wheel of OpenVINO for this machine")
def test_without_a_card_and_with_a_checkpoint_it_installs_what_the_cpu_speaks_with(here: Machine) -> None:
    here.has_checkpoint()
    planned = here.start("--dry-run", *PORTS).stdout
    assert "the daemon measures" in planned
    assert ".[preview,espeak,japanese,cpu]\n" in planned
    assert ("/whl/cpu torch" in planned) == (CPU_INDEX is not None)
    for option in ("--cpu", "--no-gpu"):
        assert ".[preview,espeak,japanese]\n" in here.start("--dry-run", option, *PORTS).stdout
    assert ".[preview,espeak,japanese,gpu]" not in planned


@pytest.mark.parametrize(
    ("system", "machine", "library", "reason"),
    [
        ("Linux", "x86_64", ("glibc", "2.36"), ""),
        ("Linux", "x86_64", ("glibc", "2.27"), "2.28 or newer, and here is glibc 2.27"),
        ("Linux", "aarch64", ("glibc", "2.36"), ""),
        ("Linux", "aarch64", ("glibc", "2.31"), "2.35 or newer, and here is glibc 2.31"),
        ("Linux", "x86_64", ("", ""), "another library"),
        ("Linux", "armv7l", ("glibc", "2.36"), "none is made for Linux on armv7l"),
        ("Darwin", "arm64", ("", ""), ""),
        ("Darwin", "x86_64", ("", ""), "none is made for Darwin on x86_64"),
    ],
)
def test_where_no_wheel_of_openvino_fits_the_rest_is_installed_and_it_is_said(
    system: str, machine: str, library: tuple[str, str], reason: str,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr("platform.system", lambda: system)
    monkeypatch.setattr("platform.machine", lambda: machine)
    monkeypatch.setattr("platform.libc_ver", lambda: library)
    assert reason in lacks_openvino()
    assert bool(reason) == bool(lacks_openvino())
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "config.json").touch()
    options = parse(["--no-gpl", "--no-japanese"])
    assert may_speak_on_cpu(options, {"QWEN_TTS_MODEL_DIR": str(tmp_path)})
    assert ("OpenVINO is left out" in capsys.readouterr().out) == bool(reason)
    assert extras(options, None, on_cpu=True) == ("preview,qwen" if reason else "preview,cpu")


@pytest.mark.parametrize(
    ("line", "index"),
    [
        (card(), None),
        (card(driver="570.124", capability="8.9"), "cu126"),
        (card(driver="535.183.01"), "cu126"),
        (card(driver="580.65.06", capability="6.1"), "cu126"),
        (card(driver="590.1", capability="12.0"), None),
        (card(driver="580.65.06", capability="[N/A]"), None),
    ],
)
def test_with_a_card_the_pytorch_that_its_driver_can_run_is_installed(
    here: Machine, line: str, index: str | None
) -> None:
    here.has_cards(line)
    planned = here.start("--dry-run", *PORTS)
    assert planned.returncode == 0, planned.stderr
    assert ".[preview,espeak,japanese,gpu]\n" in planned.stdout
    assert ("--index-url" in planned.stdout) == (index is not None)
    assert index is None or f"/{index} torch" in planned.stdout


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("echo Failed to initialize NVML: Driver/library version mismatch; exit 18", "Driver/library version mismatch"),
        ("echo nonsense", "cannot be read"),
        (f"echo '{card(driver='470.82.01')}'", "470.82.01 of the NVIDIA GeForce RTX 3060 is too old"),
        (f"echo '{card(driver='570.1', capability='12.0')}'", "580 or newer"),
    ],
)
def test_a_card_that_cannot_be_used_leaves_the_preview_voice_and_stops_who_insists(
    here: Machine, answer: str, said: str
) -> None:
    here.has("nvidia-smi", answer)
    planned = here.start("--dry-run", *PORTS)
    assert planned.returncode == 0, planned.stderr
    assert said in planned.stdout
    assert ".[preview,espeak,japanese]\n" in planned.stdout
    insisted = here.start("--dry-run", "--gpu", *PORTS)
    assert insisted.returncode == 1
    assert said in insisted.stderr
    assert "Traceback" not in insisted.stderr


def test_a_driver_that_does_not_know_compute_cap_is_asked_without_it(here: Machine) -> None:
    short = card(driver="525.105.17").rpartition(",")[0]
    here.has("nvidia-smi", f"case \"$1\" in *compute_cap*) echo 'Field is not valid'; exit 2;; esac; echo '{short}'")
    assert "cu126" in here.start("--dry-run", *PORTS).stdout


@pytest.mark.parametrize(
    ("first", "second", "chosen"),
    [
        (card(0, free=1000), card(1, free=11000), 1),
        (card(0, busy=97), card(1, busy=3), 1),
        (card(0), card(1), 0),
    ],
)
def test_the_freest_card_speaks(here: Machine, first: str, second: str, chosen: int) -> None:
    here.has_cards(first, second)
    here.is_installed(extras="preview,espeak,japanese,gpu")
    started = here.start(*PORTS)
    assert f"visible GPU-{chosen}aaaaaaa-1111" in started.stdout, started.stderr
    assert f"(card {chosen}, of 2 cards)" in started.stdout


@pytest.mark.parametrize(
    ("variables", "seen"),
    [
        ({"CUDA_VISIBLE_DEVICES": "7"}, "visible 7"),
        ({"CUDA_DEVICE": "cuda:1"}, "visible all order PCI_BUS_ID"),
        ({"NVIDIA_VISIBLE_DEVICES": "1"}, "visible GPU-1aaaaaaa-1111"),
        ({"NVIDIA_VISIBLE_DEVICES": "GPU-0aaaaaaa"}, "visible GPU-0aaaaaaa-1111"),
        ({"NVIDIA_VISIBLE_DEVICES": "all"}, "visible GPU-1aaaaaaa-1111"),
    ],
)
def test_a_card_that_is_named_is_taken(here: Machine, variables: Mapping[str, str], seen: str) -> None:
    here.has_cards(card(0, free=9000), card(1))
    here.is_installed(extras="preview,espeak,japanese,gpu")
    started = here.start(*PORTS, **variables)
    assert seen in started.stdout, started.stderr


def test_a_card_that_is_named_and_is_not_there_stops_the_start(here: Machine) -> None:
    here.has_cards(card())
    refused = here.start(*PORTS, NVIDIA_VISIBLE_DEVICES="4")
    assert refused.returncode == 1
    assert "NVIDIA_VISIBLE_DEVICES is 4, and the cards here are 0: NVIDIA GeForce RTX 3060" in refused.stderr


@pytest.mark.parametrize("how", ["option", "equals", "uri", "variable", "PORT", "file", ".env"])
def test_a_port_that_is_taken_is_told_of_before_anything_is_installed(here: Machine, how: str, taken_port: int) -> None:
    port, arguments, variables = str(taken_port), ["--http.port", "0"], {}
    match how:
        case "option":
            arguments = ["--http.port", port]
        case "equals":
            arguments = [f"--http.port={port}"]
        case "uri":
            arguments += ["--uri", f"tcp://0.0.0.0:{port}"]
        case "variable":
            variables = {"QWEN3TTS_WYOMING__PORT": port}
        case "PORT":
            arguments, variables = [], {"PORT": port}
        case "file":
            (here.root / "config.toml").write_text(f"[wyoming]\nport = {port}\n")
        case ".env":
            arguments = []
            (here.root / ".env").write_text(f"PORT='{port}'  # mine\n")
    refused = here.start(*arguments, **variables)
    assert refused.returncode == 1
    assert f"port {port} is taken" in refused.stderr
    assert not (here.root / ".venv").exists()


def test_a_python_that_is_too_old_is_told_of(here: Machine) -> None:
    here.has("python3", "exit 1")
    del here.environment["PYTHON"]
    here.environment["PATH"] = f"{here.programs}:{_bare_path(here)}"
    refused = here.start()
    assert refused.returncode == 1
    assert "Python 3.11, 3.12 or 3.13 is needed" in refused.stderr


def test_uv_fetches_a_python_where_there_is_none(here: Machine) -> None:
    here.has("python3", "exit 1")
    here.has("uv", f'[ "$2" = install ] || echo {sys.executable}')
    del here.environment["PYTHON"]
    here.environment["PATH"] = f"{here.programs}:{_bare_path(here)}"
    planned = here.start("--dry-run", *PORTS)
    assert planned.returncode == 0, planned.stderr
    assert "uv fetches one" in planned.stderr
    assert "serve --config config.toml" in planned.stdout


def _bare_path(here: Machine) -> Path:
    """bash and dirname, and no Python."""
    bare = here.root.parent / "bare"
    bare.mkdir()
    for name in ("bash", "dirname", "sh"):
        (bare / name).symlink_to(shutil.which(name) or "/bin/sh")
    return bare


def test_without_a_network_it_says_what_failed_and_that_it_goes_on(here: Machine) -> None:
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0", "PIP_CONFIG_FILE": "/dev/null"}
    refused = here.start(*PORTS, PIP_FIND_LINKS="", PIP_EXTRA_INDEX_URL="", **nowhere)
    assert refused.returncode == 1
    assert "Without a network nothing can be fetched" in refused.stderr
    assert "Traceback" not in refused.stderr.rpartition("start.sh:")[2]
    assert not (here.root / ".venv" / ".installed").exists()


def test_a_full_disk_is_told_of_before_anything_is_installed(tmp_path: Path) -> None:
    with pytest.raises(Missing, match="GB free, and installing takes"):
        check_room(tmp_path, 1e9)


def test_files_are_written_once_and_a_second_start_installs_nothing(here: Machine) -> None:
    here.is_installed()
    first = here.start(*PORTS, "--language", "de")
    assert "daemon serve --config config.toml --http.port 0 --wyoming.port 0 --language de" in first.stdout
    assert (here.root / ".env").read_text() == ENV_EXAMPLE
    assert (here.root / "config.toml").read_text() == (ROOT / "config.example.toml").read_text()
    (here.root / ".env").write_text("QWEN3TTS_LANGUAGE=fr\n")
    (here.root / "config.toml").write_text("language = 'it'\n")
    again = here.start(*PORTS)
    assert (here.root / ".env").read_text() == "QWEN3TTS_LANGUAGE=fr\n"
    assert (here.root / "config.toml").read_text() == "language = 'it'\n"
    assert again.stdout.splitlines()[0].startswith("daemon serve")


def test_a_change_of_the_project_installs_again(here: Machine) -> None:
    here.is_installed()
    with (here.root / "pyproject.toml").open("a") as file:
        file.write("# another dependency\n")
    assert "pip install" in here.start("--dry-run", *PORTS).stdout


@pytest.mark.parametrize(
    ("option", "extras", "engine"),
    [("--cpu", "", " --engine embedded"), ("--no-gpu", "", ""), ("--gpu", ",gpu", " --engine qwen")],
)
def test_who_insists_gets_it(here: Machine, option: str, extras: str, engine: str) -> None:
    here.has_cards(card())
    planned = here.start("--dry-run", option, "--config", "mine.toml")
    assert f".[preview,espeak,japanese{extras}]\n" in planned.stdout, planned.stderr
    assert planned.stdout.endswith(f"qwen3tts-daemon serve{engine} --config mine.toml\n")


def test_two_wishes_that_contradict_each_other_are_refused(here: Machine) -> None:
    assert here.start("--cpu", "--gpu").returncode == 2


def test_a_card_that_insists_needs_a_checkpoint(here: Machine) -> None:
    here.has_cards(card())
    here.is_installed(extras="preview,espeak,japanese,gpu")
    refused = here.start("--gpu", *PORTS)
    assert refused.returncode == 1
    assert "--model 1.7B-CustomVoice fetches one" in refused.stderr
    here.has_checkpoint()
    assert "--engine qwen" in here.start("--gpu", *PORTS).stdout


def test_a_checkpoint_that_is_asked_for_is_fetched_first(here: Machine) -> None:
    here.is_installed(extras="preview,espeak,japanese,cpu", index=CPU_INDEX)
    said = here.start("--model", "0.6B-CustomVoice", *PORTS).stdout
    assert said.index("daemon models download 0.6B-CustomVoice") < said.index("daemon serve")


@pytest.mark.parametrize(("answer", "is_fetched"), [("\n", True), ("n\n", False)])
def test_on_a_terminal_the_checkpoint_is_offered_once(here: Machine, answer: str, is_fetched: bool) -> None:
    here.has_cards(card())
    here.is_installed(extras="preview,espeak,japanese,gpu")
    said = _on_a_terminal(here, answer)
    assert "Fetch Qwen3-TTS 1.7B-CustomVoice" in said
    assert ("models download 1.7B-CustomVoice" in said) == is_fetched
    if not is_fetched:
        assert "Fetch Qwen3-TTS" not in _on_a_terminal(here, "")


def _on_a_terminal(here: Machine, answer: str) -> str:
    ours, theirs = pty.openpty()
    os.write(ours, answer.encode())
    try:
        done = subprocess.run(
            ["bash", "start.sh", *PORTS], cwd=here.root, env=here.environment, stdin=theirs,
            capture_output=True, text=True, timeout=PATIENCE_S, check=False,
        )  # fmt: skip
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(("cards", "profile"), [((), "cpu"), ((card(),), "gpu")])
def test_docker_does_the_same_by_compose(here: Machine, cards: tuple[str, ...], profile: str) -> None:
    here.has("docker", 'echo "docker $*"')
    here.has_cards(*cards)
    assert f"docker compose --profile {profile} up --build" in here.start("--docker").stdout


def test_docker_that_is_not_there_is_told_of(here: Machine) -> None:
    here.environment["PATH"] = f"{here.programs}:{_bare_path(here)}"
    assert "there is no docker here" in here.start("--docker").stderr
    here.has("docker", "exit 1")
    assert "has no compose" in here.start("--docker").stderr


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("PORT=9000", "9000"), ("export PORT = 9000", "9000"), ("PORT='9 # 0'", "9 # 0"), ('PORT="9"', "9"),
        ("PORT=9 # mine", "9"), ("PORT=a#b", "a#b"), ("PORT=", ""),
    ],
)  # fmt: skip
def test_env_files_are_read_as_compose_reads_them(tmp_path: Path, line: str, value: str) -> None:
    (tmp_path / ".env").write_text(f"# a comment\n\n{line}\nnonsense\n")
    assert read_env(tmp_path / ".env") == {"PORT": value}
