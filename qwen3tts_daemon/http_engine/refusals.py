"""What a speech server answers instead of sound, and how it can fail, as our errors: each names the way out."""

import os
import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx2
import msgspec

from qwen_tts.errors import (
    EngineBusy,
    InvalidRequest,
    ModelUnavailable,
    SynthesisError,
    SynthesisFailed,
    UnknownVoice,
    UnsupportedLanguage,
    from_code,
)
from qwen_tts.json_decoding import decode_json

MAX_ANSWER_BYTES = 64 * 1024
"""Of an answer that is no sound; the rest is not read."""
_MOST_MESSAGE_CHARS = 300
_OUR_PARAMS = {"input": "text", "instructions": "instruct", "voice": "voice", "language": "language"}
"""Fields of the request that come from whoever speaks -> ours"""
_ABOUT_A_VOICE = re.compile(r"\b(voice|speaker)s?\b", re.IGNORECASE)
_ABOUT_THE_MODEL = re.compile(r"\bmodel\b", re.IGNORECASE)
_LONGEST_WAIT_S = 60.0


class Unreachable(ModelUnavailable):
    """There was no connection: whether there is a server is open."""


class Unanswered(ModelUnavailable):
    """The connection ended before there was any answer, as one does that was kept for too long: ask again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is no sound, as far as it is known what it means."""

    status: int
    message: str
    code: str = ""
    param: str | None = None
    retry_after_s: float | None = None


def read_answer(status: int, body: bytes, retry_after: str, *, token: str = "") -> Answer:
    """In the shapes of OpenAI, of FastAPI, or of nobody. `token`: it is not told, though some repeat it."""
    wait_s = min(float(retry_after), _LONGEST_WAIT_S) if re.fullmatch(r"\d{1,6}", retry_after) else None
    try:
        said = decode_json(body)
    except msgspec.DecodeError:
        return Answer(status, _one_line(body.decode(errors="replace"), token), retry_after_s=wait_s)
    fields = _fields(said)
    message = next((value for name in ("message", "msg", "detail", "error") if (value := fields.get(name))), "")
    code, param = fields.get("code"), fields.get("param")
    return Answer(
        status, _one_line(message if isinstance(message, str) else "", token), code if isinstance(code, str) else "",
        param if isinstance(param, str) else None, wait_s,
    )  # fmt: skip


def _fields(said: Any) -> dict[str, Any]:
    """The innermost object that tells of the error."""
    while isinstance(said, dict | list):
        if isinstance(said, list):
            said = said[0] if said else {}
            continue
        inner = next((said[name] for name in ("error", "detail") if isinstance(said.get(name), dict | list)), None)
        if inner is None:
            return said
        said = inner
    return {"message": said}


def _one_line(text: str, token: str) -> str:
    if token:
        text = text.replace(token, "(the token)")
    return " ".join(re.sub(r"[^\w\s!-~]", "?", text).split())[:_MOST_MESSAGE_CHARS]


def refusal(answer: Answer, host: str) -> SynthesisError:
    """What an answer that is no sound means to whoever wanted some."""
    said = f"the speech server {host} says: {answer.message or f'status {answer.status}'}"
    known = from_code(answer.code, said, param=_OUR_PARAMS.get(answer.param or ""), retry_after_s=answer.retry_after_s)
    match answer.status:
        case 401 | 403:
            way_out = "put its token (API key) into a file and name that in http_engine.token_file"
            return ModelUnavailable(f"{said}; {way_out}")
        case 300 | 301 | 302 | 303 | 305 | 307 | 308 | 405:
            return ModelUnavailable(f"{said} (status {answer.status}); correct http_engine.url")
        case 404 if answer.param == "model" or "model" in answer.code or _ABOUT_THE_MODEL.search(answer.message):
            return ModelUnavailable(f"{said}; name one that it has in http_engine.model")
        case 429 | 503:
            is_known = isinstance(known, EngineBusy | ModelUnavailable)
            return known if is_known else EngineBusy(said, retry_after_s=answer.retry_after_s)
        case 502 | 504:
            return ModelUnavailable(f"{said} (status {answer.status})", retry_after_s=answer.retry_after_s)
        case status if 400 <= status < 500:
            return known if isinstance(known, InvalidRequest) else _foreign_refusal(answer, said)
    return known if answer.code else SynthesisFailed(said)


def _foreign_refusal(answer: Answer, said: str) -> SynthesisError:
    """Of a server whose codes are not ours."""
    param = answer.param or ""
    if param == "voice" or (not param and _ABOUT_A_VOICE.search(answer.message)):
        return UnknownVoice(said, param="voice")
    if param == "language":
        return UnsupportedLanguage(said, param="language")
    if param in _OUR_PARAMS:
        return InvalidRequest(said, param=_OUR_PARAMS[param])
    if answer.status == 404:
        return ModelUnavailable(f"{said}; there is no /v1/audio/speech: correct http_engine.url")
    return SynthesisFailed(
        f"{said} (status {answer.status}); if it takes OpenAI's fields only, set http_engine.openai_fields_only"
    )


def failure(error: httpx2.HTTPError, host: str, *, has_begun: bool) -> SynthesisError:
    """What a connection that fails means. `has_begun`: sound has come already."""
    if has_begun:
        how = "stopped sending" if isinstance(error, httpx2.TimeoutException) else "broke off"
        return SynthesisFailed(f"the speech server {host} {how} in the middle: {_reason(error)}")
    if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout):
        return Unreachable(f"the speech server {host} cannot be reached: {_reason(error)}{_way_out(error)}")
    if isinstance(error, httpx2.TimeoutException):
        return ModelUnavailable(f"the speech server {host} gave no answer in time (http_engine.read_timeout_s)")
    return Unanswered(f"the speech server {host} gave no answer: {_reason(error)}")


def _reason(error: BaseException) -> str:
    """In the words of whoever knows best: the innermost cause."""
    causes = list(_causes(error))
    for cause in reversed(causes):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted: {cause.verify_message}"
    for cause in reversed(causes):
        if isinstance(cause, OSError) and cause.strerror:
            # asyncio tells of addresses; a resolver has numbers of its own.
            if cause.errno is None or isinstance(cause, socket.gaierror):
                return cause.strerror
            return os.strerror(cause.errno)
    return next((text for cause in causes if (text := str(cause))), "no answer in time")


def _way_out(error: BaseException) -> str:
    is_untrusted = any(isinstance(cause, ssl.SSLCertVerificationError) for cause in _causes(error))
    return "; name the file of who vouches for it in http_engine.ca_file" if is_untrusted else ""


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Itself, then what it came of."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.exceptions[0] if isinstance(seen, BaseExceptionGroup) else seen.__cause__ or seen.__context__
