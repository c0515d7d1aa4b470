"""Who may do what over HTTP. No framework, no sockets: addresses and headers in, a Principal or a Refusal out.

1. The Host header must name this machine. A page of another site can make a browser send requests here under
   its own name (DNS rebinding), but not under another's; and an IP literal is nobody's name.
2. The Origin of a WebSocket or of an unsafe request must be the Host, or listed. Browsers send it, others need not.
   A GET that speaks is as costly, and browsers tell less about it: see `Principal.refuse_foreign_pages`.
3. What a principal may do follows from the policy, from the address and from the credentials.
4. Headers of a proxy are believed only if the peer is a trusted proxy. If anybody else sends them, the
   address behind is unknown, and an unknown address is a public one.
"""

import hmac
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import parse_qsl

from qwen3tts_daemon.access import hosts
from qwen3tts_daemon.access.expiring_tokens import ExpiringTokens
from qwen3tts_daemon.access.guesses import Guesses
from qwen3tts_daemon.access.headers import Headers, RawHeaders, split_authority
from qwen3tts_daemon.access.hosts import HostNames
from qwen3tts_daemon.access.invitations import Invitations
from qwen3tts_daemon.access.networks import LOOPBACK_NAMES, Address, Network, NetworkAllowList, client_of, parse_address
from qwen3tts_daemon.access.origins import Origins, Sender
from qwen3tts_daemon.access.sessions import SESSION_S, Sessions
from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.settings import PRIVATE

Policy = Literal["lan", "token", "none"]
Scope = Literal["speak", "manage"]
"""`speak` covers listing too; `manage` is everything that changes what others find."""

Claim = Literal["place", "token", "pairing"]
"""By what somebody speaks: by where it is, or because everybody may; by the token; by a session or a ticket."""

SESSION_COOKIE: Final = "qwen3tts_session"

TICKET_S: Final = 30.0

_EVERYTHING: Final = frozenset[Scope](("speak", "manage"))
_SPEAK: Final = frozenset[Scope](("speak",))
_NOTHING: Final = frozenset[Scope]()

_SAFE_METHODS: Final = frozenset(("GET", "HEAD", "OPTIONS"))
_TICKET_METHODS: Final = frozenset(("GET", "HEAD", "WEBSOCKET"))
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
class Principal:
    """Who asks: the address as far as it is known, and under which name this daemon was reached."""

    address: Address | None
    """None if an unknown proxy stands before it."""
    host: str
    """Without the port."""
    port: int | None
    is_secure: bool
    """The client's own connection is TLS."""
    path_prefix: str
    """Where a trusted proxy has put this daemon, such as "/api/hassio_ingress/abc"; else empty."""
    granted: frozenset[Scope]
    sender: Sender = "program"
    is_vouched: bool = False
    """Came with the token, or with what was issued for it."""
    claim: Claim = "place"
    """Without which it could not speak"""
    client: str = ""
    """What counts as one client, see client_of; where the address is unknown, the proxy's."""
    wait_s: float = 0.0
    """Its token was not looked at, and will not be for so long: too many were wrong."""

    def require(self, scope: Scope) -> None:
        """Raises Refusal."""
        if scope not in self.granted:
            self.refuse_guesses()
            raise Refusal("unauthorized", "this needs the daemon's token, as Authorization: Bearer <token>")

    def refuse_guesses(self) -> None:
        """Raises Refusal if its token was not looked at."""
        if self.wait_s:
            raise _too_many(self.wait_s)

    def refuse_foreign_pages(self) -> None:
        """For a GET that costs as much as a POST: an <img> of any page could keep the engine busy. Raises Refusal.

        A browser that does not say which page has sent it must bring what only our own page, or its user, can have.
        """
        if self.sender == "foreign":
            raise _foreign()
        if self.sender == "browser" and not self.is_vouched:
            raise Refusal(
                "forbidden_origin", "a browser that does not say which page it comes from needs a ticket here: "
                "POST /v1/tickets, then ?ticket=...; or make a clip of it, POST /v1/audio/clips",
            )  # fmt: skip


