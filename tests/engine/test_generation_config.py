"""generation_config.json: a request that names a number gets it, else the checkpoint has its own, else the release."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from benchmarks.random_checkpoint import GENERATION_CONFIG as RELEASE
from qwen_tts.api import CodePredictorSampling, Limits, PresetVoice, Sampling, SynthesisRequest
from qwen_tts.checkpoint.model import Model
from qwen_tts.config.generation import (
    GENERATION_CONFIG,
    GenerationConfig,
    SamplingRules,
    TokenRules,
    read_generation_config,
)
from qwen_tts.errors import BadCheckpoint
from qwen_tts.offline.synthesizer import Synthesizer
from tests.engine.conftest import Load
from tests.engine.driven import Driven
from tests.engine.official import GOLDEN, Speaking
from tests.golden.cases import CASES, CUSTOM

OWN = {
    "do_sample": True, "temperature": 0.7, "top_k": 20, "top_p": 0.8, "repetition_penalty": 1.2,
    "subtalker_dosample": True, "subtalker_temperature": 0.6, "subtalker_top_k": 10, "subtalker_top_p": 0.9,
}  # fmt: skip
OWN_RULES = SamplingRules(
    temperature=0.7, top_k=20, top_p=0.8, repetition_penalty=1.2,
    code_predictor=TokenRules(temperature=0.6, top_k=10, top_p=0.9),
)  # fmt: skip
ASKED = {"temperature": 1.5, "top_k": 7, "top_p": 0.3}


def written(directory: Path, content: Any) -> Path:
    (directory / GENERATION_CONFIG).write_text(content if isinstance(content, str) else json.dumps(content))
    return directory


# -- the rules --------------------------------------------------------------------------------------------------------


def test_a_request_that_names_nothing_gets_the_checkpoints_own(tmp_path: Path) -> None:
    assert read_generation_config(written(tmp_path, OWN)).rules(Sampling()) == OWN_RULES


def test_without_the_file_it_is_the_release(tmp_path: Path) -> None:
    release = read_generation_config(written(tmp_path, RELEASE)).rules(Sampling())
    (tmp_path / GENERATION_CONFIG).unlink()
    assert read_generation_config(tmp_path).rules(Sampling()) == release


@pytest.mark.parametrize("key", RELEASE)
@pytest.mark.parametrize("nothing", [{}, None])
def test_a_key_that_is_left_out_is_the_releases(key: str, nothing: dict[str, Any] | None, tmp_path: Path) -> None:
    content = {name: value for name, value in OWN.items() if name != key} | ({} if nothing == {} else {key: None})
    expected = {**OWN, **({key: RELEASE[key]} if key != "max_new_tokens" else {})}
    assert read_generation_config(written(tmp_path, content)) == read_generation_config(written(tmp_path, expected))


@pytest.mark.parametrize("name", [*ASKED, "repetition_penalty"])
def test_each_number_alone_is_the_requests(name: str) -> None:
    own, number = GenerationConfig.model_validate(OWN), ASKED.get(name, 3.0)
    assert own.rules(Sampling(**{name: number})) == dataclasses.replace(OWN_RULES, **{name: number})


@pytest.mark.parametrize("name", ASKED)
def test_each_number_of_the_code_predictor_too(name: str) -> None:
    own = GenerationConfig.model_validate(OWN)
    following = dataclasses.replace(OWN_RULES.code_predictor, **{name: ASKED[name]})
    asked = Sampling(code_predictor=CodePredictorSampling(**{name: ASKED[name]}))
    assert own.rules(asked) == dataclasses.replace(OWN_RULES, code_predictor=following)


def test_greedy_is_a_temperature_of_0_and_a_request_that_names_one_is_drawn() -> None:
    greedy = GenerationConfig.model_validate(OWN | {"do_sample": False, "subtalker_dosample": False})
    assert greedy.rules(Sampling(top_k=3)).temperature == 0
    assert greedy.rules(Sampling()).code_predictor.temperature == 0
    assert greedy.rules(Sampling(temperature=0.5)).temperature == 0.5


@pytest.mark.parametrize("all_", [0, 10_001, 151_936, 2**70])
def test_a_top_k_of_0_and_of_more_than_there_are_keeps_all(all_: int, tmp_path: Path) -> None:
    read = read_generation_config(written(tmp_path, {"top_k": all_, "subtalker_top_k": all_}))
    assert read.rules(Sampling()).top_k == read.rules(Sampling()).code_predictor.top_k == 10_000


@pytest.mark.parametrize(("by", "prefix"), [("do_sample", ""), ("subtalker_dosample", "subtalker_")])
@pytest.mark.parametrize(
    ("name", "wrong"), [("temperature", -1), ("temperature", float("nan")), ("top_k", -1), ("top_p", 0)]
)
def test_what_greedy_does_not_read_may_be_anything(
    by: str, prefix: str, name: str, wrong: float, tmp_path: Path
) -> None:
    content = {key: value for key, value in OWN.items() if key != prefix + name} | {by: False}
    expected = read_generation_config(written(tmp_path, content))
    assert read_generation_config(written(tmp_path, content | {prefix + name: wrong})) == expected
    with pytest.raises(BadCheckpoint, match=prefix + name):
        read_generation_config(written(tmp_path, content | {prefix + name: wrong, by: True}))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_are_no_json_are_of_no_matter_where_nothing_reads_them(number: str, tmp_path: Path) -> None:
    text = json.dumps(OWN)[:-1]
    read = read_generation_config(written(tmp_path, f'{text}, "length_penalty": {number}}}'))
    assert read == GenerationConfig.model_validate(OWN)
    with pytest.raises(BadCheckpoint, match="repetition_penalty: Value error"):
        read_generation_config(written(tmp_path, f'{text}, "repetition_penalty": {number}}}'))


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("do_sample", "yes", "do_sample: Input should be a valid boolean, got 'yes'"),
        ("temperature", "0.9", "temperature: Input should be a valid number, got '0.9'"),
        ("temperature", -0.1, "temperature: Value error, must be within 0..5, got -0.1"),
        ("subtalker_temperature", 5.1, "subtalker_temperature: Value error, must be within 0..5, got 5.1"),
        ("top_k", -1, "top_k: Value error, must be within 1..10000, got -1"),
        ("top_k", 2.5, "top_k: Input should be a valid integer, got 2.5"),
        ("subtalker_top_k", -1, "subtalker_top_k: Value error, must be within 1..10000, got -1"),
        ("top_p", 0, "top_p: Value error, must be above 0 and at most 1, got 0"),
        ("subtalker_top_p", 1.01, "subtalker_top_p: Value error, must be above 0 and at most 1, got 1.01"),
        ("repetition_penalty", 0, "repetition_penalty: Value error, must be within 0.5..5, got 0"),
        ("max_new_tokens", 1, "max_new_tokens: Input should be greater than or equal to 2, got 1"),
    ],
)
def test_a_wrong_number_is_named(key: str, value: object, said: str, tmp_path: Path) -> None:
    with pytest.raises(BadCheckpoint) as error:
        read_generation_config(written(tmp_path, OWN | {key: value}))
    assert error.value.message == f"{tmp_path / GENERATION_CONFIG}: {said}"


@pytest.mark.parametrize(
    ("content", "said"), [("{", "is not JSON"), ("[]", "must hold an object"), ("", "is not JSON")]
)
def test_a_file_that_is_none_is_named(content: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(BadCheckpoint, match=said):
        read_generation_config(written(tmp_path, content))


# -- what is spoken ---------------------------------------------------------------------------------------------------

CASE = {case.name: case for case in CASES}
GREEDY = {"do_sample": False, "subtalker_dosample": False}


def with_generation(model: Model, content: dict[str, Any]) -> Model:
    return dataclasses.replace(model, generation=GenerationConfig.model_validate(content))


@pytest.mark.parametrize(
    ("case", "content"), [("preset_greedy", GREEDY), ("preset_filtered", CASE["preset_filtered"].sampling)]
)
def test_the_checkpoints_own_rules_are_those_of_the_official_package(
    case: str, content: dict[str, Any], load: Load
) -> None:
    """Recorded with the same numbers in the call; here the call names none."""
    official = np.load(GOLDEN / f"{case}.npz")
    speaking = Speaking(CASE[case], with_generation(load(CUSTOM), content), asked=Sampling())
    assert torch.stack(speaking.codes[0]).tolist() == official["codes_0"].tolist()


def request(sampling: Sampling, **limits: float) -> SynthesisRequest:
    return SynthesisRequest(
        text="Hello there, world.", voice=PresetVoice("vivian"), language="en", sampling=sampling,
        limits=Limits(**limits),
    )  # fmt: skip


async def test_engine_and_synthesizer_speak_by_the_same_rules(load: Load) -> None:
    """Greedy: no seed changes anything, and it is not what the release's own numbers give."""
    release, own = load(CUSTOM), with_generation(load(CUSTOM), GREEDY)
    first, second = (Synthesizer(own).synthesize(request(Sampling(seed=seed), max_audio_s=0.4)).pcm for seed in (1, 2))
    (heard,) = Driven(own).speak(request(Sampling(seed=3), max_audio_s=0.4))
    assert np.abs(heard.sound.astype(int) - np.frombuffer(first, np.int16)).max() <= 1
    assert first == second
    assert first != Synthesizer(release).synthesize(request(Sampling(seed=1), max_audio_s=0.4)).pcm
    named = request(
        Sampling(seed=1, temperature=0.9, code_predictor=CodePredictorSampling(temperature=0.9)), max_audio_s=0.4
    )
    assert Synthesizer(own).synthesize(named) == Synthesizer(release).synthesize(named)


@pytest.mark.parametrize(("most", "frames"), [(2, 1), (4, 3), (8192, 5)])
async def test_max_new_tokens_are_the_frames_of_a_sequence_and_its_end(most: int, frames: int, load: Load) -> None:
    """As the official package counts; a request may ask for less."""
    model = with_generation(load(CUSTOM), {"max_new_tokens": most})
    asked = request(Sampling(seed=3), max_audio_s=0.4)
    with Synthesizer(model).stream(asked) as speech:
        assert len(list(speech)) == frames
    assert speech.end is not None
    assert speech.end.reason == "limit"
    (heard,) = Driven(model).speak(asked)
    assert len(heard.sound) == frames * 1920
