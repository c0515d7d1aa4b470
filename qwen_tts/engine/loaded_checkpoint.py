"""A checkpoint on its device: loaded, with as many rows as fit, compiled ahead, asleep and awake again."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import torch

from qwen_tts.checkpoint.model import Model, load_model
from qwen_tts.checkpoint.precision import warn_if_too_small
from qwen_tts.config.checkpoint import TalkerConfig
from qwen_tts.config.engine import EngineConfig
from qwen_tts.config.expectations import Expectations
from qwen_tts.cores import compute_here, usable_cores
from qwen_tts.engine.engine_stream import EngineStream
from qwen_tts.engine.loop import Deliver, EngineLoop
from qwen_tts.errors import ModelUnavailable, OutOfMemory, SynthesisError
from qwen_tts.runtime.backends import device_and_dtype, tell_why_no_kernels, uses_kernels
from qwen_tts.runtime.cards import may_chain
from qwen_tts.runtime.cuda_graphs import free_memory, has_room
from qwen_tts.runtime.runner import ModelRunner
from qwen_tts.runtime.torch_threads import usual_threads

logger = logging.getLogger(__name__)

FIRST_ROWS = 2
"""As soon as so many can speak it is ready; the others follow meanwhile."""


_SPARE_BYTES = 128 * 2**20
"""For prompts, kept voices, and the steps of more rows"""
_RECORDING_BYTES = 512 * 2**20
"""For what hears a recording"""


class Compilation(Protocol):
    """Kernels that are compiled in the background, for steps of more and more rows."""

    def is_ready(self, rows: int) -> bool: ...
    def wait(self, rows: int) -> None: ...
    def stop(self) -> None: ...


class NothingToCompile:
    """See Compilation."""

    def is_ready(self, rows: int) -> bool:
        return True

    def wait(self, rows: int) -> None: ...
    def stop(self) -> None: ...


def compile_ahead(
    config: EngineConfig, talker: TalkerConfig, device: torch.device, dtype: torch.dtype, told: Callable[[], None]
) -> Compilation:
    """What the kernels need, if they are used, while the weights are loaded; `told` is called when there is news."""
    if not uses_kernels(config, talker, device, dtype):
        return NothingToCompile()
    from qwen_tts.runtime.precompile import Job, Precompilation  # there may be no triton

    job = Job(
        config=config, capability=torch.cuda.get_device_capability(device), dtype=str(dtype).removeprefix("torch."),
        chained=may_chain(device),
    )  # fmt: skip
    return Precompilation(job, told)


def _settle_on_cpu(config: EngineConfig) -> None:
    """The calling thread will compute, with threads that it starts."""
    cores, usual = usable_cores(), usual_threads()  # asked before anybody changes it
    torch.set_num_threads(config.threads or min(usual, cores.threads))
    if config.threads is not None and config.threads > cores.threads:
        cores = replace(cores, fast_only=None)
    compute_here(cores, config.nice)


@dataclass(frozen=True)
class Factories:
    """Who makes the parts of a loaded checkpoint."""

    model: Callable[..., Model] = load_model
    runner: Callable[[Model, EngineConfig], ModelRunner] = ModelRunner
    compilation: Callable[..., Compilation] = compile_ahead


class LoadedCheckpoint:
    """The DeviceWork of an engine: while it is not loaded, or sleeps, it does nothing. Every call but `stop_compiling`
    and `forget` comes from the engine's thread."""

    def __init__(
        self, config: EngineConfig, talker: TalkerConfig, now: Callable[[], float], deliver: Deliver,
        factories: Factories,
    ) -> None:  # fmt: skip
        self.config = config
        """Smaller than it was asked for, where that did not fit"""
        self.model: Model | None = None
        self.runner: ModelRunner | None = None
        self._asked, self._talker = config, talker
        self._now, self._deliver, self._factories = now, deliver, factories
        self._device = torch.device("cpu")
        self._loop: EngineLoop | None = None
        self._compilation: Compilation = NothingToCompile()
        self._is_stopped = threading.Event()

    @property
    def is_awake(self) -> bool:
        return self._loop is not None

    # -- the work of the engine's thread ----------------------------------------------------------------------------

    def add(self, stream: EngineStream) -> None:
        if self._loop is None:
            self._deliver([(stream, ModelUnavailable("the engine sleeps"))])
        else:
            self._loop.add(stream)

    def step(self) -> bool:
        return self._loop is not None and self._loop.step()

    def idle_until(self) -> float | None:
        return None if self._loop is None else self._loop.idle_until()

    def abort(self, error: SynthesisError) -> None:
        self.stop_compiling()
        if self._loop is not None:
            self._loop.abort(error)

    def close(self, reason: SynthesisError) -> None:
        self.stop_compiling()
        self._leave_device(reason)
        self.model = None
        free_memory()

    def _leave_device(self, reason: SynthesisError) -> None:
        """End everybody; the model stays where it is."""
        if self._loop is not None and self.runner is not None:
            self._loop.abort(reason)
            self.runner.synchronize()  # what is on its way still writes
        self._loop = self.runner = None

    # -- loading ----------------------------------------------------------------------------------------------------

    def load(self, told: Callable[[], None]) -> None:
        """`told` is called, from any thread, when `step` may have more to do. Raises BadCheckpoint, OutOfMemory."""
        config, started = self._asked, self._now()
        device, dtype = device_and_dtype(config)
        if device.type == "cuda" and device.index is not None:
            torch.cuda.set_device(device)
        if device.type == "cpu":
            _settle_on_cpu(config)
        self._device = device
        self._compilation = self._factories.compilation(config, self._talker, device, dtype, told)
        has_kernels = uses_kernels(config, self._talker, device, dtype)
        if device.type == "cuda" and not has_kernels:
            tell_why_no_kernels(config, self._talker, device, dtype)
        model = self._factories.model(
            Path(config.checkpoint), device, dtype, pre_tokenizer=config.pre_tokenizer, weights=config.weights,
            cache_dir=config.cache_dir,
            decoder_device=torch.device("cpu") if has_kernels else device,
        )  # fmt: skip
        warn_if_too_small(dtype, model.config, Expectations.read(config.guards.expectations))
        self._start_loop(model)
        self.model = model
        model.let_go()  # what the backend's weights were made of
        free_memory()
        logger.info("%s is ready after %.1f s", model.name, self._now() - started)

    def stop_compiling(self) -> None:
        """From any thread: a load that waits for a compilation gives up; what is missing is compiled when needed."""
        self._is_stopped.set()
        self._compilation.stop()

    def _start_loop(self, model: Model) -> None:
        """With fewer rows and positions than are usual where those do not fit, or leave too little for the rest."""
        self.config = self._asked
        while (runner := self._try_to_run(model)) is None:
            config, smaller = self.config, self.config.smaller()
            if smaller is None:
                raise OutOfMemory(
                    f"{model.name} does not fit beside what is on the device: give fewer rows or kv_positions"
                )
            logger.warning(
                "%d rows and %d positions do not fit into the device's memory: trying %d and %d",
                config.rows, config.kv_positions, smaller.rows, smaller.kv_positions,
            )  # fmt: skip
            self.config = smaller
            free_memory()
        self.runner = runner
        self._loop = EngineLoop(model, runner, self.config, self._now, self._deliver, self._compilation.is_ready)
        if not runner.is_cuda:
            self._rehearse(self._loop)

    def _rehearse(self, loop: EngineLoop) -> None:
        """Who comes first learns from nobody how slow this machine is: a card is fast enough for a few."""
        began = self._now()
        rows = loop.rehearse()
        logger.info("%d may speak at once in real time; found out in %.1f s", rows, self._now() - began)

    def _try_to_run(self, model: Model) -> ModelRunner | None:
        """A runner of the first rows; None if the device's memory does not hold it, or not what comes later besides
        where a smaller one can be tried."""
        try:
            runner = self._factories.runner(model, self.config)
            while runner.rows < FIRST_ROWS and runner.next_bucket is not None:
                self._compilation.wait(runner.next_bucket)
                if self._is_stopped.is_set():
                    raise ModelUnavailable("the engine is closed")
                runner.prepare()
        except torch.OutOfMemoryError:
            return None
        spare = _SPARE_BYTES + (_RECORDING_BYTES if model.embed_speaker is not None else 0)
        return None if self.config.smaller() is not None and not has_room(self._device, spare) else runner

    # -- sleeping ---------------------------------------------------------------------------------------------------

    def sleep(self) -> None:
        """The weights go to the host's memory; whoever speaks is ended."""
        if self.model is None or self._loop is None:
            return
        self._leave_device(ModelUnavailable("the engine falls asleep"))
        self.model.to(torch.device("cpu"))
        free_memory()

    def wake_up(self) -> None:
        """Raises OutOfMemory, and sleeps on, if the device has no room any more."""
        if self.model is None or self._loop is not None:
            return
        try:
            self.model.to(self._device)
            self._start_loop(self.model)
        except (SynthesisError, torch.OutOfMemoryError):
            self.model.to(torch.device("cpu"))
            free_memory()
            raise

    def forget(self) -> None:
        """Let go of everything, once the thread has ended."""
        self.model = self._loop = self.runner = None
