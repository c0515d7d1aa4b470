"""Laws of a voice.v1 session: messages and sound in, messages and frames out; no sockets, no clock."""

import json
import math
from collections import defaultdict
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.protocols.voice_v1.context import (
    CancelUtterance,
    Context,
    ContextAction,
    EndText,
    FeedText,
    FlushText,
    OpenUtterance,
    RunUtterance,
    WakePump,
)
from qwen3tts_daemon.protocols.voice_v1.contexts import MAX_NAMES
from qwen3tts_daemon.protocols.voice_v1.daemon_messages import StatusMessage, VoiceState
from qwen3tts_daemon.protocols.voice_v1.formats import SoundFormat, format_of_engine
from qwen3tts_daemon.protocols.voice_v1.frames import FLAG_FIRST, FLAG_LAST, HEAD, Framer, SoundFrame
from qwen3tts_daemon.protocols.voice_v1.outbox import MAX_FRAMES, Close
from qwen3tts_daemon.protocols.voice_v1.session import Session
from qwen3tts_daemon.protocols.voice_v1.status import WATCH_S
from qwen3tts_daemon.settings import WebSocketSettings
from qwen3tts_daemon.speech.output import SegmentStarted
from qwen3tts_daemon.speech.word_times import Word, WordsTold
from qwen3tts_daemon.voices.catalogue import VoiceCatalogue
from qwen_tts.api import QueuePosition
from qwen_tts.errors import SynthesisFailed
from tests.fakes import SAMPLES_PER_FRAME, ToneEngine

FRAME = bytes(2 * SAMPLES_PER_FRAME)
FRAME_S = 0.08


class Desk:
    """A session with a client on one side and a make-believe engine on the other."""

    def __init__(self, table: str = "tone", **limits: Any) -> None:
        engine = ToneEngine(table=table)
        self.voices = VoiceCatalogue(lambda: engine.capabilities)
        self.now = 1000.0
        self.status = StatusMessage(
            models=(), device="", total_mb=None, free_mb=None, rows=4, active=0, state="ready",
            ready_in_s=0.0, stands_in=False, last_hour=0, text_goes_to="", real_time=None,
        )  # fmt: skip
        self.session = Session(
            WebSocketSettings(**limits), lambda: self.voices, lambda: engine.capabilities, lambda: [self.status],
            now=self.now, version="1",
        )  # fmt: skip
        self.contexts: dict[str, Context] = {}
        self.running: list[str] = []
        self.stopped: list[str] = []
        self.fed: dict[str, str] = defaultdict(str)
        self.ended: list[str] = []
        self.flushed: list[str] = []
        self.woken: list[str] = []
        self.waiting: dict[str, list[SoundFrame]] = defaultdict(list)
        """Frames that may not go yet."""
        self.heard: list[Any] = []
        """What the client has received: messages as dicts, frames, a Close."""

    def say(self, type: str, **fields: Any) -> list[Any]:
        """Send a message; what the client receives then."""
        return self.send(json.dumps({"type": type, **fields}))

    def send(self, text: str) -> list[Any]:
        self.do(self.session.receive(text, self.now))
        return self.read()

    def do(self, actions: list[ContextAction]) -> None:
        for action in actions:
            name = action.ctx.name
            match action:
                case OpenUtterance(ctx):
                    self.contexts[name] = ctx
                case RunUtterance():
                    self.running.append(name)
                case FeedText(_, text):
                    self.fed[name] += text
                case EndText():
                    self.ended.append(name)
                case FlushText(ctx, is_automatic):
                    self.flushed.append(name)
                    if is_automatic:
                        self.session.auto_flushed(ctx)
                case WakePump():
                    self.woken.append(name)
                case CancelUtterance():
                    self.stopped.append(name)

    def read(self, entries: int = 10_000) -> list[Any]:
        """Let the client take what waits for it."""
        taken: list[Any] = []
        while len(taken) < entries and (entry := self.session.outbox.take()) is not None:
            content = entry.content
            taken.append(json.loads(content) if isinstance(content, str) else content)
        self.heard += taken
        return taken

    def delay_s(self, name: str, frame: SoundFrame) -> float:
        return self.contexts[name].delay_s(frame, self.now)

    def sound(self, name: str, frames: int = 1) -> int:
        """The engine makes frames; how many of them could go out."""
        ctx, waiting = self.contexts[name], self.waiting[name]
        for made in range(frames):
            waiting += [] if waiting else ctx.framer.take(FRAME)
            while waiting:
                if ctx.is_done or self.session.outbox.is_full or self.delay_s(name, waiting[0]) != 0:
                    return made
                ctx.send(waiting.pop(0))
        return frames

    def segment(self, name: str, index: int, start: int, end: int, sample: int) -> None:
        self.contexts[name].segment(SegmentStarted(index, "…", start, end, sample))

    def finish(self, name: str) -> list[Any]:
        ctx = self.contexts[name]
        for frame in [] if ctx.is_done else [*self.waiting[name], *ctx.framer.end()]:
            ctx.send(frame)
        taken = self.read()
        self.do(self.session.finished(ctx, "complete", self.now))
        return taken + self.read()

    def tick(self) -> list[Any]:
        self.do(self.session.tick(self.now))
        return self.read()


def kinds(messages: list[Any]) -> list[str]:
    return [message["type"] if isinstance(message, dict) else type(message).__name__ for message in messages]


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.read()
    return desk


