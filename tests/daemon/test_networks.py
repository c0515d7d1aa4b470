import ipaddress

import pytest

from qwen3tts_daemon.access.networks import NetworkAllowList, parse_address
from qwen3tts_daemon.settings import SettingsError

OWN = [ipaddress.ip_network("2001:db8:1::/64")]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.168.1.7", "192.168.1.7"),
        ("192.168.1.7:8766", "192.168.1.7"),
        ("[fe80::1%eth0]:8766", "fe80::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("tts.local", None),
        ("", None),
        (None, None),
    ],
)
def test_an_address_is_found_in_what_sockets_and_headers_say(text: str | None, address: str | None) -> None:
    assert parse_address(text) == (ipaddress.ip_address(address) if address else None)


@pytest.mark.parametrize(
    ("entries", "address", "is_inside"),
    [
        (["private"], "10.1.2.3", True),
        (["private"], "2001:db8:1::5", True),
        (["private"], "2001:db8:2::5", False),
        (["private"], "8.8.8.8", False),
        (["8.8.8.0/24"], "8.8.8.8", True),
        (["8.8.8.0/24"], "2001:db8:1::5", False),
        (["8.8.8.8", "private"], "127.0.0.1", True),
        ([], "127.0.0.1", False),
    ],
)
def test_a_neighbourhood_holds_what_it_lists(entries: list[str], address: str, is_inside: bool) -> None:
    neighbourhood = NetworkAllowList(entries, own_networks=lambda: OWN)
    assert (parse_address(address) in neighbourhood) is is_inside


def test_an_unknown_address_is_nobodys_neighbour() -> None:
    assert None not in NetworkAllowList(["private"], own_networks=lambda: OWN)


def test_an_entry_that_is_no_network_is_named() -> None:
    with pytest.raises(SettingsError, match=r"http\.trusted_proxies"):
        NetworkAllowList(["home"], option="http.trusted_proxies")
