"""Who may do what: addresses, Host, Origin, tokens, sessions, tickets."""

import contextlib
import ipaddress
import stat
from pathlib import Path
from typing import Any

import pytest

from qwen3tts_daemon.access.auth import SESSION_S, TICKET_S, Auth, Principal
from qwen3tts_daemon.access.token_file import load_token
from qwen3tts_daemon.failures import Refusal, describe
from tests.fakes import Clock

TOKEN = "a-token-of-quite-enough-characters"
LAN = "192.168.1.20"
PUBLIC = "203.0.113.9"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


def make(policy: Any = "lan", **options: Any) -> Auth:
    defaults: dict[str, Any] = {
        "own_names": lambda: frozenset(("voicebox", "voicebox.local")),
        "own_networks": lambda: [ipaddress.ip_network("2001:db8:1::/64")],
    }
    return Auth(policy, TOKEN, **defaults | options)


def admit(
    auth: Auth,
    peer: str | None = LAN,
    headers: dict[str, str] | list[tuple[str, str]] | None = None,
    *,
    host: str | None = "192.168.1.5:8766",
    method: str = "GET",
    query: str = "",
    scheme: str = "http",
) -> Principal:
    pairs = [("Host", host)] if host is not None else []
    pairs += list(headers.items()) if isinstance(headers, dict) else headers or []
    raw = [(name.encode(), value.encode()) for name, value in pairs]
    return auth.admit(peer, raw, method=method, query=query, scheme=scheme)


def may(*arguments: Any, **options: Any) -> set[str]:
    return set(admit(*arguments, **options).granted)


def refusal(*arguments: Any, **options: Any) -> str:
    with pytest.raises(Refusal) as caught:
        admit(*arguments, **options)
    return caught.value.code


@pytest.mark.parametrize(
    ("policy", "peer", "headers", "expected"),
    [
        ("lan", LAN, {}, {"speak"}),
        ("lan", PUBLIC, {}, set()),
        ("lan", "fe80::1%eth0", {}, {"speak"}),
        ("lan", "fd12::7", {}, {"speak"}),
        ("lan", "2001:db8:1::77", {}, {"speak"}),
        ("lan", "2001:db8:2::77", {}, set()),
        ("lan", "::ffff:192.168.1.20", {}, {"speak"}),
        ("lan", "::ffff:203.0.113.9", {}, set()),
        ("lan", None, {}, set()),
        ("lan", PUBLIC, BEARER, {"speak", "manage"}),
        ("lan", LAN, BEARER, {"speak", "manage"}),
        ("lan", LAN, {"Authorization": "Bearer sk-whatever-a-client-has"}, {"speak"}),
        ("token", LAN, {}, set()),
        ("token", "127.0.0.1", {}, set()),
        ("token", LAN, BEARER, {"speak", "manage"}),
        ("token", LAN, {"Authorization": f"bearer   {TOKEN} "}, {"speak", "manage"}),
        ("token", LAN, {"Authorization": f"Basic {TOKEN}"}, set()),
        ("token", LAN, {"Authorization": f"Bearer {TOKEN[:-1]}"}, set()),
        ("token", LAN, {"Authorization": f"Bearer {TOKEN}x"}, set()),
        ("token", LAN, {"Authorization": "Bearer "}, set()),
        ("token", LAN, {"Authorization": "Bearer ünïcödé"}, set()),
        ("none", PUBLIC, {}, {"speak", "manage"}),
    ],
)
def test_policy(policy: str, peer: str | None, headers: dict[str, str], expected: set[str]) -> None:
    assert may(make(policy), peer, headers) == expected