def test_ready_is_the_first_message_and_names_the_limits() -> None:
    (ready,) = Desk(max_contexts=3).read()
    assert ready["type"] == "ready"
    assert ready["protocol"] == "voice.v1"
    assert ready["state"] == "ready"
    assert ready["modes"] == ["preset"]
    assert ready["formats"] == {
        "encodings": ["pcm_s16le", "mulaw", "alaw"], "sample_rates": [8000, 16000, 24000, 48000],
        "framings": ["tagged", "raw"], "frame_ms": [20, 200],
    }  # fmt: skip
    assert ready["limits"] == {
        "text_chars": 8000, "contexts": 3, "message_bytes": 65536, "messages_per_10s": 200, "idle_s": 300.0,
    }  # fmt: skip


def test_one_message_is_enough_to_be_spoken_to(desk: Desk) -> None:
    (started,) = desk.say("speak", text="Hello", final=True)
    name = started["ctx"]
    assert started["position"] == 0
    assert desk.running == [name]
    assert desk.fed == {name: "Hello"}
    assert desk.ended == [name]
    desk.segment(name, 0, 0, 5, 0)
    assert desk.sound(name, 2) == 2
    heard = desk.finish(name)
    assert kinds(heard) == ["segment", "SoundFrame", "SoundFrame", "SoundFrame", "done"]
    assert heard[-1]["reason"] == "complete"
    assert heard[-1]["samples"] == 2 * SAMPLES_PER_FRAME
    assert heard[-1]["chars_spoken"] == 5
    flags = [HEAD.unpack(frame.data[:8])[1] for frame in heard if isinstance(frame, SoundFrame)]
    assert flags == [FLAG_FIRST, 0, FLAG_LAST]
    assert desk.stopped == [], "it has ended by itself"


# -- options -----------------------------------------------------------------------------------------------


def test_what_nobody_asks_for_otherwise(desk: Desk) -> None:
    (configured,) = desk.say("configure")
    open_to_the_checkpoint = dict.fromkeys(("temperature", "top_k", "top_p"))
    assert configured.pop("sampling") == open_to_the_checkpoint | {
        "repetition_penalty": None, "code_predictor": open_to_the_checkpoint, "seed": None,
    }  # fmt: skip
    assert configured == {
        "type": "configured", "voice": None, "mode": "preset", "design": "", "language": "auto", "instruct": "",
        "style": "", "speed": 1.0, "gain_db": 0.0, "lead_silence_ms": None, "tail_silence_ms": None,
        "sentence_silence_ms": None, "chime": None, "text_format": None, "private": False, "split": "sentence",
        "text_layout": "auto", "text_normalization": None, "markup": None, "words": False, "policy": "queue",
        "lead_ms": 10_000, "id": None,
        "format": {"encoding": "pcm_s16le", "sample_rate": 24_000, "framing": "tagged", "frame_ms": 80},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("engine", "told"),
    [
        ((16_000, 1_280), (16_000, 80)),
        ((48_000, 480), (48_000, 20)),
        ((8_000, 8_000), (8_000, 200)),
        ((44_100, 3_528), (24_000, 80)),
    ],
)
def test_the_format_is_the_engines_as_far_as_it_can_be_asked_for(engine: Any, told: Any) -> None:
    rate, samples = engine
    capabilities = msgspec.structs.replace(ToneEngine().capabilities, sample_rate=rate, samples_per_frame=samples)
    format = format_of_engine(capabilities)
    assert (format.sample_rate, format.frame_ms) == told


def test_options_stay_and_change_one_by_one(desk: Desk) -> None:
    (first,) = desk.say("configure", voice="Tone", format={"encoding": "mulaw", "sample_rate": 8000}, id=7)
    assert first["id"] == 7
    assert first["voice"] == "tone"
    assert first["format"] == {"encoding": "mulaw", "sample_rate": 8000, "framing": "tagged", "frame_ms": 80}
    (second,) = desk.say("configure", format={"frame_ms": 20}, sampling={"temperature": 0}, language="English")
    assert second["format"]["encoding"] == "mulaw"
    assert second["format"]["frame_ms"] == 20
    assert second["language"] == "en"
    assert second["sampling"]["temperature"] == 0
    (third,) = desk.say("configure", format=None, voice=None, sampling={"seed": 3})
    assert third["format"]["encoding"] == "pcm_s16le"
    assert "voice" not in third or third["voice"] is None
    assert third["sampling"]["temperature"] == 0
    assert third["sampling"]["seed"] == 3


def test_options_of_one_context_are_not_those_of_the_next(desk: Desk) -> None:
    (started,) = desk.say("speak", ctx="a", text="x", format={"encoding": "alaw"}, split="clause")
    assert started["format"]["encoding"] == "alaw"
    assert desk.contexts["a"].options.order.split == "clause"
    (started,) = desk.say("speak", ctx="b", text="x", policy="parallel")
    assert started["format"]["encoding"] == "pcm_s16le"


def test_a_refused_change_changes_nothing(desk: Desk) -> None:
    before = desk.say("configure")
    assert desk.say("configure", split="clause", voice="nobody")[0]["code"] == "unknown_voice"
    assert desk.say("configure") == before


def test_words_are_told_at_the_clients_rate_and_not_after_a_cancel(desk: Desk) -> None:
    desk.say("speak", ctx="a", text="Come in.", words=True, format={"sample_rate": 8_000})
    ctx = desk.contexts["a"]
    assert ctx.options.order.word_times
    word = Word("Come", 0, 4, 2_400, 7_200)
    ctx.words(WordsTold(0, [word], is_estimated=True, sample_rate=24_000))
    assert desk.read()[-1] == {
        "type": "words", "ctx": "a", "index": 0, "estimated": True,
        "words": [{"text": "Come", "char_start": 0, "char_end": 4, "sample": 800, "sample_end": 2_400}],
    }  # fmt: skip
    ctx.words(WordsTold(0, [word], is_estimated=True, sample_rate=24_000))
    desk.say("cancel", ctx="a")
    ctx.words(WordsTold(0, [word], is_estimated=True, sample_rate=24_000))
    assert "words" not in kinds(desk.read())
    assert kinds(desk.heard).count("words") == 1


