"""The HTTP port of a whole daemon under attack. What has a test elsewhere is named in checklist.py."""

import base64
import json
import random
import re
import socket
import struct
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.fakes import tone
from tests.hostile.conftest import RECORDING
from tests.hostile.watched import Watched, wait_until

SPEECH = "/v1/audio/speech"
HELLO = b'{"input":"Hello.","response_format":"pcm"}'
JSON = "Content-Type: application/json"


@pytest.fixture
def client(watched: Watched) -> Iterator[httpx.Client]:
    with watched.client() as client:
        yield client


def request(target: str, *headers: str, method: str = "GET", host: str = "127.0.0.1", body: bytes = b"") -> bytes:
    """Raw, and the connection ends behind it."""
    length = (f"Content-Length: {len(body)}",) if body else ()
    lines = (f"{method} {target} HTTP/1.1", f"Host: {host}", *headers, *length, "Connection: close", "", "")
    return "\r\n".join(lines).encode("latin-1") + body


def status(answer: bytes) -> int:
    found = re.match(rb"HTTP/1\.1 (\d{3})", answer)
    assert found is not None, answer[:200]
    return int(found[1])


def error(answer: httpx.Response) -> tuple[int, str, str | None]:
    told = answer.json()["error"]
    return answer.status_code, told["code"], told["param"]


# -- who asks: rows 1, 3, 6 ------------------------------------------------------------------------------------------

HOSTS = (
    *("127.0.0.1.evil.example", "evil.example", "evil.example:80", "127.0.0.1%00", "127.0.0.1%25.evil.example"),
    *("127.1", "0x7f.1", "2130706433", "xn--", "a" * 8_000, "localhost.evil.example", "qwen3-tts.local.evil.example"),
    *("", "[", "[::1", "[::1]x", "[::1].evil.example", "127.0.0.1:x", "127.0.0.1:-1", "127.0.0.1:99999999"),
    *("a@127.0.0.1", "127.0.0.1/", "127.0.0.1, 127.0.0.1", "127.0.0.1\tx", "\xff\xfe"),
)


@pytest.mark.parametrize("host", HOSTS, ids=lambda host: ascii(host[:30]))
def test_row_3_another_name_is_never_ours(watched: Watched, host: str) -> None:
    for target in ("/v1/audio/voices", f"http://{host or 'evil.example'}/v1/audio/voices"):
        assert status(watched.say(watched.http, request(target, host=host))) in (400, 404, 421, 431)


def test_row_3_a_target_with_another_name_leads_nowhere(watched: Watched) -> None:
    for target in ("http://evil.example/v1/audio/voices", "//evil.example/v1/audio/voices", "*", "http://["):
        assert status(watched.say(watched.http, request(target))) in (400, 404)


ORIGINS = (
    *("null", "", "http://[", "http://127.0.0.1", "http://127.0.0.1:99999", "http://127.0.0.1:x", "file://", "://"),
    *("http://evil.example", "http://127.0.0.1.evil.example:{port}", "http://a@127.0.0.1:{port}", "javascript:1"),
    *("http://127.0.0.1:{port} http://evil.example", "http://\xff"),
)


@pytest.mark.parametrize("origin", ORIGINS, ids=lambda origin: ascii(origin[:30]))
def test_row_1_another_page_makes_nothing_speak(watched: Watched, origin: str) -> None:
    sent, host = f"Origin: {origin.format(port=watched.http)}", f"127.0.0.1:{watched.http}"
    assert status(watched.say(watched.http, request(SPEECH, sent, JSON, method="POST", host=host, body=HELLO))) == 403
    upgrade = ("Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==")
    raw = request("/v1/tts", sent, *upgrade, host=host).replace(b"Connection: close", b"Connection: Upgrade")
    assert status(watched.say(watched.http, raw)) == 403


def test_row_1_of_two_origins_none_counts(watched: Watched) -> None:
    for origins in (
        ("http://127.0.0.1:{port}", "http://evil.example"),
        ("http://evil.example", "http://127.0.0.1:{port}"),
    ):
        sent = [f"Origin: {origin.format(port=watched.http)}" for origin in origins]
        assert status(watched.say(watched.http, request(SPEECH, *sent, JSON, method="POST", body=HELLO))) in (400, 403)


CREDENTIALS = (
    *(
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Bearer \xff\xfe",
        "Basic !!!!",
        "Basic /w==",
        "Digest",
        "",
        "Bearer " + "x" * 8_000,
    ),
    *("Bearer {token}\xff", "Bearer {token} x", "bearer{token}", "{token}"),
)


