"""Writes Qwen3-TTS checkpoints with RANDOM weights in the release's layout, true-size or tiny.

    python -m benchmarks.random_checkpoint 1.7B-CustomVoice models/        # also 1.7B-VoiceDesign, 1.7B-Base, 0.6B-...
    python -m benchmarks.random_checkpoint tiny-1.7B-Base /tmp/checkpoints # 2 layers; the structure of its big sister

The official package loads them like its own, so speed and exactness can be compared without the real weights. They
speak noise. Every tensor is a function of its name and the seed alone. The text tokenizer needs the package
`dashscope` (it carries Qwen's vocabulary), or an existing one: --text-tokenizer DIR.
"""

import argparse
import json
import shutil
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from benchmarks.text_vocabulary import write_text_tokenizer
from qwen_tts.checkpoint.weights import TEXT_EMBEDDING, official_tensors
from qwen_tts.config.checkpoint import (
    CODEC_DIRECTORY,
    CheckpointConfig,
    CodecConfig,
    read_checkpoint_config,
    read_codec_config,
)
from qwen_tts.config.checkpoint_files import WEIGHTS
from qwen_tts.config.checkpoint_types import CHECKPOINT_TYPES
from qwen_tts.models.code_predictor import CodePredictor
from qwen_tts.models.codec_decoder import CodecDecoder
from qwen_tts.models.codec_encoder import CodecEncoder
from qwen_tts.models.speaker_encoder import SpeakerEncoder
from qwen_tts.models.talker import Talker

Json = dict[str, Any]

NAMES = ("1.7B-CustomVoice", "1.7B-VoiceDesign", "1.7B-Base", "0.6B-CustomVoice", "0.6B-Base")
KINDS = {one.release_name: one.name for one in CHECKPOINT_TYPES}
LANGUAGES = {
    "chinese": 2055, "english": 2050, "german": 2053, "italian": 2070, "portuguese": 2071,
    "spanish": 2054, "japanese": 2058, "korean": 2064, "french": 2061, "russian": 2069,
}  # fmt: skip
DIALECTS = {"beijing_dialect": 2074, "sichuan_dialect": 2062}
SPEAKERS = {
    "serena": 3066, "vivian": 3065, "uncle_fu": 3010, "ryan": 3061, "aiden": 2861,
    "ono_anna": 2873, "sohee": 2864, "eric": 2875, "dylan": 2878,
}  # fmt: skip
SPEAKER_DIALECTS = dict.fromkeys(SPEAKERS, False) | {"eric": "sichuan_dialect", "dylan": "beijing_dialect"}

TINY_EOS_GAIN = 2.5  # so that speech ends now and then
UNKNOWN_USAGE = 4  # codebook entries that no training sample used: the release clamps their count


def checkpoint_config(name: str) -> Json:
    """config.json of one of NAMES, or of its tiny sister."""
    tiny = name.startswith("tiny-")
    size, kind = name.removeprefix("tiny-").split("-")
    big = size == "1.7B"
    config: Json = {
        "architectures": ["Qwen3TTSForConditionalGeneration"],
        "model_type": "qwen3_tts",
        "tokenizer_type": "qwen3_tts_tokenizer_12hz",
        "tts_model_size": "1b7" if big else "0b6",
        "tts_model_type": KINDS[kind],
        "assistant_token_id": 77091, "im_start_token_id": 151644, "im_end_token_id": 151645,
        "tts_pad_token_id": 151671, "tts_bos_token_id": 151672, "tts_eos_token_id": 151673,
        "talker_config": _talker_config(KINDS[kind], big, tiny),
        "transformers_version": "4.57.3",
    }  # fmt: skip
    if kind == "Base":
        config["speaker_encoder_config"] = {
            "enc_dim": config["talker_config"]["hidden_size"],
            "sample_rate": 24000,
        }
        if tiny:
            config["speaker_encoder_config"] |= {
                "enc_channels": [32, 32, 32, 32, 96], "enc_attention_channels": 16, "enc_se_channels": 16,
            }  # fmt: skip
    return config


def _transformer(layers: int, hidden: int, intermediate: int, heads: int, kv_heads: int, head_dim: int) -> Json:
    return {
        "num_hidden_layers": layers, "hidden_size": hidden, "intermediate_size": intermediate,
        "num_attention_heads": heads, "num_key_value_heads": kv_heads, "head_dim": head_dim,
        "attention_bias": False, "attention_dropout": 0, "initializer_range": 0.02,
    }  # fmt: skip


