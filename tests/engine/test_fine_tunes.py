"""What fine-tuning scripts and newer libraries make of a checkpoint speaks as the original was recorded."""

import json
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from qwen_tts.api import PresetVoice, SynthesisRequest
from qwen_tts.checkpoint.model import Model, load_model
from qwen_tts.config.checkpoint import CODEC_DIRECTORY
from qwen_tts.config.checkpoint_files import WEIGHTS
from qwen_tts.config.engine import EngineConfig
from qwen_tts.config.generation import GENERATION_CONFIG
from qwen_tts.engine.engine import Engine
from qwen_tts.hosting.hosted_checkpoint import HostedCheckpoint
from qwen_tts.offline.synthesizer import Synthesizer
from tests.engine.official import GOLDEN, Speaking, close_wave
from tests.engine.saved_anew import (
    Json,
    by_transformers_5,
    edit_json,
    in_dtypes,
    in_shards,
    one_tokenizer_file,
    with_prefix,
    with_tensors,
)
from tests.golden.cases import BASE, CASES, CUSTOM, DESIGN, SMALL_CUSTOM

CPU = torch.device("cpu")
Bend = Callable[[Path, Path], object]
"""(the copy to change, the folder of all originals)"""


def with_speaker_encoder(checkpoint: Path, originals: Path) -> None:
    """As a script leaves it that saves a Base checkpoint as another type."""
    base = load_file(originals / BASE / WEIGHTS)
    with_tensors(checkpoint, {name: tensor for name, tensor in base.items() if name.startswith("speaker_encoder.")})
    config = json.loads((originals / BASE / "config.json").read_text())["speaker_encoder_config"]
    edit_json(checkpoint / "config.json", lambda content: content.update(speaker_encoder_config=config))


def with_other_tensors(checkpoint: Path, originals: Path) -> None:
    more = {"talker.model.rotary_emb.inv_freq": torch.ones(8), "talker.value_head.weight": torch.ones(1, 32)}
    with_tensors(checkpoint, more | {"steps": torch.tensor(7)})


def by_transformers_5_in_both(checkpoint: Path, _: Path) -> None:
    for directory in (checkpoint, checkpoint / CODEC_DIRECTORY):
        path = directory / "config.json"
        path.write_text(json.dumps(by_transformers_5(json.loads(path.read_text()))))


def without_what_has_a_default(checkpoint: Path, _: Path) -> None:
    """Each key whose official default is what the file says anyway, in every section."""
    recorded = json.loads((GOLDEN / "config_defaults.json").read_text())
    for directory, root in ((checkpoint, "checkpoint"), (checkpoint / CODEC_DIRECTORY, "codec")):
        parts = {"encoder_config": "codec_encoder", "decoder_config": "codec_decoder"}

        def drop(section: Json, name: str, parts: dict[str, str] = parts) -> None:
            for key, value in list(section.items()):
                if key.endswith("_config"):
                    drop(value, parts.get(key, key.removesuffix("_config")))
                elif recorded[name].get(key, ...) == value:
                    del section[key]

        edit_json(directory / "config.json", lambda content, root=root, drop=drop: drop(content, root))


def without_dialects(checkpoint: Path, _: Path) -> None:
    edit_json(checkpoint / "config.json", lambda content: content["talker_config"].pop("spk_is_dialect"))


def with_capitals(checkpoint: Path, _: Path) -> None:
    """Speakers as somebody may have typed them, their dialects as in the release."""

    def edit(content: Json) -> None:
        talker = content["talker_config"]
        talker["spk_id"] = {name.title(): token for name, token in talker["spk_id"].items()}

    edit_json(checkpoint / "config.json", edit)


def as_it_is(checkpoint: Path, _: Path) -> None:
    """Not bent."""


