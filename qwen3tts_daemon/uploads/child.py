"""The child of uploads.py: one recording or archive on stdin, what is in it on stdout.

- FFmpeg has had holes, so nothing from outside is read before `confine`, and then no file or socket can be opened.
- Exit status 0 is an answer, REFUSED a sentence for the caller; anything else is a crash.
- It starts for each upload and imports av, not numpy: 0.18 s for a short recording on a 2-core VM, with it 0.1 s more.
"""

import contextlib
import io
import itertools
import math
import sys
from array import array
from collections.abc import Iterator
from typing import Any

import av
import av.subtitles.codeccontext
import av.subtitles.stream  # PyAV would import both on first use, when no file can be opened any more
from av.audio.stream import AudioStream
from av.container import InputContainer

from qwen3tts_daemon.limits import MAX_DECODED_SAMPLE_RATE, UPLOAD_SAMPLE_RATES
from qwen3tts_daemon.uploads.confinement import REFUSED, Refused, confine
from qwen3tts_daemon.uploads.voice_files import REFERENCE, voice_from
from qwen_tts.audio import riff
from qwen_tts.audio.bounds import CANCELLED, LOUDEST, SILENCE

_CONTAINERS = "wav,w64,aiff,caf,flac,mp3,aac,mov,matroska,ogg"
"""FFmpeg's names; `mov` is MP4 and M4A too, `matroska` WebM. HLS, SDP, concat and the like read other files."""
_CODECS = (
    *("pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_f64le", "pcm_mulaw", "pcm_alaw"),
    *("pcm_s8", "pcm_s16be", "pcm_s24be", "pcm_s32be", "pcm_f32be", "pcm_f64be", "adpcm_ms", "adpcm_ima_wav"),
    *("flac", "alac", "mp3", "mp3float", "aac", "opus", "libopus", "vorbis", "amrnb", "amrwb"),
)
# Titles in odd encodings are no reason to refuse a recording; from 19 on PyAV thinks so too.
_LENIENT: dict[str, Any] = {"metadata_errors": "replace"} if int(av.__version__.split(".")[0]) < 19 else {}
_FORMATS = "WAV, FLAC, MP3, M4A, Ogg or WebM"
_FLOATS = {"pcm_f32le": "f", "pcm_f32be": "f", "pcm_f64le": "d", "pcm_f64be": "d"}
"""Codecs whose samples are what somebody wrote, and their type once they are decoded."""
_SILENT_BELOW = math.ceil(SILENCE * 2**15)
"""Of 16 bits"""
_EVERY = 7
"""Of so many samples one is enough to tell which channel is louder."""


def decode(recording: bytes, max_duration_s: float, max_channels: int) -> tuple[int, bytes]:
    """Sample rate and PCM. Raises Refused."""
    with _open(recording) as container, _broken_is_refused():
        frames = _sound(container, _first_audio(container))
        first = next(frames, None)
        if first is None:
            raise Refused("there is no sound in the recording; record it again")
        _check(first, max_channels)
        sample_rate = min(first.sample_rate, MAX_DECODED_SAMPLE_RATE)
        mixer = _Mixer(first.layout.nb_channels, sample_rate)
        for frame in itertools.chain([first], frames, [None]):
            mixer.add(frame)
            if mixer.samples > max_duration_s * sample_rate:
                raise Refused(f"the recording is longer than {max_duration_s:g} s; cut it{mixer.advice}")
        return sample_rate, mixer.mono()


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
        container: InputContainer = av.open(
            io.BytesIO(riff.mended(recording)), "r", container_options=options, **_LENIENT
        )
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
            if stream.codec_context.codec.name in _FLOATS:
                _check_numbers(array(_FLOATS[stream.codec_context.codec.name], _bytes_of(frame)))
            yield frame
            decoded_s += frame.samples / frame.sample_rate