def _talker_config(kind: str, big: bool, tiny: bool) -> Json:
    # The projection into the code predictor exists only where the widths differ: in the big models.
    if tiny:
        dimensions = _transformer(2, 32, 64, 4, 2, 16)
        predictor = _transformer(2, 16 if big else 32, 48, 4, 2, 8)
    else:
        dimensions = _transformer(28, *((2048, 6144) if big else (1024, 3072)), 16, 8, 128)
        predictor = _transformer(5, 1024, 3072, 16, 8, 128)
    custom = kind == "custom_voice"
    common = {
        "hidden_act": "silu", "num_code_groups": 16, "rms_norm_eps": 1e-06, "rope_theta": 1000000,
        "sliding_window": None, "use_sliding_window": False, "use_cache": True,
    }  # fmt: skip
    return dimensions | common | {
        "model_type": "qwen3_tts_talker",
        "vocab_size": 3072, "text_vocab_size": 151936, "text_hidden_size": 16 if tiny else 2048,
        "max_position_embeddings": 32768, "position_id_per_seconds": 13,
        "rope_scaling": {
            "interleaved": True, "mrope_section": [4, 2, 2] if tiny else [24, 20, 20],
            "rope_type": "default", "type": "default",
        },
        "codec_bos_id": 2149, "codec_eos_token_id": 2150, "codec_pad_id": 2148, "codec_think_id": 2154,
        "codec_nothink_id": 2155, "codec_think_bos_id": 2156, "codec_think_eos_id": 2157,
        "codec_language_id": LANGUAGES | (DIALECTS if custom else {}),
        "spk_id": SPEAKERS if custom else {},
        "spk_is_dialect": SPEAKER_DIALECTS if custom else {},
        "code_predictor_config": predictor | common | {
            "model_type": "qwen3_tts_talker_code_predictor", "vocab_size": 2048, "max_position_embeddings": 65536,
            "layer_types": ["full_attention"] * predictor["num_hidden_layers"], "max_window_layers": 28,
            "rope_scaling": None, "pad_token_id": None, "tie_word_embeddings": False,
        },
    }  # fmt: skip


def codec_config(tiny: bool) -> Json:
    """speech_tokenizer/config.json. The tiny decoder's window is short, so that short tests reach beyond it."""
    encoder = _transformer(8, 512, 2048, 8, 8, 64) | {
        "_frame_rate": 12.5, "audio_channels": 1, "codebook_dim": 256, "codebook_size": 2048, "compress": 2,
        "dilation_growth_rate": 2, "hidden_act": "gelu", "kernel_size": 7, "last_kernel_size": 3,
        "layer_scale_initial_scale": 0.01, "max_position_embeddings": 8000, "norm_eps": 1e-05, "num_filters": 64,
        "num_quantizers": 32, "num_residual_layers": 1, "num_semantic_quantizers": 1, "pad_mode": "constant",
        "residual_kernel_size": 3, "rope_theta": 10000.0, "sampling_rate": 24000, "sliding_window": 250,
        "trim_right_ratio": 1.0, "upsample_groups": 512, "upsampling_ratios": [8, 6, 5, 4], "use_cache": False,
        "use_causal_conv": True, "use_conv_shortcut": False, "use_streaming": False,
        "vector_quantization_hidden_dimension": 256,
    }  # fmt: skip
    decoder = _transformer(8, 512, 1024, 16, 16, 64) | {
        "latent_dim": 1024, "codebook_dim": 512, "codebook_size": 2048, "decoder_dim": 1536, "hidden_act": "silu",
        "layer_scale_initial_scale": 0.01, "max_position_embeddings": 8000, "num_quantizers": 16,
        "num_semantic_quantizers": 1, "rms_norm_eps": 1e-05, "rope_theta": 10000, "semantic_codebook_size": 4096,
        "sliding_window": 72, "upsample_rates": [8, 5, 4, 3], "upsampling_ratios": [2, 2],
        "vector_quantization_hidden_dimension": 512,
    }  # fmt: skip
    if tiny:
        encoder |= _transformer(2, 32, 64, 4, 4, 8) | {
            "num_filters": 4, "codebook_dim": 8, "vector_quantization_hidden_dimension": 8, "upsample_groups": 32,
        }  # fmt: skip
        decoder |= _transformer(3, 16, 32, 4, 4, 8) | {
            "latent_dim": 32, "codebook_dim": 16, "vector_quantization_hidden_dimension": 16, "decoder_dim": 32,
            "sliding_window": 10,
        }  # fmt: skip
    return {
        "architectures": ["Qwen3TTSTokenizerV2Model"],
        "model_type": "qwen3_tts_tokenizer_12hz",
        "encoder_valid_num_quantizers": 16, "input_sample_rate": 24000, "output_sample_rate": 24000,
        "decode_upsample_rate": 1920, "encode_downsample_rate": 1920,
        "encoder_config": encoder, "decoder_config": decoder, "transformers_version": "4.57.3",
    }  # fmt: skip


