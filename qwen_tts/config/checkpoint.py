"""A checkpoint's config.json files as strict models: what is missing, unknown or contradictory is named.

The release's names are translated here, once: `num_code_groups` are codebooks, `spk_id` are speakers,
`codec_language_id` are languages. Options that this implementation computes one way only are literals, so that a
checkpoint which needs another way is refused instead of computed wrongly. Keys that no computation reads are ignored;
keys that the file leaves out, or has as null, are what the official classes take (official_defaults.py).
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, ValidationError, field_validator, model_validator

from qwen_tts.api import VoiceKind
from qwen_tts.config import official_defaults
from qwen_tts.config.checkpoint_types import TypeName, type_named
from qwen_tts.config.json_file import read_object
from qwen_tts.config.official_defaults import Defaults
from qwen_tts.errors import BadCheckpoint

CODEC_DIRECTORY = "speech_tokenizer"
"""Of a checkpoint directory."""

Size = Annotated[int, Field(gt=0, le=2**20)]
"""Far more than any of the release's; the product of two is still a number of bytes."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", populate_by_name=True, allow_inf_nan=False)

    DEFAULTS: ClassVar[Defaults] = {}
    """By the release's names"""

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, values: Any) -> Any:
        if not isinstance(values, Mapping):
            return values
        return {**cls.DEFAULTS, **cls._translated({key: value for key, value in values.items() if value is not None})}

    @classmethod
    def _translated(cls, given: dict[str, Any]) -> dict[str, Any]:
        """What the file has, in the words of the release. Raises ValueError."""
        return given


