"""Laws of what reads requests and the answers of other servers."""

import asyncio
import contextlib
import ipaddress
import re

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message
from websockets.frames import Frame, Opcode

from qwen3tts_daemon.access.auth import Auth
from qwen3tts_daemon.access.networks import parse_address
from qwen3tts_daemon.access.origins import parse_origin
from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.http_engine.refusals import read_answer, refusal
from qwen3tts_daemon.http_engine.sound import SoundBody
from qwen3tts_daemon.http_engine.voice_list import read_voice_list
from qwen3tts_daemon.protocols.http.multipart import Form, read_form
from qwen3tts_daemon.protocols.http.routes.clips import parse_range
from qwen3tts_daemon.protocols.http.websocket_connection import _FrameCounter
from qwen3tts_daemon.protocols.pace import Pace
from qwen3tts_daemon.rates import Rate, TokenBucket
from qwen3tts_daemon.server_url import parse_server_url
from qwen_tts.errors import SynthesisError
from tests.hostile.target import Target, cut

_LOOP = asyncio.Runner()
OURS = {"localhost", "home.local"}
TOKEN = "correct-horse-battery-staple"


def _lines(data: bytes) -> list[tuple[bytes, bytes]]:
    """Headers as a parser gives them: names of letters, values without ends of lines."""
    pairs = (line.partition(b":") for line in data.split(b"\n")[:40])
    return [(re.sub(rb"[^a-z-]", b"", name.lower()), re.sub(rb"[\0-\x1f]", b"", value)) for name, _, value in pairs]


def check_headers(data: bytes) -> None:
    """Who has neither our name nor an address for it is refused; who has no token may manage nothing."""
    query, _, rest = data.partition(b"\n")
    headers = _lines(rest)
    auth = Auth("lan", TOKEN, trusted_proxies=("10.0.0.9",), own_names=lambda: frozenset(OURS), own_networks=list)
    for peer in ("192.168.1.5", "10.0.0.9", "203.0.113.9", None):
        with contextlib.suppress(Refusal):
            principal = auth.admit(peer, headers, method="POST", query=query.decode("latin-1"), scheme="http")
            assert _is_ours(principal.host), principal.host
            assert principal.sender != "foreign"
            if TOKEN.encode() not in rest:
                assert "manage" not in principal.granted


def _is_ours(host: str) -> bool:
    known = OURS | {"homeassistant", "homeassistant.local", "host.docker.internal", "localhost.localdomain"}
    # A neighbour in a container calls us by one word.
    return host in known | {"ip6-localhost"} or parse_address(host) is not None or "." not in host


def check_names(data: bytes) -> None:
    """Addresses, origins and URLs mean the same when they are written again."""
    text = data.decode("latin-1")
    if (address := parse_address(text)) is not None:
        assert ipaddress.ip_address(str(address)) == address
        assert parse_address(str(address)) == address
    if (origin := parse_origin(text)) is not None:
        assert origin.port is None or 0 <= origin.port < 2**16
    with contextlib.suppress(ValueError):
        url = parse_server_url(data.decode(errors="replace"))
        assert parse_server_url(url.base).base == url.base


def check_range(data: bytes) -> None:
    """What is asked for lies within what there is."""
    size, header = len(data) * 7 % 1_000, data.decode("latin-1")
    if (asked := parse_range(header, size)) is not None:
        start, stop = asked
        assert start >= 0
        assert stop <= size


def check_form(data: bytes) -> None:
    """A form is the same however it comes, or no form."""
    whole, pieces = cut(data)
    assert _form([whole]) == _form(pieces)


def _form(pieces: list[bytes]) -> Form | str:
    waiting: list[Message] = [
        {"type": "http.request", "body": piece, "more_body": number < len(pieces)}
        for number, piece in enumerate(pieces, 1)
    ]

    async def receive() -> Message:
        return waiting.pop(0)

    headers = [(b"content-type", b"multipart/form-data; boundary=b")]
    try:
        return _LOOP.run(
            read_form(Request({"type": "http", "app": None, "method": "POST", "headers": headers}, receive))
        )
    except (Refusal, HTTPException):
        return "none"


def check_frames(data: bytes) -> None:
    """What a socket hears does not depend on how it comes."""
    whole, pieces = cut(data)
    assert _heard([whole]) == _heard(pieces)


def _heard(pieces: list[bytes]) -> list[object]:
    bucket = TokenBucket(Rate(1, 10**9), 0.0)
    protocol = _FrameCounter(Pace(bucket, None, lambda: 0.0), max_size=1_000)
    for piece in pieces:
        protocol.receive_data(piece)
    return [*protocol.events_received(), b"".join(protocol.data_to_send())]


