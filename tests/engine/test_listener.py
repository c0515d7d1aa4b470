"""Laws of what listens to a sequence: a murmur after speech is its end, and speech is never taken for one."""

from collections.abc import Iterable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_tts.engine.listener import (
    FADE_IN_SAMPLES,
    ListenerOptions,
    Pcm,
    SequenceListener,
    SpeechLevel,
    faded_in,
    faded_out,
    level_of,
    peak_of,
)

SAMPLES = 1920
OPTIONS = ListenerOptions(silence_frames=50, quiet_db=20, start_frames=0, start_dbfs=-35)
WHISPER, SPEECH, MURMUR, SHOUT = -42, -22, -47, -8
"""dBFS"""


def sound(dbfs: float) -> Pcm:
    """A frame of noise, so loud."""
    noise = np.random.default_rng(3).standard_normal(SAMPLES)
    return (
        np.rint(noise / np.sqrt((noise**2).mean()) * 10 ** (dbfs / 20) * 2**15).clip(-(2**15), 2**15 - 1).astype("i2")
    )


def spoken(frames: int, dbfs: float = SPEECH) -> list[float]:
    """Levels of speech: loud vowels, quieter consonants, short pauses."""
    return [dbfs + (0, -3, -6, 1, -15, -4, -30, -2)[frame % 8] for frame in range(frames)]


def end_of(
    levels: Iterable[float], expected: float, options: ListenerOptions = OPTIONS, read_at: int = 0
) -> int | None:
    """After how many frames it is the end; None: it goes on."""
    speech = SpeechLevel()
    speech.expect(expected)
    listener = SequenceListener(speech, options)
    for frame, level in enumerate(levels):
        listener.hear(sound(level), text_is_read=frame >= read_at)
        if listener.has_fallen_silent:
            return frame + 1
    return None


@pytest.mark.parametrize("speech", [SPEECH, SHOUT, -30])
@pytest.mark.parametrize("frames", [6, 12, 60, 300])
def test_a_murmur_25_db_below_speech_is_the_end_and_so_is_silence(speech: float, frames: int) -> None:
    for murmur in (speech - 25, -120):
        end = end_of(spoken(frames, speech) + [murmur] * 400, expected=frames)
        assert end is not None
        assert end <= frames + 51


def test_a_murmur_as_loud_as_speech_is_none() -> None:
    assert end_of(spoken(60) + [SPEECH - 12] * 400, expected=60) is None


@pytest.mark.parametrize("level", [WHISPER, SPEECH, SHOUT])
@pytest.mark.parametrize("pace", [0.5, 1, 3])
def test_speech_of_any_level_and_pace_goes_on(level: float, pace: float) -> None:
    assert end_of(spoken(400, level), expected=400 / pace) is None


@pytest.mark.parametrize("noise", [1, 5, 10])
def test_a_loud_noise_at_the_beginning_makes_no_murmur_of_speech(noise: int) -> None:
    assert end_of([SHOUT + 6] * noise + spoken(300, SPEECH - 8), expected=200) is None


def test_pauses_of_slow_speech_are_survived() -> None:
    slow = [level for _ in range(10) for level in spoken(12) + [MURMUR] * 45]
    assert end_of(slow, expected=120) is None


def test_speech_that_fades_out_is_heard_to_its_end() -> None:
    fading = [SPEECH - 30 * frame / 125 for frame in range(125)]
    assert end_of(spoken(60) + fading, expected=185) is None


def test_a_loud_word_before_a_whisper_does_not_silence_it() -> None:
    assert end_of(spoken(20, SHOUT) + spoken(150, WHISPER), expected=170) is None


def test_the_speech_of_earlier_sequences_tells_what_is_a_murmur() -> None:
    speech = SpeechLevel()
    for levels in (spoken(60), [MURMUR] * 50):
        speech.expect(60)
        listener = SequenceListener(speech, OPTIONS)
        for level in levels:
            listener.hear(sound(level), text_is_read=True)
    assert listener.has_fallen_silent


def test_nothing_is_an_end_before_the_text_is_read() -> None:
    assert end_of([-120] * 200, expected=10, read_at=200) is None
    assert end_of([-120] * 200, expected=10, read_at=100) == 150


