"""The frame in plain PyTorch: any device, and the reference for the kernels."""

from collections.abc import Sequence

import torch
from torch import Tensor

from qwen_tts.models.code_predictor import CodePredictor
from qwen_tts.models.frame_embedding import embed_frames
from qwen_tts.models.talker import Talker
from qwen_tts.modules.attention import KVCache, PagedCache
from qwen_tts.modules.flash_attention import FlashAttention, pack
from qwen_tts.runtime import frame
from qwen_tts.runtime.draw_codes import draw_codes
from qwen_tts.runtime.frame import PromptPart, RowTensors
from qwen_tts.runtime.sampling import NOT_FINITE, CounterRandom, Sampler, SamplerState, Warp

_SPANS = (256, 1024)


class EagerFrame:
    """See FrameBackend."""

    def __init__(
        self, talker: Talker, predictor: CodePredictor, state: RowTensors, flash: FlashAttention | None = None
    ) -> None:
        self._talker, self._predictor, self._state = talker, predictor, state
        self._sampler = Sampler(talker.config, CounterRandom(talker.config.codebooks), talker.device)
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

    def frame(self, rows: int, span: int) -> None:
        state, params = self._state, self._state.params[:rows]
        active = params[:, frame.ACTIVE].bool()
        cache = PagedCache(state.cache, state.pages[:rows], params[:, frame.POSITION].long())
        last_inputs = state.inputs[:rows, None].to(self._talker.dtype)
        hidden = self._talker(last_inputs, cache, active.long(), span)[:, 0]
        codes, is_finite = self._draw_codes(hidden, self._sampling(rows), active)
        state.codes[:rows] = codes
        state.codes[:rows, 0].masked_fill_(~is_finite, NOT_FINITE)
        inputs = embed_frames(self._talker, self._predictor, codes) + state.text[params[:, frame.TEXT].long()]
        state.inputs[:rows] = torch.where(active[:, None], inputs.float(), state.inputs[:rows])

    def _draw_codes(self, hidden: Tensor, sampling: SamplerState, active: Tensor) -> tuple[Tensor, Tensor]:
        """See draw_codes."""
        rows = len(hidden)
        if rows not in self._scratch:
            self._scratch[rows] = self._predictor.init_cache(rows)
        return draw_codes(self._talker, self._predictor, self._sampler, sampling, hidden, active, self._scratch[rows])

    def _sampling(self, rows: int) -> SamplerState:
        """What the table says of the rows, as the sampler knows it."""
        params = self._state.params[:rows].long()
        numbers = self._state.params[:rows].view(torch.float32)
        talker = Warp(numbers[:, frame.TEMPERATURE], params[:, frame.TOP_K], numbers[:, frame.TOP_P])
        predictor = Warp(numbers[:, frame.NEXT_TEMPERATURE], params[:, frame.NEXT_TOP_K], numbers[:, frame.NEXT_TOP_P])
        seeds = (params[:, frame.SEED_HIGH] << 32) | (params[:, frame.SEED_LOW] & 0xFFFFFFFF)
        spoken = self._state.spoken[:rows].view(torch.bool)
        return SamplerState(talker, predictor, numbers[:, frame.PENALTY], spoken, params[:, frame.FRAME], seeds)
