"""A frame in kernels is a frame in plain PyTorch: prompts, draws, inputs, whoever is active."""

import copy

import pytest
import torch
from torch import nn

from benchmarks.random_checkpoint import checkpoint_config
from qwen_tts.config.checkpoint import TalkerConfig
from qwen_tts.models.code_predictor import CodePredictor
from qwen_tts.models.talker import Talker
from qwen_tts.modules.weight_formats import Bits
from qwen_tts.runtime import frame, frame_triton
from qwen_tts.runtime.cuda_graphs import Graphs
from qwen_tts.runtime.frame import DUMP_PAGE, PAGE_POSITIONS, FrameBackend, PromptPart, RowTensors
from qwen_tts.runtime.frame_eager import EagerFrame
from qwen_tts.runtime.frame_triton import TritonFrame
from qwen_tts.runtime.sampling import NOT_FINITE
from tests.engine.tiny import quantised, randomise

CODEBOOKS = 3
PROMPTS = [1, 2, 17, 3, 8]
MANY = 5 if torch.cuda.is_available() else 3
"""Rows; each costs the interpreter seconds."""
FRAMES = 2


def config_of(size: str) -> TalkerConfig:
    """Few words: every program of a kernel costs milliseconds in the interpreter."""
    content = checkpoint_config(f"tiny-{size}-CustomVoice")["talker_config"]
    predictor = content["code_predictor_config"]
    if torch.cuda.is_available():
        content["head_dim"] = predictor["head_dim"] = 32  # the least for its matrix units
    content["num_code_groups"] = predictor["num_code_groups"] = CODEBOOKS
    predictor["vocab_size"], content["vocab_size"] = 40, 56
    ids = [key for key in content if key.startswith("codec_") and key.endswith("_id") and key != "codec_language_id"]
    content.update({key: 41 + index for index, key in enumerate(ids)})
    content |= {"spk_id": {}, "spk_is_dialect": {}, "codec_language_id": {}}
    return TalkerConfig.model_validate(content)


class Rows:
    """Some rows after their prompts, run by one backend."""

    def __init__(self, backend: str, talker: Talker, predictor: CodePredictor, rows: int) -> None:
        device = talker.device
        self.rows = rows
        self.state = RowTensors.allocate(talker.config, rows, 4 * rows, 64, 32, device, torch.float32)
        self.state.pages[:rows] = (torch.randperm(4 * rows, device=device) + 1).view(rows, 4).int()
        self.backend: FrameBackend = (
            EagerFrame(talker, predictor, self.state)
            if backend == "eager"
            else TritonFrame(talker, predictor, self.state, Graphs(), chained=False)
        )
        generator = torch.Generator().manual_seed(3)
        width = talker.config.hidden_size
        self.state.text.copy_(torch.randn(self.state.text.shape, generator=generator))
        prompts = [torch.randn(PROMPTS[row % 5], width, generator=generator).to(device) for row in range(rows)]
        self.backend.prefill([PromptPart(row, 0, prompt[:-1]) for row, prompt in enumerate(prompts) if len(prompt) > 1])
        for row, prompt in enumerate(prompts):
            self.state.inputs[row] = prompt[-1]
        params = torch.zeros(rows, frame.COLUMNS, dtype=torch.int32)
        params[:, frame.POSITION] = torch.tensor([PROMPTS[row % 5] - 1 for row in range(rows)])
        params[:, [frame.TOP_K, frame.NEXT_TOP_K]] = 50
        params[:, frame.SEED_LOW] = torch.arange(rows)
        numbers = params.view(torch.float32)
        numbers[:, [frame.TEMPERATURE, frame.TOP_P, frame.NEXT_TEMPERATURE, frame.NEXT_TOP_P]] = 0.9
        numbers[:, frame.PENALTY] = 1.3
        numbers[::2, frame.TEMPERATURE] = 0  # every second row is greedy
        self.state.params.copy_(params)

    def step(self, number: int, silent: int) -> torch.Tensor:
        """A frame of all rows but one -> codes."""
        params = self.state.params
        params[:, frame.ACTIVE] = 1
        params[silent, frame.ACTIVE] = 0
        params[:, frame.FRAME], params[:, frame.TEXT] = number, torch.arange(self.rows, device=params.device) + number
        self.backend.frame(self.rows, span=64)
        params[:, frame.POSITION] += params[:, frame.ACTIVE]
        return self.state.codes.clone()


