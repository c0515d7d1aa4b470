"""Let a browser in: a running daemon is asked for an invitation."""

import asyncio
import io
import webbrowser
from dataclasses import dataclass

import msgspec
import segno

from qwen3tts_daemon.access.lan_addresses import page_from_here
from qwen3tts_daemon.commands import admin
from qwen3tts_daemon.settings import Settings
from qwen3tts_daemon.tls.client import own_fingerprint

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
    fingerprint: str | None = None
    """Of the certificate that browsers are shown (SHA-256); None for plain http."""


async def invite(settings: Settings) -> Invited:
    """Ask the daemon of these settings. Raises NoDaemon, SettingsError if its token is not here."""
    given = msgspec.json.decode(
        await asyncio.to_thread(admin.ask, "POST", "/v1/invitations", settings), type=_Invitation
    )
    fingerprint = own_fingerprint(settings)
    page = page_from_here(settings.http.host, settings.http.port, is_secure=fingerprint is not None)
    return Invited(f"{page}#code={given.code}", given.letters, given.link, given.expires_in_s, fingerprint)


async def forget(settings: Settings) -> None:
    """Every browser that the daemon of these settings knows has to be paired anew. Raises as `invite`."""
    await asyncio.to_thread(admin.ask, "DELETE", "/v1/sessions", settings)


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
    if invited.fingerprint is not None:
        parts.append(f"The browser is shown a certificate with this fingerprint (SHA-256):\n  {invited.fingerprint}")
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
