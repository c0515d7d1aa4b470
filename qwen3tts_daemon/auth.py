"""Who may do what over HTTP. No framework, no sockets: addresses and headers in, a Visitor or a Refusal out.

1. The Host header must name this machine. A page of another site can make a browser send requests here under
   its own name (DNS rebinding), but not under another's; and an IP literal is nobody's name.
2. The Origin of a WebSocket or of an unsafe request must be the Host. Browsers send it, others need not.
3. What a visitor may do follows from the policy, from the address and from the credentials.
4. Headers of a proxy are believed only if the peer is a trusted proxy. If anybody else sends them, the
   address behind is unknown, and an unknown address is a public one.
"""

import hmac
import logging
import os
import secrets
import socket
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal
from urllib.parse import parse_qsl, urlsplit

from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.networks import LOOPBACK_NAMES, Address, Neighbourhood, Network, parse_address
from qwen3tts_daemon.settings import PRIVATE

logger = logging.getLogger(__name__)

Policy = Literal["lan", "token", "none"]
Scope = Literal["speak", "manage"]
"""`speak` covers listing too; `manage` is everything that changes what the next visitor finds."""

RawHeaders = Iterable[tuple[bytes, bytes]]

SESSION_COOKIE: Final = "qwen3tts_session"
BEARER_SUBPROTOCOL: Final = "bearer."

TICKET_S: Final = 30.0
SESSION_S: Final = 7 * 24 * 3600.0
_MOST_KEPT: Final = 1_000
_SHORTEST_TOKEN: Final = 16

_EVERYTHING: Final = frozenset[Scope](("speak", "manage"))
_SPEAK: Final = frozenset[Scope](("speak",))
_NOTHING: Final = frozenset[Scope]()

