"""A certificate that vouches for itself: who connects compares its fingerprint once, or trusts its file."""

import datetime
import ipaddress
import socket
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from qwen3tts_daemon import durable_files
from qwen3tts_daemon.tls.certificate import CertificateFiles

_LIFETIME: Final = datetime.timedelta(days=820)
"""Apple's devices refuse those of more than 825."""
_BEFORE_NOW: Final = datetime.timedelta(days=5)
"""The other machine's clock may be behind."""
_PRIVATE: Final = 0o600


def make(files: CertificateFiles, addresses: list[str], now: datetime.datetime | None = None) -> None:
    """In place of what is there; `addresses`: of this machine. Raises OSError."""
    key = ec.generate_private_key(ec.SECP256R1())
    host = socket.gethostname().partition(".")[0] or "localhost"
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:64])])
    begins_at = (now or datetime.datetime.now(datetime.UTC)) - _BEFORE_NOW
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins_at)
        .not_valid_after(begins_at + _LIFETIME)
        .add_extension(x509.SubjectAlternativeName(_names(host, addresses)), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    key_bytes = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    files.key.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    durable_files.replace(files.key, key_bytes, mode=_PRIVATE)
    durable_files.replace(files.certificate, certificate.public_bytes(pem))


def _names(host: str, addresses: list[str]) -> list[x509.GeneralName]:
    names = dict.fromkeys((host, f"{host}.local", "localhost"))
    literals = dict.fromkeys(("127.0.0.1", "::1", *addresses))
    return [*map(x509.DNSName, names), *(x509.IPAddress(ipaddress.ip_address(one)) for one in literals)]
