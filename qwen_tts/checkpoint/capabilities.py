"""What a checkpoint can do, read from its config files. No torch."""

from typing import Literal

from qwen_tts.api import Capabilities, VoiceInfo
from qwen_tts.checkpoint.prompt_file import prompt_family
from qwen_tts.config.checkpoint import CheckpointConfig, CodecConfig
from qwen_tts.config.languages import LANGUAGES
from qwen_tts.config.release_speakers import RELEASE_SPEAKERS

_PLACES = {name: place for place, name in enumerate(RELEASE_SPEAKERS)}
"""The release's speakers come first, in its order; then a fine-tune's as it names them."""


def checkpoint_capabilities(
    config: CheckpointConfig, codec: CodecConfig, *, rows: int, live_text: Literal["words", "sentences"]
) -> Capabilities:
    """Of an engine that runs this checkpoint with `rows` rows."""
    languages = tuple(one.code for one in LANGUAGES.values() if one.release_name in config.talker.languages)
    clones = config.voice_kind == "cloned"
    order = sorted(config.talker.speakers, key=lambda name: _PLACES.get(name.lower(), len(_PLACES)))
    return Capabilities(
        engine="qwen3-tts",
        sample_rate=codec.output_sample_rate,
        samples_per_frame=codec.samples_per_frame,
        languages=languages,
        voice_kinds=(config.voice_kind,),
        voices=tuple(voice_info(name, languages) for name in order),
        live_text=live_text,
        rows=rows,
        voice_prompts=prompt_family(config.talker.hidden_size, config.talker.codebooks) if clones else "",
        instruct_kinds=(config.voice_kind,) if config.takes_instruct else (),
    )


def voice_info(name: str, languages: tuple[str, ...]) -> VoiceInfo:
    """Of a speaker of a checkpoint that speaks these languages; of a fine-tune's only the name is known."""
    speaker = RELEASE_SPEAKERS.get(name.lower())
    if speaker is None:
        return VoiceInfo(name=name, languages=languages)
    own_first = tuple(sorted(languages, key=lambda language: language != speaker.language))
    description = f"{speaker.title}, {speaker.description}"
    return VoiceInfo(name=name, languages=own_first, gender=speaker.gender, description=description)