_SAFE_METHODS: Final = frozenset(("GET", "HEAD", "OPTIONS"))
_FORWARDING: Final = frozenset(
    ("forwarded", "forwarded-for", "via", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip")
)
_FORWARDING_PREFIX: Final = "x-forwarded-"
_KEYS_IN_QUERY: Final = frozenset(
    (
        "token",
        "key",
        "api_key",
        "api-key",
        "apikey",
        "access_token",
        "auth",
        "authorization",
        "bearer",
        "xi-api-key",
    )
)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks: the address as far as it is known, and under which name this daemon was reached."""

    address: Address | None
    """None if an unknown proxy stands before it."""
    host: str
    """Without the port."""
    port: int | None
    is_secure: bool
    """The visitor's own connection is TLS."""
    path_prefix: str
    """Where a trusted proxy has put this daemon, such as "/api/hassio_ingress/abc"; else empty."""
    granted: frozenset[Scope]

    def require(self, scope: Scope) -> None:
        """Raises Refusal."""
        if scope not in self.granted:
            raise Refusal("unauthorized", "this needs the daemon's token, as Authorization: Bearer <token>")


class Auth:
    """Tells who a visitor is; keeps the sessions and tickets that it gave out, in memory."""

    def __init__(
        self,
        policy: Policy,
        token: str,
        *,
        allowed_hosts: Sequence[str] = (),
        trusted_proxies: Sequence[str] = (),
        clock: Callable[[], float] = time.monotonic,
        own_names: Callable[[], frozenset[str]] | None = None,
        own_networks: Callable[[], Sequence[Network]] | None = None,
    ) -> None:
        self._policy = policy
        self._token = token
        self._names = LOOPBACK_NAMES | {_plain_name(name) for name in allowed_hosts}
        self._names |= (own_names or _own_names)()
        self._proxies = Neighbourhood(trusted_proxies, option="http.trusted_proxies")
        self._near = Neighbourhood((PRIVATE,), own_networks=own_networks)
        self._sessions = _Passes(SESSION_S, clock)
        self._tickets = _Passes(TICKET_S, clock)

    # -- admission -----------------------------------------------------------------------------------------

    def admit(self, peer: str | None, raw_headers: RawHeaders, *, method: str, query: str, scheme: str) -> Visitor:
        """Who asks. Raises Refusal for a foreign Host or Origin, and for keys in the query.

        `method` is "WEBSOCKET" for one, `scheme` that of the peer's own connection.
        """
        headers = _Headers(raw_headers)
        address = parse_address(peer)
        host, port = _host(headers)
        is_secure = scheme in ("https", "wss")
        prefix = ""
        if address is not None and address in self._proxies:
            if forwarded := headers.last("x-forwarded-host"):
                host, port = _split_authority(forwarded)
            is_secure = headers.last("x-forwarded-proto", "https" if is_secure else "http") in (
                "https",
                "wss",
            )
            prefix = _prefix(headers.last("x-ingress-path") or headers.last("x-forwarded-prefix"))
            address = self._behind_proxies(headers)
        elif headers.are_forwarded:
            address = None
        self._check_host(host)
        if method not in _SAFE_METHODS:
            _check_origin(headers, host, port)
        granted = self._granted(address, host, headers, query, method)
        return Visitor(address, host, port, is_secure, prefix, granted)

    def _behind_proxies(self, headers: "_Headers") -> Address | None:
        """The last address in the chain that is not itself a trusted proxy; None if the proxy names nobody."""
        address: Address | None = None
        for entry in reversed(headers.items("x-forwarded-for")):
            address = parse_address(entry)
            if address not in self._proxies:
                return address
        return address

    def _check_host(self, host: str) -> None:
        if parse_address(host) is None and host not in self._names:
            raise Refusal(
                "unknown_host", f"this daemon is not called {host[:80]!r}; add the name to http.allowed_hosts"
            )

    def _granted(
        self, address: Address | None, host: str, headers: "_Headers", query: str, method: str
    ) -> frozenset[Scope]:
        parameters = dict(parse_qsl(query, keep_blank_values=True))
        if any(name.lower() in _KEYS_IN_QUERY for name in parameters):
            raise Refusal(
                "unauthorized", "a key does not belong in a URL, where logs keep it; use a header or a ticket"
            )
        if self._policy == "none" or self._knows(headers):
            return _EVERYTHING
        if method == "WEBSOCKET" and self._tickets.take(parameters.get("ticket", "")):
            return _SPEAK
        if self._policy == "lan" and self._is_near(address, host):
            return _SPEAK
        return _NOTHING

    def _knows(self, headers: "_Headers") -> bool:
        """A valid token, or the cookie of a session that one opened; a wrong one hides no other."""
        if any(self.is_token(token) for token in headers.tokens()):
            return True
        return any(self._sessions.is_valid(session) for session in headers.cookies(SESSION_COOKIE))

    def _is_near(self, address: Address | None, host: str) -> bool:
        if address is None:
            return False
        if address.is_loopback:
            # A proxy on this machine comes from here too. One that hands on the Host it was called by, or names
            # itself, gets nothing; one that does neither (nginx, `proxy_pass http://localhost`) looks like a client
            # on this machine, and only the policy "token" is a protection then.
            literal = parse_address(host)
            return host in LOOPBACK_NAMES or (literal is not None and literal.is_loopback)
        return address in self._near

    # -- credentials ---------------------------------------------------------------------------------------

    def is_token(self, value: str) -> bool:
        """In a time that does not tell how much of it was right."""
        return hmac.compare_digest(value.encode("utf-8", "replace"), self._token.encode())

    def open_session(self, token: str, *, is_secure: bool) -> str:
        """The Set-Cookie value of a new session. Raises Refusal."""
        if not self.is_token(token):
            raise Refusal("unauthorized", "this is not the daemon's token", param="token")
        attributes = f"Path=/; Max-Age={int(SESSION_S)}; HttpOnly; SameSite=Strict"
        return f"{SESSION_COOKIE}={self._sessions.give()}; {attributes}{'; Secure' if is_secure else ''}"

    def give_ticket(self) -> str:
        """For one WebSocket within `TICKET_S`, as `?ticket=`; it allows to speak, nothing more."""
        return self._tickets.give()


class _Passes:
    """Random words that are valid for a while; the oldest make room for new ones."""

    def __init__(self, lifetime_s: float, clock: Callable[[], float]) -> None:
        self._lifetime_s = lifetime_s
        self._clock = clock
        self._ends: OrderedDict[str, float] = OrderedDict()

    def give(self) -> str:
        now = self._clock()
        while self._ends and (len(self._ends) >= _MOST_KEPT or next(iter(self._ends.values())) <= now):
            self._ends.popitem(last=False)
        word = secrets.token_urlsafe(32)
        self._ends[word] = now + self._lifetime_s
        return word

    def is_valid(self, word: str) -> bool:
        # A dictionary tells by its timing at most where a hash lies, and these words are 256 random bits.
        return self._clock() < self._ends.get(word, 0.0)

    def take(self, word: str) -> bool:
        """Valid, and from now on no longer."""
        return self._clock() < self._ends.pop(word, 0.0)


def load_token(path: Path) -> str:
    """The token kept at `path`, made by the first start. Raises ValueError for one too short."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        token = path.read_text(encoding="utf-8").strip()
        if len(token) < _SHORTEST_TOKEN:
            raise ValueError(f"the token in {path} is shorter than {_SHORTEST_TOKEN} characters; delete it") from None
        if path.stat().st_mode & 0o077:
            logger.warning("%s can be read by others; chmod 600 it", path)
        return token
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        token = secrets.token_urlsafe(32)
        file.write(token + "\n")
    return token


# -- headers -----------------------------------------------------------------------------------------------


class _Headers:
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

    def tokens(self) -> list[str]:
        """Every one that is offered, right or wrong."""
        pairs = (value.partition(" ") for value in self.items("authorization"))
        bearers = [credentials.strip() for scheme, _, credentials in pairs if scheme.lower() == "bearer"]
        offered = [item for item in self.items("sec-websocket-protocol") if item.startswith(BEARER_SUBPROTOCOL)]
        return bearers + [item.removeprefix(BEARER_SUBPROTOCOL) for item in offered]

    def cookies(self, name: str) -> list[str]:
        pairs = (pair.strip().partition("=") for value in self.all("cookie") for pair in value.split(";"))
        return [value for key, _, value in pairs if key == name]


def _host(headers: _Headers) -> tuple[str, int | None]:
    hosts = headers.all("host")
    if len(hosts) != 1:
        raise Refusal("bad_request", "a request needs one Host header")
    return _split_authority(hosts[0])


def _split_authority(authority: str) -> tuple[str, int | None]:
    """Name and port of `name:port`, `1.2.3.4:port` or `[::1]:port`."""
    try:
        parts = urlsplit("//" + authority.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    if not host or parts.path or parts.query or parts.fragment or "@" in parts.netloc:
        raise Refusal("bad_request", "the Host header is malformed")
    return _plain_name(host), port


def _check_origin(headers: _Headers, host: str, port: int | None) -> None:
    origins = headers.all("origin")
    if not origins:
        if headers.last("sec-fetch-site") in ("cross-site", "same-site"):
            raise Refusal("forbidden_origin", "pages of other sites may not use this daemon")
        return
    try:
        origin = urlsplit(origins[0])
        origin_host, origin_port = _plain_name(origin.hostname or ""), origin.port
    except ValueError:
        origin_host, origin_port = "", None
    default = {"http": 80, "https": 443}.get(origin.scheme if origin_host else "")
    if (
        len(origins) > 1
        or default is None
        or (origin_host, origin_port or default) != (host, port or default)
    ):  # fmt: skip
        raise Refusal("forbidden_origin", "pages of other sites may not use this daemon")


def _prefix(path: str) -> str:
    """A path that a proxy names, if it can be put before ours as it is."""
    path = path.rstrip("/")
    return path if path.startswith("/") and not path.startswith("//") and path.isprintable() else ""


def _plain_name(name: str) -> str:
    return name.strip().rstrip(".").lower()


# -- addresses ---------------------------------------------------------------------------------------------


def _own_names() -> frozenset[str]:
    """What this machine is called: the host name, with its domain, and under mDNS."""
    name = _plain_name(socket.gethostname())
    short = name.partition(".")[0]
    return frozenset(filter(None, (name, short, f"{short}.local")))
