"""A machine without a card, started as users do: it speaks at once, is measured beside, and says what it chose."""

import json
import urllib.request
from pathlib import Path

import pytest

from tests.wire.daemons import embedded_daemon

pytest.importorskip("openvino")

TINY = Path(__file__).parents[1] / "speaking" / "Qwen3-TTS-12Hz-tiny-CustomVoice"
MEASURING = "the preview voice speaks while it is measured how fast"


@pytest.fixture
def models(tmp_path: Path) -> Path:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / TINY.name).symlink_to(TINY)
    return tmp_path / "models"


def options(models: Path, auto_rtf: str) -> tuple[str, ...]:
    return (
        "--models.dir", str(models), "--qwen.auto-rtf", auto_rtf, "--qwen.threads", "1", "--qwen.rows", "1",
        "--no-embedded.kokoro", "--no-voices.samples",
    )  # fmt: skip


def asked(port: int, path: str) -> dict[str, object]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=30) as answer:
        told: dict[str, object] = json.load(answer)
    return told


def test_it_is_measured_once_and_the_limit_decides(tmp_path: Path, models: Path) -> None:
    with embedded_daemon(tmp_path / "data", *options(models, "1000")) as daemon:
        _, http = daemon.ready()
        assert daemon.log.count(MEASURING) == 1
        daemon.said(r"this machine takes \d+ ms for 80 ms of .* in 8 bits, .*: in time")
        daemon.wait_for("now qwen3-tts speaks")
        assert real_time(http)["state"] == "in_time"
        assert asked(http, "health")["preview"] is False
    with embedded_daemon(tmp_path / "data", *options(models, "1000")) as daemon:
        daemon.wait_for("speaking with qwen3-tts")
        assert MEASURING not in daemon.log
    with embedded_daemon(tmp_path / "data", *options(models, "0.000001")) as daemon:
        _, http = daemon.ready()
        # Before that, or after: where others were at work, what is too slow is measured again.
        daemon.said(r"this machine takes \d+ ms .* leave gaps: the preview voice speaks. What would do: .* card")
        assert real_time(http)["state"] == "too_slow"
        told = asked(http, "v1/checkpoints")
        assert (told["obstacle"], told["way_out"]) == ("slow", 'engine = "qwen"')
        assert asked(http, "health")["preview"] is True


def real_time(port: int) -> dict[str, object]:
    told = asked(port, "v1/checkpoints")["real_time"]
    assert isinstance(told, dict)
    return told
