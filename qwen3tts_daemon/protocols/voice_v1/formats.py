"""How sound travels in voice.v1: what can be asked for, and what is wrong with what is asked for."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from qwen3tts_daemon.limits import FRAME_MS, OUTPUT_SAMPLE_RATES, within
from qwen3tts_daemon.protocols.strict_json import convert
from qwen_tts.api import Capabilities
from qwen_tts.errors import UnsupportedFormat

SampleEncoding = Literal["pcm_s16le", "mulaw", "alaw"]
MessageFraming = Literal["tagged", "raw"]

ENCODINGS: tuple[SampleEncoding, ...] = ("pcm_s16le", "mulaw", "alaw")
FRAMINGS: tuple[MessageFraming, ...] = ("tagged", "raw")


class SoundFormat(msgspec.Struct, frozen=True, kw_only=True):
    """Samples, and how they are packed into binary messages."""

    encoding: SampleEncoding = "pcm_s16le"
    sample_rate: int = 24_000
    framing: MessageFraming = "tagged"
    frame_ms: Annotated[int, within(FRAME_MS)] = 80

    def changed(self, changes: Mapping[str, Any]) -> "SoundFormat":
        """With a client's changes. Raises UnsupportedFormat or Refusal."""
        fields = {**msgspec.structs.asdict(self), **changes}
        encoding, rate = fields["encoding"], fields["sample_rate"]
        if isinstance(encoding, str) and encoding not in ENCODINGS:
            known = ", ".join(ENCODINGS)
            raise UnsupportedFormat(f"no encoding {encoding[:32]!a}; there are {known}", param="format.encoding")
        if type(rate) is int and rate not in OUTPUT_SAMPLE_RATES:
            known = ", ".join(map(str, OUTPUT_SAMPLE_RATES))
            raise UnsupportedFormat(f"sample rates are {known}", param="format.sample_rate")
        return convert(fields, SoundFormat, "format")


class OfferedFormats(msgspec.Struct, frozen=True, kw_only=True):
    """What can be asked for in `format`."""

    encodings: tuple[SampleEncoding, ...] = ENCODINGS
    sample_rates: tuple[int, ...] = OUTPUT_SAMPLE_RATES
    framings: tuple[MessageFraming, ...] = FRAMINGS
    frame_ms: tuple[int, int] = (int(FRAME_MS.low), int(FRAME_MS.high))


def format_of_engine(capabilities: Capabilities) -> SoundFormat:
    """The default: sound as the engine makes it, as far as it can be asked for so."""
    rate = capabilities.sample_rate
    return SoundFormat(
        sample_rate=rate if rate in OUTPUT_SAMPLE_RATES else SoundFormat().sample_rate,
        frame_ms=int(FRAME_MS.clamp(capabilities.samples_per_frame * 1000 // rate)),
    )
