"""`models download` and `models verify`: against a hub and a ModelScope on this machine, over real HTTP."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from benchmarks.random_checkpoint import write_checkpoint
from qwen3tts_daemon.downloads import manifest
from qwen3tts_daemon.downloads.download import download
from qwen3tts_daemon.downloads.manifest import SourceName
from qwen3tts_daemon.downloads.modelscope import ModelScope
from qwen3tts_daemon.downloads.source import DownloadFailed, part_of
from qwen3tts_daemon.downloads.verify import NoSuchCheckpoint, folders, verify
from qwen3tts_daemon.hosting import checkpoints
from qwen3tts_daemon.hosting.checkpoints import CHECKPOINTS, official, short
from qwen_tts.config.checkpoint import CODEC_DIRECTORY
from qwen_tts.config.checkpoint_files import WEIGHTS
from tests.daemon.stand_in_hub import StandIn, StandInHub, StandInModelScope, running
from tests.patience import PATIENCE_S

CUSTOM, CODEC = CHECKPOINTS[0], CHECKPOINTS[-1]
PIECE_BYTES = 4096
MISSING = "1.7B-Base"
"""A checkpoint that the stand-in does not have."""


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("hub")
    write_checkpoint("tiny-1.7B-CustomVoice", root / CUSTOM)
    shutil.copytree(root / CUSTOM / CODEC_DIRECTORY, root / CODEC)
    for unneeded in ("README.md", ".gitattributes", "assets/picture.png"):
        (root / CUSTOM / unneeded).parent.mkdir(exist_ok=True)
        (root / CUSTOM / unneeded).write_text("not for us")
    return {f"Qwen/{name}": root / name for name in (CUSTOM, CODEC)}


@pytest.fixture(scope="module", params=[StandInHub, StandInModelScope])
def kind(request: pytest.FixtureRequest) -> type[StandIn]:
    """Which source; the laws are the same."""
    chosen: type[StandIn] = request.param
    return chosen


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("time.sleep", lambda _: None)  # between attempts


@pytest.fixture
def hub(kind: type[StandIn], repositories: dict[str, Path]) -> Iterator[StandIn]:
    with running(kind(repositories)) as hub:
        yield hub


@pytest.fixture
def modelscope(repositories: dict[str, Path]) -> Iterator[StandInModelScope]:
    with running(StandInModelScope(repositories)) as modelscope:
        yield modelscope


@pytest.fixture(scope="module")
def fetched(kind: type[StandIn], repositories: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models directory to copy from."""
    root = tmp_path_factory.mktemp("fetched")
    with running(kind(repositories)) as hub:
        download([CUSTOM], root, hub.source())
    return root


@pytest.fixture
def models(fetched: Path, tmp_path: Path) -> Path:
    """A models directory with one whole checkpoint."""
    return Path(shutil.copytree(fetched, tmp_path / "models"))


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def known_file(models: Path) -> manifest.File:
    """The weights, as the manifest describes them."""
    known = manifest.Manifest.read(models / CUSTOM)
    assert known is not None
    return next(file for file in known.files if file.path == WEIGHTS)


def corrupt(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def run(*arguments: str, directory: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "qwen3tts_daemon", "models", *arguments, "--directory", str(directory)],
        capture_output=True, text=True, timeout=PATIENCE_S, check=False,
        env={**os.environ, "HF_HOME": str(directory / "hf"), "NO_PROXY": "127.0.0.1", **environment},
    )  # fmt: skip


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_a_checkpoint_has_a_name_a_short_name_and_the_hubs_name(name: str) -> None:
    assert {official(word) for word in (name, short(name), short(name).lower(), f"Qwen/{name}")} == {name}
    assert official(f"{name}-x") is None


def test_a_download_is_what_the_hub_has_without_what_nobody_reads(hub: StandIn, tmp_path: Path) -> None:
    (folder,) = download([], tmp_path, hub.source())
    got = files_in(folder)
    assert got.pop(manifest.NAME)
    offered = files_in(hub.repositories[f"Qwen/{CUSTOM}"])
    assert offered.keys() - got.keys() == {"README.md", ".gitattributes", "assets/picture.png"}
    assert got.items() <= offered.items()
    assert checkpoints.read(folder).kind == "custom_voice"
    assert hub.sent == {name: len(content) for name, content in got.items()}


