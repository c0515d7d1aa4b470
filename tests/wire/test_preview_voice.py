"""The preview voice through a whole daemon: a seed is a sound, and one sentence that cannot be said costs no other."""

import asyncio
from pathlib import Path

import httpx

from tests.patience import PATIENCE_S
from tests.wire.daemons import embedded_daemon

TEXTS = {"heart": "Hello there.", "jf_alpha": "現在の気温は0度です。", "ff_siwis": "Bonjour. Il est 8 h 05."}
OTHERS = ["Numbers 1 to 20.", "Good morning, Anna.", "Yes."]


async def said(client: httpx.AsyncClient, text: str, voice: str) -> bytes:
    order = {"input": text, "voice": voice, "seed": 7, "response_format": "pcm"}
    answer = await client.post("/v1/audio/speech", json=order)
    assert answer.status_code == 200, answer.text
    return answer.content


async def sounds_of_one_daemon(data: Path) -> set[tuple[str, bytes]]:
    """Every text four times, alone and amid others."""
    with embedded_daemon(data, "--engine", "embedded") as daemon:
        _, http = daemon.ready()
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{http}", timeout=PATIENCE_S) as client:
            sounds = [(voice, await said(client, text, voice)) for voice, text in TEXTS.items()]
            for _ in range(3):
                *together, _, _, _ = await asyncio.gather(
                    *(said(client, text, voice) for voice, text in TEXTS.items()),
                    *(said(client, text, "heart") for text in OTHERS),
                )
                sounds += zip(TEXTS, together, strict=True)
    return set(sounds)


async def test_a_seed_is_a_sound_amid_others_and_after_a_restart(tmp_path: Path) -> None:
    first = await sounds_of_one_daemon(tmp_path)
    assert len(first) == len(TEXTS)
    assert await sounds_of_one_daemon(tmp_path) == first


async def test_what_cannot_be_said_costs_only_itself(tmp_path: Path) -> None:
    with embedded_daemon(tmp_path, "--engine", "embedded") as daemon:
        _, http = daemon.ready()
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{http}", timeout=PATIENCE_S) as client:
            alone = await said(client, "Good morning. Good night.", "heart")
            assert len(await said(client, f"Good morning. {'9' * 101}. Good night.", "heart")) > 2 * len(alone)
            assert len(await said(client, "Good morning. 뷁. Good night.", "heart")) >= len(alone)
        daemon.wait_for("left out what the en-US voice cannot say: hangul")
