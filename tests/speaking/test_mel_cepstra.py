"""The distance of two sounds: what changes nothing of the words changes little of it, and other words much."""

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.mel_cepstra import Floats, distance, mel_cepstra
from qwen_tts.audio.samples import Samples, from_pcm, to_pcm
from scripts.speaking.teacher import Teacher
from tests.speaking.record import say
from tests.speaking.recorded_teacher import TEXTS, RecordedTeacher

RATE = 24_000
NEAR, FAR = 10.0, 15.0
"""The same words, and others; a checkpoint is some 12 from its teacher."""


@pytest.fixture(scope="module")
def teacher() -> Teacher:
    return Teacher()


@pytest.fixture(scope="module")
def sound(teacher: Teacher) -> Samples:
    return say(teacher, "heart", TEXTS[0])


def random_cepstra(frames: int, seed: int) -> Floats:
    return np.random.default_rng(seed).standard_normal((frames, 12))


def shortest_by_the_definition(one: Floats, other: Floats) -> float:
    """Cell by cell."""
    costs = np.linalg.norm(one[:, None] - other, axis=2)
    paths = np.full(np.add(costs.shape, 1), np.inf)
    paths[0, 0] = 0
    for (i, j), cost in np.ndenumerate(costs):
        single = min(paths[i, j + 1], paths[i + 1, j]) + cost
        paths[i + 1, j + 1] = min(single, paths[i, j] + 2 * cost)
    return float(paths[-1, -1]) / sum(costs.shape)


frames = st.integers(1, 40)
seeds = st.integers(0, 2**32)


@settings(deadline=None)
@given(frames, frames, seeds)
def test_it_is_what_its_definition_says(one: int, other: int, seed: int) -> None:
    a, b = random_cepstra(one, seed), random_cepstra(other, seed + 1)
    assert distance(a, b) == pytest.approx(shortest_by_the_definition(a, b))


@settings(deadline=None)
@given(frames, frames, seeds)
def test_it_is_symmetric_and_nothing_is_nearer_than_the_same(one: int, other: int, seed: int) -> None:
    a, b = random_cepstra(one, seed), random_cepstra(other, seed + 1)
    assert distance(a, b) == pytest.approx(distance(b, a))
    assert distance(a, a) == pytest.approx(0, abs=1e-6)
    assert distance(a, b) > 0


@settings(deadline=None)
@given(st.integers(1, 20), seeds, st.data())
def test_warping_is_free_where_frames_are_repeated(count: int, seed: int, data: st.DataObject) -> None:
    cepstra = random_cepstra(count, seed)
    times = data.draw(st.lists(st.integers(1, 4), min_size=count, max_size=count))
    assert distance(cepstra, np.repeat(cepstra, times, axis=0)) == pytest.approx(0, abs=1e-6)


@settings(max_examples=20, deadline=None)
@given(st.floats(-40, 20))
def test_gain_changes_nothing(sound: Samples, gain_db: float) -> None:
    louder = sound * np.float32(10 ** (gain_db / 20))
    assert distance(mel_cepstra(sound), mel_cepstra(louder)) < 0.01


@settings(max_examples=20, deadline=None)
@given(st.integers(0, RATE), st.integers(0, RATE))
def test_silence_around_it_changes_little(sound: Samples, before: int, after: int) -> None:
    assert distance(mel_cepstra(sound), mel_cepstra(np.pad(sound, (before, after)))) < NEAR


@pytest.mark.parametrize("tempo", [0.85, 1.15])
def test_tempo_and_pitch_change_it_less_than_other_words(sound: Samples, tempo: float) -> None:
    faster = soxr.resample(sound, RATE * tempo, RATE)
    others = (RecordedTeacher.of("heart").cepstra[text] for text in TEXTS[1:])
    assert distance(mel_cepstra(sound), mel_cepstra(faster)) < min(distance(mel_cepstra(faster), one) for one in others)


@pytest.mark.parametrize("text", TEXTS)
def test_other_words_are_far(text: str) -> None:
    cepstra = RecordedTeacher.of("heart").cepstra
    assert all(distance(cepstra[text], cepstra[other]) > FAR for other in TEXTS if other != text)


def test_as_pcm_it_is_the_same_sound(sound: Samples) -> None:
    assert distance(mel_cepstra(sound), mel_cepstra(from_pcm(to_pcm(sound)))) < 1


@pytest.mark.parametrize("silence", [np.zeros(0), np.zeros(RATE)], ids=["none", "silence"])
def test_what_cannot_be_heard_is_refused(silence: Samples) -> None:
    with pytest.raises(ValueError, match="nothing can be heard"):
        mel_cepstra(silence)
