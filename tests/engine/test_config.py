"""config.json: the release's files are understood, and whatever does not fit is named."""

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from pydantic import BaseModel

from benchmarks.random_checkpoint import NAMES, checkpoint_config, codec_config
from qwen3tts_daemon.hosting.checkpoints import CHECKPOINTS
from qwen_tts.api import Voice, VoiceKind
from qwen_tts.config import official_defaults
from qwen_tts.config.checkpoint import (
    CheckpointConfig,
    CodecConfig,
    CodecDecoderConfig,
    CodecEncoderConfig,
    CodePredictorConfig,
    SpeakerEncoderConfig,
    TalkerConfig,
    is_codec_directory,
    read_checkpoint_config,
    read_codec_config,
)
from qwen_tts.config.checkpoint_types import CHECKPOINT_TYPES, TypeName, type_named, type_speaking
from qwen_tts.errors import BadCheckpoint
from tests.engine.saved_anew import by_transformers_5

GOLDEN = Path(__file__).parents[1] / "golden"


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
        ("tts_model_type", None, "tts_model_type"),
        ("quantization_config", {"quant_method": "fp8"}, "quantization_config: Value error, quantised weights"),
        ("tts_pad_token_id", 151936, "tts_pad_token_id is outside the text vocabulary"),
        ("talker_config", None, "talker_config.text_vocab_size: Field required"),
        ("talker_config.text_vocab_size", None, "talker_config.text_vocab_size: Field required"),
        ("talker_config.codec_language_id", None, "talker_config.codec_language_id: Field required"),
        (
            "talker_config.codec_bos_id",
            None,
            "stand for what the file has not: talker_config.codec_bos_id",
        ),
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
        ("talker_config.spk_is_dialect.eric", 7, "talker_config.spk_is_dialect.eric"),
        ("talker_config.rms_norm_eps", float("nan"), "talker_config.rms_norm_eps"),
        ("talker_config.rope_theta", float("inf"), "talker_config.rope_theta"),
        ("talker_config.rope_scaling.type", "yarn", "rope_scaling.rope_type is 'yarn', and only 'default' is computed"),
        ("talker_config.rope_parameters", {"rope_type": "linear"}, "rope_parameters.rope_type is 'linear'"),
        (
            "talker_config.rope_parameters",
            {"rope_theta": 5.0},
            "rope_parameters.rope_theta is 5.0, and",
        ),
        ("talker_config.rope_parameters", {"full_attention": {"rope_theta": 5.0}}, "must be one object for all layers"),
        ("talker_config.rope_parameters", {"partial_rotary_factor": 0.5}, "partial_rotary_factor is 0.5"),
        ("talker_config.rope_parameters", [], "rope_parameters must be one object"),
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
    with pytest.raises(BadCheckpoint, match=r"enc_dim 1024 must equal talker_config\.hidden_size 2048"):
        read_checkpoint_config(written(tmp_path, content))
    small = changed(checkpoint_config("0.6B-Base"), "speaker_encoder_config", None)
    assert read_checkpoint_config(written(tmp_path, small)).speaker_encoder is not None
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


# -- what a file leaves out -------------------------------------------------------------------------------------------

DEFAULTS: dict[str, dict[str, Any]] = json.loads((GOLDEN / "config_defaults.json").read_text())
"""Of the official classes, recorded"""
SECTIONS: dict[str, type[BaseModel]] = {
    "checkpoint": CheckpointConfig, "talker": TalkerConfig, "code_predictor": CodePredictorConfig,
    "speaker_encoder": SpeakerEncoderConfig, "codec": CodecConfig, "codec_decoder": CodecDecoderConfig,
    "codec_encoder": CodecEncoderConfig,
}  # fmt: skip


@pytest.mark.parametrize("name", SECTIONS)
def test_our_defaults_are_the_official_classes(name: str) -> None:
    ours = getattr(official_defaults, name.upper())
    assert {key: list(value) if isinstance(value, tuple) else value for key, value in ours.items()} == {
        key: DEFAULTS[name][key] for key in ours
    }
    read = {field.alias or key for key, field in SECTIONS[name].model_fields.items()}
    own = {"tts_model_size", "speaker_encoder_config", "spk_id", "spk_is_dialect", "head_dim", "tokenizer_type"}
    never_left_out = {"codec_language_id", "tts_model_type"}  # the official package fails without them
    assert read & DEFAULTS[name].keys() <= ours.keys() | own | never_left_out


def keys_of(content: dict[str, Any], path: str = "") -> Iterator[str]:
    for key, value in content.items():
        yield path + key
        if isinstance(value, dict) and key.endswith("_config"):
            yield from keys_of(value, f"{path}{key}.")


PARTS = {
    "talker_config": "talker", "code_predictor_config": "code_predictor", "speaker_encoder_config": "speaker_encoder",
    "encoder_config": "codec_encoder", "decoder_config": "codec_decoder",
}  # fmt: skip


NEVER_LEFT_OUT = {"model_type", "text_vocab_size", "codebook_dim"}
"""The official package fails without them, too."""


