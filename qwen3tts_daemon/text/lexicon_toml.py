"""A lexicon as a person writes it: lexicon.toml, read, and changed an entry at a time.

    [en]                               # a language, or "*" for every one
    Siobhan = "Shivawn"
    "重庆" = {pinyin = "chong2 qing4"}

    [[word]]                           # the same with all that may be said of a word
    written = "kWh"
    say = "kilowatt hours"
    language = "en"
    voice = "anna"

Comments, and whatever else a change does not concern, stay as they are. A changed text counts only if a reader finds
in it what was there, with that one change.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import Any, NamedTuple

import msgspec
import tomlkit
from tomlkit.exceptions import TOMLKitError

from qwen3tts_daemon import toml_lines
from qwen3tts_daemon.limits import MAX_LEXICON_ENTRIES
from qwen3tts_daemon.text.languages import parse_language
from qwen3tts_daemon.text.lexicon import EVERY, Entry, checked
from qwen_tts.api import AUTO
from qwen_tts.errors import InvalidRequest, UnknownLanguage
from qwen_tts.toml import BYTE_ORDER_MARK, read_toml, toml_value

WORD = "word"
"""The name of the tables that say all of it"""


class UnreadableLexicon(Exception):
    """What is wrong with a text, and in which line if that is known."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason if line is None else f"line {line}: {reason}")
        self.reason, self.line = reason, line


Key = tuple[str, str, str]
"""See Entry.key"""


class _Place(NamedTuple):
    """Where an entry stands: in the table of a language, or in a table of its own."""

    entry: Entry
    section: str
    name: str | int
    """The word, or the number of the table"""


def read(text: str) -> list[Entry]:
    """The entries, in their order. Raises UnreadableLexicon."""
    try:
        document = toml_lines.parse_text(text)
    except toml_lines.UnreadableToml as error:
        raise UnreadableLexicon(error.reason, error.line) from None
    entries: dict[Key, Entry] = {}
    for entry, section, name in _places(document, text):
        if entry.key in entries:
            twice = f"{entry.written!r} is there twice for the same language and voice"
            raise UnreadableLexicon(twice, toml_lines.line_of(text, (section, name)))
        entries[entry.key] = entry
    if len(entries) > MAX_LEXICON_ENTRIES:
        raise UnreadableLexicon(f"{len(entries)} entries, and at most {MAX_LEXICON_ENTRIES} may be there")
    return list(entries.values())


def with_entry(text: str, entry: Entry) -> str:
    """The text with this entry, in the place of one with its key. Raises UnreadableLexicon, also for a text that cannot
    be changed so."""
    others = [one for one in read(text) if one.key != entry.key]
    if len(others) >= MAX_LEXICON_ENTRIES:
        raise UnreadableLexicon(f"{len(others)} entries are there, and no more may be; take one out first")
    place = _place_of(text, entry.key)
    changed = f"{text}{_gap_behind(text)}{_table_of(entry)}" if place is None else _rewritten(text, place, entry)
    return _if_it_says(changed, [*others, entry])


def without_entry(text: str, key: Key) -> str:
    """The text without the entry of that key. Raises KeyError if there is none, and as `with_entry`."""
    if (place := _place_of(text, key)) is None:
        raise KeyError(key)
    left = _rewritten(text, place, None).rstrip("\n")
    return _if_it_says(left and f"{left}\n", [one for one in read(text) if one.key != key])


# -- reading -------------------------------------------------------------------------------------------------------


def _places(document: Mapping[str, Any], text: str) -> Iterator[_Place]:
    for section, value in document.items():
        for name, said in _rows(section, value, text):
            try:
                yield _Place(_entry(section, name, said), section, name)
            except InvalidRequest as error:
                raise UnreadableLexicon(str(error), toml_lines.line_of(text, (section, name))) from None
            except msgspec.ValidationError as error:
                rule, _, field = str(error).partition(" - at `$.")
                line = toml_lines.line_of(text, (section, name, field.rstrip("`")))
                raise UnreadableLexicon(f"{field.rstrip('`')}: {rule}{_near(rule)}".lstrip(": "), line) from None


