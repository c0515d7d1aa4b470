"""A running daemon, asked over HTTP with the token that lies in its data directory."""

import http.client

from qwen3tts_daemon import durable_files
from qwen3tts_daemon.access.lan_addresses import address_from_here
from qwen3tts_daemon.commands.client import NoDaemon
from qwen3tts_daemon.settings import Settings, SettingsError

_TIMEOUT_S = 5.0
_DONE = (http.HTTPStatus.OK, http.HTTPStatus.CREATED, http.HTTPStatus.NO_CONTENT)


def ask(method: str, path: str, settings: Settings) -> bytes:
    """What the daemon of these settings answers where all is well. Blocks.

    Raises NoDaemon, SettingsError if its token is not here.
    """
    if not settings.http.enabled:
        raise SettingsError("http.enabled is false: there is nothing to ask")
    headers = {"Authorization": f"Bearer {_token(settings)}"}
    host, port = address_from_here(settings.http.host), settings.http.port
    where = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    connection = http.client.HTTPConnection(host, port, timeout=_TIMEOUT_S)
    try:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        content = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise NoDaemon(f"no daemon at {where} ({error}): start it, or give the --http.port that it has") from error
    finally:
        connection.close()
    if answer.status == http.HTTPStatus.UNAUTHORIZED:
        raise SettingsError(f"the daemon at {where} has another token: give the --data-dir that it has")
    if answer.status not in _DONE:
        raise NoDaemon(f"{where} cannot do this ({answer.status}): if it is another server, give the --http.port")
    return content


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
