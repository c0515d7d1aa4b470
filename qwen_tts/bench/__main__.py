"""The process that measures: `python -m qwen_tts.bench OPTIONS`, MeasureOptions as JSON; Figures as JSON on its last
line."""

import logging
import signal
import sys
from contextlib import suppress
from pathlib import Path

import msgspec

from qwen_tts import safeguards
from qwen_tts.bench.figures import MeasureOptions
from qwen_tts.errors import SynthesisError

_OUT_OF_MEMORY_FIRST = "1000"


def main() -> int:
    options = msgspec.json.decode(sys.argv[1], type=MeasureOptions)
    signal.setitimer(signal.ITIMER_REAL, options.limit_s)  # it ends in time, whatever became of who asked
    with suppress(OSError):  # no Linux; where memory is short, this process goes and not the one that speaks
        Path("/proc/self/oom_score_adj").write_text(_OUT_OF_MEMORY_FIRST)
    safeguards.refuse_pickles()
    logging.basicConfig(level=logging.ERROR)
    from qwen_tts.bench.measure import measure  # PyTorch, which takes seconds: the time runs already

    try:
        figures = measure(options)
    except SynthesisError as error:
        print(error.message, file=sys.stderr)  # noqa: T201  a program of its own
        return 1
    print(msgspec.json.encode(figures).decode())  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
