"""What is wrong is named; what is right is not."""

import dataclasses
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from qwen_tts.check.measured_table import measured_table
from qwen_tts.check.measures.codes import Parting
from qwen_tts.check.measures.first_frames import FirstFrame
from qwen_tts.check.measures.recognition import ErrorRates
from qwen_tts.check.measures.seams import Seam
from qwen_tts.check.measures.sound import Level, Silences
from qwen_tts.check.report import (
    CheckpointReport,
    CodecFidelity,
    Likeness,
    Machine,
    Official,
    OfficialCase,
    Precision,
    Recognised,
    Report,
    SeamsOf,
    Start,
    Utterance,
)
from qwen_tts.check.sentences import names, sentences
from qwen_tts.check.summary import summary
from qwen_tts.check.verdicts import problems
from qwen_tts.config.expectations import Expectations
from tests.check.reports import GOOD, checkpoint

TABLE = Expectations.read()
MACHINE = Machine(system="Linux", cpu="a CPU", cores=2, card=None, card_memory_mib=None, versions={"torch": "2"})


def uttered(**fields: Any) -> CheckpointReport:
    return checkpoint(utterances=[GOOD, msgspec.structs.replace(GOOD, text="light", **fields)])


def seam(**fields: Any) -> CheckpointReport:
    good = Seam(sample=1000, silence_ms=400, before_db=-20, after_db=-21, jump=0.01, jump_nearby=0.1)
    return checkpoint(seams=[SeamsOf(utterance="en/evening/whole", seams=[good, dataclasses.replace(good, **fields)])])


def started(frames: int) -> CheckpointReport:
    found = [FirstFrame(-35, 0.5, 1.0)] * frames
    return checkpoint(starts=[Start(voice="ryan", utterances=20, frames=found, start_frames=frames)])


def official(parting: Parting | None) -> CheckpointReport:
    case = OfficialCase(language="en", text="light", layout="whole", frames=50, parting=parting)
    return checkpoint(official=Official(cases=[case]))


def likeness(to_reference: float) -> CheckpointReport:
    return checkpoint(likeness=Likeness(reference="the preview voice", to_reference=to_reference, to_other=0.4))


def fidelity(least_snr_db: float) -> CheckpointReport:
    return checkpoint(fidelity=CodecFidelity(utterances=8, seconds=32, least_snr_db=least_snr_db, median_snr_db=47))


def precision(dtype: str, largest: float | None, size: str = "1b7") -> CheckpointReport:
    found = Precision(dtype=dtype, is_finite=largest is not None, largest=largest, where="talker.transformer")
    return checkpoint(precisions=[found], size=size)


def recognised(characters: float) -> CheckpointReport:
    rates = ErrorRates(characters, None)
    return checkpoint(recognised=[Recognised(utterance=f"en/{name}/whole", rates=rates) for name in names()])


WRONG = [
    ("no_end_of_speech", uttered(end="limit")),
    ("generation_failed", uttered(end="generation_failed")),
    ("too_long", uttered(audio_s=14.0)),
    ("too_short", uttered(audio_s=1.0)),
    ("level", uttered(level=Level(-50.0, -40.0, 0))),
    ("level", uttered(level=Level(-3.0, 0.0, 0))),
    ("clipping", uttered(level=Level(-21.0, 0.0, 100))),
    ("silence", uttered(silences=Silences(0.1, 2.5, 0.1))),
    ("silence", uttered(silences=Silences(0.1, 0.1, 3.5), audio_s=8.5)),
    ("silence", uttered(silences=Silences(1.5, 0.1, 0.1))),
    ("start_noise", started(3)),
    ("seam", seam(jump=0.5)),
    ("seam", seam(after_db=-35)),
    ("seam", seam(silence_ms=2500)),
    ("codec", fidelity(20)),
    ("likeness", likeness(0.3)),
    ("not_finite", precision("bfloat16", None)),
    ("float16", precision("float16", None)),
    ("official", official(Parting(17, 3))),
    ("recognition", recognised(0.6)),
]
WELL = [
    checkpoint(), started(0), seam(), fidelity(47), likeness(0.8), precision("float16", 40_000.0), official(None),
    recognised(0.1), precision("float16", None, size="0b6"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "report"), WRONG, ids=[f"{code}-{n}" for n, (code, _) in enumerate(WRONG)])
def test_what_is_wrong_is_named(code: str, report: CheckpointReport) -> None:
    report.problems = problems(report, TABLE)
    assert [problem.code for problem in report.problems] == [code]
    told = summary(Report(date="", machine=MACHINE, is_whole=True, checkpoints=[report]))
    assert re.search(rf"^  WRONG \({code}\) ", told, re.MULTILINE)
    assert "all well" not in told


@pytest.mark.parametrize("report", WELL)
def test_what_is_well_is_not_named(report: CheckpointReport) -> None:
    assert problems(report, TABLE) == []
    assert "all well" in summary(Report(date="", machine=MACHINE, is_whole=True, checkpoints=[report]))


def test_a_short_word_is_not_judged_by_its_pace() -> None:
    assert problems(uttered(expected_s=0.2, audio_s=0.9), TABLE) == []


# -- the table --------------------------------------------------------------------------------------------------------


def spoken(language: str, pace: float, sign_s: float) -> list[Utterance]:
    """All texts, with letters `pace` times as long as expected, and signs of `sign_s`."""
    found = []
    for name, text in sentences()[language].items():
        signs = sum(character.isdigit() or character in "$°" for character in text)
        audio_s = pace * (TABLE.seconds(text, language) - signs * TABLE.seconds_per_sign.any) + signs * sign_s
        quiet = Silences(0.5, 0.0, 0.25)
        found.append(
            msgspec.structs.replace(GOOD, language=language, text=name, audio_s=audio_s + 0.75, silences=quiet)
        )
    return found


def test_a_measured_table_says_what_was_measured(tmp_path: Path) -> None:
    measured = [
        checkpoint(utterances=[*spoken("de", 1.2, 0.3), *spoken("ja", 0.9, 0.3)]),
        started(3),
        precision("float16", None),
    ]
    measured[1].identity = measured[2].identity = msgspec.structs.replace(measured[1].identity, kind="base")
    path = tmp_path / "measured.toml"
    path.write_text(measured_table(Report(date="", machine=MACHINE, checkpoints=measured[:2]), TABLE))
    found = Expectations.read(path)
    assert found.seconds_per_character["de"] == pytest.approx(1.2 * TABLE.seconds_per_character["de"], rel=0.01)
    assert found.seconds_per_character["ja"] == pytest.approx(0.9 * TABLE.seconds_per_character["ja"], rel=0.01)
    assert found.seconds_per_character["en"] == TABLE.seconds_per_character["en"]
    assert found.seconds_per_sign.any == pytest.approx(0.3, rel=0.05)
    base, noise = found.of_checkpoint("1b7-base"), measured[1].starts[0].frames[:3]
    assert base.start_frames == 3
    assert all(one.level_db + one.spread_db < base.start_dbfs for one in noise)
    path.write_text(measured_table(Report(date="", machine=MACHINE, checkpoints=measured[2:]), TABLE))
    assert not Expectations.read(path).of_checkpoint("1b7-base").float16


def test_of_too_little_nothing_is_said(tmp_path: Path) -> None:
    few = spoken("de", 2.0, 0.3)[:2]
    (tmp_path / "measured.toml").write_text(
        measured_table(Report(date="", machine=MACHINE, checkpoints=[checkpoint(utterances=few)]), TABLE)
    )
    assert Expectations.read(tmp_path / "measured.toml") == TABLE