@pytest.mark.parametrize(
    ("host", "headers", "expected"),
    [
        ("127.0.0.1:8766", {}, {"speak"}),
        ("localhost", {}, {"speak"}),
        ("[::1]:8766", {}, {"speak"}),
        ("voicebox.local", {}, set()),  # what a proxy on this machine may send
        ("192.168.1.5", {}, set()),
        ("localhost", {"X-Forwarded-For": "127.0.0.1"}, set()),
        ("localhost", {"Forwarded": "for=127.0.0.1"}, set()),
        ("localhost", {"Via": "1.1 proxy"}, set()),
        ("localhost", {"X-Forwarded-Proto": "https"}, set()),
        ("localhost", {"X-Forwarded-Port": "443"}, set()),
        ("localhost", {"x-forwarded-whatever": ""}, set()),
        ("localhost", {"Forwarded-For": "127.0.0.1"}, set()),
        ("localhost", {"X-Real-IP": "127.0.0.1"}, set()),
        ("localhost", {"X-Client-IP": "127.0.0.1"}, set()),
        ("localhost", {"True-Client-IP": "127.0.0.1"}, set()),
        ("localhost", {"CF-Connecting-IP": "127.0.0.1"}, set()),
        ("localhost", {"X-Forwarding": "a name that only looks like one"}, {"speak"}),
    ],
)
def test_loopback_is_near_only_without_a_trace_of_a_proxy(
    host: str, headers: dict[str, str], expected: set[str]
) -> None:
    assert may(make(), "127.0.0.1", headers, host=host) == expected


def test_a_forwarding_header_of_a_stranger_makes_the_address_unknown() -> None:
    assert admit(make(), LAN, {"X-Forwarded-For": "10.0.0.1"}).address is None
    assert may(make(), LAN, {"X-Forwarded-For": "10.0.0.1"}) == set()


def test_a_trusted_proxy_is_believed() -> None:
    auth = make(trusted_proxies=["172.30.32.0/23"], allowed_hosts=["Voice.Example.org."])
    proxied = {
        "X-Forwarded-For": f"10.9.9.9, {LAN}, 172.30.33.1",
        "X-Forwarded-Host": "voice.example.org",
        "X-Forwarded-Proto": "https",
        "X-Ingress-Path": "/api/hassio_ingress/abc/",
    }
    principal = admit(auth, "172.30.32.2", proxied)
    assert str(principal.address) == LAN, "the last one that is no proxy, not what the client wrote before it"
    assert (principal.host, principal.is_secure) == ("voice.example.org", True)
    assert principal.path_prefix == "/api/hassio_ingress/abc"
    assert principal.granted == {"speak"}
    assert may(auth, "172.30.32.2", proxied | {"X-Forwarded-For": PUBLIC}) == set()
    assert refusal(auth, "172.30.32.2", proxied | {"X-Forwarded-Host": "evil.example"}) == "unknown_host"
    assert may(auth, "172.30.32.2", {}) == set(), "a proxy that does not say for whom it asks"
    stranger = admit(auth, LAN, proxied)
    assert (stranger.host, stranger.is_secure, stranger.path_prefix) == ("192.168.1.5", False, "")


@pytest.mark.parametrize(
    "host",
    [
        "localhost", "LOCALHOST:8766", "127.0.0.1", "[::1]:8766", "[fe80::1]", "10.1.2.3:80", "voicebox",
        "voicebox.local:8766", "VoiceBox.local.", "voice.example.org",
    ],
)  # fmt: skip
def test_names_of_this_machine_are_known(host: str) -> None:
    admit(make(allowed_hosts=["voice.example.org"]), host=host)


@pytest.mark.parametrize(
    ("host", "code"),
    [
        ("evil.example", "unknown_host"),
        ("127.0.0.1.evil.example", "unknown_host"),
        ("localhost.evil.example", "unknown_host"),
        ("voicebox.local.evil.example:8766", "unknown_host"),
        ("127.1", "unknown_host"),
        (None, "bad_request"),
        ("", "bad_request"),
        ("localhost:99999", "bad_request"),
        ("localhost:x", "bad_request"),
        ("user@localhost", "bad_request"),
        ("localhost/x", "bad_request"),
        ("[::1", "bad_request"),
    ],
)
def test_other_hosts_are_refused(host: str | None, code: str) -> None:
    assert refusal(make("none"), host=host) == code
    assert describe(Refusal(code, "")).http_status == (421 if code == "unknown_host" else 400)


def test_two_hosts_are_refused() -> None:
    assert refusal(make(), headers=[("Host", "localhost")]) == "bad_request"


