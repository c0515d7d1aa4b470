"""What fuzzers have found, by the target whose law it broke; test_targets.py tries each again."""

_DEEP = b"[" * 2_000


def _header(text: bytes) -> bytes:
    """Of a safetensors file."""
    return len(text).to_bytes(8, "little") + text


def _message(text: bytes) -> bytes:
    """Of a link between processes."""
    return len(text).to_bytes(4, "little") + text


KEPT: dict[str, tuple[bytes, ...]] = {
    "voice.v1 messages": (
        b'{"type":"played","m\\ud800s":1,"id":"x"}',
        b'{"type":"configure","sampling":{"\\udfff":1}}',
    ),
    "cleaning": (b"&#0;1", b"&#xE000;a", b"a&#x200b;b", b"&#x202e;a", b"&#13;a"),
    "say-as": (b"1\x88\x8a\x8a911\x88\x8a\x8a9100560056", b"\1\4dmy 1.1." + b"9" * 30),
    "wav headers": (
        b"RIFF4\0\0\0WAVEds64" + bytes(12) + b"data" + b"\xff" * 18,
        b"RF64\xff\xff\xff\xffWAVEds64\x1c\0\0\0"
        + bytes(8)
        + b"\xff" * 8
        + bytes(12)
        + b"data\xff\xff\xff\xff"
        + bytes(8),
    ),
    "recordings": (
        b"RIFF4\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0@\x1f\4\0\2\0\x80>\0\0\x10\0data\x10\0\0\0" + bytes(range(16)),
    ),
    "config files": (b"a = " + b"[" * 5_000, b"[" + b"a." * 2_000 + b"a]", b"voice = " + b"{a = " * 5_000),
    "lexicons": (b"a = " + b"[" * 5_000, b"[en." + b"a." * 2_000 + b"a]", b"[[word]]\na = " + b"[" * 5_000),
    "cards of voices": (b"format = 1\na = " + b"[" * 5_000, b"[" + b"a." * 2_000 + b"a]"),
    "voices of speech servers": (_DEEP, b'{"x":' + _DEEP),
    "answers of speech servers": (b"\0   " + _DEEP,),
    "manifests of downloads": (b'{"x":' + _DEEP,),
    "sizes of weights": (_header(b'{"a":{"b":' + _DEEP),),
    "weights": (_header(b'{"a":{"b":' + _DEEP),),
    "messages of a worker": (_message(b"\x82\xa4type\xa5stats\xa1x" + b"\x91" * 3_000),),
    "messages to a worker": (_message(b"\x82\xa4type\xa5hello\xa7options" + b"\x81\xa1a" * 3_000),),
}
