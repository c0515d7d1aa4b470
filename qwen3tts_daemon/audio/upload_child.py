"""The child of uploads.py: one recording on stdin, its sample rate (4 bytes, little-endian) and mono PCM on stdout.

- FFmpeg has had holes, so nothing from outside is read before `confine`, and then no file or socket can be opened.
- Exit status 0 is sound, REFUSED a sentence for the caller; anything else is a crash.
- It starts for each upload and imports the standard library and av only: 0.17 s on a 2-core VM, 0.29 s with numpy.
"""

import contextlib
import io
import itertools
import resource
import sys
from collections.abc import Iterator
from typing import Any

import av
import av.subtitles.codeccontext
import av.subtitles.stream  # PyAV would import both on first use, when no file can be opened any more
from av.audio.stream import AudioStream
from av.container import InputContainer

REFUSED = 3

_CONTAINERS = "wav,w64,aiff,caf,flac,mp3,aac,mov,matroska,ogg"
"""FFmpeg's names; `mov` is MP4 and M4A too, `matroska` WebM. HLS, SDP, concat and the like read other files."""
_CODECS = (
    *("pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_f64le", "pcm_mulaw", "pcm_alaw"),
    *("pcm_s8", "pcm_s16be", "pcm_s24be", "pcm_s32be", "pcm_f32be", "pcm_f64be", "adpcm_ms", "adpcm_ima_wav"),
    *("flac", "alac", "mp3", "mp3float", "aac", "opus", "libopus", "vorbis", "amrnb", "amrwb"),
)
# Titles in odd encodings are no reason to refuse a recording; from 19 on PyAV thinks so too.
_LENIENT: dict[str, Any] = {"metadata_errors": "replace"} if int(av.__version__.split(".")[0]) < 19 else {}
_SAMPLE_RATES = range(4_000, 384_001)
_HIGHEST_RATE = 48_000
_FORMATS = "WAV, FLAC, MP3, M4A, Ogg or WebM"


class Refused(Exception):
    """The recording cannot be used; the message is meant for the caller."""


def confine(cpu_s: int, memory_bytes: int) -> None:
    """From here on: so much time and memory, no file written, no file or socket opened."""
    limits = {"CPU": cpu_s, "FSIZE": 0, "CORE": 0, "NOFILE": 0, "AS": memory_bytes}
    for name, limit in limits.items():
        with contextlib.suppress(ValueError, OSError):  # what is lower already stays; macOS refuses some
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (limit, limit))


def decode(recording: bytes, max_duration_s: float, max_channels: int) -> tuple[int, bytes]:
    """Sample rate and PCM. Raises Refused."""
    with _open(recording) as container, _broken_is_refused():
        frames = _sound(container, _first_audio(container))
        first = next(frames, None)
        if first is None:
            raise Refused("there is no sound in the recording; record it again")
        _check(first, max_channels)
        sample_rate = min(first.sample_rate, _HIGHEST_RATE)
        return sample_rate, _mono(first, frames, sample_rate, max_duration_s)


@contextlib.contextmanager
def _broken_is_refused() -> Iterator[None]:
    try:
        yield
    except (av.FFmpegError, ValueError) as error:
        raise Refused("the recording is broken; export it again, or record it again") from error


def _open(recording: bytes) -> InputContainer:
    # codec_whitelist is for what FFmpeg decodes while it probes: a cover or a film is none of our business.
    options = {"format_whitelist": _CONTAINERS, "protocol_whitelist": "none", "codec_whitelist": ",".join(_CODECS)}
    try:
        container: InputContainer = av.open(io.BytesIO(recording), "r", container_options=options, **_LENIENT)
        return container
    except (av.FFmpegError, ValueError) as error:
        raise Refused(f"this is no recording that can be read, or only a part of one; send {_FORMATS}") from error


def _first_audio(container: InputContainer) -> AudioStream:
    if not container.streams.audio:
        raise Refused(f"there is no sound in this file; send {_FORMATS}")
    stream = container.streams.audio[0]
    if stream.codec_context is None or stream.codec_context.codec.name not in _CODECS:
        raise Refused(f"the sound in this file is coded in a way that is not taken; send {_FORMATS}")
    stream.codec_context.thread_count = 1
    return stream


def _sound(container: InputContainer, stream: AudioStream) -> Iterator[av.AudioFrame]:
    """The frames. Damage at an end is a recording that was cut off; in the middle it is refused."""
    decoded_s = 0.0
    is_damaged = False
    for packet in container.demux(stream):
        try:
            frames = stream.decode(packet)
        except (av.FFmpegError, ValueError):
            is_damaged = decoded_s > 0
            continue
        for frame in frames:
            if is_damaged:
                raise Refused(f"the recording is broken after {decoded_s:.1f} s; export it again, or record it again")
            yield frame
            decoded_s += frame.samples / frame.sample_rate


def _check(frame: av.AudioFrame, max_channels: int) -> None:
    channels = frame.layout.nb_channels
    if channels > max_channels:
        raise Refused(f"the recording has {channels} channels, at most {max_channels} are taken; mix it to mono")
    if frame.sample_rate not in _SAMPLE_RATES:
        first, last = _SAMPLE_RATES[0], _SAMPLE_RATES[-1]
        raise Refused(f"the recording has a sample rate of {frame.sample_rate} Hz; it must be within {first}..{last}")


def _mono(first: av.AudioFrame, rest: Iterator[av.AudioFrame], sample_rate: int, max_duration_s: float) -> bytes:
    resampler = av.AudioResampler("s16", "mono", sample_rate)
    pcm = bytearray()
    for frame in itertools.chain([first], rest, [None]):
        for part in resampler.resample(frame):
            pcm += bytes(part.planes[0])[: part.samples * 2]
        if len(pcm) > max_duration_s * sample_rate * 2:
            raise Refused(f"the recording is longer than {max_duration_s:g} s; cut it")
    return bytes(pcm)


def main() -> None:
    cpu_s, memory_bytes, max_duration_s, max_channels = sys.argv[1:]
    confine(int(cpu_s), int(memory_bytes))
    try:
        sample_rate, pcm = decode(sys.stdin.buffer.read(), float(max_duration_s), int(max_channels))
    except Refused as error:
        sys.stdout.write(str(error))
        sys.exit(REFUSED)
    sys.stdout.buffer.write(sample_rate.to_bytes(4, "little") + pcm)


if __name__ == "__main__":
    main()