WRONG = {
    "": ("bad_json", None),
    "{": ("bad_json", None),
    "[]": ("bad_json", None),
    '{"type":"ping"} x': ("bad_json", None),
    '\ufeff{"type":"ping"}': ("bad_json", None),
    '{"type":"ping","t":1,"t":2}': ("bad_json", None),
    '{"type":"configure","sampling":{"seed":1,"seed":2}}': ("bad_json", None),
    "[" * 60_000: ("bad_json", None),
    '{"a":' * 13_000: ("bad_json", None),
    '{"type":"ping","t":' + "1" * 60_000 + "}": ("bad_json", None),
    "{}": ("bad_field", "type"),
    '{"type":5}': ("bad_field", "type"),
    '{"type":"shout"}': ("unknown_type", "type"),
    '{"type":"\\ud800"}': ("unknown_type", "type"),
    '{"type":"ping","t":NaN}': ("bad_field", "t"),
    '{"type":"ping","t":1e999}': ("bad_field", "t"),
    '{"type":"ping","x":NaN}': ("bad_field", "x"),
    '{"type":"ping","x":[0,{"y":-1e999}]}': ("bad_field", "x[1].y"),
    '{"type":"configure","sampling":{"mood":NaN}}': ("bad_field", "sampling.mood"),
    '{"type":"ping","\\ud800":NaN}': ("bad_field", "?"),
    '{"type":"ping","%s":[NaN]}' % ("x" * 9_000): ("bad_field", "x" * 64),
    '{"type":"ping","id":true}': ("bad_field", "id"),
    '{"type":"played","ctx":"a"}': ("bad_field", "ms"),
    '{"type":"played","ctx":"a","ms":Infinity}': ("bad_field", "ms"),
    '{"type":"played","ctx":"a","ms":-1}': ("bad_field", "ms"),
    '{"type":"flush","ctx":"nobody"}': ("unknown_ctx", "ctx"),
    '{"type":"end"}': ("unknown_ctx", "ctx"),
    '{"type":"cancel","all":1}': ("bad_field", "all"),
    '{"type":"speak","text":7}': ("bad_field", "text"),
    '{"type":"speak","text":"\\ud800"}': ("bad_field", "text"),
    '{"type":"speak","ctx":"%s"}' % ("x" * 65): ("bad_field", "ctx"),
    '{"type":"speak","ctx":"a b"}': ("bad_field", "ctx"),
    '{"type":"speak","ctx":"a\\n"}': ("bad_field", "ctx"),
    '{"type":"speak","ctx":""}': ("bad_field", "ctx"),
    '{"type":"configure","voice":"nobody"}': ("unknown_voice", "voice"),
    '{"type":"configure","voice":1}': ("bad_field", "voice"),
    '{"type":"configure","language":"klingon"}': ("unknown_language", "language"),
    '{"type":"configure","voice":"gong","language":"en"}': ("unsupported_language", "language"),
    '{"type":"configure","mode":"clone"}': ("bad_field", "mode"),
    '{"type":"configure","speed":9}': ("bad_field", "speed"),
    '{"type":"configure","split":"word"}': ("bad_field", "split"),
    '{"type":"configure","words":1}': ("bad_field", "words"),
    '{"type":"configure","policy":"polite"}': ("bad_field", "policy"),
    '{"type":"configure","policy":"parallel","format":{"framing":"raw"}}': ("bad_field", "policy"),
    '{"type":"configure","lead_ms":199}': ("bad_field", "lead_ms"),
    '{"type":"configure","lead_ms":true}': ("bad_field", "lead_ms"),
    '{"type":"configure","format":[]}': ("bad_field", "format"),
    '{"type":"configure","format":{"encoding":"opus"}}': ("unsupported_format", "format.encoding"),
    '{"type":"configure","format":{"encoding":1}}': ("bad_field", "format.encoding"),
    '{"type":"configure","format":{"sample_rate":44100}}': ("unsupported_format", "format.sample_rate"),
    '{"type":"configure","format":{"sample_rate":true}}': ("bad_field", "format.sample_rate"),
    '{"type":"configure","format":{"frame_ms":19}}': ("bad_field", "format.frame_ms"),
    '{"type":"configure","format":{"frame_ms":80.5}}': ("bad_field", "format.frame_ms"),
    '{"type":"configure","format":{"framing":"bare"}}': ("bad_field", "format.framing"),
    '{"type":"configure","sampling":{"temperature":NaN}}': ("bad_field", "sampling.temperature"),
    '{"type":"configure","sampling":{"temperature":1e9}}': ("bad_field", "sampling.temperature"),
    '{"type":"configure","sampling":{"top_k":true}}': ("bad_field", "sampling.top_k"),
    '{"type":"configure","sampling":{"top_k":1.5}}': ("bad_field", "sampling.top_k"),
    '{"type":"configure","sampling":{"seed":-1}}': ("bad_field", "sampling.seed"),
}  # fmt: skip


@pytest.mark.parametrize("text", WRONG, ids=lambda text: text[:60])
def test_what_is_wrong_is_told_with_its_field_and_harms_nothing(desk: Desk, text: str) -> None:
    error = next(message for message in desk.send(text) if message["type"] == "error")
    assert (error["code"], error.get("param")) == WRONG[text]
    assert error["fatal"] is False
    assert desk.contexts == {}
    assert desk.say("ping", t=5, id="x") == [{"type": "pong", "id": "x", "t": 5, "server_ms": 1_000_000}]


