"""What a client was told to be kept is on the disk by then: synced before it takes its name, and its name behind it."""

from pathlib import Path

import httpx
import pytest

from tests.hostile.conftest import RECORDING
from tests.hostile.watched import Watched

KEPT = ("voices", "lexicon.toml", "token", "sessions")
"""In the data directory; what else is there can be made again"""


def renamed(watched: Watched, since: int) -> set[str]:
    """What has taken its name in a file system that loses at a power cut whatever was not synced. Fails for what it
    could lose."""
    journal = watched.journal[since:]
    names = set()
    for number, event in enumerate(journal):
        if event[0] != "rename" or not is_kept(watched.data, event[2]):
            continue
        source, target = event[1], event[2]
        before, behind = journal[:number], journal[number + 1 :]
        written = {
            one[1] for one in before if one[0] == "open" and (one[1] == source or one[1].startswith(f"{source}/"))
        }
        if any(one.startswith(f"{source}/") for one in written):
            assert ["sync", source] in before, f"the names of the files of {target} may be lost"
        assert not written - {one[1] for one in before if one[0] == "sync"}, f"{target} may be empty after a power cut"
        assert ["sync", str(Path(target).parent)] in behind, f"the name of {target} may be lost"
        names.add(Path(target).relative_to(watched.data).parts[0])
    return names


def is_kept(data: Path, path: str) -> bool:
    return Path(path).is_relative_to(data) and Path(path).relative_to(data).parts[0] in KEPT


def test_from_the_start_on(watched: Watched) -> None:
    assert {"token", "sessions"} <= renamed(watched, 0)


@pytest.fixture
def voice(watched: Watched) -> str:
    with watched.client() as client:
        form = {"name": "Kept", "consent": "true", "ref_text": "Some words."}
        made = client.post("/v1/audio/voices", data=form, files={"ref_audio": ("a.wav", RECORDING)})
        assert made.status_code == 201
        return str(made.json()["id"])


def test_a_voice_that_was_made_changed_and_deleted(watched: Watched, voice: str) -> None:
    assert renamed(watched, 0) >= {"voices"}
    with watched.client() as client:
        for change in (
            lambda: client.patch(f"/v1/audio/voices/{voice}", json={"name": "Still kept"}),
            lambda: client.delete(f"/v1/audio/voices/{voice}"),
        ):
            since = len(watched.journal)
            assert change().status_code in (200, 204)
            assert renamed(watched, since) == {"voices"}


def test_a_word_of_the_lexicon(watched: Watched) -> None:
    with watched.client() as client:
        for method, path, body in (
            ("PUT", "/v1/lexicon", {"written": "kWh", "say": "kilowatt hours", "language": "en"}),
            ("DELETE", "/v1/lexicon?written=kWh&language=en", None),
        ):
            since = len(watched.journal)
            answer: httpx.Response = client.request(method, path, json=body)
            assert answer.status_code in (200, 204), answer.text
            assert renamed(watched, since) == {"lexicon.toml"}
