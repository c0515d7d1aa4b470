"""See the package."""

import argparse
import datetime
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.wire.daemons import tone_daemon

HERE = Path(__file__).parent
LIMIT_S = 120


@dataclass(frozen=True)
class Client:
    """What is installed, and what drives it."""

    package: str
    script: str

    @property
    def is_python(self) -> bool:
        return self.script.endswith(".py")


CLIENTS = {
    "elevenlabs": Client("elevenlabs", "elevenlabs_python.py"),
    "elevenlabs-js": Client("@elevenlabs/elevenlabs-js", "elevenlabs_js.mjs"),
    "livekit": Client("livekit-plugins-elevenlabs", "livekit_agents.py"),
    "pipecat": Client("pipecat-ai[elevenlabs]", "pipecat_pipeline.py"),
}


def install(client: Client, folder: Path) -> str:
    """Its version."""
    if client.is_python:
        python = folder / "bin" / "python"
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", folder], check=True)
            subprocess.run([python, "-m", "pip", "install", "-q", client.package], check=True)
        name = client.package.partition("[")[0]
        code = f"import importlib.metadata as m; print(m.version({name!r}))"
        return subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.strip()
    if not (folder / "node_modules").exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [shutil.which("npm") or "npm", "install", "--silent", "--prefix", folder, client.package], check=True
        )
    code = f"console.log(require('{folder}/node_modules/{client.package}/package.json').version)"
    return subprocess.run(
        [shutil.which("node") or "node", "-e", code], check=True, capture_output=True, text=True
    ).stdout.strip()


def drive(client: Client, folder: Path) -> str:
    """What it did; raises CalledProcessError if it could not."""
    with (
        tempfile.TemporaryDirectory() as data, tone_daemon(Path(data), "--http.tls", "self-signed") as secure,
        tempfile.TemporaryDirectory() as other, tone_daemon(Path(other)) as daemon,
    ):  # fmt: skip
        ports = {"PORT": str(daemon.ready()[1]), "TLS_PORT": str(secure.ready()[1])}
        environment = {**os.environ, **ports, "CERTIFICATE": str(Path(data) / "tls" / "certificate.pem")}
        if client.is_python:
            command = [str(folder / "bin" / "python"), str(HERE / client.script)]
        else:
            command = ["node", str(HERE / client.script)]
            environment["PACKAGE"] = str(folder / "node_modules" / client.package)
        done = subprocess.run(command, env=environment, timeout=LIMIT_S, check=True, stdout=subprocess.PIPE, text=True)
        return done.stdout.strip().splitlines()[-1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", choices=[*CLIENTS, []])
    chosen = parser.parse_args()
    failed = 0
    for name in chosen.names or CLIENTS:
        client, folder = CLIENTS[name], chosen.folder.resolve() / name
        version = install(client, folder)
        try:
            did = drive(client, folder)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            did, failed = f"FAILED: {error}", failed + 1
        print(f"| {client.package} | {version} | {did} | {datetime.date.today()} |", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
