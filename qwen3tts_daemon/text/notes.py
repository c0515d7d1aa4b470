"""Marks that send a reader to another place: footnotes, citations, sources."""

import regex  # type: ignore[import-untyped,unused-ignore]

_DEFINITION = regex.compile(r"(?m)^[ \t]*\[\^[^\[\]\n]{1,40}\]:.*$")
_MARK = r"\[(?:\^[^\[\]\s]{1,40}|[1-9]\d{0,2}(?:\s?[,–-]\s?\d{1,3}){0,9})\](?:\((?:https?:)?[^()\s]{0,300}\))?"
# "See [1]" needs its number to be a sentence.
_NAMED = r"(?i:\b(?:see|siehe|vgl\.|voir|cf\.|ver|véase|vedi|veja|in|and|und|et|y|e|и|или|см\.))"
_CITED = regex.compile(
    rf"(?<=\S)(?<!{_NAMED})[ \u00a0]?(?:{_MARK})+(?!\[|\()"
    rf"|【\d{{1,3}}(?::\d{{1,3}})?(?:†[^【】\n]{{0,40}})?】|\[\^[^\[\]\s]{{1,40}}\](?!:)"
)
_REFERENCE = regex.compile(r"\[((?!\d{1,3}\])[^\[\]\n]{1,200})\]\[[^\[\]\n]{0,60}\]")
_RAISED = regex.compile(r"(?:(?<=[.!?…,;:»”\"])|(?<=\p{L}{4})(?=[¹⁴-⁹]))[¹²³⁰⁴-⁹]{1,3}(?!\w)")


def without_notes(text: str) -> str:
    """ "Water boils.[1][^2]" -> "Water boils."; what a footnote says goes too. "[1] note" stays."""
    if "[" in text or "【" in text:
        text = _CITED.sub("", _REFERENCE.sub(r"\1", _DEFINITION.sub("", text)))
    return str(_RAISED.sub("", text))
