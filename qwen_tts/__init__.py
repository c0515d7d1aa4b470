"""Text in, audio chunks out: the Qwen3-TTS model family and the seam every engine stands behind.

Importing this package does not import torch; the first use of `Synthesizer` does.

stream > api > errors, limits   the seam: what comes back, what is asked, what goes wrong, and how much may be asked
toml, json_decoding   TOML for people; JSON that somebody else wrote
convert_prompt        the command for prompts of the official package
cores                 what there is to compute on, where there is no card
safeguards            no pickles, no core dumps, no new privileges
namesake              PyPI's qwen-tts, which has our name: the two are not mixed
check/ > bench/ > hosting/, offline/ > engine/ > runtime/ > checkpoint/ > models/ > modules/, kernels/ > audio/ >
text/ > config/
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from qwen_tts.namesake import check_namesake

check_namesake()

from qwen_tts.api import (
    AUTO,
    Audio,
    AudioChunk,
    Capabilities,
    ClonedVoice,
    CodePredictorSampling,
    DesignedVoice,
    Limits,
    PresetVoice,
    Sampling,
    StreamEnd,
    SynthesisRequest,
    Voice,
    VoiceInfo,
    VoicePrompt,
)
from qwen_tts.errors import (
    BadCheckpoint,
    BadReferenceAudio,
    EngineBusy,
    InvalidRequest,
    ModelLoading,
    ModelUnavailable,
    NoEndOfSpeech,
    OutOfMemory,
    SynthesisError,
    SynthesisFailed,
    TextEmpty,
    TextTooLong,
    UnknownLanguage,
    UnknownVoice,
    UnsupportedFormat,
    UnsupportedLanguage,
)
from qwen_tts.limits import MAX_TEXT_CHARS
from qwen_tts.stream import WINDOW_FRAMES, AudioStream, SpeechEngine, StreamSource

if TYPE_CHECKING:
    from qwen_tts.config.engine import EngineConfig
    from qwen_tts.engine.engine import Engine
    from qwen_tts.offline.synthesizer import Synthesizer

__all__ = [
    "AUTO",
    "MAX_TEXT_CHARS",
    "WINDOW_FRAMES",
    "Audio",
    "AudioChunk",
    "AudioStream",
    "BadCheckpoint",
    "BadReferenceAudio",
    "Capabilities",
    "ClonedVoice",
    "CodePredictorSampling",
    "DesignedVoice",
    "Engine",
    "EngineBusy",
    "EngineConfig",
    "InvalidRequest",
    "Limits",
    "ModelLoading",
    "ModelUnavailable",
    "NoEndOfSpeech",
    "OutOfMemory",
    "PresetVoice",
    "Sampling",
    "SpeechEngine",
    "StreamEnd",
    "StreamSource",
    "SynthesisError",
    "SynthesisFailed",
    "SynthesisRequest",
    "Synthesizer",
    "TextEmpty",
    "TextTooLong",
    "UnknownLanguage",
    "UnknownVoice",
    "UnsupportedFormat",
    "UnsupportedLanguage",
    "Voice",
    "VoiceInfo",
    "VoicePrompt",
]

_LAZY = {
    "Engine": "qwen_tts.engine.engine",
    "EngineConfig": "qwen_tts.config.engine",
    "Synthesizer": "qwen_tts.offline.synthesizer",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
