"""A report in words: for each checkpoint what was measured, then what is wrong."""

import statistics
from collections.abc import Iterator

from qwen_tts.check.report import CheckpointReport, Problem, Report

_FLOAT16_LARGEST = 65_504.0
_NAMED = 6
"""Places that are named; the report file has all."""


def summary(report: Report) -> str:
    card = report.machine.card or report.machine.cpu
    lines = [f"{card}; {', '.join(f'{name} {version}' for name, version in report.machine.versions.items())}"]
    for one in report.checkpoints:
        lines += ["", *_checkpoint(one)]
    lines += ["", *(f"WRONG {_problem(problem)}" for problem in report.refused)] if report.refused else []
    if not report.is_whole:
        lines += ["", "interrupted: this is what there is"]
    return "\n".join(lines)


def _checkpoint(one: CheckpointReport) -> Iterator[str]:
    yield f"{one.identity.name} on {one.device} in {one.dtype}"
    for part in (_spoken, _paces, _start, _seams, _sound, _dtypes, _likeness, _official, _recognised):
        yield from (f"  {line}" for line in part(one))
    yield from (f"  not measured: {what}" for what in one.not_measured)
    yield from (f"  WRONG {_problem(problem)}" for problem in one.problems)
    if not one.problems:
        yield "  all well"


def _spoken(one: CheckpointReport) -> Iterator[str]:
    spoken = one.utterances
    if not spoken:
        return
    audio_s, synthesis_s = sum(u.audio_s for u in spoken), sum(u.synthesis_s for u in spoken)
    ends = ", ".join(f"{sum(u.end == end for u in spoken)} {end}" for end in sorted({u.end for u in spoken}))
    silence = sum("silence" in u.guards for u in spoken)
    guarded = f", {silence} of them ended by silence" if silence else ""
    rtf = f", RTF {synthesis_s / audio_s:.2f}" if audio_s else ""
    yield f"{len(spoken)} utterances, {audio_s:.0f} s of sound{rtf}: {ends}{guarded}"
    levels = [u.level for u in spoken if u.level is not None and u.audio_s]
    if levels:
        voiced, peak = statistics.median(x.voiced_db for x in levels), max(x.peak_db for x in levels)
        yield f"level {voiced:.0f} dBFS, peak {peak:.0f}, {sum(x.clipped for x in levels)} samples cut off"
    quiet = [u.silences for u in spoken if u.silences is not None and u.audio_s]
    if quiet:
        start, end = (statistics.median(getattr(q, name) for q in quiet) for name in ("start_s", "end_s"))
        inside = max(q.longest_inside_s for q in quiet)
        yield f"silence: {start:.2f} s before, {end:.2f} s after, at most {inside:.2f} s inside"


def _paces(one: CheckpointReport) -> Iterator[str]:
    judged = [u for u in one.utterances if u.end == "complete" and u.expected_s]
    paces = {
        language: statistics.median(u.spoken_s / u.expected_s for u in judged if u.language == language)
        for language in sorted({u.language for u in judged})
    }
    if paces:
        yield "length beside the expected: " + ", ".join(f"{code} {pace:.2f}" for code, pace in paces.items())


def _start(one: CheckpointReport) -> Iterator[str]:
    for start in one.starts:
        if start.frames:
            first = start.frames[0]
            told = f"first frame of {start.voice}: {first.level_db:.0f} dBFS, the same in {first.same:.0%}"
            yield f"{told}; start_frames = {start.start_frames} of {start.utterances} utterances"


def _seams(one: CheckpointReport) -> Iterator[str]:
    seams = [seam for found in one.seams for seam in found.seams]
    if seams:
        silences, clicks = [seam.silence_ms for seam in seams], sum(seam.has_click for seam in seams)
        step = max(abs(seam.step_db) for seam in seams)
        told = f"{len(seams)} seams of long texts: silence {min(silences)} to {max(silences)} ms"
        yield f"{told}, greatest step {step:.1f} dB, {clicks} clicks"


def _sound(one: CheckpointReport) -> Iterator[str]:
    if (found := one.fidelity) is not None:
        told = f"sound beside float32: {found.median_snr_db:.0f} dB, at least {found.least_snr_db:.0f}"
        yield f"{told} ({found.utterances} utterances, {found.seconds:.0f} s)"


def _dtypes(one: CheckpointReport) -> Iterator[str]:
    for found in one.precisions:
        if found.missing:
            yield f"{found.dtype}: cannot be tried ({found.missing})"
            continue
        if found.largest is None:
            largest = f"NOT FINITE in {found.where}"
        else:
            largest = f"largest value {found.largest:.4g} ({found.largest / _FLOAT16_LARGEST:.1%} of float16)"
        compared = f"{found.same_frames} of {found.frames} frames as float32"
        yield f"{found.dtype}: {largest}, {compared if found.frames else 'no float32 to compare with'}"


def _likeness(one: CheckpointReport) -> Iterator[str]:
    if (found := one.likeness) is not None:
        told = f"cloned voice: {found.to_reference:.2f} to its recording ({found.reference})"
        yield f"{told}, {found.to_other:.2f} to somebody else"


def _official(one: CheckpointReport) -> Iterator[str]:
    if one.official is not None and one.official.cases:
        equal = sum(case.parting is None for case in one.official.cases)
        frames = sum(case.frames for case in one.official.cases)
        yield f"official package: {equal} of {len(one.official.cases)} greedy texts equal ({frames} frames)"


def _recognised(one: CheckpointReport) -> Iterator[str]:
    if one.recognised:
        characters = statistics.median(found.rates.characters for found in one.recognised)
        words = [found.rates.words for found in one.recognised if found.rates.words is not None]
        told = f"recogniser: {characters:.0%} of the characters wrong"
        yield told + (f", {statistics.median(words):.0%} of the words" if words else "")


def _problem(problem: Problem) -> str:
    named = ", ".join(problem.where[:_NAMED])
    more = f" and {len(problem.where) - _NAMED} more" if len(problem.where) > _NAMED else ""
    return f"({problem.code}) {problem.message}" + (f": {named}{more}" if named else "")
