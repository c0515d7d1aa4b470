"""How this machine reaches its own port."""

import pytest

from qwen3tts_daemon.access.lan_addresses import page_from_here


@pytest.mark.parametrize(
    ("hosts", "url"),
    [
        (("0.0.0.0", "::"), "http://localhost:8766/"),
        (("0.0.0.0",), "http://localhost:8766/"),
        (("::",), "http://localhost:8766/"),
        (("127.0.0.1",), "http://localhost:8766/"),
        (("192.168.1.5",), "http://192.168.1.5:8766/"),
        (("fd00::5",), "http://[fd00::5]:8766/"),
        (("nas.lan",), "http://nas.lan:8766/"),
    ],
)
def test_the_page_is_found_from_here(hosts: tuple[str, ...], url: str) -> None:
    assert page_from_here(hosts, 8766) == url
