"""The files of a checkpoint go, are replaced or written over while Qwen3-TTS speaks from them."""

import os
import shutil
from pathlib import Path

import httpx

from tests.chaos.faults import two_workers
from tests.patience import PATIENCE_S

CHECKPOINT = Path(__file__).parent.parent / "speaking" / "Qwen3-TTS-12Hz-tiny-CustomVoice"
ORDER = {"voice": "heart", "input": "Good evening.", "response_format": "wav"}


async def test_what_happens_to_the_files_under_it(tmp_path: Path) -> None:
    """Those that it has open stay its own. One that was written into ends the worker, and the preview voice speaks
    until the file is whole."""
    checkpoint = tmp_path / "models" / CHECKPOINT.name
    shutil.copytree(CHECKPOINT, checkpoint)
    weights, away = checkpoint / "model.safetensors", tmp_path / "away"
    with two_workers(tmp_path, checkpoint=str(checkpoint)) as two:
        async with httpx.AsyncClient(base_url=two.url, timeout=PATIENCE_S) as client:

            async def model() -> str:
                """Which speaks now."""
                answer = await client.post("/v1/audio/speech", json=ORDER)
                assert answer.status_code == 200, answer.text
                return answer.headers["x-model"]

            await two.is_ready()
            assert await model() == CHECKPOINT.name
            checkpoint.rename(away)
            assert await model() == CHECKPOINT.name, "it was moved away"
            shutil.copytree(away, checkpoint)
            os.truncate(weights, 100)
            assert await model() == CHECKPOINT.name, "another was put there, and is broken"
            shutil.rmtree(checkpoint)
            away.rename(checkpoint)
            assert await model() == CHECKPOINT.name, "it is there again"

            os.truncate(weights, weights.stat().st_size // 2)
            refused = await client.post("/v1/audio/speech", json=ORDER)
            assert refused.status_code == 503
            assert refused.json()["error"]["code"] == "model_unavailable"
            assert f"{weights} was changed while it was in use" in refused.json()["error"]["message"]
            assert str(weights) in await two.reaches("failed")
            assert await model() == "preview"

            weights.write_bytes((CHECKPOINT / "model.safetensors").read_bytes())
            await two.is_ready()
            assert await model() == CHECKPOINT.name
