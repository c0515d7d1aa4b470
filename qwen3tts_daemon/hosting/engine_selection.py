"""Which engine the settings mean: the preview voice, Qwen3-TTS where it can run, or a server elsewhere.

`auto` on a machine without a card goes by what was measured (real_time.py); until that is known, the preview
voice speaks. Whoever names the engine, the device or the weights is obeyed without it.
"""

import importlib.util
import logging
import platform
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from qwen3tts_daemon.hosting import checked, checkpoints, real_time
from qwen3tts_daemon.hosting.checkpoints import DOWNLOAD_QWEN, Checkpoint
from qwen3tts_daemon.hosting.measurements import Measurements
from qwen3tts_daemon.hosting.model_manager import ManagerConfig
from qwen3tts_daemon.hosting.models_directory import Obstacle
from qwen3tts_daemon.hosting.real_time import InTime, Knowledge, TooSlow, Verdict
from qwen3tts_daemon.hosting.real_time_words import told
from qwen3tts_daemon.hosting.spare_process import EngineProcess
from qwen3tts_daemon.hosting.speech_server import server_options
from qwen3tts_daemon.hosting.worker_client import EngineSpec, WorkerEngine
from qwen3tts_daemon.http_engine.options import ServerOptions
from qwen3tts_daemon.settings import Settings, SettingsError
from qwen_tts.bench.figures import Figures, Measured, Way
from qwen_tts.cores import usable_cores
from qwen_tts.errors import BadCheckpoint

logger = logging.getLogger(__name__)

_QWEN = "qwen_tts.hosting.host:create"

_MOST_THREADS = 4
"""More do not make the embedded voice faster."""

_DEVICES = (Path("/dev/nvidiactl"), Path("/dev/dxg"))
"""An NVIDIA card, on Linux and in the Windows subsystem; finding out more takes seconds of imports."""


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """An engine and how it is kept."""

    spec: EngineSpec | ServerOptions
    config: ManagerConfig
    preload: bool
    stand_in: EngineSpec | None = None
    """Speaks until the engine is loaded"""
    verdict: Verdict | None = None
    """What the choice went by, if it went by what this machine was measured to speak"""
    reason: str = ""
    """That, in a line"""


async def start_engine(spec: EngineSpec | ServerOptions) -> EngineProcess:
    """An engine that is not loaded yet: in a worker, or none of ours. Raises ModelUnavailable."""
    if isinstance(spec, EngineSpec):
        return await WorkerEngine.start(spec)
    from qwen3tts_daemon.http_engine.engine import HttpEngine  # only who asks for it pays for the HTTP client

    return HttpEngine(spec)


def choose_engine(settings: Settings, measurements: Measurements | None = None) -> EngineChoice:
    """The one that is asked for; else Qwen3-TTS where a checkpoint is and a card, or a CPU that speaks it in time, and
    the preview voice elsewhere.

    `measurements`: what is known of this machine, read from the cache directory if left out. Raises SettingsError for a
    choice that cannot be met.
    """
    _check_threads(settings)
    if settings.engine == "embedded":
        return _preview(settings)
    if settings.engine == "http":
        return EngineChoice(server_options(settings), ManagerConfig(), preload=True)
    if settings.engine == "qwen":
        if not is_installed("torch"):
            raise SettingsError(f"engine is qwen, and torch is missing: {install_torch()}")
        return _qwen(settings, _named(settings) or _best(settings))
    if not is_installed("torch"):
        return _preview(settings)
    found = checkpoints.scan(settings.models_path)
    for one in found.broken:
        logger.warning("checkpoint %s is skipped: %s", one.path.name, one.reason)
    named = _named(settings)
    if not named and not found.checkpoints:
        if card() is not None:
            logger.info("there is a GPU and no checkpoint in %s: %s", settings.models_path, DOWNLOAD_QWEN)
        return _preview(settings)
    if card() is not None or settings.qwen.device is not None or settings.qwen.weights != "auto":
        return _qwen(settings, named or found.best_of_each_kind)
    return _measured_choice(settings, named or found.checkpoints, measurements or kept_measurements(settings))


def kept_measurements(settings: Settings, threads: int | None = None) -> Measurements:
    """What was measured before on this machine, with so many threads, or as many as are set.

    What was too slow while other programs were at work is not among it.
    """

    def is_doubtful(measured: Measured) -> bool:
        return isinstance(measured, Figures) and measured.was_busy and measured.rtf > settings.qwen.auto_rtf

    file = settings.data_path / "cache" / "measured.json"
    return Measurements(file, threads or settings.qwen.threads, is_doubtful=is_doubtful)


def weights_cache(settings: Settings) -> str:
    """The directory where weights of few bits are kept."""
    return str(settings.qwen.cache_dir or settings.data_path / "cache")


def checked_file(settings: Settings) -> Path:
    """What `qwen3tts-daemon check` leaves."""
    return settings.data_path / checked.FILE_NAME


def _measured_choice(
    settings: Settings, candidates: tuple[Checkpoint, ...], measurements: Measurements
) -> EngineChoice:
    has_openvino, most_rtf = is_installed("openvino"), settings.qwen.auto_rtf
    file = checked_file(settings)
    known = Knowledge(
        measurements.of, lambda one: checked.has_passed(file, one.path, "int4"), has_openvino, most_rtf
    )  # fmt: skip
    verdict = real_time.verdict(candidates, known)
    has_smaller = all(one.size == "1b7" for one in candidates)
    reason = told(verdict, most_rtf, has_smaller=has_smaller, has_openvino=has_openvino)
    choice = _qwen(settings, verdict.checkpoints, verdict.way) if isinstance(verdict, InTime) else _preview(settings)
    return replace(choice, verdict=verdict, reason=reason)


