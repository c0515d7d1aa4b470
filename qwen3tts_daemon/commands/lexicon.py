"""How words are said: the lexicon's file, which a running daemon reads again by itself."""

from collections.abc import Iterable

import msgspec
from rich.console import Console
from rich.table import Table

from qwen3tts_daemon.data_dir import format as data_format
from qwen3tts_daemon.settings import Settings, SettingsError
from qwen3tts_daemon.speech.lexicon_file import LexiconFile
from qwen3tts_daemon.text.languages import parse_language
from qwen3tts_daemon.text.lexicon import Entry, checked
from qwen_tts.api import AUTO


def entries(settings: Settings) -> tuple[Entry, ...]:
    """All of it. Raises SettingsError for a file that cannot be read."""
    return _file(settings).lexicon.entries


def add(entry: Entry, settings: Settings) -> Entry:
    """Keep it, as it is returned. Raises SettingsError, InvalidRequest, Refusal."""
    entry = checked(entry)
    _file(settings).put(entry)
    return entry


def remove(entry: Entry, settings: Settings) -> None:
    """The one for the same words, language and voice. Raises SettingsError, Refusal."""
    language = parse_language(entry.language)
    _file(settings).remove(msgspec.structs.replace(entry, language="" if language == AUTO else language).key)


def show(entries: Iterable[Entry]) -> None:
    table = Table("word", "said", "language", "voice", box=None)
    for entry in entries:
        table.add_row(entry.written, said(entry), entry.language, entry.voice)
    Console().print(table)


def said(entry: Entry) -> str:
    """For people."""
    return ", ".join(filter(None, (entry.say, entry.pinyin, entry.ipa and f"/{entry.ipa}/")))


def _file(settings: Settings) -> LexiconFile:
    data_format.check(settings.data_path)
    file = LexiconFile(settings.lexicon_path, is_named=settings.lexicon.file is not None)
    if file.problem is not None:
        raise SettingsError(f"{file.path}: {file.problem}")
    return file
