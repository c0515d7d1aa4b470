"""Who speaks: a preset of the language, a description, or the voice of a recording."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from qwen_tts.api import Audio, Capabilities, ClonedVoice, DesignedVoice, PresetVoice, Voice, VoicePrompt
from qwen_tts.audio.reference_audio import check_samples, mix
from qwen_tts.audio.samples import to_pcm
from qwen_tts.audio.sound_file import read_sound
from qwen_tts.check.privacy import voice_label


class Recording(NamedTuple):
    """Whose voice is cloned."""

    audio: Audio
    transcript: str | None
    source: str
    """In words that can be sent to anybody"""


DESCRIPTION = "A calm middle-aged woman with a clear, warm voice."


class Speaker(NamedTuple):
    """A voice and what a report calls it."""

    voice: Voice
    label: str


def speakers(capabilities: Capabilities, languages: Sequence[str], prompt: VoicePrompt | None) -> dict[str, Speaker]:
    """By language. A checkpoint that clones speaks with `prompt`."""
    (kind,) = capabilities.voice_kinds
    if kind == "cloned":
        assert prompt is not None
        return dict.fromkeys(languages, Speaker(ClonedVoice(prompt), "cloned"))
    if kind == "designed":
        return dict.fromkeys(languages, Speaker(DesignedVoice(DESCRIPTION), "designed"))
    return {language: _preset(capabilities, language) for language in languages}


def _preset(capabilities: Capabilities, language: str) -> Speaker:
    """One whose own language it is, else the first."""
    voices = capabilities.voices
    name = next((voice.name for voice in voices if voice.languages[:1] == (language,)), voices[0].name)
    return Speaker(PresetVoice(name), voice_label(name))


def read_recording(path: Path) -> Audio:
    """Raises BadReferenceAudio."""
    samples, rate = read_sound(path)
    check_samples(samples, rate)
    return Audio(pcm=to_pcm(mix(samples)), sample_rate=rate)
