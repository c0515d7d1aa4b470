"""The checkpoint's dimensions, and its config files in the release's layout. Ids keep the release's offsets.

Bytes of the whole checkpoint, where every matrix takes one byte a number (float8_e4m3fn) and everything small two:

    talker's layers 3.5 MB   its tables 0.9   code predictor 1.6   speaker encoder 0.3   text tokenizer 0.04
    codec's decoder 2.5 MB   its encoder 0.9                                                9.8 MB in all
"""

from typing import Any

Json = dict[str, Any]

CODEBOOKS, ENTRIES = 16, 128
FRAME, RATE = 1920, 24_000

VOCAB = ENTRIES + 1024  # the official package never lets the last 1,024 be spoken, but for the end
LANGUAGES = {"english": ENTRIES + 2}
SPEAKERS = {"heart": ENTRIES + 1013, "stone": ENTRIES + 1012}
PAD, BOS, EOS = ENTRIES + 100, ENTRIES + 101, ENTRIES + 102
THINK, NOTHINK, THINK_BOS, THINK_EOS = ENTRIES + 106, ENTRIES + 107, ENTRIES + 108, ENTRIES + 109

HIDDEN, LAYERS, HEADS, KV_HEADS, HEAD_DIM, INTERMEDIATE = 256, 6, 4, 2, 64, 512
PREDICTOR_HIDDEN, PREDICTOR_LAYERS, PREDICTOR_INTERMEDIATE = 192, 2, 512
PREDICTOR_HEADS, PREDICTOR_KV_HEADS, PREDICTOR_HEAD_DIM = 4, 2, 32
TEXT_WIDTH, TEXT_BASE = 128, 2048
"""Of the text embedding: its width, and the pieces of words; control tokens follow."""
CONTROL_TOKENS = (
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<tts_pad>", "<tts_text_bos>", "<tts_text_eod>",
    "<tts_text_bos_single>", "<|audio_pad|>",
)  # fmt: skip
TEXT_VOCAB = TEXT_BASE + len(CONTROL_TOKENS)

CODE_WIDTH = 32
"""Of a codebook's entries"""
LATENT, DECODER_WIDTH, RATES, RATIOS = 128, 256, (8, 5, 4, 3), (2, 2)
CODEC_HIDDEN, DECODER_LAYERS, CODEC_HEADS, CODEC_HEAD_DIM, CODEC_INTERMEDIATE, WINDOW = 128, 3, 2, 64, 256, 72
ENCODER_FILTERS, ENCODER_STRIDES, ENCODER_LAYERS = 12, (4, 5, 6, 8), 1

MEL_BINS = 128
SPEAKER_CHANNELS, SPEAKER_ATTENTION, SPEAKER_SQUEEZED = (64, 64, 64, 64, 192), 32, 32


def control_id(token: str) -> int:
    return TEXT_BASE + CONTROL_TOKENS.index(token)


def checkpoint_config(kind: str, assistant_id: int) -> Json:
    """config.json; `kind` is custom_voice or base: the weights are the same, and hold the speaker encoder."""
    return {
        "architectures": ["Qwen3TTSForConditionalGeneration"], "model_type": "qwen3_tts",
        "tokenizer_type": "qwen3_tts_tokenizer_12hz", "tts_model_size": "1b7", "tts_model_type": kind,
        "assistant_token_id": assistant_id, "im_start_token_id": control_id("<|im_start|>"),
        "im_end_token_id": control_id("<|im_end|>"), "tts_pad_token_id": control_id("<tts_pad>"),
        "tts_bos_token_id": control_id("<tts_text_bos>"), "tts_eos_token_id": control_id("<tts_text_eod>"),
        "talker_config": _talker_config(SPEAKERS if kind == "custom_voice" else {}),
        "speaker_encoder_config": speaker_encoder_config(), "transformers_version": "4.57.3",
    }  # fmt: skip


def speaker_encoder_config() -> Json:
    return {
        "enc_dim": HIDDEN, "sample_rate": RATE, "mel_dim": MEL_BINS, "enc_channels": list(SPEAKER_CHANNELS),
        "enc_attention_channels": SPEAKER_ATTENTION, "enc_se_channels": SPEAKER_SQUEEZED,
    }  # fmt: skip


def _transformer(layers: int, hidden: int, intermediate: int, heads: int, kv_heads: int, head_dim: int) -> Json:
    return {
        "num_hidden_layers": layers, "hidden_size": hidden, "intermediate_size": intermediate,
        "num_attention_heads": heads, "num_key_value_heads": kv_heads, "head_dim": head_dim,
        "attention_bias": False, "attention_dropout": 0, "initializer_range": 0.02,
    }  # fmt: skip


