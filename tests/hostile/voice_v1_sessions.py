"""Sessions of voice.v1 in any order, valid and not, with a whole daemon: a hypothesis state machine.

Whatever a client says, each context that it opens is told one `done` and nothing after it, the sound has no gaps, and
when it leaves nothing is left of it.
"""

import contextlib
import json
import struct
from collections import Counter
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from tests.hostile.watched import Watched
from tests.patience import PATIENCE_S
from tests.wire.patient import connect_blocking

HEAD = struct.Struct("<BBHI")
NAMES = st.sampled_from(["a", "b", "c", "d"])
TEXTS = st.sampled_from(
    [
        "",
        " ",
        "Hi.",
        "One. Two",
        " and three.",
        "👍",
        "[fail] this.",
        "[hang] on.",
        "[limit]",
        "[mute] x.",
        "你好。",
        "```",
    ]
)
OPTIONS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "policy": st.sampled_from(["queue", "preempt", "parallel"]),
        "voice": st.sampled_from(["tone", "gong", "nobody", None]),
        "language": st.sampled_from(["auto", "en", "zh", "ja", "xx"]),
        "speed": st.sampled_from([0.5, 1, 4, 9]),
        "split": st.sampled_from(["sentence", "clause", "none", "word"]),
        "format": st.sampled_from([{"framing": "raw"}, {"sample_rate": 8_000}, {"encoding": "mulaw"}, {"frame_ms": 5}]),
        "lead_ms": st.sampled_from([200, 600_000, 0]),
        "text_format": st.sampled_from(["ssml", "text", "html"]),
    },
)  # fmt: skip
JUNK = st.sampled_from(
    [
        "",
        "{",
        "[]",
        "1",
        '{"type":1}',
        '{"type":"shout"}',
        '{"type":"speak","ctx":"%%","text":"x"}',
        '{"\\ud800":1,"type":"ping"}',
    ]
)


class VoiceSession(RuleBasedStateMachine):
    """One socket, from its `ready` to its end."""

    def __init__(self, watched: Watched) -> None:
        super().__init__()
        self._watched = watched
        self._before = watched.census(with_objects=False)
        self._stack = contextlib.ExitStack()
        self._pings = 0
        self.opened: set[str] = set()
        """Names that a `speak` has used"""
        self.heard: list[dict[str, Any]] = []
        self._channels: dict[int, str] = {}

    @initialize()
    def call(self) -> None:
        self._call: ClientConnection = self._stack.enter_context(
            connect_blocking(self._watched.socket_url, max_queue=None, close_timeout=5)
        )
        # Nobody waits for the clock.
        self._say("configure", lead_ms=600_000)

    # -- what a client may do ----------------------------------------------------------------------------------

    @rule(ctx=NAMES, text=TEXTS, final=st.booleans(), options=OPTIONS)
    def speak(self, ctx: str, text: str, final: bool, options: dict[str, Any]) -> None:
        self.opened.add(ctx)
        self._say("speak", ctx=ctx, text=text, final=final, **options)

    @rule(text=TEXTS, final=st.booleans())
    def speak_without_a_name(self, text: str, final: bool) -> None:
        self._say("speak", text=text, final=final)

    @rule(options=OPTIONS)
    def configure(self, options: dict[str, Any]) -> None:
        self._say("configure", **{name: value for name, value in options.items() if name != "lead_ms"})

    @rule(ctx=NAMES | st.none(), kind=st.sampled_from(["flush", "end"]))
    def go_on(self, ctx: str | None, kind: str) -> None:
        self._say(kind, ctx=ctx)

    @rule(ctx=NAMES | st.none(), is_all=st.booleans(), played_ms=st.sampled_from([None, 0, 50, 1e9]))
    def cancel(self, ctx: str | None, is_all: bool, played_ms: float | None) -> None:
        self._say("cancel", ctx=ctx, all=is_all, played_ms=played_ms)

    @rule(on=st.booleans())
    def watch(self, on: bool) -> None:
        self._say("watch", on=on)

    @rule(text=JUNK)
    def talk_nonsense(self, text: str) -> None:
        self._call.send(text)

    @rule()
    def wait_for_an_answer(self) -> None:
        """All that was said so far has been heard."""
        self._pings += 1
        self._say("ping", id=self._pings)
        self._hear_until(lambda heard: heard.get("id") == self._pings and heard["type"] == "pong")

    # -- what must be so ---------------------------------------------------------------------------------------

    @invariant()
    def one_done_and_nothing_after_it(self) -> None:
        done = Counter(heard["ctx"] for heard in self.heard if heard["type"] == "done")
        assert set(done.values()) <= {1}, done
        over: set[str] = set()
        for heard in self.heard:
            name = heard.get("ctx")
            # An error or a warning may name what is over: it is about a later message of the client's.
            assert name not in over or heard["type"] in ("error", "warning"), (name, heard)
            if heard["type"] == "done":
                over.add(name)

    def teardown(self) -> None:
        self.leave()
        self._watched.holds_no_more_than(self._before, with_objects=False)

    def leave(self) -> None:
        """After all that was said has had its end."""
        try:
            if hasattr(self, "_call"):
                self._say("cancel", all=True)
                self.wait_for_an_answer()
                done = {heard["ctx"] for heard in self.heard if heard["type"] == "done"}
                assert self.opened <= done, (self.opened - done, self.heard)
                assert {heard["ctx"] for heard in self.heard if heard["type"] == "started"} <= done
                self.one_done_and_nothing_after_it()
        finally:
            self._stack.close()

    # -- the wire ----------------------------------------------------------------------------------------------

    def _say(self, type: str, **fields: Any) -> None:
        self._call.send(
            json.dumps(
                {
                    "type": type,
                    **{name: value for name, value in fields.items() if value is not None or name == "voice"},
                }
            )
        )

    def _hear_until(self, is_last: Any) -> None:
        samples: dict[int, int] = {}
        while True:
            try:
                data = self._call.recv(PATIENCE_S)
            except ConnectionClosed as error:
                raise AssertionError(f"the socket was closed: {error}") from error
            if isinstance(data, bytes):
                self._frame(data, samples)
                continue
            message = json.loads(data)
            if message["type"] == "started" and message["format"]["framing"] == "tagged":
                self._channels[message["ch"]] = message["ctx"]
            self.heard.append(message)
            if is_last(message):
                return

    def _frame(self, data: bytes, samples: dict[int, int]) -> None:
        """Of a context that has begun and is not over. Raw sound names nobody."""
        if len(data) < HEAD.size or data[0] != 1 or not self._channels:
            return
        _, _, channel, _ = HEAD.unpack(data[: HEAD.size])
        if (name := self._channels.get(channel)) is not None and not self._has_raw():
            self.heard.append({"type": "frame", "ctx": name})

    def _has_raw(self) -> bool:
        return any(heard["type"] == "started" and heard["format"]["framing"] == "raw" for heard in self.heard)
