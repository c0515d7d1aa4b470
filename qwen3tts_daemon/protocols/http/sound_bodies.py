"""How sound travels in the body of an answer: alone, among events, or in an object."""

import base64
from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from qwen3tts_daemon.audio import AUDIO_FORMATS, Encoder
from qwen3tts_daemon.failures import Refusal, describe
from qwen3tts_daemon.protocols.http.openapi import sound_of
from qwen3tts_daemon.protocols.http.word_lists import TimedWord, timed_words
from qwen3tts_daemon.speech.utterance import Utterance
from qwen3tts_daemon.speech.word_times import WordsTold


class Framing(Protocol):
    """How sound travels in the body."""

    media_type: str

    def sound(self, pcm: bytes) -> bytes: ...
    def words(self, told: WordsTold) -> bytes:
        """When some are heard, if that was asked for."""

    def end(self, utterance: Utterance) -> bytes: ...
    def error(self, error: Exception, request_id: str) -> bytes | None:
        """None if the body cannot tell of it."""


class AudioBody:
    """The bytes of the format, nothing else."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.media_type = encoder.media_type

    def sound(self, pcm: bytes) -> bytes:
        return self._encoder.encode(pcm)

    def words(self, told: WordsTold) -> bytes:
        return b""

    def end(self, utterance: Utterance) -> bytes:
        return self._encoder.finish()

    def error(self, error: Exception, request_id: str) -> None:
        return None


class EventsBody:
    """Server-sent events, as OpenAI names them."""

    media_type = "text/event-stream"

    def __init__(self, encoder: Encoder, samples_per_frame: int) -> None:
        self._encoder = encoder
        self._samples_per_frame = samples_per_frame

    def sound(self, pcm: bytes) -> bytes:
        return self._delta(self._encoder.encode(pcm))

    def words(self, told: WordsTold) -> bytes:
        words = timed_words(told)
        event = {"type": "speech.audio.words", "segment": told.segment, "estimated": told.is_estimated, "words": words}
        return _event(event)

    def end(self, utterance: Utterance) -> bytes:
        chars = utterance.measures.chars
        frames = utterance.measures.samples // self._samples_per_frame
        usage = {"input_tokens": chars, "output_tokens": frames, "total_tokens": chars + frames}
        reason = "limit" if utterance.end == "limit" else "complete"
        done = _event({"type": "speech.audio.done", "reason": reason, "usage": usage})
        return self._delta(self._encoder.finish()) + done

    def error(self, error: Exception, request_id: str) -> bytes:
        return _event({"type": "error", **describe(error).envelope(request_id)})

    def _delta(self, sound: bytes) -> bytes:
        if not sound:
            return b""
        return _event({"type": "speech.audio.delta", "audio": base64.b64encode(sound).decode()})


class JsonBody:
    """One object: the sound as base64, and behind it what is said of it. It is written while the sound is made."""

    media_type = "application/json"

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._held = b""
        """Sound that fills no group of base64 yet"""
        self._words: list[TimedWord] = []
        self._is_estimated = False
        self._has_begun = False

    def sound(self, pcm: bytes) -> bytes:
        return self._written(self._encoder.encode(pcm), is_last=False)

    def words(self, told: WordsTold) -> bytes:
        self._words += timed_words(told)
        self._is_estimated |= told.is_estimated
        return b""

    def end(self, utterance: Utterance) -> bytes:
        said: dict[str, Any] = {
            "end": utterance.end, "voice": utterance.voice, "model": utterance.model,
            "audio_s": round(utterance.measures.audio_s, 4),
        }  # fmt: skip
        if utterance.order.word_times:
            said |= {"words": self._words, "estimated": self._is_estimated}
        return self._written(self._encoder.finish(), is_last=True) + b'",' + msgspec.json.encode(said)[1:]

    def error(self, error: Exception, request_id: str) -> None:
        return None

    def _written(self, sound: bytes, *, is_last: bool) -> bytes:
        data = self._held + sound
        whole = len(data) if is_last else len(data) - len(data) % 3
        self._held = data[whole:]
        begin = (
            b""
            if self._has_begun
            else b'{"media_type":' + msgspec.json.encode(self._encoder.media_type) + b',"audio":"'
        )
        self._has_begun = True
        return begin + base64.b64encode(data[:whole])


SOUND_OR_EVENTS = sound_of(*AUDIO_FORMATS)
SOUND_OR_EVENTS[200]["content"] |= {EventsBody.media_type: {}, JsonBody.media_type: {}}
"""For `responses` of a route that takes `stream_format`."""


def framing_of(stream_format: str | None, sound: Encoder, samples_per_frame: int, *, words: bool) -> Framing:
    """As a request wants it; `words`: with their times. Raises Refusal."""
    match stream_format:
        case "sse":
            return EventsBody(sound, samples_per_frame)
        case "json":
            return JsonBody(sound)
    if words:
        reason = "words: sound alone has no place for them; ask for the stream_format sse or json, or for a clip"
        raise Refusal("bad_field", reason, param="words")
    return AudioBody(sound)


def _event(fields: Mapping[str, Any]) -> bytes:
    return b"data: " + msgspec.json.encode(fields) + b"\n\n"
