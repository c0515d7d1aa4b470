"""The speech server elsewhere that the settings mean, and what they may not mean."""

import ipaddress
import logging
import socket
import ssl
from pathlib import Path

from qwen3tts_daemon.access.hosts import own_names
from qwen3tts_daemon.access.lan_addresses import all_addresses
from qwen3tts_daemon.access.networks import LOOPBACK_NAMES, NetworkAllowList, parse_address
from qwen3tts_daemon.http_engine.options import ServerOptions
from qwen3tts_daemon.server_url import ServerUrl, parse_server_url
from qwen3tts_daemon.settings import PRIVATE, Settings, SettingsError

logger = logging.getLogger(__name__)

_MOST_TOKEN_CHARS = 4_096


def server_options(settings: Settings) -> ServerOptions:
    """Raises SettingsError for what cannot be met, or would give the token away."""
    section = settings.http_engine
    if not section.url:
        raise SettingsError("engine is http, and http_engine.url is empty: give the server's address")
    url = parse_server_url(section.url)
    _check_is_another(url, settings)
    token = _token(section.token_file) if section.token_file is not None else ""
    near = NetworkAllowList((PRIVATE,))
    if token and not url.is_encrypted:
        _check_is_near(url, near)
    if section.ca_file is not None:
        _check_certificates(section.ca_file)
    return ServerOptions(
        base_url=url.base, host=url.shown, token=token,
        may_have_token=None if url.is_encrypted else lambda address: parse_address(address) in near,
        ca_file=section.ca_file, model=section.model, voices=section.voices, languages=section.languages,
        sample_rate=section.sample_rate, max_requests=section.max_requests,
        connect_timeout_s=section.connect_timeout_s, read_timeout_s=section.read_timeout_s,
        openai_fields_only=section.openai_fields_only,
    )  # fmt: skip


def where_text_goes(settings: Settings) -> str:
    """In words, for people; "" if it stays on this machine."""
    if settings.engine != "http" or not settings.http_engine.url:
        return ""
    url = parse_server_url(settings.http_engine.url)
    how = "encrypted" if url.is_encrypted else "unencrypted"
    return f"what is spoken leaves this machine: it is sent to {url.shown}, {how}"


def _check_is_another(url: ServerUrl, settings: Settings) -> None:
    """Circles that cannot be seen from here are found out with the first text."""
    if settings.http.enabled and url.port == settings.http.port and _is_this_machine(url.host):
        raise SettingsError(
            f"http_engine.url: {url.shown} is this daemon itself (http.port); name the server that is to speak"
        )


def _is_this_machine(host: str) -> bool:
    address = parse_address(host)
    if address is None:
        return host in LOOPBACK_NAMES or host in own_names()
    return address.is_loopback or address.is_unspecified or address in all_addresses()


def _check_is_near(url: ServerUrl, near: NetworkAllowList) -> None:
    """Raises SettingsError if the server is not in a private network. A name that means nothing yet may mean one
    later: it is looked at again with every connection."""
    for address in _addresses(url):
        if parse_address(address) not in near:
            raise SettingsError(
                f"http_engine.url: {url.shown} is not in a private network, and the token of http_engine.token_file "
                "would be sent there unencrypted: use https://"
            )


def _addresses(url: ServerUrl) -> list[str]:
    try:
        ipaddress.ip_address(url.host)
    except ValueError:
        pass
    else:
        return [url.host]
    try:
        return [str(found[4][0]) for found in socket.getaddrinfo(url.host, url.port, type=socket.SOCK_STREAM)]
    except OSError as error:
        logger.warning("http_engine.url: the address of %s is not known yet: %s", url.host, error.strerror or error)
        return []


def _token(path: Path) -> str:
    """Raises SettingsError, whose words do not repeat what is in the file."""
    try:
        token = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise SettingsError(f"http_engine.token_file: cannot read {path}: {reason}") from None
    if not token or len(token) > _MOST_TOKEN_CHARS or not all("!" <= char <= "~" for char in token):
        raise SettingsError(f"http_engine.token_file: {path} must hold the token and nothing else, in one line")
    return token


def _check_certificates(path: Path) -> None:
    try:
        ssl.create_default_context(cafile=path)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(f"http_engine.ca_file: cannot use {path}: {error.strerror or error}") from error
