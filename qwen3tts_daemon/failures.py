"""The one place where an exception becomes words for a client."""

import errno
import logging
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from qwen_tts.errors import OtherVoice, SynthesisError, UnsupportedLanguage

logger = logging.getLogger(__name__)

HTTP_STATUS = {
    "bad_request": 400,
    "bad_json": 400,
    "bad_field": 422,
    "unknown_type": 422,
    "unknown_voice": 422,
    "unknown_language": 422,
    "unsupported_language": 422,
    "unsupported_format": 422,
    "text_empty": 422,
    "bad_audio": 422,
    "unknown_ctx": 422,
    "ctx_closed": 422,
    "text_too_long": 413,
    "too_large": 413,
    "unauthorized": 401,
    "wrong_code": 401,
    "no_invitation": 401,
    "forbidden_origin": 403,
    "forbidden_address": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "setting_locked": 409,
    "config_unusable": 409,
    "download_refused": 409,
    "unknown_host": 421,
    "queue_full": 503,
    "model_loading": 503,
    "model_unavailable": 503,
    "out_of_memory": 503,
    "draining": 503,
    "slow_consumer": 408,
    "timeout": 408,
    "generation_failed": 500,
    "no_end_of_speech": 500,
    "internal": 500,
    "storage_failed": 507,
    "download_failed": 502,
    "rate_limited": 429,
    "too_many_contexts": 429,
}

CLOSE_CODES = {
    "draining": 1001,
    "bad_json": 1003,
    "bad_request": 1008,
    "slow_consumer": 1008,
    "internal": 1011,
    "unauthorized": 4401,
    "timeout": 4408,
    "rate_limited": 4429,
}
"""With what code a WebSocket closes where a failure ends all of it; 4000 and up are ours (RFC 6455, 7.4)."""

_RETRY_AFTER_S = {503: 2.0, 429: 1.0}

_TYPES = {401: "authentication_error", 429: "rate_limit_error", 403: "permission_error"}


class Refusal(Exception):
    """The daemon itself says no, before or around an engine; `code` is one of HTTP_STATUS."""

    def __init__(
        self, code: str, message: str, *, param: str | None = None, retry_after_s: float | None = None,
        tries_left: int | None = None,
    ) -> None:  # fmt: skip
        assert code in HTTP_STATUS, code
        super().__init__(message)
        self.code = code
        self.message = message
        self.param = param
        self.retry_after_s = retry_after_s
        self.tries_left = tries_left


def draining() -> Refusal:
    """What is cut off or not begun because the daemon stops."""
    return Refusal("draining", "the daemon is stopping", retry_after_s=5)


_WAYS_OUT = {
    errno.ENOSPC: "make room there and try again",
    errno.EDQUOT: "delete something of this user's there, or raise its quota, and try again",
    errno.EROFS: "mount it to be written and try again",
    errno.ENOENT: "mount it, or put it back, and try again",
    errno.EACCES: "let the daemon's user write there and try again",
    errno.EPERM: "let the daemon's user write there and try again",
}


def storage_failed(path: Path, error: OSError) -> Refusal:
    """What lies at `path` cannot be kept: what is the matter with the disk, and the way out."""
    way_out = _WAYS_OUT.get(error.errno or 0, "mend that and try again")
    if error.errno == errno.ENOSPC and _has_no_inodes(path):
        way_out = f"it has no inodes left: delete files there, or {way_out}"
    return Refusal("storage_failed", f"{path} cannot be written: {error.strerror or error}; {way_out}")


def _has_no_inodes(path: Path) -> bool:
    """As opposed to no bytes: a full disk says the same of both."""
    try:
        disk = os.statvfs(path if path.is_dir() else path.parent)
    except OSError:
        return False
    return disk.f_files > 0 and disk.f_favail == 0


@dataclass(frozen=True, slots=True)
class Failure:
    """What every wire says about an error: in JSON, in a Wyoming event, in a log line, in a metric's label."""

    code: str
    message: str
    http_status: int
    param: str | None = None
    retry_after_s: float | None = None
    instead: OtherVoice | None = None
    """Who could speak it: to ask once more with this voice is a way out"""
    tries_left: int | None = None
    """Of wrong_code"""

    @property
    def close_code(self) -> int:
        """Of a WebSocket that is refused for it."""
        return CLOSE_CODES[self.code]

    @property
    def type(self) -> str:
        """OpenAI's name for the kind of error."""
        kind = "server_error" if self.http_status >= 500 else "invalid_request_error"
        return _TYPES.get(self.http_status, kind)

    def envelope(self, request_id: str | None) -> dict[str, Any]:
        """`{"error": {...}}`, a superset of OpenAI's."""
        error = {"code": self.code, "message": self.message, "param": self.param, "type": self.type}
        way_out = None if self.instead is None else asdict(self.instead)
        more = {"instead": way_out, "tries_left": self.tries_left}
        told = {name: value for name, value in more.items() if value is not None}
        return {"error": {**error, **told, "request_id": request_id}}


def code_of(error: BaseException) -> str:
    """The stable word for an error, for log lines and metrics."""
    return error.code if isinstance(error, (SynthesisError, Refusal)) else "internal"


def describe(error: BaseException) -> Failure:
    """Words for a client. What nobody foresaw is logged whole and told as `internal`, without its text."""
    if not isinstance(error, (SynthesisError, Refusal)):
        logger.error("unexpected", exc_info=error)
        return Failure("internal", "internal error, see the daemon's log", 500)
    status = HTTP_STATUS[error.code]
    retry_after_s = error.retry_after_s or _RETRY_AFTER_S.get(status)
    instead = error.instead if isinstance(error, UnsupportedLanguage) else None
    tries_left = error.tries_left if isinstance(error, Refusal) else None
    return Failure(error.code, error.message, status, error.param, retry_after_s, instead, tries_left)
