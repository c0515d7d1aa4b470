"""What schemathesis cannot know from the OpenAPI document: a recording, and why a right form may still be refused."""

import array
import io
import math
import wave
from typing import Any

import schemathesis
from schemathesis.core.file_samples import FILE_SAMPLES

_MEANING = {"text_empty", "text_too_long", "unknown_voice", "unsupported_language", "bad_audio"}
_THINGS = {
    "take", "codes", "voice_prompt", "file", "instruct", "instructions", "ref_text", "checkpoint", "style",
    "voice", "voices.aliases", "speech.styles", "ref_audio",
}  # fmt: skip
"""Fields that are or name a thing: whether the daemon has it, or the checkpoint takes it, is not in their form. And the
words of a recording, which are needed unless only its speaker embedding is used: `anyOf` in a form is misread."""


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


# Not by a hook: a form that a hook changes counts as a wrong one if it has bytes in it.
FILE_SAMPLES.update(dict.fromkeys(FILE_SAMPLES, _recording()))
