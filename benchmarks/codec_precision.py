"""How far the codec decoder's fast path is from float32, on the same codes: signal to error in dB, a JSON line a case.

    python -m benchmarks.codec_precision                            # on a card: the kernels, and their emulation
    python -m benchmarks.codec_precision --device cpu --frames 12   # anywhere: bfloat16 emulated between the stages

The weights are random; the real ones have not been here. What makes them harder is assumed, case by case (CASES): how
far the frequencies and amplitudes of the Snakes spread, and how large the numbers between the stages become. `only_db`
tells what each group of stages costs alone, `kept_in_float32_db` what is left if the last stages stay in float32.
Random weights are harder than trained ones where they are chaotic: take the figures for a bound from below, and their
differences for what helps.
"""

import argparse
import json
import platform
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.random_checkpoint import codec_config, random_tensor
from qwen_tts.check.measures.sound import snr_db
from qwen_tts.checkpoint.codec import Codec
from qwen_tts.checkpoint.model import load_codec
from qwen_tts.checkpoint.weights import derive, official_tensors
from qwen_tts.config.checkpoint import CodecConfig
from qwen_tts.models.codec_decoder import CodecDecoder, ConvNeXt, ResidualUnit
from qwen_tts.models.codec_encoder import CodecEncoder
from qwen_tts.modules.snake import SnakeBeta

LAST = 2
"""Blocks that `kept` leaves in float32, at most"""

LEVEL = 0.1
"""-20 dBFS"""


@dataclass(frozen=True)
class Case:
    """What is assumed of the weights. Logarithms are natural, as the release stores alpha and beta."""

    name: str
    alpha: tuple[float, float] | None = None
    """Mean and spread of the logarithm of the Snakes' frequencies; None: both as random_checkpoint has them"""
    beta: tuple[float, float] = (0.0, 0.3)
    """Of what is added to it for the inverse amplitude. At 0 a Snake's slope is within 0..2, as where both are one
    parameter; below, it is steeper, and a stack of random layers soon is chaos, which trained ones are not."""
    gain: float = 1.0
    """The entry's weights times this: larger numbers from there on"""


CASES = (
    Case("random"),
    Case("spread snakes", alpha=(0.0, 1.0)),
    Case("fast snakes", alpha=(1.5, 1.0)),
    Case("steep snakes", alpha=(0.0, 1.0), beta=(-0.5, 0.5)),
    Case("large gain", gain=16.0),
    Case("large gain, spread snakes", alpha=(0.0, 1.0), gain=16.0),
)


def random_codec(tiny: bool, seed: int, device: torch.device) -> Codec:
    config = CodecConfig.model_validate(codec_config(tiny))
    decoder = CodecDecoder(config.decoder)
    decoder.requires_grad_(False).eval()
    for name, tensor in official_tensors("codec_decoder", decoder).items():
        tensor.copy_(random_tensor(name, tuple(tensor.shape), seed, torch.device("cpu"), 1.0))
    derive(decoder)
    with torch.device("meta"):
        encoder = CodecEncoder(config.encoder, config.codebooks)
    return Codec(config, decoder, encoder, device)


def bend(decoder: CodecDecoder, case: Case, seed: int) -> None:
    """Make the weights what `case` assumes."""
    random = torch.Generator().manual_seed(seed)
    snakes = [module for module in decoder.modules() if isinstance(module, SnakeBeta)]
    for snake in snakes if case.alpha is not None else ():
        mean, spread = case.alpha
        snake.alpha.copy_(torch.randn(snake.alpha.shape, generator=random) * spread + mean)
        offset, spread = case.beta
        snake.beta.copy_(snake.alpha + torch.randn(snake.beta.shape, generator=random) * spread + offset)
        snake.derive()
    decoder.entry.conv.weight.mul_(case.gain)


def set_level(codec: Codec, codes: Tensor) -> None:
    """Let the sound have an RMS of LEVEL by the exit's weights, so that nothing of an error is clipped away."""
    decoder = codec.decoder
    for target in (LEVEL / 100, LEVEL):  # the first time it may be clipped
        rms = float(np.sqrt((codec.decode(codes) ** 2).mean()))
        decoder.exit.conv.weight.mul_(target / rms)
        decoder.exit.conv.bias.mul_(target / rms)  # type: ignore[union-attr]


# -- the emulation ----------------------------------------------------------------------------------------------------


def stages_of(decoder: CodecDecoder) -> Mapping[str, Sequence[nn.Module]]:
    """In the order of the sound."""
    return {
        "codes": [decoder.quantizer, decoder.pre_conv],
        "transformer": [decoder.pre_transformer],
        "upsampling": [decoder.upsample],
        "entry": [decoder.entry],
        **{f"block {index}": [block] for index, block in enumerate(decoder.blocks)},
        "exit": [decoder.exit],
    }


@contextmanager
def rounded(modules: Sequence[nn.Module], dtype: torch.dtype, exact: Sequence[nn.Module]) -> Iterator[None]:
    """Inside, what the kernels keep in `dtype` between two of them is rounded to it, in `modules`: weights but those in
    `exact`, what a product reads, what is added to its result, and what attention reads. Sums, Snakes and norms are
    float32, as in the kernels."""
    to = partial(_round, dtype=dtype)
    with ExitStack() as stack:
        for module in (part for one in modules for part in one.modules()):
            if isinstance(module, nn.Conv1d | nn.ConvTranspose1d | nn.Linear):
                stack.enter_context(module.register_forward_pre_hook(lambda _, inputs: (to(inputs[0]),)))
                if module not in exact:
                    weight = module.weight.data
                    module.weight.data = to(weight)
                    stack.callback(_give_back, module, weight)
            elif isinstance(module, ResidualUnit | ConvNeXt):
                stack.enter_context(
                    module.register_forward_hook(lambda _, inputs, out: out + (to(inputs[0]) - inputs[0]))
                )
            if type(module).__name__ == "FusedLinear" and "q_proj" in module.parts:
                stack.enter_context(module.register_forward_hook(lambda _, __, out: to(out)))
        yield


