"""The codec on its own: sound -> codes -> sound, whole recordings at a time, and what it refuses."""

import math
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from qwen_tts.api import Audio
from qwen_tts.audio.samples import from_pcm, to_pcm
from qwen_tts.checkpoint.codec import PIECE_FRAMES, Codec
from qwen_tts.checkpoint.model import load_codec
from qwen_tts.config.checkpoint import CODEC_DIRECTORY
from qwen_tts.errors import InvalidRequest
from qwen_tts.modules.linear import ApartLinear, FusedLinear
from tests.golden.cases import BASE, random_codes, reference_audio

CPU = torch.device("cpu")
FRAME = [7] * 16


@pytest.fixture(scope="module")
def codec(checkpoints: Path) -> Codec:
    return load_codec(checkpoints / BASE, CPU)


def recording(seconds: float, rate: int) -> Audio:
    return Audio(pcm=to_pcm(reference_audio(seconds, rate)), sample_rate=rate)


# -- both directions ----------------------------------------------------------------------------------------------


def test_a_codec_that_stands_alone_is_the_checkpoints(codec: Codec, checkpoints: Path, tmp_path: Path) -> None:
    """There is no talker beside it."""
    alone = load_codec(Path(shutil.copytree(checkpoints / BASE / CODEC_DIRECTORY, tmp_path / "codec")), CPU)
    audio = recording(0.9, 24_000)
    codes = alone.encode_audio(audio)
    assert codes == codec.encode_audio(audio)
    assert alone.decode_audio(codes) == codec.decode_audio(codes)


def test_a_codec_that_stays_in_its_file_is_the_same(codec: Codec, checkpoints: Path) -> None:
    """And takes no memory of its own but for what is made of the file's numbers."""
    mapped, codes = load_codec(checkpoints / BASE, CPU, is_mapped=True), random_codes(40).tolist()
    assert any(isinstance(layer, ApartLinear) for layer in mapped.decoder.modules())
    assert not any(isinstance(layer, FusedLinear) for layer in mapped.decoder.modules())
    decoded, expected = (from_pcm(one.decode_audio(codes).pcm) for one in (mapped, codec))
    assert np.allclose(decoded, expected, atol=2e-4)
    assert mapped.encode_audio(recording(0.9, 24_000)) == codec.encode_audio(recording(0.9, 24_000))


def test_sound_comes_back_as_long_as_its_frames(codec: Codec) -> None:
    codes = codec.encode_audio(recording(1.3, 24_000))
    audio = codec.decode_audio(codes)
    assert audio.sample_rate == codec.config.output_sample_rate
    assert len(from_pcm(audio.pcm)) == len(codes) * codec.config.samples_per_frame
    assert np.abs(from_pcm(audio.pcm)).max() > 0.01


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 24_000, 44_100, 48_000])
@pytest.mark.parametrize("seconds", [0.001, 0.08, 0.5, 1.0, 1.3])
def test_a_recording_has_a_frame_for_every_80_ms_begun(codec: Codec, rate: int, seconds: float) -> None:
    audio, config = recording(seconds, rate), codec.config
    codes = codec.encode_audio(audio)
    samples = math.ceil(len(from_pcm(audio.pcm)) * (config.input_sample_rate / rate))  # as the release rounds
    assert len(codes) == math.ceil(samples / config.samples_per_frame)
    assert {len(frame) for frame in codes} == {config.codebooks}
    assert all(0 <= token < config.decoder.codebook_size for frame in codes for token in frame)


@pytest.mark.parametrize("frames", [1, PIECE_FRAMES - 1, PIECE_FRAMES, PIECE_FRAMES + 1, 2 * PIECE_FRAMES + 3])
def test_decoding_in_pieces_equals_the_whole(codec: Codec, frames: int) -> None:
    codes, active = torch.from_numpy(random_codes(frames)), torch.ones(1, dtype=torch.bool)
    with torch.inference_mode():
        whole = codec.decoder(codes.T[None], codec.decoder.init_state(1, frames), active)[0]
    torch.testing.assert_close(torch.from_numpy(codec.decode(codes)), whole, atol=1e-5, rtol=0)


def test_recordings_know_nothing_of_each_other(codec: Codec) -> None:
    codes = random_codes(6).tolist()
    first = codec.decode_audio(codes)
    codec.decode_audio(codes[::-1])
    assert codec.decode_audio(codes) == first


def test_what_was_heard_goes_before(codec: Codec) -> None:
    codes, heard = torch.from_numpy(random_codes(45)), 40
    state = codec.state_after(codes[:heard])
    with torch.inference_mode():
        after = codec.decoder(codes[heard:].T[None], state, torch.ones(1, dtype=torch.bool))[0]
    whole = torch.from_numpy(codec.decode(codes))[heard * codec.config.samples_per_frame :]
    torch.testing.assert_close(after, whole, atol=1e-5, rtol=0)


# -- what it refuses ----------------------------------------------------------------------------------------------


def refusal(codec: Codec, codes: Sequence[Any]) -> str:
    """Why `codes` are not decoded."""
    with pytest.raises(InvalidRequest) as error:
        codec.decode_audio(codes)
    assert error.value.param == "codes"
    return error.value.message


def test_a_frame_of_another_length_is_named(codec: Codec) -> None:
    assert refusal(codec, []) == "codes has no frame"
    assert refusal(codec, [FRAME, FRAME[1:]]) == "codes[1] has 15 tokens instead of 16"
    assert refusal(codec, [[*FRAME, 7], FRAME]) == "codes[0] has 17 tokens instead of 16"
    assert refusal(codec, [FRAME, []]) == "codes[1] has 0 tokens instead of 16"


@pytest.mark.parametrize("token", [-1, 2048, 2**63, 10**30, 7.0, math.nan, True, "7", None, [7], []], ids=repr)
def test_a_token_that_is_none_is_refused(codec: Codec, token: object) -> None:
    assert "0..2047" in refusal(codec, [FRAME, [*FRAME[1:], token]])
    assert "0..2047" in refusal(codec, [[token] * len(FRAME)])


@pytest.mark.parametrize("frame", [7, None, "sixteen letters!", {"codes": 7}], ids=repr)
def test_a_frame_that_is_none_is_refused(codec: Codec, frame: object) -> None:
    assert refusal(codec, [FRAME, frame]).startswith("codes")


@pytest.mark.parametrize(
    ("pcm", "rate"),
    [(b"", 24_000), (b"\0", 24_000), (b"\0" * 961, 24_000), (b"\0" * 960, 0), (b"\0" * 960, -1)],
    ids=["empty", "half a sample", "half a sample more", "no rate", "negative rate"],
)
def test_a_recording_that_is_none_is_refused(codec: Codec, pcm: bytes, rate: int) -> None:
    with pytest.raises(InvalidRequest) as error:
        codec.encode_audio(Audio(pcm=pcm, sample_rate=rate))
    assert error.value.param == "audio"