class Auth:
    """Tells who asks and what that principal may do; gives out sessions and tickets."""

    def __init__(
        self,
        policy: Policy,
        token: str,
        *,
        allowed_hosts: Sequence[str] = (),
        allowed_origins: Sequence[str] = (),
        trusted_proxies: Sequence[str] = (),
        invitations: Invitations | None = None,
        sessions: Sessions | None = None,
        clock: Callable[[], float] = time.monotonic,
        own_names: Callable[[], frozenset[str]] = hosts.own_names,
        own_networks: Callable[[], Sequence[Network]] | None = None,
    ) -> None:
        self._policy = policy
        self._token = token
        self._hosts = HostNames(allowed_hosts, clock=clock, own_names=own_names)
        self.origins = Origins(allowed_origins)
        """Of the pages that may read answers too."""
        self._proxies = NetworkAllowList(trusted_proxies, option="http.trusted_proxies")
        self._near = NetworkAllowList((PRIVATE,), own_networks=own_networks)
        self.sessions = sessions or Sessions(token, clock=clock)
        """Of browsers that are paired."""
        self._tickets = ExpiringTokens(TICKET_S, clock)
        self._guesses = Guesses(clock)
        self.invitations = invitations or Invitations(clock)
        """Of browsers, without the token."""

    # -- admission -----------------------------------------------------------------------------------------

    def admit(self, peer: str | None, raw_headers: RawHeaders, *, method: str, query: str, scheme: str) -> Principal:
        """Who asks. Raises Refusal for a foreign Host or Origin, and for keys in the query.

        `method` is "WEBSOCKET" for one, `scheme` that of the peer's own connection.
        """
        headers = Headers(raw_headers)
        address = parse_address(peer)
        host, port = headers.host()
        is_secure = scheme in ("https", "wss")
        prefix = ""
        if address is not None and address in self._proxies:
            if forwarded := headers.last("x-forwarded-host"):
                host, port = split_authority(forwarded)
            is_secure = headers.last("x-forwarded-proto", "https" if is_secure else "http") in (
                "https",
                "wss",
            )
            prefix = _prefix(headers.last("x-ingress-path") or headers.last("x-forwarded-prefix"))
            address = self._behind_proxies(headers)
        elif headers.are_forwarded:
            address = None
        if host not in self._hosts and not self._is_service_of_docker(host, address, headers):
            raise self._hosts.refuse(host)
        sender = self.origins.sender(headers, host, port)
        if method not in _SAFE_METHODS and sender == "foreign":
            raise _foreign()
        parameters = _parameters(query)
        client = client_of(address or parse_address(peer), self._near)
        has_token, wait_s = self._has_token(headers, client)
        is_authenticated = has_token or self._has_session(headers, sender)
        takes_ticket = method in _TICKET_METHODS and not is_authenticated
        has_ticket = takes_ticket and self._tickets.redeem(parameters.get("ticket", ""))
        granted = self._granted(address, host, is_authenticated=is_authenticated, has_ticket=has_ticket)
        by_place = self._granted(address, host, is_authenticated=False, has_ticket=False)
        claim: Claim = "place" if "speak" in by_place else "token" if has_token else "pairing"
        is_vouched = is_authenticated or has_ticket
        return Principal(
            address, host, port, is_secure, prefix, granted, sender, is_vouched, claim, client, wait_s
        )  # fmt: skip

    def _behind_proxies(self, headers: Headers) -> Address | None:
        """The last address in the chain that is not itself a trusted proxy; None if the proxy names nobody."""
        address: Address | None = None
        for entry in reversed(headers.items("x-forwarded-for")):
            address = parse_address(entry)
            if address not in self._proxies:
                return address
        return address

    def _is_service_of_docker(self, host: str, address: Address | None, headers: Headers) -> bool:
        """A container calls another by a name that only the two know; a browser could be sent to it by any page."""
        is_neighbour = address is not None and not address.is_loopback and address in self._near
        return hosts.is_one_label(host) and is_neighbour and not headers.are_of_a_browser

    def _granted(
        self, address: Address | None, host: str, *, is_authenticated: bool, has_ticket: bool
    ) -> frozenset[Scope]:
        if self._policy == "none" or is_authenticated:
            return _EVERYTHING
        if has_ticket or (self._policy == "lan" and self._is_near(address, host)):
            return _SPEAK
        return _NOTHING

    def _has_token(self, headers: Headers, client: str) -> tuple[bool, float]:
        """And in how many seconds tokens are looked at again, where they are not. A wrong one hides no other."""
        for token in headers.tokens():
            is_right, wait_s = self._try(token, client)
            if is_right or wait_s:
                return is_right, wait_s
        return False, 0.0

    def _try(self, token: str, client: str) -> tuple[bool, float]:
        if self._guesses.is_known(client, token):
            return False, 0.0
        if wait_s := self._guesses.wait_s(client):
            return False, wait_s
        is_right = self._is_token(token)
        if not is_right:
            self._guesses.add(client, token)
        return is_right, 0.0

    def _has_session(self, headers: Headers, sender: Sender) -> bool:
        """The cookie of a session that the token has opened."""
        if headers.all("origin") and sender != "own":
            return False  # on this machine, but of another port: the browser sends the cookie, but it is not theirs
        return any(self.sessions.is_valid(session) for session in headers.cookies(SESSION_COOKIE))

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

    def _is_token(self, value: str) -> bool:
        """In a time that does not tell how much of it was right."""
        return hmac.compare_digest(value.encode("utf-8", "replace"), self._token.encode())

    def open_session(self, token: str, *, client: str = "", is_secure: bool) -> str:
        """The Set-Cookie value of a new session. Raises Refusal."""
        is_right, wait_s = self._try(token, client)
        if wait_s:
            raise _too_many(wait_s)
        if not is_right:
            raise Refusal("unauthorized", "this is not the daemon's token", param="token")
        return self._new_session(is_secure=is_secure)

    def accept_invitation(self, code: str, *, is_secure: bool) -> str:
        """As `open_session`, for the code of a link or for letters. Raises Refusal."""
        self.invitations.redeem(code)
        return self._new_session(is_secure=is_secure)

    def _new_session(self, *, is_secure: bool) -> str:
        attributes = f"Path=/; Max-Age={int(SESSION_S)}; HttpOnly; SameSite=Strict"
        return f"{SESSION_COOKIE}={self.sessions.issue()}; {attributes}{'; Secure' if is_secure else ''}"

    def forget_browsers(self) -> None:
        """Sessions, tickets and invitations that were given out are void from now on. Raises Refusal if that cannot be
        written."""
        self.sessions.forget_all()
        self._forget_issued()

    def change_token(self, token: str) -> None:
        """This one holds from now on, and the one before and all that was given out for it are void."""
        self._token = token
        self.sessions.change_token(token)
        self._guesses.forget()
        self._forget_issued()

    def _forget_issued(self) -> None:
        self._tickets.forget_all()
        self.invitations.withdraw()

    def issue_ticket(self, address: str = "") -> str:
        """For one WebSocket or GET within `TICKET_S`, as `?ticket=`; it allows to speak, nothing more."""
        return self._tickets.issue(address)


def _parameters(query: str) -> dict[str, str]:
    """Raises Refusal for a key."""
    parameters = dict(parse_qsl(query, keep_blank_values=True))
    if any(name.lower() in _KEYS_IN_QUERY for name in parameters):
        raise Refusal("unauthorized", "a key does not belong in a URL, where logs keep it; use a header or a ticket")
    return parameters


def _prefix(path: str) -> str:
    """A path that a proxy names, if it can be put before ours as it is."""
    path = path.rstrip("/")
    return path if path.startswith("/") and not path.startswith("//") and path.isprintable() else ""


def _too_many(wait_s: float) -> Refusal:
    why = "too many wrong tokens came from this address; none is looked at for a while"
    return Refusal("rate_limited", why, retry_after_s=wait_s)


def _foreign() -> Refusal:
    return Refusal(
        "forbidden_origin", "pages of other sites may not use this daemon, unless http.allowed_origins lists them"
    )
