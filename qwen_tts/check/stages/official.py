"""The official package, in a process and an environment of its own: does it say the same, greedily, code by code?"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from qwen_tts.api import DesignedVoice, PresetVoice, SettledLayout
from qwen_tts.check.measures.codes import parting
from qwen_tts.check.report import Official, OfficialCase
from qwen_tts.check.stages.plain import Text, greedy_codes
from qwen_tts.checkpoint.model import Model
from qwen_tts.config.languages import LANGUAGES

_SCRIPT = Path(__file__).with_name("official_codes.py")
_PATIENCE_S = 1_800.0
_OURS = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
"""Would lead that python to our packages, of which one has the official package's name"""


class Case(NamedTuple):
    """One text in one layout."""

    text: Text
    layout: SettledLayout
    frames: int

    def order(self, reference: str | None) -> dict[str, Any]:
        """For official_codes.py; `reference`: the recording of a cloned voice."""
        request = self.text.request
        voice = request.voice
        return {
            "text": request.text, "language": LANGUAGES[request.language].english, "frames": self.frames,
            "speaker": voice.name if isinstance(voice, PresetVoice) else None,
            "description": voice.description if isinstance(voice, DesignedVoice) else None,
            "reference": reference, "streaming": self.layout == "streaming",
        }  # fmt: skip


class _Answer(msgspec.Struct):
    missing: str = ""
    """What is told of it, in words of ours"""
    versions: dict[str, str] = {}
    codes: list[list[list[int]]] = []


def beside_official(
    python: Path, directory: Path, model: Model, cases: Sequence[Case], reference: str | None
) -> Official:
    """`model` is in float32, with the text tokenizer of the official package."""
    order = {
        "checkpoint": str(directory), "device": str(model.talker.device),
        "cases": [case.order(reference) for case in cases],
    }  # fmt: skip
    answer = _ask(python, order)
    if not answer.missing and len(answer.codes) != len(cases):
        answer.missing = f"it spoke {len(answer.codes)} of {len(cases)} texts"
    if answer.missing:
        return Official(missing=answer.missing, versions=answer.versions)
    return Official(
        versions=answer.versions,
        cases=[_compare(model, case, codes) for case, codes in zip(cases, answer.codes, strict=True)],
    )


def _compare(model: Model, case: Case, official: list[list[int]]) -> OfficialCase:
    ours = greedy_codes(model, case.text, case.frames, case.layout)
    # At the limit it says a frame less or more than it was asked for.
    most = min(case.frames, max(len(ours), len(official)))
    return OfficialCase(
        language=case.text.request.language, text=case.text.name, layout=case.layout, frames=len(ours),
        parting=parting(ours[:most], official[:most]),
    )  # fmt: skip


def _ask(python: Path, order: Mapping[str, Any]) -> _Answer:
    environment = {name: value for name, value in os.environ.items() if name not in _OURS}
    try:
        done = subprocess.run(
            [str(python.absolute()), "-c", _SCRIPT.read_text()], input=msgspec.json.encode(order), capture_output=True,
            env=environment, cwd=python.absolute().parent, timeout=_PATIENCE_S, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        print(error, file=sys.stderr)  # noqa: T201  for who sits there
        return _Answer(missing=f"its python cannot be run: {type(error).__name__}")
    try:
        answer = msgspec.json.decode(done.stdout, type=_Answer)
    except msgspec.DecodeError:
        answer = _Answer(missing=f"it ended with {done.returncode}")
    else:
        if answer.missing:
            print(answer.missing, file=sys.stderr)  # noqa: T201  for who sits there
            answer.missing = "it cannot be imported there"
    if answer.missing:
        print(done.stderr.decode(errors="replace"), file=sys.stderr)  # noqa: T201  for who sits there
    return answer
