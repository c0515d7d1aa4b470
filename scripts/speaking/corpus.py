"""Texts to learn from: one English sentence a line, in an order that looks like chance and is the same each time.

From templates of what a home says (templates.toml), from WordNet's examples and glosses, from fortunes, and from words
of WordNet in the frames of sentences. On Debian: `apt-get install wordnet-base fortunes`.
"""

import random
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

WORDNET, FORTUNES = Path("/usr/share/wordnet"), Path("/usr/share/games/fortunes")
UNSEEN = Path(__file__).parent / "unseen.txt"
"""Sentences that are kept out: by them speech is judged."""

_MOST = {"home": 60_000, "example": 60_000, "gloss": 90_000, "lemma": 50_000, "fortune": 30_000, "made up": 40_000}
_DIGITS = 0.35  # of the numbers are written in digits, as the teacher reads them
_WORDS, _CHARACTERS = (2, 22), 130
_ASCII_ART = {"art", "ascii-art", "perl", "zippy", "linux", "linuxcookie", "knghtbrd", "debian"}

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9' ,;:.!?-]*$")
_ODD = re.compile(r"\b[A-Z]{2,}\b|--|\b[b-hj-z]\b|\.\S|[a-z][A-Z]|\d[A-Za-z]|[A-Za-z]\d|\d{4}|,\d")
_ONES = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
]  # fmt: skip
_TENS = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_ORDINALS = [
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
    "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth",
    "twentieth",
]  # fmt: skip


def sentences(wordnet: Path = WORDNET, fortunes: Path = FORTUNES, seed: int = 11) -> list[str]:
    """Each once; raises OSError if one of the directories is missing."""
    chance = random.Random(seed)
    groups: dict[str, list[str]] = {}
    seen = {_same(text) for text in UNSEEN.read_text("utf-8").splitlines()}
    sources = (_at_home(chance), _wordnet(wordnet, chance), _fortunes(fortunes), _made_up(wordnet, chance))
    for source in sources:
        for text, group in source:
            same = _same(text)
            if same not in seen and _is_plain(text) and len(groups.setdefault(group, [])) < 2 * _MOST[group]:
                seen.add(same)
                groups[group].append(text)
    chosen = []
    for group, texts in groups.items():
        chance.shuffle(texts)
        chosen += texts[: _MOST[group]]
    chance.shuffle(chosen)
    return chosen


def _same(text: str) -> str:
    """Equal for texts that sound alike."""
    return text.casefold().rstrip(".!?")


def _is_plain(text: str) -> bool:
    fewest, most = _WORDS
    is_short = fewest <= len(text.split()) <= most and len(text) <= _CHARACTERS
    return is_short and _PLAIN.match(text) is not None and _ODD.search(text) is None


def _finished(text: str) -> str:
    text = re.sub(r"\s+", " ", text).strip(" ,;:-")
    text = text[:1].upper() + text[1:]
    return text if text[-1:] in ".!?" else f"{text}."


def spelled(number: int) -> str:
    """Below a million, in words."""
    if number < 20:
        return _ONES[number]
    if number < 100:
        return _TENS[number // 10] + (f" {_ONES[number % 10]}" if number % 10 else "")
    size, name, joint = (100, "hundred", " and ") if number < 1000 else (1000, "thousand", " ")
    rest = number % size
    return f"{spelled(number // size)} {name}" + (f"{joint}{spelled(rest)}" if rest else "")


class _Templates:
    """Fills the templates' slots."""

    def __init__(self, chance: random.Random, words: dict[str, list[str]] | None = None) -> None:
        content = tomllib.loads((Path(__file__).parent / "templates.toml").read_text("utf-8"))
        self._chance = chance
        self._slots: dict[str, list[str]] = words or content["slots"]
        self._templates: list[str] = content["made_up" if words else "sentences"]

    def sentence(self) -> str:
        in_digits = self._chance.random() < _DIGITS
        template = self._chance.choice(self._templates)
        if in_digits:
            template = template.replace("{h} {m}", "{h:m}")
        return _finished(re.sub(r"\{([\w:]+)\}", lambda slot: self._word(slot[1], in_digits), template))

    def _word(self, slot: str, in_digits: bool) -> str:
        draw = self._chance.randint
        match slot:
            case "n":
                number = self._chance.choice((draw(0, 30), draw(0, 99), draw(0, 99), draw(100, 999)))
                return str(number) if in_digits else spelled(number)
            case "h":
                hour = draw(1, 12)
                return str(hour) if in_digits else spelled(hour)
            case "m":
                return self._chance.choice(("thirty", "fifteen", spelled(draw(10, 59)), f"oh {_ONES[draw(1, 9)]}"))
            case "h:m":
                return f"{draw(1, 12)}:{draw(1, 59):02d}"
            case "ord":
                return self._chance.choice(_ORDINALS)
        return self._chance.choice(self._slots[slot])


def _at_home(chance: random.Random) -> Iterator[tuple[str, str]]:
    templates = _Templates(chance)
    for _ in range(4 * _MOST["home"]):
        yield templates.sentence(), "home"


def _made_up(wordnet: Path, chance: random.Random) -> Iterator[tuple[str, str]]:
    kinds = {"noun": "noun", "verb": "verb", "adj": "adjective", "adv": "adverb"}
    words = {name: sorted({lemma for lemma, _ in _entries(wordnet, kind)}) for kind, name in kinds.items()}
    templates = _Templates(chance, words)
    for _ in range(2 * _MOST["made up"]):
        yield templates.sentence(), "made up"


def _entries(wordnet: Path, kind: str) -> Iterator[tuple[str, str]]:
    """(a word in small letters, its gloss)"""
    for line in (wordnet / f"data.{kind}").read_text("latin-1").splitlines():
        head, bar, gloss = line.partition("|")
        if bar and not line.startswith("  "):
            lemma = head.split()[4]
            if re.fullmatch(r"[a-z]{3,}", lemma):
                yield lemma, gloss


def _wordnet(directory: Path, chance: random.Random) -> Iterator[tuple[str, str]]:
    for kind in ("noun", "verb", "adj", "adv"):
        for lemma, gloss in _entries(directory, kind):
            for example in re.findall(r'"([^"]+)"', gloss):
                yield _finished(example), "example"
            definition = re.sub(r"\([^)]*\)", " ", gloss.split(";")[0]).strip()
            if '"' in definition or "`" in definition:
                continue
            yield _finished(definition), "gloss"
            if kind == "noun":
                joint = " is " if chance.random() < 0.5 else ", "
                yield _finished(f"{lemma}{joint}{definition}"), "lemma"


def _fortunes(directory: Path) -> Iterator[tuple[str, str]]:
    paths = [path for path in sorted(directory.iterdir()) if not path.suffix and path.name not in _ASCII_ART]
    for path in paths:
        text = path.read_text("utf-8", errors="ignore").replace("\n%\n", "\n\n")
        for block in re.split(r"\n\s*\n|\n\t+--.*", text):
            for sentence in re.split(r"(?<=[.!?])\s+", re.sub(r"\s+", " ", block)):
                yield _finished(sentence), "fortune"
