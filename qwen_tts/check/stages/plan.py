"""Which texts are spoken, how, and with which seed: the same every time, whatever else is spoken."""

import zlib
from collections.abc import Sequence
from typing import NamedTuple

from qwen_tts.check.options import MODES, CheckOptions
from qwen_tts.check.report import Mode
from qwen_tts.check.sentences import sentences


class Planned(NamedTuple):
    """One text to be spoken."""

    language: str
    name: str
    mode: Mode

    @property
    def text(self) -> str:
        return sentences()[self.language][self.name]

    @property
    def seed(self) -> int:
        return zlib.crc32("/".join(self).encode())


def plan(options: CheckOptions, spoken: Sequence[str]) -> list[Planned]:
    """Of a checkpoint that speaks these languages."""
    languages = [language for language in spoken if not options.languages or language in options.languages]
    if options.quick and not options.languages:
        languages = languages if len(languages) < 2 else ["en" if "en" in languages else languages[0]]
    return [Planned(language, name, mode) for language in languages for name in options.texts for mode in MODES]
