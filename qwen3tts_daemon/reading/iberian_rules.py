"""The rules that Spanish and Portuguese share, in their order."""

from collections.abc import Iterator

from qwen3tts_daemon.reading import iberian_dates, iberian_names, iberian_quantities
from qwen3tts_daemon.reading.iberian import Iberian
from qwen3tts_daemon.reading.language import Row


def before(language: Iberian) -> Iterator[Row]:
    """Before the kinds of every language, behind the language's own."""
    yield from iberian_names.short_forms(language)
    yield from iberian_dates.weekdays(language)
    yield from iberian_dates.dates(language)
    yield from iberian_names.romans(language)
    yield from iberian_quantities.quantities(language)
    yield from iberian_names.codes(language)


def after(language: Iberian) -> Iterator[Row]:
    """After them."""
    yield from iberian_names.ordinals(language)
    yield from iberian_quantities.agreement(language)