@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT", "PATCH", "WEBSOCKET"])
@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example", "null", "http://voicebox.local:1", "http://voicebox", "file://", "",
        "http://voicebox.local:8766.evil.example", "chrome-extension://abc", "http://[", "voicebox:8766",
    ],
)  # fmt: skip
def test_a_foreign_origin_is_refused(method: str, origin: str) -> None:
    headers = {"Origin": origin, **BEARER}
    assert refusal(make(), headers=headers, host="voicebox.local:8766", method=method) == "forbidden_origin"


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://voicebox.local:8766", "voicebox.local:8766"),
        ("http://VOICEBOX.local:8766", "voicebox.local.:8766"),
        ("http://voicebox", "voicebox:80"),
        ("https://voicebox", "voicebox"),
        ("http://[::1]:8766", "[::1]:8766"),
        (None, "voicebox"),
    ],
)
def test_the_own_origin_and_none_are_welcome(origin: str | None, host: str) -> None:
    headers = {} if origin is None else {"Origin": origin}
    for method in ("POST", "WEBSOCKET"):
        admit(make(), headers=headers, host=host, method=method)


def test_reading_needs_no_origin_but_a_cross_site_post_is_told_by_the_browser() -> None:
    for method in ("GET", "HEAD", "OPTIONS"):
        admit(make(), headers={"Origin": "https://evil.example"}, method=method)
    assert refusal(make(), headers={"Sec-Fetch-Site": "cross-site"}, method="POST") == "forbidden_origin"
    admit(make(), headers={"Sec-Fetch-Site": "same-origin"}, method="POST")


@pytest.mark.parametrize(
    "name",
    [
        "token",
        "key",
        "API_KEY",
        "api-key",
        "apikey",
        "access_token",
        "auth",
        "Authorization",
        "bearer",
        "xi-api-key",
    ],
)
def test_keys_in_a_query_are_refused_even_if_right(name: str) -> None:
    assert refusal(make("token"), query=f"a=1&{name}={TOKEN}") == "unauthorized"


def test_the_bearer_subprotocol() -> None:
    auth = make("token")
    offered = {"Sec-WebSocket-Protocol": f"voice.v1, bearer.{TOKEN}"}
    assert may(auth, headers=offered, method="WEBSOCKET") == {"speak", "manage"}
    wrong = {"Sec-WebSocket-Protocol": "voice.v1, bearer.nothing"}
    assert may(auth, headers=wrong, method="WEBSOCKET") == set()


def test_a_session_is_a_cookie_that_ends() -> None:
    clock = Clock()
    auth = make("token", clock=clock)
    with pytest.raises(Refusal):
        auth.open_session("wrong", is_secure=False)
    cookie = auth.open_session(TOKEN, is_secure=False)
    pair, _, attributes = cookie.partition("; ")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(attributes.split("; "))
    assert TOKEN not in cookie
    assert "Secure" not in cookie
    assert "; Secure" in auth.open_session(TOKEN, is_secure=True)
    assert may(auth, headers={"Cookie": f"theme=dark; {pair}"}) == {"speak", "manage"}
    assert may(auth, headers={"Cookie": pair + "x"}) == set()
    clock.now += SESSION_S
    assert may(auth, headers={"Cookie": pair}) == set()


@pytest.mark.parametrize(
    "wrong",
    [
        [("Authorization", "Bearer wrong")],
        [("Authorization", "Basic eDp5")],
        [("Sec-WebSocket-Protocol", "voice.v1, bearer.wrong")],
        [("Authorization", "Bearer wrong"), ("Sec-WebSocket-Protocol", "bearer.wrong, bearer.worse")],
    ],
)
@pytest.mark.parametrize("right", ["cookie", "subprotocol", "header", "ticket"])
def test_a_wrong_credential_hides_no_right_one(wrong: list[tuple[str, str]], right: str) -> None:
    auth = make("token")
    headers = {
        "cookie": [("Cookie", auth.open_session(TOKEN, is_secure=False).partition(";")[0])],
        "subprotocol": [("Sec-WebSocket-Protocol", f"bearer.{TOKEN}")],
        "header": [("Authorization", f"Bearer {TOKEN}")],
        "ticket": [],
    }[right]
    expected = {"speak"} if right == "ticket" else {"speak", "manage"}
    for order in (wrong + headers, headers + wrong):
        query = f"ticket={auth.issue_ticket()}" if right == "ticket" else ""
        assert may(auth, headers=order, method="WEBSOCKET", query=query) == expected