BENDS: dict[str, Bend] = {
    "speaker encoder": with_speaker_encoder,
    "other tensors": with_other_tensors,
    "a wrapper's names": lambda checkpoint, _: with_prefix(checkpoint, "model."),
    "shards": lambda checkpoint, _: in_shards(checkpoint),
    "transformers 5": by_transformers_5_in_both,
    "float32": lambda checkpoint, _: in_dtypes(checkpoint, torch.float32),
    "mixed": lambda checkpoint, _: in_dtypes(checkpoint, torch.float32, torch.bfloat16, torch.float64),
    "tokenizer.json": lambda checkpoint, _: one_tokenizer_file(checkpoint),
    "left out": without_what_has_a_default,
    "no dialects": without_dialects,
    "no generation config": lambda checkpoint, _: (checkpoint / GENERATION_CONFIG).unlink(),
}
EVERYWHERE = [name for name in BENDS if name != "speaker encoder"]
SPOKEN = [
    *((bend, case) for bend in BENDS for case in ("preset_sampled", "preset_streaming_sampled")),
    *((bend, "clone_short_greedy") for bend in EVERYWHERE),
    ("speaker encoder", "designed_sampled"),
    ("speaker encoder", "small_preset_greedy"),
]
CASE = {case.name: case for case in CASES}
BentModel = Callable[[str, Bend], Model]


@pytest.fixture(scope="module")
def bent(checkpoints: Path, tmp_path_factory: pytest.TempPathFactory) -> BentModel:
    """A copy of a checkpoint, changed and loaded."""

    @cache
    def loaded(name: str, bend: Bend) -> Model:
        directory = tmp_path_factory.mktemp("bent") / name
        shutil.copytree(checkpoints / name, directory)
        bend(directory, checkpoints)
        return load_model(directory, CPU, torch.float32, pre_tokenizer="mistral")

    return loaded


def speaks_as_recorded(model: Model, case_name: str) -> None:
    official, speaking = np.load(GOLDEN / f"{case_name}.npz"), Speaking(CASE[case_name], model)
    for row in range(len(speaking.prompts)):
        assert torch.stack(speaking.codes[row]).tolist() == official[f"codes_{row}"].tolist()
        close_wave(torch.cat(speaking.samples[row]), official[f"wave_{row}"])


@pytest.mark.parametrize(("bend", "case"), SPOKEN)
def test_it_speaks_as_the_original_was_recorded(bend: str, case: str, bent: BentModel) -> None:
    speaks_as_recorded(bent(CASE[case].checkpoint, BENDS[bend]), case)


@pytest.mark.parametrize("name", [CUSTOM, DESIGN, SMALL_CUSTOM])
def test_only_a_base_checkpoint_has_a_speaker_encoder(name: str, bent: BentModel) -> None:
    model = bent(name, with_speaker_encoder)
    assert model.speaker_encoder is None
    assert model.embed_speaker is None


def test_the_memory_that_it_takes_is_told_from_all_its_shards(checkpoints: Path, tmp_path: Path) -> None:
    shutil.copytree(checkpoints / CUSTOM, tmp_path / CUSTOM)
    in_shards(tmp_path / CUSTOM)
    whole, shards = (
        HostedCheckpoint(EngineConfig(checkpoint=root / CUSTOM), Engine).needs_bytes for root in (checkpoints, tmp_path)
    )
    assert abs(whole - shards) < 10_000  # of headers


@pytest.mark.parametrize("name", ["Vivian", "VIVIAN", "vivian"])
def test_a_speaker_may_be_written_with_capitals(name: str, bent: BentModel) -> None:
    """In config.json and in a request; what is known of the release's speakers is known of them."""

    request = SynthesisRequest(text="Hello.", voice=PresetVoice(name))
    here, there = (bent(CUSTOM, bend) for bend in (with_capitals, as_it_is))
    assert torch.equal(*(model.prompts.prefix(request, None).embeddings for model in (here, there)))
    ours, theirs = (Synthesizer(model).capabilities.voices for model in (here, there))
    assert [voice.description for voice in ours] == [voice.description for voice in theirs]


def test_a_dialect_is_found_by_a_name_in_capitals(bent: BentModel) -> None:
    speaks_as_recorded(bent(CUSTOM, with_capitals), "preset_dialect")
