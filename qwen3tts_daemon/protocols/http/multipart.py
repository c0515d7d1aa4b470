"""Bodies with files: multipart/form-data, each field in its place, and nothing that nobody asked for."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import msgspec
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.types import Message, Receive

from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.limits import MAX_SOURCE_CHARS
from qwen3tts_daemon.protocols.strict_json import convert, is_text
from qwen3tts_daemon.uploads.child_process import UploadLimits
from qwen3tts_daemon.uploads.reader import decode_upload
from qwen_tts.api import Audio

T = TypeVar("T", bound=msgspec.Struct)

UPLOADS = UploadLimits()
MAX_FORM_BYTES = UPLOADS.max_bytes + 64 * 1024
"""A file and the fields beside it."""
_MAX_FIELDS = 40
_MAX_FIELD_BYTES = 64 * 1024
_PIECE_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was sent."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Form:
    """The fields and the files of a body."""

    fields: Mapping[str, str]
    files: Mapping[str, Upload]
    repeated: frozenset[str]
    """What was there twice: an error where it is asked for, and ignored like anything else where it is not."""

    def convert(self, kind: type[T]) -> T:
        """The fields as `kind`: "5" may be a number, "true" is true, and empty fields are not there. Raises Refusal."""
        for name in kind.__struct_fields__:
            self._check_once(name)
        given = {name: value for name, value in self.fields.items() if value != ""}
        return convert(given, kind, strict=False)

    def file(self, name: str) -> Upload:
        """Raises Refusal."""
        self._check_once(name)
        if name not in self.files:
            raise Refusal("bad_field", f"{name}: send a file in this field", param=name)
        return self.files[name]

    def _check_once(self, name: str) -> None:
        if name in self.repeated:
            raise Refusal("bad_field", f"{name} is there twice", param=name)

    async def recording(self, name: str) -> Audio:
        """The sound of a file. Raises BadReferenceAudio and Refusal."""
        return await decode_upload(self.file(name).data, UPLOADS, param=name)


async def read_form(request: Request) -> Form:
    """Raises Refusal, also for a body that is no form."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise Refusal("bad_field", "send multipart/form-data (curl -F)")
    fields: dict[str, str] = {}
    files: dict[str, Upload] = {}
    repeated: set[str] = set()
    try:
        whole = Request(request.scope, _in_pieces(request.receive))
        async with whole.form(max_files=1, max_fields=_MAX_FIELDS, max_part_size=_MAX_FIELD_BYTES) as form:
            for name, value in form.multi_items():
                if name in fields or name in files:
                    repeated.add(name)
                if isinstance(value, UploadFile):
                    files[name] = Upload((value.filename or "")[:MAX_SOURCE_CHARS], await value.read())
                elif is_text(value):
                    fields[name] = value
    except UnicodeError:
        raise Refusal("bad_request", "send the fields as UTF-8") from None  # the charset that it names reads nothing
    return Form(fields, files, frozenset(repeated))


def _in_pieces(receive: Receive) -> Receive:
    """Each message in several, with a turn for others after each: the worst form takes 13 ms for 64 KiB."""
    rest, is_last = b"", False

    async def receive_piece() -> Message:
        nonlocal rest, is_last
        if rest:
            await asyncio.sleep(0)
        else:
            message = await receive()
            if message["type"] != "http.request":
                return message
            rest, is_last = message.get("body", b""), not message.get("more_body", False)
        piece, rest = rest[:_PIECE_BYTES], rest[_PIECE_BYTES:]
        return {"type": "http.request", "body": piece, "more_body": bool(rest) or not is_last}

    return receive_piece


def voice_prompt_of(form: Form) -> Upload:
    """A prompt.safetensors. Raises Refusal for a pickle, which says what makes one of it."""
    upload = form.file("voice_prompt")
    if upload.data[:2] == b"PK" or upload.data[:1] == b"\x80":
        raise Refusal(
            "bad_field",
            "a .pt file can run code when it is read, so it is not; if you trust it, make a prompt.safetensors of it: "
            "python -m qwen_tts.convert_prompt FILE.pt",
            param="voice_prompt",
        )
    return upload


class NoFields(msgspec.Struct, frozen=True):
    """Of a form that is a file and nothing else."""
