"""The network in two parts is the network; a window of it is a part that joins the others."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime  # type: ignore[import-untyped]
import pytest

from qwen3tts_daemon.embedded.cancellation import Cancellation, Cancelled
from qwen3tts_daemon.embedded.kokoro import Kokoro
from qwen3tts_daemon.embedded.model_file import cpu_gains_from_signed, joined_network
from qwen3tts_daemon.embedded.network_surgery import sign_activations
from qwen3tts_daemon.embedded.shaping import SAMPLE_RATE, Samples

PHONEMES = "ɡˈʊd ˈivnɪŋ, ðə lˈɪvɪŋ ɹˈum lˈIts ɑɹ ˈɔn ænd ðə dˈɔɹ ɪz klˈOzd."
STYLE = "af_heart"
LEAST_SNR_DB = 15.0
"""The published network changes by -22 to -26 dB where its input changes by a millionth: its integers round."""
GREATEST_SPECTRAL_DISTANCE_DB = 9.0
GREATEST_LEVEL_STEP_DB = 3.0


@pytest.fixture(scope="module")
def kokoro(cache_dir: Path) -> Kokoro:
    return Kokoro(cache_dir, threads=2)


@pytest.fixture(scope="module")
def whole(kokoro: Kokoro) -> Samples:
    (samples,) = kokoro.synthesize(PHONEMES, [STYLE], Cancellation())
    return samples


def published(kokoro: Kokoro) -> Samples:
    """What the network says that is not cut."""
    network = onnx.load_model_from_string(joined_network())
    if cpu_gains_from_signed():
        sign_activations(network)
    session = onnxruntime.InferenceSession(network.SerializeToString(), providers=["CPUExecutionProvider"])
    (samples,) = session.run(None, kokoro.feeds(PHONEMES, [STYLE]))
    return np.asarray(samples, np.float32).ravel()


def snr_db(wanted: Samples, samples: Samples) -> float:
    return float(10 * np.log10(np.sum(wanted**2) / np.sum((wanted - samples) ** 2)))


def spectrum_db(samples: Samples) -> Samples:
    frames = np.lib.stride_tricks.sliding_window_view(samples, 512)[::128] * np.hanning(512)
    level: Samples = 20 * np.log10(np.abs(np.fft.rfft(frames)) + 1e-3)
    return level


def test_two_parts_are_the_network_to_within_its_own_rounding(kokoro: Kokoro, whole: Samples) -> None:
    wanted = published(kokoro)
    assert len(whole) == len(wanted)
    assert snr_db(wanted, whole) > LEAST_SNR_DB


def test_windows_come_one_by_one_and_sound_as_the_whole(kokoro: Kokoro, whole: Samples) -> None:
    pieces = list(kokoro.synthesize(PHONEMES, [STYLE], Cancellation(), first=48))
    assert len(pieces) > 2
    assert len(pieces[0]) < SAMPLE_RATE
    joined = np.concatenate(pieces)
    assert len(joined) == len(whole)
    distance = float(np.sqrt(np.mean((spectrum_db(joined) - spectrum_db(whole)) ** 2)))
    assert distance < GREATEST_SPECTRAL_DISTANCE_DB
    assert abs(10 * np.log10(np.mean(joined**2) / np.mean(whole**2))) < GREATEST_LEVEL_STEP_DB


def test_windows_meet_without_a_click(kokoro: Kokoro, whole: Samples) -> None:
    pieces = list(kokoro.synthesize(PHONEMES, [STYLE], Cancellation(), first=48))
    joined, at = np.concatenate(pieces), 0
    for piece in pieces[:-1]:
        at += len(piece)
        assert abs(joined[at] - joined[at - 1]) <= np.abs(np.diff(whole)).max()


def test_windows_are_the_same_each_time(kokoro: Kokoro) -> None:
    first, second = (list(kokoro.synthesize(PHONEMES, [STYLE], Cancellation(), first=48)) for _ in range(2))
    np.testing.assert_array_equal(np.concatenate(first), np.concatenate(second))


def test_cancelling_between_windows_ends_before_the_next(kokoro: Kokoro) -> None:
    cancellation = Cancellation()
    pieces = kokoro.synthesize(PHONEMES, [STYLE], cancellation, first=48)
    next(pieces)
    cancellation.cancel()
    with pytest.raises(Cancelled):
        next(pieces)
