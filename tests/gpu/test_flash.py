"""flash-attn on the card: it computes what its definition says, and the engine speaks through it."""

from pathlib import Path

import pytest
import torch

from benchmarks.random_checkpoint import write_checkpoint
from qwen_tts.api import Limits, PresetVoice, Sampling, SynthesisRequest
from qwen_tts.checkpoint.model import load_model
from qwen_tts.config.engine import EngineConfig, GuardConfig
from qwen_tts.engine.engine import Engine
from qwen_tts.modules.flash_attention import FlashAttention
from qwen_tts.runtime.flash import load_flash_attention
from tests.engine.test_flash_attention import varlen, with_cache
from tests.engine.test_runner import Rows
from tests.golden.cases import CUSTOM

pytest.importorskip("flash_attn")
pytestmark = [pytest.mark.gpu, pytest.mark.timeout(500)]

CUDA = torch.device("cuda")
HEADS, KV_HEADS = 16, 8
TOLERANCE = {"atol": 0.02, "rtol": 0.02}


@pytest.fixture
def flash() -> FlashAttention:
    return load_flash_attention(CUDA, torch.bfloat16)


@pytest.fixture(scope="module")
def directory(text_tokenizer_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tiny, with heads of the smallest width that the release has."""
    folder = tmp_path_factory.mktemp(CUSTOM)
    write_checkpoint(CUSTOM, folder, endless=True, text_tokenizer=text_tokenizer_files, head_dim=64)
    return folder


def drawn(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, device=CUDA, dtype=torch.bfloat16)


@pytest.mark.parametrize("head_dim", [64, 128])
def test_packed_sequences(flash: FlashAttention, head_dim: int) -> None:
    queries, keys = [5, 1, 33, 400], [5, 20, 40, 400]
    starts = [torch.tensor([0, *some], device=CUDA).cumsum(0).int() for some in (queries, keys)]
    torch.manual_seed(0)
    heads = drawn(sum(queries), HEADS, head_dim), *(drawn(sum(keys), KV_HEADS, head_dim) for _ in range(2))
    ours = flash.varlen(*heads, *starts, max(queries), max(keys), causal=True)
    theirs = varlen(
        *(head.cpu().float() for head in heads), *(s.cpu() for s in starts), max(queries), max(keys), causal=True
    )
    torch.testing.assert_close(ours.cpu().float(), theirs, **TOLERANCE)


@pytest.mark.parametrize("head_dim", [64, 128])
def test_rows_that_stand_anywhere(flash: FlashAttention, head_dim: int) -> None:
    torch.manual_seed(0)
    heads = drawn(4, 1, HEADS, head_dim), *(drawn(4, 256, KV_HEADS, head_dim) for _ in range(2))
    lengths = torch.tensor([1, 17, 200, 256], device=CUDA, dtype=torch.int32)
    ours = flash.with_cache(*heads, cache_seqlens=lengths, causal=True)
    theirs = with_cache(*(head.cpu().float() for head in heads), cache_seqlens=lengths.cpu(), causal=True)
    torch.testing.assert_close(ours.cpu().float(), theirs, **TOLERANCE)


@pytest.mark.parametrize("graphs", [True, False])
def test_rows_are_read_and_speak_as_with_pytorchs_attention(directory: Path, graphs: bool) -> None:
    left = {}
    for attention in ("sdpa", "flash"):
        model = load_model(directory, CUDA, torch.bfloat16, pre_tokenizer="mistral")
        rows = Rows(model, device="cuda", attention=attention, graphs=graphs)
        for row in range(4):
            rows.open(row, row)
        rows.step(0, 1, 2, 3)
        rows.runner.synchronize()
        left[attention] = rows.runner._state
    ours, theirs = left["flash"], left["sdpa"]
    scale = theirs.cache.float().std()
    error = (ours.cache.float() - theirs.cache.float()).abs().mean()
    assert error < scale / 100, (error, scale)


async def test_the_engine_speaks(directory: Path) -> None:
    config = EngineConfig(
        checkpoint=directory, attention="flash", rows=2, kv_positions=1_024, row_positions=256,
        pre_tokenizer="mistral", guards=GuardConfig(length_factor=None, retry=False),
    )  # fmt: skip
    engine = Engine(config)
    await engine.load()
    one = SynthesisRequest(
        text="Good evening.", voice=PresetVoice(engine.capabilities.voices[0].name), sampling=Sampling(seed=1),
        limits=Limits(max_audio_s=1.0),
    )  # fmt: skip
    async with engine.stream(one) as audio:
        chunks = [chunk async for chunk in audio]
    await engine.close()
    assert sum(chunk.samples for chunk in chunks) == 12 * 1_920
    assert any(any(chunk.pcm) for chunk in chunks)
