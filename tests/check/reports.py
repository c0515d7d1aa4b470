"""Reports to judge."""

from pathlib import Path
from typing import Any

import msgspec

from qwen_tts.check.measures.sound import Level, Silences
from qwen_tts.check.report import CheckpointReport, Identity, Report, Utterance

GOOD = Utterance(
    language="en", text="weather", mode="whole", voice="ryan", seed=1, end="complete", parts=1, audio_s=5.2,
    expected_s=5.0, level=Level(-21.0, -5.0, 0), silences=Silences(0.1, 0.3, 0.1),
)  # fmt: skip


def checkpoint(size: str = "1b7", kind: str = "custom_voice", **fields: Any) -> CheckpointReport:
    identity = Identity(name="a checkpoint", kind=kind, size=size, config_sha256="0" * 64, file_bytes={})
    return CheckpointReport(identity=identity, **{"device": "cuda", "dtype": "bfloat16", "utterances": [GOOD]} | fields)


def read(path: Path) -> Report:
    return msgspec.json.decode(path.read_bytes(), type=Report)
