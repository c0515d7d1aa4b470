"""The cookies of browsers that are paired: signed, so that they outlast a restart and nothing of them is kept.

The key is made of the daemon's token and of a salt that lies beside it: another token, or another salt, and every
browser has to be paired anew.
"""

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from qwen3tts_daemon import durable_files
from qwen3tts_daemon.failures import storage_failed

SESSION_S: Final = 7 * 24 * 3600.0


class Sessions:
    """Each is `EXPIRES.NONCE.SIGNATURE`."""

    def __init__(self, token: str, salt_path: Path | None = None, clock: Callable[[], float] = time.time) -> None:
        """Without `salt_path` they end with this object. Raises OSError, ValueError for a salt that cannot be read."""
        self._token = token
        self._salt_path = salt_path
        self._clock = clock
        self._salt = _kept_salt(salt_path) if salt_path else _new_salt()

    def issue(self) -> str:
        """A new one."""
        signed = f"{int(self._clock() + SESSION_S)}.{secrets.token_urlsafe(16)}"
        return f"{signed}.{self._signature(signed)}"

    def is_valid(self, session: str) -> bool:
        """It is of this daemon, and not too old."""
        signed, _, signature = session.rpartition(".")
        if not hmac.compare_digest(signature.encode("utf-8", "replace"), self._signature(signed).encode()):
            return False
        return self._clock() < int(signed.partition(".")[0])

    def forget_all(self) -> None:
        """None that was issued is valid from now on. Raises Refusal if that cannot be written."""
        salt = _new_salt()
        if self._salt_path is not None:
            try:
                durable_files.write_line(self._salt_path, salt, mode=0o600)
            except OSError as error:
                raise storage_failed(self._salt_path, error) from error
        self._salt = salt

    def change_token(self, token: str) -> None:
        """None that was issued for the one before is valid from now on."""
        self._token = token

    def _signature(self, signed: str) -> str:
        key = f"{self._token} {self._salt}".encode()
        return hmac.new(key, signed.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def _new_salt() -> str:
    return secrets.token_urlsafe(32)


def _kept_salt(path: Path) -> str:
    return durable_files.read_line(path) or durable_files.claim(path, _new_salt())
