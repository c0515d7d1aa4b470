"""Whoever is on the network may send the daemon what it likes on UDP port 5353: it is found as before."""

import random
import socket
import struct
from collections.abc import Iterator

import pytest
from zeroconf import Zeroconf

from qwen3tts_daemon.protocols.discovery import VOICE, WYOMING
from tests.hostile.watched import Watched, wait_until, watched_daemon

MULTICAST = ("224.0.0.251", 5353)
NAME = "qwen3-tts-attacked"


@pytest.fixture(scope="module")
def announced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    options = ("--zeroconf.enabled", "--zeroconf.name", NAME, "--zeroconf.interfaces", "127.0.0.1")
    with watched_daemon(tmp_path_factory.mktemp("zeroconf"), *options) as daemon:
        for _ in range(2):
            daemon.process.wait_for("announced")
        yield daemon


def header(flags: int = 0, *, questions: int = 0, answers: int = 0, others: int = 0) -> bytes:
    return struct.pack("!6H", 0, flags, questions, answers, 0, others)


def label(*names: bytes) -> bytes:
    return b"".join(bytes((len(name),)) + name for name in names) + b"\0"


ANSWER = 0x8400
POINTER = b"\xc0\x0c"
"""To the first name of a packet"""
PTR = label(b"_wyoming", b"_tcp", b"local")


def record(name: bytes, kind: int, data: bytes, *, ttl: int = 4_500, size: int | None = None) -> bytes:
    return name + struct.pack("!HHIH", kind, 1, ttl, len(data) if size is None else size) + data


PACKETS: dict[str, bytes] = {
    "nothing": b"",
    "a byte": b"\0",
    "half a header": header()[:7],
    "questions that do not come": header(questions=65_535),
    "answers that do not come": header(ANSWER, answers=65_535),
    "a name that points to itself": header(questions=1) + POINTER + b"\0\x0c\0\1",
    "names that point to each other": header(questions=1) + b"\xc0\x0e\xc0\x0c\0\x0c\0\1",
    "a name that points beyond": header(questions=1) + b"\xff\xff\0\x0c\0\1",
    "a name without end": header(questions=1) + b"\x3f" + b"a" * 63 + b"\x3f" * 200,
    "a name of 4 kB": header(questions=1) + (b"\x3f" + b"a" * 63) * 64 + b"\0\0\x0c\0\1",
    "a label of a reserved kind": header(questions=1) + b"\x80abc\0\0\x0c\0\1",
    "a name in no UTF-8": header(questions=1) + label(b"\xff\xfe", b"local") + b"\0\x0c\0\1",
    "an address of 3 bytes": header(ANSWER, answers=1) + record(label(b"a", b"local"), 1, b"\1\2\3"),
    "data that ends too soon": header(ANSWER, answers=1) + record(PTR, 12, b"\x10", size=500),
    "a service without a port": header(ANSWER, answers=1) + record(PTR, 33, b"\0"),
    "a text without end": header(ANSWER, answers=1) + record(PTR, 16, b"\xff" + b"a" * 9),
    "a list of kinds without end": header(ANSWER, answers=1) + record(PTR, 47, b"\xc0\x0c\0\xff" + b"\xff" * 9),
    "an unknown kind": header(ANSWER, answers=1) + record(PTR, 65_280, bytes(99)),
    "a goodbye of ours": header(ANSWER, answers=1)
    + record(PTR, 12, label(NAME.encode(), b"_wyoming", b"_tcp", b"local"), ttl=0),
    "our name, taken": header(ANSWER, answers=1)
    + record(
        label(NAME.encode(), b"_wyoming", b"_tcp", b"local"), 33, struct.pack("!3H", 0, 0, 1) + label(b"evil", b"local")
    ),
    "every kind of question": header(questions=100)
    + b"".join(PTR + struct.pack("!HH", kind, 0x8001) for kind in range(100)),
    "questions for us, cut off": header(0x0200, questions=1, answers=1) + PTR + b"\0\x0c\0\1",
}


def send(packets: list[bytes]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        for packet in packets:
            sock.sendto(packet, MULTICAST)


def is_found() -> bool:
    """Somebody who has just come finds both doors."""
    with Zeroconf(interfaces=["127.0.0.1"]) as browser:
        return all(browser.get_service_info(kind, f"{NAME}.{kind}", 3_000) is not None for kind in (WYOMING, VOICE))


def test_malformed_packets_change_nothing(announced: Watched) -> None:
    assert is_found()
    before, lines = announced.census(), len(announced.log.splitlines())
    noise = random.Random(24)
    mutated = []
    for packet in PACKETS.values():
        for _ in range(5):
            bent = bytearray(packet or b"\0")
            for _ in range(noise.randrange(1, 4)):
                bent[noise.randrange(len(bent))] = noise.randrange(256)
            mutated.append(bytes(bent))
    send([*PACKETS.values(), *mutated])
    wait_until(is_found)
    announced.holds_no_more_than(before)
    told = announced.log.splitlines()[lines:]
    assert len(told) <= 5, told
    assert "Traceback" not in announced.log


def test_records_of_others_do_not_fill_the_memory(announced: Watched) -> None:
    before = announced.memory
    for batch in range(60):
        send([
            header(ANSWER, answers=20) + b"".join(
                record(label(b"n%d-%d-%d" % (batch, packet, one), b"local"), 1, bytes(4)) for one in range(20)
            )
            for packet in range(20)
        ])  # fmt: skip
        assert announced.say(announced.http, b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
    wait_until(is_found)
    assert announced.memory - before < 30_000_000, "of 24,000; the library keeps 10,000 for each service"
