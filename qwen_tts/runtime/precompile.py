"""Compiles the kernels of an engine before it needs them, in several processes, while it loads.

    python -m qwen_tts.runtime.precompile JSON

A process of its own goes through everything that the engine will launch, over tensors without memory, notes each new
kernel down, and compiles them with up to 16 cores into Triton's cache, where the engine finds them. It needs no card.
When all kernels of a bucket are there it prints the bucket. A mark in the cache says that nothing is left to do.
"""

import hashlib
import logging
import multiprocessing
import os
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Sequence
from ctypes.util import find_library
from functools import partial
from pathlib import Path
from typing import Any

import torch
import triton
from pydantic import BaseModel, ConfigDict
from triton.backends.compiler import GPUTarget
from triton.backends.nvidia.driver import CudaLauncher

from qwen_tts import kernels
from qwen_tts.checkpoint.model import plan_codec, plan_speakers
from qwen_tts.checkpoint.quantised import plan_quantised
from qwen_tts.config.checkpoint import CODEC_DIRECTORY, read_checkpoint_config, read_codec_config
from qwen_tts.config.engine import EngineConfig
from qwen_tts.cores import usable_cores
from qwen_tts.kernels.chain import planned
from qwen_tts.modules.weight_formats import BITS
from qwen_tts.runtime.backends import Networks, triton_backends
from qwen_tts.runtime.cuda_graphs import DryRun
from qwen_tts.runtime.kernel_cache import BUNDLED_KERNELS

logger = logging.getLogger(__name__)

MOST_PROCESSES = 16
PROCESS_BYTES = 2**30
"""Memory that a compiling process is given room for."""


class Job(BaseModel):
    """What is to be compiled for whom."""

    model_config = ConfigDict(frozen=True)

    config: EngineConfig
    capability: tuple[int, int]
    dtype: str
    chained: bool

    @property
    def mark(self) -> Path:
        """Exists once all of it is compiled; one for all checkpoints of these sizes, whatever voices they have."""
        checkpoint = self.config.checkpoint
        names = {"languages", "speakers", "speaker_dialects"}
        parts = [
            self.model_dump_json(exclude={"config": {"checkpoint", "cache_dir"}}),
            read_checkpoint_config(checkpoint).talker.model_dump_json(exclude=names),
            read_codec_config(checkpoint / CODEC_DIRECTORY).model_dump_json(),
            *(path.read_text() for path in sorted(_sources())),
            triton.__version__,
            torch.__version__,
        ]
        digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()
        return Path(triton.knobs.cache.dir) / f"qwen_tts-{digest[:32]}"

    @property
    def is_done(self) -> bool:
        return self.mark.exists() or (BUNDLED_KERNELS / self.mark.name).exists()


def _sources() -> list[Path]:
    here = Path(__file__).parent
    return [*Path(kernels.__path__[0]).glob("*.py"), *here.glob("*_triton.py")]


class Precompilation:
    """The process at work; `told` is called in a thread of its own whenever there is news."""

    def __init__(self, job: Job, told: Callable[[], None]) -> None:
        self._ready: set[int] = set()
        self._is_over = threading.Event()
        self._news = threading.Condition()
        self._told, self._is_stopped = told, False
        self._process: subprocess.Popen[str] | None = None
        if job.is_done:
            self._is_over.set()
            return
        command = [sys.executable, "-m", "qwen_tts.runtime.precompile", job.model_dump_json()]
        # It ends with its standard input, by whatever death this process dies.
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)
        self._process = process
        threading.Thread(target=self._listen, args=(process,), name="precompilation", daemon=True).start()

    def is_ready(self, bucket: int) -> bool:
        """Whether nothing that steps of `bucket` rows need is still being compiled."""
        return self._is_over.is_set() or bucket in self._ready

    def wait(self, bucket: int) -> None:
        with self._news:
            self._news.wait_for(lambda: self.is_ready(bucket))

    def stop(self) -> None:
        """End the process; what is not compiled yet is compiled as it is needed."""
        self._is_stopped = True
        if self._process is not None:
            self._process.kill()  # a worker ignores SIGTERM, and so do its children

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        try:
            with process:
                for line in process.stdout:
                    if line.strip().isdecimal():  # a library may have something to say too
                        self._tell(int(line))
            if process.returncode and not self._is_stopped:
                logger.warning("kernels could not be compiled in advance; they are compiled as they are needed")
        finally:
            self._is_over.set()
            self._tell(0)

    def _tell(self, bucket: int) -> None:
        with self._news:
            self._ready.add(bucket)
            self._news.notify_all()
        self._told()


# -- the process ------------------------------------------------------------------------------------------------------