@pytest.mark.parametrize("credential", CREDENTIALS, ids=lambda credential: ascii(credential[:20]))
def test_row_6_what_is_not_the_token_opens_nothing(watched: Watched, credential: str) -> None:
    sent = f"Authorization: {credential.format(token=watched.token)}"
    raw = request("/v1/settings", sent, JSON, method="PATCH", body=b"{}")
    assert status(watched.say(watched.http, raw)) == 401
    for cookie in ("\xff", "a" * 8_000, ";;=;", f"{watched.token}", '"\\377"'):
        raw = request("/v1/settings", f"Cookie: session={cookie}", JSON, method="PATCH", body=b"{}")
        assert status(watched.say(watched.http, raw)) == 401


FORWARDED = ("\xff", "[", "::::", "8.8.8.8:x", "," * 3_000, "fe80::1%eth0", "unknown", "127.0.0.1", "1" * 5_000)


@pytest.mark.parametrize("sent", FORWARDED, ids=lambda sent: ascii(sent[:20]))
def test_row_6_who_comes_by_an_unknown_proxy_is_a_stranger(watched: Watched, sent: str) -> None:
    for header in (f"X-Forwarded-For: {sent}", f"Forwarded: for={sent}"):
        assert status(watched.say(watched.http, request("/v1/audio/voices", header))) == 401


# -- what is asked for: rows 8, 9, 12, 13 ------------------------------------------------------------------------------

NAMES = (
    "%2e%2e",
    "..%2f..%2fetc%2fpasswd",
    "%2fetc%2fpasswd",
    "..%5cx",
    "%00",
    "a" * 4_000,
    "CON",
    "%F0%9F%98%80",
    ".x",
    "%ff",
)


@pytest.mark.parametrize("name", NAMES, ids=lambda name: name[:20])
def test_row_8_no_name_of_a_voice_is_a_path(watched: Watched, client: httpx.Client, name: str) -> None:
    files = sorted(watched.data.rglob("*"))
    for method, path in (
        *((method, f"/v1/audio/voices/{name}") for method in ("GET", "DELETE", "PATCH")),
        ("GET", f"/v1/audio/voices/{name}/export"), ("GET", f"/v1/audio/voices/{name}/sample"),
        ("GET", f"/v1/audio/clips/{name}.wav"), ("DELETE", f"/v1/audio/clips/{name}.wav"),
        ("GET", f"/v1/audio/requests/{name}"), ("GET", f"/web/{name}"), ("GET", f"/static-offline-docs/{name}"),
    ):  # fmt: skip
        answer = client.request(method, path, json={"name": "x"} if method == "PATCH" else None)
        assert answer.status_code in (400, 404, 405, 422), (method, path, answer.text)
    assert sorted(watched.data.rglob("*")) == files


QUERIES = (
    *(
        "text=%ff%fe",
        "text=%00",
        "text=a&text=b",
        "text=%ED%A0%80",
        "text=a&speed=nan",
        "text=a&speed=1e999",
        "=",
        "text",
    ),
    *("text=a&seed=" + "9" * 5_000, "&".join(f"a{number}=1" for number in range(3_000)), "%26" * 2_000),
)


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query[:24])
def test_row_11_a_query_is_spoken_or_told(watched: Watched, query: str) -> None:
    assert status(watched.say(watched.http, request(f"/v1/audio/say?{query}"))) in (200, 400, 422)


SMUGGLED = {
    "a length with a sign": ("Content-Length: +42",),
    "a length in hexadecimal": ("Content-Length: 0x2a",),
    "a length with a fraction": ("Content-Length: 42.0",),
    "a length in wide digits": ("Content-Length: ４２".encode().decode("latin-1"),),
    "two lengths in a line": ("Content-Length: 42,43",),
    "two lengths": ("Content-Length: 42", "Content-Length: 43"),
    "a length of 400 digits": ("Content-Length: " + "1" * 400,),
    "a length below zero": ("Content-Length: -1",),
    "an unknown coding": ("Transfer-Encoding: xchunked",),
    "chunked twice": ("Transfer-Encoding: chunked, chunked",),
    "chunked and another": ("Transfer-Encoding: chunked, identity",),
    "chunked behind a sign": ("Transfer-Encoding: \x0bchunked",),
    "a blank before the colon": ("Content-Length : 42",),
    "a name of two words": ("Content Length: 42",),
    "a zero in a value": ("X: a\0b",),
    "a return in a value": ("X: a\rb",),
}


