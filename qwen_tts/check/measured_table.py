"""The figures of a report as a table of expectations: what was measured, and nothing else."""

import statistics
import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from qwen_tts.check.measures.first_frames import LEAST_UTTERANCES
from qwen_tts.check.report import CheckpointReport, Report, Utterance
from qwen_tts.check.sentences import sentences
from qwen_tts.config.expectations import Expectations
from qwen_tts.toml import toml_value

_LEAST = 3
"""Of fewer utterances a pace says nothing."""

_MARGIN_DB = 3.0
"""Noise before the first word is not louder every time."""

_LOUDEST_DBFS = -15.0
"""What is louder is left in, whatever was measured: it may be speech."""

_HEAD = "# Measured by `check`. A file of this form corrects the table: `guards.expectations`.\n"


def measured_table(report: Report, table: Expectations) -> str:
    """TOML that Expectations.read takes as corrections of `table`."""
    spoken = [one for checkpoint in report.checkpoints for one in checkpoint.utterances if one.end == "complete"]
    paces = _paces(spoken, table)
    return _HEAD + "".join((*_pace_lines(paces, table), *_sign_lines(spoken, paces, table), *_checkpoints(report)))


def _pace_lines(paces: Mapping[str, float], table: Expectations) -> Iterator[str]:
    if paces:
        yield "\n[seconds_per_character]\n"
    for language, pace in paces.items():
        known = next(seconds for code, seconds in table.seconds_per_character.items() if code == language)
        yield f"{language} = {toml_value(round(pace * known, 4))}\n"


def _paces(spoken: Sequence[Utterance], table: Expectations) -> dict[str, float]:
    """How many times as long as expected speech takes, by language; of texts without digits."""
    times: dict[str, list[float]] = {}
    for one in spoken:
        expected_s = table.seconds(_text(one), one.language)
        if expected_s and _letters(one) == _text(one):
            times.setdefault(one.language, []).append(one.spoken_s / expected_s)
    return {language: statistics.median(found) for language, found in sorted(times.items()) if len(found) >= _LEAST}


def _sign_lines(spoken: Sequence[Utterance], paces: Mapping[str, float], table: Expectations) -> Iterator[str]:
    """What digits take beside the letters around them."""
    known = table.seconds_per_sign.any
    found = []
    for one in spoken:
        letters_s = table.seconds(_letters(one), one.language)
        signs = (table.seconds(_text(one), one.language) - letters_s) / known
        if one.language in paces and signs > 0:
            found.append((one.spoken_s - paces[one.language] * letters_s) / signs)
    if len(found) >= _LEAST and (median := statistics.median(found)) > 0:
        yield f"\n[seconds_per_sign]\nany = {toml_value(round(median, 3))}\n"


def _text(one: Utterance) -> str:
    return sentences()[one.language][one.text]


def _letters(one: Utterance) -> str:
    """Its text without digits and signs."""
    return "".join(character for character in _text(one) if unicodedata.category(character)[0] not in "NS")


def _checkpoints(report: Report) -> Iterator[str]:
    """Of two of one type, the last."""
    for name, one in {one.type_name: one for one in report.checkpoints}.items():
        if lines := [*_start_lines(one), *_float16_lines(one)]:
            yield "".join((f"\n[checkpoints.{toml_value(name)}]\n", *lines))


def _start_lines(one: CheckpointReport) -> Iterator[str]:
    """Only of as many utterances as tell anything."""
    judged = [start for start in one.starts if start.utterances >= LEAST_UTTERANCES]
    if not judged:
        return
    yield f"start_frames = {max(start.start_frames for start in judged)}\n"
    noise = [frame for start in judged for frame in start.frames[: start.start_frames]]
    if noise:
        loudest = max(frame.level_db + frame.spread_db for frame in noise)
        yield f"start_dbfs = {toml_value(min(_LOUDEST_DBFS, round(loudest + _MARGIN_DB, 1)))}\n"


def _float16_lines(one: CheckpointReport) -> Iterator[str]:
    found = next((precision for precision in one.precisions if precision.dtype == "float16"), None)
    if found is not None and not found.missing:
        yield f"float16 = {toml_value(found.is_finite)}\n"
