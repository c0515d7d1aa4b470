"""Laws of sound: streamed is whole, lengths are what was promised, codes decode to what went in."""

import io
import math
import struct
import wave

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwen3tts_daemon.audio import AUDIO_FORMATS, Law, Resampler, encode_g711, open_encoder, silence, wav_header
from qwen3tts_daemon.audio.filters import LoudnessMeter, SoundFilter
from qwen_tts.errors import UnsupportedFormat

RATE = 24_000


def sine(seconds: float, pitch: float = 440.0, rate: int = RATE) -> bytes:
    time = np.arange(round(seconds * rate)) / rate
    return (8_000 * np.sin(2 * math.pi * pitch * time)).astype("<i2").tobytes()


def cut(pcm: bytes, sizes: list[int]) -> list[bytes]:
    """The PCM in pieces of these many samples, the last one takes the rest."""
    pieces = []
    for size in sizes:
        pieces.append(pcm[: 2 * size])
        pcm = pcm[2 * size :]
    return [*pieces, pcm]


def samples(pcm: bytes) -> np.ndarray:
    return np.frombuffer(pcm, "<i2").astype(float)


SIZES = st.lists(st.integers(0, 5_000), max_size=8)


@settings(deadline=None, max_examples=20)
@given(sizes=SIZES, rate=st.sampled_from((8_000, 16_000, 44_100, 48_000)))
def test_resampled_in_pieces_is_resampled_whole(sizes: list[int], rate: int) -> None:
    pcm = sine(0.8)
    whole, pieces = Resampler(RATE, rate), Resampler(RATE, rate)
    in_pieces = b"".join(pieces.process(piece) for piece in cut(pcm, sizes)) + pieces.flush()
    assert in_pieces == whole.process(pcm) + whole.flush()


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 48_000])
def test_resampling_keeps_length_pitch_and_level(rate: int) -> None:
    resampler = Resampler(RATE, rate)
    resampled = samples(resampler.process(sine(1.0)) + resampler.flush())
    assert abs(len(resampled) - rate) <= 1
    spectrum = np.abs(np.fft.rfft(resampled))
    assert abs(np.argmax(spectrum) * rate / len(resampled) - 440) < 2
    assert np.std(resampled) == pytest.approx(8_000 / math.sqrt(2), rel=0.01)


def test_the_same_rate_changes_nothing_and_silence_stays_silent() -> None:
    same = Resampler(RATE, RATE)
    assert same.process(sine(0.1)) + same.flush() == sine(0.1)
    other = Resampler(RATE, 16_000)
    assert not any(other.process(silence(200, RATE)) + other.flush())


def decoded_g711(codes: bytes, law: Law) -> np.ndarray:
    """The decoder, written down a second time, from the tables of the standard."""
    values = []
    for code in codes:
        inverted = code ^ (0xFF if law == "mulaw" else 0x55)
        segment, step = (inverted >> 4) & 7, inverted & 0xF
        if law == "mulaw":
            magnitude = (((step << 3) + 0x84) << segment) - 0x84
            values.append(-magnitude if inverted & 0x80 else magnitude)
        else:
            magnitude = (step << 4) + 8
            if segment:
                magnitude = (magnitude + 0x100) << (segment - 1)
            values.append(magnitude if inverted & 0x80 else -magnitude)
    return np.array(values)


@pytest.mark.parametrize("law", ["mulaw", "alaw"])
def test_g711_gives_each_sample_the_code_whose_interval_holds_it(law: Law) -> None:
    every = np.arange(-32_768, 32_768)
    codes = encode_g711(every.astype("<i2").tobytes(), law)
    values = decoded_g711(codes, law)
    assert np.all(np.diff(values) >= 0), "louder is never coded softer"
    loudness = np.abs(every)
    half_step = (loudness + 132) / 32 if law == "mulaw" else np.maximum(loudness / 32, 8)
    assert np.all((np.abs(values - every) <= half_step + 1) | (loudness > 32_635))


@pytest.mark.parametrize("law", ["mulaw", "alaw"])
def test_g711_codes_survive_the_round_trip(law: Law) -> None:
    codes = bytes(range(256))
    again = encode_g711(decoded_g711(codes, law).astype("<i2").tobytes(), law)
    # mu-law has two zeros.
    assert [code for code in codes if again[code] != code] == ([0x7F] if law == "mulaw" else [])


