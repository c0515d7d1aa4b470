"""The frame by OpenVINO, on a CPU, with weights of 8 or 4 bits: every call reads a weight once, however many rows."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import Identity

from qwen_tts.models.code_predictor import Choose, CodePredictor
from qwen_tts.models.talker import Talker
from qwen_tts.modules.linear import Linear
from qwen_tts.runtime import frame
from qwen_tts.runtime.frame import PromptPart, RowTensors
from qwen_tts.runtime.frame_drawn import DrawnFrame
from qwen_tts.runtime.openvino_compiler import Compiler, Graph
from qwen_tts.runtime.openvino_graphs import DYNAMIC, model, parameter, product
from qwen_tts.runtime.openvino_layers import PAGE_POSITIONS, PagedLayers, Reading, Span


class OpenVinoFrame(DrawnFrame):
    """See FrameBackend."""

    def __init__(self, talker: Talker, predictor: CodePredictor, state: RowTensors, compiler: Compiler) -> None:
        super().__init__(talker, predictor, state)
        self.spans = (state.most_positions,)
        self._layers = PagedLayers(talker.transformer, state.cache, compiler, head=talker.codec_head)
        self._steps = PredictorSteps(predictor, len(state.params), compiler)
        self._is_warm = False

    def prefill(self, parts: Sequence[PromptPart]) -> None:
        # One by one: the sums of a part depend on how many tokens are in a call, and its beginning may be read already.
        for part in parts:
            span = self._span(part.row, part.start, part.start + len(part.inputs))
            self._layers(part.inputs.float(), self._layers.reading([span]))

    def prepare_prefill(self) -> None:
        """The first calls of a graph take many times as long as those after them."""
        if self._is_warm:
            return
        width = self._talker.config.hidden_size
        for tokens in (PAGE_POSITIONS, 1):
            self._layers(torch.zeros(tokens, width), self._layers.reading([self._nowhere(tokens)]))
        self._steps(torch.zeros(1, width), torch.zeros(1, width), lambda logits, _: logits.argmax(dim=-1))
        self._is_warm = True

    def _nowhere(self, positions: int) -> Span:
        """What is read for no row."""
        return Span(0, positions, [len(self._state.cache) - 1])

    def _span(self, row: int, start: int, end: int) -> Span:
        return Span(start, end, self._state.pages[row].tolist())

    def _read(self, rows: int, active: Tensor, span: int) -> tuple[Tensor, Tensor]:
        positions = self._state.params[:rows, frame.POSITION].tolist()
        spans = [
            self._span(row, position, position + 1) if is_active else self._nowhere(1)
            for row, (position, is_active) in enumerate(zip(positions, active.tolist(), strict=True))
        ]
        hidden, logits = self._layers(self._state.inputs[:rows], self._layers.reading(spans))
        return hidden, logits

    def _predict(self, hidden: Tensor, first: Tensor, choose: Choose) -> Tensor:
        return self._steps(hidden, first, choose)


class PredictorSteps:
    """The code predictor: a row has a page of its own in a cache that lives for one frame."""

    def __init__(self, predictor: CodePredictor, rows: int, compiler: Compiler) -> None:
        config = predictor.config
        assert config.codebooks <= PAGE_POSITIONS
        self._predictor = predictor
        cache = torch.zeros(rows, config.layers, 2, config.kv_heads, PAGE_POSITIONS, config.head_dim)
        projection = None if isinstance(predictor.projection, Identity) else predictor.projection
        self._layers = PagedLayers(predictor.transformer, cache, compiler, projection=projection)
        self._heads = [_head(layer, config.hidden_size, compiler) for layer in predictor.lm_head]
        self._readings: dict[int, Sequence[Reading]] = {}

    def __call__(self, hidden: Tensor, first: Tensor, choose: Choose) -> Tensor:
        """See Predict."""
        rows, codes = len(hidden), []
        x = torch.stack((hidden, first), dim=1).flatten(0, 1)
        for table, (reading, head) in enumerate(zip(self._of(rows), self._heads, strict=True)):
            (out,) = self._layers(x, reading)
            (logits,) = head(out)
            codes.append(choose(logits, table + 1))
            x = self._predictor.codec_embedding.look_up(codes[-1], table).float()
        return torch.stack(codes, dim=1)

    def _of(self, rows: int) -> Sequence[Reading]:
        """Where the steps of so many rows stand: the first reads two positions of each."""
        if rows not in self._readings:
            ends = range(2, 1 + self._predictor.config.codebooks)
            starts = [0, *ends][:-1]
            self._readings[rows] = [
                self._layers.reading([Span(start, end, [row]) for row in range(rows)])
                for start, end in zip(starts, ends, strict=True)
            ]
        return self._readings[rows]


def _head(layer: Linear, width: int, compiler: Compiler) -> Graph:
    """hidden [rows, hidden] -> logits [rows, vocab]"""
    hidden = parameter(DYNAMIC, width)
    return compiler.compile(model([product(hidden, layer)], [hidden]))
