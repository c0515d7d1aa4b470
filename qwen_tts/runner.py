"""ModelRunner: one batched step on the device.

A step is a frame of some rows: the table of rows goes up, the frame's graph runs, and on a second stream the codec
turns the codes into sound while the next frame is computed. `launch` returns at once; `collect` waits for the result.
Every call comes from one thread.
"""

import importlib.util
import struct
from collections import deque
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from qwen_tts import frame
from qwen_tts.api import Sampling
from qwen_tts.cuda_graphs import Graphs
from qwen_tts.engine_config import EngineConfig
from qwen_tts.errors import ModelUnavailable
from qwen_tts.frame import DUMP_PAGE, END_SLOT, PAD_SLOT, PAGE_POSITIONS, FrameBackend, PromptPart, RowTensors
from qwen_tts.frame_eager import EagerFrame
from qwen_tts.model import Model
from qwen_tts.modules.upload import upload
from qwen_tts.sound import EagerSound, Heard, SoundBackend

IN_FLIGHT = 2
"""Steps launched and not collected."""

MOST_REFERENCE_FRAMES = 512
"""Of a reference audio, 30 s and the silence after it."""

TEXT_SLOTS = 8_192
"""Text embeddings that wait for their frames, of all rows together."""


@dataclass(frozen=True)
class RowFrame:
    """What a row's next frame depends on besides what the device has of it."""

    row: int
    position: int
    """Where the input stands"""
    frame: int
    """Frames of the sequence before this one"""
    text_slot: int


@dataclass(frozen=True)
class Ticket:
    """A step on its way."""

    slot: int
    rows: int
    frames: Sequence[RowFrame]


@dataclass(frozen=True)
class StepResult:
    """Of the rows in a step, by row."""

    first_codes: NDArray[np.int32]
    """[rows]: codebook 0, or the end of speech"""
    pcm: NDArray[np.int16]
    """[rows, samples_per_frame]"""


