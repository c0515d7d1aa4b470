"""How the commands of this machine ask their own daemon: they trust the very certificate that it has, no other."""

import ssl

from qwen3tts_daemon.settings import Settings
from qwen3tts_daemon.tls.certificate import files_of, fingerprint_of, leaf_of


def client_context(settings: Settings) -> ssl.SSLContext | None:
    """None for plain http. Raises SettingsError if the certificate cannot be read."""
    files = files_of(settings.http, settings.data_path)
    if files is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # it is this one, whatever its names are
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(cadata=leaf_of(files))
    return context


def own_fingerprint(settings: Settings) -> str | None:
    """Of the certificate that this machine's daemon shows; None for plain http. Raises SettingsError."""
    files = files_of(settings.http, settings.data_path)
    return None if files is None else fingerprint_of(ssl.PEM_cert_to_DER_cert(leaf_of(files)))