@pytest.mark.parametrize("name", SMUGGLED)
def test_row_13_what_two_readers_may_read_differently_ends_the_connection(watched: Watched, name: str) -> None:
    head = request(SPEECH, JSON, *SMUGGLED[name], method="POST").replace(b"Connection: close\r\n", b"")
    answer = watched.say(watched.http, head + HELLO + request("/v1/audio/voices"))
    assert status(answer) in (400, 413, 501)
    assert answer.count(b"HTTP/1.1 ") == 1, "what stood behind it was answered too"


CHUNKS = {
    "a size without end": b"f" * 18 + b"\r\n" + HELLO,
    "a size below zero": b"-1\r\n" + HELLO,
    "a size with a line below": b"2_a\r\n" + HELLO + b"\r\n0\r\n\r\n",
    "no size": b"\r\n" + HELLO,
    "more than was said": b"2\r\n" + HELLO + b"\r\n0\r\n\r\n",
    "lines that end as on Unix": b"2a\n" + HELLO + b"\n0\n\n",
    "an extension without end": b"2a;" + b"a" * 200_000,
    "trailers without end": b"2a\r\n" + HELLO + b"\r\n0\r\n" + b"X: 1\r\n" * 50_000,
}


@pytest.mark.parametrize("name", CHUNKS)
def test_row_13_broken_chunks_are_refused(watched: Watched, name: str) -> None:
    head = request(SPEECH, JSON, "Transfer-Encoding: chunked", method="POST")
    answer = watched.say(watched.http, head + CHUNKS[name], ends=True)
    assert answer == b"" or status(answer) in (400, 413, 431), answer[:200]


def test_row_13_what_ends_in_the_middle_is_nobodys_fault(watched: Watched) -> None:
    whole = request(SPEECH, JSON, method="POST", body=HELLO)
    for length in range(1, len(whole), 7):
        watched.say(watched.http, whole[:length], ends=True)


def test_row_10_a_body_without_end_is_refused_before_it_is_held(watched: Watched) -> None:
    before = watched.most_memory
    head = request(SPEECH, JSON, "Transfer-Encoding: chunked", method="POST")
    answer = watched.say(watched.http, head + (b"10000\r\n" + b" " * 65_536 + b"\r\n") * 1_600)
    assert answer == b"" or status(answer) == 413
    said = watched.say(watched.http, request(SPEECH, JSON, "Content-Length: 100000000", method="POST"))
    assert status(said) == 413
    assert watched.most_memory - before < 40_000_000


def test_row_14_heads_that_never_end_cost_little_and_others_are_served(watched: Watched, client: httpx.Client) -> None:
    before = watched.memory
    most = 32  # of one address, beside which a neighbour of the same has its place
    half = [watched.connect(watched.http) for _ in range(most)]
    for number, sock in enumerate(half):
        sock.sendall(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"a" * (60_000 * (number % 2)))
    for _ in range(20):
        assert client.get("/health").status_code == 200
    assert watched.memory - before < 10_000_000
    for sock in half:
        sock.close()


# -- files: rows 15, 16, 17, 19 ----------------------------------------------------------------------------------------


def wav(rate: int = 24_000, channels: int = 1, size: int | None = None, pcm: bytes = b"", bits: int = 16) -> bytes:
    """With a header that may lie."""
    block = channels * bits // 8
    form = struct.pack("<HHIIHH", 1, channels & 0xFFFF, rate, rate * block & 0xFFFFFFFF, block & 0xFFFF, bits)
    length = len(pcm) if size is None else size
    return (
        b"RIFF"
        + struct.pack("<I", min(length + 36, 2**32 - 1))
        + b"WAVEfmt "
        + struct.pack("<I", 16)
        + form
        + b"data"
        + struct.pack("<I", length)
        + pcm
    )


VOICE = tone("x" * 60)
NOT_SOUND: dict[str, bytes] = {
    "no bytes": b"",
    "text": b"I am a sound. " * 500,
    "a picture": b"\x89PNG\r\n\x1a\n" + random.Random(1).randbytes(5_000),
    "a pickle": b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x04true\x85R.",
    "a program": b"\x7fELF\2\1\1" + bytes(5_000),
    "a playlist": b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
    "a page that names others": b"ffconcat version 1.0\nfile /etc/passwd\n",
    "a header of 4 GB": wav(size=2**32 - 1),
    "no samples": wav(),
    "one sample": wav(pcm=b"\1\0"),
    "256 channels": wav(channels=256, pcm=VOICE),
    "no channels": wav(channels=0, pcm=VOICE),
    "1 Hz": wav(rate=1, pcm=VOICE),
    "10 MHz": wav(rate=10_000_000, pcm=VOICE),
    "no bits": wav(bits=0, pcm=VOICE),
    "all zeros": wav(pcm=bytes(len(VOICE))),
    "a moment": wav(pcm=VOICE[:9_600]),
    "a cover of 19 MB and no music": b"ID3\4\0\0" + bytes((9, 14, 0, 0)) + bytes(19_000_000),
    "half an Ogg": b"OggS\0\2" + bytes(22) + b"\1\x1e\1vorbis" + bytes(23),
    "half a FLAC": b"fLaC\x80\0\0\x22" + bytes(34),
    "boxes without end": struct.pack(">I4s4sI4s", 20, b"ftyp", b"isom", 0, b"isom")
    + struct.pack(">I4sQ", 1, b"moov", 2**63),
}


