"""A check on tiny checkpoints, well and bent: what is found, what is written, how it ends."""

import dataclasses
import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch

from benchmarks.random_checkpoint import write_checkpoint
from qwen_tts.api import PresetVoice, StreamEnd, SynthesisRequest
from qwen_tts.audio.samples import to_pcm
from qwen_tts.audio.sound_file import write_sound
from qwen_tts.check.options import ALL_WELL, COULD_NOT_RUN, WRONG, CheckOptions, Reference
from qwen_tts.check.privacy import told
from qwen_tts.check.report import Report, to_json
from qwen_tts.check.run import exit_code, run
from qwen_tts.check.sentences import sentences
from qwen_tts.check.stages import official, precision
from qwen_tts.check.stages.fidelity import codec_fidelity
from qwen_tts.check.stages.official import Case, beside_official
from qwen_tts.check.stages.plain import Text, greedy_codes
from qwen_tts.check.stages.plan import Planned
from qwen_tts.check.stages.recogniser import NotHeard, Recogniser
from qwen_tts.check.stages.speaking import Part, Take
from qwen_tts.check.stages.takes import seams
from qwen_tts.check.summary import summary
from qwen_tts.checkpoint.model import Model, load_codec, load_model
from qwen_tts.config.expectations import Expectations
from qwen_tts.errors import InvalidRequest, SynthesisError, SynthesisFailed, UnknownLanguage
from tests.bent import CODE_PREDICTOR_OVERFLOW, bend
from tests.check.conftest import ON_ONE_CORE, Checked
from tests.check.reports import checkpoint
from tests.check.test_verdicts import MACHINE
from tests.engine.conftest import Load, checkpoints, load
from tests.golden.cases import SMALL_CUSTOM, reference_audio

__all__ = ["checkpoints", "load"]


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recording") / "speaker.wav"
    write_sound(path, to_pcm(reference_audio()), 24_000)
    return path


# -- what is measured -------------------------------------------------------------------------------------------------


def test_everything_is_measured_the_same_every_time(models: Path, checked: Checked, tmp_path: Path) -> None:
    table = tmp_path / "measured.toml"
    options = {"sentences": ("yes", "market"), "expectations": str(table)}
    engine = {**ON_ONE_CORE, "live_text": {"span_tokens": 16}}
    _, report = checked(models / "0.6B-CustomVoice", engine=engine, **options)
    (found,) = report.checkpoints
    assert (found.device, found.dtype, report.is_whole) == ("cpu", "float32", True)
    assert [(one.text, one.mode) for one in found.utterances] == [
        (text, mode) for text in ("yes", "market") for mode in ("whole", "live")
    ]
    assert all(one.audio_s > 0 and one.level is not None and one.level.voiced_db > -60 for one in found.utterances)
    long = found.utterances[2]
    (seams,) = (one for one in found.seams if one.utterance == "en/market/whole")
    assert len(seams.seams) == long.parts - 1 >= 2
    assert found.fidelity is not None
    assert found.fidelity.least_snr_db > 60, "on a CPU both are the same network"
    assert [(one.dtype, one.missing, one.is_finite) for one in found.precisions] == [
        (dtype, "", True) for dtype in ("float32", "bfloat16", "float16")
    ]
    assert found.precisions[0].same_frames == found.precisions[0].frames > 0
    assert found.starts[0].frames == [] or found.starts[0].utterances == 2
    assert Expectations.read(table).of_checkpoint("0b6-custom_voice").float16
    _, again = checked(models / "0.6B-CustomVoice", engine=engine, sentences=("yes",))
    timeless = [msgspec.structs.replace(one, synthesis_s=0) for one in found.utterances]
    assert [msgspec.structs.replace(one, synthesis_s=0) for one in again.checkpoints[0].utterances] == timeless[:2]