def test_an_error_echoes_the_id(desk: Desk) -> None:
    assert desk.say("shout", id="q")[0]["id"] == "q"
    assert desk.say("flush", id=5)[0]["id"] == 5
    assert "id" not in desk.say("shout", id=[1])[0]


def test_unknown_fields_are_ignored(desk: Desk) -> None:
    assert kinds(desk.say("speak", text="x", colour="red", sampling={"mood": "good"})) == ["started"]


def test_unknown_modes_are_answered_with_the_possible_ones(desk: Desk) -> None:
    assert desk.say("configure", mode="design")[0]["message"].endswith("one of: preset")


# -- contexts ----------------------------------------------------------------------------------------------


def test_a_context_that_fails_at_once_is_used_up(desk: Desk) -> None:
    """What the client sent on, not knowing, must not be spoken by another voice."""
    assert kinds(desk.say("speak", ctx="a", text="One ", voice="nobody")) == ["error", "done"]
    assert kinds(desk.say("speak", ctx="b", text="One ", format={"frame_ms": 1})) == ["error", "done"]
    assert kinds(desk.say("speak", ctx="c", text=1)) == ["error", "done"]
    for name in "abc":
        (error,) = desk.say("speak", ctx=name, text="two", final=True)
        assert error["code"] == "ctx_closed"
    assert desk.contexts == {}


def test_a_number_that_is_none_uses_the_name_up_too(desk: Desk) -> None:
    said = desk.send('{"type":"speak","ctx":"a","id":"q","text":"One ","colour":NaN}')
    assert [(message["type"], message.get("id")) for message in said] == [("error", "q"), ("done", None)]
    assert desk.say("speak", ctx="a", text="two", final=True)[0]["code"] == "ctx_closed"


def test_a_name_is_used_once(desk: Desk) -> None:
    desk.say("speak", ctx="a", text="x", final=True)
    assert desk.say("speak", ctx="a", text="y")[0]["code"] == "ctx_closed"
    desk.finish("a")
    for type in ("speak", "flush", "end"):
        assert desk.say(type, ctx="a")[0]["code"] == "ctx_closed"
    assert desk.fed == {"a": "x"}