@pytest.mark.parametrize("method", ["WEBSOCKET", "GET", "HEAD"])
def test_a_ticket_opens_one_socket_or_get_soon(method: str) -> None:
    clock = Clock()
    auth = make("token", clock=clock)
    ticket, late = auth.issue_ticket(), auth.issue_ticket()
    for other in ("POST", "PUT", "DELETE", "OPTIONS"):
        assert may(auth, query=f"ticket={ticket}", method=other) == set()
    assert may(auth, query=f"ticket={ticket}", method=method) == {"speak"}
    assert may(auth, query=f"ticket={ticket}", method=method) == set()
    clock.now += TICKET_S
    assert may(auth, query=f"ticket={late}", method=method) == set()


def test_nobody_pushes_out_the_ticket_or_the_session_of_another() -> None:
    auth = make("token")
    ticket = auth.issue_ticket("192.168.1.7")
    cookie = auth.open_session(TOKEN, is_secure=False).partition(";")[0]
    for _ in range(1_000):
        auth.issue_ticket(LAN)
        auth.open_session(TOKEN, is_secure=False)
    assert may(auth, query=f"ticket={ticket}", method="WEBSOCKET") == {"speak"}
    assert may(auth, headers={"Cookie": cookie}) == {"speak", "manage"}


CHROMIUM = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0.0.0", "Accept-Language": "en", "Accept": "*/*"}


def can_make_it_speak(auth: Auth, headers: dict[str, str], **options: Any) -> bool:
    """By a GET."""
    principal = admit(auth, headers=headers, **options)
    with contextlib.suppress(Refusal):
        principal.refuse_foreign_pages()
        return True
    return False


@pytest.mark.parametrize("policy", ["lan", "token", "none"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_browser_needs_a_sign_of_our_page_for_a_get_that_speaks(policy: str, method: str) -> None:
    auth = make(policy)
    cookie = {"Cookie": auth.open_session(TOKEN, is_secure=False).partition(";")[0]}
    assert can_make_it_speak(auth, {}, method=method)
    assert not can_make_it_speak(auth, CHROMIUM, method=method)
    assert not can_make_it_speak(auth, CHROMIUM | {"Cookie": "qwen3tts_session=wrong"}, method=method)
    assert not can_make_it_speak(auth, CHROMIUM | {"Authorization": "Bearer wrong"}, method=method)
    assert not can_make_it_speak(auth, CHROMIUM, method=method, query="ticket=wrong")
    assert can_make_it_speak(auth, CHROMIUM | cookie, method=method)
    assert can_make_it_speak(auth, CHROMIUM | BEARER, method=method)
    ticket = f"ticket={auth.issue_ticket()}"
    assert can_make_it_speak(auth, CHROMIUM, method=method, query=ticket)
    assert not can_make_it_speak(auth, CHROMIUM, method=method, query=ticket), "one request"
    assert can_make_it_speak(auth, CHROMIUM | {"Referer": "http://192.168.1.5:8766/docs"}, method=method)


@pytest.mark.parametrize("sign", [{"Origin": "http://192.168.1.5:3000"}, {"Referer": "http://192.168.1.5:3000/"}])
def test_a_page_of_another_port_of_this_machine_is_foreign_whatever_the_browser_adds(sign: dict[str, str]) -> None:
    auth = make("token")
    cookie = {"Cookie": auth.open_session(TOKEN, is_secure=False).partition(";")[0]}
    assert not can_make_it_speak(auth, CHROMIUM | sign | cookie, query=f"ticket={auth.issue_ticket()}")


CARD = {"Origin": "http://homeassistant.local:8123"}


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "WEBSOCKET", "OPTIONS"])
def test_a_listed_origin_is_what_its_token_or_its_address_is(method: str) -> None:
    auth = make("lan", allowed_origins=[CARD["Origin"]])
    assert may(auth, headers=CARD, method=method) == {"speak"}
    assert may(auth, PUBLIC, CARD, method=method) == set()
    assert may(auth, PUBLIC, CARD | BEARER, method=method) == {"speak", "manage"}
    assert refusal(auth, headers=CARD, method=method, host="evil.example") == "unknown_host"
    assert can_make_it_speak(auth, CHROMIUM | CARD)
    assert can_make_it_speak(auth, CHROMIUM | {"Referer": f"{CARD['Origin']}/lovelace"})


def test_a_listed_origin_has_no_part_in_the_session_of_our_page() -> None:
    auth = make("token", allowed_origins=[CARD["Origin"]])
    cookie = {"Cookie": auth.open_session(TOKEN, is_secure=False).partition(";")[0]}
    for method in ("GET", "POST", "WEBSOCKET"):
        assert may(auth, headers=CARD | cookie, method=method) == set()
        assert may(auth, headers=cookie, method=method) == {"speak", "manage"}


def test_a_listed_origin_lets_nobody_else_in() -> None:
    auth = make("none", allowed_origins=[CARD["Origin"]])
    for origin in ("http://homeassistant.local", "https://homeassistant.local:8123", "null", "http://evil.example"):
        assert refusal(auth, headers={"Origin": origin} | BEARER, method="POST") == "forbidden_origin"


PEERS = [LAN, "172.18.0.7", "fd12::7", "2001:db8:1::77"]


@pytest.mark.parametrize("host", ["qwen3tts", "tts:8766", "my_tts_1", "3f2a9c1b7d4e"])
def test_containers_call_each_other_by_one_word(host: str) -> None:
    for peer in PEERS:
        assert may(make(), peer, host=host) == {"speak"}
    for peer in ("127.0.0.1", "::1", PUBLIC, None):
        assert refusal(make("none"), peer, host=host) == "unknown_host"
    assert refusal(make("none"), LAN, {"X-Forwarded-For": LAN}, host=host) == "unknown_host"
    assert refusal(make("none"), LAN, host=f"{host.partition(':')[0]}.example") == "unknown_host"


@pytest.mark.parametrize(
    "sign",
    [
        {"Accept-Language": "en"}, {"Referer": "http://qwen3tts/"}, {"Origin": "http://qwen3tts"}, {"Cookie": "a=b"},
        {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Mode": "cors"}, CHROMIUM, {"User-Agent": "Mozilla/5.0"},
    ],
)  # fmt: skip
def test_a_browser_is_not_believed_a_name_of_one_word(sign: dict[str, str]) -> None:
    for method in ("GET", "POST", "WEBSOCKET"):
        assert refusal(make("none"), LAN, sign | BEARER, host="qwen3tts", method=method) == "unknown_host"
    admit(make(allowed_hosts=["qwen3tts"]), LAN, {"Accept-Language": "en"}, host="qwen3tts")


def test_the_token_is_made_once_and_is_nobody_elses(tmp_path: Path) -> None:
    path = tmp_path / "data" / "token"
    token = load_token(path)
    assert len(token) >= 40
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_token(path) == token
    path.write_text("x" * 16)
    assert load_token(path) == "x" * 16
    path.write_text("x" * 15)
    with pytest.raises(ValueError, match="shorter than 16"):
        load_token(path)


@pytest.mark.parametrize(("mode", "is_told"), [(0o600, False), (0o640, True), (0o604, True), (0o400, False)])
def test_a_token_that_others_can_read_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, mode: int, is_told: bool
) -> None:
    path = tmp_path / "token"
    path.write_text(TOKEN)
    path.chmod(mode)
    load_token(path)
    assert ("chmod 600" in caplog.text) == is_told


@pytest.mark.parametrize("path", ["abc", "//evil.example/x", "/a\nb", "/"])
def test_a_path_that_cannot_be_put_before_ours_is_none(path: str) -> None:
    proxied = {"X-Forwarded-For": LAN, "X-Forwarded-Prefix": path}
    assert admit(make(trusted_proxies=["10.0.0.1"]), "10.0.0.1", proxied).path_prefix == ""


def test_a_chain_of_nothing_but_proxies_ends_at_the_first() -> None:
    proxies = ["172.30.32.0/23"]
    proxied = admit(make(trusted_proxies=proxies), "172.30.32.2", {"X-Forwarded-For": "172.30.32.9, 172.30.33.1"})
    assert str(proxied.address) == "172.30.32.9"


@pytest.mark.parametrize(("scheme", "is_secure"), [("http", False), ("https", True), ("wss", True)])
def test_a_proxy_that_does_not_say_is_as_secure_as_its_own_connection(scheme: str, is_secure: bool) -> None:
    auth = make(trusted_proxies=["10.0.0.1"])
    assert admit(auth, "10.0.0.1", {"X-Forwarded-For": LAN}, scheme=scheme).is_secure == is_secure


def test_without_the_scope_it_is_401() -> None:
    admit(make("lan")).require("speak")
    principal = admit(make("token"))
    with pytest.raises(Refusal) as caught:
        principal.require("manage")
    assert describe(caught.value).http_status == 401