def test_values_that_float16_does_not_hold_are_found_and_written_into_the_table(
    models: Path, checked: Checked, tmp_path: Path
) -> None:
    directory = bend(models / "1.7B-VoiceDesign", tmp_path / "bent", CODE_PREDICTOR_OVERFLOW)
    table = tmp_path / "measured.toml"
    status, report = checked(directory, expectations=str(table))
    found = {one.dtype: one for one in report.checkpoints[0].precisions}
    assert not found["float16"].is_finite
    assert found["float16"].where.startswith("code_predictor.")
    assert found["float32"].largest is not None
    assert found["float32"].largest > 65_504
    assert status == WRONG
    assert "float16" in [problem.code for problem in report.problems]
    assert not Expectations.read(table).of_checkpoint("1b7-voice_design").float16


def test_a_checkpoint_that_overflows_as_it_is_served_is_wrong(models: Path, checked: Checked, tmp_path: Path) -> None:
    directory = bend(models / "0.6B-CustomVoice", tmp_path / "bent", CODE_PREDICTOR_OVERFLOW)
    status, report = checked(directory, engine={**ON_ONE_CORE, "dtype": "float16"})
    assert status != ALL_WELL
    assert "not_finite" in [problem.code for problem in report.problems]


def test_speech_that_does_not_end_is_named(text_tokenizer_files: Path, checked: Checked, tmp_path: Path) -> None:
    write_checkpoint("tiny-0.6B-CustomVoice", tmp_path / "endless", text_tokenizer=text_tokenizer_files, endless=True)
    status, report = checked(tmp_path / "endless")
    assert status == WRONG
    (named,) = (problem for problem in report.problems if problem.code == "no_end_of_speech")
    assert named.where == ("en/yes/whole", "en/yes/live")


def test_a_cloned_voice_is_compared_with_its_recording(models: Path, checked: Checked, recording: Path) -> None:
    reference = Reference(path=str(recording), transcript="Good morning to you.")
    engine = {**ON_ONE_CORE, "row_positions": 256}
    _, report = checked(models / "0.6B-Base", engine=engine, reference=reference, sentences=("light", "market"))
    (found,) = report.checkpoints
    assert {one.voice for one in found.utterances} == {"cloned"}
    assert found.likeness is not None or "likeness" in found.not_measured[0]
    if found.likeness is not None:
        assert -1 <= found.likeness.to_reference <= 1
        assert found.likeness.reference == "a recording that was given"


def test_what_another_checkpoint_said_is_a_voice_to_clone(models: Path, checked: Checked) -> None:
    base, engine = models / "0.6B-Base", {**ON_ONE_CORE, "row_positions": 256}
    _, report = checked(base, models / "0.6B-CustomVoice", engine=engine, sentences=("market",))
    assert [one.identity.kind for one in report.checkpoints] == ["custom_voice", "base"]
    assert len(report.checkpoints[1].utterances) == 2
    status, report = checked(base)
    assert status == COULD_NOT_RUN
    assert [problem.code for problem in report.refused] == ["no_reference"]
    assert "--reference" in report.refused[0].message


# -- beside the official package --------------------------------------------------------------------------------------