def test_the_codec_alone_is_whole_too(hub: StandIn, tmp_path: Path) -> None:
    (folder,) = download(["tokenizer-12hz"], tmp_path, hub.source())
    assert verify(folder).line == f"{CODEC}: ok"


def test_what_is_there_and_right_is_not_sent_again(hub: StandIn, models: Path) -> None:
    assert download([CUSTOM], models, hub.source()) == [models / CUSTOM]
    assert not hub.sent


@pytest.mark.parametrize("is_hub_well_again", [True, False])
def test_a_cut_connection_costs_no_byte_twice(
    hub: StandIn, models: Path, fetched: Path, is_hub_well_again: bool
) -> None:
    (models / CUSTOM / WEIGHTS).unlink()
    hub.cut_after[WEIGHTS] = [20 * PIECE_BYTES, 10 * PIECE_BYTES]
    if not is_hub_well_again:
        hub.cut_after[WEIGHTS] += [0] * 6  # more than it bears
        with pytest.raises(DownloadFailed, match="try again: what has come is kept"):
            download([CUSTOM], models, hub.source())
        assert hub.sent == {WEIGHTS: 30 * PIECE_BYTES}
        assert verify(models / CUSTOM).problems == (f"{WEIGHTS} is missing",)
    download([CUSTOM], models, hub.source())
    whole = files_in(fetched / CUSTOM)
    assert files_in(models / CUSTOM) == whole
    assert hub.sent == {WEIGHTS: len(whole[WEIGHTS])}


@pytest.mark.parametrize("status", [HTTPStatus.PARTIAL_CONTENT, HTTPStatus.OK, None])
def test_a_part_is_gone_on_with_if_the_rest_can_be_had_alone(
    hub: StandIn, models: Path, fetched: Path, status: HTTPStatus | None
) -> None:
    weights = models / CUSTOM / WEIGHTS
    size = weights.stat().st_size
    os.truncate(weights.rename(part_of(weights, known_file(models))), PIECE_BYTES)
    hub.range_status = status
    download([CUSTOM], models, hub.source())
    assert files_in(models / CUSTOM) == files_in(fetched / CUSTOM)
    assert hub.sent == {WEIGHTS: size if status is None else size - PIECE_BYTES}


@pytest.mark.parametrize(
    "trouble", [{"content_range": ""}, {"content_range": "bytes 7-9/10"}, {"statuses": {"/storage": HTTPStatus.OK}}]
)
def test_a_part_is_neither_lost_nor_joined_to_what_does_not_follow_it(
    hub: StandIn, models: Path, trouble: dict[str, Any]
) -> None:
    weights = models / CUSTOM / WEIGHTS
    part = weights.rename(part_of(weights, known_file(models)))
    os.truncate(part, PIECE_BYTES)
    for name, value in trouble.items():
        setattr(hub, name, value)
    with pytest.raises(DownloadFailed, match=r"neither the rest of the file nor all of it.*what has come is kept"):
        download([CUSTOM], models, hub.source())
    assert part.stat().st_size == PIECE_BYTES


def test_a_file_that_does_not_end_is_not_taken(hub: StandIn, models: Path) -> None:
    weights = models / CUSTOM / WEIGHTS
    weights.unlink()
    hub.sizes[WEIGHTS] = 100
    with pytest.raises(DownloadFailed, match=rf"{WEIGHTS} has \d+ bytes of 100"):
        download([CUSTOM], models, hub.source())
    assert not weights.exists()


