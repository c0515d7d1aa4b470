"""ModelRunner: one batched step on the device.

A step is a frame of some rows: the table of rows goes up, the frame's graph runs, and on a second stream the codec
turns the codes into sound while the next frame is computed. `launch` returns at once; `collect` waits for the result.
Every call comes from one thread.
"""

import struct
from collections import deque
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from qwen_tts.checkpoint.model import Model
from qwen_tts.checkpoint.precision import not_finite
from qwen_tts.config.engine import EngineConfig
from qwen_tts.config.generation import SamplingRules
from qwen_tts.modules.upload import upload
from qwen_tts.modules.weight_formats import BITS
from qwen_tts.runtime import frame
from qwen_tts.runtime.backends import (
    Networks,
    eager_backends,
    openvino_backends,
    triton_backends,
    uses_kernels,
)
from qwen_tts.runtime.cards import may_chain
from qwen_tts.runtime.codec_decoder import DecoderSnapshot
from qwen_tts.runtime.cuda_graphs import CudaGraphs, Graphs, synchronize
from qwen_tts.runtime.frame import DUMP_PAGE, END_SLOT, PAD_SLOT, PromptPart

IN_FLIGHT = 2
"""Steps launched and not collected."""


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
class LaunchedStep:
    """A step on its way."""

    slot: int
    rows: int
    frames: Sequence[RowFrame]


@dataclass(frozen=True)
class StepResult:
    """Of the rows in a step, by row."""

    codes: NDArray[np.int32]
    """[rows, codebooks]; codebook 0 may be the end of speech, or NOT_FINITE"""
    pcm: NDArray[np.int16]
    """[rows, samples_per_frame]"""

    @property
    def first_codes(self) -> NDArray[np.int32]:
        """[rows]: codebook 0, or the end of speech, or NOT_FINITE"""
        return self.codes[:, 0]