def _rows(section: str, value: Any, text: str) -> Iterable[tuple[str | int, Any]]:
    if section == WORD and isinstance(value, list):
        return enumerate(value)
    try:
        if isinstance(value, dict) and (section == EVERY or parse_language(section) != AUTO):
            return value.items()
    except UnknownLanguage:
        pass
    reason = f"{section!r} is neither [[{WORD}]] nor a table of a language, such as [en]"
    raise UnreadableLexicon(reason, toml_lines.line_of(text, (section,)))


def _entry(section: str, name: str | int, said: Any) -> Entry:
    """Raises InvalidRequest, ValidationError."""
    if isinstance(name, int):
        return checked(msgspec.convert(said, Entry))
    fields = {"say": said} if isinstance(said, str) else said
    if not isinstance(fields, dict):
        raise InvalidRequest(f"{name!r} is said as a text, or as {{pinyin = ...}}")
    return checked(msgspec.convert({**fields, "written": name, "language": section}, Entry))


def _near(rule: str) -> str:
    """Of "Object contains unknown field `...`"."""
    near = difflib.get_close_matches(rule.rpartition("field `")[2].rstrip("`"), Entry.__struct_fields__, n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _place_of(text: str, key: Key) -> _Place | None:
    """Raises UnreadableLexicon."""
    places = _places(read_toml(text), text) if read(text) else ()
    return next((one for one in places if one.entry.key == key), None)


# -- changing ------------------------------------------------------------------------------------------------------


def _said(entry: Entry) -> dict[str, str]:
    """Its fields that say something."""
    fields: dict[str, str] = msgspec.to_builtins(entry)
    return {name: value for name, value in fields.items() if value}


def _table_of(entry: Entry) -> str:
    return f"[[{WORD}]]\n" + "".join(f"{name} = {toml_value(value)}\n" for name, value in _said(entry).items())


def _gap_behind(text: str) -> str:
    return "" if not text else "\n" if text.endswith("\n") else "\n\n"


def _rewritten(text: str, place: _Place, entry: Entry | None) -> str:
    """With this entry there, or none."""
    mark = BYTE_ORDER_MARK if text.startswith(BYTE_ORDER_MARK) else ""
    try:
        document = tomlkit.parse(text.removeprefix(mark))
    except (TOMLKitError, RecursionError) as error:  # it reads a little less than the standard library
        raise UnreadableLexicon(f"this file cannot be changed here: {error}") from None
    held: Any = document[place.section]
    if entry is None:
        del held[place.name]
        if place.section == WORD and not held:
            del document[WORD]  # an empty list would take no further tables
    elif isinstance(place.name, int):
        _fill(held[place.name], _said(entry))
    else:
        held[place.name] = _short(entry)
    return mark + tomlkit.dumps(document)


def _fill(table: MutableMapping[str, Any], fields: Mapping[str, str]) -> None:
    for gone in [name for name in table if name not in fields]:
        del table[gone]
    for name, value in fields.items():
        if table.get(name) != value:
            table[name] = value


def _short(entry: Entry) -> Any:
    """As it is said behind its word, in the table of its language."""
    fields = {name: value for name, value in _said(entry).items() if name not in ("written", "language")}
    if fields.keys() == {"say"}:
        return entry.say
    table = tomlkit.inline_table()
    table.update(fields)
    return table


def _if_it_says(text: str, wanted: list[Entry]) -> str:
    try:
        found = read(text)
    except UnreadableLexicon:
        found = []
    if sorted(found, key=lambda one: one.key) != sorted(wanted, key=lambda one: one.key):
        raise UnreadableLexicon("this file is written in a way that cannot be changed here")
    return text
