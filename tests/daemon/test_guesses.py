"""Whoever guesses tokens is slowed down; whoever has one, or sends the same wrong one all the time, is not."""

import pytest

from qwen3tts_daemon.access.auth import Principal
from qwen3tts_daemon.access.guesses import WRONG_TOKENS
from qwen3tts_daemon.failures import Refusal, describe
from tests.daemon.test_auth import BEARER, LAN, PUBLIC, TOKEN, admit, make
from tests.fakes import Clock


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def tried(auth: object, number: int, peer: str = PUBLIC) -> None:
    for each in range(number):
        admit(auth, peer, bearer(f"guess-{each}"))  # type: ignore[arg-type]


def refusal_of(principal: Principal) -> tuple[str, float | None]:
    with pytest.raises(Refusal) as caught:
        principal.require("manage")
    return caught.value.code, describe(caught.value).retry_after_s


def test_who_guesses_is_not_heard_for_a_while() -> None:
    clock = Clock()
    auth = make(clock=clock)
    tried(auth, WRONG_TOKENS.burst)
    with pytest.raises(Refusal):
        auth.open_session(TOKEN, client=PUBLIC, is_secure=False)
    assert refusal_of(admit(auth, PUBLIC, BEARER)) == ("rate_limited", pytest.approx(10))
    assert admit(auth, LAN, BEARER).granted == {"speak", "manage"}, "another address"
    clock.now += 10.01
    assert admit(auth, PUBLIC, BEARER).granted == {"speak", "manage"}
    assert refusal_of(admit(auth, PUBLIC, bearer("one more guess")))[0] == "unauthorized"
    assert refusal_of(admit(auth, PUBLIC, bearer("and one more")))[0] == "rate_limited"


def test_many_in_one_request_are_many() -> None:
    auth = make()
    header = ", ".join(f"Bearer guess-{each}" for each in range(WRONG_TOKENS.burst))
    assert refusal_of(admit(auth, PUBLIC, {"Authorization": f"{header}, Bearer {TOKEN}"}))[0] == "rate_limited"


def test_the_same_wrong_one_is_no_guess() -> None:
    auth = make(clock=Clock())
    for _ in range(10 * WRONG_TOKENS.burst):
        assert admit(auth, LAN, bearer("not-needed")).granted == {"speak"}
    assert admit(auth, LAN, BEARER).granted == {"speak", "manage"}


def test_who_is_near_or_paired_goes_on_beside_a_guesser() -> None:
    auth = make(clock=Clock())
    cookie = {"Cookie": auth.open_session(TOKEN, is_secure=False).partition(";")[0]}
    tried(auth, 2 * WRONG_TOKENS.burst, LAN)
    assert admit(auth, LAN).granted == {"speak"}
    assert admit(auth, LAN, bearer("whatever")).granted == {"speak"}
    assert admit(auth, LAN, cookie).granted == {"speak", "manage"}


def test_a_network_of_far_addresses_is_one_client() -> None:
    auth = make(clock=Clock())
    for each in range(WRONG_TOKENS.burst):
        admit(auth, f"2001:db8:2::{each:x}", bearer(f"guess-{each}"))
    assert refusal_of(admit(auth, "2001:db8:2::ffff", BEARER))[0] == "rate_limited"
    assert admit(auth, "2001:db8:3::1", BEARER).granted == {"speak", "manage"}
    assert {admit(auth, f"2001:db8:2:0:{each}::1").client for each in (1, 2)} == {"2001:db8:2::/64"}
    assert admit(auth, "2001:db8:1::77").client == "2001:db8:1::77", "a neighbour"


def test_behind_a_proxy_it_is_the_guesser_who_is_not_heard() -> None:
    auth = make(clock=Clock(), trusted_proxies=("192.168.1.10",))
    for each in range(WRONG_TOKENS.burst):
        admit(auth, "192.168.1.10", bearer(f"guess-{each}") | {"X-Forwarded-For": PUBLIC})
    by_proxy = {"X-Forwarded-For": "198.51.100.7"}
    assert admit(auth, "192.168.1.10", BEARER | by_proxy).granted == {"speak", "manage"}
    assert refusal_of(admit(auth, "192.168.1.10", BEARER | {"X-Forwarded-For": PUBLIC}))[0] == "rate_limited"


def test_what_was_wrong_may_be_right_after_a_change() -> None:
    auth = make(clock=Clock())
    admit(auth, PUBLIC, bearer("the-token-of-tomorrow"))
    auth.change_token("the-token-of-tomorrow")
    assert admit(auth, PUBLIC, bearer("the-token-of-tomorrow")).granted == {"speak", "manage"}