def test_g711_known_codes() -> None:
    pcm = struct.pack("<6h", 0, -1, 1_000, -1_000, 32_767, -32_768)
    assert encode_g711(pcm, "mulaw").hex() == "ff7fce4e8000"
    assert encode_g711(pcm, "alaw").hex() == "d555fa7aaa2a"


def test_a_wav_header_says_how_long_it_is() -> None:
    pcm = sine(0.25)
    with wave.open(io.BytesIO(wav_header(RATE, len(pcm)) + pcm)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE)
        assert file.readframes(file.getnframes()) == pcm
    stream = wav_header(RATE)
    assert stream[4:8] == stream[40:44] == b"\xff" * 4
    assert len(stream) == 44


def encode(name: str, pieces: list[bytes]) -> bytes:
    encoder = open_encoder(name, RATE)
    return b"".join([encoder.encode(piece) for piece in pieces] + [encoder.finish()])


def decode(encoded: bytes) -> tuple[np.ndarray, int]:
    """Mono samples in -1..1 and their rate."""
    with av.open(io.BytesIO(encoded)) as file:
        rate = file.streams.audio[0].rate
        to_float = av.AudioResampler("flt", "mono", rate)
        frames = [part for frame in file.decode(audio=0) for part in to_float.resample(frame)]
    return np.concatenate([frame.to_ndarray()[0] for frame in frames]), rate


PADDING_S = {"mp3": 0.08, "aac": 0.13, "opus": 0.001, "flac": 0.0, "wav": 0.0}
"""What decoders of a stream cannot know to cut away: the encoder's delay and its last block."""


