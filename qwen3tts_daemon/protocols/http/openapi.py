"""What the OpenAPI document says of bodies, of answers that are bytes, and of errors.

FastAPI describes what pydantic reads. Bodies here are read by msgspec, strictly and within limits (see json_body and
multipart), so each route says as `openapi_extra` what it takes, made of the struct that reads it. A framework that
reads msgspec's structs itself would save these lines and bring all of its others; FastAPI has no such door.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from fastapi import FastAPI
from starlette.routing import BaseRoute

from qwen3tts_daemon.audio import AUDIO_FORMATS
from qwen3tts_daemon.failures import HTTP_STATUS

_REFERENCE = "#/components/schemas/{name}"
_COMPONENTS = "x-components"
"""In `openapi_extra`: schemas that the body refers to; they move to the document's own."""

_CONTENT_TYPES = {
    "ref_audio": "audio/wav, audio/flac, audio/mpeg, audio/mp4, audio/ogg, audio/webm",
    "voice_prompt": "application/vnd.safetensors",
    "file": "application/zip",
}
"""Of files, for the OpenAPI document: what counts is in them."""


_FAILURE_SCHEMA = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "param", "type", "request_id"],
            "properties": {
                "code": {"type": "string", "enum": sorted(HTTP_STATUS)},
                "message": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "type": {"type": "string"},
                "request_id": {"type": ["string", "null"]},
                "instead": {
                    "type": "object",
                    "description": "Of unsupported_language: who could speak it",
                    "required": ["voice", "language"],
                    "properties": {"voice": {"type": "string"}, "language": {"type": "string"}},
                },
                "tries_left": {"type": "integer", "description": "Of wrong_code"},
            },
        }
    },
}
_FAILURE_RESPONSE = {
    "description": "What went wrong; see docs/http.md",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Failure"}}},
}


def schemas_of(kind: Any) -> dict[str, Any]:
    """The components of what msgspec reads as `kind`."""
    _, components = msgspec.json.schema_components((kind,), ref_template=_REFERENCE)
    return components


def json_body(kind: Any, components: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """For `openapi_extra` of a route that reads `kind`; with `components` if they say more than the struct can."""
    (schema,), own = msgspec.json.schema_components((kind,), ref_template=_REFERENCE)
    return body_of(schema) | {_COMPONENTS: own if components is None else components}


def body_of(schema: dict[str, Any]) -> dict[str, Any]:
    """For `openapi_extra` of a route that reads such JSON."""
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def form_body(kind: type[msgspec.Struct], *files: str, **more: Any) -> dict[str, Any]:
    """For `openapi_extra` of a route that reads a form: the fields of `kind`, files, and what else the schema says."""
    schema = schemas_of(kind)[kind.__name__]
    binary = {name: {"type": "string", "format": "binary"} for name in files}
    encoding = {name: {"contentType": _CONTENT_TYPES[name]} for name in files}
    schema = {
        **schema,
        "properties": {**schema["properties"], **binary},
        "required": [*schema.get("required", []), *files],
        **more,
    }
    content = {"multipart/form-data": {"schema": schema, "encoding": encoding}}
    return {"requestBody": {"required": True, "content": content}}


def with_form(body: dict[str, Any], form: dict[str, Any]) -> dict[str, Any]:
    """For `openapi_extra` of a route that reads either."""
    content = {**body["requestBody"]["content"], **form["requestBody"]["content"]}
    return {**body, "requestBody": {**body["requestBody"], "content": content}}


def binary_of(*media_types: str, statuses: Sequence[int] = (200,)) -> dict[int | str, dict[str, Any]]:
    """For `responses` of a route whose answer is bytes of one of these types."""
    content = {name: {"schema": {"type": "string", "format": "binary"}} for name in media_types}
    return {status: {"description": "As the content type says", "content": content} for status in statuses}


def sound_of(*formats: str, statuses: Sequence[int] = (200,)) -> dict[int | str, dict[str, Any]]:
    """For `responses` of a route whose answer is sound in one of these formats."""
    return binary_of(*(AUDIO_FORMATS[name].bare_media_type for name in formats), statuses=statuses)


def complete_document(app: FastAPI, routes: Iterable[BaseRoute]) -> None:
    """Put what these routes take, and the one shape of errors, into the document of `app`."""
    make_document = app.openapi
    extras = [getattr(route, "openapi_extra", None) or {} for route in routes]
    components = {name: schema for extra in extras for name, schema in extra.get(_COMPONENTS, {}).items()}

    def document() -> dict[str, Any]:
        document = make_document()
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        schemas |= {**components, "Failure": _FAILURE_SCHEMA}
        for methods in document["paths"].values():
            for operation in methods.values():
                operation.pop(_COMPONENTS, None)
                operation["responses"].setdefault("default", _FAILURE_RESPONSE)
                operation["responses"].pop("422", None)  # FastAPI's own, which nothing here answers
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        return document

    app.openapi = document  # type: ignore[method-assign]