def test_a_token_of_the_hub_goes_nowhere_else(
    hub: StandIn, kind: type[StandIn], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    download(["tokenizer-12hz"], tmp_path, hub.source())
    assert ("hf_secret" in str(hub.headers)) == (kind is StandInHub)


def test_a_part_that_was_spoilt_is_thrown_away_and_the_next_download_mends_it(hub: StandIn, models: Path) -> None:
    weights = models / CUSTOM / WEIGHTS
    part = weights.rename(part_of(weights, known_file(models)))
    corrupt(part)
    with pytest.raises(DownloadFailed, match=r"model.safetensors is corrupt: its sha256 is not the hub's"):
        download([CUSTOM], models, hub.source())
    assert not weights.exists()
    download([CUSTOM], models, hub.source())
    assert verify(models / CUSTOM).line == f"{CUSTOM}: ok"


def test_a_part_that_is_too_long_is_begun_again(hub: StandIn, models: Path) -> None:
    weights = models / CUSTOM / WEIGHTS
    part = weights.rename(part_of(weights, known_file(models)))
    with part.open("ab") as file:
        file.write(b"more")
    download([CUSTOM], models, hub.source())
    assert verify(models / CUSTOM).line == f"{CUSTOM}: ok"


def test_two_downloads_do_not_write_one_file(hub: StandIn, models: Path) -> None:
    weights = models / CUSTOM / WEIGHTS
    weights.unlink()
    with part_of(weights, known_file(models)).open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(DownloadFailed, match="another download is at it"):
            download([CUSTOM], models, hub.source())
    assert not hub.sent


@pytest.mark.parametrize("name", [WEIGHTS, f"{CODEC_DIRECTORY}/{WEIGHTS}", "merges.txt"])
@pytest.mark.parametrize("harm", [corrupt, Path.unlink, lambda path: os.truncate(path, 100)])
def test_what_is_not_whole_is_found_without_a_network_and_mended(
    hub: StandIn, kind: type[StandIn], models: Path, fetched: Path, name: str, harm: object
) -> None:
    assert callable(harm)
    harm(models / CUSTOM / name)
    verdict = verify(models / CUSTOM)
    assert verdict.line.startswith(f"{CUSTOM}: {name} ")
    where = "" if kind is StandInHub else " --from modelscope"
    assert verdict.line.endswith(f"; `qwen3tts-daemon models download 1.7B-CustomVoice{where}` mends it")
    download([CUSTOM], models, hub.source())
    assert files_in(models / CUSTOM) == files_in(fetched / CUSTOM)
    assert hub.sent.keys() == {name}


def test_too_little_room_is_told_before_a_byte_is_sent(hub: StandIn, tmp_path: Path) -> None:
    hub.sizes[WEIGHTS] = 10**18
    directory = tmp_path / "models"
    with pytest.raises(DownloadFailed, match=rf"{directory} has [\d.]+ GB free, and 2000000000.0 GB are needed"):
        download([CUSTOM, CODEC], directory, hub.source())
    assert not hub.sent
    assert not directory.exists()


def test_what_has_come_needs_no_room_again(hub: StandIn, models: Path) -> None:
    hub.sizes[WEIGHTS] = 10**18
    with part_of(models / CUSTOM / WEIGHTS, known_file(models)).open("wb") as part:
        part.truncate(10**12)  # a hole, on the disk
    with pytest.raises(DownloadFailed, match=r"and 999999000\.0 GB are needed"):
        download([CUSTOM], models, hub.source())
    assert not hub.sent


def test_offline_fetches_nothing_and_says_what_is_missing(hub: StandIn, models: Path) -> None:
    assert download([CUSTOM], models, hub.source(), offline=True) == [models / CUSTOM]
    (models / CUSTOM / "vocab.json").unlink()
    with pytest.raises(DownloadFailed, match=f"{CUSTOM}: vocab.json is missing; offline, nothing is fetched"):
        download([CUSTOM], models, hub.source(), offline=True)
    with pytest.raises(DownloadFailed, match=f"{CODEC}: not in {models}; offline"):
        download([CODEC], models, hub.source(), offline=True)
    assert not hub.sent


def test_an_unknown_name_is_told_with_the_known_ones(hub: StandIn, tmp_path: Path) -> None:
    with pytest.raises(DownloadFailed, match=r"no checkpoint '7B'; there are 1.7B-CustomVoice, .*, Tokenizer-12Hz"):
        download(["7B"], tmp_path, hub.source())
    with pytest.raises(NoSuchCheckpoint, match=f"no {CODEC} in "):
        folders(["Tokenizer-12Hz"], tmp_path)
    with pytest.raises(NoSuchCheckpoint, match="no checkpoint in "):
        folders([], tmp_path)


@pytest.mark.parametrize(
    ("beginning", "status", "message"),
    [
        ("/api", HTTPStatus.NOT_FOUND, "answers 404|has none"),
        ("/api", HTTPStatus.INTERNAL_SERVER_ERROR, "answers 500"),
        ("/api", HTTPStatus.OK, "does not answer like a hub"),
        ("/storage", HTTPStatus.INTERNAL_SERVER_ERROR, "answers 500"),
        ("/storage", HTTPStatus.OK, r"no answer from .* \(an empty answer\)"),
    ],
)
def test_a_hub_that_fails_is_one_line(
    hub: StandIn, tmp_path: Path, beginning: str, status: HTTPStatus, message: str
) -> None:
    hub.statuses[beginning] = status
    with pytest.raises(DownloadFailed, match=message) as failed:
        download([CUSTOM], tmp_path, hub.source())
    assert hub.endpoint in str(failed.value)
    assert "\n" not in str(failed.value)


def test_a_checkpoint_that_the_hub_lacks_costs_no_byte_of_the_others(hub: StandIn, tmp_path: Path) -> None:
    with pytest.raises(DownloadFailed, match=r"Qwen/Qwen3-TTS-12Hz-1.7B-Base: http://.* has none"):
        download([CUSTOM, MISSING], tmp_path, hub.source())
    assert not hub.sent


def test_a_hub_that_never_answers_is_not_waited_for(hub: StandIn, tmp_path: Path) -> None:
    hub.is_silent = True
    with pytest.raises(DownloadFailed, match=r"no answer from http://127.0.0.1"):
        download([CUSTOM], tmp_path, hub.source(timeout_s=0.1))


@pytest.mark.parametrize("name", ["../elsewhere.json", "/elsewhere.json"])
def test_a_hub_that_names_files_elsewhere_is_refused(hub: StandIn, tmp_path: Path, name: str) -> None:
    hub.names["vocab.json"] = name
    with pytest.raises(DownloadFailed, match="does not answer like a hub"):
        download([CUSTOM], tmp_path / "models", hub.source())
    assert not files_in(tmp_path)


def test_a_directory_that_cannot_be_written_is_told(hub: StandIn, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file")
    with pytest.raises(DownloadFailed, match="models cannot be written"):
        download([CUSTOM], tmp_path / "models", hub.source())


def test_files_that_are_no_checkpoint_are_told(hub: StandIn, tmp_path: Path) -> None:
    hub.repositories = {f"Qwen/{CUSTOM}": hub.repositories[f"Qwen/{CUSTOM}"] / "assets"}
    with pytest.raises(DownloadFailed, match=r"is no checkpoint that this version knows: .*config.json"):
        download([CUSTOM], tmp_path, hub.source())


def test_a_copy_without_hashes_is_looked_at_by_its_sizes(models: Path) -> None:
    copied = (models / CUSTOM).rename(models / "my-voice")
    (copied / manifest.NAME).unlink()
    assert verify(copied).line == "my-voice: ok by its sizes; its hashes are unknown"
    weights = copied / CODEC_DIRECTORY / WEIGHTS
    size = weights.stat().st_size
    os.truncate(weights, size - 1)
    said = verify(copied).line
    assert said == f"my-voice: speech_tokenizer/{WEIGHTS} has {size - 1} bytes of {size}; copy it here again"
    (copied / WEIGHTS).write_bytes(b"\xff" * 100)
    assert f"{WEIGHTS} is no safetensors file" in verify(copied).line
    weights.unlink()
    (copied / WEIGHTS).unlink()
    assert f"lacks {WEIGHTS}" in verify(copied).line


@pytest.mark.parametrize(
    "content",
    [
        {"files": 1},
        {
            "repository": "a/b",
            "commit": "c",
            "files": [{"path": "../x", "size": 1, "algorithm": "sha256", "digest": "0" * 64}],
        },
        {
            "repository": "a/b",
            "commit": "c",
            "files": [{"path": "x", "size": 1, "algorithm": "sha256", "digest": "/../"}],
        },
    ],
)
def test_a_manifest_that_was_spoilt_is_told(models: Path, content: object) -> None:
    (models / CUSTOM / manifest.NAME).write_text(json.dumps(content))
    assert f"{manifest.NAME} cannot be read" in verify(models / CUSTOM).line


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"Sha256": None}, "has no sha256 of vocab.json, .*; try again later, or take `--from huggingface`"),
        ({"Sha256": ""}, "has no sha256 of vocab.json"),
        ({"Sha256": "5ecd4d4e" * 5}, "does not answer like a hub"),  # git's hash of it
        ({"Revision": ""}, "does not answer like a hub; see MODELSCOPE_ENDPOINT"),
        ({"Size": -1}, "does not answer like a hub"),
    ],
)
def test_modelscope_must_say_how_to_check_a_file(
    modelscope: StandInModelScope, tmp_path: Path, said: dict[str, object], message: str
) -> None:
    modelscope.entries["vocab.json"] = said
    with pytest.raises(DownloadFailed, match=message):
        download([CUSTOM], tmp_path / "models", modelscope.source())
    assert not files_in(tmp_path)


