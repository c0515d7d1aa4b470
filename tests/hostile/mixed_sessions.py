"""All three doors of one daemon at once, with the engine of Qwen3-TTS in its worker: a hypothesis state machine.

Each client is promised what it is promised alone (see voice_v1_sessions, wyoming_sessions, rest_sessions); a text
spoken with a seed is the same sound whoever else speaks; and in the end no task, row or page is left.
"""

from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.hostile.rest_sessions import RestSession
from tests.hostile.voice_v1_sessions import NAMES, VoiceSession
from tests.hostile.watched import Watched
from tests.hostile.wyoming_sessions import WyomingSession

TEXTS = st.sampled_from(["Hello there, world.", "Yes? No.", "", "👍", "word " * 2_000])
VOICES = st.sampled_from(["vivian", "ryan", "nobody"])
SPOKEN = st.sampled_from(["Hello there.", "It costs 3.50 in all. And so on."])


class MixedSession(RuleBasedStateMachine):
    """One client at each door."""

    sounds: ClassVar[dict[tuple[str, str], bytes]] = {}
    """Of what was spoken with a seed before, in whatever session"""

    def __init__(self, watched: Watched) -> None:
        super().__init__()
        self._watched, self._before = watched, watched.census(with_objects=False)
        self._voice, self._wyoming, self._rest = VoiceSession(watched), WyomingSession(watched), RestSession(watched)
        self._voice.call()
        self._wyoming.connect()

    # -- voice.v1 ----------------------------------------------------------------------------------------------

    @rule(ctx=NAMES, text=TEXTS, final=st.booleans(), voice=VOICES, policy=st.sampled_from(["queue", "parallel"]))
    def speak(self, ctx: str, text: str, final: bool, voice: str, policy: str) -> None:
        self._voice.speak(ctx, text, final, {"voice": voice, "policy": policy})

    @rule(ctx=NAMES | st.none(), kind=st.sampled_from(["flush", "end"]))
    def go_on(self, ctx: str | None, kind: str) -> None:
        self._voice.go_on(ctx, kind)

    @rule(ctx=NAMES | st.none(), is_all=st.booleans())
    def cancel(self, ctx: str | None, is_all: bool) -> None:
        self._voice.cancel(ctx, is_all, None)

    @rule()
    def wait_for_an_answer(self) -> None:
        self._voice.wait_for_an_answer()

    # -- Wyoming -----------------------------------------------------------------------------------------------

    @rule(text=TEXTS, voice=VOICES)
    def synthesize(self, text: str, voice: str) -> None:
        self._wyoming.synthesize(text, {"name": voice})

    @rule(voice=VOICES)
    def start(self, voice: str) -> None:
        self._wyoming.start({"name": voice})

    @rule(text=TEXTS)
    def chunk(self, text: str) -> None:
        self._wyoming.chunk(text)

    @rule()
    def stop(self) -> None:
        self._wyoming.stop()

    # -- REST --------------------------------------------------------------------------------------------------

    @rule(text=SPOKEN, voice=st.sampled_from(["vivian", "ryan"]))
    def speak_with_a_seed(self, text: str, voice: str) -> None:
        body: dict[str, Any] = {"input": text, "voice": voice, "response_format": "pcm", "seed": 3}
        answer = self._rest._ask("POST", "/v1/audio/speech", json=body)
        if answer.status_code == 200:
            assert answer.content == self.sounds.setdefault((text, voice), answer.content)

    @rule(text=TEXTS, voice=VOICES)
    def speak_otherwise(self, text: str, voice: str) -> None:
        self._rest.speak(voice, text, "wav")

    # -- what must be so ---------------------------------------------------------------------------------------

    @invariant()
    def one_done_and_nothing_after_it(self) -> None:
        self._voice.one_done_and_nothing_after_it()

    def teardown(self) -> None:
        for session in (self._voice, self._wyoming, self._rest):
            session.leave()
        self._watched.holds_no_more_than(self._before, with_objects=False)
