"""The address of a speech server, as people write it: with or without /v1, or down to its route."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}
_ROUTE = "/audio/speech"


@dataclass(frozen=True, slots=True)
class ServerUrl:
    """Where a server is, taken apart."""

    scheme: str
    host: str
    """A name or an address, without brackets"""
    port: int
    path: str
    """Up to its /v1"""

    @property
    def is_encrypted(self) -> bool:
        return self.scheme == "https"

    @property
    def shown(self) -> str:
        """Host and port, for people; a port that goes without saying is left out."""
        return self._bracketed if self.port == _PORTS[self.scheme] else f"{self._bracketed}:{self.port}"

    @property
    def base(self) -> str:
        """What the routes are below."""
        return f"{self.scheme}://{self._bracketed}:{self.port}{self.path}"

    @property
    def _bracketed(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host


def parse_server_url(text: str) -> ServerUrl:
    """Raises ValueError, whose words do not repeat the text: a password may be in it."""
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError as error:
        raise ValueError("it is no URL; write it like http://gpu-box:8766") from error
    if "@" in parts.netloc:
        raise ValueError("it may hold no user and no password; put the token into a file and name that: token_file")
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError("it must begin with http:// or https:// and a host, like http://gpu-box:8766")
    if not _is_host(parts.hostname):
        raise ValueError("it has no host that could be looked up")
    if parts.query or parts.fragment:
        raise ValueError("nothing may follow its path: no ? and no #")
    return ServerUrl(parts.scheme, parts.hostname, port or _PORTS[parts.scheme], _path(parts.path))


def _is_host(host: str) -> bool:
    try:
        host.encode("idna")
    except UnicodeError:
        return False
    return re.fullmatch(r"[\w.:%-]+", host) is not None


def _path(path: str) -> str:
    path = path.rstrip("/").removesuffix(_ROUTE)
    return path if path.endswith("/v1") else f"{path}/v1"
