"""Whoever took a port for another's is answered in a language that it may know, or cut off, and both ports go on."""

import os
import random
import ssl

import httpx
import pytest

from tests.hostile.watched import Watched

HTTP2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))
"""A client that knows that we speak it, and its settings"""

SPOKEN = {
    "HTTP/2": HTTP2,
    "HTTP/0.9": b"GET /health\r\n",
    "SSH": b"SSH-2.0-OpenSSH_9.9\r\n",
    "SOCKS5": b"\5\1\0",
    "RTSP": b"OPTIONS rtsp://127.0.0.1 RTSP/1.0\r\nCSeq: 1\r\n\r\n",
    "SIP": b"OPTIONS sip:a@127.0.0.1 SIP/2.0\r\n\r\n",
    "Redis": b"*1\r\n$4\r\nPING\r\n",
    "MQTT": b"\x10\x10\0\4MQTT\4\2\0\x3c\0\4home",
    "SMTP": b"EHLO home\r\n",
    "SMB": b"\0\0\0\x2f\xffSMB" + bytes(43),
    "RDP": b"\3\0\0\x13\x0e\xe0\0\0\0\0\0\1\0\x08\0\3\0\0\0",
    "a proxy's header": b"PROXY TCP4 8.8.8.8 127.0.0.1 1 2\r\nGET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "zeros": bytes(4_096),
    "ones": b"\xff" * 4_096,
    "blank lines": b"\r\n" * 4_096,
    "line feeds": b"\n" * 4_096,
    "a byte": b" ",
    "nothing": b"",
    "noise": random.Random(24).randbytes(8_192),
}


def goes_on(watched: Watched) -> None:
    assert httpx.get(f"{watched.url}/health").status_code == 200
    assert b'"pong"' in watched.say(watched.wyoming, b'{"type":"ping"}\n', ends=True)


@pytest.mark.parametrize("name", SPOKEN)
def test_it_is_answered_or_cut_off(watched: Watched, name: str) -> None:
    at_http = watched.say(watched.http, SPOKEN[name], ends=True)
    assert at_http == b"" or at_http.startswith((b"HTTP/1.1 400", b"HTTP/1.1 421")), at_http[:200]
    at_wyoming = watched.say(watched.wyoming, SPOKEN[name], ends=True)
    assert at_wyoming == b"" or b'"code":"bad_json"' in at_wyoming, at_wyoming[:200]
    goes_on(watched)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_is_refused_in_the_clear(watched: Watched, version: ssl.TLSVersion) -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = context.maximum_version = version
    for port in (watched.http, watched.wyoming):
        with watched.connect(port) as sock, pytest.raises((ssl.SSLError, ConnectionError)):
            context.wrap_socket(sock, server_hostname="qwen3-tts.local")
    goes_on(watched)


def test_each_is_told_in_few_lines_however_often_it_comes(watched: Watched) -> None:
    for name in list(SPOKEN) * 3:
        for port in (watched.http, watched.wyoming):
            watched.say(port, SPOKEN[name] + os.urandom(4), ends=True)
    goes_on(watched)
