"""What a voice may be made of: any usual recording of somebody who is heard, and nothing else."""

import hashlib
import logging
from collections.abc import Callable

import numpy as np
import pytest

from qwen_tts.api import Audio
from qwen_tts.audio.reference_audio import ReferenceAudio, check_reference, check_whole
from qwen_tts.audio.samples import Samples, to_pcm
from qwen_tts.errors import BadReferenceAudio
from tests.golden.cases import reference_audio

SLOW = 8_000
"""The lowest rate: long recordings are short there."""


def speech(seconds: float, rate: int = SLOW) -> Samples:
    """Never quiet for long."""
    return reference_audio(seconds, rate)


def with_one(value: float, channels: int = 1) -> Samples:
    samples = np.tile(speech(4)[:, None], channels)
    samples[5_000, -1] = value
    return samples


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


# -- what is taken ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000, 96_000, 192_000])
def test_any_rate_is_the_same_voice(rate: int) -> None:
    reference = ReferenceAudio.from_samples(speech(3.2, rate), rate)
    assert (reference.sample_rate, reference.duration_s) == (rate, pytest.approx(3.2, abs=1e-4))
    at_24k, expected = reference.resampled(24_000), speech(3.2, 24_000)
    middle = slice(2_400, 24_000 * 3)
    np.testing.assert_allclose(at_24k[middle], expected[middle], atol=1e-3)


def test_channels_are_averaged() -> None:
    left, right = speech(3.5), 0.5 * speech(3.5)[::-1]
    stereo = ReferenceAudio.from_samples(np.stack((left, right), axis=1), SLOW)
    np.testing.assert_allclose(stereo.samples, (left + right) / 2, atol=1e-6)
    assert ReferenceAudio.from_samples(left[:, None], SLOW).samples.tolist() == left.tolist()
    alone = ReferenceAudio.from_samples(np.stack((left, 0 * left), axis=1), SLOW)
    np.testing.assert_allclose(alone.samples, left / 2, atol=1e-6)


@pytest.mark.parametrize("gains", [(1, -1), (-0.7, 0.7), (1, -0.9), (0.5, -1, 0.5), (0, 0, 1, -1), (1,) + (0,) * 7])
def test_of_channels_that_cancel_each_other_the_loudest_is_heard(gains: tuple[float, ...]) -> None:
    channels = np.stack([gain * speech(3.5) for gain in gains], axis=1)
    loudest = max(gains, key=abs)
    np.testing.assert_allclose(
        np.abs(ReferenceAudio.from_samples(channels, SLOW).samples), np.abs(loudest * speech(3.5))
    )


def test_pcm_is_taken_as_its_samples_are() -> None:
    pcm = to_pcm(speech(4))
    reference = ReferenceAudio.from_audio(Audio(pcm=pcm, sample_rate=SLOW))
    assert to_pcm(reference.samples) == pcm
    assert reference.source_sha256 == hashlib.sha256(pcm).hexdigest()


@pytest.mark.parametrize("samples", [3 * SLOW, 30 * SLOW])
def test_both_ends_of_the_range_are_taken_whole(samples: int, caplog: pytest.LogCaptureFixture) -> None:
    reference = ReferenceAudio.from_samples(speech(30)[:samples], SLOW)
    assert (len(reference.samples), reference.is_cut) == (samples, False)
    assert warnings_of(caplog) == []


@pytest.mark.parametrize(("peak", "taken"), [(1.5, True), (-4.0, True), (0.0011, True), (0.0009, False)])
def test_loudness_may_be_anything_that_is_heard(peak: float, taken: bool) -> None:
    samples = (speech(4) * (abs(peak) / np.abs(speech(4)).max()) * np.sign(peak)).clip(-4, 4)
    if taken:
        assert ReferenceAudio.from_samples(samples, SLOW).samples.tolist() == samples.tolist()
    else:
        with pytest.raises(BadReferenceAudio, match="silent"):
            ReferenceAudio.from_samples(samples, SLOW)


# -- what is too long -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [8_000, 44_100])
@pytest.mark.parametrize("quiet_s", [28.1, 28.9, 29.8])
def test_a_long_recording_ends_in_the_last_pause(rate: int, quiet_s: float, caplog: pytest.LogCaptureFixture) -> None:
    whole = speech(33, rate)
    first, last = round(quiet_s * rate), round((quiet_s + 0.15) * rate)
    whole[first:last] *= 0.01
    reference = ReferenceAudio.from_samples(whole, rate)
    assert first < len(reference.samples) < last
    assert reference.is_cut
    assert reference.samples.tolist() == whole[: len(reference.samples)].tolist()
    assert warnings_of(caplog) == [
        f"the reference audio is 33.0 s long; 0.0..{reference.duration_s:.1f} s of it are used"
    ]


@pytest.mark.parametrize("samples", [30 * SLOW + 1, 60 * SLOW])
def test_without_a_pause_nearly_all_of_it_is_used(samples: int, caplog: pytest.LogCaptureFixture) -> None:
    reference = ReferenceAudio.from_samples(np.resize(speech(7), samples), SLOW)
    assert 28 <= reference.duration_s <= 30
    assert reference.is_cut
    assert len(warnings_of(caplog)) == 1


def silence(seconds: float, level: float = 0.0) -> Samples:
    """Or the noise of a quiet room."""
    return (level * np.random.default_rng(1).uniform(-1, 1, round(seconds * SLOW))).astype(np.float32)