def test_each_can_be_switched_off() -> None:
    murmur, silence = spoken(60) + [MURMUR] * 300, spoken(60) + [-120] * 300
    without_tone = ListenerOptions(silence_frames=50, quiet_db=None, start_frames=0, start_dbfs=-35)
    assert (end_of(murmur, 60, without_tone), end_of(silence, 60, without_tone)) == (None, 110)
    assert end_of(silence, 60, ListenerOptions(None, 20, 0, -35)) is None


@given(
    st.lists(st.integers(-100, 0), min_size=1, max_size=200), st.floats(0, 500), st.integers(1, 60), st.integers(1, 40)
)
def test_an_end_is_a_stretch_without_a_loud_frame(
    levels: Sequence[int], expected: float, silence_frames: int, quiet_db: int
) -> None:
    """Whatever was heard before; and one frame as loud as the loudest is always speech."""
    options = ListenerOptions(silence_frames, quiet_db, 0, -35)
    end = end_of(levels, expected, options)
    if end is None:
        return
    assert end >= silence_frames
    stretch = [sound(level) for level in levels[end - silence_frames : end]]
    loudest = max(level_of(sound(level)) for level in levels[:end])
    assert all(peak_of(pcm) < 100 or level_of(pcm) < loudest for pcm in stretch)


def test_what_is_quiet_at_the_end_can_be_counted() -> None:
    speech = SpeechLevel()
    speech.expect(60)
    listener = SequenceListener(speech, OPTIONS)
    for level in [*spoken(62), *[MURMUR] * 30]:
        listener.hear(sound(level), text_is_read=True)
    assert (listener.frames, listener.quiet_frames) == (92, 30)
    listener.hear(sound(SPEECH), text_is_read=True)
    assert listener.quiet_frames == 0


# -- before the first word --------------------------------------------------------------------------------------------


def heard(levels: Sequence[float], start_frames: int) -> list[Pcm | None]:
    listener = SequenceListener(SpeechLevel(), ListenerOptions(50, 20, start_frames, -35))
    return [listener.hear(sound(level), text_is_read=False) for level in levels]


def test_noise_before_the_first_word_is_left_out_and_what_follows_fades_in() -> None:
    first, second, *rest = heard([-40, -45, *spoken(10), -50, -50], start_frames=2)
    assert first is second is None
    assert rest[0] is not None
    assert rest[0][0] == 0
    np.testing.assert_array_equal(rest[0][FADE_IN_SAMPLES:], sound(SPEECH)[FADE_IN_SAMPLES:])
    assert all(pcm is not None for pcm in rest)


def test_a_sequence_that_goes_on_from_another_fades_in() -> None:
    """A codec that begins anew may begin with a step."""
    listener = SequenceListener(SpeechLevel(), OPTIONS, goes_on=True)
    first, second = (listener.hear(np.full(1920, 1000, np.int16), text_is_read=False) for _ in range(2))
    assert first is not None
    assert second is not None
    assert first[0] == 0
    assert np.abs(np.diff(first)).max() < 10
    assert second[0] == 1000


@pytest.mark.parametrize("levels", [[SPEECH, -40], [-34, -40], [-34.9, -60]])
def test_speech_is_never_left_out_nor_what_follows_it(levels: list[float]) -> None:
    for frame, level in zip(heard(levels, start_frames=2), levels, strict=True):
        assert frame is not None
        np.testing.assert_array_equal(frame, sound(level))


def test_no_more_is_left_out_than_the_table_says() -> None:
    assert [pcm is None for pcm in heard([-60] * 5, start_frames=3)] == [True, True, True, False, False]
    assert all(pcm is not None for pcm in heard([-60] * 5, start_frames=0))


# -- fades ------------------------------------------------------------------------------------------------------------


def test_fades_have_no_click() -> None:
    frame = np.full(SAMPLES, 20_000, np.int16)
    out, into = faded_out(frame), faded_in(frame)
    assert (out[0], out[-1], into[0], into[-1]) == (20_000, 0, 0, 20_000)
    assert np.abs(np.diff(out)).max() <= 20_000 / SAMPLES + 2
    assert np.abs(np.diff(into)).max() <= 20_000 / FADE_IN_SAMPLES + 2
    assert frame[0] == 20_000, "what was given is left alone"
