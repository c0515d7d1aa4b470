"""What the rows of an engine run on: networks, tensors and graphs, on a device or on one that is compiled for."""

import importlib.util
from dataclasses import dataclass
from functools import partial

import torch

from qwen_tts.codec import Codec
from qwen_tts.cuda_graphs import Graphs
from qwen_tts.engine_config import EngineConfig
from qwen_tts.errors import ModelUnavailable
from qwen_tts.frame import PAGE_POSITIONS, FrameBackend, RowTensors
from qwen_tts.frame_eager import EagerFrame
from qwen_tts.models.code_predictor import CodePredictor
from qwen_tts.models.talker import Talker
from qwen_tts.sound import EagerSound, SoundBackend

TEXT_SLOTS = 8_192
"""Text embeddings that wait for their frames, of all rows together."""

_LEAST_CAPABILITY = (8, 0)
"""Ampere: bfloat16 and copies that do not wait."""


@dataclass(frozen=True)
class Networks:
    """The parts of a checkpoint that speak. All but the codec lie on one device, in one dtype."""

    talker: Talker
    code_predictor: CodePredictor
    codec: Codec


@dataclass(frozen=True)
class Backends:
    """Made once for an engine; `prepare_frame` and `prepare_sound` are called on the streams of their graphs."""

    state: RowTensors
    frame: FrameBackend
    sound: SoundBackend
    frame_graphs: Graphs
    sound_graphs: Graphs

    def run_frame(self, rows: int, span: int) -> None:
        most = next(most for most in self.frame.spans if most >= span)
        self.frame_graphs.run(("frame", rows, most), lambda: self.frame.frame(rows, span))

    def run_sound(self, rows: int) -> None:
        self.sound_graphs.run(("sound", rows), lambda: self.sound.decode(rows))

    def prepare_frame(self, rows: int) -> None:
        """Compile and capture a frame of `rows` rows, and prompts."""
        for most in self.frame.spans:
            self.frame_graphs.capture(("frame", rows, most), partial(self.frame.frame, rows, most))
        self.frame.prepare_prompts()

    def prepare_sound(self, rows: int) -> None:
        """Compile and capture the sound of `rows` rows, and of codes that no row says."""
        self.sound_graphs.capture(("sound", rows), lambda: self.sound.decode(rows))
        self.sound.prepare_alone()


def uses_kernels(config: EngineConfig, device: torch.device) -> bool:
    """Raises ModelUnavailable if the kernels were asked for and cannot run."""
    may = (
        device.type == "cuda"
        and torch.cuda.get_device_capability(device) >= _LEAST_CAPABILITY
        and importlib.util.find_spec("triton") is not None
    )
    if config.attention == "triton" and not may:
        raise ModelUnavailable(
            "attention is 'triton', which needs an NVIDIA card of the year 2020 or later and the package triton; "
            "use 'sdpa'"
        )
    return may and config.attention != "sdpa"


def may_chain(device: torch.device) -> bool:
    """Programmatic dependent launch came with Hopper."""
    return torch.cuda.get_device_capability(device) >= (9, 0)


def eager_backends(networks: Networks, config: EngineConfig, graphs: type[Graphs]) -> Backends:
    """Plain PyTorch, on the networks' device."""
    talker, codec = networks.talker, networks.codec
    state = _allocate(talker, config)
    frame = EagerFrame(talker, networks.code_predictor, state)
    return Backends(state, frame, EagerSound(codec, config.rows), graphs(), graphs())


def triton_backends(networks: Networks, config: EngineConfig, graphs: type[Graphs], *, chained: bool) -> Backends:
    """Kernels, on the talker's device."""
    # Where there is no triton, they cannot even be defined.
    from qwen_tts.frame_triton import TritonFrame
    from qwen_tts.sound_triton import TritonSound

    talker, codec = networks.talker, networks.codec
    state, frame_graphs, sound_graphs = _allocate(talker, config), graphs(), graphs()
    frame = TritonFrame(talker, networks.code_predictor, state, frame_graphs, chained=chained)
    sound = TritonSound(codec, config.rows, talker.dtype, talker.device, sound_graphs)
    return Backends(state, frame, sound, frame_graphs, sound_graphs)


def pages_of(config: EngineConfig) -> int:
    return -(-config.kv_positions // PAGE_POSITIONS)


def _allocate(talker: Talker, config: EngineConfig) -> RowTensors:
    return RowTensors.allocate(
        talker.config, config.rows, pages_of(config), config.row_positions, TEXT_SLOTS, talker.device, talker.dtype
    )