@pytest.mark.parametrize("level", [0.0, 0.0009, 0.004])
@pytest.mark.parametrize(("before_s", "after_s"), [(35, 0), (110, 0), (0, 35), (20, 60)])
def test_long_silence_is_no_part_of_what_is_used(before_s: float, after_s: float, level: float) -> None:
    spoken = speech(10)
    whole = np.concatenate((silence(before_s, level), spoken, silence(after_s, level)))
    reference = ReferenceAudio.from_samples(whole, SLOW)
    assert not reference.is_cut
    assert 10 <= reference.duration_s < 11.2
    used = reference.samples.tobytes()
    assert spoken.tobytes() in used
    check_reference(Audio(pcm=to_pcm(whole), sample_rate=SLOW), "Its words.")


def test_after_long_silence_the_first_of_what_is_heard_is_used() -> None:
    whole = np.concatenate((silence(31), speech(40)))
    reference = ReferenceAudio.from_samples(whole, SLOW)
    assert reference.is_cut
    assert 28 <= reference.duration_s <= 30
    assert reference.samples[-SLOW:].tobytes() in speech(40).tobytes()
    with pytest.raises(BadReferenceAudio, match="with a transcript all of it is used; cut both"):
        check_reference(Audio(pcm=to_pcm(whole), sample_rate=SLOW), "Its words.")


def test_silence_that_fits_stays() -> None:
    whole = np.concatenate((silence(12), speech(4), silence(12)))
    assert ReferenceAudio.from_samples(whole, SLOW).samples.tolist() == whole.tolist()


@pytest.mark.parametrize("transcript", [None, "Its words."])
@pytest.mark.parametrize("seconds", [0.0, 0.1, 2.99, 3, 29, 31])
@pytest.mark.parametrize("level", [0.0, 0.0009, 0.0011, 0.5])
def test_a_check_knows_what_makes_a_voice(seconds: float, level: float, transcript: str | None) -> None:
    audio = Audio(pcm=to_pcm(silence(seconds, level)), sample_rate=SLOW)

    def outcome(make: Callable[[], object]) -> str:
        try:
            make()
        except BadReferenceAudio as error:
            return error.message
        return "taken"

    def used_whole() -> None:
        check_whole(ReferenceAudio.from_audio(audio).is_cut, transcript)

    assert outcome(lambda: check_reference(audio, transcript)) == outcome(used_whole)


# -- which recording it was -------------------------------------------------------------------------------------------


def test_the_hash_is_of_the_whole_recording() -> None:
    whole = speech(34)
    other_end = np.concatenate((whole[:-1], [-whole[-1] - 0.1]))
    reference, other = (ReferenceAudio.from_samples(samples, SLOW) for samples in (whole, other_end))
    assert reference.samples.tolist() == other.samples.tolist()
    assert reference.source_sha256 != other.source_sha256
    assert reference.source_sha256 == hashlib.sha256(to_pcm(whole)).hexdigest()


def test_the_hash_knows_neither_number_format_nor_channels() -> None:
    mono = speech(4)
    same = (mono, mono.astype(np.float64), mono[:, None], np.stack((mono, mono), axis=1))
    assert len({ReferenceAudio.from_samples(samples, SLOW).source_sha256 for samples in same}) == 1


# -- what is refused --------------------------------------------------------------------------------------------------


def of_samples(samples: Samples, rate: int = SLOW) -> Callable[[], ReferenceAudio]:
    return lambda: ReferenceAudio.from_samples(samples, rate)


def of_pcm(pcm: bytes, rate: int = SLOW) -> Callable[[], ReferenceAudio]:
    return lambda: ReferenceAudio.from_audio(Audio(pcm=pcm, sample_rate=rate))


REFUSED = {
    "a sample less than 3 s": (of_samples(speech(4)[: 3 * SLOW - 1]), "needs at least 3 s"),
    "one sample": (of_pcm(bytes(2)), "is only 0.000125 s long; a voice needs at least 3 s, and at most 30 s are used"),
    "no sample": (of_samples(np.zeros(0, np.float32)), "is empty"),
    "no sample in two channels": (of_samples(np.zeros((0, 2), np.float32)), "is empty"),
    "no channel": (of_samples(np.zeros((32_000, 0), np.float32)), "is empty"),
    "no PCM": (of_pcm(b""), "is empty"),
    "half a sample": (of_pcm(to_pcm(speech(4)) + b"\0"), "has 64001 bytes, and a sample takes 2"),
    "silence": (of_samples(np.zeros(32_000, np.float32)), "silent: nothing in it is louder than -60 dBFS"),
    "silent PCM": (of_pcm(bytes(64_000)), "record it again, louder"),
    "silence but for a second": (of_samples(np.concatenate((silence(35), speech(1)))), "is silent but for 1.5 s"),
    "not a number": (of_samples(with_one(np.nan)), "samples that are no numbers; export it again"),
    "not a number in one channel": (of_samples(with_one(np.nan, 2)), "samples that are no numbers"),
    "infinite": (of_samples(with_one(np.inf)), "samples that are no numbers"),
    "infinite below": (of_samples(with_one(-np.inf, 2)), "samples that are no numbers"),
    "scaled as integers": (of_samples(with_one(-32_768)), "a sample of 32768; they must be within -1..1"),
    "far too loud": (of_samples(with_one(4.001, 2)), "a sample of 4.001"),
}


@pytest.mark.parametrize(("build", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_what_makes_no_voice_is_refused_with_a_reason(build: Callable[[], ReferenceAudio], said: str) -> None:
    with pytest.raises(BadReferenceAudio) as error:
        build()
    assert said in error.value.message
    assert error.value.param == "audio"


@pytest.mark.parametrize("rate", [-24_000, 0, 1, 7_999, 192_001, 2**31])
def test_an_absurd_rate_is_refused(rate: int) -> None:
    for build in (of_samples(speech(4), rate), of_pcm(to_pcm(speech(4)), rate)):
        with pytest.raises(BadReferenceAudio, match=f"sample rate of {rate} Hz; it must be within 8000..192000"):
            build()
