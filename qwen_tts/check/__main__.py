"""What the daemon's `check` runs: `python -m qwen_tts.check OPTIONS`, CheckOptions as JSON."""

import logging
import sys

import msgspec

from qwen_tts import safeguards
from qwen_tts.check.options import COULD_NOT_RUN, CheckOptions
from qwen_tts.check.run import run
from qwen_tts.errors import SynthesisError

logger = logging.getLogger(__name__)


def main() -> int:
    safeguards.refuse_pickles()
    try:
        return run(msgspec.json.decode(sys.argv[1], type=CheckOptions))
    except SynthesisError as error:
        print(f"error ({error.code}): {error.message}", file=sys.stderr)  # noqa: T201  a program of its own
        return COULD_NOT_RUN
    except Exception:  # python itself would end with 1, which says that a checkpoint is wrong
        logger.exception("the check failed")
        return COULD_NOT_RUN


if __name__ == "__main__":
    sys.exit(main())
