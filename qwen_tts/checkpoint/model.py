"""A checkpoint in memory: every network, the text tokenizer, and the prompts they need."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypedDict

import torch
from torch import Tensor

from qwen_tts.audio.reference_audio import ReferenceAudio
from qwen_tts.checkpoint.codec import Codec
from qwen_tts.checkpoint.mapped_file import MappedFile
from qwen_tts.checkpoint.mapped_layers import LayerMapper
from qwen_tts.checkpoint.mapped_table import MappedTable
from qwen_tts.checkpoint.one_block import empty_like_all
from qwen_tts.checkpoint.precision import not_finite
from qwen_tts.checkpoint.prompt import PromptBuilder
from qwen_tts.checkpoint.quantised import Quantiser, origin_of, packed_name
from qwen_tts.checkpoint.weights import TEXT_EMBEDDING, load_weights, plan
from qwen_tts.config.checkpoint import (
    CODEC_DIRECTORY,
    CheckpointConfig,
    CodecConfig,
    is_codec_directory,
    read_checkpoint_config,
    read_codec_config,
)
from qwen_tts.config.checkpoint_files import WEIGHTS, weight_files
from qwen_tts.config.engine import Weights
from qwen_tts.config.generation import GenerationConfig, read_generation_config
from qwen_tts.errors import BadCheckpoint
from qwen_tts.models.code_predictor import CodePredictor
from qwen_tts.models.codec_decoder import CodecDecoder
from qwen_tts.models.codec_encoder import CodecEncoder
from qwen_tts.models.speaker_encoder import SpeakerEncoder
from qwen_tts.models.talker import Talker
from qwen_tts.modules.mel import log_mel
from qwen_tts.modules.on_device import on_device
from qwen_tts.modules.weight_formats import BITS
from qwen_tts.text.text_tokenizer import PreTokenizer, TextTokenizer

LoadProgress = Callable[[str, int, int], None]
"""(file name, bytes read, bytes in all)"""


class VoiceGeometry(TypedDict):
    hidden_size: int
    codebooks: int
    codebook_size: int


@dataclass(frozen=True)
class Model:
    """What one checkpoint directory holds, on one device but for the text embedding."""

    name: str
    config: CheckpointConfig
    generation: GenerationConfig
    tokenizer: TextTokenizer
    text_embedding: MappedTable
    talker: Talker
    code_predictor: CodePredictor
    codec: Codec
    speaker_encoder: SpeakerEncoder | None
    prompts: PromptBuilder
    mapped: tuple[MappedFile, ...] = ()
    """Where its quantised layers lie, if that is a file"""

    def let_go(self) -> None:
        """Of pages of files that were read to make others of them."""
        for file in (*self.mapped, *self.codec.mapped):
            file.let_go()

    def to(self, device: torch.device) -> None:
        """Move the networks that speak, in place. What goes from CUDA to the CPU comes back the fastest way there is.

        The codec decoder comes back with who decodes with it: kernels want its weights only to make others of them.
        """
        parts = (self.talker, self.code_predictor, *([self.codec.decoder] if device.type == "cpu" else []))
        for part in parts:
            tensors = [one for one in (*part.parameters(), *part.buffers()) if one.device.type != device.type]
            for tensor, copy in zip(tensors, _copied(tensors, device), strict=True):
                tensor.data = copy

    @property
    def embed_speaker(self) -> Callable[[ReferenceAudio], Tensor] | None:
        """A recording -> speaker embedding [hidden] float32 on the CPU; None where no voice can be cloned.

        Raises SynthesisFailed if it is not finite.
        """
        if self.speaker_encoder is None:
            return None
        return partial(_embed_speaker, self.speaker_encoder, self.codec.device)

    @property
    def voice_geometry(self) -> VoiceGeometry:
        """What a voice prompt must fit."""
        return {
            "hidden_size": self.config.talker.hidden_size,
            "codebooks": self.config.talker.codebooks,
            "codebook_size": self.codec.config.decoder.codebook_size,
        }


def _copied(tensors: Sequence[Tensor], device: torch.device) -> Iterator[Tensor]:
    """One after the other: what has been copied may be let go."""
    places: Iterable[Tensor] = (torch.empty_like(one, device=device, pin_memory=one.is_cuda) for one in tensors)
    if device.type != "cpu":
        places = empty_like_all(tensors, device)
    for tensor, place in zip(tensors, places, strict=True):
        yield place.copy_(tensor, non_blocking=device.type == "cuda")


@torch.inference_mode()
def _embed_speaker(encoder: SpeakerEncoder, device: torch.device, reference: ReferenceAudio) -> Tensor:
    rate = encoder.config.sample_rate
    samples = torch.from_numpy(reference.resampled(rate)).to(device)
    with on_device(device, encoder):
        embedding = encoder(log_mel(samples[None], rate, encoder.config.mel_bins))[0].float().cpu()
    if not embedding.isfinite().all():
        raise not_finite(torch.float32)
    return embedding


def default_device() -> torch.device:
    """CUDA where there is one, else Apple's GPU, else the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def default_dtype(device: torch.device) -> torch.dtype:
    """What talker and code predictor compute in: bfloat16 where a CUDA card has it, else float32.

    Never float16: some checkpoints have numbers that it cannot hold.
    """
    has_bfloat16 = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.bfloat16 if has_bfloat16 else torch.float32


