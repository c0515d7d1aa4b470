"""Chimes: pleasant at any sample rate, and a file that cannot be read stops the start."""

from pathlib import Path

import numpy as np
import pytest

from qwen3tts_daemon.audio import to_wav
from qwen3tts_daemon.audio.chimes import CHIMES, chime, chime_of
from qwen3tts_daemon.audio.filters import LoudnessMeter
from qwen3tts_daemon.settings import SettingsError
from qwen3tts_daemon.speech.chime import Chimes
from qwen_tts.api import Audio

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
