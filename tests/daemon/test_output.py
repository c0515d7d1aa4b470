"""What goes out of an utterance, whatever the engine's chunks, the speed and the silences are."""

import re
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen3tts_daemon.audio import silence
from qwen3tts_daemon.audio.filters import SoundFilter
from qwen3tts_daemon.audio.pauses import faded_out
from qwen3tts_daemon.speech.output import NOTHING_MS, Output, Part, SegmentStarted
from qwen3tts_daemon.text.segments import LiveSegmenter
from qwen_tts.api import AudioChunk
from tests.fakes import SAMPLE_RATE, SAMPLES_PER_FRAME, ToneEngine, tone

ENGINE = ToneEngine().capabilities
SENTENCES = ("Hello there.", "Come in.", "How are you?", "Good.")
SEGMENTS = LiveSegmenter().feed(" ".join(SENTENCES) + " And")


def chunks(spoken: list[int], size: int) -> Iterator[AudioChunk]:
    """An engine's sound of these sentences; of the others it makes none."""
    first_sample = 0
    for index in spoken:
        pcm = tone(SENTENCES[index])
        for start in range(0, len(pcm), 2 * size):
            piece = pcm[start : start + 2 * size]
            yield AudioChunk(pcm=piece, first_sample=first_sample, sample_rate=SAMPLE_RATE, segment=index)
            first_sample += len(piece) // 2


def heard(parts: list[Part]) -> bytes:
    """The sound; its samples are numbered without a gap."""
    pcm = b""
    for part in parts:
        if isinstance(part, AudioChunk):
            assert part.first_sample == len(pcm) // 2
            assert part.samples > 0
            pcm += part.pcm
    return pcm


def started(parts: list[Part]) -> list[SegmentStarted]:
    return [part for part in parts if isinstance(part, SegmentStarted)]


def run(output: Output, sound: Iterator[AudioChunk]) -> list[Part]:
    return [part for chunk in sound for part in output.take(chunk)] + output.end_passage(None) + output.finish()


def test_there_is_a_segment_for_every_sentence() -> None:
    assert [segment.text for segment in SEGMENTS] == list(SENTENCES)


@given(
    spoken=st.sets(st.integers(0, 3), min_size=1).map(sorted), size=st.integers(100, 5_000),
    lead_ms=st.integers(0, 300), tail_ms=st.integers(0, 300),
)  # fmt: skip
def test_the_engines_sound_comes_between_silences(spoken: list[int], size: int, lead_ms: int, tail_ms: int) -> None:
    output = Output(ENGINE, SEGMENTS, lead=silence(lead_ms, SAMPLE_RATE), tail_s=tail_ms / 1000)
    output.begin(voice="tone", language="en")
    parts = run(output, chunks(spoken, size))
    lead, tail = silence(lead_ms, SAMPLE_RATE), silence(tail_ms, SAMPLE_RATE)
    assert heard(parts) == lead + b"".join(tone(SENTENCES[index]) for index in spoken) + tail
    assert [(one.index, one.text, one.voice, one.language) for one in started(parts)] == [
        (index, SEGMENTS[index].raw, "tone", "en") for index in spoken
    ]
    sample = len(lead) // 2
    for one in started(parts):
        assert one.sample == sample
        sample += len(tone(SENTENCES[one.index])) // 2


@pytest.mark.parametrize("speed", [0.25, 0.7, 1.5, 4])
@pytest.mark.parametrize("size", [500, SAMPLES_PER_FRAME, 20_000])
def test_at_another_speed_a_segment_begins_where_its_sound_does(speed: float, size: int) -> None:
    output = Output(ENGINE, SEGMENTS, lead=silence(100, SAMPLE_RATE), tail_s=0.2)
    output.begin(sound_filter=SoundFilter(SAMPLE_RATE, speed=speed))
    parts = run(output, chunks([0, 1, 2, 3], size))
    samples = [len(tone(sentence)) // 2 for sentence in SENTENCES]
    assert len(heard(parts)) // 2 == 2_400 + round(sum(samples) / speed) + 4_800
    assert [one.sample for one in started(parts)] == [2_400 + round(sum(samples[:index]) / speed) for index in range(4)]


def test_a_segment_is_told_before_its_sound() -> None:
    parts = run(Output(ENGINE, SEGMENTS, lead=silence(200, SAMPLE_RATE)), chunks([0, 2], SAMPLES_PER_FRAME))
    segment = None
    for part in parts:
        if isinstance(part, SegmentStarted):
            segment = part.index
        else:
            assert part.segment == segment


def test_no_part_of_a_silence_is_longer_than_a_frame() -> None:
    parts = run(Output(ENGINE, SEGMENTS, lead=silence(500, SAMPLE_RATE), tail_s=0.5), chunks([0], SAMPLES_PER_FRAME))
    assert max(part.samples for part in parts if isinstance(part, AudioChunk)) == SAMPLES_PER_FRAME


def test_an_empty_chunk_begins_nothing() -> None:
    output = Output(ENGINE, SEGMENTS, lead=silence(500, SAMPLE_RATE))
    assert output.take(AudioChunk(pcm=b"", first_sample=0, sample_rate=SAMPLE_RATE, segment=0)) == []
    assert not output.has_begun


def test_a_text_without_words_is_a_moment_of_silence_and_nothing_round_it() -> None:
    parts = Output(ENGINE, (), lead=silence(500, SAMPLE_RATE), tail_s=0.5).nothing()
    assert heard(parts) == silence(NOTHING_MS, SAMPLE_RATE)
    assert started(parts) == []


def quiet(samples: int) -> bytes:
    """Breath, some -60 dBFS."""
    return (30 * np.sin(np.arange(samples))).astype("<i2").tobytes()


@given(
    before=st.integers(0, 9_000), after=st.integers(0, 9_000), size=st.integers(100, 5_000),
    pause_ms=st.integers(100, 900), is_known=st.booleans(),
)  # fmt: skip
def test_a_pause_is_exact_whatever_silence_an_engine_leaves(
    before: int, after: int, size: int, pause_ms: int, is_known: bool
) -> None:
    """Unless what is quiet was heard before anybody knew of the pause: then it is part of it."""
    output = Output(ENGINE, SEGMENTS)
    spoken = tone(SENTENCES[0])
    ending = faded_out(spoken[-960:]) if before else spoken[-960:]  # it may also end at once, in the midst of a wave
    sounds = [spoken[:-960] + ending + quiet(before), quiet(after) + tone(SENTENCES[1])]
    parts: list[Part] = []
    for index, sound in enumerate(sounds):
        output.begin(index, is_trimmed=index > 0)
        for start in range(0, len(sound), 2 * size):
            chunk = AudioChunk(pcm=sound[start : start + 2 * size], first_sample=start // 2, sample_rate=SAMPLE_RATE)
            parts += output.take(chunk, pause_follows=is_known and index == 0)
        parts += output.end_passage(None if index else pause_ms / 1000)
    pcm = np.frombuffer(heard(parts), "<i2")
    wanted, fades = pause_ms * 24, 2 * 240
    between = np.abs(pcm[len(tone(SENTENCES[0])) // 2 : -len(tone(SENTENCES[1])) // 2]) if len(pcm) else pcm
    longest = max(map(len, re.findall("0+", "".join("01"[int(value != 0)] for value in pcm))))
    if is_known:
        assert wanted <= longest <= wanted + 20, "the ends of fades are nearly nothing"
        assert len(between) <= wanted + fades + 20
        assert np.abs(np.diff(pcm.astype(int))).max() < 700, "no click"
    else:
        assert len(between) <= max(wanted, before) + fades + 20
