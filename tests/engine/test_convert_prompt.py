"""A .pt of the official package becomes a prompt that an engine takes; anything else says what is wrong."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from qwen_tts.checkpoint.voice_prompt import ReferenceVoice
from qwen_tts.convert_prompt import convert
from qwen_tts.errors import InvalidRequest
from tests.patience import PATIENCE_S

GEOMETRY = {"hidden_size": 8, "codebooks": 4, "codebook_size": 32}
ITEM = {
    "ref_code": torch.arange(12).view(3, 4), "ref_spk_embedding": torch.linspace(-1, 1, 8).bfloat16(),
    "x_vector_only_mode": False, "icl_mode": True, "ref_text": "Some words.",
}  # fmt: skip


def saved(path: Path, content: object) -> Path:
    torch.save(content, path)
    return path


def test_codes_words_and_embedding_come_over(tmp_path: Path) -> None:
    path = saved(tmp_path / "voice.pt", {"items": [ITEM]})
    subprocess.run([sys.executable, "-m", "qwen_tts.convert_prompt", path], check=True, timeout=PATIENCE_S)
    voice = ReferenceVoice.from_bytes((tmp_path / "voice.safetensors").read_bytes(), **GEOMETRY)
    assert voice.codes is not None
    assert voice.codes.tolist() == ITEM["ref_code"].tolist()  # type: ignore[attr-defined]
    assert torch.equal(voice.speaker_embedding, ITEM["ref_spk_embedding"].float())  # type: ignore[attr-defined]
    assert voice.transcript == "Some words."


@pytest.mark.parametrize("changes", [{"x_vector_only_mode": True}, {"ref_code": None}, {"ref_text": None}])
def test_without_codes_or_words_the_embedding_alone_counts(tmp_path: Path, changes: dict[str, object]) -> None:
    data = convert(saved(tmp_path / "voice.pt", {"items": [{**ITEM, **changes}]}))
    assert ReferenceVoice.from_bytes(data, **GEOMETRY).kind == "speaker_embedding"


class Trap:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (Path("sprung"),)  # type: ignore[return-value]


@pytest.mark.parametrize("content", [{"items": []}, {}, [1], {"items": [{}]}, {"items": [Trap()]}])
def test_what_is_no_voice_is_refused_and_runs_nothing(
    tmp_path: Path, content: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidRequest):
        convert(saved(tmp_path / "voice.pt", content))
    assert not Path("sprung").exists()
