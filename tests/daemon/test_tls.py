"""Certificates: what can be used is served, what cannot is named with its file, what changes on the disk is taken."""

import asyncio
import datetime
import logging
import re
import shutil
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from qwen3tts_daemon.settings import HttpSettings, SettingsError
from qwen3tts_daemon.tls import self_signed
from qwen3tts_daemon.tls.certificate import CertificateFiles, files_of, read
from qwen3tts_daemon.tls.server_tls import ServerTls
from tests.wire.http_door import until

NOW = datetime.datetime.now(datetime.UTC)
YEARS = datetime.timedelta(days=1_000)


def made(folder: Path, now: datetime.datetime = NOW) -> CertificateFiles:
    files = CertificateFiles(folder / "certificate.pem", folder / "key.pem")
    self_signed.make(files, ["192.168.1.5"], now)
    return files


def own(folder: Path) -> CertificateFiles:
    return CertificateFiles(folder / "tls" / "certificate.pem", folder / "tls" / "key.pem", is_own=True)


def test_settings_say_where_it_is(tmp_path: Path) -> None:
    pem = tmp_path / "a.pem"
    assert files_of(HttpSettings(), tmp_path) is None
    assert files_of(HttpSettings(tls="self-signed"), tmp_path) == own(tmp_path)
    assert files_of(HttpSettings(tls_certificate=pem), tmp_path) == CertificateFiles(pem, pem)
    with pytest.raises(SettingsError, match=r"http\.tls_key is of nothing"):
        files_of(HttpSettings(tls_key=pem), tmp_path)
    with pytest.raises(SettingsError, match="choose"):
        files_of(HttpSettings(tls="self-signed", tls_certificate=pem), tmp_path)


def test_one_that_is_made_here_is_kept_and_only_ours_to_read(tmp_path: Path) -> None:
    files = own(tmp_path)
    first = ServerTls(files, lambda: ["192.168.1.5", "fd00::5"])
    assert files.key.stat().st_mode & 0o777 == 0o600
    before = files.certificate.read_text()
    ServerTls(files, list)
    assert files.certificate.read_text() == before
    assert first.context.minimum_version == ssl.TLSVersion.TLSv1_2
    shown = subprocess.check_output(
        ["openssl", "x509", "-in", str(files.certificate), "-noout", "-text", "-fingerprint", "-sha256"], text=True
    )
    assert read(files).fingerprint == re.search(r"(?i)sha256 Fingerprint=(\S+)", shown)[1]  # type: ignore[index]
    assert {"localhost", "192.168.1.5", "127.0.0.1"} <= set(re.findall(r"(?:DNS|IP Address):([^\s,]+)", shown))
    assert 800 < read(files).days_left < 825


@pytest.mark.parametrize("spoil", ["end", "key", "nonsense"])
def test_one_of_ours_that_will_not_do_is_made_anew(tmp_path: Path, spoil: str) -> None:
    files = own(tmp_path)
    self_signed.make(files, [], NOW - YEARS if spoil == "end" else NOW)
    if spoil != "end":
        files.key.write_text("x" if spoil == "nonsense" else made(tmp_path).key.read_text())
    ServerTls(files, list)
    assert read(files).days_left > 800


def _without(files: CertificateFiles) -> None:
    files.key.unlink()


def _of_another(files: CertificateFiles) -> None:
    other = files.key.parent / "other"
    other.mkdir()
    shutil.copy(made(other).key, files.key)


def _ended(files: CertificateFiles) -> None:
    self_signed.make(files, [], NOW - YEARS)


def _no_certificate(files: CertificateFiles) -> None:
    files.certificate.write_bytes(b"\x30\x82\x01\x00")


def _no_key(files: CertificateFiles) -> None:
    shutil.copy(files.certificate, files.key)


def _cut(files: CertificateFiles) -> None:
    lines = files.certificate.read_text().splitlines()
    files.certificate.write_text("\n".join([*lines[:3], *lines[-1:]]))


def _locked(files: CertificateFiles) -> None:
    locking = ["openssl", "pkey", "-in", str(files.key), "-aes256", "-passout", "pass:secret"]
    files.key.write_bytes(subprocess.check_output(locking))


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (_without, r"http.tls_key: cannot read .*key.pem: No such file"),
        (_of_another, r"http.tls_key: .*key.pem is not the key of .*certificate.pem"),
        (_ended, r"http.tls_certificate: no client takes .*certificate.pem: certificate has expired"),
        (_no_certificate, r"http.tls_certificate: .*certificate.pem has no certificate in PEM"),
        (_no_key, r"http.tls_key: .*key.pem has no private key in PEM"),
        (_cut, r"http.tls_certificate: .*certificate.pem and .*key.pem cannot be used"),
        (_locked, r"http.tls_key: .*key.pem has a password"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, spoil: object, told: str) -> None:
    files = made(tmp_path)
    spoil(files)  # type: ignore[operator]
    with pytest.raises(SettingsError, match=told):
        ServerTls(files, list)


def test_what_begins_tomorrow_is_served_for_the_clock_may_be_wrong(tmp_path: Path) -> None:
    assert read(made(tmp_path, NOW + YEARS)).ends_at is None


def test_without_the_package_a_certificate_of_ones_own_will_do(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['cryptography'] = None\n"
        "from pathlib import Path\n"
        "from qwen3tts_daemon.tls.certificate import CertificateFiles\n"
        "from qwen3tts_daemon.tls.server_tls import ServerTls\n"
        "a, b, folder = map(Path, sys.argv[1:])\n"
        "ServerTls(CertificateFiles(a, b), list)\n"
        "ServerTls(CertificateFiles(folder / 'a', folder / 'b', is_own=True), list)"
    )
    files = made(tmp_path)
    command = [sys.executable, "-c", program, str(files.certificate), str(files.key), str(tmp_path / "tls")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stderr.endswith("is missing: pip install 'qwen3tts-daemon[tls]'\n")


async def test_files_that_change_are_taken_and_what_cannot_be_used_is_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    files = made(tmp_path)
    tls = ServerTls(files, list)
    watching = asyncio.create_task(tls.watch())
    before = tls.context
    files.key.write_text("-----BEGIN PRIVATE KEY-----")
    await until(lambda: "what was there before is in use" in caplog.text)
    assert tls.context is before
    self_signed.make(files, [])
    await until(lambda: read(files).fingerprint in caplog.text)
    assert tls.context is not before
    watching.cancel()
