"""Sound on its short way out of a WebSocket."""

import pytest
from websockets.frames import Frame, Opcode

from qwen3tts_daemon.protocols.http.websocket_connection import binary_head


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 100_000])
def test_a_message_begins_as_the_library_would_begin_it(size: int) -> None:
    data = bytes(size)
    assert binary_head(size) + data == Frame(Opcode.BINARY, data).serialize(mask=False)