def test_names_are_remembered_up_to_a_limit(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qwen3tts_daemon.protocols.voice_v1.contexts.MAX_NAMES", 2)
    for name in "ab":
        desk.say("speak", ctx=name, text="x")
        desk.finish(name)
    assert desk.say("speak", ctx="c", text="x")[0]["code"] == "too_many_contexts"
    for _ in range(2):
        assert kinds(desk.say("speak", ctx="c", text=7)) == ["error"], "a name more is not remembered"
    assert MAX_NAMES > 10_000


def test_options_belong_into_the_first_message(desk: Desk) -> None:
    desk.say("speak", ctx="a", text="x")
    (error,) = desk.say("speak", ctx="a", text="y", split="none")
    assert (error["code"], error["param"]) == ("bad_field", "split")
    assert desk.fed["a"] == "x"


def test_text_without_a_name_goes_to_the_implicit_context(desk: Desk) -> None:
    (first,) = desk.say("speak", text="One ")
    assert desk.say("speak", text="two.", final=True) == []
    (second,) = desk.say("speak", text="Three.")
    assert desk.fed == {first["ctx"]: "One two.", second["ctx"]: "Three."}
    desk.say("end")
    assert desk.say("played", ms=80) == []
    assert desk.woken == [second["ctx"]]
    assert [done["ctx"] for done in desk.say("cancel")] == [second["ctx"], first["ctx"]]


def test_an_implicit_name_is_never_one_of_the_clients(desk: Desk) -> None:
    desk.say("speak", ctx="auto-1", text="x")
    assert desk.say("speak", text="y")[0]["ctx"] != "auto-1"


def test_at_most_so_many_contexts(desk: Desk) -> None:
    for name in "abcd":
        assert desk.say("speak", ctx=name, text="x")[0]["type"] == "started"
    error, done = desk.say("speak", ctx="e", text="x")
    assert (error["code"], done["reason"]) == ("too_many_contexts", "error")
    desk.say("cancel", ctx="d")
    assert desk.say("speak", ctx="f", text="x")[0]["type"] == "started"


def test_text_is_bounded(desk: Desk) -> None:
    desk.say("speak", ctx="a", text="x" * 8000)
    (error,) = desk.say("speak", ctx="a", text="y")
    assert (error["code"], error["message"]) == ("text_too_long", "a context takes at most 8000 characters")
    assert desk.fed["a"] == "x" * 8000
    assert kinds(desk.say("speak", ctx="b", text="x" * 8001)) == ["started", "error", "done"]


def test_contexts_wait_for_those_before_them(desk: Desk) -> None:
    assert [desk.say("speak", ctx=name, text="x")[0]["position"] for name in "abc"] == [0, 1, 2]
    assert desk.running == ["a"]
    heard = desk.finish("a")
    assert [(m["ctx"], m["position"]) for m in heard if kinds([m]) == ["queued"]] == [("b", 0), ("c", 1)]
    assert desk.running == ["a", "b"]


def test_who_waits_for_others_is_told_its_place_until_it_is_done(desk: Desk) -> None:
    desk.say("speak", ctx="a", text="x")
    desk.contexts["a"].tell_queue_position(QueuePosition(2))
    assert desk.read() == [{"type": "queued", "ctx": "a", "position": 0, "place": 2}]
    desk.contexts["a"].tell_queue_position(QueuePosition(1, wait_s=3.14))
    assert desk.read() == [{"type": "queued", "ctx": "a", "position": 0, "place": 1, "wait_s": 3.1}]
    desk.say("cancel", ctx="a")
    desk.contexts["a"].tell_queue_position(QueuePosition(0))
    assert desk.read() == []


def test_cancelled_while_waiting_it_never_runs(desk: Desk) -> None:
    for name in "abc":
        desk.say("speak", ctx=name, text="x")
    done, queued = desk.say("cancel", ctx="b")
    assert (done["type"], done["reason"], done["samples"]) == ("done", "cancelled", 0)
    assert (queued["ctx"], queued["position"]) == ("c", 1)
    desk.finish("a")
    assert desk.running == ["a", "c"]


def test_a_new_context_can_preempt_all_others(desk: Desk) -> None:
    for name in "ab":
        desk.say("speak", ctx=name, text="x")
    heard = desk.say("speak", ctx="now", text="Fire!", policy="preempt")
    assert [(m["type"], m["ctx"], m.get("reason")) for m in heard] == [
        ("done", "b", "preempted"), ("done", "a", "preempted"), ("started", "now", None),
    ]  # fmt: skip
    assert desk.running == ["a", "now"]


def test_parallel_contexts_run_at_once_on_channels_of_their_own(desk: Desk) -> None:
    started = [desk.say("speak", ctx=name, text="x", policy="parallel")[0] for name in "abc"]
    assert desk.running == ["a", "b", "c"]
    assert len({message["ch"] for message in started}) == 3


def test_parallel_sound_would_be_a_muddle_without_heads(desk: Desk) -> None:
    desk.say("speak", ctx="raw", text="x", format={"framing": "raw"})
    error, _ = desk.say("speak", ctx="b", text="x", policy="parallel")
    assert (error["code"], error["param"]) == ("bad_field", "policy")


def test_cancel_is_idempotent_and_says_what_it_does_not_know(desk: Desk) -> None:
    for name in "ab":
        desk.say("speak", ctx=name, text="x")
    assert [m["reason"] for m in desk.say("cancel", ctx="b")] == ["cancelled"]
    assert desk.say("cancel", ctx="b") == []
    desk.finish("a")
    assert [(m["type"], m["code"]) for m in desk.say("cancel", ctx="a")] == [("warning", "ctx_closed")]
    assert [(m["type"], m["code"]) for m in desk.say("cancel", ctx="z")] == [("warning", "unknown_ctx")]
    assert desk.say("cancel", all=True) == []


def test_after_a_cancel_only_done_follows(desk: Desk) -> None:
    desk.say("speak", ctx="a", text="x")
    desk.segment("a", 0, 0, 1, 0)
    desk.sound("a", 5)
    desk.read(3)
    (done,) = desk.say("cancel", ctx="a")
    assert (done["reason"], done["samples"]) == ("cancelled", 2 * SAMPLES_PER_FRAME)
    assert desk.stopped == ["a"]
    desk.sound("a", 3)
    desk.segment("a", 1, 1, 2, 5 * SAMPLES_PER_FRAME)
    assert desk.finish("a") == []


def test_what_was_heard_is_what_counts_as_spoken(desk: Desk) -> None:
    desk.say("speak", ctx="a", text="x" * 30)
    for index in range(3):
        desk.segment("a", index, index * 10, index * 10 + 10, index * SAMPLES_PER_FRAME)
        desk.sound("a")
    desk.read()
    (done,) = desk.say("cancel", ctx="a", played_ms=100)
    assert done["chars_spoken"] == 20


def test_a_failure_is_told_before_the_end(desk: Desk) -> None:
    desk.say("speak", ctx="a", text="x")
    desk.sound("a")
    desk.do(desk.session.failed(desk.contexts["a"], SynthesisFailed("no sound"), desk.now))
    frame, error, done = desk.read()
    assert isinstance(frame, SoundFrame)
    assert (error["code"], error["ctx"], done["reason"]) == ("generation_failed", "a", "error")


def test_flush_is_answered(desk: Desk) -> None:
    desk.say("speak", ctx="a", text="half a sent")
    desk.sound("a", 2)
    flushed = desk.say("flush", ctx="a", id=1)[-1]
    assert flushed == {"type": "flushed", "ctx": "a", "id": 1, "sample": 2 * SAMPLES_PER_FRAME}
    assert desk.flushed == ["a"]


# -- time --------------------------------------------------------------------------------------------------


def test_sound_is_never_further_ahead_of_the_clock_than_allowed(desk: Desk) -> None:
    desk.say("speak", ctx="a", text="x", lead_ms=400)
    assert desk.sound("a", 10) == 5
    desk.read()
    frame = SoundFrame(b"", 5 * SAMPLES_PER_FRAME, SAMPLES_PER_FRAME)
    assert desk.delay_s("a", frame) == pytest.approx(FRAME_S)
    desk.now += FRAME_S
    assert desk.delay_s("a", frame) == 0


def test_a_gap_in_the_sound_is_no_credit(desk: Desk) -> None:
    desk.say("speak", ctx="a", text="x", lead_ms=400)
    desk.sound("a", 1)
    desk.now += 60
    assert desk.sound("a", 10) == 5


def test_the_next_context_is_heard_after_the_one_before(desk: Desk) -> None:
    for name in "ab":
        desk.say("speak", ctx=name, text="x", lead_ms=400)
    desk.sound("a", 5)
    desk.finish("a")
    assert desk.sound("b") == 0
    desk.now += 5 * FRAME_S
    assert desk.sound("b", 10) == 5


def test_a_listener_who_stops_hears_the_next_at_once(desk: Desk) -> None:
    desk.say("speak", ctx="a", text="x", lead_ms=400)
    desk.sound("a", 5)
    desk.read()
    desk.say("speak", ctx="b", text="x", lead_ms=400, policy="preempt")
    assert desk.sound("b", 10) == 5


def test_reports_of_what_was_played_replace_the_clock(desk: Desk) -> None:
    desk.say("speak", ctx="a", text="x", lead_ms=400)
    desk.say("played", ctx="a", ms=0)
    assert desk.sound("a", 10) == 5
    desk.now += 3600
    frame = SoundFrame(b"", 5 * SAMPLES_PER_FRAME, SAMPLES_PER_FRAME)
    assert desk.delay_s("a", frame) == math.inf
    desk.woken.clear()
    desk.say("played", ctx="a", ms=80)
    assert desk.woken == ["a"]
    assert desk.delay_s("a", frame) == 0
    for played in range(1, 50):
        desk.say("played", ctx="a", ms=80 * played)
        assert desk.sound("a") == 1
        desk.read()


def test_who_takes_nothing_loses_the_context(desk: Desk) -> None:
    desk.say("speak", ctx="a", text="x")
    desk.sound("a", 2)
    desk.do(desk.session.slow(desk.contexts["a"], desk.now))
    error, done = desk.read()
    assert (error["code"], done["reason"], done["samples"]) == ("slow_consumer", "limit", 0)
    assert desk.stopped == ["a"]


def test_the_outbox_is_bounded(desk: Desk) -> None:
    desk.say("speak", ctx="a", text="x")
    assert desk.sound("a", 100) == MAX_FRAMES


def test_a_client_that_never_reads_its_answers_is_given_up() -> None:
    desk = Desk(messages_per_10s=100_000)
    for _ in range(3000):
        desk.session.receive('{"type":"ping"}', desk.now)
    assert len(desk.session.outbox) < 2000
    assert desk.read()[-1] == Close(1008, "the answers are not read")


def test_forgotten_text_is_spoken(desk: Desk) -> None:
    desk.say("speak", ctx="a", text="half a sent")
    assert desk.session.deadline() == desk.now + 5
    desk.now += 5
    assert [m["code"] for m in desk.tick()] == ["auto_flushed"]
    assert desk.flushed == ["a"]
    desk.now += 5
    assert desk.tick() == []
    desk.say("speak", ctx="a", text="ence")
    assert desk.session.deadline() == desk.now + 5


def test_a_forgotten_context_is_ended(desk: Desk) -> None:
    desk.say("speak", ctx="a", text="")
    desk.now = desk.session.deadline()
    assert [m["code"] for m in desk.tick()] == ["timeout"]
    assert desk.ended == ["a"]
    assert desk.session.deadline() == math.inf


def test_an_idle_socket_is_closed_but_not_one_that_speaks(desk: Desk) -> None:
    desk.now += 299
    desk.say("speak", ctx="a", text="x", final=True)
    desk.now += 3600
    assert desk.tick() == []
    desk.finish("a")
    desk.now += 299
    assert desk.tick() == []
    desk.now += 1
    assert desk.tick() == [Close(4408, "idle")]


def test_who_watches_is_told_at_once_and_of_every_change_but_not_too_often() -> None:
    desk = Desk()
    desk.read()
    assert desk.session.deadline() == desk.now + WebSocketSettings().idle_s, "nobody watches yet"
    (told,) = desk.say("watch")
    assert (told["type"], told["rows"], told["active"], told["total_mb"]) == ("status", 4, 0, None)
    for active in (1, 2, 2):
        desk.status = msgspec.structs.replace(desk.status, active=active)
        assert desk.tick() == []
        assert desk.session.deadline() == desk.now + WATCH_S
        desk.now += WATCH_S
        assert [message["active"] for message in desk.tick()] == ([active] if told["active"] != active else [])
        told = {"active": active}
    assert desk.say("watch", on=False) == []
    desk.status = msgspec.structs.replace(desk.status, active=0)
    desk.now += WATCH_S
    assert desk.tick() == []


def test_watching_keeps_no_socket_alive() -> None:
    desk = Desk(idle_s=60)
    desk.say("watch")
    desk.now += 60
    assert Close(4408, "idle") in desk.tick()
    assert desk.session.deadline() == math.inf


def test_too_many_messages_are_refused_then_the_socket_is_closed() -> None:
    desk = Desk(messages_per_10s=20)
    desk.read()
    answers = [desk.say("ping") for _ in range(40)]
    codes = [m.get("code", "pong") if isinstance(m, dict) else m for answer in answers for m in answer]
    assert codes == ["pong"] * 20 + ["rate_limited"] * 10 + [Close(1008, "too many messages")]


def test_a_patient_client_is_never_refused() -> None:
    desk = Desk(messages_per_10s=20)
    desk.read()
    for _ in range(200):
        desk.now += 0.5
        assert kinds(desk.say("ping")) == ["pong"]


def test_a_binary_message_closes_the_socket(desk: Desk) -> None:
    desk.session.receive_binary()
    error, close = desk.read()
    assert (error["code"], error["fatal"]) == ("bad_json", True)
    assert close == Close(1003, "text frames only")


def test_a_close_does_not_wait_for_sound(desk: Desk) -> None:
    desk.say("speak", ctx="a", text="x")
    desk.sound("a", 5)
    desk.session.receive_binary()
    assert kinds(desk.read()) == ["error", "Close"]


def test_draining_ends_what_runs_and_refuses_the_rest(desk: Desk) -> None:
    for name in "ab":
        desk.say("speak", ctx=name, text="x")
    desk.do(desk.session.drain(desk.now))
    state, error, done = desk.read()
    assert state == {"type": "state", "state": "draining"}
    assert (error["code"], done["ctx"], done["reason"]) == ("draining", "b", "error")
    assert desk.ended == ["a"]
    assert [m.get("code") for m in desk.say("speak", ctx="c", text="x")] == ["draining", None]
    assert kinds(desk.finish("a"))[-2:] == ["done", "Close"]
    assert desk.heard[-1].code == 1001


def test_an_idle_socket_is_drained_at_once(desk: Desk) -> None:
    desk.session.drain(desk.now)
    assert [m.code for m in desk.read() if isinstance(m, Close)] == [1001]


def test_states_are_told_when_they_change(desk: Desk) -> None:
    states: list[VoiceState] = ["ready", "loading", "loading", "idle"]
    for state in states:
        desk.session.change_state(state)
    assert [m["state"] for m in desk.read()] == ["loading", "idle"]


# -- laws --------------------------------------------------------------------------------------------------

names = st.sampled_from(["a", "b", "c", "d", "e", None])
messages = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just("speak"), "text": st.sampled_from(["", "Hello. ", "x" * 5000])},
        optional={
            "ctx": names, "final": st.booleans(), "policy": st.sampled_from(["queue", "preempt", "parallel"]),
            "voice": st.sampled_from(["tone", "nobody"]), "lead_ms": st.sampled_from([1, 200, 400]),
            "format": st.sampled_from(
                [{"framing": "raw"}, {"encoding": "alaw", "sample_rate": 8000}, {"frame_ms": 200}]
            ),
        },
    ),
    st.fixed_dictionaries({"type": st.sampled_from(["flush", "end"]), "ctx": names}),
    st.fixed_dictionaries({"type": st.just("cancel"), "ctx": names, "all": st.just(False)}),
    st.just({"type": "cancel", "ctx": None, "all": True}),
    st.fixed_dictionaries({"type": st.just("played"), "ctx": names, "ms": st.sampled_from([0, 80, 1e6])}),
    st.just({"type": "nonsense"}),
)  # fmt: skip
events = st.one_of(
    messages.map(lambda message: ("say", message)),
    st.tuples(st.sampled_from(["sound", "finish", "fail", "slow"]), st.integers(0, 5)),
    st.tuples(st.just("read"), st.integers(1, 4)),
    st.tuples(st.just("wait"), st.sampled_from([0.05, 6.0, 301.0])),
)