class TransformerConfig(_Section):
    """The dimensions of a stack of pre-norm transformer layers."""

    layers: Size = Field(alias="num_hidden_layers")
    hidden_size: Size
    intermediate_size: Size
    heads: Size = Field(alias="num_attention_heads")
    kv_heads: Size = Field(alias="num_key_value_heads")
    head_dim: Size = Field(default_factory=lambda known: known["hidden_size"] // known["heads"])
    rope_theta: PositiveFloat
    attention_bias: Literal[False]

    @classmethod
    def _translated(cls, given: dict[str, Any]) -> dict[str, Any]:
        return _with_one_rope_theta(given)

    @model_validator(mode="after")
    def _check_heads(self) -> Self:
        if self.heads % self.kv_heads:
            raise ValueError(
                f"num_attention_heads {self.heads} must be a multiple of num_key_value_heads {self.kv_heads}"
            )
        if self.head_dim % 2:
            raise ValueError(f"head_dim {self.head_dim} must be even")
        return self

    @property
    def weights(self) -> int:
        """That a position is multiplied with, in all layers."""
        attention = 2 * self.hidden_size * self.head_dim * (self.heads + self.kv_heads)
        return self.layers * (attention + 3 * self.hidden_size * self.intermediate_size)


def _with_one_rope_theta(given: dict[str, Any]) -> dict[str, Any]:
    """transformers 5 writes `rope_parameters`; before, there were `rope_theta` and `rope_scaling`.

    Every axis of a position has the same number here, so what a mrope_section says changes nothing.
    """
    for name in ("rope_parameters", "rope_scaling"):
        rope = given.get(name, {})
        if not isinstance(rope, Mapping) or any(isinstance(value, Mapping) for value in rope.values()):
            raise ValueError(f"{name} must be one object for all layers")
        if (kind := rope.get("type", rope.get("rope_type", "default"))) != "default":
            raise ValueError(f"{name}.rope_type is {kind!r}, and only 'default' is computed here")
        if (share := rope.get("partial_rotary_factor", 1)) != 1:
            raise ValueError(f"{name}.partial_rotary_factor is {share!r}, and only 1 is computed here")
        theta = rope.get("rope_theta")
        if theta is not None and given.setdefault("rope_theta", theta) != theta:
            raise ValueError(f"{name}.rope_theta is {theta!r}, and rope_theta is {given['rope_theta']!r}")
    return given


class CodePredictorConfig(TransformerConfig):
    """The small LM over one frame's codebooks."""

    DEFAULTS = official_defaults.CODE_PREDICTOR

    rms_norm_eps: PositiveFloat
    vocab_size: Size
    codebooks: Size = Field(alias="num_code_groups", ge=2)
    hidden_act: Literal["silu"]
    use_sliding_window: Literal[False]


class TalkerConfig(TransformerConfig):
    """The LM over frames, with the ids of its codec vocabulary."""

    DEFAULTS = official_defaults.TALKER

    rms_norm_eps: PositiveFloat
    vocab_size: Size
    text_vocab_size: Size
    text_hidden_size: Size
    codebooks: Size = Field(alias="num_code_groups", ge=2)
    max_positions: Size = Field(alias="max_position_embeddings")
    hidden_act: Literal["silu"]
    use_sliding_window: Literal[False]
    codec_bos_id: int
    codec_eos_id: int = Field(alias="codec_eos_token_id")
    codec_pad_id: int
    codec_think_id: int
    codec_nothink_id: int
    codec_think_bos_id: int
    codec_think_eos_id: int
    languages: dict[str, int] = Field(alias="codec_language_id")
    """Codec token by the release's language name, dialects included."""
    speakers: dict[str, int] = Field(alias="spk_id", default_factory=dict)
    speaker_dialects: dict[str, str | bool | None] = Field(alias="spk_is_dialect", default_factory=dict)
    """Only a name is a dialect"""
    code_predictor: CodePredictorConfig = Field(alias="code_predictor_config")

    @model_validator(mode="after")
    def _check_ids(self) -> Self:
        special = {name: getattr(self, name) for name in type(self).model_fields if name.endswith("_id")}
        for where, ids in (("", special), ("codec_language_id.", self.languages), ("spk_id.", self.speakers)):
            for name, token in ids.items():
                if not 0 <= token < self.vocab_size:
                    raise ValueError(f"{where}{name} {token} is outside the codec vocabulary of {self.vocab_size}")
        if self.code_predictor.codebooks != self.codebooks:
            raise ValueError(
                f"num_code_groups is {self.codebooks} here and {self.code_predictor.codebooks} in code_predictor_config"
            )
        return self

    def dialect_of(self, speaker: str) -> str | None:
        """The language, of `languages`, that a speaker speaks instead of Chinese; a name means it in any case.

        A dialect that `languages` has not is none: fine-tunes keep the release's table beside fewer languages.
        """
        dialects = (dialect for name, dialect in self.speaker_dialects.items() if name.casefold() == speaker.casefold())
        return next((name for name in dialects if isinstance(name, str) and name in self.languages), None)


class SpeakerEncoderConfig(_Section):
    """ECAPA-TDNN: one vector for a voice. The release names only the first two."""

    DEFAULTS = official_defaults.SPEAKER_ENCODER

    embedding_size: Size = Field(alias="enc_dim")
    sample_rate: Size
    mel_bins: Size = Field(alias="mel_dim")
    channels: tuple[Size, ...] = Field(alias="enc_channels", strict=False)
    kernel_sizes: tuple[Size, ...] = Field(alias="enc_kernel_sizes", strict=False)
    dilations: tuple[Size, ...] = Field(alias="enc_dilations", strict=False)
    attention_channels: Size = Field(alias="enc_attention_channels")
    res2net_scale: Size = Field(alias="enc_res2net_scale")
    se_channels: Size = Field(alias="enc_se_channels")

    @model_validator(mode="after")
    def _check_blocks(self) -> Self:
        if not len(self.channels) == len(self.kernel_sizes) == len(self.dilations) >= 3:
            raise ValueError("enc_channels, enc_kernel_sizes and enc_dilations must have one length of at least 3")
        return self


class CheckpointConfig(_Section):
    """config.json of a talker checkpoint."""

    DEFAULTS = official_defaults.CHECKPOINT

    model_type: Literal["qwen3_tts"]
    tokenizer_type: Literal["qwen3_tts_tokenizer_12hz"] | None = None
    quantization: None = Field(alias="quantization_config", default=None)
    kind: TypeName = Field(alias="tts_model_type")
    assistant_token_id: int = 77_091
    """In Qwen's vocabulary, where the official package looks it up"""
    im_start_token_id: int
    im_end_token_id: int
    tts_pad_token_id: int
    tts_bos_token_id: int
    tts_eos_token_id: int
    talker: TalkerConfig = Field(alias="talker_config")
    size: str = Field(alias="tts_model_size", default_factory=lambda known: _size_of(known["talker"]))
    """0b6 or 1b7; a fine-tune may say something else"""
    speaker_encoder: SpeakerEncoderConfig | None = Field(alias="speaker_encoder_config")
    """Only base checkpoints have one: a fine-tune that was one keeps the section"""

    @classmethod
    def _translated(cls, given: dict[str, Any]) -> dict[str, Any]:
        encoder = given.get("speaker_encoder_config", {}) if given.get("tts_model_type") == "base" else None
        return given | {"speaker_encoder_config": encoder}

    @field_validator("quantization", mode="before")
    @classmethod
    def _check_quantization(cls, value: object) -> None:
        if value is not None:
            raise ValueError("quantised weights are not computed here; take the checkpoint that they were made of")

    @model_validator(mode="after")
    def _check_parts(self) -> Self:
        for name in type(self).model_fields:
            if name.endswith("_token_id") and not 0 <= getattr(self, name) < self.talker.text_vocab_size:
                raise ValueError(f"{name} is outside the text vocabulary of {self.talker.text_vocab_size}")
        if self.kind == "custom_voice" and not self.talker.speakers:
            raise ValueError("talker_config.spk_id names no speaker, and a custom_voice checkpoint needs one")
        encoder = self.speaker_encoder
        if encoder is not None and encoder.embedding_size != self.talker.hidden_size:
            raise ValueError(
                f"speaker_encoder_config.enc_dim {encoder.embedding_size} must equal "
                f"talker_config.hidden_size {self.talker.hidden_size}"
            )
        return self

    @property
    def voice_kind(self) -> VoiceKind:
        """The only kind of voice that this checkpoint speaks with."""
        return type_named(self.kind).voice_kind

    @property
    def weights_per_frame(self) -> int:
        """That are read for a frame: the talker's once, the code predictor's for each codebook but the first."""
        predictor = self.talker.code_predictor
        return self.talker.weights + (predictor.codebooks - 1) * predictor.weights

    @property
    def type_name(self) -> str:
        """Size and type, such as 0b6-base: by this the table of expectations knows it."""
        return f"{self.size}-{self.kind}"

    @property
    def takes_instruct(self) -> bool:
        """Whether it can be told how to speak; the release's 0.6B drops what it is told."""
        return type_named(self.kind).takes_instruct and self.size not in _SMALL


_SMALL = "0b6"
"""What the official package looks a size up in: "b6" would be small too, and "0.6B" is not"""
_SMALL_WIDTH = 1024
"""Of the release's 0.6B talkers; the others have twice that"""


def _size_of(talker: TalkerConfig) -> str:
    """Of a checkpoint that does not say."""
    return _SMALL if talker.hidden_size <= _SMALL_WIDTH else "1b7"


class CodecDecoderConfig(TransformerConfig):
    """Codes to audio: codebooks, a causal transformer with a window, then an upsampling convolution stack."""

    DEFAULTS = official_defaults.CODEC_DECODER

    codebooks: Size = Field(alias="num_quantizers", ge=2)
    codebook_size: Size
    codebook_dim: Size
    latent_dim: Size
    decoder_dim: Size
    upsample_rates: tuple[Size, ...] = Field(strict=False, min_length=1)
    upsampling_ratios: tuple[Size, ...] = Field(strict=False, min_length=1)
    window: Size = Field(alias="sliding_window")
    """Keys that a frame attends to, itself included."""
    rms_norm_eps: PositiveFloat
    hidden_act: Literal["silu"]

    @model_validator(mode="after")
    def _check_widths(self) -> Self:
        if self.codebook_dim % 2:
            raise ValueError(f"codebook_dim {self.codebook_dim} must be even")
        if self.decoder_dim % 2 ** len(self.upsample_rates):
            raise ValueError(f"decoder_dim {self.decoder_dim} must halve at each of {len(self.upsample_rates)} rates")
        return self

    @property
    def samples_per_frame(self) -> int:
        product = 1
        for factor in (*self.upsampling_ratios, *self.upsample_rates):
            product *= factor
        return product


class CodecEncoderConfig(TransformerConfig):
    """Audio to codes: Mimi's encoder."""

    DEFAULTS = official_defaults.CODEC_ENCODER

    filters: Size = Field(alias="num_filters")
    kernel_size: Size
    residual_kernel_size: Size
    last_kernel_size: Size
    compress: Size
    ratios: tuple[Size, ...] = Field(alias="upsampling_ratios", strict=False, min_length=1)
    """Strides from the last layer to the first: the release lists them as its decoder would use them."""
    codebooks: Size = Field(alias="num_quantizers", ge=2)
    codebook_size: Size
    codebook_dim: Size
    norm_eps: PositiveFloat
    audio_channels: Literal[1]
    residual_layers: Literal[1] = Field(alias="num_residual_layers")
    semantic_codebooks: Literal[1] = Field(alias="num_semantic_quantizers")
    hidden_act: Literal["gelu"]
    pad_mode: Literal["constant"]
    use_causal_conv: Literal[True]
    use_conv_shortcut: Literal[False]


class CodecConfig(_Section):
    """config.json of a codec directory: a checkpoint's speech_tokenizer/, or one that stands alone."""

    DEFAULTS = official_defaults.CODEC

    model_type: Literal["qwen3_tts_tokenizer_12hz"]
    codebooks: Size = Field(alias="encoder_valid_num_quantizers")
    input_sample_rate: Size
    output_sample_rate: Size
    samples_per_frame: Size = Field(alias="decode_upsample_rate")
    encode_samples_per_frame: Size = Field(alias="encode_downsample_rate")
    encoder: CodecEncoderConfig = Field(alias="encoder_config")
    decoder: CodecDecoderConfig = Field(alias="decoder_config")

    @model_validator(mode="after")
    def _check_frames(self) -> Self:
        if self.decoder.samples_per_frame != self.samples_per_frame:
            raise ValueError(
                f"decode_upsample_rate {self.samples_per_frame} must be the product of decoder_config's "
                f"upsampling_ratios and upsample_rates, {self.decoder.samples_per_frame}"
            )
        if self.encoder.codebook_size != self.decoder.codebook_size:
            raise ValueError("encoder_config and decoder_config must have one codebook_size")
        if self.encode_samples_per_frame != self.samples_per_frame:
            raise ValueError("encode_downsample_rate must equal decode_upsample_rate")
        if self.decoder.codebooks != self.codebooks or self.encoder.codebooks < self.codebooks:
            raise ValueError(f"encoder_valid_num_quantizers {self.codebooks} does not fit num_quantizers")
        return self


S = TypeVar("S", bound=_Section)

_LISTED = 8


def _parse(section: type[S], path: Path) -> S:
    content = read_object(path)
    try:
        return section.model_validate(content)
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, e['loc'])) or 'the whole'}: {e['msg']}" for e in error.errors()]
        if absent := list(_left_out(section, content)):
            more = f" and {len(absent) - _LISTED} more" if len(absent) > _LISTED else ""
            problems.append(f"official defaults stand for what the file has not: {', '.join(absent[:_LISTED])}{more}")
        raise BadCheckpoint(f"{path}: {'; '.join(problems)}") from error


def _left_out(section: type[_Section], content: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """The keys for which `content` has nothing, so that a default stands for them."""
    for key in section.DEFAULTS:
        if content.get(key) is None:
            yield f"{prefix}{key}"
    for field in section.model_fields.values():
        kind, part = field.annotation, content.get(field.alias or "")
        if isinstance(kind, type) and issubclass(kind, _Section) and isinstance(part, Mapping):
            yield from _left_out(kind, part, f"{prefix}{field.alias}.")


def read_checkpoint_config(directory: Path) -> CheckpointConfig:
    """config.json of a talker checkpoint. Raises BadCheckpoint naming the file and the field."""
    return _parse(CheckpointConfig, directory / "config.json")


def read_codec_config(directory: Path) -> CodecConfig:
    """config.json of a codec directory. Raises BadCheckpoint naming the file and the field."""
    return _parse(CodecConfig, directory / "config.json")


def is_codec_directory(directory: Path) -> bool:
    """Whether `directory` is a codec that stands alone, not a talker checkpoint."""
    return read_object(directory / "config.json").get("model_type") == "qwen3_tts_tokenizer_12hz"
