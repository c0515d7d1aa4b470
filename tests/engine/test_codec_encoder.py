"""Laws of the codec encoder: frame for frame, however long the recording."""

import numpy as np
import pytest
import torch

from qwen_tts.models import codec_encoder
from qwen_tts.models.codec_encoder import CodecEncoder
from tests.engine.conftest import Load
from tests.golden.cases import BASE, reference_audio


@pytest.fixture(scope="module")
def encoder(load: Load) -> CodecEncoder:
    return load(BASE).codec.encoder


def encode(encoder: CodecEncoder, samples: np.ndarray) -> torch.Tensor:
    with torch.inference_mode():
        return encoder(torch.from_numpy(samples))


@pytest.mark.parametrize("samples", [1, 1919, 1920, 1921, 24_000, 24_961])
def test_a_begun_frame_counts(encoder: CodecEncoder, samples: int) -> None:
    codes = encode(encoder, reference_audio()[:samples])
    assert codes.shape == (-(-samples // 1920), 16)
    assert codes.min() >= 0
    assert codes.max() < 2048


def test_a_long_recording_in_pieces_equals_the_whole(encoder: CodecEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = reference_audio(seconds=6.3)[:150_001]
    whole = encode(encoder, samples)
    for strides in (2, 37, 100):
        monkeypatch.setattr(codec_encoder, "_PIECE_STRIDES", strides)
        assert torch.equal(encode(encoder, samples), whole)


def test_a_frame_needs_no_later_sound(encoder: CodecEncoder) -> None:
    samples = reference_audio()
    changed = samples.copy()
    changed[20 * 1920 :] = 0
    before, after = encode(encoder, samples), encode(encoder, changed)
    assert torch.equal(before[:20], after[:20])
    assert not torch.equal(before[20], after[20])
