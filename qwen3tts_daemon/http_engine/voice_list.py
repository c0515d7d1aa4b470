"""The lists of voices that speech servers give, in the shapes that are known, as our voices.

Names alone (vLLM-Omni, sglang-omni, Kokoro-FastAPI) or objects (this daemon, and others); below "voices" or "data", or
the list itself.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from qwen3tts_daemon.text.languages import parse_language
from qwen_tts.api import AUTO, Gender, VoiceInfo
from qwen_tts.errors import UnknownLanguage
from qwen_tts.json_decoding import decode_json

MAX_LIST_BYTES = 4 * 1024 * 1024
_MOST_VOICES = 2_000
_MOST_NAME_CHARS = 200
_MOST_DESCRIPTION_CHARS = 500
_LISTS = ("voices", "data")
_NAMES = ("id", "voice_id", "name", "voice")
_LANGUAGES = ("languages", "language", "lang", "locale")
_GENDERS: Mapping[str, Gender] = {"female": "female", "male": "male", "f": "female", "m": "male"}


class VoiceList(msgspec.Struct, frozen=True):
    """What a server says of its voices."""

    voices: tuple[VoiceInfo, ...] = ()
    takes_instruct: bool = True
    """False: it says of every voice that it cannot be told how to speak"""


def read_voice_list(body: bytes, languages: Sequence[str]) -> VoiceList:
    """`languages`: of voices of which it does not say. Raises ValueError for what is no list of voices."""
    entries = _entries(decode_json(body))
    infos = [info for entry in entries[:_MOST_VOICES] if (info := _voice(entry, languages)) is not None]
    voices = tuple({info.name: info for info in reversed(infos)}.values())[::-1]
    objects = [entry for entry in entries if isinstance(entry, dict)]
    takes_instruct = not objects or any(entry.get("takes_instruct") is not False for entry in objects)
    return VoiceList(voices, takes_instruct)


def chosen(names: Sequence[str], listed: VoiceList, languages: Sequence[str]) -> VoiceList:
    """The voices with these names, in this order: as they are listed, or by their name alone."""
    by_name = {info.name: info for info in listed.voices}
    voices = tuple(by_name.get(name) or VoiceInfo(name=name, languages=tuple(languages)) for name in names)
    return VoiceList(voices, listed.takes_instruct)


def _entries(answer: Any) -> list[Any]:
    if isinstance(answer, dict):
        answer = next((answer[name] for name in _LISTS if isinstance(answer.get(name), list)), None)
    if not isinstance(answer, list):
        raise ValueError("it has no list of voices")
    return answer


def _voice(entry: Any, languages: Sequence[str]) -> VoiceInfo | None:
    """None for one that cannot speak, or in no language that we know."""
    if isinstance(entry, str):
        entry = {"id": entry}
    if not isinstance(entry, dict) or entry.get("available") is False:
        return None
    name = next(_texts(entry, _NAMES), "")
    spoken = _spoken(entry, languages)
    if not name.isprintable() or not 0 < len(name) <= _MOST_NAME_CHARS or not spoken:
        return None
    gender = _GENDERS.get(next(_texts(entry, ("gender",)), "").casefold(), "")
    description = next(_texts(entry, ("description",)), "")[:_MOST_DESCRIPTION_CHARS]
    return VoiceInfo(
        name=name, languages=spoken, description=description, gender=gender, accented=entry.get("accented") is True
    )


def _texts(entry: Mapping[str, Any], names: Sequence[str]) -> Iterator[str]:
    for name in names:
        value = entry.get(name)
        if isinstance(value, str) and (text := " ".join(value.split())):
            yield text


def _spoken(entry: Mapping[str, Any], languages: Sequence[str]) -> tuple[str, ...]:
    """ISO 639-1; those of which nobody says so are `languages`."""
    told = next((entry[name] for name in _LANGUAGES if entry.get(name)), None)
    if told is None:
        return tuple(languages)
    known = [code for name in (told if isinstance(told, list) else [told]) if (code := _code(name))]
    return tuple(languages) if AUTO in known else tuple(dict.fromkeys(known))


def _code(name: Any) -> str | None:
    try:
        return parse_language(name) if isinstance(name, str) else None
    except UnknownLanguage:
        return None