class ModelRunner:
    """Allocates everything once. `prepare` makes it ready for steps of so many rows, the smaller ones first."""

    def __init__(self, model: Model, config: EngineConfig) -> None:
        self._device = model.talker.device
        self.is_cuda = self._device.type == "cuda"
        self.steps_ahead = IN_FLIGHT - 1 if self.is_cuda else 0
        """Steps on their way when the next is launched. Where `launch` computes, what it gives is there at once"""
        self._unprepared = deque(config.step_sizes)
        self._buckets: list[int] = []
        self.samples_per_frame = model.codec.config.samples_per_frame
        with torch.inference_mode():
            self._allocate(model, config)

    def _allocate(self, model: Model, config: EngineConfig) -> None:
        rows, device = config.rows, self._device
        networks = Networks(model.talker, model.code_predictor, model.codec)
        graphs = CudaGraphs if self.is_cuda and config.graphs else Graphs
        if uses_kernels(config, model.config.talker, device, model.talker.dtype):
            self._backends = triton_backends(networks, config, graphs, chained=may_chain(device))
            model.codec.decoder.to("cpu")  # the kernels have what they need of it
        elif (bits := BITS.get(config.weights)) is not None:
            self._backends = openvino_backends(networks, config, bits)
        else:
            self._backends = eager_backends(networks, config, graphs)
        self._state, self._decoder = self._backends.state, self._backends.decoder
        self.pages, self.page_positions = len(self._state.cache) - 2, self._state.page_positions
        self._state.text[PAD_SLOT], self._state.text[END_SLOT] = model.prompts.pad[0], model.prompts.eos[0]
        self._host_params = self._on_host(IN_FLIGHT + 1, rows, frame.COLUMNS, dtype=torch.int32)
        self._host_codes = self._on_host(IN_FLIGHT + 1, *self._state.codes.shape, dtype=torch.int32)
        self._host_pcm = self._on_host(IN_FLIGHT + 1, rows, self.samples_per_frame, dtype=torch.int16)
        self._table = np.zeros((rows, frame.COLUMNS), np.int32)
        self._table[:, [frame.TOP_K, frame.NEXT_TOP_K]] = 1
        self._table.view(np.float32)[:, frame.PENALTY] = 1
        self._slots = deque(range(IN_FLIGHT + 1))
        if self.is_cuda:
            synchronize(device)
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
    def open_row(
        self, row: int, position: int, rules: SamplingRules, seed: int, first_input: Tensor,
        snapshot: DecoderSnapshot | None,
    ) -> None:  # fmt: skip
        """Begin a sequence: `first_input` [width] is the last of its prompt, at `position`; the codec goes on from
        `snapshot`.

        A step of others may write there before the row's first frame does, and nowhere else.
        """
        table, following = self._table[row], rules.code_predictor
        table[frame.POSITION] = position
        table[[frame.TOP_K, frame.NEXT_TOP_K]] = rules.top_k, following.top_k
        table[[frame.SEED_LOW, frame.SEED_HIGH]] = struct.unpack("<ii", struct.pack("<q", seed))
        table.view(np.float32)[[frame.TEMPERATURE, frame.TOP_P, frame.PENALTY]] = (
            rules.temperature, rules.top_p, rules.repetition_penalty,
        )  # fmt: skip
        table.view(np.float32)[[frame.NEXT_TEMPERATURE, frame.NEXT_TOP_P]] = following.temperature, following.top_p
        with self._on("_main"):
            self._state.inputs[row] = first_input.float()
            self._state.spoken[row] = 0
        with self._on("_side"):
            if snapshot is None:
                self._decoder.reset_row(row)
            else:
                self._restore(row, snapshot)

    def _restore(self, row: int, snapshot: DecoderSnapshot) -> None:
        """What was computed on one stream is copied on the other, and may be freed on the first."""
        if self.is_cuda:
            self._side.wait_stream(self._main)
        self._decoder.restore_row(row, snapshot)
        if self.is_cuda:
            self._main.wait_stream(self._side)

    @torch.inference_mode()
    def snapshot_after(self, codes: Tensor) -> DecoderSnapshot:
        """Of the codec decoder after codes [frames, codebooks] of a reference audio: for `open_row`."""
        with self._on("_side"):
            snapshot = self._decoder.snapshot_after(codes)
        if self.is_cuda:
            self._main.wait_stream(self._side)
        return snapshot

    @torch.inference_mode()
    def decode(self, codes: Tensor, snapshot: DecoderSnapshot | None) -> tuple[bytes, DecoderSnapshot]:
        """codes [frames, codebooks] that belong to no row, after `snapshot` -> PCM, and the snapshot after them.

        Raises SynthesisFailed if the sound is not finite.
        """
        with self._on("_side"):
            decoded = self._decoder.decode_alone(codes, snapshot)
            if not decoded.is_finite:
                raise not_finite(self._decoder.dtype)
            return decoded.pcm.cpu().numpy().tobytes(), decoded.snapshot

    @torch.inference_mode()
    def close_row(self, row: int) -> None:
        """Its pages may be anybody's from now on."""
        with self._on("_main"):
            self._state.pages[row].fill_(DUMP_PAGE)
        self._table[row, frame.POSITION] = 0

    @torch.inference_mode()
    def set_pages(self, row: int, pages: Sequence[int]) -> None:
        """Where the positions of an open row lie, from the first on."""
        with self._on("_main"):
            self._state.pages[row, : len(pages)] = upload(pages, self._device, torch.int32)

    @torch.inference_mode()
    def clear_pages(self, pages: Sequence[int]) -> None:
        """Nothing is left of who had them before."""
        with self._on("_main"):
            self._state.cache.index_fill_(0, upload(pages, self._device, torch.long), 0)

    @torch.inference_mode()
    def copy_page(self, source: int, target: int, positions: int) -> None:
        """The first `positions` positions of a page; the rest of `target` is clear."""
        with self._on("_main"):
            to, of = self._state.cache[target], self._state.cache[source]
            to[..., :positions, :] = of[..., :positions, :]
            to[..., positions:, :].zero_()

    @torch.inference_mode()
    def put_text(self, slots: Sequence[int], embeddings: Tensor) -> None:
        """embeddings [n, width] into n slots of the text table."""
        with self._on("_main"):
            self._state.text[upload(slots, self._device, torch.long)] = embeddings

    # -- steps ------------------------------------------------------------------------------------------------------

    @torch.inference_mode()
    def prefill(self, parts: Sequence[PromptPart]) -> None:
        with self._on("_main"), self._backends.threads():
            self._backends.frame.prefill(parts)

    @torch.inference_mode()
    def launch(self, frames: Sequence[RowFrame]) -> LaunchedStep:
        """One frame of these rows. At most IN_FLIGHT steps may be on their way."""
        with self._backends.threads():
            return self._launch(frames)

    def _launch(self, frames: Sequence[RowFrame]) -> LaunchedStep:
        slot = self._slots.popleft()
        rows = next(size for size in self._buckets if size > max(one.row for one in frames))
        self._table[:, frame.ACTIVE] = 0
        for one in frames:
            columns = [frame.ACTIVE, frame.POSITION, frame.FRAME, frame.TEXT]
            self._table[one.row, columns] = 1, one.position, one.frame, one.text_slot
        self._host_params[slot].numpy()[:] = self._table
        span = max(one.position for one in frames) + 1
        with self._on("_main"):
            if self.is_cuda:
                self._main.wait_event(self._inputs_taken)
            self._state.params.copy_(self._host_params[slot], non_blocking=self.is_cuda)
            self._backends.run_frame(rows, span)
            if self.is_cuda:
                self._frame_done.record()
        with self._on("_side"):
            self._decode(slot, rows)
        for one in frames:
            self._table[one.row, frame.POSITION] = min(one.position + 1, self._state.most_positions - 1)
        return LaunchedStep(slot, rows, frames)

    def rehearse(self, rows: int) -> None:
        """A step of the first `rows` rows, which are all closed, that nobody hears."""
        self.collect(self.launch([RowFrame(row, 0, 0, PAD_SLOT) for row in range(rows)]))
        self._table[:rows, frame.POSITION] = 0

    def _decode(self, slot: int, rows: int) -> None:
        """The codes' sound, on its way to the host."""
        if self.is_cuda:
            self._side.wait_event(self._frame_done)
        decoder, all_rows = self._decoder, len(self._state.codes)
        decoder.codes[:all_rows].copy_(self._state.codes)
        decoder.active[:all_rows].copy_(self._state.params[:, frame.ACTIVE])
        if self.is_cuda:
            self._inputs_taken.record()
        self._backends.run_decoder(rows)
        self._host_codes[slot].copy_(decoder.codes[:all_rows], non_blocking=self.is_cuda)
        self._host_pcm[slot].copy_(decoder.pcm[:all_rows], non_blocking=self.is_cuda)
        if self.is_cuda:
            self._finished[slot].record()

    def collect(self, step: LaunchedStep) -> StepResult:
        """Wait for a step."""
        if self.is_cuda:
            self._finished[step.slot].synchronize()
        self._slots.append(step.slot)
        return StepResult(self._host_codes[step.slot].numpy().copy(), self._host_pcm[step.slot].numpy().copy())

    # -- getting ready ----------------------------------------------------------------------------------------------

    @property
    def rows(self) -> int:
        """Of the largest step it is ready for; rows from here on cannot speak yet."""
        return max(self._buckets, default=0)

    @property
    def next_bucket(self) -> int | None:
        """What `prepare` is for; None when everything is ready."""
        return self._unprepared[0] if self._unprepared else None

    @torch.inference_mode()
    def prepare(self) -> None:
        """Compile and capture what a step of `next_bucket` rows needs; open rows are left as they are."""
        rows = self._unprepared[0]
        self._table[:, frame.ACTIVE] = 0
        with self._on("_main"):
            if self.is_cuda:
                self._main.wait_event(self._inputs_taken)
            self._state.params.copy_(torch.from_numpy(self._table))
            self._backends.prepare_frame(rows)
        with self._on("_side"):
            self._decoder.active.zero_()
            self._backends.prepare_decoder(rows)
        self._buckets.append(self._unprepared.popleft())

    def prepare_no_more(self) -> None:
        """The rows that it has are enough."""
        self._unprepared.clear()

    def synchronize(self) -> None:
        if self.is_cuda:
            synchronize(self._device)
