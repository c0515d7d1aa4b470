"""The body of a spoken answer -> PCM: mono, 16 bits, little-endian, at one sample rate.

Raw PCM may come in bytes of any number. A WAV header is taken off where one is sent although PCM was asked for. What is
neither is an error: played as PCM it would be noise.
"""

import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass

from qwen3tts_daemon.audio import Resampler
from qwen_tts.api import PCM_BYTES
from qwen_tts.audio.bounds import SAMPLE_RATES
from qwen_tts.errors import SynthesisFailed

_NO_PCM = re.compile(
    r"(text|video|image)/|application/(.*json|xml)|audio/(mpeg|mp3|mp4|ogg|opus|aac|flac|webm|basic|l16|x-flac)"
)
_MAGIC = {b"ID3": "MP3", b"OggS": "Ogg", b"fLaC": "FLAC"}
_MOST_HEADER_BYTES = 64 * 1024
_PCM_FORMAT, _EXTENSIBLE_FORMAT = 1, 0xFFFE
_UNKNOWN_LENGTHS = (0, 0x7FFF_FFFF)
"""What headers say of sound whose end was not known; so does everything above the second."""


@dataclass(frozen=True, slots=True)
class _Format:
    sample_rate: int
    """Hz"""
    data_bytes: int | None = None
    """None: until the body ends"""


class SoundBody:
    """The bytes of one answer in, PCM out."""

    def __init__(self, headers: Mapping[str, str], sample_rate: int) -> None:
        """`headers` of the answer; `sample_rate`: what comes out, and what it is if nobody says.

        Raises SynthesisFailed.
        """
        media_type = headers.get("content-type", "").lower()
        if found := _NO_PCM.match(media_type):
            raise _unusable(f"sent {found.string[:60]}, though raw PCM was asked for")
        if headers.get("x-channels", "1").strip() not in ("1", ""):
            raise _unusable(f"sent {headers['x-channels'][:10]} channels")
        self._sample_rate = sample_rate
        self._told_rate = _told_rate(media_type, headers.get("x-sample-rate", "")) or sample_rate
        self._head: bytearray | None = bytearray()
        """What has come while it is open whether there is a header; None once that is known"""
        self._odd = b""
        self._left: int | None = None
        """Bytes of sound still to come, of a file that says how many"""
        self._resampler = Resampler(sample_rate, sample_rate)

    def feed(self, data: bytes) -> bytes:
        """What is complete so far. Raises SynthesisFailed for what cannot be played."""
        if self._head is not None:
            self._head += data
            if (data := self._after_head(bytes(self._head))) == b"" and self._head is not None:
                return b""
        return self._resampler.process(self._whole_samples(data))

    def finish(self) -> bytes:
        """The rest. Half a sample at the end is none."""
        return self._resampler.flush()

    def _after_head(self, head: bytes) -> bytes:
        """What follows the header, or all of it; nothing while that is open."""
        if b"RIFF".startswith(head[:4]) and (len(head) < 12 or head[8:12] == b"WAVE"):
            found = _wav_format(head) if len(head) >= 12 else None
            if found is None:
                if len(head) > _MOST_HEADER_BYTES:
                    raise _unusable("sent a WAV whose header has no end")
                return b""
            format, start = found
        else:
            for magic, name in _MAGIC.items():
                if head.startswith(magic):
                    raise _unusable(f"sent {name}, though raw PCM was asked for")
            format, start = _Format(self._told_rate), 0
        self._begin(format)
        return head[start:]

    def _begin(self, format: _Format) -> None:
        if format.sample_rate not in SAMPLE_RATES:
            raise _unusable(f"sent sound of {format.sample_rate} Hz")
        self._head = None
        self._left = format.data_bytes
        self._resampler = Resampler(format.sample_rate, self._sample_rate)

    def _whole_samples(self, data: bytes) -> bytes:
        if self._left is not None:  # what follows the sound in a file is not heard
            data = data[: self._left]
            self._left -= len(data)
        data = self._odd + data
        whole = len(data) - len(data) % PCM_BYTES
        self._odd = data[whole:]
        return data[:whole]


def _told_rate(media_type: str, header: str) -> int | None:
    """audio/pcm;rate=24000, or X-Sample-Rate: 24000."""
    found = re.search(r";\s*rate=\"?(\d{1,9})", media_type)
    told = found[1] if found else header.strip()
    return int(told) if told.isdecimal() and len(told) < 10 else None


def _wav_format(head: bytes) -> tuple[_Format, int] | None:
    """What the header says and where its sound begins; None while it is not complete."""
    at, sample_rate = 12, None
    while len(head) >= at + 8:
        name, size = struct.unpack_from("<4sI", head, at)
        at += 8
        if name == b"data":
            if sample_rate is None:
                raise _unusable("sent a WAV whose header does not say what is in it")
            is_known = size not in _UNKNOWN_LENGTHS and size < _UNKNOWN_LENGTHS[-1]
            return _Format(sample_rate, size if is_known else None), at
        if name == b"fmt ":
            if len(head) < at + size:
                return None
            sample_rate = _rate_of(head[at : at + size])
        at += size + size % 2
    return None


def _rate_of(chunk: bytes) -> int:
    """Raises SynthesisFailed for what is not mono PCM with 16 bits."""
    if len(chunk) < 16:
        raise _unusable("sent a WAV whose header is broken")
    tag, channels, sample_rate, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
    if tag == _EXTENSIBLE_FORMAT and len(chunk) >= 26:
        (tag,) = struct.unpack_from("<H", chunk, 24)
    if (tag, channels, bits) != (_PCM_FORMAT, 1, 16):
        raise _unusable(f"sent a WAV of {channels} channels, {bits} bits, format {tag}: mono PCM with 16 is needed")
    return int(sample_rate)


def _unusable(what: str) -> SynthesisFailed:
    return SynthesisFailed(f"the speech server {what}")