def happen(desk: Desk, kind: str, detail: Any) -> None:
    running = [name for name in desk.running if not desk.contexts[name].is_done]
    if kind == "say":
        desk.do(desk.session.receive(json.dumps(detail), desk.now))
    elif kind == "read":
        desk.read(detail)
    elif kind == "wait":
        desk.now += detail
        desk.do(desk.session.tick(desk.now))
    elif running:
        name = running[detail % len(running)]
        if kind == "sound":
            desk.segment(name, 0, 0, 1, 0)
            desk.sound(name, detail)
        elif kind == "finish":
            desk.finish(name)
        elif kind == "fail":
            desk.do(desk.session.failed(desk.contexts[name], Refusal("timeout", "late"), desk.now))
        else:
            desk.do(desk.session.slow(desk.contexts[name], desk.now))


@settings(max_examples=300, deadline=None)
@given(st.lists(events, max_size=40))
@example([("say", {"type": "speak", "text": ""}), ("sound", 1), ("fail", 0), ("wait", 301.0)])
def test_whatever_happens_every_context_gets_one_done_and_nothing_after_it(story: list[Any]) -> None:
    desk = Desk(messages_per_10s=10_000)
    for kind, detail in story:
        live = {name: ctx for name, ctx in desk.contexts.items() if not ctx.is_done}
        happen(desk, kind, detail)
        if kind == "say" and detail["type"] == "cancel" and (ctx := live.get(detail["ctx"])):
            assert not desk.session.outbox.has_frames_of(ctx)
    desk.do(desk.session.cancel_all(desk.now))
    desk.read()
    channels: dict[int, str] = {}
    done: dict[str, int] = {}
    samples: dict[str, int] = defaultdict(int)
    for heard in desk.heard:
        if isinstance(heard, SoundFrame):
            if len(heard.data) >= 8 and (owner := _owner(heard, channels)):
                assert owner not in done
                assert heard.first_sample == samples[owner]
                samples[owner] += heard.samples
        elif isinstance(heard, dict) and heard.get("ctx"):
            name = heard["ctx"]
            if heard["type"] == "started":
                channels[heard["ch"]] = name if heard["format"]["framing"] == "tagged" else ""
            if heard["type"] == "done":
                assert name not in done
                done[name] = heard["samples"]
            elif heard["type"] in ("started", "queued", "segment", "flushed"):
                assert name not in done
    assert set(desk.contexts) <= set(done)
    for name, ch in {name: ch for ch, name in channels.items() if name}.items():
        assert done[name] == samples[name], (name, ch)
    assert not [name for name in desk.contexts if not desk.contexts[name].is_done]