def outcome(name: str, directory: Path, content: dict[str, Any]) -> BaseModel | str:
    """The config, or why it is refused."""
    read = read_codec_config if name == "codec" else read_checkpoint_config
    try:
        return read(written(directory, content))
    except BadCheckpoint as error:
        return error.message.partition("; official defaults stand for ")[0]


@pytest.mark.parametrize("kind", ["1.7B-CustomVoice", "1.7B-Base", "0.6B-Base", "codec"])
def test_a_key_that_is_left_out_is_the_official_default_or_nothing_or_named(kind: str, tmp_path: Path) -> None:
    name = "codec" if kind == "codec" else "checkpoint"
    whole = codec_config(tiny=False) if kind == "codec" else checkpoint_config(kind)
    as_it_is = outcome(name, tmp_path, whole)
    assert not isinstance(as_it_is, str)
    for path in keys_of(whole):
        left_out = outcome(name, tmp_path, changed(whole, path, None))
        parent, _, key = path.rpartition(".")
        official = DEFAULTS[PARTS.get(parent.rpartition(".")[2], name)]
        if key in official:
            expected = outcome(name, tmp_path, changed(whole, path, official[key]))
            assert left_out == expected, path
        elif isinstance(left_out, str):
            assert key in NEVER_LEFT_OUT, path
            assert f"{path}: Field required" in left_out, path
        else:
            assert left_out == as_it_is or key == "head_dim", path


def test_the_width_of_a_head_is_the_rest_of_a_division(tmp_path: Path) -> None:
    content = changed(checkpoint_config("1.7B-CustomVoice"), "talker_config.head_dim", None)
    assert read_checkpoint_config(written(tmp_path, content)).talker.head_dim == 2048 // 16
    small = changed(checkpoint_config("0.6B-CustomVoice"), "talker_config.head_dim", None)
    assert read_checkpoint_config(written(tmp_path, small)).talker.head_dim == 1024 // 16


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_numbers_that_are_no_json_are_of_no_matter_where_nothing_reads_them(number: float, tmp_path: Path) -> None:
    """As Python writes them, and transformers reads them."""
    expected = read_checkpoint_config(written(tmp_path, checkpoint_config("1.7B-CustomVoice")))
    content = checkpoint_config("1.7B-CustomVoice") | {"best_loss": number}
    assert read_checkpoint_config(written(tmp_path, content)) == expected


@pytest.mark.parametrize("nothing", ["klingon", None, True, False])
def test_a_dialect_without_a_language_is_none(nothing: str | bool | None, tmp_path: Path) -> None:
    content = checkpoint_config("1.7B-CustomVoice")
    content["talker_config"]["spk_is_dialect"]["eric"] = nothing
    talker = read_checkpoint_config(written(tmp_path, content)).talker
    assert (talker.dialect_of("eric"), talker.dialect_of("Dylan")) == (None, "beijing_dialect")


# -- what fine-tunes make of it ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_transformers_5_saves_the_same_talker(name: str, tmp_path: Path) -> None:
    content = checkpoint_config(name)
    saved = by_transformers_5(content)
    assert "rope_theta" not in saved["talker_config"] | saved["talker_config"]["code_predictor_config"]
    before = read_checkpoint_config(written(tmp_path, content))
    assert read_checkpoint_config(written(tmp_path, saved)) == before


def test_transformers_5_saves_the_same_codec(tmp_path: Path) -> None:
    content = codec_config(tiny=False)
    content["decoder_config"]["rope_theta"] = content["encoder_config"]["rope_theta"] = 20_000.0
    saved = by_transformers_5(content)
    assert "rope_theta" not in saved["encoder_config"] | saved["decoder_config"]
    assert read_codec_config(written(tmp_path, saved)) == read_codec_config(written(tmp_path, content))


@pytest.mark.parametrize(
    ("size", "width", "read", "takes_instruct"),
    [
        (None, "1.7B", "1b7", True),
        (None, "0.6B", "0b6", False),
        ("", "1.7B", "", False),  # as in the official package, which asks whether it is a part of "0b6"
        ("b6", "1.7B", "b6", False),
        ("0.6B", "0.6B", "0.6B", True),
        ("1b7-mine", "1.7B", "1b7-mine", True),
    ],
)
def test_a_size_of_ones_own(size: str | None, width: str, read: str, takes_instruct: bool, tmp_path: Path) -> None:
    content = changed(checkpoint_config(f"{width}-CustomVoice"), "tts_model_size", size)
    config = read_checkpoint_config(written(tmp_path, content))
    assert (config.size, config.takes_instruct) == (read, takes_instruct)


def test_what_a_base_checkpoint_leaves_behind_is_not_read(tmp_path: Path) -> None:
    content = checkpoint_config("1.7B-CustomVoice") | {"speaker_encoder_config": {"enc_dim": "nonsense"}}
    assert read_checkpoint_config(written(tmp_path, content)).speaker_encoder is None