GENERATION_CONFIG = {
    "do_sample": True, "repetition_penalty": 1.05, "temperature": 0.9, "top_p": 1.0, "top_k": 50,
    "subtalker_dosample": True, "subtalker_temperature": 0.9, "subtalker_top_p": 1.0, "subtalker_top_k": 50,
    "max_new_tokens": 8192,
}  # fmt: skip
PREPROCESSOR_CONFIG = {
    "chunk_length_s": None, "feature_extractor_type": "EncodecFeatureExtractor", "feature_size": 1, "overlap": None,
    "padding_side": "right", "padding_value": 0.0, "return_attention_mask": True, "sampling_rate": 24000,
}  # fmt: skip


def shapes_of(config: CheckpointConfig) -> dict[str, tuple[int, ...]]:
    """Name and shape of every tensor in model.safetensors."""
    with torch.device("meta"):
        parts: dict[str, nn.Module] = {
            "talker": Talker(config.talker),
            "code_predictor": CodePredictor(config.talker.code_predictor, config.talker.hidden_size),
        }
        if config.speaker_encoder is not None:
            parts["speaker_encoder"] = SpeakerEncoder(config.speaker_encoder)
    return _shapes(parts) | {TEXT_EMBEDDING: (config.talker.text_vocab_size, config.talker.text_hidden_size)}


