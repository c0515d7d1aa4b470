"""Laws of the codec encoder: frame for frame, however long the recording."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

from qwen_tts.checkpoint.model import load_codec
from qwen_tts.errors import ModelUnavailable
from qwen_tts.models import codec_encoder
from qwen_tts.models.codec_encoder import CodecEncoder
from qwen_tts.models.mimi_tensors import mimi_tensors
from tests.engine.conftest import Load
from tests.golden.cases import BASE, CUSTOM, reference_audio


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
        monkeypatch.setattr(codec_encoder, "_BLOCK_STEPS", strides)
        assert torch.equal(encode(encoder, samples), whole)


def test_a_frame_needs_no_later_sound(encoder: CodecEncoder) -> None:
    samples = reference_audio()
    changed = samples.copy()
    changed[20 * 1920 :] = 0
    before, after = encode(encoder, samples), encode(encoder, changed)
    assert torch.equal(before[:20], after[:20])
    assert not torch.equal(before[20], after[20])


def test_the_whole_recording_is_heard_whatever_window_the_release_declares(encoder: CodecEncoder) -> None:
    steps = 1 + 2 * 250  # two layers with a window of 250 hear no further
    x = torch.randn(1, steps, encoder.config.hidden_size, generator=torch.Generator().manual_seed(0))
    changed = x.clone()
    changed[:, 0] *= -1
    transformer = encoder._built().transformer
    with torch.inference_mode():
        assert not torch.equal(transformer(x)[0][:, -1], transformer(changed)[0][:, -1])


def test_mimi_computes_with_the_weights_that_were_read_and_has_no_decoder(encoder: CodecEncoder) -> None:
    ours = {parameter.data_ptr() for parameter in encoder.parameters()}
    constants = 0
    for part in encoder._built():
        for name, tensor in part.state_dict().items():
            if not name.endswith(".initialized"):
                assert tensor.data_ptr() in ours, name
                ours.discard(tensor.data_ptr())
        constants += sum(buffer.nbytes for name, buffer in part.named_buffers() if name not in part.state_dict())
    assert not ours
    assert constants < 2000
    assert len(list(encoder.parameters())) == len(dict(mimi_tensors(encoder.config, 16)))


def test_who_speaks_with_a_preset_voice_does_not_import_transformers(checkpoints: Path) -> None:
    run = (
        "import sys; from qwen_tts import Audio, Limits, PresetVoice, SynthesisRequest, Synthesizer\n"
        f"synthesizer = Synthesizer.from_pretrained({str(checkpoints / CUSTOM)!r}, device='cpu')\n"
        "request = SynthesisRequest(text='Hi.', voice=PresetVoice('ryan'), limits=Limits(max_audio_s=0.16))\n"
        "pcm = synthesizer.synthesize(request).pcm\n"
        "assert pcm and 'transformers' not in sys.modules\n"
        "assert synthesizer.codec.encode_audio(Audio(pcm=pcm, sample_rate=24_000))\n"
        "assert 'transformers' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", run], check=True)


def fresh_encoder(checkpoints: Path) -> CodecEncoder:
    return load_codec(checkpoints / BASE, torch.device("cpu")).encoder


def test_a_recording_waits_for_what_is_built_in_the_background(load: Load, checkpoints: Path) -> None:
    before = encode(load(BASE).codec.encoder, reference_audio())
    encoder, switch_s = fresh_encoder(checkpoints), sys.getswitchinterval()
    with ThreadPoolExecutor(4) as pool:
        builds = [pool.submit(encoder.prepare) for _ in range(3)]
        codes = [pool.submit(encode, encoder, reference_audio()) for _ in range(2)]
        assert all(torch.equal(one.result(), before) for one in codes)
    assert sys.getswitchinterval() == switch_s
    assert [build.result() for build in builds] == [None] * 3


def test_without_transformers_only_recordings_are_refused(checkpoints: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = fresh_encoder(checkpoints)
    monkeypatch.setitem(sys.modules, "transformers", None)
    encoder.prepare_in_background()
    with pytest.raises(ModelUnavailable, match="needs the package transformers"):
        encode(encoder, reference_audio()[:1920])
