"""Chimes: pleasant at any sample rate, and a file that cannot be read stops the start."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from qwen3tts_daemon.audio import to_wav
from qwen3tts_daemon.audio.chimes import CHIMES, chime, chime_of
from qwen3tts_daemon.audio.filters import LoudnessMeter
from qwen3tts_daemon.settings import SettingsError
from qwen3tts_daemon.speech.chime import Chimes
from qwen3tts_daemon.speech.output import SegmentStarted
from qwen3tts_daemon.speech.phrase_cache import Phrase, PhraseCache, PhraseConfig
from qwen3tts_daemon.speech.phrase_files import PhraseFiles
from qwen3tts_daemon.speech.request import Order
from qwen3tts_daemon.speech.service import Speech
from qwen_tts.api import Audio, AudioChunk
from tests.fakes import tone

RATE = 24_000


def samples(pcm: bytes) -> np.ndarray:
    return np.frombuffer(pcm, "<i2").astype(int)


def lufs(pcm: bytes, sample_rate: int) -> float:
    meter = LoudnessMeter(sample_rate)
    for place in range(0, len(pcm), sample_rate // 5):
        meter.add(pcm[place : place + sample_rate // 5])
    return meter.finish()


@pytest.mark.parametrize("sample_rate", [16_000, 24_000, 44_100])
@pytest.mark.parametrize("name", CHIMES)
def test_ours_are_equally_loud_begin_softly_and_end_in_silence(name: str, sample_rate: int) -> None:
    pcm = chime(name, sample_rate)
    heard = samples(pcm)
    assert lufs(pcm, sample_rate) == pytest.approx(-16.5, abs=1)
    assert np.abs(heard).max() < 32_767
    assert np.abs(heard[: sample_rate // 1000]).max() < 1_500, "no click"
    gap = sample_rate // 5
    assert not heard[-gap:].any()
    assert np.abs(heard[-gap - sample_rate // 500 : -gap]).max() < 300, "neither at its end"
    assert 1 < len(heard) / sample_rate < 3


async def test_a_file_is_heard_at_the_sample_rate_of_the_voice(tmp_path: Path) -> None:
    tone = (8_000 * np.sin(2 * np.pi * 440 * np.arange(48_000) / 48_000)).astype("<i2").tobytes()
    (tmp_path / "bell.wav").write_bytes(to_wav(Audio(pcm=tone, sample_rate=48_000)))
    chimes = Chimes(str(tmp_path / "bell.wav"))
    await chimes.load()
    heard = samples(await chimes.sound(RATE, 0.0))
    assert len(heard) == pytest.approx(1.2 * RATE, abs=2)
    assert np.abs(heard).max() == pytest.approx(8_000, rel=0.02)
    assert heard.tobytes() == samples(chime_of(Audio(pcm=tone, sample_rate=48_000), RATE)).tobytes()


async def test_it_is_as_much_louder_or_softer_as_the_request_and_never_cut() -> None:
    plain = await Chimes("gong").sound(RATE, 0.0)
    softer, louder = [await Chimes("gong").sound(RATE, gain_db) for gain_db in (-12.0, 12.0)]
    assert len(plain) == len(softer) == len(louder)
    assert lufs(softer, RATE) == pytest.approx(lufs(plain, RATE) - 12, abs=0.1)
    assert lufs(louder, RATE) > lufs(plain, RATE) + 3
    assert np.abs(samples(louder)).max() < 32_000


async def test_without_a_setting_only_who_asks_hears_one() -> None:
    chimes = Chimes()
    await chimes.load()
    assert not chimes.is_default
    assert await chimes.sound(RATE, 0.0) == chime(CHIMES[0], RATE)


@pytest.mark.parametrize("content", [None, b"", b"no sound at all", bytes(5_000_000)])
async def test_a_file_that_cannot_be_used_stops_the_start(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "bell.wav"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingsError, match=r"^speech\.chime: .*bell\.wav"):
        await Chimes(str(path)).load()


async def test_one_that_is_too_long_stops_it_too(tmp_path: Path) -> None:
    path = tmp_path / "song.wav"
    path.write_bytes(to_wav(Audio(pcm=bytes(2 * 8_000 * 11), sample_rate=8_000)))
    with pytest.raises(SettingsError, match="longer than 10 s"):
        await Chimes(str(path)).load()


async def test_a_mistyped_name_names_ours() -> None:
    with pytest.raises(SettingsError, match="ding, ding-dong, gong"):
        await Chimes("dingg").load()


# -- before an utterance ------------------------------------------------------------------------------------------

ORDER = Order("test", voice="tone", language="en")
DING = chime("ding", RATE)
GONG = chime("gong", RATE)


async def say(speech: Speech, text: str, order: Order = ORDER) -> tuple[bytes, list[SegmentStarted], int]:
    """PCM, the segments, and the samples that were counted."""
    async with speech.utterance(order) as utterance:
        for letter in text:
            utterance.feed(letter)
        utterance.end_text()
        parts = [part async for part in utterance]
    pcm = b""
    for part in parts:
        if isinstance(part, AudioChunk):
            assert part.first_sample == len(pcm) // 2
            pcm += part.pcm
    return pcm, [part for part in parts if isinstance(part, SegmentStarted)], utterance.measures.samples


@pytest.mark.parametrize(
    ("setting", "asked", "text", "heard"),
    [
        ("", None, "Hello.", b""), ("", True, "Hello.", DING), ("", None, "[chime] Hello.", DING),
        ("gong", None, "Hello.", GONG), ("gong", False, "Hello.", b""), ("gong", None, "\n [CHIME]Hello.", GONG),
        ("gong", False, "[chime] Hello.", b""), ("", True, "[chime][chime] Hello.", DING),
        ("", None, "[chime]\n[voice: tone] Hello.", DING), ("", None, "[voice: tone] [chime] Hello.", DING),
    ],
)  # fmt: skip
async def test_it_stands_before_the_first_word(
    speech: Speech, setting: str, asked: bool | None, text: str, heard: bytes
) -> None:
    speech.chimes = Chimes(setting)
    pcm, segments, samples = await say(speech, text, replace(ORDER, chime=asked))
    assert pcm == heard + tone("Hello.")
    assert [(text[one.start : one.end], one.sample) for one in segments] == [("Hello.", len(heard) // 2)]
    assert samples == len(pcm) // 2


async def test_it_stands_behind_the_silence_and_before_the_pause(speech: Speech) -> None:
    pcm, segments, _ = await say(speech, "[chime][pause 500ms] Hello.", replace(ORDER, lead_silence_ms=100))
    assert pcm == bytes(4_800) + DING + bytes(24_000) + tone("Hello.")
    assert segments[0].sample == 2_400 + len(DING) // 2 + 12_000


async def test_it_is_as_loud_as_the_request_says(speech: Speech) -> None:
    pcm, _, _ = await say(speech, "[chime] Hello.", replace(ORDER, gain_db=-12.0))
    assert pcm[: len(DING)] == await Chimes().sound(RATE, -12.0)


@pytest.mark.parametrize(
    ("text", "markup", "words"),
    [
        ("Hello [chime] there.", True, "Hello [chime] there."), ("Hello. [chime] There.", True, "[chime] There."),
        ("[chimes] Hello.", True, "[chimes] Hello."), ("[chime] Hello.", False, "[chime] Hello."),
    ],
)  # fmt: skip
async def test_elsewhere_it_is_text(speech: Speech, text: str, markup: bool, words: str) -> None:
    pcm, segments, _ = await say(speech, text, replace(ORDER, markup=markup))
    assert [text[one.start : one.end] for one in segments][-1] == words
    assert not pcm.startswith(DING)


async def test_alone_it_is_heard_alone(speech: Speech) -> None:
    pcm, segments, _ = await say(speech, "[chime]")
    assert (pcm, segments) == (DING, [])
    speech.chimes = Chimes("gong")
    pcm, _, _ = await say(speech, "***")
    assert not any(pcm), "nothing is said, so nothing is announced"


async def test_a_kept_phrase_is_kept_without_it(speech: Speech, tmp_path: Path) -> None:
    config = PhraseConfig("phrases", (Phrase("Hello."),), most_bytes=1_000_000, max_age_s=60)
    speech.phrases = PhraseCache(PhraseFiles(tmp_path / "phrases", b"a secret"), config)
    announced, _, _ = await say(speech, "[chime] Hello.")
    await speech.phrases.settled()
    for text, order, heard in (
        ("Hello.", ORDER, tone("Hello.")),
        ("[chime] Hello.", ORDER, announced),
        ("Hello.", replace(ORDER, chime=True, lead_silence_ms=10), bytes(480) + announced),
    ):
        async with speech.whole_utterance(order, text) as utterance:
            parts = [part async for part in utterance]
        assert utterance.measures.is_cached
        assert b"".join(part.pcm for part in parts if isinstance(part, AudioChunk)) == heard
    assert announced == DING + tone("Hello.")


async def test_another_of_ours_is_used_at_once_and_a_file_from_the_next_start_on(speech: Speech) -> None:
    speech.chimes.use("gong")
    assert (await say(speech, "Hello."))[0].startswith(GONG)
    with pytest.raises(SettingsError, match=r"^speech\.chime: "):
        speech.chimes.use("/etc/bell.wav")
    speech.chimes.use("")
    assert (await say(speech, "Hello."))[0] == tone("Hello.")
