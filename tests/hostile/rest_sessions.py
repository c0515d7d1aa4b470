"""Requests to the HTTP port in any order, valid and not, with a whole daemon: a hypothesis state machine.

Whatever was asked before, the list of voices is what was made and not deleted, no answer is a fault of ours, the disk
has as many folders as there are voices, and at the end nothing is left.
"""

from typing import Any

import httpx
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from tests.hostile.watched import Watched

NAMES = st.sampled_from(["Anna", "anna", "Müller", "../x", "", "\0", "CON", "x" * 81, "tone", "你好"])
TEXTS = st.sampled_from(["Hi.", "", " ", "👍", "[fail] this.", "[limit]", "[mute] x.", "你好。", "x" * 9_000])
FORMATS = st.sampled_from(["pcm", "wav", "mp3", "opus", "midi", 5])
CHANGES: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {"name": "Bert"},
        {"speed": 2},
        {"speed": 99},
        {"description": "x"},
        {"name": ""},
        {"id": "x"},
        {"nonsense": 1},
        {},
    ]
)
BODIES = st.sampled_from(
    [b"", b"{", b"[]", b'{"input":"\\ud800"}', b'{"input":1}', b"\xff", b'{"input":"a","input":"b"}']
)


class RestSession(RuleBasedStateMachine):
    """A client with the token."""

    voices = Bundle("voices")
    clips = Bundle("clips")

    def __init__(self, watched: Watched) -> None:
        super().__init__()
        self._watched = watched
        self._before = watched.census(with_objects=False)
        self._client = watched.client()
        self._kept: set[str] = set()
        self._clips: set[str] = set()

    def _ask(self, method: str, path: str, **body: Any) -> httpx.Response:
        answer = self._client.request(method, path, **body)
        told = answer.text[:300] if answer.headers.get("content-type", "").startswith("application/json") else ""
        is_told = answer.status_code < 500 or "generation_failed" in told or "queue_full" in told
        assert is_told, (method, path, body, answer.status_code, told)
        if answer.status_code >= 400:
            assert set(answer.json()["error"]) >= {"code", "message", "param", "request_id"}
        return answer

    @rule(target=voices, name=NAMES, design=st.sampled_from(["An old man.", "", "x" * 3_000]))
    def describe_a_voice(self, name: str, design: str) -> Any:
        answer = self._ask("POST", "/v1/audio/voices", json={"name": name, "design": design})
        if answer.status_code != 201:
            return multiple()
        self._kept.add(id := answer.json()["id"])
        return id

    @rule(voice=voices, change=CHANGES)
    def change(self, voice: str, change: dict[str, Any]) -> None:
        assert self._ask("PATCH", f"/v1/audio/voices/{voice}", json=change).status_code in (200, 400, 422)

    @rule(voice=consumes(voices))
    def delete(self, voice: str) -> None:
        assert self._ask("DELETE", f"/v1/audio/voices/{voice}").status_code in (200, 204)
        assert self._ask("DELETE", f"/v1/audio/voices/{voice}").status_code == 404
        self._kept.remove(voice)

    @rule(voice=voices)
    def take_along(self, voice: str) -> None:
        archive = self._ask("GET", f"/v1/audio/voices/{voice}/export")
        brought = self._ask("POST", "/v1/audio/voices/import", files={"file": archive.content})
        assert brought.status_code == 201
        assert self._ask("DELETE", f"/v1/audio/voices/{brought.json()['id']}").status_code in (200, 204)

    @rule(voice=voices | st.sampled_from(["tone", "nobody", "default"]), text=TEXTS, kind=FORMATS)
    def speak(self, voice: str, text: str, kind: Any) -> None:
        self._ask("POST", "/v1/audio/speech", json={"input": text, "voice": voice, "response_format": kind})

    @rule(target=clips, text=TEXTS, kind=FORMATS)
    def make_a_clip(self, text: str, kind: Any) -> Any:
        answer = self._ask("POST", "/v1/audio/clips", json={"input": text, "response_format": kind})
        if answer.status_code != 201:
            return multiple()
        self._clips.add(path := answer.json()["path"])
        return path

    @rule(path=consumes(clips))
    def fetch_a_clip(self, path: str) -> None:
        self._clips.remove(path)
        self._ask("GET", path)
        assert self._ask("DELETE", path).status_code in (200, 204, 404)
        assert self._ask("GET", path).status_code == 404

    @rule(
        path=st.sampled_from(["/v1/audio/speech", "/v1/audio/voices", "/v1/audio/clips", "/v1/audio/speech/batch"]),
        body=BODIES,
    )
    def talk_nonsense(self, path: str, body: bytes) -> None:
        headers = {"content-type": "application/json"}
        assert self._ask("POST", path, content=body, headers=headers).status_code in (400, 422)

    @invariant()
    def the_list_is_what_was_kept(self) -> None:
        listed = self._ask("GET", "/v1/audio/voices").json()
        ids = {voice["id"] for voice in listed["voices"] if voice.get("kind") not in (None, "preset")}
        assert ids == self._kept
        assert {path.name for path in (self._watched.data / "voices").glob("*")} == self._kept

    def teardown(self) -> None:
        self.leave()
        self._watched.holds_no_more_than(self._before, with_objects=False)

    def leave(self) -> None:
        """What was made goes along."""
        for path in (*(f"/v1/audio/voices/{voice}" for voice in self._kept), *self._clips):
            self._ask("DELETE", path)
        self._client.close()
