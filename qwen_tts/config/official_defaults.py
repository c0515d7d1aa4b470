"""What a key of config.json means where the file has none: the defaults of the official package's classes.

They are seldom the release's values: a file that was saved in full never needs them. Only keys that a computation here
reads. qwen-tts 0.1.1, core/models/configuration_qwen3_tts.py and core/tokenizer_12hz/configuration_qwen3_tts_tokenizer_
v2.py; the codec's encoder is transformers' MimiConfig (4.57.3, the same in 5.24).
"""

from collections.abc import Mapping
from typing import Any

Defaults = Mapping[str, Any]

_ATTENTION: dict[str, Any] = {"rope_theta": 10_000, "attention_bias": False}

CODE_PREDICTOR: Defaults = _ATTENTION | {
    "vocab_size": 2048, "hidden_size": 1024, "intermediate_size": 3072, "num_hidden_layers": 5,
    "num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 128, "hidden_act": "silu", "rms_norm_eps": 1e-6,
    "use_sliding_window": False, "num_code_groups": 32,
}  # fmt: skip
TALKER: Defaults = _ATTENTION | {
    "vocab_size": 3072, "hidden_size": 1024, "intermediate_size": 2048, "num_hidden_layers": 20,
    "num_attention_heads": 16, "num_key_value_heads": 2, "hidden_act": "silu", "rms_norm_eps": 1e-6,
    "max_position_embeddings": 32_768, "use_sliding_window": False, "num_code_groups": 32, "text_hidden_size": 2048,
    "codec_eos_token_id": 4198, "codec_think_id": 4202, "codec_nothink_id": 4203, "codec_think_bos_id": 4204,
    "codec_think_eos_id": 4205, "codec_pad_id": 4196, "codec_bos_id": 4197, "code_predictor_config": {},
}  # fmt: skip
SPEAKER_ENCODER: Defaults = {
    "mel_dim": 128, "enc_dim": 1024, "enc_channels": [512, 512, 512, 512, 1536], "enc_kernel_sizes": [5, 3, 3, 3, 1],
    "enc_dilations": [1, 2, 3, 4, 1], "enc_attention_channels": 128, "enc_res2net_scale": 8, "enc_se_channels": 128,
    "sample_rate": 24_000,
}  # fmt: skip
CHECKPOINT: Defaults = {
    "im_start_token_id": 151_644, "im_end_token_id": 151_645, "tts_pad_token_id": 151_671, "tts_bos_token_id": 151_672,
    "tts_eos_token_id": 151_673, "talker_config": {},
}  # fmt: skip
CODEC_DECODER: Defaults = _ATTENTION | {
    "codebook_size": 2048, "hidden_size": 1024, "latent_dim": 1024, "num_attention_heads": 16,
    "num_key_value_heads": 16, "sliding_window": 72, "intermediate_size": 3072, "hidden_act": "silu",
    "rms_norm_eps": 1e-5, "num_hidden_layers": 8, "num_quantizers": 16, "upsample_rates": (8, 5, 4, 3),
    "upsampling_ratios": (2, 2), "decoder_dim": 1536,
}  # fmt: skip
CODEC_ENCODER: Defaults = _ATTENTION | {
    "audio_channels": 1, "hidden_size": 512, "num_filters": 64, "num_residual_layers": 1,
    "upsampling_ratios": (8, 6, 5, 4), "kernel_size": 7, "last_kernel_size": 3, "residual_kernel_size": 3,
    "use_causal_conv": True, "pad_mode": "constant", "compress": 2, "codebook_size": 2048, "codebook_dim": 256,
    "num_quantizers": 32, "use_conv_shortcut": False, "num_semantic_quantizers": 1, "num_hidden_layers": 8,
    "intermediate_size": 2048, "num_attention_heads": 8, "num_key_value_heads": 8, "hidden_act": "gelu",
    "norm_eps": 1e-5,
}  # fmt: skip
CODEC: Defaults = {
    "encoder_valid_num_quantizers": 16, "input_sample_rate": 24_000, "output_sample_rate": 24_000,
    "decode_upsample_rate": 1920, "encode_downsample_rate": 1920, "encoder_config": {}, "decoder_config": {},
}  # fmt: skip
