"""The headers of a request, before anybody believes them."""

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from qwen3tts_daemon.failures import Refusal

RawHeaders = Iterable[tuple[bytes, bytes]]

BEARER_SUBPROTOCOL: Final = "bearer."
ELEVENLABS_KEY: Final = "xi-api-key"
"""How ElevenLabs' clients send their key."""

_FORWARDING: Final = frozenset(
    ("forwarded", "forwarded-for", "via", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip")
)
_FORWARDING_PREFIX: Final = "x-forwarded-"

# Every browser names itself Mozilla, and no page can change that for a request to another site. What follows it is for
# a browser that an extension has given another name. Measured with Chromium: tests/web/test_foreign_pages.py.
_BROWSER: Final = "Mozilla/"
_ONLY_BROWSERS_SEND: Final = frozenset(
    ("accept-language", "cookie", "origin", "referer", "sec-purpose", "upgrade-insecure-requests")
)
_ONLY_BROWSERS_SEND_PREFIXES: Final = ("sec-fetch-", "sec-ch-")
_ONLY_BROWSERS_ACCEPT: Final = ("text/html", "image/", "text/css")
_PROGRAMS: Final = re.compile(r"\b(?:CrKey|VLC|AppleCoreMedia|CFNetwork|Java|Deno)/|^(?:node|undici)$")
"""They look like browsers, but show no pages of strangers: Chromecasts call themselves Mozilla, players of VLC and
Apple say which language they speak, Java accepts pictures, and Node's fetch has headers of a browser's."""


class Headers:
    """Raw headers by lower-case name."""

    def __init__(self, raw: RawHeaders) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in raw:
            self._values.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))

    def all(self, name: str) -> list[str]:
        return self._values.get(name, [])

    def items(self, name: str) -> list[str]:
        """The elements of a comma-separated list."""
        return [item.strip() for value in self.all(name) for item in value.split(",") if item.strip()]

    def last(self, name: str, default: str = "") -> str:
        """The last element, which the nearest proxy wrote."""
        items = self.items(name)
        return items[-1] if items else default

    @property
    def are_forwarded(self) -> bool:
        """A proxy has handed them on, and says so."""
        return any(name in _FORWARDING or name.startswith(_FORWARDING_PREFIX) for name in self._values)

    @property
    def are_of_a_browser(self) -> bool:
        """Something that shows web pages may have sent them, whoever asked it to."""
        agent = " ".join(self.all("user-agent"))
        if _PROGRAMS.search(agent):
            return False
        accepted = " ".join(self.all("accept"))
        return (
            _BROWSER in agent
            or any(kind in accepted for kind in _ONLY_BROWSERS_ACCEPT)
            or any(
                name in _ONLY_BROWSERS_SEND or name.startswith(_ONLY_BROWSERS_SEND_PREFIXES) for name in self._values
            )
        )

    def tokens(self) -> list[str]:
        """Every one that is offered, right or wrong."""
        pairs = (value.partition(" ") for value in self.items("authorization"))
        bearers = [credentials.strip() for scheme, _, credentials in pairs if scheme.lower() == "bearer"]
        offered = [item for item in self.items("sec-websocket-protocol") if item.startswith(BEARER_SUBPROTOCOL)]
        subprotocols = [item.removeprefix(BEARER_SUBPROTOCOL) for item in offered]
        return bearers + subprotocols + self.all(ELEVENLABS_KEY)

    def cookies(self, name: str) -> list[str]:
        pairs = (pair.strip().partition("=") for value in self.all("cookie") for pair in value.split(";"))
        return [value for key, _, value in pairs if key == name]

    def host(self) -> tuple[str, int | None]:
        """Name and port of the Host header. Raises Refusal if there is not exactly one."""
        hosts = self.all("host")
        if len(hosts) != 1:
            raise Refusal("bad_request", "a request needs one Host header")
        return split_authority(hosts[0])


_AUTHORITY = re.compile(r"(\[[^][]*\]|[^][:]*)(:\d*)?")
"""Nothing stands between an address in brackets and its port."""


def split_authority(authority: str) -> tuple[str, int | None]:
    """Name and port of `name:port`, `1.2.3.4:port` or `[::1]:port`. Raises Refusal."""
    if not _AUTHORITY.fullmatch(authority.strip()):
        raise Refusal("bad_request", "the Host header is malformed")
    try:
        parts = urlsplit("//" + authority.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    if not host or parts.path or parts.query or parts.fragment or "@" in parts.netloc:
        raise Refusal("bad_request", "the Host header is malformed")
    return plain_name(host), port


def plain_name(name: str) -> str:
    """As names are compared."""
    return name.strip().rstrip(".").lower()
