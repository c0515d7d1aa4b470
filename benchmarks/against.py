"""The engine and its peers on one checkpoint, one process after the other: a JSON line for each configuration.

    python -m benchmarks.against DIRECTORY [--faster FOLDER] [--official FOLDER] [--frames 125] [--runs 3]

DIRECTORY is a checkpoint that never ends by itself (benchmarks.random_checkpoint --endless). FOLDER is where a peer's
packages are unpacked; without it they must be importable. Ours runs before, between and after the peers: what the card
does meanwhile shows. Give the official package few frames: it needs 0.15 s for each.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.synthesizer import TEXT

PEERS = Path(__file__).parent / "peers"


def ours(options: argparse.Namespace) -> None:
    command = [sys.executable, "-m", "benchmarks.engine", str(options.directory.resolve()), "--streams", "1"]
    command += ["--frames", str(options.frames), "--runs", str(options.runs), "--rows", "2"]
    subprocess.run(command, check=True)


def peer(script: str, folder: Path | None, options: argparse.Namespace, frames: int, runs: int) -> None:
    """In a folder of its own: the official package has this project's name."""
    environment = dict(os.environ)
    if folder is not None:
        environment["PYTHONPATH"] = str(folder.resolve())
    command = [sys.executable, str(PEERS / script), str(options.directory.resolve())]
    command += ["--text", TEXT]  # what ours says
    subprocess.run([*command, "--frames", str(frames), "--runs", str(runs)], env=environment, cwd=PEERS, check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--faster", type=Path, metavar="FOLDER")
    parser.add_argument("--official", type=Path, metavar="FOLDER")
    parser.add_argument("--frames", type=int, default=125)
    parser.add_argument("--official-frames", type=int, default=50)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    ours(options)
    peer("faster.py", options.faster, options, options.frames, options.runs)
    ours(options)
    peer("official.py", options.official, options, options.official_frames, 1)
    ours(options)


if __name__ == "__main__":
    main()
