"""The sound that was played beside what the same codes sound like in float32."""

import statistics
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from qwen_tts.check.measures.sound import snr_db
from qwen_tts.check.report import CodecFidelity
from qwen_tts.check.stages.speaking import Part
from qwen_tts.check.stages.takes import sound_of
from qwen_tts.checkpoint.codec import Codec

FRAMES = 50
"""Of an utterance: 4 s"""


class Sample(NamedTuple):
    """A part to compare, and what the codec had heard before it: the codes of a reference."""

    part: Part
    reference: Tensor | None
    """[frames, codebooks]"""


def codec_fidelity(codec: Codec, samples: Sequence[Sample]) -> CodecFidelity | None:
    """`codec` is plain PyTorch, in float32. None: there is nothing to compare."""
    if not samples:
        return None
    ratios, frames = [], 0
    for part, reference in samples:
        count = min(FRAMES, len(part.codes))
        codes = torch.from_numpy(np.stack(part.codes[:count]).astype(np.int64))
        ratios.append(snr_db(_decode(codec, codes, reference), sound_of(part.pcm[:count])))
        frames += count
    rate = codec.config.output_sample_rate / codec.config.samples_per_frame
    return CodecFidelity(
        utterances=len(ratios), seconds=frames / rate, least_snr_db=min(ratios), median_snr_db=statistics.median(ratios)
    )


def _decode(codec: Codec, codes: Tensor, reference: Tensor | None) -> np.ndarray:
    both = codes if reference is None else torch.cat((reference, codes))
    with torch.backends.cudnn.flags(allow_tf32=False):
        samples = codec.decode(both)
    return np.clip(samples[-len(codes) * codec.config.samples_per_frame :], -1, 1)