def obstacle_of(settings: Settings, verdict: Verdict | None) -> Obstacle | None:
    """Why a checkpoint that comes would not speak. `verdict`: on those that are there."""
    if settings.engine in ("embedded", "http"):
        return Obstacle("setting", f'engine = "{settings.engine}"')
    if settings.qwen.checkpoints:
        return Obstacle("setting", "qwen.checkpoints")
    if not is_installed("torch"):
        start = Path(sys.prefix).parent / "start.sh"
        return Obstacle("pytorch", "./start.sh" if start.is_file() else install_torch())
    if isinstance(verdict, TooSlow):
        return Obstacle("slow", 'engine = "qwen"')
    return None


def card() -> Literal["cuda", "mps"] | None:
    """What the engine would run on by itself, as far as can be seen from outside."""
    if (platform.system(), platform.machine()) == ("Darwin", "arm64"):
        return "mps"
    return "cuda" if any(path.exists() for path in _DEVICES) else None


def install_torch() -> str:
    """The command that installs what Qwen3-TTS needs here."""
    return f"pip install 'qwen3tts-daemon[{'cpu' if card() is None else 'gpu'}]'"


def is_installed(package: str) -> bool:
    """Not imported: that takes seconds."""
    return importlib.util.find_spec(package) is not None


def manager_config(choice: EngineChoice, settings: Settings) -> ManagerConfig:
    """How the engine is kept that was chosen, by settings that have changed since."""
    is_qwen = isinstance(choice.spec, EngineSpec) and choice.spec.factory == _QWEN
    return replace(choice.config, sleep_s=settings.qwen.sleep_s) if is_qwen else choice.config


def _named(settings: Settings) -> tuple[Checkpoint, ...]:
    """Those that the settings name, if they do. Raises SettingsError."""
    try:
        asked = tuple(checkpoints.read(settings.models_path / name) for name in settings.qwen.checkpoints)
    except BadCheckpoint as error:
        raise SettingsError(f"qwen.checkpoints: {error}") from error
    kinds = [one.kind for one in asked]
    if doubled := next((kind for kind in kinds if kinds.count(kind) > 1), None):
        names = " and ".join(one.name for one in asked if one.kind == doubled)
        raise SettingsError(f"qwen.checkpoints: {names} are both {doubled}; name one of them")
    return asked


def _best(settings: Settings) -> tuple[Checkpoint, ...]:
    """Of each kind that is on the disk. Raises SettingsError if there is none."""
    directory = settings.models_path
    found = checkpoints.scan(directory)
    if found.checkpoints:
        return found.best_of_each_kind
    reasons = "".join(f"; {one.path.name}: {one.reason}" for one in found.broken)
    raise SettingsError(f"engine is qwen, and {directory} holds no checkpoint: {DOWNLOAD_QWEN}{reasons}")


def _qwen(settings: Settings, chosen: tuple[Checkpoint, ...], way: Way | None = None) -> EngineChoice:
    """`way`: what was measured to be in time; None: as the settings say."""
    qwen = settings.qwen
    if way is None and qwen.weights == "int4":
        _tell_unjudged(settings, chosen)
    options = {
        **qwen.engine_options,
        "cache_dir": weights_cache(settings),
        **({} if way is None else {"device": way.device, "weights": way.weights}),
        "checkpoints": [str(one.path.resolve()) for one in chosen],
        "keep_loaded": list(qwen.keep_loaded),
        "load_timeout_s": qwen.load_timeout_s,
    }
    config = ManagerConfig(
        idle_unload_s=qwen.idle_unload_s, sleep_s=qwen.sleep_s, load_timeout_s=qwen.load_timeout_s, has_spare=True
    )
    stand_in = _preview_spec(settings) if qwen.while_loading == "embedded" else None
    spec = EngineSpec(_QWEN, options, ("qwen_tts.engine.engine",), settings.log_level)
    return EngineChoice(spec, config, qwen.preload, stand_in)


def _tell_unjudged(settings: Settings, chosen: tuple[Checkpoint, ...]) -> None:
    file = checked_file(settings)
    for one in chosen:
        if not checked.has_passed(file, one.path, "int4"):
            logger.info('%s speaks with weights = "int4", not judged by ear: qwen3tts-daemon check', one.name)


def _preview(settings: Settings) -> EngineChoice:
    config = ManagerConfig(idle_unload_s=settings.embedded.idle_unload_s)
    return EngineChoice(_preview_spec(settings), config, settings.embedded.preload)


def _preview_spec(settings: Settings) -> EngineSpec:
    embedded = settings.embedded
    options = {
        "cache_dir": str(settings.data_path / "cache"),
        "threads": embedded.threads or min(usable_cores().threads, _MOST_THREADS),
        "kokoro": embedded.kokoro,
        "warm_languages": [settings.language],
    }
    return EngineSpec(
        "qwen3tts_daemon.embedded.engine:create", options, log_level=settings.log_level, nice=embedded.nice
    )


def _check_threads(settings: Settings) -> None:
    processors = usable_cores().processors
    for name, threads in (("qwen", settings.qwen.threads), ("embedded", settings.embedded.threads)):
        if threads is not None and threads > processors:
            raise SettingsError(
                f"{name}.threads is {threads}, and {processors} processors are there: give fewer, or leave it out"
            )
