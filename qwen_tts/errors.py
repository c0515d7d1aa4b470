"""What can go wrong between a request and its sound.

```
SynthesisError
├── InvalidRequest            the caller must change the request; `param` names the field
│   ├── TextEmpty
│   ├── TextTooLong
│   ├── UnknownVoice
│   ├── UnknownLanguage
│   ├── UnsupportedLanguage
│   ├── UnsupportedFormat
│   └── BadReferenceAudio
├── EngineBusy                no room now: try again
├── ModelUnavailable          no engine to ask: crashed, not installed, not loaded
│   ├── ModelLoading
│   ├── OutOfMemory
│   ├── BadCheckpoint         a file of the checkpoint is missing, broken or contradicts another
│   └── EngineFailed          it can do nothing any more: start another
└── SynthesisFailed           the engine gave up in the middle
    └── NoEndOfSpeech
```

`code` is stable: it goes on every wire, into log lines and metric labels.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class OtherVoice:
    """Who could speak what another voice cannot, and in which language."""

    voice: str
    language: str


class SynthesisError(Exception):
    """Base of everything an engine raises on purpose; the message is meant for the caller."""

    code: ClassVar[str] = "generation_failed"

    def __init__(self, message: str, *, param: str | None = None, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.param = param
        self.retry_after_s = retry_after_s

    @property
    def message(self) -> str:
        return str(self)


class InvalidRequest(SynthesisError):
    """A field of the request is wrong; `param` names it."""

    code = "bad_field"


class TextEmpty(InvalidRequest):
    """Nothing in the text can be spoken."""

    code = "text_empty"


class TextTooLong(InvalidRequest):
    """More text than one request may have, or than fits beside its voice."""

    code = "text_too_long"


class UnknownVoice(InvalidRequest):
    """No voice has this name."""

    code = "unknown_voice"


class UnknownLanguage(InvalidRequest):
    """Not a language this project knows."""

    code = "unknown_language"


class UnsupportedLanguage(InvalidRequest):
    """A known language that this voice cannot speak; `instead` could, where somebody knows one."""

    code = "unsupported_language"

    def __init__(
        self, message: str, *, param: str | None = None, retry_after_s: float | None = None,
        instead: OtherVoice | None = None,
    ) -> None:  # fmt: skip
        super().__init__(message, param=param, retry_after_s=retry_after_s)
        self.instead = instead


class UnsupportedFormat(InvalidRequest):
    """No such encoding or sample rate, or its library is missing."""

    code = "unsupported_format"


class BadReferenceAudio(InvalidRequest):
    """The reference audio cannot be decoded, is too short or too long, or is silent."""

    code = "bad_audio"


class EngineBusy(SynthesisError):
    """There is no room now: in the queue, in the cache, or for more text beside frames."""

    code = "queue_full"


class ModelUnavailable(SynthesisError):
    """There is no engine to ask: it crashed, is missing, or failed to load."""

    code = "model_unavailable"


class ModelLoading(ModelUnavailable):
    """The engine is still loading and the caller did not want to wait."""

    code = "model_loading"


class OutOfMemory(ModelUnavailable):
    """The weights or the cache do not fit."""

    code = "out_of_memory"


class BadCheckpoint(ModelUnavailable):
    """A checkpoint that cannot be loaded: the message names the file and the field or tensor."""


class EngineFailed(ModelUnavailable):
    """The engine can do nothing any more, ever; whoever hosts it starts another in a process of its own."""


class SynthesisFailed(SynthesisError):
    """The engine gave up in the middle of an utterance."""


class NoEndOfSpeech(SynthesisFailed):
    """The model did not stop by itself within the limit that the text allows."""

    code = "no_end_of_speech"


def is_lack_of_memory(error: Exception) -> bool:
    """Python's own word for it, or what the libraries say that compute."""
    return isinstance(error, MemoryError) or "allocate memory" in str(error)


def _tree(root: type[SynthesisError]) -> Iterator[type[SynthesisError]]:
    for child in root.__subclasses__():
        yield from _tree(child)
    yield root


def from_code(
    code: str, message: str, *, param: str | None = None, retry_after_s: float | None = None
) -> SynthesisError:
    """The error that `code` names, as it was before it crossed a process border."""
    # A class that shares the code of its base comes back as its base, and what an engine could not name failed in the
    # middle: SynthesisFailed.
    by_code = {cls.code: cls for cls in _tree(SynthesisError) if cls is not SynthesisError}
    return by_code.get(code, SynthesisFailed)(message, param=param, retry_after_s=retry_after_s)
