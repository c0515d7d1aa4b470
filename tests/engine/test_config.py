"""config.json: the release's files are understood, and whatever does not fit is named."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from benchmarks.random_checkpoint import checkpoint_config, codec_config
from qwen3tts_daemon.hosting.checkpoints import CHECKPOINTS
from qwen_tts.api import Voice, VoiceKind
from qwen_tts.config.checkpoint import is_codec_directory, read_checkpoint_config, read_codec_config
from qwen_tts.config.checkpoint_types import CHECKPOINT_TYPES, TypeName, type_named, type_speaking
from qwen_tts.errors import BadCheckpoint


def written(directory: Path, content: Any) -> Path:
    (directory / "config.json").write_text(content if isinstance(content, str) else json.dumps(content))
    return directory


def changed(content: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of `content` with one key set, or removed by None."""
    content = deepcopy(content)
    *parents, key = path.split(".")
    section = content
    for parent in parents:
        section = section[parent]
    if value is None:
        del section[key]
    else:
        section[key] = value
    return content


def test_every_kind_of_voice_is_one_class_and_one_type_of_checkpoint() -> None:
    kinds = sorted(get_args(VoiceKind))
    assert sorted(voice.kind for voice in get_args(Voice)) == kinds
    assert sorted(one.voice_kind for one in CHECKPOINT_TYPES) == kinds
    assert sorted(one.name for one in CHECKPOINT_TYPES) == sorted(get_args(TypeName))
    for one in CHECKPOINT_TYPES:
        assert type_named(one.name) is type_speaking(one.voice_kind) is one
        assert one.official in CHECKPOINTS


@pytest.mark.parametrize("voice", get_args(Voice))
def test_a_voice_is_called_by_its_kind_on_the_wire(voice: type[msgspec.Struct]) -> None:
    assert msgspec.inspect.type_info(voice).tag == voice.kind  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "kind", "hidden", "takes_instruct"),
    [
        ("1.7B-CustomVoice", "preset", 2048, True),
        ("1.7B-VoiceDesign", "designed", 2048, True),
        ("1.7B-Base", "cloned", 2048, False),
        ("0.6B-CustomVoice", "preset", 1024, False),
        ("0.6B-Base", "cloned", 1024, False),
    ],
)
def test_every_release_is_understood(name: str, kind: str, hidden: int, takes_instruct: bool, tmp_path: Path) -> None:
    config = read_checkpoint_config(written(tmp_path, checkpoint_config(name)))
    assert (config.voice_kind, config.talker.hidden_size) == (kind, hidden)
    assert config.takes_instruct is takes_instruct
    assert config.talker.codebooks == 16
    assert len(config.talker.speakers) == (9 if kind == "preset" else 0)
    assert (config.speaker_encoder is None) == (kind != "cloned")
    assert not is_codec_directory(tmp_path)


def test_the_codec_is_understood(tmp_path: Path) -> None:
    config = read_codec_config(written(tmp_path, codec_config(tiny=False)))
    assert (config.codebooks, config.samples_per_frame, config.output_sample_rate) == (16, 1920, 24_000)
    assert is_codec_directory(tmp_path)


def test_a_fine_tune_names_its_own_speakers(tmp_path: Path) -> None:
    content = changed(checkpoint_config("1.7B-CustomVoice"), "talker_config.spk_id", {"grandma": 3000})
    content["talker_config"]["spk_is_dialect"] = {"grandma": False}
    assert read_checkpoint_config(written(tmp_path, content)).talker.speakers == {"grandma": 3000}


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("model_type", "qwen3", "model_type"),
        ("tokenizer_type", "qwen3_tts_tokenizer_25hz", "tokenizer_type"),
        ("tts_model_type", "karaoke", "tts_model_type"),
        ("tts_pad_token_id", None, "tts_pad_token_id"),
        ("tts_pad_token_id", 151936, "tts_pad_token_id is outside the text vocabulary"),
        ("talker_config", None, "talker_config"),
        ("talker_config.hidden_size", "2048", "talker_config.hidden_size"),
        ("talker_config.hidden_size", -1, "talker_config.hidden_size"),
        ("talker_config.head_dim", 127, "head_dim 127 must be even"),
        ("talker_config.num_key_value_heads", 7, "num_attention_heads 16 must be a multiple"),
        ("talker_config.num_code_groups", 8, "num_code_groups is 8 here and 16"),
        ("talker_config.codec_eos_token_id", 3072, "codec_eos_id 3072 is outside"),
        ("talker_config.hidden_act", "gelu", "talker_config.hidden_act"),
        ("talker_config.attention_bias", True, "talker_config.attention_bias"),
        ("talker_config.use_sliding_window", True, "talker_config.use_sliding_window"),
        ("talker_config.spk_id", {}, "spk_id names no speaker"),
        ("talker_config.spk_id.ryan", 4000, "spk_id.ryan 4000 is outside"),
        ("talker_config.spk_is_dialect.eric", "klingon", "no language 'klingon'"),
        ("talker_config.code_predictor_config.vocab_size", None, "talker_config.code_predictor_config.vocab_size"),
    ],
)
def test_what_does_not_fit_is_named(path: str, value: Any, said: str, tmp_path: Path) -> None:
    content = changed(checkpoint_config("1.7B-CustomVoice"), path, value)
    with pytest.raises(BadCheckpoint) as error:
        read_checkpoint_config(written(tmp_path, content))
    assert said in error.value.message
    assert str(tmp_path / "config.json") in error.value.message


def test_a_base_checkpoint_needs_its_speaker_encoder(tmp_path: Path) -> None:
    content = changed(checkpoint_config("1.7B-Base"), "speaker_encoder_config", None)
    with pytest.raises(BadCheckpoint, match="speaker_encoder_config is missing"):
        read_checkpoint_config(written(tmp_path, content))
    content = changed(checkpoint_config("1.7B-Base"), "speaker_encoder_config.enc_dim", 1024)
    with pytest.raises(BadCheckpoint, match=r"enc_dim 1024 must equal talker_config\.hidden_size 2048"):
        read_checkpoint_config(written(tmp_path, content))


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("decode_upsample_rate", 960, "decode_upsample_rate 960 must be the product"),
        ("decoder_config.num_quantizers", 8, "does not fit num_quantizers"),
        ("decoder_config.upsample_rates", [8, 5, 4], "must be the product"),
        ("decoder_config.codebook_dim", None, "decoder_config.codebook_dim"),
        ("encoder_config.use_causal_conv", False, "encoder_config.use_causal_conv"),
        ("encoder_config.audio_channels", 2, "encoder_config.audio_channels"),
    ],
)
def test_what_does_not_fit_the_codec_is_named(path: str, value: Any, said: str, tmp_path: Path) -> None:
    with pytest.raises(BadCheckpoint) as error:
        read_codec_config(written(tmp_path, changed(codec_config(tiny=False), path, value)))
    assert said in error.value.message


@pytest.mark.parametrize(("content", "said"), [("{", "is not JSON"), ("[]", "must hold an object")])
def test_a_broken_file_is_named(content: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(BadCheckpoint, match=said):
        read_checkpoint_config(written(tmp_path, content))
    with pytest.raises(BadCheckpoint, match="cannot be read: No such file"):
        read_checkpoint_config(tmp_path / "nowhere")