def stand_in(path: Path, answer: str) -> Path:
    """A python that answers so, whatever it is asked."""
    path.write_text(f"#!/bin/sh\ncat > /dev/null\ncat <<'END'\n{answer}\nEND\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def cases(load: Load) -> tuple[Model, list[Case], list[list[list[int]]]]:
    """A model, what it says in both layouts, and the codes."""
    model = load(SMALL_CUSTOM)
    request = SynthesisRequest(text=sentences()["en"]["light"], voice=model.prompts.any_voice(), language="en")
    asked = [Case(Text("light", request, None), layout, 6) for layout in ("whole", "streaming")]  # type: ignore[arg-type]
    return model, asked, [greedy_codes(model, case.text, 6, case.layout) for case in asked]


def test_equal_codes_are_equal(cases: tuple[Model, list[Case], list[list[list[int]]]], tmp_path: Path) -> None:
    model, asked, codes = cases
    python = stand_in(tmp_path / "python", json.dumps({"versions": {"torch": "2"}, "codes": codes}))
    found = beside_official(python, tmp_path, model, asked, None)
    assert [(case.layout, case.parting) for case in found.cases] == [("whole", None), ("streaming", None)]
    assert found.versions == {"torch": "2"}


def test_other_codes_part_where_they_do(cases: tuple[Model, list[Case], list[list[list[int]]]], tmp_path: Path) -> None:
    model, asked, codes = cases
    codes[1][1][5] += 1
    python = stand_in(tmp_path / "python", json.dumps({"codes": codes}))
    whole, streaming = beside_official(python, tmp_path, model, asked, None).cases
    assert whole.parting is None
    assert streaming.parting is not None
    assert (streaming.parting.frame, streaming.parting.codebook) == (1, 5)


@pytest.mark.parametrize("answer", ["", "Killed", '{"codes": []}', '{"missing": "no module named qwen_tts"}'])
def test_a_python_that_does_not_know_it_is_told_of(
    answer: str, cases: tuple[Model, list[Case], list[list[list[int]]]], tmp_path: Path
) -> None:
    model, asked, _ = cases
    assert beside_official(stand_in(tmp_path / "python", answer), tmp_path, model, asked, None).missing


def test_our_own_package_is_not_taken_for_the_official_one(
    cases: tuple[Model, list[Case], list[list[list[int]]]], tmp_path: Path
) -> None:
    model, asked, _ = cases
    found = beside_official(Path(sys.executable), tmp_path, model, asked, None)
    assert "cannot be imported" in found.missing


# -- the recogniser ---------------------------------------------------------------------------------------------------

SECOND = to_pcm(np.zeros(24_000, np.float32))


def test_what_a_recogniser_prints_is_compared() -> None:
    heard = Recogniser("""sh -c 'test -s "$0" && test "$1" = en && echo good MORNING everybody' {wav} {language}""")
    assert heard.error_rates(SECOND, 24_000, "Good morning, everybody.", "en").characters == 0


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("false {wav}", "ended with 1"),
        ("sh -c 'echo no model >&2; exit 3' {wav}", "ended with 3$"),
        ("true {wav}", "printed nothing"),
        ("a-program-that-is-not-there {wav}", "cannot be run"),
        ("sleep 600", "said nothing for 0.2 s"),
    ],
)
def test_a_recogniser_that_fails_is_told_of(command: str, said: str) -> None:
    with pytest.raises(NotHeard, match=said):
        Recogniser(command, patience_s=0.2 if "sleep" in command else 60).error_rates(SECOND, 24_000, "Yes.", "en")


def test_a_recogniser_that_fails_does_not_end_the_check(models: Path, checked: Checked) -> None:
    status, report = checked(models / "0.6B-CustomVoice", recogniser="false {wav}")
    assert status == WRONG
    assert "recogniser" in [problem.code for problem in report.problems]
    assert report.checkpoints[0].precisions


# -- what is told -----------------------------------------------------------------------------------------------------


