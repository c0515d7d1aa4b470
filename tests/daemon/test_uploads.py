"""Laws of uploads: what people record comes back as it sounded, anything else is refused, and no child outlives it."""

import asyncio
import functools
import io
import math
import os
import random
import re
import socket
import struct
import subprocess
import sys
import wave
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream

from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.uploads import child as upload_child
from qwen3tts_daemon.uploads import child_process, system_calls
from qwen3tts_daemon.uploads.child_process import UploadLimits
from qwen3tts_daemon.uploads.reader import decode_upload
from qwen_tts.api import Audio
from qwen_tts.errors import BadReferenceAudio
from tests.patience import PATIENCE_S

PITCH = 440.0
LEVEL = 8_000
SECONDS = 1.0
LIMITS = UploadLimits(timeout_s=PATIENCE_S)


@dataclass(frozen=True)
class Recipe:
    container: str
    codec: str
    slack: int = 0
    """Samples that a decoder cannot know to cut away"""
    rate: int | None = None
    """The rate that every recording is decoded at; else its own"""
    is_live: bool = False
    """Written as a recorder does that cannot go back: no duration, no index"""
    container_options: Mapping[str, str] = field(default_factory=dict)
    codec_options: Mapping[str, str] = field(default_factory=dict)


RECIPES = {
    "wav-8": Recipe("wav", "pcm_u8"),
    "wav-16": Recipe("wav", "pcm_s16le"),
    "wav-24": Recipe("wav", "pcm_s24le"),
    "wav-32": Recipe("wav", "pcm_s32le"),
    "wav-float": Recipe("wav", "pcm_f32le"),
    "flac": Recipe("flac", "flac"),
    "mp3": Recipe("mp3", "libmp3lame", slack=1_152),
    "m4a": Recipe("ipod", "aac", slack=1_024),
    "safari-mp4": Recipe("mp4", "aac", 2_048, None, True, {"movflags": "frag_keyframe+empty_moov"}),
    "ogg-opus": Recipe("ogg", "libopus", rate=48_000, slack=960),
    "ogg-vorbis": Recipe("ogg", "vorbis", slack=1_024, codec_options={"strict": "experimental"}),
    "webm": Recipe("webm", "libopus", rate=48_000, slack=960),
    "chrome-webm": Recipe("webm", "libopus", 960, 48_000, True, {"live": "1"}),
}
SOUNDS = ((8_000, "mono"), (22_050, "stereo"), (44_100, "mono"), (48_000, "stereo"))


class Sink:
    """A file that cannot seek."""

    def __init__(self) -> None:
        self.written = bytearray()

    def write(self, data: bytes) -> int:
        self.written += data
        return len(data)


@functools.cache
def recording(name: str, rate: int = 48_000, layout: str = "mono", seconds: float = SECONDS) -> bytes:
    return record(RECIPES[name], rate, layout, tone(rate, seconds))


def tone(rate: int, seconds: float) -> np.ndarray:
    return (LEVEL * np.sin(2 * math.pi * PITCH / rate * np.arange(round(seconds * rate)))).astype("<i2")


SOUND = tone(48_000, 0.5)


def record(recipe: Recipe, rate: int, layout: str, samples: np.ndarray) -> bytes:
    file = Sink() if recipe.is_live else io.BytesIO()
    with av.open(file, "w", format=recipe.container, container_options=dict(recipe.container_options)) as container:
        if "opus" in recipe.codec and rate not in (8_000, 48_000):
            rate, samples = 48_000, tone(48_000, len(samples) / rate)
        stream = container.add_stream(recipe.codec, rate=rate, layout=layout, options=dict(recipe.codec_options))
        assert isinstance(stream, AudioStream)
        fill(container, stream, samples)
    return bytes(file.written) if isinstance(file, Sink) else file.getvalue()


