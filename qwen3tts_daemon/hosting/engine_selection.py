"""Which engine the settings mean: the preview voice, Qwen3-TTS where it can run, or a server elsewhere."""

import importlib.util
import logging
import platform
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from qwen3tts_daemon.hosting import checkpoints
from qwen3tts_daemon.hosting.checkpoints import DOWNLOAD_QWEN, Checkpoint
from qwen3tts_daemon.hosting.model_manager import ManagerConfig
from qwen3tts_daemon.hosting.models_directory import Obstacle
from qwen3tts_daemon.hosting.spare_process import EngineProcess
from qwen3tts_daemon.hosting.speech_server import server_options
from qwen3tts_daemon.hosting.worker_client import EngineSpec, WorkerEngine
from qwen3tts_daemon.http_engine.options import ServerOptions
from qwen3tts_daemon.settings import Settings, SettingsError
from qwen_tts.cores import usable_cores
from qwen_tts.errors import BadCheckpoint

logger = logging.getLogger(__name__)

_QWEN = "qwen_tts.hosting.host:create"

_MOST_THREADS = 4
"""More do not make the embedded voice faster."""

_INSTALL_TORCH = "pip install 'qwen3tts-daemon[gpu]'"

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


async def start_engine(spec: EngineSpec | ServerOptions) -> EngineProcess:
    """An engine that is not loaded yet: in a worker, or none of ours. Raises ModelUnavailable."""
    if isinstance(spec, EngineSpec):
        return await WorkerEngine.start(spec)
    from qwen3tts_daemon.http_engine.engine import HttpEngine  # only who asks for it pays for the HTTP client

    return HttpEngine(spec)


def choose_engine(settings: Settings) -> EngineChoice:
    """The one that is asked for; else Qwen3-TTS where a card and a checkpoint are, and the preview voice elsewhere.

    Raises SettingsError for a choice that cannot be met.
    """
    _check_threads(settings)
    if settings.engine == "embedded":
        return _preview(settings)
    if settings.engine == "http":
        return EngineChoice(server_options(settings), ManagerConfig(), preload=True)
    if settings.engine == "qwen":
        if not _is_installed():
            raise SettingsError(f"engine is qwen, and torch is missing: {_INSTALL_TORCH}")
        return _qwen(settings, _named(settings) or _best(settings))
    if not (_is_installed() and _has_gpu()):
        return _preview(settings)
    found = checkpoints.scan(settings.models_path)
    for one in found.broken:
        logger.warning("checkpoint %s is skipped: %s", one.path.name, one.reason)
    if chosen := _named(settings) or found.best_of_each_kind:
        return _qwen(settings, chosen)
    logger.info("there is a GPU and no checkpoint in %s: %s", settings.models_path, DOWNLOAD_QWEN)
    return _preview(settings)


def obstacle_of(settings: Settings) -> Obstacle | None:
    """Why a checkpoint that comes would not speak."""
    if settings.engine in ("embedded", "http"):
        return Obstacle("setting", f'engine = "{settings.engine}"')
    if settings.qwen.checkpoints:
        return Obstacle("setting", "qwen.checkpoints")
    if not _is_installed():
        start = Path(sys.prefix).parent / "start.sh"
        return Obstacle("pytorch", "./start.sh" if start.is_file() else _INSTALL_TORCH)
    if settings.engine == "auto" and not _has_gpu():
        return Obstacle("card", 'engine = "qwen"')
    return None


def _has_gpu() -> bool:
    is_apple = (platform.system(), platform.machine()) == ("Darwin", "arm64")
    return is_apple or any(path.exists() for path in _DEVICES)


def _is_installed() -> bool:
    return importlib.util.find_spec("torch") is not None


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


def _qwen(settings: Settings, chosen: tuple[Checkpoint, ...]) -> EngineChoice:
    qwen = settings.qwen
    options = {
        "cache_dir": str(settings.data_path / "cache"),
        **qwen.engine_options,
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
