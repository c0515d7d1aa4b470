"""The settings that may be changed while the daemon runs: told and changed, with the token."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request

from qwen3tts_daemon.live_settings import LiveOption, LiveSettings
from qwen3tts_daemon.protocols.http.json_body import read_json
from qwen3tts_daemon.protocols.http.openapi import body_of
from qwen3tts_daemon.protocols.http.request_state import principal_of
from qwen3tts_daemon.protocols.http.response_schemas import ChangeableSettings, Setting


def router(settings: LiveSettings) -> APIRouter:
    """The routes of this module."""
    routes = APIRouter(tags=["Settings"])

    @routes.get("/v1/settings")
    async def tell(request: Request) -> ChangeableSettings:
        """Those that may be changed, with their values and where these come from; and the file that keeps them."""
        principal_of(request.scope).require("manage")
        return _told(settings)

    @routes.patch("/v1/settings", openapi_extra=body_of(_schema(settings)))
    async def change(request: Request) -> ChangeableSettings:
        """`{"speech.lead_silence_ms": 200}`: all of them or none; null is the default again. Answers as GET does."""
        principal_of(request.scope).require("manage")
        await settings.change(await read_json(request, dict[str, Any]))
        return _told(settings)

    return routes


def _schema(settings: LiveSettings) -> dict[str, Any]:
    """Of the body that changes them."""
    values = {one.option.name: {"anyOf": [one.option.json_schema, {"type": "null"}]} for one in settings.options}
    return {"type": "object", "properties": values, "additionalProperties": False}


def _told(settings: LiveSettings) -> ChangeableSettings:
    file = settings.file
    return {
        "file": {"path": str(file.path) if file.path else None, "state": file.state},
        "settings": [_setting(one) for one in settings.options],
    }


def _setting(live: LiveOption) -> Setting:
    option, origin = live.option, live.origin
    head = f"[{option.section}]\n" if option.section else ""
    return {
        "name": option.name,
        "kind": option.kind,
        "value": live.value,
        "default": option.default,
        "origin": origin.place,
        "variable": origin.variable,
        "is_locked": origin.is_locked,
        "at_once": live.at_once,
        "choices": list(option.choices),
        "minimum": option.bound("ge", "gt"),
        "maximum": option.bound("le", "lt"),
        "is_whole": option.type is int,
        "about": option.about.replace("\n", " "),
        "toml": f"{head}{option.key} = {option.toml(live.value)}\n",
    }
