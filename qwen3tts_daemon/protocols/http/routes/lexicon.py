"""How words are said: listed, put in, taken out. POST /v1/text/spoken tries one that is not kept."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from qwen3tts_daemon.protocols.http.field_types import LANGUAGE_SCHEMA
from qwen3tts_daemon.protocols.http.json_body import read_json
from qwen3tts_daemon.protocols.http.openapi import json_body
from qwen3tts_daemon.protocols.http.request_state import principal_of
from qwen3tts_daemon.protocols.http.response_schemas import KeptLexicon, LexiconEntry
from qwen3tts_daemon.speech.lexicon_file import LexiconFile
from qwen3tts_daemon.speech.service import Speech
from qwen3tts_daemon.text.languages import parse_language
from qwen3tts_daemon.text.lexicon import Entry, checked
from qwen3tts_daemon.write_threads import in_write_thread
from qwen_tts.api import AUTO


def router(speech: Speech) -> APIRouter:
    """The routes of this module."""
    routes = APIRouter(tags=["Lexicon"])
    lexicon = speech.lexicon

    @routes.get("/v1/lexicon")
    async def list_entries(request: Request) -> KeptLexicon:
        """All of it, the file that keeps it, and what is wrong with that."""
        principal_of(request.scope).require("manage")
        return _told(lexicon)

    @routes.put("/v1/lexicon", openapi_extra=json_body(Entry))
    async def put_entry(request: Request) -> LexiconEntry:
        """Say a word so, from the next sentence on. One with the same `written`, `language` and `voice` gives way."""
        principal_of(request.scope).require("manage")
        entry = _of_a_voice(checked(await read_json(request, Entry)), speech)
        await in_write_thread(lexicon.put, entry)
        return _fields(entry)

    @routes.delete("/v1/lexicon", status_code=204)
    async def remove_entry(
        request: Request,
        written: str,
        language: Annotated[str, Query(json_schema_extra=LANGUAGE_SCHEMA)] = "",
        voice: str = "",
    ) -> Response:
        """Let a word be said again as it is written."""
        principal_of(request.scope).require("manage")
        code = parse_language(language)
        entry = Entry(written=written, language="" if code == AUTO else code, voice=voice)
        await in_write_thread(lexicon.remove, entry.key)
        return Response(status_code=204)

    return routes


def _told(lexicon: LexiconFile) -> KeptLexicon:
    problem = lexicon.problem
    return {
        "path": str(lexicon.path or ""),
        "problem": None if problem is None else {"message": problem.reason, "line": problem.line},
        "entries": [_fields(entry) for entry in lexicon.lexicon.entries],
    }


def _fields(entry: Entry) -> LexiconEntry:
    fields: LexiconEntry = msgspec.to_builtins(entry)
    return fields


def _of_a_voice(entry: Entry, speech: Speech) -> Entry:
    """With the voice's own name. Raises UnknownVoice for one that is neither there nor in the lexicon."""
    if not entry.voice or entry.voice in {one.voice for one in speech.lexicon.lexicon.entries}:
        return entry
    library = speech.voices.library
    if library is not None and library.find(entry.voice) is not None:
        return entry
    return msgspec.structs.replace(entry, voice=speech.voices.find(entry.voice).name)
