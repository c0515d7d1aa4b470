"""What schemathesis cannot know from the OpenAPI document: real files, and why a right form may still be refused."""

import array
import io
import math
import os
import wave
import zipfile
from typing import Any

import requests
import schemathesis

_MEANING = {"text_empty", "text_too_long", "unknown_voice", "unsupported_language", "bad_audio"}
_THINGS = {"take", "codes", "voice_prompt", "file", "instruct", "instructions"}
"""Fields that are or name a thing: whether the daemon has it, or the checkpoint takes it, is not in their form."""


@schemathesis.check
def refused_for_its_meaning(ctx: Any, response: Any, case: Any) -> None:
    """What the document allows is refused, if at all, for what no schema can say."""
    if case.meta is None or not case.meta.generation.mode.is_positive or response.status_code not in (413, 422):
        return
    error = response.json()["error"]
    is_thing = error["code"] == "bad_field" and error["param"] in _THINGS
    assert error["code"] in _MEANING or is_thing, f"the document does not say so: {error}"


def _recording() -> bytes:
    """A WAV of four seconds."""
    samples = array.array("h", (round(8_000 * math.sin(i / 20)) for i in range(4 * 24_000)))
    packed = io.BytesIO()
    with wave.open(packed, "wb") as file:
        file.setparams((1, 2, 24_000, 0, "NONE", ""))
        file.writeframes(samples.tobytes())
    return packed.getvalue()


def _prompt(recording: bytes) -> bytes:
    """As the daemon makes it; an error's text if it makes none."""
    url, fields = f"{os.environ['DAEMON_URL']}/api/voice-prompt/save", {"x_vector_only_mode": "true"}
    return requests.post(url, fields, files={"ref_audio": recording}, timeout=60).content


def _exported_voice() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("voice.toml", 'id = "a"\nname = "A"\nkind = "designed"\ndesign = "A calm man"\n')
    return packed.getvalue()


_RECORDING = _recording()
_FILES = {"ref_audio": _RECORDING, "voice_prompt": _prompt(_RECORDING), "file": _exported_voice()}


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """A form that is right has files that are."""
    is_form = case.media_type == "multipart/form-data" and isinstance(case.body, dict)
    if is_form and case.meta is not None and case.meta.generation.mode.is_positive:
        case.body.update({name: data for name, data in _FILES.items() if name in case.body})
