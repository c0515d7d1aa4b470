"""The chunks of a WAV file as they really are: what its header says counts only where the file agrees.

Recorders write a header before they know how long the sound will be, or put few bits into wide samples and say so in
three ways, or not at all. Standard library only: it runs where a recording from outside is decoded.
"""

import re
import struct
from collections.abc import Iterator
from typing import NamedTuple

PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE

_MAGIC = (b"RIFF", b"RF64", b"BW64")
_UNKNOWN_SIZE = 0xFFFFFFFF
"""Of a stream whose end was not known; in RF64 the size stands in the chunk ds64."""
_NAME = re.compile(rb"[A-Za-z][A-Za-z0-9 _]{3}")
_TRAILER = re.compile(rb"LIST|id3 |ID3 |bext|iXML|cue |smpl|PEAK")
"""What writers put behind the sound."""
_SIGNS = bytes(128) + b"\xff" * 128
"""By a byte: the byte above it, if that holds nothing but the sign."""


class Chunk(NamedTuple):
    """Its body is content[start:end]."""

    name: bytes
    start: int
    end: int


class Format(NamedTuple):
    """What the fmt chunk says, without what it says twice."""

    encoding: int
    channels: int
    sample_rate: int
    block: int
    """Bytes of a sample of every channel"""
    bits: int
    """Of a sample, as most writers mean it"""
    used_bits: int
    """Of them, those that are used: fewer where the extension says so"""

    @property
    def is_consistent(self) -> bool:
        """Whether the samples of every channel have room in a block."""
        return self.channels > 0 and self.block % self.channels == 0 and 0 < self.bits <= self.container_bits

    @property
    def container_bits(self) -> int:
        """Of a sample as it is stored."""
        return 8 * self.block // self.channels


def mended(content: bytes) -> bytes:
    """The same sound with a header that is true, for a reader that believes it; what is no WAV stays as it is."""
    head, sound = (find(content, name) if is_wav(content) else None for name in (b"fmt ", b"data"))
    form = None if head is None else read_format(content, head)
    if head is None or sound is None or form is None:
        return content
    described, data = content[head.start : head.end], content[sound.start : sound.end]
    if form.encoding == PCM and form.is_consistent and form.container_bits in (16, 24, 32):
        data, size = used_bytes(data, form)
        block = size * form.channels
        rate = form.sample_rate
        described = struct.pack("<HHIIHH", PCM, form.channels, rate, rate * block % 2**32, block, 8 * size)
    body = b"WAVE" + _packed(b"fmt ", described) + _packed(b"data", data)
    return _packed(b"RIFF", body)


def _packed(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)


def is_wav(content: bytes) -> bool:
    """Whether it begins like one."""
    return content[:4] in _MAGIC and content[8:12] == b"WAVE"


def chunks(content: bytes) -> Iterator[Chunk]:
    """Every chunk; the sound goes on to the end of the file unless its size leads to the next chunk."""
    position, long_size = 12, 0
    while position + 8 <= len(content):
        name, size = struct.unpack_from("<4sI", content, position)
        start = position + 8
        if name == b"ds64" and start + 16 <= len(content):
            (long_size,) = struct.unpack_from("<Q", content, start + 8)
        if name == b"data":
            size = _true_size(content, start, long_size if long_size and size == _UNKNOWN_SIZE else size)
        yield Chunk(name, start, min(start + size, len(content)))
        position = start + size + size % 2


def is_true(content: bytes) -> bool:
    """Whether every size in it is that of the file: of a WAV that was written to its end and not touched since."""
    if not is_wav(content) or struct.unpack_from("<I", content, 4)[0] not in (len(content) - 8, len(content) - 9):
        return False
    return _leads_to_the_end(content, 12)


def find(content: bytes, name: bytes) -> Chunk | None:
    """The first chunk of this name."""
    return next((chunk for chunk in chunks(content) if chunk.name == name), None)


def _true_size(content: bytes, start: int, claimed: int) -> int:
    end = start + (claimed := min(claimed, len(content) + 2))  # it may be any number of 64 bits
    if end <= len(content) <= end + 1 or _is_chunk(content, end + claimed % 2) or _is_chunk(content, end):
        return claimed
    trailers = (match.start() for match in _TRAILER.finditer(content, start))
    return next((place for place in trailers if _leads_to_the_end(content, place)), len(content)) - start


def _is_chunk(content: bytes, position: int) -> bool:
    """Whether a chunk may begin here, rather than samples go on."""
    if _NAME.match(content, position) is None or position + 8 > len(content):
        return False
    (size,) = struct.unpack_from("<I", content, position + 4)
    return position + 8 + size <= len(content)


def _leads_to_the_end(content: bytes, position: int) -> bool:
    while _is_chunk(content, position):
        (size,) = struct.unpack_from("<I", content, position + 4)
        position += 8 + size + size % 2
    return position in (len(content), len(content) + 1)


def read_format(content: bytes, chunk: Chunk) -> Format | None:
    """None if the chunk breaks off."""
    body = content[chunk.start : chunk.end]
    if len(body) < 16:
        return None
    encoding, channels, sample_rate, _, block, bits = struct.unpack_from("<HHIIHH", body)
    used_bits = bits
    if encoding == EXTENSIBLE and len(body) >= 26:
        used_bits, _, encoding = struct.unpack_from("<HIH", body, 18)
    return Format(encoding, channels, sample_rate, block, bits, min(used_bits or bits, bits))


def used_bytes(data: bytes, form: Format) -> tuple[bytes, int]:
    """Integer samples without upper bytes that hold nothing but the sign, and how many bytes one has then.

    Bits that are not used are the lowest. Who leaves the highest free makes a recording 48 dB too quiet: what says that
    it has fewer bits than its samples take, or has 32 and none of the upper 8, is read as it was meant.
    """
    size, least = form.container_bits // 8, max(2, -(-form.used_bits // 8))
    least = 3 if (size, least) == (4, 4) else least
    data = data[: len(data) - len(data) % size]
    while size > least and _top_is_sign(data, size):
        kept = bytearray(data)
        del kept[size - 1 :: size]
        data, size = bytes(kept), size - 1
    return data, size


def _top_is_sign(data: bytes, size: int) -> bool:
    return data[size - 1 :: size] == data[size - 2 :: size].translate(_SIGNS)