@pytest.mark.parametrize("name", NOT_SOUND)
def test_row_15_what_is_no_recording_is_told_and_costs_the_daemon_nothing(
    watched: Watched, client: httpx.Client, name: str
) -> None:
    before = watched.most_memory
    sound = NOT_SOUND[name]
    form: dict[str, Any] = {"data": {"name": "x", "consent": "true"}, "files": {"ref_audio": ("a.wav", sound)}}
    told = [error(client.post("/v1/audio/voices", **form))]
    if 0 < len(sound) < 100_000:  # an empty field is an absent one
        body = {"input": "Hello.", "ref_audio": base64.b64encode(sound).decode(), "response_format": "pcm"}
        told.append(error(client.post(SPEECH, json=body)))
    for code, kind, param in told:
        assert (code, kind, param) == (422, "bad_audio", "ref_audio"), told
    assert watched.most_memory - before < 100_000_000
    assert not list((watched.data / "voices").glob("*"))


PROMPTS: dict[str, bytes] = {
    "no bytes": b"",
    "a pickle": NOT_SOUND["a pickle"],
    "an archive of torch": b"PK\3\4" + bytes(40) + b"archive/data.pkl",
    "a header of 100 GB": struct.pack("<Q", 10**11) + b"{}",
    "a header without end": struct.pack("<Q", 2**63) + b"{" * 1_000,
    "tensors of 100 GB": (
        head := b'{"speaker_embedding":{"dtype":"F32","shape":[25000000000],"data_offsets":[0,100000000000]}}'
    )
    and struct.pack("<Q", len(head)) + head,
    "brackets": struct.pack("<Q", 50_000) + b'{"a":' * 10_000,
}


@pytest.mark.parametrize("name", PROMPTS)
def test_row_16_a_voice_prompt_that_is_none_is_not_kept(watched: Watched, client: httpx.Client, name: str) -> None:
    files = sorted(watched.data.rglob("*"))
    form: dict[str, Any] = {
        "data": {"name": "x", "consent": "true", "text": "Hi."},
        "files": {"voice_prompt": ("a", PROMPTS[name])},
    }
    for path in ("/v1/audio/voices", "/api/tts/voice-clone-from-prompt"):
        code, kind, param = error(client.post(path, **form))
        assert (code, kind, param) == (422, "bad_field", "voice_prompt")
    assert sorted(watched.data.rglob("*")) == files


CODES: dict[str, Any] = {
    "below zero": [[-1, 0]],
    "beyond": [[2_048, 0]], "far beyond": [[2**40, 0]], "farther": [[2**70, 0]], "fractions": [[0.5, 0]],
    "a million": [[0] * 16] * 100_000, "texts": [["0", "0"]], "null": None,
    "true": [[True, False]], "deeper": [[[0]]], "an object": {"codes": [[0, 0]]},
}  # fmt: skip


@pytest.mark.parametrize("name", CODES)
def test_row_17_codes_that_are_none_break_nothing(client: httpx.Client, name: str) -> None:
    assert client.post("/api/tokenizer/decode", json=CODES[name]).status_code in (400, 413, 422)
    assert client.post("/api/tokenizer/decode", json=[[0, 0]] * 3).status_code == 200


FILENAMES = (
    "\\r\\nX-Evil: 1",
    "../../x",
    "/etc/passwd",
    "a" * 5_000,
    "\xff\xfe",
    'a"; name="consent',
    "",
    "\0",
    "<img onerror=1>",
)


