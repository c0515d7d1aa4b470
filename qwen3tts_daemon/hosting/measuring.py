"""What a checkpoint costs here, measured in a child process: if that crashes or is killed, nothing was measured."""

import asyncio
import signal
import sys

import msgspec

from qwen3tts_daemon.engine_package import check_engine_package
from qwen_tts.bench.figures import Failed, Figures, Measured, MeasureOptions
from qwen_tts.json_decoding import decode_json


async def measure(options: MeasureOptions) -> Measured:
    """Takes as long as a load of the checkpoint and some seconds more, `options.limit_s` at most."""
    try:
        check_engine_package()
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "qwen_tts.bench", msgspec.json.encode(options).decode(),
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            process_group=0,  # as a worker's
        )  # fmt: skip
    except (ImportError, OSError) as error:
        return Failed(f"its process did not start: {error}")
    try:
        told, said = await child.communicate()
    finally:
        if child.returncode is None:
            child.kill()
        status = await child.wait()
    return _figures(told) if status == 0 else Failed(_reason(status, said, options))


def _figures(told: bytes) -> Measured:
    try:
        figures: Figures = decode_json(_last_line(told), Figures)
    except msgspec.DecodeError as error:
        return Failed(f"its process told no figures: {error}")
    return figures


def _reason(status: int, said: bytes, options: MeasureOptions) -> str:
    if status == -signal.SIGALRM:
        return f"it was not done after {options.limit_s:g} s"
    if status == -signal.SIGKILL:
        return "its process was killed, as happens where memory runs out"
    if status < 0:
        return f"its process was ended by {signal.Signals(-status).name}"
    return _last_line(said).decode(errors="replace") or f"its process ended with {status}"


def _last_line(text: bytes) -> bytes:
    return text.strip().rpartition(b"\n")[2]
