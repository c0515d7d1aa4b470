"""What servers say instead of speaking, as our errors: the kind that callers act on, and the way out in words."""

import json
from typing import Any

import pytest

from qwen3tts_daemon.failures import HTTP_STATUS, Refusal, describe
from qwen3tts_daemon.http_engine.refusals import read_answer, refusal
from qwen_tts.errors import (
    EngineBusy,
    InvalidRequest,
    ModelLoading,
    ModelUnavailable,
    OutOfMemory,
    SynthesisError,
    SynthesisFailed,
    TextTooLong,
    UnknownVoice,
    UnsupportedLanguage,
)


def meant(status: int, body: Any, retry_after: str = "") -> SynthesisError:
    text = body if isinstance(body, str) else json.dumps(body)
    return refusal(read_answer(status, text.encode(), retry_after), "gpu:1")


def error(message: str = "what", **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, **more}}


@pytest.mark.parametrize(
    ("status", "body", "kind", "param"),
    [
        # vLLM-Omni and sglang-omni
        (400, error("Invalid speaker 'x'. Supported: vivian", type="BadRequestError", param=None, code=400),
         UnknownVoice, "voice"),
        (400, error("Input text cannot be empty", param="input", code=400), InvalidRequest, "text"),
        (400, error("no such language", param="language", code=400), UnsupportedLanguage, "language"),
        (404, error("The model `x` does not exist.", param="model", code=404), ModelUnavailable, None),
        (404, error("The model 'x' does not exist.", code="model_not_found"), ModelUnavailable, None),
        (404, error("Voice 'x' not found"), UnknownVoice, "voice"),
        (503, error("The request queue is full.", type="server_error", code=None), EngineBusy, None),
        (500, error("boom", code=None), SynthesisFailed, None),
        (200 + 222, {"detail": [{"loc": ["body", "stream"], "msg": "extra fields"}]}, SynthesisFailed, None),
        # Kokoro-FastAPI, OpenAI
        (400, {"detail": {"error": "validation_error", "message": "Voice 'x' not found. Available: a"}},
         UnknownVoice, "voice"),
        (429, error("Rate limit reached", code="rate_limit_exceeded"), EngineBusy, None),
        (401, error("Incorrect API key provided", code="invalid_api_key"), ModelUnavailable, None),
        # another daemon of ours
        (422, error(code="unknown_voice", param="voice"), UnknownVoice, "voice"),
        (422, error(code="unsupported_language", param="input"), UnsupportedLanguage, "text"),
        (413, error(code="text_too_long", param="input"), TextTooLong, "text"),
        (503, error(code="queue_full"), EngineBusy, None),
        (503, error(code="model_loading"), ModelLoading, None),
        (503, error(code="model_unavailable"), ModelUnavailable, None),
        (503, error(code="out_of_memory"), OutOfMemory, None),
        (503, error(code="draining"), EngineBusy, None),
        (403, error(code="forbidden_address"), ModelUnavailable, None),
        (421, error(code="unknown_host"), SynthesisFailed, None),
        # nobody in particular
        (404, "<html>Not Found</html>", ModelUnavailable, None),
        (404, {"detail": "Not Found"}, ModelUnavailable, None),
        (405, {"detail": "Method Not Allowed"}, ModelUnavailable, None),
        (502, "Bad Gateway", ModelUnavailable, None),
        (301, "", ModelUnavailable, None),
        (500, "", SynthesisFailed, None),
        (418, "\xff\x00", SynthesisFailed, None),
    ],
)  # fmt: skip
def test_an_answer_means(status: int, body: Any, kind: type[SynthesisError], param: str | None) -> None:
    found = meant(status, body)
    assert type(found) is kind
    assert found.param == param
    assert str(found).startswith("the speech server gpu:1 says: ")
    assert describe(found).http_status == HTTP_STATUS[kind.code]


@pytest.mark.parametrize(
    ("status", "body", "option"),
    [
        (401, error(), "http_engine.token_file"), (403, error(), "http_engine.token_file"),
        (404, error("no model x"), "http_engine.model"), (404, "Not Found", "http_engine.url"),
        (307, "", "http_engine.url"), (405, "", "http_engine.url"),
        (400, error("Unknown parameter: stream"), "http_engine.openai_fields_only"),
    ],
)  # fmt: skip
def test_it_names_the_option_that_helps(status: int, body: Any, option: str) -> None:
    assert option in str(meant(status, body))


@pytest.mark.parametrize(
    ("told", "seconds"), [("7", 7), ("0", 0), ("", None), ("soon", None), ("-1", None), ("999999", 60)]
)
def test_when_to_come_again(told: str, seconds: float | None) -> None:
    assert meant(503, error(), told).retry_after_s == seconds


@pytest.mark.parametrize("code", sorted(HTTP_STATUS))
def test_every_refusal_of_a_daemon_of_ours_keeps_its_words(code: str) -> None:
    """And becomes an error of an engine, whatever it is."""
    failure = describe(Refusal(code, "why it was", param="input"))
    found = meant(failure.http_status, failure.envelope("id"))
    assert "why it was" in str(found)


def test_words_of_strangers_are_one_short_line() -> None:
    told = str(meant(500, "a\n\x1b[31mb\0" + "c" * 10_000))
    assert len(told) < 500
    assert told.isprintable()


TOKEN = "sk-very/secret+1"


@pytest.mark.parametrize(
    "body",
    [
        TOKEN, json.dumps(error(f"Incorrect API key: {TOKEN}.")),
        json.dumps(error(f"Incorrect API key: {TOKEN}.")).replace("/", r"\/"),
        json.dumps({"detail": TOKEN}).replace("+", r"\u002b"),
    ],
)  # fmt: skip
def test_a_token_that_is_repeated_is_not_told(body: str) -> None:
    """However it is written."""
    told = str(refusal(read_answer(401, body.encode(), "", token=TOKEN), "gpu:1"))
    assert "(the token)" in told
    assert "secret" not in told