def test_what_other_programs_say_is_for_the_terminal_only(
    cases: tuple[Model, list[Case], list[list[list[int]]]], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    said = "HTTPError: 401 for url: https://asr.acme.lan:8443/v1?key=sk-SECRET"
    hears = Recogniser(f"sh -c 'echo \"{said}\" >&2; exit 3' {{wav}}")
    with pytest.raises(NotHeard, match=r"^ended with 3$"):
        hears.error_rates(SECOND, 24_000, "Yes.", "en")
    assert said in capfd.readouterr().err
    model, asked, _ = cases
    python = tmp_path / "python"
    for script in (f"echo '{said}' >&2; exit 3", f"""echo '{{"missing": "{said}"}}'"""):
        python.write_text(f"#!/bin/sh\ncat > /dev/null\n{script}\n")
        python.chmod(0o755)
        assert "acme" not in beside_official(python, tmp_path, model, asked, None).missing
        assert said in capfd.readouterr().err


def test_a_checkpoint_in_a_private_folder_and_speakers_have_no_names(
    models: Path, checked: Checked, tmp_path: Path
) -> None:
    directory = tmp_path / "Customer Contract" / "m"
    shutil.copytree(models / "0.6B-CustomVoice", directory)
    (directory / "model.safetensors").unlink()
    _, report = checked(directory)
    assert report.checkpoints[0].failures
    assert "Customer" not in to_json(report).decode()
    config = json.loads((directory / "config.json").read_text())
    config["talker_config"]["spk_id"] = {"grandma_lisa": 99_999, "ryan": "x"}
    (directory / "config.json").write_text(json.dumps(config))
    _, report = checked(directory)
    assert len(report.refused) == 1
    assert "lisa" not in to_json(report).decode()
    config["talker_config"]["spk_id"] = {"grandma_lisa": 99_999}
    config["talker_config"]["spk_is_dialect"] = {}
    (directory / "config.json").write_text(json.dumps(config))
    _, report = checked(directory)
    assert "spk_id.a speaker 99999 is outside" in report.refused[0].message


def test_errors_that_are_not_ours_are_told_by_their_type() -> None:
    assert told(RuntimeError("cannot map /srv/acme")) == "RuntimeError"


# -- how it ends ------------------------------------------------------------------------------------------------------


def test_exit_codes() -> None:
    whole = Report(date="", machine=MACHINE, is_whole=True, checkpoints=[checkpoint()])
    assert exit_code(whole) == ALL_WELL
    assert exit_code(msgspec.structs.replace(whole, is_whole=False)) == COULD_NOT_RUN
    assert exit_code(msgspec.structs.replace(whole, checkpoints=[])) == COULD_NOT_RUN
    wrong = checkpoint(problems=[checkpoint_problem()])
    for is_whole in (True, False):
        assert exit_code(msgspec.structs.replace(whole, checkpoints=[wrong], is_whole=is_whole)) == WRONG
    assert exit_code(msgspec.structs.replace(whole, refused=[checkpoint_problem()])) == WRONG


def test_files_that_cannot_be_written_are_told_of_at_once_or_after_the_words(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    report = tmp_path / "report.json"
    options = CheckOptions(
        checkpoints=(str(models / "0.6B-CustomVoice"),), engine=ON_ONE_CORE, sentences=("yes",), languages=("en",),
        quick=True, report=str(report),
    )  # fmt: skip
    too_long = msgspec.structs.replace(options, report=str(tmp_path / ("x" * 250)))
    assert run(too_long) == COULD_NOT_RUN
    assert capsys.readouterr().out == ""

    def full(partial: str, path: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    assert run(options) == COULD_NOT_RUN
    out, err = capsys.readouterr()
    assert "utterances" in out
    assert f"cannot write {report}: No space left on device" in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("engine", "said"),
    [
        pytest.param(
            {"device": "cuda"}, "cards here", marks=pytest.mark.skipif(torch.cuda.is_available(), reason="has a card")
        ),
        ({"guards": {"expectations": "/nowhere.toml"}}, "guards.expectations"),
        ({"guards": {"expectations": __file__}}, "guards.expectations"),
    ],
)
def test_settings_that_cannot_be_met_end_it_at_once(engine: dict[str, object], said: str) -> None:
    with pytest.raises(SynthesisError, match=said):
        run(CheckOptions(checkpoints=(), engine=engine))


def test_only_what_ended_by_itself_is_a_voice_to_clone() -> None:
    end = StreamEnd(reason="complete")
    take = Take(Planned("en", "yes", "whole"), PresetVoice("ryan"), b"", (), end)
    assert take.is_complete
    for other in (msgspec.structs.replace(end, reason="limit"), SynthesisFailed("not finite")):
        assert not dataclasses.replace(take, end=other).is_complete


def test_nothing_is_compared_with_a_dtype_that_is_not_float32(
    models: Path, monkeypatch: pytest.MonkeyPatch, load: Load
) -> None:
    def out_of_memory(directory: Path, device: torch.device, dtype: torch.dtype) -> Model:
        if dtype == torch.float32:
            raise RuntimeError("CUDA out of memory at /srv/acme")
        return load_model(directory, device, dtype)

    monkeypatch.setattr(precision, "load_model", out_of_memory)
    model = load_model(models / "0.6B-CustomVoice", torch.device("cpu"), torch.float32)
    request = SynthesisRequest(text="Yes.", voice=model.prompts.any_voice(), language="en")
    texts = [Text("yes", request, None)]
    found = list(precision.precisions(models / "0.6B-CustomVoice", torch.device("cpu"), texts, 3))
    assert [(one.missing, one.frames) for one in found] == [("RuntimeError", 0), ("", 0), ("", 0)]
    whole = Report(date="", machine=MACHINE, is_whole=True, checkpoints=[checkpoint(precisions=found)])
    assert "no float32 to compare with" in summary(whole)


def test_no_sound_is_nothing_to_compare(models: Path) -> None:
    assert codec_fidelity(load_codec(models / "0.6B-CustomVoice", torch.device("cpu")), []) is None


def checkpoint_problem() -> msgspec.Struct:
    from qwen_tts.check.report import Problem

    return Problem(code="codec", message="wrong")


def test_a_broken_checkpoint_is_told_of_and_the_others_are_checked(
    models: Path, checked: Checked, tmp_path: Path
) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "config.json").write_text("{}")
    status, report = checked(tmp_path / "broken", models / "0.6B-CustomVoice")
    assert status == WRONG
    assert len(report.refused) == len(report.checkpoints) == 1
    status, report = checked(tmp_path / "broken")
    assert status == COULD_NOT_RUN


@pytest.mark.parametrize(
    ("options", "param"),
    [
        ({"languages": ("xx",)}, "languages"),
        ({"sentences": ("nonsense",)}, "sentences"),
        ({"reference": Reference(path="/nowhere.wav")}, "reference"),
        ({"other": "/nowhere.wav"}, "other"),
        ({"official": "/nowhere/python"}, "official"),
        ({"recogniser": "hear"}, "recogniser"),
        ({"report": "/nowhere/at/all.json"}, "report"),
        ({"expectations": "/"}, "expectations"),
    ],
)
def test_options_that_cannot_be_met_are_refused_at_once(options: dict[str, object], param: str) -> None:
    with pytest.raises((InvalidRequest, UnknownLanguage)) as refused:
        CheckOptions(checkpoints=(), **options)  # type: ignore[arg-type]
    assert refused.value.param == param


def test_the_official_script_imports_nothing_of_ours() -> None:
    script = Path(official.__file__).with_name("official_codes.py")
    done = subprocess.run(
        [sys.executable, "-I", "-c", script.read_text()], input="{}", capture_output=True, text=True, check=False
    )
    assert "missing" in done.stdout


def test_seams_are_looked_for_in_what_was_heard() -> None:
    """The listener lets further parts fade in; what the device said before that is no click of ours."""
    swell = (8_000 * np.sin(np.arange(24_000) / 40)).astype(np.int16)
    jump = swell + np.int16(12_000)
    heard = jump.copy()
    heard[:480] = np.linspace(swell[-1], jump[480], 480)
    planned = Planned("en", "two parts", "whole")
    parts = [Part(planned.seed, 0, pcm=[swell]), Part(planned.seed, 0, pcm=[jump])]
    take = Take(planned, PresetVoice("ryan"), swell.tobytes() + heard.tobytes(), parts, StreamEnd())

    def clicks(pcm: bytes) -> list[bool]:
        found = seams(dataclasses.replace(take, pcm=pcm), "two parts", 24_000)
        return [] if found is None else [one.has_click for one in found.seams]

    assert clicks(take.pcm) == [False]
    assert clicks(swell.tobytes()) == [True], "cut short: what the device said"