class _Card:
    """Stands in for a card that is compiled for."""

    def __init__(self, capability: tuple[int, int]) -> None:
        self._target = GPUTarget("cuda", 10 * capability[0] + capability[1], 32)

    def get_current_target(self) -> GPUTarget:
        return self._target

    def get_current_device(self) -> int:
        return 0

    def get_current_stream(self, _device: int = 0) -> int:
        return 0


def _networks(config: EngineConfig, dtype: torch.dtype) -> Networks:
    """Without memory."""
    talker, code_predictor = plan_speakers(read_checkpoint_config(config.checkpoint), dtype)
    if (bits := BITS.get(config.weights)) is not None:
        plan_quantised((talker, code_predictor), bits)
    codec = plan_codec(read_codec_config(config.checkpoint / CODEC_DIRECTORY), talker.device)
    return Networks(talker, code_predictor, codec)


class _Kernels:
    """Every kernel that is launched, once, by the first bucket that needs it."""

    def __init__(self, job: Job) -> None:
        planned.clear()
        self._keys: set[object] = set()
        self._backends = triton_backends(
            _networks(job.config, getattr(torch, job.dtype)), job.config, DryRun, chained=job.chained
        )

    def of(self, bucket: int) -> list[Callable[[], object]]:
        """Their compilations; smaller buckets come first."""
        triton.knobs.runtime.jit_cache_hook = self._note
        self._backends.prepare_frame(bucket)
        self._backends.prepare_decoder(bucket)
        compilations: list[Callable[[], object]] = []
        for compilation in planned:
            known = len(self._keys)
            compilation()
            if len(self._keys) > known:
                compilations.append(partial(_compile, compilation))
        planned.clear()
        triton.knobs.runtime.jit_cache_hook = None
        return compilations

    def _note(self, *, key: str, fn: object, **_: object) -> bool:
        """What Triton asks before it compiles; True: do not."""
        self._keys.add((getattr(fn, "name", None), key))
        return True


def _compile(compilation: Callable[[], Any]) -> None:
    """A kernel, and the C function that launches it, which Triton otherwise makes when it is first launched."""
    kernel = compilation()
    if find_library("cuda") is not None:
        CudaLauncher(kernel.src, kernel.metadata)


def _processes() -> int:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    container = Path("/sys/fs/cgroup/memory.max")
    if container.exists() and (limit := container.read_text().strip()).isdecimal():
        memory = min(memory, int(limit))
    return max(1, min(usable_cores().threads, MOST_PROCESSES, memory // 2 // PROCESS_BYTES))


def compile_all(job: Job, told: Callable[[int], None]) -> None:
    """`told` hears of each bucket, in order, once steps of it need nothing more.

    Raises ChildProcessError if a kernel cannot be compiled.
    """
    triton.runtime.driver.set_active(_Card(job.capability))
    kernels_of = _Kernels(job).of
    first, *others = job.config.step_sizes
    children = _Children(kernels_of(first))
    rest = [kernels_of(bucket) for bucket in others]  # meanwhile
    children.wait()
    told(first)
    for bucket, work in zip(others, rest, strict=True):
        _Children(work).wait()
        told(bucket)
    job.mark.parent.mkdir(parents=True, exist_ok=True)
    job.mark.touch()


class _Children:
    """Forked processes that share some work: all of it is in memory and cannot be pickled."""

    def __init__(self, work: Sequence[Callable[[], object]]) -> None:
        self._begun = multiprocessing.get_context("fork").Value("i", 0)
        self._parent = os.getpid()
        self._pids = [self._fork(work) for _ in range(min(_processes(), len(work)))]

    def wait(self) -> None:
        """Raises ChildProcessError if one of them failed."""
        statuses = [os.waitpid(pid, 0)[1] for pid in self._pids]
        if any(statuses):
            raise ChildProcessError("a kernel cannot be compiled, see above")

    def _fork(self, work: Sequence[Callable[[], object]]) -> int:
        pid = os.fork()
        if pid:
            return pid
        try:
            os.dup2(2, 1)  # the parent's words stand alone
            self._do(work)
            os._exit(0)
        except BaseException:
            logger.exception("a kernel cannot be compiled")
        finally:
            os._exit(1)  # and never go on as the parent

    def _do(self, work: Sequence[Callable[[], object]]) -> None:
        """Each takes what nobody has begun, until nothing is left or nobody waits any more."""
        while os.getppid() == self._parent:
            with self._begun:
                index, self._begun.value = self._begun.value, self._begun.value + 1
            if index >= len(work):
                return
            work[index]()


def _say(bucket: int) -> None:
    sys.stdout.write(f"{bucket}\n")
    sys.stdout.flush()


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(1)


def main() -> None:
    # Forked children do nothing that a thread of this process could hold up.
    warnings.simplefilter("ignore", DeprecationWarning)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    compile_all(Job.model_validate_json(sys.argv[1]), _say)


if __name__ == "__main__":
    main()