@pytest.mark.parametrize(
    ("size", "rows", "bits"), [("1.7B", 2, None), ("0.6B", MANY, None), ("0.6B", MANY, 8), ("1.7B", 2, 4)]
)
def test_kernels_speak_as_pytorch_does(
    size: str, rows: int, bits: Bits | None, device: torch.device, monkeypatch: pytest.MonkeyPatch
) -> None:
    if device.type == "cpu":
        monkeypatch.setattr(frame_triton, "_PROGRAMS", 8)
    config = config_of(size)
    parts: list[nn.Module] = [Talker(config), CodePredictor(config.code_predictor, config.hidden_size)]
    parts = [randomise(part, seed) for seed, part in enumerate(parts)]
    talker, predictor = ((quantised(part, bits) if bits else part).to(device) for part in parts)
    assert isinstance(talker, Talker)
    assert isinstance(predictor, CodePredictor)
    with torch.inference_mode():
        torch.manual_seed(0)
        eager = Rows("eager", talker, predictor, rows)
        torch.manual_seed(0)
        kernels = Rows("triton", talker, predictor, rows)
        for number in range(FRAMES):
            silent = number % rows
            before = copy.deepcopy(kernels.state.inputs[silent]), kernels.state.spoken[silent].clone()
            active = [row for row in range(rows) if row != silent]
            assert kernels.step(number, silent)[active].tolist() == eager.step(number, silent)[active].tolist()
            assert torch.equal(kernels.state.inputs[silent], before[0])
            assert torch.equal(kernels.state.spoken[silent], before[1])
            torch.testing.assert_close(kernels.state.inputs, eager.state.inputs, atol=1e-4, rtol=1e-4)
            assert torch.equal(kernels.state.spoken, eager.state.spoken)
    for row in range(rows):
        pages = kernels.state.pages[row].long()
        read = int(kernels.state.params[row, frame.POSITION])
        ours, theirs = (
            state.cache[pages].permute(1, 2, 3, 0, 4, 5).flatten(3, 4)[..., :read, :]
            for state in (kernels.state, eager.state)
        )
        torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)
    assert kernels.state.cache.shape[4] == PAGE_POSITIONS


@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")  # by the interpreter
@pytest.mark.parametrize("backend", ["eager", "triton"])
def test_a_row_that_is_not_finite_is_marked_and_disturbs_no_other(
    backend: str, device: torch.device, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does a row that says nothing in these steps and has nothing but such numbers: row 2."""
    if device.type == "cpu":
        monkeypatch.setattr(frame_triton, "_PROGRAMS", 8)
    config = config_of("1.7B")
    talker, predictor = (
        randomise(part, seed).to(device)
        for seed, part in enumerate((Talker(config), CodePredictor(config.code_predictor, config.hidden_size)))
    )
    with torch.inference_mode():
        rows = []
        for _ in range(2):
            torch.manual_seed(0)
            rows.append(Rows(backend, talker, predictor, 3))
        healthy, broken = rows
        broken.state.inputs[1:] = torch.nan
        broken.state.pages[2] = DUMP_PAGE
        for number in range(FRAMES):
            expected, codes = healthy.step(number, silent=2), broken.step(number, silent=2)
            assert codes[0].tolist() == expected[0].tolist()
            assert codes[1, 0] == NOT_FINITE
            assert torch.equal(broken.state.inputs[0], healthy.state.inputs[0])
