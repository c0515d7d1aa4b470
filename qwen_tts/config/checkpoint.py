"""A checkpoint's config.json files as strict models: what is missing, unknown or contradictory is named.

The release's names are translated here, once: `num_code_groups` are codebooks, `spk_id` are speakers,
`codec_language_id` are languages. Options that this implementation computes one way only are literals, so that a
checkpoint which needs another way is refused instead of computed wrongly. Keys that no computation reads are ignored.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

import msgspec
from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, ValidationError, model_validator

from qwen_tts.api import VoiceKind
from qwen_tts.config.checkpoint_types import TypeName, type_named
from qwen_tts.errors import BadCheckpoint

WEIGHTS = "model.safetensors"
CODEC_DIRECTORY = "speech_tokenizer"
"""Of a checkpoint directory."""

Size = Annotated[int, Field(gt=0, le=2**20)]
"""Far more than any of the release's; the product of two is still a number of bytes."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", populate_by_name=True)


class TransformerConfig(_Section):
    """The dimensions of a stack of pre-norm transformer layers."""

    layers: Size = Field(alias="num_hidden_layers")
    hidden_size: Size
    intermediate_size: Size
    heads: Size = Field(alias="num_attention_heads")
    kv_heads: Size = Field(alias="num_key_value_heads")
    head_dim: Size
    rope_theta: PositiveFloat
    attention_bias: Literal[False] = False

    @model_validator(mode="after")
    def _check_heads(self) -> Self:
        if self.heads % self.kv_heads:
            raise ValueError(
                f"num_attention_heads {self.heads} must be a multiple of num_key_value_heads {self.kv_heads}"
            )
        if self.head_dim % 2:
            raise ValueError(f"head_dim {self.head_dim} must be even")
        return self


class CodePredictorConfig(TransformerConfig):
    """The small LM over one frame's codebooks."""

    rms_norm_eps: PositiveFloat
    vocab_size: Size
    codebooks: Size = Field(alias="num_code_groups", ge=2)
    hidden_act: Literal["silu"]
    use_sliding_window: Literal[False] = False


class TalkerConfig(TransformerConfig):
    """The LM over frames, with the ids of its codec vocabulary."""

    rms_norm_eps: PositiveFloat
    vocab_size: Size
    text_vocab_size: Size
    text_hidden_size: Size
    codebooks: Size = Field(alias="num_code_groups", ge=2)
    max_positions: Size = Field(alias="max_position_embeddings")
    hidden_act: Literal["silu"]
    use_sliding_window: Literal[False] = False
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
    speaker_dialects: dict[str, Literal[False] | str] = Field(alias="spk_is_dialect", default_factory=dict)
    code_predictor: CodePredictorConfig = Field(alias="code_predictor_config")

    @model_validator(mode="after")
    def _check_ids(self) -> Self:
        special = {name: getattr(self, name) for name in type(self).model_fields if name.endswith("_id")}
        for where, ids in (("", special), ("codec_language_id.", self.languages), ("spk_id.", self.speakers)):
            for name, token in ids.items():
                if not 0 <= token < self.vocab_size:
                    raise ValueError(f"{where}{name} {token} is outside the codec vocabulary of {self.vocab_size}")
        for speaker, dialect in self.speaker_dialects.items():
            if dialect is not False and dialect not in self.languages:
                raise ValueError(f"spk_is_dialect.{speaker}: no language {dialect!r} in codec_language_id")
        if self.code_predictor.codebooks != self.codebooks:
            raise ValueError(
                f"num_code_groups is {self.codebooks} here and {self.code_predictor.codebooks} in code_predictor_config"
            )
        return self


class SpeakerEncoderConfig(_Section):
    """ECAPA-TDNN: one vector for a voice. The defaults are the release's, which names only the first two."""

    embedding_size: Size = Field(alias="enc_dim")
    sample_rate: Size
    mel_bins: Size = Field(alias="mel_dim", default=128)
    channels: tuple[Size, ...] = Field(alias="enc_channels", default=(512, 512, 512, 512, 1536), strict=False)
    kernel_sizes: tuple[Size, ...] = Field(alias="enc_kernel_sizes", default=(5, 3, 3, 3, 1), strict=False)
    dilations: tuple[Size, ...] = Field(alias="enc_dilations", default=(1, 2, 3, 4, 1), strict=False)
    attention_channels: Size = Field(alias="enc_attention_channels", default=128)
    res2net_scale: Size = Field(alias="enc_res2net_scale", default=8)
    se_channels: Size = Field(alias="enc_se_channels", default=128)

    @model_validator(mode="after")
    def _check_blocks(self) -> Self:
        if not len(self.channels) == len(self.kernel_sizes) == len(self.dilations) >= 3:
            raise ValueError("enc_channels, enc_kernel_sizes and enc_dilations must have one length of at least 3")
        return self


