"""What ElevenLabs' clients send and expect, over HTTP and over WebSockets: formats of sound, settings, errors.

The names are those of its public client packages. What means nothing here is not read: see docs/elevenlabs.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec

from qwen3tts_daemon.access.headers import ELEVENLABS_KEY
from qwen3tts_daemon.audio import Encoder, Law, open_encoder, open_telephone_encoder
from qwen3tts_daemon.failures import Failure
from qwen3tts_daemon.limits import Speed
from qwen_tts.errors import UnsupportedFormat

PREFIXES: Final = ("", "/elevenlabs")
"""Before /v1: for clients that take no path, and for those that take a base URL."""

_OURS: Final = ("/elevenlabs/", "/v1/text-to-speech/", "/v1/voices", "/v2/voices")
_SHARED: Final = "/v1/models"
"""In this shape for who sends its key; otherwise in OpenAI's."""

TextNormalization = Literal["auto", "on", "off"]

THEIR_NAMES: Final[Mapping[str, str]] = {
    "voice": "voice_id", "language": "language_code", "model": "model_id", "speed": "voice_settings.speed",
}  # fmt: skip
"""How this shape calls our fields."""


class VoiceSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Of what it knows, `speed` means something here."""

    speed: Speed | None = None


# -- formats -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OutputFormat:
    """Such as mp3_44100_128: codec, sample rate, kbit/s."""

    codec: str
    sample_rate: int
    kbit_s: int | None = None

    @property
    def name(self) -> str:
        return "_".join(str(part) for part in (self.codec, self.sample_rate, self.kbit_s) if part is not None)

    def open_encoder(self, source_rate: int) -> Encoder:
        """For one stream. The first of a compressed one imports FFmpeg: in a thread, then."""
        if (law := _LAWS.get(self.codec)) is not None:
            return open_telephone_encoder(law, self.sample_rate, source_rate)
        bit_rate = None if self.kbit_s is None else self.kbit_s * 1_000
        return open_encoder(self.codec, self.sample_rate, source_rate, bit_rate=bit_rate)


_LAWS: Final[Mapping[str, Law]] = {"ulaw": "mulaw", "alaw": "alaw"}
_PLAIN_RATES: Final = (8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)

_OFFERED: Final = (
    *(OutputFormat("mp3", rate, bits) for rate, bits in ((22_050, 32), (24_000, 48))),
    *(OutputFormat("mp3", 44_100, bits) for bits in (32, 64, 96, 128, 192)),
    *(OutputFormat(codec, rate) for codec in ("pcm", "wav") for rate in _PLAIN_RATES),
    *(OutputFormat(codec, 8_000) for codec in _LAWS),
    *(OutputFormat("opus", 48_000, bits) for bits in (32, 64, 96, 128, 192)),
)
OUTPUT_FORMATS: Final[Mapping[str, OutputFormat]] = {format.name: format for format in _OFFERED}
DEFAULT_OUTPUT_FORMAT: Final = "mp3_44100_128"


def output_format(name: str) -> OutputFormat:
    """Raises UnsupportedFormat."""
    if (format := OUTPUT_FORMATS.get(name)) is None:
        known = ", ".join(OUTPUT_FORMATS)
        raise UnsupportedFormat(f"no format {name[:32]!a}; there are {known}", param="output_format")
    return format


def is_normalized(wanted: TextNormalization | None) -> bool | None:
    """As our orders say it; None: as the voice or the settings say."""
    return {"on": True, "off": False}.get(wanted or "auto")


# -- errors and answers --------------------------------------------------------------------------------------------


def is_asked(path: str, header_names: frozenset[str]) -> bool:
    """Whether a request expects this shape. `path` is without what a proxy has put before it."""
    return path.startswith(_OURS) or (path == _SHARED and ELEVENLABS_KEY in header_names)


def with_detail(failure: Failure, request_id: str) -> dict[str, Any]:
    """The envelope of every door, and beside it what its clients read."""
    envelope = failure.envelope(request_id)
    return {**envelope, "detail": {**envelope["error"], "status": failure.code}}
