"""What of the figures is wrong. What is expected stands in the table of expectations; here, how far off is too far."""

import statistics
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from qwen_tts.check.report import CheckpointReport, Problem, Utterance
from qwen_tts.config.expectations import Expectations

PACE = (0.4, 2.5)
"""Of the expected length, in which an utterance lies"""
_JUDGED_S = 1.5
"""Shorter texts are not judged by their pace."""
LEVEL_DB = (-40.0, -8.0)
CLIPPED = 10
SILENCE_START_S, SILENCE_INSIDE_S, SILENCE_END_S = 1.0, 2.0, 2.0
SNR_DB = 30.0
SEAM_STEP_DB, SEAM_SILENCE_MS = 6.0, 2_000
CHARACTER_ERRORS = 0.3
"""Of a language, the median"""

_Judge = Callable[[Utterance], bool]


def problems(report: CheckpointReport, table: Expectations) -> list[Problem]:
    """All that is wrong with a checkpoint; none: all is well."""
    judges = (_utterances, _start, _seams, _fidelity, _likeness, _precisions, _official, _recognised)
    return [*report.failures, *(problem for judge in judges for problem in judge(report, table))]


def _utterances(report: CheckpointReport, _: Expectations) -> Iterator[Problem]:
    told: Sequence[tuple[str, str, _Judge]] = (
        ("no_end_of_speech", "did not end by themselves", lambda one: one.end == "limit"),
        ("too_long", "are much longer than their text", lambda one: _pace(one) > PACE[1]),
        ("too_short", "are much shorter than their text", lambda one: _pace(one) < PACE[0]),
        ("level", "are too loud or too faint", _has_wrong_level),
        ("clipping", "are cut off at full scale", lambda one: one.level is not None and one.level.clipped > CLIPPED),
        ("silence", "have long silences", _is_silent),
    )  # fmt: skip
    failed = sorted((one for one in report.utterances if one.end not in ("complete", "limit")), key=lambda one: one.end)
    for code, group in groupby(failed, key=lambda one: one.end):
        yield _of(report, code, "failed", list(group))
    spoken = [one for one in report.utterances if one not in failed]
    for code, what, is_wrong in told:
        if found := [one for one in spoken if is_wrong(one)]:
            yield _of(report, code, what, found)


def _of(report: CheckpointReport, code: str, what: str, found: Sequence[Utterance]) -> Problem:
    message = f"{len(found)} of {len(report.utterances)} utterances {what}"
    return Problem(code=code, message=message, where=tuple(one.name for one in found))


def _pace(one: Utterance) -> float:
    return 1.0 if one.expected_s < _JUDGED_S or not one.audio_s else one.spoken_s / one.expected_s


def _has_wrong_level(one: Utterance) -> bool:
    return one.level is None or not LEVEL_DB[0] <= one.level.voiced_db <= LEVEL_DB[1]


def _is_silent(one: Utterance) -> bool:
    quiet = one.silences
    return quiet is not None and (
        quiet.start_s > SILENCE_START_S or quiet.longest_inside_s > SILENCE_INSIDE_S or quiet.end_s > SILENCE_END_S
    )


def _start(report: CheckpointReport, table: Expectations) -> Iterator[Problem]:
    known = table.of_checkpoint(report.type_name).start_frames
    most = max((start.start_frames for start in report.starts), default=0)
    if most > known:
        told = f"utterances begin with {most} frames that are heard and always the same; the table says {known}"
        yield Problem(code="start_noise", message=told)


def _seams(report: CheckpointReport, _: Expectations) -> Iterator[Problem]:
    found = [
        f"{one.utterance} at {seam.sample} samples"
        for one in report.seams
        for seam in one.seams
        if seam.has_click or abs(seam.step_db) > SEAM_STEP_DB or seam.silence_ms > SEAM_SILENCE_MS
    ]
    if found:
        told = f"{len(found)} seams of long texts are heard: a click, a step in level or a long silence"
        yield Problem(code="seam", message=told, where=tuple(found))


def _fidelity(report: CheckpointReport, _: Expectations) -> Iterator[Problem]:
    if report.fidelity is not None and report.fidelity.least_snr_db < SNR_DB:
        told = f"the sound is {report.fidelity.least_snr_db:.0f} dB from that of float32, and should be {SNR_DB:.0f}"
        yield Problem(code="codec", message=told)


def _likeness(report: CheckpointReport, _: Expectations) -> Iterator[Problem]:
    found = report.likeness
    if found is not None and found.to_reference <= found.to_other:
        told = f"the cloned voice is as near to somebody else ({found.to_other:.2f}) as to its recording"
        yield Problem(code="likeness", message=f"{told} ({found.to_reference:.2f})")


def _precisions(report: CheckpointReport, table: Expectations) -> Iterator[Problem]:
    for one in report.precisions:
        if one.missing or one.is_finite:
            continue
        if one.dtype == report.dtype:
            told = f"{one.dtype}, in which it speaks, does not hold its values ({one.where}): choose float32"
            yield Problem(code="not_finite", message=told)
        elif one.dtype == "float16" and table.of_checkpoint(report.type_name).float16:
            told = f"float16 does not hold its values ({one.where}), and the table of expectations does not know it"
            yield Problem(code="float16", message=told)


def _official(report: CheckpointReport, _: Expectations) -> Iterator[Problem]:
    cases = report.official.cases if report.official is not None else []
    found = [
        f"{one.language}/{one.text}/{one.layout}: frame {one.parting.frame}, codebook {one.parting.codebook}"
        for one in cases
        if one.parting is not None
    ]
    if found:
        told = f"{len(found)} of {len(cases)} greedy texts part from the official package"
        yield Problem(code="official", message=told, where=tuple(found))


def _recognised(report: CheckpointReport, _: Expectations) -> Iterator[Problem]:
    languages = sorted({one.utterance.partition("/")[0] for one in report.recognised})
    for language in languages:
        rates = [one.rates.characters for one in report.recognised if one.utterance.startswith(f"{language}/")]
        if (median := statistics.median(rates)) > CHARACTER_ERRORS:
            told = f"the recogniser misses {median:.0%} of what is said in {language}"
            yield Problem(code="recognition", message=told)