def codec_shapes_of(config: CodecConfig) -> dict[str, tuple[int, ...]]:
    """Name and shape of every tensor in speech_tokenizer/model.safetensors, those that nothing reads included."""
    encoder, decoder = config.encoder, config.decoder
    with torch.device("meta"):
        parts: dict[str, nn.Module] = {
            "codec_decoder": CodecDecoder(decoder),
            "codec_encoder": CodecEncoder(encoder, encoder.codebooks),
        }
    unread: dict[str, tuple[int, ...]] = {
        f"decoder.quantizer.{rvq}.input_proj.weight": (decoder.codebook_dim // 2, decoder.codebook_dim, 1)
        for rvq in ("rvq_first", "rvq_rest")
    }
    levels = {"semantic": 1, "acoustic": encoder.codebooks - 1}
    for kind, count in levels.items():
        root = f"encoder.quantizer.{kind}_residual_vector_quantizer"
        unread |= {f"{root}.layers.{level}.codebook.initialized": (1,) for level in range(count)}
    return _shapes(parts) | unread


def _shapes(parts: Mapping[str, nn.Module]) -> dict[str, tuple[int, ...]]:
    return {
        name: tuple(tensor.shape)
        for part, module in parts.items()
        for name, tensor in official_tensors(part, module).items()
    }


def random_tensor(name: str, shape: tuple[int, ...], seed: int, device: torch.device, eos_row: float) -> Tensor:
    """float32, in a range that keeps every layer's output in order; the row of the end is multiplied by `eos_row`."""
    generator = torch.Generator(device).manual_seed((zlib.crc32(name.encode()) ^ seed) & 0x7FFFFFFF)
    normal = torch.randn(shape, generator=generator, device=device)
    if name.endswith("initialized"):
        return torch.ones(shape, device=device)
    if name.endswith("cluster_usage"):
        usage = torch.rand(shape, generator=generator, device=device) * 3 + 0.5
        usage[:UNKNOWN_USAGE] = 0
        return usage
    if name.endswith(("embedding_sum", "embed_sum")):
        normal[:UNKNOWN_USAGE] *= 1e-5
        return normal
    if name.endswith((".alpha", ".beta")):
        return normal * 0.3
    if name.endswith(("layer_scale.scale", ".gamma")):
        return 0.3 + 0.05 * normal
    if name.endswith("bias"):
        return 0.05 * normal
    if len(shape) == 1:
        return 1 + 0.1 * normal
    if "embedding" in name:
        return normal * 0.5
    weight = normal * (_gain(name) / (normal[0].numel() ** 0.5))
    if name.endswith("codec_head.weight"):
        weight[2150] *= eos_row
    return weight


def _gain(name: str) -> float:
    if "codec_head" in name or "lm_head" in name:
        return 2.4
    if name.startswith("decoder.decoder.6."):
        return 0.5  # keeps the wave within -1..1
    if name.startswith(("decoder.decoder.", "decoder.upsample.")):
        return 0.5 if ".conv1." in name or ".conv2." in name else 0.8
    return 1.2


def write_checkpoint(
    name: str,
    directory: Path,
    *,
    seed: int = 7,
    device: str = "cpu",
    text_tokenizer: Path | None = None,
    endless: bool = False,
    head_dim: int | None = None,
) -> None:
    """Write the checkpoint `name` into `directory`. An `endless` one never draws the end of speech in its top 50.

    `head_dim` is the talker's, where it is to be another: the kernels want at least 32 on a card.
    """
    tiny, where = name.startswith("tiny-"), torch.device(device)
    write_configs(name, directory)
    if head_dim is not None:
        config = checkpoint_config(name)
        config["talker_config"]["head_dim"] = head_dim
        _write_json(directory / "config.json", config)
    codec = directory / CODEC_DIRECTORY
    eos_row = 0.0 if endless else (TINY_EOS_GAIN if tiny else 1.0)
    shapes = shapes_of(read_checkpoint_config(directory))
    _write_tensors(directory / WEIGHTS, shapes, torch.bfloat16, seed, where, eos_row)
    _write_tensors(codec / WEIGHTS, codec_shapes_of(read_codec_config(codec)), torch.float32, seed, where, eos_row)
    if text_tokenizer is None:
        write_text_tokenizer(directory)
    else:
        for file in ("vocab.json", "merges.txt", "tokenizer_config.json"):
            shutil.copy(text_tokenizer / file, directory / file)


def write_configs(name: str, directory: Path) -> None:
    """The JSON files of the checkpoint `name`, without weights and text tokenizer."""
    _write_json(directory / "config.json", checkpoint_config(name))
    _write_json(directory / "generation_config.json", GENERATION_CONFIG)
    codec = directory / CODEC_DIRECTORY
    _write_json(codec / "config.json", codec_config(name.startswith("tiny-")))
    _write_json(codec / "preprocessor_config.json", PREPROCESSOR_CONFIG)
    _write_json(codec / "configuration.json", {"framework": "pytorch", "task": "feature-extraction"})


def _write_tensors(
    path: Path,
    shapes: Mapping[str, tuple[int, ...]],
    dtype: torch.dtype,
    seed: int,
    device: torch.device,
    eos_row: float,
) -> None:
    tensors = {
        name: random_tensor(name, shape, seed, device, eos_row).to(dtype).cpu() for name, shape in shapes.items()
    }
    save_file(tensors, path, metadata={"format": "pt"})


def _write_json(path: Path, content: Json) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=[*NAMES, *(f"tiny-{name}" for name in NAMES)])
    parser.add_argument("directory", type=Path, help="the checkpoint becomes a folder in it")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--device", default="cpu", help="where the numbers are drawn; another device, other numbers")
    parser.add_argument("--text-tokenizer", type=Path, metavar="DIR")
    parser.add_argument("--endless", action="store_true", help="speech never ends by itself")
    parser.add_argument("--config-only", action="store_true", help="no weights and no text tokenizer")
    options = parser.parse_args()
    directory = options.directory / f"Qwen3-TTS-12Hz-{options.name}"
    if options.config_only:
        write_configs(options.name, directory)
        return
    write_checkpoint(
        options.name,
        directory,
        seed=options.seed,
        device=options.device,
        text_tokenizer=options.text_tokenizer,
        endless=options.endless,
    )
    print(json.dumps({"checkpoint": str(directory), "seed": options.seed, "weights": "random"}))


if __name__ == "__main__":
    main()
