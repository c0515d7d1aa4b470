"""A running daemon, asked over HTTP with the token that lies in its data directory."""

import http.client
from typing import Any

import msgspec

from qwen3tts_daemon import durable_files
from qwen3tts_daemon.access.lan_addresses import address_from_here
from qwen3tts_daemon.commands.client import NoDaemon
from qwen3tts_daemon.settings import Settings, SettingsError
from qwen3tts_daemon.tls.certificate import files_of
from qwen3tts_daemon.tls.client import client_context

_TIMEOUT_S = 5.0
OK = http.HTTPStatus.OK
_DONE = (OK, http.HTTPStatus.CREATED, http.HTTPStatus.NO_CONTENT)


def ask(method: str, path: str, settings: Settings) -> bytes:
    """What the daemon of these settings answers where all is well. Blocks.

    Raises NoDaemon, SettingsError if its token is not here.
    """
    if not settings.http.enabled:
        raise SettingsError("http.enabled is false: there is nothing to ask")
    status, content = request(method, path, settings, token=_token(settings))
    if status == http.HTTPStatus.UNAUTHORIZED:
        raise SettingsError(f"the daemon at {where(settings)} has another token: give the --data-dir that it has")
    if status not in _DONE:
        message = f"{where(settings)} cannot do this ({status}): if it is another server, give the --http.port"
        raise NoDaemon(message)
    return content


def request(
    method: str, path: str, settings: Settings, *, token: str, body: Any = None, timeout_s: float = _TIMEOUT_S
) -> tuple[int, bytes]:
    """Status and content of whatever answers where the daemon of these settings would. `body`: sent as JSON; `token`
    may be empty. Blocks. Raises NoDaemon if nothing answers."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    if body is not None:
        headers["Content-Type"] = "application/json"
    connection = connection_to(settings, timeout_s)
    try:
        connection.request(method, path, None if body is None else msgspec.json.encode(body), headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException) as error:
        message = f"no daemon at {where(settings)} ({error}): start it, or give the --http.port that it has"
        raise NoDaemon(message) from error
    finally:
        connection.close()


def connection_to(settings: Settings, timeout_s: float = _TIMEOUT_S) -> http.client.HTTPConnection:
    """Where the daemon of these settings would answer. Raises SettingsError if its certificate cannot be read."""
    host, port, context = address_from_here(settings.http.host), settings.http.port, client_context(settings)
    if context is None:
        return http.client.HTTPConnection(host, port, timeout=timeout_s)
    return http.client.HTTPSConnection(host, port, timeout=timeout_s, context=context)


def where(settings: Settings) -> str:
    """Its URL."""
    is_secure = files_of(settings.http, settings.data_path) is not None
    host = address_from_here(settings.http.host)
    return f"{'https' if is_secure else 'http'}://{f'[{host}]' if ':' in host else host}:{settings.http.port}"


def _token(settings: Settings) -> str:
    path = settings.data_path / "token"
    try:
        token = durable_files.read_line(path)
    except PermissionError:
        raise SettingsError(f"{path} is not yours to read: run this as the daemon's user, or with sudo") from None
    except (OSError, ValueError) as error:
        raise SettingsError(f"the token: {error}") from error
    if not token:
        raise SettingsError(f"there is no {path}: start the daemon first, or give the --data-dir that it has")
    return token
