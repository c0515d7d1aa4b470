"""The command line of the package; see its map.

python -m benchmarks.soak load [--websockets 200] [--wyoming 40] [--seconds 30]
python -m benchmarks.soak cost [--websockets 200] [--wyoming 40] [--seconds 10]
python -m benchmarks.soak stalled [--clients 50]
python -m benchmarks.soak crowd [--clients 8]
python -m benchmarks.soak soak [--minutes 60] [--engine tone | tiny | DIRECTORY] [--samples FILE]

One JSON object with a verdict; status 1 if a bar does not hold. Everything stays on 127.0.0.0/8.
"""

import argparse
import json
import signal
import sys
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.soak import cost, crowd, load, mixed, stalled


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = parser.add_subparsers(dest="part", required=True)
    part = parts.add_parser("load")
    part.add_argument("--websockets", type=int, default=200)
    part.add_argument("--wyoming", type=int, default=40)
    part.add_argument("--seconds", type=float, default=30.0)
    part = parts.add_parser("cost")
    part.add_argument("--websockets", type=int, default=200)
    part.add_argument("--wyoming", type=int, default=40)
    part.add_argument("--seconds", type=float, default=10.0)
    part = parts.add_parser("stalled")
    part.add_argument("--clients", type=int, default=50)
    part = parts.add_parser("crowd")
    part.add_argument("--clients", type=int, default=8)
    part = parts.add_parser("soak")
    part.add_argument("--minutes", type=float, default=60.0)
    part.add_argument("--engine", default="tone", help="tone, tiny, or a directory with checkpoints")
    part.add_argument("--device", default="cpu", help="of checkpoints")
    part.add_argument("--clients", type=int, default=6, help="at once")
    part.add_argument("--seed", type=int, default=1)
    part.add_argument("--samples", type=Path, help="a file for a line of JSON every few seconds")
    return parser.parse_args()


def _measured(given: argparse.Namespace) -> tuple[dict[str, Any], dict[str, bool]]:
    if given.part == "load":
        figures = load.measure(given.websockets, given.wyoming, given.seconds)
        return figures, load.verdict(figures)
    if given.part == "cost":
        figures = cost.measure(given.websockets, given.wyoming, given.seconds)
        return figures, cost.verdict(figures)
    if given.part == "stalled":
        figures = stalled.measure(given.clients)
        return figures, stalled.verdict(figures)
    if given.part == "crowd":
        figures = crowd.measure(given.clients)
        return figures, crowd.verdict(figures)
    figures = mixed.measure(given.minutes * 60, given.engine, given.device, given.clients, given.seed, given.samples)
    return figures, mixed.verdict(figures)


def main() -> int:
    given = _parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that nobody is left behind
    figures, verdict = _measured(given)
    print(json.dumps({"date": date.today().isoformat(), **figures, "verdict": verdict}, indent=1))
    return 0 if all(verdict.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
