"""What is to be checked, and what the command lines of daemon and engine have in common. No torch."""

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import typer

from qwen_tts.check.sentences import QUICK, names
from qwen_tts.config.languages import LANGUAGES
from qwen_tts.errors import InvalidRequest, UnknownLanguage

ALL_WELL, WRONG, COULD_NOT_RUN = 0, 1, 2
"""Exit codes"""

MODES: tuple[Literal["whole"], Literal["live"]] = ("whole", "live")

Languages = Annotated[str, typer.Option(help="Languages with commas between, such as en,de; all if left out.")]
Sentences = Annotated[str, typer.Option(help=f"Some of the texts: {', '.join(names())}; all if left out.")]
Quick = Annotated[
    bool, typer.Option("--quick", help=f"A first look: {' and '.join(QUICK)} in one language, few frames of the rest.")
]
ReferenceFile = Annotated[
    str | None, typer.Option("--reference", help="A recording of 3 to 30 s whose voice Base checkpoints speak with.")
]
Transcript = Annotated[str | None, typer.Option(help="The words of --reference.")]
Other = Annotated[str | None, typer.Option(help="A recording of somebody else, for Base checkpoints to compare with.")]
Official = Annotated[
    str | None,
    typer.Option(help="The python of an environment with the official package qwen-tts: its codes are compared."),
]
Recogniser = Annotated[
    str | None, typer.Option(help="A command that prints what it hears, such as 'hear {wav} {language}'.")
]
ReportFile = Annotated[
    str | None, typer.Option("--report", help="Write all figures as JSON, with nothing private in it.")
]
ExpectationsFile = Annotated[
    str | None, typer.Option("--expectations", help="Write the figures as a table that guards.expectations takes.")
]


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """Whose voice is cloned."""

    path: str
    transcript: str | None = None
    source: str = "a recording that was given"
    """In words that can be sent to anybody"""


class CheckOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Raises InvalidRequest where it is built, for a language or text that there is not."""

    checkpoints: tuple[str, ...]
    """Directories"""
    engine: dict[str, Any] = {}
    """As it is served: options of config.engine.EngineOptions"""
    languages: tuple[str, ...] = ()
    """Empty: all that a checkpoint speaks"""
    sentences: tuple[str, ...] = ()
    """Empty: all"""
    quick: bool = False
    reference: Reference | None = None
    other: str | None = None
    """A recording of somebody else"""
    official: str | None = None
    recogniser: str | None = None
    report: str | None = None
    expectations: str | None = None

    def __post_init__(self) -> None:
        for language in self.languages:
            if language not in LANGUAGES:
                raise UnknownLanguage(f"no language {language!r}; there are {', '.join(LANGUAGES)}", param="languages")
        for name in self.sentences:
            if name not in names():
                raise InvalidRequest(f"no text {name!r}; there are {', '.join(names())}", param="sentences")
        recording = None if self.reference is None else self.reference.path
        for param, path in (("reference", recording), ("other", self.other), ("official", self.official)):
            if path is not None and not Path(path).is_file():
                raise InvalidRequest(f"--{param}: there is no file {path}", param=param)
        for param, path in (("report", self.report), ("expectations", self.expectations)):
            if path is not None and (Path(path).is_dir() or not Path(path).absolute().parent.is_dir()):
                raise InvalidRequest(f"--{param}: {path} must be a file in a folder that exists", param=param)
        if self.recogniser is not None and "{wav}" not in self.recogniser:
            raise InvalidRequest("--recogniser needs {wav} where the sound file's name goes", param="recogniser")

    @property
    def texts(self) -> tuple[str, ...]:
        """Names of the texts that are spoken."""
        return self.sentences or (QUICK if self.quick else tuple(names()))


def listed(value: str) -> tuple[str, ...]:
    """`en,de` -> en and de."""
    return tuple(part.strip() for part in value.split(",") if part.strip())


def reference_of(path: str | None, transcript: str | None) -> Reference | None:
    """Raises InvalidRequest for words without a recording."""
    if path is None:
        if transcript is not None:
            raise InvalidRequest("--transcript needs --reference, the recording of these words", param="transcript")
        return None
    return Reference(path=path, transcript=transcript)
