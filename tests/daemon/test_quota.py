"""How much one client may ask for: far beyond a household, and the next one has nothing to do with it."""

import pytest

from qwen3tts_daemon.failures import Refusal, describe
from qwen3tts_daemon.settings import SpeechSettings
from qwen3tts_daemon.speech.quota import SpeakingQuota
from tests.fakes import Clock


def refusal(quota: SpeakingQuota, client: str) -> tuple[str, float | None]:
    with pytest.raises(Refusal) as caught:
        quota.begin(client)
    return caught.value.message, describe(caught.value).retry_after_s


def test_one_request_too_many_waits_and_nobody_else_does() -> None:
    clock = Clock()
    quota = SpeakingQuota(60, 1_000, clock)
    for _ in range(60):
        quota.begin("192.168.1.7")
    message, wait_s = refusal(quota, "192.168.1.7")
    assert message == "at most 60 requests of one address in a minute; see speech.requests_per_min"
    assert wait_s == pytest.approx(1)
    quota.begin("192.168.1.8")
    clock.now += 1.01
    quota.begin("192.168.1.7")


def test_a_text_that_was_begun_is_spoken_and_the_next_request_waits() -> None:
    clock = Clock()
    quota = SpeakingQuota(60, 1_200, clock)
    quota.begin("192.168.1.7")
    quota.count("192.168.1.7", 2_000)
    message, wait_s = refusal(quota, "192.168.1.7")
    assert message == "at most 1200 characters of one address in a minute; see speech.chars_per_min"
    assert wait_s == pytest.approx(801 / 20)


def test_the_daemon_itself_has_no_limit() -> None:
    quota = SpeakingQuota(1, 1, Clock())
    for _ in range(10):
        quota.begin("")
        quota.count("", 1_000)


def test_no_household_meets_the_defaults() -> None:
    """Forty satellites that answer twice a minute, eight tabs that read a book each at ten times the speed of speech,
    and the last three messages of each of them, all behind one address and from one moment on."""
    clock = Clock()
    settings = SpeechSettings()
    quota = SpeakingQuota(settings.requests_per_min, settings.chars_per_min, clock)
    for second in range(600):
        clock.now = float(second)
        for _ in range(2 if second % 2 else 1):  # 40 satellites
            quota.begin("172.30.32.1")
            quota.count("172.30.32.1", 120)
        for _ in range(8):  # tabs: 15 characters a second, ten times as fast
            quota.begin("172.30.32.1")
            quota.count("172.30.32.1", 150)
