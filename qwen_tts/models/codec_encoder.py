"""The codec encoder: samples -> codes, as transformers' MimiModel computes them (Défossez et al., "Moshi", 2024).

```
samples --convolutions, 24 kHz -> 25 Hz--> --transformer--> --downsample--> 12.5 Hz
        --quantizer: one codebook of its own, the others one after the other on the same vectors--> codes
```
transformers takes seconds to import, and only who clones or encodes needs it. So the weights are read without it, under
the names that MimiModel's checkpoints have, and MimiModel is built around them for the first recording, or before that
in the background.
"""

import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from qwen_tts.config.checkpoint import CodecEncoderConfig
from qwen_tts.errors import ModelUnavailable
from qwen_tts.models.mimi_tensors import DOWNSAMPLING, mimi_tensors
from qwen_tts.modules.on_device import on_device

_BLOCK_STEPS = 250
"""At 25 Hz: 10 s go through the convolutions at a time, so that a long recording takes little memory."""
_NO_WINDOW = 2**31 - 1
"""Steps. The release declares a window that its encoder never applies; newer versions of transformers would."""

_SWITCH_S = 0.0005
"""Python's own is ten times that: with it a frame beside the import took 30 ms instead of 3 on one H200."""

_building = threading.Lock()
"""One builds at a time: most of it is an import."""


