"""Which web page a request comes from, as far as the browser tells.

To https and to loopback, browsers tell with every request where it comes from (Sec-Fetch-Site). To plain http they do
so only where they must: Origin with WebSockets and with whatever is not GET, and Referer unless the page forbids it.
What a page of another site loads as sound or as a picture may tell nothing at all, but that it is a browser's.
"""

import re
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from qwen3tts_daemon.access.headers import Headers, plain_name
from qwen3tts_daemon.settings import SettingsError

Sender = Literal["own", "allowed", "foreign", "browser", "program"]
"""Our own page, or a person by hand; a page of http.allowed_origins; another one; a browser that does not say for whom;
what is no browser."""

# Stricter than urlsplit, which finds a host in "http://x[::1]" too.
_URL: Final = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<host>\[[0-9a-f:.]+\]|[a-z0-9_][a-z0-9_.-]*)(?::(?P<port>[0-9]{1,5}))?(?:/.*)?"
)
_LAST_PORT: Final = 65_535
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_NO_PAGES: Final = ("ws", "wss")
_OPTION: Final = "http.allowed_origins"
_EXAMPLE: Final = '"http://homeassistant.local:8123"'


class Origin(NamedTuple):
    """Scheme, host and port of a page."""

    scheme: str
    host: str
    port: int | None
    """Filled in where the scheme has a default."""


def parse_origin(url: str) -> Origin | None:
    """The origin of a page; None for those that have none, such as files and sandboxed frames."""
    match = _URL.fullmatch(url.lower())
    if match is None:
        return None
    scheme, host, port = match["scheme"], plain_name(match["host"].strip("[]")), int(match["port"] or 0)
    return Origin(scheme, host, port or _DEFAULT_PORTS.get(scheme)) if port <= _LAST_PORT else None


class Origins:
    """The pages of other sites that may use this daemon."""

    def __init__(self, allowed: Sequence[str] = ()) -> None:
        """`allowed`: the option http.allowed_origins. Raises SettingsError for an entry that is no origin."""
        self._allowed = frozenset(_parse_entry(entry) for entry in allowed)

    def __bool__(self) -> bool:
        return bool(self._allowed)

    def __contains__(self, origin: Origin | None) -> bool:
        return origin in self._allowed

    def sender(self, headers: Headers, host: str, port: int | None) -> Sender:
        """Who made this request, which asked for `host` and `port`."""
        if named := headers.all("origin"):
            return self._page(parse_origin(named[0]) if len(named) == 1 else None, host, port)
        site = headers.last("sec-fetch-site")
        if site in ("same-origin", "none"):
            return "own"
        page = self._page(page_of(headers), host, port) if headers.all("referer") else None
        # What another site has redirected still has our page as its Referer.
        if page is not None and not (site and page == "own"):
            return page
        if site:
            return "foreign"
        return "browser" if headers.are_of_a_browser else "program"

    def _page(self, origin: Origin | None, host: str, port: int | None) -> Sender:
        if origin in self:
            return "allowed"
        return "own" if origin is not None and _is_own(origin, host, port) else "foreign"


def page_of(headers: Headers) -> Origin | None:
    """The origin that the browser names, if it names one."""
    named = headers.all("origin") or headers.all("referer")
    return parse_origin(named[0]) if len(named) == 1 else None


def _is_own(origin: Origin, host: str, port: int | None) -> bool:
    default = _DEFAULT_PORTS.get(origin.scheme)
    return default is not None and (origin.host, origin.port) == (host, port or default)


def _parse_entry(entry: str) -> Origin:
    """Written as browsers do, for what they would never send would never match. Raises SettingsError."""
    if "*" in entry:
        raise SettingsError(
            f"{_OPTION}: {entry!r} would let pages speak that nobody has thought of; list each site, such as {_EXAMPLE}"
        )
    origin = parse_origin(entry)
    if origin is None or origin.scheme in _NO_PAGES or entry.lower() not in _spellings(origin):
        raise SettingsError(
            f"{_OPTION}: {entry!r} is not an origin; it is scheme://host:port without a path, such as {_EXAMPLE} or "
            '"chrome-extension://ID"'
        )
    return origin


def _spellings(origin: Origin) -> tuple[str, str]:
    """Without and with its port; a browser leaves out the one that goes without saying."""
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    return f"{origin.scheme}://{host}", f"{origin.scheme}://{host}:{origin.port}"
