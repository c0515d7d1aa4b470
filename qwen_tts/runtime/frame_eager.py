"""The frame in plain PyTorch: any device, and the reference for the kernels."""

from collections.abc import Sequence

import torch
from torch import Tensor

from qwen_tts.models.code_predictor import Choose, CodePredictor
from qwen_tts.models.talker import Talker
from qwen_tts.modules.attention import KVCache, PagedCache
from qwen_tts.modules.flash_attention import FlashAttention, pack
from qwen_tts.runtime import frame
from qwen_tts.runtime.frame import PromptPart, RowTensors
from qwen_tts.runtime.frame_drawn import DrawnFrame

_SPANS = (256, 1024)


class EagerFrame(DrawnFrame):
    """See FrameBackend."""

    def __init__(
        self, talker: Talker, predictor: CodePredictor, state: RowTensors, flash: FlashAttention | None = None
    ) -> None:
        super().__init__(talker, predictor, state)
        self._scratch: dict[int, KVCache] = {}
        self._reads_packed = flash is not None
        talker.transformer.flash = predictor.transformer.flash = flash
        self.spans = (*(span for span in _SPANS if span < state.most_positions), state.most_positions)

    def prefill(self, parts: Sequence[PromptPart]) -> None:
        if self._reads_packed:
            self._read_packed(parts)
            return
        for part in parts:
            row = slice(part.row, part.row + 1)
            length = torch.tensor([part.start], device=self._talker.device)
            cache = PagedCache(self._state.cache, self._state.pages[row], length)
            count = torch.full_like(length, len(part.inputs))
            inputs = part.inputs[None].to(self._talker.dtype)
            self._talker(inputs, cache, count, span=part.start + len(part.inputs))

    def _read_packed(self, parts: Sequence[PromptPart]) -> None:
        """All parts in one pass."""
        inputs = torch.cat([part.inputs for part in parts]).to(self._talker.dtype)
        spans = [(part.row, part.start, part.start + len(part.inputs)) for part in parts]
        self._talker.transformer.read_packed(inputs, pack(self._state.cache, self._state.pages, spans))

    def prepare_prefill(self) -> None:
        """Nothing needs to be."""

    def _read(self, rows: int, active: Tensor, span: int) -> tuple[Tensor, Tensor]:
        state = self._state
        cache = PagedCache(state.cache, state.pages[:rows], state.params[:rows, frame.POSITION].long())
        last_inputs = state.inputs[:rows, None].to(self._talker.dtype)
        hidden = self._talker(last_inputs, cache, active.long(), span)[:, 0]
        return hidden, self._talker.logits(hidden)

    def _predict(self, hidden: Tensor, first: Tensor, choose: Choose) -> Tensor:
        rows = len(hidden)
        if rows not in self._scratch:
            self._scratch[rows] = self._predictor.init_cache(rows)
        return self._predictor(hidden, first, choose, self._scratch[rows])
