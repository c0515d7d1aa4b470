"""The lexicon from outside: a file that changes while a daemon runs, and REST, which keeps what else is in the file."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from benchmarks.doors import Doors
from qwen3tts_daemon.hosting.model_manager import ModelManager
from qwen3tts_daemon.speech.lexicon_file import LexiconFile
from qwen3tts_daemon.speech.metrics import Metrics
from qwen3tts_daemon.speech.service import Speech
from qwen3tts_daemon.speech.utterance import SpeechConfig
from qwen3tts_daemon.voices.catalogue import VoiceCatalogue
from qwen3tts_daemon.voices.library import VoiceLibrary
from tests.fakes import tone
from tests.patience import PATIENCE_S
from tests.wire.daemons import tone_daemon
from tests.wire.http_door import TOKEN, Door, open_door
from tests.wire.test_cli import run

PATH = "/v1/lexicon"
KEY = {"Authorization": f"Bearer {TOKEN}"}
FILE = """\
# At home.
[en]
Siobhan = "Shivawn"  # our neighbour
"""
SIOBHAN = {"written": "Siobhan", "say": "Shivawn", "pinyin": "", "ipa": "", "language": "en", "voice": ""}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "lexicon.toml"
    path.write_text(FILE)
    return path


@pytest.fixture
def speech(manager: ModelManager, metrics: Metrics, path: Path, tmp_path: Path) -> Speech:
    voices = VoiceCatalogue(lambda: manager.capabilities, library=VoiceLibrary(tmp_path / "voices"))
    return Speech(manager, voices, metrics, SpeechConfig(), lexicon=LexiconFile(path))


@pytest.fixture
async def door(speech: Speech, metrics: Metrics) -> AsyncIterator[Door]:
    async with open_door(speech, metrics) as door:
        door.client.headers.update(KEY)
        yield door


def text_of(path: Path) -> str:
    return path.read_text()


def write(path: Path, text: str) -> None:
    path.write_text(text)


def remove(path: Path) -> None:
    path.unlink()


async def said(door: Door, text: str, **fields: Any) -> str:
    answer = await door.client.post("/v1/text/spoken", json={"input": text, **fields})
    assert answer.status_code == 200, answer.text
    return " ".join(one["spoken"] for one in answer.json()["segments"])


async def test_what_is_there_is_told(door: Door, path: Path) -> None:
    told = (await door.client.get(PATH)).json()
    assert told == {"path": str(path), "problem": None, "entries": [SIOBHAN]}


async def test_an_entry_is_put_changed_and_taken_out_and_comments_stay(door: Door, path: Path) -> None:
    put = await door.client.put(PATH, json={"written": "kWh", "say": "kilowatt hours", "language": "English"})
    assert (put.status_code, put.json()["language"]) == (200, "en")
    assert await said(door, "It is 5 kWh, Siobhan.") == "It is five kilowatt hours, Shivawn."
    assert text_of(path).startswith(FILE)
    changed = await door.client.put(PATH, json={"written": "Siobhan", "say": "Shivonne", "language": "en"})
    assert changed.status_code == 200
    assert await said(door, "Siobhan.") == "Shivonne."
    assert text_of(path).startswith(FILE.replace("Shivawn", "Shivonne"))
    gone = await door.client.delete(PATH, params={"written": "Siobhan", "language": "en"})
    assert gone.status_code == 204
    assert await said(door, "Siobhan, 5 kWh.") == "Siobhan, five kilowatt hours."
    assert text_of(path).startswith("# At home.\n")
    again = await door.client.delete(PATH, params={"written": "Siobhan", "language": "en"})
    assert (again.status_code, again.json()["error"]["code"]) == (404, "not_found")
    unnamed = await door.client.delete(PATH)
    error = unnamed.json()["error"]
    assert (unnamed.status_code, error["code"], error["param"]) == (422, "bad_field", "written")


async def test_the_first_entry_makes_the_file(door: Door, path: Path) -> None:
    remove(path)
    for word in ("C++", "重庆"):
        put = await door.client.put(PATH, json={"written": word, "say": "X"})
        assert put.status_code == 200, put.text
    assert [one["written"] for one in (await door.client.get(PATH)).json()["entries"]] == ["C++", "重庆"]
    assert LexiconFile(path, is_named=True).problem is None


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({"say": "x"}, "bad_field", "written"),
        ({"written": "", "say": "x"}, "bad_field", "written"),
        ({"written": "!", "say": "x"}, "bad_field", "written"),
        ({"written": "a" * 81, "say": "x"}, "bad_field", "written"),
        ({"written": "a"}, "bad_field", "say"),
        ({"written": "a", "say": "b" * 201}, "bad_field", "say"),
        ({"written": "a", "say": 5}, "bad_field", "say"),
        ({"written": "a", "say": "b", "language": "klingon"}, "unknown_language", "language"),
        ({"written": "a", "say": "b", "voice": "nobody"}, "unknown_voice", "voice"),
        ({"written": "重庆", "pinyin": "chong qing"}, "bad_field", "pinyin"),
    ],
)
async def test_what_cannot_be_meant_is_refused_and_names_its_field(
    door: Door, path: Path, body: dict[str, Any], code: str, param: str
) -> None:
    answer = await door.client.put(PATH, json=body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (422, code, param)
    assert text_of(path) == FILE
    if code != "unknown_voice":
        tried = await door.client.post(
            "/v1/text/spoken", json={"input": "a", "words": [{"written": "b", "say": "c"}, body]}
        )
        assert tried.status_code == 422
        assert tried.json()["error"]["param"] == f"words[1].{param}"


async def test_a_word_is_tried_before_it_is_kept(door: Door, path: Path) -> None:
    words = [{"written": "gif", "say": "jif"}, {"written": "Siobhan", "say": "Shuh-vawn", "language": "en"}]
    assert await said(door, "A GIF of Siobhan.", words=words) == "A jif of Shuh-vawn."
    assert await said(door, "A GIF of Siobhan.") == "A GIF of Shivawn."
    assert text_of(path) == FILE


async def test_a_file_that_is_broken_is_told_and_left_alone(door: Door, speech: Speech, path: Path) -> None:
    write(path, f'{FILE}kWh = "kilowatt')
    refused = await door.client.put(PATH, json={"written": "a", "say": "b"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "config_unusable")
    assert text_of(path) == f'{FILE}kWh = "kilowatt'


async def test_who_may_not_manage_sees_and_changes_nothing(speech: Speech, metrics: Metrics, path: Path) -> None:
    async with open_door(speech, metrics) as door:
        for method, more in (("GET", {}), ("PUT", {"json": SIOBHAN}), ("DELETE", {"params": {"written": "Siobhan"}})):
            assert (await door.client.request(method, PATH, **more)).status_code == 401, method  # type: ignore[arg-type]
    assert text_of(path) == FILE


async def test_a_running_daemon_says_what_the_file_says_now(tmp_path: Path) -> None:
    """At every door, whole and word by word."""
    path = tmp_path / "lexicon.toml"
    with tone_daemon(tmp_path) as daemon:
        wyoming_port, http_port = daemon.ready()
        doors = Doors(http_port, wyoming_port, "tone", timeout_s=PATIENCE_S)
        pieces = ["Hello, Sio", "bhan", "."]

        async def heard() -> set[bytes]:
            return {
                await doors.http("".join(pieces), seed=1), await doors.http_events("".join(pieces), seed=1),
                await doors.websocket_live(pieces, seed=1), await doors.wyoming_live(pieces, seed=1),
            }  # fmt: skip

        assert await heard() == {tone("Hello, Siobhan.")}
        write(path, FILE)
        daemon.wait_for("the lexicon has 1 entries")
        assert await heard() == {tone("Hello, Shivawn.")}
        write(path, FILE.replace('"Shivawn"', "Shivonne"))
        daemon.wait_for(r"ERROR .*lexicon.toml: line 3")
        assert await heard() == {tone("Hello, Shivawn.")}
        key = {"Authorization": f"Bearer {text_of(tmp_path / 'token').strip()}"}
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{http_port}", headers=key) as client:
            assert (await client.get(PATH)).json()["problem"]["line"] == 3
            write(path, FILE.replace("Shivawn", "Shivonne"))
            daemon.wait_for("the lexicon has 1 entries")
            assert (await client.get(PATH)).json()["problem"] is None
        assert await heard() == {tone("Hello, Shivonne.")}
        remove(path)
        daemon.wait_for("the lexicon has 0 entries")
        assert await heard() == {tone("Hello, Siobhan.")}


def test_a_file_that_somebody_asked_for_and_is_broken_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("[en]\nSiobhan = 5\n")
    done = run("serve", "--lexicon.file", str(tmp_path / "mine.toml"), data=tmp_path / "data")
    assert done.returncode == 1
    assert "lexicon.file:" in done.stderr
    assert "line 2" in done.stderr


def test_commands_change_what_a_running_daemon_says(tmp_path: Path) -> None:
    with tone_daemon(tmp_path) as daemon:
        wyoming, http = daemon.ready()
        ports = {"QWEN3TTS_HTTP__PORT": str(http), "QWEN3TTS_WYOMING__PORT": str(wyoming)}

        def command(*arguments: str) -> str:
            done = run(*arguments, data=tmp_path, **ports)
            assert done.returncode == 0, done.stderr
            return done.stdout

        assert command("lexicon", "try", "gif", "jif", "A GIF.") == "A jif.\n"
        assert command("lexicon", "add", "gif", "jif", "--language", "en") == "gif: jif\n"
        daemon.wait_for("the lexicon has 1 entries")
        assert command("read", "A GIF.") == "A jif.\n"
        assert "jif" in command("lexicon", "list")
        command("lexicon", "remove", "gif", "--language", "English")
        daemon.wait_for("the lexicon has 0 entries")
        assert command("read", "A GIF.") == "A GIF.\n"
        for wrong in (("remove", "gif"), ("add", "gif"), ("add", "gif", "jif", "--language", "klingon")):
            done = run("lexicon", *wrong, data=tmp_path)
            assert (done.returncode, done.stderr.count("\n"), done.stdout) == (1, 1, ""), wrong
