"""What the daemon's `check` runs: `python -m qwen_tts.check OPTIONS`, CheckOptions as JSON."""

import sys

import msgspec

from qwen_tts.check.options import COULD_NOT_RUN, CheckOptions
from qwen_tts.check.run import run
from qwen_tts.errors import SynthesisError


def main() -> int:
    try:
        return run(msgspec.json.decode(sys.argv[1], type=CheckOptions))
    except SynthesisError as error:
        print(f"error ({error.code}): {error.message}", file=sys.stderr)  # noqa: T201  a program of its own
        return COULD_NOT_RUN


if __name__ == "__main__":
    sys.exit(main())
