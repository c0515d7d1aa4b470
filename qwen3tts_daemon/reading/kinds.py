"""The kinds of things that are recognised in every language, in order.

Each is a pattern and a question to the language. What one has put into words has no digits any more, so it is left
alone by those behind it.
"""

from collections.abc import Iterator

from qwen3tts_daemon.reading import dates, identifiers, quantities, signs
from qwen3tts_daemon.reading.language import Language, Row, Rows
from qwen3tts_daemon.reading.patterns import DASH


def kinds(language: Language) -> Iterator[Row | Rows]:
    """All of a language, in order."""
    yield r"\d{30,}", lambda found: language.digits(found[0])
    yield from identifiers.addresses(language)
    yield Rows(r"\d{4}-\d\d-\d\d", tuple(dates.iso_dates(language)))
    yield Rows(r"\d\.\d", tuple(identifiers.versions(language)))
    yield Rows(r"[*•]|[Xx]{4}", tuple(identifiers.masked_cards(language)))
    yield from signs.zones(language)
    yield from language.before()
    yield from quantities.marks(language)
    yield from identifiers.accounts(language)
    yield from signs.strokes(language)
    yield Rows(r"\d[./-]\d", tuple(dates.dates(language)))
    yield from signs.signs(language)
    yield Rows(r"\+\d|\d[-/) \u00a0]", tuple(identifiers.telephones(language)))
    yield Rows(r"\d\.\d", tuple(identifiers.dotted(language)))
    yield Rows(DASH, tuple(quantities.ranges(language)))
    yield Rows(r"\d:\d", tuple(dates.times(language)))
    yield from quantities.money(language)
    yield Rows(quantities.STROKE, tuple(quantities.counted_fractions(language)))
    yield from quantities.measures(language)
    yield Rows(quantities.STROKE, tuple(quantities.fractions(language)))
    yield from language.after()
    yield from identifiers.names(language)
    yield from quantities.numbers(language)
    yield from signs.lone_signs(language)
    yield r"\d+", lambda found: language.digits(found[0])
