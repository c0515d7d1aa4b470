"""Rows that speak without end, as the engine lets them: a frame is launched before the last one is collected."""

import time
from collections import deque

import torch

from qwen_tts.api import Sampling
from qwen_tts.checkpoint.model import Model
from qwen_tts.runtime.frame import PAD_SLOT, PromptPart
from qwen_tts.runtime.runner import LaunchedStep, ModelRunner, RowFrame

PROMPT_POSITIONS = 40
ROW_POSITIONS = 320
"""Room for its prompt and more than a minute of speech"""


def positions(rows: int) -> dict[str, int]:
    """What so many rows need, as options of the engine."""
    return {"row_positions": ROW_POSITIONS, "kv_positions": rows * ROW_POSITIONS}


class EndlessRows:
    """Times are in milliseconds."""

    def __init__(self, model: Model, runner: ModelRunner, rows: int = 1) -> None:
        """`runner`: ready for a step of so many rows."""
        self._runner, self._rows = runner, range(rows)
        self._rules = model.generation.rules(Sampling())
        generator = torch.Generator().manual_seed(1)
        prompt = torch.randn(PROMPT_POSITIONS + 1, model.talker.config.hidden_size, generator=generator)
        self._prompt = prompt.to(model.talker.device, model.talker.dtype)
        self._frame = 0
        self._in_flight: deque[LaunchedStep] = deque()

    def begin(self) -> float:
        """Read a prompt in each row, in place of what it said before; how long that took, to the sound of the first
        frame."""
        while self._in_flight:
            self._collect()
        self._frame = 0
        pages = ROW_POSITIONS // self._runner.page_positions
        for row in self._rows:
            self._runner.set_pages(row, range(1 + row * pages, 1 + (row + 1) * pages))
            self._runner.open_row(row, PROMPT_POSITIONS, self._rules, row, self._prompt[-1], None)
        before = time.perf_counter()
        self._runner.prefill([PromptPart(row, 0, self._prompt[:-1]) for row in self._rows])
        self._launch()
        self._collect()
        return (time.perf_counter() - before) * 1e3

    def step(self) -> float:
        """The next frame of all: how long after the one before it came."""
        before = time.perf_counter()
        self._launch()
        if len(self._in_flight) > self._runner.steps_ahead:
            self._collect()
        return (time.perf_counter() - before) * 1e3

    def _launch(self) -> None:
        frames = [RowFrame(row, PROMPT_POSITIONS + self._frame, self._frame, PAD_SLOT) for row in self._rows]
        self._in_flight.append(self._runner.launch(frames))
        self._frame += 1

    def _collect(self) -> None:
        self._runner.collect(self._in_flight.popleft())
