"""The daemon's own URL, for links that it gives out: players fetch clips there, phones open the page."""

import socket
from collections.abc import Collection
from urllib.parse import urlsplit

import segno

from qwen3tts_daemon.access.auth import Principal
from qwen3tts_daemon.access.lan_addresses import lan_addresses, listens
from qwen3tts_daemon.access.networks import LOOPBACK_NAMES, parse_address
from qwen3tts_daemon.settings import HttpSettings


def base_url(principal: Principal, config: HttpSettings) -> str:
    """Where others on the network reach this daemon, which `principal` has reached."""
    if config.public_url:
        return config.public_url.rstrip("/")
    host = principal.host
    if _is_this_machine(host):
        host = _own_address(config.host) or host
    authority = f"[{host}]" if ":" in host else host
    port = f":{principal.port}" if principal.port else ""
    return f"{'https' if principal.is_secure else 'http'}://{authority}{port}{principal.path_prefix}"


def page_url(principal: Principal, config: HttpSettings) -> str | None:
    """The page's, for other devices at home; None if they cannot reach it."""
    url = base_url(principal, config)
    return None if _is_this_machine(urlsplit(url).hostname or "") else f"{url}/"


def qr_code(link: str) -> str:
    """A picture of it as data: URL. Dark on white, whatever the colours of the page: that is what cameras read."""
    return segno.make_qr(link).svg_data_uri(omitsize=True, xmldecl=False, light="white")


def _is_this_machine(host: str) -> bool:
    """Of the names that a Host header may carry."""
    address = parse_address(host)
    return host in LOOPBACK_NAMES if address is None else address.is_loopback or address.is_unspecified


def _own_address(listening: Collection[str]) -> str | None:
    """This machine's address on the network, if the port listens there."""
    found = [address for address in lan_addresses() if listens(listening, address)]
    facing = _address_facing_out()
    return facing if facing in found else next(iter(found), None)


def _address_facing_out() -> str:
    """Of the interface that the default route leaves by. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as anywhere:
        try:
            anywhere.connect(("192.0.2.1", 9))
        except OSError:
            return ""
        return str(anywhere.getsockname()[0])
