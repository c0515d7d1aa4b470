"""Sound files as recorders, browsers and people with a text editor write them."""

import gc
import struct
import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from qwen_tts.audio import sound_file
from qwen_tts.audio.samples import Samples, to_pcm
from qwen_tts.audio.sound_file import MAX_FILE_BYTES, read_sound, write_sound
from qwen_tts.errors import BadReferenceAudio

RATE = 22_050
PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
GUID_TAIL = bytes.fromhex("000000001000800000aa00389b71")

ENCODINGS = pytest.mark.parametrize(("encoding", "bits"), [(PCM, 16), (PCM, 24), (PCM, 32), (FLOAT, 32)])
CHANNELS = pytest.mark.parametrize("channels", [1, 2, 5])


def chunk(name: bytes, body: bytes, size: int | None = None) -> bytes:
    """Padded to an even length; `size` is what the header claims."""
    return name + struct.pack("<I", len(body) if size is None else size) + body + b"\0" * (len(body) % 2)


def header(
    encoding: int = PCM,
    bits: int = 16,
    channels: int = 1,
    *,
    rate: int = RATE,
    block: int | None = None,
    extensible: bool = False,
) -> bytes:
    """A fmt chunk."""
    block = channels * bits // 8 if block is None else block
    plain = struct.pack("<HHIIHH", EXTENSIBLE if extensible else encoding, channels, rate, rate * block, block, bits)
    if not extensible:
        return chunk(b"fmt ", plain)
    return chunk(b"fmt ", plain + struct.pack("<HHIH", 22, bits, 0, encoding) + GUID_TAIL)


