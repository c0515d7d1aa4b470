"""What new connections of the HTTP port are served with: read again whenever somebody has changed the files.

Connections that stand are not touched. Files that cannot be used change nothing, and the log says what is wrong.
"""

import asyncio
import logging
import ssl
from collections.abc import Callable, Sequence
from typing import Final

from qwen3tts_daemon import durable_files
from qwen3tts_daemon.settings import SettingsError
from qwen3tts_daemon.tls.certificate import Certificate, CertificateFiles, read

logger = logging.getLogger(__name__)

_PERIOD_S: Final = 1.0
"""Between two looks"""
_RENEW_DAYS: Final = 30
"""Before its end a certificate of our own is made anew."""
_States = tuple[durable_files.State, durable_files.State]


class ServerTls:
    """See the module."""

    def __init__(self, files: CertificateFiles, own_addresses: Callable[[], Sequence[str]]) -> None:
        """`own_addresses`: for a certificate that is made here. Raises SettingsError for what cannot be used."""
        self._files = files
        self._own_addresses = own_addresses
        self._states = self._look()
        self._certificate = self._made() if files.is_own else read(files)
        self._states = self._look()
        self._tell()

    @property
    def context(self) -> ssl.SSLContext:
        """For the next connection."""
        return self._certificate.context

    async def watch(self) -> None:
        """Until cancelled."""
        while True:
            seen = await asyncio.to_thread(self._look)
            await asyncio.sleep(_PERIOD_S)
            states = await asyncio.to_thread(self._look)
            if self._is_due:
                await asyncio.to_thread(self._renew)
            elif states == seen != self._states:  # both files have been written
                self._states = states
                await asyncio.to_thread(self._read_again)

    @property
    def _is_due(self) -> bool:
        return (
            self._files.is_own and self._certificate.ends_at is not None and self._certificate.days_left < _RENEW_DAYS
        )

    def _look(self) -> _States:
        return durable_files.state_of(self._files.certificate), durable_files.state_of(self._files.key)

    def _read_again(self) -> None:
        try:
            self._certificate = read(self._files)
        except SettingsError as error:
            logger.error("%s; what was there before is in use", error)
        else:
            self._tell()

    def _renew(self) -> None:
        self._make()
        self._states = self._look()
        self._read_again()

    def _made(self) -> Certificate:
        """Our own: the one that is kept, or another one where there is none that will do for long."""
        try:
            kept = read(self._files)
            if _will_do(kept):
                return kept
        except SettingsError as error:
            if any(self._states):
                logger.warning("%s; another one is made", error)
        self._make()
        return read(self._files)

    def _make(self) -> None:
        """Raises SettingsError."""
        try:
            from qwen3tts_daemon.tls import self_signed  # an extra
        except ImportError:
            way_out = "pip install 'qwen3tts-daemon[tls]'"
            raise SettingsError(f"http.tls: the package that makes certificates is missing: {way_out}") from None
        try:
            self_signed.make(self._files, list(self._own_addresses()))
        except OSError as error:
            folder = self._files.certificate.parent
            raise SettingsError(f"http.tls: cannot keep a certificate in {folder}: {error.strerror}") from error

    def _tell(self) -> None:
        certificate, days = self._certificate, self._certificate.days_left
        until = "not valid yet, by this machine's clock" if certificate.ends_at is None else f"good for {days:.0f} days"
        logger.info("https with %s, %s, SHA-256 %s", self._files.certificate, until, certificate.fingerprint)


def _will_do(own: Certificate) -> bool:
    """For a while; where the clock is wrong nothing can be said."""
    return own.ends_at is None or own.days_left >= _RENEW_DAYS