def _check(frame: av.AudioFrame, max_channels: int) -> None:
    channels = frame.layout.nb_channels
    if channels > max_channels:
        raise Refused(f"the recording has {channels} channels, at most {max_channels} are taken; mix it to mono")
    if frame.sample_rate not in UPLOAD_SAMPLE_RATES:
        first, last = UPLOAD_SAMPLE_RATES[0], UPLOAD_SAMPLE_RATES[-1]
        raise Refused(f"the recording has a sample rate of {frame.sample_rate} Hz; it must be within {first}..{last}")


def _check_numbers(samples: "array[float]") -> None:
    if not all(map(math.isfinite, samples)):
        raise Refused("the recording has samples that are no numbers; export it again, as 16-bit PCM")
    if (peak := max(map(abs, samples), default=0.0)) > LOUDEST:
        raise Refused(f"the recording has a sample of {peak:.6g}, and the loudest is 1; export it again, as 16-bit PCM")


def _bytes_of(frame: av.AudioFrame, plane: int = 0) -> bytes:
    """Without what only fills up its memory."""
    channels = 1 if frame.format.is_planar else frame.layout.nb_channels
    return bytes(frame.planes[plane])[: frame.samples * channels * frame.format.bytes]


class _Mixer:
    """Several channels become one that is heard."""

    def __init__(self, channels: int, sample_rate: int) -> None:
        self._mix = av.AudioResampler("s16", "mono", sample_rate)
        self._mixed = bytearray()
        self._separate = av.AudioResampler("s16p", None, sample_rate)
        self._channels = [bytearray() for _ in range(channels if channels > 1 else 0)]

    def add(self, frame: av.AudioFrame | None) -> None:
        """The next, or None after the last."""
        for part in self._mix.resample(frame):
            self._mixed += _bytes_of(part)
        for part in self._separate.resample(frame) if self._channels else ():
            for number, channel in enumerate(self._channels):
                channel += _bytes_of(part, number)

    @property
    def samples(self) -> int:
        return len(self._mixed) // 2

    @property
    def advice(self) -> str:
        """For a recording that has become too long."""
        is_silent = max(map(abs, array("h", self.mono()))) < _SILENT_BELOW
        return ", first of all the silence that it begins with" if is_silent else ""

    def mono(self) -> bytes:
        """The channels mixed, or where they cancel each other the loudest of them."""
        if not self._channels:
            return bytes(self._mixed)
        loudest = max(self._channels, key=_energy)
        return bytes(loudest if _energy(self._mixed) < CANCELLED * _energy(loudest) else self._mixed)


def _energy(pcm: bytearray) -> int:
    return sum(sample * sample for sample in array("h", bytes(pcm))[::_EVERY])


def read_recording(data: bytes, max_duration_s: float, max_channels: int) -> bytes:
    """Sample rate (4 bytes, little-endian) and mono PCM. Raises Refused."""
    sample_rate, pcm = decode(data, max_duration_s, max_channels)
    return sample_rate.to_bytes(4, "little") + pcm


def read_archive(data: bytes, max_duration_s: float, max_channels: int) -> bytes:
    """The lengths of card and prompt (4 bytes each), both, and the recording if there is one. Raises Refused."""
    card, prompt, recording = voice_from(data)
    answer = len(card).to_bytes(4, "little") + len(prompt).to_bytes(4, "little") + card + prompt
    try:
        return answer if recording is None else answer + read_recording(recording, max_duration_s, max_channels)
    except Refused as error:
        raise Refused(f"{REFERENCE}: {error}") from error


_READERS = {"recording": read_recording, "archive": read_archive}


def main() -> None:
    kind, cpu_s, memory_bytes, max_duration_s, max_channels = sys.argv[1:]
    confine(int(cpu_s), int(memory_bytes))
    try:
        answer = _READERS[kind](sys.stdin.buffer.read(), float(max_duration_s), int(max_channels))
    except Refused as error:
        sys.stdout.write(str(error))
        sys.exit(REFUSED)
    sys.stdout.buffer.write(answer)


if __name__ == "__main__":
    main()
