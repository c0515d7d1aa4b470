"""The program `qwen3tts-daemon`, also as `python -m qwen3tts_daemon`."""

import os
import signal
import sys
from typing import NoReturn

from qwen3tts_daemon.engine_package import check_engine_package


def main() -> NoReturn:
    """Run the command line; a daemon that is told to end before it has begun ends well."""
    if _serves(sys.argv[1:]):
        _end_on_signals()
    _check_installation()
    # The imports take a second, and more on a busy machine: signals may come before their end.
    from qwen3tts_daemon import cli

    cli.main()


def _check_installation() -> None:
    """One line and the end where the engine's package is not ours, or mixed with another."""
    try:
        check_engine_package()
    except ImportError as error:
        if error.name != "qwen_tts":
            raise
        sys.exit(f"qwen3tts-daemon: {error}")


def _serves(arguments: list[str]) -> bool:
    return not arguments or arguments[0] == "serve" or arguments[0].startswith("-")


def _end_on_signals() -> None:
    """Until the daemon has handlers of its own; a container's first process would not even hear those without one."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda *_: os._exit(0))


if __name__ == "__main__":
    main()
