"""What a checkpoint can do, read from its config files. No torch."""

from typing import Literal, NamedTuple

from qwen_tts.api import Capabilities, VoiceInfo
from qwen_tts.checkpoint.prompt_file import prompt_family
from qwen_tts.config.checkpoint import CheckpointConfig, CodecConfig
from qwen_tts.config.languages import LANGUAGES


class _Speaker(NamedTuple):
    language: str
    gender: Literal["female", "male"]
    description: str


_RELEASED = {
    "vivian": _Speaker("zh", "female", "Vivian, a bright young woman with some edge"),
    "serena": _Speaker("zh", "female", "Serena, a warm, gentle young woman"),
    "uncle_fu": _Speaker("zh", "male", "Uncle Fu, an experienced man, low and mellow"),
    "dylan": _Speaker("zh", "male", "Dylan, a young man from Beijing, clear and natural"),
    "eric": _Speaker("zh", "male", "Eric, a lively man from Chengdu, slightly husky"),
    "ryan": _Speaker("en", "male", "Ryan, a dynamic man with a strong rhythm"),
    "aiden": _Speaker("en", "male", "Aiden, a sunny American man with a clear middle"),
    "ono_anna": _Speaker("ja", "female", "Ono Anna, a playful Japanese woman, light and nimble"),
    "sohee": _Speaker("ko", "female", "Sohee, a warm Korean woman, full of feeling"),
}
"""The release's speakers, the default first. A fine-tune has others."""


def checkpoint_capabilities(
    config: CheckpointConfig, codec: CodecConfig, *, rows: int, live_text: Literal["words", "sentences"]
) -> Capabilities:
    """Of an engine that runs this checkpoint with `rows` rows."""
    languages = tuple(one.code for one in LANGUAGES.values() if one.release_name in config.talker.languages)
    clones = config.voice_kind == "cloned"
    order = [name for name in _RELEASED if name in config.talker.speakers]
    order += [name for name in config.talker.speakers if name not in _RELEASED]
    return Capabilities(
        engine="qwen3-tts",
        sample_rate=codec.output_sample_rate,
        samples_per_frame=codec.samples_per_frame,
        languages=languages,
        voice_kinds=(config.voice_kind,),
        voices=tuple(_voice(name, languages) for name in order),
        live_text=live_text,
        rows=rows,
        voice_prompts=prompt_family(config.talker.hidden_size, config.talker.codebooks) if clones else "",
        instruct_kinds=(config.voice_kind,) if config.takes_instruct else (),
    )


def _voice(name: str, languages: tuple[str, ...]) -> VoiceInfo:
    speaker = _RELEASED.get(name)
    if speaker is None:
        return VoiceInfo(name=name, languages=languages)
    own_first = sorted(languages, key=lambda language: language != speaker.language)
    return VoiceInfo(name=name, languages=tuple(own_first), gender=speaker.gender, description=speaker.description)
