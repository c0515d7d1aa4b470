"""Which engine the settings mean."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from benchmarks.random_checkpoint import write_checkpoint
from qwen3tts_daemon.hosting import checked, checkpoints, engine_selection
from qwen3tts_daemon.hosting.engine_selection import (
    checked_file,
    choose_engine,
    kept_measurements,
    manager_config,
    obstacle_of,
)
from qwen3tts_daemon.hosting.models_directory import Obstacle
from qwen3tts_daemon.hosting.real_time import Unmeasured
from qwen3tts_daemon.settings import Settings, SettingsError, load_settings
from qwen_tts.bench.figures import Figures, Measured, Way
from qwen_tts.config.engine import NICE
from qwen_tts.cores import Cores

EMBEDDED = "qwen3tts_daemon.embedded.engine:create"
QWEN = "qwen_tts.hosting.host:create"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("models")
    for name in ("tiny-0.6B-CustomVoice", "tiny-0.6B-Base"):
        write_checkpoint(name, root / name)
    return root


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(engine_selection, "_DEVICES", (tmp_path,))


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_selection, "_DEVICES", ())


def settings(directory: Path, *options: str) -> Settings:
    return load_settings(["--models.dir", str(directory), *options])


@pytest.mark.usefixtures("gpu")
def test_by_itself_it_takes_qwen_where_a_gpu_and_a_checkpoint_are(models: Path) -> None:
    choice = choose_engine(settings(models))
    assert choice.spec.factory == QWEN
    both = [str((models / f"tiny-0.6B-{kind}").resolve()) for kind in ("CustomVoice", "Base")]
    assert choice.spec.options["checkpoints"] == both
    assert choice.config.sleep_s == 600


@pytest.mark.usefixtures("gpu")
def test_without_a_checkpoint_it_says_how_to_get_one(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    assert choose_engine(settings(tmp_path)).spec.factory == EMBEDDED
    assert "qwen3tts-daemon models download" in caplog.text


@pytest.mark.usefixtures("gpu")
def test_a_broken_checkpoint_is_skipped_aloud(models: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "good").symlink_to(models / "tiny-0.6B-Base")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "config.json").write_text("{")
    choice = choose_engine(settings(tmp_path))
    assert choice.spec.options["checkpoints"] == [str((models / "tiny-0.6B-Base").resolve())]
    assert "checkpoint bad is skipped" in caplog.text


@pytest.mark.usefixtures("no_gpu")
def test_without_a_gpu_the_preview_voice_speaks_and_qwen_if_it_is_asked_for(models: Path) -> None:
    assert choose_engine(settings(models)).spec.factory == EMBEDDED
    asked = choose_engine(settings(models, "--engine", "qwen"))
    assert asked.spec.factory == QWEN


FAST = Figures(frame_ms=40, first_audio_ms=120, memory_mib=1500, load_s=2, threads=2, copy_gb_s=12)


def measured(settings: Settings, ways: Mapping[str, Measured]) -> None:
    """Of what lies there, as an earlier start has left it."""
    for one in checkpoints.scan(settings.models_path).checkpoints:
        for weights, outcome in ways.items():
            kept_measurements(settings).put(one, Way("cpu", weights), outcome)  # type: ignore[arg-type]


@pytest.mark.usefixtures("no_gpu")
def test_without_a_gpu_qwen_speaks_where_it_was_measured_to_be_in_time(models: Path, tmp_path: Path) -> None:
    pytest.importorskip("openvino")
    wanted = settings(models, "--data-dir", str(tmp_path))
    unknown = choose_engine(wanted)
    assert isinstance(unknown.verdict, Unmeasured)
    assert unknown.spec.factory == EMBEDDED
    measured(wanted, {"int8": FAST})
    choice = choose_engine(wanted)
    assert choice.spec.factory == QWEN
    assert (choice.spec.options["device"], choice.spec.options["weights"]) == ("cpu", "int8")
    assert len(choice.spec.options["checkpoints"]) == 2
    measured(wanted, {"int8": msgspec.structs.replace(FAST, frame_ms=200)})
    slow = choose_engine(wanted)
    assert slow.spec.factory == EMBEDDED
    assert obstacle_of(wanted, slow.verdict) == Obstacle("slow", 'engine = "qwen"')
    assert "200 ms for 80 ms" in slow.reason
    measured(wanted, {"int8": msgspec.structs.replace(FAST, frame_ms=200, others=0.5)})
    assert isinstance(choose_engine(wanted).verdict, Unmeasured), "others were at work: it is measured again"
    measured(wanted, {"int8": msgspec.structs.replace(FAST, others=0.5)})
    assert choose_engine(wanted).spec.factory == QWEN, "in time even so"


@pytest.mark.usefixtures("no_gpu")
def test_4_bits_are_chosen_only_for_what_has_passed_a_check(models: Path, tmp_path: Path) -> None:
    pytest.importorskip("openvino")
    wanted = settings(models, "--data-dir", str(tmp_path))
    measured(wanted, {"int8": msgspec.structs.replace(FAST, frame_ms=90), "int4": FAST})
    assert choose_engine(wanted).spec.factory == EMBEDDED
    checked.remember(checked_file(wanted), {models / "tiny-0.6B-Base": True}, "int4")
    choice = choose_engine(wanted)
    assert choice.spec.options["weights"] == "int4"
    assert choice.spec.options["checkpoints"] == [str((models / "tiny-0.6B-Base").resolve())]


@pytest.mark.usefixtures("no_gpu")
@pytest.mark.parametrize("asked", [("--qwen.weights", "int4"), ("--qwen.weights", "int8"), ("--qwen.device", "cpu")])
def test_who_names_device_or_weights_is_obeyed_without_a_measurement(
    models: Path, tmp_path: Path, asked: tuple[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    choice = choose_engine(settings(models, "--data-dir", str(tmp_path), *asked))
    assert choice.spec.factory == QWEN
    assert choice.verdict is None
    assert choice.spec.options[asked[0].removeprefix("--qwen.")] == asked[1]
    assert ("not judged by ear" in caplog.text) == ("int4" in asked)


@pytest.mark.usefixtures("gpu")
def test_a_card_waits_for_no_measurement(models: Path, tmp_path: Path) -> None:
    choice = choose_engine(settings(models, "--data-dir", str(tmp_path)))
    assert (choice.spec.factory, choice.verdict) == (QWEN, None)
    assert "weights" not in choice.spec.options


@pytest.mark.usefixtures("no_gpu")
def test_without_a_checkpoint_there_is_nothing_to_measure(tmp_path: Path) -> None:
    choice = choose_engine(settings(tmp_path))
    assert (choice.spec.factory, choice.verdict) == (EMBEDDED, None)


@pytest.mark.usefixtures("gpu")
def test_the_preview_voice_if_it_is_asked_for(models: Path) -> None:
    assert choose_engine(settings(models, "--engine", "embedded")).spec.factory == EMBEDDED


def test_the_engine_hears_of_what_was_asked_for_and_of_nothing_else(models: Path) -> None:
    options = ["--engine", "qwen", "--qwen.checkpoints", "tiny-0.6B-Base", "--qwen.rows", "3", "--qwen.device", "cpu"]
    options += ["--qwen.guards.silence-s", "0", "--qwen.sleep-s", "5", "--no-qwen.preload"]
    options += ["--qwen.keep-loaded", "cloned"]
    choice = choose_engine(settings(models, *options))
    cache_dir = choice.spec.options.pop("cache_dir")
    assert Path(cache_dir).name == "cache"
    assert choice.spec.options == {
        "checkpoints": [str((models / "tiny-0.6B-Base").resolve())], "rows": 3, "device": "cpu",
        "guards": {"silence_s": None}, "keep_loaded": ["cloned"], "load_timeout_s": 120.0,
    }  # fmt: skip
    assert (choice.config.sleep_s, choice.preload) == (5, False)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--engine", "qwen", "--qwen.checkpoints", "nobody"), "qwen.checkpoints.*nobody"),
        (("--engine", "qwen", "--models.dir", "/nonexistent"), "holds no checkpoint: qwen3tts-daemon models download"),
    ],
)
def test_a_choice_that_cannot_be_met_stops_the_start(models: Path, options: tuple[str, ...], reason: str) -> None:
    with pytest.raises(SettingsError, match=reason):
        choose_engine(settings(models, *options))


def test_two_checkpoints_of_a_kind_are_named_and_no_other(models: Path, tmp_path: Path) -> None:
    for name, target in (("one", "CustomVoice"), ("two", "Base"), ("three", "CustomVoice")):
        (tmp_path / name).symlink_to(models / f"tiny-0.6B-{target}")
    options = [
        "--engine",
        "qwen",
        "--qwen.checkpoints",
        "one",
        "--qwen.checkpoints",
        "two",
        "--qwen.checkpoints",
        "three",
    ]
    with pytest.raises(SettingsError, match="one and three are both custom_voice; name one of them"):
        choose_engine(settings(tmp_path, *options))


def test_without_a_whole_checkpoint_it_says_what_is_wrong_with_those_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "config.json").write_text("{")
    with pytest.raises(SettingsError, match=r"holds no checkpoint: .*; bad: "):
        choose_engine(settings(tmp_path, "--engine", "qwen"))


def test_the_preview_voice_speaks_while_qwen_loads_if_that_is_wanted(models: Path) -> None:
    wanted = choose_engine(settings(models, "--engine", "qwen", "--qwen.while-loading", "embedded"))
    assert wanted.stand_in is not None
    assert wanted.stand_in.factory == EMBEDDED
    assert choose_engine(settings(models, "--engine", "qwen", "--qwen.while-loading", "wait")).stand_in is None
    assert choose_engine(settings(models, "--engine", "embedded")).stand_in is None


def test_only_an_engine_that_imports_pytorch_has_a_spare_process(models: Path) -> None:
    qwen = choose_engine(settings(models, "--engine", "qwen"))
    assert (qwen.config.has_spare, qwen.spec.imports) == (True, ("qwen_tts.engine.engine",))
    preview = choose_engine(settings(models, "--engine", "embedded"))
    assert (preview.config.has_spare, preview.spec.imports) == (False, ())


def test_how_long_the_card_is_kept_may_change_and_nothing_else_of_what_was_chosen(models: Path) -> None:
    for engine, sleep_s in (("qwen", 7.0), ("embedded", 0.0)):
        choice = choose_engine(settings(models, "--engine", engine))
        changed = manager_config(choice, settings(models, "--qwen.sleep-s", "7"))
        assert changed == replace(choice.config, sleep_s=sleep_s)


@pytest.mark.parametrize(("cores", "options", "threads"), [
    (Cores(1, 1), (), 1), (Cores(2, 4), (), 2), (Cores(64, 64), (), 4), (Cores(2, 8), ("--embedded.threads", "7"), 7),
])  # fmt: skip
def test_the_preview_voice_takes_a_few_threads_unless_it_is_told(
    models: Path, monkeypatch: pytest.MonkeyPatch, cores: Cores, options: tuple[str, ...], threads: int
) -> None:
    monkeypatch.setattr(engine_selection, "usable_cores", lambda: cores)
    assert choose_engine(settings(models, "--engine", "embedded", *options)).spec.options["threads"] == threads


@pytest.mark.parametrize("engine", ["embedded", "qwen"])
def test_more_threads_than_there_are_processors_stop_the_start(models: Path, engine: str) -> None:
    with pytest.raises(SettingsError, match=rf"{engine}\.threads is 1000, .* give fewer"):
        choose_engine(settings(models, "--engine", engine, f"--{engine}.threads", "1000"))


def test_how_far_the_preview_voice_gives_way_is_for_its_process_to_know(models: Path) -> None:
    assert choose_engine(settings(models, "--engine", "embedded")).spec.nice == NICE
    assert choose_engine(settings(models, "--engine", "embedded", "--embedded.nice", "0")).spec.nice == 0
    assert choose_engine(settings(models, "--engine", "qwen")).spec.nice is None


@pytest.mark.parametrize(("machine", "extra"), [("gpu", "gpu"), ("no_gpu", "cpu")])
def test_without_torch_qwen_cannot_be_chosen(
    machine: str, extra: str, models: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    request.getfixturevalue(machine)
    monkeypatch.setattr(engine_selection.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(SettingsError, match=rf"qwen3tts-daemon\[{extra}\]"):
        choose_engine(settings(models, "--engine", "qwen"))
