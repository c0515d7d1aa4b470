"""The engine on the card: kernels and graphs say what plain PyTorch says, and a step neither allocates nor waits."""

import gc
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.random_checkpoint import write_checkpoint
from qwen_tts.api import Audio, Limits, PresetVoice, Sampling, SynthesisRequest
from qwen_tts.audio.samples import to_pcm
from qwen_tts.checkpoint.model import Model, load_codec, load_model
from qwen_tts.config.engine import EngineConfig, GuardConfig, Weights
from qwen_tts.engine.engine import Engine
from tests.engine.test_generator import alone
from tests.engine.test_runner import Rows
from tests.golden.cases import BASE, CUSTOM, SMALL_CUSTOM, reference_audio

pytestmark = [pytest.mark.gpu, pytest.mark.timeout(500)]

CUDA = torch.device("cuda")
FRAMES = 12
EVERYBODY = range(4)
SAYS = (1, 2, 3, 2)
"""Of UTTERANCES, by row: those without an instruction, which the small model takes none of."""


@pytest.fixture(scope="module")
def directories(text_tokenizer_files: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Tiny ones, whose heads are as wide as the tensor cores want them."""
    folders = {}
    for name in (CUSTOM, SMALL_CUSTOM):
        folders[name] = tmp_path_factory.mktemp(name)
        write_checkpoint(name, folders[name], endless=True, text_tokenizer=text_tokenizer_files, head_dim=32)
    return folders


def loaded(directory: Path, dtype: torch.dtype = torch.float32, weights: Weights = "auto") -> Model:
    return load_model(directory, CUDA, dtype, pre_tokenizer="mistral", weights=weights)


@pytest.mark.parametrize("name", [CUSTOM, SMALL_CUSTOM])
@pytest.mark.parametrize("graphs", [True, False])
@pytest.mark.parametrize(
    ("attention", "weights"), [("triton", "auto"), ("sdpa", "auto"), ("triton", "int8"), ("triton", "int4")]
)
def test_graphs_and_kernels_draw_the_codes_of_the_plain_generator(
    directories: dict[str, Path], name: str, graphs: bool, attention: str, weights: Weights
) -> None:
    """In float32, row for row; the sound is off by two of 65,536 steps at most."""
    model = loaded(directories[name], weights=weights)
    expected = [alone(model, utterance, FRAMES) for utterance in SAYS]
    rows = Rows(model, device="cuda", attention=attention, graphs=graphs, weights=weights)
    for row, utterance in enumerate(SAYS):
        rows.open(row, utterance)
    rows.step(0, 1, times=FRAMES // 2)
    rows.step(*EVERYBODY, times=FRAMES // 2)
    rows.step(2, 3, times=FRAMES // 2)
    for row, (codes, samples) in enumerate(expected):
        assert rows.codes[row] == [frame[0] for frame in codes], row
        ours = np.frombuffer(b"".join(rows.pcm[row]), np.int16).astype(int)
        theirs = np.frombuffer(to_pcm(samples.cpu().numpy()), np.int16)
        assert np.abs(ours - theirs).max() <= 2, row


@pytest.mark.parametrize(("attention", "weights"), [("triton", "auto"), ("sdpa", "auto"), ("triton", "int8")])
def test_a_step_allocates_nothing_and_waits_for_nothing(
    directories: dict[str, Path], attention: str, weights: Weights
) -> None:
    model = loaded(directories[CUSTOM], torch.bfloat16, weights)
    rows = Rows(model, device="cuda", attention=attention, weights=weights)
    for row, utterance in enumerate(SAYS):
        rows.open(row, utterance)
    rows.step(*EVERYBODY)
    torch.cuda.synchronize()
    before = torch.cuda.memory_stats()["allocation.all.allocated"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "prototype feature"
        torch.cuda.set_sync_debug_mode("error")
    try:
        tickets = [rows.launch(*EVERYBODY), rows.launch(*EVERYBODY)]
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert torch.cuda.memory_stats()["allocation.all.allocated"] == before
    for ticket in tickets:
        rows.collect(ticket, *EVERYBODY)


def request(seed: int) -> SynthesisRequest:
    return SynthesisRequest(
        text="She said she would be here by noon.", voice=PresetVoice("vivian"), language="en",
        sampling=Sampling(seed=seed), limits=Limits(max_audio_s=FRAMES * 0.08),
    )  # fmt: skip


async def said(engine: Engine, seed: int) -> bytes:
    async with engine.stream(request(seed)) as audio:
        return b"".join([chunk.pcm async for chunk in audio])


@pytest.mark.parametrize("weights", ["auto", "int8", "int4"])
async def test_a_seed_is_a_sound_to_the_bit(directories: dict[str, Path], weights: Weights) -> None:
    """Whether the voice's prompt was kept or not, after sleeping too."""
    guards = GuardConfig(length_factor=None, silence_s=None, retry=False)
    gc.collect()
    torch._C._cuda_clearCublasWorkspaces()  # which may be more than a tiny model
    before = torch.cuda.memory_allocated()
    config = EngineConfig(checkpoint=directories[CUSTOM], rows=2, kv_positions=1024, guards=guards, weights=weights)
    engine = Engine(config)
    await engine.load()
    first = await said(engine, 7)
    assert len(first) == FRAMES * 1920 * 2
    assert await said(engine, 7) == first
    assert await said(engine, 8) != first
    in_use = torch.cuda.memory_allocated() - before
    await engine.sleep()
    torch._C._cuda_clearCublasWorkspaces()
    assert torch.cuda.memory_allocated() - before < in_use / 2
    await engine.wake()
    assert await said(engine, 7) == first
    await engine.close()


async def test_recordings_are_heard_on_the_card_and_nothing_of_that_stays(
    text_tokenizer_files: Path, tmp_path: Path
) -> None:
    """While the kernels speak, and when it has slept."""
    write_checkpoint(BASE, tmp_path / "base", text_tokenizer=text_tokenizer_files, head_dim=32)
    sound = Audio(pcm=to_pcm(reference_audio()), sample_rate=24_000)
    expected = load_codec(tmp_path / "base", torch.device("cpu")).encode_audio(sound)
    engine = Engine(EngineConfig(checkpoint=tmp_path / "base", rows=2, kv_positions=1024))
    await engine.load()
    before = torch.cuda.memory_allocated()
    assert await engine.encode(sound) == expected
    assert await engine.encode_reference(sound, "Her words.")
    after_first = torch.cuda.memory_allocated()
    await engine.sleep()
    await engine.wake()
    assert await engine.encode(sound) == expected
    assert after_first - before < 2**20
    await engine.close()
