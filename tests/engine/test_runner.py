"""Laws of the runner: what its rows say is what the plain generator says, whoever else is in the step."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from qwen_tts.audio.samples import to_pcm
from qwen_tts.checkpoint.model import Model
from qwen_tts.checkpoint.prompt import Prompt
from qwen_tts.config.engine import EngineConfig
from qwen_tts.errors import ModelUnavailable
from qwen_tts.runtime.frame import FIRST_TEXT_SLOT, PAD_SLOT, POSITION, PromptPart, RowTensors
from qwen_tts.runtime.runner import LaunchedStep, ModelRunner, RowFrame, StepResult
from tests.engine.conftest import Load
from tests.engine.driven import endless, same_sound
from tests.engine.test_generator import UTTERANCES, alone, prompt_of
from tests.golden.cases import CUSTOM

FRAMES = 4
ROW_POSITIONS = 96
TEXT = 64
"""Text slots of a row"""


@pytest.fixture(scope="module")
def model(load: Load) -> Model:
    """It never ends by itself."""
    return endless(load(CUSTOM))


class Rows:
    """Drives a runner: row r has the pages 1 + 6 r ... (of 16 positions) and speaks utterance after utterance."""

    def __init__(self, model: Model, ready: int = 4, **options: Any) -> None:
        config = {
            "checkpoint": Path(),
            "device": "cpu",
            "rows": 4,
            "kv_positions": 512,
            "row_positions": ROW_POSITIONS,
        } | options
        self.model, self.runner = model, ModelRunner(model, EngineConfig.model_validate(config))
        while self.runner.rows < ready:
            self.runner.prepare()
        self.prompts: dict[int, Prompt] = {}
        self.frames: dict[int, int] = {}
        self.codes: dict[int, list[int]] = {}
        self.pcm: dict[int, list[bytes]] = {}

    def open(
        self, row: int, utterance: int, *, at_a_time: int = ROW_POSITIONS, pages: Sequence[int] | None = None
    ) -> None:
        prompt = prompt_of(self.model, utterance)
        *_, sampling, seed = UTTERANCES[utterance]
        own_pages = ROW_POSITIONS // self.runner.page_positions
        own = range(1 + own_pages * row, 1 + own_pages * (row + 1))
        self.runner.set_pages(row, own if pages is None else pages)
        self.runner.open_row(row, len(prompt.embeddings) - 1, sampling, seed, prompt.embeddings[-1], None)
        if len(prompt.trailing):
            self.runner.put_text([self._slot(row, frame) for frame in range(len(prompt.trailing))], prompt.trailing)
        for start in range(0, len(prompt.embeddings) - 1, at_a_time):
            part = prompt.embeddings[start : min(start + at_a_time, len(prompt.embeddings) - 1)]
            self.runner.prefill([PromptPart(row, start, part)])
        self.prompts[row], self.frames[row], self.codes[row], self.pcm[row] = prompt, 0, [], []

    def launch(self, *rows: int) -> LaunchedStep:
        frames = []
        for row in rows:
            frame, prompt = self.frames[row], self.prompts[row]
            text = self._slot(row, frame) if frame < len(prompt.trailing) else PAD_SLOT
            frames.append(RowFrame(row, len(prompt.embeddings) - 1 + frame, frame, text))
            self.frames[row] += 1
        return self.runner.launch(frames)

    def collect(self, step: LaunchedStep, *rows: int) -> StepResult:
        result = self.runner.collect(step)
        for row in rows:
            self.codes[row].append(int(result.first_codes[row]))
            self.pcm[row].append(result.pcm[row].tobytes())
        return result

    def step(self, *rows: int, times: int = 1) -> None:
        for _ in range(times):
            self.collect(self.launch(*rows), *rows)

    def says(self, row: int, utterance: int, frames: int = FRAMES) -> bool:
        """Whether that is what the row said, and all of it."""
        codes, samples = alone(self.model, utterance, frames)
        ours = np.frombuffer(b"".join(self.pcm[row]), np.int16)
        theirs = np.frombuffer(to_pcm(samples.numpy()), np.int16)
        return self.codes[row] == [frame[0] for frame in codes] and same_sound(ours, theirs)

    @staticmethod
    def _slot(row: int, frame: int) -> int:
        return FIRST_TEXT_SLOT + TEXT * row + frame


@pytest.mark.parametrize("buckets", [(4,), (1, 2, 4)])
def test_rows_say_what_each_says_alone(model: Model, buckets: tuple[int, ...]) -> None:
    rows = Rows(model, buckets=buckets)
    for row in range(4):
        rows.open(row, row)
    rows.step(0, 1, 2, 3, times=FRAMES)
    assert all(rows.says(row, row) for row in range(4))


def test_the_end_of_speech_is_seen_in_its_frame(load: Load) -> None:
    speaker = load(CUSTOM)
    rows = Rows(speaker)
    rows.open(0, 1)
    spoken = alone(speaker, 1, 96)[0]
    rows.step(0, times=len(spoken) + 1)
    assert rows.codes[0] == [*(frame[0] for frame in spoken), speaker.config.talker.codec_eos_id]


def test_a_row_that_is_left_out_stays_as_it_was(model: Model) -> None:
    rows = Rows(model)
    for row in range(3):
        rows.open(row, row)
    for step in range(FRAMES):
        rows.step(1)
        rows.step(*((0, 2) if step % 2 else (2,)))
        rows.step(0) if not step % 2 else None
    assert all(rows.says(row, row) for row in range(3))


def test_rows_join_and_leave_and_take_over_what_others_had(model: Model) -> None:
    rows = Rows(model)
    rows.open(0, 1)
    rows.step(0, times=2)
    rows.open(1, 2)
    rows.step(0, 1, times=2)
    assert rows.says(1, 2, frames=2)
    rows.runner.close_row(1)
    rows.step(0)
    rows.open(1, 3)
    rows.step(1, times=FRAMES)
    assert rows.says(0, 1, frames=5)
    assert rows.says(1, 3)


def test_a_closed_row_writes_into_nobodys_page(model: Model) -> None:
    rows = Rows(model, buckets=(4,))
    rows.open(1, 2)
    rows.step(1, times=2)
    rows.runner.close_row(1)
    rows.open(0, 0, pages=range(7, 13))  # those that row 1 had
    rows.step(0, times=FRAMES)
    assert rows.says(0, 0)


@pytest.mark.parametrize("at_a_time", [1, 7, 16])
def test_a_prompt_may_be_read_in_parts(model: Model, at_a_time: int) -> None:
    rows = Rows(model)
    rows.open(0, 0, at_a_time=at_a_time)
    rows.step(0, times=FRAMES)
    assert rows.says(0, 0)


def test_a_page_may_be_shared_and_goes_on_in_a_copy(model: Model) -> None:
    """Two rows read one prompt; what comes after it is their own."""
    rows = Rows(model)
    rows.open(0, 0)
    length = len(rows.prompts[0].embeddings) - 1
    shared, begun = divmod(length, rows.runner.page_positions)
    assert shared
    assert begun
    rows.runner.copy_page(1 + shared, 20, begun)
    rows.runner.set_pages(1, [*range(1, 1 + shared), 20, 21])
    first_input = rows.prompts[0].embeddings[-1]
    rows.runner.open_row(1, len(rows.prompts[0].embeddings) - 1, *UTTERANCES[0][-2:], first_input, None)
    rows.prompts[1], rows.frames[1], rows.codes[1], rows.pcm[1] = rows.prompts[0], 0, [], []
    rows.step(0, times=2)
    rows.step(1, times=FRAMES)
    rows.step(0, times=FRAMES - 2)
    assert rows.says(0, 0)
    assert rows.says(1, 0)


def test_a_step_has_the_smallest_size_that_holds_its_rows(model: Model) -> None:
    rows = Rows(model, buckets=(1, 3, 4))
    for row in range(4):
        rows.open(row, row)
    for taking_part, size in (((0,), 1), ((1,), 3), ((0, 2), 3), ((3,), 4)):
        step = rows.launch(*taking_part)
        rows.collect(step, *taking_part)
        assert step.rows == size


def test_a_step_of_others_may_write_only_where_an_open_row_writes_next(model: Model) -> None:
    """What a kernel writes of a row that is not active stands where the table says."""
    rows = Rows(model)
    rows.open(0, 1)
    table, length = vars(rows.runner)["_table"], len(rows.prompts[0].embeddings)
    assert table[0, POSITION] == length - 1
    for position in range(length, 97):
        rows.step(0)
        assert table[0, POSITION] == min(position, 95)


def test_results_wait_until_they_are_collected(model: Model) -> None:
    rows = Rows(model)
    rows.open(0, 0)
    rows.open(1, 1)
    tickets = [rows.launch(0)]
    for step in range(1, 2 * FRAMES):
        tickets.append(rows.launch(step % 2))
        rows.collect(tickets.pop(0), (step - 1) % 2)
    rows.collect(tickets.pop(0), 1)
    assert rows.says(0, 0)
    assert rows.says(1, 1)


def test_getting_ready_leaves_open_rows_as_they_are(model: Model) -> None:
    rows = Rows(model, ready=1)
    rows.open(0, 0)
    rows.step(0, times=2)
    while rows.runner.next_bucket is not None:
        rows.runner.prepare()
    rows.step(0, times=FRAMES - 2)
    assert rows.says(0, 0)


def test_everything_is_allocated_once(model: Model) -> None:
    """A captured graph finds its tensors where they were."""
    rows = Rows(model)
    state = vars(rows.runner)["_state"]
    before = {name: tensor.data_ptr() for name, tensor in vars(state).items()}
    rows.open(0, 1)
    rows.step(0, times=2)
    rows.runner.close_row(0)
    assert {name: tensor.data_ptr() for name, tensor in vars(state).items()} == before
    assert len(before) == 7


@pytest.mark.skipif(torch.cuda.is_available(), reason="kernels run here")
def test_kernels_that_cannot_run_are_not_replaced_in_silence(model: Model) -> None:
    with pytest.raises(ModelUnavailable, match="use 'sdpa'"):
        Rows(model, attention="triton")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="this system does not say what memory is used")
def test_a_cache_that_nobody_uses_takes_no_memory_of_a_cpu(model: Model) -> None:
    """It may be as large as all rows could ever need."""
    config, cpu = model.talker.config, torch.device("cpu")
    before = anonymous_bytes()
    state = RowTensors.allocate(config, 1, 50_000, 512, 4, cpu, torch.float32)
    assert state.cache.nbytes > 2**28
    assert anonymous_bytes() - before < state.cache.nbytes // 4
    assert not state.cache[[1, 2, 49_999]].any()


def anonymous_bytes() -> int:
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("RssAnon:"))
    return int(line.split()[1]) * 1024