def fill(container: OutputContainer, stream: AudioStream, samples: np.ndarray) -> None:
    """The same samples in every channel."""
    channels = stream.layout.nb_channels
    to_codec = av.AudioResampler(stream.format.name, stream.layout.name, stream.rate)
    for start in range(0, len(samples), stream.rate):
        second = np.repeat(samples[start : start + stream.rate, None], channels, axis=1)
        frame = av.AudioFrame.from_ndarray(second.reshape(1, -1), format="s16", layout=stream.layout.name)
        frame.sample_rate, frame.pts, frame.time_base = stream.rate, start, Fraction(1, stream.rate)
        for part in to_codec.resample(frame):
            container.mux(stream.encode(part))
    for part in to_codec.resample(None):
        container.mux(stream.encode(part))
    container.mux(stream.encode(None))


def film(samples: np.ndarray | None) -> bytes:
    """Pictures, subtitles and, if there are `samples` (48 kHz), sound."""
    file = io.BytesIO()
    srt = io.BytesIO(b"1\n00:00:00,000 --> 00:00:01,000\nHello.\n")
    with av.open(file, "w", format="matroska") as container, av.open(srt, "r", format="srt") as subtitles:
        pictures = container.add_stream("libvpx", rate=10)
        assert isinstance(pictures, VideoStream)
        pictures.width = pictures.height = 64
        pictures.pix_fmt = "yuv420p"
        text = container.add_stream_from_template(subtitles.streams.subtitles[0])
        sound = None if samples is None else container.add_stream("libopus", rate=48_000, layout="stereo")
        for packet in subtitles.demux():
            packet.stream = text
            if packet.dts is not None:
                container.mux(packet)
        for number in range(10):
            frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 20 * number, np.uint8), format="rgb24")
            frame.pts = number
            container.mux(pictures.encode(frame))
        container.mux(pictures.encode(None))
        if samples is not None:
            assert isinstance(sound, AudioStream)
            fill(container, sound, samples)
    return file.getvalue()


def wav(samples: np.ndarray, rate: int) -> bytes:
    """`samples` is [n, channels]."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(samples.shape[1])
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(samples.astype("<i2").tobytes())
    return file.getvalue()


def heard(audio: Audio) -> np.ndarray:
    return np.frombuffer(audio.pcm, "<i2").astype(float)


def assert_is_the_tone(audio: Audio, level: float = LEVEL) -> None:
    sound = heard(audio)
    middle = sound[len(sound) // 4 : -len(sound) // 4]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle)), 8 * len(middle)))
    assert abs(np.argmax(spectrum) * audio.sample_rate / (8 * len(middle)) - PITCH) < 1
    assert np.std(middle) == pytest.approx(level / math.sqrt(2), rel=0.06)


def alive(pid: int) -> bool:
    """True for a zombie too: nobody has waited for it."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@dataclass
class Children:
    pids: list[int] = field(default_factory=list)
    at_once: int = 0

    @property
    def left(self) -> list[int]:
        return [pid for pid in self.pids if alive(pid)]


@pytest.fixture(autouse=True)
def children(monkeypatch: pytest.MonkeyPatch) -> Iterator[Children]:
    """Every process that a test starts; none may be left, however it ended."""
    children = Children()

    class Recorded(subprocess.Popen[bytes]):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            children.pids.append(self.pid)
            children.at_once = max(children.at_once, len(children.left))

    monkeypatch.setattr(subprocess, "Popen", Recorded)
    yield children
    assert not children.left


@pytest.mark.parametrize("name", RECIPES)
async def test_a_recording_comes_back_as_it_sounded(name: str) -> None:
    recipe = RECIPES[name]
    some = SOUNDS[:2] if recipe.container == "wav" else SOUNDS
    sounds = [(rate, "stereo" if recipe.codec == "vorbis" else layout) for rate, layout in some]
    audios = await asyncio.gather(*[decode_upload(recording(name, *sound)) for sound in sounds])
    for (rate, _), audio in zip(sounds, audios, strict=True):
        assert audio.sample_rate == (recipe.rate or rate)
        assert abs(len(heard(audio)) - SECONDS * audio.sample_rate) <= recipe.slack
        assert_is_the_tone(audio)


