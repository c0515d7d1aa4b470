"""A CUDA error that ends everything on the card costs who speaks, and nobody who comes afterwards."""

from pathlib import Path

import pytest

from benchmarks.random_checkpoint import write_checkpoint
from qwen3tts_daemon.hosting.model_manager import ManagerConfig, ModelManager
from qwen3tts_daemon.hosting.worker_client import EngineSpec, WorkerEngine
from qwen_tts.api import PresetVoice, Sampling, SynthesisRequest
from qwen_tts.errors import ModelUnavailable
from tests.golden.cases import CUSTOM
from tests.patience import PATIENCE_S

pytestmark = [pytest.mark.gpu, pytest.mark.timeout(500)]


def request(text: str) -> SynthesisRequest:
    return SynthesisRequest(voice=PresetVoice("vivian"), text=text, language="en", sampling=Sampling(seed=7))


async def test_an_error_of_the_card_ends_its_worker_and_another_one_speaks(
    text_tokenizer_files: Path, tmp_path: Path
) -> None:
    checkpoint, mark = tmp_path / "checkpoint", tmp_path / "fail"
    write_checkpoint(CUSTOM, checkpoint, endless=True, text_tokenizer=text_tokenizer_files, head_dim=32)
    options = {"checkpoints": [str(checkpoint)], "rows": 2, "kv_positions": 2048, "pre_tokenizer": "mistral"}
    spec = EngineSpec("tests.gpu.failing_card:create", {"mark": str(mark), **options})
    manager = ModelManager(lambda: WorkerEngine.start(spec), ManagerConfig(load_timeout_s=PATIENCE_S))
    await manager.start(preload=True)
    async with manager.lease() as engine:
        first = engine
        async with engine.stream(request("She said she would be here by noon. " * 20)) as audio:
            assert await anext(audio)
            mark.touch()
            with pytest.raises(ModelUnavailable):
                async for _ in audio:
                    pass
    async with manager.lease() as engine:
        assert engine is not first
        async with engine.stream(request("She said she would be here by noon.")) as audio:
            assert await anext(audio)
    await manager.close()
