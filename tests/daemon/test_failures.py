"""Laws of the one table: every error has one word, one status, and its own text only where somebody foresaw it."""

import logging

import pytest

from qwen3tts_daemon.failures import CLOSE_CODES, HTTP_STATUS, Refusal, code_of, describe, draining
from qwen_tts.errors import (
    EngineBusy,
    InvalidRequest,
    OtherVoice,
    SynthesisError,
    SynthesisFailed,
    UnknownVoice,
    UnsupportedLanguage,
    _tree,
)


@pytest.mark.parametrize("kind", sorted(set(_tree(SynthesisError)), key=lambda one: one.__name__))
def test_every_error_of_an_engine_has_a_status(kind: type[SynthesisError]) -> None:
    failure = describe(kind("what happened", param="voice"))
    assert (failure.code, failure.message, failure.param) == (kind.code, "what happened", "voice")
    assert failure.http_status == HTTP_STATUS[kind.code]
    assert code_of(kind("x")) == kind.code


@pytest.mark.parametrize("code", HTTP_STATUS)
def test_every_refusal_is_told_as_it_is(code: str) -> None:
    refusal = Refusal(code, "why", param="text", retry_after_s=7)
    failure = describe(refusal)
    assert (failure.code, failure.message, failure.param, failure.retry_after_s) == (code, "why", "text", 7)
    assert str(refusal) == "why"
    assert code_of(refusal) == code


def test_what_nobody_foresaw_keeps_its_text_for_the_log(caplog: pytest.LogCaptureFixture) -> None:
    failure = describe(RuntimeError("secret"))
    assert (failure.code, failure.http_status, code_of(RuntimeError("secret"))) == ("internal", 500, "internal")
    assert "secret" not in failure.message
    assert "secret" in caplog.text
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (EngineBusy("full"), 2.0), (EngineBusy("full", retry_after_s=9), 9), (Refusal("rate_limited", "slow"), 1.0),
        (UnknownVoice("no voice"), None), (SynthesisFailed("broke"), None), (draining(), 5),
    ],
)  # fmt: skip
def test_when_to_come_again_is_told_where_it_helps(error: Exception, seconds: float | None) -> None:
    assert describe(error).retry_after_s == seconds


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("unauthorized", "authentication_error"), ("rate_limited", "rate_limit_error"),
        ("forbidden_origin", "permission_error"), ("bad_field", "invalid_request_error"),
        ("not_found", "invalid_request_error"), ("internal", "server_error"), ("storage_failed", "server_error"),
    ],
)  # fmt: skip
def test_the_envelope_is_openais(code: str, kind: str) -> None:
    told = describe(Refusal(code, "why", param="input")).envelope("7f3a")
    assert told == {"error": {"code": code, "message": "why", "param": "input", "type": kind, "request_id": "7f3a"}}


def test_who_could_speak_it_is_told_where_somebody_knows() -> None:
    error = UnsupportedLanguage("no", param="input", instead=OtherVoice("gong", "zh"))
    assert describe(error).envelope("7f3a")["error"]["instead"] == {"voice": "gong", "language": "zh"}
    assert "instead" not in describe(UnsupportedLanguage("no")).envelope("7f3a")["error"]


def test_every_failure_that_ends_a_socket_has_a_status_too() -> None:
    assert set(CLOSE_CODES) <= set(HTTP_STATUS)
    assert describe(draining()).close_code == 1001
    assert describe(Refusal("unauthorized", "no token")).close_code == 4401
    # 1000 to 2999 are the protocol's own, and of those only some may be sent; 4000 and up are ours (RFC 6455).
    assert all(code in (1001, 1003, 1008, 1011) or 4000 <= code < 5000 for code in CLOSE_CODES.values())


def test_a_request_that_is_wrong_is_no_fault_of_the_server() -> None:
    wrong = [kind for kind in _tree(SynthesisError) if issubclass(kind, InvalidRequest)]
    assert all(400 <= HTTP_STATUS[kind.code] < 500 for kind in wrong)