async def test_channels_are_mixed_not_dropped() -> None:
    silent = np.zeros(16_000)
    left, right = (np.stack(pair, 1) for pair in ((tone(16_000, 1), silent), (silent, tone(16_000, 1))))
    for audio in await asyncio.gather(decode_upload(wav(left, 16_000)), decode_upload(wav(right, 16_000))):
        assert_is_the_tone(audio, LEVEL / 2)


@pytest.mark.parametrize("rate", [8_000, 96_000, 384_000])
async def test_a_rate_above_48_khz_comes_down_to_it(rate: int) -> None:
    audio = await decode_upload(wav(tone(rate, 0.5)[:, None], rate))
    assert audio.sample_rate == min(rate, 48_000)
    assert len(heard(audio)) == 0.5 * audio.sample_rate
    assert_is_the_tone(audio)


async def test_the_sound_of_a_film_is_taken() -> None:
    audio = await decode_upload(film(SOUND))
    assert audio.duration_s == pytest.approx(len(SOUND) / 48_000, abs=0.02)
    assert_is_the_tone(audio)


async def refused(data: bytes, reason: str, limits: UploadLimits = LIMITS) -> None:
    with pytest.raises(BadReferenceAudio, match=reason) as caught:
        await decode_upload(data, limits, param="audio")
    assert caught.value.param == "audio"


NO_RECORDING = "no recording that can be read"


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        pytest.param(lambda: b"", "is empty", id="nothing"),
        pytest.param(lambda: b"Dear voice, please read this.\n" * 100, NO_RECORDING, id="text"),
        pytest.param(lambda: random.Random(1).randbytes(50_000), ".", id="noise"),
        pytest.param(lambda: wav(np.zeros((0, 1)), 16_000), "no sound in", id="no-samples"),
        pytest.param(lambda: film(None), "no sound in this file", id="silent-film"),
        pytest.param(lambda: wav(np.zeros((1_000, 50)), 16_000), "50 channels, at most 8", id="50-channels"),
        pytest.param(lambda: wav(np.zeros((1_000, 1)), 7_999), "7999 Hz; it must be within 8000..384000", id="slow"),
        pytest.param(lambda: wav(np.zeros((1_000, 1)), 384_001), "sample rate of 384001 Hz", id="fast"),
        pytest.param(lambda: record(Recipe("avi", "pcm_s16le"), 16_000, "mono", SOUND), NO_RECORDING, id="avi"),
        pytest.param(lambda: record(Recipe("mov", "ac3"), 48_000, "mono", SOUND), "coded in a way", id="ac3"),
    ],
)  # fmt: skip
async def test_what_is_no_recording_is_refused(make: Any, reason: str) -> None:
    await refused(make(), reason)


# -- what a header says, and what is there ---------------------------------------------------------------------

PCM, FLOAT, A_LAW, EXTENSIBLE = 1, 3, 6, 0xFFFE
GUID_TAIL = bytes.fromhex("000000001000800000aa00389b71")


def chunk(name: bytes, body: bytes, claimed: int | None = None) -> bytes:
    return name + struct.pack("<I", len(body) if claimed is None else claimed) + body + bytes(len(body) % 2)


