"""A cloned voice beside its recording, by the checkpoint's own speaker encoder."""

import msgspec
import numpy as np
from numpy.typing import NDArray

from qwen_tts.api import Audio
from qwen_tts.checkpoint.prompt_file import read_prompt
from qwen_tts.stream import SpeechEngine

_HIGHER = 1.25
"""Somebody else, where no recording of one is given: the same recording played so many times as fast."""


def somebody_else(reference: Audio) -> Audio:
    """A smaller speaker."""
    return msgspec.structs.replace(reference, sample_rate=round(reference.sample_rate * _HIGHER))


async def embedding(engine: SpeechEngine, audio: Audio, codebook_size: int) -> NDArray[np.float32]:
    """Of 3 s of sound or more. Raises BadReferenceAudio."""
    prompt = await engine.encode_reference(audio, None)
    return np.asarray(read_prompt(prompt.data, codebook_size).speaker_embedding, np.float32)


def cosine(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    return float(one @ other / max(1e-12, float(np.linalg.norm(one) * np.linalg.norm(other))))