def check_answer(data: bytes) -> None:
    """Whatever another server answers instead of sound is an error that can be told."""
    status, retry_after = 400 + (data or b"\0")[0] % 200, data[1:4].decode("latin-1")
    error = refusal(read_answer(status, data[4:], retry_after), "gpu-box:8766")
    assert isinstance(error, SynthesisError)
    assert error.message.isprintable()
    assert len(error.message) < 1_000


def check_voice_list(data: bytes) -> None:
    """Names that can be asked for, each once, or no list."""
    with contextlib.suppress(ValueError):
        voices = read_voice_list(data, ["en"]).voices
        assert len({voice.name for voice in voices}) == len(voices)
        assert all(voice.name.isprintable() and voice.languages for voice in voices)


def check_foreign_sound(data: bytes) -> None:
    """The body of an answer is the same sound however it comes, in whole samples, or no sound."""
    whole, pieces = cut(data)
    assert _sound([whole]) == _sound(pieces)


def _sound(pieces: list[bytes]) -> bytes | str:
    try:
        body = SoundBody({"content-type": "audio/pcm"}, 24_000)
        pcm = b"".join(map(body.feed, pieces)) + body.finish()
    except SynthesisError as error:
        return error.message
    assert len(pcm) % 2 == 0
    return pcm


_CUTS = b"\1\5\3\x40"
_FORM = (
    b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\nAnna\r\n'
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\nContent-Type: x/y\r\n\r\nabc\r\n--b--\r\n'
)
_HEAD = b"ticket=x\nHost: home.local:8766\nOrigin: http://home.local:8766\nAuthorization: Bearer x\nCookie: a=b\n"
_PROXIED = b"\nHost: evil.example\nX-Forwarded-Host: home.local\nX-Forwarded-For: 192.168.1.5, 10.0.0.9\nVia: 1.1 a\n"
_HEADS = (
    *(b"Host: ", b"Origin: ", b"Referer: ", b"Sec-Fetch-Site: ", b"X-Forwarded-For: ", b"X-Forwarded-Host: ", b"\n"),
    *(
        b"127.0.0.1",
        b"[::1]",
        b"evil.example",
        b"home.local",
        b"null",
        b"http://",
        b":8766",
        b"Forwarded: ",
        b"cross-site",
    ),
    *(b"User-Agent: Mozilla/5.0", b"Authorization: Bearer ", b"Cookie: qwen3tts_session=", b"%", b"@", b"token=x"),
)
_JSON = (b"{", b"}", b"[", b"]", b'"', b":", b",", b"null", b"\\ud800", b"[" * 2_000, b'{"error":' * 1_500)
_VOICES = b'{"voices":["a",{"id":"b","language":"de","gender":"f"},{"name":"c","languages":["en","x"]}]}'
_WAV = (
    _CUTS
    + b"RIFF\x34\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0data\x10\0\0\0"
    + bytes(range(16))
)
_FRAMES = b"".join(
    Frame(opcode, payload, fin=fin).serialize(mask=True)
    for opcode, payload, fin in (
        (Opcode.TEXT, b'{"type":', False),
        (Opcode.PING, b"x", True),
        (Opcode.CONT, b'"ping"}', True),
        (Opcode.CLOSE, b"\x03\xe8", True),
    )
)

REQUEST_TARGETS = {
    "headers of requests": Target(check_headers, (_HEAD, _PROXIED), _HEADS),
    "names and addresses": Target(
        check_names,
        (b"http://gpu-box:8766/v1", b"[fe80::1%eth0]:80", b"::ffff:10.0.0.1", b"https://a.b"),
        (b"http://", b"[", b"]", b":", b"@", b"%", b"/v1", b"::", b"xn--"),
    ),
    "ranges": Target(check_range, (b"bytes=0-5", b"bytes=5-", b"bytes=-5"), (b"bytes=", b"-", b",", b"9" * 18)),
    "forms": Target(
        check_form, (_CUTS + _FORM,), (b"\r\n", b"--b", b"--b--", b"name=", b'"', b";", b"filename*=", b"_charset_")
    ),
    "frames of sockets": Target(
        check_frames, (_CUTS + _FRAMES,), (b"\x81\x80" + bytes(4), b"\x88\x80" + bytes(4), b"\xff")
    ),
    "answers of speech servers": Target(
        check_answer, (b'\0005  {"error":{"message":"no voice","code":"unknown_voice","param":"voice"}}',), _JSON
    ),
    "voices of speech servers": Target(check_voice_list, (_VOICES,), _JSON),
    "sound of speech servers": Target(
        check_foreign_sound, (_WAV, _CUTS + bytes(64)), (b"RIFF", b"WAVE", b"fmt ", b"data")
    ),
}
