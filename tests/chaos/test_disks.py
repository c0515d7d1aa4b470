"""A data directory on a disk that fails: who wants something kept is told why it is not, and what to do; who speaks
goes on; and when the disk is well again, so is the daemon, without a restart."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from qwen3tts_daemon.audio import to_wav
from qwen_tts.api import Audio
from tests.chaos.disks import FAULTS, Disk, needs_mounts
from tests.fakes import tone
from tests.hostile.watched import Watched, wait_until
from tests.patience import PATIENCE_S
from tests.wire.daemons import DaemonProcess, ended_at_last, forked

RECORDING = to_wav(Audio(pcm=tone("x" * 60), sample_rate=24_000))
CONFIG = "[voices]\nsamples = false\n[phrases]\ncache = 'all'\n"
DISK = {"options": "size=4m,nr_inodes=300", "files": {"config.toml": CONFIG}}
WORD = {"written": "kWh", "say": "kilowatt hours", "language": "en"}
CAN_BE_DELETED = ("full", "without inodes")
MANY = 12
"""More at once than asyncio has threads"""


def start(directory: Path, disk: dict[str, Any]) -> DaemonProcess:
    """A daemon on a disk."""
    path = directory / "disk"
    path.mkdir(exist_ok=True)
    wanted = {"census": str(directory / "census"), "disk": str(path), **disk}
    options = ["--config", str(path / "config.toml")] if "files" in disk else []
    return DaemonProcess(["tests.chaos.disk_daemon", json.dumps(wanted)], path / "data", options, forked)


class Household(Watched):
    """A daemon on a disk that can fail, with a voice and a word that are kept."""

    def __init__(self, process: DaemonProcess, directory: Path) -> None:
        self.disk = Disk(directory / "disk", process.process.pid, directory / "census.control")
        super().__init__(process, directory / "census", self.disk.data)
        with self.client() as client:
            self.voice = made(clone(client, "Kept"))
            self.spare = made(clone(client, "Spare"))
            assert client.put("/v1/lexicon", json=WORD).status_code == 200
            self.archive = client.get(f"/v1/audio/voices/{self.voice}/export").content
            self.changes(client)  # what is made at its first use is there

    def changes(self, client: httpx.Client) -> dict[str, httpx.Response]:
        """Everything that somebody may want kept."""
        answers = {
            "clone": clone(client, "New"),
            "import": client.post("/v1/audio/voices/import", files={"file": ("a.zip", self.archive)}),
            "profile": client.post("/v1/audio/voices", json={"name": "Slow", "voice": "tone", "speed": 0.9}),
            "patch": client.patch(f"/v1/audio/voices/{self.voice}", json={"description": "Mild."}),
            "put word": client.put("/v1/lexicon", json={**WORD, "written": "CPU"}),
            "delete word": client.delete("/v1/lexicon?written=kWh&language=en"),
            "forget browsers": client.delete("/v1/sessions"),
        }
        for name in ("clone", "import", "profile"):
            if answers[name].status_code == 201:
                client.delete(f"/v1/audio/voices/{made(answers[name])}")
        if answers["delete word"].status_code == 204:
            client.put("/v1/lexicon", json=WORD)
        return answers


def clone(client: httpx.Client, name: str) -> httpx.Response:
    form = {"name": name, "consent": "true", "ref_text": "Some words."}
    return client.post("/v1/audio/voices", data=form, files={"ref_audio": ("a.wav", RECORDING)})


def made(answer: httpx.Response) -> str:
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def speaks(client: httpx.Client, voice: str = "tone", **wishes: str) -> None:
    order = {"input": "Dinner is ready.", "voice": voice, "response_format": "mp3", **wishes}
    answer = client.post("/v1/audio/speech", json=order)
    assert answer.status_code == 200, answer.text
    assert len(answer.content) > 1_000


@pytest.fixture(scope="module")
def household(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Household]:
    needs_mounts()
    directory = tmp_path_factory.mktemp("disks")
    with ended_at_last(start(directory, DISK)) as process:
        yield Household(process, directory)


@pytest.mark.parametrize("kind", FAULTS)
def test_who_keeps_something_is_told_why_not_and_who_speaks_goes_on(household: Household, kind: str) -> None:
    fault, reason = FAULTS[kind]
    disk, kept = household.disk, household.disk.contents()
    with household.client() as client:
        before = household.census(with_objects=False)
        with fault(disk):
            for name, answer in household.changes(client).items():
                told = answer.json()["error"]
                assert (answer.status_code, told["code"]) == (507, "storage_failed"), (name, answer.text)
                assert reason in told["message"], name
                assert str(disk.path) in told["message"], name
            speaks(client)
            speaks(client, input=f"A sentence that nobody has said, {kind}.")
        assert disk.contents() == kept, "nothing of what was refused is there"
        for name, answer in household.changes(client).items():
            assert answer.status_code < 300, (name, answer.text)
        speaks(client, household.voice)
        assert disk.contents().keys() == kept.keys()
    household.holds_no_more_than(before, with_objects=False)
    assert "Traceback" not in household.log


@pytest.mark.parametrize("kind", sorted(FAULTS.keys() - {"moved away"}))
def test_settings_hold_until_the_end_or_are_refused(household: Household, kind: str) -> None:
    """They lie beside the data on the same disk."""
    fault, _ = FAULTS[kind]
    with household.client() as client:
        with fault(household.disk):
            at_once = client.patch("/v1/settings", json={"speech.lead_silence_ms": 120})
            later = client.patch("/v1/settings", json={"qwen.while_loading": "embedded"})
        assert origin(at_once, "speech.lead_silence_ms") == "page"
        assert (later.status_code, later.json()["error"]["code"]) == (409, "config_unusable")
        assert "cannot be kept" in later.json()["error"]["message"]
        assert "lead_silence_ms" not in (household.disk.seen / "config.toml").read_text()
        kept = client.patch("/v1/settings", json={"speech.lead_silence_ms": 130})
        assert origin(kept, "speech.lead_silence_ms") == "file"
        assert origin(client.patch("/v1/settings", json={"speech.lead_silence_ms": None}), "http.port") == ""


def origin(answer: httpx.Response, name: str) -> str:
    """Where the value of a setting comes from."""
    assert answer.status_code == 200, answer.text
    return next((str(one["origin"]) for one in answer.json()["settings"] if one["name"] == name), "")


@pytest.mark.parametrize("kind", FAULTS)
def test_a_browser_is_let_in_and_a_voice_is_deleted_or_stays(household: Household, kind: str) -> None:
    fault, _ = FAULTS[kind]
    with household.client() as client:
        with fault(household.disk):
            invited = client.post("/v1/invitations")
            assert invited.status_code == 201
            with httpx.Client(base_url=household.url, timeout=client.timeout) as browser:
                assert browser.post("/v1/session", json={"code": invited.json()["code"]}).status_code == 204
            deleted = client.delete(f"/v1/audio/voices/{household.spare}")
            assert deleted.status_code == (204 if kind in CAN_BE_DELETED else 507), deleted.text
            there = {voice["id"] for voice in client.get("/v1/audio/voices").json()["voices"]}
        assert (household.spare in there) == (deleted.status_code == 507)
        assert (household.spare in there) == (household.data / "voices" / household.spare).is_dir()
        if deleted.status_code == 204:
            household.spare = made(clone(client, "Spare"))
        speaks(client, household.spare)


@pytest.mark.parametrize("kind", ["unmounted", "moved away"])
def test_a_voice_whose_disk_is_gone_says_so(household: Household, kind: str) -> None:
    """As opposed to one whose recording is gone, which has to be cloned again."""
    fault, _ = FAULTS[kind]
    with household.client() as client:
        with fault(household.disk):
            for answer in (
                client.get(f"/v1/audio/voices/{household.voice}/export"),
                client.post("/v1/audio/speech", json={"input": "Hello.", "voice": household.voice}),
            ):
                assert (answer.status_code, answer.json()["error"]["code"]) == (507, "storage_failed"), answer.text
        speaks(client, household.voice)


def test_a_disk_that_hangs_holds_up_only_who_writes(household: Household) -> None:
    disk = household.disk
    with household.client() as client, ThreadPoolExecutor(MANY) as pool:
        before = disk.hanging
        disk.sync_says("hang")
        try:
            path = f"/v1/audio/voices/{household.voice}"
            writing = [pool.submit(client.patch, path, json={"description": str(n)}) for n in range(MANY)]
            wait_until(lambda: disk.hanging > before)
            speaks(client)
            speaks(client, household.voice)
            speaks(client, input="A sentence that nobody has said: 12 apples.", response_format="opus")
            assert client.get("/health").status_code == 200
            assert not any(one.done() for one in writing)
        finally:
            disk.sync_says("")
        assert {one.result().status_code for one in writing} == {200}


STARTS = {
    "full": ({"options": "size=4k"}, "No space left on device"),
    "without inodes": ({"options": "nr_inodes=2"}, "No space left on device"),
    "read-only": ({"options": "size=1m", "at_start": "read-only"}, "Read-only file system"),
}


@pytest.mark.parametrize("kind", STARTS)
def test_a_first_start_that_can_keep_nothing_says_so(tmp_path: Path, kind: str) -> None:
    needs_mounts()
    disk, reason = STARTS[kind]
    with ended_at_last(start(tmp_path, disk)) as process:
        told = process.wait_for("cannot start: ")
        assert process.process.wait() == 1
        assert reason in told.string
        assert str(tmp_path / "disk" / "data") in told.string
        assert "Traceback" not in process.read_rest()


@pytest.mark.parametrize("kind", ["read-only"])  # nothing at all can be written; a start takes seconds
def test_a_start_on_a_disk_that_cannot_be_written_speaks(household: Household, tmp_path: Path, kind: str) -> None:
    """As after a reboot of a machine whose card is worn out: voices and words are there."""
    disk = {"options": DISK["options"], "copy": str(household.data), "at_start": kind}
    with ended_at_last(start(tmp_path, disk)) as process:
        _, port = process.ready()
        headers = {"Authorization": f"Bearer {household.token}"}
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=PATIENCE_S) as client:
            speaks(client, household.voice)
            assert {entry["written"] for entry in client.get("/v1/lexicon").json()["entries"]} == {"CPU", "kWh"}
            assert client.put("/v1/lexicon", json={**WORD, "written": "CPU"}).status_code == 507


def test_a_stop_does_not_wait_for_a_disk_that_hangs(tmp_path: Path) -> None:
    needs_mounts()
    with ended_at_last(start(tmp_path, DISK)) as process, ThreadPoolExecutor() as pool:
        household = Household(process, tmp_path)
        household.disk.sync_says("hang")
        with household.client() as client:
            writing = pool.submit(client.put, "/v1/lexicon", json=WORD)
            wait_until(lambda: household.disk.hanging > 0)
            process.process.terminate()
            assert process.process.wait() == 0
            assert isinstance(writing.exception(), httpx.HTTPError) or writing.result().status_code >= 500
