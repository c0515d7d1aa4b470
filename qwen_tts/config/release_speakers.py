"""The speakers of the official checkpoints, in words of our own. A fine-tune has others."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from qwen_tts.config.languages import LanguageCode


class ReleaseSpeaker(NamedTuple):
    """What the model card says of a speaker."""

    language: LanguageCode
    """Their own; they speak all"""
    gender: Literal["female", "male"]
    title: str
    description: str


RELEASE_SPEAKERS: Mapping[str, ReleaseSpeaker] = {
    "vivian": ReleaseSpeaker("zh", "female", "Vivian", "a bright young woman with some edge"),
    "serena": ReleaseSpeaker("zh", "female", "Serena", "a warm, gentle young woman"),
    "uncle_fu": ReleaseSpeaker("zh", "male", "Uncle Fu", "an experienced man, low and mellow"),
    "dylan": ReleaseSpeaker("zh", "male", "Dylan", "a young man from Beijing, clear and natural"),
    "eric": ReleaseSpeaker("zh", "male", "Eric", "a lively man from Chengdu, slightly husky"),
    "ryan": ReleaseSpeaker("en", "male", "Ryan", "a dynamic man with a strong rhythm"),
    "aiden": ReleaseSpeaker("en", "male", "Aiden", "a sunny American man with a clear middle"),
    "ono_anna": ReleaseSpeaker("ja", "female", "Ono Anna", "a playful Japanese woman, light and nimble"),
    "sohee": ReleaseSpeaker("ko", "female", "Sohee", "a warm Korean woman, full of feeling"),
}
"""By the name that a checkpoint gives them, the default first."""
