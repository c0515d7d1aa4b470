"""Sessions with the engine of Qwen3-TTS, the same few each time; long.py tries many. A failure is shrunk."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from benchmarks.text_vocabulary import write_text_tokenizer
from tests.engine.driven import small_checkpoint
from tests.hostile.engine_sessions import EngineSession, Speaking
from tests.hostile.mixed_sessions import MixedSession
from tests.hostile.test_sessions import FEW, run
from tests.hostile.watched import watched_daemon


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("text")
    write_text_tokenizer(directory)
    return directory


@pytest.fixture(scope="module")
def speaking(vocabulary: Path) -> Iterator[Speaking]:
    speaking = Speaking(vocabulary)
    yield speaking
    speaking.close()


def test_everybody_hears_what_is_heard_alone_and_nothing_is_left(speaking: Speaking) -> None:
    few = settings(FEW, max_examples=6, stateful_step_count=10)
    run_state_machine_as_test(partial(EngineSession, speaking), settings=few)


def test_all_doors_at_once(tmp_path: Path, vocabulary: Path) -> None:
    checkpoint = str(small_checkpoint(vocabulary))
    with watched_daemon(tmp_path, factory="tests.hostile.watched_qwen:engine", checkpoint=checkpoint) as watched:
        run(MixedSession, watched, settings(FEW, max_examples=4, stateful_step_count=10))
