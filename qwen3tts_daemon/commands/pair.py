"""Let a browser in: a running daemon is asked for an invitation, with the token that lies in its data directory."""

import asyncio
import http.client
import io
import webbrowser
from dataclasses import dataclass

import msgspec
import segno

from qwen3tts_daemon import durable_files
from qwen3tts_daemon.access.lan_addresses import address_from_here, page_from_here
from qwen3tts_daemon.commands.client import NoDaemon
from qwen3tts_daemon.settings import Settings, SettingsError

_TIMEOUT_S = 5.0
_WHITE_ON_BLACK, _AS_BEFORE = "\x1b[97;40m", "\x1b[0m"
_HALF = 3
"""Letters are read in two halves."""


@dataclass(frozen=True, slots=True)
class Invited:
    """What a person needs, to let one browser in once."""

    here: str
    """A link for a browser of this machine."""
    letters: str
    phone: str | None
    """A link for other devices; None if they cannot reach the daemon."""
    expires_in_s: float


async def invite(settings: Settings) -> Invited:
    """Ask the daemon of these settings. Raises NoDaemon, SettingsError if its token is not here."""
    given = msgspec.json.decode(await asyncio.to_thread(_ask, "POST", "/v1/invitations", settings), type=_Invitation)
    here = f"{page_from_here(settings.http.host, settings.http.port)}#code={given.code}"
    return Invited(here, given.letters, given.link, given.expires_in_s)


async def forget(settings: Settings) -> None:
    """Every browser that the daemon of these settings knows has to be paired anew. Raises as `invite`."""
    await asyncio.to_thread(_ask, "DELETE", "/v1/sessions", settings)


def told(invited: Invited, *, has_picture: bool) -> str:
    """All of it for a person; `has_picture`: with a code for cameras, made of what terminals understand."""
    parts = [f"In a browser on this machine:\n  {invited.here}"]
    if invited.phone is None:
        parts.append("Other devices do not reach it: http.host has addresses of this machine alone.")
    else:
        parts.append(f"On a phone, or anywhere at home:\n  {invited.phone}")
    if invited.phone is not None and has_picture:
        parts.append(_picture(invited.phone))
    letters = f"{invited.letters[:_HALF]} {invited.letters[_HALF:]}"
    parts.append(f"Or open the page there, and type these letters:\n  {letters}")
    parts.append(f"For one browser, within {invited.expires_in_s / 60:.0f} minutes.")
    return "\n\n".join(parts)


def open_browser(invited: Invited) -> bool:
    """The link for this machine, in its browser; False if there is none."""
    return webbrowser.open(invited.here)


def _picture(link: str) -> str:
    """Dark on white whatever the colours of the terminal: that is what cameras read."""
    drawn = io.StringIO()
    segno.make_qr(link).terminal(drawn, border=2, compact=True)
    return "\n".join(f"{_WHITE_ON_BLACK}{line}{_AS_BEFORE}" for line in drawn.getvalue().splitlines())


class _Invitation(msgspec.Struct):
    code: str
    letters: str
    link: str | None
    expires_in_s: float


def _ask(method: str, path: str, settings: Settings) -> bytes:
    """What it answers where all is well."""
    if not settings.http.enabled:
        raise SettingsError("http.enabled is false: there is no page to pair with")
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
    if answer.status not in (http.HTTPStatus.CREATED, http.HTTPStatus.NO_CONTENT):
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
