"""A certificate and its key in PEM files: whether clients can be served with them, and what a person compares.

Nothing here parses certificates: OpenSSL does, in a handshake with itself.
"""

import contextlib
import hashlib
import re
import ssl
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from qwen3tts_daemon.settings import HttpSettings, SettingsError

_CERTIFICATE: Final = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_NOT_YET_VALID: Final = 9
"""X509_V_ERR_CERT_NOT_YET_VALID"""
_PASSES: Final = 4
"""Of a handshake in memory, with room to spare"""


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """Where they lie."""

    certificate: Path
    """With those that vouch for it behind it"""
    key: Path
    is_own: bool = False
    """Made here"""


@dataclass(frozen=True, slots=True)
class Certificate:
    """One that clients can be served with."""

    context: ssl.SSLContext
    fingerprint: str
    ends_at: float | None
    """In seconds of time.time(); None: not valid yet, or this machine's clock is wrong"""

    @property
    def days_left(self) -> float:
        return 0.0 if self.ends_at is None else (self.ends_at - time.time()) / 86_400


def files_of(http: HttpSettings, data: Path) -> CertificateFiles | None:
    """Those of the settings; None for plain http. Raises SettingsError for settings that contradict each other."""
    if http.tls_certificate is None:
        if http.tls_key is not None:
            raise SettingsError("http.tls_key is of nothing: set http.tls_certificate too")
        folder = data / "tls"
        is_own = http.tls == "self-signed"
        return CertificateFiles(folder / "certificate.pem", folder / "key.pem", is_own=True) if is_own else None
    if http.tls == "self-signed":
        raise SettingsError('http.tls = "self-signed" makes a certificate, and http.tls_certificate names one: choose')
    return CertificateFiles(http.tls_certificate, http.tls_key or http.tls_certificate)


def read(files: CertificateFiles) -> Certificate:
    """Raises SettingsError that says what is wrong with which file."""
    text = _text(files.certificate, "http.tls_certificate")
    if not (first := _CERTIFICATE.search(text)):
        raise SettingsError(f"http.tls_certificate: {files.certificate} has no certificate in PEM")
    if "PRIVATE KEY-----" not in _text(files.key, "http.tls_key"):
        raise SettingsError(f"http.tls_key: {files.key} has no private key in PEM")
    context = _context(files)
    return Certificate(context, fingerprint_of(ssl.PEM_cert_to_DER_cert(first[0])), _end(context, first[0], files))


def leaf_of(files: CertificateFiles) -> str:
    """The certificate alone, in PEM. Raises SettingsError."""
    found = _CERTIFICATE.search(_text(files.certificate, "http.tls_certificate"))
    return found[0] if found else ""


def fingerprint_of(der: bytes) -> str:
    """As browsers show it (SHA-256)."""
    return hashlib.sha256(der).digest().hex(":").upper()


def _text(path: Path, option: str) -> str:
    try:
        return path.read_text(encoding="latin-1")
    except OSError as error:
        raise SettingsError(f"{option}: cannot read {path}: {error.strerror}") from error


class _Locked(Exception):
    pass


def _no_password() -> str:
    raise _Locked


def _context(files: CertificateFiles) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(files.certificate, files.key, password=_no_password)
    except _Locked:
        raise SettingsError(f"http.tls_key: {files.key} has a password: write it without one") from None
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise SettingsError(f"http.tls_key: {files.key} is not the key of {files.certificate}") from None
        where = f"{files.certificate} and {files.key}"
        raise SettingsError(f"http.tls_certificate: {where} cannot be used: {error.reason}") from None
    return context


def _end(context: ssl.SSLContext, leaf: str, files: CertificateFiles) -> float | None:
    """When it ends. Raises SettingsError for one that clients would refuse whatever they trust."""
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname = False
    trusting.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    trusting.load_verify_locations(cadata=leaf)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trusting.wrap_bio(to_client, to_server)
    sides = (client, context.wrap_bio(to_server, to_client, server_side=True))
    try:
        for side in sides * _PASSES:
            with contextlib.suppress(ssl.SSLWantReadError):
                side.do_handshake()
    except ssl.SSLCertVerificationError as error:
        if error.verify_code == _NOT_YET_VALID:
            return None
        what = f"http.tls_certificate: no client takes {files.certificate}: {error.verify_message}"
        raise SettingsError(what) from None
    told = client.getpeercert()
    return ssl.cert_time_to_seconds(str(told["notAfter"])) if told else None