def _round(x: Tensor, *, dtype: torch.dtype) -> Tensor:
    return x.to(dtype).float()


def _give_back(module: nn.Module, weight: Tensor) -> None:
    module.weight.data = weight


def float32_in_kernels(decoder: CodecDecoder) -> list[nn.Module]:
    """Products whose weights the kernels keep in float32."""
    return [decoder.exit.conv, *(stage.convnext.dwconv.conv for stage in decoder.upsample)]


@torch.inference_mode()
def decode(codec: Codec, codes: Tensor) -> tuple[np.ndarray, float]:
    """The samples, in plain PyTorch, and the largest number that a Snake was given."""
    largest = 0.0

    def watch(_: nn.Module, inputs: tuple[Tensor]) -> None:
        nonlocal largest
        largest = max(largest, float(inputs[0].abs().max()))

    with ExitStack() as stack:
        for module in codec.decoder.modules():
            if isinstance(module, SnakeBeta):
                stack.enter_context(module.register_forward_pre_hook(watch))
        samples: np.ndarray = codec.decode(codes)
    return samples, largest


def emulated(codec: Codec, codes: Tensor, exact: np.ndarray, dtype: torch.dtype, skip: Sequence[str] = ()) -> float:
    """Signal to error in dB, with every stage rounded but `skip`."""
    stages = stages_of(codec.decoder)
    modules = [module for name, some in stages.items() if name not in skip for module in some]
    with rounded(modules, dtype, float32_in_kernels(codec.decoder)):
        return _db(exact, decode(codec, codes)[0])


def emulation(codec: Codec, codes: Tensor, exact: np.ndarray, dtype: torch.dtype) -> dict[str, object]:
    names = list(stages_of(codec.decoder))
    only = {name: emulated(codec, codes, exact, dtype, [other for other in names if other != name]) for name in names}
    kept = {
        f"last {count} blocks and exit": emulated(codec, codes, exact, dtype, names[-1 - count :])
        for count in range(LAST + 1)
    }
    return {"all_db": emulated(codec, codes, exact, dtype), "only_db": only, "kept_in_float32_db": kept}


# -- the kernels ------------------------------------------------------------------------------------------------------


def kernels(codec: Codec, codes: Tensor, exact: np.ndarray, dtype: torch.dtype) -> float:
    """Signal to error in dB, of the kernels on the codec's card; both as 16-bit sound."""
    from qwen_tts.runtime.codec_decoder_triton import TritonDecoder  # where there is no card there may be no triton
    from qwen_tts.runtime.cuda_graphs import CudaGraphs

    decoder = TritonDecoder(codec, 1, dtype, codec.device, CudaGraphs())
    torch.cuda.synchronize()
    with torch.inference_mode(), torch.cuda.stream(torch.cuda.Stream()):  # graphs are not captured on the default one
        decoder.prepare_alone()
        pcm = decoder.decode_alone(codes, None).pcm.cpu().numpy()
    return _db(np.rint(exact * 2**15).clip(-(2**15), 2**15 - 1), pcm.astype(np.float32))


def _db(exact: np.ndarray, heard: np.ndarray) -> float:
    return round(snr_db(exact, heard), 1)


# -- the cases --------------------------------------------------------------------------------------------------------


def measure(codec: Codec, codes: Tensor, dtype: torch.dtype) -> dict[str, object]:
    exact, largest = decode(codec, codes)
    return {
        "rms": round(float(np.sqrt((exact**2).mean())), 3),
        "largest_before_a_snake": round(largest, 1),
        "emulation": emulation(codec, codes, exact, dtype),
        "kernels_db": kernels(codec, codes, exact, dtype) if codec.device.type == "cuda" else None,
    }


def random_case(case: Case, codes: Tensor, options: argparse.Namespace) -> dict[str, object]:
    codec = random_codec(options.tiny, options.seed, torch.device(options.device))
    with torch.inference_mode():
        bend(codec.decoder, case, options.seed)
        codec.decoder.to(options.device)
        set_level(codec, codes)
    return {**asdict(case), **measure(codec, codes, getattr(torch, options.dtype))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--dtype", default="bfloat16", choices=["bfloat16", "float16"])
    parser.add_argument("--frames", type=int, default=125)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--case", default="", choices=["", *(case.name for case in CASES)])
    parser.add_argument("--tiny", action="store_true", help="a small codec, to try this program out")
    parser.add_argument("--checkpoint", type=Path, metavar="DIR", help="of these weights instead, as they are")
    options = parser.parse_args()
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    device = torch.device(options.device)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.processor() or platform.machine()
    print(json.dumps({"device": name, "torch": torch.__version__, "dtype": options.dtype, "frames": options.frames}))
    random = torch.Generator().manual_seed(options.seed)
    codes = torch.randint(0, 2048, (options.frames, 16), generator=random)
    if options.checkpoint is not None:
        codec = load_codec(options.checkpoint, device)
        print(json.dumps({"name": "as it is", **measure(codec, codes, getattr(torch, options.dtype))}), flush=True)
        return
    for case in (one for one in CASES if options.case in ("", one.name)):
        print(json.dumps(random_case(case, codes, options)), flush=True)


if __name__ == "__main__":
    main()
