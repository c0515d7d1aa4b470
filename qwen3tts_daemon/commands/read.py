"""What would be spoken of a text, without a sound: asked of a running daemon, or of ourselves."""

import asyncio
import contextlib
import http.client
from collections.abc import Sequence
from dataclasses import asdict, replace

import msgspec

from qwen3tts_daemon import durable_files
from qwen3tts_daemon.commands import admin, local
from qwen3tts_daemon.commands.client import NoDaemon, Wishes
from qwen3tts_daemon.settings import Settings
from qwen3tts_daemon.speech.text_reading import SpokenText
from qwen3tts_daemon.text.lexicon import Entry
from qwen_tts.errors import from_code

_TIMEOUT_S = 10.0


async def read(text: str, wishes: Wishes, settings: Settings, words: Sequence[Entry] = ()) -> SpokenText:
    """By the daemon of this machine if one answers; `words` are said so this time. Raises SynthesisError."""
    if settings.http.enabled:
        with contextlib.suppress(NoDaemon):
            return await asyncio.to_thread(_ask, text, wishes, settings, words)
    order = replace(wishes.order(streamed=False), words=tuple(words))
    async with local.local_speech(settings, preload=False) as speech:
        return await speech.whole_utterance(order, text).read()


def _ask(text: str, wishes: Wishes, settings: Settings, words: Sequence[Entry]) -> SpokenText:
    """Raises NoDaemon if nothing answers, or the SynthesisError that it reports."""
    body = {"input": text, **asdict(wishes), "words": words}
    token = durable_files.read_line(settings.data_path / "token")
    status, answer = admin.request("POST", "/v1/text/spoken", settings, token=token, body=body, timeout_s=_TIMEOUT_S)
    try:
        if status == http.HTTPStatus.OK:
            return msgspec.json.decode(answer, type=SpokenText)
        error = msgspec.json.decode(answer, type=_Refused).error
    except msgspec.MsgspecError as stranger:
        raise NoDaemon(f"what answers at port {settings.http.port} is no daemon") from stranger
    raise from_code(error.code, error.message, param=error.param)


class _Error(msgspec.Struct):
    code: str
    message: str
    param: str | None = None


class _Refused(msgspec.Struct):
    error: _Error