class ModelRunner:
    """Allocates everything once; `prepare` compiles and captures."""

    def __init__(self, model: Model, config: EngineConfig) -> None:
        self._model, self._device = model, model.talker.device
        self.is_cuda = self._device.type == "cuda"
        self.pages = -(-config.kv_positions // PAGE_POSITIONS)
        self.buckets = config.step_sizes
        self.samples_per_frame = model.codec.config.samples_per_frame
        with torch.inference_mode():
            self._allocate(config)

    def _allocate(self, config: EngineConfig) -> None:
        model, rows, device = self._model, config.rows, self._device
        talker = model.config.talker
        self._state = RowTensors.allocate(
            talker, rows, self.pages, config.row_positions, TEXT_SLOTS, device, model.talker.dtype
        )
        self._state.text[PAD_SLOT], self._state.text[END_SLOT] = model.prompts.pad[0], model.prompts.eos[0]
        graphs = self.is_cuda if config.graphs is None else config.graphs
        self._graphs, self._codec_graphs = Graphs(enabled=graphs), Graphs(enabled=graphs)
        self._backend = _backend(model, self._state, config, self._graphs)
        self._sound = _sound_backend(model, config)
        self._about = self._on_host(IN_FLIGHT + 1, rows, frame.COLUMNS, dtype=torch.int32)
        self._host_codes = self._on_host(IN_FLIGHT + 1, *self._state.codes.shape, dtype=torch.int32)
        self._host_pcm = self._on_host(IN_FLIGHT + 1, rows, self.samples_per_frame, dtype=torch.int16)
        self._table = np.zeros((rows, frame.COLUMNS), np.int32)
        self._table[:, [frame.TOP_K, frame.NEXT_TOP_K]] = 1
        self._table.view(np.float32)[:, frame.PENALTY] = 1
        self._slots = deque(range(IN_FLIGHT + 1))
        if self.is_cuda:
            torch.cuda.synchronize()
            self._main, self._side = torch.cuda.Stream(), torch.cuda.Stream()
            # Prompts are computed where they are used.
            torch.cuda.set_stream(self._main)
            self._frame_done, self._inputs_taken = torch.cuda.Event(), torch.cuda.Event()
            self._finished = [torch.cuda.Event() for _ in range(IN_FLIGHT + 1)]

    def _on_host(self, *shape: int, dtype: torch.dtype) -> Tensor:
        return torch.zeros(shape, dtype=dtype, pin_memory=self.is_cuda)

    def _on(self, stream: str) -> AbstractContextManager[object]:
        return torch.cuda.stream(getattr(self, stream)) if self.is_cuda else nullcontext()

    # -- rows -------------------------------------------------------------------------------------------------------

    @torch.inference_mode()
    def open_row(self, row: int, sampling: Sampling, seed: int, first_input: Tensor, heard: Heard | None) -> None:
        """Begin a sequence: `first_input` [width] is the last position of its prompt."""
        table, following = self._table[row], sampling.code_predictor
        table[[frame.TOP_K, frame.NEXT_TOP_K]] = sampling.top_k, following.top_k
        table[[frame.SEED_LOW, frame.SEED_HIGH]] = struct.unpack("<ii", struct.pack("<q", seed))
        table.view(np.float32)[[frame.TEMPERATURE, frame.TOP_P, frame.PENALTY]] = (
            sampling.temperature, sampling.top_p, sampling.repetition_penalty,
        )  # fmt: skip
        table.view(np.float32)[[frame.NEXT_TEMPERATURE, frame.NEXT_TOP_P]] = following.temperature, following.top_p
        with self._on("_main"):
            self._state.inputs[row] = first_input.float()
            self._state.spoken[row] = 0
        with self._on("_side"):
            if heard is None:
                self._sound.reset_row(row)
            else:
                self._hear(heard, row)

    def _hear(self, heard: Heard, row: int) -> None:
        """What was computed on one stream is copied on the other, and may be freed on the first."""
        if self.is_cuda:
            self._side.wait_stream(self._main)
        self._sound.restore_row(row, heard)
        if self.is_cuda:
            self._main.wait_stream(self._side)

    @torch.inference_mode()
    def hear(self, codes: Tensor) -> Heard:
        """codes [frames, codebooks] of a reference audio: for `open_row`."""
        with self._on("_side"):
            heard = self._sound.hear(codes)
        if self.is_cuda:
            self._main.wait_stream(self._side)
        return heard

    def close_row(self, row: int) -> None:
        """Its pages may be anybody's from now on."""
        self.set_pages(row, [])
        self._table[row, frame.POSITION] = 0

    @torch.inference_mode()
    def set_pages(self, row: int, pages: Sequence[int]) -> None:
        """Where the row's positions lie, from the first on."""
        spare = self._state.pages.shape[1] - len(pages)
        with self._on("_main"):
            self._state.pages[row] = upload([*pages, *([DUMP_PAGE] * spare)], self._device, torch.int32)

    @torch.inference_mode()
    def copy_page(self, source: int, target: int) -> None:
        with self._on("_main"):
            self._state.cache[target].copy_(self._state.cache[source])

    @torch.inference_mode()
    def put_text(self, slots: Sequence[int], embeddings: Tensor) -> None:
        """embeddings [n, width] into n slots of the text table."""
        with self._on("_main"):
            self._state.text[upload(slots, self._device, torch.long)] = embeddings

    # -- steps ------------------------------------------------------------------------------------------------------

    @torch.inference_mode()
    def prefill(self, parts: Sequence[PromptPart]) -> None:
        with self._on("_main"):
            self._backend.prefill(parts)

    @torch.inference_mode()
    def launch(self, frames: Sequence[RowFrame]) -> Ticket:
        """One frame of these rows. At most IN_FLIGHT steps may be on their way."""
        slot = self._slots.popleft()
        rows = next(size for size in self.buckets if size > max(one.row for one in frames))
        self._table[:, frame.ACTIVE] = 0
        for one in frames:
            columns = [frame.ACTIVE, frame.POSITION, frame.FRAME, frame.TEXT]
            self._table[one.row, columns] = 1, one.position, one.frame, one.text_slot
        self._about[slot].numpy()[:] = self._table
        span = max(one.position for one in frames) + 1
        with self._on("_main"):
            if self.is_cuda:
                self._main.wait_event(self._inputs_taken)
            self._state.about.copy_(self._about[slot], non_blocking=True)
            self._graphs.run(("frame", rows), lambda: self._backend.frame(rows, span))
            if self.is_cuda:
                self._frame_done.record()
        with self._on("_side"):
            self._decode(slot, rows)
        for one in frames:
            self._table[one.row, frame.POSITION] = one.position + 1
        return Ticket(slot, rows, frames)

    def _decode(self, slot: int, rows: int) -> None:
        """The codes' sound, on its way to the host."""
        if self.is_cuda:
            self._side.wait_event(self._frame_done)
        sound, all_rows = self._sound, len(self._state.codes)
        sound.codes[:all_rows].copy_(self._state.codes)
        sound.active[:all_rows].copy_(self._state.about[:, frame.ACTIVE])
        if self.is_cuda:
            self._inputs_taken.record()
        self._codec_graphs.run(("codec", rows), lambda: sound.decode(rows))
        self._host_codes[slot].copy_(sound.codes[:all_rows], non_blocking=True)
        self._host_pcm[slot].copy_(sound.pcm[:all_rows], non_blocking=True)
        if self.is_cuda:
            self._finished[slot].record()

    def collect(self, ticket: Ticket) -> StepResult:
        """Wait for a step; the results are valid until the step after the next is launched."""
        if self.is_cuda:
            self._finished[ticket.slot].synchronize()
        self._slots.append(ticket.slot)
        return StepResult(
            self._host_codes[ticket.slot].numpy()[:, 0].copy(), self._host_pcm[ticket.slot].numpy().copy()
        )

    # -- getting ready ----------------------------------------------------------------------------------------------

    @torch.inference_mode()
    def prepare(self, rows: int) -> None:
        """Compile and capture what a step of `rows` rows needs; open rows are left as they are."""
        self._table[:, frame.ACTIVE] = 0
        with self._on("_main"):
            self._state.about.copy_(torch.from_numpy(self._table))
            self._graphs.capture(("frame", rows), lambda: self._backend.frame(rows, span=1))
            self._backend.prepare_prompts()
        with self._on("_side"):
            self._sound.active.zero_()
            self._codec_graphs.capture(("codec", rows), lambda: self._sound.decode(rows))

    def synchronize(self) -> None:
        if self.is_cuda:
            torch.cuda.synchronize(self._device)


def _backend(model: Model, state: RowTensors, config: EngineConfig, graphs: Graphs) -> FrameBackend:
    if not _uses_kernels(config, model.talker.device):
        return EagerFrame(model.talker, model.code_predictor, state)
    # Where there is no triton, its kernels cannot even be defined.
    from qwen_tts.frame_triton import TritonFrame

    return TritonFrame(model.talker, model.code_predictor, state, graphs, chained=_may_chain(model.talker.device))


def _sound_backend(model: Model, config: EngineConfig) -> SoundBackend:
    device = model.talker.device
    if not _uses_kernels(config, device):
        return EagerSound(model.codec, config.rows)
    from qwen_tts.sound_triton import TritonSound

    most_frames = config.row_positions + MOST_REFERENCE_FRAMES
    return TritonSound(model.codec, config.rows, most_frames, model.talker.dtype, device, chained=_may_chain(device))


def _uses_kernels(config: EngineConfig, device: torch.device) -> bool:
    """Raises ModelUnavailable if the kernels were asked for and cannot run."""
    may = device.type == "cuda" and importlib.util.find_spec("triton") is not None
    if config.attention == "triton" and not may:
        raise ModelUnavailable("attention is 'triton', which needs an NVIDIA card and the package triton; use 'sdpa'")
    return may and config.attention != "sdpa"


def _may_chain(device: torch.device) -> bool:
    """Programmatic dependent launch came with Hopper."""
    return torch.cuda.get_device_capability(device) >= (9, 0)
