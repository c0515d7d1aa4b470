"""Sessions in any order, the same few each time; long.py tries many. A failure is shrunk."""

from functools import partial

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from tests.hostile.rest_sessions import RestSession
from tests.hostile.voice_v1_sessions import VoiceSession
from tests.hostile.watched import Watched
from tests.hostile.wyoming_sessions import WyomingSession

MACHINES: dict[str, type[RuleBasedStateMachine]] = {
    "voice.v1": VoiceSession,
    "wyoming": WyomingSession,
    "rest": RestSession,
}
GROWTH_BYTES = 30_000_000
"""Of the daemon, in all sessions of a machine"""


FEW = settings(
    max_examples=20, stateful_step_count=15, deadline=None, derandomize=True, database=None,
    suppress_health_check=list(HealthCheck), phases=(Phase.generate, Phase.shrink),
)  # fmt: skip


def run(machine: type[RuleBasedStateMachine], watched: Watched, examples: settings) -> None:
    """Raises for the shortest session that breaks a law."""
    before = watched.memory
    run_state_machine_as_test(partial(machine, watched), settings=examples)
    assert watched.memory - before < GROWTH_BYTES


@pytest.mark.parametrize("name", MACHINES)
def test_whatever_is_said_in_whatever_order(watched: Watched, name: str) -> None:
    run(MACHINES[name], watched, FEW)
