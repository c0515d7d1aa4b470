"""What the rows of an engine run on: networks, tensors and graphs, on a device or on one that is compiled for."""

import importlib.util
import logging
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial

import torch

from qwen_tts.checkpoint.codec import Codec
from qwen_tts.checkpoint.model import default_device, default_dtype
from qwen_tts.config.checkpoint import TalkerConfig, TransformerConfig, read_checkpoint_config
from qwen_tts.config.engine import EngineConfig, EngineOptions
from qwen_tts.errors import ModelUnavailable
from qwen_tts.models.code_predictor import CodePredictor
from qwen_tts.models.talker import Talker
from qwen_tts.modules.flash_attention import FlashAttention
from qwen_tts.modules.weight_formats import BITS, Bits
from qwen_tts.runtime.cards import RECENT_CARD, is_recent_card
from qwen_tts.runtime.codec_decoder import DecoderBackend, EagerDecoder
from qwen_tts.runtime.cuda_graphs import Graphs
from qwen_tts.runtime.flash import load_flash_attention
from qwen_tts.runtime.frame import PAGE_POSITIONS, FrameBackend, RowTensors
from qwen_tts.runtime.frame_eager import EagerFrame
from qwen_tts.runtime.torch_threads import torch_threads

logger = logging.getLogger(__name__)

_MOST_TEXT_SLOTS = 8_192
_SPANS_A_ROW = 3
"""A sequence takes two spans of text at most, and the rest of a sentence"""

_LEAST_DOT = 16
"""What the tensor cores multiply is at least this wide."""


@dataclass(frozen=True)
class Networks:
    """The parts of a checkpoint that speak. All but the codec lie on one device, in one dtype."""

    talker: Talker
    code_predictor: CodePredictor
    codec: Codec


@dataclass(frozen=True)
class Backends:
    """Made once for an engine; `prepare_frame` and `prepare_decoder` are called on the streams of their graphs."""

    state: RowTensors
    frame: FrameBackend
    decoder: DecoderBackend
    frame_graphs: Graphs
    decoder_graphs: Graphs
    torch_threads: int | None = None
    """While a frame, its sound or a prompt is computed; None: as ever. Recordings have all of them"""

    def threads(self) -> AbstractContextManager[None]:
        """To be held meanwhile."""
        return nullcontext() if self.torch_threads is None else torch_threads(self.torch_threads)

    def run_frame(self, rows: int, span: int) -> None:
        most = next(most for most in self.frame.spans if most >= span)
        self.frame_graphs.run(("frame", rows, most), lambda: self.frame.frame(rows, span))

    def run_decoder(self, rows: int) -> None:
        self.decoder_graphs.run(("decode", rows), lambda: self.decoder.decode(rows))

    def prepare_frame(self, rows: int) -> None:
        """Compile and capture a frame of `rows` rows, and prompts."""
        for most in self.frame.spans:
            self.frame_graphs.capture(("frame", rows, most), partial(self.frame.frame, rows, most))
        self.frame.prepare_prefill()

    def prepare_decoder(self, rows: int) -> None:
        """Compile and capture the sound of `rows` rows, and of codes that no row says."""
        self.decoder_graphs.capture(("decode", rows), lambda: self.decoder.decode(rows))
        self.decoder.prepare_alone()


def device_and_dtype(config: EngineOptions) -> tuple[torch.device, torch.dtype]:
    """Where talker and code predictor run, and in what."""
    device = default_device() if config.device is None else torch.device(config.device)
    if config.dtype is not None:
        return device, getattr(torch, config.dtype)
    return device, torch.bfloat16 if config.weights == "bf16" else default_dtype(device)


def check_backend(config: EngineConfig) -> None:
    """Raises ModelUnavailable, before anything is loaded, if the weights or the attention that were asked for cannot
    run here."""
    device, dtype = device_and_dtype(config)
    has_kernels = uses_kernels(config, read_checkpoint_config(config.checkpoint).talker, device, dtype)
    if config.weights == "bf16" and (dtype != torch.bfloat16 or not _has_bfloat16(device)):
        raise ModelUnavailable(
            "weights is 'bf16', which is computed in bfloat16: "
            + ("leave dtype unset" if dtype != torch.bfloat16 else "this card has none; set weights to auto")
        )
    if not has_kernels and config.weights not in BITS:
        _flash_attention(config, device, dtype)


def _has_bfloat16(device: torch.device) -> bool:
    """Every CPU does, if slowly."""
    return device.type == "cpu" or default_dtype(device) == torch.bfloat16


def _check_weights(config: EngineConfig, talker: TalkerConfig, device: torch.device, dtype: torch.dtype) -> None:
    """8 or 4 bits: on the CPU they are OpenVINO's, elsewhere the kernels'."""
    on_cpu = device.type == "cpu"
    if config.attention not in (("auto", "sdpa") if on_cpu else ("auto", "triton")):
        raise ModelUnavailable(f"weights is '{config.weights}', which has its own attention: set attention to auto")
    if not on_cpu and (missing := _missing_for_kernels(talker, device, dtype)):
        raise ModelUnavailable(
            f"weights is '{config.weights}', which needs {missing}; set device to cpu, or weights to auto"
        )
    if on_cpu and importlib.util.find_spec("openvino") is None:
        raise ModelUnavailable(
            f"weights is '{config.weights}', which needs the package openvino: pip install 'qwen3tts-daemon[cpu]'"
        )


