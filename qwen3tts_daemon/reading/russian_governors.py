"""The word before a Russian number that decides about its case: до (двадцати), через (минуту), не хватает (трёх)."""

from collections.abc import Mapping
from dataclasses import dataclass

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.russian_grammar import Case


@dataclass(frozen=True, slots=True)
class Governor:
    """A preposition, a comparison or a verb in front of a number."""

    word: str
    """In lower case"""
    case: Case
    is_verb: bool = False
    """Verbs govern things that are counted, but no days or years"""


_PREPOSITIONS = {
    Case.GENITIVE: "до от ото из изо без для около после более менее больше меньше выше ниже свыше старше младше "
    "против кроме вместо порядка среди из-за дольше раньше позже ранее позднее дороже дешевле теплее холоднее с со у "
    "течение протяжении истечении",
    Case.DATIVE: "к ко равен равна равно равны согласно",
    Case.ACCUSATIVE: "через за про спустя в во на по под",
    Case.INSTRUMENTAL: "между перед над",
    Case.PREPOSITIONAL: "о об при",
}
_VERBS = {
    Case.GENITIVE: "нет нету хватает хватит хватило достаточно недостаточно достиг достигла достигло достигли "
    "достигнет достигает достигают",
    Case.ACCUSATIVE: "превышает превысил превысила добавь добавьте возьми возьмите купи купите налей налейте положи "
    "положите всыпь всыпьте влей влейте подожди подождите поставь поставьте стоит стоят стоил стоила "
    "стоило стоили идёт шёл шла едет едем ехал ехала ехали летит летел работает работал работала "
    "работали спал спала спали занимает займёт займет заняла занял заняло длится длился длилась длилось "
    "продлится ждал ждала ждали весит весил весила составляет составит составил составила составило "
    "составили потратил потратила потратили заплатил заплатила заплатили заплатите получил получила "
    "получили набрал набрала съел съела выпил выпила проспал проспала проехал проехала проехали пробежал "
    "пробежала перевёл перевела перевели переведите внесите оплатите сэкономил сэкономили",
}


def _by_word(words: Mapping[Case, str], *, is_verb: bool) -> dict[str, Governor]:
    return {word: Governor(word, case, is_verb) for case, those in words.items() for word in those.split()}


_GOVERNORS = _by_word(_PREPOSITIONS, is_verb=False) | _by_word(_VERBS, is_verb=True)
_VERB = regex.compile(r"[а-яё]{2,}(?:[аеиуя]ть|йти|[ен]?ести|езти)(?:ся)?|[а-яё]{2,}(?:ил|овал|ывал|ачал|брал)[аи]?")
"""Also many verbs of the past: потребил, израсходовала"""
_NO_VERBS = {"нить", "мать", "путь", "печать", "кровать", "память", "девять", "десять", "опять", "могила"}
_NEAR = regex.compile(r"([А-Яа-яё-]+)\s+(?:(?:примерно|почти|ровно|ещё|только|всего|минус|плюс)\s+)?$")
_AMOUNT = r"[-+]?\d[\d.,:]*(?:\s?[^\s\d,;:!?]+){0,3}"
_LIST = regex.compile(rf"([А-Яа-яё-]+)\s+(?:{_AMOUNT}(?:,|\sи)?\s)+$")
_AND = regex.compile(
    rf"([А-Яа-яё-]+)\s+(?:(?:{_AMOUNT},\s)*{_AMOUNT}\sи\s|(?:\d+\s?(?:ч|час|мин|м|км|кг|р|руб)\p{{L}}*\.?\s)+)$"
)


def preposition_of(found: "regex.Match[str]") -> Governor | None:
    """What stands right before what was found, if it is no verb."""
    governor = _found_by(_NEAR, found)
    return None if governor is None or governor.is_verb else governor


def governor_of(found: "regex.Match[str]") -> Governor | None:
    """Verbs rule a whole list (купи 2 яйца, 1 л молока), others what "и" or a unit joins (через 1 ч 20 мин)."""
    if governor := _found_by(_NEAR, found) or _found_by(_AND, found):
        return governor
    governor = _found_by(_LIST, found)
    return governor if governor and governor.is_verb else None


def _found_by(pattern: "regex.Pattern[str]", found: "regex.Match[str]") -> Governor | None:
    before = pattern.search(found.string, max(0, found.start() - 60), found.start())
    word = before[1].casefold() if before else ""
    if _VERB.fullmatch(word) and word not in _NO_VERBS and not word.endswith("ость"):
        return Governor(word, Case.ACCUSATIVE, is_verb=True)
    return _GOVERNORS.get(word)