def riff(*chunks: bytes) -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def encoded(samples: Samples, encoding: int, bits: int) -> bytes:
    if encoding == FLOAT:
        return samples.astype("<f4").tobytes()
    integers = np.rint(samples * 2.0 ** (bits - 1)).clip(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1).astype("<i4")
    return integers.reshape(-1, 1).view(np.uint8)[:, : bits // 8].tobytes()


def noise(frames: int, channels: int) -> Samples:
    """Both ends of the scale, and what lies between."""
    samples = np.random.default_rng(frames).uniform(-1, 1, (frames, channels)).astype(np.float32)
    samples[0], samples[1], samples[2] = -1, 0, 0.5
    return samples


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "reference.wav"


def read(file: Path, content: bytes) -> tuple[Samples, int]:
    file.write_bytes(content)
    return read_sound(file)


# -- sound ------------------------------------------------------------------------------------------------------------


def test_what_was_written_is_read(file: Path) -> None:
    samples = noise(101, 1)
    write_sound(file, to_pcm(samples), RATE)
    found, rate = read_sound(file)
    assert rate == RATE
    np.testing.assert_allclose(found, samples.clip(-1, 1 - 2**-15), atol=2**-16)
    written = file.read_bytes()
    write_sound(file, to_pcm(found), rate)
    assert file.read_bytes() == written


def test_a_place_that_cannot_be_written_is_an_os_error(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "nowhere" / "speech.wav"):
        with pytest.raises(OSError, match="directory"):
            write_sound(place, to_pcm(noise(50, 1)), RATE)
    gc.collect()  # an unfinished writer would complain now


@ENCODINGS
@CHANNELS
@pytest.mark.parametrize("extensible", [False, True])
def test_every_encoding_is_the_same_sound(
    encoding: int, bits: int, channels: int, extensible: bool, file: Path
) -> None:
    samples = noise(99, channels)
    content = riff(
        header(encoding, bits, channels, extensible=extensible), chunk(b"data", encoded(samples, encoding, bits))
    )
    found, rate = read(file, content)
    assert (found.dtype, found.shape, rate) == (np.float32, (99, channels), RATE)
    np.testing.assert_allclose(found, samples, atol=0 if encoding == FLOAT else max(2.0**-bits, 2**-24))


@pytest.mark.parametrize("width", [2, 3, 4])
def test_the_standard_librarys_files_are_read(width: int, file: Path) -> None:
    samples = noise(64, 2)
    with wave.open(str(file), "wb") as written:
        written.setnchannels(2)
        written.setsampwidth(width)
        written.setframerate(96_000)
        written.writeframes(encoded(samples, PCM, 8 * width))
    found, rate = read_sound(file)
    assert rate == 96_000
    np.testing.assert_allclose(found, samples, atol=2.0 ** -min(8 * width, 24))


# -- chunks -----------------------------------------------------------------------------------------------------------


def test_other_chunks_are_passed_over(file: Path) -> None:
    samples = noise(33, 1)
    data = chunk(b"data", encoded(samples, PCM, 24))  # 99 bytes and a pad
    listed, junk = chunk(b"LIST", b"INFOx"), chunk(b"JUNK", b"")
    content = riff(junk, listed, header(PCM, 24), chunk(b"fact", bytes(3)), data, listed)
    np.testing.assert_allclose(read(file, content)[0], samples, atol=2**-24)


@ENCODINGS
def test_a_recording_that_breaks_off_is_taken_as_far_as_it_goes(encoding: int, bits: int, file: Path) -> None:
    samples, block = noise(8, 2), 2 * bits // 8
    data = encoded(samples, encoding, bits)
    whole = read(file, riff(header(encoding, bits, 2), chunk(b"data", data)))[0]
    for kept in range(len(data)):
        # 0xFFFFFFFF is what a recorder writes that does not know yet how long it will be.
        for claimed in (len(data), 0xFFFFFFFF):
            content = riff(header(encoding, bits, 2), chunk(b"data", data, claimed))[: -len(data) or None]
            found = read(file, content + data[:kept])[0]
            assert found.tolist() == whole[: kept // block].tolist()


@ENCODINGS
@pytest.mark.parametrize("after", [b"", chunk(b"LIST", b"INFOx")], ids=["", "LIST"])
def test_sound_ends_where_it_ends(encoding: int, bits: int, after: bytes, file: Path) -> None:
    """Whatever the header says of its length."""
    samples = noise(100, 2)
    data = encoded(samples, encoding, bits)
    whole = read(file, riff(header(encoding, bits, 2), chunk(b"data", data)))[0]
    for claimed in (0, len(data) // 2, len(data), len(data) + 8, 0xFFFFFFFF):
        content = riff(header(encoding, bits, 2), chunk(b"data", data, claimed), after)
        assert read(file, content)[0].tolist() == whole.tolist()


@pytest.mark.parametrize("at_the_top", [True, False])
@pytest.mark.parametrize("extensible", [True, False])
@pytest.mark.parametrize("bits", [24, 32])
def test_24_bits_may_take_four_bytes(bits: int, extensible: bool, at_the_top: bool, file: Path) -> None:
    samples = noise(100, 2)
    integers = np.rint(samples * 2**23).clip(-(2**23), 2**23 - 1).astype("<i4")
    data = (integers << 8 if at_the_top else integers).tobytes()
    form = bytearray(header(PCM, bits, 2, block=8, extensible=extensible))
    if extensible:
        struct.pack_into("<H", form, 26, 24)
    found = read(file, riff(bytes(form), chunk(b"data", data)))[0]
    np.testing.assert_allclose(found, samples, atol=2**-23)


# -- what is no recording ---------------------------------------------------------------------------------------------

DATA = chunk(b"data", bytes(64))
HOSTILE = {
    "nothing": (b"", "is not a WAV file"),
    "text": (b"Good morning to you, and to you, and to you.", "is not a WAV file"),
    "another RIFF": (b"RIFF\x04\0\0\0AVI " + DATA, "is not a WAV file"),
    "FLAC": (b"fLaC\0\0\0\x22" + bytes(64), "is not a WAV file"),
    "only the first bytes": (b"RIFF\x04\0\0\0WAVE", "has no fmt chunk"),
    "no format": (riff(DATA), "has no fmt chunk"),
    "no data": (riff(header()), "has no data chunk"),
    "a format that breaks off": (riff(chunk(b"fmt ", header()[8:20]), DATA), "header that breaks off"),
    "a chunk that reaches beyond the end": (riff(chunk(b"LIST", b"", 0xFFFFFFFF), header(), DATA), "has no fmt chunk"),
    "8 bits": (riff(header(bits=8), DATA), "encoding 1 of 8 bits"),
    "64-bit float": (riff(header(FLOAT, 64), DATA), "encoding 3 of 64 bits"),
    "A-law": (riff(header(6, 8), DATA), "encoding 6 of 8 bits"),
    "MP3": (riff(header(0x55, 0, block=1), DATA), "encoding 85 of 0 bits"),
    "an extension that breaks off": (riff(header(EXTENSIBLE), DATA), "encoding 65534 of 16 bits"),
    "no channels": (riff(header(channels=0), DATA), "0 channels of 16 bits in 0 bytes"),
    "no channels in a block": (riff(header(channels=0, block=2), DATA), "0 channels of 16 bits in 2 bytes"),
    "a block of another size": (riff(header(channels=2, block=2), DATA), "2 channels of 16 bits in 2 bytes"),
    "more channels than a block holds": (riff(header(channels=65_535, block=2), DATA), "65535 channels of 16 bits"),
}


@pytest.mark.parametrize(("content", "said"), HOSTILE.values(), ids=HOSTILE.keys())
def test_what_is_no_recording_is_named(content: bytes, said: str, file: Path) -> None:
    with pytest.raises(BadReferenceAudio) as error:
        read(file, content)
    assert said in error.value.message
    assert str(file) in error.value.message
    assert error.value.param == "audio"


@ENCODINGS
@pytest.mark.parametrize("data", [b"", b"\1"])
def test_a_recording_without_a_sample_has_none(encoding: int, bits: int, data: bytes, file: Path) -> None:
    """That it is empty is told by whoever needs sound."""
    assert read(file, riff(header(encoding, bits, 2), chunk(b"data", data)))[0].shape == (0, 2)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadReferenceAudio, match=r"nowhere\.wav cannot be read: No such file"):
        read_sound(tmp_path / "nowhere.wav")
    with pytest.raises(BadReferenceAudio, match="cannot be read: Is a directory"):
        read_sound(tmp_path)


def test_a_film_is_not_read_into_memory(file: Path) -> None:
    with file.open("wb") as film:
        film.write(riff(header(), DATA))
        film.truncate(MAX_FILE_BYTES + 1)
    with pytest.raises(BadReferenceAudio, match="is larger than 256 MiB; cut it"):
        read_sound(file)


VALID = riff(header(PCM, 24, 2, extensible=True), chunk(b"LIST", b"odd"), chunk(b"data", bytes(range(60))))


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzzed") / "reference.wav"


def attempt(file: Path, content: bytes) -> Samples | BadReferenceAudio:
    try:
        return read(file, content)[0]
    except BadReferenceAudio as error:
        return error


@settings(max_examples=300, deadline=None)
@given(
    flips=st.dictionaries(st.integers(0, len(VALID) - 1), st.integers(0, 255), max_size=4),
    length=st.just(len(VALID)) | st.integers(0, len(VALID)),
)
def test_any_bytes_are_a_recording_or_refused(flips: dict[int, int], length: int, fuzzed: Path) -> None:
    content = bytearray(VALID)
    for position, value in flips.items():
        content[position] = value
    found = attempt(fuzzed, bytes(content[:length]))
    if isinstance(found, BadReferenceAudio):
        assert str(fuzzed) in found.message
    else:
        assert found.ndim == 2
        assert 2 * found.size <= length


# -- other formats ----------------------------------------------------------------------------------------------------

COMPRESSED = pytest.mark.parametrize("suffix", [".flac", ".ogg", ".mp3"])


def chord(seconds: float) -> Samples:
    time = np.arange(round(seconds * RATE))[:, None] / RATE
    tones = sum(np.sin(2 * np.pi * pitch * time) for pitch in (220, 277, 330))
    return (0.2 * tones).astype(np.float32)


@COMPRESSED
def test_a_compressed_file_is_the_same_sound(suffix: str, tmp_path: Path) -> None:
    """From end to end; what the codec loses is quiet."""
    file, samples = tmp_path / f"reference{suffix.upper()}", chord(130)
    write_sound(file, to_pcm(samples), RATE)
    assert file.stat().st_size < 0.8 * 2 * len(samples)
    found, rate = read_sound(file)
    assert (found.dtype, found.shape, rate) == (np.float32, samples.shape, RATE)
    if suffix == ".flac":
        np.testing.assert_allclose(found, samples, atol=2**-16)
    losses = np.square(found - samples)[: len(samples) // RATE * RATE].reshape(-1, RATE).mean(axis=1)
    assert losses.max() < 0.001 * np.square(samples).mean()


def test_a_name_does_not_say_what_a_file_is(tmp_path: Path) -> None:
    write_sound(tmp_path / "reference.flac", to_pcm(noise(100, 1)), RATE)
    (tmp_path / "reference.flac").rename(tmp_path / "reference.wav")
    np.testing.assert_allclose(read_sound(tmp_path / "reference.wav")[0], noise(100, 1), atol=2**-16)


@COMPRESSED
def test_a_compressed_file_that_breaks_off_is_taken_as_far_as_it_goes_or_refused(suffix: str, tmp_path: Path) -> None:
    file, samples = tmp_path / f"reference{suffix}", chord(3)
    write_sound(file, to_pcm(samples), RATE)
    content = file.read_bytes()
    for part in (0.05, 0.5, 0.9):
        found = attempt(file, content[: round(part * len(content))])
        if isinstance(found, BadReferenceAudio):
            assert str(file) in found.message
        else:
            assert len(found) <= len(samples)


def test_hours_in_a_small_file_are_not_read_into_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sound_file, "MAX_SAMPLES", 60 * RATE)
    soundfile.write(tmp_path / "night.flac", np.zeros((31 * RATE, 2)), RATE)
    with pytest.raises(BadReferenceAudio, match=r"night\.flac is longer than 0\.5 min; cut it"):
        read_sound(tmp_path / "night.flac")


def test_a_sound_that_a_format_cannot_hold_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="MP3 at 192000 Hz cannot be written"):
        write_sound(tmp_path / "speech.mp3", bytes(100), 192_000)
