"""What several checkpoints can do together."""

from collections.abc import Sequence

from qwen_tts.api import Capabilities
from qwen_tts.config.languages import LANGUAGES
from qwen_tts.errors import BadCheckpoint


def joint_capabilities(parts: Sequence[Capabilities]) -> Capabilities:
    """What one or the other can. Raises BadCheckpoint if their sounds differ."""
    first = parts[0]
    if any((one.sample_rate, one.samples_per_frame) != (first.sample_rate, first.samples_per_frame) for one in parts):
        raise BadCheckpoint("the checkpoints have codecs of different sample rates")
    spoken = {language for one in parts for language in one.languages}
    return Capabilities(
        engine=first.engine, sample_rate=first.sample_rate, samples_per_frame=first.samples_per_frame,
        languages=tuple(language for language in LANGUAGES if language in spoken),
        voice_kinds=tuple(kind for one in parts for kind in one.voice_kinds),
        voices=tuple(voice for one in parts for voice in one.voices),
        instruct_kinds=tuple(kind for one in parts for kind in one.instruct_kinds),
        live_text=first.live_text, rows=first.rows,
        voice_prompts=next((one.voice_prompts for one in parts if one.voice_prompts), ""),
    )  # fmt: skip
