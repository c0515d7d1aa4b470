"""Frames whose codes are drawn in PyTorch, whatever computes the networks."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor

from qwen_tts.models.code_predictor import Choose, CodePredictor
from qwen_tts.models.frame_embedding import embed_frames
from qwen_tts.models.talker import Talker
from qwen_tts.runtime import frame
from qwen_tts.runtime.draw_codes import draw_codes
from qwen_tts.runtime.frame import PromptPart, RowTensors
from qwen_tts.runtime.sampling import NOT_FINITE, CounterRandom, Sampler, SamplerState, Warp


class DrawnFrame(ABC):
    """See FrameBackend. A subclass says how talker and code predictor are computed."""

    spans: Sequence[int]

    def __init__(self, talker: Talker, predictor: CodePredictor, state: RowTensors) -> None:
        self._talker, self._predictor, self._state = talker, predictor, state
        self._sampler = Sampler(talker.config, CounterRandom(talker.config.codebooks), talker.device)

    @abstractmethod
    def prefill(self, parts: Sequence[PromptPart]) -> None:
        """See FrameBackend."""

    @abstractmethod
    def prepare_prefill(self) -> None:
        """See FrameBackend."""

    @abstractmethod
    def _read(self, rows: int, active: Tensor, span: int) -> tuple[Tensor, Tensor]:
        """The talker reads the next input of the `active` [rows] ones of the first rows -> its state [rows, width], and
        the logits of codebook 0 [rows, vocab] float32."""

    @abstractmethod
    def _predict(self, hidden: Tensor, first: Tensor, choose: Choose) -> Tensor:
        """See Predict."""

    def frame(self, rows: int, span: int) -> None:
        """See FrameBackend."""
        state, params = self._state, self._state.params[:rows]
        active = params[:, frame.ACTIVE].bool()
        hidden, logits = self._read(rows, active, span)
        codes, is_finite = draw_codes(
            self._talker, self._predict, self._sampler, self._sampling(rows), hidden, logits, active
        )
        state.codes[:rows] = codes
        state.codes[:rows, 0].masked_fill_(~is_finite, NOT_FINITE)
        inputs = embed_frames(self._talker, self._predictor, codes) + state.text[params[:, frame.TEXT].long()]
        state.inputs[:rows] = torch.where(active[:, None], inputs.float(), state.inputs[:rows])

    def _sampling(self, rows: int) -> SamplerState:
        """What the table says of the rows, as the sampler knows it."""
        params = self._state.params[:rows].long()
        numbers = self._state.params[:rows].view(torch.float32)
        talker = Warp(numbers[:, frame.TEMPERATURE], params[:, frame.TOP_K], numbers[:, frame.TOP_P])
        predictor = Warp(numbers[:, frame.NEXT_TEMPERATURE], params[:, frame.NEXT_TOP_K], numbers[:, frame.NEXT_TOP_P])
        seeds = (params[:, frame.SEED_HIGH] << 32) | (params[:, frame.SEED_LOW] & 0xFFFFFFFF)
        spoken = self._state.spoken[:rows].view(torch.bool)
        return SamplerState(talker, predictor, numbers[:, frame.PENALTY], spoken, params[:, frame.FRAME], seeds)