def uses_kernels(config: EngineConfig, talker: TalkerConfig, device: torch.device, dtype: torch.dtype) -> bool:
    """Raises ModelUnavailable if the kernels, or weights in few bits, were asked for and cannot run."""
    if config.weights in BITS:
        _check_weights(config, talker, device, dtype)
        return device.type != "cpu"
    if config.attention in ("sdpa", "flash"):
        return False
    missing = _missing_for_kernels(talker, device, dtype)
    if config.attention == "triton" and missing:
        raise ModelUnavailable(f"attention is 'triton', which needs {missing}; use 'sdpa'")
    return missing is None


def tell_why_no_kernels(config: EngineConfig, talker: TalkerConfig, device: torch.device, dtype: torch.dtype) -> None:
    """One line in the log, where nobody asked for something else than the kernels."""
    missing = _missing_for_kernels(talker, device, dtype)
    if config.attention == "auto" and missing is not None:
        logger.warning(
            "PyTorch's own operations speak on this card, in %s and slower than our kernels, which need %s",
            str(dtype).removeprefix("torch."), missing,
        )  # fmt: skip


def _missing_for_kernels(talker: TalkerConfig, device: torch.device, dtype: torch.dtype) -> str | None:
    if not is_recent_card(device):
        return f"{RECENT_CARD}, as Triton does"
    if importlib.util.find_spec("triton") is None:
        return "the package triton"
    if dtype == torch.float16:
        return "bfloat16 or float32: what it keeps between layers may be too great for float16"
    if not all(_has_usual_heads(part) for part in (talker, talker.code_predictor)) or talker.head_dim < 2 * _LEAST_DOT:
        return "heads as the release's models have them"
    return None


def _has_usual_heads(config: TransformerConfig) -> bool:
    group = config.heads // config.kv_heads
    return group.bit_count() == 1 and group <= _LEAST_DOT and config.head_dim.bit_count() == 1 and config.layers > 1


def eager_backends(networks: Networks, config: EngineConfig, graphs: type[Graphs]) -> Backends:
    """Plain PyTorch, on the networks' device. Raises ModelUnavailable without the flash-attn that was asked for."""
    talker, codec = networks.talker, networks.codec
    codec.decoder.to(codec.device)
    state = _allocate(talker, config)
    frame = EagerFrame(talker, networks.code_predictor, state, _flash_attention(config, talker.device, talker.dtype))
    return Backends(state, frame, EagerDecoder(codec, config.rows), graphs(), graphs())


def openvino_backends(networks: Networks, config: EngineConfig, bits: Bits) -> Backends:
    """Talker and code predictor, whose weights have so many bits, and the codec decoder, on the CPU."""
    # The package is there only where it was asked for.
    from qwen_tts.runtime.frame_openvino import OpenVinoFrame
    from qwen_tts.runtime.openvino_codec import OpenVinoDecoder
    from qwen_tts.runtime.openvino_compiler import Compiler
    from qwen_tts.runtime.openvino_layers import PAGE_POSITIONS

    compiler = Compiler(config.threads or torch.get_num_threads(), bits)
    state = _allocate(networks.talker, config, PAGE_POSITIONS)
    frame = OpenVinoFrame(networks.talker, networks.code_predictor, state, compiler)
    decoder = OpenVinoDecoder(networks.codec, config.rows, compiler)
    # What is left to PyTorch is small: more threads of it would wait for each other, and take the cores meanwhile.
    return Backends(state, frame, decoder, Graphs(), Graphs(), torch_threads=1)


def _flash_attention(config: EngineConfig, device: torch.device, dtype: torch.dtype) -> FlashAttention | None:
    """What attends where the kernels do not; `auto` takes it if it is there, since it is faster than PyTorch's own.

    Raises ModelUnavailable if it was asked for and cannot be used.
    """
    if config.attention == "sdpa":
        return None
    try:
        return load_flash_attention(device, dtype)
    except ModelUnavailable:
        if config.attention == "flash":
            raise
        return None


def triton_backends(networks: Networks, config: EngineConfig, graphs: type[Graphs], *, chained: bool) -> Backends:
    """Kernels, on the talker's device."""
    # Where there is no triton, they cannot even be defined.
    from qwen_tts.runtime.codec_decoder_triton import TritonDecoder
    from qwen_tts.runtime.frame_triton import TritonFrame
    from qwen_tts.runtime.kernel_cache import use_bundled_kernels

    use_bundled_kernels()
    talker, codec = networks.talker, networks.codec
    state, frame_graphs, decoder_graphs = _allocate(talker, config), graphs(), graphs()
    frame = TritonFrame(talker, networks.code_predictor, state, frame_graphs, chained=chained)
    decoder = TritonDecoder(codec, config.rows, talker.dtype, talker.device, decoder_graphs)
    return Backends(state, frame, decoder, frame_graphs, decoder_graphs)


def text_slots_of(config: EngineConfig) -> int:
    """Text embeddings that may wait for their frames, of all rows together."""
    return min(_MOST_TEXT_SLOTS, _SPANS_A_ROW * config.live_text.span_tokens * config.rows)


def _allocate(talker: Talker, config: EngineConfig, page_positions: int = PAGE_POSITIONS) -> RowTensors:
    pages = -(-config.kv_positions // page_positions)
    return RowTensors.allocate(
        talker.config,
        config.rows,
        pages,
        config.row_positions,
        text_slots_of(config),
        talker.device,
        talker.dtype,
        page_positions,
    )
