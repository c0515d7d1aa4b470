"""Sound files: WAV, FLAC, Ogg and MP3, read and written by libsndfile.

It believes a WAV file's header, and recorders write headers that are not true: those are mended before, see riff.py.
"""

import errno
import io
from pathlib import Path

import numpy as np
import soundfile

from qwen_tts.audio.bounds import SAMPLE_RATES
from qwen_tts.audio.riff import FLOAT, PCM, Chunk, Format, find, is_wav, mended, read_format
from qwen_tts.audio.samples import Samples
from qwen_tts.errors import BadReferenceAudio

MAX_FILE_BYTES = 256 * 2**20
"""Ten minutes of stereo at 48 kHz and 32 bits: far more than a reference needs."""

MAX_SAMPLES = MAX_FILE_BYTES // 2
"""Of all channels: as many as the largest file has with 16 bits, however small it was compressed."""

_WAV_ENCODINGS = ((PCM, 16), (PCM, 24), (PCM, 32), (FLOAT, 32))
_FORMATS = {".flac": "FLAC", ".mp3": "MP3", ".oga": "OGG", ".ogg": "OGG"}
_WRITTEN_SAMPLES = 2**16
"""At a time: libsndfile's Vorbis writer crashes on ten minutes at once."""


def read_sound(path: Path) -> tuple[Samples, int]:
    """Samples [n, channels] and their rate. Raises BadReferenceAudio, naming the file and what is wrong with it.

    A WAV file has integers of 16, 24 or 32 bits or 32-bit float, and is taken as far as it goes, whatever its header
    says: a stream whose end was not known has a wrong one.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise _refusal(path, f"cannot be read: {error.strerror}") from error
    if len(content) > MAX_FILE_BYTES:
        raise _refusal(path, f"is larger than {MAX_FILE_BYTES // 2**20} MiB; cut it to the part that is needed")
    if is_wav(content):
        _check_wav(path, content)
        content = mended(content)
    return _decode(path, content)


def write_sound(path: Path, pcm: bytes, sample_rate: int) -> None:
    """Mono, signed 16-bit little-endian; FLAC, MP3 or Ogg Vorbis if the file is named so, else WAV. Raises OSError."""
    samples = np.frombuffer(pcm, "<i2")
    written_as = _FORMATS.get(path.suffix.lower(), "WAV")
    try:
        with path.open("wb") as target, soundfile.SoundFile(target, "w", sample_rate, 1, format=written_as) as file:
            for first in range(0, len(samples), _WRITTEN_SAMPLES):
                file.write(samples[first : first + _WRITTEN_SAMPLES])
    except soundfile.LibsndfileError as error:
        reason = f"{written_as} at {sample_rate} Hz cannot be written: {error.error_string}"
        raise OSError(errno.EINVAL, reason, str(path)) from error


def _check_wav(path: Path, content: bytes) -> None:
    form = read_format(content, _required_chunk(path, content, b"fmt "))
    if form is None:
        raise _refusal(path, "has a header that breaks off; record or export it again")
    _check_encoding(path, form)
    if form.sample_rate not in SAMPLE_RATES:  # libsndfile opens none of 0 Hz
        first, last = SAMPLE_RATES[0], SAMPLE_RATES[-1]
        raise _refusal(path, f"has a sample rate of {form.sample_rate} Hz; it must be within {first}..{last}")
    _required_chunk(path, content, b"data")


def _required_chunk(path: Path, content: bytes, name: bytes) -> Chunk:
    chunk = find(content, name)
    if chunk is None:
        raise _refusal(path, f"has no {name.decode().strip()} chunk; record or export it again")
    return chunk


def _check_encoding(path: Path, form: Format) -> None:
    if (form.encoding, form.bits) not in _WAV_ENCODINGS:
        raise _refusal(path, f"holds encoding {form.encoding} of {form.bits} bits; convert it to 16-bit PCM")
    if not form.is_consistent or (form.encoding, form.container_bits) not in _WAV_ENCODINGS:
        parts = f"{form.channels} channels of {form.bits} bits in {form.block} bytes"
        raise _refusal(path, f"has a header that contradicts itself: {parts}")


def _decode(path: Path, content: bytes) -> tuple[Samples, int]:
    try:
        sound = soundfile.SoundFile(io.BytesIO(content))
    except soundfile.LibsndfileError as error:
        raise _refusal(path, "is not a WAV file, nor FLAC, Ogg or MP3; convert it to one of them") from error
    with sound:
        return _samples(path, sound), sound.samplerate


def _samples(path: Path, sound: soundfile.SoundFile) -> Samples:
    # All at once: soundfile seeks after every read, and an MP3 decoder is heard to do so. What a header says of the
    # length may be wrong; memory is taken as samples come.
    most = MAX_SAMPLES // sound.channels
    try:
        samples: Samples = sound.read(most + 1, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise _refusal(path, f"is broken: {error.error_string} Export it again") from error
    if len(samples) > most:
        minutes = most / sound.samplerate / 60
        raise _refusal(path, f"is longer than {minutes:.3g} min; cut it to the part that is needed")
    return samples


def _refusal(path: Path, problem: str) -> BadReferenceAudio:
    return BadReferenceAudio(f"{path} {problem}", param="audio")
