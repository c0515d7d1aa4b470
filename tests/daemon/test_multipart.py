"""Forms are read bit by bit, however they come."""

import asyncio
from typing import Any

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request

from qwen3tts_daemon.protocols.http.multipart import read_form

SIZE = 1024 * 1024
BODY = (
    b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\nHello.\r\n'
    b'--x\r\nContent-Disposition: form-data; name="ref_audio"; filename="me.wav"\r\n\r\n'
    + bytes(SIZE)
    + b"\r\n--x--\r\n"
)


def form(*messages: dict[str, Any]) -> Request:
    waiting = list(messages)

    async def receive() -> dict[str, Any]:
        return waiting.pop(0)

    headers = [(b"content-type", b"multipart/form-data; boundary=x")]
    return Request({"type": "http", "app": None, "method": "POST", "headers": headers}, receive)


async def test_others_get_their_turns_while_a_large_form_is_read() -> None:
    reading = asyncio.create_task(read_form(form({"type": "http.request", "body": BODY})))
    turns = 0
    while not reading.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns >= SIZE // (64 * 1024)
    assert (await reading).fields == {"text": "Hello."}
    assert (await reading).file("ref_audio").data == bytes(SIZE)


async def test_a_form_in_many_messages_is_the_same() -> None:
    parts = [BODY[start : start + 100_000] for start in range(0, len(BODY), 100_000)]
    messages = [{"type": "http.request", "body": part, "more_body": part is not parts[-1]} for part in parts]
    messages.insert(3, {"type": "http.request", "body": b"", "more_body": True})
    read = await read_form(form(*messages))
    assert (read.fields, read.file("ref_audio").data) == ({"text": "Hello."}, bytes(SIZE))


FIELD = b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
END = b"--x--\r\n"
TOO_MUCH = {
    "fields": b"".join(FIELD % (b"%d" % number, b"") for number in range(41)) + END,
    "of a field": FIELD % (b"text", b"x" * (64 * 1024 + 1)) + END,
}


@pytest.mark.parametrize("what", TOO_MUCH)
async def test_a_form_has_a_few_fields_of_some_length(what: str) -> None:
    with pytest.raises(HTTPException) as refused:
        await read_form(form({"type": "http.request", "body": TOO_MUCH[what]}))
    assert refused.value.status_code == 400
