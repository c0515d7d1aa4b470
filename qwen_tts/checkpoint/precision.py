"""Whether a dtype holds the numbers of a checkpoint, and what is said where it does not."""

import logging

import torch

from qwen_tts.config.checkpoint import CheckpointConfig
from qwen_tts.config.expectations import Expectations
from qwen_tts.errors import SynthesisFailed

logger = logging.getLogger(__name__)


def warn_if_too_small(dtype: torch.dtype, config: CheckpointConfig, expectations: Expectations) -> None:
    """One line in the log, where a checkpoint of this size and type is known to overflow `dtype`."""
    name = config.type_name
    if dtype == torch.float16 and not expectations.of_checkpoint(name).float16:
        logger.warning(
            "float16 was asked for, and checkpoints of the kind %s have numbers that it cannot hold: speech may fail "
            "in the middle. Leave dtype unset, or choose float32, or bfloat16 where the card has it.",
            name,
        )


def not_finite(dtype: torch.dtype) -> SynthesisFailed:
    """What ends an utterance whose numbers, computed in `dtype`, were not finite."""
    name = str(dtype).removeprefix("torch.")
    if dtype == torch.float16:
        return SynthesisFailed(
            f"the voice's numbers were not finite in {name}, which is too small for some checkpoints: set dtype to "
            "float32, or to bfloat16 where the card has it"
        )
    other = "the CPU" if dtype == torch.float32 else "dtype float32"
    return SynthesisFailed(
        f"the voice's numbers were not finite in {name}: the checkpoint's files or the card may be damaged. Check the "
        f"files (qwen3tts-daemon models verify), and try {other}"
    )
