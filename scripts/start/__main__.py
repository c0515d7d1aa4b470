"""The order of it. What is missing ends it with one line that says what, and the way out."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from scripts.start import files, machine
from scripts.start.installation import (
    CPU_TORCH_GB,
    PREVIEW_GB,
    TORCH_GB,
    Installation,
    torch_index,
    torch_index_without_card,
)
from scripts.start.machine import Card, Missing
from scripts.start.options import Options, parse, ports

_VENV = Path(".venv")
_CONFIG = Path("config.toml")
_DECLINED = _VENV / ".no-checkpoint-wanted"
_CHECKPOINT = "1.7B-CustomVoice"


@dataclass(frozen=True)
class Gpu:
    """What Qwen3-TTS would run on."""

    name: str
    torch_index: str | None = None
    visible: str | None = None
    """For CUDA_VISIBLE_DEVICES"""


def main(arguments: Sequence[str]) -> None:
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # what becomes another program flushes nothing
    options = parse(arguments)
    environment = {**files.read_env(Path(".env")), **os.environ}
    try:
        if options.docker:
            _become_compose(options, environment)
        _start(options, environment)
    except Missing as error:
        sys.exit(f"start.sh: {error}")


def _start(options: Options, environment: dict[str, str]) -> NoReturn:
    wants_qwen = options.use not in ("cpu", "no-gpu")
    gpu = find_gpu(environment, insists=options.use == "gpu") if wants_qwen else None
    on_cpu = wants_qwen and gpu is None and may_speak_on_cpu(options, environment)
    for name, port in ports(options.daemon, environment, _CONFIG).items():
        machine.check_port(name, port)
    index = gpu.torch_index if gpu else torch_index_without_card() if on_cpu else None
    installation = Installation(_VENV, ("--editable", f".[{extras(options, gpu, on_cpu=on_cpu)}]"), index)
    environment |= _visible_card(gpu, environment)
    command = _daemon_command(options)
    if options.dry_run:
        steps = [] if installation.is_there else installation.commands()
        for step in [*steps, *([_download(options.model)] if options.model else []), command]:
            print(" ".join(step))
        sys.exit(0)
    if not installation.is_there:
        _install(installation, options, gpu, on_cpu=on_cpu)
    for path in files.write_where_missing(Path()):
        print(f"{path} holds the settings; all of them are commented out.")
    _fetch_model(options, environment, gpu)
    os.execve(command[0], command, environment)


def find_gpu(environment: Mapping[str, str], *, insists: bool) -> Gpu | None:
    """It tells of what was found. Raises Missing for a card that is there and cannot be used, if one `insists`."""
    try:
        found = machine.cards()
        card = machine.chosen_card(found, environment)
        if card is not None:
            return _described(card, found)
        if machine.is_apple_gpu():
            print("Apple's GPU will speak, if there is a checkpoint. Nobody has measured it yet.")
            return Gpu("Apple's GPU")
        if not found and Path("/dev/nvidiactl").exists():
            print("There is an NVIDIA card, and no nvidia-smi to ask about it.")
            return Gpu("an NVIDIA card")
        if insists:
            raise Missing("--gpu, and nvidia-smi lists no card here: is NVIDIA's driver installed?")
    except Missing as error:
        if insists or "NVIDIA_VISIBLE_DEVICES" in str(error):
            raise
        print(f"The preview voice will speak, on the CPU: {error}.")
    return None


def _described(card: Card, found: Sequence[Card]) -> Gpu:
    free, total = card.free_mib / 1024, card.total_mib / 1024
    of = f", of {len(found)} cards" if len(found) > 1 else ""
    print(f"{card.name} (card {card.index}{of}): {free:.1f} of {total:.1f} GB free.")
    return Gpu(card.name, torch_index(card), card.uuid)


def may_speak_on_cpu(options: Options, environment: Mapping[str, str]) -> bool:
    """Where a checkpoint is, or is to be fetched, the daemon measures whether this machine speaks it in time."""
    if options.model is None and not _has_checkpoint(environment):
        return False
    print("Qwen3-TTS will speak on the CPU if that is fast enough, which the daemon measures; else the preview voice.")
    if reason := machine.lacks_openvino():
        print(f"OpenVINO is left out: {reason}. Qwen3-TTS is several times as slow without it.")
    return True


def extras(options: Options, gpu: Gpu | None, *, on_cpu: bool = False) -> str:
    wanted = {
        "espeak": options.has_gpl, "japanese": options.has_japanese, "gpu": gpu is not None,
        "cpu": on_cpu and not machine.lacks_openvino(), "qwen": on_cpu and bool(machine.lacks_openvino()),
    }  # fmt: skip
    return ",".join(["preview", *(name for name, is_wanted in wanted.items() if is_wanted)])


def _visible_card(gpu: Gpu | None, environment: Mapping[str, str]) -> dict[str, str]:
    """Others that choose a card themselves are left alone."""
    if "CUDA_VISIBLE_DEVICES" in environment:
        return {}
    if environment.get("CUDA_DEVICE"):
        return {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"}  # as nvidia-smi counts
    return {"CUDA_VISIBLE_DEVICES": gpu.visible} if gpu and gpu.visible else {}


def _install(installation: Installation, options: Options, gpu: Gpu | None, *, on_cpu: bool) -> None:
    needed_gb = PREVIEW_GB + (TORCH_GB if gpu else CPU_TORCH_GB if on_cpu else 0)
    machine.check_room(Path(), needed_gb)
    what = "the preview voice" + (f", and PyTorch for {gpu.name}" if gpu else ", and PyTorch" if on_cpu else "")
    print(f"Installing {what} into {installation.directory}: some minutes, up to {needed_gb:.0f} GB on the disk.")
    if options.has_gpl:
        print("With espeak-ng and phonemizer-fork (GPL-3.0); ./start.sh --no-gpl leaves them out.")
    installation.install()


def _fetch_model(options: Options, environment: Mapping[str, str], gpu: Gpu | None) -> None:
    models = _models(environment)
    name = options.model
    if name is None and gpu is not None and not _has_checkpoint(environment):
        name = _offered(environment, gpu)
        if name is None and options.use == "gpu":
            raise Missing(
                f"--gpu, and {models} holds no checkpoint: ./start.sh --gpu --model {_CHECKPOINT} fetches one"
            )
    if name is not None and subprocess.run(_download(name), env=dict(environment), check=False).returncode != 0:
        raise Missing(
            f"the checkpoint {name} could not be fetched, see above; without --model the preview voice speaks"
        )


def _models(environment: Mapping[str, str]) -> Path:
    return Path(environment.get("QWEN_TTS_MODEL_DIR") or "models")


def _has_checkpoint(environment: Mapping[str, str]) -> bool:
    return any(_models(environment).glob("*/config.json"))


def _offered(environment: Mapping[str, str], gpu: Gpu) -> str | None:
    """The checkpoint, if somebody wants it; one is asked once."""
    if environment.get("HF_HUB_OFFLINE") or _DECLINED.exists():
        return None
    if not sys.stdin.isatty():
        print(f"For Qwen3-TTS on {gpu.name}: ./start.sh --model {_CHECKPOINT} (4.2 GB). Now the preview voice speaks.")
        return None
    if input(f"Fetch Qwen3-TTS {_CHECKPOINT} (4.2 GB) for {gpu.name} now? [Y/n] ").strip().casefold() in (
        "",
        "y",
        "yes",
    ):
        return _CHECKPOINT
    _DECLINED.touch()
    print(f"The preview voice speaks then; ./start.sh --model {_CHECKPOINT} fetches it another day.")
    return None


def _download(name: str) -> list[str]:
    return [str(_VENV / "bin" / "qwen3tts-daemon"), "models", "download", name]


def _daemon_command(options: Options) -> list[str]:
    engine = {"cpu": ["--engine", "embedded"], "gpu": ["--engine", "qwen"]}.get(options.use, [])
    has_config = any(word.partition("=")[0] == "--config" for word in options.daemon)
    config = [] if has_config else ["--config", str(_CONFIG)]
    return [str(_VENV / "bin" / "qwen3tts-daemon"), "serve", *config, *engine, *options.daemon]


def _become_compose(options: Options, environment: Mapping[str, str]) -> None:
    docker = shutil.which("docker")
    if docker is None:
        raise Missing("--docker, and there is no docker here: https://docs.docker.com/engine/install/")
    if subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode != 0:
        raise Missing("--docker, and this docker has no compose: install docker-compose-plugin")
    if options.daemon:
        raise Missing(f"--docker, and {options.daemon[0]} is for the daemon: write it into .env")
    gpu = find_gpu(environment, insists=options.use == "gpu") if options.use in ("auto", "gpu") else None
    command = [docker, "compose", "--profile", "gpu" if gpu else "cpu", "up", "--build"]
    if options.dry_run:
        print(" ".join(command))
        sys.exit(0)
    files.write_where_missing(Path())
    visible = {"NVIDIA_VISIBLE_DEVICES": gpu.visible} if gpu and gpu.visible else {}
    os.execve(docker, command, {**environment, **visible})


if __name__ == "__main__":
    main(sys.argv[1:])
