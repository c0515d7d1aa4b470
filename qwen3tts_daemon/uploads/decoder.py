"""A recording in any of many formats -> 16-bit mono PCM, by FFmpeg. For the child alone: FFmpeg has had holes."""

import contextlib
import io
import itertools
import math
from array import array
from collections.abc import Iterator
from typing import Any

import av
import av.subtitles.codeccontext
import av.subtitles.stream  # PyAV would import both on first use, when no file can be opened any more
from av.audio.stream import AudioStream
from av.container import InputContainer

from qwen3tts_daemon.limits import MAX_DECODED_SAMPLE_RATE, UPLOAD_SAMPLE_RATES
from qwen3tts_daemon.uploads.confinement import Refused
from qwen3tts_daemon.uploads.mixer import Mixer, bytes_of
from qwen_tts.audio import riff
from qwen_tts.audio.bounds import LOUDEST

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


def decode(recording: bytes, max_duration_s: float, max_channels: int) -> tuple[int, bytes]:
    """Sample rate and PCM. Raises Refused."""
    with _open(recording) as container, _broken_is_refused():
        frames = _sound(container, _first_audio(container))
        first = next(frames, None)
        if first is None:
            raise Refused("there is no sound in the recording; record it again")
        _check(first, max_channels)
        sample_rate = min(first.sample_rate, MAX_DECODED_SAMPLE_RATE)
        mixer = Mixer(first.layout.nb_channels, sample_rate)
        for frame in itertools.chain([first], frames, [None]):
            mixer.add(frame)
            if mixer.samples > max_duration_s * sample_rate:
                raise Refused(f"the recording is longer than {max_duration_s:g} s; cut it{mixer.advice}")
        if not (mono := mixer.mono()):  # fewer samples than the filter needs
            raise Refused("there is no sound in the recording; record it again")
        return sample_rate, mono


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
                _check_numbers(array(_FLOATS[stream.codec_context.codec.name], bytes_of(frame)))
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