@pytest.mark.parametrize(
    "listing",
    [
        b"<html>",
        b"[]",
        b'{"Code": 200, "Data": null}',
        b'{"Code": 200, "Data": {"Files": null}}',
        b'{"Code": 200, "Data": {"Files": []}}',
    ],
)
def test_a_modelscope_that_lists_nothing_is_told(modelscope: StandInModelScope, tmp_path: Path, listing: bytes) -> None:
    modelscope.listing = listing
    with pytest.raises(DownloadFailed, match="does not answer like a hub"):
        download([CUSTOM], tmp_path, modelscope.source())


def test_the_name_of_a_modelscope_is_enough() -> None:
    with pytest.raises(DownloadFailed, match=r"no answer from https://127.0.0.1:1 .*; or `--from huggingface`"):
        ModelScope("127.0.0.1:1/").manifest(f"Qwen/{CUSTOM}")


def test_weights_begun_at_the_hub_are_gone_on_with_at_modelscope(
    modelscope: StandInModelScope, repositories: dict[str, Path], tmp_path: Path
) -> None:
    with running(StandInHub(repositories)) as hub:
        hub.cut_after[WEIGHTS] = [PIECE_BYTES, *[0] * 6]
        with pytest.raises(DownloadFailed, match="or `--from modelscope`"):
            download([CUSTOM], tmp_path, hub.source())
    download([CUSTOM], tmp_path, modelscope.source())
    size = (tmp_path / CUSTOM / WEIGHTS).stat().st_size
    assert modelscope.sent[WEIGHTS] == size - PIECE_BYTES
    known = manifest.Manifest.read(tmp_path / CUSTOM)
    assert known is not None
    assert known.source is SourceName.MODELSCOPE
    assert {file.algorithm for file in known.files} == {"sha256"}


