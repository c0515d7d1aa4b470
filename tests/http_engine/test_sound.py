"""Bodies of sound: whatever their pieces and their header, the same PCM comes out, and never noise."""

import itertools
import struct
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen3tts_daemon.audio import to_wav, wav_header
from qwen3tts_daemon.http_engine.sound import SoundBody
from qwen_tts.api import Audio
from qwen_tts.errors import SynthesisFailed
from tests.fakes import tone

PCM = tone("hello")
RATE = 24_000


def played(pieces: list[bytes], headers: Mapping[str, str] | None = None) -> bytes:
    body = SoundBody(headers or {}, RATE)
    return b"".join([*(body.feed(piece) for piece in pieces), body.finish()])


def chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)


def wav(*chunks: bytes) -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def fmt(tag: int = 1, channels: int = 1, rate: int = RATE, bits: int = 16, more: bytes = b"") -> bytes:
    return chunk(b"fmt ", struct.pack("<HHIIHH", tag, channels, rate, rate * 2, 2, bits) + more)


EXTENSIBLE = fmt(0xFFFE, more=struct.pack("<HHIH", 22, 16, 4, 1) + bytes(14))
BODIES = {
    "raw": PCM,
    "a file": to_wav(Audio(pcm=PCM, sample_rate=RATE)),
    "a stream": wav_header(RATE) + PCM,
    "no length": wav_header(RATE, 0)[:40] + bytes(4) + PCM,
    "notes before": wav(fmt(), chunk(b"LIST", b"INFOabc"), chunk(b"data", PCM)),
    "notes behind": wav(fmt(), chunk(b"data", PCM), chunk(b"LIST", b"not to be heard")),
    "extensible": wav(EXTENSIBLE, chunk(b"data", PCM)),
    "half a sample behind": PCM + b"\x01",
}


@pytest.mark.parametrize("name", BODIES)
@given(cuts=st.lists(st.integers(0, len(PCM) + 60), max_size=12))
def test_however_it_is_cut_it_is_the_same(name: str, cuts: list[int]) -> None:
    body = BODIES[name]
    edges = [0, *sorted(cuts), len(body)]
    assert played([body[start:end] for start, end in itertools.pairwise(edges)]) == PCM


@pytest.mark.parametrize("name", BODIES)
def test_byte_by_byte_too(name: str) -> None:
    assert played([bytes((byte,)) for byte in BODIES[name]]) == PCM


def test_sound_that_begins_like_a_header_is_sound() -> None:
    for start in (b"R", b"RI", b"RIFX", b"RIFF0000LIST", b"I"):
        pcm = start + bytes(40 - len(start))
        assert played([pcm]) == pcm


@pytest.mark.parametrize(
    ("headers", "rate"),
    [
        ({"content-type": "audio/pcm;rate=12000"}, 12_000),
        ({"content-type": 'audio/pcm; codec=s16; rate="48000"'}, 48_000),
        ({"x-sample-rate": " 44100 "}, 44_100),
        ({"content-type": "audio/pcm;rate=24000", "x-sample-rate": "8000"}, 24_000),
        ({"content-type": "audio/pcm;rate=fast", "x-sample-rate": "?"}, 24_000),
    ],
)
def test_the_sample_rate_that_is_told(headers: Mapping[str, str], rate: int) -> None:
    assert len(played([PCM], headers)) == pytest.approx(len(PCM) * RATE / rate, abs=4)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"content-type": "audio/mpeg"}, PCM), ({"content-type": "Application/JSON"}, PCM),
        ({"content-type": "text/event-stream; charset=utf-8"}, PCM), ({"content-type": "audio/L16;rate=24000"}, PCM),
        ({"content-type": "application/problem+json"}, PCM), ({"x-channels": "2"}, PCM),
        ({"x-sample-rate": "1"}, PCM), ({"content-type": "audio/pcm;rate=4000000"}, PCM),
        ({}, b"ID3\x04" + PCM), ({}, b"OggS" + PCM), ({}, b"fLaC" + PCM),
        ({}, wav(fmt(channels=2), chunk(b"data", PCM))), ({}, wav(fmt(tag=3, bits=32), chunk(b"data", PCM))),
        ({}, wav(fmt(bits=8), chunk(b"data", PCM))), ({}, wav(chunk(b"data", PCM))),
        ({}, wav(chunk(b"fmt ", b"short"), chunk(b"data", PCM))), ({}, wav(fmt(rate=1), chunk(b"data", PCM))),
        ({}, wav(fmt(), *[chunk(b"LIST", bytes(1000))] * 100)),
    ],
)  # fmt: skip
def test_what_cannot_be_played_is_an_error(headers: Mapping[str, str], body: bytes) -> None:
    with pytest.raises(SynthesisFailed):
        played([body], headers)