def _talker_config(speakers: dict[str, int]) -> Json:
    common = {
        "hidden_act": "silu", "num_code_groups": CODEBOOKS, "rms_norm_eps": 1e-06, "rope_theta": 1000000,
        "sliding_window": None, "use_sliding_window": False, "use_cache": True,
    }  # fmt: skip
    predictor = _transformer(
        PREDICTOR_LAYERS, PREDICTOR_HIDDEN, PREDICTOR_INTERMEDIATE,
        PREDICTOR_HEADS, PREDICTOR_KV_HEADS, PREDICTOR_HEAD_DIM,
    )  # fmt: skip
    return _transformer(LAYERS, HIDDEN, INTERMEDIATE, HEADS, KV_HEADS, HEAD_DIM) | common | {
        "model_type": "qwen3_tts_talker", "vocab_size": VOCAB, "text_vocab_size": TEXT_VOCAB,
        "text_hidden_size": TEXT_WIDTH, "max_position_embeddings": 32768, "position_id_per_seconds": 13,
        "rope_scaling": {"interleaved": True, "mrope_section": [12, 10, 10], "rope_type": "default", "type": "default"},
        "codec_bos_id": BOS, "codec_eos_token_id": EOS, "codec_pad_id": PAD, "codec_think_id": THINK,
        "codec_nothink_id": NOTHINK, "codec_think_bos_id": THINK_BOS, "codec_think_eos_id": THINK_EOS,
        "codec_language_id": LANGUAGES, "spk_id": speakers, "spk_is_dialect": dict.fromkeys(speakers, False),
        "code_predictor_config": predictor | common | {
            "model_type": "qwen3_tts_talker_code_predictor", "vocab_size": ENTRIES, "max_position_embeddings": 65536,
            "layer_types": ["full_attention"] * PREDICTOR_LAYERS, "max_window_layers": 28, "rope_scaling": None,
            "pad_token_id": None, "tie_word_embeddings": False,
        },
    }  # fmt: skip


def codec_config() -> Json:
    """speech_tokenizer/config.json"""
    heads = (CODEC_HEADS, CODEC_HEADS, CODEC_HEAD_DIM)
    encoder = _transformer(ENCODER_LAYERS, CODEC_HIDDEN, CODEC_INTERMEDIATE, *heads) | {
        "_frame_rate": 12.5, "audio_channels": 1, "codebook_dim": CODE_WIDTH, "codebook_size": ENTRIES, "compress": 2,
        "dilation_growth_rate": 2, "hidden_act": "gelu", "kernel_size": 7, "last_kernel_size": 3,
        "layer_scale_initial_scale": 0.01, "max_position_embeddings": 8000, "norm_eps": 1e-05,
        "num_filters": ENCODER_FILTERS, "num_quantizers": CODEBOOKS, "num_residual_layers": 1,
        "num_semantic_quantizers": 1, "pad_mode": "constant", "residual_kernel_size": 3, "rope_theta": 10000.0,
        "sampling_rate": RATE, "sliding_window": 250, "trim_right_ratio": 1.0, "upsample_groups": CODEC_HIDDEN,
        "upsampling_ratios": list(reversed(ENCODER_STRIDES)), "use_cache": False, "use_causal_conv": True,
        "use_conv_shortcut": False, "use_streaming": False, "vector_quantization_hidden_dimension": CODE_WIDTH,
    }  # fmt: skip
    decoder = _transformer(DECODER_LAYERS, CODEC_HIDDEN, CODEC_INTERMEDIATE, *heads) | {
        "latent_dim": LATENT, "codebook_dim": 2 * CODE_WIDTH, "codebook_size": ENTRIES, "decoder_dim": DECODER_WIDTH,
        "hidden_act": "silu", "layer_scale_initial_scale": 0.01, "max_position_embeddings": 8000,
        "num_quantizers": CODEBOOKS, "num_semantic_quantizers": 1, "rms_norm_eps": 1e-05, "rope_theta": 10000,
        "semantic_codebook_size": ENTRIES, "sliding_window": WINDOW, "upsample_rates": list(RATES),
        "upsampling_ratios": list(RATIOS), "vector_quantization_hidden_dimension": 2 * CODE_WIDTH,
    }  # fmt: skip
    return {
        "architectures": ["Qwen3TTSTokenizerV2Model"], "model_type": "qwen3_tts_tokenizer_12hz",
        "encoder_valid_num_quantizers": CODEBOOKS, "input_sample_rate": RATE, "output_sample_rate": RATE,
        "decode_upsample_rate": FRAME, "encode_downsample_rate": FRAME, "encoder_config": encoder,
        "decoder_config": decoder, "transformers_version": "4.57.3",
    }  # fmt: skip


GENERATION_CONFIG = {
    "do_sample": True, "repetition_penalty": 1.05, "temperature": 0.9, "top_p": 1.0, "top_k": 50,
    "subtalker_dosample": True, "subtalker_temperature": 0.9, "subtalker_top_p": 1.0, "subtalker_top_k": 50,
    "max_new_tokens": 2048,
}  # fmt: skip
PREPROCESSOR_CONFIG = {
    "chunk_length_s": None, "feature_extractor_type": "EncodecFeatureExtractor", "feature_size": 1, "overlap": None,
    "padding_side": "right", "padding_value": 0.0, "return_attention_mask": True, "sampling_rate": RATE,
}  # fmt: skip
