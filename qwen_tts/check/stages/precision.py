"""Each dtype that the device has: are its values finite, how large do they get, are the codes those of float32?"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from qwen_tts.check.measures.codes import Frames, same_frames
from qwen_tts.check.privacy import told
from qwen_tts.check.report import Precision
from qwen_tts.check.stages.plain import Text, greedy_codes
from qwen_tts.checkpoint.model import load_model
from qwen_tts.errors import SynthesisError, SynthesisFailed

logger = logging.getLogger(__name__)

DTYPES = ("float32", "bfloat16", "float16")


class Watch:
    """The largest magnitude that went into or came out of each module, as a tensor on its device."""

    def __init__(self) -> None:
        self._largest: dict[str, Tensor] = {}
        """In the order in which the modules first ran"""

    def see(self, name: str, tensors: Sequence[Any]) -> None:
        for tensor in tensors:
            if isinstance(tensor, Tensor) and tensor.is_floating_point() and tensor.numel():
                most = tensor.detach().abs().amax().float()
                self._largest[name] = torch.maximum(self._largest[name], most) if name in self._largest else most

    @property
    def outcome(self) -> tuple[str, float | None]:
        """The module with the largest value, and the value; or the first that is not finite, and None."""
        values = {name: float(most) for name, most in self._largest.items()}
        for name, value in values.items():
            if not value < float("inf"):
                return name, None
        name = max(values, key=values.__getitem__)
        return name, values[name]


@contextmanager
def watched(parts: dict[str, nn.Module]) -> Iterator[Watch]:
    """Everything inside `parts`, while they compute."""
    watch, handles = Watch(), []
    for part, module in parts.items():
        for path, child in module.named_modules():
            name = f"{part}.{path}" if path else part
            handles.append(child.register_forward_hook(_hook(watch, name)))
    try:
        yield watch
    finally:
        for handle in handles:
            handle.remove()


def _hook(watch: Watch, name: str) -> Callable[[nn.Module, Any, Any], None]:
    return lambda _, given, result: watch.see(name, (*given, *(result if isinstance(result, tuple) else (result,))))


def precisions(directory: Path, device: torch.device, texts: Sequence[Text], frames: int) -> Iterator[Precision]:
    """One for each of DTYPES, float32 first: what the others are compared with, if it can be tried."""
    exact: list[Frames] = []
    for dtype in DTYPES:
        try:
            codes, watch = _speak(directory, device, getattr(torch, dtype), texts, frames)
        except (SynthesisError, RuntimeError) as error:  # does not fit, or the device has no such numbers
            logger.log(logging.INFO if isinstance(error, SynthesisError) else logging.ERROR, "%s: %s", dtype, error)
            yield Precision(dtype=dtype, missing=told(error, directory).splitlines()[0])
            continue
        if dtype == "float32":
            exact = codes
        where, largest = watch.outcome
        same = sum(same_frames(one, other) for one, other in zip(exact, codes, strict=False))
        yield Precision(
            dtype=dtype, is_finite=largest is not None, largest=largest, where=where, frames=sum(map(len, exact)),
            same_frames=same,
        )  # fmt: skip


def _speak(
    directory: Path, device: torch.device, dtype: torch.dtype, texts: Sequence[Text], frames: int
) -> tuple[list[Frames], Watch]:
    model = load_model(directory, device, dtype)
    codes: list[Frames] = []
    with watched({"talker": model.talker, "code_predictor": model.code_predictor}) as watch:
        for text in texts:
            try:
                codes.append(greedy_codes(model, text, frames))
            except SynthesisFailed:  # its values are not finite: the watch has seen where
                break
    return codes, watch