class CodecEncoder(nn.Module):
    """A recording's codes in the first `codebooks` of the codebooks that the checkpoint has. It computes where the
    recording is; the weights stay where they are."""

    def __init__(self, config: CodecEncoderConfig, codebooks: int) -> None:
        super().__init__()
        self.config, self._codebooks = config, codebooks
        for name, shape in mimi_tensors(config, codebooks):
            self.register_parameter(_parameter(name), nn.Parameter(torch.empty(shape)))
        self._mimi: _Mimi | None = None

    def prepare(self) -> None:
        """Import transformers and build MimiModel, once; any thread may do it, and the first recording waits for it.

        Raises ModelUnavailable without transformers.
        """
        self._built()

    def prepare_in_background(self) -> None:
        """`prepare`, for nobody: who encodes is told if it fails."""

        def run() -> None:
            with suppress(ModelUnavailable):
                self.prepare()

        threading.Thread(target=run, name="codec-encoder", daemon=True).start()

    @property
    def is_built(self) -> bool:
        return self._mimi is not None

    def forward(self, samples: Tensor) -> Tensor:
        """samples [n] at the codec's rate -> codes [frames, codebooks], where a last frame may be begun."""
        return self.quantise(self.listen(samples))

    def listen(self, samples: Tensor) -> Tensor:
        """samples [n] at the codec's rate -> latents [1, hidden, frames]."""
        mimi = self._built()
        with on_device(samples.device, mimi.convolutions, mimi.transformer, mimi.downsample):
            x = self._convolve(samples, mimi.convolutions)
            x = mimi.transformer(x.transpose(1, 2))[0].transpose(1, 2)
            latents: Tensor = mimi.downsample(x)
        return latents

    def quantise(self, latents: Tensor) -> Tensor:
        """latents [1, hidden, frames] -> codes [frames, codebooks]."""
        quantizer = self._built().quantizer
        with on_device(latents.device, quantizer):
            codes: Tensor = quantizer.encode(latents, self._codebooks)[:, 0].T
        return codes

    def _built(self) -> "_Mimi":
        with _building:
            if self._mimi is None:
                weights = {_tensor(name): parameter.data for name, parameter in self.named_parameters()}
                with _giving_way():
                    self._mimi = _build(self.config, self._codebooks, weights)
            return self._mimi

    def _convolve(self, samples: Tensor, convolutions: nn.Module) -> Tensor:
        """[n] -> [1, hidden, n / stride, rounded up], block by block, each behind the sound that it still needs."""
        stride = _stride(self.config)
        block, context = _BLOCK_STEPS * stride, _context_steps(self.config) * stride
        steps = []
        for start in range(0, len(samples), block):
            first = max(0, start - context)
            x = convolutions(samples[None, None, first : start + block])
            steps.append(x[..., (start - first) // stride :])
        return torch.cat(steps, dim=-1)


class _Mimi(NamedTuple):
    """The parts of MimiModel that listen."""

    convolutions: nn.Module
    transformer: nn.Module
    downsample: nn.Module
    quantizer: Any


def _stride(config: CodecEncoderConfig) -> int:
    """Samples of a step of the transformer."""
    stride = 1
    for ratio in config.ratios:
        stride *= ratio
    return stride


def _context_steps(config: CodecEncoderConfig) -> int:
    """Steps before a step that its convolutions may hear."""
    samples, stride = config.kernel_size, 1
    for ratio in reversed(config.ratios):
        samples += (config.residual_kernel_size + 2 * ratio) * stride
        stride *= ratio
    return -(-(samples + config.last_kernel_size * stride) // stride)


def _parameter(tensor: str) -> str:
    """A parameter's own name has no dots."""
    return tensor.replace(".", "/")


def _tensor(parameter: str) -> str:
    return parameter.replace("/", ".")


class _WithoutWeights(TorchFunctionMode):
    """Weights are made without memory; small constants, of which MimiModel has some, are made as ever."""

    def __torch_function__(
        self, function: Any, types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if function in (torch.empty, torch.full, torch.ones, torch.zeros):
            return function(*args, **{**(kwargs or {}), "device": "meta"})
        return function(*args, **(kwargs or {}))


@contextmanager
def _giving_way() -> Iterator[None]:
    """A shorter switch interval: an import keeps the interpreter busy for seconds, and an engine's thread, which wants
    it several times a frame, waits for an interval each time."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_S)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def _build(config: CodecEncoderConfig, codebooks: int, weights: dict[str, Tensor]) -> _Mimi:
    """MimiModel's listening half over `weights`, by their names in its checkpoints."""
    try:
        from transformers import MimiConfig, MimiModel  # seconds
    except ImportError as error:
        raise ModelUnavailable(f"reading a recording needs the package transformers: {error}") from error
    # Our config's aliases are the release's names, and those are MimiConfig's.
    release = config.model_dump(by_alias=True) | {"upsampling_ratios": list(config.ratios), "num_quantizers": codebooks}
    with _WithoutWeights():
        model = MimiModel(
            MimiConfig(
                **release,
                vector_quantization_hidden_dimension=config.codebook_dim,
                sampling_rate=2 * DOWNSAMPLING * _stride(config),  # what counts of these two is their relation
                frame_rate=2,
                upsample_groups=1,
                sliding_window=_NO_WINDOW,
                attn_implementation="sdpa",
            )
        )
    for half in ("decoder", "decoder_transformer", "upsample"):
        if half in dict(model.named_children()):
            delattr(model, half)
    _give(weights, model)
    encoder = model.encoder
    if hasattr(encoder, "encoder_seanet"):  # newer versions of transformers keep what listens in a model of its own
        return _Mimi(encoder.encoder_seanet, encoder.encoder_transformer, encoder.downsample, model.quantizer)
    return _Mimi(encoder, model.encoder_transformer, model.downsample, model.quantizer)


def _give(weights: dict[str, Tensor], model: nn.Module) -> None:
    """The model computes with these very tensors, and its constants are on their device."""
    model.requires_grad_(False).eval()
    names = {name: _checkpoint_name(name) for name in model.state_dict()}
    found = {name: weights[tensor] for name, tensor in names.items() if tensor in weights}
    model.load_state_dict(found, strict=False, assign=True)
    model.to(next(iter(weights.values())).device)


def _checkpoint_name(name: str) -> str:
    """Of a tensor, whichever version of transformers built the model."""
    for nested in ("encoder_transformer.", "downsample."):
        name = name.replace(f"encoder.{nested}", nested)
    return name.replace("encoder.encoder_seanet.", "encoder.")
