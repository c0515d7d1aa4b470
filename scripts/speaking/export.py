"""What was trained -> a checkpoint directory in the release's layout, and its Base sister, which differs in one file.

The talker's file holds the speaker encoder too, so the same weights speak with the named voices (CustomVoice) and clone
(Base): which of them it is says config.json alone.
"""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from qwen_tts.checkpoint.weights import official_tensors
from scripts.speaking.codec_decoder import Decoder
from scripts.speaking.codec_encoder import Encoder
from scripts.speaking.dimensions import (
    CODE_WIDTH,
    CODEBOOKS,
    CODEC_HIDDEN,
    GENERATION_CONFIG,
    PREPROCESSOR_CONFIG,
    checkpoint_config,
    codec_config,
)
from scripts.speaking.quantizer import Quantizer
from scripts.speaking.speaker_encoder import load_speaker_encoder
from scripts.speaking.talker import Talker, release_tensors
from scripts.speaking.text_tokens import FILES
from scripts.speaking.train_codec import load_codec
from scripts.speaking.weights import EIGHT_BITS, is_stored_in_eight_bits

CUSTOM_VOICE, BASE = "Qwen3-TTS-12Hz-tiny-CustomVoice", "Qwen3-TTS-12Hz-tiny-Base"
"""Folders"""

SHARPENED = 2.0
"""The logits are multiplied by it: the release's temperature of 0.9 acts as 0.45. A power of two is exact."""

_LEAST_USAGE = 0.02  # of the mean, so that 16 bits keep an entry to their precision


def export(work: Path, checkpoints: Path) -> None:
    """Both checkpoints, as folders of `checkpoints`. Raises FileNotFoundError naming what was not trained yet."""
    cpu = torch.device("cpu")
    encoder, quantizer, decoder = load_codec(work / "codec.pt", cpu)
    if (work / "decoder.pt").exists():
        decoder.load_state_dict(_floats(torch.load(work / "decoder.pt", map_location=cpu)))
    talker = Talker()
    talker.load_state_dict(_floats(torch.load(work / "talker.pt", map_location=cpu)))
    with torch.no_grad():
        talker.codec_head.weight.mul_(SHARPENED)
        talker.code_predictor.lm_head.mul_(SHARPENED)
    speaker_encoder = load_speaker_encoder(work / "speaker.pt", cpu)
    speaking = release_tensors(talker) | official_tensors("speaker_encoder", speaker_encoder)
    directory = checkpoints / CUSTOM_VOICE
    write_configs(directory, work / "tokenizer")
    _write(directory / "model.safetensors", speaking, torch.bfloat16)
    _write(
        directory / "speech_tokenizer" / "model.safetensors",
        encoder_tensors(encoder, quantizer) | decoder_tensors(decoder, quantizer),
        torch.float16,
    )
    _write_base(directory, checkpoints / BASE)


def _write_base(custom_voice: Path, directory: Path) -> None:
    """Links to the CustomVoice checkpoint's files, and another config.json."""
    directory.mkdir(exist_ok=True)
    for path in custom_voice.iterdir():
        link = directory / path.name
        link.unlink(missing_ok=True)
        link.symlink_to(Path("..") / custom_voice.name / path.name)
    config = json.loads((custom_voice / "config.json").read_text("utf-8"))
    (directory / "config.json").unlink()
    _write_json(directory / "config.json", checkpoint_config("base", config["assistant_token_id"]))


def write_configs(directory: Path, tokenizer: Path) -> None:
    """Everything but the weights."""
    codec = directory / "speech_tokenizer"
    codec.mkdir(parents=True, exist_ok=True)
    vocab = json.loads((tokenizer / "vocab.json").read_text("utf-8"))
    _write_json(directory / "config.json", checkpoint_config("custom_voice", vocab["assistant"]))
    _write_json(directory / "generation_config.json", GENERATION_CONFIG)
    _write_json(codec / "config.json", codec_config())
    _write_json(codec / "preprocessor_config.json", PREPROCESSOR_CONFIG)
    _write_json(codec / "configuration.json", {"framework": "pytorch", "task": "feature-extraction"})
    for name in FILES:
        shutil.copy(tokenizer / name, directory / name)


def encoder_tensors(encoder: Encoder, quantizer: Quantizer) -> dict[str, Tensor]:
    """By the release's names; what MimiModel computes only to decode is zero."""
    tensors = {}
    for name, tensor in encoder.state_dict().items():
        for ours, kind in (("first_proj.", "semantic"), ("rest_proj.", "acoustic")):
            name = name.replace(ours, f"quantizer.{kind}_residual_vector_quantizer.input_proj.")
        tensors[f"encoder.{name}"] = tensor
    for level, (total, usage) in enumerate(_codebooks(quantizer)):
        root = f"encoder.quantizer.{'acoustic' if level else 'semantic'}_residual_vector_quantizer"
        book = f"{root}.layers.{max(0, level - 1)}.codebook"
        tensors |= {f"{book}.embed_sum": total, f"{book}.cluster_usage": usage, f"{book}.initialized": torch.ones(1)}
        tensors[f"{root}.output_proj.weight"] = torch.zeros(CODEC_HIDDEN, CODE_WIDTH, 1)
    return tensors


def decoder_tensors(decoder: Decoder, quantizer: Quantizer) -> dict[str, Tensor]:
    """By the release's names."""
    tensors = {}
    for name, tensor in decoder.state_dict().items():
        for ours, book in (("first_proj.", "rvq_first"), ("rest_proj.", "rvq_rest")):
            name = name.replace(ours, f"quantizer.{book}.output_proj.") if name.startswith(ours) else name
        tensors[f"decoder.{name}"] = tensor
    for level, (total, usage) in enumerate(_codebooks(quantizer)):
        root = f"decoder.quantizer.{'rvq_rest' if level else 'rvq_first'}"
        book = f"{root}.vq.layers.{max(0, level - 1)}._codebook"
        tensors |= {f"{book}.embedding_sum": total, f"{book}.cluster_usage": usage}
        tensors[f"{root}.input_proj.weight"] = torch.zeros(CODE_WIDTH, 2 * CODE_WIDTH, 1)
    return tensors


def _codebooks(quantizer: Quantizer) -> list[tuple[Tensor, Tensor]]:
    """Sums and usage, relative to the mean usage, of each: their quotients are the entries."""
    tables, books = quantizer.tables, []
    for level in range(CODEBOOKS):
        usage = quantizer.usage[level]
        usage = (usage / usage.mean()).clamp(min=_LEAST_USAGE).half().float()
        books.append((tables[level] * usage[:, None], usage))
    return books


def _write(path: Path, tensors: Mapping[str, Tensor], small: torch.dtype) -> None:
    """Big matrices in eight bits, everything else in `small`; codebooks are never rounded."""
    stored = {}
    for name, tensor in tensors.items():
        is_codebook = name.endswith(("embed_sum", "embedding_sum"))
        dtype = EIGHT_BITS if is_stored_in_eight_bits(tensor) and not is_codebook else small
        stored[name] = tensor.detach().to(dtype).contiguous()
    save_file(stored, path, metadata={"format": "pt"})
    path.chmod(0o644)


def _floats(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.float() for name, tensor in state.items()}


def _write_json(path: Path, content: Mapping[str, object]) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", "utf-8")
