"""Every wire has a word for every kind of voice: whoever adds a kind learns here where it is missing."""

from typing import get_args

import pytest

from qwen3tts_daemon.hosting import model_names
from qwen3tts_daemon.protocols.http.routes import wrapper_models
from qwen3tts_daemon.protocols.voice_v1 import options
from qwen_tts.api import VoiceKind
from qwen_tts.config.checkpoint_types import CHECKPOINT_TYPES

TABLES = {
    "voice.v1's modes": set(options._MODES),
    "the wrapper's types of models": set(wrapper_models._MODEL_TYPES),
}


@pytest.mark.parametrize("table", TABLES)
def test_every_kind_is_there(table: str) -> None:
    assert TABLES[table] == set(get_args(VoiceKind))


def test_clients_find_a_checkpoint_of_every_type() -> None:
    assert set(model_names._KINDS) == {one.release_name for one in CHECKPOINT_TYPES}
