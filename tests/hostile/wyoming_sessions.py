"""Sessions of Wyoming in any order, valid and not, with a whole daemon: a hypothesis state machine.

Whatever a client sends, its requests are answered in their order, each by one stretch of sound or one error, a stream
by `synthesize-stopped` behind it; and when it leaves nothing is left of it.
"""

import contextlib
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.hostile.test_wyoming import event, events
from tests.hostile.watched import Watched

TEXTS = st.sampled_from(
    ["", " ", "Hi.", "One. Two", " and three.", "👍", "[fail] this.", "[limit]", "[mute] x.", "你好。"]
)
VOICES: st.SearchStrategy[Any] = st.sampled_from([None, {"name": "tone"}, {"language": "de"}, {"name": "nobody"}, []])


class WyomingSession(RuleBasedStateMachine):
    """One connection, from its first event to its end."""

    def __init__(self, watched: Watched) -> None:
        super().__init__()
        self._watched = watched
        self._before = watched.census(with_objects=False)
        self._asked: list[str] = []
        """What is to be answered: "whole" or "stream", in their order"""
        self._is_live = False
        self._pongs = self._infos = 0
        self._said = b""

    @initialize()
    def connect(self) -> None:
        self._sock = self._watched.connect(self._watched.wyoming)

    @rule(text=TEXTS, voice=VOICES)
    def synthesize(self, text: str, voice: Any) -> None:
        """Inside a stream it is a copy for servers that cannot stream."""
        if not self._is_live:
            self._asked.append("whole")
        self._send(event("synthesize", {"text": text, "voice": voice}))

    @rule(voice=VOICES)
    def start(self, voice: Any) -> None:
        """A second one ends the text before it."""
        self._asked.append("stream")
        self._is_live = True
        self._send(event("synthesize-start", {"voice": voice}))

    @rule(text=TEXTS | st.none())
    def chunk(self, text: str | None) -> None:
        """Outside of a stream it is nothing; without text it is an error."""
        self._send(event("synthesize-chunk", {"text": text}))

    @rule()
    def stop(self) -> None:
        self._is_live = False
        self._send(event("synthesize-stop"))

    @rule()
    def ask(self) -> None:
        self._pongs += 1
        self._infos += 1
        self._send(event("ping", {"text": "x"}) + event("describe"))

    @rule(sent=st.sampled_from([event("nonsense"), event("audio-chunk", {"rate": 1}, payload_length=3) + b"\n{}"]))
    def talk_of_other_things(self, sent: bytes) -> None:
        self._send(sent)

    def teardown(self) -> None:
        self.leave()
        self._watched.holds_no_more_than(self._before, with_objects=False)

    def leave(self) -> None:
        """After the answers to all that was asked."""
        if hasattr(self, "_sock"):
            with self._sock:
                if self._is_live:
                    self.stop()
                self._hear_all()

    def _send(self, data: bytes) -> None:
        with contextlib.suppress(ConnectionError):  # it has ended after the error to a plain request
            self._sock.sendall(data)

    def _hear_all(self) -> None:
        """Until all is answered, or the connection has ended behind the error to a plain request."""
        while True:
            kinds = [kind for kind, _ in events(self._said)]
            answers = [kind for kind in kinds if kind not in ("pong", "info")]
            if (answered := answered_by(answers, self._asked)) is not None and kinds.count("pong") >= self._pongs:
                assert answered == len(self._asked)
                return
            try:
                piece = self._sock.recv(65_536)
            except ConnectionError:
                piece = b""
            if not piece:
                assert "error" in answers, (kinds, self._asked)
                answered_by(answers, self._asked)
                return
            self._said += piece


def answered_by(answers: list[str], asked: list[str]) -> int | None:
    """How many are answered if all are, else None. Fails for what is no answer."""
    left = list(answers)
    for number, kind in enumerate(asked):
        if not left:
            return None
        if left[0] == "audio-start":
            left.pop(0)
            while left and left[0] == "audio-chunk":
                left.pop(0)
        if not left:
            return None
        assert left[0] in ("audio-stop", "error"), (answers, asked, number)
        left.pop(0)
        if kind == "stream":
            if not left:
                return None
            assert left.pop(0) == "synthesize-stopped", (answers, asked, number)
    assert not left, (answers, asked)
    return len(asked)
