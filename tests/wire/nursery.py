"""A process that has imported the daemon, and forks one whenever a test asks: most of a start are imports.

python -m tests.wire.nursery SOCKET
"""

import gc
import importlib
import json
import os
import runpy
import signal
import socket
import sys
from typing import Any

LONGEST_REQUEST = 1 << 17
HEARD = {signal.SIGHUP: signal.SIG_DFL, signal.SIGINT: signal.default_int_handler}
"""As a new Python has them, unless they are ignored where it is started."""
READ_AT_START = (
    "qwen3tts_daemon.daemon", "uvicorn.protocols.http.h11_impl", "uvicorn.lifespan.off",
    "websockets.asyncio.server", "zeroconf.asyncio",
)  # fmt: skip
"""What else a daemon imports comes with these."""


def main() -> None:
    """Serve until nobody can ask any more. Each daemon comes back from here too, in a process of its own."""
    for name in READ_AT_START:
        importlib.import_module(name)
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # who watches a daemon is not waited for
    request = wait_for_request(socket.socket(fileno=int(sys.argv[1])))
    if request is not None:
        become(request)


def wait_for_request(asked: socket.socket) -> dict[str, Any] | None:
    """Comes back in a new daemon with what is asked of it, and here with None at the end."""
    while True:
        message, descriptors, _, _ = socket.recv_fds(asked, LONGEST_REQUEST, 3)
        if not message:
            return None
        stdout, stderr, status = descriptors
        if os.fork() == 0:
            asked.close()
            watch(status)
            os.dup2(stdout, 1)
            os.dup2(stderr, 2)
            return json.loads(message)  # type: ignore[no-any-return]
        for descriptor in descriptors:
            os.close(descriptor)


def watch(status: int) -> None:
    """Comes back in a child process. Writes its pid into the pipe `status`, and in the end how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if pid == 0:
        os.close(status)
        return
    os.write(status, b"%d\n" % pid)
    os.closerange(0, status)  # its log ends when it does
    os.write(status, b"%d\n" % os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    os._exit(0)


def become(request: dict[str, Any]) -> None:
    os.setsid()
    for number, handler in HEARD.items():
        signal.signal(number, signal.SIG_IGN if number in request["ignored"] else handler)
    os.chdir(request["directory"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv[1:] = request["arguments"]
    runpy.run_module(request["program"], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
