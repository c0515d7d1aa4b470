"""The two protocols at their plainest: what a listener sends, and what comes, read without waiting."""

import base64
import json
import os
import socket
from collections.abc import Iterator

SOUND = "sound"
_HEAD_BYTES = 8
"""Of a binary message of voice.v1"""
_TEXT, _BINARY, _CLOSE, _PING, _PONG = 1, 2, 8, 9, 10


class WebSocketWire:
    """voice.v1 on a socket that is connected: `take` what has come, get what it says."""

    def __init__(self) -> None:
        self._unread = bytearray()
        self._is_open = False
        self.answers = b""
        """What the daemon is to be told at once"""

    @staticmethod
    def hello(port: int) -> bytes:
        key = base64.b64encode(os.urandom(16)).decode()
        return (
            f"GET /v1/tts HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: voice.v1\r\n\r\n"
        ).encode()

    @staticmethod
    def order(text: str, voice: str, **options: object) -> bytes:
        order = {"type": "speak", "text": text, "voice": voice, "final": True, **options}
        return frame(_TEXT, json.dumps(order).encode())

    def take(self, data: bytes) -> Iterator[tuple[str, int]]:
        """What each message is, and its bytes of sound."""
        self._unread += data
        if not self._is_open:
            head, end, rest = bytes(self._unread).partition(b"\r\n\r\n")
            if not end:
                return
            if not head.startswith(b"HTTP/1.1 101"):
                raise ConnectionError(head.decode(errors="replace"))
            self._unread, self._is_open = bytearray(rest), True
        while (message := self._next()) is not None:
            opcode, payload = message
            if opcode == _BINARY:
                yield SOUND, len(payload) - _HEAD_BYTES
            elif opcode == _TEXT:
                said = json.loads(payload)
                if said["type"] == "error" or said.get("reason") == "error":
                    raise ConnectionError(payload.decode())
                yield said["type"], 0
            elif opcode == _PING:
                self.answers += frame(_PONG, payload)
            elif opcode == _CLOSE:
                raise ConnectionError(f"closed: {payload!r}")

    def _next(self) -> tuple[int, bytes] | None:
        unread = self._unread
        if len(unread) < 2:
            return None
        size, begins = unread[1] & 0x7F, 2
        if size >= 126:
            begins = 4 if size == 126 else 10
            if len(unread) < begins:
                return None
            size = int.from_bytes(unread[2:begins], "big")
        if len(unread) < begins + size:
            return None
        opcode, payload = unread[0] & 0x0F, bytes(unread[begins : begins + size])
        del unread[: begins + size]
        return opcode, payload


class WyomingWire:
    """The same of Wyoming."""

    def __init__(self) -> None:
        self._unread = bytearray()
        self.answers = b""

    @staticmethod
    def hello(port: int) -> bytes:
        return b'{"type":"describe"}\n'

    @staticmethod
    def order(text: str, voice: str) -> bytes:
        return event("synthesize", {"text": text, "voice": {"name": voice}})

    def take(self, data: bytes) -> Iterator[tuple[str, int]]:
        self._unread += data
        while (found := self._next()) is not None:
            kind, said, size = found
            if kind == "error":
                raise ConnectionError(said.decode())
            yield ("done" if kind == "audio-stop" else SOUND if kind == "audio-chunk" else kind), size

    def _next(self) -> tuple[str, bytes, int] | None:
        unread = self._unread
        if (end := unread.find(b"\n")) < 0:
            return None
        header = json.loads(bytes(unread[:end]))
        data, payload = header.get("data_length") or 0, header.get("payload_length") or 0
        if len(unread) < end + 1 + data + payload:
            return None
        said = bytes(unread[end + 1 : end + 1 + data])
        del unread[: end + 1 + data + payload]
        return header["type"], said, payload


def frame(opcode: int, payload: bytes) -> bytes:
    """Of a client, masked with zeros."""
    if len(payload) < 126:
        return bytes((0x80 | opcode, 0x80 | len(payload))) + bytes(4) + payload
    return bytes((0x80 | opcode, 0xFE)) + len(payload).to_bytes(2, "big") + bytes(4) + payload


def event(kind: str, data: dict[str, object]) -> bytes:
    """Of Wyoming."""
    body = json.dumps(data).encode()
    return json.dumps({"type": kind, "data_length": len(body)}).encode() + b"\n" + body


def connect(port: int, address: str = "127.0.0.1") -> socket.socket:
    """From an address of this machine: connections are counted by address."""
    return socket.create_connection(("127.0.0.1", port), timeout=60, source_address=(address, 0))