def test_at_the_command_line(repositories: dict[str, Path], tmp_path: Path) -> None:
    models = tmp_path / "models"
    with running(StandInHub(repositories)) as hub:
        fetched = run("download", "1.7B-customvoice", directory=models, HF_ENDPOINT=hub.endpoint)
    assert (fetched.returncode, fetched.stdout) == (0, f"{models / CUSTOM}\n"), fetched.stderr
    whole = run("verify", directory=models)
    assert (whole.returncode, whole.stdout) == (0, f"{CUSTOM}: ok\n"), whole.stderr
    corrupt(models / CUSTOM / WEIGHTS)
    bad = run("verify", "1.7B-CustomVoice", directory=models)
    assert bad.returncode == 1
    assert bad.stdout.startswith(f"{CUSTOM}: {WEIGHTS} is corrupt: ")
    offline = run("download", directory=models, HF_HUB_OFFLINE="1")
    assert (offline.returncode, offline.stderr.count("\n")) == (1, 1), offline.stderr
    assert "offline, nothing is fetched" in offline.stderr


@pytest.mark.parametrize("setting", ["MODELSCOPE_ENDPOINT", "MODELSCOPE_DOMAIN"])
def test_modelscope_at_the_command_line(modelscope: StandInModelScope, tmp_path: Path, setting: str) -> None:
    arguments = ("download", "Tokenizer-12Hz", "--from", "modelscope")
    fetched = run(*arguments, directory=tmp_path, **{setting: f"{modelscope.endpoint}/"})
    assert (fetched.returncode, fetched.stdout) == (0, f"{tmp_path / CODEC}\n"), fetched.stderr
    corrupt(tmp_path / CODEC / WEIGHTS)
    assert verify(tmp_path / CODEC).line.endswith(
        "`qwen3tts-daemon models download Tokenizer-12Hz --from modelscope` mends it"
    )