@pytest.mark.parametrize("name", FILENAMES, ids=lambda name: ascii(name[:16]))
def test_row_19_the_name_of_a_file_is_neither_a_path_nor_a_header(
    watched: Watched, client: httpx.Client, name: str
) -> None:
    before = {path.parent for path in watched.data.rglob("*")}
    part = 'Content-Disposition: form-data; name="{}"; filename="{}"'
    fields = "".join(
        f'--b\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
        for key, value in {"name": "Row", "consent": "true"}.items()
    )
    body = f"{fields}--b\r\n{part.format('ref_audio', name)}\r\n\r\n".encode("latin-1") + RECORDING + b"\r\n--b--\r\n"
    answer = client.post("/v1/audio/voices", content=body, headers={"content-type": "multipart/form-data; boundary=b"})
    assert answer.status_code in (201, 400, 422), answer.text
    assert "x-evil" not in answer.headers
    if answer.status_code == 201:
        id = answer.json()["id"]
        exported = client.get(f"/v1/audio/voices/{id}/export")
        assert re.fullmatch(r'attachment; filename="?[\w.-]+"?', exported.headers["content-disposition"])
        assert {path.parent for path in watched.data.rglob("*")} - before == {
            watched.data / "voices",
            watched.data / "voices" / id,
        } - before
        assert client.delete(f"/v1/audio/voices/{id}").status_code in (200, 204)


FORMS = {
    "no boundary": ("multipart/form-data", b"--b--"),
    "an empty one": ("multipart/form-data; boundary=", b"--b--"),
    "a long one": ("multipart/form-data; boundary=" + "b" * 9_000, b"--b--"),
    "no parts": ("multipart/form-data; boundary=b", b"--b--\r\n"),
    "no name": ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n"),
    "a header without end": ("multipart/form-data; boundary=b", b"--b\r\nX: " + b"y" * 200_000),
    "headers without end": ("multipart/form-data; boundary=b", b"--b\r\n" + b"X: y\r\n" * 20_000),
    "parts without end": (
        "multipart/form-data; boundary=b",
        b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n\r\n' * 9_000,
    ),
    "cut off": ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\nx'),
    "no UTF-8": (
        "multipart/form-data; boundary=b",
        b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\n\xff\r\n--b--\r\n',
    ),
    "another boundary": ("multipart/form-data; boundary=c", b"--b\r\n\r\n\r\n--b--"),
}
"""What a body says that it is, and it"""


@pytest.mark.parametrize("name", FORMS)
def test_a_form_that_is_none_is_told(client: httpx.Client, name: str) -> None:
    kind, body = FORMS[name]
    for path in ("/v1/audio/voices", "/v1/audio/voices/import", "/api/tokenizer/encode", "/api/tts/voice-clone"):
        answer = client.post(path, content=body, headers={"content-type": kind})
        assert answer.status_code in (400, 413, 422), answer.text


# -- who leaves: rows 23, 24 -------------------------------------------------------------------------------------------

LONG = "Word upon word. " * 300
LEAVING = {
    "before the answer": ({"input": "[hang] for ever.", "response_format": "pcm"}, 0),
    "in the middle of it": ({"input": LONG, "response_format": "pcm"}, 30_000),
    "of a file": ({"input": LONG, "response_format": "flac"}, 30_000),
    "of events": ({"input": LONG, "stream_format": "sse"}, 30_000),
}


@pytest.mark.parametrize("manner", ["closes", "resets"])
@pytest.mark.parametrize("when", LEAVING)
def test_row_23_who_leaves_ends_the_work(watched: Watched, when: str, manner: str) -> None:
    body, heard = LEAVING[when]
    spoken = utterances(watched)
    sock = watched.connect(watched.http)
    sock.sendall(request(SPEECH, JSON, method="POST", body=json.dumps(body).encode()))
    while heard > 0:
        heard -= len(sock.recv(4_096))
    wait_until(lambda: watched.census(with_objects=False)["worker tasks"] > 5)
    if manner == "resets":
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()
    wait_until(lambda: utterances(watched) > spoken)


def utterances(watched: Watched) -> int:
    """How many have ended, in whatever way."""
    text = httpx.get(f"{watched.url}/metrics", headers={"Authorization": f"Bearer {watched.token}"}).text
    return sum(
        int(float(found)) for found in re.findall(r"^qwen3tts_utterances_total\{.*\} (\S+)$", text, re.MULTILINE)
    )


def test_row_24_who_does_not_read_takes_little_and_nobody_waits(watched: Watched, client: httpx.Client) -> None:
    before = watched.memory
    deaf = []
    for _ in range(20):
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        sock.connect(("127.0.0.1", watched.http))
        sock.sendall(
            request(SPEECH, JSON, method="POST", body=json.dumps({"input": LONG, "response_format": "pcm"}).encode())
        )
        deaf.append(sock)
    wait_until(lambda: watched.census(with_objects=False)["daemon tasks"] > 40)
    for _ in range(5):
        assert client.post(SPEECH, json={"input": "Hello.", "response_format": "pcm"}).content == tone("Hello.")
    assert watched.memory - before < 20 * 1_000_000
    for sock in deaf:
        sock.close()