class CheckpointConfig(_Section):
    """config.json of a talker checkpoint."""

    model_type: Literal["qwen3_tts"]
    tokenizer_type: Literal["qwen3_tts_tokenizer_12hz"]
    kind: TypeName = Field(alias="tts_model_type")
    size: str = Field(alias="tts_model_size")
    assistant_token_id: int
    im_start_token_id: int
    im_end_token_id: int
    tts_pad_token_id: int
    tts_bos_token_id: int
    tts_eos_token_id: int
    talker: TalkerConfig = Field(alias="talker_config")
    speaker_encoder: SpeakerEncoderConfig | None = Field(alias="speaker_encoder_config", default=None)

    @model_validator(mode="after")
    def _check_parts(self) -> Self:
        for name in type(self).model_fields:
            if name.endswith("_token_id") and not 0 <= getattr(self, name) < self.talker.text_vocab_size:
                raise ValueError(f"{name} is outside the text vocabulary of {self.talker.text_vocab_size}")
        if self.kind == "custom_voice" and not self.talker.speakers:
            raise ValueError("talker_config.spk_id names no speaker, and a custom_voice checkpoint needs one")
        if self.kind == "base":
            if self.speaker_encoder is None:
                raise ValueError("speaker_encoder_config is missing, and a base checkpoint needs it")
            if self.speaker_encoder.embedding_size != self.talker.hidden_size:
                raise ValueError(
                    f"speaker_encoder_config.enc_dim {self.speaker_encoder.embedding_size} must equal "
                    f"talker_config.hidden_size {self.talker.hidden_size}"
                )
        return self

    @property
    def voice_kind(self) -> VoiceKind:
        """The only kind of voice that this checkpoint speaks with."""
        return type_named(self.kind).voice_kind

    @property
    def takes_instruct(self) -> bool:
        """Whether it can be told how to speak; the release's 0.6B drops what it is told."""
        return type_named(self.kind).takes_instruct and self.size != "0b6"


class CodecDecoderConfig(TransformerConfig):
    """Codes to audio: codebooks, a causal transformer with a window, then an upsampling convolution stack."""

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
    residual_layers: Literal[1] = Field(alias="num_residual_layers", default=1)
    semantic_codebooks: Literal[1] = Field(alias="num_semantic_quantizers", default=1)
    hidden_act: Literal["gelu"]
    pad_mode: Literal["constant"]
    use_causal_conv: Literal[True]
    use_conv_shortcut: Literal[False]


class CodecConfig(_Section):
    """config.json of a codec directory: a checkpoint's speech_tokenizer/, or one that stands alone."""

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


def _read(path: Path) -> Mapping[str, Any]:
    try:
        content = msgspec.json.decode(path.read_bytes())
    except OSError as error:
        raise BadCheckpoint(f"{path} cannot be read: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadCheckpoint(f"{path} is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise BadCheckpoint(f"{path} must hold an object")
    return content


S = TypeVar("S", bound=_Section)


def _parse(section: type[S], path: Path) -> S:
    try:
        return section.model_validate(_read(path))
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, e['loc'])) or 'the whole'}: {e['msg']}" for e in error.errors())
        raise BadCheckpoint(f"{path}: {'; '.join(problems)}") from error


def read_checkpoint_config(directory: Path) -> CheckpointConfig:
    """config.json of a talker checkpoint. Raises BadCheckpoint naming the file and the field."""
    return _parse(CheckpointConfig, directory / "config.json")


def read_codec_config(directory: Path) -> CodecConfig:
    """config.json of a codec directory. Raises BadCheckpoint naming the file and the field."""
    return _parse(CodecConfig, directory / "config.json")


def is_codec_directory(directory: Path) -> bool:
    """Whether `directory` is a codec that stands alone, not a talker checkpoint."""
    return _read(directory / "config.json").get("model_type") == "qwen3_tts_tokenizer_12hz"