def _owner(frame: SoundFrame, channels: dict[int, str]) -> str:
    """The context of a tagged frame; "" for a raw one, whose first bytes are sound."""
    kind, _, channel, first = HEAD.unpack(frame.data[:8])
    return channels.get(channel, "") if kind == 1 and first == frame.first_sample else ""


# -- frames ------------------------------------------------------------------------------------------------


def cut(framer: Framer, pcm: bytes, sizes: list[int]) -> list[SoundFrame]:
    frames: list[SoundFrame] = []
    start = 0
    for size in sizes:
        frames += framer.take(pcm[2 * start : 2 * (start + size)])
        start += size
    return [*frames, *framer.take(pcm[2 * start :]), *framer.end()]


def ramp(samples: int) -> bytes:
    return b"".join((i * 37 % 30_000 - 15_000).to_bytes(2, "little", signed=True) for i in range(samples))


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["pcm_s16le", "mulaw", "alaw"]),
    st.sampled_from([8_000, 16_000, 24_000, 48_000]),
    st.sampled_from([20, 50, 80, 200]),
    st.lists(st.integers(0, 3000), max_size=8),
)
def test_the_sound_does_not_depend_on_how_it_was_cut(encoding: Any, rate: int, frame_ms: int, sizes: list[int]) -> None:
    format = SoundFormat(encoding=encoding, sample_rate=rate, framing="tagged", frame_ms=frame_ms)
    pcm = ramp(9_000)
    whole = cut(Framer(format, channel=7, source_rate=24_000, source_frame=1920), pcm, [])
    frames = cut(Framer(format, channel=7, source_rate=24_000, source_frame=1920), pcm, sizes)
    assert b"".join(f.data[8:] for f in frames) == b"".join(f.data[8:] for f in whole)
    heads = [HEAD.unpack(frame.data[:8]) for frame in frames]
    assert {(kind, channel) for kind, _, channel, _ in heads} == {(1, 7)}
    assert [flags & FLAG_FIRST for _, flags, _, _ in heads] == [FLAG_FIRST] + [0] * (len(heads) - 1)
    assert [flags & FLAG_LAST for _, flags, _, _ in heads] == [0] * (len(heads) - 1) + [FLAG_LAST]
    sample = 0
    for frame, (_, _, _, first) in zip(frames, heads, strict=True):
        assert first == frame.first_sample == sample
        assert len(frame.data) - 8 == frame.samples * (2 if encoding == "pcm_s16le" else 1)
        sample += frame.samples
    assert abs(sample - 9_000 * rate // 24_000) <= 1
    if (rate, frame_ms) != (24_000, 80):
        assert {frame.samples for frame in frames[:-1]} <= {rate * frame_ms // 1000}


def test_chunks_in_the_engines_format_pass_untouched() -> None:
    framer = Framer(SoundFormat(framing="raw"), channel=0, source_rate=24_000, source_frame=1920)
    chunk, short = ramp(1920), ramp(100)
    (frame,) = framer.take(chunk)
    assert frame.data is chunk
    assert [frame.samples for frame in framer.take(short)] == [100]
    assert not framer.holds_sound
    assert framer.end() == []


def test_what_does_not_fill_a_frame_goes_out_in_a_lull() -> None:
    framer = Framer(SoundFormat(frame_ms=200), channel=0, source_rate=24_000, source_frame=1920)
    assert framer.take(FRAME) == []
    assert framer.holds_sound
    assert [frame.samples for frame in framer.lull()] == [1920]
    assert framer.lull() == []


# -- who will speak ------------------------------------------------------------------------------------------


UNSETTLED = (None, None)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"voice": "Vivian", "text": "Hello there.", "final": True}, ("heart", "en")),
        ({"voice": "default", "text": "Wie ist das Wetter heute?", "final": True}, ("if_sara-de", "de")),
        ({"voice": "nova", "text": "Wie ist das Wetter heute?", "final": True}, ("if_sara-de", "de")),
        ({"voice": "onyx-de", "text": "Hello"}, ("im_nicola-de", "de")),
        ({"text": "Hello there.", "final": True}, ("heart", "en")),
        ({"text": "```\ncode\n```\nWie ist das Wetter heute?", "final": True}, ("if_sara-de", "de")),
        ({"text": "", "language": "fr"}, ("ff_siwis", "fr")),
        ({"voice": "AM_MICHAEL", "text": "Hel"}, ("am_michael", "en")),
        ({"voice": "Heart (Kokoro)"}, ("af_heart", "en")),
        ({"voice": "Vivian", "text": "Hello there."}, UNSETTLED),
        ({"voice": "nova"}, UNSETTLED),
        ({"text": "Hello there. How"}, UNSETTLED),
        ({"text": "...", "final": True}, UNSETTLED),
    ],
)
def test_started_tells_who_will_speak_as_soon_as_it_is_settled(
    said: dict[str, Any], told: tuple[str | None, str | None]
) -> None:
    desk = Desk("preview")
    desk.read()
    (started,) = desk.say("speak", ctx="a", **said)
    assert (started.get("voice"), started.get("language")) == told
    order = desk.contexts["a"].options.order
    if told != UNSETTLED:
        choice = desk.voices.check(order.voice, order.language)
        assert choice.voice is not None
        for text in ("Hello there.", "Das Wetter ist heute sehr schön."):
            known, language = desk.voices.decide(choice, text, request_id="x")
            assert (known.name, language) == told, "whatever comes"


def test_a_language_that_only_the_text_decides_is_told_by_the_segments() -> None:
    desk = Desk()
    desk.read()
    (started,) = desk.say("speak", ctx="a", voice="tone", text="Hello. ")
    assert (started["voice"], "language" in started) == ("tone", False)
    desk.contexts["a"].segment(SegmentStarted(0, "Hello.", 0, 6, 0, "tone", "en"))
    (segment,) = desk.read()
    assert (segment["voice"], segment["language"]) == ("tone", "en")


def test_what_stands_for_a_voice_stays_what_was_configured() -> None:
    desk = Desk("preview")
    desk.read()
    (configured,) = desk.say("configure", voice="Vivian")
    assert configured["voice"] == "Vivian"
    for name, text, voice in (("a", "Hello there.", "heart"), ("b", "Wie ist das Wetter heute?", "if_sara-de")):
        (started,) = desk.say("speak", ctx=name, text=text, final=True)
        assert started["voice"] == voice