def load_model(
    directory: Path,
    device: torch.device,
    dtype: torch.dtype,
    *,
    pre_tokenizer: PreTokenizer = "qwen",
    weights: Weights = "auto",
    cache_dir: Path | None = None,
    decoder_device: torch.device | None = None,
    progress: LoadProgress | None = None,
) -> Model:
    """A checkpoint directory as released. Codec and speaker encoder compute in float32 whatever `dtype` is.

    What hears recordings, codec encoder and speaker encoder, lies in the host's memory, and the codec decoder on
    `decoder_device`, by default `device`.

    `weights` "int8" and "int4" give talker and code predictor QuantisedLinear layers, which are kept in a file of
    `cache_dir`, if given; else they are in `dtype`.

    Raises BadCheckpoint.
    """
    if is_codec_directory(directory):
        raise BadCheckpoint(f"{directory} is a codec without a talker: it encodes and decodes, but cannot speak")
    config, generation = read_checkpoint_config(directory), read_generation_config(directory)
    tokenizer = TextTokenizer.from_directory(directory, pre_tokenizer)
    _check_fit(directory, config, tokenizer, read_codec_config(directory / CODEC_DIRECTORY))
    talker, code_predictor = plan_speakers(config, dtype)
    parts: dict[str, torch.nn.Module] = {"talker": talker, "code_predictor": code_predictor}
    speaker_encoder = None
    if config.kind == "base":
        assert config.speaker_encoder is not None
        encoder_config = config.speaker_encoder
        speaker_encoder = plan(lambda: SpeakerEncoder(encoder_config), torch.float32)
        parts["speaker_encoder"] = speaker_encoder
    files, quantiser = weight_files(directory), None
    if (bits := BITS.get(weights)) is not None:
        speakers = {"talker": talker, "code_predictor": code_predictor}
        kept_in = None if cache_dir is None else cache_dir / packed_name(directory, weights)
        quantiser = Quantiser(speakers, bits, device, origin_of(files), kept_in)
    tables = {TEXT_EMBEDDING: (config.talker.text_vocab_size, config.talker.text_hidden_size)}
    looked_up = (code_predictor.codec_embedding,) if device.type == "cpu" else ()
    mapped = load_weights(
        files, parts, device, _for_file(progress, WEIGHTS), tables=tables, looked_up=looked_up, replace=quantiser
    )
    if speaker_encoder is not None:
        speaker_encoder.to("cpu")
    codec = load_codec(directory, device, decoder_device=decoder_device, is_mapped=bits is not None, progress=progress)
    text_embedding = mapped[TEXT_EMBEDDING]
    with torch.inference_mode():
        prompts = PromptBuilder(config, tokenizer, text_embedding, talker, code_predictor)
    return Model(
        directory.resolve().name, config, generation, tokenizer, text_embedding, talker, code_predictor, codec,
        speaker_encoder, prompts, () if quantiser is None or quantiser.mapped is None else (quantiser.mapped,),
    )  # fmt: skip


def plan_speakers(config: CheckpointConfig, dtype: torch.dtype) -> tuple[Talker, CodePredictor]:
    """Without memory."""
    talker = config.talker
    return (
        plan(lambda: Talker(talker), dtype),
        plan(lambda: CodePredictor(talker.code_predictor, talker.hidden_size), dtype),
    )


def plan_codec(config: CodecConfig, device: torch.device) -> Codec:
    """Without memory."""
    decoder = plan(lambda: CodecDecoder(config.decoder), torch.float32)
    encoder = plan(lambda: CodecEncoder(config.encoder, config.codebooks), torch.float32)
    return Codec(config, decoder, encoder, device)


def _check_fit(directory: Path, config: CheckpointConfig, tokenizer: TextTokenizer, codec: CodecConfig) -> None:
    talker, predictor = config.talker, config.talker.code_predictor
    if tokenizer.vocab_size > talker.text_vocab_size:
        raise BadCheckpoint(
            f"{directory}: the text tokenizer has the token {tokenizer.vocab_size - 1}, and "
            f"talker_config.text_vocab_size is {talker.text_vocab_size}"
        )
    if talker.codebooks != codec.codebooks:
        raise BadCheckpoint(
            f"{directory}: the talker has {talker.codebooks} codebooks and {CODEC_DIRECTORY} {codec.codebooks}"
        )
    if predictor.vocab_size != codec.decoder.codebook_size:
        raise BadCheckpoint(
            f"{directory}: code_predictor_config.vocab_size is {predictor.vocab_size}, and the codebooks of "
            f"{CODEC_DIRECTORY} have {codec.decoder.codebook_size} entries"
        )


def load_codec(
    directory: Path, device: torch.device, *, decoder_device: torch.device | None = None, is_mapped: bool = False,
    progress: LoadProgress | None = None,
) -> Codec:  # fmt: skip
    """The codec of a checkpoint directory, or one that stands alone, in float32. Raises BadCheckpoint.

    `is_mapped`: on the host, it stays in its file where that has float32, and is in memory where it is used.
    """
    if not is_codec_directory(directory):
        directory = directory / CODEC_DIRECTORY
    codec = plan_codec(read_codec_config(directory), device)
    parts = {"codec_decoder": codec.decoder, "codec_encoder": codec.encoder}
    on_host, told = torch.device("cpu"), _for_file(progress, f"{CODEC_DIRECTORY}/{WEIGHTS}")
    files = weight_files(directory)
    mapper = LayerMapper(files, parts) if is_mapped else None
    load_weights(files, parts, on_host, told, replace=mapper)
    codec.decoder.to(decoder_device or device)
    return codec if mapper is None else replace(codec, mapped=mapper.mapped)


def _for_file(progress: LoadProgress | None, name: str) -> Callable[[int, int], None] | None:
    return None if progress is None else partial(progress, name)