@pytest.mark.parametrize("name", PADDING_S)
def test_a_format_holds_the_sound_whole(name: str) -> None:
    pcm = sine(1.5)
    sound, rate = decode(encode(name, cut(pcm, [1_920] * 12)))
    assert 0 <= len(sound) / rate - 1.5 <= PADDING_S[name]
    middle = sound[rate // 2 : rate]
    assert abs(np.argmax(np.abs(np.fft.rfft(middle))) * 2 - 440) <= 4
    assert np.std(middle) == pytest.approx(8_000 / 32_768 / math.sqrt(2), rel=0.1)


@pytest.mark.parametrize("name", AUDIO_FORMATS)
def test_encoded_in_pieces_is_encoded_whole(name: str) -> None:
    pcm = sine(0.7)
    in_pieces, whole = encode(name, cut(pcm, [1_920, 0, 7, 4_000])), encode(name, [pcm])
    if name == "opus":  # each Ogg stream has a number of its own
        assert np.array_equal(decode(in_pieces)[0], decode(whole)[0])
    else:
        assert in_pieces == whole


@pytest.mark.parametrize("name", AUDIO_FORMATS)
def test_sound_comes_out_while_it_goes_in(name: str) -> None:
    encoder = open_encoder(name, RATE)
    frames = cut(sine(0.8), [1_920] * 9)
    early = b"".join(encoder.encode(frame) for frame in frames[:4])
    assert len(early) > 600, "four frames in, nothing to play"


@pytest.mark.parametrize("name", AUDIO_FORMATS)
def test_no_sound_is_an_empty_file_not_a_crash(name: str) -> None:
    encode(name, [])


def test_an_unknown_format_is_told() -> None:
    with pytest.raises(UnsupportedFormat, match="there are mp3") as caught:
        open_encoder("midi", RATE)
    assert caught.value.param == "response_format"


@pytest.mark.parametrize("name", AUDIO_FORMATS)
@pytest.mark.parametrize("rate", [8_000, 16_000, 48_000])
def test_a_format_may_have_another_sample_rate_than_the_sound_comes_with(name: str, rate: int) -> None:
    encoder = open_encoder(name, rate, RATE)
    encoded = b"".join([encoder.encode(piece) for piece in cut(sine(1.5), [1_920] * 12)]) + encoder.finish()
    if name == "pcm":
        sound, found = samples(encoded), rate
        assert encoder.media_type.endswith(f"rate={rate}")
    else:
        sound, found = decode(encoded)
    assert found == (48_000 if name == "opus" else rate), "Opus is always told at 48 kHz"
    assert abs(len(sound) / found - 1.5) <= 0.25
    middle = sound[found // 2 : found]
    assert abs(np.argmax(np.abs(np.fft.rfft(middle))) * 2 - 440) <= 4


SPEEDS = (0.25, 0.5, 0.8, 1.0, 1.25, 2.0, 3.3, 4.0)
GAINS = (-40.0, -6.0, 3.0, 20.0)


def filtered(pcm: bytes, **options: float) -> np.ndarray:
    sound_filter = SoundFilter(RATE, **options)
    return samples(sound_filter.process(pcm) + sound_filter.flush())


@pytest.mark.parametrize("speed", SPEEDS)
def test_speed_changes_length_and_keeps_pitch(speed: float) -> None:
    changed = filtered(sine(1.5), speed=speed)
    assert len(changed) == SoundFilter(RATE, speed=speed).position(round(1.5 * RATE)) == round(1.5 * RATE / speed)
    spectrum = np.abs(np.fft.rfft(changed))
    assert abs(np.argmax(spectrum) * RATE / len(changed) - 440) < 10


@pytest.mark.parametrize("gain_db", [-40.0, -6.0, -0.5, 0.5, 3.0, 9.0])
def test_a_gain_is_exact_and_moves_nothing(gain_db: float) -> None:
    quiet = samples(sine(1.0, pitch=300)) / 4
    louder = filtered(quiet.astype("<i2").tobytes(), gain_db=gain_db)
    assert len(louder) == len(quiet)
    expected = quiet * 10 ** (gain_db / 20)
    middle = slice(RATE // 4, -RATE // 4)
    assert np.abs(louder - expected)[middle].max() <= max(1.0, 0.01 * np.abs(expected).max())


def test_what_becomes_louder_is_held_below_its_peak_between_samples_too() -> None:
    time = np.arange(2 * RATE) / RATE
    speech = 9_000 * np.sin(2 * math.pi * 5_987 * time) * (np.sin(2 * math.pi * 3 * time) > 0)
    louder = filtered(speech.astype("<i2").tobytes(), gain_db=20)
    resampler = Resampler(RATE, 8 * RATE)
    wave_form = samples(resampler.process(louder.astype("<i2").tobytes()) + resampler.flush())
    assert 20 * math.log10(np.abs(wave_form).max() / 32_768) <= -1
    assert not filtered(bytes(RATE), gain_db=20).any(), "silence stays silence"


@settings(deadline=None, max_examples=15)
@given(sizes=SIZES, speed=st.sampled_from(SPEEDS), gain_db=st.sampled_from((0.0, *GAINS)))
def test_filtered_in_pieces_is_filtered_whole(sizes: list[int], speed: float, gain_db: float) -> None:
    pcm = sine(0.6)
    pieces = SoundFilter(RATE, speed=speed, gain_db=gain_db)
    in_pieces = b"".join(pieces.process(piece) for piece in cut(pcm, sizes)) + pieces.flush()
    assert np.array_equal(samples(in_pieces), filtered(pcm, speed=speed, gain_db=gain_db))


@pytest.mark.parametrize("sizes", [[], [1_920] * 40, [7, 0, 31_000]])
def test_loudness_is_that_of_the_standard(sizes: list[int]) -> None:
    """EBU Tech 3341 asks for -23.0 +-0.1 of a stereo sine of -23 dBFS and 1 kHz; one channel alone has 3 LU less."""
    time = np.arange(15 * RATE) / RATE
    tone = (32_768 * 10 ** (-23 / 20) * np.sin(2 * math.pi * 1_000 * time)).astype("<i2").tobytes()
    meter = LoudnessMeter(RATE)
    for piece in cut(tone + bytes(10 * RATE), sizes):
        meter.add(piece)
    assert meter.finish() == pytest.approx(-26.0, abs=0.1), "and silence does not count"
    assert meter.duration_s == 20


def test_silence_has_no_loudness() -> None:
    meter = LoudnessMeter(RATE)
    meter.add(bytes(4 * RATE))
    assert meter.finish() <= -70
    assert LoudnessMeter(RATE).finish() <= -70