def riff(data: bytes, encoding: int = PCM, bits: int = 16, *, size: int | None = None, channels: int = 1,
         used: int | None = None, claimed: int | None = None, after: bytes = b"") -> bytes:  # fmt: skip
    """A WAV at 16 kHz: samples of `size` bytes, of which `used` bits are said to be used."""
    block = channels * (bits // 8 if size is None else size)
    form = struct.pack(
        "<HHIIHH", encoding if used is None else EXTENSIBLE, channels, 16_000, 16_000 * block, block, bits
    )
    if used is not None:
        form += struct.pack("<HHIH", 22, used, 0, encoding) + GUID_TAIL
    body = b"WAVE" + chunk(b"fmt ", form) + chunk(b"data", data, claimed) + after
    return b"RIFF" + struct.pack("<I", len(body)) + body


def integers(bits: int, shift: int, size: int) -> bytes:
    """A second of the tone in `bits` bits, so far from the lower end of samples of `size` bytes."""
    samples = (tone(16_000, 1).astype("<i4") << 16) >> (32 - bits)
    return (samples << shift).astype("<i4").reshape(-1, 1).view(np.uint8)[:, :size].tobytes()


WIDE = {
    "24 in 32": riff(integers(24, 8, 4), bits=32, used=24),
    "24 in 32, at the lower end": riff(integers(24, 0, 4), bits=32, used=24),
    "24 in 32, called 24": riff(integers(24, 8, 4), bits=24, size=4, used=24),
    "24 in 32, called 24, at the lower end": riff(integers(24, 0, 4), bits=24, size=4, used=24),
    "24 in 32, without an extension": riff(integers(24, 8, 4), bits=24, size=4),
    "24 in 32, called 32, at the lower end": riff(integers(24, 0, 4), bits=32),
    "32 used of 32": riff(integers(32, 0, 4), bits=32, used=32),
    "none used of 32": riff(integers(32, 0, 4), bits=32, used=0),
    "20 in 32": riff(integers(20, 12, 4), bits=32, used=20),
    "16 in 32": riff(integers(16, 16, 4), bits=32, used=16),
    "16 in 32, at the lower end": riff(integers(16, 0, 4), bits=32, used=16),
    "20 in 24": riff(integers(20, 4, 3), bits=24, used=20),
    "16 in 24": riff(integers(16, 8, 3), bits=24, used=16),
    "16 in 24, at the lower end": riff(integers(16, 0, 3), bits=24, used=16),
    "12 in 16": riff(integers(12, 4, 2), bits=16, used=12),
}


@pytest.mark.parametrize("name", WIDE)
async def test_bits_are_where_they_are(name: str) -> None:
    audio = await decode_upload(WIDE[name])
    assert len(heard(audio)) == 16_000
    assert_is_the_tone(audio)


@pytest.mark.parametrize("used", [None, 24, 32])
async def test_silence_in_wide_samples_stays_silent(used: int | None) -> None:
    assert not heard(await decode_upload(riff(bytes(4 * 16_000), bits=32, used=used))).any()


TONE = tone(16_000, 1).tobytes()
LIST = chunk(b"LIST", b"INFOISFT\x0b\0\0\0some writer\0")
MISTAKES = (0, len(TONE) // 2, len(TONE) - 2, 2 * len(TONE), 2**31, 0xFFFFFFFF)


@pytest.mark.parametrize("after", [b"", LIST, LIST + chunk(b"id3 ", b"ID3tag") + LIST], ids=["", "LIST", "more"])
@pytest.mark.parametrize("claimed", [len(TONE), *MISTAKES])
async def test_sound_ends_where_it_ends(claimed: int, after: bytes) -> None:
    audio = await decode_upload(riff(TONE, claimed=claimed, after=after))
    assert audio.pcm == TONE


async def test_a_chunk_of_any_name_ends_what_is_honest() -> None:
    for name in (b"fact", b"Abcd", b"x 1_"):
        assert (await decode_upload(riff(TONE, after=chunk(name, b"odd")))).pcm == TONE
    odd = riff(TONE[:-1], after=LIST)
    assert (await decode_upload(odd)).pcm == TONE[:-2]


@pytest.mark.parametrize("claimed", MISTAKES)
async def test_a_long_header_is_believed_no_more_than_a_short_one(claimed: int) -> None:
    for magic in (b"RF64", b"BW64"):
        long = chunk(b"ds64", struct.pack("<QQQI", 2**40, claimed, 0, 0))
        body = riff(TONE, claimed=0xFFFFFFFF)[12:]
        assert (await decode_upload(magic + b"\xff" * 4 + b"WAVE" + long + body)).pcm == TONE


async def test_nothing_behind_an_honest_header_is_no_sound() -> None:
    await refused(riff(b"", after=LIST), "no sound in the recording")


@pytest.mark.parametrize(
    ("container", "codec"),
    [
        ("wav", "pcm_alaw"), ("wav", "pcm_mulaw"), ("wav", "adpcm_ima_wav"), ("wav", "pcm_f64le"), ("w64", "pcm_s24le"),
        ("aiff", "pcm_s24be"), ("aiff", "pcm_f32be"), ("caf", "pcm_s16be"), ("caf", "alac"), ("mov", "pcm_f32le"),
        ("matroska", "pcm_s16le"),
    ],
)  # fmt: skip
async def test_older_and_rarer_ways_to_write_sound_are_read(container: str, codec: str) -> None:
    assert_is_the_tone(await decode_upload(record(Recipe(container, codec), 16_000, "mono", tone(16_000, 1))))


# -- samples that are no sound ---------------------------------------------------------------------------------


def floats(samples: np.ndarray, kind: str, container: str = "wav") -> bytes:
    """Of 16 kHz, in any container that takes them."""
    if container == "wav":
        return riff(samples.astype(f"<{kind}").tobytes(), FLOAT, 8 * np.dtype(kind).itemsize)
    file = io.BytesIO()
    codec = f"pcm_f{8 * np.dtype(kind).itemsize}{'be' if container == 'aiff' else 'le'}"
    with av.open(file, "w", format=container) as opened:
        stream = opened.add_stream(codec, rate=16_000, layout="mono")
        assert isinstance(stream, AudioStream)
        frame = av.AudioFrame.from_ndarray(
            samples.astype(kind)[None], format="flt" if kind == "f4" else "dbl", layout="mono"
        )
        frame.sample_rate = 16_000
        opened.mux(stream.encode(frame))
        opened.mux(stream.encode(None))
    return file.getvalue()


SOFT = tone(16_000, 1) / 32_768
NO_NUMBERS = "samples that are no numbers; export it again, as 16-bit PCM"
FAR = "and the loudest is 1; export it again, as 16-bit PCM"


@pytest.mark.parametrize(
    ("container", "kind"), [("wav", "f4"), ("wav", "f8"), ("aiff", "f8"), ("caf", "f4"), ("mov", "f4")]
)
@pytest.mark.parametrize(
    ("value", "reason"),
    [(np.nan, NO_NUMBERS), (np.inf, NO_NUMBERS), (-1e30, FAR), (32_767, FAR)],
)
async def test_samples_that_are_no_sound_are_refused(value: float, reason: str, kind: str, container: str) -> None:
    one = SOFT.copy()
    one[-1] = value
    both = np.where(np.arange(len(SOFT)) % 2, np.inf, -np.inf) if value == np.inf else np.full(len(SOFT), value)
    await asyncio.gather(*[refused(floats(samples, kind, container), reason) for samples in (one, both)])


@pytest.mark.parametrize("kind", ["f4", "f8"])
async def test_samples_that_are_a_little_too_loud_or_hardly_there_are_taken(kind: str) -> None:
    audio = await decode_upload(floats(SOFT * 4.2, kind))
    assert heard(audio).max() == 32_767 or heard(audio).max() == pytest.approx(LEVEL * 4.2, rel=0.01)
    for level in (1e-310, 1e-40, 1e-10):
        assert not heard(await decode_upload(floats(SOFT * level, kind))).any()


# -- channels --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("container", ["wav", "flac"])
@pytest.mark.parametrize(
    "gains", [(1, -1), (-1, 1), (0.9, -1), (-1, 0.5), (1, -1, 0, 0), (0, 0, 0, 1, 0, 0), (0,) * 7 + (1,)]
)
async def test_of_channels_that_cancel_each_other_the_loudest_is_heard(
    gains: tuple[float, ...], container: str
) -> None:
    samples = np.stack([gain * tone(16_000, 1) for gain in gains], 1)
    data = wav(samples, 16_000)
    if container == "flac":
        data = as_flac(data)
    audio = await decode_upload(data)
    assert len(heard(audio)) == 16_000
    assert_is_the_tone(audio)


def as_flac(data: bytes) -> bytes:
    file = io.BytesIO()
    with av.open(io.BytesIO(data)) as source, av.open(file, "w", format="flac") as target:
        frames = list(source.decode(audio=0))
        stream = target.add_stream("flac", rate=16_000, layout=frames[0].layout.name)
        assert isinstance(stream, AudioStream)
        to_codec = av.AudioResampler("s16", frames[0].layout.name, 16_000)
        for frame in [*frames, None]:
            for part in to_codec.resample(frame):
                target.mux(stream.encode(part))
        target.mux(stream.encode(None))
    return file.getvalue()


async def test_too_many_bytes_start_no_child(children: Children) -> None:
    data = recording("wav-16")
    with pytest.raises(Refusal, match=f"{len(data)} bytes, at most 1000") as caught:
        await decode_upload(data, UploadLimits(max_bytes=1_000))
    assert (caught.value.code, caught.value.param) == ("too_large", "ref_audio")
    assert not children.pids


async def test_hours_of_silence_in_a_small_file_are_not_decoded() -> None:
    bomb = record(RECIPES["flac"], 24_000, "mono", np.zeros(3_600 * 24_000, "<i2"))
    assert len(bomb) < 1_000_000
    # As much memory as starting takes, and less than all of the sound.
    reason = "longer than 120 s; cut it, first of all the silence that it begins with$"
    await refused(bomb, reason, UploadLimits(memory_bytes=2**28))


async def test_the_longest_recording_is_still_taken() -> None:
    audio = await decode_upload(recording("flac"), UploadLimits(max_duration_s=SECONDS))
    assert audio.duration_s == SECONDS
    await refused(recording("flac"), "longer than 0.99 s; cut it$", UploadLimits(max_duration_s=0.99))


async def test_a_file_that_names_others_opens_none_of_them(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    path.write_bytes(recording("wav-16"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/sound.wav"
        for place in (f"file:{path}", url):
            await refused(f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{place}\n".encode(), NO_RECORDING)
            await refused(f"ffconcat version 1.0\nfile '{place}'\n".encode(), NO_RECORDING)
        with pytest.raises(BlockingIOError):
            listener.accept()
    await refused(b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 5004 RTP/AVP 0\r\n", NO_RECORDING)


needs_limits = pytest.mark.skipif(sys.platform != "linux", reason="macOS refuses some of the limits")

CONFINED = """
import os, pathlib, pickle, socket, subprocess, sys, threading, child
from qwen_tts.safeguards import PickleRefused
path = sys.argv[1]
file = open(path, "wb", buffering=0)
pickled = pickle.dumps(pathlib.PurePosixPath)
attempts = {
    "read": lambda: open(path),
    "write": lambda: file.write(b"x"),
    "look": lambda: os.stat(path),
    "rename": lambda: os.rename(path, path),
    "chmod": lambda: os.chmod(path, 0o600),
    "connect": socket.socket,
    "spawn": lambda: subprocess.Popen(["true"]),
    "fork": lambda: os.fork() or os._exit(0),
    "exec": lambda: os.execv("/", ["/"]),  # which nobody may: else this would be its end
    "signal": lambda: os.kill(os.getpid(), 0),
    "unpickle": lambda: pickle.loads(pickled),
    "grow": lambda: bytearray(2**29),
    "thread": lambda: threading.Thread(target=print, args=("a thread",)).start(),
}
for round in ("before", "after"):
    for name, attempt in attempts.items():
        try:
            attempt()
        except (OSError, MemoryError, PickleRefused) as error:
            print(round, name, getattr(error, "errno", ""))
    lacking = child.confine(5, 2**29) if round == "before" else lacking
print("lacking", lacking.words, flush=True)
sys.stdin.read()
"""
ATTEMPTED = [
    "read",
    "write",
    "look",
    "rename",
    "chmod",
    "connect",
    "spawn",
    "fork",
    "exec",
    "signal",
    "unpickle",
    "grow",
]


def beside_the_child(program: str, *arguments: str) -> "subprocess.Popen[str]":
    """A program that can import child.py as the child's interpreter would."""
    paths = [str(Path(upload_child.__file__).parent), *sys.path]
    command = [sys.executable, "-sSP", "-c", program, *arguments]
    environment = {"PYTHONPATH": os.pathsep.join(paths)}
    return subprocess.Popen(command, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


@needs_limits
def test_a_confined_process_opens_starts_and_takes_nothing(tmp_path: Path) -> None:
    with beside_the_child(CONFINED, str(tmp_path / "file")) as process:
        assert process.stdout is not None
        said = list(iter(process.stdout.readline, "lacking \n"))
        limits, status = (Path(f"/proc/{process.pid}/{name}").read_text() for name in ("limits", "status"))
        process.communicate("")
    assert said.count("a thread\n") == 2
    assert "after exec 1\n" in said, "not only because nobody may"
    failed = [line.split()[:2] for line in said if line != "a thread\n"]
    assert failed == [["before", "exec"], *(["after", name] for name in ATTEMPTED)]
    assert re.search(r"(?m)^Max cpu time +5 +5 ", limits)
    assert re.search(r"(?m)^Max open files +0 +0 ", limits), "where there is no filter"
    assert re.search(r"(?m)^NoNewPrivs:\t1$", status)
    assert process.returncode == 0


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_lets_through_what_the_headers_of_the_kernel_say(machine: str) -> None:
    """Its numbers are those of this kernel's headers, where they are installed."""
    path = {"x86_64": "x86_64-linux-gnu/asm/unistd_64.h", "aarch64": "asm-generic/unistd.h"}[machine]
    header = Path("/usr/include") / path
    if not header.exists():
        pytest.skip(f"there is no {header}: install linux-libc-dev")
    numbers = dict(re.findall(r"#define __NR(?:3264)?_(\w+) (\d+)", header.read_text()))
    column = ("x86_64", "aarch64").index(machine)
    for name, both in system_calls.NUMBERS.items():
        assert numbers[name] == str(both[column]), name


async def test_what_a_machine_lacks_is_told_once(child: Any, caplog: pytest.LogCaptureFixture) -> None:
    child("sys.stdin.buffer.read(); sys.stdout.write('\2no'); sys.exit(3)")
    for _ in range(2):
        await refused(b"x", "^no$")
    (told,) = caplog.messages
    assert told == "uploads are read without a filter of system calls: this system has none"


def test_the_child_starts_without_numpy() -> None:
    with beside_the_child("import sys, child; print('numpy' in sys.modules)") as process:
        assert process.communicate()[0] == "False\n"


@pytest.mark.parametrize("name", ["wav-16", "flac", "mp3", "safari-mp4", "chrome-webm"])
async def test_a_recording_that_was_cut_off_is_taken_as_far_as_it_goes(name: str) -> None:
    whole = recording(name)
    audio = await decode_upload(whole[: len(whole) * 2 // 3])
    assert 0.3 * SECONDS < audio.duration_s < 0.7 * SECONDS


async def test_a_recording_without_its_index_is_refused() -> None:
    await refused(recording("m4a")[:-2_000], "only a part of one")


async def test_a_recording_that_is_broken_in_the_middle_is_refused() -> None:
    broken = bytearray(recording("m4a", seconds=2.0))
    middle = len(broken) // 2
    broken[middle : middle + 2_000] = random.Random(1).randbytes(2_000)
    await refused(bytes(broken), r"broken after \d\.\d s")


async def test_a_recording_that_changes_its_rate_is_refused() -> None:
    first, second = (record(Recipe("adts", "aac"), rate, "mono", tone(rate, 0.5)) for rate in (44_100, 22_050))
    await refused(first + second, "is broken; export it again")


async def test_whatever_comes_is_sound_or_refused() -> None:
    async def outcome(seed: int) -> Audio | Exception:
        rng = random.Random(seed)
        data = bytearray(recording(list(RECIPES)[seed % len(RECIPES)], layout="stereo"))
        for _ in range(rng.choice((1, 10, 100))):
            data[rng.randrange(min(len(data), rng.choice((200, 10**9))))] = rng.randrange(256)
        try:
            return await decode_upload(bytes(data))
        except (BadReferenceAudio, Refusal) as error:
            return error

    outcomes = await asyncio.gather(*[outcome(seed) for seed in range(26)])
    assert {type(outcome) for outcome in outcomes} == {Audio, BadReferenceAudio}


@pytest.fixture
def child(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Puts a program in the place of the decoder."""

    def replace(program: str) -> None:
        path = tmp_path / "child.py"
        path.write_text(f"import os, signal, sys\n{program}\n")
        monkeypatch.setattr(child_process, "_CHILD", path)

    return replace


NEVER_ENDS = "signal.pause()"


@pytest.mark.parametrize(
    "program",
    [
        "os.kill(os.getpid(), signal.SIGSEGV)",
        "sys.stdin.buffer.read(); os.kill(os.getpid(), signal.SIGKILL)",
        "sys.exit(1)",
        "pass",
        "sys.stdout.write('nonsense')",
        "sys.stdout.buffer.write(b'\\0' + (0).to_bytes(4, 'little') + bytes(100))",
        "sys.stdout.buffer.write(b'\\0' + (16_000).to_bytes(4, 'little'))",
        "sys.stdout.buffer.write(b'\\0' + (16_000).to_bytes(4, 'little') + bytes(99))",
        "os.write(1, b'\\0' + (16_000).to_bytes(4, 'little') + bytes(100)); os._exit(9)",
        "while True: sys.stdout.buffer.write(bytes(2**16))",
    ],
)
async def test_a_child_that_crashes_or_lies_is_a_recording_that_cannot_be_decoded(child: Any, program: str) -> None:
    child(program)
    await refused(bytes(5_000_000), "cannot be decoded; export it as WAV")


@needs_limits
async def test_a_child_that_wants_too_much_memory_is_refused() -> None:
    await refused(wav(np.zeros((5_000_000, 1)), 48_000), "cannot be decoded", UploadLimits(memory_bytes=2**26))


async def test_where_no_process_can_be_started_it_is_no_fault_of_the_recording(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(Refusal, match="no process can be started that reads the recording") as refused:
        await decode_upload(recording("wav-16"))
    assert refused.value.code == "queue_full"
    assert refused.value.retry_after_s == 5


async def test_a_child_that_never_ends_is_killed(child: Any, children: Children) -> None:
    child(NEVER_ENDS)
    await refused(bytes(5_000_000), "more than 0.2 s to decode", UploadLimits(timeout_s=0.2))
    assert len(children.pids) == 1
    assert not children.left


async def test_a_caller_that_leaves_takes_its_child_along(child: Any, children: Children) -> None:
    child(NEVER_ENDS)
    for turns in range(12):  # from before its start until it runs
        task = asyncio.create_task(decode_upload(bytes(5_000_000)))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not children.left
    assert children.pids


async def test_two_children_at_once_and_the_others_wait(children: Children) -> None:
    audios = await asyncio.gather(*[decode_upload(recording("wav-16")) for _ in range(6)])
    assert len(audios) == len(children.pids) == 6
    assert children.at_once == 2
